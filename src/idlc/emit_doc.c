/* SPDX-License-Identifier: MIT */
/* STEM.md: what an interface offers, for people who call it. */
#include <sallyport/binding.h>

#include "idlc/describe.h"
#include "idlc/emit.h"

static void
operation(struct emitter *e, const struct operation *op)
{
	const char *help = describe_help(e->c, op->attrs);

	text_raw(e->out, "\n", 1);
	text_line(e->out, "### %u `%s`", op->opnum, op->name);
	text_raw(e->out, "\n", 1);
	if (*help) {
		text_line(e->out, "%s", help);
		text_raw(e->out, "\n", 1);
	}
	if (op->params || op->result) {
		text_line(e->out, "| parameter | direction | type |");
		text_line(e->out, "|---|---|---|");
	} else {
		text_line(e->out, "Nothing is handed over.");
	}
	for (const struct field *f = op->params; f; f = f->next)
		text_line(e->out, "| `%s` | %s | %s |", f->name, describe_direction(f),
			describe_shape(e->c, f->shape));
	if (op->result)
		text_line(
			e->out, "| (result) | out | %s |", describe_shape(e->c, op->result->shape));
}

static void
interface(struct emitter *e, const struct interface *i)
{
	const char *help = describe_help(e->c, i->attrs);
	struct decl *cursor = i->decls;
	const struct operation *op;
	char uuid[SP_UUID_TEXT];

	sp_uuid_format(&i->uuid, uuid);
	text_raw(e->out, "\n", 1);
	text_line(e->out, "## Interface `%s`", i->name);
	text_raw(e->out, "\n", 1);
	if (*help) {
		text_line(e->out, "%s", help);
		text_raw(e->out, "\n", 1);
	}
	text_line(e->out, "| | |");
	text_line(e->out, "|---|---|");
	text_line(e->out, "| UUID | `%s` |", uuid);
	text_line(e->out, "| version | %u.%u |", i->major, i->minor);
	if (i->is_object)
		text_line(e->out, "| kind | object interface |");
	if (i->base_name)
		text_line(e->out, "| inherits | `%s`, numbers 0 to %u |", i->base_name,
			i->n_inherited ? i->n_inherited - 1 : 0);
	while ((op = emit_operation_next(&cursor)))
		operation(e, op);
}

static void
document(struct emitter *e)
{
	struct decl *cursor = e->c->decls;
	const struct interface *i;

	text_line(e->out, "<!-- Made by sallyport-idl from %s: do not edit. -->", e->file);
	text_line(e->out, "# %s", e->file);
	while ((i = emit_interface_next(e->c, &cursor)))
		interface(e, i);
}

bool
emit_doc(struct compiler *c, const char *stem, const char *file, struct text *ret)
{
	struct emitter e = {c, stem, file, ret, NULL};

	return emit_run(&e, document);
}
