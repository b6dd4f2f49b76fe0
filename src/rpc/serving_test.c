/* SPDX-License-Identifier: MIT */
/* How handlers run: on the loop, on workers, answered later from anywhere, cancelled and given up meanwhile. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "rpc/server.h"
#include "rpc/trial.h"

enum {
	STAGE_THREAD,
	STAGE_KEEP,
	STAGE_BLOCK,
	STAGE_NOTICE,
	STAGE_WATCH,
	STAGE_SPIN,
	STAGE_COUNT,
	STAGE_PROBES,
	STAGE_N
};

#define KEPT 64

/* What the handlers do and saw; one test at a time. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	sp_call *kept[KEPT];
	unsigned n_kept, n_blocked, n_noticed;
	bool released;
	atomic_bool notice_orphaned;
} stage = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void
stage_change(unsigned *counter)
{
	pthread_mutex_lock(&stage.lock);
	++*counter;
	pthread_cond_broadcast(&stage.changed);
	pthread_mutex_unlock(&stage.lock);
}

static unsigned
stage_read(const unsigned *counter)
{
	unsigned n;

	pthread_mutex_lock(&stage.lock);
	n = *counter;
	pthread_mutex_unlock(&stage.lock);
	return n;
}

/* The client goes on meanwhile. */
static void
stage_await(sp_client *client, const unsigned *counter, unsigned n)
{
	sp_nanos until = time_now() + TRIAL_PATIENCE;

	while (stage_read(counter) < n) {
		if (time_now() > until)
			fail_msg("%u of %u came", stage_read(counter), n);
		if (client)
			trial_turn(client, 1);
		else
			usleep(500);
	}
}

static void
stage_release(bool released)
{
	pthread_mutex_lock(&stage.lock);
	stage.released = released;
	pthread_cond_broadcast(&stage.changed);
	pthread_mutex_unlock(&stage.lock);
}

static _Thread_local char this_thread;

/* Which thread it is, as a number. */
static sp_status
thread_invoke(sp_call *call, const void *handlers, void *v)
{
	((struct trial_args *)v)->value = (uint32_t)((uintptr_t)&this_thread >> 4);
	return 0;
}

static sp_status
keep_invoke(sp_call *call, const void *handlers, void *v)
{
	sp_call_defer(call);
	pthread_mutex_lock(&stage.lock);
	stage.kept[((struct trial_args *)v)->value] = call;
	stage.n_kept++;
	pthread_cond_broadcast(&stage.changed);
	pthread_mutex_unlock(&stage.lock);
	return NCA_S_PROTO_ERROR; /* ignored */
}

static sp_status
block_invoke(sp_call *call, const void *handlers, void *v)
{
	pthread_mutex_lock(&stage.lock);
	stage.n_blocked++;
	pthread_cond_broadcast(&stage.changed);
	while (!stage.released)
		pthread_cond_wait(&stage.changed, &stage.lock);
	pthread_mutex_unlock(&stage.lock);
	((struct trial_args *)v)->value++;
	return 0;
}

/* Runs until the client wants no more. */
static sp_status
notice_invoke(sp_call *call, const void *handlers, void *v)
{
	sp_nanos until = time_now() + TRIAL_PATIENCE;

	stage_change(&stage.n_blocked);
	while (!sp_call_is_cancelled(call) && time_now() < until)
		usleep(500);
	if (sp_call_is_cancelled(call)) {
		stage.notice_orphaned = sp_call_is_orphaned(call);
		stage_change(&stage.n_noticed);
	}
	return NCA_S_FAULT_CANCEL;
}

static void
on_wish(sp_call *call, void *arg)
{
	stage.notice_orphaned = sp_call_is_orphaned(call);
	((struct trial_args *)sp_call_args(call))->value = *(uint32_t *)arg;
	sp_call_complete(call, 0);
	stage_change(&stage.n_noticed);
}

static sp_status
watch_invoke(sp_call *call, const void *handlers, void *v)
{
	static uint32_t answer = 4711;

	sp_call_defer(call);
	if (!sp_call_on_cancel(call, on_wish, &answer))
		sp_call_complete(call, NCA_S_FAULT_CANCEL);
	stage_change(&stage.n_blocked);
	return 0;
}

