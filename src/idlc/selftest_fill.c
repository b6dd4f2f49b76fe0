/* SPDX-License-Identifier: MIT */
/* Random values that keep to what the definitions ask for. */
#include <string.h>

#include "idlc/layout.h"
#include "idlc/marshal.h"
#include "idlc/selftest.h"
#include "idlc/shape.h"

/* --- what a field is used for --------------------------------------------------------------------- */

static bool
names(const struct expr *e, const struct field *f)
{
	if (!e)
		return false;
	if (e->op == EXPR_NAME)
		return e->field == f;
	return names(e->a, f) || names(e->b, f) || names(e->c, f);
}

static bool
counts_in(const struct shape *s, const struct field *f)
{
	for (; s; s = s->to)
		for (unsigned i = 0; s->kind == SHAPE_ARRAY && i < s->n_dimensions; i++)
			if (names(s->dimensions[i].size, f) || names(s->dimensions[i].length, f) ||
				names(s->dimensions[i].first, f))
				return true;
	return false;
}

static bool
is_count(const struct setting *setting)
{
	for (const struct field *f = setting->siblings; f; f = f->next)
		if (counts_in(f->shape, setting->field))
			return true;
	return setting->result && counts_in(setting->result->shape, setting->field);
}

/* The union that this field chooses an arm of; NULL when none. */
static const struct type *
chosen_union(const struct setting *setting)
{
	for (const struct field *f = setting->siblings; f; f = f->next)
		for (const struct shape *s = f->shape; s; s = s->to)
			if (s->switch_is && names(s->switch_is, setting->field))
				return s->type;
	return NULL;
}

bool
selftest_is_first(const struct field *f, const struct setting *setting)
{
	const struct setting own = {setting->prefix, setting->siblings, setting->result, f};
	const struct shape *s = f->shape;

	if (!s)
		return false;
	while (s->kind == SHAPE_POINTER && (is_count(&own) || chosen_union(&own)))
		s = s->to;
	return s->kind == SHAPE_SCALAR || s->kind == SHAPE_ENUM16;
}

/* --- conditions ------------------------------------------------------------------------------------- */

static const char *
also(struct selftest *t, const char *all, const char *one)
{
	return all ? compiler_printf(t->c, "%s && %s", all, one) : one;
}

static bool
is_constant(const struct expr *e)
{
	if (!e)
		return true;
	if (e->op == EXPR_NAME && e->field)
		return false;
	return is_constant(e->a) && is_constant(e->b) && is_constant(e->c);
}

static const char *
dimension_condition(struct selftest *t, const struct shape *s, const struct dimension *d,
	const char *prefix, const char *all)
{
	const char *size = d->size || d->bound ? count_text(t->c, d, prefix) : NULL;
	const char *first = first_text(t->c, d, prefix);

	if (d->size && !is_constant(d->size))
		all = also(t, all, compiler_printf(t->c, "%s <= 4096", size));
	if (size && (d->length || d->first))
		all = also(t, all,
			compiler_printf(t->c, "%s <= %s && %s <= %s - %s", first, size,
				length_text(t->c, d, prefix), size, first));
	if (s->is_string && d->size)
		all = also(t, all, compiler_printf(t->c, "%s >= 1", size));
	return all;
}

static const char *
switch_condition(struct selftest *t, const struct shape *s, const struct setting *setting)
{
	const char *value = selftest_switch(t, s, setting), *any = NULL;

	for (const struct field *f = s->type->fields; f; f = f->next) {
		if (f->is_default)
			return NULL;
		for (const struct expr_list *l = f->cases; l; l = l->next) {
			const char *one = compiler_printf(
				t->c, "%s == %lld", value, (long long)l->expr->value);

			any = any ? compiler_printf(t->c, "%s || %s", any, one) : one;
		}
	}
	return any ? compiler_printf(t->c, "(%s)", any) : NULL;
}

