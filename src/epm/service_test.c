/* SPDX-License-Identifier: MIT */
/* The mapper through the real runtime: clients over loopback TCP, servers over a local socket. */
#include "epm/service.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <sallyport/sallyport.h>

#include "base/time.h"
#include "epm.h"
#include "rpc/server.h"
#include "wire/tower.h"

static const struct sp_syntax_id NDR = {
	{0x8a885d04, 0x1ceb, 0x11c9, {0x9f, 0xe8}, {0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}}, 2, 0};
static const struct sp_uuid NIL;

/* An interface that only has to be found. */
static const struct sp_operation no_operations[1];
static const struct sp_interface found_interface = {
	.abi = SP_STUB_ABI,
	.name = "found",
	.id = {{0xf00d, 1, 2, {3, 4}, {5, 6, 7, 8, 9, 10}}, 1, 4},
	.n_operations = 1,
	.operations = no_operations,
};

struct stand {
	char dir[40];
	sp_server *mapper;
	struct settings *settings; /* ports that nobody listens on may be registered */
	char tcp[60];              /* the mapper's binding */
	uint16_t port;
	sp_client *client; /* of the mapper, over TCP */
	sp_call *call;
};

static atomic_uint n_warnings, n_server_errors;

static void
on_server_log(void *arg, enum sp_log_level level, const char *message)
{
	if (level == SP_LOG_ERROR)
		atomic_fetch_add(&n_server_errors, 1);
}

static void
on_log(void *arg, enum sp_log_level level, const char *message)
{
	if (level <= SP_LOG_WARNING)
		atomic_fetch_add(&n_warnings, 1);
}

static void
mapper_start(struct stand *s)
{
	struct sp_server_options options = {.port_policy = "/nonexistent/ports.yaml",
		.ncalrpc_dir = s->dir,
		.no_mapper = true,
		.log = on_log};
	unsigned port;

	assert_true(service_init(&(struct service_options){
		.settings = s->settings, .ncalrpc_dir = s->dir, .log = on_log}));
	assert_int_equal(sp_server_new(&options, &s->mapper, NULL), 0);
	assert_int_equal(
		sp_server_use_protseq(s->mapper, "ncacn_ip_tcp", NULL, "127.0.0.1", NULL), 0);
	assert_int_equal(sp_server_use_protseq(s->mapper, "ncalrpc", "epmapper", NULL, NULL), 0);
	assert_int_equal(service_register(s->mapper, NULL), 0);
	assert_int_equal(service_enter_self(s->mapper, NULL), 0);
	assert_int_equal(sp_server_start(s->mapper, 1, NULL), 0);
	snprintf(s->tcp, sizeof(s->tcp), "%s", sp_server_binding(s->mapper, 0));
	assert_int_equal(sscanf(s->tcp, "ncacn_ip_tcp:127.0.0.1[%u]", &port), 1);
	s->port = (uint16_t)port;
	assert_int_equal(sp_client_new(s->tcp, NULL, &s->client, NULL), 0);
	s->call = sp_call_new(s->client);
	assert_non_null(s->call);
}

static void
mapper_stop(struct stand *s)
{
	sp_call_free(s->call);
	sp_client_free(s->client);
	sp_server_free(s->mapper);
	service_fini();
}

