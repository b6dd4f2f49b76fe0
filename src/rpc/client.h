/* SPDX-License-Identifier: MIT */
/*
 * The insides of sp_client, shared by the client's files of rpc/ only.
 *
 *   client.c    life, the turn, the driver that blocks
 *   invoke.c    what users and stubs say about a call; marshalling
 *   pool.c      which call goes out over which connection, and when another one is opened
 *   session.c   one connection of the pool: link, engine, and the calls that are under way on it
 *   dial.c      the way to a new connection: name, mapper, race of addresses
 *   endpoint.c  the question to the mapper, and what is remembered of its answers
 *   transfer.c  which transfer syntaxes are offered, and what servers chose
 *   pipe_client.c  what goes through pipes, a piece at a time
 *   outcome.c   what came back, in words
 *
 * A call goes from the queue to a session to the list of those that have ended; users' functions are called from
 * there, at the end of a turn, when nothing of the client is on the stack.
 */
#ifndef RPC_CLIENT_H
#define RPC_CLIENT_H

#include "net/address.h"
#include "net/poller.h"
#include "rpc/call.h"
#include "rpc/link.h"

struct client_pipes;
struct session;
struct dial;
struct endpoint;

enum call_place { CALL_IDLE, CALL_QUEUED, CALL_UNDER_WAY, CALL_FINISHED };

struct client_call {
	struct sp_call call; /* the first member: see client_call_of() */
	struct list node;    /* in client->queue, session->calls or client->finished */
	enum call_place place;
	struct sp_syntax_id interface;
	uint16_t opnum;
	bool bind_only, maybe, idempotent;
	bool retried;      /* once is all */
	bool must_resolve; /* the endpoint that was remembered is not the interface's any more */
	bool resolved_again;
	uint64_t avoids; /* serial of the session whose server said that it did not take the call */
	bool may_have_run;       /* an earlier try had left */
	bool cancelled;          /* co_cancel was sent: the timer is the grace */
	bool big_endian;         /* the answer */
	bool is_ndr64;           /* the answer */
	struct session *session; /* under way */
	uint32_t call_id;
	/* In the syntaxes that are offered, in their order; a NULL one was not made. Raw: always in the first. */
	struct buf *requests[2];
	struct poll_timer timer;
	sp_nanos began, communicates_since, due; /* due SP_NEVER: other phases come first */
	const struct sp_interface *stubs;        /* NULL: raw */
	void *args;
	struct client_pipes *pipes; /* NULL: the operation has none */
	sp_call_done *done;
	void *arg;
	sp_status status; /* of a call that has ended */
	struct sp_error error;
};

struct sp_client {
	sp_binding *binding;
	struct sp_client_options options; /* defaults filled in; the string is our copy */
	struct assoc_limits limits;
	struct poller own;
	struct poller
		*poller; /* its own, or that of the client that asks its mapper with this one */
	struct poll_task turn;
	struct list queue, finished, sessions;
	uint32_t n_sessions, most_sessions;
	uint64_t last_serial;
	struct dial *dial; /* one at a time */
	struct list endpoints;
	struct list syntaxes; /* what servers chose: transfer.c */
	bool local;
	char *peer;
	struct client_security *security; /* NULL: anonymous and unprotected */
};

static inline struct client_call *
client_call_of(const sp_call *call)
{
	return (struct client_call *)call;
}

/* --- client.c --- */

/* When a phase that begins now and may take `timeout` must be over. */
sp_nanos client_deadline(const sp_client *, sp_nanos timeout);
/* There is something to do at the end of this turn. */
void client_wake(sp_client *);
/* What was said to sessions goes out: a single call at once, several at the end of this turn or the next, in one write. */
void client_flush(sp_client *);
/* Where, for sentences: the peer or what was asked for. */
const char *client_where(const sp_client *);
/* A client beside another one, in the same poller and thread. Takes nothing. */
SP_NODISCARD sp_status client_new_beside(const sp_client *, const char *string_binding,
	const struct sp_client_options *, sp_client **ret, struct sp_error *reterr);

/* --- invoke.c --- */

struct client_call *client_call_new(sp_client *);
/* The communication phase of a call begins, if it has not yet: from now on its time is limited. */
void call_communicates(struct client_call *);
/* Something moved: its time begins anew. */
void call_renew(struct client_call *);
/* It has ended, status and error are in it; its function is called by and by. */
void call_finish(struct client_call *, sp_status);
/* The turn: reads the answer, calls the function. */
void call_deliver(struct client_call *);

/* --- pipe_client.c --- */

/* For a call that begins; requests are cut so that the pipes can follow. NULL pipes are refused. */
SP_NODISCARD sp_status client_pipes_new(struct client_call *, const struct sp_interface *,
	uint32_t opnum, void *args, struct buf *const *requests, struct sp_error *reterr);
void client_pipes_free(struct client_call *);
bool client_pipes_any_in(const struct client_call *);
bool client_pipes_any_out(const struct client_call *);
/*
 * Gives the engine pieces of [in] pipes as long as it wants some. *ret_n: how many. 0, or the status with which the call
 * ends; its error is filled in.
 */
SP_NODISCARD sp_status client_pipes_feed(struct client_call *, unsigned *ret_n);
/* A piece of the answer has come; the same. */
SP_NODISCARD sp_status client_pipes_take(struct client_call *, const struct assoc_event *);
/* What stands behind the pipes. */
void client_pipes_pull(const struct client_call *, struct sp_pull *);

/* --- pool.c --- */