const char *
selftest_condition(struct selftest *t, const struct setting *setting)
{
	const char *all = NULL, *one;

	for (const struct shape *s = setting->field->shape; s; s = s->to) {
		for (unsigned i = 0; s->kind == SHAPE_ARRAY && i < s->n_dimensions; i++)
			all = dimension_condition(t, s, &s->dimensions[i], setting->prefix, all);
		one = s->switch_is ? switch_condition(t, s, setting) : NULL;
		if (one)
			all = also(t, all, one);
	}
	return all;
}

/* --- values --------------------------------------------------------------------------------------------- */

static void
type_bounds(const struct shape *s, int64_t *ret_low, int64_t *ret_high)
{
	unsigned size = s->kind == SHAPE_ENUM16 ? 2 : layout_scalar_size(s);
	bool is_signed = s->base == BASE_SMALL || s->base == BASE_SHORT || s->base == BASE_LONG ||
			 s->base == BASE_HYPER || s->base == BASE_CHAR;

	*ret_low = 0;
	*ret_high = size == 1 ? 0xff : size == 2 ? 0xffff : size == 4 ? UINT32_MAX : INT64_MAX;
	if (s->kind == SHAPE_ENUM16) {
		*ret_high = 0x7fff;
	} else if (is_signed) {
		*ret_low = size == 8 ? INT64_MIN : -(*ret_high / 2) - 1;
		*ret_high = size == 8 ? INT64_MAX : *ret_high / 2;
	}
	if (s->has_range) {
		*ret_low = s->low > *ret_low ? s->low : *ret_low;
		*ret_high = s->high < *ret_high ? s->high : *ret_high;
	}
}

static bool
is_label(const struct type *t, int64_t value)
{
	for (const struct field *f = t->fields; f; f = f->next)
		for (const struct expr_list *l = f->cases; l; l = l->next)
			if (l->expr->value == value)
				return true;
	return false;
}

/* The labels that the tag can hold, and one for the default arm. */
static const char *
labels(struct selftest *t, const struct type *u, const struct shape *tag, unsigned *ret_n)
{
	const char *list = "";
	int64_t low, high, other = 0;
	bool has_default = false;

	type_bounds(tag, &low, &high);
	*ret_n = 0;
	for (const struct field *f = u->fields; f; f = f->next) {
		has_default |= f->is_default;
		for (const struct expr_list *l = f->cases; l; l = l->next) {
			if (l->expr->value < low || l->expr->value > high)
				continue;
			list = compiler_printf(t->c, "%s%s%lld", list, *list ? ", " : "",
				(long long)l->expr->value);
			++*ret_n;
		}
	}
	other = low > 0 ? low : 0;
	while (other < high && is_label(u, other))
		other++;
	if ((has_default && !is_label(u, other)) || !*ret_n) {
		list = compiler_printf(t->c, "%s%s%lld", list, *list ? ", " : "", (long long)other);
		++*ret_n;
	}
	return list;
}

static void
fill_label(struct selftest *t, const struct type *u, const struct shape *s, const char *at)
{
	const char *name = selftest_variable(t, "labels"), *list;
	unsigned n;

	list = labels(t, u, s, &n);
	text_open(t->out, "{");
	text_line(t->out, "static const int64_t %s[] = {%s};", name, list);
	text_blank(t->out);
	text_line(
		t->out, "%s = (%s)%s[sp_selftest_random(st, 0, %u)];", at, s->c_name, name, n - 1);
	text_close(t->out, "}");
}

static const char *
literal(struct selftest *t, int64_t value)
{
	if (value == INT64_MIN)
		return "INT64_MIN";
	return compiler_printf(t->c, "%lld", (long long)value);
}

