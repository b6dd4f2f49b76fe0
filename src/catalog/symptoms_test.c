/* SPDX-License-Identifier: MIT */
/* What the predicates of the data say about sets of facts; and services. */
#include "catalog/symptoms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "catalog/services.h"

static enum truth
truth_of(const char *id, const struct facts *facts)
{
	const struct catalog_symptom *symptom = catalog_symptom_find(id);

	assert_non_null(symptom);
	return predicate_truth(&symptom->predicate, facts);
}

static void
a_filtered_port_of_the_answer_is_T04(void **state)
{
	struct facts facts = {0};

	facts_set(&facts, FACT_TCP_135, SEEN_PORT_OPEN);
	facts_set(&facts, FACT_MAPPER_MAP, 0);
	assert_int_equal(truth_of("T04", &facts), TRUTH_UNKNOWN);
	facts_set(&facts, FACT_TCP_ENDPOINT, SEEN_PORT_FILTERED);
	assert_int_equal(truth_of("t04", &facts), TRUTH_TRUE);
	assert_int_equal(truth_of("T01", &facts), TRUTH_FALSE);
	assert_int_equal(truth_of("E01", &facts), TRUTH_FALSE);
}

static void
silence_alone_does_not_blame_a_firewall(void **state)
{
	struct facts facts = {0};

	facts_set(&facts, FACT_TCP_135, SEEN_PORT_FILTERED);
	assert_int_equal(truth_of("T01", &facts), TRUTH_UNKNOWN);
	assert_int_equal(truth_of("T06", &facts), TRUTH_UNKNOWN);
	facts_set(&facts, FACT_TCP_CLOSED_PORTS, SEEN_PORT_FILTERED);
	assert_int_equal(truth_of("T01", &facts), TRUTH_FALSE);
	assert_int_equal(truth_of("T06", &facts), TRUTH_TRUE);
	facts_set(&facts, FACT_TCP_CLOSED_PORTS, SEEN_PORT_REFUSED);
	assert_int_equal(truth_of("T01", &facts), TRUTH_TRUE);
	assert_int_equal(truth_of("T06", &facts), TRUTH_FALSE);
}

static void
not_registered_on_the_wrong_machine_is_N04(void **state)
{
	struct facts facts = {0};

	facts_set(&facts, FACT_MAPPER_MAP, EPT_NCA_NOT_REGISTERED);
	assert_int_equal(truth_of("E01", &facts), TRUTH_UNKNOWN);
	facts_set(&facts, FACT_NAME_OWNER_DIFFERS, true);
	assert_int_equal(truth_of("E01", &facts), TRUTH_FALSE);
	assert_int_equal(truth_of("N04", &facts), TRUTH_TRUE);
}

static void
one_context_passes_where_three_die_is_C14(void **state)
{
	struct facts facts = {0};

	facts_set(&facts, FACT_BIND_CONTEXTS, 3);
	facts_set(&facts, FACT_BIND_RESULT, SEEN_BIND_CLOSED);
	assert_int_equal(truth_of("C14", &facts), TRUTH_UNKNOWN);
	facts_set(&facts, FACT_BIND_ONE_CONTEXT, SEEN_BIND_ACCEPTED);
	assert_int_equal(truth_of("C14", &facts), TRUTH_TRUE);
}

/* A host where everything works: every fact that a good check observes. */
static struct facts
healthy(void)
{
	static const enum fact open[] = {FACT_TCP_135, FACT_TCP_445, FACT_TCP_139, FACT_TCP_88,
		FACT_TCP_V4, FACT_TCP_V6, FACT_TCP_ENDPOINT, FACT_TCP_ENDPOINT_RETRIED,
		FACT_TCP_FIRST_BINDING, FACT_TCP_LATER_BINDING, FACT_TCP_BACK};
	struct facts facts = {0};

	for (int i = 0; i < FACT_N; i++)
		if (catalog_fact((enum fact)i)->type != FACT_TYPE_NAMED)
			facts_set(&facts, (enum fact)i, 0);
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		facts_set(&facts, open[i], SEEN_PORT_OPEN);
	facts_set(&facts, FACT_TCP_CLOSED_PORTS, SEEN_PORT_REFUSED);
	facts_set(&facts, FACT_NAME_HOST, SEEN_LOOKUP_ANSWERED);
	facts_set(&facts, FACT_NAME_SHORT, SEEN_LOOKUP_ANSWERED);
	facts_set(&facts, FACT_MAPPER_BIND, SEEN_BIND_ACCEPTED);
	facts_set(&facts, FACT_MAPPER_SPEAKS_RPC, true);
	facts_set(&facts, FACT_MAPPER_LISTS_INTERFACE, true);
	facts_set(&facts, FACT_MAPPER_LISTS_TCP, true);
	facts_set(&facts, FACT_MAPPER_ANONYMOUS_WORKS, true);
	facts_set(&facts, FACT_SMB_SIGNING_POSSIBLE, true);
	facts_set(&facts, FACT_BIND_RESULT, SEEN_BIND_ACCEPTED);
	facts_set(&facts, FACT_BIND_ONE_CONTEXT, SEEN_BIND_ACCEPTED);
	facts_set(&facts, FACT_BIND_CONTEXTS, 3);
	facts_set(&facts, FACT_BIND_LEVEL, 6);
	facts_set(&facts, FACT_CALL_REPLY, SEEN_REPLY_RESPONSE);
	facts_set(&facts, FACT_CALL_ACKNOWLEDGED, true);
	return facts;
}

