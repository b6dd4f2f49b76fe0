/* SPDX-License-Identifier: MIT */
#include "report/exam.h"

#include <stdarg.h>
#include <stdio.h>

const char *
exam_certainty_name(enum exam_certainty c)
{
	static const char *const names[] = {"certain", "likely", "possible"};

	return names[c];
}

const char *
exam_mark_name(enum exam_mark mark)
{
	static const char *const names[] = {"good", "bad", "note"};

	return names[mark];
}

void
exam_step(struct exam *exam, enum sp_phase phase, enum exam_mark mark, const char *what,
	const char *fmt, ...)
{
	struct exam_step *s;
	va_list ap;

	if (exam->n_steps == EXAM_STEPS)
		return;
	s = &exam->steps[exam->n_steps++];
	*s = (struct exam_step){.phase = phase, .mark = mark};
	snprintf(s->what, sizeof(s->what), "%s", what);
	va_start(ap, fmt);
	vsnprintf(s->came, sizeof(s->came), fmt, ap);
	va_end(ap);
}
