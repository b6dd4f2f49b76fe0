/* SPDX-License-Identifier: MIT */
#include "cli/subnet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void
networks_have_their_hosts(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *first, *last;
	} cases[] = {
		{"192.0.2.0/24", 254, "192.0.2.1", "192.0.2.254"},
		{"192.0.2.77/24", 254, "192.0.2.1", "192.0.2.254"},
		{"10.1.0.0/16", 65534, "10.1.0.1", "10.1.255.254"},
		{"192.0.2.4/30", 2, "192.0.2.5", "192.0.2.6"},
		{"192.0.2.4/31", 2, "192.0.2.4", "192.0.2.5"},
		{"192.0.2.4/32", 1, "192.0.2.4", "192.0.2.4"},
		{"2001:db8::ff00/120", 256, "2001:db8::ff00", "2001:db8::ffff"},
		{"2001:db8::1/128", 1, "2001:db8::1", "2001:db8::1"},
		{"2001:db8::/112", 65536, "2001:db8::", "2001:db8::ffff"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char host[INET6_ADDRSTRLEN];
		struct subnet net;

		assert_true(subnet_parse(cases[i].text, &net));
		assert_int_equal(net.n, cases[i].n);
		subnet_host(&net, 0, host);
		assert_string_equal(host, cases[i].first);
		subnet_host(&net, net.n - 1, host);
		assert_string_equal(host, cases[i].last);
	}
}

static void
what_is_no_network_or_too_large_is_refused(void **state)
{
	static const char *const cases[] = {"", "/", "/24", "192.0.2.1", "192.0.2.0/",
		"192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/ 8", "192.0.2.0/24x", "192.0.2.0/0024",
		"10.0.0.0/15", "0.0.0.0/0", "2001:db8::/111", "2001:db8::/129", "dc01/24",
		"192.0.2/24", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb/120"};
	struct subnet net;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_false(subnet_parse(cases[i], &net));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_have_their_hosts),
		cmocka_unit_test(what_is_no_network_or_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
