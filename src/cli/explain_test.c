/* SPDX-License-Identifier: MIT */
/* What sallyport explain tells people and programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "cli/commands.h"
#include "report/wrap.h"
#include "wire/bind.h"

struct told {
	enum outcome outcome;
	char *out, *talk;
};

static struct told
explain(const struct renderer *renderer, const char *what, const char *more)
{
	char *words[] = {(char *)what, (char *)more};
	struct settings settings;
	struct report report;
	struct told told;
	size_t len;

	report_init(&report, renderer, open_memstream(&told.out, &len),
		open_memstream(&told.talk, &len));
	assert_true(options_parse(&command_explain, more ? 2 : 1, words, &settings, stderr));
	told.outcome = command_explain.run(&settings, &report);
	assert_true(report_end(&report));
	fclose(report.out);
	fclose(report.talk);
	return told;
}

static void
told_free(struct told *told)
{
	free(told->out);
	free(told->talk);
}

static void
tells(const char *what, const char *words)
{
	struct told told = explain(&renderer_text, what, NULL);

	assert_int_equal(told.outcome, OUTCOME_GOOD);
	if (!strstr(told.out, words))
		fail_msg("%s does not tell \"%s\", but:\n%s", what, words, told.out);
	assert_string_equal(told.talk, "");
	told_free(&told);
}

static void
does_not_know(const char *what, const char *talk)
{
	struct told told = explain(&renderer_text, what, NULL);

	assert_int_equal(told.outcome, OUTCOME_NEGATIVE);
	assert_string_equal(told.out, "");
	assert_string_equal(told.talk, talk);
	told_free(&told);
}

static void
an_error_is_told_with_its_twins_and_symptoms(void **state)
{
	tells("1722", "1722  RPC_S_SERVER_UNAVAILABLE  (Win32, 0x6ba)\n"
		      "    The RPC server is unavailable\n");
	tells("0x800706ba", "0xc0020017 RPC_NT_SERVER_UNAVAILABLE");
	tells("-2147023174", "        T04  Port 135 is open, the dynamic port is not\n");
	tells("0xc0020017", "0xc0020017  RPC_NT_SERVER_UNAVAILABLE  (NTSTATUS)\n");
}

static void
several_meanings_are_all_told_the_likely_one_first(void **state)
{
	struct told told = explain(&renderer_text, "5", NULL);
	const char *win32 = strstr(told.out, "ERROR_ACCESS_DENIED  (Win32)"),
		   *fault = strstr(told.out, "(fault status)\n"),
		   *nak = strstr(told.out, "(bind_nak reason)");

	assert_ptr_equal(strchr(told.out, '5'), told.out);
	assert_true(win32 && fault && nak && win32 < fault && fault < nak);
	assert_non_null(strstr(fault, "as above"));
	told_free(&told);
}

static void
interfaces_services_symptoms_and_ports_are_told(void **state)
{
	tells("{12345778-1234-ABCD-EF00-0123456789AC}", "    pipe        \\pipe\\samr\n");
	tells("samr", "    service     LSASS, Netlogon\n");
	tells("dfsr", "TCP  5722         RPC (domain controllers of Server 2008 and 2008 R2)");
	tells("t04", "    phase       TCP session\n");
	tells("T04", "    errors      1722 RPC_S_SERVER_UNAVAILABLE (Win32)\n");
	tells("3389", "of TermService (");
	tells("tcp.endpoint", "      T04  Port 135 is open, the dynamic port is not\n");
	tells("tcp.endpoint", "    values      open, refused, filtered,");
	tells("mapper.map", "    values      a status of any vocabulary");
}

static void
no_line_is_wider_than_a_terminal(void **state)
{
	const struct catalog_symptom *s;

	for (size_t i = 0; (s = catalog_symptom_at(i)); i++) {
		struct told told = explain(&renderer_text, s->id, NULL);

		/* the first line is the title */
		for (const char *p = strchr(told.out, '\n') + 1; *p; p += strcspn(p, "\n") + 1)
			if (strcspn(p, "\n") > WRAP_WIDTH)
				fail_msg("%s", p);
		told_free(&told);
	}
}

static void
what_is_misspelt_is_guessed(void **state)
{
	does_not_know("RPC_S_SERVER_UNAVAILABEL",
		"sallyport explain: the catalogue does not know \"RPC_S_SERVER_UNAVAILABEL\"\n"
		"did you mean RPC_S_SERVER_UNAVAILABLE?\n");
	does_not_know("netlogn", "sallyport explain: the catalogue does not know \"netlogn\"\n"
				 "did you mean Netlogon, Net Logon?\n");
	does_not_know("server_too_busy",
		"sallyport explain: the catalogue does not know \"server_too_busy\"\n"
		"did you mean RPC_S_SERVER_TOO_BUSY, RPC_NT_SERVER_TOO_BUSY, nca_server_too_busy, "
		"NCA_S_SERVER_TOO_BUSY?\n");
	does_not_know("xyzzyx\033[1m",
		"sallyport explain: the catalogue does not know \"xyzzyx\\x1b[1m\"\n");
}

