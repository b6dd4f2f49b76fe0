/* SPDX-License-Identifier: MIT */
/* Context handles on a server: who may use them, one call at a time, and their rundown. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "rpc/trial.h"

enum {
	DESK_OPEN,
	DESK_USE,
	DESK_LOOK,
	DESK_CLOSE,
	DESK_KEEP,
	DESK_POOR_OPEN,
	DESK_POOR_CLOSE,
	DESK_N
};

struct desk_args {
	struct sp_context_handle handle;
	uint32_t value;
};

struct desk { /* what a handle stands for */
	atomic_int alone, together;
	bool closed;
};

static atomic_uint opens, closes, rundowns, ran, overlaps;
static atomic_uint most_together;

#define KEPT 8
static sp_call *_Atomic kept[KEPT];
static atomic_uint n_kept;

static void
desk_push(struct sp_push *p, const void *v)
{
	const struct desk_args *a = v;

	sp_push_context(p, &a->handle, 0);
	sp_push_u32(p, a->value);
}

static void
desk_pull(struct sp_pull *p, void *v)
{
	struct desk_args *a = v;

	sp_pull_context(p, &a->handle, 0, true);
	a->value = sp_pull_u32(p);
}

static void
desk_pull_shared(struct sp_pull *p, void *v)
{
	struct desk_args *a = v;

	sp_pull_context_shared(p, &a->handle, 0, false);
	a->value = sp_pull_u32(p);
}

static sp_status
open_invoke(sp_call *call, const void *handlers, void *v)
{
	((struct desk_args *)v)->handle.user = calloc(1, sizeof(struct desk));
	atomic_fetch_add(&opens, 1);
	return 0;
}

/* Works at the desk for `value` microseconds. */
static sp_status
use_invoke(sp_call *call, const void *handlers, void *v)
{
	struct desk_args *a = v;
	struct desk *d = a->handle.user;

	mem_fail_nth(0);
	if (!d)
		return NCA_S_FAULT_CONTEXT_MISMATCH;
	atomic_fetch_add(&ran, 1);
	if (atomic_fetch_add(&d->alone, 1) || atomic_load(&d->together))
		atomic_fetch_add(&overlaps, 1);
	if (a->value)
		usleep(a->value);
	atomic_fetch_sub(&d->alone, 1);
	return 0;
}

/* Waits until `value` of its kind are there. */
static sp_status
look_invoke(sp_call *call, const void *handlers, void *v)
{
	struct desk_args *a = v;
	struct desk *d = a->handle.user;
	sp_nanos until = time_now() + TRIAL_PATIENCE;

	atomic_fetch_add(&d->together, 1);
	if (atomic_load(&d->alone))
		atomic_fetch_add(&overlaps, 1);
	while ((unsigned)atomic_load(&d->together) < a->value && time_now() < until)
		usleep(100);
	if ((unsigned)atomic_load(&d->together) >= a->value)
		atomic_store(&most_together, a->value);
	usleep(1000);
	atomic_fetch_sub(&d->together, 1);
	return 0;
}

static sp_status
close_invoke(sp_call *call, const void *handlers, void *v)
{
	struct desk_args *a = v;
	struct desk *d = a->handle.user;

	if (atomic_load(&d->alone) || atomic_load(&d->together))
		atomic_fetch_add(&overlaps, 1);
	free(d);
	a->handle.user = NULL;
	atomic_fetch_add(&closes, 1);
	return 0;
}

/* Stays at the desk until the test completes it. */
static sp_status
keep_invoke(sp_call *call, const void *handlers, void *v)
{
	atomic_fetch_add(&ran, 1);
	sp_call_defer(call);
	atomic_store(&kept[((struct desk_args *)v)->value], call);
	atomic_fetch_add(&n_kept, 1);
	return 0;
}

/* From here on the value-th piece of memory is not to be had. */
static sp_status
poor_open_invoke(sp_call *call, const void *handlers, void *v)
{
	sp_status status = open_invoke(call, handlers, v);

	mem_fail_nth(((struct desk_args *)v)->value);
	return status;
}

