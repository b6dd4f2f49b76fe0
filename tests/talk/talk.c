/* SPDX-License-Identifier: MIT */
/*
 * Runs the transcripts of this folder. A transcript is a text file:
 *
 *   # what it protects, and the clause
 *   set NAME N                 before anything else: calls fragment stub contexts memory client_calls
 *   set joins                  the client asks for the neighbour's association group
 *   alone server|client        the other side is not there: its PDUs are made by hand with `raw`
 *   guarded N [stays]          the server takes logons of N legs (1, or NTLM's 2; stays: always wants another); N 99: none
 *   secure level N             the client's calls travel under a security context
 *   neighbour N                another connection from machine N (ours is 0) has made a group; N 99: it goes again
 *   call NAME opnum N [syntaxes N] [stub N] [second N] [object] [maybe]   the client makes a call of interface NAME;
 *                              second: the stub data depends on the syntax, and 0 is: it was not made in this one
 *   bind NAME | cancel N | abandon N | reply N stub N | refuse N status N | shutdown server|client | eof server|client
 *   mute server | hear server  its output stays where it is, or is carried again
 *   tick SECONDS
 *   raw TYPE [call N] [flags N] [ctx N] [opnum N] [stub N] [interface NAME] [transfer NAME] [elements N]
 *            [result N] [reason N] [frag N] [group N] [auth N] [version N] [status N] [big N] [length N]
 *            [features N] [joins] [then NAME] [transfers N]
 *            [leg N] [security N] [level N] [provider N] [pad N] [signed]
 *            auth: so many bytes of a token, which begins with leg; security: the id of its context; signed: truly
 *            then: the interface of all elements but the first; transfers: syntaxes in each
 *
 * and behind each action what came of it: `client > PDU`, `server < PDU` for what is sent, `server ! event`
 * and `client ! event` for what the owner is told. `talk --write FILE` prints it with what really came.
 */
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assoc/assoc.h"
#include "assoc/group.h"
#include "assoc/trial.h"
#include "wire/trailer.h"

static const struct {
	const char *name;
	struct sp_syntax_id id;
} interfaces[] = {
	{"calc", {{0xca1c, 1, 2, {3, 4}, {5}}, 1, 2}},
	{"echo", {{0xec40, 1, 2, {3, 4}, {5}}, 1, 0}},
	{"calc-newer", {{0xca1c, 1, 2, {3, 4}, {5}}, 1, 3}},
	{"calc-older", {{0xca1c, 1, 2, {3, 4}, {5}}, 1, 0}},
	{"calc-major2", {{0xca1c, 1, 2, {3, 4}, {5}}, 2, 0}},
	{"unknown", {{0xbad, 1, 2, {3, 4}, {5}}, 1, 0}},
};
#define N_INTERFACES (sizeof interfaces / sizeof interfaces[0])

struct transcript {
	struct assoc_limits limits[2]; /* server, client */
	struct assoc_conn server, client, neighbour;
	struct assoc_server_policy policy;
	struct assoc_offer offers[2];
	struct sp_syntax_id transfers[2];
	bool has_server, has_client, started, mute, joins;
	uint32_t neighbours_id;
	struct watchword word;
	struct auth_acceptor acceptor;
	struct auth_context *hand; /* signs what is made by hand */
	uint8_t client_level;
	uint8_t network[65536]; /* on its way to the side that is not alone */
	size_t n_network;
	sp_nanos now;
	char out[65536]; /* what came of the last action */
	size_t out_len;
};

static void __attribute__((format(printf, 2, 3))) say(struct transcript *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->out_len += (size_t)vsnprintf(t->out + t->out_len, sizeof t->out - t->out_len, fmt, ap);
	va_end(ap);
	if (t->out_len >= sizeof t->out)
		abort();
}

/* --- PDUs as text --- */

static const char *
interface_name(const struct sp_syntax_id *s)
{
	for (size_t i = 0; i < N_INTERFACES; i++)
		if (memcmp(s, &interfaces[i].id, sizeof *s) == 0)
			return interfaces[i].name;
	return "?";
}

