/* SPDX-License-Identifier: MIT */
#include "idlc/describe.h"

#include <string.h>

#include "idlc/parser.h"
#include "idlc/shape.h"

static const char *const pointers[] = {"reference", "unique pointer", "full pointer"};

static const char *
operand(struct compiler *c, const struct expr *e)
{
	const char *text = describe_expr(c, e);

	return e->op == EXPR_BINARY || e->op == EXPR_CONDITION ? compiler_printf(c, "(%s)", text)
							       : text;
}

const char *
describe_expr(struct compiler *c, const struct expr *e)
{
	static const char *const signs[] = {[EXPR_DEREF] = "*",
		[EXPR_ADDRESS] = "&",
		[EXPR_NEGATE] = "-",
		[EXPR_PLUS] = "+",
		[EXPR_NOT] = "!",
		[EXPR_COMPLEMENT] = "~"};

	switch (e->op) {
	case EXPR_NAME:
	case EXPR_FRACTION:
	case EXPR_STRING: return e->text;
	case EXPR_DEREF:
	case EXPR_ADDRESS:
	case EXPR_NEGATE:
	case EXPR_PLUS:
	case EXPR_NOT:
	case EXPR_COMPLEMENT: return compiler_printf(c, "%s%s", signs[e->op], operand(c, e->a));
	case EXPR_BINARY:
		return compiler_printf(c, "%s %s %s", operand(c, e->a), e->text, operand(c, e->b));
	case EXPR_CONDITION:
		return compiler_printf(
			c, "%s ? %s : %s", operand(c, e->a), operand(c, e->b), operand(c, e->c));
	case EXPR_CAST: return operand(c, e->a);
	default: return compiler_printf(c, "%lld", (long long)e->value);
	}
}

const char *
describe_kind(const struct shape *s)
{
	static const char *const names[] = {[SHAPE_SCALAR] = "scalar",
		[SHAPE_ENUM16] = "enum",
		[SHAPE_UUID] = "uuid",
		[SHAPE_CONTEXT] = "context_handle",
		[SHAPE_STRUCT] = "struct",
		[SHAPE_UNION] = "union",
		[SHAPE_POINTER] = "pointer",
		[SHAPE_ARRAY] = "array",
		[SHAPE_OBJECT] = "interface",
		[SHAPE_UTF8] = "utf8",
		[SHAPE_CONVERTED] = "converted",
		[SHAPE_PIPE] = "pipe",
		[SHAPE_IGNORED] = "ignored",
		[SHAPE_VOID] = "void",
		[SHAPE_HANDLE] = "handle"};

	return names[s->kind];
}

const char *
describe_base(enum base_type base)
{
	static const char *const names[BASE_N] = {[BASE_VOID] = "void",
		[BASE_BYTE] = "byte",
		[BASE_CHAR] = "char",
		[BASE_UCHAR] = "unsigned char",
		[BASE_BOOLEAN] = "boolean",
		[BASE_SMALL] = "small",
		[BASE_USMALL] = "unsigned small",
		[BASE_SHORT] = "short",
		[BASE_USHORT] = "unsigned short",
		[BASE_LONG] = "long",
		[BASE_ULONG] = "unsigned long",
		[BASE_HYPER] = "hyper",
		[BASE_UHYPER] = "unsigned hyper",
		[BASE_INT3264] = "__int3264",
		[BASE_UINT3264] = "unsigned __int3264",
		[BASE_FLOAT] = "float",
		[BASE_DOUBLE] = "double",
		[BASE_WCHAR] = "wchar_t",
		[BASE_ERROR_STATUS] = "error_status_t",
		[BASE_HANDLE] = "handle_t",
		[BASE_UUID] = "uuid_t"};

	return names[base];
}

static const char *
describe_array(struct compiler *c, const struct shape *s)
{
	const char *counts = "";

	for (unsigned i = 0; i < s->n_dimensions; i++) {
		const struct dimension *d = &s->dimensions[i];

		if (d->size)
			counts = compiler_printf(c, "%s[%s%s]", counts, describe_expr(c, d->size),
				d->size_is_max ? " + 1" : "");
		else if (d->bound)
			counts = compiler_printf(
				c, "%s[%llu]", counts, (unsigned long long)d->bound);
	}
	return compiler_printf(c, "%s%s%s of %s", s->is_string ? "string" : "array",
		*counts ? " " : "", counts, describe_shape(c, s->to));
}

const char *
describe_shape(struct compiler *c, const struct shape *s)
{
	switch (s->kind) {
	case SHAPE_SCALAR: return s->type ? s->c_name : describe_base(s->base);
	case SHAPE_ENUM16:
	case SHAPE_STRUCT:
	case SHAPE_UNION: return s->c_name;
	case SHAPE_POINTER:
		if (s->to->kind == SHAPE_OBJECT)
			return "interface pointer";
		return compiler_printf(
			c, "%s to %s", pointers[s->pointer], describe_shape(c, s->to));
	case SHAPE_ARRAY: return describe_array(c, s);
	case SHAPE_UTF8: return compiler_printf(c, "%s, in UTF-8", describe_shape(c, s->to));
	case SHAPE_CONVERTED:
		return compiler_printf(
			c, "%s, which travels as %s", s->c_name, describe_shape(c, s->to));
	case SHAPE_PIPE: return compiler_printf(c, "pipe of %s", describe_shape(c, s->to));
	case SHAPE_UUID: return "uuid_t";
	case SHAPE_CONTEXT: return s->type ? s->type->name : "context handle";
	default: return describe_kind(s);
	}
}

const char *
describe_direction(const struct field *f)
{
	return f->in && f->out ? "in, out" : f->out ? "out" : "in";
}

const char *
describe_help(struct compiler *c, const struct attr *attrs)
{
	const struct attr *help = attr_find(attrs, "helpstring");
	const char *text = help && help->text ? strchr(help->text, '"') : NULL, *end;

	end = text ? strrchr(text, '"') : NULL;
	return text && end > text ? compiler_strndup(c, text + 1, (size_t)(end - text - 1)) : "";
}
