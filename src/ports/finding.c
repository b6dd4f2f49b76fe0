/* SPDX-License-Identifier: MIT */
#include "ports/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FINDINGS_MAX 1000
#define TEXT_MAX 600
#define ENTRY_MAX 120

static const struct {
	enum ports_severity severity;
	const char *name, *remedy;
} faults[] = {
#define X(value, severity, name, remedy) {PORTS_##severity, name, remedy},
	PORTS_FAULTS(X)
#undef X
};

enum ports_severity
ports_fault_severity(enum ports_fault fault)
{
	return faults[fault].severity;
}

const char *
ports_fault_name(enum ports_fault fault)
{
	return faults[fault].name;
}

const char *
ports_severity_name(enum ports_severity severity)
{
	static const char *const names[] = {"error", "warning", "note"};

	return names[severity];
}

void
ports_findings_init(struct ports_findings *f)
{
	*f = (struct ports_findings){0};
	arena_init(&f->arena, 4u << 20);
}

void
ports_findings_fini(struct ports_findings *f)
{
	mem_free(f->items);
	arena_fini(&f->arena);
	*f = (struct ports_findings){0};
}

static const char *
text_keep(struct ports_findings *f, const char *fmt, va_list args)
{
	char text[TEXT_MAX];
	const char *kept;

	vsnprintf(text, sizeof(text), fmt, args);
	kept = arena_strdup(&f->arena, text);
	return kept ? kept : "(there is no memory for the words)";
}

static struct ports_finding *
finding_append(struct ports_findings *f)
{
	struct ports_finding *larger;
	size_t cap = f->cap ? f->cap * 2 : 8;

	if (f->n == FINDINGS_MAX)
		return NULL;
	if (f->n == f->cap) {
		larger = mem_resize(f->items, cap, sizeof(*larger));
		if (!larger)
			return NULL;
		f->items = larger;
		f->cap = cap;
	}
	return &f->items[f->n++];
}

void
ports_find(struct ports_findings *f, enum ports_fault fault, struct ports_place place,
	const char *entry, const char *fmt, ...)
{
	struct ports_finding *finding = finding_append(f);
	char shortened[ENTRY_MAX];
	va_list args;

	f->n_errors += faults[fault].severity == PORTS_ERROR;
	f->n_warnings += faults[fault].severity == PORTS_WARNING;
	if (!finding)
		return;
	*finding = (struct ports_finding){
		.fault = fault, .place = place, .remedy = faults[fault].remedy};
	if (entry) {
		snprintf(shortened, sizeof(shortened), "%s", entry);
		finding->entry = arena_strdup(&f->arena, shortened);
	}
	va_start(args, fmt);
	finding->what = text_keep(f, fmt, args);
	va_end(args);
}

void
ports_find_remedy(struct ports_findings *f, const char *fmt, ...)
{
	va_list args;

	if (f->n == 0 || f->n == FINDINGS_MAX)
		return;
	va_start(args, fmt);
	f->items[f->n - 1].remedy = text_keep(f, fmt, args);
	va_end(args);
}

static int
by_place(const void *a, const void *b)
{
	const struct ports_finding *x = a, *y = b;

	if (x->place.line != y->place.line)
		return x->place.line < y->place.line ? -1 : 1;
	if (x->place.column != y->place.column)
		return x->place.column < y->place.column ? -1 : 1;
	if (x->fault != y->fault)
		return x->fault < y->fault ? -1 : 1;
	return strcmp(x->what, y->what);
}

void
ports_findings_sort(struct ports_findings *f)
{
	if (f->n)
		qsort(f->items, f->n, sizeof(*f->items), by_place);
}
