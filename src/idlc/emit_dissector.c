/* SPDX-License-Identifier: MIT */
/*
 * STEM.lua: a dissector for Wireshark. What travels goes into tables; what reads and shows it is the same for every
 * interface (dissector.lua) and follows them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sallyport/binding.h>

#include "idlc/emit.h"
#include "idlc/layout.h"
#include "idlc/shape.h"

/* Types in the order in which they were met; those at the end wait for being written. */
struct used {
	struct used *next;
	const struct shape *shape;
};

struct lua {
	struct emitter *e;
	struct used *types, **types_tail, *enums, **enums_tail;
};

static void SP_PRINTF(2, 3) raw(struct lua *l, const char *fmt, ...)
{
	char line[2000];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > 0)
		text_raw(l->e->out, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

static void
use(struct lua *l, struct used *first, struct used ***tail, const struct shape *s)
{
	for (; first; first = first->next)
		if (strcmp(first->shape->type->name, s->type->name) == 0)
			return;
	**tail = compiler_new(l->e->c, 1, sizeof(***tail));
	(**tail)->shape = s;
	*tail = &(**tail)->next;
}

/* --- shapes ------------------------------------------------------------------------------------------- */

static void shape(struct lua *l, const struct shape *s);

static void
scalar(struct lua *l, const struct shape *s)
{
	static const char *const names[BASE_N] = {[BASE_BYTE] = "u8",
		[BASE_CHAR] = "char",
		[BASE_UCHAR] = "u8",
		[BASE_BOOLEAN] = "u8",
		[BASE_SMALL] = "i8",
		[BASE_USMALL] = "u8",
		[BASE_SHORT] = "i16",
		[BASE_USHORT] = "u16",
		[BASE_LONG] = "i32",
		[BASE_ULONG] = "u32",
		[BASE_HYPER] = "i64",
		[BASE_UHYPER] = "u64",
		[BASE_INT3264] = "i3264",
		[BASE_UINT3264] = "u3264",
		[BASE_FLOAT] = "f32",
		[BASE_DOUBLE] = "f64",
		[BASE_WCHAR] = "wchar",
		[BASE_ERROR_STATUS] = "status"};

	if (s->type && s->type->kind == TYPE_ENUM) {
		use(l, l->enums, &l->enums_tail, s);
		raw(l, "{\"enum\", \"%s\"}", s->type->name);
	} else {
		raw(l, "{\"%s\"}", names[s->base]);
	}
}

static void
array(struct lua *l, const struct shape *s)
{
	raw(l, "{\"array\", ");
	shape(l, s->to);
	raw(l, "%s%s%s, dims = {", shape_is_conformant(s) ? ", open = true" : "",
		shape_is_varying(s) ? ", varying = true" : "",
		s->is_string && s->n_dimensions == 1 ? ", string = true" : "");
	for (unsigned i = 0; i < s->n_dimensions; i++)
		raw(l, "%s{bound = %llu}", i ? ", " : "",
			(unsigned long long)s->dimensions[i].bound);
	raw(l, "}}");
}

static void
pointer(struct lua *l, const struct shape *s)
{
	static const char *const words[] = {"ref", "unique", "full"};

	raw(l, "{\"ptr\", \"%s\", ", words[s->pointer]);
	shape(l, s->to);
	raw(l, "}");
}

static void
shape(struct lua *l, const struct shape *s)
{
	switch (s->kind) {
	case SHAPE_SCALAR: scalar(l, s); break;
	case SHAPE_ENUM16:
		use(l, l->enums, &l->enums_tail, s);
		raw(l, "{\"enum16\", \"%s\"}", s->type->name);
		break;
	case SHAPE_UUID: raw(l, "{\"uuid\"}"); break;
	case SHAPE_CONTEXT: raw(l, "{\"context\"}"); break;
	case SHAPE_STRUCT:
	case SHAPE_UNION:
		use(l, l->types, &l->types_tail, s);
		raw(l, "{\"%s\", \"%s\"}",
			s->kind == SHAPE_UNION || s->type->is_encapsulated ? "union" : "struct",
			s->type->name);
		break;
	case SHAPE_POINTER: pointer(l, s); break;
	case SHAPE_ARRAY: array(l, s); break;
	case SHAPE_UTF8:
	case SHAPE_CONVERTED: shape(l, s->to); break;
	case SHAPE_OBJECT: raw(l, "{\"object\"}"); break;
	case SHAPE_PIPE:
		raw(l, "{\"pipe\", ");
		shape(l, s->to);
		raw(l, "}");
		break;
	default: raw(l, "{\"ignored\"}"); break;
	}
}

/* --- types -------------------------------------------------------------------------------------------- */

static void
field(struct lua *l, const char *name, const struct shape *s)
{
	raw(l, "{\"%s\"", name ? name : "");
	if (s) {
		raw(l, ", ");
		shape(l, s);
	}
	raw(l, "}");
}

static bool
ends_varying(const struct type *t)
{
	const struct field *f = t->fields;

	while (f && f->next)
		f = f->next;
	return f && shape_is_varying(f->shape);
}

static void
fields(struct lua *l, const struct field *f, const char *indent)
{
	for (; f; f = f->next) {
		raw(l, "%s\t", indent);
		field(l, f->name, f->shape);
		raw(l, ",\n");
	}
}

static void
cases(struct lua *l, const struct type *t)
{
	unsigned n = 0;

	raw(l, "\t\tcases = {");
	for (const struct field *f = t->fields; f; f = f->next) {
		n++;
		for (const struct expr_list *x = f->cases; x && !f->is_default; x = x->next)
			raw(l, "[%lld] = %u, ", (long long)x->expr->value, n);
	}
	raw(l, "},\n");
	n = 0;
	for (const struct field *f = t->fields; f; f = f->next) {
		n++;
		if (f->is_default)
			raw(l, "\t\tdefault = %u,\n", n);
	}
}

/* The tag, then the arm where marshal_type.c has it. */
static void
arms(struct lua *l, const struct shape *s)
{
	const struct type *t = s->type;
	struct layout whole = layout_of(l->e->c, s), tag = layout_of(l->e->c, t->tag_shape);
	unsigned alignment = t->ms_union && whole.alignment > tag.alignment ? whole.alignment : 1;

	raw(l, "\t\ttag = ");
	field(l, t->tag ? t->tag->name : "tag", t->tag_shape);
	raw(l, ",\n\t\tarm_align = {%u, %u},\n", alignment, whole.alignment64);
	if (t->ms_union)
		raw(l, "\t\telement_align = %u,\n", whole.alignment);
	cases(l, t);
}

static void
type(struct lua *l, const struct shape *s)
{
	const struct type *t = s->type;
	struct layout whole = layout_of(l->e->c, s);

	raw(l, "\t[\"%s\"] = {\n\t\talign = {%u, %u},\n", t->name,
		t->ms_union && s->kind == SHAPE_UNION ? 1 : whole.alignment, whole.alignment64);
	if (s->kind == SHAPE_UNION || t->is_encapsulated)
		arms(l, s);
	else if (whole.is_conformant)
		raw(l, "\t\tconformant = true,\n");
	else if (ends_varying(t))
		raw(l, "\t\tends_varying = true,\n");
	raw(l, "\t\tfields = {\n");
	fields(l, t->fields, "\t\t");
	raw(l, "\t\t},\n\t},\n");
}

static void
enumeration(struct lua *l, const struct type *t)
{
	raw(l, "\t[\"%s\"] = {", t->name);
	for (const struct enumerator *n = t->enumerators; n; n = n->next)
		raw(l, "[%lld] = \"%s\", ", (long long)n->value, n->name);
	raw(l, "},\n");
}

/* --- interfaces --------------------------------------------------------------------------------------- */

/* Pipes travel behind what goes in, and in front of what comes out. */
static void
parameters_of(struct lua *l, const struct operation *op, bool out, bool pipes)
{
	for (const struct field *f = op->params; f; f = f->next) {
		if (!(out ? f->out : f->in) || is_pipe(f) != pipes)
			continue;
		raw(l, "\t\t\t\t\t");
		field(l, f->name, f->shape);
		raw(l, ",\n");
	}
}

static void
parameters(struct lua *l, const struct operation *op, bool out)
{
	raw(l, "\t\t\t\t%s = {\n", out ? "reply" : "request");
	parameters_of(l, op, out, out);
	parameters_of(l, op, out, !out);
	if (out && op->result) {
		raw(l, "\t\t\t\t\t");
		field(l, "result", op->result->shape);
		raw(l, ",\n");
	}
	raw(l, "\t\t\t\t},\n");
}

static void
interface(struct lua *l, const struct interface *i)
{
	struct decl *cursor = i->decls;
	const struct operation *op;
	char uuid[SP_UUID_TEXT];

	sp_uuid_format(&i->uuid, uuid);
	raw(l, "\t{\n\t\tname = \"%s\",\n\t\tuuid = \"%s\",\n\t\tmajor = %u,\n", i->name, uuid,
		i->major);
	if (i->is_object)
		raw(l, "\t\tis_object = true,\n");
	raw(l, "\t\toperations = {\n");
	while ((op = emit_operation_next(&cursor))) {
		raw(l, "\t\t\t[%u] = {\n\t\t\t\tname = \"%s\",\n", op->opnum, op->name);
		parameters(l, op, false);
		parameters(l, op, true);
		raw(l, "\t\t\t},\n");
	}
	raw(l, "\t\t},\n\t},\n");
}

static void
dissector(struct emitter *e)
{
	struct lua l = {.e = e};
	struct decl *cursor = e->c->decls;
	const struct interface *i;

	l.types_tail = &l.types;
	l.enums_tail = &l.enums;
	raw(&l, "-- Made by sallyport-idl from %s: do not edit. A dissector for Wireshark:\n",
		e->file);
	raw(&l, "--   wireshark -X lua_script:%s.lua\n", e->stem);
	raw(&l, "local stem = \"%s\"\n\nlocal interfaces = {\n", e->stem);
	while ((i = emit_interface_next(e->c, &cursor)))
		interface(&l, i);
	raw(&l, "}\n\nlocal types = {\n");
	for (const struct used *u = l.types; u; u = u->next) /* grows meanwhile */
		type(&l, u->shape);
	raw(&l, "}\n\nlocal enums = {\n");
	for (const struct used *u = l.enums; u; u = u->next)
		enumeration(&l, u->shape->type);
	raw(&l, "}\n\n");
	text_raw(e->out, dissector_lua, dissector_lua_len);
}

bool
emit_dissector(struct compiler *c, const char *stem, const char *file, struct text *ret)
{
	struct emitter e = {c, stem, file, ret, NULL};

	return emit_run(&e, dissector);
}
