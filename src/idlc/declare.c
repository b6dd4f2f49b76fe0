/* SPDX-License-Identifier: MIT */
/* C declarations and expressions from shapes. */
#include <string.h>

#include "idlc/emit.h"
#include "idlc/shape.h"

static const char *
declare_dimensions(struct compiler *c, const struct shape *s, const char *name)
{
	for (unsigned i = 0; i < s->n_dimensions; i++)
		name = s->dimensions[i].is_open
			       ? compiler_printf(c, "%s[]", name)
			       : compiler_printf(c, "%s[%llu]", name,
					 (unsigned long long)s->dimensions[i].bound);
	return name;
}

const char *
declare(struct compiler *c, const struct shape *s, const char *name)
{
	const struct shape *to = s->to;
	const char *space;

	if (s->kind == SHAPE_ARRAY)
		return declare(c, to, declare_dimensions(c, s, name));
	if (s->kind == SHAPE_POINTER) {
		if (to->kind == SHAPE_ARRAY)
			to = to->to;
		return declare(
			c, to, compiler_printf(c, to->kind == SHAPE_ARRAY ? "(*%s)" : "*%s", name));
	}
	space = *name && s->c_name[strlen(s->c_name) - 1] != '*' ? " " : "";
	return compiler_printf(c, "%s%s%s%s", s->is_const ? "const " : "", s->c_name, space, name);
}

const char *
parameter_name(struct compiler *c, const struct field *f)
{
	static const char *const taken[] = {"call", "args", "reterr", "ret_result", "failed",
		"result", "register", "default", "double", "union", "struct", "int", "void",
		"signed", "volatile"};

	if (f->index == UINT32_MAX)
		return f->name;
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (strcmp(f->name, taken[i]) == 0)
			return compiler_printf(c, "%s_", f->name);
	return f->name;
}

bool
is_replaced(const struct field *f)
{
	const struct shape *s = f->shape;

	return f->out && s->kind == SHAPE_POINTER && s->to->kind == SHAPE_STRUCT &&
	       s->to->type->layout && s->to->type->layout->is_conformant;
}

bool
is_pipe(const struct field *f)
{
	const struct shape *s = f->shape->kind == SHAPE_POINTER ? f->shape->to : f->shape;

	return s->kind == SHAPE_PIPE;
}

/* As client functions and handlers take it. */
static const char *
parameter(struct compiler *c, const struct field *f)
{
	const char *name = parameter_name(c, f);

	return declare(c, f->shape, is_replaced(f) ? compiler_printf(c, "*%s", name) : name);
}

const char *
parameter_list(struct compiler *c, const struct operation *op)
{
	const char *list = "";

	for (const struct field *f = op->params; f; f = f->next)
		list = compiler_printf(c, "%s, %s", list, parameter(c, f));
	return list;
}

const char *
client_parameter_list(struct compiler *c, const struct operation *op)
{
	const char *list = parameter_list(c, op);

	for (const struct field *f = op->added; f; f = f->next)
		list = compiler_printf(c, "%s, uint32_t *%s", list, parameter_name(c, f));
	return list;
}

const char *
complete_declaration(struct compiler *c, const struct interface *i, const struct operation *op)
{
	const char *result = op->result ? declare(c, op->result->shape, "result") : NULL;

	return compiler_printf(c, "%s_%s_complete(sp_call *call%s%s)", i->name, op->name,
		result ? ", " : "", result ? result : "");
}

const char *
result_type(struct compiler *c, const struct operation *op)
{
	return op->result ? declare(c, op->result->shape, "") : "void";
}

/* --- expressions ------------------------------------------------------------------------------------ */

static const char *
number_text(struct compiler *c, const struct expr *e)
{
	if (e->value >= 0 && e->value <= INT32_MAX)
		return compiler_printf(c, "%lld", (long long)e->value);
	if (e->value >= 0 || e->is_unsigned)
		return compiler_printf(c, "%lluu", (unsigned long long)e->value);
	return compiler_printf(c, "(int64_t)(%lluu)", (unsigned long long)e->value);
}

static const char *
name_text(struct compiler *c, const struct expr *e, const char *prefix)
{
	bool is_parameter = e->field->in || e->field->out;
	const char *name = is_parameter ? parameter_name(c, e->field) : e->field->name;

	return compiler_printf(c, "%s%s", prefix, name);
}

