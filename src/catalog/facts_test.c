/* SPDX-License-Identifier: MIT */
#include "catalog/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define PREDICATE(...)                                                                             \
	(struct predicate)                                                                         \
	{                                                                                          \
		(const struct predicate_step[]){__VA_ARGS__},                                      \
			sizeof((const struct predicate_step[]){__VA_ARGS__}) /                     \
				sizeof(struct predicate_step)                                      \
	}
#define IS(fact, value)                                                                            \
	{                                                                                          \
		PREDICATE_COMPARE, fact, PREDICATE_EQUAL, value                                    \
	}
#define AND                                                                                        \
	{                                                                                          \
		PREDICATE_AND, 0, PREDICATE_EQUAL, 0                                               \
	}
#define OR                                                                                         \
	{                                                                                          \
		PREDICATE_OR, 0, PREDICATE_EQUAL, 0                                                \
	}
#define NOT                                                                                        \
	{                                                                                          \
		PREDICATE_NOT, 0, PREDICATE_EQUAL, 0                                               \
	}

static void
a_comparison_with_an_unknown_fact_is_unknown(void **state)
{
	struct facts facts = {0};
	struct predicate p = PREDICATE(IS(FACT_TCP_135, SEEN_PORT_REFUSED));

	assert_int_equal(predicate_truth(&p, &facts), TRUTH_UNKNOWN);
	facts_set(&facts, FACT_TCP_135, SEEN_PORT_REFUSED);
	assert_int_equal(predicate_truth(&p, &facts), TRUTH_TRUE);
	facts_set(&facts, FACT_TCP_135, SEEN_PORT_OPEN);
	assert_int_equal(predicate_truth(&p, &facts), TRUTH_FALSE);
}

static void
false_and_unknown_is_false_true_or_unknown_is_true(void **state)
{
	struct facts facts = {0};
	struct predicate both = PREDICATE(IS(FACT_TCP_135, 0), IS(FACT_TCP_445, 0), AND);
	struct predicate either = PREDICATE(IS(FACT_TCP_135, 0), IS(FACT_TCP_445, 0), OR);

	assert_int_equal(predicate_truth(&both, &facts), TRUTH_UNKNOWN);
	assert_int_equal(predicate_truth(&either, &facts), TRUTH_UNKNOWN);
	facts_set(&facts, FACT_TCP_135, 0);
	assert_int_equal(predicate_truth(&both, &facts), TRUTH_UNKNOWN);
	assert_int_equal(predicate_truth(&either, &facts), TRUTH_TRUE);
	facts_set(&facts, FACT_TCP_135, 1);
	assert_int_equal(predicate_truth(&both, &facts), TRUTH_FALSE);
	assert_int_equal(predicate_truth(&either, &facts), TRUTH_UNKNOWN);
}

static void
not_leaves_the_unknown_unknown(void **state)
{
	struct facts facts = {0};
	struct predicate p = PREDICATE(IS(FACT_BIND_GARBLED, 1), NOT);

	assert_int_equal(predicate_truth(&p, &facts), TRUTH_UNKNOWN);
	facts_set(&facts, FACT_BIND_GARBLED, false);
	assert_int_equal(predicate_truth(&p, &facts), TRUTH_TRUE);
}

static void
known_is_never_unknown(void **state)
{
	struct facts facts = {0};
	struct predicate p = PREDICATE({PREDICATE_KNOWN, FACT_CLOCK_SKEW_S, PREDICATE_EQUAL, 0});

	assert_int_equal(predicate_truth(&p, &facts), TRUTH_FALSE);
	facts_set(&facts, FACT_CLOCK_SKEW_S, 0);
	assert_int_equal(predicate_truth(&p, &facts), TRUTH_TRUE);
}

