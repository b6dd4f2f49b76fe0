/* SPDX-License-Identifier: MIT */
/* What both sides of a connection share: life, bytes in, the walk from PDU to answer, time. */
#include <string.h>

#include "assoc/engine.h"
#include "assoc/group.h"
#include "base/mem.h"
#include "base/time.h"

/* --- life --- */

static void
conn_init(
	struct assoc_conn *a, const struct assoc_limits *limits, enum assoc_side side, sp_nanos now)
{
	memset(a, 0, sizeof *a);
	a->limits = limits;
	a->side = side;
	a->max_xmit = PDU_MUST_RECV_FRAG_SIZE;
	a->max_recv = limits->max_fragment;
	a->now = a->born = a->last_pdu = now;
	a->partial_since = SP_NEVER;
	list_init(&a->calls);
	list_init(&a->output);
}

void
assoc_server_init(struct assoc_conn *a, const struct assoc_limits *limits,
	const struct assoc_server_policy *policy, sp_nanos now)
{
	conn_init(a, limits, SIDE_SERVER, now);
	a->policy = policy;
	a->state = SERVER_ESTABLISHED;
}

void
assoc_server_identify(struct assoc_conn *a, const struct assoc_peer *peer)
{
	a->peer = *peer;
}

void
assoc_client_init(
	struct assoc_conn *a, const struct assoc_limits *limits, uint32_t group_id, sp_nanos now)
{
	conn_init(a, limits, SIDE_CLIENT, now);
	a->state = CLIENT_UNBOUND;
	a->group_id = group_id;
	a->wants_mpx = limits->max_calls > 1;
}

void
assoc_fini(struct assoc_conn *a)
{
	if (!a->limits)
		return;
	list_for_safe (it, &a->calls)
		call_free(a, list_entry(it, struct assoc_call, node));
	list_for_safe (it, &a->output)
		output_drop(a, list_entry(it, struct assoc_output, node));
	security_free(a);
	buf_unref(a->in);
	mem_free(a->contexts);
	if (a->group) {
		assoc_group_part(a->group);
		assoc_contexts_free(assoc_group_leave(a->group));
	}
	memset(a, 0, sizeof *a);
}

struct assoc_group *
assoc_take_group(struct assoc_conn *a)
{
	struct assoc_group *g = a->group;

	a->group = NULL;
	if (g)
		assoc_group_part(g);
	return g;
}

struct assoc_presentation *
presentation_add(struct assoc_conn *a)
{
	struct assoc_presentation *p = a->contexts;
	uint32_t cap = a->cap_contexts ? a->cap_contexts * 2 : 2;

	if (a->n_contexts == a->cap_contexts) {
		p = mem_resize(p, cap, sizeof *p);
		if (!p)
			return NULL;
		a->contexts = p;
		a->cap_contexts = cap;
	}
	p += a->n_contexts++;
	memset(p, 0, sizeof *p);
	return p;
}

/* C706 12.6.3.1: whoever names less than 1432 must receive 1432 all the same; Windows sends that much. */
uint16_t
fragment_size_agree(uint16_t ours, uint16_t peers)
{
	if (peers < PDU_MUST_RECV_FRAG_SIZE)
		peers = PDU_MUST_RECV_FRAG_SIZE;
	return peers < ours ? peers : ours;
}

/* --- calls --- */

struct assoc_call *
call_new(struct assoc_conn *a, uint32_t id)
{
	struct assoc_call *c = mem_take_zeroed(sizeof *c);

	if (!c)
		return NULL;
	c->id = id;
	list_append(&a->calls, &c->node);
	a->n_calls++;
	return c;
}

struct assoc_call *
call_find(const struct assoc_conn *a, uint32_t id)
{
	list_for (it, &a->calls) {
		struct assoc_call *c = list_entry(it, struct assoc_call, node);

		if (c->id == id)
			return c;
	}
	return NULL;
}

void
call_free(struct assoc_conn *a, struct assoc_call *c)
{
	if (a->side == SIDE_CLIENT && c->state != STATE_SEND_PDUS)
		a->n_in_flight--;
	if (a->receiving == c) {
		a->receiving = NULL;
		if (a->state == SERVER_RECV_PDU)
			a->state = SERVER_CONTEXT_NEGOTIATED;
	}
	if (a->sending == c)
		a->sending = NULL;
	if (c->output)
		c->output->call = NULL;
	a->n_calls--;
	a->held -= c->held;
	a->at_work -= c->at_work;
	list_remove(&c->node);
	buf_slice_fini(&c->stub);
	buf_unref(c->request);
	buf_unref(c->second);
	mem_give(c, sizeof *c);
}

