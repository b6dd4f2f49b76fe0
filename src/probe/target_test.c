/* SPDX-License-Identifier: MIT */
#include "probe/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
mapper_is(const char *text, uint16_t port, const char *expected)
{
	struct sp_error err = {0};
	char *got = NULL;

	assert_int_equal(target_mapper(text, port, &got, &err), 0);
	assert_string_equal(got, expected);
	free(got);
}

static void
a_host_is_its_mapper_at_port_135(void **state)
{
	mapper_is("dc01.example", 0, "ncacn_ip_tcp:dc01.example[135]");
	mapper_is("192.0.2.7", 0, "ncacn_ip_tcp:192.0.2.7[135]");
	mapper_is("192.0.2.7", 5135, "ncacn_ip_tcp:192.0.2.7[5135]");
	mapper_is("dc-01_a", 0, "ncacn_ip_tcp:dc-01_a[135]");
}

static void
ipv6_with_and_without_brackets_is_the_same_host(void **state)
{
	char *plain, *bracketed;

	assert_int_equal(target_mapper("2001:db8::7", 0, &plain, NULL), 0);
	assert_int_equal(target_mapper("[2001:db8::7]", 0, &bracketed, NULL), 0);
	assert_string_equal(plain, bracketed);
	free(plain);
	free(bracketed);
}

static void
ipv6_comes_out_as_it_went_in(void **state)
{
	static const char *const texts[] = {"::1", "[::1]", "fe80::1%eth0"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *bare = texts[i][0] == '[' ? "::1" : texts[i];
		sp_binding *binding;
		char *text;

		assert_int_equal(target_mapper(texts[i], 0, &text, NULL), 0);
		assert_int_equal(sp_binding_parse(text, &binding, NULL), 0);
		assert_string_equal(binding->address, bare);
		assert_string_equal(binding->endpoint, "135");
		sp_binding_free(binding);
		free(text);
	}
}

static void
a_string_binding_says_where_its_mapper_is(void **state)
{
	mapper_is("ncacn_ip_tcp:host", 0, "ncacn_ip_tcp:host[135]");
	mapper_is("ncacn_ip_tcp:host[1024]", 5135, "ncacn_ip_tcp:host[1024]");
	mapper_is("ncalrpc:", 0, "ncalrpc:[epmapper]");
	mapper_is("ncalrpc:[other]", 0, "ncalrpc:[other]");
}

static void
what_is_neither_is_refused_with_a_sentence(void **state)
{
	static const char *const texts[] = {"", "ncacn_ip_tcp:host[135", "x@ncalrpc:[a]"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sp_error err = {0};
		char *text = NULL;

		assert_int_not_equal(target_mapper(texts[i], 0, &text, &err), 0);
		assert_null(text);
		assert_int_equal(err.phase, SP_PHASE_NONE);
		assert_true(strlen(err.sentence) > 20);
	}
}

static void
an_interface_is_a_uuid_and_a_version(void **state)
{
	struct sp_syntax_id id = {0};

	assert_true(target_interface("338cd001-2244-31f1-aaaa-900038001003,1.0", &id));
	assert_int_equal(id.uuid.time_low, 0x338cd001);
	assert_int_equal(id.major, 1);
	assert_int_equal(id.minor, 0);
	assert_true(target_interface("{338CD001-2244-31F1-AAAA-900038001003},65535.7", &id));
	assert_int_equal(id.major, 65535);
	assert_int_equal(id.minor, 7);
	assert_true(target_interface("338cd001-2244-31f1-aaaa-900038001003,4", &id));
	assert_int_equal(id.major, 4);
	assert_int_equal(id.minor, 0);
}

static void
an_interface_that_the_catalogue_knows_needs_no_version(void **state)
{
	static const char *const texts[] = {"samr", "SAMR", "12345778-1234-abcd-ef00-0123456789ac",
		"{12345778-1234-ABCD-EF00-0123456789AC}"};
	struct sp_syntax_id id;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(target_interface(texts[i], &id));
		assert_int_equal(id.uuid.time_low, 0x12345778);
		assert_int_equal(id.major, 1);
		assert_int_equal(id.minor, 0);
	}
}

static void
other_text_is_no_interface_and_changes_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"338cd001-2244-31f1-aaaa-9000380010ff",
		"338cd001-2244-31f1-aaaa-900038001003,",
		"338cd001-2244-31f1-aaaa-900038001003,x",
		"338cd001-2244-31f1-aaaa-900038001003,1.",
		"338cd001-2244-31f1-aaaa-900038001003,1.0.0",
		"338cd001-2244-31f1-aaaa-900038001003,65536",
		"338cd001-2244-31f1-aaaa-900038001003,-1",
		"338cd001-2244-31f1-aaaa-90003800100,1.0",
		"338cd001-2244-31f1-aaaa-900038001003000000000000,1.0",
		",1.0",
		"samr,1.0",
		"sam",
	};
	struct sp_syntax_id id = {.major = 77};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(target_interface(texts[i], &id));
	assert_int_equal(id.major, 77);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_is_its_mapper_at_port_135),
		cmocka_unit_test(ipv6_with_and_without_brackets_is_the_same_host),
		cmocka_unit_test(ipv6_comes_out_as_it_went_in),
		cmocka_unit_test(a_string_binding_says_where_its_mapper_is),
		cmocka_unit_test(what_is_neither_is_refused_with_a_sentence),
		cmocka_unit_test(an_interface_is_a_uuid_and_a_version),
		cmocka_unit_test(an_interface_that_the_catalogue_knows_needs_no_version),
		cmocka_unit_test(other_text_is_no_interface_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
