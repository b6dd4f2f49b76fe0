/* SPDX-License-Identifier: MIT */
/* What the checker found, in words and as IDL: for documents and other tools. */
#ifndef IDLC_DESCRIBE_H
#define IDLC_DESCRIBE_H

#include "idlc/compiler.h"

/* As it could stand in an IDL file: "(n + 7) & ~7". */
const char *describe_expr(struct compiler *, const struct expr *);
/* "scalar", "struct", "pointer", ... */
const char *describe_kind(const struct shape *);
const char *describe_base(enum base_type); /* "unsigned long" */
/* "unique pointer to string of wchar_t" */
const char *describe_shape(struct compiler *, const struct shape *);
const char *describe_direction(const struct field *); /* "in", "out", "in, out" */
/* What a helpstring says, without its quotes; "" when there is none. */
const char *describe_help(struct compiler *, const struct attr *);

#endif
