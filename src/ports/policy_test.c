/* SPDX-License-Identifier: MIT */
/* The rules of KB 154596, one case each: what a policy says, who asks, what comes of it. */
#include "ports/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <sallyport/binding.h>

#include "base/mem.h"

static struct ports_policy policy; /* 16 KiB: too large for a test's stack */

static void
judge(const char *text)
{
	struct ports_config config;

	ports_policy_fini(&policy);
	ports_config_init(&config, "ports.yaml");
	ports_config_parse(&config, text, strlen(text));
	ports_policy_judge(&policy, &config);
}

static int
forget(void **state)
{
	ports_policy_fini(&policy);
	return 0;
}

/* --- the twelve rows --- */

#define INTERNET_ARE_LISTED "ports_internet_available: Y\n"
#define INTRANET_ARE_LISTED "ports_internet_available: N\n"
#define DEFAULT_INTERNET "use_internet_ports: Y\n"
#define DEFAULT_INTRANET "use_internet_ports: N\n"

static const struct row {
	const char *sentence, *values;
	enum ports_kind kind;
	bool inside;
} rows[] = {
	{"an_internet_port_is_listed_where_internet_ports_are_listed_and_the_default",
		INTERNET_ARE_LISTED DEFAULT_INTERNET, PORTS_INTERNET, true},
	{"an_intranet_port_is_outside_where_internet_ports_are_listed_and_the_default",
		INTERNET_ARE_LISTED DEFAULT_INTERNET, PORTS_INTRANET, false},
	{"the_default_is_listed_where_internet_ports_are_listed_and_the_default",
		INTERNET_ARE_LISTED DEFAULT_INTERNET, PORTS_DEFAULT, true},
	{"an_internet_port_is_listed_where_internet_ports_are_listed_and_not_the_default",
		INTERNET_ARE_LISTED DEFAULT_INTRANET, PORTS_INTERNET, true},
	{"an_intranet_port_is_outside_where_internet_ports_are_listed_and_not_the_default",
		INTERNET_ARE_LISTED DEFAULT_INTRANET, PORTS_INTRANET, false},
	{"the_default_is_outside_where_internet_ports_are_listed_and_not_the_default",
		INTERNET_ARE_LISTED DEFAULT_INTRANET, PORTS_DEFAULT, false},
	{"an_internet_port_is_outside_where_intranet_ports_are_listed_and_internet_is_the_default",
		INTRANET_ARE_LISTED DEFAULT_INTERNET, PORTS_INTERNET, false},
	{"an_intranet_port_is_listed_where_intranet_ports_are_listed_and_internet_is_the_default",
		INTRANET_ARE_LISTED DEFAULT_INTERNET, PORTS_INTRANET, true},
	{"the_default_is_outside_where_intranet_ports_are_listed_and_internet_is_the_default",
		INTRANET_ARE_LISTED DEFAULT_INTERNET, PORTS_DEFAULT, false},
	{"an_internet_port_is_outside_where_intranet_ports_are_listed_and_the_default",
		INTRANET_ARE_LISTED DEFAULT_INTRANET, PORTS_INTERNET, false},
	{"an_intranet_port_is_listed_where_intranet_ports_are_listed_and_the_default",
		INTRANET_ARE_LISTED DEFAULT_INTRANET, PORTS_INTRANET, true},
	{"the_default_is_listed_where_intranet_ports_are_listed_and_the_default",
		INTRANET_ARE_LISTED DEFAULT_INTRANET, PORTS_DEFAULT, true},
};

static void
row_holds(void **state)
{
	const struct row *row = *state;
	const struct port_set *set = NULL;
	char text[200];

	snprintf(text, sizeof(text), "ports: [5000-5100]\n%s", row->values);
	judge(text);
	assert_true(policy.valid && policy.configured);
	assert_int_equal(ports_policy_choose(&policy, row->kind, &set, NULL), 0);
	assert_int_equal(port_set_has(set, 5000), row->inside);
	assert_int_equal(port_set_has(set, 5100), row->inside);
	assert_false(port_set_has(set, 4999));
	assert_false(port_set_has(set, 5101));
	assert_int_equal(port_set_has(set, 49152), !row->inside);
	assert_int_equal(port_set_count(set), row->inside ? 101 : 16384);
}

/* --- the invalid ones --- */

#define YY INTERNET_ARE_LISTED DEFAULT_INTERNET

