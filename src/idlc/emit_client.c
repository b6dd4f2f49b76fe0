/* SPDX-License-Identifier: MIT */
/* STEM_client.c: functions that fill in the arguments, call, and hand out the results. */
#include "idlc/emit.h"
#include "idlc/layout.h"
#include "idlc/shape.h"
#include "idlc/table.h"

/* Elements in the caller's array: counted before the call, since the answer may change the counts. */
static const char *
room(struct emitter *e, const struct field *f, const struct shape *array)
{
	const char *name = parameter_name(e->c, f), *n;

	if (array->is_string && !array->dimensions[0].size && array->dimensions[0].is_open)
		return compiler_printf(e->c, "%s ? sp_string_count(%s, %u, UINT32_MAX) : 0", name,
			name, layout_scalar_size(array->to));
	n = count_text(e->c, &array->dimensions[0], "args.");
	for (unsigned i = 1; i < array->n_dimensions; i++)
		n = compiler_printf(e->c, "sp_product(%s, %s)", n,
			count_text(e->c, &array->dimensions[i], "args."));
	return n;
}

static bool
is_out_array(const struct field *f)
{
	return f->out && f->shape->kind == SHAPE_POINTER && f->shape->to->kind == SHAPE_ARRAY;
}

/* What came back for an array: where it starts and how many elements. */
static void
array_part(struct emitter *e, const struct field *f, const char **ret_first, const char **ret_count)
{
	const struct shape *array = f->shape->to;
	const char *name = parameter_name(e->c, f);
	bool whole = array->n_dimensions > 1 || !shape_is_varying(array);

	*ret_first = "0";
	if (array->is_string && array->n_dimensions == 1) {
		*ret_count = compiler_printf(e->c, "sp_string_count(args.%s, %u, UINT32_MAX)", name,
			layout_scalar_size(array->to));
	} else if (whole) {
		*ret_count = room(e, f, array);
	} else {
		*ret_first = first_text(e->c, &array->dimensions[0], "args.");
		*ret_count = length_text(e->c, &array->dimensions[0], "args.");
	}
}

static void
copy_array(struct emitter *e, const struct field *f)
{
	const char *name = parameter_name(e->c, f), *first, *count;

	array_part(e, f, &first, &count);
	text_line(e->out,
		"failed = sp_copy_out(%s, args.%s, sizeof(*%s), room_%s, %s, %s, reterr);", name,
		name, name, name, first, count);
	text_line(e->out, "if (failed)");
	text_nested(e->out, "return failed;");
}

static void
copy_out(struct emitter *e, const struct field *f)
{
	const char *name = parameter_name(e->c, f);

	if (!f->out || is_pipe(f))
		return;
	if (is_out_array(f)) {
		copy_array(e, f);
		return;
	}
	text_line(e->out,
		is_replaced(f) || f->shape->pointer == POINTER_REF ? "if (%s)"
								   : "if (%s && args.%s)",
		name, name);
	text_nested(e->out, "*%s = %sargs.%s;", name, is_replaced(f) ? "" : "*", name);
}

static void
fill_in(struct emitter *e, const struct field *f, const char *name)
{
	if (is_replaced(f))
		text_line(e->out, "args.%s = %s ? *%s : NULL;", name, name, name);
	else
		text_line(e->out, "args.%s = %s;", name, name);
}

static bool
has_status(const struct operation *op)
{
	return op->comm_status || op->fault_status;
}

static const char *
status_pointer(struct emitter *e, const struct operation *op, const struct field *f)
{
	return !f ? "NULL" : f == op->result ? "ret_result" : parameter_name(e->c, f);
}

static void
call(struct emitter *e, const struct interface *i, const struct operation *op)
{
	text_line(e->out, "failed = sp_call_invoke(call, &%s_client_interface, %u, &args, %s);",
		i->name, op->opnum, has_status(op) ? "&sp_error" : "reterr");
	text_line(e->out, "if (failed)");
	if (has_status(op))
		text_nested(e->out, "return sp_report_failure(failed, &sp_error, %s, %s, reterr);",
			status_pointer(e, op, op->comm_status),
			status_pointer(e, op, op->fault_status));
	else
		text_nested(e->out, "return failed;");
}

