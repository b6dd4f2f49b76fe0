/* SPDX-License-Identifier: MIT */
#include "idlc/marshal.h"

#include <ctype.h>
#include <string.h>

#include "idlc/convert.h"
#include "idlc/layout.h"
#include "idlc/parser.h"
#include "idlc/shape.h"

void
marshal_init(struct marshal *m, struct compiler *c)
{
	*m = (struct marshal){.c = c};
	m->routines_tail = &m->routines;
}

void
marshal_fini(struct marshal *m)
{
	text_fini(&m->operations);
	text_fini(&m->structs);
	text_fini(&m->body);
	text_fini(&m->locals_part);
	text_fini(&m->tail_part);
	text_fini(&m->arm);
	text_fini(&m->functions);
}

bool
marshal_failed(const struct marshal *m)
{
	return m->operations.failed || m->structs.failed || m->body.failed ||
	       m->locals_part.failed || m->tail_part.failed || m->arm.failed || m->functions.failed;
}

static bool
same_thing(const struct shape *a, const struct shape *b)
{
	return a == b || (a->kind == b->kind && a->type == b->type) ||
	       (a->type && b->type && strcmp(a->type->name, b->type->name) == 0);
}

const char *
marshal_ask(struct marshal *m, enum routine_kind kind, bool is_pull, const char *name,
	const struct shape *s, const struct scope *scope)
{
	struct routine *r;
	const char *own = name;

	for (r = m->routines; r; r = r->next) {
		if (strcmp(r->name, own) != 0)
			continue;
		if (r->kind == kind && same_thing(r->shape, s) &&
			(!scope ||
				(r->shape == s && (!is_pull || r->scope.is_out == scope->is_out))))
			return r->name;
		own = compiler_printf(m->c, "%s_", own);
		r = m->routines;
	}
	r = compiler_new(m->c, 1, sizeof(*r));
	*r = (struct routine){NULL, kind, is_pull, own, s, {0}};
	if (scope)
		r->scope = *scope;
	*m->routines_tail = r;
	m->routines_tail = &r->next;
	return own;
}

const char *
marshal_type_name(struct marshal *m, const struct shape *s)
{
	return s->type->name;
}

const char *
marshal_address(struct marshal *m, const char *at)
{
	return *at == '*' ? at + 1 : compiler_printf(m->c, "&%s", at);
}

bool
marshal_is_flat(struct marshal *m, const struct shape *s)
{
	return s->kind == SHAPE_STRUCT && layout_of(m->c, s).is_flat;
}

const char *
marshal_what(struct marshal *m, const struct scope *scope)
{
	return compiler_printf(m->c, "%s.%s", scope->stem, scope->field->name);
}

/* --- counts that come from elsewhere --------------------------------------------------------------- */

static bool
field_is_late(const struct field *f, const struct scope *scope)
{
	bool behind = f->index > scope->field->index;

	if (!scope->is_operation)
		return scope->level == 0 && behind;
	return behind && (scope->is_out ? f->out : f->in);
}

bool
marshal_is_late(const struct expr *e, const struct scope *scope)
{
	if (!e)
		return false;
	if (e->op == EXPR_NAME)
		return e->field && field_is_late(e->field, scope);
	return marshal_is_late(e->a, scope) || marshal_is_late(e->b, scope) ||
	       marshal_is_late(e->c, scope);
}

const char *
marshal_switch(struct marshal *m, const struct shape *s, const struct scope *scope)
{
	const struct shape *tag = s->type->tag_shape;
	const char *c_name = tag->kind == SHAPE_ENUM16 ? "uint16_t" : shape_base_name(tag->base);

	return compiler_printf(
		m->c, "(uint64_t)(%s)%s", c_name, expr_text(m->c, s->switch_is, scope->prefix));
}

static unsigned
late_number(const struct marshal *m, const struct expr *e, bool is_out)
{
	for (const struct late *l = m->lates; l; l = l->next_of_all)
		if (l->expr == e && l->is_out == is_out)
			return l->number;
	return 0;
}