static sp_status
poor_close_invoke(sp_call *call, const void *handlers, void *v)
{
	sp_status status = close_invoke(call, handlers, v);

	mem_fail_nth(((struct desk_args *)v)->value);
	return status;
}

static void
desk_rundown(const void *handlers, void *user)
{
	struct desk *d = user;

	if (atomic_load(&d->alone) || atomic_load(&d->together))
		atomic_fetch_add(&overlaps, 1);
	free(d);
	atomic_fetch_add(&rundowns, 1);
}

#define DESK desk_push, desk_pull, desk_push, desk_pull
#define DESK_SHARED desk_push, desk_pull_shared, desk_push, desk_pull

static const struct sp_operation operations[DESK_N] = {
	[DESK_OPEN] = {"open", sizeof(struct desk_args), 0, DESK, open_invoke, NULL, 0},
	[DESK_USE] = {"use", sizeof(struct desk_args), 0, DESK, use_invoke, NULL, 0},
	[DESK_LOOK] = {"look", sizeof(struct desk_args), 0, DESK_SHARED, look_invoke, NULL, 0},
	[DESK_CLOSE] = {"close", sizeof(struct desk_args), 0, DESK, close_invoke, NULL, 0},
	[DESK_POOR_OPEN] = {"poor_open", sizeof(struct desk_args), 0, DESK, poor_open_invoke, NULL,
		0},
	[DESK_POOR_CLOSE] = {"poor_close", sizeof(struct desk_args), 0, DESK, poor_close_invoke,
		NULL, 0},
	[DESK_KEEP] = {"keep", sizeof(struct desk_args), 0, DESK, keep_invoke, NULL, 0},
};

static const struct sp_context_type desks[] = {{"desk", desk_rundown, false}},
				    strict_desks[] = {{"desk", desk_rundown, true}},
				    tables[] = {{"table", desk_rundown, false}};

#define OFFICE(n, types)                                                                           \
	{                                                                                          \
		.abi = SP_STUB_ABI, .name = "office",                                              \
		.id = {{0x7e57ab1e, 0x4321, 0x1234, {0x80, n}, {1, 2, 3, 4, 5, 6}}, 1, 0},         \
		.n_operations = DESK_N, .n_contexts = 1, .operations = operations,                 \
		.contexts = types,                                                                 \
	}

static const struct sp_interface office = OFFICE(0x10, desks), branch = OFFICE(0x11, desks),
				 strict = OFFICE(0x12, strict_desks), other = OFFICE(0x13, tables);

struct house {
	sp_server *server;
	char tcp[64];
};

