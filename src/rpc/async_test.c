/* SPDX-License-Identifier: MIT */
/* Asynchronous calls against a real server: on a poll loop, in great numbers, within each other's functions. */
#include <stdatomic.h>
#include <sys/resource.h>

#include "rpc/trial.h"

static void
call_ends_in_service_and_never_in_start(void **state)
{
	struct trial_server s;
	struct trial_call t;

	trial_server_up(&s, NULL);
	sp_client *client = trial_client(s.tcp, NULL);
	trial_start(&t, client, TRIAL_ADD, 41);
	usleep(50000);
	assert_int_equal(t.ended, 0);
	assert_int_equal(
		sp_call_start(t.call, &trial_interface, TRIAL_ADD, &t.args, NULL, NULL, NULL),
		RPC_S_CALL_IN_PROGRESS);
	trial_run(client, &t);
	assert_int_equal(t.status, 0);
	assert_int_equal(t.args.value, 42);
	assert_int_equal(sp_client_n_connections(client), 1);
	/* nothing is to be done until the time of keeping idle connections is over, if then */
	assert_true(sp_client_timeout_ms(client) != 0 || sp_client_due(client) == 0);
	sp_call_free(t.call);
	sp_client_free(client);
	trial_server_down(&s);
}

static void
blocking_and_asynchronous_calls_share_a_client(void **state)
{
	struct trial_args args = {.value = 1};
	struct trial_server s;
	struct trial_call t;
	struct sp_error err;

	trial_server_up(&s, NULL);
	sp_client *client = trial_client(s.tcp, NULL);
	trial_start(&t, client, TRIAL_LATER, 20);
	sp_call *call = sp_call_new(client);
	assert_int_equal(sp_call_invoke(call, &trial_interface, TRIAL_ADD, &args, &err), 0);
	assert_int_equal(args.value, 2);
	trial_run(client, &t);
	assert_int_equal(t.args.value, 21);
	assert_int_equal(sp_client_n_connections(client), 1);
	sp_call_free(t.call);
	sp_call_free(call);
	sp_client_free(client);
	trial_server_down(&s);
}

/* --- thousands --- */

#define CLIENTS 1000
#define ROUNDS 3

struct crowd {
	struct trial_call calls[CLIENTS];
	sp_client *clients[CLIENTS];
	struct pollfd pollfds[CLIENTS];
	unsigned left, rounds[CLIENTS];
};

static void
on_crowd(sp_call *call, sp_status status, const struct sp_error *error, void *arg)
{
	struct crowd *c = arg;
	size_t i = 0;

	while (c->calls[i].call != call)
		i++;
	if (status)
		fail_msg("client %zu: %s", i, error->sentence);
	assert_int_equal(c->calls[i].args.value, i + c->rounds[i] + 1);
	if (++c->rounds[i] == ROUNDS) {
		c->left--;
		return;
	}
	assert_int_equal(sp_call_start(call, &trial_interface, TRIAL_ADD, &c->calls[i].args,
				 on_crowd, c, NULL),
		0);
}

static void
crowd_up(struct crowd *c, const char *binding)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		struct trial_call *t = &c->calls[i];

		c->clients[i] = trial_client(binding, NULL);
		t->call = sp_call_new(c->clients[i]);
		t->args.value = (uint32_t)i;
		assert_int_equal(sp_call_start(t->call, &trial_interface, TRIAL_ADD, &t->args,
					 on_crowd, c, NULL),
			0);
		c->pollfds[i] = (struct pollfd){.fd = sp_client_fd(c->clients[i]),
			.events = sp_client_events(c->clients[i])};
	}
	c->left = CLIENTS;
}

static void
thousand_clients_are_driven_by_one_poll_loop(void **state)
{
	struct rlimit limit;
	struct trial_server s;
	struct crowd *c = calloc(1, sizeof(*c));
	sp_nanos until = time_now() + 30 * SP_SECOND;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	trial_server_up(&s, NULL);
	crowd_up(c, s.tcp);
	while (c->left && time_now() < until) {
		int ms = 1000;

		for (size_t i = 0; i < CLIENTS; i++) {
			int own = sp_client_timeout_ms(c->clients[i]);

			if (own >= 0 && own < ms)
				ms = own;
		}
		poll(c->pollfds, CLIENTS, ms);
		for (size_t i = 0; i < CLIENTS; i++)
			if (c->pollfds[i].revents || sp_client_timeout_ms(c->clients[i]) == 0)
				sp_client_service(c->clients[i]);
	}
	assert_int_equal(c->left, 0);
	for (size_t i = 0; i < CLIENTS; i++) {
		sp_call_free(c->calls[i].call);
		sp_client_free(c->clients[i]);
	}
	free(c);
	trial_server_down(&s);
}

