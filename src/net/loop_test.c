/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "net/loop.h"

struct counted {
	struct loop *loop;
	int n, wanted;
};

static void
count(void *arg)
{
	struct counted *c = arg;

	if (++c->n == c->wanted)
		loop_stop(c->loop);
}

static void *
post_thousand(void *arg)
{
	struct counted *c = arg;

	for (int i = 0; i < 1000; i++)
		assert_true(loop_post(c->loop, count, c));
	return NULL;
}

static void
messages_of_many_threads_all_arrive(void **state)
{
	struct counted c = {.loop = loop_new(), .wanted = 4000};
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, post_thousand, &c);
	loop_run(c.loop);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(c.n, 4000);
	loop_free(c.loop);
}

static void
a_timer_is_not_early(void **state)
{
	struct counted c = {.loop = loop_new(), .wanted = 1};
	struct loop_timer *timer = loop_timer_new(c.loop, count, &c);
	sp_nanos start = time_now();

	loop_timer_set(timer, start + 20 * SP_MILLISECOND);
	loop_run(c.loop);
	assert_true(time_now() - start >= 19 * SP_MILLISECOND);
	loop_timer_free(timer);
	loop_free(c.loop);
}

struct ringer {
	struct loop *loop;
	struct loop_timer *timer, *victim;
	sp_nanos at;
	int rings;
};

static void
ring_again(void *arg)
{
	struct ringer *r = arg;

	r->rings++;
	loop_timer_set(r->timer, 1);
}

static void
stop_it(void *arg, unsigned events)
{
	loop_stop(arg);
}

static void
a_timer_that_is_always_due_leaves_descriptors_their_turn(void **state)
{
	struct ringer r = {.loop = loop_new()};
	struct loop_watch *watch;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	watch = loop_watch_new(r.loop, ends[0], stop_it, r.loop);
	loop_watch_set(watch, LOOP_READ);
	r.timer = loop_timer_new(r.loop, ring_again, &r);
	loop_timer_set(r.timer, 1);
	loop_run(r.loop);
	assert_true(r.rings <= 2);
	loop_timer_free(r.timer);
	loop_watch_free(watch);
	close(ends[0]);
	close(ends[1]);
	loop_free(r.loop);
}

static void
ring_and_free(void *arg)
{
	struct ringer *r = arg;

	r->at = time_now();
	loop_timer_free(r->victim);
	loop_timer_free(r->timer);
	loop_stop(r->loop);
}

static void
a_timer_that_was_put_off_rings_then_and_may_free_itself_and_others(void **state)
{
	struct ringer r = {.loop = loop_new()};
	sp_nanos began = time_now();

	r.timer = loop_timer_new(r.loop, ring_and_free, &r);
	r.victim = loop_timer_new(r.loop, ring_and_free, &r);
	loop_timer_set(r.victim, began + 31 * SP_MILLISECOND);
	loop_timer_set(r.timer, began + SP_MILLISECOND);
	loop_timer_set(r.timer, began + 30 * SP_MILLISECOND);
	loop_run(r.loop);
	assert_true(r.at >= began + 30 * SP_MILLISECOND);
	loop_free(r.loop);
}

struct watched {
	struct loop *loop;
	struct loop_watch *watch;
	unsigned seen;
};

static void
on_ready(void *arg, unsigned events)
{
	struct watched *w = arg;

	w->seen |= events;
	loop_watch_free(w->watch);
	loop_stop(w->loop);
}

static void
a_watch_freed_in_its_callback_runs_no_more(void **state)
{
	struct watched w = {.loop = loop_new()};
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	w.watch = loop_watch_new(w.loop, ends[0], on_ready, &w);
	loop_watch_set(w.watch, LOOP_READ);
	loop_run(w.loop);
	assert_int_equal(w.seen, LOOP_READ);
	close(ends[0]);
	close(ends[1]);
	loop_free(w.loop);
}

struct reader {
	struct loop *loop;
	struct loop_watch *watch;
	int fd, n_bytes;
};

/* One byte each time, as a reader with little room would. */
static void
read_one(void *arg, unsigned events)
{
	struct reader *r = arg;
	char byte;

	assert_true(events & LOOP_READ);
	if (recv(r->fd, &byte, 1, 0) == 1) {
		r->n_bytes++;
		return;
	}
	loop_watch_free(r->watch);
	loop_stop(r->loop);
}

static void
bytes_before_a_reset_are_read_and_then_the_reset(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0), peer = socket(AF_INET, SOCK_STREAM, 0);
	struct reader r = {.loop = loop_new()};
	socklen_t len = sizeof(a);

	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(connect(peer, (struct sockaddr *)&a, sizeof(a)), 0);
	r.fd = accept(listener, NULL, NULL);
	assert_int_equal(write(peer, "abcde", 5), 5);
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
	close(peer);
	r.watch = loop_watch_new(r.loop, r.fd, read_one, &r);
	loop_watch_set(r.watch, LOOP_READ);
	loop_run(r.loop);
	assert_int_equal(r.n_bytes, 5);
	close(r.fd);
	close(listener);
	loop_free(r.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_many_threads_all_arrive),
		cmocka_unit_test(a_timer_is_not_early),
		cmocka_unit_test(a_timer_that_is_always_due_leaves_descriptors_their_turn),
		cmocka_unit_test(
			a_timer_that_was_put_off_rings_then_and_may_free_itself_and_others),
		cmocka_unit_test(a_watch_freed_in_its_callback_runs_no_more),
		cmocka_unit_test(bytes_before_a_reset_are_read_and_then_the_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
