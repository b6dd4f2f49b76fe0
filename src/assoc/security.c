/* SPDX-License-Identifier: MIT */
/*
 * Security contexts of a connection ([MS-RPCE] 3.3.1.5.2): how they are built, leg by leg, and what is done with each PDU
 * that travels under one. A trailer is never skipped: the peer would take an unprotected conversation for a protected one.
 *
 * Faults go out unprotected, as Windows' and Samba's do; a fault that comes protected is checked.
 */
#include <sallyport/status.h>

#include <string.h>

#include "assoc/engine.h"
#include "base/mem.h"
#include "wire/trailer.h"

/* [MS-RPCE] 3.3.1.5.4 allows clients 2,000 on a connection; a server may have a lower limit. */
#define CONTEXTS_MAX 64u
#define BUILDING_MAX 4u /* of them: what costs memory before anybody has shown who he is */
#define LEG_PAD 4       /* bind and its kin: as Windows aligns their trailers */

struct assoc_security {
	struct list contexts;
	uint32_t n_contexts;
	bool signs_headers;
	/* the leg under way */
	struct security_context *stepping; /* AUTH_STEP was told, or is due */
	bool told;
	unsigned ptype; /* server: of the PDU that brought the token */
	uint32_t call_id;
	struct assoc_output *answer; /* server: waits for its token */
	/* client */
	struct security_context *own;
	bool headers_optional, has_token;
	struct auth_token token; /* for the PDU that goes out next */
};

static struct assoc_security *
security_of(struct assoc_conn *a)
{
	if (a->security)
		return a->security;
	a->security = mem_zalloc(1, sizeof *a->security);
	if (!a->security)
		return NULL;
	list_init(&a->security->contexts);
	return a->security;
}

void
security_free(struct assoc_conn *a)
{
	struct assoc_security *s = a->security;

	if (!s)
		return;
	list_for_safe (it, &s->contexts) {
		struct security_context *c = list_entry(it, struct security_context, node);

		auth_unref(c->auth);
		mem_free(c);
	}
	if (s->answer)
		output_drop(a, s->answer);
	mem_free(s->token.bytes);
	mem_free(s);
	a->security = NULL;
}

static struct security_context *
context_find(const struct assoc_security *s, uint32_t id)
{
	list_for (it, &s->contexts) {
		struct security_context *c = list_entry(it, struct security_context, node);

		if (c->id == id)
			return c;
	}
	return NULL;
}

/* Takes the provider's context, also on failure. */
static struct security_context *
context_add(
	struct assoc_conn *a, uint32_t id, uint8_t type, uint8_t level, struct auth_context *auth)
{
	struct assoc_security *s = security_of(a);
	struct security_context *c = s && auth ? mem_zalloc(1, sizeof *c) : NULL;

	if (!c) {
		auth_unref(auth);
		return NULL;
	}
	c->id = id;
	c->type = type;
	c->level = level;
	c->auth = auth;
	list_append(&s->contexts, &c->node);
	s->n_contexts++;
	return c;
}

/* [MS-RPCE] 2.2.1.1.8: level call is level packet. */
static uint8_t
level_of(const struct trailer *t)
{
	return t->auth_level == AUTH_LEVEL_CALL ? AUTH_LEVEL_PACKET : t->auth_level;
}

/* The presentation context of a request, which is never sealed. */
static uint16_t
context_named(const struct pdu *p)
{
	struct wire_in in = p->body;

	if (p->header.ptype != PTYPE_REQUEST)
		return 0;
	wire_in_skip(&in, 4);
	return wire_in_u16(&in);
}

static void
refuse(struct assoc_conn *a, const struct pdu *p, uint32_t status, const char *what)
{
	if (a->side == SIDE_SERVER)
		output_fault(a, p->header.call_id, context_named(p), status, false);
	a->fault_ptype = p->header.ptype;
	conn_close(a, ASSOC_CLOSE_SECURITY, what);
}

/* --- PDUs under a context --- */

bool
security_protects(const struct security_context *c)
{
	return c && c->level >= AUTH_LEVEL_PACKET;
}

uint32_t
security_tail(const struct security_context *c)
{
	return TRAILER_SIZE +
	       (uint32_t)c->auth->methods->signature_size(c->auth, (enum auth_level)c->level);
}

