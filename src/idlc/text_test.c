/* SPDX-License-Identifier: MIT */
#include "idlc/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#define A30 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A60 A30 A30

static void
expect(unsigned depth, const char *line, const char *expected)
{
	struct text t = {.indent = depth};

	text_line(&t, "%s", line);
	assert_string_equal(t.data, expected);
	text_fini(&t);
}

static void
a_line_that_fits_stays(void **state)
{
	expect(1, "f(" A60 ", b);", "\tf(" A60 ", b);\n");
}

static void
arguments_that_fit_on_one_line_go_there_together(void **state)
{
	expect(1, "a_function_with_a_long_name(" A30 ", " A30 ", bbbbb);",
		"\ta_function_with_a_long_name(\n\t\t" A30 ", " A30 ", bbbbb);\n");
}

static void
otherwise_lines_are_filled(void **state)
{
	expect(1, "f(" A60 ", " A30 ", " A60 ");", "\tf(" A60 ",\n\t\t" A30 ",\n\t\t" A60 ");\n");
}

static void
an_assignment_breaks_behind_its_sign(void **state)
{
	expect(1, "result = a_function_with_a_long_name(" A30 ", bbbbbbbbbbbbbbbbbbbbbb);",
		"\tresult =\n\t\ta_function_with_a_long_name(" A30 ", bbbbbbbbbbbbbbbbbbbbbb);\n");
}

static void
an_argument_too_long_is_broken_inside(void **state)
{
	expect(1, "f(x, g(" A60 ", " A60 "), y);",
		"\tf(x,\n\t\tg(" A60 ",\n\t\t\t" A60 "),\n\t\ty);\n");
}

static void
an_inner_call_breaks_behind_its_parenthesis_when_the_rest_fits(void **state)
{
	expect(1,
		"f(x, gggggggggggggggggggg(" A60 ", "
		"bbbbbbb), y);",
		"\tf(x,\n\t\tgggggggggggggggggggg(\n\t\t\t" A60 ", bbbbbbb),\n\t\ty);\n");
}

static void
a_break_behind_the_sign_that_saves_one_within_is_made(void **state)
{
	expect(1,
		"uint32_t result = own->ApiGetClusterVersion(call, args->lpwMajorVersion, "
		"args->lpwMinorVersion, args->lpwBuildNumber, args->lpszVendorId, "
		"args->lpszCSDVersion);",
		"\tuint32_t result =\n"
		"\t\town->ApiGetClusterVersion(call, args->lpwMajorVersion, "
		"args->lpwMinorVersion,\n"
		"\t\t\targs->lpwBuildNumber, args->lpszVendorId, args->lpszCSDVersion);\n");
}

static void
a_choice_breaks_under_its_question_mark(void **state)
{
	expect(1, "f(" A60 ", (t)(" A30 "aaaaaaa ? *" A30 "aaaaaaa : 0));",
		"\tf(" A60 ",\n\t\t(t)(" A30 "aaaaaaa ? *" A30 "aaaaaaa\n\t\t\t\t\t\t\t  : 0));\n");
}

static void
a_long_declaration_breaks_before_its_name(void **state)
{
	expect(0, "typedef struct " A60 " *" A60 ";", "typedef struct " A60 "\n\t*" A60 ";\n");
}

static void
there_are_never_two_empty_lines(void **state)
{
	struct text t = {0};

	text_line(&t, "a");
	text_blank(&t);
	text_blank(&t);
	text_line(&t, "b");
	assert_string_equal(t.data, "a\n\nb\n");
	text_fini(&t);
}

static void
no_memory_sticks(void **state)
{
	struct text t = {0};

	mem_fail_nth(1);
	text_line(&t, "a");
	mem_fail_nth(0);
	assert_true(t.failed);
	text_line(&t, "b");
	assert_true(t.failed);
	text_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_that_fits_stays),
		cmocka_unit_test(arguments_that_fit_on_one_line_go_there_together),
		cmocka_unit_test(otherwise_lines_are_filled),
		cmocka_unit_test(an_assignment_breaks_behind_its_sign),
		cmocka_unit_test(an_argument_too_long_is_broken_inside),
		cmocka_unit_test(an_inner_call_breaks_behind_its_parenthesis_when_the_rest_fits),
		cmocka_unit_test(a_break_behind_the_sign_that_saves_one_within_is_made),
		cmocka_unit_test(a_choice_breaks_under_its_question_mark),
		cmocka_unit_test(a_long_declaration_breaks_before_its_name),
		cmocka_unit_test(there_are_never_two_empty_lines),
		cmocka_unit_test(no_memory_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
