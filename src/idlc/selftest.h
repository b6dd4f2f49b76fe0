/* SPDX-License-Identifier: MIT */
/*
 * STEM_selftest.c: for each operation a function that makes random arguments and one that sums up what of them
 * travels. Both come from the shapes alone, not from the marshalling that they test.
 */
#ifndef IDLC_SELFTEST_H
#define IDLC_SELFTEST_H

#include "idlc/emit.h"

enum made { MADE_SCALARS, MADE_REST, MADE_NEW, MADE_ARM, MADE_SUM, MADE_ARM_SUM };

/* A function about a struct or union, written when it is asked for. */
struct asked {
	struct asked *next;
	enum made made;
	const struct shape *shape;
};

struct selftest {
	struct compiler *c;
	struct asked *asked, **asked_tail;
	struct text *out;
	unsigned variables; /* for names that differ */
};

/* Where an expression finds its names, and what is beside a field. */
struct setting {
	const char *prefix; /* "self->", "args->" */
	const struct field *siblings, *result;
	const struct field *field;
};

/* The name of a function, which will be written. */
const char *selftest_ask(struct selftest *, enum made, const struct shape *);
/* "v3" */
const char *selftest_variable(struct selftest *, const char *stem);
/* All elements of an array: "3", "(uint64_t)self->n"; of an open string NULL. */
const char *selftest_count(struct selftest *, const struct shape *array, const struct setting *);
/* The address of the first element: "self->a", "&self->a[0][0]". */
const char *selftest_first(struct selftest *, const struct shape *array, const char *at);
void selftest_loop(struct selftest *, const char *index, const char *from, const char *to);
const char *selftest_switch(struct selftest *, const struct shape *, const struct setting *);
unsigned selftest_element_size(const struct shape *element);

/* Random values (selftest_fill.c). Scalars and what counts are first, then the rest, which they count. */
void selftest_fill(struct selftest *, const struct shape *, const char *at, const struct setting *);
bool selftest_is_first(const struct field *, const struct setting *);
/* What must hold for the counts of a field; NULL when nothing. */
const char *selftest_condition(struct selftest *, const struct setting *);
void selftest_fill_function(struct selftest *, const struct asked *);

/* Sums (selftest_sum.c). */
void selftest_sum(struct selftest *, const struct shape *, const char *at, const struct setting *);
void selftest_sum_function(struct selftest *, const struct asked *);

#endif
