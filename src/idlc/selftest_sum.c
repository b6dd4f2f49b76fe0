/* SPDX-License-Identifier: MIT */
/* What has travelled, as one number. */
#include "idlc/selftest.h"
#include "idlc/shape.h"

static void
sum_bytes(struct selftest *t, const char *at, const char *n)
{
	text_line(t->out, "sp_selftest_sum_bytes(st, %s, %s);", at, n);
}

static void
sum_run(struct selftest *t, const struct shape *s, const char *at, const struct setting *setting,
	bool in_place, const char *from, const char *to)
{
	const char *i = selftest_variable(t, "i"), *v = selftest_variable(t, "v"), *element;
	const struct shape *e = s->to;

	element = e->kind == SHAPE_ARRAY ? compiler_printf(t->c, "%s[%s]", at, i)
					 : compiler_printf(t->c, "%s[%s]", v, i);
	text_open(t->out, "{");
	if (e->kind != SHAPE_ARRAY)
		text_line(t->out, "%s = %s;",
			e->kind == SHAPE_POINTER
				? declare(t->c, e, compiler_printf(t->c, "const *%s", v))
				: compiler_printf(t->c, "%s%s", e->is_const ? "" : "const ",
					  declare(t->c, e, compiler_printf(t->c, "*%s", v))),
			in_place ? selftest_first(t, s, at) : at);
	text_blank(t->out);
	selftest_loop(t, i, from, to);
	selftest_sum(t, e, element, setting);
	text_close(t->out, "}");
	text_close(t->out, "}");
}

static void
sum_array(struct selftest *t, const struct shape *s, const char *at, const struct setting *setting,
	bool in_place)
{
	const struct dimension *d = &s->dimensions[0];
	const char *n = selftest_count(t, s, setting), *first;

	if (s->is_string && s->n_dimensions == 1) {
		sum_bytes(t, at,
			compiler_printf(t->c, "(sp_string_count(%s, %u, %s) - 1) * %u", at,
				selftest_element_size(s->to), n ? n : "UINT32_MAX",
				selftest_element_size(s->to)));
	} else if (!shape_is_varying(s)) {
		sum_run(t, s, at, setting, in_place, "0", n);
	} else if (s->n_dimensions == 1) {
		first = first_text(t->c, d, setting->prefix);
		sum_run(t, s, at, setting, in_place, first,
			compiler_printf(
				t->c, "%s + %s", first, length_text(t->c, d, setting->prefix)));
	}
}

static void
sum_pointer(
	struct selftest *t, const struct shape *s, const char *at, const struct setting *setting)
{
	const struct shape *to = s->to;

	text_line(t->out, "sp_selftest_sum(st, %s != NULL);", at);
	text_open(t->out, "if (%s) {", at);
	if (to->kind == SHAPE_OBJECT)
		text_line(t->out, "sp_selftest_sum_object(st, %s);", at);
	else if (to->kind == SHAPE_UTF8)
		text_line(t->out, "sp_selftest_sum_bytes(st, %s, strlen(%s));", at, at);
	else if (to->kind == SHAPE_ARRAY)
		sum_array(t, to, at, setting, false);
	else
		selftest_sum(t, to, compiler_printf(t->c, "(*%s)", at), setting);
	text_close(t->out, "}");
}

void
selftest_sum(
	struct selftest *t, const struct shape *s, const char *at, const struct setting *setting)
{
	switch (s->kind) {
	case SHAPE_SCALAR:
		if (s->base == BASE_FLOAT || s->base == BASE_DOUBLE)
			sum_bytes(t, compiler_printf(t->c, "&%s", at),
				compiler_printf(t->c, "sizeof(%s)", at));
		else
			text_line(t->out, "sp_selftest_sum(st, (uint64_t)%s);", at);
		break;
	case SHAPE_ENUM16: text_line(t->out, "sp_selftest_sum(st, (uint64_t)%s);", at); break;
	case SHAPE_UUID:
		sum_bytes(t, compiler_printf(t->c, "&%s", at),
			compiler_printf(t->c, "sizeof(%s)", at));
		break;
	case SHAPE_CONTEXT:
		sum_bytes(t, compiler_printf(t->c, "&%s.uuid", at),
			compiler_printf(t->c, "sizeof(%s.uuid)", at));
		break;
	case SHAPE_STRUCT:
		text_line(t->out, "%s(st, &%s);", selftest_ask(t, MADE_SUM, s), at);
		break;
	case SHAPE_UNION:
		text_line(t->out, "%s(st, &%s, %s);", selftest_ask(t, MADE_ARM_SUM, s), at,
			selftest_switch(t, s, setting));
		break;
	case SHAPE_POINTER: sum_pointer(t, s, at, setting); break;
	case SHAPE_ARRAY: sum_array(t, s, at, setting, true); break;
	default: break;
	}
}

static void
sum_arms(struct selftest *t, const struct shape *s, const char *tag, const char *member)
{
	struct setting setting = {.prefix = "self->", .siblings = s->type->fields};

	text_line(t->out, "(void)self;");
	text_open(t->out, "switch (%s) {", tag);
	for (const struct field *f = s->type->fields; f; f = f->next) {
		for (const struct expr_list *l = f->cases; l && !f->is_default; l = l->next)
			text_label(t->out, "case %lld:", (long long)l->expr->value);
		if (f->is_default)
			text_label(t->out, "default:");
		setting.field = f;
		if (f->shape)
			selftest_sum(t, f->shape,
				compiler_printf(t->c, "self->%s%s", member, f->name), &setting);
		text_line(t->out, "break;");
	}
	text_close(t->out, "}");
}

void
selftest_sum_function(struct selftest *t, const struct asked *a)
{
	const struct shape *s = a->shape;
	struct setting setting = {.prefix = "self->", .siblings = s->type->fields};

	if (a->made == MADE_ARM_SUM) {
		sum_arms(t, s, "tag", "");
		return;
	}
	if (s->type->is_encapsulated) {
		text_line(t->out, "sp_selftest_sum(st, (uint64_t)self->%s);", s->type->tag->name);
		sum_arms(t, s, compiler_printf(t->c, "(int64_t)self->%s", s->type->tag->name),
			compiler_printf(t->c, "%s.", s->type->union_name));
		return;
	}
	for (const struct field *f = s->type->fields; f; f = f->next) {
		setting.field = f;
		selftest_sum(t, f->shape, compiler_printf(t->c, "self->%s", f->name), &setting);
	}
}
