/* SPDX-License-Identifier: MIT */
/*
 * From what was parsed to what can be emitted: names get their meaning, constants their value, types
 * their shape and layout, attributes their home.
 */
#include <stdlib.h>
#include <string.h>

#include <sallyport/binding.h>
#include <sallyport/stub.h>

#include "idlc/constant.h"
#include "idlc/diagnostic.h"
#include "idlc/layout.h"
#include "idlc/names.h"
#include "idlc/parser.h"
#include "idlc/shape.h"
#include "idlc/standard.h"
#include "idlc/travel.h"

/* --- attributes ------------------------------------------------------------------------------ */

struct seen {
	struct seen *next;
	const char *name;
};

static const char *const known_attributes[] = {"async", "async_uuid", "auto_handle", "broadcast",
	"byte_count", "call_as", "callback", "case", "code", "comm_status", "context_handle",
	"context_handle_noserialize", "context_handle_serialize", "custom", "decode", "default",
	"defaultvalue", "disable_consistency_check", "dual", "encode", "endpoint", "entry",
	"explicit_handle", "fault_status", "first_is", "handle", "helpcontext", "helpstring",
	"hidden", "id", "idempotent", "idl_quote", "ignore", "iid_is", "implicit_handle", "in",
	"last_is", "lcid", "length_is", "local", "maybe", "max_is", "message", "min_is", "ms_union",
	"nocode", "nonextensible", "notify", "notify_flag", "object", "odl", "oleautomation",
	"optimize", "optional", "out", "partial_ignore", "pointer_default", "propget", "propput",
	"propputref", "ptr", "public", "range", "readonly", "ref", "represent_as", "restricted",
	"retval", "size_is", "strict_context_handle", "string", "switch_is", "switch_type",
	"transmit_as", "type_strict_context_handle", "unique", "user_marshal", "usesgetlasterror",
	"uuid", "v1_enum", "v1_struct", "version", "wire_marshal", NULL};

static void
attributes(struct compiler *c, const struct attr *attrs)
{
	for (; attrs; attrs = attrs->next) {
		const char *const *known = known_attributes;
		struct seen *s = c->warned;

		while (*known && strcmp(*known, attrs->name) != 0)
			known++;
		while (s && strcmp(s->name, attrs->name) != 0)
			s = s->next;
		if (*known || s)
			continue;
		warning_at(c, attrs->pos, "attribute '%s' is not known and has no effect",
			attrs->name);
		s = compiler_new(c, 1, sizeof(*s));
		*s = (struct seen){c->warned, attrs->name};
		c->warned = s;
	}
}

/* --- expressions about siblings ----------------------------------------------------------------- */

static struct field *
sibling(struct field *f, const char *name)
{
	while (f && !(f->name && strcmp(f->name, name) == 0))
		f = f->next;
	return f;
}

/* What the operand stands for, through `levels` dereferences. */
static const struct shape *
operand_shape(const struct expr *e)
{
	const struct shape *s;

	if (e->op == EXPR_DEREF) {
		s = operand_shape(e->a);
		return s && s->kind == SHAPE_POINTER ? s->to : NULL;
	}
	return e->op == EXPR_NAME && e->field ? e->field->shape : NULL;
}

