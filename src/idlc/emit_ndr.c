/* SPDX-License-Identifier: MIT */
/*
 * STEM_ndr.c: what travels. A pull or push of a type is asked for by name the first time it is
 * needed and written once; the prototypes stand in front, so that types may refer to each other.
 */
#include "idlc/marshal.h"

#include <string.h>

#include "idlc/emit_pipe.h"
#include "idlc/layout.h"
#include "idlc/serialize.h"

/* --- operations --------------------------------------------------------------------------------------- */

static void
push_parameter(struct marshal *m, const struct field *f, struct scope *scope)
{
	const char *name = compiler_printf(m->c, "args->%s", parameter_name(m->c, f));
	const struct shape *s = f->shape;

	if (is_pipe(f))
		return;
	scope->field = f;
	if (s->kind == SHAPE_POINTER && s->pointer == POINTER_REF) {
		text_line(m->out, "if (sp_push_need(push, %s))", name);
		text_nested(m->out, "%s(push, %s, args);", marshal_referent(m, false, s->to, scope),
			name);
	} else {
		marshal_push(m, s, name, scope);
	}
	if (s->kind == SHAPE_POINTER
			? s->pointer != POINTER_REF || layout_of(m->c, s->to).has_pointers
			: layout_of(m->c, s).has_pointers)
		text_line(m->out, "sp_push_deferred(push);");
}

static void
pull_parameter(struct marshal *m, const struct field *f, struct scope *scope)
{
	const char *name = compiler_printf(m->c, "args->%s", parameter_name(m->c, f));
	const struct shape *s = f->shape;

	if (is_pipe(f))
		return;
	scope->field = f;
	if (s->kind == SHAPE_POINTER && s->pointer == POINTER_REF)
		text_line(m->out, "%s(pull, &%s, %s);", marshal_referent(m, true, s->to, scope),
			name, scope->argument);
	else
		marshal_pull(m, s, name, scope);
	if (s->kind == SHAPE_POINTER
			? s->pointer != POINTER_REF || layout_of(m->c, s->to).has_pointers
			: layout_of(m->c, s).has_pointers)
		text_line(m->out, "sp_pull_deferred(pull);");
}

/* Memory that the handler fills in. */
static void
allocate_out(struct marshal *m, const struct field *f)
{
	const char *name = compiler_printf(m->c, "args->%s", parameter_name(m->c, f));
	const struct shape *to = f->shape->to;
	const char *n = "1";

	if (to->kind == SHAPE_ARRAY) {
		n = compiler_printf(m->c, "%s", count_text(m->c, &to->dimensions[0], "args->"));
		for (unsigned i = 1; i < to->n_dimensions; i++)
			n = compiler_printf(m->c, "sp_product(%s, %s)", n,
				count_text(m->c, &to->dimensions[i], "args->"));
	}
	text_line(m->out, "%s = sp_pull_room(pull, %s, sizeof(*%s));", name, n, name);
}

/* --- counts that wait ------------------------------------------------------------------------------- */

static void
late_add(struct marshal *m, const struct expr *e, const char *expected, const char *kind,
	const struct scope *scope, struct late **first, unsigned *n)
{
	struct late *l;

	if (!e || !marshal_is_late(e, scope))
		return;
	l = compiler_new(m->c, 1, sizeof(*l));
	*l = (struct late){*first, m->lates, e, expected, NULL, (*n)++, scope->is_out};
	m->lates = l;
	l->what = compiler_printf(m->c, "%s of %s", kind, marshal_what(m, scope));
	*first = l;
}

static void
late_shape(struct marshal *m, const struct shape *s, const struct scope *scope, struct late **first,
	unsigned *n)
{
	const char *p = scope->prefix;

	for (; s; s = s->to) {
		for (unsigned i = 0; s->kind == SHAPE_ARRAY && i < s->n_dimensions; i++) {
			const struct dimension *d = &s->dimensions[i];

			late_add(m, d->size, count_text(m->c, d, p), "size_is", scope, first, n);
			late_add(m, d->length, length_text(m->c, d, p), "length_is", scope, first,
				n);
			late_add(m, d->first, first_text(m->c, d, p), "first_is", scope, first, n);
		}
		if (s->switch_is)
			late_add(m, s->switch_is, marshal_switch(m, s, scope), "switch_is", scope,
				first, n);
	}
}

/* Finds them, and declares the struct that carries them to the referents. */
static struct late *
late_find(struct marshal *m, const struct operation *op, struct scope *scope)
{
	struct late *first = NULL;
	unsigned n = 0;

	for (const struct field *f = op->params; f; f = f->next) {
		scope->field = f;
		if (scope->is_out ? f->out : f->in)
			late_shape(m, f->shape, scope, &first, &n);
	}
	if (n == 0)
		return NULL;
	scope->late = compiler_printf(m->c, "struct %s_%s_%s_late", m->interface->name, op->name,
		scope->is_out ? "out" : "in");
	scope->argument = "late";
	text_blank(&m->structs);
	text_open(&m->structs, "%s {", scope->late);
	text_line(&m->structs, "const %s *args;", scope->type);
	text_line(&m->structs, "uint64_t seen[%u];", n);
	text_close(&m->structs, "};");
	return first;
}

