/* SPDX-License-Identifier: MIT */
/*
 * Arrays and strings (C706 14.3.3, 14.3.4): maximum counts of all dimensions, then offsets and actual
 * counts of all dimensions, then the elements, the last dimension fastest.
 */
#include "idlc/layout.h"
#include "idlc/marshal.h"
#include "idlc/shape.h"

/* Names of the variables of one dimension; unlike those of an enclosing array. */
struct names_of_counts {
	const char *size, *first, *length;
};

static struct names_of_counts
names_of(struct marshal *m, const struct shape *s, unsigned i)
{
	const char *suffix = "";

	if (s->n_dimensions > 1)
		suffix = compiler_printf(m->c, "_%u", i);
	if (m->loops > 0)
		suffix = compiler_printf(m->c, "%s_in_%c", suffix, 'h' + (int)m->loops);
	return (struct names_of_counts){compiler_printf(m->c, "size%s", suffix),
		compiler_printf(m->c, "first%s", suffix),
		compiler_printf(m->c, "length%s", suffix)};
}

static unsigned
least_of(struct marshal *m, const struct shape *s)
{
	uint64_t least = layout_of(m->c, s).least;

	return least ? (unsigned)least : 1;
}

static bool
is_open(const struct shape *s)
{
	return shape_is_conformant(s);
}

/* "size", "64": how many elements there is room for. */
static const char *
room_text(struct marshal *m, const struct shape *s, unsigned i)
{
	if (is_open(s))
		return names_of(m, s, i).size;
	return compiler_printf(m->c, "%llu", (unsigned long long)s->dimensions[i].bound);
}

static const char *
product_text(struct marshal *m, const struct shape *s)
{
	const char *product = room_text(m, s, 0);
	uint64_t n = s->dimensions[0].bound;

	for (unsigned i = 1; i < s->n_dimensions; i++) {
		product = compiler_printf(m->c, "sp_product(%s, %s)", product, room_text(m, s, i));
		n *= s->dimensions[i].bound;
	}
	return is_open(s) ? product : compiler_printf(m->c, "%llu", (unsigned long long)n);
}

/* --- elements ----------------------------------------------------------------------------------------- */

static const char *
index_name(struct marshal *m)
{
	return compiler_printf(m->c, "%c", 'i' + (int)(m->loops % 16));
}

static bool
is_ms_union(const struct shape *s)
{
	return s->kind == SHAPE_UNION && s->type->ms_union;
}

static void
element(struct marshal *m, bool is_pull, const struct shape *s, const char *at, const char *index,
	struct scope *scope)
{
	if (*at == '&')
		at = compiler_printf(m->c, "(%s)", at);
	at = compiler_printf(m->c, "%s[%s]", at, index);
	if (is_ms_union(s->to)) /* which aligns nothing but its tag by itself */
		text_line(m->out, is_pull ? "sp_pull_align(pull, %u);" : "sp_push_align(push, %u);",
			layout_of(m->c, s->to).alignment);
	if (is_pull)
		marshal_pull(m, s->to, at, scope);
	else
		marshal_push(m, s->to, at, scope);
}

static void
loop_open(struct marshal *m, bool is_pull, const char *index, const char *from, const char *to,
	bool braces)
{
	const char *verb = is_pull ? "pull" : "push";
	const char *start = from ? compiler_printf(m->c, "size_t %s = %s", index, from) : "";

	text_open(m->out, "for (%s; %s < %s && sp_%s_ok(%s); %s++)%s", start, index, to, verb, verb,
		index, braces ? " {" : "");
	m->loops++;
}

static void
loop_close(struct marshal *m, bool braces)
{
	m->loops--;
	if (braces)
		text_close(m->out, "}");
	else
		m->out->indent--;
}

static bool
is_copied(const struct shape *e)
{
	return layout_scalar_size(e) && !e->has_range;
}

/* One statement or several: several need braces. */
static bool
element_needs_braces(bool is_pull, const struct shape *e)
{
	return e->kind == SHAPE_ARRAY || e->has_range || is_ms_union(e) ||
	       (!is_pull && e->kind == SHAPE_POINTER && marshal_size_of(e));
}

