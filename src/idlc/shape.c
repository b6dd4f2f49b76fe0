/* SPDX-License-Identifier: MIT */
#include "idlc/shape.h"

#include <string.h>

#include "idlc/constant.h"
#include "idlc/convert.h"
#include "idlc/diagnostic.h"
#include "idlc/names.h"
#include "idlc/parser.h"

/* Attributes that are still looking for their level. */
struct pending {
	const struct expr_list *size, *max, *length, *last, *first;
	const struct attr *pointer, *string, *range, *context, *unchecked, *iid_is, *ignore, *utf8,
		*out;
	struct expr *switch_is;
	const struct type *unconverted; /* the alias that is taken as it travels */
	unsigned depth;
};

struct maker {
	struct compiler *c;
	const struct place_of_type *place;
};

static struct shape *make(struct maker *m, struct type *t, struct pending p, bool top);

static const struct {
	const char *name;
	uint8_t is_integer;
} bases[BASE_N] = {[BASE_VOID] = {"void", 0},
	[BASE_BYTE] = {"uint8_t", 1},
	[BASE_CHAR] = {"char", 1},
	[BASE_UCHAR] = {"uint8_t", 1},
	[BASE_BOOLEAN] = {"uint8_t", 1},
	[BASE_SMALL] = {"int8_t", 1},
	[BASE_USMALL] = {"uint8_t", 1},
	[BASE_SHORT] = {"int16_t", 1},
	[BASE_USHORT] = {"uint16_t", 1},
	[BASE_LONG] = {"int32_t", 1},
	[BASE_ULONG] = {"uint32_t", 1},
	[BASE_HYPER] = {"int64_t", 1},
	[BASE_UHYPER] = {"uint64_t", 1},
	[BASE_INT3264] = {"int64_t", 1},
	[BASE_UINT3264] = {"uint64_t", 1},
	[BASE_FLOAT] = {"float", 0},
	[BASE_DOUBLE] = {"double", 0},
	[BASE_WCHAR] = {"uint16_t", 1},
	[BASE_ERROR_STATUS] = {"uint32_t", 1},
	[BASE_HANDLE] = {"sp_call *", 0},
	[BASE_UUID] = {"struct sp_uuid", 0}};

const char *
shape_base_name(enum base_type base)
{
	return bases[base].name;
}

bool
shape_is_int3264(const struct shape *s)
{
	return s->kind == SHAPE_SCALAR && (s->base == BASE_INT3264 || s->base == BASE_UINT3264);
}

bool
shape_is_integer(const struct shape *s)
{
	return s &&
	       (s->kind == SHAPE_ENUM16 || (s->kind == SHAPE_SCALAR && bases[s->base].is_integer));
}

bool
shape_is_conformant(const struct shape *s)
{
	for (unsigned i = 0; s->kind == SHAPE_ARRAY && i < s->n_dimensions; i++)
		if (s->dimensions[i].is_open)
			return true;
	return false;
}

bool
shape_is_varying(const struct shape *s)
{
	for (unsigned i = 0; s->kind == SHAPE_ARRAY && i < s->n_dimensions; i++)
		if (s->dimensions[i].is_varying)
			return true;
	return false;
}

/* Names that every file knows unless it defines them itself. */
static struct type *
built_in(const char *name)
{
	static struct type uuid = {.kind = TYPE_BASE, .base = BASE_UUID};
	static struct type unknown = {.kind = TYPE_INTERFACE, .name = "IUnknown"},
			   dispatch = {.kind = TYPE_INTERFACE, .name = "IDispatch"};
	static const struct {
		const char *name;
		struct type *type;
	} known[] = {{"uuid_t", &uuid}, {"UUID", &uuid}, {"GUID", &uuid}, {"IUnknown", &unknown},
		{"IDispatch", &dispatch}};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(name, known[i].name) == 0)
			return known[i].type;
	return NULL;
}

bool
shape_is_built_in(const char *name)
{
	return built_in(name) != NULL;
}

static struct meaning *
lookup(const struct compiler *c, const struct type *t)
{
	return names_find_at(c, t->kind == TYPE_NAME ? NAME_PLAIN : NAME_TAG, t->name, t->sequence);
}