static void
house_up(struct house *h, bool on_workers, unsigned n_threads)
{
	const struct sp_interface *all[] = {&office, &branch, &strict, &other};
	struct sp_server_options options = {.no_mapper = true, .on_workers = on_workers};
	struct sp_error err;

	opens = closes = rundowns = ran = overlaps = most_together = n_kept = 0;
	assert_int_equal(sp_server_new(&options, &h->server, &err), 0);
	assert_int_equal(
		sp_server_use_protseq(h->server, "ncacn_ip_tcp", NULL, "127.0.0.1", &err), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(sp_server_register(h->server, all[i], NULL, NULL, &err), 0);
	assert_int_equal(sp_server_start(h->server, n_threads, &err), 0);
	snprintf(h->tcp, sizeof(h->tcp), "%s", sp_server_binding(h->server, 0));
}

static void
house_down(struct house *h)
{
	sp_server_free(h->server);
	assert_int_equal(overlaps, 0);
	assert_int_equal(opens, closes + rundowns);
}

/* A call of its own over each connection, all of one group. */
static sp_client *
client_of(const struct house *h)
{
	const struct sp_client_options options = {.no_multiplexing = true,
		.max_connections = 6,
		.communication_timeout = 30 * SP_SECOND};

	return trial_client(h->tcp, &options);
}

static sp_status
ask(sp_client *client, const struct sp_interface *interface, unsigned opnum,
	struct sp_context_handle *handle, uint32_t *ret_fault)
{
	struct desk_args args = {.handle = *handle};
	sp_call *call = sp_call_new(client);
	struct sp_error err = {0};
	sp_status status = sp_call_invoke(call, interface, opnum, &args, &err);

	if (!status)
		*handle = args.handle;
	if (ret_fault)
		*ret_fault = err.fault_status;
	sp_call_free(call);
	return status;
}

struct visit {
	sp_call *call;
	struct desk_args args;
	bool ended;
	sp_status status;
	uint32_t fault;
};

static void
on_end(sp_call *call, sp_status status, const struct sp_error *error, void *arg)
{
	struct visit *v = arg;

	v->ended = true;
	v->status = status;
	v->fault = error ? error->fault_status : 0;
}

static void
begin(struct visit *v, sp_client *client, unsigned opnum, const struct sp_context_handle *handle,
	uint32_t value)
{
	*v = (struct visit){.call = sp_call_new(client), .args = {*handle, value}};
	assert_int_equal(sp_call_start(v->call, &office, opnum, &v->args, on_end, v, NULL), 0);
}

static void
run(sp_client *client, struct visit *v)
{
	sp_nanos until = time_now() + TRIAL_PATIENCE;

	while (!v->ended && time_now() < until)
		trial_turn(client, 100);
	assert_true(v->ended);
	sp_call_free(v->call);
}

static void
await(sp_client *client, atomic_uint *counter, unsigned n)
{
	sp_nanos until = time_now() + TRIAL_PATIENCE;

	while (atomic_load(counter) < n && time_now() < until) {
		if (client)
			trial_turn(client, 1);
		else
			usleep(500);
	}
	assert_int_equal(atomic_load(counter), n);
}

/* --- who may use a handle --- */

static void
handle_is_good_for_its_type_and_where_nobody_is_strict(void **state)
{
	struct sp_context_handle handle = {0}, strange = {0};
	uint32_t fault;
	struct house h;

	house_up(&h, false, 2);
	sp_client *client = client_of(&h), *stranger = client_of(&h);
	assert_int_equal(ask(client, &office, DESK_OPEN, &handle, NULL), 0);
	assert_int_equal(ask(client, &office, DESK_USE, &handle, NULL), 0);
	assert_int_equal(ask(client, &branch, DESK_USE, &handle, NULL), 0);
	assert_int_equal(
		ask(client, &strict, DESK_USE, &handle, &fault), RPC_X_SS_CONTEXT_MISMATCH);
	assert_int_equal(fault, NCA_S_FAULT_CONTEXT_MISMATCH);
	/* another type would be taken for what it is not */
	assert_int_equal(ask(client, &other, DESK_USE, &handle, &fault), RPC_X_SS_CONTEXT_MISMATCH);
	assert_int_equal(
		ask(stranger, &office, DESK_USE, &handle, &fault), RPC_X_SS_CONTEXT_MISMATCH);

	assert_int_equal(ask(client, &strict, DESK_OPEN, &strange, NULL), 0);
	assert_int_equal(ask(client, &strict, DESK_USE, &strange, NULL), 0);
	assert_int_equal(
		ask(client, &office, DESK_USE, &strange, &fault), RPC_X_SS_CONTEXT_MISMATCH);
	assert_int_equal(fault, NCA_S_FAULT_CONTEXT_MISMATCH);
	/* closed by the other interface, it is gone for both */
	assert_int_equal(ask(client, &branch, DESK_CLOSE, &handle, NULL), 0);
	assert_true(sp_uuid_is_nil(&handle.uuid));
	sp_client_free(stranger);
	sp_client_free(client);
	await(NULL, &rundowns, 1);
	house_down(&h);
}

/* A raw bind from an address of this host: the ptype of the answer, and the group in it. */
static uint8_t
bind_from(const struct house *h, const char *from, uint32_t group_id, int *ret_fd,
	uint32_t *ret_group)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	struct line none = {0};
	struct pdu_header header = line_header(&none, PTYPE_BIND, 3, 1);
	struct bind_fixed fixed = {5840, 5840, group_id, 1};
	struct bind_context context = {
		.n_transfers = 1, .abstract = office.id, .put_transfers = &SYNTAX_NDR};
	uint8_t room[512];
	struct wire_out out;

	*ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	a.sin_addr.s_addr = inet_addr(from);
	assert_int_equal(bind(*ret_fd, (struct sockaddr *)&a, sizeof(a)), 0);
	a.sin_addr.s_addr = inet_addr("127.0.0.1");
	a.sin_port = htons((uint16_t)atoi(strchr(h->tcp, '[') + 1));
	assert_int_equal(connect(*ret_fd, (struct sockaddr *)&a, sizeof(a)), 0);
	wire_out_init(&out, room, sizeof(room));
	assert_true(bind_put(&out, &header, &fixed, &context));
	assert_int_equal(write(*ret_fd, room, wire_out_offset(&out)), wire_out_offset(&out));
	assert_true(read(*ret_fd, room, sizeof(room)) >= 24);
	*ret_group = sp_load_u32(room + 20, false);
	return room[2];
}

