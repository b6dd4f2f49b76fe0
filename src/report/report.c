/* SPDX-License-Identifier: MIT */
#include "report/report.h"

void
report_init(struct report *report, const struct renderer *renderer, FILE *out, FILE *talk)
{
	*report = (struct report){.renderer = renderer, .out = out, .talk = talk};
}

bool
report_end(struct report *report)
{
	report->renderer->end(report);
	return !fflush(report->out) && !ferror(report->out);
}
