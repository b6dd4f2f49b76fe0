/* SPDX-License-Identifier: MIT */
/*
 * A type by itself is marshalled as a parameter would be: a pointer type as a pointer with its kind, any other type as what a
 * reference pointer points to, so that a conformant struct finds its room.
 */
#include "idlc/serialize.h"

#include <string.h>

#include "idlc/diagnostic.h"
#include "idlc/layout.h"
#include "idlc/marshal.h"
#include "idlc/parser.h"
#include "idlc/shape.h"
#include "idlc/travel.h"

/* --- checking --- */

static bool
is_whole(const struct shape *s)
{
	switch (s->kind) {
	case SHAPE_SCALAR:
	case SHAPE_ENUM16:
	case SHAPE_UUID:
	case SHAPE_STRUCT:
	case SHAPE_POINTER: return true;
	default: return false;
	}
}

static bool
asks(const struct type *t, const struct interface *i, const char *name)
{
	return attr_find(t->attrs, name) || (i && attr_find(i->attrs, name));
}

/* An interface means those of its types that can; a type that is named must. */
void
serialize_check(struct compiler *c, struct decl *d, struct interface *i)
{
	const struct place_of_type place = {i, .is_parameter = false};
	struct type *t = d->kind == DECL_TYPE && d->type->kind == TYPE_ALIAS ? d->type : NULL;
	bool encode = t && asks(t, i, "encode"), decode = t && asks(t, i, "decode");
	bool by_name = t && (asks(t, NULL, "encode") || asks(t, NULL, "decode"));
	struct field *f;

	if ((!encode && !decode) || t->repeats)
		return;
	f = compiler_new(c, 1, sizeof(*f));
	*f = (struct field){.name = t->name, .pos = t->pos, .type = t, .in = encode, .out = decode};
	if (by_name || !t->of->trouble)
		f->shape = shape_of(c, t, NULL, &place);
	if (f->shape && !is_whole(f->shape)) {
		if (by_name && f->shape->kind == SHAPE_CONVERTED)
			error_at(c, t->pos,
				"'%s' is converted and cannot be encoded by itself; a struct that "
				"holds it can",
				t->name);
		else if (by_name)
			error_at(c, t->pos,
				"'%s' cannot be encoded by itself: what it holds depends on "
				"something "
				"beside it",
				t->name);
		return;
	}
	if (f->shape && (!by_name || travel_check(c, f)))
		t->serial = f;
}

/* --- walking --- */

struct serialize_cursor
serialize_start(struct compiler *c)
{
	return (struct serialize_cursor){c->decls, NULL};
}

static struct type *
serial_of(const struct decl *d)
{
	return d->kind == DECL_TYPE && d->type->serial ? d->type : NULL;
}

struct type *
serialize_next(struct serialize_cursor *at)
{
	struct type *found = NULL;

	while (!found && (at->inner || at->outer)) {
		if (at->inner) {
			found = serial_of(at->inner);
			at->inner = at->inner->next;
			continue;
		}
		found = serial_of(at->outer);
		at->inner = at->outer->interface ? at->outer->interface->decls : NULL;
		at->outer = at->outer->next;
	}
	return found;
}

/* --- emitting --- */

static bool
is_pointer(const struct field *f)
{
	return f->shape->kind == SHAPE_POINTER;
}

static const char *
encode_signature(struct emitter *e, const struct field *f)
{
	const char *value = is_pointer(f) ? "%s value" : "const %s *value";

	value = compiler_printf(e->c, value, f->name);
	return compiler_printf(e->c, "%s_encode(sp_encoder *encoder, %s, struct sp_error *reterr)",
		f->name, value);
}

static const char *
decode_signature(struct emitter *e, const struct field *f)
{
	return compiler_printf(e->c,
		"%s_decode(sp_decoder *decoder, %s %sret, struct sp_error *reterr)", f->name,
		f->name, is_pointer(f) ? "*" : "**");
}

void
serialize_face(struct emitter *e)
{
	struct serialize_cursor cursor = serialize_start(e->c);
	const struct type *t = serialize_next(&cursor);

	if (!t)
		return;
	text_blank(e->out);
	text_line(e->out, "/* --- types by themselves, see <sallyport/serialize.h> --- */");
	text_blank(e->out);
	for (; t; t = serialize_next(&cursor)) {
		if (t->serial->in)
			text_line(e->out, "sp_status %s;", encode_signature(e, t->serial));
		if (t->serial->out)
			text_line(e->out, "sp_status %s;", decode_signature(e, t->serial));
	}
}

static void
mover(struct marshal *m, const struct field *f, bool is_pull)
{
	const char *verb = is_pull ? "pull" : "push", *end = is_pull ? "slot" : "value";
	struct scope scope = {.stem = f->name, .type = "", .argument = "NULL", .field = f};
	const struct shape *s = f->shape;
	bool is_ref = is_pointer(f) && s->pointer == POINTER_REF;

	m->out = &m->operations;
	text_blank(m->out);
	text_line(m->out, "static void");
	text_line(m->out, "%s_whole_%s(struct sp_%s *%s, %svoid *%s)", verb, f->name, verb, verb,
		is_pull ? "" : "const ", end);
	text_open(m->out, "{");
	if (is_pointer(f) && !is_ref && is_pull)
		marshal_pull(m, s, "*slot", &scope);
	else if (is_pointer(f) && !is_ref)
		marshal_push(m, s, "value", &scope);
	else
		text_line(m->out, "%s(%s, %s, NULL);",
			marshal_referent(m, is_pull, is_ref ? s->to : s, &scope), verb, end);
	if (is_pointer(f) || layout_of(m->c, s).has_pointers)
		text_line(m->out, "sp_%s_deferred(%s);", verb, verb);
	text_close(m->out, "}");
}

static bool
is_primitive(const struct shape *s)
{
	return s->kind == SHAPE_SCALAR || s->kind == SHAPE_ENUM16;
}

static void
description(struct marshal *m, const struct field *f)
{
	text_blank(m->out);
	text_open(m->out, "static const struct sp_serialized_type whole_%s = {", f->name);
	text_line(m->out, ".name = \"%s\",", f->name);
	if (is_primitive(f->shape))
		text_line(m->out, ".is_primitive = true,");
	if (f->in)
		text_line(m->out, ".push = push_whole_%s,", f->name);
	if (f->out)
		text_line(m->out, ".pull = pull_whole_%s,", f->name);
	text_close(m->out, "};");
}

static void
function(struct marshal *m, const char *signature, const char *statement)
{
	text_blank(m->out);
	text_line(m->out, "sp_status");
	text_line(m->out, "%s", signature);
	text_open(m->out, "{");
	text_line(m->out, "%s", statement);
	text_close(m->out, "}");
}

void
serialize_functions(struct emitter *e, struct marshal *m)
{
	struct serialize_cursor cursor = serialize_start(e->c);
	const struct type *t;

	while ((t = serialize_next(&cursor))) {
		const struct field *f = t->serial;

		if (f->in)
			mover(m, f, false);
		if (f->out)
			mover(m, f, true);
		description(m, f);
		if (f->in)
			function(m, encode_signature(e, f),
				compiler_printf(e->c,
					"return sp_encode(encoder, &whole_%s, value, reterr);",
					f->name));
		if (f->out)
			function(m, decode_signature(e, f),
				compiler_printf(e->c,
					"return sp_decode(decoder, &whole_%s, ret, reterr);",
					f->name));
	}
}