static const char *
transfer_name(const struct sp_syntax_id *s)
{
	static char text[32];
	uint64_t bits;

	if (memcmp(s, &SYNTAX_NDR, sizeof *s) == 0)
		return "ndr";
	if (memcmp(s, &SYNTAX_NDR64, sizeof *s) == 0)
		return "ndr64";
	if (!syntax_is_btfn(s, &bits))
		return "other";
	snprintf(text, sizeof text, "features %u", (unsigned)bits);
	return text;
}

static void
say_bind(struct transcript *t, struct wire_in *in)
{
	struct bind_fixed b;

	bind_fixed_get(in, &b);
	say(t, "  frag %u/%u  group %s", b.max_xmit_frag, b.max_recv_frag,
		b.group_id ? "set" : "0");
	for (unsigned i = 0; i < b.n_contexts; i++) {
		struct bind_context c;

		bind_context_get(in, &c);
		say(t, "  ctx %u %s [", c.id, interface_name(&c.abstract));
		for (unsigned k = 0; k < c.n_transfers; k++) {
			struct sp_syntax_id s;

			syntax_get(&c.transfers, &s);
			say(t, "%s%s", k ? " " : "", transfer_name(&s));
		}
		say(t, "]");
	}
}

static void
say_ack(struct transcript *t, struct wire_in *in)
{
	struct bind_ack_fixed ack;

	bind_ack_fixed_get(in, &ack);
	say(t, "  frag %u/%u  group %s  address \"%.*s\"", ack.max_xmit_frag, ack.max_recv_frag,
		ack.group_id ? "set" : "0", ack.secondary_len, ack.secondary_address);
	for (unsigned i = 0; i < ack.n_results; i++) {
		struct bind_result r;

		bind_result_get(in, &r);
		if (r.result == CONTEXT_ACCEPTANCE)
			say(t, "  accepted %s", transfer_name(&r.transfer));
		else
			say(t, "  %s %u",
				r.result == CONTEXT_NEGOTIATE_ACK ? "features" : "rejected",
				r.reason);
	}
}

static void
say_flags(struct transcript *t, const struct pdu_header *h)
{
	static const char *const ends[] = {"  middle", "  first", "  last", ""};

	say(t, "%s", ends[h->flags & 3]);
	if (h->flags & PFC_CONC_MPX)
		say(t, "  mpx");
	if (h->flags & PFC_DID_NOT_EXECUTE)
		say(t, "  did not execute");
	if (h->flags & PFC_MAYBE)
		say(t, "  maybe");
}

static void
say_trailer(struct transcript *t, const uint8_t *bytes, const struct pdu_header *h)
{
	struct wire_fault fault = {0};
	struct trailer trailer;

	if (!trailer_get(bytes, h, PDU_HEADER_SIZE, &trailer, &fault))
		abort();
	say(t, "  auth %u bytes  level %u  security %u", h->auth_len, trailer.auth_level,
		trailer.context_id);
	if (h->flags & PFC_SUPPORT_HEADER_SIGN && h->ptype >= PTYPE_BIND)
		say(t, "  header signing");
}

