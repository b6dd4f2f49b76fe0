/* SPDX-License-Identifier: MIT */
/*
 * The server: say where to listen, say what is offered, run.
 *
 *   sp_server_new(&options, &server, &err)
 *   sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, NULL, &err)     a dynamic port by the policy
 *   sp_server_register(server, &calc_server_interface, &handlers, NULL, &err)
 *   sp_server_start(server, 2, &err)                                    two loop threads
 *   ...
 *   sp_server_stop(server)                                              from any thread; not async-signal-safe
 *   sp_server_free(server)
 */
#ifndef SALLYPORT_SERVER_H
#define SALLYPORT_SERVER_H

#include <sallyport/error.h>
#include <sallyport/stub.h>

#include <sys/types.h>

typedef struct sp_server sp_server;

enum sp_log_level { SP_LOG_ERROR, SP_LOG_WARNING, SP_LOG_INFO, SP_LOG_DEBUG };
typedef void sp_log_function(void *arg, enum sp_log_level, const char *message);

/* How much protects a call on its way: RPC_C_AUTHN_LEVEL_*, as Windows numbers them. More in <sallyport/security.h>. */
enum sp_level {
	SP_LEVEL_DEFAULT = 0,
	SP_LEVEL_NONE = 1,      /* nobody in particular calls */
	SP_LEVEL_CONNECT = 2,   /* who connects is known; nothing is protected */
	SP_LEVEL_CALL = 3,      /* treated as SP_LEVEL_PACKET */
	SP_LEVEL_PACKET = 4,    /* with NTLM the same protection as SP_LEVEL_INTEGRITY */
	SP_LEVEL_INTEGRITY = 5, /* changes are noticed */
	SP_LEVEL_PRIVACY = 6,   /* and nobody reads it */
};

/* Which of the ports of the port policy a dynamic endpoint is taken from: RPC_POLICY's EndpointFlags. */
enum sp_port_kind {
	SP_PORT_DEFAULT, /* what the policy says for servers that do not care */
	SP_PORT_INTERNET,
	SP_PORT_INTRANET,
};

/* Zero or NULL means the default in parentheses. Sizes in bytes, durations in ns. */
struct sp_server_options {
	uint16_t max_fragment;    /* largest fragment received (5840) */
	uint32_t max_request;     /* reassembled stub data (4 MiB) */
	uint32_t max_memory;      /* decoded data of one call (64 MiB) */
	uint32_t max_contexts;    /* presentation contexts of a connection (128) */
	uint32_t max_connections; /* (10000) */
	uint32_t
		max_connection_memory; /* fragments, reassembly and queued answers of a connection (8 MiB) */
	sp_nanos first_pdu_timeout; /* until the first PDU is complete (30 s) */
	sp_nanos idle_timeout;      /* between PDUs (none: 0) */
	sp_nanos pdu_timeout;       /* from the first to the last byte of a PDU (60 s) */
	/*
	 * Silence before TCP probes a client, once a second; SP_NEVER: no probes (the system's level, mostly two
	 * hours, as Windows' servers have it).
	 */
	sp_nanos keep_alive;
	const char *
		port_policy; /* file of the port policy (SALLYPORT_PORTS or /etc/sallyport/ports.yaml; absent: no policy) */
	const char *ncalrpc_dir;     /* (SALLYPORT_NCALRPC_DIR or /run/sallyport/ncalrpc) */
	const char *mapper_endpoint; /* ncalrpc endpoint of the mapper ("epmapper") */
	bool no_mapper;              /* do not register with an endpoint mapper */
	bool extended_errors; /* faults say who failed where, with this host's name ([MS-EERR]) */
	enum sp_port_kind port_kind; /* of dynamic ports (SP_PORT_DEFAULT) */
	/*
	 * Handlers run on worker threads, not on loop threads, and may block: those of every interface, or of the
	 * interfaces that ask for it. n_workers threads (8) are started when there are any.
	 */
	bool on_workers;
	unsigned n_workers;
	uint32_t max_calls; /* under way at once on a connection that asked for multiplexing (64) */
	enum sp_transfer
		transfer; /* what is spoken, and preferred when a client offers both (SP_TRANSFER_NDR_FIRST) */
	bool all_network_interfaces; /* listen on all, whatever the port policy binds to: RPC_C_BIND_TO_ALL_NICS */
	sp_log_function *log; /* (none) called from any loop thread */
	void *log_arg;
	enum sp_level
		least_level; /* of interfaces that do not say theirs, but for mgmt (SP_LEVEL_NONE) */
};

SP_NODISCARD sp_status sp_server_new(
	const struct sp_server_options *, sp_server **ret_server, struct sp_error *reterr);