/* A struct that is in memory as it is on the wire, one behind the other. */
static bool
is_copied_whole(struct marshal *m, const struct shape *e)
{
	struct layout l = layout_of(m->c, e);

	return marshal_is_flat(m, e) && l.size % l.alignment == 0;
}

/* All n elements from the first on. */
static void
run(struct marshal *m, bool is_pull, const struct shape *s, const char *at, const char *n,
	struct scope *scope)
{
	struct layout l = layout_of(m->c, s->to);
	const char *index = index_name(m);
	bool braces = element_needs_braces(is_pull, s->to), copied = is_copied_whole(m, s->to);

	if (is_copied(s->to)) {
		text_line(m->out,
			is_pull ? "sp_pull_array(pull, %s, %s, %u);"
				: "sp_push_array(push, %s, %s, %u);",
			at, n, layout_scalar_size(s->to));
		return;
	}
	if (copied) {
		text_open(m->out, "{");
		text_line(m->out,
			is_pull ? "size_t %s = sp_pull_structs(pull, %s, %s, sizeof(%s[0]), %llu, "
				  "%u);"
				: "size_t %s = sp_push_structs(push, %s, %s, sizeof(%s[0]), %llu, "
				  "%u);",
			index, at, n, *at == '&' ? compiler_printf(m->c, "(%s)", at) : at,
			(unsigned long long)l.size, l.alignment);
		text_blank(m->out);
	}
	loop_open(m, is_pull, index, copied ? NULL : "0", n, braces);
	element(m, is_pull, s, at, index, scope);
	loop_close(m, braces);
	if (copied)
		text_close(m->out, "}");
}

static bool
has_first(const struct shape *s)
{
	for (unsigned i = 0; i < s->n_dimensions; i++)
		if (s->dimensions[i].first)
			return true;
	return false;
}

/* A part of the elements: from first to first + length in every dimension. */
static void
section(struct marshal *m, bool is_pull, const struct shape *s, const char *at, struct scope *scope)
{
	struct names_of_counts own[SHAPE_MAX_DIMENSIONS];
	const char *rooms[SHAPE_MAX_DIMENSIONS], *index = "", *name, *end, *zero;
	bool braces = element_needs_braces(is_pull, s->to);

	for (unsigned i = 0; i < s->n_dimensions; i++) {
		own[i] = names_of(m, s, i);
		rooms[i] = room_text(m, s, i);
	}
	for (unsigned i = 0; i < s->n_dimensions; i++) {
		name = index_name(m);
		index = i == 0 ? name
			       : compiler_printf(m->c, i == 1 ? "%s * %s + %s" : "(%s) * %s + %s",
					 index, rooms[i], name);
		zero = is_pull || has_first(s) ? own[i].first : "0";
		end = compiler_printf(
			m->c, is_pull ? "(size_t)%s + %s" : "%s + %s", zero, own[i].length);
		loop_open(m, is_pull, name, zero, end, braces && i + 1 == s->n_dimensions);
	}
	element(m, is_pull, s, at, index, scope);
	for (unsigned i = 0; i < s->n_dimensions; i++)
		loop_close(m, i == 0 && braces);
}

static void
elements(
	struct marshal *m, bool is_pull, const struct shape *s, const char *at, struct scope *scope)
{
	if (!shape_is_varying(s))
		run(m, is_pull, s, at, product_text(m, s), scope);
	else if (s->n_dimensions == 1 && !has_first(s))
		run(m, is_pull, s, at, names_of(m, s, 0).length, scope);
	else
		section(m, is_pull, s, at, scope);
}

/* --- pull ------------------------------------------------------------------------------------------------ */

static void
pull_counts(struct marshal *m, const struct shape *s, bool hoisted)
{
	const char *getter = compiler_printf(m->c, "sp_pull_count(pull, %u)", least_of(m, s->to));
	bool varying = shape_is_varying(s);

	if (varying || s->n_dimensions > 1)
		getter = "sp_pull_max_count(pull)";
	for (unsigned i = 0; i < s->n_dimensions && is_open(s) && !hoisted; i++)
		text_line(m->out, "uint32_t %s = %s;", names_of(m, s, i).size, getter);
	for (unsigned i = 0; i < s->n_dimensions && varying; i++) {
		struct names_of_counts n = names_of(m, s, i);
		unsigned least = i + 1 == s->n_dimensions ? least_of(m, s->to) : 1;

		text_line(m->out, "uint32_t %s;", n.first);
		text_line(m->out, "uint32_t %s = sp_pull_variance(pull, %s, %u, &%s);", n.length,
			room_text(m, s, i), least, n.first);
	}
}

