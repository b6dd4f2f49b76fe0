/* SPDX-License-Identifier: MIT */
/* STEM.json: the checked tree for other tools. */
#include <string.h>

#include <sallyport/binding.h>
#include <sallyport/stub.h>

#include "idlc/describe.h"
#include "idlc/emit.h"
#include "idlc/layout.h"
#include "idlc/shape.h"

/* Commas go in front of everything but the first. */
struct json {
	struct emitter *e;
	bool is_first;
};

static void
raw(struct json *j, const char *text)
{
	text_raw(j->e->out, text, strlen(text));
}

static void
string(struct json *j, const char *text)
{
	raw(j, "\"");
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\')
			raw(j, "\\");
		if (c < ' ' || c >= 0x7f) /* one byte of what need not be UTF-8 */
			raw(j, compiler_printf(j->e->c, "\\u%04x", c));
		else
			text_raw(j->e->out, p, 1);
	}
	raw(j, "\"");
}

static void
next(struct json *j)
{
	if (!j->is_first)
		raw(j, ",");
	j->is_first = false;
}

static void
key(struct json *j, const char *name)
{
	next(j);
	string(j, name);
	raw(j, ":");
}

static void
open(struct json *j, const char *sign)
{
	raw(j, sign);
	j->is_first = true;
}

static void
close(struct json *j, const char *sign)
{
	raw(j, sign);
	j->is_first = false;
}

static void
member(struct json *j, const char *name, const char *value)
{
	key(j, name);
	string(j, value);
}

static void
number(struct json *j, const char *name, int64_t value)
{
	key(j, name);
	raw(j, compiler_printf(j->e->c, "%lld", (long long)value));
}

static void
flag(struct json *j, const char *name, bool value)
{
	if (!value)
		return;
	key(j, name);
	raw(j, "true");
}

static void
expression(struct json *j, const char *name, const struct expr *e)
{
	if (e)
		member(j, name, describe_expr(j->e->c, e));
}

static void
dimensions(struct json *j, const struct shape *s)
{
	key(j, "dimensions");
	open(j, "[");
	for (unsigned i = 0; i < s->n_dimensions; i++) {
		const struct dimension *d = &s->dimensions[i];

		next(j);
		open(j, "{");
		if (!d->is_open)
			number(j, "bound", (int64_t)d->bound);
		expression(j, d->size_is_max ? "max_is" : "size_is", d->size);
		expression(j, d->length_is_last ? "last_is" : "length_is", d->length);
		expression(j, "first_is", d->first);
		close(j, "}");
	}
	close(j, "]");
}

static void
shape(struct json *j, const struct shape *s)
{
	static const char *const pointers[] = {"ref", "unique", "ptr"};

	open(j, "{");
	member(j, "kind", describe_kind(s));
	if (s->kind == SHAPE_SCALAR)
		member(j, "base", describe_base(s->base));
	if (s->type && s->type->name)
		member(j, "name", s->type->name);
	if (s->kind == SHAPE_POINTER)
		member(j, "pointer", pointers[s->pointer]);
	if (s->kind == SHAPE_ARRAY)
		dimensions(j, s);
	flag(j, "string", s->is_string);
	if (s->has_range) {
		number(j, "low", s->low);
		number(j, "high", s->high);
	}
	expression(j, "switch_is", s->switch_is);
	if (s->to && s->to->kind != SHAPE_OBJECT) {
		key(j, "of");
		shape(j, s->to);
	} else if (s->to) {
		flag(j, "interface", true);
	}
	close(j, "}");
}

static void
fields(struct json *j, const struct type *t)
{
	key(j, t->kind == TYPE_UNION ? "arms" : "fields");
	open(j, "[");
	for (const struct field *f = t->fields; f; f = f->next) {
		next(j);
		open(j, "{");
		if (f->name)
			member(j, "name", f->name);
		if (f->cases) {
			key(j, "cases");
			open(j, "[");
			for (const struct expr_list *l = f->cases; l; l = l->next) {
				next(j);
				raw(j, compiler_printf(j->e->c, "%lld",
					       l->expr ? (long long)l->expr->value : 0));
			}
			close(j, "]");
		}
		flag(j, "default", f->is_default);
		if (f->shape) {
			key(j, "type");
			shape(j, f->shape);
		}
		close(j, "}");
	}
	close(j, "]");
}