const struct type *
shape_meaning(const struct compiler *c, const struct type *t)
{
	const struct meaning *found = lookup(c, t);

	if (!found && t->kind == TYPE_NAME)
		return built_in(t->name);
	if (!found || !found->type || t->kind == TYPE_NAME)
		return found ? found->type : NULL;
	/* a union with its switch inside is a struct in C, and some call it so */
	return found->type->kind == t->kind || found->type->is_encapsulated ? found->type : NULL;
}

static void
unknown_type(struct compiler *c, const struct type *t)
{
	const struct meaning *found = lookup(c, t);
	const char *similar;

	if (t->kind != TYPE_NAME) {
		refuse_at(c, t->pos, "'%s' is not defined anywhere", t->name);
		return;
	}
	error_at(c, t->pos, found ? "'%s' is not a type" : "unknown type '%s'", t->name);
	if (found) {
		note_at(c, found->pos, "it is defined here");
		return;
	}
	similar = names_similar(c, t->name);
	if (similar)
		note_at(c, names_find(c, NAME_PLAIN, similar)->pos, "perhaps '%s' is meant",
			similar);
}

/* One step from a name or a tag to its meaning. */
static struct type *
meaning_of(struct compiler *c, struct type *t)
{
	if (!t->of && !t->is_unknown) {
		t->of = (struct type *)(uintptr_t)shape_meaning(c, t);
		t->is_unknown = !t->of;
		if (!t->of)
			unknown_type(c, t);
	}
	return t->of;
}

static bool
is_indirect(const struct type *t)
{
	return t->kind == TYPE_NAME || t->kind == TYPE_ALIAS || t->is_reference;
}

struct type *
shape_resolve(struct compiler *c, struct type *t)
{
	for (unsigned i = 0; t && is_indirect(t); i++) {
		if (i > COMPILER_MAX_DEPTH) {
			error_at(c, t->pos, "'%s' is defined by itself", t->name);
			return NULL;
		}
		t = t->kind == TYPE_ALIAS ? t->of : meaning_of(c, t);
	}
	return t;
}

/* --- attributes --------------------------------------------------------------------------- */

static void
take_list(const struct attr *attrs, const char *name, const struct expr_list **slot)
{
	const struct attr *attr = NULL;

	for (const struct attr *a = attrs; a && !attr; a = a->next)
		if (strcmp(a->name, name) == 0)
			attr = a;
	if (attr && !*slot)
		*slot = attr->args;
}

static void
take_attr(const struct attr *attrs, const char *name, const struct attr **slot)
{
	for (; attrs && !*slot; attrs = attrs->next)
		if (strcmp(attrs->name, name) == 0)
			*slot = attrs;
}

/* What is nearer to the use wins over what a typedef says. */
static void
pending_add(struct pending *p, const struct attr *attrs)
{
	const struct expr_list *switch_is = NULL;

	take_list(attrs, "size_is", &p->size);
	take_list(attrs, "max_is", &p->max);
	take_list(attrs, "length_is", &p->length);
	take_list(attrs, "last_is", &p->last);
	take_list(attrs, "first_is", &p->first);
	take_list(attrs, "switch_is", &switch_is);
	if (switch_is && !p->switch_is)
		p->switch_is = switch_is->expr;
	take_attr(attrs, "ref", &p->pointer);
	take_attr(attrs, "unique", &p->pointer);
	take_attr(attrs, "ptr", &p->pointer);
	take_attr(attrs, "string", &p->string);
	take_attr(attrs, "range", &p->range);
	take_attr(attrs, "disable_consistency_check", &p->unchecked);
	take_attr(attrs, "iid_is", &p->iid_is);
	take_attr(attrs, "ignore", &p->ignore);
	take_attr(attrs, "utf8", &p->utf8);
	take_attr(attrs, "out", &p->out);
	take_attr(attrs, "context_handle", &p->context);
	take_attr(attrs, "context_handle_serialize", &p->context);
	take_attr(attrs, "context_handle_noserialize", &p->context);
}

static struct expr *
next_expr(const struct expr_list **list)
{
	struct expr *e = *list ? (*list)->expr : NULL;

	*list = *list ? (*list)->next : NULL;
	return e;
}

