/* SPDX-License-Identifier: MIT */
#include "ports/set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
a_range_has_its_ports_and_no_others(void **state)
{
	static const uint16_t limits[][2] = {{0, 0}, {63, 64}, {1, 62}, {64, 127}, {100, 300},
		{65535, 65535}, {0, 65535}, {65472, 65535}, {5000, 5000}, {9, 8}};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct port_set set = {0};
		uint32_t n = 0;

		port_set_add(&set, limits[i][0], limits[i][1]);
		for (uint32_t port = 0; port <= 65535; port++) {
			bool is_in = port >= limits[i][0] && port <= limits[i][1];

			n += is_in;
			assert_int_equal(port_set_has(&set, (uint16_t)port), is_in);
		}
		assert_int_equal(port_set_count(&set), n);
	}
}

static void
a_set_and_its_text_are_the_same(void **state)
{
	static const char *const texts[] = {
		"", "0", "65535", "0-65535", "5000-5100,5984", "1,3,5-7,65533,65535"};
	char text[40];
	struct port_set set;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(port_set_parse(texts[i], &set));
		assert_int_equal(port_set_format(&set, text, sizeof(text)), strlen(texts[i]));
		assert_string_equal(text, texts[i]);
	}
	assert_true(port_set_parse("8080,8081\n", &set)); /* as /proc/sys has it */
	port_set_format(&set, text, sizeof(text));
	assert_string_equal(text, "8080-8081");
	assert_false(port_set_parse("8080,x", &set));
	assert_false(port_set_parse("80800000000000000000000000000000000000000", &set));
}

static void
text_that_does_not_fit_is_cut_at_a_comma(void **state)
{
	struct port_set set;
	char text[10];

	assert_true(port_set_parse("5000-5100,5984", &set));
	assert_int_equal(port_set_format(&set, text, sizeof(text)), 14);
	assert_string_equal(text, "5000-5100");
}

static void
sets_are_joined_and_parted(void **state)
{
	struct port_set a, b, expected;

	assert_true(port_set_parse("1-100", &a));
	assert_true(port_set_parse("50-200", &b));
	port_set_keep(&a, &b);
	assert_true(port_set_parse("50-100", &expected));
	assert_memory_equal(&a, &expected, sizeof(a));
	port_set_remove(&b, &a);
	assert_true(port_set_parse("101-200", &expected));
	assert_memory_equal(&b, &expected, sizeof(b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_has_its_ports_and_no_others),
		cmocka_unit_test(a_set_and_its_text_are_the_same),
		cmocka_unit_test(text_that_does_not_fit_is_cut_at_a_comma),
		cmocka_unit_test(sets_are_joined_and_parted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
