/* SPDX-License-Identifier: MIT */
#include "ports/hive_made.h"

#include <string.h>

#define PAGE (HIVE_MADE_SIZE / 2)

static void
put(uint8_t *p, uint64_t n, int size)
{
	for (int i = 0; i < size; i++)
		p[i] = (uint8_t)(n >> 8 * i);
}

static void
name(uint8_t *p, const char *text)
{
	while (*text)
		*p++ = (uint8_t)*text++;
}

void
hive_made(uint8_t file[HIVE_MADE_SIZE])
{
	uint8_t *bin = file + PAGE, *nk = bin + 0x20, *sk = bin + 0x80;

	memset(file, 0, HIVE_MADE_SIZE);
	name(file, "regf");
	put(file + 4, 1, 4);
	put(file + 8, 1, 4);
	put(file + 20, 1, 4); /* version 1.3 */
	put(file + 24, 3, 4);
	put(file + 32, 1, 4);
	put(file + 36, 0x20, 4); /* the root's cell */
	put(file + 40, PAGE, 4);
	put(file + 44, 1, 4);
	for (int i = 0; i < 508; i++)
		file[508 + i % 4] ^= file[i]; /* the checksum */
	name(bin, "hbin");
	put(bin + 8, PAGE, 4);
	put(nk, (uint32_t)-0x60, 4); /* in use */
	name(nk + 4, "nk");
	put(nk + 6, 0x2c, 2);
	put(nk + 20, 0xffffffff, 4);
	put(nk + 32, 0xffffffff, 4);
	put(nk + 36, 0xffffffff, 4);
	put(nk + 44, 0xffffffff, 4);
	put(nk + 48, 0x80, 4);
	put(nk + 52, 0xffffffff, 4);
	put(nk + 76, 4, 2);
	name(nk + 80, "ROOT");
	put(sk, (uint32_t)-0x30, 4);
	name(sk + 4, "sk");
	put(sk + 8, 0x80, 4);
	put(sk + 12, 0x80, 4);
	put(sk + 16, 1, 4);
	put(sk + 20, 20, 4);
	put(sk + 24, 0x80000001, 4);
	put(bin + 0xb0, PAGE - 0xb0, 4); /* free */
}
