/* SPDX-License-Identifier: MIT */
/* Types, declarators and attributes. */
#include "idlc/parser.h"

#include <string.h>

static bool
is_one_of(const struct parser *p, const char *const *words)
{
	for (; *words; words++)
		if (parser_is(p, *words))
			return true;
	return false;
}

const struct attr *
attr_find(const struct attr *attr, const char *name)
{
	while (attr && strcmp(attr->name, name) != 0)
		attr = attr->next;
	return attr;
}

/* What stands in the parentheses, as it is written. */
static const char *
raw_argument(struct parser *p)
{
	size_t start = parser_token(p)->at + 1, end;

	parser_skip_parens(p);
	if (p->panic)
		return "";
	end = p->tokens[p->i - 1].at;
	return compiler_strndup(p->c, p->source->text + start, end - start);
}

static void
attr_argument(struct parser *p, struct attr *attr)
{
	static const char *const expressions[] = {"size_is", "max_is", "min_is", "length_is",
		"last_is", "first_is", "switch_is", "range", "case", NULL};
	const char *name = NULL;
	struct pos pos;

	for (const char *const *e = expressions; *e; e++) {
		if (strcmp(attr->name, *e) == 0) {
			attr->args = parse_expr_list(p);
			return;
		}
	}
	if (strcmp(attr->name, "switch_type") != 0 && strcmp(attr->name, "transmit_as") != 0 &&
		strcmp(attr->name, "wire_marshal") != 0) {
		attr->text = raw_argument(p);
		return;
	}
	parser_expect(p, "(");
	attr->type = parse_type(p, NULL);
	if (attr->type)
		attr->type = parse_declarator(p, attr->type, &name, &pos);
	parser_expect(p, ")");
}

static struct attr **
attr_group(struct parser *p, struct attr **tail)
{
	do {
		struct pos pos = parser_pos(p);
		const char *name;

		if (parser_is(p, "]")) /* a comma too many, as some published files have */
			break;
		name = parser_name(p, "an attribute");
		if (!name)
			break;
		*tail = compiler_new(p->c, 1, sizeof(**tail));
		(*tail)->name = name;
		(*tail)->pos = pos;
		if (parser_is(p, "("))
			attr_argument(p, *tail);
		tail = &(*tail)->next;
	} while (!p->panic && parser_take(p, ","));
	parser_expect(p, "]");
	return tail;
}

struct attr *
parse_attrs(struct parser *p)
{
	struct attr *first = NULL, **tail = &first;

	while (!p->panic && parser_take(p, "["))
		tail = attr_group(p, tail);
	return first;
}

struct type *
parse_type_new(struct parser *p, enum type_kind kind)
{
	struct type *t = compiler_new(p->c, 1, sizeof(*t));

	t->kind = kind;
	t->pos = parser_pos(p);
	t->sequence = ++p->c->sequence;
	t->is_imported = p->source->imported;
	return t;
}

static const char *const qualifiers[] = {"const", "volatile", "register", "extern", "static", "far",
	"__far", "__RPC_FAR", "__stdcall", "__cdecl", "_stdcall", "_cdecl", "__pascal", "pascal",
	"callback", "__unaligned", "__RPC_STUB", "__RPC_API", NULL};

static bool
skip_qualifiers(struct parser *p)
{
	bool is_const = false;

	for (; is_one_of(p, qualifiers); p->i++)
		is_const |= parser_is(p, "const");
	return is_const;
}

/* --- struct, union, enum ----------------------------------------------------------------- */

static struct expr_list **
case_labels(struct parser *p, struct field *arm, struct expr_list **tail)
{
	while (!p->panic && (parser_is(p, "case") || parser_is(p, "default"))) {
		if (parser_take(p, "default")) {
			arm->is_default = true;
		} else {
			p->i++;
			*tail = compiler_new(p->c, 1, sizeof(**tail));
			(*tail)->expr = parse_expr(p);
			tail = &(*tail)->next;
		}
		parser_expect(p, ":");
	}
	return tail;
}

