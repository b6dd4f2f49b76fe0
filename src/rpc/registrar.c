/* SPDX-License-Identifier: MIT */
#include "rpc/registrar.h"

#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "epm.h"
#include "ndr/ndr.h"
#include "rpc/server.h"
#include "wire/tower.h"

#define RETRY_FIRST (100 * SP_MILLISECOND)
#define RETRY_LAST (1 * SP_SECOND)     /* everything is back within 2 s of the mapper's return */
#define RETRY_REFUSED (10 * SP_SECOND) /* whoever runs the mapper may change his mind */
#define EPT_INSERT 0
#define BATCH 500 /* entries of one request */
#define MAX_REQUEST (16u << 20)

/* The next entry to register: an interface, under one of its objects, at an endpoint. */
struct cursor {
	size_t interface, object, listener;
};

struct registrar {
	sp_server *server;
	struct link_queue *queue;
	struct loop_timer *retry;
	sp_nanos pause;
	struct link link;
	struct assoc_limits limits;
	bool connected; /* link is in use */
	bool ending;
	bool told; /* the log knows that the mapper is missing, or says no */
	struct cursor next;
	size_t n_registered;
	struct arena arena; /* of one exchange */
};

/* --- what is registered --- */

static bool
entry_make(struct registrar *r, const struct registration *offered, const struct sp_uuid *object,
	const struct listener *l, ept_entry_t *ret)
{
	struct tower tower = {.interface = offered->interface->id,
		.transfer = SYNTAX_NDR,
		.protseq = l->local ? NCALRPC : NCACN_IP_TCP};
	struct address address;
	size_t len;
	twr_t *twr = arena_alloc(&r->arena, 1, sizeof(*twr) + TOWER_MAX_SIZE);

	if (!twr || strlen(l->endpoint) >= sizeof(tower.endpoint))
		return false;
	strcpy(tower.endpoint, l->endpoint);
	/* towers carry IPv4 only; an IPv6 address is left open like every address */
	if (l->address && strlen(l->address) < sizeof(tower.address) &&
		address_parse(l->address, 0, &address) && address.storage.ss_family == AF_INET)
		strcpy(tower.address, l->address);
	if (!tower_put(&tower, twr->tower_octet_string, TOWER_MAX_SIZE, &len))
		return false;
	twr->tower_length = (uint32_t)len;
	*ret = (ept_entry_t){.object = *object, .tower = twr};
	if (offered->options.annotation)
		strncpy(ret->annotation, offered->options.annotation, sizeof(ret->annotation) - 1);
	return true;
}

static size_t
n_objects(const struct registration *offered)
{
	return offered->options.n_objects ? offered->options.n_objects : 1;
}

static bool
is_mapped(const struct registration *offered, const struct listener *l)
{
	return !offered->options.no_mapper && registration_is_at(offered, l);
}

/* To the first entry from here on; false: there is none. */
static bool
cursor_find(const sp_server *server, struct cursor *c)
{
	for (; c->interface < server->n_registrations; c->interface++, c->object = 0) {
		const struct registration *offered = server->registrations[c->interface];

		for (; c->object < n_objects(offered); c->object++, c->listener = 0)
			for (; c->listener < server->n_listeners; c->listener++)
				if (is_mapped(offered, server->listeners[c->listener]))
					return true;
	}
	return false;
}

/* The next batch, from `at` on. False: no memory. */
static bool
entries_make(struct registrar *r, struct cursor *at, struct epm_ept_insert_args *args)
{
	static const struct sp_uuid nil;
	const sp_server *server = r->server;

	for (; args->num_ents < BATCH && cursor_find(server, at); at->listener++) {
		const struct registration *offered = server->registrations[at->interface];
		const struct sp_interface_options *o = &offered->options;

		if (!entry_make(r, offered, o->n_objects ? &o->objects[at->object] : &nil,
			    server->listeners[at->listener], &args->entries[args->num_ents++]))
			return false;
	}
	return true;
}

static struct buf *
request_make(struct registrar *r)
{
	struct epm_ept_insert_args args = {
		.entries = arena_alloc(&r->arena, BATCH, sizeof(*args.entries))};
	struct cursor at = r->next;
	struct sp_push push;
	struct buf *stub = NULL;

	if (!args.entries || !entries_make(r, &at, &args))
		return NULL;
	ndr_push_init(&push, PDU_REQUEST_OBJECT_SIZE, 0, MAX_REQUEST, NULL);
	epm_client_interface.operations[EPT_INSERT].push_in(&push, &args);
	if (ndr_push_status(&push, NULL) == 0)
		stub = ndr_push_finish(&push);
	ndr_push_fini(&push);
	if (stub) {
		r->next = at;
		r->n_registered += args.num_ents;
	}
	return stub;
}

/* --- the session --- */

static void
again_later(struct registrar *r, const char *why)
{
	if (!r->told)
		server_log(r->server, SP_LOG_WARNING,
			"register with the endpoint mapper \"%s\" in %s - %s - trying again until "
			"it answers",
			r->server->options.mapper_endpoint, r->server->options.ncalrpc_dir, why);
	r->told = true;
	loop_timer_set(r->retry, time_after(time_now(), r->pause));
	r->pause = r->pause * 2 < RETRY_LAST ? r->pause * 2 : RETRY_LAST;
}