static const struct invalid {
	const char *sentence, *text;
	enum ports_fault fault;
	unsigned line, column;
	const char *entry;
} invalid[] = {
	{"an_entry_over_65535_makes_all_of_it_invalid", "ports: [5000-5100, 65536]\n" YY,
		PORTS_FAULT_ENTRY_TOO_LARGE, 1, 20, "65536"},
	{"a_range_that_reaches_over_65535_makes_all_of_it_invalid",
		"ports:\n  - 5000-5100\n  - 5000-70000\n" YY, PORTS_FAULT_ENTRY_TOO_LARGE, 3, 5,
		"5000-70000"},
	{"a_number_of_many_digits_does_not_wrap", "ports: ['99999999999999999999']\n" YY,
		PORTS_FAULT_ENTRY_TOO_LARGE, 1, 9, "99999999999999999999"},
	{"an_entry_below_0_makes_all_of_it_invalid", "ports: [5000-5100, -5]\n" YY,
		PORTS_FAULT_ENTRY_UNREADABLE, 1, 20, "-5"},
	{"a_word_is_no_port", "ports:\n- 5000-5100\n- abc\n- 5984\n" YY,
		PORTS_FAULT_ENTRY_UNREADABLE, 3, 3, "abc"},
	{"an_empty_entry_is_no_port", "ports: [5000-5100, '']\n" YY, PORTS_FAULT_ENTRY_UNREADABLE,
		1, 20, ""},
	{"a_range_without_end_is_none", "ports: [5000-]\n" YY, PORTS_FAULT_ENTRY_UNREADABLE, 1, 9,
		"5000-"},
	{"a_range_has_one_dash", "ports: [5000-5100-]\n" YY, PORTS_FAULT_ENTRY_UNREADABLE, 1, 9,
		"5000-5100-"},
	{"two_ports_in_one_entry_are_none", "ports: [5000 5001]\n" YY, PORTS_FAULT_ENTRY_UNREADABLE,
		1, 9, "5000 5001"},
	{"ports_are_decimal", "ports: [0x50]\n" YY, PORTS_FAULT_ENTRY_UNREADABLE, 1, 9, "0x50"},
	{"ports_have_no_sign", "ports: [+5]\n" YY, PORTS_FAULT_ENTRY_UNREADABLE, 1, 9, "+5"},
	{"a_range_that_ends_before_it_begins_makes_all_of_it_invalid", "ports: [5100-5000]\n" YY,
		PORTS_FAULT_ENTRY_BACKWARDS, 1, 9, "5100-5000"},
	{"an_empty_list_is_invalid", "ports: []\n" YY, PORTS_FAULT_EMPTY_LIST, 1, 8, NULL},
	{"no_list_is_invalid", "ports:\n" YY, PORTS_FAULT_WRONG_TYPE, 1, 7, ""},
	{"a_list_is_written_as_one", "ports: 5000-5100\n" YY, PORTS_FAULT_WRONG_TYPE, 1, 8,
		"5000-5100"},
	{"a_mapping_is_no_list", YY "ports: {a: b}\n", PORTS_FAULT_WRONG_TYPE, 3, 8, NULL},
	{"a_list_within_the_list_is_no_port", "ports: [[5000]]\n" YY, PORTS_FAULT_WRONG_TYPE, 1, 9,
		NULL},
	{"missing_ports_make_all_of_it_invalid", YY, PORTS_FAULT_MISSING, 0, 0, NULL},
	{"a_missing_ports_internet_available_makes_all_of_it_invalid",
		"ports: [5000-5100]\n" DEFAULT_INTERNET, PORTS_FAULT_MISSING, 0, 0, NULL},
	{"a_missing_use_internet_ports_makes_all_of_it_invalid",
		"ports: [5000-5100]\n" INTERNET_ARE_LISTED, PORTS_FAULT_MISSING, 0, 0, NULL},
	{"an_answer_is_y_or_n", "ports: [5000]\nports_internet_available: maybe\n" DEFAULT_INTERNET,
		PORTS_FAULT_NOT_Y_OR_N, 2, 27, "maybe"},
	{"an_answer_is_one_letter", "ports: [5000]\n" INTERNET_ARE_LISTED "use_internet_ports: YES",
		PORTS_FAULT_NOT_Y_OR_N, 3, 21, "YES"},
	{"an_empty_answer_is_none", "ports: [5000]\n" INTERNET_ARE_LISTED "use_internet_ports: ''",
		PORTS_FAULT_NOT_Y_OR_N, 3, 21, ""},
	{"an_answer_is_no_list", "ports: [5000]\n" INTERNET_ARE_LISTED "use_internet_ports: [Y]",
		PORTS_FAULT_WRONG_TYPE, 3, 21, NULL},
	{"a_misspelt_value_is_not_overlooked", "ports: [5000]\nbinds: [eth0]\n" YY,
		PORTS_FAULT_UNKNOWN_VALUE, 2, 1, "binds"},
	{"a_value_is_there_once", "ports: [5000]\n" YY "ports: [6000]\n", PORTS_FAULT_TWICE, 4, 1,
		"ports"},
	{"a_file_that_says_nothing_is_a_mistake", "# nothing\n", PORTS_FAULT_NOTHING, 0, 0, NULL},
	{"a_file_that_is_empty_is_a_mistake", "", PORTS_FAULT_NOTHING, 0, 0, NULL},
	{"what_is_no_yaml_is_invalid", "ports: [5000-5100\n", PORTS_FAULT_SYNTAX, 2, 1, NULL},
	{"a_file_that_is_no_mapping_is_invalid", "- 5000\n", PORTS_FAULT_SYNTAX, 1, 1, NULL},
	{"a_second_document_is_not_overlooked", "ports: [5000]\n" YY "---\nports: [6000]\n",
		PORTS_FAULT_SYNTAX, 5, 1, NULL},
	{"an_empty_interface_to_bind_to_is_invalid", "bind: ['']\n", PORTS_FAULT_BIND_EMPTY, 1, 8,
		""},
	{"an_empty_list_of_interfaces_to_bind_to_is_invalid", "ports: [5000]\n" YY "bind: []\n",
		PORTS_FAULT_BIND_EMPTY, 4, 7, NULL},
	{"interfaces_to_bind_to_are_a_list", "bind: eth0\n", PORTS_FAULT_WRONG_TYPE, 1, 7, "eth0"},
	{"a_fixed_port_is_one_port", "fixed: {samr: 5000-5001}\n", PORTS_FAULT_FIXED_BAD_PORT, 1,
		15, "5000-5001"},
	{"a_fixed_port_is_not_0", "fixed: {samr: 0}\n", PORTS_FAULT_FIXED_BAD_PORT, 1, 15, "0"},
	{"a_fixed_port_is_at_most_65535", "fixed: {samr: 65536}\n", PORTS_FAULT_FIXED_BAD_PORT, 1,
		15, "65536"},
	{"a_fixed_port_belongs_to_a_name", "fixed: {'s amr': 5000}\n", PORTS_FAULT_FIXED_BAD_NAME,
		1, 9, "s amr"},
	{"an_interface_has_one_fixed_port", "fixed:\n  samr: 5000\n  SAMR: 6000\n",
		PORTS_FAULT_TWICE, 3, 3, "SAMR"},
	{"fixed_ports_are_a_mapping", "fixed: [5000]\n", PORTS_FAULT_WRONG_TYPE, 1, 8, NULL},
};