/* [MS-RPCE] 3.3.1.5.7 */
static void
group_is_joined_from_its_own_machine_only(void **state)
{
	uint32_t group, joined;
	struct house h;
	int fd[3];

	house_up(&h, false, 2);
	assert_int_equal(bind_from(&h, "127.0.0.2", 0, &fd[0], &group), PTYPE_BIND_ACK);
	assert_int_equal(bind_from(&h, "127.0.0.3", group, &fd[1], &joined), PTYPE_BIND_NAK);
	assert_int_equal(bind_from(&h, "127.0.0.2", group, &fd[2], &joined), PTYPE_BIND_ACK);
	assert_int_equal(joined, group);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	house_down(&h);
}

/* --- one at a time --- */

static void
calls_on_a_handle_run_one_after_the_other(void **state)
{
	for (int on_workers = 0; on_workers < 2; on_workers++) {
		struct sp_context_handle handle = {0};
		struct visit v[24];
		struct house h;

		house_up(&h, on_workers, 3);
		sp_client *client = client_of(&h);
		assert_int_equal(ask(client, &office, DESK_OPEN, &handle, NULL), 0);
		for (unsigned i = 0; i < 24; i++)
			begin(&v[i], client, DESK_USE, &handle, 500);
		for (unsigned i = 0; i < 24; i++) {
			run(client, &v[i]);
			assert_int_equal(v[i].status, 0);
		}
		assert_true(sp_client_n_connections(client) > 1);
		assert_int_equal(ran, 24);
		assert_int_equal(ask(client, &office, DESK_CLOSE, &handle, NULL), 0);
		sp_client_free(client);
		house_down(&h);
	}
}

static void
calls_that_share_a_handle_run_together(void **state)
{
	struct sp_context_handle handle = {0};
	struct visit v[6];
	struct house h;

	house_up(&h, true, 2);
	sp_client *client = client_of(&h);
	assert_int_equal(ask(client, &office, DESK_OPEN, &handle, NULL), 0);
	for (unsigned i = 0; i < 6; i++)
		begin(&v[i], client, i < 4 ? DESK_LOOK : DESK_USE, &handle, i < 4 ? 3 : 500);
	for (unsigned i = 0; i < 6; i++) {
		run(client, &v[i]);
		assert_int_equal(v[i].status, 0);
	}
	assert_int_equal(most_together, 3);
	sp_client_free(client);
	await(NULL, &rundowns, 1);
	house_down(&h);
}