static void
type(struct json *j, const struct type *t)
{
	static const char *const kinds[] = {
		[TYPE_ENUM] = "enum", [TYPE_STRUCT] = "struct", [TYPE_UNION] = "union"};

	next(j);
	raw(j, "\n");
	open(j, "{");
	member(j, "kind", kinds[t->kind]);
	member(j, "name", t->name);
	flag(j, "imported", t->is_imported);
	flag(j, "v1_enum", t->v1_enum);
	if (t->trouble)
		member(j, "cannot_travel", t->trouble->text);
	if (t->is_encapsulated && t->tag_shape) {
		key(j, "switch");
		shape(j, t->tag_shape);
	}
	if (t->kind != TYPE_ENUM) {
		fields(j, t);
	} else {
		key(j, "values");
		open(j, "{");
		for (const struct enumerator *n = t->enumerators; n; n = n->next)
			number(j, n->name, n->value);
		close(j, "}");
	}
	close(j, "}");
}

static void
parameter(struct json *j, const struct field *f)
{
	next(j);
	open(j, "{");
	member(j, "name", f->name);
	flag(j, "in", f->in);
	flag(j, "out", f->out);
	key(j, "type");
	shape(j, f->shape);
	close(j, "}");
}

static void
operation(struct json *j, const struct operation *op)
{
	next(j);
	raw(j, "\n");
	open(j, "{");
	number(j, "opnum", op->opnum);
	member(j, "name", op->name);
	flag(j, "idempotent", op->flags & SP_OP_IDEMPOTENT);
	flag(j, "maybe", op->flags & SP_OP_MAYBE);
	flag(j, "broadcast", op->flags & SP_OP_BROADCAST);
	key(j, "parameters");
	open(j, "[");
	for (const struct field *f = op->params; f; f = f->next)
		parameter(j, f);
	close(j, "]");
	if (op->result) {
		key(j, "result");
		shape(j, op->result->shape);
	}
	close(j, "}");
}

static void
interface(struct json *j, const struct interface *i)
{
	struct decl *cursor = i->decls;
	const struct operation *op;
	char uuid[SP_UUID_TEXT];

	sp_uuid_format(&i->uuid, uuid);
	next(j);
	raw(j, "\n");
	open(j, "{");
	member(j, "name", i->name);
	member(j, "uuid", uuid);
	member(j, "version", compiler_printf(j->e->c, "%u.%u", i->major, i->minor));
	flag(j, "object", i->is_object);
	if (i->base_name)
		member(j, "inherits", i->base_name);
	key(j, "operations");
	open(j, "[");
	while ((op = emit_operation_next(&cursor)))
		operation(j, op);
	close(j, "]");
	close(j, "}");
}

static void
types_of(struct json *j, const struct decl *d)
{
	for (; d; d = d->next) {
		const struct type *t = d->kind == DECL_TYPE ? d->type : NULL;

		if (d->kind == DECL_INTERFACE)
			types_of(j, d->interface->decls);
		if (t && t->kind >= TYPE_ENUM && t->kind <= TYPE_UNION && !t->is_reference &&
			!t->repeats)
			type(j, t);
	}
}

static void
constants_of(struct json *j, const struct decl *d)
{
	for (; d; d = d->next) {
		if (d->kind == DECL_INTERFACE)
			constants_of(j, d->interface->decls);
		if (d->kind == DECL_CONST && !d->is_repeat && d->expr->op != EXPR_STRING &&
			d->expr->op != EXPR_FRACTION)
			number(j, d->name, d->expr->value);
	}
}

static void
tree(struct emitter *e)
{
	struct json j = {e, true};
	struct decl *cursor = e->c->decls;
	const struct interface *i;

	open(&j, "{");
	member(&j, "file", e->file);
	key(&j, "interfaces");
	open(&j, "[");
	while ((i = emit_interface_next(e->c, &cursor)))
		interface(&j, i);
	close(&j, "]");
	key(&j, "types");
	open(&j, "[");
	types_of(&j, e->c->decls);
	close(&j, "]");
	key(&j, "constants");
	open(&j, "{");
	constants_of(&j, e->c->decls);
	close(&j, "}");
	close(&j, "}\n");
}

bool
emit_json(struct compiler *c, const char *stem, const char *file, struct text *ret)
{
	struct emitter e = {c, stem, file, ret, NULL};

	return emit_run(&e, tree);
}