static int
stand_up(void **state)
{
	struct stand *s = calloc(1, sizeof(*s));

	strcpy(s->dir, "/tmp/sallyport-epm-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	s->settings = settings_new();
	assert_non_null(s->settings);
	s->settings->foreign_endpoints = true;
	mapper_start(s);
	*state = s;
	return 0;
}

static int
stand_down(void **state)
{
	struct stand *s = *state;

	mapper_stop(s);
	settings_free(s->settings);
	rmdir(s->dir);
	free(s);
	return 0;
}

/* --- on the mapper's own thread --- */

struct errand {
	struct loop_message message;
	void (*fn)(struct stand *, sp_nanos arg);
	struct stand *stand;
	sp_nanos arg;
	sem_t done;
};

static void
on_errand(void *arg)
{
	struct errand *e = arg;

	e->fn(e->stand, e->arg);
	sem_post(&e->done);
}

static void
on_mapper(struct stand *s, void (*fn)(struct stand *, sp_nanos arg), sp_nanos arg)
{
	struct errand e = {.fn = fn, .stand = s, .arg = arg};

	sem_init(&e.done, 0, 0);
	e.message = (struct loop_message){.fn = on_errand, .arg = &e};
	loop_send(server_loop(s->mapper), &e.message);
	sem_wait(&e.done);
	sem_destroy(&e.done);
}

static void
tick(struct stand *s, sp_nanos later)
{
	service_tick(time_now() + later);
}

static void
set_foreign_endpoints(struct stand *s, sp_nanos truth)
{
	s->settings->foreign_endpoints = truth;
}

/* --- a registering session --- */

struct session {
	sp_client *client;
	sp_call *call;
};

static struct session
session_open(const struct stand *s)
{
	struct sp_client_options options = {.ncalrpc_dir = s->dir};
	struct session session;

	assert_int_equal(sp_client_new("ncalrpc:[epmapper]", &options, &session.client, NULL), 0);
	session.call = sp_call_new(session.client);
	assert_non_null(session.call);
	return session;
}

static void
session_close(struct session *session)
{
	sp_call_free(session->call);
	sp_client_free(session->client);
}

static twr_t *
tower_make(uint32_t interface, unsigned port, const char *address)
{
	struct tower t = {.interface = {{.time_low = interface}, 1, 0},
		.transfer = NDR,
		.protseq = NCACN_IP_TCP};
	twr_t *twr = malloc(sizeof(*twr) + TOWER_MAX_SIZE);
	size_t len;

	snprintf(t.endpoint, sizeof(t.endpoint), "%u", port);
	snprintf(t.address, sizeof(t.address), "%s", address);
	assert_true(tower_put(&t, twr->tower_octet_string, TOWER_MAX_SIZE, &len));
	twr->tower_length = (uint32_t)len;
	return twr;
}

static void
entries_free(ept_entry_t *entries, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		free(entries[i].tower);
	free(entries);
}

/* n entries of one interface at ports from `port` on. */
static ept_entry_t *
entries_make(uint32_t n, uint32_t interface, unsigned port)
{
	ept_entry_t *entries = calloc(n, sizeof(*entries));

	for (uint32_t i = 0; i < n; i++) {
		entries[i].tower = tower_make(interface, port + i, "");
		strcpy(entries[i].annotation, "many");
	}
	return entries;
}

static void
insert_many(struct session *session, uint32_t n, uint32_t interface, unsigned port)
{
	ept_entry_t *entries = entries_make(n, interface, port);
	uint32_t status = 1;

	assert_int_equal(epm_ept_insert(session->call, n, entries, 0, &status, NULL), 0);
	assert_int_equal(status, 0);
	entries_free(entries, n);
}

/* --- asking --- */

/* Pages through everything; how many entries there are. *ret_pages may be NULL. */
static uint32_t
lookup_all(sp_call *call, uint32_t max, unsigned *ret_pages)
{
	static ept_entry_t entries[EPT_MAX_ENTRIES];
	ept_lookup_handle_t handle = {0};
	uint32_t n, total = 0, status;
	unsigned pages = 0;

	do {
		assert_int_equal(epm_ept_lookup(call, RPC_C_EP_ALL_ELTS, NULL, NULL, 0, &handle,
					 max, &n, entries, &status, NULL),
			0);
		if (status == EPT_NCA_NOT_REGISTERED && total > 0)
			break;
		assert_int_equal(status, 0);
		assert_in_range(n, 1, max);
		total += n;
		pages++;
	} while (!sp_uuid_is_nil(&handle.uuid));
	if (ret_pages)
		*ret_pages = pages;
	return total;
}

/* The status of ept_map; *ret is what the first tower says. */
static uint32_t
map_one(sp_call *call, const twr_t *question, struct tower *ret)
{
	struct twr *towers[4] = {0};
	ept_lookup_handle_t handle = {0};
	struct wire_fault fault = {0};
	uint32_t n = 0, status = 1;

	assert_int_equal(epm_ept_map(call, (struct sp_uuid *)&NIL, (twr_t *)question, &handle, 4,
				 &n, towers, &status, NULL),
		0);
	assert_int_equal(n > 0, status == 0);
	if (n > 0)
		assert_true(tower_get(
			towers[0]->tower_octet_string, towers[0]->tower_length, ret, &fault));
	return status;
}

static uint32_t
map_found_interface(struct stand *s, struct tower *ret)
{
	twr_t *question = tower_make(0, 0, "");
	struct tower t = {
		.interface = found_interface.id, .transfer = NDR, .protseq = NCACN_IP_TCP};
	size_t len;
	uint32_t status;

	t.interface.minor = 2; /* an older client of the same major version */
	assert_true(tower_put(&t, question->tower_octet_string, TOWER_MAX_SIZE, &len));
	question->tower_length = (uint32_t)len;
	status = map_one(s->call, question, ret);
	free(question);
	return status;
}

/* Until ept_map answers with the status; a few seconds at most. */
static void
wait_for_status(struct stand *s, uint32_t wanted, struct tower *ret)
{
	for (int i = 0; i < 500; i++) {
		if (map_found_interface(s, ret) == wanted)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	fail_msg("ept_map does not answer with 0x%x", wanted);
}

static sp_server *
server_with_objects(const struct stand *s, size_t n_objects)
{
	struct sp_uuid *objects = calloc(n_objects + 1, sizeof(*objects));
	struct sp_server_options options = {.port_policy = "/nonexistent/ports.yaml",
		.ncalrpc_dir = s->dir,
		.log = on_server_log};
	struct sp_interface_options offered = {
		.annotation = "to be found", .objects = objects, .n_objects = n_objects};
	sp_server *server;

	for (size_t i = 0; i < n_objects; i++)
		objects[i] = (struct sp_uuid){.time_low = 1 + (uint32_t)i};
	assert_int_equal(sp_server_new(&options, &server, NULL), 0);
	assert_int_equal(sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, NULL, NULL), 0);
	assert_int_equal(sp_server_register(server, &found_interface, "", &offered, NULL), 0);
	assert_int_equal(sp_server_start(server, 1, NULL), 0);
	free(objects);
	return server;
}

static sp_server *
server_start(const struct stand *s)
{
	return server_with_objects(s, 0);
}

/* --- the tests --- */

static void
the_mapper_finds_itself_and_its_local_endpoint(void **state)
{
	struct stand *s = *state;

	assert_int_equal(lookup_all(s->call, 500, NULL), 2);
}

static void
a_server_is_found_at_the_address_dialled_and_goes_with_its_session(void **state)
{
	struct stand *s = *state;
	sp_server *server = server_start(s);
	struct tower found = {0};
	char expected[300];

	wait_for_status(s, 0, &found);
	assert_string_equal(found.address, "127.0.0.1");
	assert_int_equal(found.interface.minor, 4);
	snprintf(expected, sizeof(expected), "ncacn_ip_tcp:[%s]", found.endpoint);
	assert_string_equal(sp_server_binding(server, 0), expected);
	sp_server_free(server);
	wait_for_status(s, EPT_NCA_NOT_REGISTERED, &found);
	assert_int_equal(atomic_load(&n_server_errors), 0);
}

/* More than the registrar puts into one request. */
static void
a_server_of_many_objects_is_registered_whole(void **state)
{
	struct stand *s = *state;
	sp_server *server = server_with_objects(s, 1700);

	for (int i = 0; lookup_all(s->call, 500, NULL) != 2 + 1700; i++) {
		assert_true(i < 500);
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	sp_server_free(server);
}

static void
a_client_without_an_endpoint_gets_there(void **state)
{
	struct stand *s = *state;
	sp_server *server = server_start(s);
	struct sp_client_options options = {.mapper_port = s->port};
	struct tower found = {0};
	sp_client *client;
	struct sp_error err = {0};

	wait_for_status(s, 0, &found);
	assert_int_equal(sp_client_new("ncacn_ip_tcp:127.0.0.1", &options, &client, &err), 0);
	assert_int_equal(sp_client_bind(client, &found_interface.id, &err), 0);
	sp_client_free(client);
	sp_server_free(server);
}

static void
servers_come_back_after_the_mapper(void **state)
{
	struct stand *s = *state;
	sp_server *server = server_start(s);
	struct tower found = {0};

	wait_for_status(s, 0, &found);
	mapper_stop(s);
	mapper_start(s);
	wait_for_status(s, 0, &found);
	sp_server_free(server);
}

static void
nobody_registers_over_tcp(void **state)
{
	struct stand *s = *state;
	ept_entry_t *entries = entries_make(1, 77, 5000);
	struct sp_error err = {0};
	uint32_t status = 1;
	unsigned before = atomic_load(&n_warnings);

	assert_int_equal(
		epm_ept_insert(s->call, 1, entries, 0, &status, &err), ERROR_ACCESS_DENIED);
	assert_int_equal(err.status, ERROR_ACCESS_DENIED);
	assert_int_equal(epm_ept_delete(s->call, 1, entries, &status, &err), ERROR_ACCESS_DENIED);
	assert_int_equal(atomic_load(&n_warnings), before + 2);
	assert_int_equal(map_one(s->call, entries[0].tower, NULL), EPT_NCA_NOT_REGISTERED);
	entries_free(entries, 1);
}

static void
a_lookup_pages_through_what_was_there_when_it_began(void **state)
{
	static ept_entry_t entries[500];
	struct stand *s = *state;
	struct session session = session_open(s), other;
	ept_lookup_handle_t handle = {0};
	uint32_t n, status;
	unsigned pages;

	insert_many(&session, 1203, 77, 2000);
	assert_int_equal(lookup_all(s->call, 500, &pages), 1205);
	assert_int_equal(pages, 3);
	assert_int_equal(lookup_all(s->call, 241, &pages), 1205);
	assert_int_equal(pages, 5);
	assert_int_equal(epm_ept_lookup(s->call, RPC_C_EP_ALL_ELTS, NULL, NULL, 0, &handle, 500, &n,
				 entries, &status, NULL),
		0);
	session_close(&session);
	other = session_open(s);
	for (int i = 0; lookup_all(other.call, 500, NULL) != 2; i++) {
		assert_true(i < 100);
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	assert_int_equal(epm_ept_lookup(s->call, RPC_C_EP_ALL_ELTS, NULL, NULL, 0, &handle, 500, &n,
				 entries, &status, NULL),
		0);
	assert_int_equal(n, 500);
	assert_string_equal(entries[499].annotation, "many");
	assert_int_equal(epm_ept_lookup_handle_free(s->call, &handle, &status, NULL), 0);
	assert_int_equal(status, 0);
	assert_true(sp_uuid_is_nil(&handle.uuid));
	session_close(&other);
}

static void
a_handle_that_was_freed_is_a_fault_and_the_next_call_is_served(void **state)
{
	static ept_entry_t entries[1];
	struct stand *s = *state;
	ept_lookup_handle_t handle = {0}, old;
	struct sp_error err = {0};
	uint32_t n, status;

	assert_int_equal(epm_ept_lookup(s->call, RPC_C_EP_ALL_ELTS, NULL, NULL, 0, &handle, 1, &n,
				 entries, &status, NULL),
		0);
	old = handle;
	assert_int_equal(epm_ept_lookup_handle_free(s->call, &handle, &status, NULL), 0);
	assert_int_not_equal(epm_ept_lookup(s->call, RPC_C_EP_ALL_ELTS, NULL, NULL, 0, &old, 1, &n,
				     entries, &status, &err),
		0);
	assert_int_equal(err.fault_status, NCA_S_FAULT_CONTEXT_MISMATCH);
	assert_int_equal(lookup_all(s->call, 500, NULL), 2);
}

static uint32_t
lookup_status(
	struct stand *s, uint32_t inquiry, rpc_if_id_t *id, uint32_t versions, uint32_t *ret_n)
{
	static ept_entry_t entries[10];
	ept_lookup_handle_t handle = {0};
	uint32_t status = 1;

	assert_int_equal(epm_ept_lookup(s->call, inquiry, NULL, id, versions, &handle, 10, ret_n,
				 entries, &status, NULL),
		0);
	/* fewer than could have been asked for: the end is told by a status */
	assert_int_equal(sp_uuid_is_nil(&handle.uuid), status != 0);
	if (status == 0) {
		uint32_t n, last;

		assert_int_equal(epm_ept_lookup(s->call, inquiry, NULL, id, versions, &handle, 10,
					 &n, entries, &last, NULL),
			0);
		assert_int_equal(last, EPT_NCA_NOT_REGISTERED);
		assert_int_equal(n, 0);
		assert_true(sp_uuid_is_nil(&handle.uuid));
	}
	return status;
}

static void
inquiries_are_answered_by_their_kind(void **state)
{
	struct stand *s = *state;
	rpc_if_id_t epm = {epm_client_interface.id.uuid, 3, 0};
	uint32_t n;

	assert_int_equal(lookup_status(s, RPC_C_EP_MATCH_BY_IF, &epm, RPC_C_VERS_EXACT, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(lookup_status(s, RPC_C_EP_MATCH_BY_OBJ, NULL, 0, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(lookup_status(s, RPC_C_EP_MATCH_BY_BOTH, &epm, 0, &n), 0);
	assert_int_equal(n, 2);
	epm.vers_major = 2;
	assert_int_equal(lookup_status(s, RPC_C_EP_MATCH_BY_IF, &epm, RPC_C_VERS_COMPATIBLE, &n),
		EPT_NCA_NOT_REGISTERED);
	assert_int_equal(n, 0);
	assert_int_equal(lookup_status(s, 4, &epm, 1, &n), EPT_NCA_CANT_PERFORM_OP);
	assert_int_equal(
		lookup_status(s, RPC_C_EP_MATCH_BY_IF, &epm, 6, &n), EPT_NCA_CANT_PERFORM_OP);
	assert_int_equal(
		lookup_status(s, RPC_C_EP_MATCH_BY_IF, NULL, 1, &n), EPT_NCA_CANT_PERFORM_OP);
}

static void
deleting_takes_back_only_what_is_ones_own(void **state)
{
	struct stand *s = *state;
	struct session session = session_open(s), other = session_open(s);
	ept_entry_t *entries = entries_make(1, 77, 5000);
	struct tower found = {0};
	uint32_t status;

	insert_many(&session, 1, 77, 5000);
	assert_int_equal(epm_ept_delete(other.call, 1, entries, &status, NULL), 0);
	assert_int_equal(status, EPT_NCA_NOT_REGISTERED);
	assert_int_equal(map_one(s->call, entries[0].tower, &found), 0);
	assert_string_equal(found.endpoint, "5000");
	assert_int_equal(epm_ept_delete(session.call, 1, entries, &status, NULL), 0);
	assert_int_equal(status, 0);
	assert_int_equal(map_one(s->call, entries[0].tower, &found), EPT_NCA_NOT_REGISTERED);
	entries_free(entries, 1);
	session_close(&session);
	session_close(&other);
}

static void
an_invalid_tower_is_refused_as_an_entry_and_as_a_question(void **state)
{
	struct stand *s = *state;
	struct session session = session_open(s);
	ept_entry_t *entries = entries_make(1, 77, 5000);
	uint32_t status;

	entries[0].tower->tower_length -= 3;
	assert_int_equal(epm_ept_insert(session.call, 1, entries, 0, &status, NULL), 0);
	assert_int_equal(status, EPT_NCA_INVALID_ENTRY);
	assert_int_equal(map_one(s->call, entries[0].tower, NULL), EPT_NCA_CANT_PERFORM_OP);
	assert_int_equal(map_one(s->call, NULL, NULL), EPT_NCA_CANT_PERFORM_OP);
	assert_int_equal(lookup_all(s->call, 500, NULL), 2);
	entries_free(entries, 1);
	session_close(&session);
}

static void
the_mapper_names_itself_and_keeps_its_name(void **state)
{
	struct stand *s = *state;
	struct sp_uuid first, again;
	uint32_t status = 1;

	assert_int_equal(epm_ept_inq_object(s->call, &first, &status, NULL), 0);
	assert_int_equal(status, 0);
	assert_false(sp_uuid_is_nil(&first));
	assert_int_equal(epm_ept_inq_object(s->call, &again, &status, NULL), 0);
	assert_true(sp_uuid_equal(&first, &again));
}

static void
an_administrator_removes_an_entry_of_another_session(void **state)
{
	struct stand *s = *state;
	struct session session = session_open(s), admin = session_open(s);
	twr_t *tower = tower_make(77, 5000, "");
	struct tower found = {0};
	uint32_t status = 1;

	insert_many(&session, 2, 77, 5000);
	assert_int_equal(epm_ept_mgmt_delete(s->call, 0, NULL, tower, &status, NULL),
		ERROR_ACCESS_DENIED); /* over TCP */
	assert_int_equal(epm_ept_mgmt_delete(admin.call, 0, NULL, tower, &status, NULL), 0);
	assert_int_equal(status, 0);
	assert_int_equal(map_one(s->call, tower, &found), 0);
	assert_string_equal(found.endpoint, "5001");
	assert_int_equal(epm_ept_mgmt_delete(admin.call, 0, NULL, tower, &status, NULL), 0);
	assert_int_equal(status, EPT_NCA_NOT_REGISTERED);
	assert_int_equal(epm_ept_mgmt_delete(admin.call, 1, NULL, tower, &status, NULL), 0);
	assert_int_equal(status, EPT_NCA_CANT_PERFORM_OP);
	free(tower);
	session_close(&session);
	session_close(&admin);
}

static void
an_operation_that_the_mapper_has_not_is_out_of_range(void **state)
{
	struct stand *s = *state;
	/* ept_map_auth has opnum 7: one more operation than our own interface */
	struct sp_operation operations[8];
	struct sp_interface larger = epm_client_interface;
	struct sp_error err = {0};
	struct epm_ept_inq_object_args args = {0};

	memcpy(operations, epm_client_interface.operations,
		epm_client_interface.n_operations * sizeof(operations[0]));
	operations[7] = operations[5];
	larger.operations = operations;
	larger.n_operations = 8;
	assert_int_not_equal(sp_call_invoke(s->call, &larger, 7, &args, &err), 0);
	assert_int_equal(err.fault_status, NCA_S_OP_RNG_ERROR);
}

static uint32_t
lookup_page(sp_call *call, ept_lookup_handle_t *handle, uint32_t *ret_n, struct sp_error *reterr)
{
	static ept_entry_t entries[10];
	uint32_t status = 0;
	sp_status result = epm_ept_lookup(call, RPC_C_EP_ALL_ELTS, NULL, NULL, 0, handle, 10, ret_n,
		entries, &status, reterr);

	return result ? result : status;
}

static void
forgotten_lookups_cost_only_their_own_group(void **state)
{
	struct stand *s = *state;
	struct session session = session_open(s);
	ept_lookup_handle_t patient = {0}, forgotten = {0}, first = {0};
	struct sp_client_options options = {0};
	struct sp_error err = {0};
	sp_client *other;
	sp_call *call;
	uint32_t n;

	insert_many(&session, 100, 77, 5000);
	assert_int_equal(sp_client_new(s->tcp, &options, &other, NULL), 0);
	call = sp_call_new(other);
	assert_int_equal(lookup_page(call, &patient, &n, NULL), 0);
	for (int i = 0; i < 5000; i++) {
		forgotten = (ept_lookup_handle_t){0};
		assert_int_equal(lookup_page(s->call, &forgotten, &n, NULL), 0);
		if (i == 0)
			first = forgotten;
	}
	assert_true(service_figures()->lookups <= 33);
	assert_int_equal(lookup_page(call, &patient, &n, NULL), 0);
	assert_int_equal(n, 10);
	assert_int_equal(lookup_page(s->call, &forgotten, &n, NULL), 0);
	assert_int_not_equal(lookup_page(s->call, &first, &n, &err), 0);
	assert_int_equal(err.fault_status, NCA_S_FAULT_CONTEXT_MISMATCH);
	sp_call_free(call);
	sp_client_free(other);
	session_close(&session);
}

static void
a_lookup_that_rests_too_long_is_given_up(void **state)
{
	struct stand *s = *state;
	struct session session = session_open(s);
	ept_lookup_handle_t handle = {0};
	struct sp_error err = {0};
	uint32_t n;

	insert_many(&session, 100, 77, 5000);
	assert_int_equal(lookup_page(s->call, &handle, &n, NULL), 0);
	assert_int_equal(service_figures()->lookups, 1);
	on_mapper(s, tick, 59 * SP_SECOND);
	assert_int_equal(service_figures()->lookups, 1);
	on_mapper(s, tick, 61 * SP_SECOND);
	assert_int_equal(service_figures()->lookups, 0);
	assert_int_not_equal(lookup_page(s->call, &handle, &n, &err), 0);
	assert_int_equal(err.fault_status, NCA_S_FAULT_CONTEXT_MISMATCH);
	session_close(&session);
}

static void
what_nobody_listens_on_cannot_be_registered(void **state)
{
	struct stand *s = *state;
	struct session session = session_open(s);
	unsigned before = atomic_load(&n_warnings);
	ept_entry_t *entries = entries_make(1, 77, 1);
	struct sp_error err = {0};
	uint32_t status;

	on_mapper(s, set_foreign_endpoints, false);
	assert_int_equal(
		epm_ept_insert(session.call, 1, entries, 0, &status, &err), ERROR_ACCESS_DENIED);
	assert_int_equal(atomic_load(&n_warnings), before + 1);
	on_mapper(s, set_foreign_endpoints, true);
	assert_int_equal(epm_ept_insert(session.call, 1, entries, 0, &status, NULL), 0);
	assert_int_equal(status, 0);
	entries_free(entries, 1);
	session_close(&session);
}

static void
what_one_listens_on_can_be_registered(void **state)
{
	struct stand *s = *state;
	struct tower found = {0};
	sp_server *server;

	on_mapper(s, set_foreign_endpoints, false);
	server = server_start(s);
	wait_for_status(s, 0, &found);
	sp_server_free(server);
}

#define STAND_TEST(f) cmocka_unit_test_setup_teardown(f, stand_up, stand_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAND_TEST(the_mapper_finds_itself_and_its_local_endpoint),
		STAND_TEST(a_server_is_found_at_the_address_dialled_and_goes_with_its_session),
		STAND_TEST(a_server_of_many_objects_is_registered_whole),
		STAND_TEST(a_client_without_an_endpoint_gets_there),
		STAND_TEST(servers_come_back_after_the_mapper),
		STAND_TEST(nobody_registers_over_tcp),
		STAND_TEST(a_lookup_pages_through_what_was_there_when_it_began),
		STAND_TEST(a_handle_that_was_freed_is_a_fault_and_the_next_call_is_served),
		STAND_TEST(inquiries_are_answered_by_their_kind),
		STAND_TEST(deleting_takes_back_only_what_is_ones_own),
		STAND_TEST(the_mapper_names_itself_and_keeps_its_name),
		STAND_TEST(an_administrator_removes_an_entry_of_another_session),
		STAND_TEST(an_operation_that_the_mapper_has_not_is_out_of_range),
		STAND_TEST(forgotten_lookups_cost_only_their_own_group),
		STAND_TEST(a_lookup_that_rests_too_long_is_given_up),
		STAND_TEST(what_nobody_listens_on_cannot_be_registered),
		STAND_TEST(what_one_listens_on_can_be_registered),
		STAND_TEST(an_invalid_tower_is_refused_as_an_entry_and_as_a_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
