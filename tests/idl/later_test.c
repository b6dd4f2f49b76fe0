/* SPDX-License-Identifier: MIT */
/*
 * Asynchronous forms: the client begins calls and goes on, the handlers keep them, and this one thread answers in the
 * order that it likes.
 */
#include "later.h"
#include "service.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define KEPT 16
#define SERVERS_OWN 0x1234u

static struct {
	sp_call *_Atomic calls[KEPT];
	atomic_uint n;
	/* what handlers were given */
	int32_t *half;
	uint16_t **name;
	later_bytes **text;
	later_chair chair;
	atomic_uint rundowns;
} kept;

static void
keep(sp_call *call)
{
	unsigned n = atomic_load(&kept.n); /* one loop thread: nobody else counts */

	atomic_store(&kept.calls[n], call);
	atomic_store(&kept.n, n + 1);
}

static void
twice(sp_call *call, int32_t a)
{
	keep(call);
}

static void
parts(sp_call *call, int32_t a, int32_t *half, uint16_t **name)
{
	kept.half = half;
	kept.name = name;
	keep(call);
}

static void
text(sp_call *call, uint32_t n, later_bytes **bytes)
{
	kept.text = bytes;
	keep(call);
}

static void
whose(sp_call *call, later_chair chair)
{
	kept.chair = chair;
	keep(call);
}

static int32_t
now(sp_call *call, int32_t a)
{
	return a + 1;
}

static void
stand_up(void *user)
{
	atomic_fetch_add(&kept.rundowns, 1);
	free(user);
}

static const struct later_handlers handlers = {
	.twice = twice,
	.bell = later_bell_complete, /* answered before it returns */
	.parts = parts,
	.text = text,
	.seat = twice,
	.whose = whose,
	.now = now,
	.later_chair_rundown = stand_up,
};

static struct service s;

static int
start(void **state)
{
	memset(&kept, 0, sizeof(kept));
	service_start(&s, &later_server_interface, &handlers);
	return 0;
}

static int
stop(void **state)
{
	service_stop(&s);
	return 0;
}

static void
turn(void)
{
	struct pollfd fd = {.fd = sp_client_fd(s.client), .events = sp_client_events(s.client)};
	int ms = sp_client_timeout_ms(s.client);

	poll(&fd, 1, ms < 0 || ms > 5 ? 5 : ms);
	sp_client_service(s.client);
}

static sp_call *
await_kept(unsigned n)
{
	for (unsigned i = 0; i < 2000 && atomic_load(&kept.n) < n; i++)
		turn();
	assert_int_equal(atomic_load(&kept.n), n);
	return atomic_load(&kept.calls[n - 1]);
}

static sp_status
await_end(sp_call *call)
{
	sp_status status = sp_call_result(call, NULL);

	for (unsigned i = 0; i < 2000 && status == RPC_S_ASYNC_CALL_PENDING; i++) {
		turn();
		status = sp_call_result(call, NULL);
	}
	return status;
}

static void
calls_are_answered_in_any_order(void **state)
{
	struct later_twice_args args[4];
	sp_call *calls[4];

	for (int i = 0; i < 4; i++) {
		calls[i] = sp_call_new(s.client);
		args[i] = (struct later_twice_args){.a = i + 10};
		assert_int_equal(later_twice_start(calls[i], &args[i], NULL, NULL, NULL), 0);
	}
	await_kept(4);
	for (int i = 3; i >= 0; i--) {
		sp_call *theirs = kept.calls[i];
		struct later_twice_args *own = sp_call_args(theirs);

		later_twice_complete(theirs, own->a * 2);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(await_end(calls[i]), 0);
		assert_int_equal(args[i].result, (i + 10) * 2);
		sp_call_free(calls[i]);
	}
}

static void
an_answer_without_values_may_come_at_once(void **state)
{
	assert_int_equal(later_bell(s.call, NULL), 0);
}

static void
what_pointers_point_to_is_filled_in_later(void **state)
{
	static uint16_t name[] = {'l', 'a', 't', 'e', 0};
	struct later_parts_args args = {.a = 9};
	sp_call *theirs;

	assert_int_equal(later_parts_start(s.call, &args, NULL, NULL, NULL), 0);
	theirs = await_kept(1);
	*kept.half = 4;
	*kept.name = name;
	later_parts_complete(theirs, SERVERS_OWN);
	assert_int_equal(await_end(s.call), 0);
	assert_int_equal(*args.half, 4);
	assert_memory_equal(*args.name, name, sizeof(name));
	assert_int_equal(args.result, SERVERS_OWN);
}

