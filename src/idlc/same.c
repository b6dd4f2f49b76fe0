/* SPDX-License-Identifier: MIT */
#include "idlc/same.h"

#include <string.h>

#include "idlc/constant.h"
#include "idlc/shape.h"

static bool same_type(
	struct compiler *c, const struct type *a, const struct type *b, unsigned depth);

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool
same_expr(const struct expr *a, const struct expr *b, unsigned depth)
{
	if (!a || !b || depth > COMPILER_MAX_DEPTH)
		return a == b;
	return a->op == b->op && same_text(a->text, b->text) &&
	       (a->op != EXPR_NUMBER || a->value == b->value) && same_expr(a->a, b->a, depth + 1) &&
	       same_expr(a->b, b->b, depth + 1) && same_expr(a->c, b->c, depth + 1);
}

static bool
same_list(const struct expr_list *a, const struct expr_list *b)
{
	for (; a && b; a = a->next, b = b->next)
		if (!same_expr(a->expr, b->expr, 0))
			return false;
	return a == b;
}

/* Attributes that change what travels. */
static bool
matters(const struct attr *a)
{
	static const char *const names[] = {"size_is", "max_is", "length_is", "last_is", "first_is",
		"string", "ref", "unique", "ptr", "range", "switch_is", "context_handle", "case",
		"default", "ignore"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(a->name, names[i]) == 0)
			return true;
	return false;
}

static const struct attr *
next_that_matters(const struct attr *a)
{
	while (a && !matters(a))
		a = a->next;
	return a;
}

static bool
same_attrs(const struct attr *a, const struct attr *b)
{
	for (;; a = a->next, b = b->next) {
		a = next_that_matters(a);
		b = next_that_matters(b);
		if (!a || !b)
			return a == b;
		if (strcmp(a->name, b->name) != 0 || !same_list(a->args, b->args))
			return false;
	}
}

static bool
same_fields(struct compiler *c, const struct field *a, const struct field *b, unsigned depth)
{
	for (; a && b; a = a->next, b = b->next) {
		if (!same_text(a->name, b->name) || !same_attrs(a->attrs, b->attrs) ||
			!same_list(a->cases, b->cases) || a->is_default != b->is_default)
			return false;
		if (!a->type != !b->type || (a->type && !same_type(c, a->type, b->type, depth + 1)))
			return false;
	}
	return a == b;
}

static bool
same_enumerators(struct compiler *c, const struct type *a, const struct type *b)
{
	const struct enumerator *x = a->enumerators, *y = b->enumerators;

	for (; x && y; x = x->next, y = y->next)
		if (strcmp(x->name, y->name) != 0 || !same_expr(x->expr, y->expr, 0))
			return false;
	return x == y;
}

/* Names are followed as long as neither side needs its own. */
static const struct type *
follow(struct compiler *c, const struct type *t)
{
	const struct type *end = t;

	for (unsigned i = 0; end && i < COMPILER_MAX_DEPTH; i++) {
		if (end->kind == TYPE_ALIAS && !next_that_matters(end->attrs))
			end = end->of;
		else if (end->kind == TYPE_NAME || end->is_reference)
			end = shape_meaning(c, end);
		else
			break;
	}
	return end;
}

static bool
same_base(enum base_type a, enum base_type b)
{
	static const enum base_type plain[BASE_N] = {[BASE_BYTE] = BASE_UCHAR,
		[BASE_WCHAR] = BASE_USHORT,
		[BASE_ERROR_STATUS] = BASE_ULONG,
		[BASE_USMALL] = BASE_UCHAR,
		[BASE_BOOLEAN] = BASE_UCHAR};

	return (plain[a] ? plain[a] : a) == (plain[b] ? plain[b] : b);
}

static bool
same_bound(const struct type *a, const struct type *b)
{
	return (!a->bound && !b->bound) ||
	       (a->bound && b->bound && same_expr(a->bound, b->bound, 0));
}

static bool
same_type(struct compiler *c, const struct type *a, const struct type *b, unsigned depth)
{
	const struct type *x = follow(c, a), *y = follow(c, b);

	if (x == y)
		return true;
	if (!x || !y || x->kind != y->kind || depth > COMPILER_MAX_DEPTH)
		return false;
	switch (x->kind) {
	case TYPE_BASE: return same_base(x->base, y->base);
	case TYPE_ENUM: return same_enumerators(c, x, y);
	case TYPE_STRUCT:
	case TYPE_UNION:
		if (depth > 0 && x->name && y->name)
			return strcmp(x->name, y->name) == 0;
		return same_fields(c, x->fields, y->fields, depth);
	case TYPE_POINTER: return same_type(c, x->of, y->of, depth + 1);
	case TYPE_ARRAY: return same_bound(x, y) && same_type(c, x->of, y->of, depth + 1);
	case TYPE_PIPE: return same_type(c, x->of, y->of, depth + 1);
	case TYPE_ALIAS:
		return same_attrs(x->attrs, y->attrs) && same_type(c, x->of, y->of, depth + 1);
	default: return same_text(x->name, y->name);
	}
}

static bool
same_constant(struct compiler *c, const struct decl *a, const struct decl *b)
{
	return same_expr(a->expr, b->expr, 0);
}

bool
same_meaning(struct compiler *c, const struct meaning *a, const struct meaning *b)
{
	if (a->type && b->type)
		return a->type->kind == b->type->kind &&
		       same_attrs(a->type->attrs, b->type->attrs) &&
		       same_type(c, a->type->kind == TYPE_ALIAS ? a->type->of : a->type,
			       b->type->kind == TYPE_ALIAS ? b->type->of : b->type, 0);
	if (a->constant && b->constant)
		return same_constant(c, a->constant, b->constant);
	if (a->enumerator && b->enumerator)
		return same_expr(a->enumerator->expr, b->enumerator->expr, 0) &&
		       strcmp(a->enumeration->name, b->enumeration->name) == 0;
	return false;
}
