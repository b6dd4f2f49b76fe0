/* SPDX-License-Identifier: MIT */
#include "report/exam.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "report/exam_figures.h"
#include "report/exam_html.h"
#include "report/exam_prom.h"
#include "report/report.h"

static struct exam exam;

static void
exam_make(enum outcome outcome, bool works)
{
	exam = (struct exam){.host = "host<1>", .took = 1500 * SP_MILLISECOND, .n_endpoints = 4};
	facts_set(&exam.facts, FACT_TCP_135, SEEN_PORT_OPEN);
	facts_set(&exam.facts, FACT_NAME_IS_ADDRESS, false);
	facts_set(&exam.facts, FACT_CALL_TOOK_MS, 12);
	exam_step(&exam, SP_PHASE_NAME_RESOLUTION, EXAM_GOOD, "resolver", "%s", "192.0.2.1");
	exam_step(&exam, SP_PHASE_TCP_SESSION, EXAM_BAD, "port 135", "evil \033[31m|%d", 7);
	exam.verdict = (struct exam_verdict){.outcome = outcome,
		.works = works,
		.phase = SP_PHASE_TCP_SESSION,
		.certainty = EXAM_LIKELY,
		.surer = "look closer",
		.title = "a bar | in it",
		.proof = "port 135",
		.next = "sallyport portqry"};
	exam.verdict.symptom = catalog_symptom_find("T01");
}

/* What a face writes; the caller's. */
static char *
written(void (*write)(struct report *, const struct exam *))
{
	struct report r;
	char *text;
	size_t len;

	report_init(&r, &renderer_text, open_memstream(&text, &len), stderr);
	write(&r, &exam);
	fclose(r.out);
	return text;
}

static void
people_read_the_verdict_first_and_no_control_characters(void **state)
{
	char *text;

	exam_make(OUTCOME_UNDECIDED, false);
	text = written(exam_text);
	assert_memory_equal(text, "host<1>: T01 a bar | in it\n", 27);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "XX  port 135"));
	assert_non_null(strstr(text, "likely; to be sure: look closer"));
	assert_non_null(strstr(text, "next:       sallyport portqry"));
	free(text);
}

static void
programs_get_one_object_with_facts_by_their_types(void **state)
{
	char *text;
	json_t *o, *facts;

	exam_make(OUTCOME_NEGATIVE, true);
	text = written(exam_json);
	o = json_loads(text, 0, NULL);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "record")), "exam");
	assert_int_equal(json_array_size(json_object_get(o, "steps")), 2);
	facts = json_object_get(o, "facts");
	assert_string_equal(json_string_value(json_object_get(facts, "tcp.135")), "open");
	assert_true(json_is_false(json_object_get(facts, "name.is_address")));
	assert_int_equal(json_integer_value(json_object_get(facts, "call.took_ms")), 12);
	assert_int_equal(json_object_size(facts), 3);
	assert_true(json_is_true(json_object_get(json_object_get(o, "verdict"), "works")));
	json_decref(o);
	free(text);
}

static int check_status;

static void
check_write(struct report *r, const struct exam *e)
{
	check_status = exam_check(r, e);
}

static void
monitoring_gets_one_line_whose_only_bar_begins_the_figures(void **state)
{
	static const struct {
		enum outcome outcome;
		bool works;
		int status;
		const char *word;
	} cases[] = {
		{OUTCOME_GOOD, true, 0, "RPC OK - "},
		{OUTCOME_NEGATIVE, true, 1, "RPC WARNING - "},
		{OUTCOME_NEGATIVE, false, 2, "RPC CRITICAL - "},
		{OUTCOME_UNDECIDED, false, 2, "RPC CRITICAL - "},
		{OUTCOME_COULD_NOT_RUN, false, 3, "RPC UNKNOWN - "},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text;

		exam_make(cases[i].outcome, cases[i].works);
		text = written(check_write);
		assert_int_equal(check_status, cases[i].status);
		assert_memory_equal(text, cases[i].word, strlen(cases[i].word));
		assert_ptr_equal(strchr(text, '|'), strrchr(text, '|'));
		assert_non_null(
			strstr(text, "| time=1.500s;;;0 endpoints=4;;;0 call=0.012s;;;0\n"));
		assert_ptr_equal(strchr(text, '\n') + 1, text + strlen(text));
		free(text);
	}
}

static void
the_page_escapes_what_strangers_say(void **state)
{
	const struct exam *exams[] = {&exam};
	char *text;
	size_t len;
	FILE *page = open_memstream(&text, &len);

	exam_make(OUTCOME_NEGATIVE, false);
	assert_true(exam_html(page, exams, 1));
	fclose(page);
	assert_non_null(strstr(text, "host&lt;1&gt;"));
	assert_null(strstr(text, "host<1>"));
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "not reached"));
	free(text);
}