static atomic_uint spun;

/* Work of 100 microseconds. */
static sp_status
spin_invoke(sp_call *call, const void *handlers, void *v)
{
	sp_nanos until = time_now() + 100 * SP_MICROSECOND;

	while (time_now() < until)
		;
	atomic_fetch_add(&spun, 1);
	return 0;
}

/* How much of it was done between the number that the client saw when it began, and now. */
static sp_status
count_invoke(sp_call *call, const void *handlers, void *v)
{
	struct trial_args *a = v;

	a->value = atomic_load(&spun) - a->value;
	return 0;
}

/* The server's end of the connection: 0 without keep-alive, or after how many seconds of silence. */
static sp_status
probes_invoke(sp_call *call, const void *handlers, void *v)
{
	int fd = call->connection->link.fd, on = 0, idle = 0;
	socklen_t len = sizeof(int);

	getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &len);
	getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, &len);
	((struct trial_args *)v)->value = on ? (uint32_t)idle : 0;
	return 0;
}

static const struct sp_operation operations[STAGE_N] = {
	[STAGE_THREAD] = {"thread", sizeof(struct trial_args), 0, TRIAL_BOTH, thread_invoke, NULL,
		0},
	[STAGE_KEEP] = {"keep", sizeof(struct trial_args), 0, TRIAL_BOTH, keep_invoke, NULL, 0},
	[STAGE_BLOCK] = {"block", sizeof(struct trial_args), 0, TRIAL_BOTH, block_invoke, NULL, 0},
	[STAGE_NOTICE] = {"notice", sizeof(struct trial_args), 0, TRIAL_BOTH, notice_invoke, NULL,
		0},
	[STAGE_WATCH] = {"watch", sizeof(struct trial_args), 0, TRIAL_BOTH, watch_invoke, NULL, 0},
	[STAGE_SPIN] = {"spin", sizeof(struct trial_args), 0, TRIAL_BOTH, spin_invoke, NULL, 0},
	[STAGE_PROBES] = {"probes", sizeof(struct trial_args), 0, TRIAL_BOTH, probes_invoke, NULL,
		0},
	[STAGE_COUNT] = {"count", sizeof(struct trial_args), 0, TRIAL_BOTH, count_invoke, NULL, 0},
};

static const struct sp_interface stage_interface = {
	.abi = SP_STUB_ABI,
	.name = "stage",
	.id = {{0x7e57ab1e, 0x4321, 0x1234, {0x80, 0x03}, {1, 2, 3, 4, 5, 6}}, 1, 0},
	.n_operations = STAGE_N,
	.operations = operations,
};

struct house {
	sp_server *server;
	char tcp[64];
};

static void
house_up(
	struct house *h, const struct sp_server_options *given, bool on_workers, unsigned n_threads)
{
	struct sp_server_options options = given ? *given : (struct sp_server_options){0};
	struct sp_interface_options how = {.on_workers = on_workers};
	struct sp_error err;

	memset(stage.kept, 0, sizeof(stage.kept));
	stage.n_kept = stage.n_blocked = stage.n_noticed = 0;
	stage.released = false;
	atomic_store(&stage.notice_orphaned, false);
	options.no_mapper = true;
	assert_int_equal(sp_server_new(&options, &h->server, &err), 0);
	assert_int_equal(
		sp_server_use_protseq(h->server, "ncacn_ip_tcp", NULL, "127.0.0.1", &err), 0);
	assert_int_equal(sp_server_register(h->server, &stage_interface, NULL, &how, &err), 0);
	assert_int_equal(sp_server_start(h->server, n_threads, &err), 0);
	snprintf(h->tcp, sizeof(h->tcp), "%s", sp_server_binding(h->server, 0));
}

static sp_status
ask(sp_client *client, unsigned opnum, uint32_t *value)
{
	struct trial_args args = {.value = *value};
	sp_call *call = sp_call_new(client);
	sp_status status = sp_call_invoke(call, &stage_interface, opnum, &args, NULL);

	*value = args.value;
	sp_call_free(call);
	return status;
}

