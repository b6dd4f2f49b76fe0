/* SPDX-License-Identifier: MIT */
#include "idlc/layout.h"

#include "idlc/diagnostic.h"
#include "idlc/shape.h"

static const uint8_t base_sizes[BASE_N] = {[BASE_BYTE] = 1,
	[BASE_CHAR] = 1,
	[BASE_UCHAR] = 1,
	[BASE_BOOLEAN] = 1,
	[BASE_SMALL] = 1,
	[BASE_USMALL] = 1,
	[BASE_SHORT] = 2,
	[BASE_USHORT] = 2,
	[BASE_LONG] = 4,
	[BASE_ULONG] = 4,
	[BASE_HYPER] = 8,
	[BASE_UHYPER] = 8,
	[BASE_INT3264] = 4,
	[BASE_UINT3264] = 4,
	[BASE_FLOAT] = 4,
	[BASE_DOUBLE] = 8,
	[BASE_WCHAR] = 2,
	[BASE_ERROR_STATUS] = 4};

unsigned
layout_scalar_size(const struct shape *s)
{
	if (shape_is_int3264(s))
		return 0;
	return s->kind == SHAPE_SCALAR ? base_sizes[s->base] : 0;
}

static struct layout
scalar_layout(const struct shape *s)
{
	unsigned size = s->kind == SHAPE_ENUM16 ? 2 : base_sizes[s->base];
	bool is_flat = s->kind == SHAPE_SCALAR && !s->has_range && !shape_is_int3264(s);

	return (struct layout){size, size, size, is_flat, false, false, true,
		s->kind == SHAPE_ENUM16 ? 4
		: shape_is_int3264(s)   ? 8
					: size};
}

static uint64_t
times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) || product > INT32_MAX ? INT32_MAX : product;
}

static struct layout
array_layout(struct compiler *c, const struct shape *s)
{
	struct layout l = layout_of(c, s->to);
	bool varying = shape_is_varying(s), open = shape_is_conformant(s);
	uint64_t n = 1;

	for (unsigned i = 0; i < s->n_dimensions; i++)
		n = times(n, s->dimensions[i].is_open ? 0 : s->dimensions[i].bound);
	l.is_flat = l.is_flat && !varying && !open && layout_scalar_size(s->to);
	l.size = l.least = times(l.least, n);
	if (varying) {
		l.least = (uint64_t)8 * s->n_dimensions;
		if (l.alignment < 4)
			l.alignment = 4;
		l.alignment64 = 8;
	}
	l.is_conformant = open;
	l.is_fixed_size = !open;
	return l;
}

static struct layout
reference_layout(struct compiler *c, const struct shape *s)
{
	const struct layout *l = layout_of_type(c, s->type);

	if (l)
		return *l;
	return (struct layout){.alignment = 1, .least = 1, .is_fixed_size = true, .alignment64 = 1};
}

/* Where it lies on the wire; what it takes in memory is C's affair. */
static struct layout
converted_layout(struct compiler *c, const struct shape *s)
{
	struct layout l = layout_of(c, s->to);

	l.is_flat = l.is_conformant = false;
	l.is_fixed_size = true;
	return l;
}

struct layout
layout_of(struct compiler *c, const struct shape *s)
{
	switch (s->kind) {
	case SHAPE_SCALAR:
	case SHAPE_ENUM16: return scalar_layout(s);
	case SHAPE_UUID: return (struct layout){4, 16, 16, true, false, false, true, 4};
	case SHAPE_CONTEXT: return (struct layout){4, 20, 20, false, false, false, true, 4};
	case SHAPE_IGNORED: return (struct layout){4, 4, 4, false, false, false, true, 8};
	case SHAPE_POINTER: return (struct layout){4, 4, 4, false, true, false, true, 8};
	case SHAPE_ARRAY: return array_layout(c, s);
	case SHAPE_CONVERTED: return converted_layout(c, s);
	case SHAPE_STRUCT:
	case SHAPE_UNION: return reference_layout(c, s);
	default: return (struct layout){.alignment = 1, .is_fixed_size = true, .alignment64 = 1};
	}
}

static uint64_t
align(uint64_t at, unsigned alignment)
{
	return (at + alignment - 1) & ~(uint64_t)(alignment - 1);
}

/* A field after what has been laid out so far. */
static void
add_field(struct compiler *c, struct layout *all, const struct field *f, bool is_last)
{
	struct layout l = layout_of(c, f->shape);

	if (l.is_conformant && !is_last)
		refuse_at(c, f->pos, "a conformant array must be the last field");
	if (l.is_conformant && f->shape->kind == SHAPE_ARRAY && f->shape->n_dimensions > 1)
		refuse_at(c, f->pos, "a conformant array in a struct has one dimension");
	if (l.alignment > all->alignment)
		all->alignment = l.alignment;
	if (l.alignment64 > all->alignment64)
		all->alignment64 = l.alignment64;
	/* a struct within ends on its alignment in NDR64 */
	all->is_flat = all->is_flat && l.is_flat && align(all->size, l.alignment) == all->size &&
		       (f->shape->kind != SHAPE_STRUCT || align(l.size, l.alignment) == l.size);
	all->size = align(all->size, l.alignment) + l.size;
	all->least += l.least;
	all->has_pointers |= l.has_pointers;
	all->is_conformant = l.is_conformant;
	all->is_fixed_size = all->is_fixed_size && l.is_fixed_size;
}

static void
struct_layout(struct compiler *c, const struct type *t, struct layout *ret)
{
	*ret = (struct layout){.alignment = 1,
		.is_flat = t->fields != NULL,
		.is_fixed_size = true,
		.alignment64 = 1};
	for (const struct field *f = t->fields; f; f = f->next)
		if (f->shape)
			add_field(c, ret, f, !f->next);
	if (ret->size > 4096)
		ret->is_flat = false;
	if (ret->least == 0)
		ret->least = 1; /* an element that takes nothing would make counts boundless */
}

/* The tag, then one arm. */
static void
union_layout(struct compiler *c, const struct type *t, struct layout *ret)
{
	struct layout tag = layout_of(c, t->tag_shape), arm;

	*ret = (struct layout){.alignment = tag.alignment,
		.least = tag.least,
		.is_fixed_size = true,
		.alignment64 = tag.alignment64};
	for (const struct field *f = t->fields; f; f = f->next) {
		if (!f->shape)
			continue;
		arm = layout_of(c, f->shape);
		if (arm.is_conformant)
			refuse_at(
				c, f->pos, "an arm of a union cannot be conformant; a pointer can");
		if (arm.alignment > ret->alignment)
			ret->alignment = arm.alignment;
		if (arm.alignment64 > ret->alignment64)
			ret->alignment64 = arm.alignment64;
		ret->has_pointers |= arm.has_pointers;
	}
}

const struct layout *
layout_of_type(struct compiler *c, struct type *t)
{
	struct type *outer = c->holder;
	struct layout *l;

	if (t->laid_out == WALK_BUSY) {
		error_at(c, t->pos, "'%s' contains itself; a pointer to it can", t->name);
		return NULL;
	}
	if (t->laid_out == WALK_DONE || !t->resolved)
		return t->layout;
	t->laid_out = WALK_BUSY;
	c->holder = t;
	l = compiler_new(c, 1, sizeof(*l));
	if (t->kind == TYPE_STRUCT)
		struct_layout(c, t, l);
	else if (t->tag_shape)
		union_layout(c, t, l);
	t->layout = l;
	t->laid_out = WALK_DONE;
	c->holder = outer;
	return l;
}