static void
expression(struct compiler *c, struct expr *e, struct field *siblings, bool is_operand)
{
	int64_t value;

	if (!e)
		return;
	switch (e->op) {
	case EXPR_NUMBER: return;
	case EXPR_NAME:
		e->field = sibling(siblings, e->text);
		if (!e->field)
			(void)!constant_value(c, e, &value);
		else if (!is_operand && e->field->shape && !shape_is_integer(e->field->shape))
			error_at(c, e->pos, "'%s' is no integer", e->text);
		return;
	case EXPR_DEREF:
		expression(c, e->a, siblings, true);
		if (!is_operand && !shape_is_integer(operand_shape(e)))
			error_at(c, e->pos, "this is no pointer to an integer");
		return;
	case EXPR_CONDITION: /* of which the first may ask whether a pointer is there */
		expression(c, e->a, siblings, true);
		expression(c, e->b, siblings, false);
		expression(c, e->c, siblings, false);
		return;
	case EXPR_BINARY:
	case EXPR_NEGATE:
	case EXPR_PLUS:
	case EXPR_NOT:
	case EXPR_COMPLEMENT:
		expression(c, e->a, siblings, false);
		expression(c, e->b, siblings, false);
		expression(c, e->c, siblings, false);
		return;
	case EXPR_CAST: expression(c, e->a, siblings, false); return;
	case EXPR_SIZEOF: (void)!constant_value(c, e, &value); return;
	default: error_at(c, e->pos, "this cannot stand in a count or a switch"); return;
	}
}

/* The discriminant's type where the union does not say it: that of the switch's field. */
static void
tag_from_switch(struct compiler *c, struct shape *s)
{
	const struct shape *tag = s->switch_is->op == EXPR_NAME || s->switch_is->op == EXPR_DEREF
					  ? operand_shape(s->switch_is)
					  : NULL;

	if (s->type->tag_shape)
		return;
	s->type->tag_shape = compiler_new(c, 1, sizeof(*tag));
	if (tag)
		*s->type->tag_shape = *tag;
	else
		*s->type->tag_shape = (struct shape){.kind = SHAPE_SCALAR,
			.base = BASE_LONG,
			.c_name = shape_base_name(BASE_LONG)};
	s->type->tag_shape->has_range = false;
}

static void
shape_expressions(struct compiler *c, struct shape *s, struct field *siblings)
{
	for (; s; s = s->to) {
		for (unsigned i = 0; s->kind == SHAPE_ARRAY && i < s->n_dimensions; i++) {
			expression(c, s->dimensions[i].size, siblings, false);
			expression(c, s->dimensions[i].length, siblings, false);
			expression(c, s->dimensions[i].first, siblings, false);
		}
		if (s->switch_is) {
			expression(c, s->switch_is, siblings, false);
			tag_from_switch(c, s);
		}
	}
}

/* --- types --------------------------------------------------------------------------------------- */

static void resolve_type(struct compiler *c, struct type *t, const struct place_of_type *place);

static void
case_values(struct compiler *c, struct type *t)
{
	int64_t value;

	for (struct field *f = t->fields; f; f = f->next) {
		if (!f->cases && !f->is_default)
			refuse_at(c, f->pos, "an arm needs a case or default");
		for (struct expr_list *l = f->cases; l; l = l->next)
			if (!l->expr || !constant_value(c, l->expr, &value))
				l->expr = NULL;
	}
}

static bool
label_is_taken(struct compiler *c, const struct type *t, const struct expr *label)
{
	for (const struct field *f = t->fields; f; f = f->next) {
		for (const struct expr_list *l = f->cases; l; l = l->next) {
			if (l->expr == label)
				return false;
			if (!l->expr || l->expr->value != label->value)
				continue;
			error_at(c, label->pos, "two arms for %lld", (long long)label->value);
			note_at(c, l->expr->pos, "the first one is here");
			return true;
		}
	}
	return false;
}

static void
union_labels(struct compiler *c, struct type *t)
{
	const struct field *first_default = NULL;

	case_values(c, t);
	for (const struct field *f = t->fields; f; f = f->next) {
		if (f->is_default && first_default)
			error_at(c, f->pos, "two default arms");
		if (f->is_default)
			first_default = f;
		for (const struct expr_list *l = f->cases; l; l = l->next)
			if (l->expr && label_is_taken(c, t, l->expr))
				return;
	}
}

