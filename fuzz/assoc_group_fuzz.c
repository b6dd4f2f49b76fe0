/* SPDX-License-Identifier: MIT */
/*
 * Association groups against a model of them: connections join by bind, from two machines, part and leave in any order;
 * context handles are made, found, removed; calls take them alone or together, wait, are granted, end. The input
 * chooses. Whatever it chooses: a bind joins what the model says, a handle is found in its group and in no other, nobody
 * holds what another one holds alone, whoever waits hears of it once, and each handle that is left is handed out once.
 */
#include <assert.h>
#include <string.h>

#include "assoc/assoc.h"
#include "assoc/group.h"
#include "base/uuid.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { CONNECTIONS = 6, HANDLES = 12, CALLS = 6, MACHINES = 2 };

static const struct sp_syntax_id interface = {{1, 2, 3, {4, 5}, {6}}, 1, 0};
static const struct assoc_offer offer = {.interface = {{1, 2, 3, {4, 5}, {6}}, 1, 0}};
static const struct assoc_limits limits = {.max_fragment = 1432,
	.max_stub = 4000,
	.max_contexts = 4,
	.max_calls = 3,
	.max_memory = 100000};

struct connection {
	struct assoc_group *group; /* NULL: free */
	uint32_t id;
	unsigned machine;
	bool parted;
	struct assoc_conn engine;
};

struct handle {
	bool exists;
	uint32_t group_id;
	struct sp_uuid uuid;
};

struct call {
	struct assoc_holder holder;
	const struct connection *of; /* NULL: free */
	bool waits, is_granted;
	unsigned alone, shared; /* bits: handles that it has */
};

static struct model {
	const uint8_t *p, *end;
	struct assoc_groups *groups;
	struct connection connections[CONNECTIONS];
	struct handle handles[HANDLES];
	struct call calls[CALLS];
} m;

static unsigned
choose(unsigned n)
{
	return m.p < m.end ? *m.p++ % n : 0;
}

static bool
may_be_joined(uint32_t id, unsigned machine)
{
	for (unsigned i = 0; i < CONNECTIONS; i++)
		if (m.connections[i].group && !m.connections[i].parted &&
			m.connections[i].id == id && m.connections[i].machine == machine)
			return true;
	return false;
}

/* --- connections --- */

static size_t
bind_make(uint8_t *bytes, size_t size, uint32_t group_id)
{
	struct pdu_header h = {.vers = 5,
		.ptype = PTYPE_BIND,
		.flags = PFC_FIRST_FRAG | PFC_LAST_FRAG | PFC_CONC_MPX,
		.drep = {0x10},
		.call_id = 1};
	struct bind_fixed bind = {1432, 1432, group_id, 1};
	struct bind_context context = {
		.n_transfers = 1, .abstract = interface, .put_transfers = &SYNTAX_NDR};
	struct wire_out out;

	wire_out_init(&out, bytes, size);
	if (!bind_put(&out, &h, &bind, &context))
		assert(!"128 bytes hold this bind");
	return wire_out_offset(&out);
}

static void
bind_send(struct assoc_conn *a, uint32_t group_id)
{
	uint8_t pdu[128] = {0};
	size_t n = bind_make(pdu, sizeof pdu, group_id), room;
	struct assoc_event e;
	void *p;

	if (!assoc_room(a, &p, &room))
		assert(!"a new connection reads");
	memcpy(p, pdu, n);
	assoc_feed(a, n, 1);
	while (assoc_next(a, &e))
		assert(e.kind == ASSOC_EVENT_BOUND || e.kind == ASSOC_EVENT_CLOSE);
}

