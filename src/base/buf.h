/* SPDX-License-Identifier: MIT */
/*
 * Fragment memory: one block, reference-counted (atomically), with room before
 * and after the bytes so that headers and trailers are added without a copy.
 *
 *      data[0] ....... start ........ end ....... cap
 *              headroom       bytes      tailroom
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdatomic.h>
#include <stdint.h>

#include <sallyport/types.h>

struct buf {
	_Atomic uint32_t refs;
	uint32_t cap, start, end;
	uint8_t data[];
};

/* A view into a buf; holding one means holding a reference. {NULL} is the empty slice. */
struct buf_slice {
	struct buf *buf;
	uint32_t off, len; /* off counts from data[0] */
};

SP_NODISCARD struct buf *buf_new(
	uint32_t headroom, uint32_t cap); /* cap includes the headroom; empty */
struct buf *buf_ref(struct buf *);
void buf_unref(struct buf *); /* NULL is fine */
/*
 * The same bytes with at least `more` bytes of tailroom: itself, or a larger block. Takes the reference; on
 * failure returns NULL and the old one is still the caller's. Only for a sole owner.
 */
SP_NODISCARD struct buf *buf_grow(struct buf *, uint32_t more);
/* The same with exactly `cap` bytes, headroom included, which is not less than what is in it. */
SP_NODISCARD struct buf *buf_resize(struct buf *, uint32_t cap);

static inline uint32_t
buf_len(const struct buf *b)
{
	return b->end - b->start;
}

static inline const uint8_t *
buf_slice_bytes(const struct buf_slice *s)
{
	return s->buf ? s->buf->data + s->off : NULL;
}

void buf_slice_fini(struct buf_slice *);

#endif
