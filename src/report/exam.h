/* SPDX-License-Identifier: MIT */
/* What came of examining one host: what was tried in each phase, what was seen, and the verdict. */
#ifndef REPORT_EXAM_H
#define REPORT_EXAM_H

#include <time.h>

#include "catalog/symptoms.h"
#include "report/finding.h"

enum exam_mark {
	EXAM_GOOD,
	EXAM_BAD,
	EXAM_NOTE, /* of interest, whatever it means */
};

/* One question and its answer. Texts may be strangers'. */
struct exam_step {
	enum sp_phase phase;
	enum exam_mark mark;
	char what[100];
	char came[300];
};

enum exam_certainty { EXAM_CERTAIN, EXAM_LIKELY, EXAM_POSSIBLE };
const char *exam_certainty_name(enum exam_certainty);

struct exam_verdict {
	enum outcome outcome;
	const struct catalog_symptom
		*symptom;    /* NULL: all is well, or the catalogue knows no such */
	enum sp_phase phase; /* where it ends; SP_PHASE_NONE: nowhere */
	bool works;          /* calls succeed all the same */
	char title[240];
	const char *cause, *fix; /* NULL: nothing to say */
	char proof[400];
	enum exam_certainty certainty;
	const char *surer; /* what would make it sure; NULL: nothing has to */
	char next[400];
};

#define EXAM_STEPS 80
#define EXAM_OTHERS 8

struct exam {
	const char *host;
	char wanted[128]; /* the interface that was asked for, or "" */
	struct facts facts;
	struct exam_step steps[EXAM_STEPS];
	size_t n_steps;
	struct exam_verdict verdict;
	const struct catalog_symptom *others[EXAM_OTHERS]; /* what fits as well */
	size_t n_others;
	size_t n_endpoints; /* in the map */
	sp_nanos took;
	time_t at; /* when it began */
};

/* One more step; beyond EXAM_STEPS it is left out. */
void exam_step(struct exam *, enum sp_phase, enum exam_mark, const char *what, const char *fmt, ...)
	SP_PRINTF(5, 6);
const char *exam_mark_name(enum exam_mark); /* "good", "bad", "note" */

struct report;
void exam_text(struct report *, const struct exam *);
void exam_json(struct report *, const struct exam *);
/* One line with figures, as monitoring plugins have it; the exit status: 0 OK, 1 warning, 2 critical, 3 unknown. */
int exam_check(struct report *, const struct exam *);

#endif
