/* SPDX-License-Identifier: MIT */
/* STEM_server.c: functions that hand the arguments to the handlers. */
#include "idlc/emit.h"
#include "idlc/table.h"

static const char *
actual_arguments(struct compiler *c, const struct operation *op)
{
	const char *list = "";

	for (const struct field *f = op->params; f; f = f->next)
		list = compiler_printf(
			c, "%s, %sargs->%s", list, is_replaced(f) ? "&" : "", parameter_name(c, f));
	return list;
}

/* The answer comes when the handler's own code says so. */
static void
invoke_async(struct emitter *e, const struct operation *op)
{
	text_line(e->out, "sp_call_defer(call);");
	text_line(e->out, "own->%s(call%s);", op->name, actual_arguments(e->c, op));
	if (!op->params)
		text_line(e->out, "(void)arg;");
}

static void
invoke_now(struct emitter *e, const struct operation *op)
{
	if (op->result) {
		/* a deferred call's result may have been written meanwhile by who completes it */
		text_line(e->out, "%s = own->%s(call%s);",
			declare(e->c, op->result->shape, "result"), op->name,
			actual_arguments(e->c, op));
		text_line(e->out, "if (!sp_call_is_deferred(call))");
		text_nested(e->out, "args->result = result;");
	} else {
		text_line(e->out, "own->%s(call%s);", op->name, actual_arguments(e->c, op));
	}
	if (!op->params && !op->result)
		text_line(e->out, "(void)arg;");
}

static void
complete(struct emitter *e, const struct interface *i, const struct operation *op)
{
	text_blank(e->out);
	text_line(e->out, "void");
	text_line(e->out, "%s", complete_declaration(e->c, i, op));
	text_open(e->out, "{");
	if (op->result) {
		text_line(e->out, "void *arg = sp_call_args(call);");
		text_line(e->out, "struct %s_%s_args *args = arg;", i->name, op->name);
		text_blank(e->out);
		text_line(e->out, "args->result = result;");
	}
	text_line(e->out, "sp_call_complete(call, RPC_S_OK);");
	text_close(e->out, "}");
}

static void
invoke(struct emitter *e, const struct interface *i, const struct interface *owner,
	const struct operation *op)
{
	text_blank(e->out);
	text_line(e->out, "static sp_status");
	text_line(e->out, "invoke_%s_%s(sp_call *call, const void *handlers, void *arg)", i->name,
		op->name);
	text_open(e->out, "{");
	text_line(e->out, "const struct %s_handlers *own = handlers;", i->name);
	if (op->params || (op->result && !op->is_async))
		text_line(e->out, "struct %s_%s_args *args = arg;", owner->name, op->name);
	text_blank(e->out);
	text_line(e->out, "if (!own->%s)", op->name);
	text_nested(e->out, "return NCA_S_OP_RNG_ERROR;");
	if (op->is_async)
		invoke_async(e, op);
	else
		invoke_now(e, op);
	text_line(e->out, "return RPC_S_OK;");
	text_close(e->out, "}");
}

static void
rundown(struct emitter *e, const struct interface *i, const struct context *x)
{
	text_blank(e->out);
	text_line(e->out, "static void");
	text_line(e->out, "rundown_%s_%s(const void *handlers, void *user)", i->name, x->name);
	text_open(e->out, "{");
	text_line(e->out, "const struct %s_handlers *own = handlers;", i->name);
	text_blank(e->out);
	text_line(e->out, "if (own->%s_rundown)", x->name);
	text_nested(e->out, "own->%s_rundown(user);", x->name);
	text_close(e->out, "}");
}

static void
interface(struct emitter *e, const struct interface *i)
{
	struct decl *cursor = i->decls;
	const struct interface *owner;
	const struct operation *op;

	for (unsigned n = 0; n < i->n_inherited; n++)
		if ((op = emit_operation_at(e->c, i, n, &owner)))
			invoke(e, i, owner, op);
	while ((op = emit_operation_next(&cursor))) {
		invoke(e, i, i, op);
		if (op->is_async)
			complete(e, i, op);
	}
	for (const struct context *x = i->contexts; x; x = x->next)
		rundown(e, i, x);
	table(e, i, true);
}

static bool
has_async(struct emitter *e)
{
	struct decl *cursor = e->c->decls;
	const struct interface *i;

	while ((i = emit_interface_next(e->c, &cursor))) {
		struct decl *operations = i->decls;
		const struct operation *op;

		while ((op = emit_operation_next(&operations)))
			if (op->is_async)
				return true;
	}
	return false;
}

static void
server(struct emitter *e)
{
	struct decl *cursor = e->c->decls;
	struct interface *i;

	emit_head(e, "The server.");
	if (has_async(e)) {
		text_line(e->out, "#include <sallyport/server.h>");
		text_blank(e->out);
	}
	text_line(e->out, "#include \"%s.h\"", e->stem);
	while ((i = emit_interface_next(e->c, &cursor)))
		interface(e, i);
}

bool
emit_server(struct compiler *c, const char *stem, const char *file, struct text *ret)
{
	struct emitter e = {c, stem, file, ret, NULL};

	return emit_run(&e, server);
}
