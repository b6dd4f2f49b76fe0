/* SPDX-License-Identifier: MIT */
/*
 * The client: one binding, one connection, calls.
 *
 * A client and its calls belong to one thread at a time. Nothing here installs
 * signal handlers, starts threads or keeps global state.
 */
#ifndef SALLYPORT_CLIENT_H
#define SALLYPORT_CLIENT_H

#include <sallyport/binding.h>
#include <sallyport/error.h>
#include <sallyport/stub.h>

typedef struct sp_client sp_client;

/* Zero means the default in parentheses. Durations in ns. */
struct sp_client_options {
	sp_nanos resolve_timeout;       /* name resolution (5 s) */
	sp_nanos connect_timeout;       /* TCP session, each address (5 s) */
	sp_nanos discovery_timeout;     /* asking the endpoint mapper, all of it (5 s) */
	sp_nanos communication_timeout; /* bind and one call (10 s) */
	sp_nanos deadline;              /* CLOCK_MONOTONIC: no phase waits beyond it (none) */
	uint16_t max_fragment;          /* offered in bind (5840) */
	uint32_t max_reply;             /* reassembled stub data, bytes (64 MiB) */
	uint32_t max_memory;            /* decoded data of one call, bytes (256 MiB) */
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

/* Closes the connection and frees. Calls of the client must have been freed before. NULL is fine. */
void sp_client_free(sp_client *);

/*
 * Goes through the phases until the interface is bound: resolves the name, asks the mapper when the
 * binding has no endpoint, connects, binds. sp_call_invoke() does this by itself when needed.
 */
SP_NODISCARD sp_status sp_client_bind(
	sp_client *, const struct sp_syntax_id *interface, struct sp_error *reterr);

/* No phase of this client waits beyond that moment of CLOCK_MONOTONIC from now on; 0: no limit. */
void sp_client_set_deadline(sp_client *, sp_nanos deadline);

/* Closes the connection (context handles on the server are run down); the next call binds again. */
void sp_client_disconnect(sp_client *);

/*
 * Where the client is or was connected: a full string binding with address and endpoint, NULL before
 * the first connection. Valid until the next call on the client.
 */
const char *sp_client_peer(const sp_client *);

/* A call object: options, the arena of what was decoded. One call at a time per object; reusable. */
SP_NODISCARD sp_call *sp_call_new(sp_client *); /* NULL: out of memory */
void sp_call_free(sp_call *);
/* Drops what earlier calls decoded. sp_call_invoke() does it first, by itself. */
void sp_call_reset(sp_call *);
/* The object UUID to send with this call's requests; NULL for none. Copied. */
void sp_call_set_object(sp_call *, const struct sp_uuid *);
/* How long sp_call_invoke may take in the communication phase; 0: the client's default. */
void sp_call_set_timeout(sp_call *, sp_nanos timeout);

/*
 * One call with ready-made stub data, for tools and tests: no NDR on either side. *ret_stub points
 * into the call until the next invoke; *ret_len in bytes; *ret_big_endian: the peer's integer order.
 */
SP_NODISCARD sp_status sp_call_raw(sp_call *, const struct sp_syntax_id *interface, uint16_t opnum,
	const void *stub, size_t len, const void **ret_stub, size_t *ret_len, bool *ret_big_endian,
	struct sp_error *reterr);

#endif