/* [MS-RPCE] 3.3.1.5.2.2: what is signed, and what is sealed, in this order. */
static size_t
spans_make(const struct assoc_conn *a, const struct security_context *c, uint8_t *pdu,
	uint32_t header_size, uint32_t body, struct auth_span spans[3])
{
	bool seals = c->level == AUTH_LEVEL_PRIVACY;

	if (!a->security->signs_headers && !c->auth->signs_headers) {
		spans[0] = (struct auth_span){pdu + header_size, body, seals};
		return 1;
	}
	spans[0] = (struct auth_span){pdu, header_size, false};
	spans[1] = (struct auth_span){pdu + header_size, body, seals};
	spans[2] = (struct auth_span){pdu + header_size + body, TRAILER_SIZE, false};
	return 3;
}

bool
security_seal(struct assoc_conn *a, const struct security_context *c, uint8_t *pdu,
	uint32_t header_size, uint32_t stub_len, uint8_t pad)
{
	uint32_t body = stub_len + pad, signature = security_tail(c) - TRAILER_SIZE;
	struct auth_span spans[3];
	struct wire_out out;
	size_t n;

	wire_out_init(&out, pdu + header_size + body, TRAILER_SIZE);
	wire_out_u8(&out, c->type);
	wire_out_u8(&out, c->level);
	wire_out_u8(&out, pad);
	wire_out_u8(&out, 0);
	wire_out_u32(&out, c->id);
	n = spans_make(a, c, pdu, header_size, body, spans);
	memset(pdu + header_size + body + TRAILER_SIZE, 0, signature);
	if (c->auth->methods->protect(c->auth, (enum auth_level)c->level, spans, n,
		    pdu + header_size + body + TRAILER_SIZE))
		return true;
	conn_close(a, ASSOC_CLOSE_SECURITY, "the security provider cannot protect at this level");
	return false;
}

/* A request or response without a trailer: right at level connect, when there is one context only. */
static bool
open_bare(struct assoc_conn *a, struct pdu *p)
{
	const struct assoc_security *s = a->security;
	const struct security_context *c = NULL;

	if (p->header.ptype == PTYPE_FAULT)
		return true;
	if (s->n_contexts == 1)
		c = list_entry(s->contexts.next, struct security_context, node);
	if (c && c->level == AUTH_LEVEL_CONNECT && c->state == SECURITY_READY) {
		p->security = c;
		return true;
	}
	refuse(a, p, ERROR_ACCESS_DENIED, "a message without the protection that was agreed");
	return false;
}

static bool
open_protected(struct assoc_conn *a, struct pdu *p, const struct trailer *t)
{
	struct security_context *c = a->security ? context_find(a->security, t->context_id) : NULL;
	bool object = p->header.ptype == PTYPE_REQUEST && p->header.flags & PFC_OBJECT_UUID;
	uint32_t header = object ? PDU_REQUEST_OBJECT_SIZE : PDU_REQUEST_SIZE;
	uint8_t *pdu = p->buf->data + p->off;
	struct auth_span spans[3];
	size_t n;

	if (!c || c->type != t->auth_type || c->level != level_of(t) ||
		c->state != SECURITY_READY) {
		refuse(a, p, ERROR_ACCESS_DENIED,
			a->security ? "a security context that is none"
				    : "a security trailer without a provider for it");
		return false;
	}
	p->security = c;
	if (!security_protects(c))
		return true;
	n = spans_make(a, c, pdu, header,
		p->header.frag_len - p->header.auth_len - TRAILER_SIZE - header, spans);
	if (c->auth->methods->unprotect(
		    c->auth, (enum auth_level)c->level, spans, n, t->value, p->header.auth_len))
		return true;
	refuse(a, p, RPC_S_SEC_PKG_ERROR, "a message that was changed on its way");
	return false;
}

bool
security_open(struct assoc_conn *a, struct pdu *p)
{
	bool object = p->header.ptype == PTYPE_REQUEST && p->header.flags & PFC_OBJECT_UUID;
	struct trailer t;

	switch (p->header.ptype) {
	case PTYPE_BIND:
	case PTYPE_ALTER_CONTEXT:
	case PTYPE_AUTH3:
	case PTYPE_BIND_ACK:
	case PTYPE_ALTER_CONTEXT_RESP: return true;
	case PTYPE_REQUEST:
	case PTYPE_RESPONSE:
	case PTYPE_FAULT: break;
	default:
		if (p->header.auth_len == 0)
			return true;
		conn_break(a, p, "a security trailer where none belongs");
		return false;
	}
	if (p->header.auth_len == 0)
		return open_bare(a, p);
	if (!trailer_get(p->buf->data + p->off, &p->header,
		    object ? PDU_REQUEST_OBJECT_SIZE : PDU_REQUEST_SIZE, &t, &p->fault)) {
		refuse(a, p, NCA_S_PROTO_ERROR, "a security trailer that cannot be read");
		return false;
	}
	return open_protected(a, p, &t);
}

