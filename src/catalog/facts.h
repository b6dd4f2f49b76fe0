/* SPDX-License-Identifier: MIT */
/*
 * What has been observed about a host, and predicates over it. The vocabulary is data/facts.yaml, compiled into
 * vocabulary.h; a fact that nobody observed is unknown, and so may be what a predicate says about it.
 */
#ifndef CATALOG_FACTS_H
#define CATALOG_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sallyport/error.h>

#include "catalog/vocabulary.h"

enum fact_type {
	FACT_TYPE_BOOL,
	FACT_TYPE_NUMBER,
	FACT_TYPE_STATUS, /* of any vocabulary; 0 is success */
	FACT_TYPE_NAMED,  /* one of catalog_fact.values */
};

struct catalog_fact {
	const char *name; /* "tcp.135" */
	enum fact_type type;
	const char *const *values; /* of FACT_TYPE_NAMED: NULL ends */
	enum sp_phase phase;
	const char *says;
};

struct facts { /* zeroed: nothing is known */
	bool known[FACT_N];
	int64_t value[FACT_N];
};

void facts_set(struct facts *, enum fact, int64_t value);
/* What is known as "tcp.135 == filtered"; "unknown" when it is not. Cut to fit. */
void facts_format(const struct facts *, enum fact, char *ret, size_t cap);
const struct catalog_fact *catalog_fact(enum fact);
/* By its name; false: there is none. */
bool catalog_fact_find(const char *name, enum fact *ret);

enum truth {
	TRUTH_FALSE,
	TRUTH_TRUE,
	TRUTH_UNKNOWN, /* more would have to be observed */
};

enum predicate_operation {
	PREDICATE_COMPARE, /* a fact with a value */
	PREDICATE_KNOWN,   /* whether the fact has been observed: never unknown itself */
	PREDICATE_AND,
	PREDICATE_OR,
	PREDICATE_NOT,
};

enum predicate_relation {
	PREDICATE_EQUAL,
	PREDICATE_UNEQUAL,
	PREDICATE_LESS,
	PREDICATE_AT_MOST,
	PREDICATE_MORE,
	PREDICATE_AT_LEAST,
};

struct predicate_step {
	enum predicate_operation operation;
	int fact; /* enum fact; of COMPARE and KNOWN */
	enum predicate_relation relation;
	int64_t value;
};

/* In postfix order, as the catalogue's compiler writes it: at most PREDICATE_STEPS_MAX steps that leave one value. */
#define PREDICATE_STEPS_MAX 32
struct predicate {
	const struct predicate_step *steps;
	size_t n;
};

/* With the three values of Kleene: false and unknown is false, true or unknown is true. */
enum truth predicate_truth(const struct predicate *, const struct facts *);
/* The n-th fact that a predicate asks for, each once, in its order; false past the end. */
bool predicate_fact(const struct predicate *, size_t n, enum fact *ret);

#endif