/* The whole configuration: each kind of request fails, and says where and why. */
static void
invalid_is_refused(void **state)
{
	const struct invalid *c = *state;
	const struct port_set *set = NULL;
	const struct ports_finding *f;
	struct sp_error error = {0};
	char place[32];

	judge(c->text);
	assert_false(policy.valid);
	for (int kind = PORTS_DEFAULT; kind <= PORTS_INTRANET; kind++)
		assert_int_equal(
			ports_policy_choose(&policy, kind, &set, &error), RPC_S_INVALID_ARG);
	assert_null(set);
	assert_int_equal(error.status, 87);
	assert_int_equal(policy.config.findings.n, 1);
	f = &policy.config.findings.items[0];
	assert_string_equal(ports_fault_name(f->fault), ports_fault_name(c->fault));
	assert_int_equal(f->place.line, c->line);
	assert_int_equal(f->place.column, c->column);
	if (c->entry)
		assert_string_equal(f->entry, c->entry);
	/* the event has all of it: file, line, entry, what it means, what to do */
	snprintf(place, sizeof(place), c->line ? "ports.yaml:%u:%u - " : "ports.yaml - ", c->line,
		c->column);
	assert_non_null(strstr(error.sentence, place));
	assert_non_null(strstr(error.sentence, f->what));
	assert_non_null(strstr(error.sentence, c->entry ? c->entry : ""));
	assert_non_null(strstr(error.sentence, "the parameter is incorrect"));
	assert_non_null(strstr(error.sentence, f->remedy));
}

