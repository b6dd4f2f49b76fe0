/* SPDX-License-Identifier: MIT */
/*
 * The first bytes of the input make up types, as an IDL would; the others are stub data of such a value. It is pulled
 * within its multiple of memory, or refused with a status that a server may send; what has been pulled is pushed,
 * in both byte orders, and pulled and pushed once more: the bytes must agree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ndr/ndr.h"

#define MUST(x)                                                                                    \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define N_TYPES 12

enum kind {
	KIND_U8,
	KIND_U16,
	KIND_U32,
	KIND_U64,
	KIND_ENUM,
	KIND_UUID,
	KIND_CONTEXT,
	KIND_BYTES,
	KIND_RUN, /* conformant array of scalars */
	KIND_STRING,
	KIND_PART, /* conformant varying array */
	KIND_PAIR, /* struct */
	KIND_ARRAY,
	KIND_UNION,
	KIND_UNIQUE,
	KIND_FULL,
	KIND_REF,
	KIND_SIZED, /* unique pointer to an array whose count stands before it */
	N_KINDS,
};

struct type {
	enum kind kind;
	uint8_t size; /* of a run's elements */
	const struct type *a, *b;
};

/* Every value looks the same; so no type is larger in memory than this. */
struct value {
	union {
		uint64_t number;
		struct sp_uuid uuid;
		struct sp_context_handle context;
		uint8_t bytes[5];
	};
	uint32_t n, first, max;
	union {
		struct value *items; /* elements, members, or what is pointed to */
		void *run;
	};
};

static void pull_value(struct sp_pull *, const struct type *, struct value *);
static void push_value(struct sp_push *, const struct type *, const struct value *);

/* --- pull ------------------------------------------------------------------------------------ */

static void
pull_referent(struct sp_pull *pull, void *slot, const void *args)
{
	struct value *v = sp_pull_alloc(pull, 1, sizeof(*v));

	if (!v)
		return;
	pull_value(pull, args, v);
	*(struct value **)slot = v;
}

static void
pull_items(struct sp_pull *pull, const struct type *t, struct value *v)
{
	v->items = sp_pull_alloc(pull, v->n, sizeof(*v->items));
	for (uint32_t i = 0; v->items && i < v->n && sp_pull_ok(pull); i++)
		pull_value(pull, t, &v->items[i]);
}

static void
pull_sized_items(struct sp_pull *pull, void *slot, const void *args)
{
	struct value *v = (struct value *)((uint8_t *)slot - offsetof(struct value, items));
	struct value own = {.n = sp_pull_count(pull, 1)};

	sp_pull_expect(pull, own.n, v->n, "size");
	if (sp_pull_ok(pull))
		pull_items(pull, args, &own);
	v->items = own.items;
}

static void
pull_part(struct sp_pull *pull, struct value *v, bool is_string)
{
	v->max = sp_pull_max_count(pull);
	v->n = sp_pull_variance(pull, v->max, 2, &v->first);
	if (is_string)
		sp_pull_expect(pull, v->first, 0, "first");
	v->run = sp_pull_alloc(pull, (size_t)v->first + v->n, 2);
	if (!v->run)
		return;
	sp_pull_array(pull, (uint16_t *)v->run + v->first, v->n, 2);
	if (is_string)
		sp_pull_expect(pull, sp_pull_ok(pull) && v->n && !((uint16_t *)v->run)[v->n - 1], 1,
			"end");
}

static void
pull_union(struct sp_pull *pull, const struct type *t, struct value *v)
{
	sp_pull_align(pull, 8);
	v->n = sp_pull_u16(pull);
	v->items = sp_pull_alloc(pull, 1, sizeof(*v->items));
	if (!v->items)
		return;
	switch (v->n) {
	case 0: break;
	case 1: pull_value(pull, t->a, v->items); break;
	case 2: pull_value(pull, t->b, v->items); break;
	default: sp_pull_bad_tag(pull, "union"); break;
	}
}

static void
pull_pair(struct sp_pull *pull, const struct type *t, struct value *v)
{
	sp_pull_align(pull, 4);
	v->items = sp_pull_alloc(pull, 2, sizeof(*v->items));
	if (!v->items)
		return;
	pull_value(pull, t->a, &v->items[0]);
	pull_value(pull, t->b, &v->items[1]);
}

static void
pull_scalar(struct sp_pull *pull, const struct type *t, struct value *v)
{
	switch (t->kind) {
	case KIND_U8: v->number = sp_pull_u8(pull); break;
	case KIND_U16: v->number = sp_pull_u16(pull); break;
	case KIND_U32: v->number = sp_pull_u32(pull); break;
	case KIND_U64: v->number = sp_pull_u64(pull); break;
	case KIND_ENUM: v->number = sp_pull_enum16(pull); break;
	case KIND_UUID: sp_pull_uuid(pull, &v->uuid); break;
	case KIND_CONTEXT: sp_pull_context(pull, &v->context, 0, t->size > 2); break;
	default: sp_pull_bytes(pull, v->bytes, sizeof(v->bytes)); break;
	}
}