static void
say_pdu(struct transcript *t, const char *who, const uint8_t *bytes, const struct pdu_header *h)
{
	struct wire_fault fault = {0};
	struct request_fixed rq;
	struct response_fixed rs;
	struct fault_fixed f;
	struct bind_nak nak;
	struct wire_in in;

	say(t, "%s %s  call %u", who, ptype_name(h->ptype), h->call_id);
	say_flags(t, h);
	if (!pdu_body(bytes, h, &in, &fault))
		abort();
	switch (h->ptype) {
	case PTYPE_BIND:
	case PTYPE_ALTER_CONTEXT: say_bind(t, &in); break;
	case PTYPE_BIND_ACK:
	case PTYPE_ALTER_CONTEXT_RESP: say_ack(t, &in); break;
	case PTYPE_BIND_NAK:
		if (bind_nak_get(bytes, h, &nak, &fault))
			say(t, "  reason %u", nak.reason);
		break;
	case PTYPE_REQUEST:
		request_fixed_get(&in, h, &rq);
		say(t, "  ctx %u  opnum %u  hint %u  %zu bytes%s", rq.context_id, rq.opnum,
			rq.alloc_hint, wire_in_left(&in), rq.has_object ? "  object" : "");
		break;
	case PTYPE_RESPONSE:
		response_fixed_get(&in, &rs);
		say(t, "  ctx %u  hint %u  %zu bytes", rs.context_id, rs.alloc_hint,
			wire_in_left(&in));
		break;
	case PTYPE_FAULT:
		fault_fixed_get(&in, &f);
		say(t, "  status 0x%08x", f.status);
		break;
	}
	if (h->auth_len > 0)
		say_trailer(t, bytes, h);
	say(t, "\n");
}

/* --- events as text --- */

static void
say_event(struct transcript *t, const char *who, struct assoc_event *e)
{
	switch (e->kind) {
	case ASSOC_EVENT_BOUND: say(t, "%s ! bound  call %u", who, e->call_id); break;
	case ASSOC_EVENT_REQUEST:
		say(t, "%s ! request  call %u  ctx %u  opnum %u  %u bytes%s%s%s%s", who, e->call_id,
			e->context_id, e->opnum, e->take_stub.len, e->has_object ? "  object" : "",
			e->maybe ? "  maybe" : "", e->big_endian ? "  big-endian" : "",
			e->cancelled ? "  cancelled" : "");
		break;
	case ASSOC_EVENT_MORE:
		say(t, "%s ! more  call %u  %u bytes%s", who, e->call_id, e->take_stub.len,
			e->more ? "  goes on" : "");
		break;
	case ASSOC_EVENT_RESPONSE:
		say(t, "%s ! response  call %u  %u bytes%s%s", who, e->call_id, e->take_stub.len,
			e->big_endian ? "  big-endian" : "", e->more ? "  goes on" : "");
		break;
	case ASSOC_EVENT_FAULT:
		say(t, "%s ! fault  call %u  status 0x%08x%s", who, e->call_id, e->status,
			e->did_not_execute ? "  did not execute" : "");
		break;
	case ASSOC_EVENT_OVERFLOW:
		say(t, "%s ! overflow  call %u  %s", who, e->call_id, e->what);
		break;
	case ASSOC_EVENT_REJECTED:
		say(t, "%s ! rejected  call %u  result %u  reason %u", who, e->call_id, e->result,
			e->reason);
		break;
	case ASSOC_EVENT_NAK:
		say(t, "%s ! nak  call %u  reason %u", who, e->call_id, e->reason);
		break;
	case ASSOC_EVENT_CANCEL: say(t, "%s ! cancel  call %u", who, e->call_id); break;
	case ASSOC_EVENT_ORPHANED: say(t, "%s ! orphaned  call %u", who, e->call_id); break;
	case ASSOC_EVENT_AUTH_STEP:
		say(t, "%s ! auth step  level %u  %u bytes", who, e->auth_level, e->take_stub.len);
		break;
	case ASSOC_EVENT_SHUTDOWN: say(t, "%s ! shutdown", who); break;
	case ASSOC_EVENT_CLOSE:
		say(t, "%s ! close: %s", who,
			e->close == ASSOC_CLOSE_NAK && t->has_client ? "bind_nak" : e->what);
		break;
	}
	if (e->kind == ASSOC_EVENT_REQUEST && e->auth)
		say(t, "  by somebody at level %u", e->auth_level);
	say(t, "\n");
}

/* --- carrying --- */

