/* SPDX-License-Identifier: MIT */
/* For tests and fuzzers: hivex changes hives, but it makes none. */
#ifndef PORTS_HIVE_MADE_H
#define PORTS_HIVE_MADE_H

#include <stdint.h>

#define HIVE_MADE_SIZE 8192

/* A root without children: base block, one bin, cells for the key, its security and the rest. */
void hive_made(uint8_t file[HIVE_MADE_SIZE]);

#endif
