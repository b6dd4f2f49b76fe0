/* SPDX-License-Identifier: MIT */
/* Operations: directions, numbers, what may be a parameter. */
#include <string.h>

#include <sallyport/stub.h>

#include "idlc/check.h"
#include "idlc/diagnostic.h"
#include "idlc/emit.h"
#include "idlc/layout.h"
#include "idlc/parser.h"
#include "idlc/shape.h"
#include "idlc/travel.h"

/* A count that the server must know before it calls the handler: not from what the handler fills in. */
static const struct field *
unknown_in(const struct expr *e)
{
	const struct field *found;

	if (!e)
		return NULL;
	if (e->op == EXPR_NAME)
		return e->field && !e->field->in ? e->field : NULL;
	found = unknown_in(e->a);
	if (!found)
		found = unknown_in(e->b);
	return found ? found : unknown_in(e->c);
}

/* What travels to the server must be counted by what travels to the server. */
static void
check_in_counts(struct compiler *c, const struct field *f)
{
	const struct field *unknown = NULL;

	for (const struct shape *s = f->shape; s && !unknown; s = s->to) {
		for (unsigned i = 0; s->kind == SHAPE_ARRAY && i < s->n_dimensions && !unknown;
			i++) {
			unknown = unknown_in(s->dimensions[i].size);
			if (!unknown)
				unknown = unknown_in(s->dimensions[i].length);
			if (!unknown)
				unknown = unknown_in(s->dimensions[i].first);
		}
		if (s->switch_is && !unknown)
			unknown = unknown_in(s->switch_is);
	}
	if (unknown)
		error_at(c, f->pos, "'%s' is [in], but '%s', which it depends on, is not", f->name,
			unknown->name);
}

static void
check_out_array(struct compiler *c, const struct field *f, const struct shape *array)
{
	const struct field *unknown;

	for (unsigned i = 0; i < array->n_dimensions; i++) {
		const struct dimension *d = &array->dimensions[i];

		unknown = d->is_open ? unknown_in(d->size) : NULL;
		if (unknown) {
			error_at(c, f->pos, "the size of '%s' comes from '%s', which is not [in]",
				f->name, unknown->name);
			note_at(c, f->pos, "a second pointer lets the server allocate the array");
		}
		if (d->is_open && !d->size)
			error_at(c, f->pos, "an [out] string needs size_is or a fixed size");
	}
}

static void
check_out(struct compiler *c, const struct field *f)
{
	const struct shape *s = f->shape;

	if (s->kind != SHAPE_POINTER) {
		error_at(c, f->pos, "'%s' is [out] and must be a pointer or an array", f->name);
		return;
	}
	if (!f->in && s->pointer != POINTER_REF)
		error_at(c, f->pos, "'%s' is only [out] and must be a [ref] pointer", f->name);
	if (s->to->kind == SHAPE_ARRAY && !f->in)
		check_out_array(c, f, s->to);
}

static void
check_directions(struct compiler *c, const struct field *f)
{
	if (f->in)
		check_in_counts(c, f);
	if (f->out)
		check_out(c, f);
}

/* Asterisks that a published definition lost on its way: the name still tells how many there were. */
static bool
restore_pointers(struct compiler *c, struct field *f)
{
	const struct attr *size = attr_find(f->attrs, "size_is");
	unsigned n = 0, levels = 0;

	while (n < 2 && f->name[n] == 'p')
		n++;
	for (const struct expr_list *l = size ? size->args : NULL; l; l = l->next)
		levels++;
	if (attr_find(f->attrs, "string"))
		levels = 2;
	if (f->shape->kind == SHAPE_OBJECT)
		levels = 2;
	if (n == 0 && levels == 0)
		return false;
	if (levels > n)
		n = levels;
	warning_at(c, f->pos, "'%s' is [out] and no pointer; taken as %s, after its name", f->name,
		n == 1 ? "one" : "a pointer to one");
	for (; n > 0; n--) {
		struct type *t = compiler_new(c, 1, sizeof(*t));

		*t = (struct type){.kind = TYPE_POINTER, .pos = f->pos, .of = f->type};
		f->type = t;
	}
	return true;
}

static void
parameter(struct compiler *c, struct field *f, const struct place_of_type *place)
{
	check_attributes(c, f->attrs);
	check_type(c, f->type, place);
	f->out = attr_find(f->attrs, "out") != NULL;
	f->in = attr_find(f->attrs, "in") != NULL || !f->out;
	f->shape = shape_of(c, f->type, f->attrs, place);
	if (f->out && f->shape && f->shape->kind != SHAPE_POINTER &&
		f->shape->kind != SHAPE_IGNORED && restore_pointers(c, f))
		f->shape = shape_of(c, f->type, f->attrs, place);
}

static bool
is_handle(const struct shape *s)
{
	return s && (s->kind == SHAPE_HANDLE ||
			    (s->kind == SHAPE_POINTER && s->to->kind == SHAPE_HANDLE));
}

