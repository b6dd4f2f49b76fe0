/* SPDX-License-Identifier: MIT */
/* Bodies of the functions of structs and unions. */
#include <string.h>

#include "idlc/layout.h"
#include "idlc/marshal.h"
#include "idlc/shape.h"

static struct scope
type_scope(struct marshal *m, const struct shape *s)
{
	return (struct scope){
		.stem = marshal_type_name(m, s),
		.prefix = "self->",
		.type = s->c_name,
		.argument = "self",
	};
}

static void
align_both(struct marshal *m, bool is_pull, unsigned alignment, unsigned alignment64)
{
	const char *verb = is_pull ? "pull" : "push";

	if (alignment == alignment64 && alignment > 1)
		text_line(m->out, "sp_%s_align(%s, %u);", verb, verb, alignment);
	else if (alignment64 > 1)
		text_line(m->out, "sp_%s_align_wide(%s, %u, %u);", verb, verb, alignment,
			alignment64);
}

/* Does the first thing in it align as the whole does? */
static bool
starts_aligned(struct marshal *m, const struct shape *first, const struct layout *whole)
{
	struct layout l;

	if (!first || shape_is_varying(first))
		return false;
	l = layout_of(m->c, first);
	return l.alignment == whole->alignment && l.alignment64 == whole->alignment64;
}

static void
align_start(struct marshal *m, bool is_pull, const struct shape *whole, const struct shape *first)
{
	struct layout l = layout_of(m->c, whole);

	if (whole->type->ms_union)
		l.alignment = 1; /* the tag aligns itself */
	if (!starts_aligned(m, first, &l))
		align_both(m, is_pull, l.alignment, l.alignment64);
}

static bool
ends_varying(const struct shape *s)
{
	const struct field *f = s->type->fields;

	while (f && f->next)
		f = f->next;
	return f && shape_is_varying(f->shape);
}

/* Does a struct of fixed size end on its alignment by itself? Then NDR64 has no gap at its end. */
static bool
ends_aligned(struct marshal *m, const struct shape *s, const struct layout *whole)
{
	const struct field *f = s->type->fields;
	struct layout l;

	while (f && f->next)
		f = f->next;
	if (!f)
		return true;
	l = layout_of(m->c, f->shape);
	if (marshal_is_flat(m, s))
		return whole->size % whole->alignment64 == 0;
	return l.alignment64 == whole->alignment64 && f->shape->kind != SHAPE_ARRAY &&
	       f->shape->kind != SHAPE_UNION;
}

/* [MS-RPCE] 2.2.5.3.4.1; behind a conformant or varying array there is no gap. */
static void
align_end(struct marshal *m, bool is_pull, const struct shape *s)
{
	struct layout l = layout_of(m->c, s);

	if (!l.is_conformant && !ends_varying(s) && !ends_aligned(m, s, &l))
		align_both(m, is_pull, 1, l.alignment64);
}

const struct shape *
marshal_tail(struct marshal *m, const struct shape *s, const char *self, const char **ret_path)
{
	const struct field *f = s->type->fields;
	const char *path;

	while (f->next)
		f = f->next;
	path = compiler_printf(m->c, "%s%s", self, f->name);
	if (f->shape->kind == SHAPE_STRUCT)
		return marshal_tail(m, f->shape, compiler_printf(m->c, "%s.", path), ret_path);
	*ret_path = path;
	return f->shape;
}

/* --- structs ------------------------------------------------------------------------------------------- */

static void
fields(struct marshal *m, bool is_pull, const struct shape *s)
{
	struct scope scope = type_scope(m, s);

	align_start(m, is_pull, s, s->type->fields ? s->type->fields->shape : NULL);
	for (const struct field *f = s->type->fields; f; f = f->next) {
		const char *at = compiler_printf(m->c, "self->%s", f->name);

		scope.field = f;
		if (is_pull)
			marshal_pull(m, f->shape, at, &scope);
		else
			marshal_push(m, f->shape, at, &scope);
	}
	align_end(m, is_pull, s);
	if (!s->type->fields) {
		text_line(m->out, "(void)%s;", is_pull ? "pull" : "push");
		text_line(m->out, "(void)self;");
	}
}

