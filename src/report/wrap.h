/* SPDX-License-Identifier: MIT */
#ifndef REPORT_WRAP_H
#define REPORT_WRAP_H

#include <stdio.h>

#define WRAP_WIDTH 78

/*
 * Words in lines of WRAP_WIDTH, all but the first indented; a blank line in the text stays. `column` is where the first
 * line has come to already.
 */
void wrap(FILE *, const char *text, int indent, int column);

#endif