static void
begin(struct trial_call *t, sp_client *client, unsigned opnum, uint32_t value)
{
	memset(t, 0, sizeof(*t));
	t->call = sp_call_new(client);
	t->args = (struct trial_args){.value = value};
	assert_int_equal(
		sp_call_start(t->call, &stage_interface, opnum, &t->args, trial_done, t, NULL), 0);
	trial_turn(client, 0);
}

/* --- workers --- */

static void
handlers_run_on_loops_or_on_workers_as_is_asked_for(void **state)
{
	struct house h;

	for (int on_workers = 0; on_workers < 2; on_workers++) {
		uint32_t seen[20], others = 0;

		house_up(&h, NULL, on_workers, 1);
		sp_client *client = trial_client(h.tcp, NULL);
		struct trial_call blocked[3];

		/* with one loop and eight workers, calls beside blocked ones are on other threads */
		for (int i = 0; on_workers && i < 3; i++)
			begin(&blocked[i], client, STAGE_BLOCK, 7);
		if (on_workers)
			stage_await(client, &stage.n_blocked, 3);
		for (int i = 0; i < 20; i++) {
			assert_int_equal(ask(client, STAGE_THREAD, &seen[i]), 0);
			others += seen[i] != seen[0];
		}
		if (!on_workers)
			assert_int_equal(others, 0);
		stage_release(true);
		for (int i = 0; on_workers && i < 3; i++) {
			trial_run(client, &blocked[i]);
			assert_int_equal(blocked[i].status, 0);
			assert_int_equal(blocked[i].args.value, 8);
			sp_call_free(blocked[i].call);
		}
		sp_client_free(client);
		sp_server_free(h.server);
	}
}

static void
every_worker_may_block_and_the_loop_still_answers(void **state)
{
	struct sp_server_options options = {.n_workers = 2};
	struct sp_error err;
	struct trial_call t[5];
	struct house h;

	house_up(&h, &options, true, 1);
	sp_client *client = trial_client(h.tcp, NULL);
	for (int i = 0; i < 5; i++)
		begin(&t[i], client, STAGE_BLOCK, (uint32_t)i);
	stage_await(client, &stage.n_blocked, 2);
	/* a bind is the loop's business */
	sp_client *other = trial_client(h.tcp, NULL);
	assert_int_equal(sp_client_bind(other, &stage_interface.id, &err), 0);
	usleep(20000);
	assert_int_equal(stage_read(&stage.n_blocked), 2); /* no more workers than were asked for */
	stage_release(true);
	for (int i = 0; i < 5; i++) {
		trial_run(client, &t[i]);
		assert_int_equal(t[i].args.value, i + 1);
		sp_call_free(t[i].call);
	}
	sp_client_free(other);
	sp_client_free(client);
	sp_server_free(h.server);
}

/* --- deferred --- */

static void
kept_calls_are_answered_in_any_order_from_any_thread(void **state)
{
	struct trial_call t[KEPT];
	struct house h;

	for (int on_workers = 0; on_workers < 2; on_workers++) {
		house_up(&h, NULL, on_workers, 1);
		sp_client *client = trial_client(h.tcp, NULL);

		for (unsigned i = 0; i < KEPT; i++)
			begin(&t[i], client, STAGE_KEEP, i);
		stage_await(client, &stage.n_kept, KEPT);
		for (unsigned i = KEPT; i-- > 0;) {
			((struct trial_args *)sp_call_args(stage.kept[i]))->value = 1000 + i;
			sp_call_complete(stage.kept[i], i % 8 ? 0 : ERROR_ACCESS_DENIED);
			trial_run(client, &t[i]);
			assert_int_equal(t[i].status, i % 8 ? 0 : ERROR_ACCESS_DENIED);
			assert_int_equal(t[i].args.value, i % 8 ? 1000 + i : i);
			assert_true(i == 0 || !t[i - 1].ended);
			sp_call_free(t[i].call);
		}
		assert_int_equal(sp_client_n_connections(client), 1);
		sp_client_free(client);
		sp_server_free(h.server);
	}
}

