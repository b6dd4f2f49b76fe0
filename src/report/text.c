/* SPDX-License-Identifier: MIT */
/* The face for people. */
#include <string.h>

#include "base/uuid.h"
#include "catalog/interfaces.h"
#include "report/printable.h"
#include "report/report.h"

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

#define TEXT_SIZE 4096

static const char *
paint(bool is_coloured, const char *colour)
{
	return is_coloured ? colour : "";
}

static void
interface_write(struct report *r, const struct sp_syntax_id *id)
{
	const struct catalog_interface *known = catalog_interface_find(&id->uuid);
	char uuid[SP_UUID_TEXT];

	sp_uuid_format(&id->uuid, uuid);
	fprintf(r->out, "%s%s %u.%u%s", paint(r->colour_out, BOLD), uuid, id->major, id->minor,
		paint(r->colour_out, PLAIN));
	if (known)
		fprintf(r->out, "  %s%s%s: %s", paint(r->colour_out, BOLD), known->name,
			paint(r->colour_out, PLAIN), known->title);
	putc('\n', r->out);
}

static bool
is_new_group(const struct report *r, const struct report_endpoint *e)
{
	return r->n_endpoints == 0 || !syntax_equal(&r->group, &e->interface) ||
	       strncmp(r->group_annotation, e->annotation, sizeof(r->group_annotation) - 1) != 0;
}

static void
group_begin(struct report *r, const struct report_endpoint *e)
{
	char text[TEXT_SIZE];

	if (r->n_endpoints)
		putc('\n', r->out);
	interface_write(r, &e->interface);
	if (*e->annotation)
		fprintf(r->out, "    \"%s\"\n", printable(e->annotation, text, sizeof(text)));
	if (r->n_endpoints == 0 || !syntax_equal(&r->group, &e->interface))
		r->n_groups++;
	r->group = e->interface;
	snprintf(r->group_annotation, sizeof(r->group_annotation), "%s", e->annotation);
}

static void
text_endpoint(struct report *r, const struct report_endpoint *e)
{
	char text[TEXT_SIZE];

	if (is_new_group(r, e))
		group_begin(r, e);
	r->n_endpoints++;
	fprintf(r->out, "    %s\n", printable(e->binding, text, sizeof(text)));
}

static void
text_interface(struct report *r, const struct report_interface *i)
{
	interface_write(r, &i->id);
}

static void
text_server(struct report *r, const struct report_server *s)
{
	static const char *const names[REPORT_STATISTICS] = {
		"calls in", "calls out", "packets in", "packets out"};
	char text[TEXT_SIZE];

	fprintf(r->out, "%s%s offers %zu interface%s and is %s\n", s->n_interfaces ? "\n" : "",
		printable(s->binding, text, sizeof(text)), s->n_interfaces,
		s->n_interfaces == 1 ? "" : "s", s->is_listening ? "listening" : "not listening");
	for (size_t i = 0; i < s->n_statistics && i < REPORT_STATISTICS; i++)
		fprintf(r->out, "    %-11s  %u\n", names[i], s->statistics[i]);
}

static void
text_place(struct report *r, const struct report_place *p)
{
	char text[TEXT_SIZE];

	fprintf(r->out, "%s\n", printable(p->binding, text, sizeof(text)));
}

static double
ms(sp_nanos t)
{
	return (double)t / (double)SP_MILLISECOND;
}

static void
text_round(struct report *r, const struct report_round *round)
{
	fprintf(r->out, "%u: %.3f ms\n", round->number, ms(round->took));
}

