/* SPDX-License-Identifier: MIT */
/* String bindings parse and compose as Windows' do, and nothing malformed is taken silently. */
#include <sallyport/binding.h>

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
expect(const char *text, const char *protseq, const char *address, const char *endpoint,
	const char *options)
{
	struct sp_error error;
	sp_binding *b = NULL;

	if (sp_binding_parse(text, &b, &error) != RPC_S_OK)
		fail_msg("%s: %s", text, error.sentence);
	assert_string_equal(b->protseq, protseq);
	assert_string_equal(b->address, address);
	assert_string_equal(b->endpoint, endpoint);
	assert_string_equal(b->options, options);
	sp_binding_free(b);
}

static void
each_part_may_be_left_out(void **state)
{
	expect("ncacn_ip_tcp:host[135]", "ncacn_ip_tcp", "host", "135", "");
	expect("ncacn_ip_tcp:host", "ncacn_ip_tcp", "host", "", "");
	expect("ncacn_ip_tcp:", "ncacn_ip_tcp", "", "", "");
	expect("ncacn_ip_tcp", "ncacn_ip_tcp", "", "", "");
	expect("ncacn_ip_tcp:host[]", "ncacn_ip_tcp", "host", "", "");
	expect("ncalrpc:[name]", "ncalrpc", "", "name", "");
}

static void
backslash_escapes_the_next_character(void **state)
{
	expect("ncacn_np:\\\\\\\\server[\\\\pipe\\\\lsass]", "ncacn_np", "\\\\server",
		"\\pipe\\lsass", "");
	expect("ncalrpc:[a\\]b\\,c]", "ncalrpc", "", "a]b,c", "");
}

static void
options_follow_the_endpoint_and_may_name_it(void **state)
{
	expect("ncacn_ip_tcp:h[135,a=b,c=d]", "ncacn_ip_tcp", "h", "135", "a=b,c=d");
	expect("ncacn_ip_tcp:h[endpoint=135,a=b]", "ncacn_ip_tcp", "h", "135", "a=b");
	expect("ncacn_ip_tcp:h[a=b,endpoint=135]", "ncacn_ip_tcp", "h", "135", "a=b");
	expect("ncacn_ip_tcp:h[,a=b]", "ncacn_ip_tcp", "h", "", "a=b");
	expect("ncacn_ip_tcp:h[a=b]", "ncacn_ip_tcp", "h", "", "a=b");
}

static void
ipv6_stands_bare_or_in_brackets(void **state)
{
	expect("ncacn_ip_tcp:[2001:db8::1][135]", "ncacn_ip_tcp", "2001:db8::1", "135", "");
	expect("ncacn_ip_tcp:[::1]", "ncacn_ip_tcp", "::1", "", "");
	expect("ncacn_ip_tcp:[fe80::1%eth0][135]", "ncacn_ip_tcp", "fe80::1%eth0", "135", "");
	expect("ncalrpc:[a:b]", "ncalrpc", "", "a:b", "");
	expect("ncacn_ip_tcp:::1[135]", "ncacn_ip_tcp", "::1", "135", "");
}

static void
object_uuid_stands_before_the_at_sign(void **state)
{
	sp_binding *b;

	assert_int_equal(sp_binding_parse("6bffd098-a112-3610-9833-46c3f87e345a@ncacn_ip_tcp:h[1]",
				 &b, NULL),
		0);
	assert_true(b->has_object);
	assert_int_equal(b->object.time_low, 0x6bffd098);
	assert_string_equal(b->address, "h");
	sp_binding_free(b);
}

static void
malformed_bindings_are_refused_with_the_column(void **state)
{
	static const struct {
		const char *text;
		sp_status status;
	} bad[] = {
		{"", RPC_S_INVALID_STRING_BINDING},
		{":host", RPC_S_INVALID_STRING_BINDING},
		{"no such:host", RPC_S_INVALID_STRING_BINDING},
		{"ncacn_ip_tcp:h[135", RPC_S_INVALID_STRING_BINDING},
		{"ncacn_ip_tcp:h]135", RPC_S_INVALID_STRING_BINDING},
		{"ncacn_ip_tcp:h[135]x", RPC_S_INVALID_STRING_BINDING},
		{"ncacn_ip_tcp:h[135,what]", RPC_S_INVALID_STRING_BINDING},
		{"ncacn_ip_tcp:h[135,endpoint=136]", RPC_S_INVALID_STRING_BINDING},
		{"ncacn_ip_tcp:h\\", RPC_S_INVALID_STRING_BINDING},
		{"ncacn_ip_tcp[135]", RPC_S_INVALID_STRING_BINDING},
		{"xyz@ncacn_ip_tcp:h", RPC_S_INVALID_STRING_UUID},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sp_error error;
		sp_binding *b = NULL;

		if (sp_binding_parse(bad[i].text, &b, &error) != bad[i].status)
			fail_msg("\"%s\" was not refused as it should", bad[i].text);
		assert_null(b);
		assert_non_null(strstr(error.sentence, "column"));
	}
}

static void
what_was_composed_parses_to_the_same_parts(void **state)
{
	static const char alphabet[] = "ab\\[],=@.-";
	struct sp_uuid object = {1, 2, 3, {4, 5}, {6, 7, 8, 9, 10, 11}};

	srand(1);
	for (unsigned round = 0; round < 20000; round++) {
		char address[8] = "", endpoint[8] = "", *text;
		sp_binding *b;

		for (int i = rand() % 7; i > 0; i--)
			address[i - 1] = alphabet[rand() % (int)(sizeof(alphabet) - 1)];
		for (int i = rand() % 7; i > 0; i--)
			endpoint[i - 1] = alphabet[rand() % (int)(sizeof(alphabet) - 1)];
		assert_int_equal(sp_binding_compose(round & 1 ? &object : NULL, "ncacn_ip_tcp",
					 address, endpoint, round & 2 ? "x=y" : NULL, &text),
			0);
		assert_int_equal(sp_binding_parse(text, &b, NULL), 0);
		assert_string_equal(b->address, address);
		assert_string_equal(b->endpoint, endpoint);
		assert_string_equal(b->options, round & 2 ? "x=y" : "");
		assert_int_equal(b->has_object, round & 1);
		sp_binding_free(b);
		mem_free(text);
	}
}

static void
every_failing_allocation_is_an_error_and_no_leak(void **state)
{
	for (uint64_t n = 1;; n++) {
		sp_binding *b = NULL;
		sp_status status;

		mem_fail_nth(n);
		status = sp_binding_parse("ncacn_ip_tcp:host[135,a=b]", &b, NULL);
		mem_fail_nth(0);
		sp_binding_free(b);
		if (status == RPC_S_OK) {
			assert_true(n > 3);
			return;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_may_be_left_out),
		cmocka_unit_test(backslash_escapes_the_next_character),
		cmocka_unit_test(options_follow_the_endpoint_and_may_name_it),
		cmocka_unit_test(ipv6_stands_bare_or_in_brackets),
		cmocka_unit_test(object_uuid_stands_before_the_at_sign),
		cmocka_unit_test(malformed_bindings_are_refused_with_the_column),
		cmocka_unit_test(what_was_composed_parses_to_the_same_parts),
		cmocka_unit_test(every_failing_allocation_is_an_error_and_no_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
