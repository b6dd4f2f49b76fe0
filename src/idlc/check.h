/* SPDX-License-Identifier: MIT */
/* The parts of checking; check() runs them in passes. */
#ifndef IDLC_CHECK_H
#define IDLC_CHECK_H

#include "idlc/compiler.h"

struct place_of_type;

/* Warns about each attribute that is not known, once (attribute.c). */
void check_attributes(struct compiler *, const struct attr *);

/* Gives the names in size_is and its kin their meaning among the siblings (check_type.c). */
void check_expressions(struct compiler *, struct shape *, struct field *siblings);
void check_unique_names(struct compiler *, struct field *);
/* Definitions anywhere inside a declarator: their fields get shapes. */
void check_type(struct compiler *, struct type *, const struct place_of_type *);
/* Before all others: enumerators may stand in any expression. */
void check_enum(struct compiler *, struct type *);

void check_operation(
	struct compiler *, struct operation *, struct interface *); /* check_operation.c */

/* After parameters and result (check_status.c). */
void check_statuses(struct compiler *, struct operation *);

/* uuid, version, pointer_default (interface.c) */
void interface_head(struct compiler *, struct interface *, bool has_operations);
void interface_base(struct compiler *, struct interface *);
/* After all bases are known: the first number of its own operations. */
void interface_numbers(struct interface *);

#endif
