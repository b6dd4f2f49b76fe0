/* SPDX-License-Identifier: MIT */
#include "cli/help.h"

#include <string.h>

#include "report/wrap.h"

#define INDENT 2
#define OPTION_WIDTH 34

static void
option_write(FILE *to, const struct option_row *row)
{
	char left[80];
	int n = row->letter ? snprintf(left, sizeof(left), "-%c, --%s", row->letter, row->name)
			    : snprintf(left, sizeof(left), "    --%s", row->name);

	if (row->value)
		snprintf(left + n, sizeof(left) - (size_t)n, " %s", row->value);
	fprintf(to, "  %-*s", OPTION_WIDTH - 2, left);
	if (strlen(left) >= OPTION_WIDTH - 2)
		fprintf(to, "\n%*s", OPTION_WIDTH, "");
	wrap(to, row->help, OPTION_WIDTH, OPTION_WIDTH);
}

static void
usage_write(FILE *to, const struct command *command)
{
	fprintf(to, "usage: sallyport %s %s", command->name,
		command == &command_portqry ? "-n HOST [options]"
		: command->own              ? "[options] TARGET"
					    : "[options]");
	for (size_t i = 0; command->arguments[i]; i++)
		fprintf(to, " %s", command->arguments[i]);
	fputs("\n\n", to);
}

void
help_command(FILE *to, const struct command *command)
{
	const struct option_row *row;

	usage_write(to, command);
	for (const struct example *e = command->examples; e && e->line; e++)
		fprintf(to, "  %s\n      %s\n", e->line, e->what);
	fprintf(to, "\n%*s", INDENT, "");
	wrap(to, command->description, INDENT, INDENT);
	if (command->own) /* its options are its own, and stand in the description */
		return;
	fputs("\noptions:\n", to);
	for (size_t i = 0; (row = option_at(command, i)); i++)
		option_write(to, row);
	fputs("\nexit status: 0 good, 1 no, 2 no answer, 3 could not run, 64 usage\n", to);
}

void
help_all(FILE *to)
{
	fputs("usage: sallyport COMMAND [options] ...\n\n"
	      "Microsoft RPC from the outside: what is there, and where the way to it is shut.\n\n"
	      "  sallyport endpoints dc01\n"
	      "  sallyport ping dc01 --interface 12345778-1234-abcd-ef00-0123456789ac,1.0\n\n"
	      "commands:\n",
		to);
	for (size_t i = 0; commands[i]; i++)
		fprintf(to, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n  sallyport COMMAND --help says more; sallyport --version says which this is.\n",
		to);
}