/* [MS-RPCE] 3.3.3.5.1 */
static void
status_that_no_server_may_send_becomes_a_general_fault(void **state)
{
	static const struct {
		uint32_t given, seen;
	} cases[] = {{0xc0000005, NCA_S_FAULT_UNSPEC}, {0x80000003, NCA_S_FAULT_UNSPEC},
		{0xc0000022, 0xc0000022}, {5, 5}};
	struct house h;

	house_up(&h, NULL, false, 1);
	sp_client *client = trial_client(h.tcp, NULL);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct trial_call t;

		begin(&t, client, STAGE_KEEP, 0);
		stage_await(client, &stage.n_kept, i + 1);
		sp_call_complete(stage.kept[0], cases[i].given);
		trial_run(client, &t);
		assert_int_equal(t.error.fault_status, cases[i].seen);
		sp_call_free(t.call);
	}
	sp_client_free(client);
	sp_server_free(h.server);
}

static void
calls_whose_client_has_gone_are_completed_in_peace(void **state)
{
	struct trial_call t[8];
	struct house h;

	house_up(&h, NULL, false, 2);
	sp_client *client = trial_client(h.tcp, NULL);
	for (unsigned i = 0; i < 8; i++)
		begin(&t[i], client, STAGE_KEEP, i);
	stage_await(client, &stage.n_kept, 8);
	for (unsigned i = 0; i < 8; i++)
		sp_call_free(t[i].call);
	sp_client_free(client);
	for (unsigned i = 0; i < 8; i++) {
		sp_nanos until = time_now() + TRIAL_PATIENCE;

		while (!sp_call_is_orphaned(stage.kept[i]) && time_now() < until)
			usleep(500);
		assert_true(sp_call_is_orphaned(stage.kept[i]));
		assert_true(sp_call_is_cancelled(stage.kept[i]));
		assert_false(sp_call_on_cancel(stage.kept[i], on_wish, NULL));
		sp_call_complete(stage.kept[i], i % 2 ? NCA_S_FAULT_CANCEL : 0);
	}
	sp_server_free(h.server); /* waits for their end */
}

/* The handler's thread and the one that completes race for the end, many times. */
static void
completing_before_the_handler_returns_is_fine(void **state)
{
	struct house h;

	house_up(&h, NULL, true, 1);
	sp_client *client = trial_client(h.tcp, NULL);
	for (unsigned i = 0; i < 300; i++) {
		struct trial_call t;

		begin(&t, client, STAGE_KEEP, i % KEPT);
		stage_await(client, &stage.n_kept, i + 1);
		sp_call_complete(stage.kept[i % KEPT], 0);
		trial_run(client, &t);
		assert_int_equal(t.status, 0);
		sp_call_free(t.call);
	}
	sp_client_free(client);
	sp_server_free(h.server);
}

/* --- cancelled --- */

static void
handler_on_a_worker_sees_cancel_and_orphan(void **state)
{
	for (int orphan = 0; orphan < 2; orphan++) {
		struct trial_call t;
		struct house h;

		house_up(&h, NULL, true, 1);
		sp_client *client = trial_client(h.tcp, NULL);
		begin(&t, client, STAGE_NOTICE, 0);
		stage_await(client, &stage.n_blocked, 1);
		if (orphan) {
			sp_call_free(t.call);
			trial_turn(client, 0);
		} else {
			sp_call_cancel(t.call);
			trial_run(client, &t);
			assert_int_equal(t.status, RPC_S_CALL_CANCELLED);
		}
		stage_await(client, &stage.n_noticed, 1);
		assert_int_equal(stage.notice_orphaned, orphan);
		if (!orphan)
			sp_call_free(t.call);
		/* the connection goes on in both cases */
		uint32_t value = 0;
		assert_int_equal(ask(client, STAGE_THREAD, &value), 0);
		assert_int_equal(sp_client_n_connections(client), 1);
		sp_client_free(client);
		sp_server_free(h.server);
	}
}

static void
watcher_of_a_call_completes_it_when_it_is_cancelled(void **state)
{
	struct trial_call t;
	struct house h;

	for (int on_workers = 0; on_workers < 2; on_workers++) {
		house_up(&h, NULL, on_workers, 1);
		sp_client *client = trial_client(h.tcp, NULL);
		begin(&t, client, STAGE_WATCH, 0);
		stage_await(client, &stage.n_blocked, 1);
		sp_call_cancel(t.call);
		trial_run(client, &t);
		assert_int_equal(t.status, 0);
		assert_int_equal(t.args.value, 4711);
		assert_false(stage.notice_orphaned);
		sp_call_free(t.call);

		begin(&t, client, STAGE_WATCH, 0);
		stage_await(client, &stage.n_blocked, 2);
		sp_call_free(t.call);
		sp_client_free(client);
		stage_await(NULL, &stage.n_noticed, 2);
		assert_true(stage.notice_orphaned);
		sp_server_free(h.server);
	}
}