static struct shape *
tag_shape(struct compiler *c, struct type *t, const struct place_of_type *place)
{
	const struct attr *a = attr_find(t->attrs, "switch_type");
	struct type *type = t->is_encapsulated ? t->tag->type : a ? a->type : NULL;
	struct shape *s;

	if (!type)
		return NULL;
	s = shape_of(c, type, NULL, place);
	if (s && !shape_is_integer(s)) {
		error_at(c, t->pos, "the switch of a union must be an integer");
		return NULL;
	}
	return s;
}

static void
unique_names(struct compiler *c, struct field *fields)
{
	for (struct field *f = fields; f; f = f->next) {
		struct field *first = f->name ? sibling(fields, f->name) : f;

		if (first == f)
			continue;
		error_at(c, f->pos, "'%s' is there twice", f->name);
		note_at(c, first->pos, "the first one is here");
	}
}

static void
bit_field(struct compiler *c, struct field *f)
{
	int64_t n;

	refuse_at(c, f->pos, "a bit field has no place on the wire");
	if (!constant_value(c, f->bits, &n))
		f->bits->value = 1;
}

static void
resolve_fields(struct compiler *c, struct type *t, const struct place_of_type *place)
{
	for (struct field *f = t->fields; f; f = f->next) {
		attributes(c, f->attrs);
		if (!f->type)
			continue;
		resolve_type(c, f->type, place);
		if (f->bits)
			bit_field(c, f);
		else if (!f->name)
			refuse_at(c, f->pos, "a field without a name");
		else
			f->shape = shape_of(c, f->type, f->attrs, place);
		if (f->shape && (f->shape->kind == SHAPE_VOID || f->shape->kind == SHAPE_HANDLE)) {
			refuse_at(c, f->pos, "'%s' cannot travel", f->name);
			f->shape = NULL;
		}
	}
	unique_names(c, t->fields);
	for (struct field *f = t->fields; f; f = f->next)
		shape_expressions(c, f->shape, t->fields);
}

/* Definitions anywhere inside a declarator. */
static void
resolve_type(struct compiler *c, struct type *t, const struct place_of_type *place)
{
	struct type *outer = c->holder;

	while (t && (t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY || t->kind == TYPE_PIPE))
		t = t->of;
	if (!t || t->kind < TYPE_ENUM || t->kind > TYPE_UNION || t->is_reference || t->resolved)
		return;
	t->resolved = WALK_DONE;
	attributes(c, t->attrs);
	if (t->kind == TYPE_ENUM)
		return;
	c->holder = t;
	if (t->kind == TYPE_UNION) {
		t->ms_union = !t->is_encapsulated &&
			      (attr_find(t->attrs, "ms_union") ||
				      (place->interface &&
					      attr_find(place->interface->attrs, "ms_union")));
		if (!t->tag_shape)
			t->tag_shape = tag_shape(c, t, place);
		union_labels(c, t);
	}
	resolve_fields(c, t, place);
	c->holder = outer;
}

static void
early_enum(struct compiler *c, struct type *t)
{
	while (t && (t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY))
		t = t->of;
	if (!t || t->kind < TYPE_ENUM || t->kind > TYPE_UNION || t->is_reference ||
		t->defined == WALK_DONE)
		return;
	t->defined = WALK_DONE;
	if (t->kind == TYPE_ENUM) {
		t->v1_enum = attr_find(t->attrs, "v1_enum") != NULL;
		constant_enumerators(c, t);
		return;
	}
	for (struct field *f = t->fields; f; f = f->next)
		early_enum(c, f->type);
}

/* --- operations -------------------------------------------------------------------------------- */

/* A count that the server must know before it calls the handler: not from what the handler fills in. */
static const struct field *
unknown_in(const struct expr *e)
{
	const struct field *found;

	if (!e)
		return NULL;
	if (e->op == EXPR_NAME)
		return e->field && !e->field->in ? e->field : NULL;
	found = unknown_in(e->a);
	if (!found)
		found = unknown_in(e->b);
	return found ? found : unknown_in(e->c);
}

