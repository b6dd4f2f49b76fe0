/* SPDX-License-Identifier: MIT */
#include "report/exam_prom.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/printable.h"

/* A value in quotes: only these three are special there. */
static void
label(FILE *to, const char *name, const char *value)
{
	char clean[1024];

	fprintf(to, "%s=\"", name);
	for (const char *p = printable(value, clean, sizeof(clean)); *p; p++) {
		if (*p == '\\' || *p == '"')
			putc('\\', to);
		putc(*p, to);
	}
	putc('"', to);
}

static void
series(FILE *to, const char *name, const struct exam_figures *f)
{
	fprintf(to, "sallyport_doctor_%s{", name);
	label(to, "host", f->host);
	putc(',', to);
	label(to, "interface", f->wanted);
}

static void
up_write(FILE *to, const struct exam_figures *f)
{
	fprintf(to, "} %d\n", f->works);
}

static void
outcome_write(FILE *to, const struct exam_figures *f)
{
	fprintf(to, "} %d\n", (int)f->outcome);
}

static void
verdict_write(FILE *to, const struct exam_figures *f)
{
	putc(',', to);
	label(to, "symptom", f->symptom ? f->symptom->id : "");
	putc(',', to);
	label(to, "phase", f->phase ? sp_phase_name(f->phase) : "");
	putc(',', to);
	label(to, "certainty", exam_certainty_name(f->certainty));
	fputs("} 1\n", to);
}

static void
endpoints_write(FILE *to, const struct exam_figures *f)
{
	fprintf(to, "} %zu\n", f->n_endpoints);
}

/* By whole numbers: a decimal point is one in every locale. */
static void
took_write(FILE *to, const struct exam_figures *f)
{
	fprintf(to, "} %" PRId64 ".%06" PRId64 "\n", f->took / SP_SECOND,
		f->took % SP_SECOND / SP_MICROSECOND);
}

static void
at_write(FILE *to, const struct exam_figures *f)
{
	fprintf(to, "} %lld\n", (long long)f->at);
}

static const struct metric {
	const char *name, *help;
	void (*write)(FILE *, const struct exam_figures *); /* what follows host and interface */
} metrics[] = {
	{"up", "Whether calls succeed.", up_write},
	{"outcome", "0 all is well, 1 somebody says no, 2 nobody answers, 3 not examined.",
		outcome_write},
	{"verdict", "The symptom of the catalogue and the phase where it ends; always 1.",
		verdict_write},
	{"endpoints", "Entries of the endpoint map.", endpoints_write},
	{"examination_seconds", "How long the examination took.", took_write},
	{"examined_timestamp_seconds", "When the examination began.", at_write},
};

static int
compare(const void *a, const void *b)
{
	const struct exam_figures *const *x = a, *const *y = b;
	int by_host = strcmp((*x)->host, (*y)->host);

	return by_host ? by_host : strcmp((*x)->wanted, (*y)->wanted);
}

bool
exam_prom(FILE *to, const struct exam_figures **list, size_t n)
{
	if (n)
		qsort(list, n, sizeof(list[0]), compare);
	for (size_t m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++) {
		fprintf(to,
			"# HELP sallyport_doctor_%s %s\n"
			"# TYPE sallyport_doctor_%s gauge\n",
			metrics[m].name, metrics[m].help, metrics[m].name);
		for (size_t i = 0; i < n; i++) {
			if (i && compare(&list[i - 1], &list[i]) == 0)
				continue;
			series(to, metrics[m].name, list[i]);
			metrics[m].write(to, list[i]);
		}
	}
	return fflush(to) == 0 && !ferror(to);
}
