/* SPDX-License-Identifier: MIT */
/* Declarations: files, interfaces, operations. */
#include "idlc/parser.h"

#include <string.h>

/* --- tokens ---------------------------------------------------------------------------------- */

const struct token *
parser_token(const struct parser *p)
{
	return &p->tokens[p->i < p->n ? p->i : p->n];
}

struct pos
parser_pos(const struct parser *p)
{
	return (struct pos){p->source, parser_token(p)->at};
}

bool
parser_is_next(const struct parser *p, size_t ahead, const char *text)
{
	const struct token *t = &p->tokens[p->i + ahead < p->n ? p->i + ahead : p->n];

	return t->len == strlen(text) && memcmp(p->source->text + t->at, text, t->len) == 0;
}

bool
parser_is(const struct parser *p, const char *text)
{
	return parser_is_next(p, 0, text);
}

bool
parser_take(struct parser *p, const char *text)
{
	if (p->panic || !parser_is(p, text))
		return false;
	p->i++;
	return true;
}

void
parser_syntax_error(struct parser *p, const char *what)
{
	const struct token *t = parser_token(p);
	int len = t->len < 40 ? (int)t->len : 40;

	if (p->panic)
		return;
	p->panic = true;
	p->c->has_syntax_errors = true;
	if (t->kind == TOKEN_END)
		error_at(p->c, parser_pos(p), "%s, but the file ends", what);
	else if (t->kind == TOKEN_BAD)
		error_at(p->c, parser_pos(p), "%s: this is no IDL", what);
	else
		error_at(p->c, parser_pos(p), "%s at '%.*s'", what, len, p->source->text + t->at);
}

void
parser_expect(struct parser *p, const char *text)
{
	char what[32];

	if (p->panic || parser_take(p, text))
		return;
	snprintf(what, sizeof(what), "expected '%s'", text);
	parser_syntax_error(p, what);
}

const char *
parser_text(struct parser *p)
{
	const struct token *t = parser_token(p);

	return compiler_strndup(p->c, p->source->text + t->at, t->len);
}

const char *
parser_name(struct parser *p, const char *what)
{
	const char *name;
	char text[64];

	if (p->panic)
		return NULL;
	if (parser_token(p)->kind != TOKEN_NAME) {
		snprintf(text, sizeof(text), "expected %s", what);
		parser_syntax_error(p, text);
		return NULL;
	}
	name = parser_text(p);
	p->i++;
	return name;
}

bool
parser_enter(struct parser *p)
{
	if (p->depth == COMPILER_MAX_DEPTH) {
		parser_syntax_error(p, "nested too deeply");
		return false;
	}
	p->depth++;
	return true;
}

void
parser_leave(struct parser *p)
{
	p->depth--;
}

void
parser_skip_parens(struct parser *p)
{
	size_t open = 0;

	for (; p->i < p->n; p->i++) {
		if (parser_is(p, "("))
			open++;
		if (parser_is(p, ")") && --open == 0) {
			p->i++;
			return;
		}
	}
	parser_syntax_error(p, "expected ')'");
}

static void
skip_braces(struct parser *p)
{
	size_t open = 0;

	for (; p->i < p->n; p->i++) {
		if (parser_is(p, "{"))
			open++;
		if (parser_is(p, "}") && open-- <= 1) {
			p->i++;
			return;
		}
	}
}

/* After an error: behind the ';' that ends the declaration from `start`, or before the '}' of its block. */
static void
recover(struct parser *p, size_t start)
{
	size_t open = 0, failed = p->i;

	p->panic = false;
	for (p->i = start; p->i < p->n; p->i++) {
		if (parser_is(p, "{"))
			open++;
		if (parser_is(p, "}") && open-- == 0)
			return;
		if (p->i >= failed && parser_is(p, ";") && open == 0) {
			p->i++;
			return;
		}
	}
}

/* --- declarations ---------------------------------------------------------------------------- */

