/* SPDX-License-Identifier: MIT */
/* STEM.h: what both sides see. */
#include <ctype.h>
#include <string.h>

#include "idlc/convert.h"
#include "idlc/emit.h"
#include "idlc/emit_pipe.h"
#include "idlc/names.h"
#include "idlc/serialize.h"
#include "idlc/shape.h"

/* --- type definitions --------------------------------------------------------------------------------- */

static void define(struct emitter *e, struct type *t);

static void alias(struct emitter *e, struct type *t);

/* What a declaration names must stand before it, and what it holds must be complete. */
static void
require(struct emitter *e, struct type *t, bool complete)
{
	while (t && (t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY || t->kind == TYPE_PIPE)) {
		complete = t->kind != TYPE_POINTER;
		t = t->of;
	}
	if (!t)
		return;
	if (t->kind == TYPE_NAME && t->of)
		t = t->of;
	if (t->kind == TYPE_ALIAS) {
		alias(e, t);
		if (complete)
			require(e, t->of, true);
	} else if (t->kind >= TYPE_ENUM && t->kind <= TYPE_UNION) {
		if (!t->is_reference)
			define(e, t);
		else if (complete && t->of)
			define(e, t->of);
	}
}

static void
define_enum(struct emitter *e, const struct type *t)
{
	text_open(e->out, "enum %s {", t->name);
	for (const struct enumerator *n = t->enumerators; n; n = n->next)
		text_line(e->out, "%s = %lld,", n->name, (long long)n->value);
	text_close(e->out, "};");
}

static const char *print_type(struct compiler *c, const struct type *t, const char *name);

/* What cannot travel is declared as it was written; an open array that C could not hold there has one element. */
static const char *
field_text(struct compiler *c, const struct type *t, const struct field *f)
{
	if (f->shape && f->shape->kind == SHAPE_ARRAY && shape_is_conformant(f->shape) &&
		(f->next || t->kind == TYPE_UNION))
		return declare(c, f->shape->to, compiler_printf(c, "%s[1]", f->name));
	return f->shape ? declare(c, f->shape, f->name) : print_type(c, f->type, f->name);
}

static void
declare_fields(struct emitter *e, const struct type *t)
{
	bool any = false;

	for (const struct field *f = t->fields; f; f = f->next) {
		if (!f->type || !f->name)
			continue;
		if (f->bits)
			text_line(e->out, "%s : %lld;", field_text(e->c, t, f),
				(long long)f->bits->value);
		else
			text_line(e->out, "%s;", field_text(e->c, t, f));
		any = true;
	}
	if (!any)
		text_line(e->out, "uint8_t nothing;");
}

static void
define(struct emitter *e, struct type *t)
{
	if (t->is_emitted || t->is_imported || t->repeats)
		return;
	t->is_emitted = true;
	if (t->kind == TYPE_ENUM) {
		text_blank(e->out);
		define_enum(e, t);
		return;
	}
	for (struct field *f = t->fields; f; f = f->next)
		require(e, f->type, true);
	if (t->is_encapsulated)
		require(e, t->tag->type, true);
	text_blank(e->out);
	text_open(e->out, "%s %s {",
		t->kind == TYPE_UNION && !t->is_encapsulated ? "union" : "struct", t->name);
	if (t->is_encapsulated) {
		text_line(e->out, "%s;", declare(e->c, t->tag_shape, t->tag->name));
		text_open(e->out, "union {");
	}
	declare_fields(e, t);
	if (t->is_encapsulated)
		text_close(e->out, compiler_printf(e->c, "} %s;", t->union_name));
	text_close(e->out, "};");
}

/* --- aliases ---------------------------------------------------------------------------------------------- */

static bool
is_context(const struct type *t)
{
	for (const struct attr *a = t->attrs; t->kind == TYPE_ALIAS && a; a = a->next)
		if (strncmp(a->name, "context_handle", 14) == 0)
			return true;
	return false;
}