static void
fill_number(struct selftest *t, const struct shape *s, const char *at, bool counts)
{
	int64_t low, high;

	type_bounds(s, &low, &high);
	if (s->base == BASE_FLOAT || s->base == BASE_DOUBLE)
		text_line(t->out, "%s = (%s)sp_selftest_random(st, 0, 4095) / 8;", at, s->c_name);
	else if (counts)
		text_line(t->out, "%s = (%s)sp_selftest_count(st, %s, %s);", at, s->c_name,
			literal(t, low), literal(t, high));
	else if (shape_is_int3264(s))
		text_line(t->out, "%s = (%s)sp_selftest_random(st, 0, %s);", at, s->c_name,
			s->base == BASE_INT3264 ? "INT32_MAX" : "UINT32_MAX");
	else if (s->has_range || s->kind == SHAPE_ENUM16)
		text_line(t->out, "%s = (%s)(%s + (int64_t)sp_selftest_random(st, 0, %llu));", at,
			s->c_name, literal(t, low),
			(unsigned long long)high - (unsigned long long)low);
	else
		text_line(t->out, "%s = (%s)sp_selftest_random(st, 0, UINT64_MAX);", at, s->c_name);
}

static void
fill_scalar(
	struct selftest *t, const struct shape *s, const char *at, const struct setting *setting)
{
	const struct type *u = chosen_union(setting);

	if (u)
		fill_label(t, u, s, at);
	else
		fill_number(t, s, at, is_count(setting));
}

static void
elements(struct selftest *t, const struct shape *s, const char *at, const char *n,
	const struct setting *setting)
{
	const char *i = selftest_variable(t, "i");

	selftest_loop(t, i, "0", n);
	selftest_fill(t, s->to, compiler_printf(t->c, "%s[%s]", at, i), setting);
	text_close(t->out, "}");
}

/* An array where it stands. */
static void
fill_array(struct selftest *t, const struct shape *s, const char *at, const struct setting *setting)
{
	const char *n = selftest_count(t, s, setting), *v;
	struct shape own = *s->to;

	if (!n)
		n = "8";
	if (s->is_string && s->n_dimensions == 1) {
		text_line(t->out, "memcpy(%s, sp_selftest_string(st, 1, %s, %u), %s * %u);", at, n,
			selftest_element_size(s->to), n, selftest_element_size(s->to));
		return;
	}
	if (s->to->kind == SHAPE_ARRAY) {
		elements(t, s, at, n, setting);
		return;
	}
	v = selftest_variable(t, "v");
	own.is_const = false;
	text_open(t->out, "{");
	text_line(t->out, "%s = %s;", declare(t->c, &own, compiler_printf(t->c, "*%s", v)),
		selftest_first(t, s, at));
	text_blank(t->out);
	elements(t, s, v, n, setting);
	text_close(t->out, "}");
}

static const char *
string_text(struct selftest *t, const struct shape *s, const char *room)
{
	unsigned long long least = s->has_range && s->low > 1 ? (unsigned long long)s->low : 1,
			   most = 8;

	if (s->has_range)
		most = (unsigned long long)s->high < least + 8 ? (unsigned long long)s->high
							       : least + 8;
	if (!room)
		room = compiler_printf(t->c, "%llu", most);
	return compiler_printf(t->c, "sp_selftest_string(st, %llu, %s, %u)", least, room,
		selftest_element_size(s->to));
}

/* Memory for an array behind a pointer, filled. */
static void
new_array(struct selftest *t, const struct shape *s, const char *at, const struct setting *setting)
{
	const char *n = selftest_count(t, s, setting), *v = selftest_variable(t, "v");
	struct shape own = *s->to;

	if (s->is_string && s->n_dimensions == 1) {
		text_line(t->out, "%s = %s;", at, string_text(t, s, n));
		return;
	}
	own.is_const = false;
	text_open(t->out, "{");
	text_line(t->out, "%s = sp_selftest_alloc(st, %s, sizeof(*%s));",
		marshal_local(&(struct marshal){.c = t->c}, &own,
			compiler_printf(t->c, own.kind == SHAPE_ARRAY ? "(*%s)" : "*%s", v)),
		n ? n : "8", v);
	text_blank(t->out);
	elements(t, s, v, n ? n : "8", setting);
	text_line(t->out, "%s = %s;", at, v);
	text_close(t->out, "}");
}

