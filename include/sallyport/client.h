/* SPDX-License-Identifier: MIT */
/*
 * The client: one binding, a pool of connections, calls.
 *
 * Two ways to drive it, by the same machinery and mixed as one likes:
 *
 *   blocking       sp_call_invoke() (what generated functions call) and sp_call_raw() return with the answer
 *   asynchronous   sp_call_start() returns at once; any event loop polls sp_client_fd() for sp_client_events() and
 *                  calls sp_client_service() when it is ready or sp_client_due() has come; the call's function is
 *                  called from there when the call has ended
 *
 * A client and its calls belong to one thread at a time. Nothing here installs signal handlers or keeps global state;
 * the only threads look up host names, because the system's resolver only blocks: at most 16 in the process, one for a
 * host however many clients want it, and none when there is nothing to look up.
 */
#ifndef SALLYPORT_CLIENT_H
#define SALLYPORT_CLIENT_H

#include <sallyport/binding.h>
#include <sallyport/error.h>
#include <sallyport/stub.h>

typedef struct sp_client sp_client;

/* Where to connect when the endpoint mapper has named an endpoint and, in its towers, an address as well. */
enum sp_address_policy {
	SP_ADDRESS_DIALLED, /* the host of the binding, whatever the mapper says ([MS-RPCE] 3.1.3.5.3) */
	SP_ADDRESS_ADVERTISED, /* the address in the tower, when there is one */
	SP_ADDRESS_RACE,       /* both, the first that answers */
};

/* [MS-RPCE] 3.3.2.2.1: Windows' levels 0 to 9 of the communication time-out; 5 is its default, 10 is SP_NEVER. */
#define SP_KEEP_ALIVE_LEVEL(level) (((level) + 1) * 120 * SP_SECOND)

/* Zero means the default in parentheses. Durations in ns. */
struct sp_client_options {
	sp_nanos resolve_timeout;   /* name resolution (5 s) */
	sp_nanos connect_timeout;   /* TCP session, each address (5 s) */
	sp_nanos discovery_timeout; /* asking the endpoint mapper, all of it (5 s) */
	sp_nanos
		communication_timeout; /* bind and one call, waiting for its turn included (10 s) */
	sp_nanos deadline;             /* CLOCK_MONOTONIC: no phase waits beyond it (none) */
	sp_nanos cancel_grace;         /* how long a cancelled call may still be answered (1 s) */
	sp_nanos
		idle_timeout; /* a connection without calls is closed, but for the last one (30 s) */
	bool idle_closes_last;    /* also the last one: context handles end with it */
	sp_nanos keep_alive;      /* silence before TCP probes the peer (SP_KEEP_ALIVE_LEVEL(5)) */
	uint32_t max_connections; /* of the pool, all of one association group (4) */
	uint32_t max_calls;       /* under way at once on a connection that multiplexes (64) */
	bool no_multiplexing;     /* PFC_CONC_MPX is not offered */
	bool verification_trailer; /* requests say what they are behind their stub data ([MS-RPCE] 2.2.2.13) */
	enum sp_transfer
		transfer; /* what calls of stubs offer; raw ones are NDR 2.0 (SP_TRANSFER_NDR_FIRST) */
	enum sp_address_policy address_policy;
	uint16_t max_fragment; /* offered in bind (5840) */
	uint32_t max_reply;    /* reassembled stub data, bytes (64 MiB) */
	uint32_t max_memory;   /* decoded data of one call, bytes (256 MiB) */
	const char *
		ncalrpc_dir; /* where local endpoints live (SALLYPORT_NCALRPC_DIR or /run/sallyport/ncalrpc) */
	uint16_t mapper_port; /* the mapper's TCP port (135) */
};

/*
 * Makes a client for a string binding ("ncacn_ip_tcp:host", "ncacn_ip_tcp:host[49200]",
 * "ncalrpc:[name]"). Nothing is connected yet. options may be NULL.
 */
SP_NODISCARD sp_status sp_client_new(const char *string_binding,
	const struct sp_client_options *options, sp_client **ret_client, struct sp_error *reterr);

/*
 * Closes the connections and frees. Calls of the client must have been freed before. Not from a call's function. NULL
 * is fine.
 */
void sp_client_free(sp_client *);

/*
 * Goes through the phases until the interface is bound: resolves the name, asks the mapper when the
 * binding has no endpoint, connects, binds. Calls do this by themselves when needed.
 */