/* An alias for what C has no word for (open arrays, pipes, interfaces) is spelled out where it is used. */
static bool
is_printable(const struct type *t, unsigned depth)
{
	if (!t || depth > COMPILER_MAX_DEPTH)
		return false;
	if (t->kind == TYPE_BASE)
		return t->base != BASE_HANDLE;
	if (t->kind == TYPE_INTERFACE || (t->kind == TYPE_ARRAY && !t->bound))
		return false;
	if (t->kind >= TYPE_ENUM && t->kind <= TYPE_UNION)
		return true;
	return is_context(t) || is_printable(t->of, depth + 1);
}

static const char *
tag_word(const struct type *t)
{
	if (t->kind == TYPE_ENUM)
		return "enum";
	return t->kind == TYPE_UNION && !(t->is_encapsulated || (t->of && t->of->is_encapsulated))
		       ? "union"
		       : "struct";
}

static const char *
print_type(struct compiler *c, const struct type *t, const char *name)
{
	switch (t->kind) {
	case TYPE_BASE:
		return compiler_printf(
			c, "%s%s %s", t->is_const ? "const " : "", shape_base_name(t->base), name);
	case TYPE_NAME:
		if (t->of && t->of->kind == TYPE_INTERFACE)
			return compiler_printf(c, "struct sp_object %s", name);
		if (t->of && t->of->kind == TYPE_ALIAS && !is_printable(t->of, 0))
			return print_type(c, t->of->of, name);
		if (t->of && t->of->kind == TYPE_ALIAS)
			return compiler_printf(
				c, "%s%s %s", t->is_const ? "const " : "", t->of->name, name);
		if (t->of && t->of->kind == TYPE_BASE)
			return print_type(c, t->of, name);
		return compiler_printf(c, "%s%s %s", t->is_const ? "const " : "", t->name, name);
	case TYPE_ALIAS: return compiler_printf(c, "%s %s", t->name, name);
	case TYPE_POINTER:
		return print_type(c, t->of,
			compiler_printf(c, t->of->kind == TYPE_ARRAY ? "(*%s%s)" : "*%s%s",
				t->is_const ? "const " : "", name));
	case TYPE_ARRAY:
		return print_type(c, t->of,
			compiler_printf(
				c, "%s[%lld]", name, t->bound ? (long long)t->bound->value : 1));
	default: return compiler_printf(c, "%s %s %s", tag_word(t), t->name, name);
	}
}

static void
pipe(struct emitter *e, const struct type *t)
{
	text_line(e->out, "typedef struct sp_pipe %s; /* %s */", t->name,
		print_type(e->c, t->of->of, "*items"));
}

static void
alias_print(struct emitter *e, struct type *t)
{
	struct type *of = t->of->kind == TYPE_NAME && t->of->of ? t->of->of : t->of;

	if (t->is_printed)
		return;
	t->is_printed = true;
	if (of->kind == TYPE_ALIAS && of->is_emitted)
		alias_print(e, of);
	if (strcmp(t->name, "wchar_t") == 0) /* some files define it; C has its own */
		return;
	if (is_context(t))
		text_line(e->out, "typedef struct sp_context_handle %s;", t->name);
	else if (t->of->kind == TYPE_PIPE)
		pipe(e, t);
	else if (is_printable(t->of, 0))
		text_line(e->out, "typedef %s;", print_type(e->c, t->of, t->name));
}

static void
alias(struct emitter *e, struct type *t)
{
	if (t->is_imported || t->repeats)
		return;
	if (!t->is_emitted) {
		t->is_emitted = true;
		require(e, t->of, false);
	}
	alias_print(e, t); /* also in a ring of definitions: what it stands for may be incomplete */
}

/* --- other declarations -------------------------------------------------------------------------------------- */

static void
constant(struct emitter *e, const struct decl *d)
{
	int64_t value = d->expr->value;

	if (d->expr->op == EXPR_STRING)
		text_line(
			e->out, "#define %s %s", d->name, d->expr->text + (*d->expr->text == 'L'));
	else if (d->expr->op == EXPR_FRACTION)
		text_line(e->out, "#define %s %s", d->name, d->expr->text);
	else if (d->expr->is_unsigned)
		text_line(e->out, "#define %s %lluu", d->name, (unsigned long long)value);
	else if (value < 0)
		text_line(e->out, "#define %s (%lld)", d->name, (long long)value);
	else
		text_line(e->out, "#define %s %lld", d->name, (long long)value);
}

