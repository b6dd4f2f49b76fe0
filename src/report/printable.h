/* SPDX-License-Identifier: MIT */
/*
 * Strangers' text on the way to a terminal or into JSON: valid UTF-8 without control characters. What is
 * neither becomes \xNN, byte by byte, so that an annotation can neither move a cursor nor break a parser.
 */
#ifndef REPORT_PRINTABLE_H
#define REPORT_PRINTABLE_H

#include <stddef.h>

/* Writes at most cap bytes with the NUL, never half a character. Returns ret. */
char *printable(const char *text, char *ret, size_t cap);

/* In single quotes when a shell would not leave it alone. Returns ret. */
char *printable_for_shell(const char *text, char *ret, size_t cap);

#endif
