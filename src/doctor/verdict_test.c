/* SPDX-License-Identifier: MIT */
/* What was seen, and the symptom that must come first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "doctor/plan.h"

struct seen {
	enum fact fact;
	int64_t value;
};

static struct exam exam;
static const struct doctor_wish wish = {.host = "host"};

/* The verdict over these facts, which end with FACT_N. */
static const struct exam_verdict *
verdict_of(enum sp_phase failed, const struct seen *seen)
{
	struct plan p = {.exam = &exam, .wish = &wish, .failed = failed, .mapper_port = 135};

	exam = (struct exam){.host = "host"};
	for (; seen->fact != FACT_N; seen++)
		facts_set(&exam.facts, seen->fact, seen->value);
	plan_verdict(&p);
	return &exam.verdict;
}
#define SEEN(...) ((const struct seen[]){__VA_ARGS__, {FACT_N, 0}})

static void
symptom_is(const char *id, enum sp_phase failed, const struct seen *seen)
{
	const struct exam_verdict *v = verdict_of(failed, seen);

	assert_non_null(v->symptom);
	assert_string_equal(v->symptom->id, id);
}

static void
nothing_wrong_is_good_and_certain(void **state)
{
	const struct exam_verdict *v =
		verdict_of(SP_PHASE_NONE, SEEN({FACT_TCP_135, SEEN_PORT_OPEN}, {FACT_MAPPER_MAP, 0},
						  {FACT_TCP_ENDPOINT, SEEN_PORT_OPEN}));

	assert_null(v->symptom);
	assert_int_equal(v->outcome, OUTCOME_GOOD);
	assert_int_equal(v->certainty, EXAM_CERTAIN);
	assert_true(v->works);
}

static void
silence_is_undecided_and_says_what_would_decide(void **state)
{
	const struct exam_verdict *v = verdict_of(
		SP_PHASE_TCP_SESSION, SEEN({FACT_TCP_135, SEEN_PORT_FILTERED},
					      {FACT_TCP_CLOSED_PORTS, SEEN_PORT_REFUSED}));

	assert_string_equal(v->symptom->id, "T01");
	assert_int_equal(v->outcome, OUTCOME_UNDECIDED);
	assert_int_equal(v->certainty, EXAM_LIKELY);
	assert_non_null(strstr(v->surer, "inside the firewall"));
	assert_non_null(strstr(v->proof, "tcp.135 == filtered"));
	assert_non_null(strstr(v->next, "portqry -n host -e 135"));
}

static void
a_host_that_hides_closed_ports_is_not_blamed_on_a_firewall(void **state)
{
	symptom_is("T06", SP_PHASE_TCP_SESSION,
		SEEN({FACT_TCP_135, SEEN_PORT_FILTERED},
			{FACT_TCP_CLOSED_PORTS, SEEN_PORT_FILTERED}));
	assert_int_equal(exam.verdict.certainty, EXAM_POSSIBLE);
}

static void
a_mapper_that_answers_makes_silence_of_its_port_a_firewall_s(void **state)
{
	symptom_is("T04", SP_PHASE_TCP_SESSION,
		SEEN({FACT_TCP_135, SEEN_PORT_OPEN}, {FACT_MAPPER_MAP, 0},
			{FACT_TCP_ENDPOINT, SEEN_PORT_FILTERED},
			{FACT_TCP_CLOSED_PORTS, SEEN_PORT_FILTERED}));
	assert_int_equal(exam.n_others, 1);
	assert_string_equal(exam.others[0]->id, "T06");
}

static void
what_does_no_harm_comes_after_what_does(void **state)
{
	symptom_is("C01", SP_PHASE_COMMUNICATION,
		SEEN({FACT_TCP_V6, SEEN_PORT_FILTERED}, {FACT_TCP_V4, SEEN_PORT_OPEN},
			{FACT_BIND_RESULT, SEEN_BIND_REJECTED}, {FACT_BIND_REASON, 1}));
	assert_string_equal(exam.others[0]->id, "N07");
	symptom_is("N07", SP_PHASE_NONE,
		SEEN({FACT_TCP_V6, SEEN_PORT_FILTERED}, {FACT_TCP_V4, SEEN_PORT_OPEN}));
	assert_true(exam.verdict.works);
	assert_non_null(strstr(exam.verdict.title, "succeed all the same"));
	assert_int_equal(exam.verdict.outcome, OUTCOME_NEGATIVE);
}