static size_t
trimmed(const char *text)
{
	size_t n = strlen(text);

	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	return n;
}

/* What clang-format would see nothing to change in: directives but for lists without spaces, comments, plain lines. */
static bool
is_formatted(const char *text)
{
	const char *p = text;

	for (; *p; p++) {
		if (*p == ',' && p[1] && p[1] != ' ' && p[1] != '"')
			return false;
		if (*p == '*' && p[1] == ' ' && text[0] != '/' && strncmp(text, "/*", 2))
			return false;
	}
	return true;
}

/* What comes from other files does not stand between. */
static bool
continues(const struct decl *d, enum decl_kind kind)
{
	return d && (d->is_imported || d->kind == kind);
}

static bool
run_is_formatted(const struct decl *d)
{
	for (; continues(d, DECL_QUOTE); d = d->next)
		if (!d->is_imported && !is_formatted(d->name))
			return false;
	return true;
}

/* Quoted C knows wchar_t as 16 bits, and defines variables that not everybody uses. */
static void
quote(struct emitter *e, const char *text)
{
	bool is_line = false;

	if (strncmp(text, "static ", 7) == 0)
		text_raw(e->out, "SP_UNUSED ", 10);
	for (const char *p = text, *end = p + trimmed(p); p < end; p++) {
		if (p[0] == 'L' && p[1] == '"' && !is_line)
			text_raw(e->out, "u", 1);
		else
			text_raw(e->out, p, 1);
		is_line = isalnum((unsigned char)*p) || *p == '_' || *p == '"';
	}
	text_blank(e->out);
}

/* As its author wrote it. */
static void
quotes(struct emitter *e, const struct decl *first)
{
	bool formatted = run_is_formatted(first);

	if (!formatted)
		text_line(e->out, "/* clang-format off */");
	for (const struct decl *d = first; continues(d, DECL_QUOTE); d = d->next)
		if (!d->is_imported)
			quote(e, d->name);
	if (!formatted)
		text_line(e->out, "/* clang-format on */");
}

/* In the order of their names. */
static void
imports(struct emitter *e, const struct decl *first)
{
	const struct decl *last = NULL, *next;

	do {
		next = NULL;
		for (const struct decl *d = first; continues(d, DECL_IMPORT); d = d->next)
			if (!d->is_imported && (!last || strcmp(d->name, last->name) > 0) &&
				(!next || strcmp(d->name, next->name) < 0))
				next = d;
		if (next)
			text_line(e->out, "#include \"%s\"", next->name);
		last = next;
	} while (next);
}

static void
declaration(struct emitter *e, const struct decl *d, const struct decl *before)
{
	bool goes_on = before && before->kind == d->kind;

	if (d->is_imported || d->is_repeat)
		return;
	if (d->kind == DECL_CONST) {
		constant(e, d);
	} else if (d->kind == DECL_QUOTE) {
		if (!goes_on)
			quotes(e, d);
	} else if (d->kind == DECL_IMPORT) {
		if (!goes_on)
			imports(e, d);
	} else if (d->kind == DECL_OPERATION) {
		for (const struct field *f = d->operation->params; f; f = f->next)
			require(e, f->type, true);
		require(e, d->operation->type, true);
	} else if (d->kind == DECL_TYPE && d->type->kind == TYPE_ALIAS) {
		alias(e, d->type);
	} else if (d->kind == DECL_TYPE && d->type->kind != TYPE_INTERFACE && d->type->name &&
		   !d->type->is_reference) {
		define(e, d->type);
	}
}

static void
declarations(struct emitter *e)
{
	const struct decl *before = NULL, *before_own;

	for (const struct decl *d = e->c->decls; d;
		before = d->is_imported ? before : d, d = d->next) {
		declaration(e, d, before);
		before_own = NULL;
		for (const struct decl *own = d->interface ? d->interface->decls : NULL; own;
			before_own = own, own = own->next)
			declaration(e, own, before_own);
	}
}

