/* SPDX-License-Identifier: MIT */
/* What a registry editor exported, what we write for it, and that the two understand each other. */
#include "ports/write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/utf16.h"

static struct ports_policy policy, again; /* too large for a test's stack */

static void
judge_bytes(struct ports_policy *ret, const char *bytes, size_t len)
{
	struct ports_config config;

	ports_policy_fini(ret);
	ports_config_init(&config, "ports.reg");
	ports_config_parse(&config, bytes, len);
	ports_policy_judge(ret, &config);
}

static void
judge(const char *text)
{
	judge_bytes(&policy, text, strlen(text));
}

static int
forget(void **state)
{
	ports_policy_fini(&policy);
	ports_policy_fini(&again);
	return 0;
}

#define VERSION5 "Windows Registry Editor Version 5.00\r\n\r\n"
#define INTERNET "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Rpc\\Internet]\r\n"
/* "5000-5100", "5984" */
#define PORTS                                                                                      \
	"\"Ports\"=hex(7):35,00,30,00,30,00,30,00,2d,00,35,00,31,00,30,00,30,00,00,00,35,\\\r\n"   \
	"  00,39,00,38,00,34,00,00,00,00,00\r\n"
#define YY "\"PortsInternetAvailable\"=\"Y\"\r\n\"UseInternetPorts\"=\"Y\"\r\n"

static void
assert_is_kb154596(void)
{
	assert_true(policy.valid && policy.configured);
	assert_int_equal(policy.config.form, PORTS_REG);
	assert_int_equal(policy.config.ports.n, 2);
	assert_string_equal(policy.config.ports.items[0].text, "5000-5100");
	assert_string_equal(policy.config.ports.items[1].text, "5984");
	assert_true(policy.internet_available && policy.use_internet);
	assert_int_equal(port_set_count(&policy.inside), 102);
}

static void
an_export_saved_as_utf8_or_ansi_is_read(void **state)
{
	judge(VERSION5 INTERNET PORTS YY);
	assert_is_kb154596();
	judge("\xef\xbb\xbf" VERSION5 INTERNET PORTS YY);
	assert_is_kb154596();
}

static void
an_export_in_utf16_is_read(void **state)
{
	static const char text[] = VERSION5 INTERNET PORTS YY;
	char bytes[2 * sizeof(text) + 2] = "\xff\xfe";

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		bytes[2 + 2 * i] = text[i];
		bytes[3 + 2 * i] = 0;
	}
	judge_bytes(&policy, bytes, 2 * sizeof(text));
	assert_is_kb154596();
}

static void
an_export_of_windows_nt4_has_strings_of_single_bytes(void **state)
{
	judge("REGEDIT4\r\n\r\n" INTERNET
	      "\"Ports\"=hex(7):35,30,30,30,2d,35,31,30,30,00,35,39,38,34,00,00\r\n" YY);
	assert_is_kb154596();
}

static void
keys_names_and_answers_are_found_in_any_case(void **state)
{
	judge(VERSION5 "[hkey_local_machine\\Software\\microsoft\\RPC\\INTERNET]\n"
		       "\"ports\"=HEX(7):35,00,39,00,38,00,34,00,00,00,00,00\n"
		       "\"PORTSINTERNETAVAILABLE\"=\"y\"\n\"useinternetports\"=\"n\"\n");
	assert_true(policy.valid && policy.internet_available && !policy.use_internet);
	assert_true(port_set_has(&policy.inside, 5984));
}

static void
comments_other_keys_and_other_values_are_passed_over(void **state)
{
	judge(VERSION5 "; a comment\r\n[HKEY_CURRENT_USER\\Software\\X]\r\n\"Ports\"=dword:7\r\n"
		       "\"a\"=\"runs over\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Rpc\\"
		       "Internet]\r\n\\\"Ports\\\"\"\r\nnonsense\r\n\"b\"=hex:zz\r\n" INTERNET
		       "@=\"default\"\r\n\"Other\"=hex(zz\r\n" PORTS YY "; end");
	assert_is_kb154596();
	assert_int_equal(policy.config.findings.n, 0);
}

