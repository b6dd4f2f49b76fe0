/* SPDX-License-Identifier: MIT */
/* Command lines: what they come to, and what is said about those that come to nothing. */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/spelling.h"

#define WORDS_MAX 12

/* Splits at blanks; what was said is in said[]. */
static char said[600];

static bool
parse(const struct command *command, const char *line, struct settings *ret)
{
	static char room[300];
	static char *words[WORDS_MAX]; /* settings point into it */
	char *rest = NULL;
	size_t said_len;
	char *talk_text;
	FILE *talk = open_memstream(&talk_text, &said_len);
	int n = 0;
	bool good;

	assert_true(strlen(line) < sizeof(room));
	strcpy(room, line);
	for (char *word = strtok_r(room, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		words[n++] = word;
	good = options_parse(command, n, words, ret, talk);
	fclose(talk);
	snprintf(said, sizeof(said), "%s", talk_text);
	free(talk_text);
	return good;
}

static void
options_and_arguments_may_mix(void **state)
{
	struct settings s;

	assert_true(parse(&command_ping,
		"--count 3 host --json -i 60a15ec5-4de8-11d7-a637-005056a20182,1.0", &s));
	assert_string_equal(s.arguments[0], "host");
	assert_int_equal(s.count, 3);
	assert_true(s.json);
	assert_true(s.has_interface);
	assert_int_equal(s.interface.uuid.time_low, 0x60a15ec5);
	assert_int_equal(s.interface.major, 1);
	assert_string_equal(said, "");
}

static void
a_value_follows_a_blank_an_equals_sign_or_its_letter(void **state)
{
	struct settings s;

	assert_true(parse(&command_ping, "h --count=7", &s));
	assert_int_equal(s.count, 7);
	assert_true(parse(&command_ping, "h -c7", &s));
	assert_int_equal(s.count, 7);
	assert_true(parse(&command_ping, "h -c 7", &s));
	assert_int_equal(s.count, 7);
	assert_true(parse(&command_ping, "h -jc7", &s));
	assert_int_equal(s.count, 7);
	assert_true(s.json);
}

static void
two_dashes_end_the_options(void **state)
{
	struct settings s;

	assert_true(parse(&command_resolve, "-j -- --host -x", &s));
	assert_string_equal(s.arguments[0], "--host");
	assert_string_equal(s.arguments[1], "-x");
}

static void
the_last_argument_may_come_often_or_not_at_all(void **state)
{
	static const struct command often = {
		.name = "often", .arguments = {"WHAT", "[FILE...]"}, .is_local = true};
	struct settings s;

	assert_true(parse(&often, "check a.yaml --json b.reg c", &s));
	assert_int_equal(s.n_words, 4);
	assert_string_equal(s.words[0], "check");
	assert_string_equal(s.words[2], "b.reg");
	assert_string_equal(s.words[3], "c");
	assert_string_equal(s.arguments[1], "a.yaml");
	assert_true(parse(&often, "show", &s));
	assert_int_equal(s.n_words, 1);
	assert_null(s.arguments[1]);
	assert_false(parse(&often, "", &s));
	assert_non_null(strstr(said, "WHAT is missing"));
}

static void
a_command_that_asks_nobody_has_no_timeouts(void **state)
{
	static const struct command local = {.name = "local", .is_local = true};
	struct settings s;

	assert_true(parse(&local, "--json", &s));
	assert_false(parse(&local, "--timeout 3", &s));
	assert_non_null(strstr(said, "no option --timeout"));
	assert_false(parse(&local, "word", &s));
	assert_non_null(strstr(said, "one word too many"));
}

static void
only_where_numbers_are_explained_is_a_negative_one_an_argument(void **state)
{
	struct settings s;

	assert_true(parse(&command_explain, "-2147023174 --json", &s));
	assert_string_equal(s.arguments[0], "-2147023174");
	assert_true(s.json);
	assert_false(parse(&command_ping, "-2147023174", &s));
}

static void
every_phase_has_its_limit(void **state)
{
	struct settings s;

	assert_true(parse(&command_endpoints,
		"h -t 20 --timeout-resolve 1s --timeout-connect 2s --timeout-discovery 300ms "
		"--timeout-communication 1m",
		&s));
	assert_int_equal(s.timeout, 20 * SP_SECOND);
	assert_int_equal(s.timeout_resolve, SP_SECOND);
	assert_int_equal(s.timeout_connect, 2 * SP_SECOND);
	assert_int_equal(s.timeout_discovery, 300 * SP_MILLISECOND);
	assert_int_equal(s.timeout_communication, 60 * SP_SECOND);
}

static void
durations_are_what_people_write(void **state)
{
	static const struct {
		const char *text;
		sp_nanos length;
	} good[] = {{"10", 10 * SP_SECOND}, {"1.5s", 1500 * SP_MILLISECOND}, {".5", SP_SECOND / 2},
		{"250us", 250 * SP_MICROSECOND}, {"2m", 120 * SP_SECOND},
		{"24h", 86400 * SP_SECOND}};
	static const char *const bad[] = {"", "0", "0s", "-1", "+1", "1 s", "s", "1d", "1e3",
		"0x10", "inf", "nan", "25h", "1.2.3", "99999999999999999999"};
	sp_nanos got = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(duration_parse(bad[i], &got));
	assert_int_equal(got, 77);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(duration_parse(good[i].text, &got));
		assert_int_equal(got, good[i].length);
	}
}

static void
refused(const struct command *command, const char *line, const char *expected)
{
	struct settings s = {.count = 77};

	assert_false(parse(command, line, &s));
	assert_int_equal(s.count, 77);
	assert_non_null(strstr(said, expected));
	assert_non_null(strstr(said, "next: sallyport "));
}

static void
wrong_words_are_named_and_change_nothing(void **state)
{
	refused(&command_ping, "", "BINDING is missing");
	refused(&command_resolve, "host", "UUID,VERSION is missing");
	refused(&command_endpoints, "one two", "\"two\" is one word too many");
	refused(&command_resolve, "a b c", "\"c\" is one word too many");
	refused(&command_ping, "h --count", "--count needs a number from 1\n");
	refused(&command_ping, "h --count 0", "--count needs a number from 1, not \"0\"");
	refused(&command_ping, "h --count 99999999999", "needs a number from 1");
	refused(&command_ping, "h --count 3x", "not \"3x\"");
	refused(&command_ping, "h --mapper-port 65536", "a port from 1 to 65535");
	refused(&command_ping, "h --json=yes", "--json needs no value");
	refused(&command_ping, "h --timeout never", "a time of more than nothing");
	refused(&command_ping, "h -i 60a15ec5", "--interface needs UUID,VERSION");
	refused(&command_resolve, "h x --object 1", "--object needs a UUID");
	refused(&command_ping, "h -q", "there is no option -q");
	refused(&command_endpoints, "h --count 3", "there is no option --count");
	refused(&command_ping, "h --ncalrpc-dir=", "--ncalrpc-dir needs a value");
}

static void
a_slip_is_answered_with_what_was_meant(void **state)
{
	refused(&command_ping, "h --conut 3", "did you mean --count?");
	refused(&command_ping, "h --intreface x", "did you mean --interface?");
	refused(&command_ping, "h --jsn", "did you mean --json?");
	refused(&command_ping, "h -json", "did you mean --json?");
	refused(&command_ping, "h -i samx", "did you mean samr?");
	refused(&command_ping, "h --timeout-con=3", "did you mean --timeout-connect?");
	refused(&command_ping, "h --zzzzz", "there is no option --zzzzz");
	assert_null(strstr(said, "did you mean"));
}

static void
help_needs_no_arguments(void **state)
{
	struct settings s;

	assert_true(parse(&command_resolve, "-h", &s));
	assert_true(s.help);
	assert_true(parse(&command_resolve, "host --help", &s));
	assert_true(s.help);
}

static void
no_two_options_of_a_command_are_alike(void **state)
{
	for (size_t c = 0; commands[c]; c++) {
		const struct option_row *a, *b;

		for (size_t i = 0; (a = option_at(commands[c], i)); i++) {
			assert_true((a->value == NULL) == (a->kind == OPTION_FLAG));
			for (size_t k = 0; k < i; k++) {
				b = option_at(commands[c], k);
				assert_string_not_equal(a->name, b->name);
				assert_true(!a->letter || a->letter != b->letter);
			}
		}
	}
}

static const char *
nearest_command(const char *word)
{
	struct spelling spelling;

	spelling_begin(&spelling, word, strlen(word));
	for (size_t i = 0; commands[i]; i++)
		spelling_try(&spelling, commands[i]->name);
	return spelling_best(&spelling);
}

static void
the_nearest_command_is_offered_and_no_far_one(void **state)
{
	assert_string_equal(nearest_command("endpints"), "endpoints");
	assert_string_equal(nearest_command("pnig"), "ping");
	assert_string_equal(nearest_command("resolv"), "resolve");
	assert_string_equal(nearest_command("int"), "interfaces");
	assert_null(nearest_command("x"));
	assert_null(nearest_command(""));
	assert_null(nearest_command("a-word-that-is-far-too-long-to-be-a-command-of-ours"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_arguments_may_mix),
		cmocka_unit_test(a_value_follows_a_blank_an_equals_sign_or_its_letter),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(the_last_argument_may_come_often_or_not_at_all),
		cmocka_unit_test(a_command_that_asks_nobody_has_no_timeouts),
		cmocka_unit_test(only_where_numbers_are_explained_is_a_negative_one_an_argument),
		cmocka_unit_test(every_phase_has_its_limit),
		cmocka_unit_test(durations_are_what_people_write),
		cmocka_unit_test(wrong_words_are_named_and_change_nothing),
		cmocka_unit_test(a_slip_is_answered_with_what_was_meant),
		cmocka_unit_test(help_needs_no_arguments),
		cmocka_unit_test(no_two_options_of_a_command_are_alike),
		cmocka_unit_test(the_nearest_command_is_offered_and_no_far_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
