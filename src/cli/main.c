/* SPDX-License-Identifier: MIT */
/* sallyport: all tools in one program. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/help.h"
#include "cli/spelling.h"

/* https://no-color.org: any value but the empty one */
static bool
is_coloured(FILE *file)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no && *no) && term && strcmp(term, "dumb") && isatty(fileno(file));
}

static int
unknown_command(const char *word)
{
	struct spelling spelling;

	spelling_begin(&spelling, word, strlen(word));
	for (size_t i = 0; commands[i]; i++)
		spelling_try(&spelling, commands[i]->name);
	fprintf(stderr, "sallyport: there is no command \"%s\"\n", word);
	if (spelling_best(&spelling))
		fprintf(stderr, "did you mean %s?\n", spelling_best(&spelling));
	fputs("next: sallyport --help\n", stderr);
	return OUTCOME_USAGE;
}

static int
own_run(const struct command *command, int argc, char **argv)
{
	int status;

	if (argc == 1 && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h") ||
				 !strcmp(argv[0], "/?") || !strcmp(argv[0], "-?"))) {
		help_command(stdout, command);
		return fflush(stdout) ? OUTCOME_COULD_NOT_RUN : OUTCOME_GOOD;
	}
	status = command->own(argc, argv, stdout, stderr);
	return fflush(stdout) ? OUTCOME_COULD_NOT_RUN : status;
}

static int
command_run(const struct command *command, int argc, char **argv)
{
	struct settings settings;
	struct report report;
	enum outcome outcome;

	if (command->own)
		return own_run(command, argc, argv);
	if (!options_parse(command, argc, argv, &settings, stderr))
		return OUTCOME_USAGE;
	if (settings.help) {
		help_command(stdout, command);
		return fflush(stdout) ? OUTCOME_COULD_NOT_RUN : OUTCOME_GOOD;
	}
	report_init(&report, settings.json ? &renderer_json : &renderer_text, stdout, stderr);
	report.colour_out = is_coloured(stdout);
	report.colour_talk = is_coloured(stderr);
	outcome = command->run(&settings, &report);
	if (report_end(&report))
		return (int)outcome;
	fputs("sallyport: standard output did not take everything\n", stderr);
	return OUTCOME_COULD_NOT_RUN;
}

int
main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	const struct command *command;

	if (argc < 2) {
		help_all(stderr);
		return OUTCOME_USAGE;
	}
	if (!strcmp(word, "help") && argc > 2)
		word = argv[2];
	command = command_find(word);
	if (command && word == argv[1])
		return command_run(command, argc - 2, argv + 2);
	if (command)
		help_command(stdout, command);
	else if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help"))
		help_all(stdout);
	else if (!strcmp(word, "--version"))
		puts("sallyport " SALLYPORT_VERSION);
	else
		return unknown_command(word);
	return fflush(stdout) ? OUTCOME_COULD_NOT_RUN : OUTCOME_GOOD;
}