static void
flat_value(struct marshal *m, bool is_pull, const struct shape *s)
{
	struct layout l = layout_of(m->c, s);
	const char *name =
		compiler_printf(m->c, "%s_%s", is_pull ? "load" : "store", marshal_type_name(m, s));

	name = marshal_ask(m, ROUTINE_FLAT, is_pull, name, s, NULL);
	text_line(m->out,
		is_pull ? "const uint8_t *p = sp_pull_flat(pull, %u, %llu);"
			: "uint8_t *p = sp_push_flat(push, %u, %llu);",
		l.alignment, (unsigned long long)l.size);
	text_blank(m->out);
	text_line(m->out, "if (p)");
	text_nested(m->out, is_pull ? "%s(p, sp_pull_swaps(pull), self);" : "%s(p, self);", name);
	align_end(m, is_pull, s);
}

/* --- flat runs --------------------------------------------------------------------------------------- */

static const char *
offset_text(struct marshal *m, uint64_t at)
{
	return at ? compiler_printf(m->c, "p + %llu", (unsigned long long)at) : "p";
}

/* "p + 3" as an element: "p[3]". */
static const char *
byte_text(struct marshal *m, const char *at)
{
	return compiler_printf(m->c, "p[%s]", at[1] ? at + 4 : "0");
}

static void
load_scalar(struct marshal *m, const struct shape *s, const char *target, const char *from)
{
	unsigned size = layout_scalar_size(s);
	const char *cast = compiler_printf(m->c, "(%s)", s->c_name);

	if (size == 1)
		text_line(m->out, "%s = %s%s;", target, cast, byte_text(m, from));
	else if (s->base == BASE_FLOAT || s->base == BASE_DOUBLE)
		text_line(m->out, "%s = sp_load_%s(%s, swap);", target,
			s->base == BASE_FLOAT ? "float" : "double", from);
	else
		text_line(m->out, "%s = %ssp_load_u%u(%s, swap);", target, cast, size * 8, from);
}

static void
store_scalar(struct marshal *m, const struct shape *s, const char *source, const char *to)
{
	unsigned size = layout_scalar_size(s);

	if (size == 1)
		text_line(m->out, "%s = (uint8_t)%s;", byte_text(m, to), source);
	else if (s->base == BASE_FLOAT || s->base == BASE_DOUBLE)
		text_line(m->out, "sp_store_%s(%s, %s);",
			s->base == BASE_FLOAT ? "float" : "double", to, source);
	else
		text_line(
			m->out, "sp_store_u%u(%s, (uint%u_t)%s);", size * 8, to, size * 8, source);
}

static void
flat_array(struct marshal *m, bool is_pull, const struct shape *s, const char *name,
	const char *offset)
{
	unsigned size = layout_scalar_size(s->to);
	const char *element = compiler_printf(m->c, "self->%s", name), *step;
	uint64_t n = 1;

	for (unsigned i = 0; i < s->n_dimensions; i++)
		n *= s->dimensions[i].bound;
	if (s->n_dimensions > 1) {
		element = compiler_printf(m->c, "&self->%s", name);
		for (unsigned i = 0; i < s->n_dimensions; i++)
			element = compiler_printf(m->c, "%s[0]", element);
		element = compiler_printf(m->c, "(%s)", element);
	}
	element = compiler_printf(m->c, "%s[i]", element);
	step = size == 1 ? compiler_printf(m->c, "%s + i", offset)
			 : compiler_printf(m->c, "%s + i * %u", offset, size);
	text_open(m->out, "for (size_t i = 0; i < %llu; i++)", (unsigned long long)n);
	if (is_pull)
		load_scalar(m, s->to, element, step);
	else
		store_scalar(m, s->to, element, step);
	m->out->indent--;
}