static void
arm_attrs(struct field *arm)
{
	const struct attr *labels = attr_find(arm->attrs, "case");

	if (labels && !arm->cases)
		arm->cases = labels->args;
	arm->is_default |= attr_find(arm->attrs, "default") != NULL;
}

static struct field *
field_new(struct parser *p, struct attr *attrs, struct type *type)
{
	struct field *f = compiler_new(p->c, 1, sizeof(*f));

	f->pos = parser_pos(p);
	f->attrs = attrs;
	f->type = type;
	return f;
}

/* One declaration of a struct or union: several names share the type and the attributes. */
static struct field **
fields_one(struct parser *p, struct field **tail, bool is_union)
{
	struct field first = {.pos = parser_pos(p)}, *f;
	struct type *base;

	if (is_union)
		case_labels(p, &first, &first.cases);
	first.attrs = parse_attrs(p);
	if (is_union)
		arm_attrs(&first);
	if (is_union && parser_take(p, ";")) {
		f = compiler_new(p->c, 1, sizeof(*f));
		*f = first;
		*tail = f;
		return &f->next;
	}
	base = parse_type(p, first.attrs);
	do {
		f = field_new(p, first.attrs, base);
		f->cases = first.cases;
		f->is_default = first.is_default;
		if (base && !parser_is(p, ";") && !parser_is(p, ":"))
			f->type = parse_declarator(p, base, &f->name, &f->pos);
		if (parser_take(p, ":"))
			f->bits = parse_expr(p);
		*tail = f;
		tail = &f->next;
	} while (!p->panic && parser_take(p, ","));
	parser_expect(p, ";");
	return tail;
}

static void
fields(struct parser *p, struct type *t)
{
	struct field **tail = &t->fields;

	parser_expect(p, "{");
	while (!p->panic && !parser_is(p, "}"))
		tail = fields_one(p, tail, t->kind == TYPE_UNION);
	parser_expect(p, "}");
}

static void
union_switch(struct parser *p, struct type *t)
{
	struct type *base;

	parser_expect(p, "(");
	base = parse_type(p, NULL);
	t->tag = field_new(p, NULL, base);
	if (base)
		t->tag->type = parse_declarator(p, base, &t->tag->name, &t->tag->pos);
	parser_expect(p, ")");
	t->is_encapsulated = true;
	t->union_name = "tagged_union";
	if (parser_token(p)->kind == TOKEN_NAME)
		t->union_name = parser_name(p, "the union's name");
}

static void
enumerators(struct parser *p, struct type *t)
{
	struct enumerator **tail = &t->enumerators;

	parser_expect(p, "{");
	while (!p->panic && !parser_is(p, "}")) {
		struct enumerator *e = compiler_new(p->c, 1, sizeof(*e));

		parse_attrs(p);
		e->pos = parser_pos(p);
		e->sequence = ++p->c->sequence;
		e->name = parser_name(p, "an enumerator");
		if (parser_take(p, "="))
			e->expr = parse_expr(p);
		if (e->name) {
			*tail = e;
			tail = &e->next;
		}
		if (!parser_take(p, ","))
			break;
	}
	parser_expect(p, "}");
}

static struct type *
tagged_type(struct parser *p, enum type_kind kind, struct attr *attrs)
{
	struct type *t = parse_type_new(p, kind);

	p->i++;
	skip_qualifiers(p);
	if (parser_token(p)->kind == TOKEN_NAME && !parser_is(p, "switch")) {
		t->pos = parser_pos(p);
		t->name = parser_name(p, "a tag");
	}
	if (kind == TYPE_UNION && parser_take(p, "switch"))
		union_switch(p, t);
	t->is_reference = !parser_is(p, "{");
	if (t->is_reference) {
		if (!t->name)
			parser_syntax_error(p, "expected a tag or '{'");
		return t;
	}
	t->attrs = attrs;
	if (kind == TYPE_ENUM)
		enumerators(p, t);
	else
		fields(p, t);
	return t;
}