static void
an_answer_may_be_written_in_hex_and_ends_at_its_nul(void **state)
{
	judge(VERSION5 INTERNET PORTS "\"PortsInternetAvailable\"=hex(1):59,00,00,00\r\n"
				      "\"UseInternetPorts\"=hex(1):59,00,00,00,58,00\r\n");
	assert_is_kb154596();
}

static void
later_lines_replace_and_take_away(void **state)
{
	judge(VERSION5 INTERNET "\"Ports\"=\"of another type\"\r\n"
				"\"Ports\"=hex(7):78,00,00,00,00,00\r\n" PORTS
				"\"UseInternetPorts\"=\"nonsense\"\r\n" YY);
	assert_is_kb154596();
	judge(VERSION5 INTERNET PORTS YY "\"Ports\"=-\r\n");
	assert_int_equal(policy.config.findings.n, 1);
	assert_int_equal(policy.config.findings.items[0].fault, PORTS_FAULT_MISSING);
	judge(VERSION5 INTERNET PORTS YY "[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Rpc]\r\n");
	assert_int_equal(policy.config.findings.items[0].fault, PORTS_FAULT_NOTHING);
	judge(VERSION5 INTERNET PORTS YY "[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Rp]\r\n");
	assert_is_kb154596();
}

#define NTDS "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\NTDS\\Parameters]\r\n"
#define OURS "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Sallyport\\FixedPorts]\r\n"
#define BIND                                                                                       \
	"[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Rpc\\Linkage]\r\n"              \
	"\"Bind\"=hex(7):65,00,00,00,00,00\r\n"
#define FIXED                                                                                      \
	NTDS "\"TCP/IP Port\"=dword:1\r\n" OURS "\"samr\"=dword:2\r\n\"ntds2\"=dword:3\r\n" BIND

static const struct deletion {
	const char *sentence, *text;
	size_t n_fixed, n_bind;
	const char *first;
} deletions[] = {
	{"nothing_is_taken_away_by_itself", "", 3, 1, "ntds"},
	{"a_value_of_a_service_is_taken_away", NTDS "\"TCP/IP Port\"=-\r\n", 2, 1, "samr"},
	{"a_value_of_ours_is_taken_away", OURS "\"SAMR\"=-\r\n", 2, 1, "ntds"},
	{"a_value_that_is_not_there_takes_nothing_away", OURS "\"ntds\"=-\r\n", 3, 1, "ntds"},
	{"a_key_of_ours_takes_the_fixed_ports_of_services_not_along",
		"[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Sallyport]\r\n", 1, 1, "ntds"},
	{"a_key_of_services_takes_all_below_it_along",
		"[-HKLM\\System\\CurrentControlSet\\Services]\r\n", 2, 0, "samr"},
	{"an_interface_to_bind_to_is_taken_away",
		"[HKLM\\System\\CurrentControlSet\\Services\\Rpc\\Linkage]\r\n\"Bind\"=-\r\n", 3, 0,
		"ntds"},
};

static void
deletion_holds(void **state)
{
	const struct deletion *d = *state;
	char text[1000];

	snprintf(text, sizeof(text), "%s%s%s", VERSION5, FIXED, d->text);
	judge(text);
	assert_true(policy.valid);
	assert_int_equal(policy.n_fixed, d->n_fixed);
	assert_int_equal(policy.config.bind.n, d->n_bind);
	assert_string_equal(policy.fixed[0].interface, d->first);
}

static void
answers_that_are_taken_away_are_missing(void **state)
{
	judge(VERSION5 INTERNET PORTS YY
		"\"PortsInternetAvailable\"=-\r\n"
		"\"UseInternetPorts\"=dword:1\r\n\"UseInternetPorts\"=-\r\n");
	assert_int_equal(policy.config.findings.n_errors, 2); /* not the type that was wrong */
	judge(VERSION5 INTERNET PORTS YY
		"[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Rpc\\Internet]\r\n" INTERNET PORTS);
	assert_int_equal(policy.config.findings.n_errors, 2);
}

