/* SPDX-License-Identifier: MIT */
#include "idlc/acf.h"

#include <string.h>

#include "idlc/convert.h"
#include "idlc/parser.h"

/* Attributes of an IDL file may be shared by several declarators, so the new ones go in front. */
static void
prepend(struct attr **slot, struct attr *attrs)
{
	struct attr *last = attrs;

	if (!attrs)
		return;
	while (last->next)
		last = last->next;
	last->next = *slot;
	*slot = attrs;
}

static struct attr *
copy(struct compiler *c, const struct attr *attrs)
{
	struct attr *first = NULL, **tail = &first;

	for (; attrs; attrs = attrs->next) {
		*tail = compiler_new(c, 1, sizeof(**tail));
		**tail = *attrs;
		tail = &(*tail)->next;
	}
	return first;
}

static struct interface *
find_interface(struct compiler *c, const char *name)
{
	for (struct decl *d = c->decls; d; d = d->next)
		if (d->kind == DECL_INTERFACE && strcmp(d->interface->name, name) == 0)
			return d->interface;
	return NULL;
}

static struct type *
find_alias(struct decl *d, const char *name)
{
	struct type *found;

	for (; d; d = d->next) {
		found = d->kind == DECL_INTERFACE ? find_alias(d->interface->decls, name) : NULL;
		if (found)
			return found;
		if (d->kind == DECL_TYPE && d->type->kind == TYPE_ALIAS &&
			strcmp(d->type->name, name) == 0)
			return d->type;
	}
	return NULL;
}

static struct operation *
find_operation(const struct interface *i, const char *name)
{
	for (struct decl *d = i->decls; d; d = d->next)
		if (d->kind == DECL_OPERATION && strcmp(d->operation->name, name) == 0)
			return d->operation;
	return NULL;
}

static struct field *
find_parameter(const struct operation *op, const char *name)
{
	struct field *f = op->params;

	while (f && strcmp(f->name, name) != 0)
		f = f->next;
	return f;
}

static void
not_found(struct parser *p, struct pos pos, const char *what, const char *name)
{
	error_at(p->c, pos, "the IDL file has no %s '%s'", what, name);
}

/* typedef [represent_as(x)] a, b; */
static void
types(struct parser *p)
{
	struct attr *attrs = parse_attrs(p);

	do {
		struct pos pos = parser_pos(p);
		const char *name = parser_name(p, "a type's name");
		struct type *t = name ? find_alias(p->c->decls, name) : NULL;

		if (t && t->is_imported && convert_find(attrs))
			error_at(p->c, pos,
				"'%s' is of another file, whose header has it as it travels", name);
		else if (t)
			prepend(&t->attrs, copy(p->c, attrs));
		else if (name)
			not_found(p, pos, "type", name);
	} while (!p->panic && parser_take(p, ","));
	parser_expect(p, ";");
}

static bool
is_status(const struct attr *attrs)
{
	return attr_find(attrs, "comm_status") || attr_find(attrs, "fault_status");
}

/* A status that the IDL file does not have: the client's function gets it as one more parameter. */
static void
add_status(struct parser *p, struct operation *op, const char *name, struct pos pos,
	struct attr *attrs)
{
	struct field **slot = &op->added;

	while (*slot)
		slot = &(*slot)->next;
	*slot = compiler_new(p->c, 1, sizeof(**slot));
	**slot = (struct field){.name = name, .pos = pos, .attrs = attrs, .out = true};
}

static void
parameters(struct parser *p, struct operation *op)
{
	parser_expect(p, "(");
	while (!p->panic && !parser_is(p, ")")) {
		struct attr *attrs = parse_attrs(p);
		struct pos pos = parser_pos(p);
		const char *name = parser_name(p, "a parameter's name");
		struct field *f = name && op ? find_parameter(op, name) : NULL;

		if (f)
			prepend(&f->attrs, attrs);
		else if (name && op && is_status(attrs))
			add_status(p, op, name, pos, attrs);
		else if (name && op)
			not_found(p, pos, "parameter", name);
		if (!parser_take(p, ","))
			break;
	}
	parser_expect(p, ")");
}

static void
operation(struct parser *p, const struct interface *i)
{
	struct attr *attrs = parse_attrs(p);
	struct pos pos = parser_pos(p);
	const char *name = parser_name(p, "an operation's name");
	struct operation *op = name ? find_operation(i, name) : NULL;

	if (op)
		prepend(&op->attrs, attrs);
	else if (name)
		not_found(p, pos, "operation", name);
	parameters(p, op);
	parser_expect(p, ";");
}

/* include "x", "y": headers with the types that represent_as and user_marshal name */
static void
include(struct parser *p)
{
	do {
		const struct token *t = parser_token(p);
		struct decl *d;

		if (t->kind != TOKEN_STRING) {
			parser_syntax_error(p, "a header's name in quotation marks");
			return;
		}
		d = compiler_new(p->c, 1, sizeof(*d));
		*d = (struct decl){.next = p->c->decls, .kind = DECL_IMPORT, .pos = parser_pos(p)};
		d->name = lex_string(p->c, p->source->text + t->at, t->len);
		p->c->decls = d;
		p->i++;
	} while (parser_take(p, ","));
	parser_expect(p, ";");
}

static void
interface(struct parser *p)
{
	struct attr *attrs = parse_attrs(p);
	struct interface *i;
	const char *name;
	struct pos pos;

	parser_expect(p, "interface");
	pos = parser_pos(p);
	name = parser_name(p, "the interface's name");
	i = name ? find_interface(p->c, name) : NULL;
	if (name && !i)
		not_found(p, pos, "interface", name);
	if (!i) {
		p->panic = true;
		return;
	}
	prepend(&i->attrs, attrs);
	parser_expect(p, "{");
	while (!p->panic && !parser_is(p, "}")) {
		if (parser_take(p, "typedef"))
			types(p);
		else if (parser_take(p, "include"))
			include(p);
		else
			operation(p, i);
	}
	parser_expect(p, "}");
	parser_take(p, ";");
}

static struct source *
find(struct compiler *c, const char *idl_path)
{
	const char *slash = strrchr(idl_path, '/'), *dot = strrchr(slash ? slash : idl_path, '.');
	size_t len = dot ? (size_t)(dot - idl_path) : strlen(idl_path);
	struct source *s;

	if (!c->acf)
		return source_open(c, compiler_printf(c, "%.*s.acf", (int)len, idl_path), true);
	s = source_open(c, c->acf, true);
	if (!s)
		error_at(c, (struct pos){0}, "%s cannot be read", c->acf);
	return s;
}

void
acf_read(struct compiler *c, const char *idl_path)
{
	struct source *source = find(c, idl_path);
	struct parser p = {.c = c, .source = source};

	if (!source)
		return;
	p.n = lex(c, source, &p.tokens);
	while (!p.panic && p.i < p.n)
		interface(&p);
}
