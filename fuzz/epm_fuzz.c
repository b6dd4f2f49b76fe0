/* SPDX-License-Identifier: MIT */
/*
 * The mapper's service, called over NDR by servers that come and go and clients that page, held against a list that is
 * searched from the front. Whatever order the input chooses: each answer has what matched when its lookup began, once and
 * in the order of registration; nothing else is ever answered.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assoc/group.h"
#include "base/mem.h"
#include "base/time.h"
#include "epm.h"
#include "epm/lookup.h"
#include "epm/service.h"
#include "ndr/ndr.h"
#include "rpc/server.h"
#include "wire/tower.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { SERVERS = 3, CLIENTS = 2, ENTRIES_MAX = 300, LOOKUPS_MAX = 300, STUB_MAX = 1 << 20 };
enum { INSERT, DELETE, LOOKUP, MAP, FREE, INQ_OBJECT, MGMT_DELETE };

struct choice {
	const uint8_t *p, *end;
};

struct fact { /* what an entry says */
	uint8_t interface, major, minor, port, object, annotation, udp;
};

struct entry {
	struct fact fact;
	unsigned server;
};

struct expected { /* an unfinished lookup */
	struct sp_context_handle handle;
	unsigned client;
	bool is_map, lost;
	struct fact facts[ENTRIES_MAX];
	size_t n, at;
	unsigned used;
};

struct world {
	struct choice choice;
	sp_server *server;
	const struct registration *registration;
	struct assoc_groups *groups;
	struct connection *servers[SERVERS], *clients[CLIENTS];
	uint64_t next_connection;
	struct entry entries[ENTRIES_MAX];
	size_t n;
	struct expected lookups[LOOKUPS_MAX];
	size_t n_lookups;
	unsigned clock;
	struct arena out;
};

static struct world *world;

static unsigned
choose(unsigned n)
{
	struct choice *c = &world->choice;

	return c->p < c->end ? *c->p++ % n : 0;
}

/* --- connections without a pipe --- */

static struct connection *
connect_as(bool local)
{
	struct connection *c = calloc(1, sizeof(*c) + 8);

	assert(c);
	c->gone = true; /* its group is its own */
	c->local = local;
	c->uid = geteuid();
	c->id = ++world->next_connection;
	c->group = assoc_group_join(world->groups, 0, &(struct assoc_peer){0});
	strcpy(c->peer_text, local ? "ncalrpc:[pid=1]" : "ncacn_ip_tcp:192.0.2.1[1]");
	assert(c->group);
	return c;
}

static void
disconnect(struct connection *c)
{
	const struct registration *r = world->registration;
	struct assoc_context *contexts;

	assoc_group_part(c->group);
	contexts = assoc_group_leave(c->group);
	for (struct assoc_context *x = contexts; x; x = x->next)
		r->interface->contexts[x->type].rundown(r->handlers, x->user);
	assoc_contexts_free(contexts);
	r->options.connection_closed(r->options.connection_closed_arg, c->id);
	free(c);
}

/* --- a call: C -> NDR -> C -> handler -> C -> NDR -> C --- */

static sp_status
context_resolve(void *owner, uint32_t type, bool shared, struct sp_context_handle *handle)
{
	const sp_call *call = owner;
	struct assoc_context found;

	if (!assoc_group_find_context(call->connection->group, &handle->uuid, &found))
		return NCA_S_FAULT_CONTEXT_MISMATCH;
	handle->user = found.user;
	return 0;
}

static bool
context_settle(void *owner, uint32_t type, struct sp_context_handle *handle)
{
	const sp_call *call = owner;
	struct assoc_group *group = call->connection->group;

	if (sp_uuid_is_nil(&handle->uuid))
		return !handle->user || assoc_group_add_context(group, world->registration, type,
						handle->user, &handle->uuid);
	if (handle->user)
		return assoc_group_set_context(group, &handle->uuid, handle->user);
	assoc_group_remove_context(group, &handle->uuid);
	*handle = (struct sp_context_handle){0};
	return true;
}

