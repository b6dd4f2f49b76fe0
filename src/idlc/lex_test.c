/* SPDX-License-Identifier: MIT */
#include "idlc/lex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct compiler compiler;
static const struct source *source;
static struct token *tokens;

static size_t
tokens_of(const char *text)
{
	source = source_from_text(&compiler, "t.idl", text, strlen(text));
	return lex(&compiler, source, &tokens);
}

static void
expect_token(size_t i, enum token_kind kind, const char *text)
{
	assert_int_equal(tokens[i].kind, kind);
	assert_int_equal(tokens[i].len, strlen(text));
	assert_memory_equal(source->text + tokens[i].at, text, tokens[i].len);
}

static int
begin(void **state)
{
	compiler_init(&compiler, NULL);
	return 0;
}

static int
end(void **state)
{
	compiler_fini(&compiler);
	return 0;
}

static void
words_numbers_and_signs_are_told_apart(void **state)
{
	assert_int_equal(tokens_of("a1<<0x2f 1.0->'x' L\"y\""), 7);
	expect_token(0, TOKEN_NAME, "a1");
	expect_token(1, TOKEN_PUNCTUATION, "<<");
	expect_token(2, TOKEN_NUMBER, "0x2f");
	expect_token(3, TOKEN_NUMBER, "1.0");
	expect_token(4, TOKEN_PUNCTUATION, "->");
	expect_token(5, TOKEN_CHARACTER, "'x'");
	expect_token(6, TOKEN_STRING, "L\"y\"");
	expect_token(7, TOKEN_END, "");
}

static void
comments_and_line_marks_are_space(void **state)
{
	assert_int_equal(tokens_of("# 1 \"x\"\na /* b\n c */ d // e\nf #g"), 5);
	expect_token(0, TOKEN_NAME, "a");
	expect_token(1, TOKEN_NAME, "d");
	expect_token(2, TOKEN_NAME, "f");
	expect_token(3, TOKEN_BAD, "#");
}

static void
what_does_not_end_ends_with_the_file(void **state)
{
	assert_int_equal(tokens_of("a /* b"), 1);
	assert_int_equal(tokens_of("\"b"), 1);
	expect_token(0, TOKEN_BAD, "\"b");
	assert_int_equal(tokens_of("'"), 1);
	expect_token(0, TOKEN_BAD, "'");
	assert_int_equal(tokens_of(""), 0);
	assert_int_equal(tokens_of("/"), 1);
}

static void
expect_number(const char *text, uint64_t expected, bool expected_unsigned)
{
	uint64_t value = 0;
	bool is_unsigned = false;

	assert_true(lex_number(text, strlen(text), &value, &is_unsigned));
	assert_int_equal(value, expected);
	assert_int_equal(is_unsigned, expected_unsigned);
}

static void
numbers_have_three_radices_and_suffixes(void **state)
{
	expect_number("0", 0, false);
	expect_number("42", 42, false);
	expect_number("017", 15, false);
	expect_number("0xFfUL", 255, true);
	expect_number("7ll", 7, false);
	expect_number("18446744073709551615", UINT64_MAX, true);
}

static void
what_is_no_number_is_refused(void **state)
{
	static const char *const bad[] = {
		"18446744073709551616", "0x", "08", "1.0", "12ab", "0x1g", "5l5"};
	uint64_t value;
	bool is_unsigned;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(lex_number(bad[i], strlen(bad[i]), &value, &is_unsigned));
}

static void
characters_and_strings_have_escapes(void **state)
{
	uint64_t value;

	assert_true(lex_character("'a'", 3, &value));
	assert_int_equal(value, 'a');
	assert_true(lex_character("L'\\n'", 5, &value));
	assert_int_equal(value, '\n');
	assert_true(lex_character("'\\x41'", 6, &value));
	assert_int_equal(value, 'A');
	assert_false(lex_character("''", 2, &value));
	assert_false(lex_character("'ab'", 4, &value));
	assert_string_equal(lex_string(&compiler, "\"a\\\"b\\\\\"", 8), "a\"b\\");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(words_numbers_and_signs_are_told_apart, begin, end),
		cmocka_unit_test_setup_teardown(comments_and_line_marks_are_space, begin, end),
		cmocka_unit_test_setup_teardown(what_does_not_end_ends_with_the_file, begin, end),
		cmocka_unit_test(numbers_have_three_radices_and_suffixes),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test_setup_teardown(characters_and_strings_have_escapes, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