/* Hands one level's expressions to a dimension. */
static void
dimension_take(struct dimension *d, struct pending *p)
{
	struct expr *max = next_expr(&p->max), *last = next_expr(&p->last);

	d->size = next_expr(&p->size);
	d->length = next_expr(&p->length);
	d->first = next_expr(&p->first);
	if (!d->size && max) {
		d->size = max;
		d->size_is_max = true;
	}
	if (!d->length && last) {
		d->length = last;
		d->length_is_last = true;
	}
	d->is_varying = d->length || d->first;
}

static bool
level_has_array(const struct pending *p)
{
	return (p->size && p->size->expr) || (p->max && p->max->expr) ||
	       (p->length && p->length->expr) || (p->last && p->last->expr);
}

static bool
is_character(struct maker *m, struct type *t)
{
	t = shape_resolve(m->c, t);
	return t && t->kind == TYPE_BASE &&
	       (t->base == BASE_CHAR || t->base == BASE_UCHAR || t->base == BASE_WCHAR ||
		       t->base == BASE_BYTE || t->base == BASE_USHORT || t->base == BASE_SMALL ||
		       t->base == BASE_USMALL);
}

/* --- shapes ------------------------------------------------------------------------------- */

static struct shape *
shape_new(struct maker *m, enum shape_kind kind, struct pos pos)
{
	struct shape *s = compiler_new(m->c, 1, sizeof(*s));

	s->kind = kind;
	s->pos = pos;
	return s;
}

static unsigned
context_number(struct maker *m, struct type *alias)
{
	struct interface *i = m->place->interface;
	struct context **slot = &i->contexts;
	unsigned number = 0;

	for (; *slot; slot = &(*slot)->next, number++)
		if ((*slot)->type == alias)
			return number;
	*slot = compiler_new(m->c, 1, sizeof(**slot));
	(*slot)->type = alias;
	(*slot)->name = alias ? alias->name : "context";
	i->n_contexts = number + 1;
	return number;
}

static struct shape *
context_shape(struct maker *m, struct type *alias, struct pos pos)
{
	struct shape *s = shape_new(m, SHAPE_CONTEXT, pos);

	if (!(m->place->is_parameter || m->place->is_result) || !m->place->interface) {
		refuse_at(m->c, pos, "a context handle must be a parameter");
		return NULL;
	}
	s->c_name = alias ? alias->name : "struct sp_context_handle";
	s->type = alias;
	s->context = context_number(m, alias);
	return s;
}

static bool
range_of(struct maker *m, const struct attr *range, int64_t *ret_low, int64_t *ret_high)
{
	const struct expr_list *low = range->args, *high = low ? low->next : NULL;

	if (!low || !high || !low->expr || !high->expr) {
		error_at(m->c, range->pos, "range takes two values: range(low, high)");
		return false;
	}
	return constant_value(m->c, low->expr, ret_low) &&
	       constant_value(m->c, high->expr, ret_high);
}

static struct shape *
base_shape(struct maker *m, struct type *t, const struct pending *p, const char *c_name,
	struct pos pos)
{
	struct shape *s = shape_new(m, SHAPE_SCALAR, pos);

	s->base = t->base;
	s->c_name = c_name ? c_name : bases[t->base].name;
	if (t->base == BASE_VOID)
		s->kind = SHAPE_VOID;
	else if (t->base == BASE_HANDLE)
		s->kind = SHAPE_HANDLE;
	else if (t->base == BASE_UUID)
		s->kind = SHAPE_UUID;
	if (p->range && bases[t->base].is_integer)
		s->has_range = range_of(m, p->range, &s->low, &s->high);
	return s;
}

static struct shape *
named_shape(struct maker *m, struct type *t, const struct pending *p, const char *c_name,
	struct pos pos)
{
	enum shape_kind kind = t->kind == TYPE_STRUCT || t->is_encapsulated ? SHAPE_STRUCT
			       : t->kind == TYPE_UNION                      ? SHAPE_UNION
			       : t->v1_enum                                 ? SHAPE_SCALAR
									    : SHAPE_ENUM16;
	struct shape *s = shape_new(m, kind, pos);
	const char *word = t->kind == TYPE_ENUM ? "enum" : kind == SHAPE_UNION ? "union" : "struct";