/* Whoever completes a call races with the client that cancels it: the watcher runs before or not at all. */
struct racer {
	unsigned completed;
};

static void
on_late_wish(sp_call *call, void *arg)
{
	struct racer *r = arg;

	if (r->completed)
		stage.notice_orphaned = true; /* told too late */
	stage.n_noticed++;
}

static void
watcher_never_runs_after_the_completion(void **state)
{
	struct house h;

	house_up(&h, NULL, false, 1);
	sp_client *client = trial_client(h.tcp, NULL);
	for (unsigned i = 0; i < 200; i++) {
		struct racer racer = {0};
		struct trial_call t;
		sp_call *call;

		begin(&t, client, STAGE_KEEP, i % KEPT);
		stage_await(client, &stage.n_kept, i + 1);
		call = stage.kept[i % KEPT];
		assert_true(sp_call_on_cancel(call, on_late_wish, &racer));
		sp_call_cancel(t.call);
		trial_turn(client, 0);
		if (i % 4)
			usleep(i % 4 * 30);
		sp_call_complete(call, 0);
		racer.completed = 1;
		trial_run(client, &t);
		assert_int_equal(t.status, 0);
		sp_call_free(t.call);
	}
	assert_false(stage.notice_orphaned);
	sp_client_free(client);
	sp_server_free(h.server);
}

static void
stop_waits_for_workers_and_kept_calls(void **state)
{
	struct trial_call t[3];
	struct house h;

	house_up(&h, NULL, true, 2);
	sp_client *client = trial_client(h.tcp, NULL);
	begin(&t[0], client, STAGE_NOTICE, 0);
	begin(&t[1], client, STAGE_WATCH, 0);
	begin(&t[2], client, STAGE_NOTICE, 0);
	stage_await(client, &stage.n_blocked, 3);
	sp_server_stop(h.server); /* its end cancels: a server that waited first would hang here */
	assert_int_equal(stage.n_noticed, 3);
	for (int i = 0; i < 3; i++) {
		trial_run(client, &t[i]);
		assert_int_equal(t[i].status, RPC_S_CALL_FAILED);
		sp_call_free(t[i].call);
	}
	sp_client_free(client);
	sp_server_free(h.server);
}

/* --- the end in good order --- */

struct finishing {
	sp_server *server;
	sp_nanos limit;
	bool whole;
	atomic_bool over;
};

static void *
finish_main(void *arg)
{
	struct finishing *f = arg;

	f->whole = sp_server_finish(f->server, f->limit);
	atomic_store(&f->over, true);
	return NULL;
}

static void
finish_answers_what_is_under_way_and_takes_nothing_new(void **state)
{
	struct finishing f = {.limit = 20 * SP_SECOND};
	struct trial_call t, late;
	pthread_t thread;
	uint32_t value = 0;
	struct house h;

	house_up(&h, NULL, false, 3);
	sp_client *client = trial_client(h.tcp, NULL), *idle = trial_client(h.tcp, NULL);
	assert_int_equal(ask(idle, STAGE_THREAD, &value), 0);
	begin(&t, client, STAGE_KEEP, 0);
	stage_await(client, &stage.n_kept, 1);
	f.server = h.server;
	pthread_create(&thread, NULL, finish_main, &f);
	/* who has nothing under way is shut out: the connection is closed, and no new one is made */
	while (ask(idle, STAGE_THREAD, &value) != RPC_S_SERVER_UNAVAILABLE)
		usleep(1000);
	begin(&late, client, STAGE_THREAD, 0);
	trial_run(client, &late);
	assert_int_equal(late.status, RPC_S_SERVER_TOO_BUSY);
	assert_true(late.error.did_not_execute);
	assert_false(atomic_load(&f.over));
	((struct trial_args *)sp_call_args(stage.kept[0]))->value = 55;
	sp_call_complete(stage.kept[0], 0);
	trial_run(client, &t);
	assert_int_equal(t.status, 0);
	assert_int_equal(t.args.value, 55);
	pthread_join(thread, NULL);
	assert_true(f.whole);
	/* and it can be started again */
	assert_int_equal(sp_server_start(h.server, 1, NULL), 0);
	assert_int_equal(ask(idle, STAGE_THREAD, &value), 0);
	assert_true(sp_server_finish(h.server, SP_SECOND));
	sp_call_free(late.call);
	sp_call_free(t.call);
	sp_client_free(idle);
	sp_client_free(client);
	sp_server_free(h.server);
}