void
marshal_expect(struct marshal *m, const char *got, const char *expected, const struct expr *e,
	const char *kind, const struct scope *scope)
{
	const char *what = compiler_printf(m->c, "%s of %s", kind, marshal_what(m, scope));
	const char *local;

	if (!marshal_is_late(e, scope)) {
		text_line(m->out, "sp_pull_expect(pull, %s, %s, \"%s\");", got, expected, what);
	} else if (scope->is_operation) {
		text_line(m->out, "sp_pull_later(pull, &late->seen[%u], %s, \"%s\");",
			late_number(m, e, scope->is_out), got, what);
	} else {
		local = compiler_printf(m->c, "%s_%s", kind, scope->field->name);
		text_line(m->locals, "uint64_t %s = 0;", local);
		text_line(m->out, "%s = %s;", local, got);
		text_line(m->tail, "sp_pull_expect(pull, %s, %s, \"%s\");", local, expected, what);
	}
}

/* --- values ------------------------------------------------------------------------------------------ */

static const char *
scalar_suffix(const struct shape *s)
{
	if (s->base == BASE_FLOAT)
		return "float";
	if (s->base == BASE_DOUBLE)
		return "double";
	switch (layout_scalar_size(s)) {
	case 1: return "u8";
	case 2: return "u16";
	case 4: return "u32";
	default: return "u64";
	}
}

/* Is the C type what the getter returns? */
static bool
needs_cast(const struct shape *s)
{
	static const bool same[BASE_N] = {[BASE_BYTE] = true,
		[BASE_UCHAR] = true,
		[BASE_BOOLEAN] = true,
		[BASE_USMALL] = true,
		[BASE_USHORT] = true,
		[BASE_ULONG] = true,
		[BASE_UHYPER] = true,
		[BASE_FLOAT] = true,
		[BASE_DOUBLE] = true,
		[BASE_WCHAR] = true,
		[BASE_ERROR_STATUS] = true,
		[BASE_INT3264] = true,
		[BASE_UINT3264] = true};

	return !same[s->base];
}

static void
scalar(struct marshal *m, bool is_pull, const struct shape *s, const char *at,
	const struct scope *scope)
{
	const char *suffix = shape_is_int3264(s) ? s->base == BASE_INT3264 ? "int3264" : "uint3264"
						 : scalar_suffix(s);
	const char *unsigned_name = *suffix == 'u' && suffix[1] != 'i'
					    ? compiler_printf(m->c, "(uint%s_t)", suffix + 1)
					    : "";

	if (is_pull && needs_cast(s))
		text_line(m->out, "%s = (%s)sp_pull_%s(pull);", at, s->c_name, suffix);
	else if (is_pull)
		text_line(m->out, "%s = sp_pull_%s(pull);", at, suffix);
	if (s->has_range)
		text_line(m->out, "sp_%s_range(%s, (int64_t)%s, %lld, %lld, \"%s\");",
			is_pull ? "pull" : "push", is_pull ? "pull" : "push", at, (long long)s->low,
			(long long)s->high, marshal_what(m, scope));
	if (!is_pull)
		text_line(m->out, "sp_push_%s(push, %s%s);", suffix,
			needs_cast(s) ? unsigned_name : "", at);
}

static void
value_struct(struct marshal *m, bool is_pull, const struct shape *s, const char *at)
{
	const char *verb = is_pull ? "pull" : "push";
	const char *name = compiler_printf(m->c, "%s_%s", verb, marshal_type_name(m, s));
	bool hoisted = is_pull && layout_of(m->c, s).is_conformant;

	text_line(m->out, "%s(%s, %s%s);", marshal_ask(m, ROUTINE_VALUE, is_pull, name, s, NULL),
		verb, marshal_address(m, at), hoisted ? ", size" : "");
}

static void
value_converted(struct marshal *m, bool is_pull, const struct shape *s, const char *at)
{
	const char *verb = is_pull ? "pull" : "push";
	const char *name = compiler_printf(m->c, "%s_converted_%s", verb, marshal_type_name(m, s));

	text_line(m->out, "%s(%s, %s);", marshal_ask(m, ROUTINE_VALUE, is_pull, name, s, NULL),
		verb, marshal_address(m, at));
}

static void
value_union(
	struct marshal *m, bool is_pull, const struct shape *s, const char *at, struct scope *scope)
{
	const char *verb = is_pull ? "pull" : "push", *address = marshal_address(m, at), *got;
	const char *name = compiler_printf(m->c, "%s_%s", verb, marshal_type_name(m, s));