static void
interfaces_and_fixed_ports_are_found_in_the_services(void **state)
{
	judge(VERSION5
		"[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Rpc\\Linkage]\r\n"
		"\"Bind\"=hex(7):65,00,74,00,68,00,30,00,00,00,65,00,74,00,68,00,31,00,00,00,00,00"
		"\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\NTDS\\Parameters]\r\n"
		"\"TCP/IP Port\"=dword:0000c351\r\n"
		"[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Netlogon\\Parameters]"
		"\r\n\"DCTcpipPort\"=dword:0000C352\r\n"
		"[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\NTFRS\\Parameters]\r\n"
		"\"RPC TCP/IP Port Assignment\"=dword:0\r\n"
		"[HKEY_LOCAL_MACHINE\\SOFTWARE\\Sallyport\\FixedPorts]\r\n"
		"\"samr\"=dword:0000c353\r\n");
	assert_true(policy.valid);
	assert_false(policy.configured);
	assert_int_equal(policy.config.bind.n, 2);
	assert_string_equal(policy.config.bind.items[1].text, "eth1");
	assert_int_equal(policy.n_fixed, 3); /* NTFRS has 0: none */
	assert_string_equal(policy.fixed[0].interface, "ntds");
	assert_int_equal(policy.fixed[0].port, 50001);
	assert_string_equal(policy.fixed[1].interface, "netlogon");
	assert_int_equal(policy.fixed[1].port, 50002);
	assert_string_equal(policy.fixed[2].interface, "samr");
	assert_int_equal(policy.fixed[2].port, 50003);
}

static const struct bad {
	const char *sentence, *text;
	enum ports_fault fault;
	unsigned line;
	const char *entry;
} bad[] = {
	{"the_line_of_a_bad_entry_is_the_one_where_its_bytes_begin",
		VERSION5 INTERNET "\"Ports\"=hex(7):35,00,39,00,38,00,34,00,00,00,\\\r\n"
				  "  78,00,00,00,00,00\r\n" YY,
		PORTS_FAULT_ENTRY_UNREADABLE, 5, "x"},
	{"a_list_that_is_a_string_is_of_the_wrong_type",
		VERSION5 INTERNET "\"Ports\"=\"5000-5100\"\r\n" YY, PORTS_FAULT_WRONG_TYPE, 4,
		NULL},
	{"an_answer_that_is_a_number_is_of_the_wrong_type",
		VERSION5 INTERNET PORTS "\"PortsInternetAvailable\"=dword:1\r\n"
					"\"UseInternetPorts\"=\"Y\"\r\n",
		PORTS_FAULT_WRONG_TYPE, 6, NULL},
	{"a_port_that_is_a_string_is_of_the_wrong_type",
		VERSION5 "[HKLM\\System\\CurrentControlSet\\Services\\NTDS\\Parameters]\r\n"
			 "\"TCP/IP Port\"=\"50001\"\r\n",
		PORTS_FAULT_WRONG_TYPE, 4, NULL},
	{"an_empty_list_of_strings_is_invalid", VERSION5 INTERNET "\"Ports\"=hex(7):\r\n" YY,
		PORTS_FAULT_EMPTY_LIST, 4, NULL},
	{"a_list_of_nothing_but_its_end_is_invalid",
		VERSION5 INTERNET "\"Ports\"=hex(7):00,00\r\n" YY, PORTS_FAULT_EMPTY_LIST, 4, NULL},
	{"a_null_list_of_interfaces_is_invalid",
		VERSION5 "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Rpc\\Linkage]\n"
			 "\"Bind\"=hex(7):00,00,00,00\n",
		PORTS_FAULT_BIND_EMPTY, 4, ""},
	{"bytes_that_are_none_are_a_mistake", VERSION5 INTERNET "\"Ports\"=hex(7):35,xx\r\n" YY,
		PORTS_FAULT_SYNTAX, 4, NULL},
	{"data_of_no_kind_is_a_mistake", VERSION5 INTERNET "\"Ports\"=5000\r\n" YY,
		PORTS_FAULT_SYNTAX, 4, NULL},
	{"a_value_that_is_missing_is_missed",
		VERSION5 INTERNET PORTS "\"UseInternetPorts\"=\"Y\"\r\n", PORTS_FAULT_MISSING, 0,
		NULL},
	{"a_port_of_more_than_16_bits_is_none",
		VERSION5 "[HKLM\\System\\CurrentControlSet\\Services\\NTDS\\Parameters]\r\n"
			 "\"TCP/IP Port\"=dword:00010000\r\n",
		PORTS_FAULT_FIXED_BAD_PORT, 4, "65536"},
	{"an_export_without_our_keys_says_nothing", VERSION5 "[HKEY_CURRENT_USER\\X]\r\n",
		PORTS_FAULT_NOTHING, 0, NULL},
	{"a_hive_is_not_read_as_text", "regf and so on", PORTS_FAULT_SYNTAX, 0, NULL},
	{"utf16_that_is_no_export_is_refused",
		"\xff\xfe"
		"a:",
		PORTS_FAULT_SYNTAX, 1, NULL},
};