static void
function_body(struct emitter *e, const struct interface *i, const struct interface *owner,
	const struct operation *op)
{
	text_line(e->out, "struct %s_%s_args args = {0};", owner->name, op->name);
	text_line(e->out, "sp_status failed;");
	if (has_status(op))
		text_line(e->out, "struct sp_error sp_error;");
	for (const struct field *f = op->params; f; f = f->next)
		if (is_out_array(f))
			text_line(e->out, "uint64_t room_%s;", parameter_name(e->c, f));
	text_blank(e->out);
	for (const struct field *f = op->params; f; f = f->next)
		fill_in(e, f, parameter_name(e->c, f));
	for (const struct field *f = op->params; f; f = f->next)
		if (is_out_array(f))
			text_line(e->out, "room_%s = %s;", parameter_name(e->c, f),
				room(e, f, f->shape->to));
	for (const struct field *f = op->added; f; f = f->next) {
		text_line(e->out, "if (%s)", parameter_name(e->c, f));
		text_nested(e->out, "*%s = RPC_S_OK;", parameter_name(e->c, f));
	}
	call(e, i, op);
	for (const struct field *f = op->params; f; f = f->next)
		if (is_out_array(f))
			copy_out(e, f);
	for (const struct field *f = op->params; f; f = f->next)
		if (!is_out_array(f))
			copy_out(e, f);
	if (op->result) {
		text_line(e->out, "if (ret_result)");
		text_nested(e->out, "*ret_result = args.result;");
	}
	text_line(e->out, "return RPC_S_OK;");
}

static void
function(struct emitter *e, const struct interface *i, const struct interface *owner,
	const struct operation *op)
{
	const char *result = "";

	if (op->result)
		result = compiler_printf(
			e->c, ", %s", declare(e->c, op->result->shape, "*ret_result"));
	text_blank(e->out);
	text_line(e->out, "sp_status");
	text_line(e->out, "%s_%s(sp_call *call%s%s, struct sp_error *reterr)", i->name, op->name,
		client_parameter_list(e->c, op), result);
	text_open(e->out, "{");
	function_body(e, i, owner, op);
	text_close(e->out, "}");
}

/* The same without waiting: the arguments as a struct, the end by a function of the caller's. */
static void
start_function(struct emitter *e, const struct interface *i, const struct interface *owner,
	const struct operation *op)
{
	text_blank(e->out);
	text_line(e->out, "sp_status");
	text_line(e->out,
		"%s_%s_start(sp_call *call, struct %s_%s_args *args, sp_call_done *done, "
		"void *arg, struct sp_error *reterr)",
		i->name, op->name, owner->name, op->name);
	text_open(e->out, "{");
	text_line(e->out,
		"return sp_call_start(call, &%s_client_interface, %u, args, done, arg, reterr);",
		i->name, op->opnum);
	text_close(e->out, "}");
}

static void
interface(struct emitter *e, const struct interface *i)
{
	struct decl *cursor = i->decls;
	const struct interface *owner;
	const struct operation *op;

	table(e, i, false);
	for (unsigned n = 0; n < i->n_inherited; n++) {
		op = emit_operation_at(e->c, i, n, &owner);
		if (!op)
			continue;
		function(e, i, owner, op);
		start_function(e, i, owner, op);
	}
	while ((op = emit_operation_next(&cursor))) {
		function(e, i, i, op);
		start_function(e, i, i, op);
	}
}

static void
client(struct emitter *e)
{
	struct decl *cursor = e->c->decls;
	struct interface *i;

	emit_head(e, "The client.");
	text_line(e->out, "#include \"%s.h\"", e->stem);
	while ((i = emit_interface_next(e->c, &cursor)))
		interface(e, i);
}

bool
emit_client(struct compiler *c, const char *stem, const char *file, struct text *ret)
{
	struct emitter e = {c, stem, file, ret, NULL};

	return emit_run(&e, client);
}