/* --- legs --- */

uint8_t
security_flags(const struct assoc_conn *a)
{
	return a->security && a->security->signs_headers ? PFC_SUPPORT_HEADER_SIGN : 0;
}

static void
step_event(struct assoc_security *s, struct assoc_event *ret)
{
	s->told = true;
	ret->kind = ASSOC_EVENT_AUTH_STEP;
	ret->auth = s->stepping->auth;
	ret->auth_type = s->stepping->type;
	ret->auth_level = s->stepping->level;
}

static void
token_show(const struct pdu *p, const struct trailer *t, struct assoc_event *ret)
{
	ret->take_stub = (struct buf_slice){.buf = buf_ref(p->buf),
		.off = (uint32_t)(t->value - p->buf->data),
		.len = p->header.auth_len};
}

bool
security_next(struct assoc_conn *a, struct assoc_event *ret)
{
	struct assoc_security *s = a->security;

	if (!s->stepping || s->told)
		return false;
	step_event(s, ret);
	return true;
}

bool
security_waits(const struct assoc_conn *a)
{
	return a->security->stepping;
}

/* A copy with the trailer behind it; the PDU as it was is dropped. NULL: closed for lack of memory. */
static struct assoc_output *
attach(struct assoc_conn *a, struct assoc_output *o, const struct security_context *c,
	const struct auth_token *token)
{
	struct trailer t = {.auth_type = c->type,
		.auth_level = c->level,
		.context_id = c->id,
		.value = token->bytes};
	size_t room = o->n_bytes + LEG_PAD + TRAILER_SIZE + token->len;
	struct assoc_output *with = NULL;
	struct wire_out out;

	if (room > a->limits->max_fragment)
		conn_close(a, ASSOC_CLOSE_LIMIT, "a security token that fits no PDU");
	else
		with = output_new(a, (uint32_t)room);
	if (with) {
		wire_out_init(&out, with->bytes, room);
		wire_out_bytes(&out, o->bytes, o->n_bytes);
		trailer_put(&out, &t, LEG_PAD, (uint16_t)token->len);
		with->n_bytes = with->total = (uint32_t)wire_out_offset(&out);
	}
	output_drop(a, o);
	return with;
}

void
security_queue(struct assoc_conn *a, struct assoc_output *o)
{
	struct assoc_security *s = a->security;

	if (s && a->side == SIDE_SERVER && s->stepping) {
		s->answer = o;
		return;
	}
	if (s && s->has_token) {
		o = attach(a, o, s->own, &s->token);
		mem_free(s->token.bytes);
		s->token = (struct auth_token){0};
		s->has_token = false;
	}
	if (o)
		output_queue(a, o);
}

/* --- server --- */

static const struct auth_acceptor *
acceptor_find(const struct assoc_server_policy *policy, uint8_t type)
{
	for (size_t i = 0; i < policy->n_acceptors; i++)
		if (policy->acceptors[i].type == type)
			return &policy->acceptors[i];
	return NULL;
}

static void
leg_refuse(struct assoc_conn *a, const struct pdu *p, uint16_t reason, uint32_t status,
	const char *what)
{
	if (p->header.ptype == PTYPE_BIND) {
		server_nak(a, p, reason, what);
	} else if (p->header.ptype == PTYPE_ALTER_CONTEXT) {
		output_fault(a, p->header.call_id, 0, status, true);
		conn_break(a, p, what);
	} else { /* nothing answers an auth3 */
		conn_break(a, p, what);
	}
}

static unsigned
n_building(const struct assoc_security *s)
{
	unsigned n = 0;

	list_for (it, &s->contexts)
		n += list_entry(it, struct security_context, node)->state == SECURITY_BUILDING;
	return n;
}