static bool
ask(struct registrar *r)
{
	static const struct sp_syntax_id *const transfer = &SYNTAX_NDR;
	const struct assoc_request request = {.interface = epm_client_interface.id,
		.transfers = transfer,
		.n_transfers = 1,
		.opnum = EPT_INSERT};
	struct buf *stub = request_make(r);
	uint32_t call_id;

	arena_reset(&r->arena);
	return stub && assoc_call(&r->link.conn, &request, stub, &call_id);
}

/* The session stays: the mapper is asked again now and then. */
static void
refused(struct registrar *r, const char *what, uint32_t status)
{
	if (!r->told)
		server_log(r->server, SP_LOG_ERROR,
			"register with the endpoint mapper - %s %u (0x%08x) - clients will not "
			"find "
			"this server; trying again every 10 s",
			what, status, status);
	r->told = true;
	loop_timer_set(r->retry, time_after(time_now(), RETRY_REFUSED));
}

static void
on_answer(struct registrar *r, const struct assoc_event *event)
{
	/* the pull puts memory of the arena where [out] parameters are */
	struct epm_ept_insert_args args = {0};
	struct cursor at = r->next;
	struct sp_pull pull;
	uint32_t status;

	ndr_pull_init(&pull, buf_slice_bytes(&event->take_stub), event->take_stub.len,
		event->big_endian, &r->arena, NULL, NULL);
	epm_client_interface.operations[EPT_INSERT].pull_out(&pull, &args);
	status = ndr_pull_status(&pull, NULL) ? RPC_X_BAD_STUB_DATA : *args.status;
	ndr_pull_fini(&pull);
	if (status) {
		refused(r, "status", status);
		return;
	}
	if (cursor_find(r->server, &at)) {
		/* the link turns after its events: what is asked here goes out */
		if (!ask(r))
			refused(r, "status", RPC_S_OUT_OF_MEMORY);
		return;
	}
	r->told = false;
	r->pause = RETRY_FIRST;
	server_log(r->server, SP_LOG_INFO, "registered %zu endpoints with the mapper",
		r->n_registered);
}

static void
on_event(void *arg, struct assoc_event *event)
{
	struct registrar *r = arg;

	if (event->kind == ASSOC_EVENT_RESPONSE)
		on_answer(r, event);
	else if (event->kind == ASSOC_EVENT_FAULT)
		refused(r, "fault", event->status);
	else if (event->kind == ASSOC_EVENT_OVERFLOW)
		refused(r, event->what, RPC_S_OUT_OF_RESOURCES);
	else if (event->kind == ASSOC_EVENT_REJECTED)
		server_log(r->server, SP_LOG_ERROR,
			"register with the endpoint mapper - %s - something else answers at its "
			"endpoint",
			context_reason_name(event->result, event->reason));
	buf_slice_fini(&event->take_stub);
	arena_reset(&r->arena);
}

static void
on_turned(void *arg)
{
	(void)arg;
}

static void
on_closed(void *arg, const struct assoc_event *close)
{
	struct registrar *r = arg;

	(void)close;
	assoc_fini(&r->link.conn);
	r->connected = false;
	if (!r->ending)
		again_later(r, "the session has ended");
}

static const struct link_owner owner = {on_event, on_turned, on_closed};

static bool
ask_all(struct registrar *r)
{
	r->next = (struct cursor){0};
	r->n_registered = 0;
	return ask(r);
}

static void
on_retry(void *arg)
{
	struct registrar *r = arg;
	char path[LOCAL_PATH];
	int fd, error;

	if (r->connected) { /* it has said no before: once more from the start */
		if (ask_all(r))
			link_turn(&r->link);
		else
			link_end(&r->link);
		return;
	}
	if (!local_path(r->server->options.ncalrpc_dir, r->server->options.mapper_endpoint, path)) {
		again_later(r, "that makes no path of a socket");
		return;
	}
	error = local_connect(path, &fd);
	if (error) {
		again_later(r, strerror(error));
		return;
	}
	memset(&r->link, 0, sizeof(r->link));
	assoc_client_init(&r->link.conn, &r->limits, 0, time_now());
	if (!link_start(&r->link, r->queue, fd, r->limits.pdu_timeout, &owner, r)) {
		assoc_fini(&r->link.conn);
		again_later(r, "out of memory");
		return;
	}
	r->connected = true;
	if (ask_all(r))
		link_turn(&r->link);
	else
		link_end(&r->link);
}

struct registrar *
registrar_new(sp_server *server, struct link_queue *queue)
{
	struct registrar *r = mem_zalloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->server = server;
	r->queue = queue;
	r->pause = RETRY_FIRST;
	r->limits = server->limits;
	r->limits.max_calls = 1;
	r->limits.max_memory = UINT32_MAX;
	r->limits.idle_timeout = 0; /* the session is open and silent as long as the server lives */
	arena_init(&r->arena, 4 * (size_t)MAX_REQUEST);
	r->retry = loop_timer_new(queue->loop, on_retry, r);
	if (!r->retry) {
		mem_free(r);
		return NULL;
	}
	loop_timer_set(r->retry, time_now());
	return r;
}

void
registrar_free(struct registrar *r)
{
	if (!r)
		return;
	r->ending = true;
	if (r->connected)
		link_end(&r->link);
	loop_timer_free(r->retry);
	arena_fini(&r->arena);
	mem_free(r);
}