/* --- operations ---------------------------------------------------------------------------------------------- */

static void
arguments(struct emitter *e, const struct interface *i, const struct operation *op)
{
	text_blank(e->out);
	text_open(e->out, "struct %s_%s_args {", i->name, op->name);
	for (const struct field *f = op->params; f; f = f->next)
		text_line(e->out, "%s;", declare(e->c, f->shape, parameter_name(e->c, f)));
	if (op->result)
		text_line(e->out, "%s;", declare(e->c, op->result->shape, "result"));
	if (!op->params && !op->result)
		text_line(e->out, "uint8_t nothing;");
	text_close(e->out, "};");
}

static void
start_function(struct emitter *e, const struct interface *i, const struct interface *owner,
	const struct operation *op)
{
	text_line(e->out,
		"sp_status %s_%s_start(sp_call *call, struct %s_%s_args *args, "
		"sp_call_done *done, void *arg, struct sp_error *reterr);",
		i->name, op->name, owner->name, op->name);
}

static void
client_function(struct emitter *e, const struct interface *i, const struct operation *op)
{
	const char *result = "";

	if (op->result)
		result = compiler_printf(
			e->c, ", %s", declare(e->c, op->result->shape, "*ret_result"));
	text_line(e->out, "sp_status %s_%s(sp_call *call%s%s, struct sp_error *reterr);", i->name,
		op->name, client_parameter_list(e->c, op), result);
}

/* The house's format takes the capitals of `DWORD (*f)(...)` for a macro's; a number is written as what it is. */
static const char *
handler_result(struct compiler *c, const struct operation *op)
{
	const struct shape *s = op->result ? op->result->shape : NULL;

	if (s && s->kind == SHAPE_SCALAR && !s->type)
		return shape_base_name(s->base);
	return s && s->kind == SHAPE_CONTEXT ? "struct sp_context_handle" : result_type(c, op);
}

/* What ends a call whose handler has returned without an answer. */
static void
completions(struct emitter *e, const struct interface *i)
{
	struct decl *cursor = i->decls;
	const struct operation *op;
	bool is_first = true;

	while ((op = emit_operation_next(&cursor))) {
		if (!op->is_async)
			continue;
		if (is_first) {
			text_blank(e->out);
			text_line(e->out, "/*");
			text_line(e->out,
				" * Some thread answers each of these calls, once: so, or "
				"with a fault by");
			text_line(e->out, " * sp_call_complete(). Until then the handler's "
					  "arguments stay.");
			text_line(e->out, " */");
		}
		is_first = false;
		text_line(e->out, "void %s;", complete_declaration(e->c, i, op));
	}
}

static void
handler(struct emitter *e, const struct operation *op)
{
	const char *result = op->is_async ? "void" : handler_result(e->c, op);
	bool tight = result[strlen(result) - 1] == '*';

	text_line(e->out, "%s%s(*%s)(sp_call *call%s);", result, tight ? "" : " ", op->name,
		parameter_list(e->c, op));
}

static void
handlers(struct emitter *e, const struct interface *i)
{
	struct decl *cursor = i->decls;
	const struct interface *owner;
	const struct operation *op;

	text_blank(e->out);
	text_line(e->out, "/*");
	text_line(e->out, " * What a server fills in. What is NULL is answered with "
			  "nca_s_op_rng_error. Results go");
	text_line(e->out,
		" * through the [out] pointers, whose memory is there; memory for more comes from");
	text_line(e->out,
		" * sp_call_alloc(). A handler ends the call with a fault by sp_call_raise().");
	text_line(e->out, " */");
	text_open(e->out, "struct %s_handlers {", i->name);
	for (unsigned n = 0; n < i->n_inherited; n++)
		if ((op = emit_operation_at(e->c, i, n, &owner)))
			handler(e, op);
	while ((op = emit_operation_next(&cursor)))
		handler(e, op);
	for (const struct context *x = i->contexts; x; x = x->next)
		text_line(e->out, "void (*%s_rundown)(void *user);", x->name);
	text_close(e->out, "};");
}