/* The group in the bind_ack; 0: it was a bind_nak. */
static uint32_t
answer_read(struct assoc_conn *a)
{
	struct wire_fault fault = {0};
	struct bind_ack_fixed ack;
	struct pdu_header h;
	struct wire_in in;
	struct iovec iov;

	if (assoc_take(a, &iov, 1) != 1 || !pdu_header_get(iov.iov_base, iov.iov_len, &h, &fault) ||
		!pdu_body(iov.iov_base, &h, &in, &fault))
		assert(!"a bind is answered");
	if (h.ptype == PTYPE_BIND_NAK)
		return 0;
	assert(h.ptype == PTYPE_BIND_ACK);
	bind_ack_fixed_get(&in, &ack);
	return ack.group_id;
}

static void
join(const struct assoc_server_policy *policy)
{
	struct connection *c = &m.connections[choose(CONNECTIONS)];
	struct assoc_peer peer = {{0}};
	unsigned way = choose(4);
	uint32_t wanted = 0, id;

	if (c->group)
		return;
	if (way == 1)
		wanted = 1 + choose(250); /* hardly anybody's */
	else if (way > 1)
		wanted = m.connections[choose(CONNECTIONS)].id;
	c->machine = choose(MACHINES);
	peer.bytes[3] = (uint8_t)c->machine;
	assoc_server_init(&c->engine, &limits, policy, 0);
	assoc_server_identify(&c->engine, &peer);
	bind_send(&c->engine, wanted);
	id = answer_read(&c->engine);
	if (wanted)
		assert(id == (may_be_joined(wanted, c->machine) ? wanted : 0));
	else
		assert(id && !may_be_joined(id, 0) && !may_be_joined(id, 1));
	if (id) {
		c->group = assoc_conn_group(&c->engine);
		c->id = id;
		c->parted = false;
		assert(assoc_group_id(c->group) == id);
	} else {
		assoc_fini(&c->engine);
	}
}

static void
part(struct connection *c)
{
	if (!c->group || c->parted)
		return;
	if (assoc_take_group(&c->engine) != c->group)
		assert(!"the group is the one that was joined");
	assoc_fini(&c->engine);
	c->parted = true;
}

static bool
is_in_use(const struct connection *c)
{
	for (unsigned i = 0; i < CALLS; i++)
		if (m.calls[i].of == c)
			return true;
	return false;
}

/* Each handle of the group comes once, and no other. */
static void
handed_out(struct assoc_context *contexts, uint32_t id)
{
	for (struct assoc_context *x = contexts; x; x = x->next) {
		struct handle *h = x->user;

		assert(h->exists && h->group_id == id && sp_uuid_equal(&h->uuid, &x->uuid));
		h->exists = false;
	}
	for (unsigned i = 0; i < HANDLES; i++)
		assert(!m.handles[i].exists || m.handles[i].group_id != id);
	assoc_contexts_free(contexts);
}

static void
leave(struct connection *c)
{
	struct assoc_group *group = c->group;
	struct assoc_context *contexts;
	bool last = true;

	if (!group || !c->parted || is_in_use(c))
		return;
	contexts = assoc_group_leave(group);
	c->group = NULL;
	for (unsigned i = 0; i < CONNECTIONS; i++)
		last &= m.connections[i].group != group;
	if (last)
		handed_out(contexts, c->id);
	else
		assert(!contexts);
}

/* --- handles --- */

static void
handle_add(const struct connection *c)
{
	struct handle *h = &m.handles[choose(HANDLES)];

	if (!c->group || h->exists)
		return;
	if (!assoc_group_add_context(c->group, &offer, 3, h, &h->uuid))
		assert(!"there is memory");
	h->exists = true;
	h->group_id = c->id;
}

static void
handle_find(const struct connection *c)
{
	struct handle *h = &m.handles[choose(HANDLES)];
	struct assoc_context found;
	size_t n = 0;

	if (!c->group)
		return;
	assert(assoc_group_find_context(c->group, &h->uuid, &found) ==
		(h->exists && h->group_id == c->id));
	for (unsigned i = 0; i < HANDLES; i++)
		n += m.handles[i].exists && m.handles[i].group_id == c->id;
	assert(assoc_group_n_contexts(c->group) == n);
}