/* What does not end is cancelled at the limit, or when somebody else stops the server for good. */
static void
finish_has_a_limit_and_can_be_cut_short(void **state)
{
	for (int is_cut = 0; is_cut < 2; is_cut++) {
		struct finishing f = {.limit = is_cut ? 1000 * SP_SECOND : 50 * SP_MILLISECOND};
		sp_nanos began = time_now();
		struct trial_call t[2];
		pthread_t thread;
		struct house h;

		house_up(&h, NULL, true, 2);
		sp_client *client = trial_client(h.tcp, NULL);
		begin(&t[0], client, STAGE_WATCH, 0);
		begin(&t[1], client, STAGE_NOTICE, 0);
		stage_await(client, &stage.n_blocked, 2);
		f.server = h.server;
		pthread_create(&thread, NULL, finish_main, &f);
		if (is_cut) {
			usleep(20000);
			assert_int_equal(stage_read(&stage.n_noticed), 0);
			sp_server_stop(h.server);
		}
		pthread_join(thread, NULL);
		assert_false(f.whole);
		assert_int_equal(stage.n_noticed, 2);
		assert_true(stage.notice_orphaned);
		assert_true(time_now() - began >= 20 * SP_MILLISECOND);
		for (int i = 0; i < 2; i++) {
			trial_run(client, &t[i]);
			assert_int_equal(t[i].status, RPC_S_CALL_FAILED);
			sp_call_free(t[i].call);
		}
		sp_client_free(client);
		sp_server_free(h.server);
	}
}

static void *
stop_main(void *arg)
{
	usleep((unsigned)(uintptr_t)time_now() % 2000);
	sp_server_stop(arg);
	return NULL;
}

/* Whoever comes first: all of them return when it has ended, and nothing is touched afterwards. */
static void
finish_and_stop_from_many_threads_meet(void **state)
{
	uint32_t value = 0;
	struct sp_error err;
	struct house h;

	house_up(&h, NULL, true, 2);
	sp_client *client = trial_client(h.tcp, NULL);
	for (int i = 0; i < 30; i++) {
		struct finishing f[2];
		pthread_t threads[4];

		for (int k = 0; k < 2; k++)
			f[k] = (struct finishing){
				.server = h.server, .limit = i % 3 * SP_MILLISECOND};

		assert_int_equal(ask(client, STAGE_THREAD, &value), 0);
		for (int k = 0; k < 4; k++)
			pthread_create(&threads[k], NULL, k % 2 ? stop_main : finish_main,
				k % 2 ? (void *)h.server : &f[k / 2]);
		for (int k = 0; k < 4; k++)
			pthread_join(threads[k], NULL);
		assert_int_equal(sp_server_start(h.server, 2, &err), 0);
		sp_client_disconnect(
			client); /* right after an answer it would not look for an end */
	}
	sp_client_free(client);
	sp_server_free(h.server);
}

static void
silent_clients_are_probed_at_the_systems_level_or_as_asked(void **state)
{
	static const sp_nanos asked[] = {0, 7 * SP_SECOND, SP_NEVER};
	uint32_t seen[3] = {0};

	for (int i = 0; i < 3; i++) {
		struct sp_server_options options = {.keep_alive = asked[i]};
		struct house h;

		house_up(&h, &options, false, 1);
		sp_client *client = trial_client(h.tcp, NULL);
		assert_int_equal(ask(client, STAGE_PROBES, &seen[i]), 0);
		sp_client_free(client);
		sp_server_free(h.server);
	}
	assert_true(seen[0] >= 60); /* two hours where nobody has changed it */
	assert_int_equal(seen[1], 7);
	assert_int_equal(seen[2], 0);
}