/* --- base types ------------------------------------------------------------------------------ */

struct words {
	unsigned n_long;
	bool is_unsigned, is_signed, is_const;
	const char *base;
	struct pos first;
};

/* After "unsigned long" there is no other type: what follows is a name, as in `typedef unsigned long error_status_t`. */
static bool
goes_with(const struct parser *p, const struct words *w)
{
	static const char *const sized[] = {"char", "small", "short", "hyper", "int", "__int8",
		"__int16", "__int32", "__int64", "__int3264", NULL};

	if (w->base)
		return parser_is(p, "int") || strcmp(w->base, "int") == 0;
	if (w->n_long)
		return parser_is(p, "int") || parser_is(p, "double");
	return !(w->is_unsigned || w->is_signed) || is_one_of(p, sized);
}

static bool
base_word(struct parser *p, struct words *w)
{
	static const char *const words[] = {"void", "byte", "char", "boolean", "small", "short",
		"hyper", "int", "float", "double", "wchar_t", "error_status_t", "handle_t",
		"__int8", "__int16", "__int32", "__int64", "__int3264", NULL};

	if (parser_take(p, "unsigned"))
		w->is_unsigned = true;
	else if (parser_take(p, "signed"))
		w->is_signed = true;
	else if (parser_take(p, "long"))
		w->n_long++;
	else if (is_one_of(p, qualifiers))
		w->is_const |= skip_qualifiers(p);
	else if (is_one_of(p, words) && goes_with(p, w)) {
		if (!w->base || strcmp(w->base, "int") == 0)
			w->base = parser_text(p);
		p->i++;
	} else {
		return false; /* perhaps the declarator: some files define wchar_t themselves */
	}
	return true;
}

static enum base_type
base_of_words(const struct words *w)
{
	static const struct {
		const char *word;
		enum base_type plain, is_unsigned;
	} bases[] = {{"void", BASE_VOID, BASE_VOID}, {"byte", BASE_BYTE, BASE_BYTE},
		{"char", BASE_CHAR, BASE_UCHAR}, {"boolean", BASE_BOOLEAN, BASE_BOOLEAN},
		{"small", BASE_SMALL, BASE_USMALL}, {"short", BASE_SHORT, BASE_USHORT},
		{"hyper", BASE_HYPER, BASE_UHYPER}, {"int", BASE_LONG, BASE_ULONG},
		{"float", BASE_FLOAT, BASE_FLOAT}, {"double", BASE_DOUBLE, BASE_DOUBLE},
		{"wchar_t", BASE_WCHAR, BASE_WCHAR},
		{"error_status_t", BASE_ERROR_STATUS, BASE_ERROR_STATUS},
		{"handle_t", BASE_HANDLE, BASE_HANDLE}, {"__int8", BASE_SMALL, BASE_USMALL},
		{"__int16", BASE_SHORT, BASE_USHORT}, {"__int32", BASE_LONG, BASE_ULONG},
		{"__int64", BASE_HYPER, BASE_UHYPER}, {"__int3264", BASE_INT3264, BASE_UINT3264}};

	if (w->base && strcmp(w->base, "char") == 0 && w->is_signed)
		return BASE_SMALL;
	for (size_t i = 0; w->base && i < sizeof(bases) / sizeof(*bases); i++)
		if (strcmp(w->base, bases[i].word) == 0 &&
			(w->n_long < 2 || strcmp(w->base, "int") != 0))
			return w->is_unsigned ? bases[i].is_unsigned : bases[i].plain;
	if (w->n_long >= 2)
		return w->is_unsigned ? BASE_UHYPER : BASE_HYPER;
	return w->is_unsigned ? BASE_ULONG : BASE_LONG;
}

static struct type *
base_type(struct parser *p, struct words *w)
{
	struct type *t = parse_type_new(p, TYPE_BASE);

	t->pos = w->first;
	t->base = base_of_words(w);
	return t;
}