static void
bad_is_refused(void **state)
{
	const struct bad *b = *state;
	const struct ports_findings *f = &policy.config.findings;
	size_t i = 0;

	judge(b->text);
	assert_false(policy.valid);
	/* what cannot be read is missing, too */
	while (i < f->n && f->items[i].fault == PORTS_FAULT_MISSING &&
		b->fault != f->items[i].fault)
		i++;
	assert_true(i < f->n);
	assert_string_equal(ports_fault_name(f->items[i].fault), ports_fault_name(b->fault));
	assert_int_equal(f->items[i].place.line, b->line);
	if (b->entry)
		assert_string_equal(f->items[i].entry, b->entry);
}

static void
a_list_without_an_end_is_read_as_far_as_it_goes(void **state)
{
	judge(VERSION5 INTERNET "\"Ports\"=hex(7):35,00,39,00,38,00,34,00,35\r\n" YY);
	assert_true(policy.valid);
	assert_true(port_set_has(&policy.inside, 5984));
	/* behind an empty string nothing is looked at: Windows does not either */
	judge(VERSION5 INTERNET "\"Ports\"=hex(7):35,00,00,00,00,00,78,00\r\n" YY);
	assert_true(policy.valid);
	assert_int_equal(port_set_count(&policy.inside), 1);
}

static void
without_memory_an_export_is_invalid_never_open(void **state)
{
	static const char text[] = VERSION5 INTERNET PORTS YY;
	uint64_t n = 1;
	bool valid;

	do {
		struct ports_config config;

		ports_policy_fini(&policy);
		ports_config_init(&config, "ports.reg");
		mem_fail_nth(n++);
		ports_config_parse(&config, text, sizeof(text) - 1);
		ports_policy_judge(&policy, &config);
		mem_fail_nth(0);
		valid = policy.valid;
	} while (!valid && n < 100);
	assert_is_kb154596();
	assert_true(n > 2);
}

/* --- writing --- */

static struct ports_kernel kernel;
static char written[1 << 20];

static size_t
write_as(enum ports_target target)
{
	FILE *f = fmemopen(written, sizeof(written) - 1, "w");
	long len;

	assert_non_null(f);
	assert_true(ports_write(&policy, target, &kernel, f));
	len = ftell(f);
	assert_true(len > 0);
	assert_int_equal(fclose(f), 0);
	written[len] = '\0';
	return (size_t)len;
}

#define KB_YAML "ports: [5000-5100, 5984]\nports_internet_available: Y\nuse_internet_ports: Y\n"

static void
an_export_looks_as_the_registry_editor_makes_it(void **state)
{
	static const char expected[] =
		"Windows Registry Editor Version 5.00\r\n\r\n"
		"[HKEY_LOCAL_MACHINE\\Software\\Microsoft\\Rpc\\Internet]\r\n" PORTS YY "\r\n";
	char narrow[2000] = "";
	size_t len;

	judge(KB_YAML);
	len = write_as(PORTS_TO_REG);
	assert_memory_equal(written, "\xff\xfe", 2);
	for (size_t i = 2; i < len; i += 2) {
		narrow[i / 2 - 1] = written[i];
		assert_int_equal(written[i + 1], 0);
	}
	assert_string_equal(narrow, expected);
}