/* --- the end --- */

bool
conn_is_closed(const struct assoc_conn *a)
{
	return a->close != ASSOC_CLOSE_NONE;
}

void
conn_close(struct assoc_conn *a, enum assoc_close close, const char *what)
{
	if (conn_is_closed(a))
		return;
	a->close = close;
	a->what = what;
	a->state = a->side == SIDE_SERVER ? (uint8_t)SERVER_CLOSED : (uint8_t)CLIENT_CLOSED;
}

void
conn_break(struct assoc_conn *a, const struct pdu *p, const char *what)
{
	if (conn_is_closed(a))
		return;
	a->fault = p->fault;
	a->fault_ptype = p->header.ptype;
	conn_close(a, ASSOC_CLOSE_PROTOCOL, what);
}

void
assoc_eof(struct assoc_conn *a)
{
	a->eof = true;
}

void
assoc_shutdown(struct assoc_conn *a)
{
	a->stopping = true;
}

static void
close_event(struct assoc_conn *a, struct assoc_event *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->kind = ASSOC_EVENT_CLOSE;
	ret->close = a->close;
	ret->what = a->what;
	ret->fault = a->fault;
	ret->ptype = a->fault_ptype;
	a->close_told = true;
}

/* Nothing more can be read: has a reason to close come up meanwhile? */
static void
end_when_due(struct assoc_conn *a)
{
	bool partial = a->in && a->in->end > a->in->start;

	if (a->eof)
		conn_close(a, ASSOC_CLOSE_PEER,
			partial ? "the connection ended within a PDU" : "the peer closed");
	else if (a->stopping && a->n_calls == 0 && list_is_empty(&a->output))
		conn_close(a, ASSOC_CLOSE_LOCAL, "shut down");
}

/* --- bytes in --- */

#define MANY_FRAGMENTS 65536

/* One fragment; many, when the last read filled its buffer: then more is there. */
static struct buf *
buffer_new(struct assoc_conn *a)
{
	struct buf *b = buf_new(0, a->was_filled ? MANY_FRAGMENTS : a->limits->max_fragment);

	if (!b)
		conn_close(a, ASSOC_CLOSE_MEMORY, "no memory to receive");
	return b;
}

/* The receive buffer is full: what is unread moves to the front of this or of another one. */
static bool
buffer_renew(struct assoc_conn *a)
{
	struct buf *old = a->in, *b = old;
	uint32_t n = buf_len(old);

	if (n == old->cap)
		return false;
	if (atomic_load(&old->refs) > 1 || (a->was_filled && old->cap < MANY_FRAGMENTS)) {
		b = buffer_new(a);
		if (!b)
			return false;
	}
	memmove(b->data, old->data + old->start, n);
	if (b != old)
		buf_unref(old);
	b->start = 0;
	b->end = n;
	a->in = b;
	return true;
}

bool
assoc_room(struct assoc_conn *a, void **ret_p, size_t *ret_n)
{
	if (conn_is_closed(a) || a->eof || a->held > a->limits->max_memory)
		return false;
	if (!a->in) {
		a->in = buffer_new(a);
		if (!a->in)
			return false;
	} else if (a->in->end == a->in->cap && !buffer_renew(a)) {
		return false;
	}
	*ret_p = a->in->data + a->in->end;
	*ret_n = a->in->cap - a->in->end;
	return true;
}

void
assoc_feed(struct assoc_conn *a, size_t n, sp_nanos now)
{
	a->now = now;
	if (n == 0)
		return;
	a->in->end += (uint32_t)n;
	a->was_filled = a->in->end == a->in->cap;
	if (a->partial_since == SP_NEVER)
		a->partial_since = now;
}

/* An idle connection holds no receive buffer. */
static void
buffer_drop_empty(struct assoc_conn *a)
{
	if (a->in && a->in->start == a->in->end) {
		buf_unref(a->in);
		a->in = NULL;
	}
}