/* What travels to the server must be counted by what travels to the server. */
static void
check_in_counts(struct compiler *c, const struct field *f)
{
	const struct field *unknown = NULL;

	for (const struct shape *s = f->shape; s && !unknown; s = s->to) {
		for (unsigned i = 0; s->kind == SHAPE_ARRAY && i < s->n_dimensions && !unknown;
			i++) {
			unknown = unknown_in(s->dimensions[i].size);
			if (!unknown)
				unknown = unknown_in(s->dimensions[i].length);
			if (!unknown)
				unknown = unknown_in(s->dimensions[i].first);
		}
		if (s->switch_is && !unknown)
			unknown = unknown_in(s->switch_is);
	}
	if (unknown)
		error_at(c, f->pos, "'%s' is [in], but '%s', which it depends on, is not", f->name,
			unknown->name);
}

static void
check_out_array(struct compiler *c, const struct field *f, const struct shape *array)
{
	const struct field *unknown;

	for (unsigned i = 0; i < array->n_dimensions; i++) {
		const struct dimension *d = &array->dimensions[i];

		unknown = d->is_open ? unknown_in(d->size) : NULL;
		if (unknown) {
			error_at(c, f->pos, "the size of '%s' comes from '%s', which is not [in]",
				f->name, unknown->name);
			note_at(c, f->pos, "a second pointer lets the server allocate the array");
		}
		if (d->is_open && !d->size)
			error_at(c, f->pos, "an [out] string needs size_is or a fixed size");
	}
}

static void
check_out(struct compiler *c, const struct field *f)
{
	const struct shape *s = f->shape;

	if (s->kind != SHAPE_POINTER) {
		error_at(c, f->pos, "'%s' is [out] and must be a pointer or an array", f->name);
		return;
	}
	if (!f->in && s->pointer != POINTER_REF)
		error_at(c, f->pos, "'%s' is only [out] and must be a [ref] pointer", f->name);
	if (s->to->kind == SHAPE_ARRAY && !f->in)
		check_out_array(c, f, s->to);
}

static void
check_directions(struct compiler *c, const struct field *f)
{
	if (f->in)
		check_in_counts(c, f);
	if (f->out)
		check_out(c, f);
}

/* Asterisks that a published definition lost on its way: the name still tells how many there were. */
static bool
restore_pointers(struct compiler *c, struct field *f)
{
	const struct attr *size = attr_find(f->attrs, "size_is");
	unsigned n = 0, levels = 0;

	while (n < 2 && f->name[n] == 'p')
		n++;
	for (const struct expr_list *l = size ? size->args : NULL; l; l = l->next)
		levels++;
	if (attr_find(f->attrs, "string"))
		levels = 2;
	if (f->shape->kind == SHAPE_OBJECT)
		levels = 2;
	if (n == 0 && levels == 0)
		return false;
	if (levels > n)
		n = levels;
	warning_at(c, f->pos, "'%s' is [out] and no pointer; taken as %s, after its name", f->name,
		n == 1 ? "one" : "a pointer to one");
	for (; n > 0; n--) {
		struct type *t = compiler_new(c, 1, sizeof(*t));

		*t = (struct type){.kind = TYPE_POINTER, .pos = f->pos, .of = f->type};
		f->type = t;
	}
	return true;
}

static void
parameter(struct compiler *c, struct field *f, const struct place_of_type *place)
{
	attributes(c, f->attrs);
	resolve_type(c, f->type, place);
	f->out = attr_find(f->attrs, "out") != NULL;
	f->in = attr_find(f->attrs, "in") != NULL || !f->out;
	f->shape = shape_of(c, f->type, f->attrs, place);
	if (f->out && f->shape && f->shape->kind != SHAPE_POINTER &&
		f->shape->kind != SHAPE_IGNORED && restore_pointers(c, f))
		f->shape = shape_of(c, f->type, f->attrs, place);
}