static void
everything_wrong_is_found_at_once_in_the_order_of_the_file(void **state)
{
	static const enum ports_fault expected[] = {PORTS_FAULT_MISSING,
		PORTS_FAULT_ENTRY_UNREADABLE, PORTS_FAULT_ENTRY_BACKWARDS, PORTS_FAULT_NOT_Y_OR_N,
		PORTS_FAULT_UNKNOWN_VALUE, PORTS_FAULT_BIND_EMPTY};
	const struct ports_findings *f = &policy.config.findings;

	judge("ports: [x, 5984, 2-1]\nports_internet_available: 7\nnonsense: 1\nbind: ['']\n");
	assert_int_equal(f->n, 6);
	assert_int_equal(f->n_errors, 6);
	for (size_t i = 0; i < f->n; i++)
		assert_int_equal(f->items[i].fault, expected[i]);
}

static void
a_sentence_of_long_words_keeps_its_end(void **state)
{
	char text[2000] = "ports: [";
	struct sp_error error = {0};
	const struct port_set *set;

	memset(text + 8, 'x', 1500);
	strcpy(text + 1508, "]\n" YY);
	judge(text);
	assert_int_equal(ports_policy_choose(&policy, PORTS_DEFAULT, &set, &error), 87);
	assert_non_null(strstr(error.sentence, "ports.yaml:1:9"));
	assert_non_null(strstr(error.sentence, "write a port as 5984"));
}

/* --- the valid ones --- */

static void
without_configuration_every_request_gets_the_dynamic_range(void **state)
{
	ports_policy_fini(&policy);
	ports_policy_read(&policy, "/nonexistent/ports.yaml");
	assert_true(policy.valid && policy.config.is_absent);
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
	const struct port_set *set = NULL;

	judge("ports: [50000-50099, ' 60000 ', 135 - 139]\n" INTERNET_ARE_LISTED DEFAULT_INTRANET);
	assert_int_equal(ports_policy_choose(&policy, PORTS_DEFAULT, &set, NULL), 0);
	assert_int_equal(port_set_count(set), 16384 - 101);
	assert_false(port_set_has(set, 50099));
	assert_false(port_set_has(set, 60000));
	assert_false(port_set_has(set, 200));
	assert_int_equal(ports_policy_choose(&policy, PORTS_INTERNET, &set, NULL), 0);
	assert_int_equal(port_set_count(set), 106);
}

static void
the_limits_of_the_range_are_entries(void **state)
{
	judge("ports: [0, 65535, 0-65535]\n" YY);
	assert_true(policy.valid);
	assert_int_equal(port_set_count(&policy.inside), 65536);
	assert_int_equal(port_set_count(&policy.outside), 0);
}

static void
an_answer_may_be_of_either_case(void **state)
{
	judge("ports: [5000]\nports_internet_available: y\nuse_internet_ports: n\n");
	assert_true(policy.valid && policy.internet_available);
	assert_false(policy.use_internet);
}

static void
interfaces_and_fixed_ports_need_no_listed_ports(void **state)
{
	const struct port_set *set = NULL;

	judge("bind: [eth0, eth1]\nfixed: {samr: 50001}\n");
	assert_true(policy.valid);
	assert_false(policy.configured);
	assert_int_equal(policy.config.bind.n, 2);
	assert_string_equal(policy.config.bind.items[1].text, "eth1");
	assert_int_equal(ports_policy_choose(&policy, PORTS_INTERNET, &set, NULL), 0);
	assert_int_equal(port_set_count(set), 16384);
}

static void
a_file_that_may_not_be_read_is_invalid_not_absent(void **state)
{
	ports_policy_fini(&policy);
	ports_policy_read(&policy, "/proc");
	assert_false(policy.valid || policy.config.is_absent);
	assert_non_null(strstr(policy.why_invalid.sentence, "/proc - it cannot be read"));
}

static void
a_file_is_read(void **state)
{
	char path[] = "/tmp/sallyport-ports-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_true(write(fd, "ports: [5000-5100, 5984]\n" YY, 24 + 1 + sizeof(YY) - 1) > 0);
	close(fd);
	ports_policy_fini(&policy);
	ports_policy_read(&policy, path);
	unlink(path);
	assert_true(policy.valid && policy.configured);
	assert_int_equal(port_set_count(&policy.inside), 102);
}

