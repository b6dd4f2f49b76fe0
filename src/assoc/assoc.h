/* SPDX-License-Identifier: MIT */
/*
 * The engine: one transport connection of connection-oriented RPC, as client or
 * as server. No I/O, no clock, no callbacks, no blocking: bytes go in, events
 * and bytes come out, time is an argument (C706 chapter 12, [MS-RPCE] 3.3).
 *
 * One assoc_conn belongs to one thread at a time. Only assoc_groups is shared
 * between threads and locks itself.
 *
 * Words: what C706 calls an association is an assoc_conn, its association
 * group is an assoc_group.
 *
 *   pipe readable:   assoc_room -> read -> assoc_feed -> assoc_next until false
 *   pipe writable:   assoc_take -> writev -> assoc_sent
 *   timer:           assoc_expiry -> assoc_tick
 */
#ifndef ASSOC_ASSOC_H
#define ASSOC_ASSOC_H

#include <sys/uio.h>

#include "auth/provider.h"
#include "base/buf.h"
#include "base/list.h"
#include "wire/bind.h"
#include "wire/request.h"

struct assoc_groups; /* assoc/group.h: the association groups of one server */
struct assoc_group;

struct assoc_limits {
	uint16_t max_fragment; /* largest PDU we receive and send, bytes, >= 1432 */
	uint32_t max_stub;     /* largest reassembled stub data, bytes */
	uint32_t max_contexts; /* presentation contexts of a connection */
	uint32_t max_calls;    /* calls in progress on a connection (with PFC_CONC_MPX; else 1) */
	/*
	 * Bytes of memory held by the connection: reassembly, output not yet sent, and on a server's side requests that
	 * are not answered. Over it nothing is read and no request is begun; one message may be on top.
	 */
	uint32_t max_memory;
	sp_nanos first_pdu_timeout; /* from init to the first complete PDU */
	sp_nanos pdu_timeout;       /* from the first to the last byte of a PDU */
	sp_nanos idle_timeout;      /* between PDUs without a call in progress; 0 never */
};

/* An interface that a server offers. The array must not change while a connection uses it. */
struct assoc_offer {
	struct sp_syntax_id interface;
	void *cookie; /* the owner's; comes back in events */
	/* By opnum, where it says true: requests are told of a piece at a time, as they come. NULL: all of them whole. */
	const bool *streams;
	uint32_t n_streams;
};

struct assoc_server_policy {
	const struct assoc_offer *offers;
	size_t n_offers;
	const struct sp_syntax_id *transfers; /* transfer syntaxes we speak, preferred first */
	size_t n_transfers;
	const char *secondary_address; /* for bind_ack: the port as digits, or the pipe's name */
	struct assoc_groups *groups;
	const struct auth_acceptor
		*acceptors; /* security providers; none: every trailer is refused */
	size_t n_acceptors;
	/* What a bind_nak says about itself ([MS-EERR]), for the caller to release; NULL: nothing. Any thread. */
	struct buf *(*explain)(uint16_t nak_reason);
};

enum assoc_event_kind {
	ASSOC_EVENT_BOUND, /* server: the first bind was answered. client: what assoc_bind asked for is there */
	ASSOC_EVENT_REQUEST,  /* server: a whole request; answer with assoc_reply or assoc_refuse */
	ASSOC_EVENT_MORE,     /* server: the next piece of a request whose operation streams */
	ASSOC_EVENT_RESPONSE, /* client: a whole response, or the next piece of one that streams */
	ASSOC_EVENT_FAULT,    /* client: a fault */
	/* client: an answer that was not taken, which the call has ended with: close says whether LIMIT or MEMORY; what */
	ASSOC_EVENT_OVERFLOW,
	ASSOC_EVENT_REJECTED, /* client: a call's presentation context was refused; result, reason */
	ASSOC_EVENT_NAK,      /* client: bind_nak; the connection ends, CLOSE follows */
	ASSOC_EVENT_CANCEL,   /* server: co_cancel for a call in progress */
	ASSOC_EVENT_ORPHANED, /* server: the client has given the call up; assoc_reply for it is dropped */
	/*
	 * A leg of `auth` is due: the owner gives it the token (none at a client's first leg) and says what came of it to
	 * assoc_auth_done. Until then nothing more is read. A first bind with a token has this event in place of BOUND.
	 */
	ASSOC_EVENT_AUTH_STEP,
	ASSOC_EVENT_SHUTDOWN, /* client: the server asks us to close when idle */
	ASSOC_EVENT_CLOSE, /* nothing more will come: close the pipe once assoc_take gives nothing */
};