/*
 * Listens on a protocol sequence, "ncacn_ip_tcp" or "ncalrpc".
 *   endpoint   NULL: dynamic (a port by the port policy; a made-up name for ncalrpc); "49200"; "name".
 *              For ncalrpc an endpoint with a slash is a path.
 *   address    NULL: every address, IPv4 and IPv6, or those of the network interfaces that the port policy names;
 *              otherwise a numeric address
 * Where the policy fixes a port for an interface, sp_server_start() listens there, too, when a dynamic port was asked
 * for, and the mapper names that port for it and no dynamic one.
 * RPC_S_INVALID_ARG (87) when the port policy is invalid, RPC_S_OUT_OF_RESOURCES (1721) when no port
 * of the policy is free, RPC_S_CANT_CREATE_ENDPOINT (1720), RPC_S_PROTSEQ_NOT_SUPPORTED (1703),
 * RPC_S_INVALID_ENDPOINT_FORMAT (1706).
 */
SP_NODISCARD sp_status sp_server_use_protseq(sp_server *, const char *protseq, const char *endpoint,
	const char *address, struct sp_error *reterr);

/* Takes over a listening socket, for example from systemd. The server closes it. */
SP_NODISCARD sp_status sp_server_use_socket(sp_server *, int take_fd, struct sp_error *reterr);

/* Who may have authenticated a client, by itself or within SPNEGO; bits of sp_interface_options.providers. */
#define SP_BY_NTLM 1u
#define SP_BY_KERBEROS 2u

enum sp_opnum_action {
	SP_OPNUM_ALLOW,
	SP_OPNUM_AUDIT, /* allow, and log who calls what, at SP_LOG_INFO */
	SP_OPNUM_DENY,
};

struct sp_opnum_rule {
	uint16_t first, last; /* these opnums, both included */
	enum sp_opnum_action action;
};

/* Zero means the default. */
struct sp_interface_options {
	const char *annotation;        /* what the mapper shows, at most 63 bytes ("") */
	const struct sp_uuid *objects; /* n_objects object UUIDs to register (none) */
	size_t n_objects;
	bool no_mapper;  /* this interface is not registered with the mapper */
	bool local_only; /* refuse calls that did not arrive over ncalrpc: ERROR_ACCESS_DENIED */
	bool on_workers; /* its handlers run on worker threads and may block */
	/*
	 * Called before each call; 0 lets it pass, anything else is the fault status. On the loop
	 * thread; must not block. NULL: every call passes.
	 */
	sp_status (*access)(sp_call *, uint32_t opnum, void *arg);
	void *access_arg;
	/* Called when a connection that called this interface has ended, after its rundowns. Loop thread. */
	void (*connection_closed)(void *arg, uint64_t connection);
	void *connection_closed_arg;
	/*
	 * Calls at a lower level get ERROR_ACCESS_DENIED (the server's least_level). Who calls over ncalrpc is known by the
	 * system and passes.
	 */
	enum sp_level least_level;
	bool anonymous; /* at a least level: takes clients that authenticated as nobody */
	/*
	 * Who may call, from where, and what. Each that is given must be met, before `access` is asked; other calls get
	 * ERROR_ACCESS_DENIED and do not execute. All is copied; what cannot be read is RPC_S_INVALID_ARG at registration.
	 *
	 * providers    SP_BY_* bits (all): others, and clients without authentication, are refused; ncalrpc passes, as above.
	 * identities   (everybody) exact names, no patterns:
	 *                "HOUSE\\alice", "alice@HOUSE.EXAMPLE"  the same name, written in two ways
	 *                "alice"      an account of NTLM, whatever the domain; nobody of Kerberos
	 *                "uid:1000"   a user of this machine, over ncalrpc
	 *              Names of NTLM are compared without regard to case, as Windows does; those of Kerberos byte for byte.
	 *              NTLM's domain is what the client says: an accounts file does not look at it.
	 * networks     (every one) "192.0.2.0/24", "2001:db8::/32", "192.0.2.7"; ncalrpc passes.
	 * opnum_rules  (allow) the first that has the opnum decides; without one the call is allowed.
	 */
	unsigned providers;
	const char *const *identities;
	size_t n_identities;
	const char *const *networks;
	size_t n_networks;
	const struct sp_opnum_rule *opnum_rules;
	size_t n_opnum_rules;
};

/*
 * Offers an interface. handlers is the generated struct of function pointers; it and the interface
 * must outlive the server. Call before sp_server_start().
 */
SP_NODISCARD sp_status sp_server_register(sp_server *, const struct sp_interface *,
	const void *handlers, const struct sp_interface_options *, struct sp_error *reterr);

/* Starts n_threads loop threads (>= 1) and returns; registers with the mapper in the background. */
SP_NODISCARD sp_status sp_server_start(sp_server *, unsigned n_threads, struct sp_error *reterr);
/*
 * Stops listening, closes connections, waits until deferred calls have been completed, runs down
 * contexts, joins the threads. Any thread; from a handler it only begins, and a later sp_server_stop() or
 * sp_server_free() waits. Stopping a server that does not run does nothing. sp_server_start() afterwards listens on
 * the same endpoints again (not on sockets of sp_server_use_socket). Starting twice: RPC_S_ALREADY_LISTENING.
 */
