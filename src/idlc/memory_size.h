/* SPDX-License-Identifier: MIT */
/* What sizeof says about a type: bytes in memory on the 64-bit machines that we generate for. */
#ifndef IDLC_MEMORY_SIZE_H
#define IDLC_MEMORY_SIZE_H

#include "idlc/compiler.h"

/* 0 when it has no size: void, open arrays, what is not defined. */
uint64_t memory_size(struct compiler *, struct type *);

#endif
