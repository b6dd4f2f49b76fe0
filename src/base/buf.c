/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <string.h>

#include "base/mem.h"

struct buf *
buf_new(uint32_t headroom, uint32_t cap)
{
	struct buf *b;

	if (headroom > cap)
		return NULL;
	b = mem_take(sizeof(*b) + cap);
	if (!b)
		return NULL;
	atomic_init(&b->refs, 1);
	b->cap = cap;
	b->start = b->end = headroom;
	return b;
}

struct buf *
buf_ref(struct buf *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

void
buf_unref(struct buf *b)
{
	if (!b)
		return;
	/* a sole owner has nobody to agree with */
	if (atomic_load_explicit(&b->refs, memory_order_acquire) == 1 ||
		atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1)
		mem_give(b, sizeof(*b) + b->cap);
}

struct buf *
buf_grow(struct buf *b, uint32_t more)
{
	uint64_t cap = (uint64_t)b->end + more;

	if (cap <= b->cap)
		return b;
	if (cap < 2 * (uint64_t)b->cap)
		cap = 2 * (uint64_t)b->cap;
	if (cap > UINT32_MAX)
		return NULL;
	return buf_resize(b, (uint32_t)cap);
}

struct buf *
buf_resize(struct buf *b, uint32_t cap)
{
	struct buf *other = mem_retake(b, sizeof(*b) + b->cap, sizeof(*b) + (size_t)cap);

	if (other)
		other->cap = cap;
	return other;
}

void
buf_slice_fini(struct buf_slice *s)
{
	buf_unref(s->buf);
	*s = (struct buf_slice){0};
}