SP_NODISCARD sp_status sp_client_bind(
	sp_client *, const struct sp_syntax_id *interface, struct sp_error *reterr);

/* No phase of this client that begins from now on waits beyond that moment of CLOCK_MONOTONIC; 0: no limit. */
void sp_client_set_deadline(sp_client *, sp_nanos deadline);

/*
 * Closes all connections (context handles on the server are run down) and forgets what the mapper said; calls under way
 * end with RPC_S_CALL_CANCELLED. The next call begins anew.
 */
void sp_client_disconnect(sp_client *);

/*
 * Where the client is or was connected: a full string binding with address and endpoint, NULL before
 * the first connection. Valid until the next call on the client.
 */
const char *sp_client_peer(const sp_client *);
size_t sp_client_n_connections(const sp_client *); /* open now */

/* A call object: options, the arena of what was decoded. One call at a time per object; reusable. */
SP_NODISCARD sp_call *sp_call_new(sp_client *); /* NULL: out of memory */
/* A call that is under way is given up without a word to its function. */
void sp_call_free(sp_call *);
/* Drops what earlier calls decoded. Calls do it first, by themselves. Not while a call is under way. */
void sp_call_reset(sp_call *);
/* The object UUID to send with this call's requests; NULL for none. Copied. */
void sp_call_set_object(sp_call *, const struct sp_uuid *);
/*
 * Of calls of object interfaces: which chain of calls they belong to ([MS-DCOM] 2.2.13.3). A handler that calls on says
 * sp_call_causality() of its own call; otherwise each call object makes one up. NULL: it shall make a new one. Copied.
 */
void sp_call_set_causality(sp_call *, const struct sp_uuid *);
/* How long the communication phase of a call may take; 0: the client's default. */
void sp_call_set_timeout(sp_call *, sp_nanos timeout);

/*
 * One call with ready-made stub data, for tools and tests: no NDR on either side. *ret_stub points
 * into the call until the next invoke; *ret_len in bytes; *ret_big_endian: the peer's integer order.
 */
SP_NODISCARD sp_status sp_call_raw(sp_call *, const struct sp_syntax_id *interface, uint16_t opnum,
	const void *stub, size_t len, const void **ret_stub, size_t *ret_len, bool *ret_big_endian,
	struct sp_error *reterr);

/* --- asynchronous calls ------------------------------------------------------------------------ */

/*
 * sp_call_start() begins a call of compiled stubs; it stands in <sallyport/stub.h>, since generated code has a function
 * of its own for each operation: INTERFACE_OPERATION_start(call, args, done, arg, reterr).
 */
/* The same with ready-made stub data, which is copied; the answer is asked of sp_call_answer(). */
SP_NODISCARD sp_status sp_call_start_raw(sp_call *, const struct sp_syntax_id *interface,
	uint16_t opnum, const void *stub, size_t len, sp_call_done *done, void *arg,
	struct sp_error *reterr);
/* The stub data that answered the last raw call; valid until the call is used again. */
void sp_call_answer(const sp_call *, const void **ret_stub, size_t *ret_len, bool *ret_big_endian);
/* RPC_S_ASYNC_CALL_PENDING (997) until the call has ended, then what it ended with; reterr is filled in on failure. */
SP_NODISCARD sp_status sp_call_result(const sp_call *, struct sp_error *reterr);
/*
 * Asks the server to end the call (co_cancel). It ends with what the server answers within cancel_grace or else,
 * given up (orphaned), with RPC_S_CALL_CANCELLED (1818); a call that has not left yet ends so at once. In every case
 * its function is called later, not from here. Nothing happens to a call that is not under way.
 */
void sp_call_cancel(sp_call *);

/* --- for an event loop ------------------------------------------------------------------------- */

int sp_client_fd(const sp_client *);       /* one descriptor for all that the client waits for */
short sp_client_events(const sp_client *); /* what to poll(2) it for: POLLIN */
/*
 * CLOCK_MONOTONIC: when to call sp_client_service() at the latest; SP_NEVER, 0: at once. It may be too early. To be asked
 * again after calls were started or cancelled: where others are under way, they leave together in the next service.
 */
sp_nanos sp_client_due(const sp_client *);
int sp_client_timeout_ms(const sp_client *); /* the same as poll(2)'s timeout, from now */
/* Does what there is to do and calls what has ended; never waits. Not from a call's function. */
void sp_client_service(sp_client *);

#endif