static void
text_ping(struct report *r, const struct report_ping *p)
{
	char text[TEXT_SIZE], uuid[SP_UUID_TEXT];

	sp_uuid_format(&p->interface.uuid, uuid);
	fprintf(r->out, "\n%s offers %s %u.%u\n", printable(p->binding, text, sizeof(text)), uuid,
		p->interface.major, p->interface.minor);
	fprintf(r->out, "    bound in     %.3f ms\n", ms(p->session));
	fprintf(r->out, "    round trips  %u sent, %u answered\n", p->n_sent, p->n_answered);
	if (p->n_answered)
		fprintf(r->out, "    min/avg/max  %.3f/%.3f/%.3f ms\n", ms(p->least), ms(p->mean),
			ms(p->most));
	fprintf(r->out, "    measured     %s\n", p->measured);
}

static void
status_write(FILE *to, sp_status status)
{
	const struct catalog_status *known = catalog_status_next(status, NULL);
	const char *name = known ? known->symbol : NULL;

	if (status > 0xffff) { /* a status of the wire, not of Win32 */
		fprintf(to, "0x%08x %s\n", status, name ? name : "");
		return;
	}
	fprintf(to, "%u %s%s(0x%x, HRESULT 0x8007%04x)\n", status, name ? name : "",
		name ? " " : "", status, status);
}

/* Extended error information: what the layers of the server say, the root last. */
static void
record_write(struct report *r, const struct sp_error_record *e)
{
	const struct catalog_status *status = catalog_status_next(e->status, NULL);
	const struct catalog_status *component =
		catalog_status_find(STATUS_COMPONENT, e->component);
	const struct catalog_status *location = catalog_status_find(STATUS_LOCATION, e->location);
	char clean[TEXT_SIZE];

	fprintf(r->talk, "    %s says %u",
		*e->computer ? printable(e->computer, clean, sizeof(clean)) : "the server",
		e->status);
	if (status)
		fprintf(r->talk, " %s: %s", status->symbol, status->sentence);
	if (component)
		fprintf(r->talk, "; component: %s", component->sentence);
	if (e->location)
		fprintf(r->talk, "; location %u", e->location);
	if (component && location) /* other components number places of their own */
		fprintf(r->talk, ": %s", location->sentence);
	putc('\n', r->talk);
}

static void
text_finding(struct report *r, const struct finding *f)
{
	const struct sp_error *e = &f->error;
	bool is_open = f->outcome == OUTCOME_UNDECIDED;
	const struct catalog_status *known = finding_status(e);
	char clean[TEXT_SIZE];

	fflush(r->out);
	fprintf(r->talk, "%ssallyport: %s%s%s", paint(r->colour_talk, is_open ? YELLOW : RED),
		e->phase ? sp_phase_name(e->phase) : "", e->phase ? ": " : "",
		is_open ? "no answer: " : "");
	status_write(r->talk, e->status);
	fputs(paint(r->colour_talk, PLAIN), r->talk);
	if (known)
		fprintf(r->talk, "    %s\n", known->sentence);
	if (*e->sentence)
		fprintf(r->talk, "    %s\n", printable(e->sentence, clean, sizeof(clean)));
	for (size_t i = 0; i < e->n_records; i++)
		record_write(r, &e->records[i]);
	if (*f->next)
		fprintf(r->talk, "next: %s\n", printable(f->next, clean, sizeof(clean)));
}

static void
text_end(struct report *r)
{
	if (r->n_endpoints == 0)
		return;
	fflush(r->out);
	fprintf(r->talk, "%s%zu endpoint%s of %zu interface%s%s\n", paint(r->colour_talk, DIM),
		r->n_endpoints, r->n_endpoints == 1 ? "" : "s", r->n_groups,
		r->n_groups == 1 ? "" : "s", paint(r->colour_talk, PLAIN));
}

const struct renderer renderer_text = {
	.name = "text",
	.endpoint = text_endpoint,
	.interface = text_interface,
	.server = text_server,
	.place = text_place,
	.round = text_round,
	.ping = text_ping,
	.finding = text_finding,
	.exam = exam_text,
	.ports = &port_renderer_text,
	.explanation = &explanation_renderer_text,
	.end = text_end,
};