/* NULL: refused. */
static struct security_context *
context_begin(struct assoc_conn *a, const struct pdu *p, const struct trailer *t)
{
	const struct auth_acceptor *acceptor = acceptor_find(a->policy, t->auth_type);
	uint8_t level = level_of(t);
	struct security_context *c;

	/* Windows looks at the level first */
	if (level < AUTH_LEVEL_CONNECT || level > AUTH_LEVEL_PRIVACY) {
		leg_refuse(a, p, NAK_REASON_NOT_SPECIFIED, ERROR_ACCESS_DENIED,
			"a security trailer of no level");
		return NULL;
	}
	if (!acceptor) { /* [MS-RPCE] 3.3.3.5.3; Windows' status is 5 */
		leg_refuse(a, p, NAK_AUTHENTICATION_TYPE_NOT_RECOGNIZED, ERROR_ACCESS_DENIED,
			"a security trailer without a provider for it");
		return NULL;
	}
	if (a->security && (a->security->n_contexts >= CONTEXTS_MAX ||
				   n_building(a->security) >= BUILDING_MAX)) {
		leg_refuse(a, p, NAK_LOCAL_LIMIT_EXCEEDED, NCA_S_PROTO_ERROR,
			"too many security contexts");
		return NULL;
	}
	c = context_add(a, t->context_id, t->auth_type, level, acceptor->accept(acceptor->arg));
	if (!c)
		conn_close(a, ASSOC_CLOSE_MEMORY, "no memory for a security context");
	return c;
}

/* [MS-RPCE] 3.3.1.5.2.2: agreed by the first PDU that carries a token. */
static void
headers_agree(struct assoc_conn *a, const struct pdu *p)
{
	if (a->security->n_contexts == 1 && p->header.ptype != PTYPE_AUTH3 &&
		p->header.flags & PFC_SUPPORT_HEADER_SIGN)
		a->security->signs_headers = true;
}

bool
security_begin(struct assoc_conn *a, const struct pdu *p, struct assoc_event *ret)
{
	struct wire_fault fault = {0};
	struct security_context *c = NULL;
	struct trailer t;

	if (!trailer_get(p->buf->data + p->off, &p->header, PDU_HEADER_SIZE, &t, &fault)) {
		leg_refuse(a, p, NAK_REASON_NOT_SPECIFIED, NCA_S_PROTO_ERROR,
			"a security trailer that cannot be read");
		return false;
	}
	if (a->security)
		c = context_find(a->security, t.context_id);
	if (c ? c->state != SECURITY_BUILDING || c->type != t.auth_type || c->level != level_of(&t)
	      : p->header.ptype == PTYPE_AUTH3) {
		leg_refuse(a, p, NAK_REASON_NOT_SPECIFIED, ERROR_ACCESS_DENIED,
			"a token for no security context");
		return false;
	}
	if (!c)
		c = context_begin(a, p, &t);
	if (!c)
		return false;
	headers_agree(a, p);
	a->security->stepping = c;
	a->security->ptype = p->header.ptype;
	a->security->call_id = p->header.call_id;
	step_event(a->security, ret);
	ret->call_id = p->header.call_id;
	token_show(p, &t, ret);
	return true;
}

static void
server_done(struct assoc_conn *a, struct security_context *c, enum auth_outcome outcome,
	struct auth_token *token)
{
	struct assoc_security *s = a->security;
	struct pdu p = {.header = {.ptype = (uint8_t)s->ptype, .call_id = s->call_id}};
	struct assoc_output *answer = s->answer;

	s->answer = NULL;
	/* a client that has said all with its auth3 gets no further token */
	if (outcome == AUTH_CONTINUE && s->ptype == PTYPE_AUTH3)
		outcome = AUTH_FAILED;
	c->state = outcome == AUTH_DONE     ? SECURITY_READY
		   : outcome == AUTH_FAILED ? SECURITY_FAILED
					    : SECURITY_BUILDING;
	if (outcome == AUTH_FAILED) {
		auth_unref(c->auth);
		c->auth = NULL;
		if (answer)
			output_drop(a, answer);
		/* an auth3 that failed is told with the first request under it ([MS-RPCE] 3.3.1.5.2.1) */
		if (s->ptype != PTYPE_AUTH3)
			leg_refuse(a, &p, NAK_INVALID_CHECKSUM, ERROR_ACCESS_DENIED,
				"a logon that failed");
		return;
	}
	if (answer && token->len > 0)
		answer = attach(a, answer, c, token);
	if (answer)
		output_queue(a, answer);
}

/* --- client --- */

