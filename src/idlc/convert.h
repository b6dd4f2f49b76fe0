/* SPDX-License-Identifier: MIT */
/*
 * Types that are of another type in C than on the wire: [transmit_as] and [wire_marshal] name the one that travels, an ACF's
 * [represent_as] and [user_marshal] the one in C. The program's own two functions turn one into the other; all that travels
 * is marshalled here, so the bytes are those of the type that travels, whatever the functions do.
 */
#ifndef IDLC_CONVERT_H
#define IDLC_CONVERT_H

#include "idlc/emit.h"

struct marshal;

/* NULL: no attribute converts */
const struct conversion *convert_find(const struct attr *);
/* "struct x"; NULL: the attribute names no type of C */
const char *convert_c_type(struct compiler *, const struct attr *);
/* Not defined within the attribute itself, where nobody else would know it. */
bool convert_is_named(const struct type *);
/* Can something be converted to this and from it? */
bool convert_is_whole(const struct shape *);
/* False: type->trouble says why. */
bool convert_can_travel(struct compiler *, const struct shape *);
void convert_check(struct compiler *, struct type *alias, struct interface *);
bool convert_is_in(struct compiler *, const struct operation *);

/* For STEM.h: the functions that the program defines. */
void convert_face(struct emitter *);
/* For STEM_ndr.c: the body of the function for a value, and of the one that waits for what it points to. */
void convert_value(struct marshal *, bool is_pull, const struct shape *);
void convert_later(struct marshal *, const struct shape *);

#endif