	name = marshal_ask(m, ROUTINE_VALUE, is_pull, name, s, NULL);
	if (!is_pull) {
		text_line(m->out, "%s(push, %s, (int64_t)%s);", name, address,
			expr_text(m->c, s->switch_is, scope->prefix));
		return;
	}
	got = compiler_printf(m->c, "(uint64_t)%s(pull, %s)", name, address);
	marshal_expect(m, got, marshal_switch(m, s, scope), s->switch_is, "switch_is", scope);
}

/* Nothing of it depends on the place: one function serves all pointers to such a thing. */
static bool
is_shared(const struct shape *s)
{
	switch (s->kind) {
	case SHAPE_SCALAR: return !s->has_range;
	case SHAPE_ENUM16:
	case SHAPE_UUID:
	case SHAPE_OBJECT:
	case SHAPE_UTF8:
	case SHAPE_CONVERTED:
	case SHAPE_STRUCT: return true;
	case SHAPE_ARRAY:
		return s->is_string && !s->has_range && s->n_dimensions == 1 &&
		       s->dimensions[0].is_open && !s->dimensions[0].size &&
		       !s->dimensions[0].length;
	default: return false;
	}
}

static const char *const pointer_words[] = {"ref", "unique", "full"};

const struct dimension *
marshal_size_of(const struct shape *s)
{
	const struct shape *to = s->to;

	if (s->pointer == POINTER_REF || s->is_unchecked || to->kind != SHAPE_ARRAY)
		return NULL;
	return to->dimensions[0].is_open && to->dimensions[0].size ? &to->dimensions[0] : NULL;
}

static void
pull_sized(
	struct marshal *m, const struct dimension *d, const char *pulled, const struct scope *scope)
{
	const char *count = count_text(m->c, d, scope->prefix), *what = marshal_what(m, scope),
		   *local;

	if (!marshal_is_late(d->size, scope)) {
		text_line(m->out, "sp_pull_sized(pull, %s, %s, \"%s\");", pulled, count, what);
	} else if (!scope->is_operation) {
		local = compiler_printf(m->c, "has_%s", scope->field->name);
		text_line(m->locals, "bool %s = false;", local);
		text_line(m->out, "%s = %s;", local, pulled);
		text_line(m->tail, "sp_pull_sized(pull, %s, %s, \"%s\");", local, count, what);
	} else {
		text_line(m->out, "%s;", pulled); /* marshal_pull_late_sized() */
	}
}

void
marshal_pull_late_sized(struct marshal *m, const struct field *f, struct scope *scope)
{
	const struct dimension *d =
		f->shape->kind == SHAPE_POINTER ? marshal_size_of(f->shape) : NULL;

	scope->field = f;
	if (d && marshal_is_late(d->size, scope))
		text_line(m->out, "sp_pull_sized(pull, args->%s != NULL, %s, \"%s\");",
			parameter_name(m->c, f), count_text(m->c, d, scope->prefix),
			marshal_what(m, scope));
}

static void
value_pointer(
	struct marshal *m, bool is_pull, const struct shape *s, const char *at, struct scope *scope)
{
	const char *word = pointer_words[s->pointer],
		   *referent = marshal_referent(m, is_pull, s->to, scope);
	const char *argument = is_shared(s->to) ? "NULL" : scope->argument, *pulled;
	const struct dimension *d = marshal_size_of(s);

	if (is_pull) {
		pulled = compiler_printf(m->c, "sp_pull_%s(pull, %s, %s, %s)", word,
			marshal_address(m, at), referent, argument);
		if (d)
			pull_sized(m, d, pulled, scope);
		else
			text_line(m->out, "%s;", pulled);
		return;
	}
	if (d)
		text_line(m->out, "sp_push_sized(push, %s, %s, \"%s\");", at,
			count_text(m->c, d, scope->prefix), marshal_what(m, scope));
	text_line(m->out, "sp_push_%s(push, %s, %s, %s);", word, at, referent, argument);
}

/* What the parameter says wins over what its type says. */
static bool
context_is_shared(const struct field *f, const struct type *alias)
{
	const struct attr *attrs = f ? f->attrs : NULL;

	if (attr_find(attrs, "context_handle_noserialize"))
		return true;
	return !attr_find(attrs, "context_handle_serialize") && alias &&
	       attr_find(alias->attrs, "context_handle_noserialize");
}

