/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "net/race.h"
#include "net/tcp.h"

static struct address
address(const char *host, uint16_t port)
{
	struct address a;

	assert_true(address_parse(host, port, &a));
	return a;
}

/* A socket that listens, and where. */
static int
listener(const char *host, struct address *ret)
{
	struct address any = address(host, 0);
	int fd;

	assert_int_equal(tcp_listen(&any, &fd), 0);
	assert_true(tcp_local_address(fd, ret));
	return fd;
}

/* An address that answers nothing: the queue of this listener is full. */
static int
silent(struct address *ret, int ret_queued[2])
{
	struct address any = address("127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&any.storage, any.len), 0);
	assert_int_equal(listen(fd, 0), 0);
	assert_true(tcp_local_address(fd, ret));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tcp_connect(ret, &ret_queued[i]), 0);
		usleep(20000);
	}
	return fd;
}

static void
on_done(void *arg)
{
	*(bool *)arg = true;
}

/* *ret_took: until there was a result. */
static struct race_result
run(const struct address *addresses, size_t n, sp_nanos each, sp_nanos deadline, sp_nanos *ret_took)
{
	struct race_result result;
	sp_nanos began = time_now();
	struct poller poller;
	bool done = false;
	struct race *race;

	assert_int_equal(poller_init(&poller), 0);
	race = race_start(&poller, addresses, n, each, deadline, on_done, &done);
	assert_non_null(race);
	assert_false(done);
	while (!done)
		poller_turn(&poller, SP_NEVER);
	*ret_took = time_now() - began;
	result = race_result(race);
	race_free(race);
	assert_true(poller_due(&poller) == SP_NEVER);
	poller_fini(&poller);
	return result;
}

static void
families_take_turns_and_keep_their_order(void **state)
{
	static const char *const given[] = {
		"2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2"};
	static const char *const wanted[] = {
		"2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "2001:db8::3"};
	struct address a[5];

	for (size_t i = 0; i < 5; i++)
		a[i] = address(given[i], 1);
	race_order(a, 5);
	for (size_t i = 0; i < 5; i++) {
		struct address w = address(wanted[i], 1);

		assert_memory_equal(&a[i].storage, &w.storage, w.len);
	}
	race_order(a, 0);
	race_order(a, 1);
}

static void
first_that_answers_wins(void **state)
{
	struct address a[1];
	int fd = listener("127.0.0.1", &a[0]);
	sp_nanos took;
	struct race_result r = run(a, 1, SP_SECOND, SP_NEVER, &took);

	assert_int_equal(r.error, 0);
	assert_true(r.fd >= 0);
	assert_int_equal(address_port(&r.address), address_port(&a[0]));
	close(r.fd);
	close(fd);
}

static void
refused_address_is_followed_by_the_next_at_once(void **state)
{
	struct address a[2];
	int gone = listener("::1", &a[0]), fd = listener("127.0.0.1", &a[1]);
	sp_nanos took;

	close(gone);
	struct race_result r = run(a, 2, SP_SECOND, SP_NEVER, &took);
	assert_int_equal(r.error, 0);
	assert_int_equal(r.address.storage.ss_family, AF_INET);
	assert_true(took < 200 * SP_MILLISECOND);
	close(r.fd);
	close(fd);
}

static void
silent_address_is_joined_by_the_next_after_a_quarter_of_a_second(void **state)
{
	struct address a[2];
	int queued[2], hung = silent(&a[0], queued), fd = listener("127.0.0.1", &a[1]);
	sp_nanos took;
	struct race_result r = run(a, 2, 5 * SP_SECOND, SP_NEVER, &took);

	assert_int_equal(r.error, 0);
	assert_int_equal(address_port(&r.address), address_port(&a[1]));
	assert_true(took >= RACE_DELAY && took < 2 * SP_SECOND);
	close(r.fd);
	close(fd);
	close(hung);
	close(queued[0]);
	close(queued[1]);
}

static void
when_all_fail_an_answer_is_told_before_a_silence(void **state)
{
	struct address a[2];
	int queued[2], hung = silent(&a[0], queued), gone = listener("127.0.0.1", &a[1]);
	sp_nanos took;

	close(gone);
	struct race_result r = run(a, 2, 400 * SP_MILLISECOND, SP_NEVER, &took);
	assert_int_equal(r.error, ECONNREFUSED);
	assert_int_equal(address_port(&r.address), address_port(&a[1]));
	assert_true(took >= 390 * SP_MILLISECOND);
	r = run(a, 1, 50 * SP_MILLISECOND, SP_NEVER, &took);
	assert_int_equal(r.error, ETIMEDOUT);
	assert_true(r.waited >= 50 * SP_MILLISECOND);
	/* the deadline of all goes before the time of each */
	r = run(a, 1, SP_SECOND, time_now() + 50 * SP_MILLISECOND, &took);
	assert_int_equal(r.error, ETIMEDOUT);
	assert_true(took < 900 * SP_MILLISECOND);
	close(hung);
	close(queued[0]);
	close(queued[1]);
}

static void
race_that_is_given_up_leaves_nothing_behind(void **state)
{
	struct address a[1];
	int queued[2], hung = silent(&a[0], queued);
	struct poller poller;
	bool done = false;

	assert_int_equal(poller_init(&poller), 0);
	race_free(race_start(&poller, a, 1, SP_SECOND, SP_NEVER, on_done, &done));
	poller_turn(&poller, 0);
	assert_false(done);
	/* won, but nobody took it */
	struct address b;
	int fd = listener("127.0.0.1", &b);
	struct race *race = race_start(&poller, &b, 1, SP_SECOND, SP_NEVER, on_done, &done);
	while (!done)
		poller_turn(&poller, SP_NEVER);
	race_free(race);
	mem_fail_nth(1);
	assert_null(race_start(&poller, &b, 1, SP_SECOND, SP_NEVER, on_done, &done));
	mem_fail_nth(0);
	poller_fini(&poller);
	close(fd);
	close(hung);
	close(queued[0]);
	close(queued[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_take_turns_and_keep_their_order),
		cmocka_unit_test(first_that_answers_wins),
		cmocka_unit_test(refused_address_is_followed_by_the_next_at_once),
		cmocka_unit_test(silent_address_is_joined_by_the_next_after_a_quarter_of_a_second),
		cmocka_unit_test(when_all_fail_an_answer_is_told_before_a_silence),
		cmocka_unit_test(race_that_is_given_up_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
