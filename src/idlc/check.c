/* SPDX-License-Identifier: MIT */
/*
 * From what was parsed to what can be emitted: names get their meaning, constants their value, types
 * their shape and layout, attributes their home. In passes over all declarations.
 */
#include "idlc/check.h"

#include "idlc/constant.h"
#include "idlc/convert.h"
#include "idlc/diagnostic.h"
#include "idlc/layout.h"
#include "idlc/names.h"
#include "idlc/parser.h"
#include "idlc/serialize.h"
#include "idlc/shape.h"
#include "idlc/standard.h"

typedef void visit(struct compiler *, struct decl *, struct interface *);

static void
visit_all(struct compiler *c, visit *v)
{
	for (struct decl *d = c->decls; d; d = d->next) {
		v(c, d, NULL);
		for (struct decl *own = d->interface ? d->interface->decls : NULL; own;
			own = own->next)
			v(c, own, d->interface);
	}
}

static void
visit_enum(struct compiler *c, struct decl *d, struct interface *i)
{
	if (d->kind == DECL_TYPE && d->type->kind != TYPE_ALIAS)
		check_enum(c, d->type);
	if (d->kind == DECL_TYPE && d->type->kind == TYPE_ALIAS)
		check_enum(c, d->type->of);
}

static void
visit_interface(struct compiler *c, struct decl *d, struct interface *i)
{
	bool has_operations = false;

	if (d->kind != DECL_INTERFACE)
		return;
	interface_base(c, d->interface);
	for (struct decl *own = d->interface->decls; own; own = own->next)
		has_operations |= own->kind == DECL_OPERATION;
	interface_head(c, d->interface, has_operations);
}

static void
visit_numbers(struct compiler *c, struct decl *d, struct interface *i)
{
	if (d->kind == DECL_INTERFACE)
		interface_numbers(d->interface);
}

/* 1.5, -1.5: for C as it is written. */
static bool
is_fraction(struct compiler *c, struct decl *d)
{
	struct expr *e = d->expr;
	bool is_signed = e->op == EXPR_NEGATE || e->op == EXPR_PLUS;
	const struct type *t;

	if (e->op != EXPR_FRACTION && !(is_signed && e->a->op == EXPR_FRACTION))
		return false;
	if (is_signed) {
		e->text =
			compiler_printf(c, "(%c%s)", e->op == EXPR_NEGATE ? '-' : '+', e->a->text);
		e->op = EXPR_FRACTION;
	}
	t = shape_resolve(c, d->type);
	if (t && (t->kind != TYPE_BASE || (t->base != BASE_FLOAT && t->base != BASE_DOUBLE)))
		error_at(c, e->pos, "'%s' is neither float nor double", d->name);
	return true;
}

static void
visit_constant(struct compiler *c, struct decl *d, struct interface *i)
{
	int64_t value;

	struct expr name = {.op = EXPR_NAME, .text = d->name, .pos = d->pos};

	/* by its name, so that it is worked out and reported once */
	if (d->kind == DECL_CONST && d->expr->op != EXPR_STRING && !is_fraction(c, d))
		(void)!constant_value(c, &name, &value);
}

static void
visit_type(struct compiler *c, struct decl *d, struct interface *i)
{
	const struct place_of_type place = {i, .is_parameter = false};

	if (d->kind != DECL_TYPE || d->type->kind == TYPE_INTERFACE)
		return;
	check_attributes(c, d->type->attrs);
	if (d->type->kind == TYPE_ALIAS)
		(void)!shape_resolve(c, d->type);
	check_type(c, d->type->kind == TYPE_ALIAS ? d->type->of : d->type, &place);
}

static void
visit_conversion(struct compiler *c, struct decl *d, struct interface *i)
{
	if (d->kind == DECL_TYPE && d->type->kind == TYPE_ALIAS)
		convert_check(c, d->type, i);
}

/* The function that calls it is a global name in C. */
static void
call_name(struct compiler *c, const struct operation *op, const struct interface *i)
{
	const char *name = compiler_printf(c, "%s_%s", i->name, op->name);
	const struct meaning *taken = names_find(c, NAME_PLAIN, name);

	if (!taken)
		return;
	error_at(c, op->pos, "the call of '%s' would be named '%s', which is something else",
		op->name, name);
	note_at(c, taken->pos, "it is defined here");
}

static void
visit_operation(struct compiler *c, struct decl *d, struct interface *i)
{
	if (d->kind != DECL_OPERATION)
		return;
	if (!i)
		error_at(c, d->pos, "an operation outside of an interface");
	else if (!attr_find(i->attrs, "local"))
		check_operation(c, d->operation, i);
	if (i)
		call_name(c, d->operation, i);
}

static void
visit_layout(struct compiler *c, struct decl *d, struct interface *i)
{
	struct type *t = d->kind == DECL_TYPE ? d->type : NULL;

	if (t && t->kind == TYPE_ALIAS)
		t = t->of;
	if (t && (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION) && !t->is_reference)
		layout_of_type(c, t);
}

void
check(struct compiler *c)
{
	static visit *const passes[] = {visit_enum, visit_interface, visit_numbers, visit_constant,
		visit_type, visit_layout, visit_conversion, serialize_check, visit_operation};

	names_collect(c);
	standard_read(c);
	names_settle(c);
	for (size_t i = 0; i < sizeof(passes) / sizeof(*passes); i++)
		visit_all(c, passes[i]);
}
