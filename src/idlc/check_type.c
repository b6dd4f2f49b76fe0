/* SPDX-License-Identifier: MIT */
/* What expressions about siblings mean, and what structs, unions and enums are. */
#include <string.h>

#include "idlc/check.h"
#include "idlc/constant.h"
#include "idlc/diagnostic.h"
#include "idlc/names.h"
#include "idlc/parser.h"
#include "idlc/shape.h"

/* --- expressions about siblings ----------------------------------------------------------------- */

static struct field *
sibling(struct field *f, const char *name)
{
	while (f && !(f->name && strcmp(f->name, name) == 0))
		f = f->next;
	return f;
}

/* What the operand stands for, through `levels` dereferences. */
static const struct shape *
operand_shape(const struct expr *e)
{
	const struct shape *s;

	if (e->op == EXPR_DEREF) {
		s = operand_shape(e->a);
		return s && s->kind == SHAPE_POINTER ? s->to : NULL;
	}
	return e->op == EXPR_NAME && e->field ? e->field->shape : NULL;
}

static void
expression(struct compiler *c, struct expr *e, struct field *siblings, bool is_operand)
{
	int64_t value;

	if (!e)
		return;
	switch (e->op) {
	case EXPR_NUMBER: return;
	case EXPR_NAME:
		e->field = sibling(siblings, e->text);
		if (!e->field)
			(void)!constant_value(c, e, &value);
		else if (!is_operand && e->field->shape && !shape_is_integer(e->field->shape))
			error_at(c, e->pos, "'%s' is no integer", e->text);
		return;
	case EXPR_DEREF:
		expression(c, e->a, siblings, true);
		if (!is_operand && !shape_is_integer(operand_shape(e)))
			error_at(c, e->pos, "this is no pointer to an integer");
		return;
	case EXPR_CONDITION: /* of which the first may ask whether a pointer is there */
		expression(c, e->a, siblings, true);
		expression(c, e->b, siblings, false);
		expression(c, e->c, siblings, false);
		return;
	case EXPR_BINARY:
	case EXPR_NEGATE:
	case EXPR_PLUS:
	case EXPR_NOT:
	case EXPR_COMPLEMENT:
		expression(c, e->a, siblings, false);
		expression(c, e->b, siblings, false);
		expression(c, e->c, siblings, false);
		return;
	case EXPR_CAST: expression(c, e->a, siblings, false); return;
	case EXPR_SIZEOF: (void)!constant_value(c, e, &value); return;
	default: error_at(c, e->pos, "this cannot stand in a count or a switch"); return;
	}
}

/* The discriminant's type where the union does not say it: that of the switch's field. */
static void
tag_from_switch(struct compiler *c, struct shape *s)
{
	const struct shape *tag = s->switch_is->op == EXPR_NAME || s->switch_is->op == EXPR_DEREF
					  ? operand_shape(s->switch_is)
					  : NULL;

	if (s->type->tag_shape)
		return;
	s->type->tag_shape = compiler_new(c, 1, sizeof(*tag));
	if (tag)
		*s->type->tag_shape = *tag;
	else
		*s->type->tag_shape = (struct shape){.kind = SHAPE_SCALAR,
			.base = BASE_LONG,
			.c_name = shape_base_name(BASE_LONG)};
	s->type->tag_shape->has_range = false;
}

void
check_expressions(struct compiler *c, struct shape *s, struct field *siblings)
{
	for (; s; s = s->to) {
		for (unsigned i = 0; s->kind == SHAPE_ARRAY && i < s->n_dimensions; i++) {
			expression(c, s->dimensions[i].size, siblings, false);
			expression(c, s->dimensions[i].length, siblings, false);
			expression(c, s->dimensions[i].first, siblings, false);
		}
		if (s->switch_is) {
			expression(c, s->switch_is, siblings, false);
			tag_from_switch(c, s);
		}
	}
}

/* --- types --------------------------------------------------------------------------------------- */

static void
case_values(struct compiler *c, struct type *t)
{
	int64_t value;

	for (struct field *f = t->fields; f; f = f->next) {
		if (!f->cases && !f->is_default)
			refuse_at(c, f->pos, "an arm needs a case or default");
		for (struct expr_list *l = f->cases; l; l = l->next)
			if (!l->expr || !constant_value(c, l->expr, &value))
				l->expr = NULL;
	}
}

