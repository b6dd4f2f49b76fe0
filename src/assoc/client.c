/* SPDX-License-Identifier: MIT */
/* The client's side of a connection ([MS-RPCE] 3.3.2, C706 chapters 11 and 12). */
#include <string.h>

#include "assoc/engine.h"
#include "base/uuid.h"
#include "wire/verification.h"

#define WHOLE (PFC_FIRST_FRAG | PFC_LAST_FRAG)
#define ELEMENTS_MAX                                                                               \
	30 /* of 44 bytes each: a bind stays below the 1432 bytes that everybody takes */
#define ELEMENT_SIZE 44
#define BIND_FIXED_SIZE 28

enum presentation_state { WANTED, ASKED, ACCEPTED, REFUSED };

/* --- presentation contexts: one entry per interface and proposed transfer syntax --- */

/* The verdict on the proposals that begin at contexts[first]: the accepted one, or the first. */
static const struct assoc_presentation *
proposals_verdict(const struct assoc_conn *a, uint32_t first)
{
	const struct assoc_presentation *p = &a->contexts[first];

	for (unsigned i = 0; i < p->n_alternatives; i++)
		if (p[i].state == ACCEPTED)
			return &p[i];
	return p;
}

static bool
proposals_equal(const struct assoc_presentation *p, const struct sp_syntax_id *interface,
	const struct sp_syntax_id *transfers, size_t n)
{
	if (p->n_alternatives != n || !syntax_equal(&p->interface, interface))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!syntax_equal(&p[i].transfer, &transfers[i]))
			return false;
	return true;
}

/* Refused ones are asked for again: the server may have learnt the interface since. */
static void
proposals_revive(struct assoc_presentation *p)
{
	for (unsigned i = 0, n = p->n_alternatives; i < n; i++)
		p[i].state = WANTED;
}

static bool
proposals_add(struct assoc_conn *a, const struct sp_syntax_id *interface,
	const struct sp_syntax_id *transfers, size_t n)
{
	uint32_t before = a->n_contexts;

	if (n == 0 || n > ELEMENTS_MAX - 1 || before + n > a->limits->max_contexts ||
		before + n > UINT16_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct assoc_presentation *p = presentation_add(a);

		if (!p) {
			a->n_contexts = before;
			return false;
		}
		p->id = (uint16_t)(before + i);
		p->interface = *interface;
		p->transfer = transfers[i];
		p->n_alternatives = i == 0 ? (uint8_t)n : 0;
	}
	return true;
}

static bool
proposals_find(struct assoc_conn *a, const struct sp_syntax_id *interface,
	const struct sp_syntax_id *transfers, size_t n, uint32_t *ret_first)
{
	uint32_t i = 0;

	for (; i < a->n_contexts; i += a->contexts[i].n_alternatives) {
		if (!proposals_equal(&a->contexts[i], interface, transfers, n))
			continue;
		if (proposals_verdict(a, i)->state == REFUSED)
			proposals_revive(&a->contexts[i]);
		*ret_first = i;
		return true;
	}
	if (!proposals_add(a, interface, transfers, n))
		return false;
	*ret_first = i;
	return true;
}

/* --- bind and alter_context out --- */

static bool
is_among(const struct bind_context *elements, unsigned n, const struct sp_syntax_id *interface)
{
	for (unsigned i = 0; i < n; i++)
		if (syntax_equal(&elements[i].abstract, interface))
			return true;
	return false;
}

/*
 * Whole groups of proposals only, so that a verdict is never half there; and one for each interface, of which a server
 * accepts no more at once ([MS-RPCE] 3.3.1.5.6).
 */