void sp_server_stop(sp_server *);
/*
 * The same in good order: stops listening, leaves the mapper, closes what is idle, and gives the calls that are under way
 * at most `limit` ns; new ones on their connections fault with nca_s_server_too_busy and the promise that they did not run.
 * After the limit connections are closed as by sp_server_stop(), which another thread may call to cut it short. True:
 * every call was answered. From a handler it only begins, and returns false.
 */
bool sp_server_finish(sp_server *, sp_nanos limit);
/* Stops it first. Not from a handler. NULL is fine. */
void sp_server_free(sp_server *);

/*
 * The string bindings the server listens on, one per listening socket and address family:
 * "ncacn_ip_tcp:[49200]" style without a host when every address is meant. Valid until the server is freed.
 */
size_t sp_server_n_bindings(const sp_server *);
const char *sp_server_binding(const sp_server *, size_t i);

/*
 * Where the server can be reached, in full, as RpcServerInqBindings says it: each of the machine's addresses that are up
 * once for each port that is listened on there, and each local endpoint; without loopback's addresses, unless there are no
 * others or a listener was given one, and without IPv6's link-local ones. As it is now: addresses come and go. Not while
 * another thread changes, starts or stops the server. RPC_S_OUT_OF_MEMORY.
 */
struct sp_bindings {
	size_t n;
	char *at[]; /* "ncacn_ip_tcp:192.0.2.1[49200]", "ncacn_ip_tcp:[2001:db8::1][49200]", "ncalrpc:[name]" */
};
SP_NODISCARD sp_status sp_server_inq_bindings(
	const sp_server *, struct sp_bindings **ret_bindings, struct sp_error *reterr);
void sp_bindings_free(struct sp_bindings *); /* NULL is fine */

/* --- for handlers ---------------------------------------------------------------------------- */

/* Memory that lives as long as the call; zeroed; NULL over the call's limit. */
void *sp_call_alloc(sp_call *, size_t n, size_t size);
/* The object UUID of the request; nil when there was none. */
struct sp_uuid sp_call_object(const sp_call *);
/* Of an object interface's call: its causality ([MS-DCOM] 2.2.13.3); nil otherwise. */
struct sp_uuid sp_call_causality(const sp_call *);
/* A number that no other connection of this server has had. */
uint64_t sp_call_connection(const sp_call *);
/* True over ncalrpc; then *ret_pid, *ret_uid, *ret_gid (each may be NULL) are the peer's. */
bool sp_call_local_peer(const sp_call *, pid_t *ret_pid, uid_t *ret_uid, gid_t *ret_gid);
/* The peer and our own end of the connection, "ncacn_ip_tcp:192.0.2.7[51234]"; static for the connection. */
const char *sp_call_peer(const sp_call *);
const char *sp_call_local(const sp_call *);

/*
 * The call ends with this fault instead of an answer, whatever the handler returns. Status of a
 * fault: an NCA_S_* or a Win32 number such as ERROR_ACCESS_DENIED. Context handles stay as they were before the call:
 * a handler that raises has neither made nor ended one.
 */
void sp_call_raise(sp_call *, sp_status fault);

/*
 * Answer later: to be called by the handler, whose return value is then ignored. Some thread calls sp_call_complete()
 * exactly once, with 0 or the status of a fault; that may be before the handler has returned. The arguments and what
 * their pointers point to stay valid until then, results go through the pointers that the handler was given, and what
 * it would have returned into `result` of sp_call_args(). A connection that has gone meanwhile changes nothing: to
 * complete is as necessary and as harmless as ever.
 */
void sp_call_defer(sp_call *);
void sp_call_complete(sp_call *, sp_status fault);
/* The call's argument struct: struct INTERFACE_OPERATION_args of the generated header. */
void *sp_call_args(const sp_call *);

/*
 * The client wants the call to end: it sent a cancel, gave the call up, or its connection has gone. A handler may
 * then finish early, for instance with NCA_S_FAULT_CANCEL, or go on. Any thread, until the call is completed.
 */
bool sp_call_is_cancelled(const sp_call *);
/* Nobody will read the answer: the client gave the call up, or its connection has gone. */
bool sp_call_is_orphaned(const sp_call *);
/*
 * fn(call, arg) is called at most once, on the loop thread, when the client wants the call to end; it must not block, and
 * may complete a deferred call. It does not run after sp_call_complete() has been called, which waits for it; so a
 * thread that completes must hold no lock that fn takes. False: the call is cancelled already, and fn will not be
 * called. From the handler, or by whoever will complete the call.
 */
SP_NODISCARD bool sp_call_on_cancel(sp_call *, void (*fn)(sp_call *, void *arg), void *arg);

#endif
