/* SPDX-License-Identifier: MIT */
#include "idlc/convert.h"

#include <ctype.h>
#include <string.h>

#include "idlc/diagnostic.h"
#include "idlc/layout.h"
#include "idlc/marshal.h"
#include "idlc/parser.h"
#include "idlc/shape.h"

static const struct conversion conversions[] = {
	{"transmit_as", "to_xmit", "from_xmit", false},
	{"represent_as", "from_local", "to_local", true},
	{"wire_marshal", "to_wire", "from_wire", false},
	{"user_marshal", "from_user", "to_user", true},
};

/* --- checking --- */

const struct conversion *
convert_find(const struct attr *attrs)
{
	for (; attrs; attrs = attrs->next)
		for (size_t i = 0; i < sizeof(conversions) / sizeof(*conversions); i++)
			if (strcmp(attrs->name, conversions[i].attribute) == 0)
				return &conversions[i];
	return NULL;
}

const char *
convert_c_type(struct compiler *c, const struct attr *attr)
{
	const char *p = attr->text ? attr->text : "";
	size_t n;

	while (isspace((unsigned char)*p))
		p++;
	n = strlen(p);
	while (n > 0 && isspace((unsigned char)p[n - 1]))
		n--;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)p[i]) && p[i] != '_' && p[i] != ' ')
			return NULL;
	return n > 0 && !isdigit((unsigned char)*p) ? compiler_strndup(c, p, n) : NULL;
}

bool
convert_is_named(const struct type *t)
{
	while (t->kind == TYPE_POINTER)
		t = t->of;
	return t->kind == TYPE_NAME || t->kind == TYPE_ALIAS || t->kind == TYPE_BASE ||
	       (t->kind >= TYPE_ENUM && t->kind <= TYPE_UNION && t->is_reference);
}

bool
convert_is_whole(const struct shape *s)
{
	switch (s->kind) {
	case SHAPE_SCALAR:
	case SHAPE_ENUM16:
	case SHAPE_UUID:
	case SHAPE_STRUCT:
	case SHAPE_CONVERTED:
	case SHAPE_POINTER: return true;
	default: return false;
	}
}

/* Its size would have to be known before it is converted, and would stand in front of what holds it. */
bool
convert_can_travel(struct compiler *c, const struct shape *s)
{
	const struct attr *attr;

	if (s->to->kind != SHAPE_STRUCT || !layout_of(c, s->to).is_conformant)
		return true;
	s->type->trouble = compiler_new(c, 1, sizeof(*s->type->trouble));
	attr = attr_find(s->type->attrs, s->conversion->attribute);
	*s->type->trouble = (struct trouble){attr->pos,
		"it would travel as a struct that ends in an open array; a pointer to that struct "
		"can"};
	return false;
}

/* It does not travel, so nobody else asks what its names mean. */
static void
resolve(struct compiler *c, struct type *t)
{
	t = shape_resolve(c, t);
	while (t && (t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY))
		t = shape_resolve(c, t->of);
}

void
convert_check(struct compiler *c, struct type *alias, struct interface *i)
{
	const struct place_of_type place = {i, .is_parameter = false};
	const struct conversion *conversion = convert_find(alias->attrs);
	const struct attr *attr = alias->attrs;

	if (!conversion || alias->repeats)
		return;
	resolve(c, alias);
	while (attr && (strcmp(attr->name, conversion->attribute) == 0 ||
			       !convert_find(&(struct attr){.name = attr->name})))
		attr = attr->next;
	if (attr)
		error_at(c, attr->pos, "[%s] and [%s] of one type", conversion->attribute,
			attr->name);
	else
		alias->converted = shape_of(c, alias, NULL, &place);
}

static bool
is_in(const struct shape *s, unsigned mark)
{
	while (s && s->kind != SHAPE_CONVERTED && s->kind != SHAPE_STRUCT && s->kind != SHAPE_UNION)
		s = s->to;
	if (!s || s->kind == SHAPE_CONVERTED)
		return s != NULL;
	if (s->type->mark == mark)
		return false;
	s->type->mark = mark;
	for (const struct field *f = s->type->fields; f; f = f->next)
		if (is_in(f->shape, mark))
			return true;
	return false;
}

