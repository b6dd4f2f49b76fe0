/* SPDX-License-Identifier: MIT */
#include "ndr/push.h"

#include <endian.h>
#include <string.h>

#include "ndr/alias.h"
#include "ndr/copy.h"
#include "ndr/queue.h"

#define FIRST_SIZE 256

void
ndr_push_init(struct sp_push *push, uint32_t headroom, uint32_t tailroom, uint32_t max_len,
	const struct ndr_contexts *contexts)
{
	push->p = push->end = push->base = NULL;
	push->buf = NULL;
	push->status = 0;
	push->what = NULL;
	push->headroom = headroom;
	push->tailroom = tailroom;
	push->max_len = max_len;
	push->contexts = contexts;
	push->depth = push->pointers = 0;
	push->max_depth = NDR_MAX_DEPTH;
	push->max_pointers = NDR_MAX_POINTERS;
	push->draining = push->swap = push->is_ndr64 = false;
	ndr_queue_init(&push->queue);
	ndr_aliases_init(&push->aliases);
	arena_init(&push->room, SIZE_MAX);
}

void
ndr_push_big_endian(struct sp_push *push)
{
	push->swap = true;
}

void
ndr_push_ndr64(struct sp_push *push)
{
	push->is_ndr64 = true;
}

void
ndr_push_fini(struct sp_push *push)
{
	buf_unref(push->buf);
	push->buf = NULL;
	push->p = push->end = push->base = NULL;
	ndr_queue_fini(&push->queue);
	ndr_aliases_fini(&push->aliases);
	arena_fini(&push->room);
}

void *
sp_push_room(struct sp_push *push, size_t n, size_t size)
{
	void *p = push->status ? NULL : arena_alloc(&push->room, n, size);

	if (!p)
		sp_push_fail(push, NCA_S_FAULT_REMOTE_NO_MEMORY, "no memory to convert a value");
	return p;
}

sp_status
ndr_push_status(const struct sp_push *push, const char **ret_what)
{
	if (ret_what && push->status)
		*ret_what = push->what;
	return push->status;
}

/* --- memory ---------------------------------------------------------------------------------- */

static void
locate(struct sp_push *push, size_t len)
{
	push->base = push->buf->data + push->headroom;
	push->p = push->base + len;
	push->end = push->buf->data + push->buf->cap - push->tailroom;
}

static bool
begin(struct sp_push *push)
{
	uint64_t cap = (uint64_t)push->headroom + FIRST_SIZE + push->tailroom;

	push->buf = cap <= UINT32_MAX ? buf_new(push->headroom, (uint32_t)cap) : NULL;
	if (push->buf)
		locate(push, 0);
	else
		sp_push_fail(push, NCA_S_FAULT_REMOTE_NO_MEMORY, "no memory");
	return push->buf;
}

static bool
grow(struct sp_push *push, size_t more)
{
	size_t len = (size_t)(push->p - push->base);
	struct buf *larger = NULL;

	if (more > push->max_len || len > push->max_len - more) {
		sp_push_fail(push, NCA_S_OUT_ARGS_TOO_BIG, "too long");
		return false;
	}
	push->buf->end = push->headroom + (uint32_t)len;
	if (more <= UINT32_MAX - push->tailroom)
		larger = buf_grow(push->buf, (uint32_t)more + push->tailroom);
	if (!larger) {
		sp_push_fail(push, NCA_S_FAULT_REMOTE_NO_MEMORY, "no memory");
		return false;
	}
	push->buf = larger;
	locate(push, len);
	return true;
}

uint8_t *
ndr_push_take_more(struct sp_push *push, size_t alignment, size_t n)
{
	size_t pad;

	if (push->status || (!push->buf && !begin(push)))
		return NULL;
	pad = (0 - (size_t)(push->p - push->base)) & (alignment - 1);
	if (n > SIZE_MAX - pad)
		n = SIZE_MAX - pad;
	if (n + pad > (size_t)(push->end - push->p) && !grow(push, n + pad))
		return NULL;
	if (pad > 0 && push->p)
		memset(push->p, 0, pad);
	push->p += pad + n;
	return push->p - n;
}

struct buf *
ndr_push_finish(struct sp_push *push)
{
	struct buf *buf;

	if (push->status || (!push->buf && !begin(push)))
		return NULL;
	if ((size_t)(push->p - push->base) > push->max_len) {
		sp_push_fail(push, NCA_S_OUT_ARGS_TOO_BIG, "too long");
		return NULL;
	}
	buf = push->buf;
	buf->end = (uint32_t)(push->p - buf->data);
	push->buf = NULL;
	push->p = push->end = push->base = NULL;
	return buf;
}

/* --- faults ---------------------------------------------------------------------------------- */

bool
sp_push_ok(const struct sp_push *push)
{
	return !push->status;
}

void
sp_push_fail(struct sp_push *push, sp_status status, const char *what)
{
	if (push->status)
		return;
	push->status = status ? status : RPC_X_BAD_STUB_DATA;
	push->what = what;
	push->p = push->end = push->base;
}

void
sp_push_bad_tag(struct sp_push *push, const char *what)
{
	sp_push_fail(push, NCA_S_FAULT_INVALID_TAG, what);
}

void
sp_push_range(struct sp_push *push, int64_t value, int64_t low, int64_t high, const char *what)
{
	if (value < low || value > high)
		sp_push_fail(push, NCA_S_FAULT_INVALID_BOUND, what);
}