static void
marshalling(struct emitter *e, const struct interface *i)
{
	struct decl *cursor = i->decls;
	struct operation *op;

	text_blank(e->out);
	text_line(e->out, "/* The marshalling, for the tables of client and server. */");
	while ((op = emit_operation_next(&cursor))) {
		text_line(e->out, "void %s_%s_push_in(struct sp_push *push, const void *arg);",
			i->name, op->name);
		text_line(e->out, "void %s_%s_pull_in(struct sp_pull *pull, void *arg);", i->name,
			op->name);
		text_line(e->out, "void %s_%s_push_out(struct sp_push *push, const void *arg);",
			i->name, op->name);
		text_line(e->out, "void %s_%s_pull_out(struct sp_pull *pull, void *arg);", i->name,
			op->name);
		if (pipe_count(op))
			text_line(e->out, "extern const struct sp_pipe_parameter %s_%s_pipes[%u];",
				i->name, op->name, pipe_count(op));
	}
}

static void
interface_face(struct emitter *e, const struct interface *i)
{
	struct decl *cursor = i->decls;
	const struct interface *owner;
	const struct operation *inherited;
	struct operation *op;

	text_blank(e->out);
	text_line(e->out, "/* --- interface %s, version %u.%u --- */", i->name, i->major, i->minor);
	text_blank(e->out);
	text_line(e->out, "extern const struct sp_interface %s_client_interface;", i->name);
	text_line(e->out, "extern const struct sp_interface %s_server_interface;", i->name);
	while ((op = emit_operation_next(&cursor)))
		arguments(e, i, op);
	text_blank(e->out);
	text_line(e->out, "/*");
	text_line(e->out, " * Calls. Storage for what [out] pointers point to is the caller's and "
			  "is filled on success");
	text_line(e->out, " * only; what lies behind further pointers belongs to the call until "
			  "its next use.");
	text_line(e->out, " */");
	for (unsigned n = 0; n < i->n_inherited; n++)
		if ((inherited = emit_operation_at(e->c, i, n, &owner)))
			client_function(e, i, inherited);
	cursor = i->decls;
	while ((op = emit_operation_next(&cursor)))
		client_function(e, i, op);
	text_blank(e->out);
	text_line(e->out, "/*");
	text_line(e->out,
		" * The same without waiting (sp_call_start of stub.h). args must stay until done "
		"is called; then its");
	text_line(e->out, " * [out] pointers point into the call.");
	text_line(e->out, " */");
	for (unsigned n = 0; n < i->n_inherited; n++)
		if ((inherited = emit_operation_at(e->c, i, n, &owner)))
			start_function(e, i, owner, inherited);
	cursor = i->decls;
	while ((op = emit_operation_next(&cursor)))
		start_function(e, i, i, op);
	handlers(e, i);
	completions(e, i);
	marshalling(e, i);
}

static const char *
guard(struct compiler *c, const char *stem)
{
	char *name = compiler_printf(c, "SALLYPORT_IDL_%s_H", stem);

	for (char *p = name; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	return name;
}

static void
header(struct emitter *e)
{
	const char *name = guard(e->c, e->stem);
	struct decl *cursor = e->c->decls;
	struct interface *i;

	emit_head(e, "Types, calls and handlers.");
	text_line(e->out, "#ifndef %s", name);
	text_line(e->out, "#define %s", name);
	text_blank(e->out);
	text_line(e->out, "#include <sallyport/stub.h>");
	text_blank(e->out);
	declarations(e);
	convert_face(e);
	while ((i = emit_interface_next(e->c, &cursor)))
		interface_face(e, i);
	serialize_face(e);
	text_blank(e->out);
	text_line(e->out, "#endif");
}

bool
emit_header(struct compiler *c, const char *stem, const char *file, struct text *ret)
{
	struct emitter e = {c, stem, file, ret, NULL};

	return emit_run(&e, header);
}
