/* SPDX-License-Identifier: MIT */
/* The server's side of a connection ([MS-RPCE] 3.3.3, C706 chapters 11 and 12). */
#include <sallyport/status.h>

#include <string.h>

#include "assoc/engine.h"
#include "assoc/group.h"
#include "base/uuid.h"

#define NAK_SIZE 64 /* and what explains it */
#define WHOLE (PFC_FIRST_FRAG | PFC_LAST_FRAG)

unsigned
server_state_now(const struct assoc_conn *a)
{
	uint32_t most = a->mpx ? a->limits->max_calls : 1;

	return a->state == SERVER_CONTEXT_NEGOTIATED && a->n_calls >= most ? SERVER_DISPATCH
									   : a->state;
}

/* --- refusals --- */

void
server_nak(struct assoc_conn *a, const struct pdu *p, uint16_t reason, const char *what)
{
	struct pdu_header h = header_make(PTYPE_BIND_NAK, WHOLE, p->header.call_id, 0);
	struct bind_nak nak = {.reason = reason, .n_versions = 1, .versions = {{5, 0}}};
	struct buf *b = a->policy->explain ? a->policy->explain(reason) : NULL;
	struct assoc_output *o;
	struct wire_out out;

	if (b && buf_len(b) + NAK_SIZE <= PDU_MUST_RECV_FRAG_SIZE) {
		nak.extended = b->data + b->start;
		nak.extended_len = buf_len(b);
	}
	o = output_new(a, NAK_SIZE + nak.extended_len);
	if (!o) {
		buf_unref(b);
		return;
	}
	wire_out_init(&out, o->bytes, o->n_bytes);
	if (bind_nak_put(&out, &h, &nak)) {
		o->n_bytes = o->total = (uint32_t)wire_out_offset(&out);
		output_queue(a, o);
	} else {
		output_drop(a, o);
	}
	buf_unref(b);
	a->fault = p->fault;
	a->fault_ptype = p->header.ptype;
	conn_close(a, ASSOC_CLOSE_NAK, what);
}

/*
 * A fault, then the end: [MS-RPCE] 3.3.3.5.7 gives the fault, Windows closes after it. Of requests it does not say that
 * they did not execute.
 */
static void
fault_and_close(struct assoc_conn *a, const struct pdu *p, uint32_t status, const char *what)
{
	output_fault(a, p->header.call_id, 0, status, p->header.ptype != PTYPE_REQUEST);
	conn_break(a, p, what);
}

void
server_refuse(struct assoc_conn *a, const struct pdu *p, enum assoc_answer answer, const char *what)
{
	if (answer == ANSWER_refuse_nak)
		server_nak(a, p, NAK_REASON_NOT_SPECIFIED, what);
	else
		fault_and_close(a, p, NCA_S_PROTO_ERROR, what);
}

/* --- presentation contexts --- */

static struct assoc_presentation *
presentation_find(const struct assoc_conn *a, uint16_t id)
{
	for (uint32_t i = 0; i < a->n_contexts; i++)
		if (a->contexts[i].id == id)
			return &a->contexts[i];
	return NULL;
}

/* C706 6.1.5.1: the same major version, and at least the client's minor. */
static const struct assoc_offer *
offer_find(const struct assoc_server_policy *policy, const struct sp_syntax_id *wanted)
{
	for (size_t i = 0; i < policy->n_offers; i++) {
		const struct sp_syntax_id *have = &policy->offers[i].interface;

		if (sp_uuid_equal(&have->uuid, &wanted->uuid) && have->major == wanted->major &&
			have->minor >= wanted->minor)
			return &policy->offers[i];
	}
	return NULL;
}

static const struct sp_syntax_id *
transfer_find(const struct assoc_server_policy *policy, const struct sp_syntax_id *wanted)
{
	for (size_t i = 0; i < policy->n_transfers; i++)
		if (syntax_equal(&policy->transfers[i], wanted))
			return &policy->transfers[i];
	return NULL;
}