#define MANY 200

static void
many_calls_of_one_client_are_under_way_at_once(void **state)
{
	static struct trial_call calls[MANY];
	struct sp_client_options options = {.max_calls = 64, .max_connections = 2};
	struct trial_server s;
	sp_nanos began;

	trial_server_up(&s, NULL);
	sp_client *client = trial_client(s.tcp, &options);
	began = time_now();
	for (unsigned i = 0; i < MANY; i++)
		trial_start(&calls[i], client, TRIAL_LATER, 30);
	for (unsigned i = 0; i < MANY; i++) {
		while (!calls[i].ended)
			trial_turn(client, 1000);
		assert_int_equal(calls[i].status, 0);
		assert_int_equal(calls[i].args.value, 31);
	}
	/* one after the other they would take 6 s */
	assert_true(time_now() - began < 3 * SP_SECOND);
	assert_int_equal(sp_client_n_connections(client), 2);
	for (unsigned i = 0; i < MANY; i++)
		sp_call_free(calls[i].call);
	sp_client_free(client);
	trial_server_down(&s);
}

static void
large_answers_come_while_others_are_small(void **state)
{
	static uint8_t bytes[1000000];
	struct trial_call large, small;
	struct trial_server s;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31 + i / 253);
	trial_server_up(&s, NULL);
	sp_client *client = trial_client(s.tcp, NULL);
	memset(&large, 0, sizeof(large));
	large.call = sp_call_new(client);
	large.args = (struct trial_args){1, sizeof(bytes), bytes};
	assert_int_equal(sp_call_start(large.call, &trial_interface, TRIAL_ADD, &large.args,
				 trial_done, &large, NULL),
		0);
	trial_start(&small, client, TRIAL_ADD, 7);
	trial_run(client, &small);
	trial_run(client, &large);
	assert_int_equal(small.args.value, 8);
	assert_int_equal(large.args.n, sizeof(bytes));
	assert_memory_equal(large.args.bytes, bytes, sizeof(bytes));
	sp_call_free(large.call);
	sp_call_free(small.call);
	sp_client_free(client);
	trial_server_down(&s);
}

/* --- within a call's function --- */

static void
on_busy(sp_call *call, sp_status status, const struct sp_error *error, void *arg)
{
	struct trial_call *t = arg;
	struct trial_args args = {0};

	t->ended++;
	/* this thread would wait for itself */
	t->status = sp_call_invoke(call, &trial_interface, TRIAL_ADD, &args, &t->error);
}

static void
blocking_within_a_function_is_refused(void **state)
{
	struct trial_server s;
	struct trial_call t = {0};

	trial_server_up(&s, NULL);
	sp_client *client = trial_client(s.tcp, NULL);
	t.call = sp_call_new(client);
	assert_int_equal(
		sp_call_start(t.call, &trial_interface, TRIAL_ADD, &t.args, on_busy, &t, NULL), 0);
	while (!t.ended)
		trial_turn(client, 1000);
	assert_int_equal(t.status, RPC_S_CALL_IN_PROGRESS);
	assert_non_null(strstr(t.error.sentence, "wait for itself"));
	sp_call_free(t.call);
	sp_client_free(client);
	trial_server_down(&s);
}

struct pair {
	struct trial_call a, b;
	unsigned frees;
};

static void
on_free_both(sp_call *call, sp_status status, const struct sp_error *error, void *arg)
{
	struct pair *p = arg;

	p->frees++;
	sp_call_free(p->a.call);
	sp_call_free(p->b.call);
	p->a.call = p->b.call = NULL;
}