static void
call_that_waited_for_a_handle_that_was_closed_faults(void **state)
{
	struct sp_context_handle handle = {0};
	struct visit v[3];
	struct house h;

	house_up(&h, false, 2);
	sp_client *client = client_of(&h);
	assert_int_equal(ask(client, &office, DESK_OPEN, &handle, NULL), 0);
	begin(&v[0], client, DESK_KEEP, &handle, 0);
	await(client, &n_kept, 1);
	begin(&v[1], client, DESK_CLOSE, &handle, 0);
	for (int i = 0; i < 20; i++)
		trial_turn(client, 5);
	begin(&v[2], client, DESK_USE, &handle, 0);
	for (int i = 0; i < 20; i++)
		trial_turn(client, 5);
	assert_int_equal(closes, 0);
	sp_call_complete(kept[0], 0);
	for (int i = 0; i < 3; i++)
		run(client, &v[i]);
	assert_int_equal(v[0].status, 0);
	assert_int_equal(v[1].status, 0);
	assert_int_equal(v[2].status, RPC_X_SS_CONTEXT_MISMATCH);
	assert_int_equal(ran, 1);
	sp_client_free(client);
	house_down(&h);
}

/* --- rundown --- */

static void
handle_is_run_down_once_and_after_the_call_that_uses_it(void **state)
{
	struct sp_context_handle handle = {0};
	struct visit v[2];
	struct house h;

	house_up(&h, false, 2);
	sp_client *client = client_of(&h);
	assert_int_equal(ask(client, &office, DESK_OPEN, &handle, NULL), 0);
	begin(&v[0], client, DESK_KEEP, &handle, 0);
	await(client, &n_kept, 1);
	begin(&v[1], client, DESK_KEEP, &handle, 1); /* waits on another connection */
	for (int i = 0; i < 20; i++)
		trial_turn(client, 5);
	assert_int_equal(sp_client_n_connections(client), 2);
	sp_call_free(v[0].call);
	sp_call_free(v[1].call);
	sp_client_free(client);
	while (!sp_call_is_orphaned(kept[0]))
		usleep(500);
	usleep(20000);
	assert_int_equal(rundowns, 0);
	sp_call_complete(kept[0], 0);
	await(NULL, &rundowns, 1);
	assert_int_equal(ran, 1); /* the one that waited never ran */
	house_down(&h);
	assert_int_equal(rundowns, 1);
}

static sp_status
ask_poor(sp_client *client, unsigned opnum, uint32_t nth, struct sp_context_handle *handle)
{
	struct desk_args args = {.handle = *handle, .value = nth};
	sp_call *call = sp_call_new(client);
	sp_status status = sp_call_invoke(call, &office, opnum, &args, NULL);

	if (!status)
		*handle = args.handle;
	sp_call_free(call);
	return status;
}

/* What is made though the answer fails is run down; what was ended is not, and not found any more. */
static void
lack_of_memory_neither_loses_nor_doubles_a_rundown(void **state)
{
	unsigned lost = 0, n;
	struct house h;

	house_up(&h, false, 1);
	for (n = 1; n <= 12; n++) {
		struct sp_context_handle handle = {0}, again;
		sp_client *client = client_of(&h);

		lost += ask_poor(client, DESK_POOR_OPEN, n, &handle) != 0;
		ask_poor(client, DESK_USE, 0, &(struct sp_context_handle){0});
		if (!sp_uuid_is_nil(&handle.uuid)) {
			again = handle;
			lost += ask_poor(client, DESK_POOR_CLOSE, n, &handle) != 0;
			assert_int_not_equal(ask_poor(client, DESK_USE, 0, &again), 0);
		}
		sp_client_free(client);
	}
	for (sp_nanos until = time_now() + TRIAL_PATIENCE;
		opens != closes + rundowns && time_now() < until;)
		usleep(500);
	assert_true(lost >= 2);
	assert_true(closes > 0 && rundowns > 0);
	house_down(&h);
}