/* The best of one element's proposals: the preferred one, or else the first that we speak. */
static const struct sp_syntax_id *
element_choose(const struct assoc_server_policy *policy, const struct bind_context *element)
{
	struct wire_in in = element->transfers;
	const struct sp_syntax_id *best = NULL;

	for (unsigned i = 0; i < element->n_transfers; i++) {
		const struct sp_syntax_id *known;
		struct sp_syntax_id s;

		syntax_get(&in, &s);
		known = transfer_find(policy, &s);
		if (known == policy->transfers)
			return known;
		if (!best)
			best = known;
	}
	return best;
}

static bool
element_proposes(const struct bind_context *element, const struct sp_syntax_id *wanted)
{
	struct wire_in in = element->transfers;

	for (unsigned i = 0; i < element->n_transfers; i++) {
		struct sp_syntax_id s;

		syntax_get(&in, &s);
		if (syntax_equal(&s, wanted))
			return true;
	}
	return false;
}

/*
 * [MS-RPCE] 3.3.1.5.6: one transfer syntax per interface of a bind, however many elements propose some. `list` stands
 * at the first element.
 */
static const struct sp_syntax_id *
list_choose(const struct assoc_server_policy *policy, struct wire_in list, unsigned n,
	const struct assoc_offer *offer)
{
	const struct sp_syntax_id *best = NULL;

	while (n-- > 0) {
		const struct sp_syntax_id *s;
		struct bind_context element;

		bind_context_get(&list, &element);
		if (offer_find(policy, &element.abstract) != offer)
			continue;
		s = element_choose(policy, &element);
		if (s == policy->transfers)
			return s;
		if (!best)
			best = s;
	}
	return best;
}

/* [MS-RPCE] 3.3.1.5.3. Windows looks at the first of the transfer syntaxes only. */
static bool
element_is_btfn(const struct bind_context *element, uint64_t *ret_bits)
{
	struct wire_in in = element->transfers;
	struct sp_syntax_id s;

	syntax_get(&in, &s);
	return syntax_is_btfn(&s, ret_bits);
}

static struct bind_result
refused(uint16_t reason)
{
	return (struct bind_result){.result = CONTEXT_PROVIDER_REJECTION, .reason = reason};
}

/* Windows: an id that is in use keeps its interface and its transfer syntax. False: the list asks for another. */
static bool
presentation_keep(struct assoc_conn *a, const struct bind_context *element,
	const struct assoc_offer *offer, const struct sp_syntax_id *chosen, struct bind_result *ret)
{
	struct assoc_presentation *p = presentation_find(a, element->id);

	if (p && (p->offer != offer || !element_proposes(element, &p->transfer)))
		return false;
	if (!p) {
		p = presentation_add(a);
		if (!p) {
			*ret = refused(REASON_LOCAL_LIMIT_EXCEEDED);
			return true;
		}
		p->id = element->id;
		p->offer = offer;
		p->transfer = *chosen;
	}
	*ret = (struct bind_result){.result = CONTEXT_ACCEPTANCE, .transfer = p->transfer};
	return true;
}

static uint16_t
features_supported(const struct assoc_conn *a)
{
	return BTFN_KEEP_CONNECTION_ON_ORPHAN |
	       (a->policy->n_acceptors > 0 ? BTFN_SECURITY_CONTEXT_MULTIPLEXING : 0);
}

/* [MS-RPCE] 3.3.1.5.6: at most one context for each interface of a list. */
static bool
was_accepted(const struct assoc_server_policy *policy, struct wire_in list,
	const struct bind_result *results, unsigned n, const struct assoc_offer *offer)
{
	for (unsigned i = 0; i < n; i++) {
		struct bind_context element;

		bind_context_get(&list, &element);
		if (results[i].result == CONTEXT_ACCEPTANCE &&
			offer_find(policy, &element.abstract) == offer)
			return true;
	}
	return false;
}

struct negotiation {
	struct wire_in first; /* at the first element */
	unsigned n;
	struct bind_result *results; /* of the elements before this one */
	bool has_features;
};

/* False: not what a client may ask for. */
static bool
element_negotiate(
	struct assoc_conn *a, struct negotiation *g, unsigned i, const struct bind_context *element)
{
	const struct assoc_offer *offer;
	const struct sp_syntax_id *chosen;
	struct bind_result *ret = &g->results[i];
	uint64_t bits;

