/* SPDX-License-Identifier: MIT */
/* The configuration file: what it says, and what is said about a wrong one. */
#include "epm/settings.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/time.h"

/* True: the text was taken. Otherwise ret_report has the findings without the file's name. */
static bool
read_text(const char *text, struct settings **ret, char ret_report[2000])
{
	char path[] = "/tmp/sallyport-settings-XXXXXX", *report = NULL;
	int fd = mkstemp(path);
	size_t at = 0;
	bool ok;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	ok = settings_read(path, ret, &report);
	ret_report[0] = '\0';
	for (char *line = report; line && *line;) {
		char *end = strchr(line, '\n');

		assert_int_equal(strncmp(line, path, strlen(path)), 0);
		line += strlen(path) + 1;
		at += (size_t)snprintf(
			ret_report + at, 2000 - at, "%.*s\n", (int)(end - line), line);
		line = end + 1;
	}
	mem_free(report);
	unlink(path);
	return ok;
}

static struct settings *
must_read(const char *text)
{
	struct settings *s = NULL;
	char report[2000];

	if (!read_text(text, &s, report))
		fail_msg("%s", report);
	return s;
}

static void
an_empty_file_gives_the_defaults(void **state)
{
	static const char *const empty[] = {"", "# nothing\n", "---\n...\n"};

	for (size_t i = 0; i < 2; i++) {
		struct settings *s = must_read(empty[i]);

		assert_string_equal(s->port, "135");
		assert_string_equal(s->endpoint, "epmapper");
		assert_int_equal(s->n_addresses, 0);
		assert_int_equal(s->idle, 60 * SP_SECOND);
		assert_false(s->has_allow || s->audit || s->foreign_endpoints);
		assert_int_equal(s->rate, 0);
		settings_free(s);
	}
}

static void
everything_that_can_be_said_is_understood(void **state)
{
	struct settings *s = must_read("listen:\n"
				       "  addresses: [192.0.2.7, \"2001:db8::7\"]\n"
				       "  port: 1135\n"
				       "  ncalrpc_dir: /run/x\n"
				       "  endpoint: other\n"
				       "user: nobody\n"
				       "registration:\n"
				       "  group: root\n"
				       "  foreign_endpoints: yes\n"
				       "lookups:\n"
				       "  restrict_remote_clients: 2\n"
				       "  accounts: /a/smbpasswd\n"
				       "  keytab: /a/keytab\n"
				       "  allow: [10.0.0.0/8, 2001:db8::/32]\n"
				       "  rate: 100\n"
				       "  idle_seconds: 5\n"
				       "audit: on\n"
				       "public_addresses:\n"
				       "  - {from: 198.51.100.0/24, address: 203.0.113.9}\n"
				       "static:\n"
				       "  - interface: 60a15ec5-4de8-11d7-a637-005056a20182\n"
				       "    version: 1.3\n"
				       "    protseq: ncacn_ip_tcp\n"
				       "    address: 192.0.2.50\n"
				       "    endpoint: 49200\n"
				       "    annotation: echo\n"
				       "    check_seconds: 7\n"
				       "metrics: 127.0.0.1:9135\n");
	struct wire_fault fault = {0};
	struct tower t;

	assert_int_equal(s->n_addresses, 2);
	assert_string_equal(s->addresses[1], "2001:db8::7");
	assert_string_equal(s->port, "1135");
	assert_string_equal(s->ncalrpc_dir, "/run/x");
	assert_string_equal(s->user, "nobody");
	assert_int_not_equal(s->uid, 0);
	assert_string_equal(s->group, "root");
	assert_true(s->foreign_endpoints && s->audit && s->has_allow);
	assert_int_equal(s->restrict_remote_clients, 2);
	assert_string_equal(s->accounts, "/a/smbpasswd");
	assert_string_equal(s->keytab, "/a/keytab");
	assert_int_equal(s->n_allow, 2);
	assert_int_equal(s->rate, 100);
	assert_int_equal(s->burst, 200);
	assert_int_equal(s->idle, 5 * SP_SECOND);
	assert_int_equal(s->n_publics, 1);
	assert_int_equal(s->publics[0].address, inet_addr("203.0.113.9"));
	assert_int_equal(s->n_statics, 1);
	assert_true(tower_get(s->statics[0].tower, s->statics[0].tower_len, &t, &fault));
	assert_string_equal(t.endpoint, "49200");
	assert_string_equal(t.address, "192.0.2.50");
	assert_int_equal(t.interface.minor, 3);
	assert_int_equal(s->statics[0].check, 7 * SP_SECOND);
	assert_int_equal(address_port(&s->statics[0].check_at), 49200);
	assert_string_equal(s->metrics, "127.0.0.1:9135");
	settings_free(s);
}