static void
value_context(struct marshal *m, bool is_pull, const struct shape *s, const char *at,
	const struct scope *scope)
{
	bool may_be_null = scope->is_out || scope->field->out;

	if (is_pull)
		text_line(m->out, "sp_pull_context%s(pull, %s, %u, %s);",
			context_is_shared(scope->field, s->type) ? "_shared" : "",
			marshal_address(m, at), s->context, may_be_null ? "true" : "false");
	else
		text_line(m->out, "sp_push_context(push, %s, %u);", marshal_address(m, at),
			s->context);
}

/* The address of the first element of an array in place. */
static const char *
first_element(struct marshal *m, const struct shape *s, const char *at)
{
	if (s->n_dimensions == 1)
		return at;
	at = compiler_printf(m->c, "&%s", at);
	for (unsigned i = 0; i < s->n_dimensions; i++)
		at = compiler_printf(m->c, "%s[0]", at);
	return at;
}

static void
value(struct marshal *m, bool is_pull, const struct shape *s, const char *at, struct scope *scope)
{
	const char *address;

	switch (s->kind) {
	case SHAPE_SCALAR: scalar(m, is_pull, s, at, scope); break;
	case SHAPE_ENUM16:
		if (is_pull)
			text_line(m->out, "%s = (%s)sp_pull_enum16(pull);", at, s->c_name);
		else
			text_line(m->out, "sp_push_enum16(push, (int32_t)%s);", at);
		break;
	case SHAPE_UUID:
		address = marshal_address(m, at);
		text_line(m->out, is_pull ? "sp_pull_uuid(pull, %s);" : "sp_push_uuid(push, %s);",
			address);
		break;
	case SHAPE_CONTEXT: value_context(m, is_pull, s, at, scope); break;
	case SHAPE_STRUCT: value_struct(m, is_pull, s, at); break;
	case SHAPE_CONVERTED: value_converted(m, is_pull, s, at); break;
	case SHAPE_UNION: value_union(m, is_pull, s, at, scope); break;
	case SHAPE_IGNORED:
		if (is_pull)
			text_line(m->out, "%s = sp_pull_ignored(pull);", at);
		else
			text_line(m->out, "sp_push_ignored(push);");
		break;
	case SHAPE_POINTER: value_pointer(m, is_pull, s, at, scope); break;
	case SHAPE_ARRAY:
		at = first_element(m, s, at);
		if (is_pull)
			marshal_pull_array(m, s, at, scope, shape_is_conformant(s));
		else
			marshal_push_array(m, s, at, scope, shape_is_conformant(s));
		break;
	default: break;
	}
}

void
marshal_pull(struct marshal *m, const struct shape *s, const char *at, struct scope *scope)
{
	value(m, true, s, at, scope);
}

void
marshal_push(struct marshal *m, const struct shape *s, const char *at, struct scope *scope)
{
	value(m, false, s, at, scope);
}

/* --- referents --------------------------------------------------------------------------------------- */

static const char *
shared_name(struct marshal *m, const char *verb, const struct shape *s)
{
	const struct shape *e = s->kind == SHAPE_ARRAY ? s->to : s;
	bool by_name = s->kind == SHAPE_STRUCT || s->kind == SHAPE_CONVERTED;
	const char *type = by_name ? marshal_type_name(m, s) : e->c_name;
	const char *what = s->kind == SHAPE_ARRAY       ? "string_of_"
			   : s->kind == SHAPE_CONVERTED ? "one_converted_"
							: "one_";
	char *name =
		compiler_printf(m->c, "%s_%s%s%s", verb, what, e->is_const ? "const_" : "", type);

	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
	return name;
}

const char *
marshal_referent(struct marshal *m, bool is_pull, const struct shape *pointee, struct scope *scope)
{
	struct scope inner = *scope;
	const char *verb = is_pull ? "pull" : "push", *name;

	if (pointee->kind == SHAPE_OBJECT)
		return is_pull ? "sp_pull_object" : "sp_push_object";
	if (pointee->kind == SHAPE_UTF8)
		return is_pull ? "sp_pull_utf8" : "sp_push_utf8";
	if (is_shared(pointee))
		return marshal_ask(
			m, ROUTINE_REFERENT, is_pull, shared_name(m, verb, pointee), pointee, NULL);
	name = compiler_printf(m->c, "%s_%s_%s", verb, scope->stem, scope->field->name);
	for (unsigned i = 0; i < scope->level; i++)
		name = compiler_printf(m->c, "%s_to", name);
	if (scope->is_operation && is_pull)
		name = compiler_printf(m->c, "%s_%s", name, scope->is_out ? "out" : "in");
	inner.level++;
	inner.argument = "scope";
	return marshal_ask(m, ROUTINE_REFERENT, is_pull, name, pointee, &inner);
}