static void
function_may_free_its_call_and_others(void **state)
{
	struct pair p = {0};
	struct trial_server s;

	trial_server_up(&s, NULL);
	sp_client *client = trial_client(s.tcp, NULL);
	p.a.call = sp_call_new(client);
	p.b.call = sp_call_new(client);
	assert_int_equal(sp_call_start(p.a.call, &trial_interface, TRIAL_ADD, &p.a.args,
				 on_free_both, &p, NULL),
		0);
	assert_int_equal(sp_call_start(p.b.call, &trial_interface, TRIAL_ADD, &p.b.args,
				 on_free_both, &p, NULL),
		0);
	for (int i = 0; i < 200 && !p.frees; i++)
		trial_turn(client, 100);
	for (int i = 0; i < 5; i++)
		trial_turn(client, 10);
	assert_int_equal(p.frees, 1);
	sp_client_free(client);
	trial_server_down(&s);
}

static void
call_that_is_freed_under_way_is_heard_of_no_more(void **state)
{
	struct trial_call slow, next, waiting;
	struct trial_server s;

	trial_server_up(&s, NULL);
	sp_client *client = trial_client(s.tcp, NULL);
	trial_start(&waiting, client, TRIAL_ADD, 1);
	sp_call_free(waiting.call); /* in the queue: nothing has been dialled yet */
	trial_start(&next, client, TRIAL_ADD, 1);
	trial_run(client, &next);
	trial_start(&slow, client, TRIAL_LATER, 100);
	sp_call_free(slow.call);
	trial_again(&next, TRIAL_ADD, 5);
	trial_run(client, &next);
	assert_int_equal(next.args.value, 6);
	assert_int_equal(slow.ended + waiting.ended, 0);
	assert_int_equal(sp_client_n_connections(client), 1);
	sp_call_free(next.call);
	sp_client_free(client);
	trial_server_down(&s);
}

static void
disconnect_ends_what_is_under_way_as_cancelled(void **state)
{
	struct trial_call t, queued;
	struct trial_server s;

	trial_server_up(&s, NULL);
	sp_client *client = trial_client(s.tcp, NULL);
	trial_start(&queued, client, TRIAL_ADD, 1);
	sp_client_disconnect(client);
	trial_run(client, &queued);
	assert_int_equal(queued.status, RPC_S_CALL_CANCELLED);
	assert_true(queued.error.did_not_execute);
	trial_start(&t, client, TRIAL_ADD, 1);
	trial_run(client, &t);
	trial_again(&t, TRIAL_LATER, 50);
	sp_client_disconnect(client);
	trial_run(client, &t);
	assert_int_equal(t.status, RPC_S_CALL_CANCELLED);
	assert_int_equal(sp_client_n_connections(client), 0);
	trial_again(&t, TRIAL_ADD, 3);
	trial_run(client, &t);
	assert_int_equal(t.args.value, 4);
	sp_call_free(t.call);
	sp_call_free(queued.call);
	sp_client_free(client);
	trial_server_down(&s);
}

/* --- failures --- */

static void
errors_come_to_the_function_with_their_phase(void **state)
{
	struct trial_server s;
	struct trial_call t;
	char gone[64];

	trial_server_up(&s, NULL);
	strcpy(gone, s.tcp);
	trial_server_down(&s);
	sp_client *client = trial_client(gone, NULL);
	trial_start(&t, client, TRIAL_ADD, 1);
	trial_run(client, &t);
	assert_int_equal(t.status, RPC_S_SERVER_UNAVAILABLE);
	assert_int_equal(t.error.phase, SP_PHASE_TCP_SESSION);
	assert_int_equal(t.error.sys_errno, ECONNREFUSED);
	assert_true(t.error.did_not_execute);
	sp_call_free(t.call);
	sp_client_free(client);
	client = trial_client("ncacn_ip_tcp:no-such-host.invalid[1]", NULL);
	trial_start(&t, client, TRIAL_ADD, 1);
	trial_run(client, &t);
	assert_int_equal(t.error.phase, SP_PHASE_NAME_RESOLUTION);
	sp_call_free(t.call);
	sp_client_free(client);
}

static void
answer_over_our_own_limit_is_our_lack_of_memory(void **state)
{
	static uint8_t bytes[100000];
	struct sp_client_options options = {.max_memory = 20000};
	struct trial_args args = {1, sizeof(bytes), bytes};
	struct trial_server s;
	struct sp_error err;

	trial_server_up(&s, NULL);
	sp_client *client = trial_client(s.tcp, &options);
	sp_call *call = sp_call_new(client);
	assert_int_equal(sp_call_invoke(call, &trial_interface, TRIAL_ADD, &args, &err),
		RPC_S_OUT_OF_MEMORY);
	assert_non_null(strstr(err.sentence, "max_memory"));
	assert_false(err.did_not_execute);
	args = (struct trial_args){.value = 1};
	assert_int_equal(sp_call_invoke(call, &trial_interface, TRIAL_ADD, &args, &err), 0);
	sp_call_free(call);
	sp_client_free(client);
	trial_server_down(&s);
}

