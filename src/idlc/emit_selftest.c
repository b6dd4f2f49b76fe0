/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "idlc/convert.h"
#include "idlc/layout.h"
#include "idlc/selftest.h"
#include "idlc/shape.h"

static const char *const verbs[] = {"scalars", "rest", "new", "arm", "sum", "sum_arm"};

const char *
selftest_ask(struct selftest *t, enum made made, const struct shape *s)
{
	const char *name = compiler_printf(t->c, "%s_%s", verbs[made], s->type->name);
	struct asked *a = t->asked;

	while (a && (a->made != made || strcmp(a->shape->type->name, s->type->name) != 0))
		a = a->next;
	if (!a) {
		a = compiler_new(t->c, 1, sizeof(*a));
		*a = (struct asked){NULL, made, s};
		*t->asked_tail = a;
		t->asked_tail = &a->next;
	}
	return name;
}

const char *
selftest_variable(struct selftest *t, const char *stem)
{
	return compiler_printf(t->c, "%s%u", stem, ++t->variables);
}

unsigned
selftest_element_size(const struct shape *element)
{
	return layout_scalar_size(element);
}

const char *
selftest_count(struct selftest *t, const struct shape *s, const struct setting *setting)
{
	const char *product = NULL, *n;

	for (unsigned i = 0; i < s->n_dimensions; i++) {
		const struct dimension *d = &s->dimensions[i];

		if (!d->size && !d->bound)
			return NULL;
		n = count_text(t->c, d, setting->prefix);
		product = product ? compiler_printf(t->c, "sp_product(%s, %s)", product, n) : n;
	}
	return product;
}

const char *
selftest_first(struct selftest *t, const struct shape *s, const char *at)
{
	/* behind a pointer, and at the end of a struct, several dimensions lie row by row already */
	if (s->n_dimensions == 1 || shape_is_conformant(s))
		return at;
	at = compiler_printf(t->c, "&%s", at);
	for (unsigned i = 0; i < s->n_dimensions; i++)
		at = compiler_printf(t->c, "%s[0]", at);
	return at;
}

void
selftest_loop(struct selftest *t, const char *index, const char *from, const char *to)
{
	text_open(t->out, "for (uint64_t %s = %s; %s < %s; %s++) {", index, from, index, to, index);
}

const char *
selftest_switch(struct selftest *t, const struct shape *s, const struct setting *setting)
{
	return compiler_printf(t->c, "(int64_t)%s", expr_text(t->c, s->switch_is, setting->prefix));
}

/* --- functions of types ------------------------------------------------------------------------------------ */

static const char *
signature(struct selftest *t, const struct asked *a)
{
	const char *name = selftest_ask(t, a->made, a->shape), *type = a->shape->c_name;

	switch (a->made) {
	case MADE_NEW: return compiler_printf(t->c, "%s *%s(struct sp_selftest *st)", type, name);
	case MADE_ARM:
		return compiler_printf(
			t->c, "void %s(struct sp_selftest *st, %s *self, int64_t tag)", name, type);
	case MADE_SUM:
		return compiler_printf(
			t->c, "void %s(struct sp_selftest *st, const %s *self)", name, type);
	case MADE_ARM_SUM:
		return compiler_printf(t->c,
			"void %s(struct sp_selftest *st, const %s *self, int64_t tag)", name, type);
	default:
		return compiler_printf(
			t->c, "void %s(struct sp_selftest *st, %s *self)", name, type);
	}
}

static void
functions_of_types(struct selftest *t, struct text *prototypes)
{
	for (const struct asked *a = t->asked; a; a = a->next) {
		text_line(prototypes, "static %s;", signature(t, a));
		text_blank(t->out);
		text_line(t->out, "static %s", signature(t, a));
		text_open(t->out, "{");
		if (a->made == MADE_SUM || a->made == MADE_ARM_SUM)
			selftest_sum_function(t, a);
		else
			selftest_fill_function(t, a);
		text_close(t->out, "}");
	}
}