	if (element->n_transfers == 0)
		return false;
	if (element_is_btfn(element, &bits)) {
		a->features = (uint16_t)bits & features_supported(a);
		*ret = (struct bind_result){.result = CONTEXT_NEGOTIATE_ACK, .reason = a->features};
		if (g->has_features)
			return false;
		g->has_features = true;
		return true;
	}
	offer = offer_find(a->policy, &element->abstract);
	if (!offer) {
		*ret = refused(REASON_ABSTRACT_SYNTAX_NOT_SUPPORTED);
		return true;
	}
	chosen = list_choose(a->policy, g->first, g->n, offer);
	if (!chosen || !element_proposes(element, chosen) ||
		was_accepted(a->policy, g->first, g->results, i, offer)) {
		*ret = refused(REASON_PROPOSED_TRANSFER_SYNTAXES_NOT_SUPPORTED);
		return true;
	}
	return presentation_keep(a, element, offer, chosen, ret);
}

/*
 * False: refused as a whole. [MS-RPCE] 3.3.3.5.5: more contexts than the limit get a bind_nak; to nonsense Windows
 * answers a bind with bind_nak, reason 0, and an alter_context with the fault nca_s_proto_error, and closes.
 */
static bool
list_negotiate(struct assoc_conn *a, const struct pdu *p, unsigned n, struct bind_result *results)
{
	struct negotiation g = {.first = p->body, .n = n, .results = results};
	struct wire_in list = p->body;

	for (unsigned i = 0; i < n; i++) {
		struct bind_context element;

		bind_context_get(&list, &element);
		if (element_negotiate(a, &g, i, &element))
			continue;
		server_refuse(a, p,
			p->header.ptype == PTYPE_BIND ? ANSWER_refuse_nak : ANSWER_refuse_fault,
			"a presentation context that cannot be asked for");
		return false;
	}
	if (a->n_contexts <= a->limits->max_contexts)
		return true;
	server_nak(a, p, NAK_LOCAL_LIMIT_EXCEEDED, "too many presentation contexts");
	return false;
}

/* --- bind and alter_context --- */

static void
ack_send(struct assoc_conn *a, const struct pdu *p, unsigned n, const struct bind_result *results)
{
	bool bind = p->header.ptype == PTYPE_BIND;
	const char *address =
		bind && a->policy->secondary_address ? a->policy->secondary_address : "";
	size_t len = *address ? strlen(address) + 1 : 0;
	struct assoc_output *o =
		output_new(a, (uint32_t)(PDU_HEADER_SIZE + 8 + 2 + len + 3 + 4 + 24 * n));
	struct pdu_header h = header_make(bind ? PTYPE_BIND_ACK : PTYPE_ALTER_CONTEXT_RESP,
		WHOLE | (a->mpx ? PFC_CONC_MPX : 0) | security_flags(a), p->header.call_id, 0);
	struct bind_ack_fixed ack = {.max_xmit_frag = a->max_xmit,
		.max_recv_frag = a->max_recv,
		.group_id = assoc_group_id(a->group),
		.secondary_address = address,
		.secondary_len = (uint16_t)len,
		.n_results = (uint8_t)n};
	struct wire_out out;

	if (!o)
		return;
	wire_out_init(&out, o->bytes, o->n_bytes);
	if (!bind_ack_put(&out, &h, &ack, results)) {
		output_drop(a, o);
		conn_close(a, ASSOC_CLOSE_LIMIT, "an answer to the bind that fits no PDU");
		return;
	}
	o->n_bytes = o->total = (uint32_t)wire_out_offset(&out);
	security_queue(a, o);
}

/* The answer is made, and goes when AUTH_STEP has given it its token. */
static bool
leg_answer(struct assoc_conn *a, const struct pdu *p, unsigned n, const struct bind_result *results,
	struct assoc_event *ret)
{
	if (!security_begin(a, p, ret))
		return false;
	ack_send(a, p, n, results);
	if (conn_is_closed(a))
		buf_slice_fini(&ret->take_stub);
	return !conn_is_closed(a);
}

