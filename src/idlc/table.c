/* SPDX-License-Identifier: MIT */
#include "idlc/table.h"

#include <sallyport/stub.h>

#include "idlc/emit_pipe.h"
#include "idlc/parser.h"

static const char *
flags_text(struct compiler *c, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {{SP_OP_IDEMPOTENT, "SP_OP_IDEMPOTENT"}, {SP_OP_MAYBE, "SP_OP_MAYBE"},
		{SP_OP_BROADCAST, "SP_OP_BROADCAST"}};
	const char *text = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (flags & names[i].flag)
			text = compiler_printf(
				c, "%s%s%s", text ? text : "", text ? " | " : "", names[i].name);
	return text ? text : "0";
}

static void
row(struct emitter *e, const struct interface *i, const struct interface *owner,
	const struct operation *op, bool is_server)
{
	const char *name = owner->name;

	text_open(e->out, "{");
	text_line(e->out, ".name = \"%s\",", op->name);
	text_line(e->out, ".args_size = sizeof(struct %s_%s_args),", name, op->name);
	text_line(e->out, ".flags = %s,", flags_text(e->c, op->flags));
	text_line(e->out, ".push_in = %s_%s_push_in,", name, op->name);
	text_line(e->out, ".pull_in = %s_%s_pull_in,", name, op->name);
	text_line(e->out, ".push_out = %s_%s_push_out,", name, op->name);
	text_line(e->out, ".pull_out = %s_%s_pull_out,", name, op->name);
	if (is_server)
		text_line(e->out, ".invoke = invoke_%s_%s,", i->name, op->name);
	if (pipe_count(op)) {
		text_line(e->out, ".pipes = %s_%s_pipes,", name, op->name);
		text_line(e->out, ".n_pipes = %u,", pipe_count(op));
	}
	text_close(e->out, "},");
}

static void
contexts(struct emitter *e, const struct interface *i, bool is_server, const char *side)
{
	const char *strict = attr_find(i->attrs, "strict_context_handle") ? "true" : "false";

	text_blank(e->out);
	text_open(
		e->out, "static const struct sp_context_type %s_%s_contexts[] = {", i->name, side);
	for (const struct context *x = i->contexts; x; x = x->next) {
		text_open(e->out, "{");
		text_line(e->out, ".name = \"%s\",", x->name);
		if (is_server)
			text_line(e->out, ".rundown = rundown_%s_%s,", i->name, x->name);
		text_line(e->out, ".strict = %s,", strict);
		text_close(e->out, "},");
	}
	text_close(e->out, "};");
}

static void
identity(struct emitter *e, const struct interface *i)
{
	const struct sp_uuid *u = &i->uuid;

	const uint8_t *n = u->node;

	text_line(e->out,
		".id.uuid = {0x%08x, 0x%04x, 0x%04x, {0x%02x, 0x%02x}, "
		"{0x%02x, 0x%02x, 0x%02x, 0x%02x, 0x%02x, 0x%02x}},",
		u->time_low, u->time_mid, u->time_hi_and_version, u->clock_seq[0], u->clock_seq[1],
		n[0], n[1], n[2], n[3], n[4], n[5]);
	text_line(e->out, ".id.major = %u,", i->major);
	text_line(e->out, ".id.minor = %u,", i->minor);
}

void
table(struct emitter *e, const struct interface *i, bool is_server)
{
	const char *side = is_server ? "server" : "client";
	const struct interface *owner;
	const struct operation *op;

	text_blank(e->out);
	text_open(e->out, "static const struct sp_operation %s_%s_operations[] = {", i->name, side);
	for (unsigned n = 0; n < i->n_operations; n++) {
		op = emit_operation_at(e->c, i, n, &owner);
		if (op)
			row(e, i, owner, op, is_server);
		else /* never on the wire, or inherited from another file */
			text_line(e->out, "{.name = NULL},");
	}
	text_close(e->out, "};");
	if (i->n_contexts)
		contexts(e, i, is_server, side);
	text_blank(e->out);
	text_open(e->out, "const struct sp_interface %s_%s_interface = {", i->name, side);
	text_line(e->out, ".abi = SP_STUB_ABI,");
	text_line(e->out, ".name = \"%s\",", i->name);
	identity(e, i);
	if (i->is_object)
		text_line(e->out, ".is_object = true,");
	text_line(e->out, ".n_operations = %u,", i->n_operations);
	text_line(e->out, ".operations = %s_%s_operations,", i->name, side);
	if (i->n_contexts) {
		text_line(e->out, ".n_contexts = %u,", i->n_contexts);
		text_line(e->out, ".contexts = %s_%s_contexts,", i->name, side);
	}
	text_close(e->out, "};");
}