static void
a_healthy_host_has_no_symptom(void **state)
{
	struct facts facts = healthy();
	const struct catalog_symptom *s;

	for (size_t i = 0; (s = catalog_symptom_at(i)); i++)
		if (predicate_truth(&s->predicate, &facts) == TRUTH_TRUE)
			fail_msg("%s on a healthy host: %s", s->id, s->when);
}

static void
nothing_observed_decides_nothing(void **state)
{
	const struct facts facts = {0};
	const struct catalog_symptom *s;

	for (size_t i = 0; (s = catalog_symptom_at(i)); i++)
		assert_int_equal(predicate_truth(&s->predicate, &facts), TRUTH_UNKNOWN);
}

static void
every_symptom_is_complete_and_there_are_79(void **state)
{
	const struct catalog_symptom *s;
	size_t n = 0;
	enum fact fact;

	for (; (s = catalog_symptom_at(n)); n++) {
		assert_true(*s->title && *s->seen && *s->evidence && *s->cause && *s->fix);
		assert_true(s->source[0] && *s->source[0]);
		assert_int_not_equal(s->phase, SP_PHASE_NONE);
		assert_true(predicate_fact(&s->predicate, 0, &fact));
		for (size_t i = 0; s->also && s->also[i]; i++)
			assert_non_null(catalog_symptom_find(s->also[i]));
		assert_ptr_equal(catalog_symptom_find(s->id), s);
		assert_true(n == 0 || s->phase >= catalog_symptom_at(n - 1)->phase);
	}
	assert_int_equal(n, 79);
	assert_null(catalog_symptom_find("X99"));
}

static void
a_status_shows_its_symptoms_through_its_twins(void **state)
{
	const struct catalog_symptom *e01 = catalog_symptom_find("E01");

	assert_true(catalog_symptom_shows(e01, catalog_status_find(STATUS_WIN32, 1753)));
	assert_true(catalog_symptom_shows(e01, catalog_status_find(STATUS_NTSTATUS, 0xc0020036)));
	assert_true(catalog_symptom_shows(e01, catalog_status_find(STATUS_MAPPER, 0x16c9a0d6)));
	assert_false(catalog_symptom_shows(e01, catalog_status_find(STATUS_WIN32, 1722)));
}

/* --- services --- */

static bool
uses(const struct catalog_service *s, const char *protocol, unsigned first, unsigned last)
{
	for (size_t i = 0; i < s->n_ports; i++)
		if (!strcmp(s->ports[i].protocol, protocol) && s->ports[i].first == first &&
			s->ports[i].last == last)
			return true;
	return false;
}

static void
a_service_has_its_ports_and_interfaces(void **state)
{
	const struct catalog_service *s = catalog_service_named("net logon");

	assert_string_equal(s->name, "Netlogon");
	assert_ptr_equal(s, catalog_service_named("NETLOGON"));
	assert_true(uses(s, "TCP", 445, 445));
	assert_true(uses(s, "TCP", 49152, 65535));
	assert_true(catalog_service_offers(s, catalog_interface_named("netlogon")));
	assert_false(catalog_service_offers(s, catalog_interface_named("winreg")));
	assert_null(catalog_service_named("Netlogoff"));
	assert_true(uses(catalog_service_named("DFSR"), "TCP", 5722, 5722));
	assert_true(uses(catalog_service_named("Remote Desktop"), "TCP", 3389, 3389));
}

static void
every_service_has_ports_in_order_and_a_source(void **state)
{
	const struct catalog_service *s;
	size_t n = 0;

	for (; (s = catalog_service_at(n)); n++) {
		assert_true(s->n_ports > 0);
		assert_ptr_equal(strstr(s->source, "KB 832017"), s->source);
		for (size_t i = 0; i < s->n_ports; i++)
			assert_true(s->ports[i].first <= s->ports[i].last);
	}
	assert_true(n >= 65);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filtered_port_of_the_answer_is_T04),
		cmocka_unit_test(silence_alone_does_not_blame_a_firewall),
		cmocka_unit_test(not_registered_on_the_wrong_machine_is_N04),
		cmocka_unit_test(one_context_passes_where_three_die_is_C14),
		cmocka_unit_test(a_healthy_host_has_no_symptom),
		cmocka_unit_test(nothing_observed_decides_nothing),
		cmocka_unit_test(every_symptom_is_complete_and_there_are_79),
		cmocka_unit_test(a_status_shows_its_symptoms_through_its_twins),
		cmocka_unit_test(a_service_has_its_ports_and_interfaces),
		cmocka_unit_test(every_service_has_ports_in_order_and_a_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