static void
late_checks(struct marshal *m, const struct late *l)
{
	if (!l)
		return;
	late_checks(m, l->next);
	text_line(m->out, "if (late->seen[%u])", l->number);
	text_nested(m->out, "sp_pull_expect(pull, late->seen[%u] - 1, %s, \"%s\");", l->number,
		l->expected, l->what);
}

static struct scope
operation_scope(struct marshal *m, const struct operation *op, bool out)
{
	return (struct scope){
		.stem = op->name,
		.prefix = "args->",
		.type = compiler_printf(m->c, "struct %s_%s_args", m->interface->name, op->name),
		.argument = "args",
		.is_operation = true,
		.is_out = out,
	};
}

/* Writes the function around a body that is already there. */
static void
wrap(struct marshal *m, const struct operation *op, const char *what, bool is_pull,
	struct text *body, const char *late)
{
	struct text *out = &m->operations;
	const char *is_const = is_pull ? "" : "const ", *cursor = is_pull ? "pull" : "push";
	bool uses_args = text_has(body, "args");

	text_blank(out);
	text_line(out, "void");
	text_line(out, "%s_%s_%s(struct sp_%s *%s, %svoid *arg)", m->interface->name, op->name,
		what, cursor, cursor, is_const);
	text_open(out, "{");
	if (uses_args) {
		text_line(out, "%sstruct %s_%s_args *args = arg;", is_const, m->interface->name,
			op->name);
		if (late)
			text_line(out, "%s counts = {args, {0}};", late);
		if (late)
			text_line(out, "%s *late = &counts;", late);
		text_blank(out);
	} else {
		text_line(out, "(void)arg;");
	}
	if (!text_has(body, cursor))
		text_line(out, "(void)%s;", cursor);
	text_add(out, body);
	text_close(out, "}");
}

static void
push_operation(struct marshal *m, const struct operation *op, bool out)
{
	struct scope scope = operation_scope(m, op, out);
	struct text *body = &m->body;

	text_clear(body, 1);
	m->out = body;
	for (const struct field *f = op->params; f; f = f->next)
		if (out ? f->out : f->in)
			push_parameter(m, f, &scope);
	if (out && op->result)
		push_parameter(m, op->result, &scope);
	wrap(m, op, out ? "push_out" : "push_in", false, body, NULL);
}

static void
pull_operation(struct marshal *m, const struct operation *op, bool out)
{
	struct scope scope = operation_scope(m, op, out);
	struct text *body = &m->body;
	struct late *late = late_find(m, op, &scope);

	text_clear(body, 1);
	m->out = body;
	for (const struct field *f = op->params; f; f = f->next)
		if (out ? f->out : f->in)
			pull_parameter(m, f, &scope);
	if (out && op->result)
		pull_parameter(m, op->result, &scope);
	late_checks(m, late);
	for (const struct field *f = op->params; f && late; f = f->next)
		if (out ? f->out : f->in)
			marshal_pull_late_sized(m, f, &scope);
	for (const struct field *f = op->params; f && !out; f = f->next)
		if (is_pipe(f))
			pipe_room(m, f);
		else if (!f->in && !is_replaced(f))
			allocate_out(m, f);
	wrap(m, op, out ? "pull_out" : "pull_in", true, body, scope.late);
}

static void
emit_operations(struct marshal *m)
{
	struct decl *cursor = m->interface->decls;
	struct operation *op;

	while ((op = emit_operation_next(&cursor))) {
		push_operation(m, op, false);
		pull_operation(m, op, false);
		push_operation(m, op, true);
		pull_operation(m, op, true);
		pipe_table(m, op);
	}
}

static void
marshalling(struct emitter *e)
{
	struct marshal *m = e->job;
	struct decl *cursor = e->c->decls;

	emit_head(e, "The marshalling.");
	text_line(e->out, "#include \"%s.h\"", e->stem);
	while ((m->interface = emit_interface_next(e->c, &cursor)))
		emit_operations(m);
	serialize_functions(e, m);
	marshal_finish(m, e->out);
}

bool
emit_ndr(struct compiler *c, const char *stem, const char *file, struct text *ret)
{
	struct marshal m;
	struct emitter e = {c, stem, file, ret, &m};
	bool ok;

	marshal_init(&m, c);
	ok = emit_run(&e, marshalling) && !marshal_failed(&m);
	marshal_fini(&m);
	return ok;
}