/* --- functions of operations --------------------------------------------------------------------------------- */

static const char *
conditions(struct selftest *t, const struct operation *op, struct setting *setting)
{
	const char *all = NULL, *one;

	for (const struct field *f = op->params; f; f = f->next) {
		setting->field = f;
		one = selftest_condition(t, setting);
		if (one && !f->in)
			one = compiler_printf(t->c, "(!out || (%s))", one);
		if (one)
			all = all ? compiler_printf(t->c, "%s && %s", all, one) : one;
	}
	return all ? all : "true";
}

static void
parameters(struct selftest *t, const struct operation *op, struct setting *setting, bool first)
{
	for (const struct field *f = op->params; f; f = f->next) {
		const char *at = compiler_printf(t->c, "args->%s", parameter_name(t->c, f));

		setting->field = f;
		if (is_pipe(f) || selftest_is_first(f, setting) != first)
			continue;
		if (!f->in)
			text_open(t->out, "if (out) {");
		selftest_fill(t, f->shape, at, setting);
		if (!f->in)
			text_close(t->out, "}");
	}
}

static void
fill_function(struct selftest *t, const struct interface *i, const struct operation *op)
{
	struct setting setting = {.prefix = "args->", .siblings = op->params, .result = op->result};

	text_blank(t->out);
	text_line(t->out, "static void");
	text_line(t->out, "fill_%s_%s(struct sp_selftest *st, void *arg, bool out)", i->name,
		op->name);
	text_open(t->out, "{");
	text_line(t->out, "struct %s_%s_args *args = arg;", i->name, op->name);
	text_blank(t->out);
	text_line(t->out, "(void)st;");
	text_line(t->out, "(void)args;");
	text_line(t->out, "(void)out;");
	text_open(t->out, "for (unsigned tries = 0; tries < 1000; tries++) {");
	parameters(t, op, &setting, true);
	text_line(t->out, "if (%s)", conditions(t, op, &setting));
	text_nested(t->out, "break;");
	text_close(t->out, "}");
	parameters(t, op, &setting, false);
	setting.field = op->result;
	if (op->result)
		selftest_fill(t, op->result->shape, "args->result", &setting);
	text_close(t->out, "}");
}

static void
sum_function(struct selftest *t, const struct interface *i, const struct operation *op)
{
	struct setting setting = {.prefix = "args->", .siblings = op->params};

	text_blank(t->out);
	text_line(t->out, "static void");
	text_line(t->out, "sum_%s_%s(struct sp_selftest *st, const void *arg, bool out)", i->name,
		op->name);
	text_open(t->out, "{");
	text_line(t->out, "const struct %s_%s_args *args = arg;", i->name, op->name);
	text_blank(t->out);
	text_line(t->out, "(void)st;");
	text_line(t->out, "(void)args;");
	text_line(t->out, "(void)out;");
	for (const struct field *f = op->params; f; f = f->next) {
		if (is_pipe(f)) /* what goes through it is no part of the arguments */
			continue;
		setting.field = f;
		text_open(t->out, "if (%s) {", f->in && f->out ? "true" : f->in ? "!out" : "out");
		selftest_sum(t, f->shape,
			compiler_printf(t->c, "args->%s", parameter_name(t->c, f)), &setting);
		text_close(t->out, "}");
	}
	if (op->result) {
		setting.field = op->result;
		text_open(t->out, "if (out) {");
		selftest_sum(t, op->result->shape, "args->result", &setting);
		text_close(t->out, "}");
	}
	text_close(t->out, "}");
}

static void
clear_function(struct selftest *t, const struct interface *i, const struct operation *op)
{
	text_blank(t->out);
	text_line(t->out, "static void");
	text_line(t->out, "clear_%s_%s(void *arg)", i->name, op->name);
	text_open(t->out, "{");
	text_line(t->out, "struct %s_%s_args *args = arg;", i->name, op->name);
	text_blank(t->out);
	text_line(t->out, "(void)args;");
	for (const struct field *f = op->params; f; f = f->next)
		if (f->out && !is_pipe(f))
			text_line(t->out, "args->%s = NULL;", parameter_name(t->c, f));
	if (op->result)
		text_line(t->out, "memset(&args->result, 0, sizeof(args->result));");
	text_close(t->out, "}");
}

