/* SPDX-License-Identifier: MIT */
/* The face for monitoring: Monitoring Plugins' guidelines, 2 "plugin output" and 4 "performance data". */
#include <string.h>

#include "report/printable.h"
#include "report/report.h"

enum plugin_state { PLUGIN_OK, PLUGIN_WARNING, PLUGIN_CRITICAL, PLUGIN_UNKNOWN };

static enum plugin_state
state_of(const struct exam_verdict *v)
{
	if (v->outcome == OUTCOME_GOOD)
		return PLUGIN_OK;
	if (v->outcome == OUTCOME_COULD_NOT_RUN)
		return PLUGIN_UNKNOWN;
	return v->works ? PLUGIN_WARNING : PLUGIN_CRITICAL;
}

/* A bar would begin the figures. */
static void
text_write(FILE *to, const char *text)
{
	char clean[512];

	for (const char *p = printable(text, clean, sizeof(clean)); *p; p++)
		putc(*p == '|' ? '/' : *p, to);
}

int
exam_check(struct report *r, const struct exam *e)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	const struct exam_verdict *v = &e->verdict;
	enum plugin_state state = state_of(v);

	fprintf(r->out, "RPC %s - ", words[state]);
	text_write(r->out, e->host);
	fprintf(r->out, ": %s%s", v->symptom ? v->symptom->id : "", v->symptom ? " " : "");
	text_write(r->out, v->title);
	fprintf(r->out, " | time=%.3fs;;;0 endpoints=%zu;;;0", (double)e->took / (double)SP_SECOND,
		e->n_endpoints);
	if (e->facts.known[FACT_CALL_TOOK_MS])
		fprintf(r->out, " call=%.3fs;;;0",
			(double)e->facts.value[FACT_CALL_TOOK_MS] / 1000);
	putc('\n', r->out);
	return (int)state;
}