static void
conformant_struct_new(struct marshal *m, const struct shape *s)
{
	const char *path;
	const struct shape *array = marshal_tail(m, s, "v->", &path);
	unsigned least = (unsigned)layout_of(m->c, array->to).least;

	if (shape_is_varying(array))
		text_line(m->out, "uint32_t size = sp_pull_max_count(pull);");
	else
		text_line(m->out, "uint32_t size = sp_pull_count(pull, %u);", least);
	text_line(m->out, "%s *v = NULL;", s->c_name);
	text_blank(m->out);
	text_line(m->out, "if (sp_pull_ok(pull))");
	text_nested(m->out, "v = sp_pull_alloc(pull, 1, sizeof(*v) + size * sizeof(%s[0]));", path);
}

const char *
marshal_local(struct marshal *m, const struct shape *s, const char *name)
{
	char *text = compiler_printf(m->c, "%s", declare(m->c, s, name)),
	     *found = strstr(text, " (*");

	if (found)
		memmove(found, found + 1, strlen(found));
	return text;
}

/* A pointer to const things of this shape. */
static const char *
const_pointer(struct marshal *m, const struct shape *s)
{
	if (s->kind == SHAPE_POINTER)
		return declare(m->c, s, "const *v");
	return compiler_printf(m->c, "%s%s", s->is_const ? "" : "const ",
		marshal_local(m, s, s->kind == SHAPE_ARRAY ? "(*v)" : "*v"));
}

/* The same, to be filled in. */
static struct shape
writable(const struct shape *s)
{
	struct shape copy = *s;

	copy.is_const = false;
	return copy;
}

static void
referent_pull(struct marshal *m, const struct shape *s, struct scope *scope)
{
	const struct shape own = writable(s);

	if (s->kind == SHAPE_ARRAY) {
		marshal_pull_array_new(m, s, scope);
		return;
	}
	if (s->kind == SHAPE_STRUCT && layout_of(m->c, s).is_conformant)
		conformant_struct_new(m, s);
	else
		text_line(m->out, "%s = sp_pull_alloc(pull, 1, sizeof(*v));",
			declare(m->c, &own, "*v"));
	if (!(s->kind == SHAPE_STRUCT && layout_of(m->c, s).is_conformant))
		text_blank(m->out);
	text_line(m->out, "if (!v)");
	text_nested(m->out, "return;");
	marshal_pull(m, s, "*v", scope);
	text_line(m->out, "*(%s)slot = v;", declare(m->c, s, "**"));
}

/* The counts in front of a conformant struct; the array's siblings are found beside it. */
static void
hoisted_count_push(struct marshal *m, const struct shape *s)
{
	const char *path;
	const struct shape *array = marshal_tail(m, s, "v->", &path);
	size_t n = strlen(path);

	while (n > 0 && path[n - 1] != '.' && path[n - 1] != '>')
		n--;
	if (array->dimensions[0].size)
		text_line(m->out, "sp_push_count(push, %s);",
			count_text(m->c, &array->dimensions[0], compiler_strndup(m->c, path, n)));
	else
		text_line(m->out, "sp_push_count(push, sp_string_count(%s, %u, UINT32_MAX));", path,
			layout_scalar_size(array->to));
}

static void
referent_push(struct marshal *m, const struct shape *s, struct scope *scope)
{
	text_line(m->out, "%s = pointee;", const_pointer(m, s->kind == SHAPE_ARRAY ? s->to : s));
	if (s->kind != SHAPE_ARRAY || !(shape_is_conformant(s) || shape_is_varying(s)))
		text_blank(m->out);
	if (s->kind == SHAPE_ARRAY) {
		marshal_push_array(m, s, "v", scope, false);
		return;
	}
	if (s->kind == SHAPE_STRUCT && layout_of(m->c, s).is_conformant)
		hoisted_count_push(m, s);
	marshal_push(m, s, "*v", scope);
}

/* --- all of it -------------------------------------------------------------------------------------------- */

