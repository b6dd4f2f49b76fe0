/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "net/poller.h"

struct end { /* one end of a pair of sockets under watch */
	struct poll_watch watch;
	struct poll_timer timer;
	struct end *victim; /* taken off by the callback */
	int fd, other;
	unsigned ready, calls, rings;
};

static void
on_ready(void *arg, unsigned events)
{
	struct end *e = arg;

	e->ready = events;
	e->calls++;
	if (e->victim)
		poll_watch_stop(&e->victim->watch);
}

static void
on_time(void *arg)
{
	struct end *e = arg;

	e->rings++;
	if (e->victim)
		poll_timer_stop(&e->victim->timer);
}

static void
end_up(struct end *e, struct poller *p, unsigned events)
{
	int fds[2];

	memset(e, 0, sizeof(*e));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	e->fd = fds[0];
	e->other = fds[1];
	poll_timer_init(&e->timer, on_time, e);
	assert_int_equal(poll_watch_start(&e->watch, p, e->fd, events, on_ready, e), 0);
}

static void
end_down(struct end *e)
{
	poll_watch_stop(&e->watch);
	poll_timer_stop(&e->timer);
	close(e->fd);
	if (e->other >= 0)
		close(e->other);
}

static bool
is_readable(const struct poller *p)
{
	struct pollfd pollfd = {.fd = p->fd, .events = POLLIN};

	return poll(&pollfd, 1, 0) == 1;
}

static void
descriptor_is_readable_exactly_when_something_is_to_be_done(void **state)
{
	struct poller p;
	struct end e;
	char byte;

	assert_int_equal(poller_init(&p), 0);
	end_up(&e, &p, POLLER_READ);
	assert_false(is_readable(&p));
	assert_int_equal(write(e.other, "x", 1), 1);
	assert_true(is_readable(&p));
	poller_turn(&p, 0);
	assert_int_equal(e.ready, POLLER_READ);
	assert_int_equal(read(e.fd, &byte, 1), 1);
	assert_false(is_readable(&p));
	poll_watch_set(&e.watch, POLLER_READ | POLLER_WRITE);
	poller_turn(&p, 0);
	assert_int_equal(e.ready, POLLER_WRITE);
	poll_watch_set(&e.watch, 0);
	poller_turn(&p, 0);
	assert_int_equal(e.calls, 2);
	end_down(&e);
	poller_fini(&p);
}

static void
closed_peer_is_told_as_what_is_waited_for(void **state)
{
	struct poller p;
	struct end e;

	assert_int_equal(poller_init(&p), 0);
	end_up(&e, &p, POLLER_READ);
	close(e.other);
	e.other = -1;
	poller_turn(&p, SP_NEVER);
	assert_int_equal(e.ready, POLLER_READ);
	poll_watch_set(&e.watch, 0);
	for (int i = 0; i < 3; i++)
		poller_turn(&p, 0);
	assert_int_equal(e.calls, 1);
	poll_watch_set(&e.watch, POLLER_WRITE);
	poller_turn(&p, SP_NEVER);
	assert_int_equal(e.ready, POLLER_WRITE);
	end_down(&e);
	poller_fini(&p);
}

static void
watch_that_is_stopped_in_the_same_breath_is_not_called(void **state)
{
	struct poller p;
	struct end a, b;

	assert_int_equal(poller_init(&p), 0);
	end_up(&a, &p, POLLER_READ);
	end_up(&b, &p, POLLER_READ);
	a.victim = &b;
	b.victim = &a;
	assert_int_equal(write(a.other, "x", 1) + write(b.other, "x", 1), 2);
	poller_turn(&p, 0);
	assert_int_equal(a.calls + b.calls, 1);
	end_down(&a);
	end_down(&b);
	poller_fini(&p);
}

static void
timers_ring_once_in_time_and_may_stop_each_other(void **state)
{
	struct poller p;
	struct end a, b;
	sp_nanos began = time_now();

	assert_int_equal(poller_init(&p), 0);
	end_up(&a, &p, POLLER_READ);
	end_up(&b, &p, POLLER_READ);
	assert_true(poller_due(&p) == SP_NEVER);
	poll_timer_set(&a.timer, &p, began + 30 * SP_MILLISECOND);
	poll_timer_set(&b.timer, &p, began + SP_SECOND);
	assert_true(poller_due(&p) == began + 30 * SP_MILLISECOND);
	while (!a.rings)
		poller_turn(&p, SP_NEVER);
	assert_true(time_now() >= began + 30 * SP_MILLISECOND);
	assert_int_equal(b.rings, 0);
	assert_true(poller_due(&p) == began + SP_SECOND);
	poll_timer_set(&b.timer, &p, SP_NEVER);
	assert_true(poller_due(&p) == SP_NEVER);
	/* both are due: the first takes the second off */
	a.victim = &b;
	poll_timer_set(&a.timer, &p, began);
	poll_timer_set(&b.timer, &p, began);
	poller_turn(&p, SP_NEVER);
	assert_int_equal(a.rings, 2);
	assert_int_equal(b.rings, 0);
	end_down(&a);
	end_down(&b);
	poller_fini(&p);
}

static void
turn_does_not_wait_beyond_its_limit(void **state)
{
	sp_nanos began = time_now();
	struct poller p;

	assert_int_equal(poller_init(&p), 0);
	poller_turn(&p, began + 20 * SP_MILLISECOND);
	assert_true(time_now() >= began + 20 * SP_MILLISECOND);
	poller_turn(&p, 0);
	poller_fini(&p);
}

struct errand {
	struct poll_task task;
	struct poller *poller;
	unsigned runs;
};

static void
on_errand(void *arg)
{
	struct errand *e = arg;

	e->runs++;
	poll_task_set(&e->task, e->poller);
}

static void
task_runs_once_a_turn_however_often_it_asks_for_more(void **state)
{
	struct errand e = {0};
	struct poller p;

	assert_int_equal(poller_init(&p), 0);
	e.poller = &p;
	poll_task_init(&e.task, on_errand, &e);
	assert_true(poller_due(&p) == SP_NEVER);
	poll_task_set(&e.task, &p);
	poll_task_set(&e.task, &p);
	assert_true(poller_due(&p) == 0);
	poller_turn(&p, SP_NEVER);
	assert_int_equal(e.runs, 1);
	poller_turn(&p, SP_NEVER);
	assert_int_equal(e.runs, 2);
	poll_task_stop(&e.task);
	assert_true(poller_due(&p) == SP_NEVER);
	poller_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptor_is_readable_exactly_when_something_is_to_be_done),
		cmocka_unit_test(closed_peer_is_told_as_what_is_waited_for),
		cmocka_unit_test(watch_that_is_stopped_in_the_same_breath_is_not_called),
		cmocka_unit_test(timers_ring_once_in_time_and_may_stop_each_other),
		cmocka_unit_test(task_runs_once_a_turn_however_often_it_asks_for_more),
		cmocka_unit_test(turn_does_not_wait_beyond_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