/* How many bytes were taken: what there is no room for stays in the network. */
static size_t
feed(struct assoc_conn *a, const uint8_t *bytes, size_t n, sp_nanos now)
{
	size_t room, fed = 0;
	void *p;

	while (fed < n && assoc_room(a, &p, &room)) {
		if (room > n - fed)
			room = n - fed;
		memcpy(p, bytes + fed, room);
		assoc_feed(a, room, now);
		fed += room;
	}
	return fed;
}

/* What was made by hand and could not be read yet. */
static bool
network_feed(struct transcript *t)
{
	size_t n = feed(t->has_server ? &t->server : &t->client, t->network, t->n_network, t->now);

	t->n_network -= n;
	memmove(t->network, t->network + n, t->n_network);
	return n > 0;
}

/* One whole PDU from a side's output. */
static bool
carry_pdu(struct transcript *t, struct assoc_conn *from, struct assoc_conn *to, const char *who)
{
	static uint8_t pdu[65536];
	struct wire_fault fault = {0};
	struct iovec iov[2];
	struct pdu_header h;
	size_t len = 0, n = assoc_take(from, iov, 2);

	for (size_t i = 0; i < n; i++) {
		size_t k = iov[i].iov_len < sizeof pdu - len ? iov[i].iov_len : sizeof pdu - len;

		memcpy(pdu + len, iov[i].iov_base, k);
		len += k;
	}
	if (len == 0)
		return false;
	if (!pdu_header_get(pdu, len, &h, &fault))
		abort();
	assoc_sent(from, h.frag_len, t->now);
	say_pdu(t, who, pdu, &h);
	if (to)
		feed(to, pdu, h.frag_len, t->now);
	return true;
}

static bool
events(struct transcript *t, struct assoc_conn *a, const char *who)
{
	struct assoc_event e;
	bool any = false;

	while (assoc_next(a, &e)) {
		say_event(t, who, &e);
		if (e.kind == ASSOC_EVENT_AUTH_STEP)
			trial_leg(a, &e);
		buf_slice_fini(&e.take_stub);
		any = true;
	}
	return any;
}

static void
settle(struct transcript *t)
{
	bool any = true;

	while (any) {
		any = network_feed(t);
		if (t->has_client)
			any |= carry_pdu(
				t, &t->client, t->has_server ? &t->server : NULL, "client >");
		if (t->has_server)
			any |= events(t, &t->server, "server");
		if (t->has_server && !any && !t->mute)
			any |= carry_pdu(
				t, &t->server, t->has_client ? &t->client : NULL, "server <");
		if (t->has_client)
			any |= events(t, &t->client, "client");
	}
}

/* --- actions --- */

static bool
word(const char *line, const char *key, unsigned long *ret)
{
	char pattern[32];
	const char *at;

	snprintf(pattern, sizeof pattern, " %s ", key);
	at = strstr(line, pattern);
	if (at)
		*ret = strtoul(at + strlen(pattern), NULL, 0);
	return at != NULL;
}

static unsigned long
number(const char *line, const char *key, unsigned long otherwise)
{
	word(line, key, &otherwise);
	return otherwise;
}

static struct sp_syntax_id
interface_of(const char *line, const char *key)
{
	char pattern[32], name[32] = "calc";
	const char *at;

	snprintf(pattern, sizeof pattern, "%s ", key);
	at = strstr(line, pattern);
	if (at)
		sscanf(at + strlen(pattern), "%31s", name);
	for (size_t i = 0; i < N_INTERFACES; i++)
		if (strcmp(name, interfaces[i].name) == 0)
			return interfaces[i].id;
	fprintf(stderr, "no interface %s\n", name);
	exit(2);
}

static struct sp_syntax_id
transfer_of(const char *line)
{
	struct sp_syntax_id other = {{0x0ddba11, 1, 2, {3, 4}, {5}}, 1, 0};

	if (strstr(line, " transfer ndr64"))
		return SYNTAX_NDR64;
	if (strstr(line, " transfer features"))
		return syntax_btfn(number(line, "features", 0xff));
	return strstr(line, " transfer other") ? other : SYNTAX_NDR;
}

