/* SPDX-License-Identifier: MIT */
/* Can everything that a parameter reaches be marshalled? */
#ifndef IDLC_TRAVEL_H
#define IDLC_TRAVEL_H

#include "idlc/compiler.h"

/* False after an error, which names the parameter and the reason. */
bool travel_check(struct compiler *, const struct field *);

#endif