static void
row(struct emitter *e, const struct interface *i, const struct operation *op)
{
	const char *stem = compiler_printf(e->c, "%s_%s", i->name, op->name);

	text_open(e->out, "{");
	text_line(e->out, ".name = \"%s.%s\",", i->name, op->name);
	text_line(e->out, ".opnum = %u,", op->opnum);
	text_line(e->out, ".args_size = sizeof(struct %s_args),", stem);
	text_line(e->out, ".push = {%s_push_in, %s_push_out},", stem, stem);
	text_line(e->out, ".pull = {%s_pull_in, %s_pull_out},", stem, stem);
	text_line(e->out, ".fill = fill_%s,", stem);
	text_line(e->out, ".sum = sum_%s,", stem);
	text_line(e->out, ".clear = clear_%s,", stem);
	text_close(e->out, "},");
}

typedef void each(void *arg, const struct interface *, const struct operation *);

static unsigned
for_each(struct compiler *c, each *f, void *arg)
{
	struct decl *interfaces = c->decls, *cursor;
	struct interface *i;
	struct operation *op;
	unsigned n = 0;

	while ((i = emit_interface_next(c, &interfaces)))
		for (cursor = i->decls; (op = emit_operation_next(&cursor));) {
			if (convert_is_in(c, op)) /* what their functions take, only they know */
				continue;
			f(arg, i, op);
			n++;
		}
	return n;
}

static void
each_functions(void *arg, const struct interface *i, const struct operation *op)
{
	struct selftest *t = arg;

	fill_function(t, i, op);
	sum_function(t, i, op);
	clear_function(t, i, op);
}

static void
each_row(void *arg, const struct interface *i, const struct operation *op)
{
	row(arg, i, op);
}

static void
program(struct emitter *e, unsigned n)
{
	if (n > 0) {
		text_blank(e->out);
		text_open(e->out, "static const struct sp_selftest_operation operations[] = {");
		for_each(e->c, each_row, e);
		text_close(e->out, "};");
	}
	text_blank(e->out);
	text_line(e->out, "int");
	text_line(e->out, "main(void)");
	text_open(e->out, "{");
	text_line(e->out, "return sp_selftest_main(\"%s\", %s, %u);", e->stem,
		n ? "operations" : "NULL", n);
	text_close(e->out, "}");
}

struct parts {
	struct text operations, prototypes, types;
};

static void
selftest(struct emitter *e)
{
	struct selftest t = {.c = e->c};
	struct parts *parts = e->job;
	unsigned n;

	t.asked_tail = &t.asked;
	t.out = &parts->operations;
	n = for_each(e->c, each_functions, &t);
	t.out = &parts->types;
	functions_of_types(&t, &parts->prototypes);
	emit_head(e, "Does everything come back as it was sent?");
	text_line(e->out, "#include <sallyport/selftest.h>");
	text_blank(e->out);
	text_line(e->out, "#include \"%s_ndr.c\"", e->stem);
	text_blank(e->out);
	text_add(e->out, &parts->prototypes);
	text_add(e->out, &parts->types);
	text_add(e->out, &parts->operations);
	program(e, n);
}

bool
emit_selftest(struct compiler *c, const char *stem, const char *file, struct text *ret)
{
	struct parts parts = {0};
	struct emitter e = {c, stem, file, ret, &parts};
	bool ok = emit_run(&e, selftest) && !parts.operations.failed && !parts.prototypes.failed &&
		  !parts.types.failed;

	text_fini(&parts.operations);
	text_fini(&parts.prototypes);
	text_fini(&parts.types);
	return ok;
}
