/* SPDX-License-Identifier: MIT */
/*
 * From declarations to shapes: which attribute belongs to which level of pointers and arrays, and
 * what therefore travels (C706 4.2.20 to 4.2.24).
 */
#ifndef IDLC_SHAPE_H
#define IDLC_SHAPE_H

#include "idlc/compiler.h"

/* Where a declaration stands. */
struct place_of_type {
	struct interface *interface; /* NULL outside of interfaces */
	bool is_parameter;
	bool is_result;
};

/* NULL after an error, which has been reported. */
struct shape *shape_of(
	struct compiler *, struct type *, const struct attr *, const struct place_of_type *);
/* What a name or an alias stands for in the end; NULL when unknown, which has been reported. */
struct type *shape_resolve(struct compiler *, struct type *);
/* One step from a name or a tag, without a word when there is none. */
const struct type *shape_meaning(const struct compiler *, const struct type *);
bool shape_is_built_in(const char *name);
/* "int32_t", "uint16_t", ... */
const char *shape_base_name(enum base_type);
bool shape_is_int3264(const struct shape *);
bool shape_is_integer(const struct shape *);
/* An array some of whose counts travel before everything else. */
bool shape_is_conformant(const struct shape *);
bool shape_is_varying(const struct shape *);

#endif