static bool
label_is_taken(struct compiler *c, const struct type *t, const struct expr *label)
{
	for (const struct field *f = t->fields; f; f = f->next) {
		for (const struct expr_list *l = f->cases; l; l = l->next) {
			if (l->expr == label)
				return false;
			if (!l->expr || l->expr->value != label->value)
				continue;
			error_at(c, label->pos, "two arms for %lld", (long long)label->value);
			note_at(c, l->expr->pos, "the first one is here");
			return true;
		}
	}
	return false;
}

static void
union_labels(struct compiler *c, struct type *t)
{
	const struct field *first_default = NULL;

	case_values(c, t);
	for (const struct field *f = t->fields; f; f = f->next) {
		if (f->is_default && first_default)
			error_at(c, f->pos, "two default arms");
		if (f->is_default)
			first_default = f;
		for (const struct expr_list *l = f->cases; l; l = l->next)
			if (l->expr && label_is_taken(c, t, l->expr))
				return;
	}
}

static struct shape *
tag_shape(struct compiler *c, struct type *t, const struct place_of_type *place)
{
	const struct attr *a = attr_find(t->attrs, "switch_type");
	struct type *type = t->is_encapsulated ? t->tag->type : a ? a->type : NULL;
	struct shape *s;

	if (!type)
		return NULL;
	s = shape_of(c, type, NULL, place);
	if (s && !shape_is_integer(s)) {
		error_at(c, t->pos, "the switch of a union must be an integer");
		return NULL;
	}
	return s;
}

void
check_unique_names(struct compiler *c, struct field *fields)
{
	for (struct field *f = fields; f; f = f->next) {
		struct field *first = f->name ? sibling(fields, f->name) : f;

		if (first == f)
			continue;
		error_at(c, f->pos, "'%s' is there twice", f->name);
		note_at(c, first->pos, "the first one is here");
	}
}

static void
bit_field(struct compiler *c, struct field *f)
{
	int64_t n;

	refuse_at(c, f->pos, "a bit field has no place on the wire");
	if (!constant_value(c, f->bits, &n))
		f->bits->value = 1;
}

static void
resolve_fields(struct compiler *c, struct type *t, const struct place_of_type *place)
{
	for (struct field *f = t->fields; f; f = f->next) {
		check_attributes(c, f->attrs);
		if (!f->type)
			continue;
		check_type(c, f->type, place);
		if (f->bits)
			bit_field(c, f);
		else if (!f->name)
			refuse_at(c, f->pos, "a field without a name");
		else
			f->shape = shape_of(c, f->type, f->attrs, place);
		if (f->shape && (f->shape->kind == SHAPE_VOID || f->shape->kind == SHAPE_HANDLE)) {
			refuse_at(c, f->pos, "'%s' cannot travel", f->name);
			f->shape = NULL;
		}
	}
	check_unique_names(c, t->fields);
	for (struct field *f = t->fields; f; f = f->next)
		check_expressions(c, f->shape, t->fields);
}

/* Definitions anywhere inside a declarator. */
void
check_type(struct compiler *c, struct type *t, const struct place_of_type *place)
{
	struct type *outer = c->holder;

	while (t && (t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY || t->kind == TYPE_PIPE))
		t = t->of;
	if (!t || t->kind < TYPE_ENUM || t->kind > TYPE_UNION || t->is_reference || t->resolved)
		return;
	t->resolved = WALK_DONE;
	check_attributes(c, t->attrs);
	if (t->kind == TYPE_ENUM)
		return;
	c->holder = t;
	if (t->kind == TYPE_UNION) {
		t->ms_union = !t->is_encapsulated &&
			      (attr_find(t->attrs, "ms_union") ||
				      (place->interface &&
					      attr_find(place->interface->attrs, "ms_union")));
		if (!t->tag_shape)
			t->tag_shape = tag_shape(c, t, place);
		union_labels(c, t);
	}
	resolve_fields(c, t, place);
	c->holder = outer;
}

void
check_enum(struct compiler *c, struct type *t)
{
	while (t && (t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY))
		t = t->of;
	if (!t || t->kind < TYPE_ENUM || t->kind > TYPE_UNION || t->is_reference ||
		t->defined == WALK_DONE)
		return;
	t->defined = WALK_DONE;
	if (t->kind == TYPE_ENUM) {
		t->v1_enum = attr_find(t->attrs, "v1_enum") != NULL;
		constant_enumerators(c, t);
		return;
	}
	for (struct field *f = t->fields; f; f = f->next)
		check_enum(c, f->type);
}
