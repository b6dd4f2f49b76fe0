/* SPDX-License-Identifier: MIT */
#include "cli/manual.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"

/* As it is: nothing of it is markup. Blank lines stay, other ends of lines are blanks. */
static void
text_write(FILE *to, const char *text)
{
	bool is_start = true;

	for (; *text; text++) {
		if (text[0] == '\n' && text[1] == '\n') {
			fputs("\n\n", to);
			text++;
			is_start = true;
			continue;
		}
		if (strchr("_*\\`", *text) || (is_start && strchr("#-.|[];<", *text)))
			putc('\\', to);
		putc(*text == '\n' ? ' ' : *text, to);
		is_start = false;
	}
}

/* A help text as a sentence. */
static void
sentence_write(FILE *to, const char *help)
{
	char first[2] = {(char)toupper((unsigned char)*help)};

	text_write(to, first);
	text_write(to, help + 1);
	fputs(strchr("?!.", help[strlen(help) - 1]) ? "\n" : ".\n", to);
}

static void
options_write(FILE *to, const struct command *command)
{
	const struct option_row *row;

	for (size_t i = 0; (row = option_at(command, i)); i++) {
		if (row->letter)
			fprintf(to, "*-%c*, ", row->letter);
		fputs("*--", to);
		text_write(to, row->name);
		putc('*', to);
		if (row->value) {
			fputs(" _", to);
			text_write(to, row->value);
			putc('_', to);
		}
		fputs("\n\t", to);
		sentence_write(to, row->help);
		putc('\n', to);
	}
}

static void
exit_status_write(FILE *to)
{
	fputs("# EXIT STATUS\n\n"
	      "0 when all is good, 1 when the answer is no, 2 when there was no answer, 3 when it "
	      "could not be asked, 64 for wrong usage.\n\n",
		to);
}

void
manual_command(FILE *to, const struct command *command)
{
	fprintf(to, "sallyport-%s(1)\n\n# NAME\n\nsallyport-%s - ", command->name, command->name);
	text_write(to, command->summary);
	fprintf(to, "\n\n# SYNOPSIS\n\n*sallyport %s* %s", command->name,
		command->own ? "*-n* _HOST_ [_options_]" : "[_options_]");
	for (size_t i = 0; i < ARGUMENTS_MAX && command->arguments[i]; i++) {
		fputs(" _", to);
		text_write(to, command->arguments[i]);
		putc('_', to);
	}
	fputs("\n\n# DESCRIPTION\n\n", to);
	text_write(to, command->description);
	fputs("\n\n# OPTIONS\n\n", to);
	options_write(to, command);
	if (!command->own) /* it says so itself */
		exit_status_write(to);
	fputs("# EXAMPLES\n\n", to);
	for (const struct example *e = command->examples; e && e->line; e++) {
		putc('*', to);
		text_write(to, e->line);
		fputs("*\n\t", to);
		sentence_write(to, e->what);
		putc('\n', to);
	}
	fputs("# SEE ALSO\n\n*sallyport*(1)\n", to);
}

void
manual_overview(FILE *to)
{
	fputs("sallyport(1)\n\n# NAME\n\nsallyport - Microsoft RPC from the outside\n\n"
	      "# SYNOPSIS\n\n*sallyport* _COMMAND_ [_options_] ...\n\n"
	      "*sallyport help* _COMMAND_\n\n"
	      "# DESCRIPTION\n\nAsks what is there, and finds where the way to it is shut.\n\n",
		to);
	for (size_t i = 0; commands[i]; i++) {
		fprintf(to, "*sallyport-%s*(1)\n\t", commands[i]->name);
		sentence_write(to, commands[i]->summary);
		putc('\n', to);
	}
	exit_status_write(to);
	fputs("# SEE ALSO\n\n*sallyport-epmapper*(8), *sallyport-idl*(1), *sallyport*(3)\n", to);
}

bool
manual_fill(FILE *to, const struct command *command, FILE *page)
{
	char *line = NULL;
	size_t cap = 0;
	bool is_filled = false;

	while (getline(&line, &cap, page) >= 0) {
		if (strcmp(line, "@options@\n")) {
			fputs(line, to);
			continue;
		}
		options_write(to, command);
		is_filled = true;
	}
	free(line);
	return is_filled;
}
