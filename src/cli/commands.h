/* SPDX-License-Identifier: MIT */
/* A command is a file with its own run() and one row in the table of commands.c. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/options.h"
#include "report/report.h"

struct example {
	const char *line; /* what to type; NULL ends */
	const char *what; /* what it is for */
};

struct command {
	const char *name;
	const char *summary; /* one line, no full stop */
	/* "HOST"; "[FILE]" may be left out, "[FILE...]" and "FILE..." may come often; NULL ends */
	const char *arguments[ARGUMENTS_MAX + 1];
	bool is_local;                    /* asks no other host: no timeouts */
	bool takes_numbers;               /* -5 is an argument, no option */
	const char *description;          /* paragraphs, separated by blank lines */
	const struct option_row *options; /* its own; may be NULL */
	const struct example *examples;
	/* Asks, and fills the report. Called with what options_parse() let pass. */
	enum outcome (*run)(const struct settings *, struct report *);
	/*
	 * Instead of run(): the face of a tool that people know, with its options and its exit statuses. Gets the words
	 * after the command's name; everything but --help is its own.
	 */
	int (*own)(int argc, char **argv, FILE *out, FILE *talk);
};

extern const struct command command_doctor, command_endpoints, command_explain, command_interfaces,
	command_ping, command_portqry, command_ports, command_resolve, command_rpcdump,
	command_rpcping;
extern const struct command *const commands[]; /* NULL ends */
const struct command *command_find(const char *name);

#endif