static void
flat_field(struct marshal *m, bool is_pull, const struct field *f, uint64_t at)
{
	const char *offset = offset_text(m, at), *name, *verb = is_pull ? "load" : "store";
	const struct shape *s = f->shape;

	if (s->kind == SHAPE_ARRAY) {
		flat_array(m, is_pull, s, f->name, offset);
	} else if (s->kind == SHAPE_UUID) {
		text_line(m->out,
			is_pull ? "sp_load_uuid(%s, swap, &self->%s);"
				: "sp_store_uuid(%s, &self->%s);",
			offset, f->name);
	} else if (s->kind == SHAPE_STRUCT) {
		name = compiler_printf(m->c, "%s_%s", verb, marshal_type_name(m, s));
		name = marshal_ask(m, ROUTINE_FLAT, is_pull, name, s, NULL);
		text_line(m->out, is_pull ? "%s(%s, swap, &self->%s);" : "%s(%s, &self->%s);", name,
			offset, f->name);
	} else if (is_pull) {
		load_scalar(m, s, compiler_printf(m->c, "self->%s", f->name), offset);
	} else {
		store_scalar(m, s, compiler_printf(m->c, "self->%s", f->name), offset);
	}
}

static void
flat_fields(struct marshal *m, bool is_pull, const struct shape *s)
{
	uint64_t at = 0;

	for (const struct field *f = s->type->fields; f; f = f->next) {
		flat_field(m, is_pull, f, at);
		at += layout_of(m->c, f->shape).size;
	}
}

void
marshal_load(struct marshal *m, const struct shape *s)
{
	flat_fields(m, true, s);
	if (!text_has(m->out, "swap"))
		text_line(m->out, "(void)swap;");
}

void
marshal_store(struct marshal *m, const struct shape *s)
{
	flat_fields(m, false, s);
}

/* --- unions -------------------------------------------------------------------------------------------- */

/* The statements of an arm. */
static void
arm_body(struct marshal *m, bool is_pull, const struct field *f, const char *member,
	struct scope *scope)
{
	const char *at;

	if (f->shape) {
		at = compiler_printf(m->c, "self->%s%s", member, f->name);
		scope->field = f;
		if (is_pull)
			marshal_pull(m, f->shape, at, scope);
		else
			marshal_push(m, f->shape, at, scope);
	}
	text_line(m->out, "break;");
}

/* The last label of an arm and its statements: on one line where the house's format has it so. */
static void
arm_lines(struct marshal *m, const char *label, const struct text *body)
{
	size_t n_lines = 0, len = strlen(label) + (size_t)(m->out->indent - 1) * 8;
	const char *line = body->data;

	for (size_t i = 0; i < body->len; i++) {
		n_lines += body->data[i] == '\n';
		len += body->data[i] != '\t';
	}
	while (line && *line == '\t')
		line++;
	if (!line || n_lines > 2 || len > 100 || strncmp(line, "for ", 4) == 0) {
		text_label(m->out, "%s", label);
		text_add(m->out, body);
		return;
	}
	for (unsigned i = 1; i < m->out->indent; i++)
		text_raw(m->out, "\t", 1);
	text_raw(m->out, label, strlen(label));
	for (const char *p = body->data; *p; p++)
		if (*p != '\t' && (*p != '\n' || p[1]))
			text_raw(m->out, *p == '\n' ? " " : p, 1);
		else if (*p == '\t' && p == body->data)
			text_raw(m->out, " ", 1);
	text_raw(m->out, "\n", 1);
}

static void
arm(struct marshal *m, bool is_pull, const struct field *f, const char *member, struct scope *scope)
{
	struct text *body = &m->arm, *out = m->out;
	const char *label = "default:";

	for (const struct expr_list *l = f->cases; l && !f->is_default; l = l->next) {
		label = compiler_printf(m->c, "case %lld:", (long long)l->expr->value);
		if (l->next)
			text_label(m->out, "%s", label);
	}
	text_clear(body, out->indent);
	m->out = body;
	arm_body(m, is_pull, f, member, scope);
	m->out = out;
	if (!body->failed)
		arm_lines(m, label, body);
}