bool
assoc_secure(struct assoc_conn *a, const struct assoc_protection *p)
{
	uint8_t level = p->level == AUTH_LEVEL_CALL ? AUTH_LEVEL_PACKET : p->level;
	struct security_context *c = context_add(a, 1, p->type, level, p->take_auth);

	if (!c)
		return false;
	a->security->own = c;
	a->security->headers_optional = p->headers_optional;
	a->security->signs_headers = level >= AUTH_LEVEL_PACKET; /* asked for; the server decides */
	return true;
}

const struct security_context *
security_own(const struct assoc_conn *a)
{
	return a->security ? a->security->own : NULL;
}

bool
security_holds(const struct assoc_conn *a)
{
	return a->security && a->state != CLIENT_UNBOUND &&
	       a->security->own->state != SECURITY_READY;
}

bool
security_may_bind(struct assoc_conn *a)
{
	struct assoc_security *s = a->security;

	if (!s || s->has_token)
		return true;
	s->stepping = s->own;
	return false;
}

/* The bind_ack says whether headers are signed; not doing so may be an attacker's wish. */
static bool
headers_settle(struct assoc_conn *a, const struct pdu *p)
{
	struct assoc_security *s = a->security;

	if (p->header.ptype != PTYPE_BIND_ACK || !s->signs_headers)
		return true;
	s->signs_headers = p->header.flags & PFC_SUPPORT_HEADER_SIGN;
	if (s->signs_headers || s->headers_optional || s->own->auth->signs_headers)
		return true;
	conn_close(a, ASSOC_CLOSE_SECURITY, "the server does not sign headers");
	return false;
}

bool
security_continue(
	struct assoc_conn *a, const struct pdu *p, struct assoc_event *ret, bool *ret_event)
{
	struct assoc_security *s = a->security;
	struct wire_fault fault = {0};
	struct trailer t;

	*ret_event = false;
	if (!headers_settle(a, p))
		return false;
	if (s->own->state == SECURITY_READY)
		return true;
	if (p->header.auth_len == 0) {
		conn_close(a, ASSOC_CLOSE_SECURITY, "the server does not answer the logon");
		return false;
	}
	if (!trailer_get(p->buf->data + p->off, &p->header, PDU_HEADER_SIZE, &t, &fault) ||
		t.auth_type != s->own->type || t.context_id != s->own->id) {
		conn_break(a, p, "a security trailer that does not fit the bind");
		return false;
	}
	s->stepping = s->own;
	step_event(s, ret);
	token_show(p, &t, ret);
	*ret_event = true;
	return true;
}

static void
auth3_send(struct assoc_conn *a)
{
	struct pdu_header h = header_make(PTYPE_AUTH3,
		PFC_FIRST_FRAG | PFC_LAST_FRAG | security_flags(a), a->negotiation_id, 0);
	struct assoc_output *o = output_new(a, PDU_HEADER_SIZE + 4);
	struct wire_out out;

	if (!o)
		return;
	wire_out_init(&out, o->bytes, o->n_bytes);
	auth3_put(&out, &h);
	security_queue(a, o);
}

static void
client_done(struct assoc_conn *a, struct security_context *c, enum auth_outcome outcome,
	struct auth_token *take_token, const char *why)
{
	struct assoc_security *s = a->security;

	if (outcome == AUTH_FAILED) {
		conn_close(a, ASSOC_CLOSE_SECURITY, why ? why : "the logon failed");
		return;
	}
	s->token = *take_token;
	s->has_token = take_token->len > 0;
	*take_token = (struct auth_token){0};
	if (outcome == AUTH_DONE)
		c->state = SECURITY_READY;
	if (a->state != CLIENT_UNBOUND && s->has_token) {
		/* [MS-RPCE] 3.3.1.5.2.1: auth3 when nothing has to come back */
		if (outcome == AUTH_DONE)
			auth3_send(a);
		else
			client_leg(a);
	}
	if (!conn_is_closed(a))
		client_push(a);
}

void
assoc_auth_done(struct assoc_conn *a, enum auth_outcome outcome, struct auth_token *take_token,
	const char *why)
{
	struct assoc_security *s = a->security;
	struct security_context *c = s ? s->stepping : NULL;

	if (c) {
		s->stepping = NULL;
		s->told = false;
	}
	if (!c || conn_is_closed(a)) {
		if (s && s->answer) {
			output_drop(a, s->answer);
			s->answer = NULL;
		}
	} else if (a->side == SIDE_SERVER) {
		server_done(a, c, outcome, take_token);
	} else {
		client_done(a, c, outcome, take_token, why);
	}
	mem_free(take_token->bytes);
	*take_token = (struct auth_token){0};
}
