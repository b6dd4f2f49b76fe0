/* SPDX-License-Identifier: MIT */
/*
 * What the compiler tells people: `file:line:column: error: ...`, the source line, a caret.
 * Lines follow `#` line marks of a preprocessor; columns count characters from 1, tabs as one.
 */
#ifndef IDLC_DIAGNOSTIC_H
#define IDLC_DIAGNOSTIC_H

#include "idlc/compiler.h"

/* After COMPILER_MAX_ERRORS errors the compiler gives up. */
void error_at(struct compiler *, struct pos, const char *fmt, ...) SP_PRINTF(3, 4);
void warning_at(struct compiler *, struct pos, const char *fmt, ...) SP_PRINTF(3, 4);
/*
 * What keeps a type from travelling: an error when a parameter is at fault; otherwise noted with the type, which may
 * still be declared, and told when an operation uses it.
 */
void refuse_at(struct compiler *, struct pos, const char *fmt, ...) SP_PRINTF(3, 4);
/* Belongs to the diagnostic before it. */
void note_at(struct compiler *, struct pos, const char *fmt, ...) SP_PRINTF(3, 4);

#endif
