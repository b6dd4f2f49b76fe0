/* SPDX-License-Identifier: MIT */
#include "ports/policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

static const char *const KB_PORTS[] = {"5000-5100"};

static struct ports_policy policy; /* 16 KiB: too large for a test's stack */

static void
configure(const char *const *ports, size_t n, const char *pia, const char *uip)
{
	ports_policy_set(&policy, &(struct ports_config){.source = "ports.yaml",
					  .ports = ports,
					  .n_ports = n,
					  .ports_internet_available = pia,
					  .use_internet_ports = uip});
}

static void
each_row_of_the_table_gives_its_ports(void **state)
{
	static const struct row {
		enum ports_kind kind;
		const char *pia, *uip;
		bool inside;
	} rows[] = {
		{PORTS_INTERNET, "Y", "Y", true},
		{PORTS_INTRANET, "Y", "Y", false},
		{PORTS_DEFAULT, "Y", "Y", true},
		{PORTS_INTERNET, "y", "n", true},
		{PORTS_INTRANET, "Y", "N", false},
		{PORTS_DEFAULT, "Y", "N", false},
		{PORTS_INTERNET, "N", "Y", false},
		{PORTS_INTRANET, "N", "Y", true},
		{PORTS_DEFAULT, "n", "y", false},
		{PORTS_INTERNET, "N", "N", false},
		{PORTS_INTRANET, "N", "N", true},
		{PORTS_DEFAULT, "N", "N", true},
	};

	for (size_t i = 0; i < 12; i++) {
		const struct port_set *set = NULL;

		configure(KB_PORTS, 1, rows[i].pia, rows[i].uip);
		assert_true(policy.valid);
		assert_int_equal(ports_policy_choose(&policy, rows[i].kind, &set, NULL), 0);
		assert_int_equal(port_set_has(set, 5000), rows[i].inside);
		assert_int_equal(port_set_has(set, 5100), rows[i].inside);
		assert_false(port_set_has(set, 4999));
		assert_false(port_set_has(set, 5101));
		assert_int_equal(port_set_has(set, 49152), !rows[i].inside);
		assert_int_equal(port_set_count(set), rows[i].inside ? 101 : 16384);
	}
}

static void
without_configuration_every_request_gets_the_dynamic_range(void **state)
{
	configure(NULL, 0, NULL, NULL);
	assert_true(policy.valid);
	assert_false(policy.configured);
	for (int kind = PORTS_DEFAULT; kind <= PORTS_INTRANET; kind++) {
		const struct port_set *set = NULL;

		assert_int_equal(ports_policy_choose(&policy, kind, &set, NULL), 0);
		assert_int_equal(port_set_count(set), 16384);
		assert_true(port_set_has(set, 49152) && port_set_has(set, 65535));
	}
}

static void
outside_is_the_dynamic_range_without_what_is_listed(void **state)
{
	static const char *const ports[] = {"50000-50099", " 60000 ", "135 - 139"};
	const struct port_set *set = NULL;

	configure(ports, 3, "Y", "N");
	assert_int_equal(ports_policy_choose(&policy, PORTS_DEFAULT, &set, NULL), 0);
	assert_int_equal(port_set_count(set), 16384 - 101);
	assert_false(port_set_has(set, 50099));
	assert_false(port_set_has(set, 60000));
	assert_false(port_set_has(set, 200));
	assert_int_equal(ports_policy_choose(&policy, PORTS_INTERNET, &set, NULL), 0);
	assert_int_equal(port_set_count(set), 106);
}

static void
expect_invalid(const char *word)
{
	const struct port_set *set = NULL;
	struct sp_error error = {0};

	assert_false(policy.valid);
	for (int kind = PORTS_DEFAULT; kind <= PORTS_INTRANET; kind++)
		assert_int_equal(
			ports_policy_choose(&policy, kind, &set, &error), RPC_S_INVALID_ARG);
	assert_null(set);
	assert_int_equal(error.status, 87);
	if (!strstr(error.sentence, word))
		fail_msg("\"%s\" is not in: %s", word, error.sentence);
	assert_non_null(strstr(error.sentence, "ports.yaml"));
}