static void
pull_value(struct sp_pull *pull, const struct type *t, struct value *v)
{
	if (!sp_pull_ok(pull))
		return;
	switch (t->kind) {
	case KIND_RUN:
		v->n = sp_pull_count(pull, t->size);
		v->run = sp_pull_alloc(pull, v->n, t->size);
		if (v->run)
			sp_pull_array(pull, v->run, v->n, t->size);
		break;
	case KIND_STRING:
	case KIND_PART: pull_part(pull, v, t->kind == KIND_STRING); break;
	case KIND_PAIR: pull_pair(pull, t, v); break;
	case KIND_ARRAY:
		v->n = sp_pull_count(pull, 1);
		pull_items(pull, t->a, v);
		break;
	case KIND_UNION: pull_union(pull, t, v); break;
	case KIND_UNIQUE: sp_pull_unique(pull, &v->items, pull_referent, t->a); break;
	case KIND_FULL: sp_pull_full(pull, &v->items, pull_referent, t->a); break;
	case KIND_REF: sp_pull_ref(pull, &v->items, pull_referent, t->a); break;
	case KIND_SIZED:
		v->n = sp_pull_u8(pull);
		sp_pull_sized(pull, sp_pull_unique(pull, &v->items, pull_sized_items, t->a), v->n,
			"items");
		break;
	default: pull_scalar(pull, t, v); break;
	}
}

/* --- push ------------------------------------------------------------------------------------ */

static void
push_referent(struct sp_push *push, const void *pointee, const void *args)
{
	push_value(push, args, pointee);
}

static void
push_items(struct sp_push *push, const struct type *t, const struct value *v)
{
	sp_push_count(push, v->n);
	for (uint32_t i = 0; i < v->n && sp_push_ok(push); i++)
		push_value(push, t, &v->items[i]);
}

static const struct type *sized_types; /* an item's value says only its size */

static void
push_sized_items(struct sp_push *push, const void *pointee, const void *args)
{
	const struct value *v = args;

	push_items(push, &sized_types[v->max], v);
}

static void
push_part(struct sp_push *push, const struct value *v, bool is_string)
{
	const uint16_t *run = v->run;
	uint64_t n = is_string ? sp_string_count(run, 2, v->n) : v->n;

	sp_push_count(push, v->max);
	sp_push_variance(push, v->max, v->first, n, "part");
	sp_push_array(push, run + v->first, n, 2);
}

static void
push_union(struct sp_push *push, const struct type *t, const struct value *v)
{
	sp_push_align(push, 8);
	sp_push_u16(push, (uint16_t)v->n);
	if (v->n)
		push_value(push, v->n == 1 ? t->a : t->b, v->items);
}

static void
push_scalar(struct sp_push *push, const struct type *t, const struct value *v)
{
	switch (t->kind) {
	case KIND_U8: sp_push_u8(push, (uint8_t)v->number); break;
	case KIND_U16: sp_push_u16(push, (uint16_t)v->number); break;
	case KIND_U32: sp_push_u32(push, (uint32_t)v->number); break;
	case KIND_U64: sp_push_u64(push, v->number); break;
	case KIND_ENUM: sp_push_enum16(push, (int32_t)v->number); break;
	case KIND_UUID: sp_push_uuid(push, &v->uuid); break;
	case KIND_CONTEXT: sp_push_context(push, &v->context, 0); break;
	default: sp_push_bytes(push, v->bytes, sizeof(v->bytes)); break;
	}
}

static void
push_value(struct sp_push *push, const struct type *t, const struct value *v)
{
	switch (t->kind) {
	case KIND_RUN:
		sp_push_count(push, v->n);
		sp_push_array(push, v->run, v->n, t->size);
		break;
	case KIND_STRING:
	case KIND_PART: push_part(push, v, t->kind == KIND_STRING); break;
	case KIND_PAIR:
		sp_push_align(push, 4);
		push_value(push, t->a, &v->items[0]);
		push_value(push, t->b, &v->items[1]);
		break;
	case KIND_ARRAY: push_items(push, t->a, v); break;
	case KIND_UNION: push_union(push, t, v); break;
	case KIND_UNIQUE: sp_push_unique(push, v->items, push_referent, t->a); break;
	case KIND_FULL: sp_push_full(push, v->items, push_referent, t->a); break;
	case KIND_REF: sp_push_ref(push, v->items, push_referent, t->a); break;
	case KIND_SIZED:
		sp_push_u8(push, (uint8_t)v->n);
		sp_push_sized(push, v->items, v->n, "items");
		((struct value *)(uintptr_t)v)->max = (uint32_t)(t->a - sized_types);
		sp_push_unique(push, v->items, push_sized_items, v);
		break;
	default: push_scalar(push, t, v); break;
	}
}

