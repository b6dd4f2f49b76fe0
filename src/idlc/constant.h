/* SPDX-License-Identifier: MIT */
/* Constant expressions. */
#ifndef IDLC_CONSTANT_H
#define IDLC_CONSTANT_H

#include "idlc/compiler.h"

/*
 * Works the expression out and notes the values in it; false after an error, which has been reported.
 * Like C on 64 bits; `is_unsigned` of the result says how to read the value.
 */
SP_NODISCARD bool constant_value(struct compiler *, struct expr *, int64_t *ret);
/* Gives every enumerator its value. */
void constant_enumerators(struct compiler *, struct type *);

#endif