static void
new_one(struct selftest *t, const struct shape *s, const char *at, const struct setting *setting)
{
	const char *v = selftest_variable(t, "v");
	struct shape own = *s;

	if (s->kind == SHAPE_STRUCT && layout_of(t->c, s).is_conformant) {
		text_line(t->out, "%s = %s(st);", at, selftest_ask(t, MADE_NEW, s));
		return;
	}
	own.is_const = false;
	text_open(t->out, "{");
	text_line(t->out, "%s = sp_selftest_alloc(st, 1, sizeof(*%s));",
		declare(t->c, &own, compiler_printf(t->c, "*%s", v)), v);
	text_blank(t->out);
	selftest_fill(t, s, compiler_printf(t->c, "(*%s)", v), setting);
	text_line(t->out, "%s = %s;", at, v);
	text_close(t->out, "}");
}

static void
fill_pointer(
	struct selftest *t, const struct shape *s, const char *at, const struct setting *setting)
{
	const struct shape *to = s->to;
	const char *n = to->kind == SHAPE_ARRAY && to->dimensions[0].size
				? count_text(t->c, &to->dimensions[0], setting->prefix)
				: NULL;

	if (s->pointer == POINTER_REF)
		text_open(t->out, "{");
	else if (n)
		text_open(t->out, "if (%s > 0 || !sp_selftest_null(st)) {", n);
	else
		text_open(t->out, "if (!sp_selftest_null(st)) {");
	text_line(t->out, "sp_selftest_deeper(st, 1);");
	if (to->kind == SHAPE_OBJECT)
		text_line(t->out, "%s = sp_selftest_object(st);", at);
	else if (to->kind == SHAPE_UTF8)
		text_line(t->out, "%s = sp_selftest_utf8(st);", at);
	else if (to->kind == SHAPE_ARRAY)
		new_array(t, to, at, setting);
	else
		new_one(t, to, at, setting);
	text_line(t->out, "sp_selftest_deeper(st, -1);");
	text_close(t->out, "}");
}

void
selftest_fill(
	struct selftest *t, const struct shape *s, const char *at, const struct setting *setting)
{
	switch (s->kind) {
	case SHAPE_SCALAR:
	case SHAPE_ENUM16: fill_scalar(t, s, at, setting); break;
	case SHAPE_UUID: text_line(t->out, "sp_selftest_fill(st, &%s, sizeof(%s));", at, at); break;
	case SHAPE_CONTEXT:
		text_line(t->out, "sp_selftest_fill(st, &%s.uuid, sizeof(%s.uuid));", at, at);
		break;
	case SHAPE_STRUCT:
		text_line(t->out, "%s(st, &%s);", selftest_ask(t, MADE_SCALARS, s), at);
		text_line(t->out, "%s(st, &%s);", selftest_ask(t, MADE_REST, s), at);
		break;
	case SHAPE_UNION:
		text_line(t->out, "%s(st, &%s, %s);", selftest_ask(t, MADE_ARM, s), at,
			selftest_switch(t, s, setting));
		break;
	case SHAPE_POINTER: fill_pointer(t, s, at, setting); break;
	case SHAPE_ARRAY: fill_array(t, s, at, setting); break;
	default: break;
	}
}

/* --- structs and unions ---------------------------------------------------------------------------------- */

static void
scalars(struct selftest *t, const struct shape *s)
{
	struct setting setting = {.prefix = "self->", .siblings = s->type->fields};
	const char *all = NULL, *one;

	text_open(t->out, "for (unsigned tries = 0; tries < 1000; tries++) {");
	for (const struct field *f = s->type->fields; f; f = f->next) {
		const char *at = compiler_printf(t->c, "self->%s", f->name);

		setting.field = f;
		if (f->shape->kind == SHAPE_STRUCT)
			text_line(t->out, "%s(st, &%s);", selftest_ask(t, MADE_SCALARS, f->shape),
				at);
		else if (selftest_is_first(f, &setting))
			selftest_fill(t, f->shape, at, &setting);
		one = selftest_condition(t, &setting);
		if (one)
			all = also(t, all, one);
	}
	text_line(t->out, "if (%s)", all ? all : "true");
	text_nested(t->out, "break;");
	text_close(t->out, "}");
}

