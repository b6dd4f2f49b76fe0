/* SPDX-License-Identifier: MIT */
/* Pages made from the tables. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/commands.h"

void help_all(FILE *);                             /* sallyport --help */
void help_command(FILE *, const struct command *); /* sallyport COMMAND --help */

#endif