/* The fault; 0: *ret_answer has the answer's stub data. */
static sp_status
serve(struct connection *c, unsigned op, const uint8_t *stub, size_t len, struct buf **ret_answer)
{
	const struct sp_operation *o = &world->registration->interface->operations[op];
	sp_call *call = call_begin(sizeof(*call), 64u << 20);
	struct ndr_contexts contexts = {call, context_resolve, context_settle};
	struct sp_pull pull;
	struct sp_push push;
	sp_status fault;

	assert(call);
	call->connection = c;
	call->args = arena_alloc(&call->arena, 1, o->args_size);
	ndr_pull_init(&pull, stub, len, false, &call->arena, NULL, &contexts);
	o->pull_in(&pull, call->args);
	fault = ndr_pull_status(&pull, NULL);
	ndr_pull_fini(&pull);
	if (!fault)
		fault = o->invoke(call, world->registration->handlers, call->args);
	if (!fault)
		fault = call->raised;
	if (!fault) {
		ndr_push_init(&push, 0, 0, UINT32_MAX / 2, &contexts);
		o->push_out(&push, call->args);
		assert(ndr_push_status(&push, NULL) == 0);
		*ret_answer = ndr_push_finish(&push);
		assert(*ret_answer);
		ndr_push_fini(&push);
	}
	call_end(call);
	return fault;
}

static sp_status
transact(struct connection *c, unsigned op, const void *in, void *ret_out)
{
	const struct sp_operation *o = &epm_client_interface.operations[op];
	struct buf *question, *answer;
	struct sp_push push;
	struct sp_pull pull;
	sp_status fault;

	arena_reset(&world->out);
	ndr_push_init(&push, 0, 0, STUB_MAX, NULL);
	o->push_in(&push, in);
	assert(ndr_push_status(&push, NULL) == 0);
	question = ndr_push_finish(&push);
	ndr_push_fini(&push);
	assert(question);
	fault = serve(
		c, op, question->data + question->start, question->end - question->start, &answer);
	buf_unref(question);
	if (fault)
		return fault;
	ndr_pull_init(&pull, answer->data + answer->start, answer->end - answer->start, false,
		&world->out, NULL, NULL);
	o->pull_out(&pull, ret_out);
	assert(ndr_pull_status(&pull, NULL) == 0 && ndr_pull_left(&pull) == 0);
	ndr_pull_fini(&pull);
	buf_unref(answer);
	return 0;
}

/* --- facts and towers --- */

static struct fact
fact_choose(void)
{
	unsigned a = choose(256), b = choose(256);

	return (struct fact){.interface = a % 3,
		.major = a / 3 % 2,
		.minor = a / 6 % 3,
		.port = 1 + b % 5,
		.object = b / 5 % 3,
		.annotation = b / 15 % 3,
		.udp = b / 45 % 2};
}

static struct sp_uuid
uuid_of(unsigned n)
{
	return (struct sp_uuid){.time_low = n ? 0xabc00000u + n : 0};
}

static const struct sp_syntax_id NDR = {
	{0x8a885d04, 0x1ceb, 0x11c9, {0x9f, 0xe8}, {0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}}, 2, 0};

static twr_t *
tower_of(const struct fact *f, twr_t *room)
{
	struct tower t = {.interface = {uuid_of(100u + f->interface), f->major, f->minor},
		.transfer = NDR,
		.protseq = f->udp ? NCADG_IP_UDP : NCACN_IP_TCP};
	size_t len;

	snprintf(t.endpoint, sizeof(t.endpoint), "%u", f->port);
	assert(tower_put(&t, room->tower_octet_string, TOWER_MAX_SIZE, &len));
	room->tower_length = (uint32_t)len;
	return room;
}

static twr_t *
tower_room(unsigned i)
{
	static twr_t *rooms[4];

	if (!rooms[i])
		rooms[i] = calloc(1, sizeof(twr_t) + TOWER_MAX_SIZE);
	return rooms[i];
}

static bool
is_tower_of(const twr_t *tower, const struct fact *f)
{
	const twr_t *want = tower_of(f, tower_room(3));

	return tower->tower_length == want->tower_length &&
	       memcmp(tower->tower_octet_string, want->tower_octet_string, want->tower_length) == 0;
}

/* --- the list --- */