void pool_assign(sp_client *);  /* calls of the queue go out as far as there is room */
void pool_dialled(sp_client *); /* the dial is over */
void pool_drop(sp_client *); /* all connections and what is being dialled; calls end as cancelled */
/* A call comes back from a connection that ended: to the front of the queue. */
void pool_take_back(struct client_call *);
/* May it be tried once more on another connection? */
bool pool_may_retry(const struct client_call *, bool sent);

/* --- session.c --- */

struct session {
	struct link link;
	struct list node; /* in client->sessions */
	sp_client *client;
	uint64_t serial; /* from 1 */
	struct poll_watch watch;
	struct poll_timer timer; /* the engine's, or of being idle */
	struct list calls;
	uint32_t n_calls;
	char *endpoint, *peer;
	struct address address; /* of a TCP session */
	bool joined;            /* asked for the group of others */
	bool dirty;             /* has something to send */
	bool retiring;
	struct assoc_event nak; /* .kind ASSOC_EVENT_NAK when the bind was refused */
	sp_nanos heard, idle_since;
	unsigned silences; /* calls that timed out since something was heard */
};

/* take_fd and the strings are taken also on failure; group_id 0: a new group. */
SP_NODISCARD bool session_new(sp_client *, int take_fd, char *take_endpoint, char *take_peer,
	const struct address *, uint32_t group_id, struct session **ret);
void session_call(struct session *, struct client_call *); /* there must be room */
void session_turn(struct session *);   /* works off events and output; may end it */
void session_end(struct session *);    /* closes and frees; calls are retried or end */
void session_retire(struct session *); /* takes no new calls, ends with the last */
void session_drop(struct session *);   /* its calls end as cancelled */
/* How many more calls it takes now. A peer that has closed meanwhile ends it: false, it is gone. */
SP_NODISCARD bool session_room(struct session *, uint32_t *ret_room);
/* A call under way is given up; the server is told. */
void session_abandon(struct session *, struct client_call *);
/* The same because its time is over: two in a row without a sign of life, and the connection is taken for dead. */
void session_late(struct session *, struct client_call *);

/* --- dial.c --- */

struct dial {
	sp_client *client;
	struct sp_syntax_id interface;
	bool asks;      /* the mapper, before anything else */
	bool was_known; /* the endpoint came from memory: worth a second question when refused */
	bool joins;     /* one more connection of a group, at its address */
	uint32_t group_id;
	struct address group_address;
	char *endpoint;
	char *advertised; /* address of the tower, or NULL */
	struct address mapper_address;
	bool has_mapper_address;
	struct endpoint_question *question;
	struct names_question *names;
	struct poll_watch watch;
	struct poll_timer timer;
	sp_nanos began, until;
	struct race *race;
	struct address *addresses;
	size_t n_addresses;
	bool over;
	sp_status status;
	struct sp_error error;
	int fd; /* the result, with its address and endpoint */
	char *peer;
	struct address address;
};

/* The way to where a call of this interface goes; `with` (or NULL): one more connection of its group. NULL: no memory. */
struct dial *dial_start(sp_client *, const struct client_call *, const struct session *with);
void dial_free(struct dial *); /* ends what is under way; NULL is fine */

/* --- endpoint.c --- */

struct endpoint {
	struct list node;
	struct sp_syntax_id interface;
	char *endpoint, *advertised;
	sp_nanos learnt;
};

/* NULL: not known. The binding's own endpoint is not among them. */
const struct endpoint *endpoint_find(const sp_client *, const struct sp_syntax_id *interface);
void endpoint_forget(sp_client *, const struct sp_syntax_id *interface); /* NULL: all */
/* A copy is kept; lack of memory is no harm. */
void endpoint_remember(sp_client *, const struct sp_syntax_id *interface, const char *endpoint,
	const char *advertised);

struct endpoint_question;
/* Asks the mapper. done(arg) is called from the turn when there is an answer. NULL: *reterr. */
struct endpoint_question *endpoint_ask(sp_client *, const struct sp_syntax_id *interface,
	void (*done)(void *arg), void *arg, struct sp_error *reterr);
/* Strings are mem_free'd by the caller; *ret_advertised may be NULL. */
SP_NODISCARD sp_status endpoint_answer(struct endpoint_question *, char **ret_endpoint,
	char **ret_advertised, struct sp_error *reterr);
/* Where the mapper was reached over TCP. */
bool endpoint_mapper_address(const struct endpoint_question *, struct address *ret);
void endpoint_question_free(struct endpoint_question *); /* NULL is fine */

/* --- transfer.c: NDR and NDR64 ([MS-RPCE] 3.3.1.5.6) --- */

/* What the server of this interface has chosen; NULL: not known. */
const struct sp_syntax_id *transfer_find(const sp_client *, const struct sp_syntax_id *interface);
/* Lack of memory is no harm. */
void transfer_learn(
	sp_client *, const struct sp_syntax_id *interface, const struct sp_syntax_id *transfer);
void transfer_forget(sp_client *, const struct sp_syntax_id *interface); /* NULL: all */

/* --- outcome.c: a status, and the sentence into call->error --- */

sp_status outcome_fault(struct client_call *, const struct assoc_event *);
sp_status outcome_rejected(struct client_call *, const struct assoc_event *);
sp_status outcome_nak(struct client_call *, const struct assoc_event *);
/* The connection ended: by the engine's word, or by the system's error. */
sp_status outcome_closed(struct client_call *, const struct assoc_event *close, bool sent);
sp_status outcome_broken(struct client_call *, int sys_errno, bool sent);
sp_status outcome_timeout(struct client_call *, sp_nanos waited, bool sent);
sp_status outcome_cancelled(struct client_call *, bool sent);

#endif
