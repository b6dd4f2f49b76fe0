/* SPDX-License-Identifier: MIT */
#include "report/printable.h"
#include "report/record.h"

#define TEXT_SIZE 2048

static json_t *
text(const char *s)
{
	char clean[TEXT_SIZE];

	return s ? json_string(printable(s, clean, sizeof(clean))) : json_null();
}

static json_t *
number_or_null(unsigned n)
{
	return n ? json_integer(n) : json_null();
}

static void
json_finding(struct report *r, const struct report_port_finding *f)
{
	record_write(r,
		json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o}", "record", "port_finding",
			"file", text(f->file), "line", number_or_null(f->line), "column",
			number_or_null(f->column), "severity", f->severity, "code", f->code,
			"entry", text(f->entry), "what", text(f->what), "remedy", text(f->remedy)));
}

static void
json_file(struct report *r, const struct report_port_file *f)
{
	record_write(r, json_pack("{s:s, s:o, s:s, s:b, s:i, s:I, s:I}", "record", "port_file",
				"file", text(f->file), "form", f->form, "valid", f->n_errors == 0,
				"status", f->n_errors ? 87 : 0, "errors", (json_int_t)f->n_errors,
				"warnings", (json_int_t)f->n_warnings));
}

static json_t *
set_object(const struct report_port_set *s)
{
	return json_pack("{s:s, s:i, s:b}", "ranges", s->ranges, "ports", (int)s->n, "default",
		s->is_default);
}

static json_t *
fixed_array(const struct report_port_policy *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->n_fixed; i++)
		json_array_append_new(
			array, json_pack("{s:o, s:i}", "interface", text(p->fixed[i].interface),
				       "port", (int)p->fixed[i].port));
	return array;
}

static void
json_policy(struct report *r, const struct report_port_policy *p)
{
	json_t *devices = json_array(), *kernel = json_null();

	for (size_t i = 0; i < p->n_devices; i++)
		json_array_append_new(devices, text(p->devices[i]));
	if (p->knows_kernel)
		kernel = json_pack("{s:i, s:i, s:s}", "first", (int)p->ephemeral_first, "last",
			(int)p->ephemeral_last, "reserved", p->reserved);
	record_write(r, json_pack("{s:s, s:o, s:b, s:s, s:o, s:o, s:o, s:o, s:o}", "record",
				"port_policy", "file", text(p->file), "absent", p->is_absent,
				"form", p->form, p->sets[0].kind, set_object(&p->sets[0]),
				p->sets[1].kind, set_object(&p->sets[1]), "bind", devices, "fixed",
				fixed_array(p), "ephemeral", kernel));
}

static void
json_unusable(struct report *r, const struct report_port_unusable *u)
{
	record_write(r, json_pack("{s:s, s:i, s:s, s:o, s:o, s:o}", "record", "port_unusable",
				"port", (int)u->port, "transport", u->transport, "why",
				text(u->why), "pid", number_or_null((unsigned)u->pid), "program",
				u->pid ? text(u->program) : json_null()));
}

static void
json_trial(struct report *r, const struct report_port_trial *t)
{
	record_write(r, json_pack("{s:s, s:s, s:s, s:s, s:i, s:i}", "record", "port_trial", "kind",
				t->kind, "transport", t->transport, "ranges", t->ranges, "ports",
				(int)t->n, "usable", (int)t->n_usable));
}

const struct port_renderer port_renderer_json = {
	.finding = json_finding,
	.file = json_file,
	.policy = json_policy,
	.unusable = json_unusable,
	.trial = json_trial,
};