static unsigned
ptype_of(const char *line)
{
	char name[32] = "";

	sscanf(line, "raw %31s", name);
	for (unsigned i = 0; i < PTYPE_COUNT; i++)
		if (strcmp(name, ptype_name(i)) == 0)
			return i;
	fprintf(stderr, "no PDU %s\n", name);
	exit(2);
}

static uint32_t
neighbours_group(const struct transcript *t)
{
	struct assoc_group *group = assoc_conn_group(&t->neighbour);

	return group ? assoc_group_id(group) : t->neighbours_id;
}

/* The variable part of a bind or its answer; false for other PDUs. */
static bool
raw_bind(const struct transcript *t, const char *line, struct wire_out *out,
	const struct pdu_header *h)
{
	uint16_t frag = (uint16_t)number(line, "frag", 5840);
	uint32_t group =
		strstr(line, " joins") ? neighbours_group(t) : (uint32_t)number(line, "group", 0);
	uint8_t n = (uint8_t)number(line, "elements", 1);
	uint8_t n_transfers = (uint8_t)number(line, "transfers", 1);
	struct sp_syntax_id transfer = transfer_of(line), transfers[4] = {transfer, SYNTAX_NDR};
	const char *then = strstr(line, " then ") ? " then" : " interface";
	struct bind_context contexts[32];
	struct bind_result results[32];
	struct bind_fixed bind = {frag, frag, group, n};
	struct bind_ack_fixed ack = {frag, frag, group, "", 0, n};
	struct bind_nak nak = {.reason = (uint16_t)number(line, "reason", 0)};

	for (unsigned i = 0; i < n && i < 32; i++) {
		contexts[i] = (struct bind_context){.id = (uint16_t)(number(line, "ctx", 0) + i),
			.n_transfers = n_transfers,
			.abstract = interface_of(line, i > 0 ? then : " interface"),
			.put_transfers = transfers};
		results[i] = (struct bind_result){(uint16_t)number(line, "result", 0),
			(uint16_t)number(line, "reason", 0), transfer};
	}
	/* what our client asks for last is features */
	if (h->ptype == PTYPE_BIND_ACK && n > 1)
		results[n - 1] = (struct bind_result){
			CONTEXT_NEGOTIATE_ACK, (uint16_t)number(line, "features", 2), {{0}, 0, 0}};
	switch (h->ptype) {
	case PTYPE_BIND:
	case PTYPE_ALTER_CONTEXT: return bind_put(out, h, &bind, contexts);
	case PTYPE_BIND_ACK:
	case PTYPE_ALTER_CONTEXT_RESP: return bind_ack_put(out, h, &ack, results);
	case PTYPE_BIND_NAK: return bind_nak_put(out, h, &nak);
	}
	return false;
}

static void
raw_fixed(const char *line, struct wire_out *out, const struct pdu_header *h)
{
	struct request_fixed rq = {(uint32_t)number(line, "hint", number(line, "stub", 0)),
		(uint16_t)number(line, "ctx", 0), (uint16_t)number(line, "opnum", 0),
		h->flags & PFC_OBJECT_UUID, {.time_low = 9}};
	struct response_fixed rs = {0, (uint16_t)number(line, "ctx", 0), 0};
	struct fault_fixed f = {.status = (uint32_t)number(line, "status", 0)};

	if (h->ptype == PTYPE_REQUEST)
		request_fixed_put(out, h, &rq);
	else if (h->ptype == PTYPE_RESPONSE)
		response_fixed_put(out, h, &rs);
	else if (h->ptype == PTYPE_FAULT)
		fault_fixed_put(out, h, &f);
	else if (!pdu_header_put(out, h))
		abort();
}