/* handle_t says over which binding to call; it does not travel. */
static void
drop_handles(struct operation *op)
{
	struct field **slot = &op->params;
	unsigned index = 0;

	while (*slot) {
		if (is_handle((*slot)->shape)) {
			*slot = (*slot)->next;
			continue;
		}
		(*slot)->index = index++;
		slot = &(*slot)->next;
	}
}

static void
result(struct compiler *c, struct operation *op, const struct place_of_type *place)
{
	const struct place_of_type field_place = {place->interface, .is_result = true};
	struct field *f = compiler_new(c, 1, sizeof(*f));
	struct type *t = shape_resolve(c, op->type);

	if (!t || (t->kind == TYPE_BASE && t->base == BASE_VOID))
		return;
	f->name = "result";
	f->pos = op->pos;
	f->type = op->type;
	f->shape = shape_of(c, op->type, op->attrs, &field_place);
	f->out = true;
	f->index = UINT32_MAX;
	op->result = f;
	check_expressions(c, f->shape, op->params);
}

static bool
pipe_is_fine(struct compiler *c, const struct field *f)
{
	const struct shape *s = f->shape->kind == SHAPE_POINTER ? f->shape->to : f->shape;
	const struct shape *item = s->to;
	struct layout l = layout_of(c, item);

	if (f->shape->kind == SHAPE_POINTER && f->shape->pointer != POINTER_REF)
		error_at(c, f->pos, "'%s' points to a pipe and must be a [ref] pointer", f->name);
	else if (!l.is_flat || l.size % l.alignment || l.alignment64 != l.alignment ||
		 (item->kind != SHAPE_SCALAR && item->kind != SHAPE_STRUCT))
		error_at(c, f->pos,
			"'%s' is a pipe of what is not supported: of numbers or of structs of them "
			"without gaps it can be",
			f->name);
	else
		return true;
	return false;
}

static bool
by_value_is_fine(struct compiler *c, const struct field *f)
{
	if (f->shape->kind == SHAPE_VOID)
		error_at(c, f->pos, "'%s' is void", f->name);
	else if (f->shape->kind == SHAPE_OBJECT)
		error_at(c, f->pos, "'%s' is an interface and must be behind a pointer", f->name);
	else if (layout_of(c, f->shape).is_conformant)
		error_at(c, f->pos, "'%s' has no fixed size and must be behind a pointer", f->name);
	else
		return true;
	return false;
}

static uint32_t
operation_flags(const struct operation *op)
{
	return (attr_find(op->attrs, "idempotent") ? SP_OP_IDEMPOTENT : 0) |
	       (attr_find(op->attrs, "maybe") ? SP_OP_MAYBE : 0) |
	       (attr_find(op->attrs, "broadcast") ? SP_OP_BROADCAST : 0);
}

/*
 * A local method of an object interface has its place among the others; the one that is called for it takes that
 * place.
 */
static unsigned
operation_number(const struct operation *op, struct interface *i)
{
	const struct attr *call_as = attr_find(op->attrs, "call_as");

	for (const struct decl *d = i->decls; call_as && call_as->text && i->is_object && d;
		d = d->next)
		if (d->kind == DECL_OPERATION && d->operation != op &&
			strcmp(d->operation->name, call_as->text) == 0)
			return d->operation->opnum;
	return op->is_local && !i->is_object ? 0 : i->n_operations++;
}

/* A handler with pipes works on them while the call is under way; it cannot leave that to somebody else. */
static void
check_async(struct compiler *c, struct operation *op, const struct interface *i)
{
	const struct attr *a = attr_find(op->attrs, "async");
	const struct field *f = op->params;

	while (f && !(f->shape && is_pipe(f)))
		f = f->next;
	if (f && a)
		error_at(c, a->pos, "[async] of '%s', which has the pipe '%s'", op->name, f->name);
	op->is_async = !f && (a || c->all_async || attr_find(i->attrs, "async"));
}

void
check_operation(struct compiler *c, struct operation *op, struct interface *i)
{
	const struct place_of_type place = {i, .is_parameter = true};

	check_attributes(c, op->attrs);
	op->flags = operation_flags(op);
	if (attr_find(op->attrs, "encode") || attr_find(op->attrs, "decode"))
		warning_at(c, op->pos,
			"'%s' is called: only types can be encoded by themselves, not operations",
			op->name);
	op->is_local = attr_find(op->attrs, "local") || attr_find(op->attrs, "callback");
	op->opnum = operation_number(op, i);
	if (op->is_local)
		return;
	for (struct field *f = op->params; f; f = f->next)
		parameter(c, f, &place);
	drop_handles(op);
	check_unique_names(c, op->params);
	for (struct field *f = op->params; f; f = f->next)
		check_expressions(c, f->shape, op->params);
	result(c, op, &place);
	for (struct field *f = op->params; f; f = f->next)
		if (f->shape && travel_check(c, f) &&
			(is_pipe(f) ? pipe_is_fine(c, f) : by_value_is_fine(c, f)))
			check_directions(c, f);
	if (op->result && op->result->shape)
		travel_check(c, op->result);
	check_statuses(c, op);
	check_async(c, op, i);
	if ((op->flags & SP_OP_MAYBE) && op->result)
		error_at(c, op->pos, "a [maybe] operation has no answer");
}