static void
rest(struct selftest *t, const struct shape *s)
{
	struct setting setting = {.prefix = "self->", .siblings = s->type->fields};

	text_line(t->out, "(void)st;");
	text_line(t->out, "(void)self;");
	for (const struct field *f = s->type->fields; f; f = f->next) {
		const char *at = compiler_printf(t->c, "self->%s", f->name);

		setting.field = f;
		if (f->shape->kind == SHAPE_STRUCT)
			text_line(t->out, "%s(st, &%s);", selftest_ask(t, MADE_REST, f->shape), at);
		else if (!selftest_is_first(f, &setting))
			selftest_fill(t, f->shape, at, &setting);
	}
}

static void
arms(struct selftest *t, const struct shape *s, const char *tag, const char *member)
{
	struct setting setting = {.prefix = "self->", .siblings = s->type->fields};

	text_line(t->out, "(void)st;");
	text_line(t->out, "(void)self;");
	text_open(t->out, "switch (%s) {", tag);
	for (const struct field *f = s->type->fields; f; f = f->next) {
		for (const struct expr_list *l = f->cases; l && !f->is_default; l = l->next)
			text_label(t->out, "case %lld:", (long long)l->expr->value);
		if (f->is_default)
			text_label(t->out, "default:");
		setting.field = f;
		if (f->shape)
			selftest_fill(t, f->shape,
				compiler_printf(t->c, "self->%s%s", member, f->name), &setting);
		text_line(t->out, "break;");
	}
	text_close(t->out, "}");
}

/* A struct with an open array at its end: the count is needed before the memory. */
static void
new_conformant(struct selftest *t, const struct shape *s)
{
	struct marshal m = {.c = t->c};
	const char *path, *n = "8", *element;
	const struct shape *array = marshal_tail(&m, s, "head.", &path);
	size_t len = strlen(path);

	element = compiler_printf(t->c, "v->%s", path + strlen("head."));
	while (len > 0 && path[len - 1] != '.')
		len--;
	if (array->dimensions[0].size)
		n = count_text(t->c, &array->dimensions[0], compiler_strndup(t->c, path, len));
	text_line(t->out, "%s head = {0}, *v;", s->c_name);
	text_blank(t->out);
	text_line(t->out, "%s(st, &head);", selftest_ask(t, MADE_SCALARS, s));
	text_line(t->out,
		"v = sp_selftest_alloc(st, 1, sizeof(*v) + sp_product(%s, sizeof(%s[0])));", n,
		element);
	text_line(t->out, "*v = head;");
	text_line(t->out, "%s(st, v);", selftest_ask(t, MADE_REST, s));
	text_line(t->out, "return v;");
}

void
selftest_fill_function(struct selftest *t, const struct asked *a)
{
	const struct type *type = a->shape->type;

	if (a->made == MADE_NEW)
		new_conformant(t, a->shape);
	else if (a->made == MADE_ARM)
		arms(t, a->shape, "tag", "");
	else if (a->made == MADE_SCALARS && type->is_encapsulated)
		fill_label(t, type, type->tag_shape,
			compiler_printf(t->c, "self->%s", type->tag->name));
	else if (type->is_encapsulated)
		arms(t, a->shape, compiler_printf(t->c, "(int64_t)self->%s", type->tag->name),
			compiler_printf(t->c, "%s.", type->union_name));
	else if (a->made == MADE_SCALARS)
		scalars(t, a->shape);
	else
		rest(t, a->shape);
}