static void
numbers_have_an_order(void **state)
{
	static const struct {
		enum predicate_relation relation;
		bool below, equal, above;
	} rows[] = {
		{PREDICATE_EQUAL, false, true, false},
		{PREDICATE_UNEQUAL, true, false, true},
		{PREDICATE_LESS, true, false, false},
		{PREDICATE_AT_MOST, true, true, false},
		{PREDICATE_MORE, false, false, true},
		{PREDICATE_AT_LEAST, false, true, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct predicate p =
			PREDICATE({PREDICATE_COMPARE, FACT_CLOCK_SKEW_S, rows[i].relation, 300});
		struct facts facts = {0};

		facts_set(&facts, FACT_CLOCK_SKEW_S, 299);
		assert_int_equal(predicate_truth(&p, &facts), rows[i].below);
		facts_set(&facts, FACT_CLOCK_SKEW_S, 300);
		assert_int_equal(predicate_truth(&p, &facts), rows[i].equal);
		facts_set(&facts, FACT_CLOCK_SKEW_S, 301);
		assert_int_equal(predicate_truth(&p, &facts), rows[i].above);
	}
}

static void
a_fact_is_told_by_the_names_of_its_values(void **state)
{
	struct facts facts = {0};
	char text[80];

	facts_format(&facts, FACT_TCP_135, text, sizeof(text));
	assert_string_equal(text, "tcp.135 is unknown");
	facts_set(&facts, FACT_TCP_135, SEEN_PORT_FILTERED);
	facts_format(&facts, FACT_TCP_135, text, sizeof(text));
	assert_string_equal(text, "tcp.135 == filtered");
	facts_set(&facts, FACT_NAME_OWNER_DIFFERS, false);
	facts_format(&facts, FACT_NAME_OWNER_DIFFERS, text, sizeof(text));
	assert_string_equal(text, "not name.owner_differs");
	facts_set(&facts, FACT_MAPPER_MAP, 0x16c9a0d6);
	facts_format(&facts, FACT_MAPPER_MAP, text, sizeof(text));
	assert_string_equal(text, "mapper.map == 0x16c9a0d6");
	facts_set(&facts, FACT_CLOCK_SKEW_S, 301);
	facts_format(&facts, FACT_CLOCK_SKEW_S, text, sizeof(text));
	assert_string_equal(text, "clock.skew_s == 301");
}

static void
the_enum_and_the_table_have_the_same_order(void **state)
{
	enum fact fact;

	assert_true(catalog_fact_find("tcp.135", &fact));
	assert_int_equal(fact, FACT_TCP_135);
	assert_true(catalog_fact_find("tool.timeout_s", &fact));
	assert_int_equal(fact, FACT_TOOL_TIMEOUT_S);
	assert_false(catalog_fact_find("tcp.136", &fact));
	for (int i = 0; i < FACT_N; i++) {
		assert_true(catalog_fact_find(catalog_fact((enum fact)i)->name, &fact));
		assert_int_equal(fact, i);
	}
	assert_string_equal(catalog_fact(FACT_TCP_135)->values[SEEN_PORT_UNSENT], "unsent");
	assert_null(catalog_fact(FACT_TCP_135)->values[SEEN_PORT_UNSENT + 1]);
}

static void
a_predicate_names_its_facts_once_each(void **state)
{
	struct predicate p =
		PREDICATE(IS(FACT_TCP_135, 0), IS(FACT_TCP_445, 0), AND, IS(FACT_TCP_135, 1), OR);
	enum fact fact;

	assert_true(predicate_fact(&p, 0, &fact));
	assert_int_equal(fact, FACT_TCP_135);
	assert_true(predicate_fact(&p, 1, &fact));
	assert_int_equal(fact, FACT_TCP_445);
	assert_false(predicate_fact(&p, 2, &fact));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_comparison_with_an_unknown_fact_is_unknown),
		cmocka_unit_test(false_and_unknown_is_false_true_or_unknown_is_true),
		cmocka_unit_test(not_leaves_the_unknown_unknown),
		cmocka_unit_test(known_is_never_unknown),
		cmocka_unit_test(numbers_have_an_order),
		cmocka_unit_test(a_fact_is_told_by_the_names_of_its_values),
		cmocka_unit_test(the_enum_and_the_table_have_the_same_order),
		cmocka_unit_test(a_predicate_names_its_facts_once_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
