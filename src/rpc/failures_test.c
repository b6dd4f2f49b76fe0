/* SPDX-License-Identifier: MIT */
#include "rpc/failures.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"

static struct failures failures;

static int
setup(void **state)
{
	(void)state;
	memset(&failures, 0, sizeof(failures));
	return 0;
}

static struct in6_addr
host(const char *text)
{
	struct in6_addr a;

	assert_int_equal(inet_pton(AF_INET6, text, &a), 1);
	return a;
}

static void
fail_at(const char *text, sp_nanos now, unsigned n)
{
	struct in6_addr a = host(text);

	for (unsigned i = 0; i < n; i++)
		failures_add(&failures, &a, now);
}

static unsigned
count_at(const char *text, sp_nanos now)
{
	struct in6_addr a = host(text);

	return failures_of(&failures, &a, now);
}

static void
failures_of_an_address_are_its_own(void **state)
{
	(void)state;
	fail_at("::ffff:192.0.2.7", SP_SECOND, 3);
	fail_at("::ffff:192.0.2.8", SP_SECOND, 1);
	assert_int_equal(count_at("::ffff:192.0.2.7", SP_SECOND), 3);
	assert_int_equal(count_at("::ffff:192.0.2.8", SP_SECOND), 1);
	assert_int_equal(count_at("::ffff:192.0.2.9", SP_SECOND), 0);
}

static void
a_minute_after_the_first_all_is_forgotten(void **state)
{
	(void)state;
	fail_at("::ffff:192.0.2.7", SP_SECOND, 3);
	fail_at("::ffff:192.0.2.7", 60 * SP_SECOND, 3);
	assert_int_equal(count_at("::ffff:192.0.2.7", 61 * SP_SECOND - 1), 6);
	assert_int_equal(count_at("::ffff:192.0.2.7", 61 * SP_SECOND), 0);
	fail_at("::ffff:192.0.2.7", 61 * SP_SECOND, 1);
	assert_int_equal(count_at("::ffff:192.0.2.7", 61 * SP_SECOND), 1);
}

static void
neighbours_in_an_ipv6_network_are_one(void **state)
{
	(void)state;
	fail_at("2001:db8:0:1::1", SP_SECOND, 1);
	fail_at("2001:db8:0:1:ffff::2", SP_SECOND, 1);
	assert_int_equal(count_at("2001:db8:0:1::3", SP_SECOND), 2);
	assert_int_equal(count_at("2001:db8:0:2::1", SP_SECOND), 0);
}

static void
many_addresses_do_not_make_the_worst_forgotten(void **state)
{
	(void)state;
	fail_at("::ffff:192.0.2.7", SP_SECOND, 10);
	for (unsigned i = 0; i < 100000; i++) {
		struct in6_addr a = host("2001:db8::");

		a.s6_addr[5] = (uint8_t)(i >> 16);
		a.s6_addr[6] = (uint8_t)(i >> 8);
		a.s6_addr[7] = (uint8_t)i;
		failures_add(&failures, &a, 2 * SP_SECOND);
		assert_int_equal(failures_of(&failures, &a, 2 * SP_SECOND), 1);
	}
	assert_int_equal(count_at("::ffff:192.0.2.7", 3 * SP_SECOND), 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(failures_of_an_address_are_its_own, setup),
		cmocka_unit_test_setup(a_minute_after_the_first_all_is_forgotten, setup),
		cmocka_unit_test_setup(neighbours_in_an_ipv6_network_are_one, setup),
		cmocka_unit_test_setup(many_addresses_do_not_make_the_worst_forgotten, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
