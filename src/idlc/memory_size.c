/* SPDX-License-Identifier: MIT */
#include "idlc/memory_size.h"

#include "idlc/constant.h"
#include "idlc/shape.h"

struct extent {
	uint64_t size;
	uint64_t alignment;
};

static struct extent extent_of(struct compiler *c, struct type *t, unsigned depth);

static struct extent
base_extent(enum base_type base)
{
	static const uint8_t sizes[BASE_N] = {[BASE_BYTE] = 1,
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
		[BASE_INT3264] = 8,
		[BASE_UINT3264] = 8,
		[BASE_FLOAT] = 4,
		[BASE_DOUBLE] = 8,
		[BASE_WCHAR] = 2,
		[BASE_ERROR_STATUS] = 4,
		[BASE_HANDLE] = 8,
		[BASE_UUID] = 16};

	return (struct extent){sizes[base], base == BASE_UUID ? 4 : sizes[base]};
}

static uint64_t
align(uint64_t at, uint64_t alignment)
{
	return alignment ? (at + alignment - 1) / alignment * alignment : at;
}

static struct extent
fields_extent(struct compiler *c, struct type *t, unsigned depth)
{
	struct extent all = {0, 1}, e;

	for (struct field *f = t->fields; f; f = f->next) {
		if (!f->type)
			continue;
		e = extent_of(c, f->type, depth + 1);
		if (e.alignment > all.alignment)
			all.alignment = e.alignment;
		if (t->kind == TYPE_STRUCT)
			all.size = align(all.size, e.alignment) + e.size;
		else if (e.size > all.size)
			all.size = e.size;
	}
	all.size = align(all.size, all.alignment);
	return all;
}

static struct extent
array_extent(struct compiler *c, struct type *t, unsigned depth)
{
	struct extent e = extent_of(c, t->of, depth + 1);
	int64_t n;

	if (!t->bound || !constant_value(c, t->bound, &n) || n < 0 ||
		__builtin_mul_overflow(e.size, (uint64_t)n, &e.size))
		e.size = 0;
	return e;
}

static struct extent
extent_of(struct compiler *c, struct type *t, unsigned depth)
{
	t = depth > COMPILER_MAX_DEPTH ? NULL : shape_resolve(c, t);
	if (!t)
		return (struct extent){0, 1};
	switch (t->kind) {
	case TYPE_BASE: return base_extent(t->base);
	case TYPE_ENUM: return (struct extent){4, 4};
	case TYPE_POINTER: return (struct extent){8, 8};
	case TYPE_STRUCT:
	case TYPE_UNION: return fields_extent(c, t, depth);
	case TYPE_ARRAY: return array_extent(c, t, depth);
	default: return (struct extent){0, 1};
	}
}

uint64_t
memory_size(struct compiler *c, struct type *t)
{
	return extent_of(c, t, 0).size;
}