enum assoc_close {
	ASSOC_CLOSE_NONE,
	ASSOC_CLOSE_PEER,     /* the owner told us so: assoc_eof() */
	ASSOC_CLOSE_LOCAL,    /* assoc_shutdown() */
	ASSOC_CLOSE_PROTOCOL, /* the peer broke the rules; `what` says which */
	ASSOC_CLOSE_NAK,      /* the bind was refused */
	ASSOC_CLOSE_TIMEOUT,  /* first PDU, PDU or idle; `what` */
	ASSOC_CLOSE_LIMIT,    /* memory or size; `what` */
	ASSOC_CLOSE_MEMORY,   /* an allocation failed */
	ASSOC_CLOSE_SECURITY, /* the logon failed, or the protection of a message; `what` */
};

struct assoc_event {
	enum assoc_event_kind kind;
	uint32_t call_id;
	/* REQUEST */
	uint16_t context_id, opnum;
	bool has_object, maybe;
	bool cancelled; /* before all of the request was there */
	struct sp_uuid object;
	const struct assoc_offer *offer; /* REQUEST, server BOUND: the interface */
	struct sp_syntax_id transfer;    /* REQUEST, RESPONSE: the negotiated transfer syntax */
	/*
	 * REQUEST, RESPONSE: stub data. FAULT, NAK: extended error information ([MS-EERR]) when there is some. The
	 * owner releases it (buf_slice_fini). AUTH_STEP: the token.
	 */
	struct buf_slice take_stub;
	bool big_endian;     /* integers in the stub data */
	bool more;           /* REQUEST, MORE, RESPONSE: this is a piece, and not the last */
	bool headers_signed; /* REQUEST: that was agreed when the connection was bound */
	/* AUTH_STEP: whose leg. REQUEST: who calls, NULL is nobody in particular; lives as long as the connection */
	struct auth_context *auth;
	uint8_t auth_type, auth_level;
	/* FAULT */
	uint32_t status;
	bool did_not_execute; /* FAULT, CLOSE is told per call: see assoc_call_was_sent */
	/* REJECTED, NAK */
	uint16_t result, reason;
	/* OVERFLOW, CLOSE */
	enum assoc_close close;
	const char *what;        /* static string for people; also NAK */
	struct wire_fault fault; /* CLOSE_PROTOCOL: where in the PDU */
	unsigned ptype;          /* CLOSE_PROTOCOL: of which PDU */
};

struct assoc_counters { /* complete PDUs, for mgmt's statistics */
	uint64_t packets_in, packets_out;
};

#include "assoc/conn.h" /* struct assoc_conn, to be embedded; members are private to assoc/ */

/* --- life ------------------------------------------------------------------------------------------ */

void assoc_server_init(struct assoc_conn *, const struct assoc_limits *,
	const struct assoc_server_policy *, sp_nanos now); /* both borrowed until assoc_fini */
/* Server, before the first byte: who may share an association group with whom. */
void assoc_server_identify(struct assoc_conn *, const struct assoc_peer *);
void assoc_client_init(
	struct assoc_conn *, const struct assoc_limits *, uint32_t group_id, sp_nanos now);