static void
each_allocation_of_a_client_fails_once_and_the_next_call_passes(void **state)
{
	struct trial_server s;
	unsigned failed = 0;

	trial_server_up(&s, NULL);
	for (uint64_t n = 1; n <= 40; n++) {
		struct trial_args args = {.value = 1};
		sp_client *client = NULL;
		sp_call *call = NULL;
		sp_status status;

		mem_fail_nth(n);
		status = sp_client_new(s.tcp, NULL, &client, NULL);
		if (!status && !(call = sp_call_new(client)))
			status = RPC_S_OUT_OF_MEMORY;
		if (!status)
			status = sp_call_invoke(call, &trial_interface, TRIAL_ADD, &args, NULL);
		mem_fail_nth(0);
		failed += status != 0;
		if (call) {
			args = (struct trial_args){.value = 1};
			assert_int_equal(
				sp_call_invoke(call, &trial_interface, TRIAL_ADD, &args, NULL), 0);
		}
		sp_call_free(call);
		sp_client_free(client);
	}
	assert_true(failed >= 8);
	trial_server_down(&s);
}

static void
maybe_calls_have_no_answer_and_arrive(void **state)
{
	struct trial_server s;
	struct trial_call t;

	atomic_store(&trial_maybes, 0);
	trial_server_up(&s, NULL);
	sp_client *client = trial_client(s.tcp, NULL);
	trial_start(&t, client, TRIAL_MAYBE, 1);
	trial_run(client, &t);
	assert_int_equal(t.status, 0);
	trial_again(&t, TRIAL_MAYBE, 2);
	trial_run(client, &t);
	trial_again(&t, TRIAL_ADD, 2);
	trial_run(client, &t);
	assert_int_equal(t.args.value, 3);
	assert_int_equal(atomic_load(&trial_maybes), 2);
	sp_call_free(t.call);
	sp_client_free(client);
	trial_server_down(&s);
}

static void
verification_trailer_passes_in_every_size(void **state)
{
	static const uint32_t sizes[] = {0, 1, 2, 3, 1000, 5800, 5801, 5802, 5803, 100000};
	static uint8_t bytes[100000];
	struct sp_client_options options = {.verification_trailer = true};
	struct trial_server s;
	struct sp_error err = {0};

	trial_server_up(&s, NULL);
	sp_client *client = trial_client(s.tcp, &options);
	sp_call *call = sp_call_new(client);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct trial_args args = {7, sizes[i], bytes};

		if (sp_call_invoke(call, &trial_interface, TRIAL_ADD, &args, &err))
			fail_msg("%u: %s", sizes[i], err.sentence);
		assert_int_equal(args.value, 8);
		assert_int_equal(args.n, sizes[i]);
	}
	sp_call_free(call);
	sp_client_free(client);
	trial_server_down(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_ends_in_service_and_never_in_start),
		cmocka_unit_test(blocking_and_asynchronous_calls_share_a_client),
		cmocka_unit_test(thousand_clients_are_driven_by_one_poll_loop),
		cmocka_unit_test(many_calls_of_one_client_are_under_way_at_once),
		cmocka_unit_test(large_answers_come_while_others_are_small),
		cmocka_unit_test(blocking_within_a_function_is_refused),
		cmocka_unit_test(function_may_free_its_call_and_others),
		cmocka_unit_test(call_that_is_freed_under_way_is_heard_of_no_more),
		cmocka_unit_test(disconnect_ends_what_is_under_way_as_cancelled),
		cmocka_unit_test(errors_come_to_the_function_with_their_phase),
		cmocka_unit_test(answer_over_our_own_limit_is_our_lack_of_memory),
		cmocka_unit_test(each_allocation_of_a_client_fails_once_and_the_next_call_passes),
		cmocka_unit_test(verification_trailer_passes_in_every_size),
		cmocka_unit_test(maybe_calls_have_no_answer_and_arrive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