static void
arm_missing(struct marshal *m, bool is_pull, const struct shape *s)
{
	struct text *body = &m->arm;
	const char *verb = is_pull ? "pull" : "push";

	text_clear(body, m->out->indent);
	text_line(body, "sp_%s_bad_tag(%s, \"%s\");", verb, verb, marshal_type_name(m, s));
	text_line(body, "break;");
	if (!body->failed)
		arm_lines(m, "default:", body);
}

/* NDR64 has the arm where its largest arm would be ([MS-RPCE] 2.2.5.3.4.4). */
static void
align_arm(struct marshal *m, bool is_pull, const struct shape *s)
{
	struct layout tag = layout_of(m->c, s->type->tag_shape), l = layout_of(m->c, s);

	unsigned alignment = s->type->ms_union && l.alignment > tag.alignment ? l.alignment : 1;

	if (alignment > 1 || l.alignment64 > tag.alignment64)
		align_both(m, is_pull, alignment, l.alignment64);
}

static void
arms(struct marshal *m, bool is_pull, const struct shape *s, const char *tag, const char *member)
{
	struct scope scope = type_scope(m, s);
	bool has_default = false, uses_self = false;

	for (const struct field *f = s->type->fields; f; f = f->next) {
		has_default |= f->is_default;
		uses_self |= f->shape != NULL;
	}
	align_arm(m, is_pull, s);
	text_open(m->out, "switch (%s) {", tag);
	for (const struct field *f = s->type->fields; f; f = f->next)
		arm(m, is_pull, f, member, &scope);
	if (!has_default)
		arm_missing(m, is_pull, s);
	text_close(m->out, "}");
	if (!uses_self)
		text_line(m->out, "(void)self;");
}

/* The tag is a field of the struct that stands for the union. */
static void
encapsulated(struct marshal *m, bool is_pull, const struct shape *s)
{
	const struct type *t = s->type;
	struct scope scope = type_scope(m, s);
	const char *at = compiler_printf(m->c, "self->%s", t->tag->name);

	scope.field = t->tag;
	align_start(m, is_pull, s, t->tag_shape);
	if (is_pull)
		marshal_pull(m, t->tag_shape, at, &scope);
	else
		marshal_push(m, t->tag_shape, at, &scope);
	arms(m, is_pull, s, at, compiler_printf(m->c, "%s.", t->union_name));
}

static void
open_union(struct marshal *m, bool is_pull, const struct shape *s)
{
	struct shape tag = *s->type->tag_shape;
	const struct field field = {.name = "tag"};
	struct scope scope = type_scope(m, s);

	scope.field = &field;
	tag.c_name = tag.kind == SHAPE_ENUM16 ? "uint16_t" : shape_base_name(tag.base);
	if (is_pull)
		text_line(m->locals, "%s tag;", tag.c_name);
	if (is_pull)
		text_blank(m->locals);
	align_start(m, is_pull, s, s->type->tag_shape);
	if (is_pull)
		marshal_pull(m, &tag, "tag", &scope);
	else if (tag.kind == SHAPE_ENUM16)
		text_line(m->out, "sp_push_enum16(push, (int32_t)tag);");
	else
		text_line(m->out, "sp_push_u%u(push, (uint%u_t)tag);", layout_scalar_size(&tag) * 8,
			layout_scalar_size(&tag) * 8);
	arms(m, is_pull, s, "tag", "");
	if (is_pull)
		text_line(
			m->tail, "return %stag;", layout_scalar_size(&tag) == 8 ? "(int64_t)" : "");
}

static void
body(struct marshal *m, bool is_pull, const struct shape *s)
{
	if (s->kind == SHAPE_UNION)
		open_union(m, is_pull, s);
	else if (s->type->is_encapsulated)
		encapsulated(m, is_pull, s);
	else if (marshal_is_flat(m, s))
		flat_value(m, is_pull, s);
	else
		fields(m, is_pull, s);
}

void
marshal_pull_type(struct marshal *m, const struct shape *s)
{
	body(m, true, s);
}

void
marshal_push_type(struct marshal *m, const struct shape *s)
{
	body(m, false, s);
}
