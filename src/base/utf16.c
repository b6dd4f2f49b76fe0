/* SPDX-License-Identifier: MIT */
#include "base/utf16.h"

#include <stdbool.h>

#define REPLACEMENT 0xfffdu

static bool
is_high(uint32_t u)
{
	return u >= 0xd800 && u < 0xdc00;
}

static bool
is_low(uint32_t u)
{
	return u >= 0xdc00 && u < 0xe000;
}

static size_t
utf8_put(uint32_t c, uint8_t ret[4])
{
	if (c < 0x80) {
		ret[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		ret[0] = (uint8_t)(0xc0 | c >> 6);
		ret[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		ret[0] = (uint8_t)(0xe0 | c >> 12);
		ret[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		ret[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	ret[0] = (uint8_t)(0xf0 | c >> 18);
	ret[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	ret[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	ret[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

size_t
utf16_to_utf8(const uint16_t *in, size_t n, char *ret, size_t cap)
{
	size_t need = 0, at = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t c = in[i];
		uint8_t bytes[4];
		size_t len;

		if (is_high(c) && i + 1 < n && is_low(in[i + 1]))
			c = 0x10000 + ((c & 0x3ff) << 10 | (in[++i] & 0x3ff));
		else if (is_high(c) || is_low(c))
			c = REPLACEMENT;
		len = utf8_put(c, bytes);
		/* a character is written whole or not at all, and nothing after one that was left out */
		if (at == need && need + len < cap)
			for (size_t k = 0; k < len; k++)
				ret[at++] = (char)bytes[k];
		need += len;
	}
	if (cap > 0)
		ret[at] = '\0';
	return need;
}

/* The code point at in[*i]; moves *i behind it. What is not UTF-8 counts one byte as U+FFFD. */
static uint32_t
utf8_get(const uint8_t *in, size_t n, size_t *i)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = in[(*i)++];
	size_t len = first < 0x80       ? 1
		     : first >> 5 == 6  ? 2
		     : first >> 4 == 14 ? 3
		     : first >> 3 == 30 ? 4
					: 0;
	uint32_t c = len == 1 ? first : first & (0x7fu >> len);

	if (len == 0 || n - *i < len - 1)
		return REPLACEMENT;
	for (size_t k = 0; k + 1 < len; k++) {
		if ((in[*i + k] & 0xc0) != 0x80)
			return REPLACEMENT;
		c = c << 6 | (in[*i + k] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || is_high(c) || is_low(c))
		return REPLACEMENT;
	*i += len - 1;
	return c;
}

size_t
utf16_from_utf8(const char *in, size_t n, uint16_t *ret, size_t cap)
{
	size_t need = 0, at = 0;

	for (size_t i = 0; i < n;) {
		uint32_t c = utf8_get((const uint8_t *)in, n, &i);
		size_t len = c < 0x10000 ? 1 : 2;

		if (at == need && need + len < cap) {
			if (len == 2)
				ret[at++] = (uint16_t)(0xd800 | (c - 0x10000) >> 10);
			ret[at++] = (uint16_t)(len == 2 ? 0xdc00 | (c & 0x3ff) : c);
		}
		need += len;
	}
	if (cap > 0)
		ret[at] = 0;
	return need;
}

void
utf16_from_le(const uint8_t *in, size_t n, uint16_t *ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = (uint16_t)(in[2 * i] | in[2 * i + 1] << 8);
}
