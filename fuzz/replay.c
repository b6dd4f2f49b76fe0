/* SPDX-License-Identifier: MIT */
/* A fuzz target as a test of the normal build: runs it over the files given, or over N seeded random inputs. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
replay_file(const char *path)
{
	static uint8_t bytes[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		return 1;
	}
	n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	LLVMFuzzerTestOneInput(bytes, n);
	return 0;
}

static void
replay_random(unsigned long n)
{
	uint8_t bytes[400];
	uint32_t x = 1;

	for (unsigned long i = 0; i < n; i++) {
		size_t len;

		x = x * 1664525 + 1013904223;
		len = (x >> 8) % sizeof bytes;
		for (size_t k = 0; k < len; k++) {
			x = x * 1664525 + 1013904223;
			bytes[k] = (uint8_t)(x >> 24);
		}
		LLVMFuzzerTestOneInput(bytes, len);
	}
}

int
main(int argc, char **argv)
{
	int bad = 0;

	if (argc == 3 && argv[1][0] == '-' && argv[1][1] == 'n') {
		replay_random(strtoul(argv[2], NULL, 10));
		return 0;
	}
	for (int i = 1; i < argc; i++)
		bad |= replay_file(argv[i]);
	return bad;
}
