/* SPDX-License-Identifier: MIT */
/*
 * A port policy out of a registry hive: SOFTWARE or SYSTEM from %SystemRoot%\System32\config, or a key saved with
 * "reg save". For the tools only: no server reads what hivex reads.
 */
#ifndef PORTS_HIVE_H
#define PORTS_HIVE_H

#include "ports/config.h"

/* False: the file does not begin as a hive does, or cannot be read. */
bool ports_hive_is(const char *path);
/* Never fails: what is wrong is among the findings. */
void ports_hive_read(struct ports_config *, const char *path);

#endif