static void
a_change_is_another_verdict_and_not_other_figures(void **state)
{
	struct exam_figures good, more, bad, unnamed, none = {0};

	exam_make(OUTCOME_GOOD, true);
	exam.verdict.symptom = NULL;
	exam_figures_take(&exam, &good);
	exam.n_endpoints = 9;
	exam.took *= 2;
	strcpy(exam.verdict.title, "9 endpoints");
	exam_figures_take(&exam, &more);
	assert_false(exam_figures_differ(&good, &more));
	exam_make(OUTCOME_NEGATIVE, false);
	exam_figures_take(&exam, &bad);
	assert_true(exam_figures_differ(&good, &bad));
	exam.verdict.symptom = NULL;
	exam_figures_take(&exam, &bad);
	strcpy(exam.verdict.title, "something else");
	exam_figures_take(&exam, &unnamed);
	assert_true(exam_figures_differ(&bad, &unnamed));
	assert_true(exam_figures_differ(&good, &none));
	assert_false(exam_figures_differ(&none, &none));
}

static void
a_change_is_one_line_without_control_characters(void **state)
{
	struct exam_figures before, now;
	struct report r;
	char *text;
	size_t len;

	exam_make(OUTCOME_NEGATIVE, false);
	strcpy(exam.wanted, "samr 12345778-1234-abcd-ef00-0123456789ac 1.0");
	exam_figures_take(&exam, &before);
	strcpy(exam.verdict.title, "red \033[31m\n");
	exam.verdict.symptom = NULL;
	exam_figures_take(&exam, &now);
	report_init(&r, &renderer_text, open_memstream(&text, &len), stderr);
	exam_change_text(&r, &before, &now);
	fclose(r.out);
	assert_string_equal(text + strlen("1970-01-01 00:00:00 "),
		"host<1>, samr: red \\x1b[31m\\x0a (before: T01 a bar | in it)\n");
	free(text);
}

static void
prometheus_gets_each_series_once_and_its_labels_escaped(void **state)
{
	struct exam_figures f[3];
	const struct exam_figures *list[] = {&f[0], &f[1], &f[2]};
	char *text, *second;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	exam_make(OUTCOME_NEGATIVE, false);
	exam.host = "z\"\\\n";
	exam.at = 1700000000;
	exam_figures_take(&exam, &f[0]);
	exam_figures_take(&exam, &f[2]);
	exam_make(OUTCOME_GOOD, true);
	exam_figures_take(&exam, &f[1]);
	assert_true(exam_prom(to, list, 3));
	fclose(to);
	assert_non_null(
		strstr(text, "# TYPE sallyport_doctor_up gauge\n"
			     "sallyport_doctor_up{host=\"host<1>\",interface=\"\"} 1\n"
			     "sallyport_doctor_up{host=\"z\\\"\\\\\\\\x0a\",interface=\"\"} 0\n#"));
	assert_non_null(strstr(text, "interface=\"\"} 1.500000\n"));
	assert_non_null(strstr(text, "interface=\"\"} 1700000000\n"));
	second = strstr(text, ",symptom=\"T01\",phase=\"TCP session\",certainty=\"likely\"} 1\n");
	assert_non_null(second);
	free(text);
}

static void
prometheus_gets_a_file_also_without_hosts_and_hears_of_a_full_disk(void **state)
{
	struct exam_figures f;
	const struct exam_figures *list[] = {&f};
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len), *full = fopen("/dev/full", "we");

	assert_true(exam_prom(to, list, 0));
	fclose(to);
	assert_memory_equal(text, "# HELP ", 7);
	free(text);
	exam_make(OUTCOME_GOOD, true);
	exam_figures_take(&exam, &f);
	assert_non_null(full);
	assert_false(exam_prom(full, list, 1));
	fclose(full);
}

static void
steps_beyond_the_room_are_left_out(void **state)
{
	exam = (struct exam){.host = "x"};
	for (int i = 0; i < EXAM_STEPS + 5; i++)
		exam_step(&exam, SP_PHASE_TCP_SESSION, EXAM_NOTE, "port", "%d", i);
	assert_int_equal(exam.n_steps, EXAM_STEPS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_read_the_verdict_first_and_no_control_characters),
		cmocka_unit_test(programs_get_one_object_with_facts_by_their_types),
		cmocka_unit_test(monitoring_gets_one_line_whose_only_bar_begins_the_figures),
		cmocka_unit_test(the_page_escapes_what_strangers_say),
		cmocka_unit_test(a_change_is_another_verdict_and_not_other_figures),
		cmocka_unit_test(a_change_is_one_line_without_control_characters),
		cmocka_unit_test(prometheus_gets_each_series_once_and_its_labels_escaped),
		cmocka_unit_test(
			prometheus_gets_a_file_also_without_hosts_and_hears_of_a_full_disk),
		cmocka_unit_test(steps_beyond_the_room_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
