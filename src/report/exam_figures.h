/* SPDX-License-Identifier: MIT */
/* What stays of an examination when its steps are told: enough to see that the next one came out otherwise. */
#ifndef REPORT_EXAM_FIGURES_H
#define REPORT_EXAM_FIGURES_H

#include "report/exam.h"

struct exam_figures {
	const char *host; /* NULL: there was no examination */
	char wanted[sizeof(((struct exam *)0)->wanted)];
	enum outcome outcome;
	const struct catalog_symptom *symptom;
	enum sp_phase phase;
	bool works;
	enum exam_certainty certainty;
	char title[sizeof(((struct exam_verdict *)0)->title)];
	size_t n_endpoints;
	sp_nanos took;
	time_t at;
};

void exam_figures_take(const struct exam *, struct exam_figures *ret);
/* Whether the verdicts differ. How many endpoints there are and how long it took are no verdict. */
bool exam_figures_differ(const struct exam_figures *, const struct exam_figures *);

struct report;
/* One line: when, which host, its verdict, and the one before; NULL: there was none. */
void exam_change_text(
	struct report *, const struct exam_figures *before, const struct exam_figures *now);

#endif