static unsigned
elements_collect(struct assoc_conn *a, struct bind_context *elements, unsigned most)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < a->n_contexts;) {
		unsigned k = a->contexts[i].n_alternatives;
		bool take = a->contexts[i].state == WANTED && n + k <= most &&
			    !is_among(elements, n, &a->contexts[i].interface);

		for (uint32_t end = i + k; i < end; i++) {
			struct assoc_presentation *p = &a->contexts[i];

			if (!take)
				continue;
			p->state = ASKED;
			elements[n++] = (struct bind_context){.id = p->id,
				.n_transfers = 1,
				.abstract = p->interface,
				.put_transfers = &p->transfer};
		}
	}
	return n;
}

/* [MS-RPCE] 3.3.1.5.3: behind the last element, with the same interface. Its id is one that no context has. */
static void
element_btfn(const struct assoc_conn *a, struct bind_context *element, const struct sp_syntax_id *s)
{
	element[0] = element[-1];
	element->id = (uint16_t)a->n_contexts;
	element->put_transfers = s;
}

static void
elements_send(
	struct assoc_conn *a, uint32_t call_id, const struct bind_context *elements, unsigned n)
{
	bool bind = a->state == CLIENT_UNBOUND;
	struct pdu_header h = header_make(bind ? PTYPE_BIND : PTYPE_ALTER_CONTEXT,
		WHOLE | (bind && a->wants_mpx ? PFC_CONC_MPX : 0) | security_flags(a), call_id, 0);
	struct bind_fixed fixed = {.max_xmit_frag = a->limits->max_fragment,
		.max_recv_frag = a->limits->max_fragment,
		.group_id = a->group_id,
		.n_contexts = (uint8_t)n};
	struct assoc_output *o = output_new(a, BIND_FIXED_SIZE + n * ELEMENT_SIZE);
	struct wire_out out;

	if (!o)
		return;
	wire_out_init(&out, o->bytes, o->n_bytes);
	if (!bind_put(&out, &h, &fixed, elements)) {
		output_drop(a, o);
		conn_close(a, ASSOC_CLOSE_LIMIT, "a bind that fits no PDU");
		return;
	}
	o->n_bytes = o->total = (uint32_t)wire_out_offset(&out);
	security_queue(a, o);
	a->negotiation_id = call_id;
	if (!conn_is_closed(a))
		a->state = bind ? CLIENT_BIND_SENT : CLIENT_ALTER_SENT;
}

static void
negotiation_send(struct assoc_conn *a, uint32_t call_id)
{
	struct sp_syntax_id btfn = syntax_btfn(BTFN_KEEP_CONNECTION_ON_ORPHAN);
	struct bind_context elements[ELEMENTS_MAX];
	bool bind = a->state == CLIENT_UNBOUND;
	unsigned n;

	if (bind && !security_may_bind(a))
		return;
	n = elements_collect(a, elements, ELEMENTS_MAX - 1);
	if (bind)
		element_btfn(a, &elements[n++], &btfn);
	elements_send(a, call_id, elements, n);
}

/* [MS-RPCE] 3.3.1.5.2.1: the context elements are those of the leg before; servers ask for one that they know. */
void
client_leg(struct assoc_conn *a)
{
	const struct assoc_presentation *p = &a->contexts[0];
	struct bind_context element;

	for (uint32_t i = 0; i < a->n_contexts && p->state != ACCEPTED; i++)
		p = &a->contexts[i];
	element = (struct bind_context){.id = p->id,
		.n_transfers = 1,
		.abstract = p->interface,
		.put_transfers = &p->transfer};
	elements_send(a, a->negotiation_id, &element, 1);
}

/* --- what may go out now --- */

static bool
is_negotiating(const struct assoc_conn *a)
{
	return a->state == CLIENT_BIND_SENT || a->state == CLIENT_ALTER_SENT;
}

/* [MS-RPCE] 3.3.1.5.8: without PFC_CONC_MPX one call after the other. */
static bool
may_begin(const struct assoc_conn *a)
{
	return a->n_in_flight < (a->mpx ? a->limits->max_calls : 1);
}