static struct decl *
decl_add(struct parser *p, enum decl_kind kind, struct pos pos)
{
	struct decl *d = compiler_new(p->c, 1, sizeof(*d));

	d->kind = kind;
	d->pos = pos;
	d->sequence = ++p->c->sequence;
	d->is_imported = p->source->imported;
	**p->tail = d;
	*p->tail = &d->next;
	return d;
}

/* Beside the importing file first, then along the search path. */
static struct source *
import_find(struct parser *p, const char *name, bool *ret_known)
{
	const char *slash = strrchr(p->source->path, '/'), *path;
	int len = slash ? (int)(slash - p->source->path + 1) : 0;
	struct source *source;

	*ret_known = false;
	for (size_t i = 0; i <= p->c->n_import_paths; i++) {
		if (i == 0)
			path = compiler_printf(
				p->c, "%.*s%s", *name == '/' ? 0 : len, p->source->path, name);
		else
			path = compiler_printf(p->c, "%s/%s", p->c->import_paths[i - 1], name);
		*ret_known = source_is_known(p->c, path);
		if (*ret_known)
			return NULL;
		source = source_open(p->c, path, true);
		if (source)
			return source;
	}
	return NULL;
}

/* A header that is imported stands for the definitions that it is made from. */
static struct source *
import_open(struct parser *p, const char *name, bool *ret_known)
{
	struct source *source = import_find(p, name, ret_known);
	size_t len = strlen(name);

	if (source || *ret_known || len < 3 || strcmp(name + len - 2, ".h") != 0)
		return source;
	return import_find(p, compiler_printf(p->c, "%.*s.idl", (int)len - 2, name), ret_known);
}

static const char *
header_name(struct parser *p, const char *file)
{
	const char *slash = strrchr(file, '/'), *dot;

	file = slash ? slash + 1 : file;
	dot = strrchr(file, '.');
	return compiler_printf(p->c, "%.*s.h", dot ? (int)(dot - file) : (int)strlen(file), file);
}

static void
import_one(struct parser *p, struct pos pos, const char *name)
{
	struct source *source;
	bool known;

	decl_add(p, DECL_IMPORT, pos)->name = header_name(p, name);
	if (p->import_depth == COMPILER_MAX_DEPTH) {
		error_at(p->c, pos, "imports are nested too deeply");
		return;
	}
	source = import_open(p, name, &known);
	if (source)
		parse_file(p->c, source, p->import_depth + 1);
	else if (!known)
		error_at(p->c, pos, "cannot find \"%s\" to import", name);
}

static void
import(struct parser *p)
{
	do {
		const struct token *t = parser_token(p);
		struct pos pos = parser_pos(p);

		if (t->kind != TOKEN_STRING) {
			parser_syntax_error(p, "expected a file's name in quotes");
			break;
		}
		p->i++;
		import_one(p, pos, lex_string(p->c, p->source->text + t->at, t->len));
	} while (parser_take(p, ","));
	parser_expect(p, ";");
}

static void
quote(struct parser *p)
{
	struct decl *d = decl_add(p, DECL_QUOTE, parser_pos(p));
	const char *text = "";

	parser_expect(p, "(");
	while (!p->panic && parser_token(p)->kind == TOKEN_STRING) {
		const struct token *t = parser_token(p);

		text = compiler_printf(
			p->c, "%s%s", text, lex_string(p->c, p->source->text + t->at, t->len));
		p->i++;
	}
	d->name = text;
	parser_expect(p, ")");
	parser_take(p, ";");
}

/* From the sign on: `= 5`. */
static void
constant_value_of(struct parser *p, struct type *type, const char *name, struct pos pos)
{
	struct decl *d;

	parser_expect(p, "=");
	if (p->panic)
		return;
	d = decl_add(p, DECL_CONST, pos);
	d->name = name;
	d->type = type;
	d->expr = parse_expr(p);
}

static void
constant(struct parser *p)
{
	struct type *base = parse_type(p, NULL);

	do {
		struct pos pos = parser_pos(p);
		const char *name = NULL;
		struct type *type = parse_declarator(p, base, &name, &pos);

		if (!name) {
			parser_syntax_error(p, "expected a constant's name");
			return;
		}
		constant_value_of(p, type, name, pos);
	} while (!p->panic && parser_take(p, ","));
	parser_expect(p, ";");
}