static bool
group_join(struct assoc_conn *a, const struct pdu *p, uint32_t id)
{
	a->group = assoc_group_join(a->policy->groups, id, &a->peer);
	if (a->group)
		return true;
	/* Windows gives reason 0 to a group it does not know. That there is one of somebody else's is not told. */
	server_nak(a, p, id ? NAK_REASON_NOT_SPECIFIED : NAK_LOCAL_LIMIT_EXCEEDED,
		id ? "an association group that does not exist" : "no memory for a group");
	return false;
}

/* What the flags say of first and last fragment is not looked at, as Windows does not. */
static bool
bind_read(struct pdu *p, struct bind_fixed *ret)
{
	if (!bind_check(p->buf->data + p->off, &p->header, &p->fault))
		return false;
	bind_fixed_get(&p->body, ret);
	return ret->n_contexts > 0;
}

/*
 * Windows takes the smallest of both sides' sizes for both directions, cut to whole 8 bytes. Less than everybody must
 * receive (C706 12.6.3.1) says nothing; it then takes 2048.
 */
static void
sizes_agree(struct assoc_conn *a, const struct bind_fixed *bind)
{
	uint16_t size = bind->max_xmit_frag < bind->max_recv_frag ? bind->max_xmit_frag
								  : bind->max_recv_frag;

	if (size < PDU_MUST_RECV_FRAG_SIZE)
		size = 2048;
	size = fragment_size_agree(a->limits->max_fragment, size);
	a->max_xmit = a->max_recv = size & ~7u;
}

static bool
take_bind(struct assoc_conn *a, struct pdu *p, struct assoc_event *ret)
{
	struct bind_result results[UINT8_MAX];
	struct bind_fixed bind;

	if (!bind_read(p, &bind)) {
		server_nak(a, p, NAK_REASON_NOT_SPECIFIED, "a bind that cannot be read");
		return false;
	}
	if (!group_join(a, p, bind.group_id))
		return false;
	a->mpx = (p->header.flags & PFC_CONC_MPX) && a->limits->max_calls > 1;
	sizes_agree(a, &bind);
	if (!list_negotiate(a, p, bind.n_contexts, results))
		return false;
	a->state = SERVER_CONTEXT_NEGOTIATED;
	if (p->header.auth_len > 0)
		return leg_answer(a, p, bind.n_contexts, results, ret);
	ack_send(a, p, bind.n_contexts, results);
	ret->kind = ASSOC_EVENT_BOUND;
	ret->call_id = p->header.call_id;
	if (a->n_contexts > 0) {
		ret->offer = a->contexts[0].offer;
		ret->context_id = a->contexts[0].id;
		ret->transfer = a->contexts[0].transfer;
	}
	return !conn_is_closed(a);
}

static bool
take_alter_context(struct assoc_conn *a, struct pdu *p, struct assoc_event *ret)
{
	struct bind_result results[UINT8_MAX];
	struct bind_fixed alter;

	if (!bind_read(p, &alter)) {
		fault_and_close(a, p, NCA_S_PROTO_ERROR, "an alter_context that cannot be read");
		return false;
	}
	if (!list_negotiate(a, p, alter.n_contexts, results))
		return false;
	if (p->header.auth_len > 0)
		return leg_answer(a, p, alter.n_contexts, results, ret);
	ack_send(a, p, alter.n_contexts, results);
	return false;
}

/* [MS-RPCE] 2.2.2.5: the last leg, which has no answer. */
static bool
take_auth3(struct assoc_conn *a, struct pdu *p, struct assoc_event *ret)
{
	if (p->header.auth_len > 0 && a->security)
		return security_begin(a, p, ret);
	conn_break(a, p, "an auth3 that ends no logon");
	return false;
}

/* --- requests --- */