static void
pull_checks(struct marshal *m, const struct shape *s, const struct scope *scope)
{
	bool varying = shape_is_varying(s);

	if (s->has_range && is_open(s))
		text_line(m->out, "sp_pull_range(pull, %s, %lld, %lld, \"%s\");",
			names_of(m, s, 0).size, (long long)s->low, (long long)s->high,
			marshal_what(m, scope));

	for (unsigned i = 0; i < s->n_dimensions; i++) {
		const struct dimension *d = &s->dimensions[i];
		struct names_of_counts n = names_of(m, s, i);

		if (is_open(s) && (d->size || d->bound))
			marshal_expect(m, n.size, count_text(m->c, d, scope->prefix), d->size,
				"size_is", scope);
		if (varying && (d->first || !d->is_varying || !has_first(s)))
			marshal_expect(m, n.first, first_text(m->c, d, scope->prefix), d->first,
				"first_is", scope);
		if (varying && !s->is_string)
			marshal_expect(m, n.length, length_text(m->c, d, scope->prefix),
				d->length ? d->length : d->size, "length_is", scope);
	}
}

/* [MS-RPCE] 3.1.1.5.3.2.1.12: a string ends with its terminator. */
static void
pull_terminator(struct marshal *m, const struct shape *s, const char *at, const struct scope *scope)
{
	const char *length = names_of(m, s, s->n_dimensions - 1).length;

	if (s->is_string && s->n_dimensions == 1)
		text_line(m->out,
			"sp_pull_expect(pull, sp_pull_ok(pull) && %s && !%s[%s - 1], 1, \"end of "
			"%s\");",
			length, at, length, scope->field ? marshal_what(m, scope) : "string");
}

void
marshal_pull_array(
	struct marshal *m, const struct shape *s, const char *at, struct scope *scope, bool hoisted)
{
	bool has_counts = shape_is_varying(s);

	if (has_counts) {
		text_open(m->out, "{");
		pull_counts(m, s, hoisted);
		text_blank(m->out);
	}
	if (has_counts || hoisted)
		pull_checks(m, s, scope);
	elements(m, true, s, at, scope);
	if (has_counts) {
		pull_terminator(m, s, at, scope);
		text_close(m->out, "}");
	}
}

/* An [in, out] array has room for all that the handler may answer. */
static bool
needs_all_room(const struct shape *s, const struct scope *scope)
{
	return shape_is_varying(s) && s->dimensions[0].size && scope->is_operation &&
	       !scope->is_out && scope->level == 1 && scope->field && scope->field->out;
}

/* Nothing of its memory is left as it was. */
static bool
is_filled(struct marshal *m, const struct shape *s)
{
	return (is_copied(s->to) || is_copied_whole(m, s->to)) &&
	       (!shape_is_varying(s) || (s->n_dimensions == 1 && !has_first(s)));
}

static const char *
memory_text(struct marshal *m, const struct shape *s, const struct scope *scope)
{
	struct names_of_counts n = names_of(m, s, 0);

	if (!shape_is_varying(s) || s->n_dimensions > 1 || needs_all_room(s, scope))
		return product_text(m, s);
	if (has_first(s))
		return compiler_printf(m->c, "(size_t)%s + %s", n.first, n.length);
	return n.length;
}