static void
type_definition(struct parser *p)
{
	struct attr *attrs = parse_attrs(p);
	struct pos pos = parser_pos(p);
	struct type *base = parse_type(p, attrs);

	if (base && base->kind != TYPE_NAME && base->kind != TYPE_BASE)
		decl_add(p, DECL_TYPE, pos)->type = base;
	do {
		struct type *alias = parse_type_new(p, TYPE_ALIAS);

		if (!base)
			break;
		alias->of = parse_declarator(p, base, &alias->name, &alias->pos);
		alias->attrs = attrs;
		if (!alias->name)
			parser_syntax_error(p, "expected the new type's name");
		else
			decl_add(p, DECL_TYPE, alias->pos)->type = alias;
	} while (!p->panic && parser_take(p, ","));
	parser_expect(p, ";");
}

static struct field **
parameter(struct parser *p, struct field **tail, unsigned number)
{
	struct field *f = compiler_new(p->c, 1, sizeof(*f));
	struct type *base;

	f->attrs = parse_attrs(p);
	f->pos = parser_pos(p);
	base = parse_type(p, NULL);
	if (!base)
		return tail;
	f->type = parse_declarator(p, base, &f->name, &f->pos);
	if (!f->name && f->type->kind == TYPE_BASE && f->type->base == BASE_VOID)
		return tail;
	if (!f->name)
		f->name = compiler_printf(p->c, "param_%u", number);
	*tail = f;
	return &f->next;
}