static void
commands_for_windows_set_what_can_be_set(void **state)
{
	judge("ports: [61000-61999]\nports_internet_available: Y\nuse_internet_ports: Y\n"
	      "fixed: {ntds: 50001, echo: 50002}\n");
	write_as(PORTS_TO_NETSH);
	assert_non_null(strstr(written, "/v Ports /t REG_MULTI_SZ /d \"61000-61999\"\n"));
	assert_non_null(strstr(written, "/v PortsInternetAvailable /t REG_SZ /d Y\n"));
	assert_non_null(
		strstr(written, "netsh int ipv4 set dynamicport tcp start=61000 num=1000\n"));
	assert_non_null(
		strstr(written, "netsh int ipv6 set dynamicport udp start=61000 num=1000\n"));
	assert_non_null(strstr(written, "protocol=TCP localport=61000-61999\n"));
	assert_non_null(strstr(written, "NTDS\\Parameters /f /v \"TCP/IP Port\" /t REG_DWORD /d "
					"50001\n"));
	assert_non_null(strstr(written, "rem Windows has no setting for a fixed port of echo."));
	judge(KB_YAML);
	write_as(PORTS_TO_NETSH);
	assert_non_null(strstr(written, "/d \"5000-5100\\05984\"\n"));
	assert_null(strstr(written, "set dynamicport"));
	assert_non_null(strstr(written, "rem netsh's own dynamic range stays"));
}

static void
the_line_for_sysctl_keeps_what_is_reserved_already(void **state)
{
	memset(&kernel, 0, sizeof(kernel));
	port_set_add(&kernel.reserved, 5050, 5050);
	port_set_add(&kernel.reserved, 8080, 8081);
	judge(KB_YAML "fixed: {samr: 50001}\n");
	write_as(PORTS_TO_SYSCTL);
	assert_non_null(strstr(
		written, "\nnet.ipv4.ip_local_reserved_ports = 5000-5100,5984,8080-8081,50001\n"));
}

/* --- there and back --- */

static uint32_t seed;

static uint32_t
random_below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void
random_policy(FILE *f)
{
	static const char *const devices[] = {"eth0", "enp3s0f1", "br-lan.12",
		"\"\\\\Device\\\\X\"", "'with blank'", "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x9a\xaa\"",
		"'a\"b'", "'-'", "'#'"};
	static const char *const interfaces[] = {"ntds", "netlogon", "ntfrs", "dfsr", "samr",
		"12345778-1234-abcd-ef00-0123456789ac", "a_b.c-d"};
	uint32_t parts = 1 + random_below(7), n;

	if (parts & 1) {
		fprintf(f, "ports:\n");
		for (n = 1 + random_below(40); n > 0; n--) {
			uint32_t first = random_below(65536);

			fprintf(f, random_below(2) ? "- '%u'\n" : "- %u - %u\n", first,
				first + random_below(65536 - first));
		}
		fprintf(f, "ports_internet_available: %c\nuse_internet_ports: %c\n",
			"YNyn"[random_below(4)], "YNyn"[random_below(4)]);
	}
	if (parts & 2) {
		fprintf(f, "bind:\n");
		for (n = 1 + random_below(4); n > 0; n--)
			fprintf(f, "- %s\n", devices[random_below(9)]);
	}
	if (parts & 4) {
		fprintf(f, "fixed:\n");
		for (uint32_t i = 0, from = random_below(7); i <= random_below(7); i++)
			fprintf(f, "  %s: %u\n", interfaces[(from + i) % 7],
				1 + random_below(65535));
	}
}

static const struct ports_fixed *
fixed_named(const struct ports_policy *p, const char *name)
{
	for (size_t i = 0; i < p->n_fixed; i++)
		if (!strcasecmp(p->fixed[i].interface, name))
			return &p->fixed[i];
	return NULL;
}