/* A copy with the trailer behind it: the owner may hold the stub data for another try. NULL: no memory. */
static struct buf *
trailer_add(const struct assoc_call *c, const struct assoc_presentation *p, const struct buf *stub)
{
	struct verification v = {.has_pcontext = true,
		.has_header2 = true,
		.interface = p->interface,
		.transfer = p->transfer,
		.ptype = PTYPE_REQUEST,
		.drep = {0x10},
		.call_id = c->id,
		.context_id = p->id,
		.opnum = c->opnum};
	uint32_t len = stub ? buf_len(stub) : 0, most = len + VERIFICATION_MAX_SIZE;
	struct buf *b = buf_new(PDU_REQUEST_OBJECT_SIZE, PDU_REQUEST_OBJECT_SIZE + most);
	struct wire_out out;

	if (!b)
		return NULL;
	wire_out_init(&out, b->data + b->start, most);
	if (len > 0)
		wire_out_bytes(&out, stub->data + stub->start, len);
	verification_put(&out, &v);
	b->end = b->start + (uint32_t)wire_out_offset(&out);
	return b;
}

static void
request_send(struct assoc_conn *a, struct assoc_call *c, const struct assoc_presentation *p)
{
	bool second = c->by_syntax && p != &a->contexts[c->context_index];
	struct buf **made = second ? &c->second : &c->request, *stub = *made; /* NULL is none */

	*made = NULL;
	if (c->verified && !c->more) {
		struct buf *bare = stub;

		stub = trailer_add(c, p, bare);
		buf_unref(bare);
		if (!stub) {
			conn_close(a, ASSOC_CLOSE_MEMORY, "no memory for a verification trailer");
			return;
		}
	}
	c->security = security_own(a);
	c->context_id = p->id;
	c->transfer = p->transfer;
	c->state = STATE_DISPATCHED;
	a->n_in_flight++;
	if (c->more)
		a->sending = c;
	(void)frag_send_request(a, c, p->id, stub); /* failure has closed the connection */
}

/* The server has chosen a syntax that the stub data was not made in. */
static bool
is_in_other_syntax(
	const struct assoc_conn *a, const struct assoc_call *c, const struct assoc_presentation *p)
{
	return c->by_syntax && p->state == ACCEPTED && c->state == STATE_SEND_PDUS &&
	       !(p == &a->contexts[c->context_index] ? c->request : c->second);
}

/* True: the calls behind this one wait for it. */
static bool
call_push(struct assoc_conn *a, struct assoc_call *c)
{
	const struct assoc_presentation *p = proposals_verdict(a, c->context_index);

	/* fragments of one request are not mixed with another's */
	if (a->sending || security_holds(a))
		return true;
	switch ((enum presentation_state)p->state) {
	case WANTED:
		if (is_negotiating(a) || (!a->mpx && a->n_in_flight > 0))
			return true;
		negotiation_send(a, c->negotiation_id ? c->negotiation_id : c->id);
		return true;
	case ASKED: return true;
	case REFUSED: return false;
	case ACCEPTED: break;
	}
	if (c->bind_only || is_in_other_syntax(a, c, p))
		return false;
	if (!may_begin(a) || (is_negotiating(a) && !a->mpx))
		return true;
	request_send(a, c, p);
	return false;
}

/* Calls that wait for their context or their turn. */
static bool
any_waits(const struct assoc_conn *a)
{
	return a->n_calls > a->n_in_flight;
}

static void
push(struct assoc_conn *a)
{
	if (!any_waits(a))
		return;
	list_for_safe (it, &a->calls) {
		struct assoc_call *c = list_entry(it, struct assoc_call, node);

		if (conn_is_closed(a))
			return;
		if (c->state == STATE_SEND_PDUS && call_push(a, c))
			return;
	}
}

void
client_push(struct assoc_conn *a)
{
	push(a);
}

/* --- what the owner says --- */

