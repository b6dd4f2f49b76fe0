/* SPDX-License-Identifier: MIT */
/*
 * One table of options per command. Parsing, --help, the man page and the shell's completion are all made from it;
 * nothing else knows an option's name.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdio.h>

#include <sallyport/types.h>

#define ARGUMENTS_MAX 2

/* What a command line comes to. Zero: not given. */
struct settings {
	const char *arguments[ARGUMENTS_MAX];
	char **words; /* all arguments in their order, also those beyond ARGUMENTS_MAX */
	size_t n_words;
	bool help;
	bool json;
	sp_nanos timeout; /* all of it */
	sp_nanos timeout_resolve, timeout_connect, timeout_discovery, timeout_communication;
	unsigned mapper_port;
	const char *ncalrpc_dir;
	/* of some commands */
	bool has_interface;
	struct sp_syntax_id interface;
	bool has_object;
	struct sp_uuid object;
	const char *protseq;
	unsigned count;
	sp_nanos interval;
	const char *to, *request;
	bool apply;
	const char *wanted, *service, *domain, *partner;
	const char *user, *password_file;
	const char *from, *html;
	bool check, mapper_logon;
	sp_nanos watch;
	const char *prom;
	unsigned rate;
};

enum option_kind {
	OPTION_FLAG,      /* bool */
	OPTION_DURATION,  /* sp_nanos: 10, 1.5s, 500ms, 2m */
	OPTION_COUNT,     /* unsigned, from 1 */
	OPTION_PORT,      /* unsigned, from 1 to 65535 */
	OPTION_TEXT,      /* const char * */
	OPTION_INTERFACE, /* struct sp_syntax_id with has_interface */
	OPTION_UUID,      /* struct sp_uuid with has_object */
};

struct option_row {
	char letter;      /* 0: none */
	const char *name; /* NULL ends a table */
	enum option_kind kind;
	size_t offset;     /* of the member in struct settings */
	const char *value; /* what stands for the value in help; NULL for flags */
	const char *help;  /* begins in lower case, no full stop */
};

struct command; /* commands.h */

extern const struct option_row options_common[];
extern const struct option_row
	options_local[]; /* the common ones of commands that ask no other host */

/* The n-th of a command's options, its own before the common ones; NULL past the end. */
const struct option_row *option_at(const struct command *, size_t n);

/*
 * Reads the words after the command's name. On false, what is wrong and what was probably meant stands on talk.
 * Strings in *ret are argv's.
 */
SP_NODISCARD bool options_parse(
	const struct command *, int argc, char **argv, struct settings *ret, FILE *talk);

/* "1.5s" in ns; more than nothing, at most a day. False: it is not that. */
SP_NODISCARD bool duration_parse(const char *text, sp_nanos *ret);

#endif
