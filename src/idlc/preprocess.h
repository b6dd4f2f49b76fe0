/* SPDX-License-Identifier: MIT */
/* The C preprocessor in front of the lexer, for files that have directives. */
#ifndef IDLC_PREPROCESS_H
#define IDLC_PREPROCESS_H

#include "idlc/compiler.h"

/* Is there a line like #include, #define or #if? Line marks and #pragma need no preprocessor. */
bool preprocess_is_needed(const char *text, size_t len);
/*
 * Replaces *text, which is from mem_*, by what `cpp` makes of it, with line marks. False, and nothing changed, when
 * it cannot be run or finds errors, which it reports itself.
 */
SP_NODISCARD bool preprocess_text(struct compiler *, const char *path, char **text, size_t *len);

#endif