static void
a_number_that_is_not_known_has_parts_at_least(void **state)
{
	does_not_know("0x80071234",
		"sallyport explain: the catalogue does not know \"0x80071234\"\n"
		"    an HRESULT made of the Win32 status 4660\n");
	does_not_know("0xc00fffff",
		"sallyport explain: the catalogue does not know \"0xc00fffff\"\n"
		"    as an HRESULT: failure, facility 15, code 65535; as an NTSTATUS: error, "
		"facility 15, code 0xffff\n");
	does_not_know("64999", "sallyport explain: the catalogue does not know \"64999\"\n"
			       "    0xfde7; as an HRESULT 0x8007fde7\n");
}

static json_t *
record_of(const char *what)
{
	struct told told = explain(&renderer_json, what, NULL);
	json_t *record = json_loads(told.out, JSON_DISABLE_EOF_CHECK, NULL);

	assert_non_null(record);
	assert_string_equal(told.talk, "");
	told_free(&told);
	return record;
}

static void
has(const char *what, const char *member, const char *value)
{
	json_t *record = record_of(what);

	assert_string_equal(json_string_value(json_object_get(record, member)), value);
	json_decref(record);
}

static void
programs_are_told_the_same(void **state)
{
	json_t *record = record_of("1753");

	assert_int_equal(json_integer_value(json_object_get(record, "number")), 1753);
	assert_true(json_array_size(json_object_get(record, "symptoms")) > 1);
	assert_true(json_array_size(json_object_get(record, "same_as")) > 0);
	json_decref(record);
	has("1753", "record", "explained_status");
	has("1753", "symbol", "EPT_S_NOT_REGISTERED");
	has("samr", "record", "explained_interface");
	has("samr", "pipe", "\\pipe\\samr");
	has("DFSR", "record", "explained_service");
	has("T04", "record", "explained_symptom");
	has("T04", "confidence", "documented");
	has("3389", "record", "explained_port");
	has("clock.skew_s", "record", "explained_fact");
	has("clock.skew_s", "type", "number");
	has("netlogn", "record", "unknown");
}

/* jansson refuses a NULL that it was not promised: each row has all that its record needs. */
static void
everything_can_be_told_to_programs(void **state)
{
	const char *name;

	for (size_t i = 0; (name = meanings_name(i)); i++)
		json_decref(record_of(name));
}

static void
one_unknown_word_among_known_ones_is_a_no(void **state)
{
	struct told told = explain(&renderer_text, "1722", "17222222");

	assert_int_equal(told.outcome, OUTCOME_NEGATIVE);
	assert_non_null(strstr(told.out, "RPC_S_SERVER_UNAVAILABLE"));
	assert_non_null(strstr(told.talk, "17222222"));
	told_free(&told);
}

static void
a_name_of_two_words_needs_no_quotes(void **state)
{
	struct told told = explain(&renderer_text, "group", "policy");

	assert_int_equal(told.outcome, OUTCOME_GOOD);
	assert_ptr_equal(strstr(told.out, "gpsvc  Group Policy  (service)\n"), told.out);
	assert_string_equal(told.talk, "");
	told_free(&told);
}

/* "local limit exceeded" is local_limit_exceeded */
static void
is_called(enum catalog_status_kind kind, unsigned number, const char *name)
{
	char symbol[80];

	snprintf(symbol, sizeof(symbol), "%s", name);
	for (char *p = symbol; *p; p++)
		*p = *p == ' ' ? '_' : *p;
	if (!catalog_status_is_called(catalog_status_find(kind, number), symbol))
		fail_msg("%s %u is \"%s\" on the wire", catalog_status_kind_name(kind), number,
			name);
}

static void
the_catalogue_calls_reasons_as_the_wire_does(void **state)
{
	for (unsigned i = 0; i <= 9; i++)
		is_called(STATUS_BIND_NAK, i, nak_reason_name(i));
	for (unsigned i = 0; i <= 3; i++)
		is_called(STATUS_CONTEXT_REASON, i,
			context_reason_name(CONTEXT_PROVIDER_REJECTION, i));
	is_called(STATUS_CONTEXT_RESULT, 1, context_reason_name(CONTEXT_USER_REJECTION, 0));
	is_called(STATUS_CONTEXT_RESULT, 3, context_reason_name(CONTEXT_NEGOTIATE_ACK, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_is_told_with_its_twins_and_symptoms),
		cmocka_unit_test(several_meanings_are_all_told_the_likely_one_first),
		cmocka_unit_test(interfaces_services_symptoms_and_ports_are_told),
		cmocka_unit_test(no_line_is_wider_than_a_terminal),
		cmocka_unit_test(what_is_misspelt_is_guessed),
		cmocka_unit_test(a_number_that_is_not_known_has_parts_at_least),
		cmocka_unit_test(programs_are_told_the_same),
		cmocka_unit_test(everything_can_be_told_to_programs),
		cmocka_unit_test(a_name_of_two_words_needs_no_quotes),
		cmocka_unit_test(the_catalogue_calls_reasons_as_the_wire_does),
		cmocka_unit_test(one_unknown_word_among_known_ones_is_a_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
