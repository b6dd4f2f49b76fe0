/* SPDX-License-Identifier: MIT */
#include "catalog/facts.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "catalog/table.h"

void
facts_set(struct facts *facts, enum fact fact, int64_t value)
{
	assert(fact < FACT_N);
	facts->known[fact] = true;
	facts->value[fact] = value;
}

const struct catalog_fact *
catalog_fact(enum fact fact)
{
	assert(fact < FACT_N);
	return &catalog_facts[fact];
}

bool
catalog_fact_find(const char *name, enum fact *ret)
{
	for (size_t i = 0; i < catalog_n_facts; i++) {
		if (!strcmp(catalog_facts[i].name, name)) {
			*ret = (enum fact)i;
			return true;
		}
	}
	return false;
}

/* A number outside the list of names is our own mistake; it is told as a number. */
static const char *
value_name(const struct catalog_fact *fact, int64_t value)
{
	for (size_t i = 0; fact->values && fact->values[i]; i++)
		if ((int64_t)i == value)
			return fact->values[i];
	return NULL;
}

void
facts_format(const struct facts *facts, enum fact n, char *ret, size_t cap)
{
	const struct catalog_fact *fact = catalog_fact(n);
	int64_t value = facts->value[n];
	const char *name = value_name(fact, value);

	if (!facts->known[n])
		snprintf(ret, cap, "%s is unknown", fact->name);
	else if (fact->type == FACT_TYPE_BOOL)
		snprintf(ret, cap, "%s%s", value ? "" : "not ", fact->name);
	else if (name)
		snprintf(ret, cap, "%s == %s", fact->name, name);
	else if (fact->type == FACT_TYPE_STATUS && value > 0xffff)
		snprintf(ret, cap, "%s == 0x%08" PRIx64, fact->name, (uint64_t)value);
	else
		snprintf(ret, cap, "%s == %" PRId64, fact->name, value);
}

/* --- predicates --- */

static bool
holds(enum predicate_relation relation, int64_t a, int64_t b)
{
	switch (relation) {
	case PREDICATE_EQUAL: return a == b;
	case PREDICATE_UNEQUAL: return a != b;
	case PREDICATE_LESS: return a < b;
	case PREDICATE_AT_MOST: return a <= b;
	case PREDICATE_MORE: return a > b;
	case PREDICATE_AT_LEAST: return a >= b;
	}
	return false;
}

static enum truth
both(enum truth a, enum truth b)
{
	if (a == TRUTH_FALSE || b == TRUTH_FALSE)
		return TRUTH_FALSE;
	return a == TRUTH_TRUE && b == TRUTH_TRUE ? TRUTH_TRUE : TRUTH_UNKNOWN;
}

static enum truth
negated(enum truth a)
{
	if (a == TRUTH_UNKNOWN)
		return a;
	return a == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE;
}

static enum truth
compared(const struct predicate_step *step, const struct facts *facts)
{
	if (step->operation == PREDICATE_KNOWN)
		return facts->known[step->fact] ? TRUTH_TRUE : TRUTH_FALSE;
	if (!facts->known[step->fact])
		return TRUTH_UNKNOWN;
	return holds(step->relation, facts->value[step->fact], step->value) ? TRUTH_TRUE
									    : TRUTH_FALSE;
}

enum truth
predicate_truth(const struct predicate *p, const struct facts *facts)
{
	enum truth stack[PREDICATE_STEPS_MAX] = {TRUTH_UNKNOWN};
	size_t n = 0;

	assert(p->n <= PREDICATE_STEPS_MAX);
	for (size_t i = 0; i < p->n; i++) {
		const struct predicate_step *step = &p->steps[i];

		switch (step->operation) {
		case PREDICATE_NOT: stack[n - 1] = negated(stack[n - 1]); break;
		case PREDICATE_AND:
			n--;
			stack[n - 1] = both(stack[n - 1], stack[n]);
			break;
		case PREDICATE_OR: /* not (not a and not b) */
			n--;
			stack[n - 1] = negated(both(negated(stack[n - 1]), negated(stack[n])));
			break;
		default: stack[n++] = compared(step, facts);
		}
	}
	return n ? stack[0] : TRUTH_UNKNOWN;
}

static bool
is_first(const struct predicate *p, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (p->steps[i].operation <= PREDICATE_KNOWN &&
			p->steps[i].fact == p->steps[at].fact)
			return false;
	return true;
}

bool
predicate_fact(const struct predicate *p, size_t n, enum fact *ret)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->steps[i].operation > PREDICATE_KNOWN || !is_first(p, i) || n--)
			continue;
		*ret = (enum fact)p->steps[i].fact;
		return true;
	}
	return false;
}