static void
without_memory_a_policy_is_invalid_never_open(void **state)
{
	uint64_t n = 1;
	bool valid;

	do {
		struct ports_config config;

		ports_policy_fini(&policy);
		ports_config_init(&config, "ports.yaml");
		mem_fail_nth(n++);
		ports_config_parse(&config, "ports: [5000, 5001, 5002]\nfixed: {a: 1, b: 2}\n" YY,
			45 + sizeof(YY) - 1);
		ports_policy_judge(&policy, &config);
		mem_fail_nth(0);
		valid = policy.valid;
		if (!valid)
			assert_int_equal(policy.why_invalid.status, 87);
		else
			assert_int_equal(port_set_count(&policy.inside), 3);
	} while (!valid && n < 100);
	assert_true(valid);
	assert_true(n > 2);
}

/* --- warnings --- */

static struct ports_kernel kernel;

static bool
has_lo(const char *name)
{
	return !strcmp(name, "lo");
}

static void
warn(const char *text)
{
	judge(text);
	assert_true(policy.valid);
	ports_policy_warn(&policy, &kernel, has_lo);
	assert_true(policy.valid);
}

static const struct ports_finding *
found(enum ports_fault fault)
{
	const struct ports_findings *f = &policy.config.findings;

	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].fault == fault)
			return &f->items[i];
	return NULL;
}

static int
linux_as_it_comes(void **state)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.is_known = true;
	kernel.first = 32768;
	kernel.last = 60999;
	return 0;
}

static void
a_good_policy_has_no_findings(void **state)
{
	warn("ports: [61000-61099]\nbind: [lo]\nfixed: {samr: 61500}\n" YY);
	assert_int_equal(policy.config.findings.n, 0);
}

static void
fewer_than_100_ports_are_warned_of(void **state)
{
	warn("ports: [61000-61098]\n" YY);
	assert_int_equal(policy.config.findings.n, 1);
	assert_non_null(found(PORTS_FAULT_FEW));
	assert_string_equal(found(PORTS_FAULT_FEW)->what, "99 ports are listed");
}

static void
ports_at_or_below_5000_are_warned_of_by_entry(void **state)
{
	warn("ports:\n- 5001-5200\n- 5000\n" YY);
	assert_int_equal(policy.config.findings.n, 1);
	assert_int_equal(found(PORTS_FAULT_LOW)->place.line, 3);
	assert_string_equal(found(PORTS_FAULT_LOW)->entry, "5000");
}

static void
overlap_with_the_ports_of_outgoing_connections_is_warned_of_with_the_line_to_type(void **state)
{
	port_set_add(&kernel.reserved, 8080, 8081);
	warn("ports: [60900-61099]\n" YY);
	assert_int_equal(policy.config.findings.n, 1);
	assert_non_null(strstr(found(PORTS_FAULT_EPHEMERAL)->what, "100 ports (60900-60999)"));
	assert_string_equal(found(PORTS_FAULT_EPHEMERAL)->remedy,
		"sysctl -w \"net.ipv4.ip_local_reserved_ports = 8080-8081,60900-60999\"");
	port_set_add(&kernel.reserved, 60900, 60999);
	warn("ports: [60900-61099]\n" YY);
	assert_int_equal(policy.config.findings.n, 0);
	kernel.is_known = false; /* no procfs: nothing is claimed */
	warn("ports: [40000-41000]\n" YY);
	assert_int_equal(policy.config.findings.n, 0);
}

static void
a_fixed_port_among_the_listed_ones_is_warned_of(void **state)
{
	warn("ports: [61000-61099]\nfixed: {samr: 61099}\n" YY);
	assert_int_equal(policy.config.findings.n, 1);
	assert_int_equal(found(PORTS_FAULT_FIXED_LISTED)->place.line, 2);
}

static void
a_network_interface_that_is_not_there_is_warned_of(void **state)
{
	warn("bind: [lo, eth7]\n");
	assert_int_equal(policy.config.findings.n, 1);
	assert_string_equal(found(PORTS_FAULT_NO_DEVICE)->entry, "eth7");
}

static void
listing_the_whole_dynamic_range_is_warned_of(void **state)
{
	warn("ports: [5001-65535]\n" YY);
	assert_non_null(strstr(found(PORTS_FAULT_NO_PORTS)->what, "requests for intranet ports"));
}

static void
a_port_that_is_listed_twice_and_port_0_are_warned_of(void **state)
{
	warn("ports: [0-200, 61000-61099, 61050]\n" YY);
	assert_non_null(found(PORTS_FAULT_PORT_ZERO));
	assert_string_equal(found(PORTS_FAULT_REPEATED)->entry, "61050");
}