	s->type = t;
	s->base = BASE_LONG;
	s->c_name = c_name ? c_name : compiler_printf(m->c, "%s %s", word, t->name);
	s->switch_is = p->switch_is;
	if (kind == SHAPE_UNION && !p->switch_is) {
		refuse_at(m->c, pos, "a union needs [switch_is(...)] to say which arm travels");
		return NULL;
	}
	return s;
}

/* The array behind a pointer that has size_is, or points to a string's first character. */
static struct shape *
pointed_array(struct maker *m, struct type *t, struct pending p, struct pos pos)
{
	struct shape *s = shape_new(m, SHAPE_ARRAY, pos);
	struct dimension *d = &s->dimensions[0];

	s->n_dimensions = 1;
	dimension_take(d, &p);
	d->is_open = true;
	s->is_string = p.string && is_character(m, t);
	d->is_varying |= s->is_string;
	if (s->is_string)
		p.string = NULL;
	if (s->is_string && p.range) { /* of the count, not of the characters */
		s->has_range = range_of(m, p.range, &s->low, &s->high);
		p.range = NULL;
	}
	if (!d->size && !s->is_string) {
		refuse_at(m->c, pos,
			"the number of elements is not known: size_is or max_is is missing");
		return NULL;
	}
	s->to = make(m, t, p, false);
	return s->to ? s : NULL;
}

static enum pointer_kind
pointer_kind(struct maker *m, const struct pending *p, bool top)
{
	if (p->pointer)
		return *p->pointer->name == 'r'   ? POINTER_REF
		       : *p->pointer->name == 'p' ? POINTER_FULL
						  : POINTER_UNIQUE;
	if (top && m->place->is_parameter)
		return POINTER_REF;
	return m->place->interface ? (enum pointer_kind)m->place->interface->pointer_default
				   : POINTER_UNIQUE;
}

static bool
is_void(const struct type *t)
{
	return t->kind == TYPE_BASE && t->base == BASE_VOID;
}

/* An interface pointer travels as a counted OBJREF ([MS-DCOM] 2.2.14). */
static struct shape *
object_shape(struct maker *m, struct pos pos)
{
	struct shape *s = shape_new(m, SHAPE_OBJECT, pos);

	s->c_name = "struct sp_object";
	return s;
}

/* C706 14.3.10. */
static struct shape *
pipe_shape(struct maker *m, struct type *t, const char *c_name, struct pos pos)
{
	const struct pending none = {0};
	struct shape *s = shape_new(m, SHAPE_PIPE, pos);

	s->to = make(m, t->of, none, false);
	if (!s->to)
		return NULL;
	s->c_name = c_name;
	if (c_name && m->place->is_parameter)
		return s;
	refuse_at(m->c, pos,
		c_name ? "a pipe must be a parameter" : "a pipe travels when it has a name");
	return NULL;
}

/* The terminator says how long it is, and where it lies: what the caller has room for cannot be told in bytes of UTF-8. */
static bool
is_utf8(struct maker *m, struct type *t, const struct pending *p, bool top)
{
	const struct interface *i = m->place->interface;
	bool wanted = p->utf8 || m->c->all_utf8 || (i && attr_find(i->attrs, "utf8"));

	if (!wanted || !p->string || p->range || level_has_array(p) || (p->first && p->first->expr))
		return false;
	if (top && m->place->is_parameter && p->out)
		return false;
	t = shape_resolve(m->c, t);
	return t && t->kind == TYPE_BASE && t->base == BASE_WCHAR;
}

static struct shape *
utf8_shape(struct maker *m, struct type *t, struct pending p, struct pos pos)
{
	struct shape *s = shape_new(m, SHAPE_UTF8, pos);

	s->to = pointed_array(m, t, p, pos);
	s->c_name = "char";
	s->is_const = s->to && s->to->to->is_const;
	return s->to ? s : NULL;
}