static void
handle_remove(const struct connection *c)
{
	struct handle *h = &m.handles[choose(HANDLES)];
	bool there = c->group && h->exists && h->group_id == c->id;

	if (!c->group)
		return;
	if (choose(2))
		assoc_group_forget_context(c->group, h);
	else if (assoc_group_remove_context(c->group, &h->uuid) != there)
		assert(!"what exists in the group is removed");
	if (!there)
		return;
	h->exists = false;
	/* who holds it goes on holding what is no more: the place may be used again, the bits may not */
	for (unsigned i = 0; i < CALLS; i++) {
		m.calls[i].alone &= ~(1u << (h - m.handles));
		m.calls[i].shared &= ~(1u << (h - m.handles));
	}
}

/* --- calls --- */

static void
granted(struct assoc_holder *h)
{
	struct call *c = (struct call *)h;

	assert(c->waits && !c->is_granted);
	c->is_granted = true;
}

static bool
fits(const void *arg, const struct assoc_context *x)
{
	assert(x->user == arg && x->type == 3);
	return true;
}

/* What it was granted while it waited counts as held only when it has looked again. */
static void
call_take(struct call *c)
{
	unsigned i = choose(HANDLES), bit = 1u << i;
	struct handle *h = &m.handles[i];
	bool shared = choose(2), there;
	enum assoc_held held;
	void *user;

	if (!c->of) {
		c->of = &m.connections[choose(CONNECTIONS)];
		if (!c->of->group || c->of->parted) {
			c->of = NULL;
			return;
		}
		assoc_holder_init(&c->holder, c->of->group, granted);
	}
	if (c->waits && !c->is_granted)
		return;
	c->waits = true; /* for granted(), which may not come before */
	c->is_granted = false;
	there = h->exists && h->group_id == c->of->id;
	held = assoc_holder_take(&c->holder, &h->uuid, shared, fits, h, &user);
	assert((held == ASSOC_NOT_THERE) == !there);
	c->waits = held == ASSOC_WAITS;
	assert(!c->is_granted && held != ASSOC_NO_MEMORY);
	if (held == ASSOC_WAITS)
		c->alone = c->shared = 0;
	if (held != ASSOC_HELD)
		return;
	assert(user == h);
	for (struct call *o = m.calls; o < m.calls + CALLS; o++)
		assert(o == c || (!(o->alone & bit) && (shared || !(o->shared & bit))));
	if (!shared) {
		c->alone |= bit;
		c->shared &= ~bit;
	} else if (!(c->alone & bit)) {
		c->shared |= bit;
	}
}

static void
call_end(struct call *c)
{
	if (!c->of)
		return;
	c->alone = c->shared = 0;
	assert(assoc_holder_fini(&c->holder) == (c->waits && !c->is_granted));
	memset(c, 0, sizeof *c);
}

/* --- */

static void
step(const struct assoc_server_policy *policy)
{
	struct connection *c = &m.connections[choose(CONNECTIONS)];

	switch (choose(10)) {
	case 0:
	case 1: join(policy); break;
	case 2: part(c); break;
	case 3: leave(c); break;
	case 4: handle_add(c); break;
	case 5: handle_find(c); break;
	case 6: handle_remove(c); break;
	case 7:
	case 8: call_take(&m.calls[choose(CALLS)]); break;
	default: call_end(&m.calls[choose(CALLS)]); break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assoc_server_policy policy = {
		.offers = &offer, .n_offers = 1, .transfers = &SYNTAX_NDR, .n_transfers = 1};

	memset(&m, 0, sizeof m);
	m.p = data;
	m.end = data + size;
	m.groups = policy.groups = assoc_groups_new();
	while (m.p < m.end)
		step(&policy);
	for (unsigned i = 0; i < CALLS; i++)
		call_end(&m.calls[i]);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		part(&m.connections[i]);
		leave(&m.connections[i]);
	}
	for (unsigned i = 0; i < HANDLES; i++)
		assert(!m.handles[i].exists);
	assoc_groups_free(m.groups);
	return 0;
}