/* Leaves the group, drops everything held. An owner with context handles to run down takes the group out first. */
void assoc_fini(struct assoc_conn *);
/*
 * Parts from the group; the caller leaves it with assoc_group_leave, after the last call. NULL: none was joined, or it was
 * taken before.
 */
struct assoc_group *assoc_take_group(struct assoc_conn *);

/*
 * Client, before the first call: binds with a security context and sends everything under its protection. take_auth is
 * owned by the engine, also on failure (no memory). Header signing is asked for; `headers_optional` says that a server
 * which does not know it will do ([MS-RPCE] 3.3.1.5.2.2).
 */
struct assoc_protection {
	uint8_t type, level; /* enum auth_type, auth_level: connect and above */
	bool headers_optional;
	struct auth_context *take_auth;
};
SP_NODISCARD bool assoc_secure(struct assoc_conn *, const struct assoc_protection *);
/* The answer to AUTH_STEP. The token is taken; `why` (static, or NULL) is for people when it failed. */
void assoc_auth_done(
	struct assoc_conn *, enum auth_outcome, struct auth_token *take_token, const char *why);

/* --- bytes in -------------------------------------------------------------------------------------- */

/* Where the next bytes shall go: *ret_p, *ret_n > 0. False: read no more (closed, over budget, no memory). */
bool assoc_room(struct assoc_conn *, void **ret_p, size_t *ret_n);
void assoc_feed(struct assoc_conn *, size_t n, sp_nanos now); /* n <= room bytes were put there */
void assoc_eof(struct assoc_conn *); /* the peer closed; n calls end with it */

/* --- events out ------------------------------------------------------------------------------------ */

/*
 * False: nothing more for now. To be called until then after assoc_feed, assoc_eof, assoc_tick, assoc_shutdown, and also
 * after assoc_reply, assoc_refuse and assoc_sent: a request that had to wait for its turn, or the CLOSE, may be due.
 */
bool assoc_next(struct assoc_conn *, struct assoc_event *ret);

/* Server: no bytes and no end are waiting, so assoc_next would say nothing. */
bool assoc_is_quiet(const struct assoc_conn *);

/* --- what the owner can say ------------------------------------------------------------------------- */

/*
 * Client: sends a request; binds or alters the context first when needed, by itself. *ret_call_id is what
 * the events will carry. `take_stub` is owned by the engine from here on, also on failure. False: closed, or
 * too many calls.
 */
struct assoc_request {
	struct sp_syntax_id interface;
	const struct sp_syntax_id *transfers; /* proposed, preferred first; static */
	size_t n_transfers;
	uint16_t opnum;
	const struct sp_uuid *object; /* or NULL */
	bool maybe;
	bool verified; /* a verification trailer follows the stub data ([MS-RPCE] 2.2.2.13) */
	/*
	 * The stub data depends on the syntax: take_stub is in the first that is proposed, take_second in the second; NULL
	 * when it was not made, and then the server's choice of that syntax ends the call with REJECTED (whose result is
	 * CONTEXT_ACCEPTANCE). Otherwise take_stub goes out whatever is accepted. Owned like take_stub.
	 */
	bool by_syntax;
	struct buf *take_second;
	bool more; /* take_stub, of a multiple of 8 bytes, is the first piece; others come with assoc_call_more */
	bool streams; /* the response is told of a piece at a time */
};
SP_NODISCARD bool assoc_call(struct assoc_conn *, const struct assoc_request *,
	struct buf *take_stub, uint32_t *ret_call_id);
/*
 * Client, of a request that began with `more`: the next piece of stub data, of a multiple of 8 bytes unless it is the
 * last. Other calls wait until the last has been given. take_stub is owned by the engine.
 */
void assoc_call_more(struct assoc_conn *, uint32_t call_id, struct buf *take_stub, bool is_last);
/*
 * Both sides: the message has begun and goes on, and everything that was given of it has left. The owner bounds what it has
 * in memory by giving the next piece only then.
 */