/* --- fixed ports --- */

static const struct sp_uuid SAMR = {
	0x12345778, 0x1234, 0xabcd, {0xef, 0x00}, {0x01, 0x23, 0x45, 0x67, 0x89, 0xac}};

static uint16_t
fixed_port(const char *text, const struct sp_uuid *uuid, const char *name)
{
	const struct ports_fixed *f;

	judge(text);
	assert_true(policy.valid);
	f = ports_fixed_find(policy.fixed, policy.n_fixed, uuid, name);
	return f ? f->port : 0;
}

static void
a_fixed_port_is_found_by_uuid_before_name_before_service(void **state)
{
	static const struct sp_uuid other = {.time_low = 1};

	assert_int_equal(fixed_port("fixed: {ntds: 1111}\n", &SAMR, "samr"), 1111);
	assert_int_equal(fixed_port("fixed: {samr: 2222, ntds: 1111}\n", &SAMR, "samr"), 2222);
	assert_int_equal(fixed_port("fixed: {12345778-1234-ABCD-EF00-0123456789AC: 3333, samr: "
				    "2222, ntds: 1111}\n",
				 &SAMR, "samr"),
		3333);
	assert_int_equal(fixed_port("fixed: {SAMR: 2222}\n", &SAMR, "samr"), 2222);
	assert_int_equal(fixed_port("fixed: {samr: 2222, ntds: 1111}\n", &other, "echo"), 0);
	assert_int_equal(fixed_port("fixed: {dfsr: 5722}\n", &other, NULL), 0);
}

static void
every_service_has_its_interfaces(void **state)
{
	for (const struct ports_service *s = ports_services; s->name; s++)
		assert_false(sp_uuid_is_nil(&s->uuids[0]));
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int
main(void)
{
	struct CMUnitTest cases[COUNT(rows) + COUNT(invalid)];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_wrong_is_found_at_once_in_the_order_of_the_file),
		cmocka_unit_test(a_sentence_of_long_words_keeps_its_end),
		cmocka_unit_test(without_configuration_every_request_gets_the_dynamic_range),
		cmocka_unit_test(outside_is_the_dynamic_range_without_what_is_listed),
		cmocka_unit_test(the_limits_of_the_range_are_entries),
		cmocka_unit_test(an_answer_may_be_of_either_case),
		cmocka_unit_test(interfaces_and_fixed_ports_need_no_listed_ports),
		cmocka_unit_test(a_file_that_may_not_be_read_is_invalid_not_absent),
		cmocka_unit_test(a_file_is_read),
		cmocka_unit_test(without_memory_a_policy_is_invalid_never_open),
		cmocka_unit_test(a_fixed_port_is_found_by_uuid_before_name_before_service),
		cmocka_unit_test(every_service_has_its_interfaces),
	};
#define WARNING(test) cmocka_unit_test_setup(test, linux_as_it_comes)
	const struct CMUnitTest warnings[] = {
		WARNING(a_good_policy_has_no_findings),
		WARNING(fewer_than_100_ports_are_warned_of),
		WARNING(ports_at_or_below_5000_are_warned_of_by_entry),
		WARNING(overlap_with_the_ports_of_outgoing_connections_is_warned_of_with_the_line_to_type),
		WARNING(a_fixed_port_among_the_listed_ones_is_warned_of),
		WARNING(a_network_interface_that_is_not_there_is_warned_of),
		WARNING(listing_the_whole_dynamic_range_is_warned_of),
		WARNING(a_port_that_is_listed_twice_and_port_0_are_warned_of),
	};
	int failed;

	for (size_t i = 0; i < COUNT(rows); i++)
		cases[i] = (struct CMUnitTest){.name = rows[i].sentence,
			.test_func = row_holds,
			.initial_state = (void *)(uintptr_t)&rows[i]};
	for (size_t i = 0; i < COUNT(invalid); i++)
		cases[COUNT(rows) + i] = (struct CMUnitTest){.name = invalid[i].sentence,
			.test_func = invalid_is_refused,
			.initial_state = (void *)(uintptr_t)&invalid[i]};
	failed = cmocka_run_group_tests_name("rules", cases, NULL, forget);
	failed += cmocka_run_group_tests_name("policy", tests, NULL, forget);
	return failed + cmocka_run_group_tests_name("warnings", warnings, NULL, forget);
}