/* NULL: answered, or of a call that is no more. */
static struct assoc_call *
call_begin(struct assoc_conn *a, const struct pdu *p, const struct request_fixed *r)
{
	const struct assoc_presentation *context = presentation_find(a, r->context_id);
	uint32_t id = p->header.call_id;
	struct assoc_call *c;

	/*
	 * [MS-RPCE] 3.3.3.5.2 wants ids to grow; Windows takes any up to 0x7fffffff, and common clients repeat
	 * theirs, so only an id still in use is refused.
	 */
	if (a->receiving || id > MAX_CALL_ID || call_find(a, id)) {
		fault_and_close(a, p, NCA_S_PROTO_ERROR, "a first fragment out of sequence");
		return NULL;
	}
	a->current_call_id = id;
	if (!context || a->stopping) {
		/* Windows says unknown interface where C706 has nca_s_invalid_pres_context_id. */
		output_fault(a, id, 0, context ? NCA_S_SERVER_TOO_BUSY : NCA_S_UNK_IF, true);
		return NULL;
	}
	c = call_new(a, id);
	if (!c) {
		output_fault(a, id, r->context_id, NCA_S_FAULT_REMOTE_NO_MEMORY, true);
		return NULL;
	}
	c->context_id = r->context_id;
	c->opnum = r->opnum;
	c->has_object = r->has_object;
	c->object = r->object;
	c->offer = context->offer;
	c->streams = c->opnum < c->offer->n_streams && c->offer->streams[c->opnum];
	c->transfer = context->transfer;
	c->maybe = p->header.flags & PFC_MAYBE;
	c->big_endian = pdu_is_big_endian(p->header.drep);
	c->security = p->security;
	a->receiving = c;
	a->state = SERVER_RECV_PDU;
	return c;
}

static struct assoc_call *
call_continue(struct assoc_conn *a, const struct pdu *p, const struct request_fixed *r)
{
	struct assoc_call *c = a->receiving;
	uint32_t id = p->header.call_id;

	/* [MS-RPCE] 3.3.3.5.6: what is left of a call that was answered early */
	if (!c && a->current_call_id >= id && a->current_call_id - id < OLD_CALL_WINDOW)
		return NULL;
	if (!c || c->id != id || c->context_id != r->context_id || c->opnum != r->opnum ||
		c->security != p->security || c->big_endian != pdu_is_big_endian(p->header.drep)) {
		fault_and_close(a, p, NCA_S_PROTO_ERROR, "a fragment that continues no call");
		return NULL;
	}
	return c;
}

static void
request_event(struct assoc_conn *a, struct assoc_call *c, struct assoc_event *ret)
{
	uint32_t taken = c->held ? c->held : c->stub.len;

	ret->kind = c->more ? ASSOC_EVENT_MORE : ASSOC_EVENT_REQUEST;
	ret->more = a->receiving == c;
	c->more = true;
	ret->call_id = c->id;
	ret->context_id = c->context_id;
	ret->opnum = c->opnum;
	ret->has_object = c->has_object;
	ret->object = c->object;
	ret->maybe = c->maybe;
	ret->offer = c->offer;
	ret->transfer = c->transfer;
	ret->big_endian = c->big_endian;
	ret->headers_signed = security_flags(a) != 0;
	ret->cancelled = c->cancelled;
	if (c->security) {
		ret->auth = c->security->auth;
		ret->auth_type = c->security->type;
		ret->auth_level = c->security->level;
	}
	ret->take_stub = c->stub;
	/* the owner keeps it as long as it works on it */
	c->at_work += taken;
	a->at_work += taken;
	a->held -= c->held;
	c->held = 0;
	c->stub = (struct buf_slice){0};
}

static bool
take_request(struct assoc_conn *a, struct pdu *p, struct assoc_event *ret)
{
	struct request_fixed r = {0};
	struct assoc_call *c;

	request_fixed_get(&p->body, &p->header, &r);
	if (!wire_in_ok(&p->body)) {
		fault_and_close(a, p, NCA_S_PROTO_ERROR, "a request that cannot be read");
		return false;
	}
	c = p->header.flags & PFC_FIRST_FRAG ? call_begin(a, p, &r) : call_continue(a, p, &r);
	if (!c)
		return false;
	/* C706 12.6.3.1: the caller was cancelled before this fragment left */
	c->cancelled |= (p->header.flags & PFC_PENDING_CANCEL) != 0;
	switch (frag_append(a, c, p->buf, &p->body)) {
	case FRAG_OK: break;
	case FRAG_TOO_LONG: /* [MS-RPCE] 3.3.3.5.4: status 5 */
		fault_and_close(a, p, ERROR_ACCESS_DENIED, "a request longer than the limit");
		return false;
	case FRAG_NO_MEMORY:
		fault_and_close(a, p, NCA_S_FAULT_REMOTE_NO_MEMORY, "no memory for a request");
		return false;
	}
	if (p->header.flags & PFC_LAST_FRAG) {
		a->receiving = NULL;
		a->state = SERVER_CONTEXT_NEGOTIATED;
	} else if (!c->streams) {
		return false;
	}
	c->state = STATE_DISPATCHED;
	request_event(a, c, ret);
	return true;
}