/* --- from bytes to an answer --- */

/*
 * [MS-RPCE] 3.3.1.5.1, 2.2.2.5: a bind of another version, or with lengths that cannot be, gets the versions we speak;
 * nothing else can be answered.
 */
static void
header_refuse(struct assoc_conn *a, struct pdu *p)
{
	struct wire_fault fault = {0};
	struct wire_in in;
	uint8_t vers;
	bool has_end;

	wire_in_init(&in, p->buf->data + p->off, PDU_HEADER_SIZE, false, &fault);
	vers = wire_in_u8(&in);
	p->header.vers_minor = wire_in_u8(&in);
	p->header.ptype = wire_in_u8(&in);
	wire_in_skip(&in, 1);
	in.swap = (wire_in_u8(&in) & 0xf0) == 0;
	wire_in_skip(&in, 3);
	has_end = wire_in_u16(&in) >= PDU_HEADER_SIZE;
	wire_in_skip(&in, 2);
	p->header.call_id = wire_in_u32(&in);
	if (a->side == SIDE_SERVER && a->state == SERVER_ESTABLISHED &&
		p->header.ptype == PTYPE_BIND && (vers != 5 || has_end))
		server_nak(a, p, NAK_PROTOCOL_VERSION_NOT_SUPPORTED,
			vers != 5 ? "another protocol version" : "a bind's header that is none");
	else
		conn_break(a, p, "a header that is none");
}

/* What cannot be read is answered where a client waits for an answer, as Windows answers it. */
static void
pdu_refuse(struct assoc_conn *a, struct pdu *p, const char *what)
{
	unsigned ptype = p->header.ptype;

	if (a->side == SIDE_CLIENT)
		conn_break(a, p, what);
	else if (ptype == PTYPE_BIND && p->header.auth_len > 0)
		server_nak(a, p, NAK_PROTOCOL_VERSION_NOT_SUPPORTED, what);
	else if (ptype == PTYPE_BIND)
		server_refuse(a, p, ANSWER_refuse_nak, what);
	else if (ptype == PTYPE_REQUEST || ptype == PTYPE_ALTER_CONTEXT)
		server_refuse(a, p, ANSWER_refuse_fault, what);
	else
		conn_break(a, p, what);
}

/* True: a whole PDU is there. False: not yet, or the connection was closed. */
static bool
pdu_find(struct assoc_conn *a, struct pdu *p)
{
	uint32_t n = a->in ? buf_len(a->in) : 0;

	memset(p, 0, sizeof *p);
	if (n < PDU_HEADER_SIZE)
		return false;
	p->buf = a->in;
	p->off = a->in->start;
	if (!pdu_header_get(p->buf->data + p->off, n, &p->header, &p->fault)) {
		header_refuse(a, p);
		return false;
	}
	/* what the bind agreed on is for who sends: up to our own limit everything is taken */
	if (p->header.frag_len > a->limits->max_fragment) {
		pdu_refuse(a, p, "a PDU longer than was agreed");
		return false;
	}
	if (n < p->header.frag_len)
		return false;
	if (p->header.frag_len < ptype_shortest(p->header.ptype) ||
		!pdu_body(p->buf->data + p->off, &p->header, &p->body, &p->fault)) {
		pdu_refuse(a, p, "a PDU too short for its type");
		return false;
	}
	/* The cursor reports into this struct, wherever it lives. */
	p->body.fault = &p->fault;
	return true;
}

static void
pdu_consume(struct assoc_conn *a, const struct pdu *p)
{
	a->in->start += p->header.frag_len;
	a->counters.packets_in++;
	a->seen_pdu = true;
	a->last_pdu = a->now;
	a->partial_since = a->in->start < a->in->end ? a->now : SP_NEVER;
}

static bool
pdu_answer(struct assoc_conn *a, enum assoc_answer answer, struct pdu *p, struct assoc_event *ret)
{
	static const char *const what = "a PDU that has no place in this state";

	switch (answer) {
	case ANSWER_ignore: return false;
	case ANSWER_refuse_close: conn_break(a, p, what); return false;
	case ANSWER_refuse_fault:
	case ANSWER_refuse_nak: server_refuse(a, p, answer, what); return false;
	default: break;
	}
	if ((p->header.auth_len > 0 || a->security) && !security_open(a, p))
		return false;
	return a->side == SIDE_SERVER ? server_take(a, answer, p, ret)
				      : client_take(a, answer, p, ret);
}