static void
one_bad_entry_makes_all_of_it_invalid(void **state)
{
	static const char *const bad[] = {"65536", "5100-5000", "abc", "", "-5", "5000-",
		"5000-5100-", "5000 5001", "99999999999999999999", "0x50", "5000-70000", "+5"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *const ports[] = {"5000-5100", bad[i], "5984"};

		configure(ports, 3, "Y", "Y");
		expect_invalid(bad[i]);
	}
}

static void
the_limits_of_the_range_are_entries(void **state)
{
	static const char *const ports[] = {"0", "65535", "0-65535"};

	configure(ports, 3, "Y", "Y");
	assert_true(policy.valid);
	assert_int_equal(port_set_count(&policy.inside), 65536);
	assert_int_equal(port_set_count(&policy.outside), 0);
}

static void
a_missing_or_unreadable_companion_makes_all_of_it_invalid(void **state)
{
	configure(KB_PORTS, 1, NULL, "Y");
	expect_invalid("ports_internet_available is missing");
	configure(KB_PORTS, 1, "Y", NULL);
	expect_invalid("use_internet_ports is missing");
	configure(KB_PORTS, 1, "maybe", "Y");
	expect_invalid("\"maybe\"");
	configure(KB_PORTS, 1, "Y", "");
	expect_invalid("use_internet_ports");
	configure(KB_PORTS, 1, "Y", "YES");
	expect_invalid("\"YES\"");
	configure(NULL, 0, "Y", "Y");
	expect_invalid("ports is missing");
}

static void
the_line_of_a_bad_entry_is_named(void **state)
{
	static const char *const ports[] = {"5000", "x"};
	static const unsigned lines[] = {3, 4};

	ports_policy_set(&policy,
		&(struct ports_config){
			.source = "ports.yaml", .ports = ports, .n_ports = 2, .lines = lines});
	expect_invalid("ports.yaml:4");
}

/* --- the file --- */

static void
read_text(const char *text)
{
	char dir[] = "/tmp/sallyport-ports-XXXXXX", path[80];
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ports.yaml", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	ports_policy_read(&policy, path);
	unlink(path);
	rmdir(dir);
}

static void
a_file_is_read(void **state)
{
	read_text("# ours\nports: [5000-5100, 5984]\nports_internet_available: Y\n"
		  "use_internet_ports: n\n");
	assert_true(policy.valid && policy.configured);
	assert_true(policy.internet_available);
	assert_false(policy.use_internet);
	assert_int_equal(port_set_count(&policy.inside), 102);
}

static void
an_empty_list_is_refused_as_a_missing_value(void **state)
{
	read_text("ports: []\nports_internet_available: N\nuse_internet_ports: Y\n");
	expect_invalid("ports is missing");
}

static void
an_absent_file_is_no_policy(void **state)
{
	ports_policy_read(&policy, "/nonexistent/ports.yaml");
	assert_true(policy.valid);
	assert_false(policy.configured);
}

static void
a_file_that_cannot_be_read_is_invalid(void **state)
{
	read_text("ports: [5000-5100\n");
	expect_invalid("ports.yaml");
	read_text("ports: [5000-5100]\nports_internet_available: Y\nuse_internet_port: Y\n");
	expect_invalid("use_internet_port");
	read_text("ports: {a: b}\nports_internet_available: Y\nuse_internet_ports: Y\n");
	expect_invalid("ports");
	read_text(
		"ports: [5000-5100, hello]\nports_internet_available: Y\nuse_internet_ports: Y\n");
	expect_invalid("\"hello\"");
	read_text("ports: [5000-5100]\n");
	expect_invalid("ports_internet_available is missing");
	read_text("");
	expect_invalid("ports.yaml");
}

/* --- allocating --- */

struct machine {
	uint16_t free_port; /* 0: none */
	uint32_t asked;
	struct port_set seen;
	bool repeated;
	int error;
	uint32_t error_after;
};

static int
take(void *arg, uint16_t port)
{
	struct machine *m = arg;

	m->repeated |= port_set_has(&m->seen, port);
	port_set_add(&m->seen, port, port);
	if (m->error_after && ++m->asked >= m->error_after)
		return m->error;
	return port == m->free_port ? 0 : m->asked % 2 ? EADDRINUSE : EACCES;
}

