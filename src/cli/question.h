/* SPDX-License-Identifier: MIT */
/* What all commands have in common: limits from the settings, and an error as a finding with the next command to type. */
#ifndef CLI_QUESTION_H
#define CLI_QUESTION_H

#include <sallyport/client.h>

#include "cli/commands.h"

/* The limits of the phases; all of them together keep to --timeout, counted from now. */
struct sp_client_options question_limits(const struct settings *);

/* Reports an error of the command about `target`, as it was typed; the exit status. */
enum outcome question_failed(const struct settings *, const struct command *, const char *target,
	struct report *, const struct sp_error *);

/* A command to type next; "" when there is none to offer. */
void question_advise(const struct settings *, const struct command *, const char *target,
	const struct sp_error *, char *ret, size_t cap);

#endif
