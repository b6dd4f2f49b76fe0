/* SPDX-License-Identifier: MIT */
/* One connection of a client's pool: link, engine, and the calls that are under way on it. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/time.h"
#include "net/pipe.h"
#include "rpc/client.h"
#include "rpc/security.h"
#include "wire/bind.h"

/* A peer that closes is noticed before the next call; right after an answer nobody looks. */
#define FRESH SP_MILLISECOND
/* So many calls in a row without a sign of life, and the connection is taken for dead. */
#define SILENCES_MAX 2

static struct client_call *
call_by_id(const struct session *s, uint32_t call_id)
{
	list_for (it, &s->calls) {
		struct client_call *c = list_entry(it, struct client_call, node);

		if (c->call_id == call_id)
			return c;
	}
	return NULL;
}

/* The call belongs to nobody now. */
static void
call_detach(struct session *s, struct client_call *c)
{
	list_remove(&c->node);
	c->session = NULL;
	s->n_calls--;
	if (s->n_calls == 0)
		s->idle_since = poller_now(s->client->poller);
}

/* Its error was made while it knew its session. */
static void
call_end_with(struct session *s, struct client_call *c, sp_status status)
{
	call_detach(s, c);
	call_finish(c, status);
}

/* --- pipes --- */

/* So many pieces, then it is the others' turn. */
#define PIECES_OF_A_TURN 16

static void
call_fail(struct session *s, struct client_call *c, sp_status status)
{
	session_abandon(s, c);
	call_finish(c, status);
}

/* True: there is something to send. */
static bool
pipes_feed(struct session *s, unsigned *n)
{
	unsigned before = *n, fed = 0;

	list_for_safe (it, &s->calls) {
		struct client_call *c = list_entry(it, struct client_call, node);
		sp_status status = c->pipes ? client_pipes_feed(c, &fed) : 0;

		*n += fed;
		fed = 0;
		if (status)
			call_fail(s, c, status);
	}
	return *n > before;
}

/* --- events --- */

static void
on_fault(struct session *s, struct client_call *c, const struct assoc_event *e)
{
	sp_status status = outcome_fault(c, e);
	bool lost = status == RPC_S_CALL_FAILED || status == RPC_S_CALL_FAILED_DNE ||
		    status == RPC_S_COMM_FAILURE;

	/* any other status is the server's considered answer, which would not change */
	if (!lost || !e->did_not_execute || !pool_may_retry(c, false) ||
		s->client->n_sessions >= s->client->most_sessions) {
		call_end_with(s, c, status);
		return;
	}
	c->retried = true;
	c->avoids = s->serial;
	call_detach(s, c);
	pool_take_back(c);
}

/* An endpoint from memory may be another server's by now: the mapper is asked once more. */
static bool
is_worth_resolving(const struct client_call *c, const struct assoc_event *e)
{
	const struct endpoint *known = endpoint_find(c->call.client, &c->interface);

	return !c->resolved_again && known && known->learnt < c->began &&
	       e->result == CONTEXT_PROVIDER_REJECTION &&
	       e->reason == REASON_ABSTRACT_SYNTAX_NOT_SUPPORTED;
}

static void
on_rejected(struct session *s, struct client_call *c, const struct assoc_event *e)
{
	/* another server than the one that chose: the next call is made in both syntaxes again */
	if (e->result == CONTEXT_ACCEPTANCE)
		transfer_forget(s->client, &c->interface);
	if (!is_worth_resolving(c, e)) {
		call_end_with(s, c, outcome_rejected(c, e));
		return;
	}
	endpoint_forget(s->client, &c->interface);
	c->must_resolve = c->resolved_again = true;
	call_detach(s, c);
	pool_take_back(c);
}

/* The server wants to see the last of us: what has not left goes another way (C706 12.6.4.11). */
static void
on_shutdown(struct session *s)
{
	session_retire(s);
	list_for_safe (it, &s->calls) {
		struct client_call *c = list_entry(it, struct client_call, node);

		if (assoc_call_was_sent(&s->link.conn, c->call_id))
			continue;
		assoc_abandon(&s->link.conn, c->call_id);
		call_detach(s, c);
		pool_take_back(c);
	}
}