/* Signed as without header signing: only the body counts. */
static void
raw_trailer(struct transcript *t, const char *line, struct wire_out *out, uint8_t *pdu,
	const struct pdu_header *h)
{
	size_t body = h->ptype == PTYPE_REQUEST ? PDU_REQUEST_SIZE : PDU_HEADER_SIZE;
	struct auth_span span = {pdu + body, wire_out_offset(out) - body, false};
	uint8_t value[65536] = {(uint8_t)number(line, "leg", 0)};

	if (strstr(line, " signed ")) {
		if (!t->hand && !(t->hand = watchword_initiate(&t->word)))
			abort();
		t->hand->methods->protect(t->hand, AUTH_LEVEL_INTEGRITY, &span, 1, value);
	}
	wire_out_u8(out, (uint8_t)number(line, "provider", AUTH_TYPE_NTLM));
	wire_out_u8(out, (uint8_t)number(line, "level", AUTH_LEVEL_INTEGRITY));
	wire_out_u8(out, (uint8_t)number(line, "pad", 0));
	wire_out_u8(out, 0);
	wire_out_u32(out, (uint32_t)number(line, "security", 0));
	wire_out_bytes(out, value, number(line, "token", h->auth_len));
}

static void
raw(struct transcript *t, const char *line)
{
	static uint8_t pdu[65536];
	struct pdu_header h = {.vers = (uint8_t)number(line, "version", 5),
		.ptype = (uint8_t)ptype_of(line),
		.flags = (uint8_t)number(line, "flags", PFC_FIRST_FRAG | PFC_LAST_FRAG),
		.drep = {number(line, "big", 0) ? 0 : 0x10},
		.auth_len = (uint16_t)number(line, "auth", 0),
		.call_id = (uint32_t)number(line, "call", 1)};
	struct wire_out out;
	size_t len;

	memset(pdu, 0, sizeof pdu);
	wire_out_init(&out, pdu, sizeof pdu);
	out.swap = number(line, "big", 0);
	if (!raw_bind(t, line, &out, &h))
		raw_fixed(line, &out, &h);
	wire_out_zero(&out, number(line, "stub", 0));
	if (h.auth_len)
		raw_trailer(t, line, &out, pdu, &h);
	len = wire_out_offset(&out);
	wire_out_u16_at(&out, 8, (uint16_t)number(line, "length", len));
	if (t->n_network + len > sizeof t->network)
		abort();
	memcpy(t->network + t->n_network, pdu, len);
	t->n_network += len;
	network_feed(t);
}

static struct buf *
stub_make(unsigned long n)
{
	struct buf *b = buf_new(PDU_REQUEST_OBJECT_SIZE, (uint32_t)(PDU_REQUEST_OBJECT_SIZE + n));

	if (!b)
		abort();
	memset(b->data + b->start, 0, n);
	b->end = (uint32_t)(b->start + n);
	return b;
}

static void
client_call(struct transcript *t, const char *line)
{
	static const struct sp_uuid object = {.time_low = 9};
	struct assoc_request r = {.interface = interface_of(line, "call"),
		.transfers = t->transfers,
		.n_transfers = number(line, "syntaxes", 1),
		.opnum = (uint16_t)number(line, "opnum", 0),
		.object = strstr(line, " object") ? &object : NULL,
		.maybe = strstr(line, " maybe")};
	unsigned long first = number(line, "stub", 0), second = number(line, "second", 0);
	uint32_t id;

	r.by_syntax = strstr(line, " second") != NULL;
	if (second > 0)
		r.take_second = stub_make(second);
	if (!assoc_call(&t->client, &r, r.by_syntax && !first ? NULL : stub_make(first), &id))
		say(t, "client ! no call\n");
}

static void
client_bind(struct transcript *t, const char *line)
{
	struct sp_syntax_id interface = interface_of(line, "bind");
	uint32_t id;

	if (!assoc_bind(&t->client, &interface, t->transfers, number(line, "syntaxes", 1), &id))
		say(t, "client ! no bind\n");
}

