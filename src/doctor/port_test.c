/* SPDX-License-Identifier: MIT */
#include "doctor/port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"
#include "net/tcp.h"

static struct address
loopback(uint16_t port)
{
	struct address a;

	assert_true(address_parse("127.0.0.1", port, &a));
	return a;
}

static struct address
listener(int *ret_fd)
{
	struct address a = loopback(0);

	assert_int_equal(tcp_listen(&a, ret_fd), 0);
	assert_true(tcp_local_address(*ret_fd, &a));
	return a;
}

static void
a_listening_port_is_open_and_a_dead_one_is_refused(void **state)
{
	int listening, closed;
	struct port_probe probes[2] = {
		{.address = listener(&listening)}, {.address = listener(&closed)}};
	char says[120];

	close(closed);
	port_probe(probes, 2, time_now() + SP_SECOND);
	assert_int_equal(probes[0].seen, SEEN_PORT_OPEN);
	assert_int_equal(probes[0].fd, -1);
	assert_int_equal(probes[1].seen, SEEN_PORT_REFUSED);
	assert_false(probes[1].has_router);
	assert_non_null(strstr(port_probe_says(&probes[0], says, sizeof(says)), "open"));
	assert_non_null(strstr(port_probe_says(&probes[1], says, sizeof(says)), "RST"));
	close(listening);
}

static void
an_open_port_stays_open_when_that_is_wished(void **state)
{
	int listening;
	struct port_probe probe = {.address = listener(&listening), .keeps = true};

	port_probe(&probe, 1, time_now() + SP_SECOND);
	assert_int_equal(probe.seen, SEEN_PORT_OPEN);
	assert_true(probe.fd >= 0);
	close(probe.fd);
	close(listening);
}

static void
more_probes_than_one_load_are_all_answered(void **state)
{
	static struct port_probe probes[PORT_PROBES_MAX + 20];
	const size_t n = sizeof(probes) / sizeof(probes[0]);
	int closed;
	struct address a = listener(&closed);

	close(closed);
	for (size_t i = 0; i < n; i++)
		probes[i] = (struct port_probe){.address = a, .seen = SEEN_PORT_OPEN};
	port_probe(probes, n, time_now() + 5 * SP_SECOND);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(probes[i].seen, SEEN_PORT_REFUSED);
}

static void
no_time_at_all_is_silence(void **state)
{
	struct port_probe probe;
	char says[120];

	/* TEST-NET-1: nobody has it */
	assert_true(address_parse("192.0.2.1", 135, &probe.address));
	probe.keeps = false;
	port_probe(&probe, 1, time_now());
	assert_int_not_equal(probe.seen, SEEN_PORT_OPEN);
	assert_int_not_equal(probe.seen, SEEN_PORT_REFUSED);
	assert_int_equal(probe.fd, -1);
	assert_true(strlen(port_probe_says(&probe, says, sizeof(says))) > 5);
}

static void
an_icmp_message_names_its_router_and_its_kind(void **state)
{
	struct port_probe probe = {
		.seen = SEEN_PORT_PROHIBITED, .has_router = true, .icmp_type = 3, .icmp_code = 13};
	char says[120];

	assert_true(address_parse("192.0.2.1", 0, &probe.router));
	assert_string_equal(port_probe_says(&probe, says, sizeof(says)),
		"prohibited: 192.0.2.1 says so (ICMP 3/13)");
	probe.is_local = true;
	probe.seen = SEEN_PORT_UNREACHABLE;
	assert_non_null(strstr(port_probe_says(&probe, says, sizeof(says)), "our own network"));
}

static void
a_host_is_an_address_without_its_port(void **state)
{
	static const char *const texts[] = {"192.0.2.1", "2001:db8::1", "::1"};

	for (size_t i = 0; i < 3; i++) {
		struct address a;
		char got[ADDRESS_TEXT];

		assert_true(address_parse(texts[i], 135, &a));
		assert_string_equal(port_host(&a, got), texts[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listening_port_is_open_and_a_dead_one_is_refused),
		cmocka_unit_test(an_open_port_stays_open_when_that_is_wished),
		cmocka_unit_test(more_probes_than_one_load_are_all_answered),
		cmocka_unit_test(no_time_at_all_is_silence),
		cmocka_unit_test(an_icmp_message_names_its_router_and_its_kind),
		cmocka_unit_test(a_host_is_an_address_without_its_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