static struct shape *
pointer_shape(struct maker *m, struct type *t, struct pending p, struct pos pos, bool top)
{
	struct shape *s = shape_new(m, SHAPE_POINTER, pos);
	struct type *pointee = shape_resolve(m->c, t->of);

	if (!pointee)
		return NULL;
	s->pointer = pointer_kind(m, &p, top);
	s->is_unchecked = p.unchecked != NULL;
	p.pointer = NULL;
	if (!level_has_array(&p) &&
		(pointee->kind == TYPE_INTERFACE || (p.iid_is && is_void(pointee)))) {
		s->pointer = POINTER_UNIQUE;
		s->to = object_shape(m, pos);
		return s;
	}
	if (is_utf8(m, t->of, &p, top)) {
		s->to = utf8_shape(m, t->of, p, pos);
	} else if (level_has_array(&p) || (p.string && is_character(m, t->of))) {
		s->to = pointed_array(m, t->of, p, pos);
	} else {
		struct dimension none;

		if (pointee->kind != TYPE_ARRAY)
			dimension_take(&none, &p);
		s->to = make(m, t->of, p, false);
	}
	if (s->to && s->to->kind == SHAPE_VOID) {
		refuse_at(m->c, pos, "what a void pointer points to is not known");
		note_at(m->c, pos, "[context_handle] makes it a context handle");
		return NULL;
	}
	return s->to ? s : NULL;
}

static bool
dimension_bound(struct maker *m, struct dimension *d, struct type *t)
{
	int64_t n;

	if (!t->bound) {
		d->is_open = true;
		return true;
	}
	if (!constant_value(m->c, t->bound, &n))
		return false;
	if (n < 1 || n > INT32_MAX) {
		error_at(m->c, t->bound->pos, "an array of %lld elements", (long long)n);
		return false;
	}
	d->bound = (uint64_t)n;
	d->is_open = d->size != NULL;
	return true;
}

/* All dimensions of an array are one construction on the wire (C706 14.3.3.2). */
static struct shape *
array_shape(struct maker *m, struct type *t, struct pending p, struct pos pos)
{
	struct shape *s = shape_new(m, SHAPE_ARRAY, pos), *rows = NULL;
	struct dimension *d;

	for (; t->kind == TYPE_ARRAY; t = t->of) {
		if (s->n_dimensions == SHAPE_MAX_DIMENSIONS) {
			error_at(m->c, pos, "more than %d dimensions", SHAPE_MAX_DIMENSIONS);
			return NULL;
		}
		if (s->n_dimensions && p.string && t->of->kind != TYPE_ARRAY &&
			is_character(m, t->of)) {
			rows = s; /* an array of strings: the last dimension is a construction of its own */
			s = shape_new(m, SHAPE_ARRAY, pos);
		}
		d = &s->dimensions[s->n_dimensions++];
		dimension_take(d, &p);
		if (!dimension_bound(m, d, t))
			return NULL;
		if (d->is_open && !d->size && !p.string) {
			refuse_at(m->c, pos,
				"the number of elements is not known: size_is or max_is is "
				"missing");
			return NULL;
		}
	}
	s->is_string = p.string && is_character(m, t);
	if (s->is_string && p.range) {
		s->has_range = range_of(m, p.range, &s->low, &s->high);
		p.range = NULL;
	}
	if (s->is_string) {
		s->dimensions[s->n_dimensions - 1].is_varying = true;
		p.string = NULL;
	}
	s->to = make(m, t, p, false);
	if (rows)
		rows->to = s;
	return !s->to ? NULL : rows ? rows : s;
}

/* A pointer or array would need the alias's attributes to be printed, so those are spelled out. */
static bool
is_plain(const struct type *t)
{
	return t->kind == TYPE_BASE || t->kind == TYPE_PIPE ||
	       (t->kind >= TYPE_ENUM && t->kind <= TYPE_UNION);
}

static struct shape *
refuse(struct maker *m, struct pos pos, const char *what)
{
	refuse_at(m->c, pos, "%s cannot travel", what);
	return NULL;
}

static struct shape *
make_resolved(struct maker *m, struct type *t, struct pending p, const char *c_name, struct pos pos,
	bool top)
{
	switch (t->kind) {
	case TYPE_BASE: return base_shape(m, t, &p, c_name, pos);
	case TYPE_ENUM:
	case TYPE_STRUCT:
	case TYPE_UNION: return named_shape(m, t, &p, c_name, pos);
	case TYPE_POINTER:
		if (p.ignore) {
			struct shape *s = shape_new(m, SHAPE_IGNORED, pos);

			s->c_name = "void *";
			return s;
		}
		if (p.context && t->of->kind == TYPE_BASE)
			return context_shape(m, NULL, pos);
		return pointer_shape(m, t, p, pos, top);
	case TYPE_ARRAY: return array_shape(m, t, p, pos);
	case TYPE_PIPE: return pipe_shape(m, t, c_name, pos);
	default: return object_shape(m, pos);
	}
}

