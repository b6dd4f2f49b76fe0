/* SPDX-License-Identifier: MIT */
/* Names that Windows' headers define and published definitions take for granted. */
#ifndef IDLC_STANDARD_H
#define IDLC_STANDARD_H

#include "idlc/compiler.h"

/* Reads wtypes.idl when types are named that nothing defines, as if it had been imported. */
void standard_read(struct compiler *);

#endif
