/* SPDX-License-Identifier: MIT */
/* Types that travel by themselves: [encode], [decode] ([MS-RPCE] 2.2.6, 2.2.7). */
#ifndef IDLC_SERIALIZE_H
#define IDLC_SERIALIZE_H

#include "idlc/emit.h"

struct marshal;

/* Pass of the checker: gives a typedef that asks for it, or whose interface does, its `serial`. */
void serialize_check(struct compiler *, struct decl *, struct interface *);

/* The next typedef with a `serial`; the cursor starts as that of serialize_start(). */
struct serialize_cursor {
	struct decl *outer, *inner;
};
struct serialize_cursor serialize_start(struct compiler *);
struct type *serialize_next(struct serialize_cursor *);

/* Prototypes for STEM.h; nothing when no type has it. */
void serialize_face(struct emitter *);
/* T_encode() and T_decode(), for STEM_ndr.c. */
void serialize_functions(struct emitter *, struct marshal *);

#endif
