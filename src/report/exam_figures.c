/* SPDX-License-Identifier: MIT */
#include "report/exam_figures.h"

#include <string.h>

#include "report/printable.h"
#include "report/report.h"

void
exam_figures_take(const struct exam *e, struct exam_figures *ret)
{
	const struct exam_verdict *v = &e->verdict;

	*ret = (struct exam_figures){
		.host = e->host,
		.outcome = v->outcome,
		.symptom = v->symptom,
		.phase = v->phase,
		.works = v->works,
		.certainty = v->certainty,
		.n_endpoints = e->n_endpoints,
		.took = e->took,
		.at = e->at,
	};
	memcpy(ret->wanted, e->wanted, sizeof(ret->wanted));
	memcpy(ret->title, v->title, sizeof(ret->title));
}

bool
exam_figures_differ(const struct exam_figures *a, const struct exam_figures *b)
{
	if (!a->host || !b->host)
		return a->host != b->host;
	if (a->outcome != b->outcome || a->symptom != b->symptom || a->phase != b->phase ||
		a->works != b->works)
		return true;
	/* what is well or has a name is told by that; else only the title tells */
	return a->outcome != OUTCOME_GOOD && !a->symptom && strcmp(a->title, b->title);
}

static void
verdict_write(FILE *to, const struct exam_figures *f)
{
	char clean[sizeof(f->title) * 4];

	if (!f->host)
		fputs("no memory", to);
	else
		fprintf(to, "%s%s%s", f->symptom ? f->symptom->id : "", f->symptom ? " " : "",
			printable(f->title, clean, sizeof(clean)));
}

void
exam_change_text(
	struct report *r, const struct exam_figures *before, const struct exam_figures *now)
{
	const struct exam_figures *known = now->host ? now : before;
	char clean[1024], wanted[sizeof(now->wanted)], when[40];
	struct tm tm;

	if (!known || !localtime_r(&known->at, &tm) ||
		!strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm))
		return;
	snprintf(wanted, sizeof(wanted), "%s", known->wanted);
	wanted[strcspn(wanted, " ")] = '\0';
	fprintf(r->out, "%s %s%s%s: ", when, printable(known->host, clean, sizeof(clean)),
		*wanted ? ", " : "", wanted);
	verdict_write(r->out, now);
	if (before) {
		fputs(" (before: ", r->out);
		verdict_write(r->out, before);
		putc(')', r->out);
	}
	putc('\n', r->out);
}