static bool
is_handle(const struct shape *s)
{
	return s && (s->kind == SHAPE_HANDLE ||
			    (s->kind == SHAPE_POINTER && s->to->kind == SHAPE_HANDLE));
}

/* handle_t says over which binding to call; it does not travel. */
static void
drop_handles(struct operation *op)
{
	struct field **slot = &op->params;
	unsigned index = 0;

	while (*slot) {
		if (is_handle((*slot)->shape)) {
			*slot = (*slot)->next;
			continue;
		}
		(*slot)->index = index++;
		slot = &(*slot)->next;
	}
}

static void
result(struct compiler *c, struct operation *op, const struct place_of_type *place)
{
	const struct place_of_type field_place = {place->interface, .is_result = true};
	struct field *f = compiler_new(c, 1, sizeof(*f));
	struct type *t = shape_resolve(c, op->type);

	if (!t || (t->kind == TYPE_BASE && t->base == BASE_VOID))
		return;
	f->name = "result";
	f->pos = op->pos;
	f->type = op->type;
	f->shape = shape_of(c, op->type, op->attrs, &field_place);
	f->out = true;
	f->index = UINT32_MAX;
	op->result = f;
	shape_expressions(c, f->shape, op->params);
}

static bool
by_value_is_fine(struct compiler *c, const struct field *f)
{
	if (f->shape->kind == SHAPE_VOID)
		error_at(c, f->pos, "'%s' is void", f->name);
	else if (f->shape->kind == SHAPE_OBJECT)
		error_at(c, f->pos, "'%s' is an interface and must be behind a pointer", f->name);
	else if (layout_of(c, f->shape).is_conformant)
		error_at(c, f->pos, "'%s' has no fixed size and must be behind a pointer", f->name);
	else
		return true;
	return false;
}

static uint32_t
operation_flags(const struct operation *op)
{
	return (attr_find(op->attrs, "idempotent") ? SP_OP_IDEMPOTENT : 0) |
	       (attr_find(op->attrs, "maybe") ? SP_OP_MAYBE : 0) |
	       (attr_find(op->attrs, "broadcast") ? SP_OP_BROADCAST : 0);
}

/*
 * A local method of an object interface has its place among the others; the one that is called for it takes that
 * place.
 */
static unsigned
operation_number(const struct operation *op, struct interface *i)
{
	const struct attr *call_as = attr_find(op->attrs, "call_as");

	for (const struct decl *d = i->decls; call_as && call_as->text && i->is_object && d;
		d = d->next)
		if (d->kind == DECL_OPERATION && d->operation != op &&
			strcmp(d->operation->name, call_as->text) == 0)
			return d->operation->opnum;
	return op->is_local && !i->is_object ? 0 : i->n_operations++;
}

static void
operation(struct compiler *c, struct operation *op, struct interface *i)
{
	const struct place_of_type place = {i, .is_parameter = true};

	attributes(c, op->attrs);
	op->flags = operation_flags(op);
	op->is_local = attr_find(op->attrs, "local") || attr_find(op->attrs, "callback");
	op->opnum = operation_number(op, i);
	if (op->is_local)
		return;
	for (struct field *f = op->params; f; f = f->next)
		parameter(c, f, &place);
	drop_handles(op);
	unique_names(c, op->params);
	for (struct field *f = op->params; f; f = f->next)
		shape_expressions(c, f->shape, op->params);
	result(c, op, &place);
	for (struct field *f = op->params; f; f = f->next)
		if (f->shape && travel_check(c, f) && by_value_is_fine(c, f))
			check_directions(c, f);
	if (op->result && op->result->shape)
		travel_check(c, op->result);
	if ((op->flags & SP_OP_MAYBE) && op->result)
		error_at(c, op->pos, "a [maybe] operation has no answer");
}

/* --- interfaces ----------------------------------------------------------------------------------- */

