/* SPDX-License-Identifier: MIT */
#include "ndr/copy.h"

#include <stdint.h>
#include <string.h>

static void
reverse_16(uint8_t *to, const uint8_t *from, size_t n)
{
	uint16_t v;

	for (size_t i = 0; i < n; i++) {
		memcpy(&v, from + i * sizeof(v), sizeof(v));
		v = __builtin_bswap16(v);
		memcpy(to + i * sizeof(v), &v, sizeof(v));
	}
}

static void
reverse_32(uint8_t *to, const uint8_t *from, size_t n)
{
	uint32_t v;

	for (size_t i = 0; i < n; i++) {
		memcpy(&v, from + i * sizeof(v), sizeof(v));
		v = __builtin_bswap32(v);
		memcpy(to + i * sizeof(v), &v, sizeof(v));
	}
}

static void
reverse_64(uint8_t *to, const uint8_t *from, size_t n)
{
	uint64_t v;

	for (size_t i = 0; i < n; i++) {
		memcpy(&v, from + i * sizeof(v), sizeof(v));
		v = __builtin_bswap64(v);
		memcpy(to + i * sizeof(v), &v, sizeof(v));
	}
}

void
ndr_copy(void *to, const void *from, size_t n, size_t element_size, bool big_endian)
{
	bool reverse = big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);

	if (reverse && element_size == 2)
		reverse_16(to, from, n);
	else if (reverse && element_size == 4)
		reverse_32(to, from, n);
	else if (reverse && element_size == 8)
		reverse_64(to, from, n);
	else
		memcpy(to, from, n * element_size);
}