static void
assert_same_policy(const struct ports_policy *a, const struct ports_policy *b)
{
	assert_int_equal(a->configured, b->configured);
	assert_int_equal(a->internet_available, b->internet_available);
	assert_int_equal(a->use_internet, b->use_internet);
	assert_memory_equal(&a->inside, &b->inside, sizeof(a->inside));
	assert_memory_equal(&a->outside, &b->outside, sizeof(a->outside));
	assert_int_equal(a->config.ports.n, b->config.ports.n);
	for (size_t i = 0; i < a->config.ports.n; i++)
		assert_string_equal(a->config.ports.items[i].text, b->config.ports.items[i].text);
	assert_int_equal(a->config.bind.n, b->config.bind.n);
	for (size_t i = 0; i < a->config.bind.n; i++)
		assert_string_equal(a->config.bind.items[i].text, b->config.bind.items[i].text);
	assert_int_equal(a->n_fixed, b->n_fixed);
	for (size_t i = 0; i < a->n_fixed; i++) {
		const struct ports_fixed *other = fixed_named(b, a->fixed[i].interface);

		assert_non_null(other);
		assert_int_equal(a->fixed[i].port, other->port);
	}
}

static void
every_policy_survives_the_way_to_the_registry_and_back(void **state)
{
	for (seed = 1; seed < 300; seed++) {
		uint32_t kept = seed;
		char *text = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		assert_non_null(f);
		random_policy(f);
		fclose(f);
		judge_bytes(&policy, text, len);
		if (!policy.valid)
			fail_msg("seed %u: %s\n%s", kept, policy.why_invalid.sentence, text);
		free(text);
		len = write_as(PORTS_TO_REG);
		judge_bytes(&again, written, len);
		assert_int_equal(again.config.form, PORTS_REG);
		assert_int_equal(again.config.findings.n, 0);
		assert_same_policy(&policy, &again);
		/* and from there to YAML */
		ports_policy_fini(&policy);
		policy = again;
		memset(&again, 0, sizeof(again));
		len = write_as(PORTS_TO_YAML);
		judge_bytes(&again, written, len);
		assert_int_equal(again.config.form, PORTS_YAML);
		assert_true(again.valid);
		assert_same_policy(&policy, &again);
		seed = kept;
	}
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int
main(void)
{
	struct CMUnitTest cases[COUNT(bad) + COUNT(deletions)];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_export_saved_as_utf8_or_ansi_is_read),
		cmocka_unit_test(an_export_in_utf16_is_read),
		cmocka_unit_test(an_export_of_windows_nt4_has_strings_of_single_bytes),
		cmocka_unit_test(keys_names_and_answers_are_found_in_any_case),
		cmocka_unit_test(comments_other_keys_and_other_values_are_passed_over),
		cmocka_unit_test(an_answer_may_be_written_in_hex_and_ends_at_its_nul),
		cmocka_unit_test(later_lines_replace_and_take_away),
		cmocka_unit_test(answers_that_are_taken_away_are_missing),
		cmocka_unit_test(interfaces_and_fixed_ports_are_found_in_the_services),
		cmocka_unit_test(a_list_without_an_end_is_read_as_far_as_it_goes),
		cmocka_unit_test(without_memory_an_export_is_invalid_never_open),
		cmocka_unit_test(an_export_looks_as_the_registry_editor_makes_it),
		cmocka_unit_test(commands_for_windows_set_what_can_be_set),
		cmocka_unit_test(the_line_for_sysctl_keeps_what_is_reserved_already),
		cmocka_unit_test(every_policy_survives_the_way_to_the_registry_and_back),
	};
	int failed;

	for (size_t i = 0; i < COUNT(bad); i++)
		cases[i] = (struct CMUnitTest){.name = bad[i].sentence,
			.test_func = bad_is_refused,
			.initial_state = (void *)(uintptr_t)&bad[i]};
	for (size_t i = 0; i < COUNT(deletions); i++)
		cases[COUNT(bad) + i] = (struct CMUnitTest){.name = deletions[i].sentence,
			.test_func = deletion_holds,
			.initial_state = (void *)(uintptr_t)&deletions[i]};
	failed = cmocka_run_group_tests_name("cases", cases, NULL, forget);
	return failed + cmocka_run_group_tests_name("exports", tests, NULL, forget);
}