static void
interface_uuid(struct compiler *c, struct interface *i)
{
	const struct attr *a = attr_find(i->attrs, "uuid");
	char text[64];
	size_t n;

	if (!a || !a->text)
		return;
	n = strcspn(a->text + strspn(a->text, " "), " ");
	snprintf(text, sizeof(text), "%.*s", (int)n, a->text + strspn(a->text, " "));
	if (!sp_uuid_parse(text, &i->uuid)) {
		error_at(c, a->pos, "malformed UUID '%.60s'", a->text);
		return;
	}
	i->has_uuid = true;
}

static void
interface_version(struct compiler *c, struct interface *i)
{
	const struct attr *a = attr_find(i->attrs, "version");
	unsigned long major, minor = 0;
	char *end;

	if (!a)
		return;
	major = strtoul(a->text ? a->text : "", &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, &end, 10);
	if (!a->text || end == a->text || major > UINT16_MAX || minor > UINT16_MAX) {
		error_at(c, a->pos, "malformed version, expected version(major.minor)");
		return;
	}
	i->major = (uint16_t)major;
	i->minor = (uint16_t)minor;
}

static void
interface_pointers(struct compiler *c, struct interface *i)
{
	const struct attr *a = attr_find(i->attrs, "pointer_default");
	const char *text = a && a->text ? a->text : "unique";

	i->pointer_default = POINTER_UNIQUE;
	if (strstr(text, "ref"))
		i->pointer_default = POINTER_REF;
	else if (strstr(text, "ptr"))
		i->pointer_default = POINTER_FULL;
	else if (a && !strstr(text, "unique"))
		error_at(c, a->pos, "pointer_default is ref, unique or ptr");
}

static void
interface_head(struct compiler *c, struct interface *i, bool has_operations)
{
	attributes(c, i->attrs);
	interface_uuid(c, i);
	interface_version(c, i);
	interface_pointers(c, i);
	if (has_operations && !attr_find(i->attrs, "uuid") && !attr_find(i->attrs, "local"))
		error_at(c, i->pos, "interface '%s' has operations but no uuid", i->name);
}

/* --- all declarations, in passes --------------------------------------------------------------------- */

typedef void visit(struct compiler *, struct decl *, struct interface *);

static void
visit_all(struct compiler *c, visit *v)
{
	for (struct decl *d = c->decls; d; d = d->next) {
		v(c, d, NULL);
		for (struct decl *own = d->interface ? d->interface->decls : NULL; own;
			own = own->next)
			v(c, own, d->interface);
	}
}

static void
visit_enum(struct compiler *c, struct decl *d, struct interface *i)
{
	if (d->kind == DECL_TYPE && d->type->kind != TYPE_ALIAS)
		early_enum(c, d->type);
	if (d->kind == DECL_TYPE && d->type->kind == TYPE_ALIAS)
		early_enum(c, d->type->of);
}

/* IUnknown has 3 methods, IDispatch 4 more. */
static unsigned
built_in_numbers(const char *base)
{
	if (!base)
		return 0;
	return strcmp(base, "IDispatch") == 0 ? 7 : strcmp(base, "IUnknown") == 0 ? 3 : 0;
}

static unsigned
own_numbers(const struct interface *i)
{
	unsigned n = 0;

	for (const struct decl *d = i->decls; d; d = d->next)
		if (d->kind == DECL_OPERATION && !attr_find(d->operation->attrs, "call_as") &&
			!attr_find(d->operation->attrs, "callback") &&
			(i->is_object || !attr_find(d->operation->attrs, "local")))
			n++;
	return n;
}