static void
a_struct_of_any_size_is_put_there_later(void **state)
{
	later_bytes *sent = calloc(1, sizeof(*sent) + 2), *longer;
	struct later_text_args args = {.n = 2, .text = sent};
	sp_call *theirs;

	assert_non_null(sent);
	sent->n = 2;
	assert_int_equal(later_text_start(s.call, &args, NULL, NULL, NULL), 0);
	theirs = await_kept(1);
	longer = sp_call_alloc(theirs, 1, sizeof(*longer) + 3);
	assert_non_null(longer);
	longer->n = 3;
	memcpy(longer->bytes, "abc", 3);
	*kept.text = longer;
	later_text_complete(theirs);
	assert_int_equal(await_end(s.call), 0);
	assert_int_equal(args.text->n, 3);
	assert_memory_equal(args.text->bytes, "abc", 3);
	free(sent);
}

static void
a_context_handle_is_made_later(void **state)
{
	struct later_seat_args seat = {.number = 5};
	struct later_whose_args asked = {0};
	int32_t *number = malloc(sizeof(*number));

	assert_non_null(number);
	*number = 5;
	assert_int_equal(later_seat_start(s.call, &seat, NULL, NULL, NULL), 0);
	later_seat_complete(await_kept(1), (later_chair){.user = number});
	assert_int_equal(await_end(s.call), 0);
	asked.seat = seat.result;
	assert_int_equal(later_whose_start(s.call, &asked, NULL, NULL, NULL), 0);
	await_kept(2);
	assert_ptr_equal(kept.chair.user, number);
	later_whose_complete(kept.calls[1], *(int32_t *)kept.chair.user);
	assert_int_equal(await_end(s.call), 0);
	assert_int_equal(asked.result, 5);
	sp_server_stop(s.server);
	assert_int_equal(atomic_load(&kept.rundowns), 1);
}

static void
a_fault_ends_a_call_later(void **state)
{
	struct later_twice_args args = {.a = 1};

	assert_int_equal(later_twice_start(s.call, &args, NULL, NULL, NULL), 0);
	sp_call_complete(await_kept(1), ERROR_ACCESS_DENIED);
	assert_int_equal(await_end(s.call), ERROR_ACCESS_DENIED);
}

static void
a_cancelled_call_is_completed_all_the_same(void **state)
{
	struct later_twice_args args = {.a = 1};
	sp_call *theirs;

	assert_int_equal(later_twice_start(s.call, &args, NULL, NULL, NULL), 0);
	theirs = await_kept(1);
	sp_call_cancel(s.call);
	for (unsigned i = 0; i < 2000 && !sp_call_is_cancelled(theirs); i++)
		turn();
	assert_true(sp_call_is_cancelled(theirs));
	later_twice_complete(theirs, 2);
	assert_int_equal(await_end(s.call), 0);
	assert_int_equal(args.result, 2);
}

/* Blocks, so somebody else has to answer. */
static void *
answer_first(void *unused)
{
	while (atomic_load(&kept.n) == 0)
		poll(NULL, 0, 1);
	later_twice_complete(kept.calls[0], 42);
	return NULL;
}

static void
a_blocking_client_waits_for_an_answer_from_another_thread(void **state)
{
	pthread_t thread;
	int32_t result = 0;

	assert_int_equal(pthread_create(&thread, NULL, answer_first, NULL), 0);
	assert_int_equal(later_twice(s.call, 21, &result, NULL), 0);
	assert_int_equal(result, 42);
	pthread_join(thread, NULL);
}

static void
operations_without_the_attribute_answer_at_once(void **state)
{
	int32_t result = 0;

	assert_int_equal(later_now(s.call, 1, &result, NULL), 0);
	assert_int_equal(result, 2);
}

static void
a_handler_that_is_missing_is_a_fault(void **state)
{
	static const struct later_handlers none = {0};
	struct service empty;

	service_start(&empty, &later_server_interface, &none);
	assert_int_equal(later_bell(empty.call, NULL), RPC_S_PROCNUM_OUT_OF_RANGE);
	service_stop(&empty);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(calls_are_answered_in_any_order),
		TEST(an_answer_without_values_may_come_at_once),
		TEST(what_pointers_point_to_is_filled_in_later),
		TEST(a_struct_of_any_size_is_put_there_later),
		TEST(a_context_handle_is_made_later),
		TEST(a_fault_ends_a_call_later),
		TEST(a_cancelled_call_is_completed_all_the_same),
		TEST(a_blocking_client_waits_for_an_answer_from_another_thread),
		TEST(operations_without_the_attribute_answer_at_once),
		TEST(a_handler_that_is_missing_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