static struct type *
pipe_type(struct parser *p)
{
	struct type *t = parse_type_new(p, TYPE_PIPE);

	p->i++;
	t->of = parse_type(p, NULL);
	return t;
}

static struct type *
named_type(struct parser *p)
{
	struct type *t = parse_type_new(p, TYPE_NAME);

	parser_take(p, "interface");
	t->name = parser_name(p, "a type");
	if (t->name && strcmp(t->name, "SAFEARRAY") == 0 && parser_is(p, "("))
		parser_skip_parens(p);
	t->next_use = p->c->uses;
	p->c->uses = t;
	return t->name ? t : NULL;
}

bool
parser_at_type(const struct parser *p)
{
	return parser_token(p)->kind == TOKEN_NAME;
}

static struct type *
type_specifier(struct parser *p, struct attr *attrs)
{
	struct words w = {.first = parser_pos(p)};
	struct type *t;

	w.is_const = skip_qualifiers(p);
	while (base_word(p, &w))
		;
	if (w.base || w.n_long || w.is_unsigned || w.is_signed)
		t = base_type(p, &w);
	else if (parser_is(p, "struct"))
		t = tagged_type(p, TYPE_STRUCT, attrs);
	else if (parser_is(p, "union"))
		t = tagged_type(p, TYPE_UNION, attrs);
	else if (parser_is(p, "enum"))
		t = tagged_type(p, TYPE_ENUM, attrs);
	else if (parser_is(p, "pipe"))
		t = pipe_type(p);
	else
		t = named_type(p);
	w.is_const |= skip_qualifiers(p);
	if (t)
		t->is_const = w.is_const;
	return t;
}

struct type *
parse_type(struct parser *p, struct attr *attrs)
{
	struct type *t;

	if (p->panic || !parser_enter(p))
		return NULL;
	t = type_specifier(p, attrs);
	parser_leave(p);
	return t;
}

/* --- declarators ----------------------------------------------------------------------------- */

static struct type *
array_suffix(struct parser *p, struct type *element)
{
	struct type *t;

	if (p->panic || !parser_is(p, "[") || !parser_enter(p))
		return element;
	t = parse_type_new(p, TYPE_ARRAY);
	p->i++;
	if (!parser_take(p, "*") && !parser_is(p, "]"))
		t->bound = parse_expr(p);
	parser_expect(p, "]");
	t->of = array_suffix(p, element);
	parser_leave(p);
	return t;
}

/* (*name)[4]: what follows the parentheses belongs to what is inside, so it is read first. */
static struct type *
grouped_declarator(struct parser *p, struct type *base, const char **ret_name, struct pos *ret_pos)
{
	size_t inside = p->i + 1, after;

	parser_skip_parens(p);
	if (p->panic)
		return base;
	base = array_suffix(p, base);
	if (parser_is(p, "(")) {
		parser_syntax_error(p, "a pointer to a function cannot travel");
		return base;
	}
	after = p->i;
	p->i = inside;
	base = parse_declarator(p, base, ret_name, ret_pos);
	parser_expect(p, ")");
	p->i = after;
	return base;
}

static struct type *
declarator(struct parser *p, struct type *base, const char **ret_name, struct pos *ret_pos)
{
	skip_qualifiers(p);
	while (!p->panic && parser_is(p, "*")) {
		struct type *pointer = parse_type_new(p, TYPE_POINTER);

		p->i++;
		pointer->of = base;
		pointer->is_const = skip_qualifiers(p);
		base = pointer;
	}
	*ret_pos = parser_pos(p);
	if (parser_is(p, "("))
		return grouped_declarator(p, base, ret_name, ret_pos);
	if (parser_token(p)->kind == TOKEN_NAME)
		*ret_name = parser_name(p, "a name");
	return array_suffix(p, base);
}

struct type *
parse_declarator(struct parser *p, struct type *base, const char **ret_name, struct pos *ret_pos)
{
	if (p->panic || !parser_enter(p))
		return base;
	base = declarator(p, base, ret_name, ret_pos);
	parser_leave(p);
	return base;
}
