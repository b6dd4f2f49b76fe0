/* SPDX-License-Identifier: MIT */
/* How shapes lie on the wire (C706 14.2.2, 14.3). */
#ifndef IDLC_LAYOUT_H
#define IDLC_LAYOUT_H

#include "idlc/compiler.h"

/* Works out a struct or union and what it contains; reports what cannot be laid out. */
const struct layout *layout_of_type(struct compiler *, struct type *);
/* As the shape stands in place: a pointer is its four bytes. */
struct layout layout_of(struct compiler *, const struct shape *);
/* 1, 2, 4 or 8; 0 for what is no plain number. */
unsigned layout_scalar_size(const struct shape *);

#endif
