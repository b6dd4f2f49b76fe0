/* SPDX-License-Identifier: MIT */
#include "idlc/emit_pipe.h"

#include "idlc/layout.h"
#include "idlc/marshal.h"

unsigned
pipe_count(const struct operation *op)
{
	unsigned n = 0;

	for (const struct field *f = op->params; f; f = f->next)
		n += is_pipe(f);
	return n;
}

static const struct shape *
items_of(const struct field *f)
{
	return f->shape->kind == SHAPE_POINTER ? f->shape->to->to : f->shape->to;
}

static const char *
mover_name(struct marshal *m, const struct operation *op, const struct field *f, const char *verb)
{
	return compiler_printf(
		m->c, "%s_items_%s_%s_%s", verb, m->interface->name, op->name, f->name);
}

static void
mover(struct marshal *m, const struct operation *op, const struct field *f, bool is_pull)
{
	const char *verb = is_pull ? "pull" : "push", *is_const = is_pull ? "" : "const ";
	struct scope scope = {.stem = op->name, .type = "", .argument = "NULL", .field = f};
	const struct shape *item = items_of(f);

	m->out = &m->operations;
	text_blank(m->out);
	text_line(m->out, "static void");
	text_line(m->out, "%s(struct sp_%s *%s, %svoid *items, size_t n)",
		mover_name(m, op, f, verb), verb, verb, is_const);
	text_open(m->out, "{");
	text_line(m->out, "%s%s *v = items;", is_const, item->c_name);
	text_blank(m->out);
	text_line(m->out, "for (size_t i = 0; i < n && sp_%s_ok(%s); i++)", verb, verb);
	m->out->indent++;
	if (is_pull)
		marshal_pull(m, item, "v[i]", &scope);
	else
		marshal_push(m, item, "v[i]", &scope);
	m->out->indent--;
	text_close(m->out, "}");
}

static void
row(struct marshal *m, const struct operation *op, const struct field *f)
{
	const struct shape *item = items_of(f);
	struct layout l = layout_of(m->c, item);

	text_open(m->out, "{");
	text_line(m->out, ".name = \"%s\",", f->name);
	text_line(m->out, ".offset = offsetof(struct %s_%s_args, %s),", m->interface->name,
		op->name, parameter_name(m->c, f));
	text_line(m->out, ".is_pointer = %s,", f->shape->kind == SHAPE_POINTER ? "true" : "false");
	text_line(m->out, ".is_in = %s,", f->in ? "true" : "false");
	text_line(m->out, ".is_out = %s,", f->out ? "true" : "false");
	text_line(m->out, ".item_size = sizeof(%s),", item->c_name);
	text_line(m->out, ".wire_size = %u,", (unsigned)l.size);
	text_line(m->out, ".alignment = %u,", l.alignment);
	if (item->kind == SHAPE_STRUCT) {
		text_line(m->out, ".push = %s,", mover_name(m, op, f, "push"));
		text_line(m->out, ".pull = %s,", mover_name(m, op, f, "pull"));
	}
	text_close(m->out, "},");
}

void
pipe_table(struct marshal *m, const struct operation *op)
{
	if (!pipe_count(op))
		return;
	for (const struct field *f = op->params; f; f = f->next) {
		if (!is_pipe(f) || items_of(f)->kind != SHAPE_STRUCT)
			continue;
		mover(m, op, f, false);
		mover(m, op, f, true);
	}
	m->out = &m->operations;
	text_blank(m->out);
	text_open(m->out, "const struct sp_pipe_parameter %s_%s_pipes[] = {", m->interface->name,
		op->name);
	for (const struct field *f = op->params; f; f = f->next)
		if (is_pipe(f))
			row(m, op, f);
	text_close(m->out, "};");
}

void
pipe_room(struct marshal *m, const struct field *f)
{
	const char *name = parameter_name(m->c, f);

	if (f->shape->kind == SHAPE_POINTER)
		text_line(
			m->out, "args->%s = sp_pull_room(pull, 1, sizeof(*args->%s));", name, name);
}