static struct assoc_call *
call_queue(struct assoc_conn *a, const struct sp_syntax_id *interface,
	const struct sp_syntax_id *transfers, size_t n_transfers, bool request)
{
	struct assoc_call *c;
	uint32_t first, ahead;

	/* Ids do not roll over ([MS-RPCE] 3.3.3.5.2): a connection that has used them all is at its end. */
	if (conn_is_closed(a) || a->stopping || a->eof || a->n_calls >= a->limits->max_calls ||
		a->current_call_id >= MAX_CALL_ID - 2)
		return NULL;
	if (!proposals_find(a, interface, transfers, n_transfers, &first))
		return NULL;
	/* Ids grow on the wire ([MS-RPCE] 3.3.3.5.2): the bind that goes before the request has the lower one. */
	ahead = request && proposals_verdict(a, first)->state == WANTED;
	c = call_new(a, a->current_call_id + 1 + ahead);
	if (!c)
		return NULL;
	c->negotiation_id = ahead ? c->id - 1 : 0;
	a->current_call_id = c->id;
	c->state = STATE_SEND_PDUS;
	c->context_index = first;
	return c;
}

bool
assoc_call(struct assoc_conn *a, const struct assoc_request *r, struct buf *take_stub,
	uint32_t *ret_call_id)
{
	struct assoc_call *c = call_queue(a, &r->interface, r->transfers, r->n_transfers, true);

	if (!c) {
		buf_unref(take_stub);
		buf_unref(r->take_second);
		return false;
	}
	c->by_syntax = r->by_syntax;
	c->second = r->take_second;
	c->opnum = r->opnum;
	c->maybe = r->maybe;
	c->verified = r->verified;
	c->more = r->more;
	c->streams = r->streams;
	c->has_object = r->object != NULL;
	if (r->object)
		c->object = *r->object;
	c->request = take_stub;
	*ret_call_id = c->id;
	push(a);
	return true;
}

void
assoc_call_more(struct assoc_conn *a, uint32_t call_id, struct buf *take_stub, bool is_last)
{
	struct assoc_call *c = call_find(a, call_id);

	if (!c || a->sending != c || conn_is_closed(a)) {
		buf_unref(take_stub);
		return;
	}
	c->more = !is_last;
	if (!frag_send_request(a, c, c->context_id, take_stub) || !is_last)
		return;
	a->sending = NULL;
	push(a);
}

const struct sp_syntax_id *
assoc_call_transfer(const struct assoc_conn *a, uint32_t call_id)
{
	const struct assoc_call *c = call_find(a, call_id);

	return c ? &c->transfer : &SYNTAX_NDR;
}

bool
assoc_bind(struct assoc_conn *a, const struct sp_syntax_id *interface,
	const struct sp_syntax_id *transfers, size_t n_transfers, uint32_t *ret_call_id)
{
	struct assoc_call *c = call_queue(a, interface, transfers, n_transfers, false);

	if (!c)
		return false;
	c->bind_only = true;
	*ret_call_id = c->id;
	push(a);
	return true;
}

bool
assoc_call_was_sent(const struct assoc_conn *a, uint32_t call_id)
{
	const struct assoc_call *c = call_find(a, call_id);

	return !c || c->was_sent;
}

bool
assoc_call_is_open(const struct assoc_conn *a, uint32_t call_id)
{
	return call_find(a, call_id) != NULL;
}

void
assoc_cancel(struct assoc_conn *a, uint32_t call_id)
{
	struct assoc_call *c = call_find(a, call_id);

	if (!c || c->cancelled || c->state == STATE_SEND_PDUS || conn_is_closed(a))
		return;
	c->cancelled = true;
	output_header(a, PTYPE_CO_CANCEL, WHOLE, call_id);
}

