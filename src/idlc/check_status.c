/* SPDX-License-Identifier: MIT */
/* [comm_status] and [fault_status]: where an operation's failures go instead of into what its function returns. */
#include <string.h>

#include "idlc/check.h"
#include "idlc/diagnostic.h"
#include "idlc/parser.h"

static bool
is_status(const struct shape *s)
{
	return s->kind == SHAPE_SCALAR && s->base == BASE_ERROR_STATUS;
}

static struct field *
result_place(struct compiler *c, const struct operation *op, const char *name)
{
	const struct attr *a = attr_find(op->attrs, name);

	if (!a)
		return NULL;
	if (op->result && op->result->shape && is_status(op->result->shape))
		return op->result;
	error_at(c, a->pos, "[%s] of an operation needs a result of type error_status_t", name);
	return NULL;
}

static void
check_parameter(struct compiler *c, const struct field *f, const char *name)
{
	const struct shape *s = f->shape;

	if (s && !(f->out && s->kind == SHAPE_POINTER && is_status(s->to)))
		error_at(c, f->pos, "'%s' is [%s] and must be an [out] pointer to error_status_t",
			f->name, name);
}

/* One of the parameters; an error when there is a place already. */
static struct field *
parameter_place(struct compiler *c, struct field *params, struct field *place, const char *name)
{
	for (struct field *f = params; f; f = f->next) {
		if (!attr_find(f->attrs, name))
			continue;
		check_parameter(c, f, name);
		if (place)
			error_at(c, f->pos, "[%s] stands twice in an operation", name);
		place = f;
	}
	return place;
}

static struct field *
place(struct compiler *c, const struct operation *op, const char *name)
{
	struct field *f = result_place(c, op, name);

	f = parameter_place(c, op->params, f, name);
	return parameter_place(c, op->added, f, name);
}

static void
check_added_names(struct compiler *c, const struct operation *op)
{
	for (const struct field *f = op->added; f; f = f->next)
		for (const struct field *g = f->next; g; g = g->next)
			if (strcmp(f->name, g->name) == 0)
				error_at(c, g->pos, "'%s' stands twice here", g->name);
}

void
check_statuses(struct compiler *c, struct operation *op)
{
	op->comm_status = place(c, op, "comm_status");
	op->fault_status = place(c, op, "fault_status");
	check_added_names(c, op);
}