/* co_cancel and orphaned: a call that is not there any more is nobody's fault. */
static bool
take_cancel(struct assoc_conn *a, const struct pdu *p, bool orphaned, struct assoc_event *ret)
{
	struct assoc_call *c = call_find(a, p->header.call_id);

	if (!c || c->orphaned)
		return false;
	if (c->state == STATE_RECEIVE_PDU) {
		if (orphaned) {
			call_free(a, c);
			a->state = SERVER_CONTEXT_NEGOTIATED;
		} else {
			c->cancelled = true;
		}
		return false;
	}
	c->cancelled |= !orphaned;
	c->orphaned = orphaned;
	if (orphaned && a->receiving == c) {
		a->receiving = NULL;
		a->state = SERVER_CONTEXT_NEGOTIATED;
	}
	ret->kind = orphaned ? ASSOC_EVENT_ORPHANED : ASSOC_EVENT_CANCEL;
	ret->call_id = c->id;
	return true;
}

bool
server_take(struct assoc_conn *a, enum assoc_answer answer, struct pdu *p, struct assoc_event *ret)
{
	switch (answer) {
	case ANSWER_take_bind: return take_bind(a, p, ret);
	case ANSWER_take_alter_context: return take_alter_context(a, p, ret);
	case ANSWER_take_auth3: return take_auth3(a, p, ret);
	case ANSWER_take_request: return take_request(a, p, ret);
	case ANSWER_take_co_cancel: return take_cancel(a, p, false, ret);
	case ANSWER_take_orphaned: return take_cancel(a, p, true, ret);
	default: conn_break(a, p, "a PDU for the other side"); return false;
	}
}

/* --- what the owner says --- */

/* The call when its client still waits for an answer; otherwise it ends here. */
static struct assoc_call *
call_to_answer(struct assoc_conn *a, uint32_t id)
{
	struct assoc_call *c = call_find(a, id);

	if (!c || c->state != STATE_DISPATCHED)
		return NULL;
	if (!conn_is_closed(a) && !c->orphaned && !c->maybe)
		return c;
	call_free(a, c);
	return NULL;
}

void
assoc_reply(struct assoc_conn *a, uint32_t call_id, struct buf *take_stub)
{
	struct assoc_call *c = call_to_answer(a, call_id);

	if (!c) {
		buf_unref(take_stub);
		return;
	}
	if (frag_send_response(a, c, take_stub))
		call_free(a, c);
}

void
assoc_reply_more(struct assoc_conn *a, uint32_t call_id, struct buf *take_stub)
{
	struct assoc_call *c = call_find(a, call_id);

	if (!c || c->state != STATE_DISPATCHED || c->orphaned || conn_is_closed(a))
		buf_unref(take_stub);
	else
		(void)frag_send_piece(a, c, take_stub); /* failure has closed the connection */
}

void
assoc_consumed(struct assoc_conn *a, uint32_t call_id, uint32_t bytes)
{
	struct assoc_call *c = call_find(a, call_id);

	if (!c || bytes > c->at_work)
		return;
	c->at_work -= bytes;
	a->at_work -= bytes;
}

void
assoc_refuse(struct assoc_conn *a, uint32_t call_id, uint32_t status, bool did_not_execute)
{
	assoc_refuse_extended(a, call_id, status, did_not_execute, NULL, 0);
}

void
assoc_refuse_extended(struct assoc_conn *a, uint32_t call_id, uint32_t status, bool did_not_execute,
	const void *information, uint32_t len)
{
	struct assoc_call *c = call_to_answer(a, call_id);

	if (!c)
		return;
	output_fault_extended(a, call_id, c->context_id, status, did_not_execute, information, len);
	call_free(a, c);
}