const char *
expr_text(struct compiler *c, const struct expr *e, const char *prefix)
{
	static const char *const signs[] = {
		[EXPR_NEGATE] = "-", [EXPR_PLUS] = "+", [EXPR_NOT] = "!", [EXPR_COMPLEMENT] = "~"};
	const char *a = e->a ? expr_text(c, e->a, prefix) : NULL;
	const char *b = e->b ? expr_text(c, e->b, prefix) : NULL;

	switch (e->op) {
	case EXPR_NAME: return e->field ? name_text(c, e, prefix) : number_text(c, e);
	case EXPR_DEREF: return compiler_printf(c, "(%s ? *%s : 0)", a, a);
	case EXPR_NEGATE:
	case EXPR_PLUS:
	case EXPR_NOT:
	case EXPR_COMPLEMENT: return compiler_printf(c, "%s(%s)", signs[e->op], a);
	case EXPR_BINARY: return compiler_printf(c, "(%s %s %s)", a, e->text, b);
	case EXPR_CONDITION:
		return compiler_printf(c, "(%s ? %s : %s)", a, b, expr_text(c, e->c, prefix));
	case EXPR_CAST: return a;
	default: return number_text(c, e);
	}
}

static const char *
wide(struct compiler *c, const struct expr *e, const char *prefix)
{
	if (e->op == EXPR_NUMBER || (e->op == EXPR_NAME && !e->field))
		return number_text(c, e);
	return compiler_printf(c, "(uint64_t)%s", expr_text(c, e, prefix));
}

const char *
count_text(struct compiler *c, const struct dimension *d, const char *prefix)
{
	if (!d->size)
		return compiler_printf(c, "%llu", (unsigned long long)d->bound);
	return compiler_printf(c, "%s%s", wide(c, d->size, prefix), d->size_is_max ? " + 1" : "");
}

const char *
first_text(struct compiler *c, const struct dimension *d, const char *prefix)
{
	return d->first ? wide(c, d->first, prefix) : "0";
}

const char *
length_text(struct compiler *c, const struct dimension *d, const char *prefix)
{
	const char *first = first_text(c, d, prefix);

	if (!d->length)
		return d->first ? compiler_printf(
					  c, "sp_rest(%s, %s)", first, count_text(c, d, prefix))
				: count_text(c, d, prefix);
	if (!d->length_is_last)
		return wide(c, d->length, prefix);
	return compiler_printf(c, "sp_span(%s, %s)", first, wide(c, d->length, prefix));
}

/* --- walking ------------------------------------------------------------------------------------------ */

bool
emit_run(struct emitter *e, void (*write)(struct emitter *))
{
	if (setjmp(e->c->give_up) != 0)
		return false;
	write(e);
	return !e->out->failed;
}

void
emit_head(struct emitter *e, const char *what)
{
	text_line(e->out, "/* Made by sallyport-idl from %s: do not edit. %s */", e->file, what);
}

struct operation *
emit_operation_next(struct decl **cursor)
{
	for (struct decl *d = *cursor; d; d = d->next) {
		if (d->kind != DECL_OPERATION || d->operation->is_local)
			continue;
		*cursor = d->next;
		return d->operation;
	}
	*cursor = NULL;
	return NULL;
}

static bool
has_operations(const struct interface *i)
{
	struct decl *cursor = i->decls;

	return i->n_operations > i->n_inherited && emit_operation_next(&cursor);
}

struct interface *
emit_interface_next(struct compiler *c, struct decl **cursor)
{
	for (struct decl *d = *cursor; d; d = d->next) {
		if (d->kind != DECL_INTERFACE || d->is_imported || !has_operations(d->interface))
			continue;
		*cursor = d->next;
		return d->interface;
	}
	*cursor = NULL;
	return NULL;
}

/*
 * Stubs of another file's interfaces are that file's; those of one that comes later are not declared yet; handles of contexts are
 * numbered by their interface. IUnknown's methods never travel.
 */
static bool
is_heir_to(const struct compiler *c, const struct interface *heir, const struct interface *base)
{
	if (base->n_contexts || strcmp(base->name, "IUnknown") == 0)
		return false;
	for (const struct decl *d = c->decls; d && d->interface != heir; d = d->next)
		if (d->kind == DECL_INTERFACE && d->interface == base)
			return !d->is_imported;
	return false;
}

static bool
has_name(const struct interface *i, const char *name)
{
	struct decl *cursor = i->decls;
	const struct operation *op;

	while ((op = emit_operation_next(&cursor)))
		if (strcmp(op->name, name) == 0)
			return true;
	return false;
}

static bool
is_hidden(const struct interface *i, const struct interface *owner, const char *name)
{
	for (; i != owner; i = i->base)
		if (has_name(i, name))
			return true;
	return false;
}

const struct operation *
emit_operation_at(struct compiler *c, const struct interface *i, unsigned number,
	const struct interface **ret_owner)
{
	const struct operation *op;

	for (const struct interface *b = i; b && (b == i || is_heir_to(c, i, b)); b = b->base) {
		struct decl *cursor = b->decls;

		while ((op = emit_operation_next(&cursor))) {
			if (op->opnum != number)
				continue;
			*ret_owner = b;
			return is_hidden(i, b, op->name) ? NULL : op;
		}
	}
	return NULL;
}
