/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <string.h>

#include "base/uuid.h"
#include "report/printable.h"
#include "report/report.h"
#include "report/wrap.h"

#define BOLD "\033[1m"
#define PLAIN "\033[0m"
#define INDENT 4
#define LABEL 12 /* columns */
#define TEXT_SIZE 2048
#define HRESULT_OF_WIN32 0x80070000u

__attribute__((format(printf, 2, 3))) static void
title(struct report *r, const char *fmt, ...)
{
	va_list ap;

	fputs(r->n_explained++ ? "\n" : "", r->out);
	fputs(r->colour_out ? BOLD : "", r->out);
	va_start(ap, fmt);
	vfprintf(r->out, fmt, ap);
	va_end(ap);
	fputs(r->colour_out ? PLAIN : "", r->out);
}

static void
paragraph(struct report *r, const char *text)
{
	if (!text)
		return;
	fprintf(r->out, "%*s", INDENT, "");
	wrap(r->out, text, INDENT, INDENT);
}

static void
label(struct report *r, const char *name)
{
	fprintf(r->out, "%*s%-*s", INDENT, "", LABEL, name);
}

static void
field(struct report *r, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	label(r, name);
	wrap(r->out, text, INDENT + LABEL, INDENT + LABEL);
}

/* One field of many words: "a, b, c", wrapped. */
struct listing {
	char text[TEXT_SIZE];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void
list(struct listing *l, const char *fmt, ...)
{
	size_t room = sizeof(l->text) - l->len;
	va_list ap;
	int n;

	if (l->len && room > 2) {
		memcpy(l->text + l->len, ", ", 3);
		l->len += 2;
		room -= 2;
	}
	va_start(ap, fmt);
	n = vsnprintf(l->text + l->len, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->len += (size_t)n < room ? (size_t)n : room - 1;
}

static void
list_field(struct report *r, const char *name, const char *const *texts)
{
	struct listing l = {.len = 0};

	for (; texts && *texts; texts++)
		list(&l, "%s", *texts);
	field(r, name, l.text);
}

/* --- statuses --- */

static bool
is_wide(const struct catalog_status *s)
{
	return s->number > 0xffff;
}

static void
status_list(struct listing *l, const struct catalog_status *s)
{
	if (is_wide(s))
		list(l, "0x%08x %s (%s)", s->number, s->symbol, catalog_status_kind_name(s->kind));
	else
		list(l, "%u %s (%s)", s->number, s->symbol, catalog_status_kind_name(s->kind));
}

static const struct catalog_status *
meaning_of(const struct catalog_status *s)
{
	return s->win32 ? s->win32 : s;
}

static void
twins_write(struct report *r, const struct catalog_status *s)
{
	const struct catalog_status *meant = meaning_of(s), *other;
	struct listing l = {.len = 0};

	if (s->kind == STATUS_WIN32 && s->number &&
		catalog_status_find(STATUS_HRESULT, HRESULT_OF_WIN32 | s->number) == s)
		list(&l, "0x%08x (HRESULT)", HRESULT_OF_WIN32 | s->number);
	if (meant->kind == STATUS_WIN32) /* others have no twins */
		for (size_t i = 0; (other = catalog_status_at(i)); i++)
			if (other != s && (other == meant || other->win32 == meant))
				status_list(&l, other);
	field(r, "same as", l.text);
}

static void
symptoms_write(struct report *r, const struct catalog_status *s)
{
	const struct catalog_symptom *symptom;
	enum sp_phase phase = SP_PHASE_NONE;
	bool is_first = true;

	if (meaning_of(s) == r->explained) { /* another name of what was just shown */
		fprintf(r->out, "%*swhere it comes from: as above\n", INDENT, "");
		return;
	}
	r->explained = meaning_of(s);
	for (size_t i = 0; (symptom = catalog_symptom_at(i)); i++) {
		if (!catalog_symptom_shows(symptom, s))
			continue;
		if (is_first)
			fprintf(r->out, "%*swhere it comes from:\n", INDENT, "");
		if (is_first || symptom->phase != phase)
			fprintf(r->out, "%*s%s\n", INDENT + 2, "", sp_phase_name(symptom->phase));
		fprintf(r->out, "%*s%s  %s\n", INDENT + 4, "", symptom->id, symptom->title);
		phase = symptom->phase;
		is_first = false;
	}
}

static void
status_write(struct report *r, const struct catalog_status *s)
{
	if (is_wide(s))
		title(r, "0x%08x  %s", s->number, s->symbol);
	else
		title(r, "%u  %s", s->number, s->symbol);
	fprintf(r->out, "  (%s", catalog_status_kind_name(s->kind));
	if (!is_wide(s) && s->number > 9)
		fprintf(r->out, ", 0x%x", s->number);
	fputs(")\n", r->out);
	paragraph(r, s->sentence);
	paragraph(r, s->means);
	if (s->phase)
		field(r, "phase", sp_phase_name(s->phase));
	list_field(r, "also", s->also);
	twins_write(r, s);
	symptoms_write(r, s);
}

/* --- interfaces and services --- */

static void
offered_by(struct report *r, const struct catalog_interface *i)
{
	const struct catalog_service *s;
	struct listing l = {.len = 0};

	for (size_t k = 0; (s = catalog_service_at(k)); k++)
		if (catalog_service_offers(s, i))
			list(&l, "%s", s->name);
	field(r, "service", l.text);
}

static void
interface_write(struct report *r, const struct catalog_interface *i)
{
	char uuid[SP_UUID_TEXT];

	sp_uuid_format(&i->uuid, uuid);
	title(r, "%s  %s%s%s", i->name, uuid, i->version ? " " : "", i->version ? i->version : "");
	fputs("  (interface)\n", r->out);
	paragraph(r, i->title);
	field(r, "pipe", i->pipe);
	field(r, "process", i->process);
	offered_by(r, i);
	field(r, "source", i->source);
}

static void
port_write(struct report *r, const struct catalog_port *p)
{
	const char *windows = catalog_windows_name(p->windows);
	char text[TEXT_SIZE], range[16] = "";
	size_t n = 0;

	if (p->first == p->last && p->first)
		snprintf(range, sizeof(range), "%u", p->first);
	else if (p->first)
		snprintf(range, sizeof(range), "%u-%u", p->first, p->last);
	fprintf(r->out, "%*s%-4s %-12s ", INDENT, "", p->protocol, range);
	n = (size_t)snprintf(text, sizeof(text), "%s%s%s%s", p->use, *windows ? " (" : "", windows,
		*windows ? ")" : "");
	for (const char *const *note = p->notes; note && *note && n < sizeof(text); note++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ". %s", *note);
	wrap(r->out, text, INDENT + 18, INDENT + 18);
}

static void
service_write(struct report *r, const struct catalog_service *s)
{
	struct listing l = {.len = 0};

	title(r, "%s  %s", s->name, s->title);
	fputs("  (service)\n", r->out);
	paragraph(r, s->about);
	for (size_t i = 0; i < s->n_ports; i++)
		port_write(r, &s->ports[i]);
	for (size_t i = 0; i < s->n_interfaces; i++)
		list(&l, "%s", s->interfaces[i]->name);
	field(r, "interfaces", l.text);
	list_field(r, "also", s->also);
	field(r, "source", s->source);
}

static void
port_services_write(struct report *r, uint16_t port)
{
	const struct catalog_service *s;

	title(r, "%u", port);
	fputs("  (port)\n", r->out);
	for (size_t i = 0; (s = catalog_service_at(i)); i++)
		for (size_t k = 0; k < s->n_ports; k++)
			if (s->ports[k].first == port && s->ports[k].last == port)
				fprintf(r->out, "%*s%-4s %s, of %s (%s)\n", INDENT, "",
					s->ports[k].protocol, s->ports[k].use, s->name, s->title);
}

/* --- facts and symptoms --- */

static const char *
fact_type_name(enum fact_type type)
{
	switch (type) {
	case FACT_TYPE_BOOL: return "true or false";
	case FACT_TYPE_NUMBER: return "a number";
	case FACT_TYPE_STATUS: return "a status of any vocabulary; 0: it went well";
	case FACT_TYPE_NAMED: break;
	}
	return "";
}

static void
fact_write(struct report *r, const struct catalog_fact *f, enum fact n)
{
	const struct catalog_symptom *s;

	title(r, "%s", f->name);
	fputs("  (fact)\n", r->out);
	paragraph(r, f->says);
	field(r, "phase", sp_phase_name(f->phase));
	field(r, "values", fact_type_name(f->type));
	list_field(r, "values", f->values);
	fprintf(r->out, "%*swhat it tells apart:\n", INDENT, "");
	for (size_t i = 0; (s = catalog_symptom_at(i)); i++)
		if (catalog_symptom_asks(s, n))
			fprintf(r->out, "%*s%s  %s\n", INDENT + 2, "", s->id, s->title);
}

static void
symptom_write(struct report *r, const struct catalog_symptom *s)
{
	struct listing l = {.len = 0};

	title(r, "%s  %s", s->id, s->title);
	fputs("  (symptom)\n", r->out);
	field(r, "phase", sp_phase_name(s->phase));
	field(r, "seen", s->seen);
	field(r, "proof", s->evidence);
	field(r, "cause", s->cause);
	field(r, "fix", s->fix);
	field(r, "when", s->when);
	field(r, "Wireshark", s->filter);
	for (size_t i = 0; i < s->n_statuses; i++)
		status_list(&l, s->statuses[i]);
	field(r, "errors", l.text);
	list_field(r, "see also", s->also);
	field(r, "known", s->confidence);
	list_field(r, "source", s->source);
}

static void
text_meaning(struct report *r, const struct meaning *m)
{
	switch (m->kind) {
	case MEANING_STATUS: status_write(r, m->status); break;
	case MEANING_SYMPTOM: symptom_write(r, m->symptom); break;
	case MEANING_SERVICE: service_write(r, m->service); break;
	case MEANING_INTERFACE: interface_write(r, m->interface); break;
	case MEANING_PORT: port_services_write(r, m->port); break;
	case MEANING_FACT: fact_write(r, catalog_fact(m->fact), m->fact); break;
	}
}

/* --- what is not there --- */

/* [MS-ERREF] 2.1 and 2.3: a number that is not known still has its parts. */
static void
parts_write(FILE *to, uint32_t n)
{
	static const char *const severity[] = {"success", "information", "warning", "error"};

	if (n <= 0xffff)
		fprintf(to, "    0x%x; as an HRESULT 0x%08x\n", n, HRESULT_OF_WIN32 | n);
	else if (n >> 16 == 0x8007)
		fprintf(to, "    an HRESULT made of the Win32 status %u\n", n & 0xffff);
	else
		fprintf(to,
			"    as an HRESULT: %s, facility %u, code %u; as an NTSTATUS: %s, facility "
			"%u, code 0x%04x\n",
			n >> 31 ? "failure" : "success", n >> 16 & 0x7ff, n & 0xffff,
			severity[n >> 30], n >> 16 & 0xfff, n & 0xffff);
}

static void
text_unknown(struct report *r, const struct report_unknown *u)
{
	char text[TEXT_SIZE];

	fflush(r->out);
	fprintf(r->talk, "sallyport explain: the catalogue does not know \"%s\"\n",
		printable(u->what, text, sizeof(text)));
	if (u->is_number)
		parts_write(r->talk, u->number);
	for (size_t i = 0; i < u->n_near; i++)
		fprintf(r->talk, "%s%s%s", i ? ", " : "did you mean ", u->near[i],
			i + 1 == u->n_near ? "?\n" : "");
}

const struct explanation_renderer explanation_renderer_text = {
	.meaning = text_meaning,
	.unknown = text_unknown,
};