bool assoc_call_wants(const struct assoc_conn *, uint32_t call_id);
/* Client, once the request has begun: the syntax that the server has chosen. */
const struct sp_syntax_id *assoc_call_transfer(const struct assoc_conn *, uint32_t call_id);
/* Client: bind (or alter_context) only; a BOUND or REJECTED event with this call id follows. */
SP_NODISCARD bool assoc_bind(struct assoc_conn *, const struct sp_syntax_id *interface,
	const struct sp_syntax_id *transfers, size_t n_transfers, uint32_t *ret_call_id);
/* Client: has a byte of the request left through assoc_take? Decides 1726 against 1727. */
bool assoc_call_was_sent(const struct assoc_conn *, uint32_t call_id);
/* Client: is there still something to come of it? A maybe call is over as soon as it has been sent. */
bool assoc_call_is_open(const struct assoc_conn *, uint32_t call_id);
/* Client: asks the server to end the call (co_cancel); an answer still comes. Repeating it does nothing. */
void assoc_cancel(struct assoc_conn *, uint32_t call_id);
/*
 * Client: gives the call up; nothing more is heard of it. When the server knows of it, it is told (orphaned), and
 * unless keeping the connection was agreed ([MS-RPCE] 3.3.1.5.10) the connection takes no new calls and ends with the
 * last of the others.
 */
void assoc_abandon(struct assoc_conn *, uint32_t call_id);
/*
 * Client: how many more calls could be under way at once: one until the bind_ack has come and always without
 * PFC_CONC_MPX, max_calls with it. Further ones wait in the engine.
 */
uint32_t assoc_client_room(const struct assoc_conn *);
bool assoc_client_is_bound(const struct assoc_conn *); /* the bind_ack has come */

/* Server: the answer to REQUEST call_id. take_stub may be NULL (no bytes). A call that is gone: dropped. */
void assoc_reply(struct assoc_conn *, uint32_t call_id, struct buf *take_stub);
/* Server: a piece of the answer, of a multiple of 8 bytes; assoc_reply gives the last. */
void assoc_reply_more(struct assoc_conn *, uint32_t call_id, struct buf *take_stub);
/*
 * Server: so many bytes of the pieces of a request are used up. Until then they count, and beyond ASSOC_WINDOW of them nothing
 * more of the request is taken in.
 */
#define ASSOC_WINDOW 262144u
void assoc_consumed(struct assoc_conn *, uint32_t call_id, uint32_t bytes);
/* Server: a fault. did_not_execute sets the flag that allows the client to try again. */
void assoc_refuse(struct assoc_conn *, uint32_t call_id, uint32_t status, bool did_not_execute);

/* The same with extended error information ([MS-RPCE] 2.2.2.8), which is left out when it does not fit the fragment. */
void assoc_refuse_extended(struct assoc_conn *, uint32_t call_id, uint32_t status,
	bool did_not_execute, const void *information, uint32_t len);

void assoc_shutdown(struct assoc_conn *); /* no new calls; CLOSE comes when the output is taken */

/* --- bytes out --------------------------------------------------------------------------------------- */

size_t assoc_take(struct assoc_conn *, struct iovec *iov,
	size_t n); /* how many of iov[n] are filled; 0: nothing to send */
void assoc_sent(
	struct assoc_conn *, size_t bytes, sp_nanos now); /* from the front of what take returned */

/* --- time -------------------------------------------------------------------------------------------- */

sp_nanos assoc_expiry(const struct assoc_conn *); /* SP_NEVER: no need to tick */
void assoc_tick(struct assoc_conn *, sp_nanos now);

/* --- to look at -------------------------------------------------------------------------------------- */

const struct assoc_counters *assoc_counters(const struct assoc_conn *);
struct assoc_group *assoc_conn_group(const struct assoc_conn *); /* server; NULL before the bind */
uint32_t assoc_client_group_id(
	const struct assoc_conn *); /* for another connection to the same group */

#endif