bool
convert_is_in(struct compiler *c, const struct operation *op)
{
	unsigned mark = ++c->sequence;

	for (const struct field *f = op->params; f; f = f->next)
		if (is_in(f->shape, mark))
			return true;
	return op->result && is_in(op->result->shape, mark);
}

/* --- emitting --- */

static const char *
wire_pointer(struct compiler *c, const struct shape *s, bool is_const, const char *name)
{
	struct shape own = *s->to;

	if (own.kind == SHAPE_POINTER)
		return declare(
			c, &own, compiler_printf(c, "%s*%s", is_const ? "const " : "", name));
	own.is_const = is_const;
	return declare(c, &own, compiler_printf(c, "*%s", name));
}

static void
functions_of(struct emitter *e, const struct type *t, bool *is_first)
{
	const struct shape *s = t->converted;

	if (!s || t->is_imported)
		return;
	if (*is_first) {
		text_blank(e->out);
		text_line(e->out, "/*");
		text_line(e->out, " * What the program defines: its own types to what travels, and "
				  "back. *ret is zero; memory for");
		text_line(e->out, " * what it points to comes from sp_push_room() and "
				  "sp_pull_alloc(), or is that of *wire. What");
		text_line(e->out, " * cannot be converted fails by sp_push_fail() and "
				  "sp_pull_fail().");
		text_line(e->out, " */");
	}
	*is_first = false;
	text_line(e->out, "void %s_%s(struct sp_push *push, const %s *value, %s);", t->name,
		s->conversion->push, s->c_name, wire_pointer(e->c, s, false, "ret"));
	text_line(e->out, "void %s_%s(struct sp_pull *pull, %s, %s *ret);", t->name,
		s->conversion->pull, wire_pointer(e->c, s, true, "wire"), s->c_name);
}

void
convert_face(struct emitter *e)
{
	bool is_first = true;

	for (const struct decl *d = e->c->decls; d; d = d->next) {
		if (d->kind == DECL_TYPE && d->type->kind == TYPE_ALIAS)
			functions_of(e, d->type, &is_first);
		for (const struct decl *own = d->interface ? d->interface->decls : NULL; own;
			own = own->next)
			if (own->kind == DECL_TYPE && own->type->kind == TYPE_ALIAS)
				functions_of(e, own->type, &is_first);
	}
}

void
convert_value(struct marshal *m, bool is_pull, const struct shape *s)
{
	const struct field field = {.name = "wire"};
	struct scope scope = {.stem = s->type->name, .type = s->c_name, .argument = "NULL"};
	const char *wire = wire_pointer(m->c, s, false, "wire"), *later;

	scope.field = &field;
	text_line(m->out, "%s = sp_%s(%s, 1, sizeof(*wire));", wire,
		is_pull ? "pull_alloc" : "push_room", is_pull ? "pull" : "push");
	text_blank(m->out);
	text_line(m->out, "if (!wire)");
	text_nested(m->out, "return;");
	if (!is_pull) {
		text_line(m->out, "%s_%s(push, self, wire);", s->type->name, s->conversion->push);
		marshal_push(m, s->to, "*wire", &scope);
		return;
	}
	marshal_pull(m, s->to, "*wire", &scope);
	if (layout_of(m->c, s->to).has_pointers) {
		later = compiler_printf(m->c, "convert_%s", s->type->name);
		text_line(m->out, "sp_pull_then(pull, self, %s, wire);",
			marshal_ask(m, ROUTINE_CONVERT, true, later, s, NULL));
		return;
	}
	text_line(m->out, "if (sp_pull_ok(pull))");
	text_nested(m->out, "%s_%s(pull, wire, self);", s->type->name, s->conversion->pull);
}

void
convert_later(struct marshal *m, const struct shape *s)
{
	text_line(m->out, "%s_%s(pull, wire, slot);", s->type->name, s->conversion->pull);
}
