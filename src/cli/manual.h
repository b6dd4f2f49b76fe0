/* SPDX-License-Identifier: MIT */
/* Pages of the manual as scdoc(5) reads them, made from the tables of commands and options. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include <stdbool.h>
#include <stdio.h>

struct command; /* commands.h */

/* sallyport(1) */
void manual_overview(FILE *);
/* sallyport-COMMAND(1) */
void manual_command(FILE *, const struct command *);
/* The page written by hand, its line "@options@" replaced; false: it cannot be read, or has no such line. */
bool manual_fill(FILE *, const struct command *, FILE *page);

#endif
