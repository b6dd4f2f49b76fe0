/* SPDX-License-Identifier: MIT */
/*
 * Runs at build time: what is made of the tables of commands and options.
 *
 *   cli-pages bash|zsh|fish            completion
 *   cli-pages manual                   sallyport(1)
 *   cli-pages manual COMMAND [PAGE]    sallyport-COMMAND(1), with options put into PAGE
 */
#include <string.h>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/manual.h"

static bool
manual(int n, char **words)
{
	const struct command *command = n > 0 ? command_find(words[0]) : NULL;
	FILE *page;
	bool good = true;

	if (n > 0 && !command)
		return false;
	if (n == 0)
		manual_overview(stdout);
	else if (n == 1)
		manual_command(stdout, command);
	else if (!(page = fopen(words[1], "re")))
		return false;
	else {
		good = manual_fill(stdout, command, page);
		fclose(page);
	}
	return good;
}

static bool
write_page(const char *what, int n, char **words)
{
	if (!strcmp(what, "manual"))
		return manual(n, words);
	if (!strcmp(what, "bash"))
		completion_bash(stdout);
	else if (!strcmp(what, "zsh"))
		completion_zsh(stdout);
	else if (!strcmp(what, "fish"))
		completion_fish(stdout);
	else
		return false;
	return true;
}

int
main(int argc, char **argv)
{
	if (argc < 2 || !write_page(argv[1], argc - 2, argv + 2)) {
		fputs("cli-pages: bash|zsh|fish|manual [COMMAND [PAGE with a line @options@]]\n",
			stderr);
		return OUTCOME_USAGE;
	}
	return fflush(stdout) ? OUTCOME_COULD_NOT_RUN : OUTCOME_GOOD;
}
