/* SPDX-License-Identifier: MIT */
/* UTF-16 in host order <-> UTF-8. Unpaired surrogates become U+FFFD. */
#ifndef BASE_UTF16_H
#define BASE_UTF16_H

#include <stddef.h>
#include <stdint.h>

/* Writes at most cap bytes including the NUL; returns the bytes that all of it needs without the NUL. */
size_t utf16_to_utf8(const uint16_t *in, size_t n, char *ret, size_t cap);
/* Writes at most cap units including the NUL; returns the units that all of it needs without the NUL. */
size_t utf16_from_utf8(const char *in, size_t n, uint16_t *ret, size_t cap);
/* n units of UTF-16LE as files have them, in host order. */
void utf16_from_le(const uint8_t *in, size_t n, uint16_t *ret);

#endif