static void
the_one_free_port_of_16384_is_found(void **state)
{
	struct machine m = {.free_port = 60123};
	uint16_t port = 0;

	configure(NULL, 0, NULL, NULL);
	assert_int_equal(ports_allocate(&policy.outside, take, &m, &port, NULL), 0);
	assert_int_equal(port, 60123);
	assert_false(m.repeated);
}

static void
when_none_is_free_the_size_of_the_range_is_named(void **state)
{
	struct machine m = {0};
	struct sp_error error = {0};
	uint16_t port = 7;

	configure(NULL, 0, NULL, NULL);
	assert_int_equal(ports_allocate(&policy.outside, take, &m, &port, &error), 1721);
	assert_int_equal(error.status, RPC_S_OUT_OF_RESOURCES);
	assert_non_null(strstr(error.sentence, "16384"));
	assert_int_equal(port_set_count(&m.seen), 16384);
	assert_false(m.repeated);
	assert_int_equal(port, 7);
}

static void
port_zero_is_never_given(void **state)
{
	static const char *const ports[] = {"0"};
	struct machine m = {.free_port = 0};
	uint16_t port = 7;

	configure(ports, 1, "Y", "Y");
	assert_int_equal(ports_allocate(&policy.inside, take, &m, &port, NULL), 1721);
	assert_int_equal(port_set_count(&m.seen), 0);
}

static void
another_error_ends_the_search(void **state)
{
	struct machine m = {.error = ENFILE, .error_after = 3};
	struct sp_error error = {0};
	uint16_t port = 7;

	configure(NULL, 0, NULL, NULL);
	assert_int_equal(ports_allocate(&policy.outside, take, &m, &port, &error),
		RPC_S_CANT_CREATE_ENDPOINT);
	assert_int_equal(error.sys_errno, ENFILE);
	assert_int_equal(m.asked, 3);
	assert_int_equal(port, 7);
}

static int
take_any(void *arg, uint16_t port)
{
	port_set_add(arg, port, port);
	return 0;
}

static void
the_choice_is_spread_over_the_range(void **state)
{
	struct port_set chosen = {0};
	uint16_t port;

	configure(KB_PORTS, 1, "Y", "Y");
	for (int i = 0; i < 400; i++) {
		assert_int_equal(ports_allocate(&policy.inside, take_any, &chosen, &port, NULL), 0);
		assert_in_range(port, 5000, 5100);
	}
	/* 400 draws of 101 leave out 2 on average; to leave out 30 does not happen */
	assert_true(port_set_count(&chosen) > 70);
}

static void
without_memory_nothing_is_taken(void **state)
{
	struct machine m = {.free_port = 5000};
	uint16_t port = 7;

	configure(KB_PORTS, 1, "Y", "Y");
	mem_fail_nth(1);
	assert_int_equal(
		ports_allocate(&policy.inside, take, &m, &port, NULL), RPC_S_OUT_OF_MEMORY);
	mem_fail_nth(0);
	assert_int_equal(port_set_count(&m.seen), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_of_the_table_gives_its_ports),
		cmocka_unit_test(without_configuration_every_request_gets_the_dynamic_range),
		cmocka_unit_test(outside_is_the_dynamic_range_without_what_is_listed),
		cmocka_unit_test(one_bad_entry_makes_all_of_it_invalid),
		cmocka_unit_test(the_limits_of_the_range_are_entries),
		cmocka_unit_test(a_missing_or_unreadable_companion_makes_all_of_it_invalid),
		cmocka_unit_test(the_line_of_a_bad_entry_is_named),
		cmocka_unit_test(a_file_is_read),
		cmocka_unit_test(an_empty_list_is_refused_as_a_missing_value),
		cmocka_unit_test(an_absent_file_is_no_policy),
		cmocka_unit_test(a_file_that_cannot_be_read_is_invalid),
		cmocka_unit_test(the_one_free_port_of_16384_is_found),
		cmocka_unit_test(when_none_is_free_the_size_of_the_range_is_named),
		cmocka_unit_test(port_zero_is_never_given),
		cmocka_unit_test(another_error_ends_the_search),
		cmocka_unit_test(the_choice_is_spread_over_the_range),
		cmocka_unit_test(without_memory_nothing_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
