/* SPDX-License-Identifier: MIT */
#include "report/printable.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the UTF-8 character at p that may be shown; 0 when it may not. RFC 3629 section 4. */
static size_t
shown(const unsigned char *p)
{
	uint32_t c = p[0];
	size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : 4;

	if (n == 1)
		return c >= 0x20 && c != 0x7f;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	c &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	/* surrogates; C1 controls; marks that turn the direction of writing */
	if ((c >= 0xd800 && c < 0xe000) || c < 0xa0 || c == 0x200e || c == 0x200f ||
		(c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
		return 0;
	return n;
}

char *
printable(const char *text, char *ret, size_t cap)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = 0;

	while (*p) {
		size_t len = shown(p);
		size_t room = len ? len : 4;

		if (n + room >= cap)
			break;
		if (len)
			memcpy(ret + n, p, len);
		else
			snprintf(ret + n, 5, "\\x%02x", *p);
		n += room;
		p += len ? len : 1;
	}
	ret[n] = '\0';
	return ret;
}

static bool
is_plain(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.,:/@%+=";

	return *text && text[strspn(text, plain)] == '\0';
}

char *
printable_for_shell(const char *text, char *ret, size_t cap)
{
	size_t n = 0;

	if (is_plain(text)) {
		snprintf(ret, cap, "%s", text);
		return ret;
	}
	/* a quote inside leaves the quotes, stands escaped, and enters them again: '\'' */
	ret[n++] = '\'';
	for (; *text && n + 6 < cap; text++) {
		if (*text == '\'') {
			memcpy(ret + n, "'\\''", 4);
			n += 4;
		} else {
			ret[n++] = *text;
		}
	}
	ret[n++] = '\'';
	ret[n] = '\0';
	return ret;
}
