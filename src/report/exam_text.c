/* SPDX-License-Identifier: MIT */
/* The examination for people: the verdict first, then how it came about. */
#include <string.h>

#include "report/printable.h"
#include "report/report.h"

#define TEXT_SIZE 1024
#define WIDTH 96

static const char *
paint(const struct report *r, const char *colour)
{
	return r->colour_out ? colour : "";
}

static const char *
colour_of(enum outcome outcome)
{
	return outcome == OUTCOME_GOOD        ? "\033[1;32m"
	       : outcome == OUTCOME_UNDECIDED ? "\033[1;33m"
					      : "\033[1;31m";
}

static void
paragraph(struct report *r, const char *head, const char *text)
{
	char clean[TEXT_SIZE];
	int column = 12;

	if (!text || !*text)
		return;
	fprintf(r->out, "%s%-11s%s", paint(r, "\033[1m"), head, paint(r, "\033[0m"));
	for (const char *p = printable(text, clean, sizeof(clean)); *p;) {
		int len = (int)strcspn(p, " ");

		if (column + 1 + len > WIDTH && column > 12) {
			fprintf(r->out, "\n%-11s", "");
			column = 12;
		}
		fprintf(r->out, " %.*s", len, p);
		column += len + 1;
		p += len;
		p += strspn(p, " ");
	}
	putc('\n', r->out);
}

static void
step_write(struct report *r, const struct exam_step *s)
{
	static const char *const marks[] = {"ok", "XX", "--"};
	static const char *const colours[] = {"\033[32m", "\033[31m", "\033[2m"};
	char what[TEXT_SIZE], came[TEXT_SIZE];

	fprintf(r->out, "  %s%s%s  %-38s  %s\n", paint(r, colours[s->mark]), marks[s->mark],
		paint(r, "\033[0m"), printable(s->what, what, sizeof(what)),
		printable(s->came, came, sizeof(came)));
}

static void
steps_write(struct report *r, const struct exam *e)
{
	enum sp_phase phase = SP_PHASE_NONE;

	for (size_t i = 0; i < e->n_steps; i++) {
		if (e->steps[i].phase != phase) {
			phase = e->steps[i].phase;
			fprintf(r->out, "%s%d %s%s\n", paint(r, "\033[1m"), (int)phase,
				sp_phase_name(phase), paint(r, "\033[0m"));
		}
		step_write(r, &e->steps[i]);
	}
}

static void
others_write(struct report *r, const struct exam *e)
{
	char line[TEXT_SIZE];

	for (size_t i = 0; i < e->n_others; i++) {
		snprintf(line, sizeof(line), "%s %s", e->others[i]->id, e->others[i]->title);
		paragraph(r, i ? "" : "fits too:", line);
	}
}

static void
certainty_write(struct report *r, const struct exam_verdict *v)
{
	char line[TEXT_SIZE];

	snprintf(line, sizeof(line), "%s%s%s", exam_certainty_name(v->certainty),
		v->surer ? "; to be sure: " : "", v->surer ? v->surer : "");
	paragraph(r, "how sure:", line);
}

void
exam_text(struct report *r, const struct exam *e)
{
	const struct exam_verdict *v = &e->verdict;
	char host[TEXT_SIZE], title[TEXT_SIZE];

	fprintf(r->out, "%s%s%s%s: %s%s%s\n\n", paint(r, colour_of(v->outcome)),
		printable(e->host, host, sizeof(host)), *e->wanted ? ", " : "", e->wanted,
		v->symptom ? v->symptom->id : "", v->symptom ? " " : "",
		printable(v->title, title, sizeof(title)));
	fputs(paint(r, "\033[0m"), r->out);
	steps_write(r, e);
	putc('\n', r->out);
	if (v->outcome != OUTCOME_GOOD) {
		paragraph(r, "phase:", sp_phase_name(v->phase));
		paragraph(r, "proof:", v->proof);
		paragraph(r, "cause:", v->cause);
		paragraph(r, "fix:", v->fix);
		certainty_write(r, v);
		others_write(r, e);
		if (v->symptom)
			paragraph(r, "filter:", v->symptom->filter);
	}
	paragraph(r, "next:", v->next);
	fprintf(r->out, "%-11s %.1f s\n", "took:", (double)e->took / (double)SP_SECOND);
}