static void
orphan(struct assoc_conn *a, uint32_t call_id)
{
	output_header(a, PTYPE_ORPHANED, WHOLE, call_id);
	if (a->features & BTFN_KEEP_CONNECTION_ON_ORPHAN)
		return;
	if (a->n_calls == 0)
		conn_close(a, ASSOC_CLOSE_LOCAL, "a call was given up");
	else
		a->stopping = true;
}

void
assoc_abandon(struct assoc_conn *a, uint32_t call_id)
{
	struct assoc_call *c = call_find(a, call_id);
	bool known;

	if (!c)
		return;
	known = c->state != STATE_SEND_PDUS;
	if (c->output && c->output->sent == 0 && !security_protects(c->security)) {
		/* nothing of it has left: the server does not know of it; what is signed cannot be taken out again */
		output_drop(a, c->output);
		known &= c->was_sent;
	}
	call_free(a, c);
	if (conn_is_closed(a))
		return;
	if (known)
		orphan(a, call_id);
	push(a);
}

uint32_t
assoc_client_room(const struct assoc_conn *a)
{
	bool many = a->mpx && (a->state == CLIENT_BOUND || a->state == CLIENT_ALTER_SENT);
	uint32_t most = many ? a->limits->max_calls : 1;

	if (conn_is_closed(a) || a->stopping || a->eof || a->current_call_id >= MAX_CALL_ID - 2)
		return 0;
	return a->n_calls < most ? most - a->n_calls : 0;
}

bool
assoc_client_is_bound(const struct assoc_conn *a)
{
	return a->state == CLIENT_BOUND || a->state == CLIENT_ALTER_SENT;
}

uint32_t
assoc_client_group_id(const struct assoc_conn *a)
{
	return a->group_id;
}

/* --- answers to bind and alter_context --- */

/* False: the answer is not one to our question. */
static bool
results_read(struct assoc_conn *a, struct wire_in *in, unsigned n, bool bind)
{
	for (uint32_t i = 0; i < a->n_contexts; i++) {
		struct assoc_presentation *p = &a->contexts[i];
		struct bind_result r;

		if (p->state != ASKED)
			continue;
		if (n-- == 0)
			return false;
		bind_result_get(in, &r);
		p->result = r.result;
		p->reason = r.reason;
		p->state = r.result == CONTEXT_ACCEPTANCE ? ACCEPTED : REFUSED;
		if (p->state == ACCEPTED && !syntax_equal(&r.transfer, &p->transfer))
			return false;
	}
	if (bind && n > 0) { /* ours is the last: feature negotiation */
		struct bind_result r;

		bind_result_get(in, &r);
		a->features = r.result == CONTEXT_NEGOTIATE_ACK ? r.reason : 0;
		return n == 1 && wire_in_ok(in);
	}
	return !bind && n == 0 && wire_in_ok(in);
}

/* True when *ret is an event. */
static bool
take_ack(struct assoc_conn *a, struct pdu *p, struct assoc_event *ret)
{
	bool bind = p->header.ptype == PTYPE_BIND_ACK, leg = !bind && security_holds(a);
	struct bind_ack_fixed ack = {0};
	bool event = false;

	bind_ack_fixed_get(&p->body, &ack);
	/* who only carries a leg repeats what was agreed */
	if (!wire_in_ok(&p->body) || p->header.call_id != a->negotiation_id ||
		(!leg && !results_read(a, &p->body, ack.n_results, bind))) {
		conn_break(a, p, "an answer that does not fit the bind");
		return false;
	}
	if (bind) {
		a->group_id = ack.group_id;
		a->mpx = a->wants_mpx && (p->header.flags & PFC_CONC_MPX);
		a->max_xmit = fragment_size_agree(a->limits->max_fragment, ack.max_recv_frag);
	}
	a->state = CLIENT_BOUND;
	return a->security && security_continue(a, p, ret, &event) && event;
}