/* A property has up to three operations, which C tells apart as COM does. */
static const char *
operation_name(struct parser *p, const struct attr *attrs, const char *name)
{
	static const char *const kinds[][2] = {
		{"propget", "get"}, {"propput", "put"}, {"propputref", "putref"}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (attr_find(attrs, kinds[i][0]))
			return compiler_printf(p->c, "%s_%s", kinds[i][1], name);
	return name;
}

static void
operation(struct parser *p, struct attr *attrs, struct type *type, const char *name, struct pos pos)
{
	struct operation *op = compiler_new(p->c, 1, sizeof(*op));
	struct field **tail = &op->params;
	unsigned number = 0;

	op->name = operation_name(p, attrs, name);
	op->pos = pos;
	op->attrs = attrs;
	op->type = type;
	parser_expect(p, "(");
	if (!parser_is(p, ")")) {
		do
			tail = parameter(p, tail, number++);
		while (!p->panic && parser_take(p, ","));
	}
	parser_expect(p, ")");
	parser_take(p, "const");
	parser_expect(p, ";");
	if (!p->panic)
		decl_add(p, DECL_OPERATION, pos)->operation = op;
}

/* A type on its own, or an operation. */
static void
type_or_operation(struct parser *p, struct attr *attrs)
{
	struct pos pos = parser_pos(p);
	struct type *type = parse_type(p, attrs);
	const char *name = NULL;

	if (!type)
		return;
	if (type->kind >= TYPE_ENUM && type->kind <= TYPE_UNION && !type->is_reference)
		decl_add(p, DECL_TYPE, pos)->type = type;
	if (type->kind >= TYPE_ENUM && type->kind <= TYPE_UNION && parser_take(p, ";"))
		return;
	type = parse_declarator(p, type, &name, &pos);
	if (name && parser_is(p, "=") &&
		(type->is_const ||
			(type->kind == TYPE_ARRAY && type->of->is_const))) { /* int const x = 1; */
		constant_value_of(p, type, name, pos);
		parser_expect(p, ";");
		return;
	}
	if (!name)
		parser_syntax_error(p, "expected an operation's name");
	else
		operation(p, attrs, type, name, pos);
}

static void interface(struct parser *p, struct attr *attrs);

static const char *const no_wire[] = {"dispinterface", "coclass", "module", "importlib", NULL};

/* midl_pragma warning(disable: 2400) */
static bool
skip_pragma(struct parser *p)
{
	if (!parser_take(p, "midl_pragma") && !parser_take(p, "_midl_pragma"))
		return false;
	while (p->i < p->n && !parser_is(p, "(") && !parser_is(p, ";") && !parser_is(p, "{"))
		p->i++;
	if (parser_is(p, "("))
		parser_skip_parens(p);
	parser_take(p, ";");
	return true;
}

/* Blocks of type libraries, which have no wire of their own. */
static bool
skip_no_wire(struct parser *p)
{
	for (const char *const *word = no_wire; *word; word++) {
		if (!parser_is(p, *word))
			continue;
		while (p->i < p->n && !parser_is(p, "{") && !parser_is(p, ";") &&
			!parser_is(p, "}"))
			p->i += 1;
		if (parser_is(p, "{"))
			skip_braces(p);
		parser_take(p, ";");
		return true;
	}
	return false;
}

static void declarations(struct parser *p, bool in_braces);

/* What a type library holds stands as if it were outside. */
static void
library(struct parser *p)
{
	unsigned depth = p->depth;

	parser_name(p, "the library's name");
	parser_expect(p, "{");
	if (p->panic)
		return;
	declarations(p, true);
	p->depth = depth;
	parser_expect(p, "}");
	parser_take(p, ";");
}

static void
declaration(struct parser *p)
{
	struct attr *attrs;

	if (parser_take(p, ";"))
		return;
	if (parser_take(p, "import"))
		return import(p);
	if (parser_take(p, "cpp_quote"))
		return quote(p);
	if (parser_is(p, "const") && parser_take(p, "const"))
		return constant(p);
	if (parser_take(p, "typedef"))
		return type_definition(p);
	attrs = parse_attrs(p);
	if (p->panic || skip_no_wire(p) || skip_pragma(p))
		return;
	if (parser_take(p, "typedef"))
		return type_definition(p);
	if (parser_is(p, "interface") && !parser_is_next(p, 2, "*")) {
		p->i++;
		return interface(p, attrs);
	}
	if (parser_take(p, "library"))
		return library(p);
	type_or_operation(p, attrs);
}

static void
declarations(struct parser *p, bool in_braces)
{
	while (p->i < p->n) {
		size_t before = p->i;

		if (parser_is(p, "}")) {
			if (in_braces)
				return;
			parser_syntax_error(p, "there is nothing to close");
			p->i++;
		} else {
			declaration(p);
		}
		p->depth = in_braces;
		if (p->panic)
			recover(p, before);
		if (p->i == before)
			p->i++;
	}
}

static void
interface_body(struct parser *p, struct interface *i)
{
	struct decl **own_tail = &i->decls, ***outer = p->tail;

	p->tail = &own_tail;
	p->in_interface = true;
	declarations(p, true);
	p->in_interface = false;
	p->tail = outer;
	parser_expect(p, "}");
	parser_take(p, ";");
}

static void
interface(struct parser *p, struct attr *attrs)
{
	struct interface *i = compiler_new(p->c, 1, sizeof(*i));
	struct type *type;

	i->pos = parser_pos(p);
	i->attrs = attrs;
	i->name = parser_name(p, "the interface's name");
	i->is_object = attr_find(attrs, "object") != NULL;
	if (p->panic)
		return;
	if (p->in_interface)
		error_at(p->c, i->pos, "an interface inside an interface");
	type = parse_type_new(p, TYPE_INTERFACE);
	type->name = i->name;
	type->pos = i->pos;
	decl_add(p, DECL_TYPE, i->pos)->type = type;
	if (parser_take(p, ";"))
		return;
	if (parser_take(p, ":")) {
		i->base_pos = parser_pos(p);
		i->base_name = parser_name(p, "the base interface");
	}
	decl_add(p, DECL_INTERFACE, i->pos)->interface = i;
	parser_expect(p, "{");
	if (!p->panic)
		interface_body(p, i);
}

void
parse_file(struct compiler *c, struct source *source, unsigned depth)
{
	struct parser p = {.c = c, .source = source, .import_depth = depth, .tail = &c->decls_tail};

	p.n = lex(c, source, &p.tokens);
	declarations(&p, false);
}