static void
on_piece(struct session *s, struct client_call *c, const struct assoc_event *e)
{
	sp_status status;

	c->big_endian = e->big_endian;
	c->is_ndr64 = transfer_is_ndr64(&e->transfer);
	if (!e->more && c->requests[0] && c->requests[1])
		transfer_learn(s->client, &c->interface, &e->transfer);
	status = client_pipes_take(c, e);
	if (!e->more)
		call_end_with(s, c, status);
	else if (status)
		call_fail(s, c, status);
}

static void
on_event(struct session *s, struct assoc_event *e)
{
	struct client_call *c = call_by_id(s, e->call_id);
	const char *why;

	if (e->kind == ASSOC_EVENT_AUTH_STEP) {
		(void)security_step(&s->link.conn, e, &why); /* a failure closes, and says why */
	} else if (e->kind == ASSOC_EVENT_CLOSE) {
		s->link.closing = true;
		s->link.close = *e;
	} else if (e->kind == ASSOC_EVENT_NAK) {
		s->nak = *e; /* its calls end with the session */
		return;
	} else if (e->kind == ASSOC_EVENT_SHUTDOWN) {
		on_shutdown(s);
	} else if (!c) {
		/* was given up */
	} else if (e->kind == ASSOC_EVENT_RESPONSE && c->pipes) {
		on_piece(s, c, e);
	} else if (e->kind == ASSOC_EVENT_RESPONSE) {
		c->call.stub = e->take_stub;
		e->take_stub = (struct buf_slice){0};
		c->big_endian = e->big_endian;
		c->is_ndr64 = transfer_is_ndr64(&e->transfer);
		if (c->requests[0] && c->requests[1])
			transfer_learn(s->client, &c->interface, &e->transfer);
		call_end_with(s, c, 0);
	} else if (e->kind == ASSOC_EVENT_BOUND) {
		transfer_learn(s->client, &c->interface, &e->transfer);
		call_end_with(s, c, 0);
	} else if (e->kind == ASSOC_EVENT_FAULT) {
		on_fault(s, c, e);
	} else if (e->kind == ASSOC_EVENT_OVERFLOW) {
		call_end_with(s, c, outcome_closed(c, e, true));
	} else if (e->kind == ASSOC_EVENT_REJECTED) {
		on_rejected(s, c, e);
	}
	buf_slice_fini(&e->take_stub);
}

static void
events_take(struct session *s)
{
	struct assoc_event event;

	while (!s->link.closing && assoc_next(&s->link.conn, &event))
		on_event(s, &event);
}

/* Nothing answers a maybe call: it is over when it has left (C706 12.6.4.9, PFC_MAYBE). */
static void
maybes_finish(struct session *s)
{
	list_for_safe (it, &s->calls) {
		struct client_call *c = list_entry(it, struct client_call, node);

		if (c->maybe && !assoc_call_is_open(&s->link.conn, c->call_id))
			call_end_with(s, c, 0);
	}
}

/* --- time --- */

static sp_nanos
idle_due(const struct session *s)
{
	const struct sp_client_options *o = &s->client->options;

	if (s->n_calls > 0 || (s->client->n_sessions == 1 && !o->idle_closes_last))
		return SP_NEVER;
	return time_after(s->idle_since, o->idle_timeout);
}

/* Only ever moved to an earlier time: when it goes off too early it is set anew. */
static void
timer_renew(struct session *s)
{
	sp_nanos at = assoc_expiry(&s->link.conn), idle = idle_due(s);

	if (idle < at)
		at = idle;
	if (at < s->timer.at)
		poll_timer_set(&s->timer, s->client->poller, at);
}

static void
on_time(void *arg)
{
	struct session *s = arg;
	sp_nanos now = poller_now(s->client->poller);

	if (idle_due(s) <= now)
		assoc_shutdown(&s->link.conn);
	else
		assoc_tick(&s->link.conn, now);
	session_turn(s);
}

/* --- the turn --- */

/* It has no calls and takes none. */
static bool
is_done(const struct session *s)
{
	return s->n_calls == 0 && assoc_client_room(&s->link.conn) == 0;
}