/*
 * A server takes no more in while what it has to send, or what its calls work on, uses up the connection's memory. The
 * rest of a request that has begun is let through: who waits for it may be all that holds the memory.
 */
static bool
over_budget(const struct assoc_conn *a, const struct pdu *p)
{
	size_t most = a->limits->max_memory;

	if (a->side != SIDE_SERVER)
		return false;
	if (a->held - (a->receiving ? a->receiving->held : 0) > most)
		return true;
	if (a->receiving && a->receiving->streams && a->receiving->at_work > ASSOC_WINDOW)
		return p->header.ptype == PTYPE_REQUEST;
	return p->header.ptype == PTYPE_REQUEST && !a->receiving && a->held + a->at_work > most;
}

bool
assoc_next(struct assoc_conn *a, struct assoc_event *ret)
{
	struct pdu p;

	while (!conn_is_closed(a)) {
		enum assoc_answer answer;
		unsigned state = a->side == SIDE_SERVER ? server_state_now(a) : a->state;

		memset(ret, 0, sizeof *ret);
		if (a->security && security_next(a, ret))
			return true;
		if (a->security && security_waits(a))
			break;
		if (a->side == SIDE_CLIENT && client_next(a, ret))
			return true;
		if (!pdu_find(a, &p))
			break;
		answer = states_answer(a->side, state, p.header.ptype);
		if (answer == ANSWER_hold || over_budget(a, &p)) {
			/* The peer is not late: it is we who do not read. */
			a->partial_since = SP_NEVER;
			return false;
		}
		pdu_consume(a, &p);
		if (pdu_answer(a, answer, &p, ret))
			return true;
	}
	if (!conn_is_closed(a))
		end_when_due(a);
	if (conn_is_closed(a) && !a->close_told) {
		close_event(a, ret);
		return true;
	}
	buffer_drop_empty(a);
	return false;
}

bool
assoc_is_quiet(const struct assoc_conn *a)
{
	return a->side == SIDE_SERVER && !a->in && !a->eof && !a->stopping && !conn_is_closed(a);
}

bool
assoc_call_wants(const struct assoc_conn *a, uint32_t call_id)
{
	const struct assoc_call *c = call_find(a, call_id);
	bool open = c && !c->output && c->state == STATE_DISPATCHED && !conn_is_closed(a);

	return open && (a->side == SIDE_SERVER || c->more);
}

/* --- time --- */

static sp_nanos
due(sp_nanos since, sp_nanos timeout)
{
	return timeout > 0 && since != SP_NEVER ? time_after(since, timeout) : SP_NEVER;
}

static sp_nanos
idle_due(const struct assoc_conn *a)
{
	bool idle = a->seen_pdu && a->n_calls == 0 && list_is_empty(&a->output);

	return idle ? due(a->last_pdu, a->limits->idle_timeout) : SP_NEVER;
}

static sp_nanos
first_due(const struct assoc_conn *a)
{
	return a->seen_pdu ? SP_NEVER : due(a->born, a->limits->first_pdu_timeout);
}

sp_nanos
assoc_expiry(const struct assoc_conn *a)
{
	sp_nanos t = due(a->partial_since, a->limits->pdu_timeout);

	if (conn_is_closed(a))
		return SP_NEVER;
	if (first_due(a) < t)
		t = first_due(a);
	return idle_due(a) < t ? idle_due(a) : t;
}

void
assoc_tick(struct assoc_conn *a, sp_nanos now)
{
	a->now = now;
	if (first_due(a) <= now)
		conn_close(a, ASSOC_CLOSE_TIMEOUT, "no PDU came");
	else if (due(a->partial_since, a->limits->pdu_timeout) <= now)
		conn_close(a, ASSOC_CLOSE_TIMEOUT, "a PDU did not become complete");
	else if (idle_due(a) <= now)
		conn_close(a, ASSOC_CLOSE_TIMEOUT, "idle");
}

/* --- to look at --- */

const struct assoc_counters *
assoc_counters(const struct assoc_conn *a)
{
	return &a->counters;
}

struct assoc_group *
assoc_conn_group(const struct assoc_conn *a)
{
	return a->group;
}