static const struct {
	const char *text, *report;
} wrong[] = {
	{"lookups: {rate: many}", "1:17: rate: \"many\" is no number from 0 to 1000000\n"},
	{"nonsense: 1", "1:1: the configuration has no setting \"nonsense\"\n"},
	{"audit: no\naudit: yes", "2:1: audit is set twice\n"},
	{"listen:\n  port: 70000", "2:9: port: \"70000\" is no number from 0 to 65535\n"},
	{"listen:\n  addresses: [localhost]",
		"2:15: addresses: \"localhost\" is no IPv4 or IPv6 address in digits\n"},
	{"listen: [1]", "1:9: listen is no list of \"name: value\"\n"},
	{"audit: maybe", "1:8: audit: \"maybe\" is neither yes nor no\n"},
	{"lookups:\n  allow: [10.0.0.0/33, 10.0.0.1]\n  restrict_remote_clients: 3",
		"2:11: allow: \"10.0.0.0/33\" is no network such as 192.0.2.0/24 or "
		"2001:db8::/32\n"
		"3:28: restrict_remote_clients: \"3\" is no number from 0 to 2\n"},
	{"public_addresses:\n  - {from: 10.0.0.0/8}",
		"2:5: public_addresses: each needs \"from\" and \"address\"\n"},
	{"public_addresses: {from: \"::/0\", address: 2001:db8::1}",
		"1:43: address: \"2001:db8::1\" is no IPv4 address; towers carry no other\n"},
	{"static:\n  - {interface: 1, version: x, protseq: tcp, endpoint: 1}",
		"2:17: interface: \"1\" is no UUID\n"
		"2:29: version: \"x\" is none such as 1.0\n"
		"2:41: protseq: \"tcp\" is no protocol sequence such as ncacn_ip_tcp\n"},
	{"static:\n  - {interface: 60a15ec5-4de8-11d7-a637-005056a20182, version: 1}",
		"2:5: static: each needs interface, version, protseq and endpoint\n"},
	{"static: {interface: 60a15ec5-4de8-11d7-a637-005056a20182, version: 1, protseq: "
	 "ncacn_ip_tcp, endpoint: 99999}",
		"1:104: endpoint: \"99999\" is none of ncacn_ip_tcp\n"},
	{"static: {interface: 60a15ec5-4de8-11d7-a637-005056a20182, version: 1, protseq: ncalrpc, "
	 "endpoint: x, check_seconds: 5}",
		"1:117: check_seconds: ncalrpc cannot be checked\n"},
	{"user: no-such-user-here", "1:7: user: there is no user \"no-such-user-here\"\n"},
	{"registration: {group: no-such-group}",
		"1:23: group: there is no group \"no-such-group\"\n"},
	{"metrics: 9135",
		"1:10: metrics: \"9135\" is no address and port such as 127.0.0.1:9135\n"},
	{"metrics: \"\"", "1:10: metrics has no value\n"},
	{"a: [1", "2:1: no YAML: did not find expected ',' or ']'\n"},
	{"- 1", "1:1: the configuration is no list of \"name: value\"\n"},
};

static void
each_finding_names_its_line_and_column(void **state)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct settings *s = NULL;
		char report[2000];

		assert_false(read_text(wrong[i].text, &s, report));
		assert_null(s);
		if (strcmp(report, wrong[i].report) != 0)
			fail_msg("%s\n-- got --\n%s-- want --\n%s", wrong[i].text, report,
				wrong[i].report);
	}
}

static void
a_file_that_is_not_there_is_said(void **state)
{
	struct settings *s = NULL;
	char *report = NULL;

	assert_false(settings_read("/nonexistent/epmapper.yaml", &s, &report));
	assert_string_equal(report, "/nonexistent/epmapper.yaml: No such file or directory\n");
	mem_free(report);
}

static void
any_allocation_may_fail(void **state)
{
	static const char text[] =
		"listen: {addresses: [127.0.0.1]}\nlookups: {allow: [10.0.0.0/8]}\n"
		"public_addresses: {from: 0.0.0.0/0, address: 192.0.2.1}\n";
	char path[] = "/tmp/sallyport-settings-XXXXXX";
	int fd = mkstemp(path);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	for (uint64_t nth = 1; nth < 12; nth++) {
		struct settings *s = NULL;
		char *report = NULL;

		mem_fail_nth(nth);
		if (settings_read(path, &s, &report))
			settings_free(s);
		mem_fail_nth(0);
		mem_free(report);
	}
	unlink(path);
}

static void
networks_hold_what_is_in_them(void **state)
{
	static const struct {
		const char *network, *address;
		bool in;
	} rows[] = {
		{"10.0.0.0/8", "10.255.0.1", true},
		{"10.0.0.0/8", "11.0.0.1", false},
		{"10.1.2.3", "10.1.2.3", true},
		{"10.1.2.3", "10.1.2.2", false},
		{"192.0.2.128/25", "192.0.2.200", true},
		{"192.0.2.128/25", "192.0.2.100", false},
		{"0.0.0.0/0", "255.1.1.1", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "2001:db8::1", true},
		{"2001:db8::/32", "2001:db8:1::", true},
		{"2001:db8::/33", "2001:db8:8000::", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct network n, a;

		assert_true(network_parse(rows[i].network, &n));
		assert_true(network_parse(rows[i].address, &a));
		assert_int_equal(network_has(&n, &a.address), rows[i].in);
	}
	static const char *const bad[] = {"", "10", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1",
		"10.0.0.0/33", "::/129", "name/8", "10.0.0.0/8/8"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct network n;

		assert_false(network_parse(bad[i], &n));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_gives_the_defaults),
		cmocka_unit_test(everything_that_can_be_said_is_understood),
		cmocka_unit_test(each_finding_names_its_line_and_column),
		cmocka_unit_test(a_file_that_is_not_there_is_said),
		cmocka_unit_test(any_allocation_may_fail),
		cmocka_unit_test(networks_hold_what_is_in_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
