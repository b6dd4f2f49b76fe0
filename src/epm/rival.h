/* SPDX-License-Identifier: MIT */
/* Somebody else has the mapper's port: who, and what to do about it. */
#ifndef EPM_RIVAL_H
#define EPM_RIVAL_H

#include <stddef.h>
#include <stdint.h>

/* Some sentences for the log; at most cap bytes with the NUL. */
void rival_explain(uint16_t port, char *ret, size_t cap);

#endif