static bool
take_nak(struct assoc_conn *a, struct pdu *p, struct assoc_event *ret)
{
	struct bind_nak nak;

	if (p->header.call_id != a->negotiation_id ||
		!bind_nak_get(p->buf->data + p->off, &p->header, &nak, &p->fault)) {
		conn_break(a, p, "a bind_nak that cannot be read");
		return false;
	}
	ret->kind = ASSOC_EVENT_NAK;
	ret->call_id = p->header.call_id;
	ret->reason = nak.reason;
	ret->what = nak_reason_name(nak.reason);
	ret->big_endian = pdu_is_big_endian(p->header.drep);
	if (nak.extended)
		ret->take_stub = (struct buf_slice){.buf = buf_ref(p->buf),
			.off = (uint32_t)(nak.extended - p->buf->data),
			.len = nak.extended_len};
	conn_close(a, ASSOC_CLOSE_NAK, ret->what);
	return true;
}

/* An alter_context may be answered by a fault ([MS-RPCE] 3.3.3.5.3): what it asked for is refused. */
static void
negotiation_fail(struct assoc_conn *a)
{
	for (uint32_t i = 0; i < a->n_contexts; i++) {
		struct assoc_presentation *p = &a->contexts[i];

		if (p->state != ASKED)
			continue;
		p->state = REFUSED;
		p->result = CONTEXT_PROVIDER_REJECTION;
		p->reason = REASON_NOT_SPECIFIED;
	}
	a->state = CLIENT_BOUND;
}

bool
client_next(struct assoc_conn *a, struct assoc_event *ret)
{
	if (!any_waits(a) || security_holds(a))
		return false;
	list_for (it, &a->calls) {
		struct assoc_call *c = list_entry(it, struct assoc_call, node);
		const struct assoc_presentation *p = NULL;

		if (c->state == STATE_SEND_PDUS)
			p = proposals_verdict(a, c->context_index);
		if (!p || !(p->state == REFUSED || (p->state == ACCEPTED && c->bind_only) ||
				  is_in_other_syntax(a, c, p)))
			continue;
		ret->kind = p->state == ACCEPTED && c->bind_only ? ASSOC_EVENT_BOUND
								 : ASSOC_EVENT_REJECTED;
		ret->call_id = c->id;
		ret->context_id = p->id;
		ret->result = p->result;
		ret->reason = p->reason;
		ret->transfer = p->transfer;
		if (p->state == REFUSED)
			ret->what = context_reason_name(p->result, p->reason);
		call_free(a, c);
		return true;
	}
	return false;
}

/* --- answers to requests --- */

/* NULL: nothing to do (a call that was given up), or the connection was closed. */
static struct assoc_call *
call_answered(struct assoc_conn *a, const struct pdu *p)
{
	struct assoc_call *c = call_find(a, p->header.call_id);

	if (!c && p->header.call_id <= a->current_call_id)
		return NULL;
	if (!c || c->state == STATE_SEND_PDUS || c->maybe) {
		conn_break(a, p, "an answer to a call that was not made");
		return NULL;
	}
	return c;
}

static bool
take_fault(struct assoc_conn *a, struct pdu *p, struct assoc_event *ret)
{
	struct fault_fixed f = {0};
	struct assoc_call *c;

	fault_fixed_get(&p->body, &f);
	if (!wire_in_ok(&p->body)) {
		conn_break(a, p, "a fault that cannot be read");
		return false;
	}
	if (a->state == CLIENT_ALTER_SENT && p->header.call_id == a->negotiation_id) {
		if (security_holds(a))
			conn_close(a, ASSOC_CLOSE_SECURITY, "the server refuses the logon");
		else
			negotiation_fail(a);
		return false;
	}
	c = call_answered(a, p);
	if (!c)
		return false;
	ret->kind = ASSOC_EVENT_FAULT;
	ret->call_id = c->id;
	ret->context_id = f.context_id;
	ret->status = f.status;
	ret->did_not_execute = p->header.flags & PFC_DID_NOT_EXECUTE;
	ret->big_endian = pdu_is_big_endian(p->header.drep);
	/* Extended error information ([MS-RPCE] 2.2.2.10) replaces what had arrived of a response. */
	buf_slice_fini(&c->stub);
	a->held -= c->held;
	c->held = 0;
	c->stub = (struct buf_slice){0};
	if (f.flags & FAULT_EXTENDED_ERROR)
		(void)frag_append(a, c, p->buf, &p->body);
	ret->take_stub = c->stub;
	c->stub = (struct buf_slice){0};
	call_free(a, c);
	return true;
}