static void
interface_base(struct compiler *c, struct interface *i)
{
	if (i->base_name && built_in_numbers(i->base_name))
		i->is_object = true;
	for (struct decl *d = c->decls; d && i->base_name; d = d->next)
		if (d->kind == DECL_INTERFACE && strcmp(d->interface->name, i->base_name) == 0)
			i->base = d->interface;
	if (i->base && i->base->is_object)
		i->is_object = true;
	if (i->base_name && !i->base && !built_in_numbers(i->base_name))
		error_at(c, i->base_pos, "unknown base interface '%s'", i->base_name);
	for (const struct interface *b = i->base; b; b = b->base) {
		if (b != i)
			continue;
		error_at(c, i->base_pos, "'%s' inherits from itself", i->name);
		i->base = NULL;
		break;
	}
}

static void
visit_interface(struct compiler *c, struct decl *d, struct interface *i)
{
	bool has_operations = false;

	if (d->kind != DECL_INTERFACE)
		return;
	interface_base(c, d->interface);
	for (struct decl *own = d->interface->decls; own; own = own->next)
		has_operations |= own->kind == DECL_OPERATION;
	interface_head(c, d->interface, has_operations);
}

/* Operations are numbered from where the base interface ends. */
static void
visit_numbers(struct compiler *c, struct decl *d, struct interface *i)
{
	unsigned depth = 0;

	if (d->kind != DECL_INTERFACE)
		return;
	i = d->interface;
	for (const struct interface *b = i->base; b && depth < COMPILER_MAX_DEPTH;
		b = b->base, depth++) {
		i->n_inherited += own_numbers(b);
		if (!b->base)
			i->n_inherited += built_in_numbers(b->base_name);
	}
	if (!i->base)
		i->n_inherited = built_in_numbers(i->base_name);
	i->n_operations = i->n_inherited;
}

static void
visit_constant(struct compiler *c, struct decl *d, struct interface *i)
{
	int64_t value;

	struct expr name = {.op = EXPR_NAME, .text = d->name, .pos = d->pos};

	/* by its name, so that it is worked out and reported once */
	if (d->kind == DECL_CONST && d->expr->op != EXPR_STRING)
		(void)!constant_value(c, &name, &value);
}

static void
visit_type(struct compiler *c, struct decl *d, struct interface *i)
{
	const struct place_of_type place = {i, .is_parameter = false};

	if (d->kind != DECL_TYPE || d->type->kind == TYPE_INTERFACE)
		return;
	attributes(c, d->type->attrs);
	if (d->type->kind == TYPE_ALIAS)
		(void)!shape_resolve(c, d->type);
	resolve_type(c, d->type->kind == TYPE_ALIAS ? d->type->of : d->type, &place);
}

/* The function that calls it is a global name in C. */
static void
call_name(struct compiler *c, const struct operation *op, const struct interface *i)
{
	const char *name = compiler_printf(c, "%s_%s", i->name, op->name);
	const struct meaning *taken = names_find(c, NAME_PLAIN, name);

	if (!taken)
		return;
	error_at(c, op->pos, "the call of '%s' would be named '%s', which is something else",
		op->name, name);
	note_at(c, taken->pos, "it is defined here");
}

static void
visit_operation(struct compiler *c, struct decl *d, struct interface *i)
{
	if (d->kind != DECL_OPERATION)
		return;
	if (!i)
		error_at(c, d->pos, "an operation outside of an interface");
	else if (!attr_find(i->attrs, "local"))
		operation(c, d->operation, i);
	if (i)
		call_name(c, d->operation, i);
}

static void
visit_layout(struct compiler *c, struct decl *d, struct interface *i)
{
	struct type *t = d->kind == DECL_TYPE ? d->type : NULL;

	if (t && t->kind == TYPE_ALIAS)
		t = t->of;
	if (t && (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION) && !t->is_reference)
		layout_of_type(c, t);
}

void
check(struct compiler *c)
{
	static visit *const passes[] = {visit_enum, visit_interface, visit_numbers, visit_constant,
		visit_type, visit_layout, visit_operation};

	names_collect(c);
	standard_read(c);
	names_settle(c);
	for (size_t i = 0; i < sizeof(passes) / sizeof(*passes); i++)
		visit_all(c, passes[i]);
}
