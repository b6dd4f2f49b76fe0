/* SPDX-License-Identifier: MIT */
/* What the files of pulling share. */
#ifndef NDR_PULL_H
#define NDR_PULL_H

#include "ndr/ndr.h"

void ndr_pull_short(struct sp_pull *);     /* bytes are missing */
void ndr_pull_no_memory(struct sp_pull *); /* or over a limit */
/* Counts bytes of memory against NDR_GROWTH; false, and a fault, when there is no more. */
SP_NODISCARD bool ndr_pull_charge(struct sp_pull *, size_t bytes);

/* A referent id, a count: 32 bits in NDR, 64 in NDR64. */
uint64_t ndr_pull_word(struct sp_pull *);

/* The next n bytes after aligning; NULL and a fault when they are not there. */
static inline const uint8_t *
ndr_pull_take(struct sp_pull *pull, size_t alignment, size_t n)
{
	struct wire_in *in = &pull->in;
	size_t left = (size_t)(in->end - in->p);
	size_t pad = (0 - (size_t)(in->p - in->pdu)) & (alignment - 1);
	const uint8_t *p;

	if (__builtin_expect(n > left || pad > left - n, 0)) {
		ndr_pull_short(pull);
		return NULL;
	}
	p = in->p + pad;
	in->p = p + n;
	return p;
}

#endif
