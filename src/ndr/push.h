/* SPDX-License-Identifier: MIT */
/* What the files of pushing share. */
#ifndef NDR_PUSH_H
#define NDR_PUSH_H

#include "ndr/ndr.h"

/* As ndr_push_take() when the buffer has to grow first. */
uint8_t *ndr_push_take_more(struct sp_push *, size_t alignment, size_t n);

/* A referent id, a count: 32 bits in NDR, 64 in NDR64. */
void ndr_push_word(struct sp_push *, uint64_t);

/* Room for the next n bytes behind a gap of zeros; NULL after a fault. */
static inline uint8_t *
ndr_push_take(struct sp_push *push, size_t alignment, size_t n)
{
	size_t left = (size_t)(push->end - push->p);
	size_t pad = (0 - (size_t)(push->p - push->base)) & (alignment - 1);
	uint8_t *p = push->p;

	if (__builtin_expect(n > left || pad > left - n || !p, 0))
		return ndr_push_take_more(push, alignment, n);
	for (; pad; pad--)
		*p++ = 0;
	push->p = p + n;
	return p;
}

#endif