void
sp_push_sized(struct sp_push *push, const void *pointee, uint64_t count, const char *what)
{
	if (!pointee && count)
		sp_push_fail(push, RPC_X_NULL_REF_POINTER, what);
}

bool
sp_push_need(struct sp_push *push, const void *pointee)
{
	if (!pointee)
		sp_push_fail(push, RPC_X_NULL_REF_POINTER, "NULL where a reference pointer is");
	return pointee && !push->status;
}

/* --- scalars --------------------------------------------------------------------------------- */

void
sp_push_u8(struct sp_push *push, uint8_t v)
{
	uint8_t *p = ndr_push_take(push, 1, 1);

	if (p)
		*p = v;
}

void
sp_push_u16(struct sp_push *push, uint16_t v)
{
	uint8_t *p = ndr_push_take(push, 2, 2);

	v = push->swap ? htobe16(v) : htole16(v);
	if (p)
		memcpy(p, &v, sizeof(v));
}

void
sp_push_u32(struct sp_push *push, uint32_t v)
{
	uint8_t *p = ndr_push_take(push, 4, 4);

	v = push->swap ? htobe32(v) : htole32(v);
	if (p)
		memcpy(p, &v, sizeof(v));
}

void
sp_push_u64(struct sp_push *push, uint64_t v)
{
	uint8_t *p = ndr_push_take(push, 8, 8);

	v = push->swap ? htobe64(v) : htole64(v);
	if (p)
		memcpy(p, &v, sizeof(v));
}

void
sp_push_float(struct sp_push *push, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	sp_push_u32(push, bits);
}

void
sp_push_double(struct sp_push *push, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	sp_push_u64(push, bits);
}

void
sp_push_enum16(struct sp_push *push, int32_t v)
{
	if (v < 0 || v > 0x7fff)
		sp_push_fail(push, RPC_X_ENUM_VALUE_OUT_OF_RANGE, "enum outside of 0 to 32767");
	if (push->is_ndr64)
		sp_push_u32(push, (uint32_t)v);
	else
		sp_push_u16(push, (uint16_t)v);
}

void
sp_push_int3264(struct sp_push *push, int64_t v)
{
	if (push->is_ndr64)
		sp_push_u64(push, (uint64_t)v);
	else if (v < INT32_MIN || v > INT32_MAX)
		sp_push_fail(push, NCA_S_FAULT_INVALID_BOUND, "an __int3264 over 32 bits");
	else
		sp_push_u32(push, (uint32_t)v);
}

void
sp_push_uint3264(struct sp_push *push, uint64_t v)
{
	if (!push->is_ndr64 && v > UINT32_MAX)
		sp_push_fail(push, NCA_S_FAULT_INVALID_BOUND, "an __int3264 over 32 bits");
	else
		ndr_push_word(push, v);
}

void
sp_push_uuid(struct sp_push *push, const struct sp_uuid *uuid)
{
	sp_push_u32(push, uuid->time_low);
	sp_push_u16(push, uuid->time_mid);
	sp_push_u16(push, uuid->time_hi_and_version);
	sp_push_bytes(push, uuid->clock_seq, sizeof(uuid->clock_seq));
	sp_push_bytes(push, uuid->node, sizeof(uuid->node));
}

void
sp_push_align(struct sp_push *push, size_t alignment)
{
	(void)ndr_push_take(push, alignment, 0);
}

void
sp_push_align_wide(struct sp_push *push, size_t alignment, size_t alignment64)
{
	(void)ndr_push_take(push, push->is_ndr64 ? alignment64 : alignment, 0);
}

void
ndr_push_word(struct sp_push *push, uint64_t v)
{
	if (push->is_ndr64)
		sp_push_u64(push, v);
	else
		sp_push_u32(push, (uint32_t)v);
}

/* [MS-RPCE] 3.1.1.5.3.2.2.1: at most 2^31 - 1 elements */
void
sp_push_count(struct sp_push *push, uint64_t n)
{
	if (n > 0x7fffffff)
		sp_push_fail(push, NCA_S_FAULT_INVALID_BOUND, "count over 2^31 - 1");
	ndr_push_word(push, n);
}

/* --- runs ------------------------------------------------------------------------------------ */

void
sp_push_bytes(struct sp_push *push, const void *bytes, size_t n)
{
	uint8_t *p = n ? ndr_push_take(push, 1, n) : NULL;

	if (p)
		memcpy(p, bytes, n);
}

void
sp_push_array(struct sp_push *push, const void *elements, size_t n, size_t element_size)
{
	uint8_t *p = n ? ndr_push_take(push, element_size, sp_product(n, element_size)) : NULL;

	if (p)
		ndr_copy(p, elements, n, element_size, push->swap);
}

size_t
sp_push_structs(struct sp_push *push, const void *elements, size_t n, size_t in_memory, size_t size,
	size_t alignment)
{
	uint8_t *p;

	if (in_memory != size || push->swap || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		return 0;
	p = n ? ndr_push_take(push, alignment, sp_product(n, size)) : NULL;
	if (p)
		memcpy(p, elements, n * size);
	return n;
}

uint8_t *
sp_push_flat(struct sp_push *push, size_t alignment, size_t len)
{
	return push->status ? NULL : ndr_push_take(push, len ? alignment : 1, len);
}