static void
a_pipe_only_interface_goes_before_one_that_nobody_has(void **state)
{
	const struct seen *seen =
		SEEN({FACT_MAPPER_MAP, 0x16c9a0d6}, {FACT_NAME_OWNER_DIFFERS, false},
			{FACT_MAPPER_LISTS_INTERFACE, true}, {FACT_MAPPER_LISTS_TCP, false});

	symptom_is("E02", SP_PHASE_DISCOVERY, seen);
	symptom_is("E01", SP_PHASE_DISCOVERY,
		SEEN({FACT_MAPPER_MAP, 0x16c9a0d6}, {FACT_NAME_OWNER_DIFFERS, false},
			{FACT_MAPPER_LISTS_INTERFACE, false}));
	symptom_is("N04", SP_PHASE_DISCOVERY,
		SEEN({FACT_MAPPER_MAP, 0x16c9a0d6}, {FACT_NAME_OWNER_DIFFERS, true},
			{FACT_MAPPER_LISTS_INTERFACE, false}));
}

static void
which_fault_says_more_than_that_the_call_did_not_run(void **state)
{
	static const struct {
		uint32_t fault;
		const char *id;
	} faults[] = {{0x1c010002, "C17"}, {0x1c010003, "C18"}, {0x6f7, "C19"}, {0x1c00001d, "C21"},
		{0x1c01000d, "C15"}};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		symptom_is(faults[i].id, SP_PHASE_COMMUNICATION,
			SEEN({FACT_CALL_REPLY, SEEN_REPLY_FAULT},
				{FACT_CALL_FAULT, faults[i].fault},
				{FACT_CALL_DID_NOT_EXECUTE, true}, {FACT_CALL_IS_PRINT, false}));
}

static void
a_client_without_ports_has_not_examined_anything(void **state)
{
	symptom_is("T08", SP_PHASE_TCP_SESSION,
		SEEN({FACT_TCP_135, SEEN_PORT_UNSENT}, {FACT_TCP_PORTS_EXHAUSTED, true}));
	assert_int_equal(exam.verdict.outcome, OUTCOME_COULD_NOT_RUN);
}

static void
a_failure_without_a_row_is_told_as_it_was_seen(void **state)
{
	struct plan p = {.exam = &exam,
		.wish = &wish,
		.failed = SP_PHASE_DISCOVERY,
		.plain = &plain_silent_mapper};

	exam = (struct exam){.host = "host"};
	plan_step(&p, SP_PHASE_DISCOVERY, EXAM_BAD, "bind to the mapper", "no answer");
	plan_verdict(&p);
	assert_null(exam.verdict.symptom);
	assert_string_equal(exam.verdict.title, plain_silent_mapper.title);
	assert_string_equal(exam.verdict.proof, "bind to the mapper: no answer");
	assert_int_equal(exam.verdict.phase, SP_PHASE_DISCOVERY);
	assert_string_equal(exam.verdict.next, "sallyport endpoints host");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_wrong_is_good_and_certain),
		cmocka_unit_test(silence_is_undecided_and_says_what_would_decide),
		cmocka_unit_test(a_host_that_hides_closed_ports_is_not_blamed_on_a_firewall),
		cmocka_unit_test(a_mapper_that_answers_makes_silence_of_its_port_a_firewall_s),
		cmocka_unit_test(what_does_no_harm_comes_after_what_does),
		cmocka_unit_test(a_pipe_only_interface_goes_before_one_that_nobody_has),
		cmocka_unit_test(which_fault_says_more_than_that_the_call_did_not_run),
		cmocka_unit_test(a_client_without_ports_has_not_examined_anything),
		cmocka_unit_test(a_failure_without_a_row_is_told_as_it_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
