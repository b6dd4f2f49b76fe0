/* SPDX-License-Identifier: MIT */
/* Attribute configuration files (C706 5): attributes that one side keeps out of the IDL. */
#ifndef IDLC_ACF_H
#define IDLC_ACF_H

#include "idlc/compiler.h"

/*
 * Reads the compiler's ACF, or else the one that stands beside the IDL file under its name, if there is one, and gives
 * its attributes to what they are for. After parsing, before checking.
 */
void acf_read(struct compiler *, const char *idl_path);

#endif