static bool
response_fits(const struct assoc_call *c, const struct pdu *p, const struct response_fixed *r)
{
	bool first = p->header.flags & PFC_FIRST_FRAG;

	return r->context_id == c->context_id && first == (c->state == STATE_DISPATCHED) &&
	       (first || c->big_endian == pdu_is_big_endian(p->header.drep));
}

/* The call ends here; what still comes of its answer is skipped, and the server is told when it can bear it. */
static bool
response_overflow(struct assoc_conn *a, struct assoc_call *c, const struct pdu *p,
	enum assoc_close close, const char *what, struct assoc_event *ret)
{
	ret->kind = ASSOC_EVENT_OVERFLOW;
	ret->call_id = c->id;
	ret->close = close;
	ret->what = what;
	ret->ptype = p->header.ptype;
	call_free(a, c);
	if (!(p->header.flags & PFC_LAST_FRAG) && (a->features & BTFN_KEEP_CONNECTION_ON_ORPHAN))
		output_header(a, PTYPE_ORPHANED, WHOLE, ret->call_id);
	return true;
}

static bool
take_response(struct assoc_conn *a, struct pdu *p, struct assoc_event *ret)
{
	struct response_fixed r = {0};
	struct assoc_call *c = call_answered(a, p);

	if (!c)
		return false;
	response_fixed_get(&p->body, &r);
	if (!wire_in_ok(&p->body) || !response_fits(c, p, &r)) {
		conn_break(a, p, "a response out of sequence");
		return false;
	}
	c->state = STATE_RECEIVE_PDU;
	c->big_endian = pdu_is_big_endian(p->header.drep);
	switch (frag_append(a, c, p->buf, &p->body)) {
	case FRAG_OK: break;
	case FRAG_TOO_LONG:
		return response_overflow(
			a, c, p, ASSOC_CLOSE_LIMIT, "a response longer than the limit", ret);
	case FRAG_NO_MEMORY:
		return response_overflow(
			a, c, p, ASSOC_CLOSE_MEMORY, "no memory for a response", ret);
	}
	ret->more = !(p->header.flags & PFC_LAST_FRAG);
	if (ret->more && !c->streams)
		return false;
	ret->kind = ASSOC_EVENT_RESPONSE;
	ret->call_id = c->id;
	ret->context_id = c->context_id;
	ret->transfer = c->transfer;
	ret->big_endian = c->big_endian;
	ret->take_stub = c->stub;
	c->stub = (struct buf_slice){0};
	if (!ret->more)
		call_free(a, c);
	return true;
}

bool
client_take(struct assoc_conn *a, enum assoc_answer answer, struct pdu *p, struct assoc_event *ret)
{
	bool event = false;

	switch (answer) {
	case ANSWER_take_bind_ack:
	case ANSWER_take_alter_context_resp: event = take_ack(a, p, ret); break;
	case ANSWER_take_bind_nak: return take_nak(a, p, ret);
	case ANSWER_take_response: event = take_response(a, p, ret); break;
	case ANSWER_take_fault: event = take_fault(a, p, ret); break;
	case ANSWER_take_shutdown: ret->kind = ASSOC_EVENT_SHUTDOWN; return true;
	default: conn_break(a, p, "a PDU for the other side"); break;
	}
	if (!conn_is_closed(a))
		push(a);
	return event;
}