/* --- one input ------------------------------------------------------------------------------- */

/* In place a type consists of later ones, so that it ends; behind a pointer there may be any. */
static void
types_read(struct type *types, const uint8_t *p)
{
	static const uint8_t sizes[] = {1, 2, 4, 8};

	for (size_t i = 0; i < N_TYPES; i++, p += 3) {
		struct type *t = &types[i];
		size_t later = N_TYPES - 1 - i;
		bool is_pointer;

		t->kind = p[0] % N_KINDS;
		if (!later && t->kind >= KIND_PAIR && t->kind <= KIND_UNION)
			t->kind = KIND_U32;
		is_pointer = t->kind >= KIND_UNIQUE;
		t->size = sizes[p[0] >> 6];
		t->a = is_pointer ? &types[p[1] % N_TYPES]
		       : later    ? &types[i + 1 + p[1] % later]
				  : t;
		t->b = is_pointer || !later ? t->a : &types[i + 1 + p[2] % later];
	}
}

static sp_status
pull_bytes(const struct type *t, const uint8_t *bytes, size_t len, bool big_endian,
	struct arena *arena, uint32_t growth, struct value *ret)
{
	const struct ndr_limits limits = {.growth = growth, .max_depth = 1000};
	struct wire_fault fault;
	struct sp_pull pull;
	sp_status status;

	memset(ret, 0, sizeof(*ret));
	ndr_pull_init(&pull, bytes, len, big_endian, arena, &limits, NULL);
	pull_value(&pull, t, ret);
	sp_pull_deferred(&pull);
	status = ndr_pull_status(&pull, &fault);
	MUST((status == 0) == (fault.bad == WIRE_OK));
	MUST(fault.at <= len);
	MUST(ndr_pull_left(&pull) <= len);
	ndr_pull_fini(&pull);
	return status;
}

static struct buf *
push_bytes(const struct type *t, const struct value *v, bool big_endian)
{
	struct sp_push push;
	struct buf *buf;

	ndr_push_init(&push, 8, 8, 1u << 28, NULL);
	if (big_endian)
		ndr_push_big_endian(&push);
	push_value(&push, t, v);
	sp_push_deferred(&push);
	MUST(ndr_push_status(&push, NULL) == 0);
	buf = ndr_push_finish(&push);
	MUST(buf);
	ndr_push_fini(&push);
	return buf;
}

static void
again(const struct type *t, const struct buf *sent, bool big_endian, const struct buf *expected)
{
	struct arena arena;
	struct value v;
	struct buf *buf;

	arena_init(&arena, SIZE_MAX);
	MUST(pull_bytes(t, sent->data + sent->start, buf_len(sent), big_endian, &arena, 1u << 20,
		     &v) == 0);
	buf = push_bytes(t, &v, false);
	MUST(buf_len(buf) == buf_len(expected));
	MUST(memcmp(buf->data + buf->start, expected->data + expected->start, buf_len(buf)) == 0);
	buf_unref(buf);
	arena_fini(&arena);
}

static bool
may_be_sent(sp_status status)
{
	return status == RPC_X_BAD_STUB_DATA || status == NCA_S_FAULT_INVALID_TAG ||
	       status == NCA_S_FAULT_CONTEXT_MISMATCH || status == NCA_S_FAULT_REMOTE_NO_MEMORY;
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t head = 2 + 3 * N_TYPES;
	struct type types[N_TYPES];
	struct arena arena;
	struct value v;
	sp_status status;

	if (size < head)
		return 0;
	types_read(types, data + 2);
	sized_types = types;
	arena_init(&arena, SIZE_MAX);
	mem_fail_nth(data[1] & 0x80 ? 0 : data[1] & 15);
	status = pull_bytes(types, data + head, size - head, data[0] & 1, &arena, 0, &v);
	mem_fail_nth(0);
	MUST(arena.used <= (size - head) * NDR_GROWTH + NDR_GROWTH_FREE);
	if (status) {
		MUST(may_be_sent(status));
	} else {
		struct buf *little = push_bytes(types, &v, false),
			   *big = push_bytes(types, &v, true);

		again(types, little, false, little);
		again(types, big, true, little);
		buf_unref(little);
		buf_unref(big);
	}
	arena_fini(&arena);
	return 0;
}