static void
set(struct transcript *t, const char *line)
{
	for (int i = 0; i < 2; i++) {
		struct assoc_limits *l = &t->limits[i];

		l->max_calls = (uint32_t)number(line, i ? "client_calls" : "calls", l->max_calls);
		l->max_fragment =
			(uint16_t)number(line, i ? "client_fragment" : "fragment", l->max_fragment);
		l->max_stub = (uint32_t)number(line, i ? "client_stub" : "stub", l->max_stub);
		l->max_contexts = (uint32_t)number(line, "contexts", l->max_contexts);
		l->max_memory =
			(uint32_t)number(line, i ? "client_memory" : "memory", l->max_memory);
	}
	t->policy.n_transfers = number(line, "transfers", t->policy.n_transfers);
	t->joins |= strstr(line, " joins") != NULL;
}

/* A bind of its own makes the group. */
static void
neighbour(struct transcript *t, unsigned machine)
{
	struct assoc_peer peer = {{(uint8_t)machine}};
	struct assoc_event e;
	uint8_t pdu[128];
	struct wire_out out;
	struct pdu_header h = {.vers = 5,
		.ptype = PTYPE_BIND,
		.flags = PFC_FIRST_FRAG | PFC_LAST_FRAG,
		.drep = {0x10},
		.call_id = 1};

	assoc_fini(&t->neighbour);
	if (machine == 99)
		return;
	assoc_server_init(&t->neighbour, &t->limits[0], &t->policy, 0);
	assoc_server_identify(&t->neighbour, &peer);
	memset(pdu, 0, sizeof pdu);
	wire_out_init(&out, pdu, sizeof pdu);
	if (!raw_bind(t, "", &out, &h))
		abort();
	feed(&t->neighbour, pdu, wire_out_offset(&out), 0);
	while (assoc_next(&t->neighbour, &e))
		;
	t->neighbours_id = neighbours_group(t);
}

static bool
begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static void
start(struct transcript *t)
{
	assoc_server_init(&t->server, &t->limits[0], &t->policy, 0);
	assoc_client_init(&t->client, &t->limits[1], t->joins ? t->neighbours_id : 0, 0);
	if (t->client_level > 0 && !trial_secure(&t->client, &t->word, t->client_level))
		abort();
	t->started = true;
}

static void
guarded(struct transcript *t, const char *line, unsigned legs)
{
	t->word = (struct watchword){legs, strstr(line, " stays")};
	t->policy.n_acceptors = legs != 99;
}

static void
act(struct transcript *t, const char *line)
{
	struct assoc_conn *side = strstr(line, " server") ? &t->server : &t->client;
	uint32_t id = 0;

	sscanf(line, "%*s %u", &id);
	if (!t->started && !begins(line, "set ") && !begins(line, "alone ") &&
		!begins(line, "neighbour ") && !begins(line, "guarded ") &&
		!begins(line, "secure "))
		start(t);
	if (begins(line, "set "))
		set(t, line);
	else if (begins(line, "alone "))
		*(side == &t->server ? &t->has_client : &t->has_server) = false;
	else if (begins(line, "neighbour "))
		neighbour(t, id);
	else if (begins(line, "guarded "))
		guarded(t, line, id);
	else if (begins(line, "secure "))
		t->client_level = (uint8_t)number(line, "level", AUTH_LEVEL_INTEGRITY);
	else if (begins(line, "mute ") || begins(line, "hear "))
		t->mute = begins(line, "mute ");
	else if (begins(line, "raw "))
		raw(t, line);
	else if (begins(line, "call "))
		client_call(t, line);
	else if (begins(line, "bind "))
		client_bind(t, line);
	else if (begins(line, "cancel "))
		assoc_cancel(&t->client, id);
	else if (begins(line, "abandon "))
		assoc_abandon(&t->client, id);
	else if (begins(line, "reply "))
		assoc_reply(&t->server, id, stub_make(number(line, "stub", 0)));
	else if (begins(line, "refuse "))
		assoc_refuse(&t->server, id, (uint32_t)number(line, "status", 5), false);
	else if (begins(line, "shutdown "))
		assoc_shutdown(side);
	else if (begins(line, "eof "))
		assoc_eof(side);
	else if (begins(line, "tick ")) {
		t->now = id * SP_SECOND;
		assoc_tick(t->has_server ? &t->server : &t->client, t->now);
	} else {
		fprintf(stderr, "what is: %s\n", line);
		exit(2);
	}
	if (t->started)
		settle(t);
}