static void
bindings_are_told_in_full_or_not_at_all(void **state)
{
	struct sp_bindings *bindings;
	struct sp_error err;
	sp_status status = RPC_S_OUT_OF_MEMORY;
	unsigned failed = 0;
	struct house h;

	house_up(&h, NULL, false, 1);
	for (uint64_t i = 1; status && i < 100; i++) {
		mem_fail_nth(i);
		status = sp_server_inq_bindings(h.server, &bindings, &err);
		mem_fail_nth(0);
		failed += status == RPC_S_OUT_OF_MEMORY;
	}
	assert_int_equal(status, 0);
	assert_true(failed >= 3);
	assert_int_equal(bindings->n, 1);
	assert_string_equal(bindings->at[0], h.tcp);
	sp_bindings_free(bindings);
	sp_bindings_free(NULL);
	sp_server_free(h.server);
}

static void
server_without_memory_for_workers_does_not_start(void **state)
{
	struct sp_server_options options = {.no_mapper = true, .on_workers = true};
	struct sp_error err;
	sp_server *server;
	sp_status status = RPC_S_OUT_OF_MEMORY;
	unsigned failed = 0;

	assert_int_equal(sp_server_new(&options, &server, &err), 0);
	assert_int_equal(sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "127.0.0.1", &err), 0);
	assert_int_equal(sp_server_register(server, &stage_interface, NULL, NULL, &err), 0);
	for (uint64_t i = 1; status && i < 100; i++) {
		mem_fail_nth(i);
		status = sp_server_start(server, 2, &err);
		mem_fail_nth(0);
		failed += status != 0;
	}
	assert_int_equal(status, 0);
	assert_true(failed > 3);
	sp_server_free(server);
}

/* What is over the number of calls under way stays in the pipe until one of them is answered. */
static void
connection_with_all_its_calls_under_way_is_not_read(void **state)
{
	struct sp_server_options options = {.max_calls = 3};
	struct trial_call t[10];
	struct house h;

	house_up(&h, &options, false, 1);
	sp_client *client = trial_client(h.tcp, NULL);
	for (unsigned i = 0; i < 10; i++)
		begin(&t[i], client, STAGE_KEEP, i);
	for (unsigned i = 0; i < 10; i++) {
		stage_await(client, &stage.n_kept, i + 3 < 10 ? i + 3 : 10);
		trial_turn(client, 5);
		assert_int_equal(stage_read(&stage.n_kept), i + 3 < 10 ? i + 3 : 10);
		sp_call_complete(stage.kept[i], 0);
		trial_run(client, &t[i]);
		assert_int_equal(t[i].status, 0);
		sp_call_free(t[i].call);
	}
	sp_client_free(client);
	sp_server_free(h.server);
}

/* --- one that floods, and a polite one on the same loop --- */

#define FLOOD 243 /* as many small requests as one read takes */

struct flood {
	struct house *house;
	atomic_bool over;
	unsigned long sent, received; /* bytes */
};

static size_t
flood_write(uint8_t *room, size_t cap, uint16_t opnum, unsigned n)
{
	struct line none = {0};
	struct pdu_header h = line_header(&none, PTYPE_BIND, 3 | PFC_CONC_MPX, 1);
	struct bind_fixed bind = {5840, 5840, 0, 1};
	struct bind_context context = {
		.n_transfers = 1, .abstract = stage_interface.id, .put_transfers = &SYNTAX_NDR};
	struct wire_out out;
	size_t len;

	if (n == 0) {
		wire_out_init(&out, room, cap);
		assert_true(bind_put(&out, &h, &bind, &context));
		return wire_out_offset(&out);
	}
	len = 0;
	for (unsigned i = 0; i < n; i++) {
		struct request_fixed request = {.opnum = opnum};

		h = line_header(&none, PTYPE_REQUEST, 3, 2 + i);
		wire_out_init(&out, room + len, cap - len);
		request_fixed_put(&out, &h, &request);
		wire_out_u32(&out, 1);
		wire_out_u32(&out, 0);
		assert_true(pdu_put_end(&out, 0));
		len += wire_out_offset(&out);
	}
	return len;
}