static bool
same_tower(struct fact a, struct fact b)
{
	a.object = b.object;
	a.annotation = b.annotation;
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static bool
same_entry(struct fact a, struct fact b)
{
	return a.object == b.object && same_tower(a, b);
}

static bool
same_place(struct fact a, struct fact b)
{
	a.port = b.port;
	return same_entry(a, b);
}

static void
drop(size_t i)
{
	memmove(&world->entries[i], &world->entries[i + 1],
		(--world->n - i) * sizeof(world->entries[0]));
}

static void
list_insert(unsigned server, struct fact f)
{
	for (size_t i = 0; i < world->n; i++) {
		if (world->entries[i].server == server && same_entry(world->entries[i].fact, f)) {
			world->entries[i].fact.annotation = f.annotation;
			return;
		}
	}
	world->entries[world->n++] = (struct entry){f, server};
}

static void
insert(void)
{
	unsigned server = choose(SERVERS), n = 1 + choose(3);
	bool replace = choose(4) == 0;
	struct fact facts[3];
	ept_entry_t entries[3] = {0};
	struct epm_ept_insert_args in = {n, entries, replace, NULL}, out = {0};

	if (world->n + n >= ENTRIES_MAX)
		return;
	for (unsigned i = 0; i < n; i++) {
		facts[i] = fact_choose();
		entries[i].object = uuid_of(facts[i].object);
		entries[i].tower = tower_of(&facts[i], tower_room(i));
		snprintf(entries[i].annotation, sizeof(entries[i].annotation), "annotation %u",
			facts[i].annotation);
	}
	assert(transact(world->servers[server], INSERT, &in, &out) == 0 && *out.status == 0);
	for (size_t i = 0; replace && i < world->n; i++)
		for (unsigned k = 0; k < n; k++)
			if (world->entries[i].server == server &&
				same_place(world->entries[i].fact, facts[k])) {
				drop(i--);
				break;
			}
	for (unsigned i = 0; i < n; i++)
		list_insert(server, facts[i]);
}

static void delete (void)
{
	unsigned server = choose(SERVERS);
	struct fact f = fact_choose();
	ept_entry_t entry = {.object = uuid_of(f.object), .tower = tower_of(&f, tower_room(0))};
	struct epm_ept_delete_args in = {1, &entry, NULL}, out = {0};
	bool was_there = false;

	for (size_t i = 0; i < world->n && !was_there; i++) {
		was_there =
			world->entries[i].server == server && same_entry(world->entries[i].fact, f);
		if (was_there)
			drop(i);
	}
	assert(transact(world->servers[server], DELETE, &in, &out) == 0);
	assert(*out.status == (was_there ? 0 : EPT_NCA_NOT_REGISTERED));
}

static void
mgmt_delete(void)
{
	struct fact f = fact_choose();
	bool any_object = choose(2);
	struct sp_uuid object = uuid_of(f.object);
	struct epm_ept_mgmt_delete_args in = {!any_object, any_object ? NULL : &object,
						tower_of(&f, tower_room(0)), NULL},
					out = {0};
	bool was_there = false;

	for (size_t i = 0; i < world->n; i++) {
		if (same_tower(world->entries[i].fact, f) &&
			(any_object || world->entries[i].fact.object == f.object)) {
			was_there = true;
			drop(i--);
		}
	}
	assert(transact(world->servers[choose(SERVERS)], MGMT_DELETE, &in, &out) == 0);
	assert(*out.status == (was_there ? 0 : EPT_NCA_NOT_REGISTERED));
}

static void
server_goes(void)
{
	unsigned server = choose(SERVERS);

	for (size_t i = 0; i < world->n; i++)
		if (world->entries[i].server == server)
			drop(i--);
	disconnect(world->servers[server]);
	world->servers[server] = connect_as(true);
}

/* --- lookups --- */

static void
lookup_forget(size_t i)
{
	world->lookups[i] = world->lookups[--world->n_lookups];
}

/* A group has so many; the one that was used longest ago makes room. */
static void
lookup_surplus_goes(unsigned client)
{
	size_t n = 0, oldest = 0;

	for (size_t i = 0; i < world->n_lookups; i++) {
		if (world->lookups[i].client != client)
			continue;
		if (n++ == 0 || world->lookups[i].used < world->lookups[oldest].used)
			oldest = i;
	}
	if (n >= LOOKUP_PER_GROUP)
		lookup_forget(oldest);
}

static bool
version_fits(struct fact have, unsigned major, unsigned minor, unsigned option)
{
	switch (option) {
	case RPC_C_VERS_COMPATIBLE: return have.major == major && have.minor >= minor;
	case RPC_C_VERS_EXACT: return have.major == major && have.minor == minor;
	case RPC_C_VERS_MAJOR_ONLY: return have.major == major;
	case RPC_C_VERS_UPTO: return have.major * 10 + have.minor <= (int)(major * 10 + minor);
	default: return true;
	}
}

static void
expect_matching(struct expected *e, struct fact like, bool by_interface, unsigned option,
	int object, bool by_protseq)
{
	for (size_t i = 0; i < world->n; i++) {
		struct fact f = world->entries[i].fact;

		if ((!by_interface || (f.interface == like.interface &&
					      version_fits(f, like.major, like.minor, option))) &&
			(object < 0 || f.object == object) && (!by_protseq || f.udp == like.udp))
			e->facts[e->n++] = f;
	}
}

/* What the answer says against what is expected; true: the lookup goes on. */
static bool
page_check(struct expected *e, uint32_t status, uint32_t n, uint32_t max, bool is_open)
{
	size_t left = e->n - e->at, want = left < max ? left : max;

	assert(n == want);
	assert(status == (want ? 0 : EPT_NCA_NOT_REGISTERED));
	e->at += n;
	return e->at < e->n || (is_open && status == 0);
}

static bool
lookup_ask(struct expected *e, const struct epm_ept_lookup_args *in)
{
	struct epm_ept_lookup_args out = {.max_ents = in->max_ents};
	sp_status fault = transact(world->clients[e->client], LOOKUP, in, &out);
	bool more;

	if (e->lost) {
		assert(fault == NCA_S_FAULT_CONTEXT_MISMATCH);
		return true; /* the shell stays */
	}
	assert(fault == 0);
	for (uint32_t i = 0; i < *out.num_ents; i++) {
		const struct fact *f = &e->facts[e->at + i];
		struct sp_uuid object = uuid_of(f->object);
		char annotation[64];

		assert(e->at + i < e->n && is_tower_of(out.entries[i].tower, f));
		assert(sp_uuid_equal(&out.entries[i].object, &object));
		snprintf(annotation, sizeof(annotation), "annotation %u", f->annotation);
		assert(strcmp(out.entries[i].annotation, annotation) == 0);
	}
	more = page_check(
		e, *out.status, *out.num_ents, in->max_ents, in->max_ents < EPT_MAX_ENTRIES);
	assert(sp_uuid_is_nil(&out.entry_handle->uuid) == !more);
	e->handle = *out.entry_handle;
	return more;
}

static bool
map_ask(struct expected *e, const struct epm_ept_map_args *in)
{
	struct epm_ept_map_args out = {.max_towers = in->max_towers};
	sp_status fault = transact(world->clients[e->client], MAP, in, &out);
	bool more;

	if (e->lost) {
		assert(fault == NCA_S_FAULT_CONTEXT_MISMATCH);
		return true;
	}
	assert(fault == 0);
	for (uint32_t i = 0; i < *out.num_towers; i++)
		assert(e->at + i < e->n && is_tower_of(out.towers[i], &e->facts[e->at + i]));
	more = page_check(e, *out.status, *out.num_towers, in->max_towers, false);
	assert(sp_uuid_is_nil(&out.entry_handle->uuid) == !more);
	e->handle = *out.entry_handle;
	return more;
}

static uint32_t
page_choose(void)
{
	static const uint32_t sizes[] = {1, 2, 3, 10, 499, 500};

	return sizes[choose(6)];
}

static struct expected *
lookup_add(unsigned client)
{
	struct expected *e = &world->lookups[world->n_lookups];

	memset(e, 0, sizeof(*e));
	e->client = client;
	e->used = ++world->clock;
	return e;
}

static void
lookup_begin_one(void)
{
	unsigned client = choose(CLIENTS), inquiry = choose(4), option = choose(6);
	struct fact like = fact_choose();
	rpc_if_id_t id = {uuid_of(100u + like.interface), like.major, like.minor};
	struct sp_uuid object = uuid_of(like.object);
	ept_lookup_handle_t handle = {0};
	struct epm_ept_lookup_args in = {
		inquiry, &object, &id, option, &handle, page_choose(), NULL, NULL, NULL};
	struct expected *e;

	lookup_surplus_goes(client);
	e = lookup_add(client);
	expect_matching(e, like, inquiry & RPC_C_EP_MATCH_BY_IF, option,
		inquiry & RPC_C_EP_MATCH_BY_OBJ ? like.object : -1, false);
	if (lookup_ask(e, &in))
		world->n_lookups++;
}

static void
map_begin_one(void)
{
	unsigned client = choose(CLIENTS);
	struct fact like = fact_choose();
	struct sp_uuid object = uuid_of(like.object);
	ept_lookup_handle_t handle = {0};
	struct epm_ept_map_args in = {
		&object, tower_of(&like, tower_room(0)), &handle, page_choose(), NULL, NULL, NULL};
	struct expected *e;

	lookup_surplus_goes(client);
	e = lookup_add(client);
	e->is_map = true;
	expect_matching(e, like, true, RPC_C_VERS_COMPATIBLE, like.object, true);
	if (like.object)
		expect_matching(e, like, true, RPC_C_VERS_COMPATIBLE, 0, true);
	if (map_ask(e, &in))
		world->n_lookups++;
}

static void
lookup_go_on(void)
{
	size_t i = world->n_lookups ? choose((unsigned)world->n_lookups) : 0;
	struct expected *e = &world->lookups[i];
	struct epm_ept_lookup_args lookup = {.entry_handle = &e->handle, .max_ents = page_choose()};
	struct epm_ept_map_args map = {.entry_handle = &e->handle, .max_towers = lookup.max_ents};

	if (world->n_lookups == 0)
		return;
	if (!e->lost)
		e->used = ++world->clock;
	if (!(e->is_map ? map_ask(e, &map) : lookup_ask(e, &lookup)))
		lookup_forget(i);
}

static void
handle_free(void)
{
	size_t i = world->n_lookups ? choose((unsigned)world->n_lookups) : 0;
	struct epm_ept_lookup_handle_free_args in = {&world->lookups[i].handle, NULL}, out = {0};

	if (world->n_lookups == 0)
		return;
	assert(transact(world->clients[world->lookups[i].client], FREE, &in, &out) == 0);
	assert(*out.status == 0 && sp_uuid_is_nil(&out.entry_handle->uuid));
	lookup_forget(i);
}

static void
client_goes(void)
{
	unsigned client = choose(CLIENTS);

	disconnect(world->clients[client]);
	world->clients[client] = connect_as(false);
	for (size_t i = 0; i < world->n_lookups; i++)
		if (world->lookups[i].client == client)
			lookup_forget(i--);
}

static void
a_minute_passes(void)
{
	service_tick(time_now() + LOOKUP_IDLE + SP_SECOND);
	for (size_t i = 0; i < world->n_lookups; i++)
		world->lookups[i].lost = true;
}

/* A stranger's bytes as stub data: nothing comes of them. Registering is not for those from elsewhere. */
static void
bytes_of_a_stranger(void)
{
	struct connection *c = connect_as(false);
	unsigned op = choose(7);
	size_t len = choose(200), left = (size_t)(world->choice.end - world->choice.p);
	struct buf *answer;

	if (len > left)
		len = left;
	if (serve(c, op, world->choice.p, len, &answer) == 0)
		buf_unref(answer);
	world->choice.p += len;
	disconnect(c);
}

static void
step(void)
{
	static void (*const steps[])(void) = {insert, insert, insert, delete, mgmt_delete,
		server_goes, lookup_begin_one, lookup_begin_one, map_begin_one, lookup_go_on,
		lookup_go_on, lookup_go_on, handle_free, client_goes, a_minute_passes,
		bytes_of_a_stranger};

	steps[choose(sizeof(steps) / sizeof(steps[0]))]();
	assert(service_figures()->entries == world->n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings settings;
	static struct world fresh;

	settings = (struct settings){.foreign_endpoints = true, .idle = LOOKUP_IDLE};
	world = &fresh;
	memset(world, 0, sizeof(*world));
	world->choice = (struct choice){data, data + size};
	arena_init(&world->out, 64u << 20);
	world->groups = assoc_groups_new();
	if (!world->groups || !service_init(&(struct service_options){.settings = &settings}) ||
		sp_server_new(
			&(struct sp_server_options){.no_mapper = true}, &world->server, NULL) ||
		service_register(world->server, NULL))
		abort();
	world->registration = world->server->registrations[world->server->n_registrations - 1];
	for (unsigned i = 0; i < SERVERS; i++)
		world->servers[i] = connect_as(true);
	for (unsigned i = 0; i < CLIENTS; i++)
		world->clients[i] = connect_as(false);
	while (world->choice.p < world->choice.end)
		step();
	for (unsigned i = 0; i < CLIENTS; i++)
		disconnect(world->clients[i]);
	for (unsigned i = 0; i < SERVERS; i++)
		disconnect(world->servers[i]);
	assert(service_figures()->entries == 0 && service_figures()->lookups == 0);
	sp_server_free(world->server);
	service_fini();
	assoc_groups_free(world->groups);
	arena_fini(&world->out);
	return 0;
}