/* Counts and switches are of what holds a value: what it is converted to stands by itself. */
static struct shape *
converted_shape(struct maker *m, struct type *alias, const struct conversion *conversion,
	unsigned depth, struct pos pos)
{
	const struct attr *attr = attr_find(alias->attrs, conversion->attribute);
	const struct type *end = shape_resolve(m->c, alias);
	struct pending p = {.depth = depth, .unconverted = conversion->names_c ? alias : NULL};
	struct shape *s = shape_new(m, SHAPE_CONVERTED, pos);
	struct type *wire = conversion->names_c ? alias : attr->type;

	s->type = alias;
	s->conversion = conversion;
	s->c_name = conversion->names_c ? convert_c_type(m->c, attr) : alias->name;
	if (!s->c_name || !wire || !convert_is_named(wire)) {
		refuse_at(m->c, attr->pos, "%s needs the name of a type: %s(type)", attr->name,
			attr->name);
		return NULL;
	}
	if (!conversion->names_c && (end->kind == TYPE_ARRAY || is_void(end))) {
		refuse_at(m->c, pos, "[%s] of %s; of a struct that holds it, it can be", attr->name,
			end->kind == TYPE_ARRAY ? "an array" : "void");
		return NULL;
	}
	s->to = make(m, wire, p, false);
	if (s->to && !convert_is_whole(s->to)) {
		refuse_at(m->c, attr->pos,
			"what [%s] makes travel must be a number, a struct or a pointer",
			attr->name);
		return NULL;
	}
	return s->to ? s : NULL;
}

static struct shape *
make(struct maker *m, struct type *t, struct pending p, bool top)
{
	const char *c_name = NULL;
	struct type *end = shape_resolve(m->c, t), *step = t;
	struct pos pos = t->pos;
	const struct conversion *conversion = NULL;
	bool is_const = t->is_const;
	struct shape *s;

	if (!end || p.depth++ > COMPILER_MAX_DEPTH)
		return end ? refuse(m, pos, "a type so deep") : NULL;
	for (; step != end; step = step->of) {
		if (step->kind != TYPE_ALIAS)
			continue;
		if (is_plain(end) && end->base != BASE_UUID && !c_name)
			c_name = step->name;
		conversion = step == p.unconverted ? NULL : convert_find(step->attrs);
		if (conversion)
			break;
		is_const |= step->of->is_const;
		for (const struct attr *a = step->attrs; a; a = a->next)
			if (strncmp(a->name, "context_handle", 14) == 0)
				return context_shape(m, step, pos);
		pending_add(&p, step->attrs);
	}
	s = conversion ? converted_shape(m, step, conversion, p.depth, pos)
		       : make_resolved(m, end, p, c_name, pos, top);
	if (s)
		s->is_const = is_const;
	return s;
}

static struct shape *
parameter_array(struct maker *m, struct shape *array, const struct pending *p)
{
	struct shape *s = shape_new(m, SHAPE_POINTER, array->pos);

	s->pointer = p->pointer ? pointer_kind(m, p, true) : POINTER_REF;
	s->to = array;
	return s;
}

struct shape *
shape_of(struct compiler *c, struct type *t, const struct attr *attrs,
	const struct place_of_type *place)
{
	struct maker m = {c, place};
	struct pending p = {0};
	struct shape *s;

	if (convert_find(attrs)) {
		refuse_at(c, t->pos, "[%s] is of a type with a name: put it into a typedef",
			convert_find(attrs)->attribute);
		return NULL;
	}
	pending_add(&p, attrs);
	s = make(&m, t, p, true);
	if (s && s->kind != SHAPE_POINTER) /* what we fill in ourselves */
		s->is_const = false;
	if (s && s->kind == SHAPE_ARRAY && place->is_parameter)
		s = parameter_array(&m, s, &p);
	return s;
}