void
session_turn(struct session *s)
{
	bool blocked, any;
	unsigned n = 0;

	s->dirty = false;
	do {
		events_take(s);
		any = n < PIECES_OF_A_TURN && pipes_feed(s, &n);
		any |= link_flush(&s->link, &blocked);
	} while (any && !s->link.sys_errno);
	if (n >= PIECES_OF_A_TURN && !blocked) {
		s->dirty = true;
		client_wake(s->client);
	}
	maybes_finish(s);
	/* what is left to say to a peer that does not read is not worth a connection */
	if (s->link.sys_errno || s->link.closing || (blocked && is_done(s))) {
		session_end(s);
		return;
	}
	poll_watch_set(&s->watch, POLLER_READ | (blocked ? POLLER_WRITE : 0));
	timer_renew(s);
	if (!list_is_empty(&s->client->queue))
		client_wake(s->client);
}

static void
on_ready(void *arg, unsigned events)
{
	struct session *s = arg;

	if (events & POLLER_READ) {
		s->heard = poller_now(s->client->poller);
		s->silences = 0;
		if (!link_receive(&s->link))
			s->link.sys_errno = ENOBUFS;
	}
	session_turn(s);
}

/* --- what the pool says --- */

static bool
is_stale(const struct session *s)
{
	char byte;
	ssize_t n;

	if (s->n_calls > 0 || poller_now(s->client->poller) - s->heard < FRESH)
		return false;
	n = recv(s->link.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	/* bytes that nobody asked for are read in the turn, whatever they are */
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

bool
session_room(struct session *s, uint32_t *ret_room)
{
	*ret_room = s->retiring || s->link.closing ? 0 : assoc_client_room(&s->link.conn);
	if (*ret_room == 0 || !is_stale(s))
		return true;
	session_end(s);
	return false;
}

/* Ours is kept for another try. */
static struct buf *
request_ref(struct buf *b)
{
	return b ? buf_ref(b) : NULL;
}

static bool
say_to_engine(struct session *s, struct client_call *c)
{
	const struct sp_client_options *options = &s->client->options;
	const struct sp_binding *binding = s->client->binding;
	struct assoc_request request = {
		.interface = c->interface,
		.transfers = &SYNTAX_NDR,
		.n_transfers = 1,
		.opnum = c->opnum,
		.object = c->call.has_object ? &c->call.object : NULL,
		.maybe = c->maybe,
		.verified = options->verification_trailer,
		.by_syntax = c->stubs != NULL,
		.more = c->pipes && client_pipes_any_in(c),
		.streams = c->pipes && client_pipes_any_out(c),
	};

	if (c->stubs || c->bind_only)
		request.transfers = transfers_of(options->transfer, &request.n_transfers);
	if (c->bind_only)
		return assoc_bind(&s->link.conn, &c->interface, request.transfers,
			request.n_transfers, &c->call_id);
	if (!request.object && binding->has_object)
		request.object = &binding->object;
	request.take_second = request_ref(c->requests[1]);
	return assoc_call(&s->link.conn, &request, request_ref(c->requests[0]), &c->call_id);
}

void
session_call(struct session *s, struct client_call *c)
{
	s->dirty = true;
	if (!say_to_engine(s, c)) {
		/* there was room: what is missing is memory, or room for one more context */
		call_finish(c, error_no_memory(&c->error));
		return;
	}
	c->place = CALL_UNDER_WAY;
	c->session = s;
	list_append(&s->calls, &c->node);
	s->n_calls++;
}

void
session_abandon(struct session *s, struct client_call *c)
{
	assoc_abandon(&s->link.conn, c->call_id);
	call_detach(s, c);
	/* who does not answer the bind is not asked again */
	if (!assoc_client_is_bound(&s->link.conn))
		session_retire(s);
	s->dirty = true;
	client_wake(s->client);
}

void
session_late(struct session *s, struct client_call *c)
{
	if (s->heard < c->began && ++s->silences >= SILENCES_MAX)
		session_retire(s);
	session_abandon(s, c);
}

void
session_retire(struct session *s)
{
	s->retiring = true;
	assoc_shutdown(&s->link.conn);
	s->dirty = true;
	client_wake(s->client);
}

/* --- life --- */

static void
session_free(struct session *s)
{
	poll_watch_stop(&s->watch);
	poll_timer_stop(&s->timer);
	pipe_close(s->link.fd);
	assoc_fini(&s->link.conn);
	buf_slice_fini(&s->nak.take_stub);
	mem_free(s->endpoint);
	mem_free(s->peer);
	mem_free(s);
}

bool
session_new(sp_client *client, int take_fd, char *take_endpoint, char *take_peer,
	const struct address *address, uint32_t group_id, struct session **ret)
{
	struct session *s = take_endpoint && take_peer ? mem_zalloc(1, sizeof(*s)) : NULL;

	if (!s || poll_watch_start(&s->watch, client->poller, take_fd, POLLER_READ, on_ready, s)) {
		pipe_close(take_fd);
		mem_free(take_endpoint);
		mem_free(take_peer);
		mem_free(s);
		return false;
	}
	s->client = client;
	s->serial = ++client->last_serial;
	s->endpoint = take_endpoint;
	s->peer = take_peer;
	s->address = *address;
	s->joined = group_id != 0;
	s->heard = s->idle_since = time_now();
	list_init(&s->calls);
	poll_timer_init(&s->timer, on_time, s);
	assoc_client_init(&s->link.conn, &client->limits, group_id, s->heard);
	s->link.fd = take_fd;
	if (!client_security_apply(client->security, &s->link.conn)) {
		session_free(s);
		return false;
	}
	list_append(&client->sessions, &s->node);
	client->n_sessions++;
	*ret = s;
	return true;
}

/* A refusal of one connection more says nothing about the calls: the others are there. */
static bool
is_only_about_the_pool(const struct session *s)
{
	return s->nak.kind == ASSOC_EVENT_NAK && s->joined && s->client->n_sessions > 0;
}

static void
call_lose(struct session *s, struct client_call *c)
{
	bool sent = !c->bind_only && assoc_call_was_sent(&s->link.conn, c->call_id);
	const struct assoc_event *close = &s->link.close;
	bool harmless = s->link.sys_errno || close->close == ASSOC_CLOSE_PEER ||
			close->close == ASSOC_CLOSE_LOCAL;

	if (c->cancelled) {
		call_end_with(s, c, outcome_cancelled(c, sent));
	} else if (is_only_about_the_pool(s)) {
		call_detach(s, c);
		pool_take_back(c);
	} else if (s->nak.kind == ASSOC_EVENT_NAK && s->joined && pool_may_retry(c, false)) {
		/* the group may have ended meanwhile: the next connection makes a new one */
		c->retried = true;
		call_detach(s, c);
		pool_take_back(c);
	} else if (s->nak.kind == ASSOC_EVENT_NAK) {
		call_end_with(s, c, outcome_nak(c, &s->nak));
	} else if (harmless && pool_may_retry(c, sent)) {
		c->retried = true;
		c->may_have_run |= sent;
		call_detach(s, c);
		pool_take_back(c);
	} else if (s->link.sys_errno) {
		call_end_with(s, c, outcome_broken(c, s->link.sys_errno, sent));
	} else {
		call_end_with(s, c, outcome_closed(c, close, sent));
	}
}

void
session_drop(struct session *s)
{
	list_for_safe (it, &s->calls) {
		struct client_call *c = list_entry(it, struct client_call, node);

		call_end_with(
			s, c, outcome_cancelled(c, assoc_call_was_sent(&s->link.conn, c->call_id)));
	}
	session_end(s);
}

void
session_end(struct session *s)
{
	sp_client *client = s->client;

	list_remove(&s->node);
	client->n_sessions--;
	if (is_only_about_the_pool(s))
		client->most_sessions = client->n_sessions;
	else if (client->n_sessions == 0)
		client->most_sessions = client->options.max_connections;
	while (!list_is_empty(&s->calls)) /* from the last: each goes to the front of the queue */
		call_lose(s, list_entry(s->calls.prev, struct client_call, node));
	session_free(s);
	client_wake(client);
}
