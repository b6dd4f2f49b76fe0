/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "report/printable.h"
#include "report/report.h"

#define BOLD "\033[1m"
#define PLAIN "\033[0m"
#define TEXT_SIZE 2048

static void
text_finding(struct report *r, const struct report_port_finding *f)
{
	char text[TEXT_SIZE];

	fputs(r->colour_out ? BOLD : "", r->out);
	fputs(printable(f->file, text, sizeof(text)), r->out);
	if (f->line)
		fprintf(r->out, ":%u", f->line);
	if (f->column)
		fprintf(r->out, ":%u", f->column);
	fprintf(r->out, ": %s%s: %s", f->severity, r->colour_out ? PLAIN : "",
		printable(f->what, text, sizeof(text)));
	if (f->entry)
		fprintf(r->out, ": \"%s\"", printable(f->entry, text, sizeof(text)));
	fprintf(r->out, "\n    remedy: %s\n", printable(f->remedy, text, sizeof(text)));
}

static void
text_file(struct report *r, const struct report_port_file *f)
{
	char text[TEXT_SIZE];

	fprintf(r->out, "%s: ", printable(f->file, text, sizeof(text)));
	if (f->n_errors)
		fprintf(r->out, "%zu error%s", f->n_errors, f->n_errors == 1 ? "" : "s");
	if (f->n_warnings)
		fprintf(r->out, "%s%zu warning%s", f->n_errors ? ", " : "", f->n_warnings,
			f->n_warnings == 1 ? "" : "s");
	if (f->n_errors)
		fputs(": every dynamic endpoint fails with 87 until it is corrected\n", r->out);
	else
		fprintf(r->out, "%s\n", f->n_warnings ? ": it works" : "good");
}

static void
set_write(struct report *r, const struct report_port_set *s)
{
	fprintf(r->out, "    %-11s %5u port%s  %s%s\n", s->kind, s->n, s->n == 1 ? " " : "s",
		*s->ranges ? s->ranges : "none",
		s->is_default ? "  (what a server gets that asks for neither)" : "");
}

static void
text_policy(struct report *r, const struct report_port_policy *p)
{
	char text[TEXT_SIZE];

	fprintf(r->out, "%s (%s)\n", printable(p->file, text, sizeof(text)),
		p->is_absent ? "no such file: no policy" : p->form);
	set_write(r, &p->sets[0]);
	set_write(r, &p->sets[1]);
	fputs("    interfaces  ", r->out);
	for (size_t i = 0; i < p->n_devices; i++)
		fprintf(r->out, "%s%s", i ? ", " : "",
			printable(p->devices[i], text, sizeof(text)));
	fputs(p->n_devices ? "\n" : "all\n", r->out);
	for (size_t i = 0; i < p->n_fixed; i++) {
		const struct report_port_fixed *f = &p->fixed[i];

		fprintf(r->out, "    fixed       %5u  %s", f->port,
			printable(f->interface, text, sizeof(text)));
		fprintf(r->out, *f->stands_for ? " (%s)\n" : "%s\n", f->stands_for);
	}
	if (p->knows_kernel)
		fprintf(r->out, "    kernel      gives %u-%u to outgoing connections%s%s\n",
			p->ephemeral_first, p->ephemeral_last, *p->reserved ? ", but for " : "",
			p->reserved);
}

static void
text_unusable(struct report *r, const struct report_port_unusable *u)
{
	char text[TEXT_SIZE];

	fprintf(r->out, "%s %5u  %s", u->transport, u->port, u->why);
	if (u->pid)
		fprintf(r->out, ": %s (pid %d)", printable(u->program, text, sizeof(text)), u->pid);
	putc('\n', r->out);
}

static void
text_trial(struct report *r, const struct report_port_trial *t)
{
	fprintf(r->out, "%s %s ports %s: %u of %u can be taken\n", t->kind, t->transport,
		*t->ranges ? t->ranges : "(none)", t->n_usable, t->n);
}

const struct port_renderer port_renderer_text = {
	.finding = text_finding,
	.file = text_file,
	.policy = text_policy,
	.unusable = text_unusable,
	.trial = text_trial,
};