static const char *
signature(struct marshal *m, const struct routine *r)
{
	const char *c_name = r->shape->c_name;

	if (r->kind == ROUTINE_REFERENT)
		return r->is_pull ? "struct sp_pull *pull, void *slot, const void *scope"
				  : "struct sp_push *push, const void *pointee, const void *scope";
	if (r->kind == ROUTINE_CONVERT)
		return "struct sp_pull *pull, void *slot, const void *wire";
	if (r->kind == ROUTINE_FLAT)
		return compiler_printf(m->c,
			r->is_pull ? "const uint8_t *p, bool swap, %s *self"
				   : "uint8_t *p, const %s *self",
			c_name);
	if (!r->is_pull)
		return compiler_printf(m->c, "struct sp_push *push, const %s *self%s", c_name,
			r->shape->kind == SHAPE_UNION ? ", int64_t tag" : "");
	return compiler_printf(m->c, "struct sp_pull *pull, %s *self%s", c_name,
		layout_of(m->c, r->shape).is_conformant ? ", uint32_t size" : "");
}

static const char *
routine_result(const struct routine *r)
{
	return r->kind == ROUTINE_VALUE && r->is_pull && r->shape->kind == SHAPE_UNION ? "int64_t"
										       : "void";
}

static void
routine_body(struct marshal *m, struct routine *r)
{
	if (r->kind == ROUTINE_FLAT) {
		if (r->is_pull)
			marshal_load(m, r->shape);
		else
			marshal_store(m, r->shape);
	} else if (r->kind == ROUTINE_CONVERT) {
		convert_later(m, r->shape);
	} else if (r->shape->kind == SHAPE_CONVERTED && r->kind == ROUTINE_VALUE) {
		convert_value(m, r->is_pull, r->shape);
	} else if (r->kind == ROUTINE_VALUE) {
		if (r->is_pull)
			marshal_pull_type(m, r->shape);
		else
			marshal_push_type(m, r->shape);
	} else if (r->is_pull) {
		referent_pull(m, r->shape, &r->scope);
	} else {
		referent_push(m, r->shape, &r->scope);
	}
}

/* The first lines of a referent: what its scope is. */
static bool
scope_lines(struct text *out, const struct routine *r, const struct text *body)
{
	const char *name = r->scope.is_operation ? "args" : "self";
	bool uses_names = r->scope.prefix && text_has(body, r->scope.prefix);
	size_t before = out->len;

	if (r->kind != ROUTINE_REFERENT)
		return true;
	if (r->scope.late && (uses_names || text_has(body, "late->"))) {
		if (text_has(body, "late->"))
			text_line(out, "%s *late = (void *)(uintptr_t)scope;", r->scope.late);
		else
			text_line(out, "const %s *late = scope;", r->scope.late);
		if (uses_names)
			text_line(out, "const %s *args = late->args;", r->scope.type);
	} else if (uses_names) {
		text_line(out, "const %s *%s = scope;", r->scope.type, name);
	}
	return out->len > before || text_has(body, "scope");
}

static void
routine(struct marshal *m, struct routine *r, struct text *ret)
{
	struct text *body = &m->body, *locals = &m->locals_part, *tail = &m->tail_part;
	bool uses_scope;

	text_clear(body, 1);
	text_clear(locals, 1);
	text_clear(tail, 1);
	m->out = body;
	m->locals = locals;
	m->tail = tail;
	m->loops = 0;
	routine_body(m, r);
	text_blank(ret);
	text_line(ret, "static %s", routine_result(r));
	text_line(ret, "%s(%s)", r->name, signature(m, r));
	text_open(ret, "{");
	uses_scope = scope_lines(ret, r, body);
	if (locals->len) {
		text_add(ret, locals);
		if (!r->is_pull || r->shape->kind != SHAPE_UNION)
			text_blank(ret);
	}
	text_add(ret, body);
	text_add(ret, tail);
	if (!uses_scope)
		text_line(ret, "(void)scope;");
	text_close(ret, "}");
	ret->failed |= body->failed || locals->failed || tail->failed;
}

void
marshal_finish(struct marshal *m, struct text *ret)
{
	for (struct routine *r = m->routines; r; r = r->next)
		routine(m, r, &m->functions);
	text_add(ret, &m->structs);
	if (m->routines)
		text_blank(ret);
	for (struct routine *r = m->routines; r; r = r->next)
		text_line(ret, "static %s %s(%s);", routine_result(r), r->name, signature(m, r));
	text_add(ret, &m->functions);
	text_add(ret, &m->operations);
}