static void
stop_runs_down_what_is_open(void **state)
{
	struct sp_context_handle handle[3] = {0};
	struct house h;

	house_up(&h, false, 2);
	sp_client *client = client_of(&h);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(client, &office, DESK_OPEN, &handle[i], NULL), 0);
	sp_server_stop(h.server);
	assert_int_equal(rundowns, 3);
	sp_client_free(client);
	house_down(&h);
	assert_int_equal(rundowns, 3);
}

/* --- many of all that at once --- */

#define CLIENTS 3
#define HANDLES 4
#define VISITS 16

struct crowd {
	sp_client *client;
	struct sp_context_handle handles[HANDLES];
	struct visit visits[VISITS];
	unsigned seed, good, mismatches;
};

static unsigned
draw(struct crowd *c, unsigned n)
{
	c->seed = c->seed * 1103515245 + 12345;
	return c->seed / 65536 % n;
}

static void
crowd_visit(struct crowd *c, struct visit *v)
{
	unsigned i = draw(c, HANDLES), what = draw(c, 40);

	if (v->call && !v->ended) {
		if (what > 0)
			return;
		sp_call_free(v->call); /* gives it up */
		v->call = NULL;
		return;
	}
	if (v->call) {
		c->good += !v->status;
		c->mismatches += v->status == RPC_X_SS_CONTEXT_MISMATCH;
		assert_true(!v->status || v->status == RPC_X_SS_CONTEXT_MISMATCH ||
			    v->status == RPC_S_CALL_CANCELLED);
		sp_call_free(v->call);
	}
	if (sp_uuid_is_nil(&c->handles[i].uuid)) {
		v->call = NULL;
		assert_int_equal(ask(c->client, &office, DESK_OPEN, &c->handles[i], NULL), 0);
		return;
	}
	begin(v, c->client,
		what == 1       ? DESK_CLOSE
		: what % 3 == 0 ? DESK_LOOK
				: DESK_USE,
		&c->handles[i], what % 3 ? draw(c, 200) : 1);
	if (what == 1)
		c->handles[i] = (struct sp_context_handle){0};
}

static void *
crowd_main(void *arg)
{
	struct crowd *c = arg;
	sp_nanos until = time_now() + SP_SECOND;

	while (time_now() < until) {
		crowd_visit(c, &c->visits[draw(c, VISITS)]);
		trial_turn(c->client, 0);
		if (draw(c, 400) == 0) {
			sp_client_disconnect(c->client);
			memset(c->handles, 0, sizeof(c->handles));
		}
	}
	for (unsigned i = 0; i < VISITS; i++)
		sp_call_free(c->visits[i].call);
	sp_client_free(c->client);
	return NULL;
}

static void
crowd_of_clients_never_meets_at_a_desk(void **state)
{
	static struct crowd crowd[CLIENTS];
	pthread_t threads[CLIENTS];
	unsigned good = 0;
	struct house h;

	house_up(&h, true, 3);
	for (unsigned i = 0; i < CLIENTS; i++) {
		crowd[i] = (struct crowd){.client = client_of(&h), .seed = i};
		pthread_create(&threads[i], NULL, crowd_main, &crowd[i]);
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		pthread_join(threads[i], NULL);
		good += crowd[i].good;
	}
	house_down(&h);
	print_message(
		"%u calls, %u opened, %u closed, %u run down\n", good, opens, closes, rundowns);
	assert_true(good > 100 && closes > 0 && rundowns > 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handle_is_good_for_its_type_and_where_nobody_is_strict),
		cmocka_unit_test(group_is_joined_from_its_own_machine_only),
		cmocka_unit_test(calls_on_a_handle_run_one_after_the_other),
		cmocka_unit_test(calls_that_share_a_handle_run_together),
		cmocka_unit_test(call_that_waited_for_a_handle_that_was_closed_faults),
		cmocka_unit_test(handle_is_run_down_once_and_after_the_call_that_uses_it),
		cmocka_unit_test(lack_of_memory_neither_loses_nor_doubles_a_rundown),
		cmocka_unit_test(stop_runs_down_what_is_open),
		cmocka_unit_test(crowd_of_clients_never_meets_at_a_desk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