void
marshal_pull_array_new(struct marshal *m, const struct shape *s, struct scope *scope)
{
	const struct shape *e = s->to;
	bool has_room = needs_all_room(s, scope), filled = is_filled(m, s);
	struct shape own = *e;

	own.is_const = false;
	pull_counts(m, s, false);
	text_line(m->out, "%s = NULL;",
		marshal_local(m, &own, e->kind == SHAPE_ARRAY ? "(*v)" : "*v"));
	text_blank(m->out);
	if (scope->field)
		pull_checks(m, s, scope);
	else
		text_line(m->out, "sp_pull_expect(pull, first, 0, \"first_is of string\");");
	text_line(m->out, "if (sp_pull_ok(pull))");
	text_nested(m->out, "v = sp_pull_%s(pull, %s, sizeof(*v));",
		has_room                 ? "room"
		: filled && is_copied(e) ? "array_new"
		: filled                 ? "alloc_bare"
					 : "alloc",
		memory_text(m, s, scope));
	text_line(m->out, "if (!v)");
	text_nested(m->out, "return;");
	if (has_room || !filled || !is_copied(e))
		elements(m, true, s, "v", scope);
	pull_terminator(m, s, "v", scope);
	text_line(m->out, "*(%s)slot = v;",
		marshal_local(m, e, e->kind == SHAPE_ARRAY ? "(**)" : "**"));
}

/* --- push ------------------------------------------------------------------------------------------------ */

static void
push_sizes(struct marshal *m, const struct shape *s, const char *at, const struct scope *scope,
	bool hoisted)
{
	for (unsigned i = 0; i < s->n_dimensions; i++) {
		const struct dimension *d = &s->dimensions[i];
		struct names_of_counts n = names_of(m, s, i);
		const char *size = count_text(m->c, d, scope->prefix ? scope->prefix : "");

		if (!is_open(s))
			continue;
		if (!d->size && !d->bound)
			size = compiler_printf(m->c, "sp_string_count(%s, %u, UINT32_MAX)", at,
				layout_scalar_size(s->to));
		text_line(m->out, "const uint64_t %s = %s;", n.size, size);
	}
}

static void
push_lengths(struct marshal *m, const struct shape *s, const char *at, const struct scope *scope)
{
	for (unsigned i = 0; i < s->n_dimensions && shape_is_varying(s); i++) {
		const struct dimension *d = &s->dimensions[i];
		struct names_of_counts n = names_of(m, s, i);
		const char *prefix = scope->prefix ? scope->prefix : "";

		if (has_first(s))
			text_line(m->out, "const uint64_t %s = %s;", n.first,
				first_text(m->c, d, prefix));
		if (s->is_string && s->n_dimensions == 1 && is_open(s) && !d->size)
			text_line(m->out, "const uint64_t %s = %s;", n.length, n.size);
		else if (s->is_string && s->n_dimensions == 1)
			text_line(m->out, "const uint64_t %s = sp_string_count(%s, %u, %s);",
				n.length, at, layout_scalar_size(s->to), room_text(m, s, i));
		else
			text_line(m->out, "const uint64_t %s = %s;", n.length,
				length_text(m->c, d, prefix));
	}
}

static void
push_counts(struct marshal *m, const struct shape *s, const struct scope *scope, bool hoisted)
{
	const char *what = scope->field ? marshal_what(m, scope) : "string";

	if (s->has_range && is_open(s))
		text_line(m->out, "sp_push_range(push, (int64_t)%s, %lld, %lld, \"%s\");",
			names_of(m, s, 0).size, (long long)s->low, (long long)s->high, what);
	for (unsigned i = 0; i < s->n_dimensions && is_open(s) && !hoisted; i++)
		text_line(m->out, "sp_push_count(push, %s);", names_of(m, s, i).size);
	for (unsigned i = 0; i < s->n_dimensions && shape_is_varying(s); i++) {
		struct names_of_counts n = names_of(m, s, i);
		const char *first = has_first(s) ? n.first : "0", *room = room_text(m, s, i);

		text_line(m->out, "sp_push_variance(push, %s, %s, %s, \"%s\");", room, first,
			n.length, what);
	}
}

void
marshal_push_array(
	struct marshal *m, const struct shape *s, const char *at, struct scope *scope, bool hoisted)
{
	bool has_variables = is_open(s) || shape_is_varying(s), in_place = hoisted || *at != 'v';

	if (has_variables && in_place)
		text_open(m->out, "{");
	push_sizes(m, s, at, scope, hoisted);
	push_lengths(m, s, at, scope);
	if (has_variables)
		text_blank(m->out);
	push_counts(m, s, scope, hoisted);
	elements(m, false, s, at, scope);
	if (has_variables && in_place)
		text_close(m->out, "}");
}