/* --- a file --- */

static void
transcript_init(struct transcript *t)
{
	memset(t, 0, sizeof *t);
	for (int i = 0; i < 2; i++)
		t->limits[i] = (struct assoc_limits){.max_fragment = 5840,
			.max_stub = 4194304,
			.max_contexts = 8,
			.max_calls = i ? 1 : 4,
			.max_memory = 8388608,
			.first_pdu_timeout = i ? 0 : 10 * SP_SECOND,
			.pdu_timeout = 30 * SP_SECOND,
			.idle_timeout = 100 * SP_SECOND};
	t->offers[0].interface = interfaces[0].id;
	t->offers[1].interface = interfaces[1].id;
	t->transfers[0] = SYNTAX_NDR;
	t->transfers[1] = SYNTAX_NDR64;
	t->policy = (struct assoc_server_policy){.offers = t->offers,
		.n_offers = 2,
		.transfers = t->transfers,
		.n_transfers = 1,
		.secondary_address = "49200",
		.groups = assoc_groups_new(),
		.acceptors = &t->acceptor};
	t->word.legs = 2;
	t->acceptor = (struct auth_acceptor){AUTH_TYPE_NTLM, watchword_accept, &t->word};
	t->has_server = t->has_client = true;
}

static bool
is_trace(const char *line)
{
	return begins(line, "client ") || begins(line, "server ");
}

/* What came of the last action, against the lines that follow it. */
static int
compare(struct transcript *t, const char *path, const char *expected, bool write)
{
	int bad = !write && strcmp(expected, t->out) != 0;

	if (write)
		fputs(t->out, stdout);
	if (bad)
		fprintf(stderr, "%s: expected\n%sbut there came\n%s", path, expected, t->out);
	t->out_len = 0;
	t->out[0] = 0;
	return bad;
}

static int
run(const char *path, bool write)
{
	static struct transcript t;
	static char expected[65536];
	char line[4096];
	FILE *f = fopen(path, "r");
	int bad = 0;

	if (!f) {
		perror(path);
		return 1;
	}
	transcript_init(&t);
	expected[0] = 0;
	while (fgets(line, sizeof line, f)) {
		if (is_trace(line)) {
			strcat(expected, line);
			continue;
		}
		bad |= compare(&t, path, expected, write);
		expected[0] = 0;
		if (write)
			fputs(line, stdout);
		line[strcspn(line, "\n")] = 0;
		if (line[0] && line[0] != '#') {
			strcat(line, " ");
			act(&t, line);
		}
	}
	bad |= compare(&t, path, expected, write);
	fclose(f);
	assoc_fini(&t.neighbour);
	if (t.started) {
		assoc_fini(&t.client);
		assoc_fini(&t.server);
	}
	auth_unref(t.hand);
	assoc_groups_free(t.policy.groups);
	return bad;
}

/* A transcript, or a folder: its files without a dot in their names. */
static int
run_all(const char *path, bool write)
{
	char pattern[4096];
	glob_t found;
	int bad = 0;

	snprintf(pattern, sizeof pattern, "%s/*", path);
	if (glob(pattern, 0, NULL, &found) != 0)
		return run(path, write);
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (!strchr(strrchr(found.gl_pathv[i], '/'), '.'))
			bad |= run(found.gl_pathv[i], write);
	printf("%zu files, %s\n", found.gl_pathc, bad ? "some differ" : "all as written");
	globfree(&found);
	return bad;
}

int
main(int argc, char **argv)
{
	bool write = argc > 2 && strcmp(argv[1], "--write") == 0;
	int bad = 0;

	for (int i = write ? 2 : 1; i < argc; i++)
		bad |= run_all(argv[i], write);
	return bad;
}