static int
flood_connect(const struct house *h)
{
	struct address address;
	int fd;

	assert_true(address_parse("127.0.0.1", (uint16_t)atoi(strchr(h->tcp, '[') + 1), &address));
	assert_int_equal(tcp_connect(&address, &fd), 0);
	assert_int_equal(pipe_connected(fd, time_now() + TRIAL_PATIENCE), 0);
	return fd;
}

/* Its pipe is full all the time, and it reads what comes back. */
static void *
flood_main(void *arg)
{
	struct flood *f = arg;
	uint8_t requests[16384], unread[65536];
	size_t len, at = 0, n;
	int fd = flood_connect(f->house);

	len = flood_write(requests, sizeof(requests), 0, 0);
	while (!atomic_load(&f->over)) {
		struct pollfd pollfd = {fd, POLLIN | POLLOUT, 0};
		struct iovec iov = {requests + at, len - at};

		poll(&pollfd, 1, 10);
		if (pollfd.revents & POLLOUT && pipe_write(fd, &iov, 1, &n) == 0) {
			f->sent += n;
			at += n;
		}
		if (pollfd.revents & POLLIN && pipe_read(fd, unread, sizeof(unread), &n) == 0)
			f->received += n;
		if (at < len)
			continue;
		len = flood_write(requests, sizeof(requests), STAGE_SPIN, FLOOD);
		at = 0;
	}
	pipe_close(fd);
	return NULL;
}

static int
by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * A turn of the flood is 64 calls or what half a millisecond takes, so that a polite call waits for two such turns, not for
 * the 182 calls of a whole read, or for a whole pipe.
 */
static void
polite_client_is_served_beside_a_flood(void **state)
{
	struct flood flood = {0};
	uint32_t waited[101];
	pthread_t thread;
	struct house h;

	house_up(&h, NULL, false, 1);
	flood.house = &h;
	atomic_store(&spun, 0);
	pthread_create(&thread, NULL, flood_main, &flood);
	sp_client *client = trial_client(h.tcp, NULL);
	while (atomic_load(&spun) < 1000)
		usleep(1000);
	for (unsigned i = 0; i < 101; i++) {
		waited[i] = atomic_load(&spun);
		assert_int_equal(ask(client, STAGE_COUNT, &waited[i]), 0);
	}
	atomic_store(&flood.over, true);
	pthread_join(thread, NULL);
	qsort(waited, 101, sizeof(waited[0]), by_value);
	print_message("flood: calls served while a polite one waited: %u median, %u at most; %u "
		      "served\n",
		waited[50], waited[100], atomic_load(&spun));
	assert_true(atomic_load(&spun) > 1000 + 100);
	assert_true(waited[50] <= 64);
	sp_client_free(client);
	sp_server_free(h.server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handlers_run_on_loops_or_on_workers_as_is_asked_for),
		cmocka_unit_test(every_worker_may_block_and_the_loop_still_answers),
		cmocka_unit_test(kept_calls_are_answered_in_any_order_from_any_thread),
		cmocka_unit_test(status_that_no_server_may_send_becomes_a_general_fault),
		cmocka_unit_test(calls_whose_client_has_gone_are_completed_in_peace),
		cmocka_unit_test(completing_before_the_handler_returns_is_fine),
		cmocka_unit_test(handler_on_a_worker_sees_cancel_and_orphan),
		cmocka_unit_test(watcher_of_a_call_completes_it_when_it_is_cancelled),
		cmocka_unit_test(watcher_never_runs_after_the_completion),
		cmocka_unit_test(stop_waits_for_workers_and_kept_calls),
		cmocka_unit_test(connection_with_all_its_calls_under_way_is_not_read),
		cmocka_unit_test(polite_client_is_served_beside_a_flood),
		cmocka_unit_test(finish_answers_what_is_under_way_and_takes_nothing_new),
		cmocka_unit_test(finish_has_a_limit_and_can_be_cut_short),
		cmocka_unit_test(finish_and_stop_from_many_threads_meet),
		cmocka_unit_test(silent_clients_are_probed_at_the_systems_level_or_as_asked),
		cmocka_unit_test(bindings_are_told_in_full_or_not_at_all),
		cmocka_unit_test(server_without_memory_for_workers_does_not_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
