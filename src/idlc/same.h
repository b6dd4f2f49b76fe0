/* SPDX-License-Identifier: MIT */
/* Do two definitions say the same? */
#ifndef IDLC_SAME_H
#define IDLC_SAME_H

#include "idlc/names.h"

/* In C and on the wire; `typedef byte b` is no other than `typedef unsigned char b`. */
bool same_meaning(struct compiler *, const struct meaning *, const struct meaning *);

#endif
