/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

#include <sallyport/binding.h>

#include "cli/commands.h"
#include "cli/spelling.h"
#include "probe/target.h"

#define DAY (86400 * SP_SECOND)

#define AT(member) offsetof(struct settings, member)
const struct option_row options_common[] = {
	{'j', "json", OPTION_FLAG, AT(json), NULL, "records for programs: one JSON object a line"},
	{'t', "timeout", OPTION_DURATION, AT(timeout), "TIME",
		"for all of it: 10, 1.5s, 500ms, 2m (10s)"},
	{0, "timeout-resolve", OPTION_DURATION, AT(timeout_resolve), "TIME",
		"for name resolution (5s)"},
	{0, "timeout-connect", OPTION_DURATION, AT(timeout_connect), "TIME",
		"for the TCP session, each address (5s)"},
	{0, "timeout-discovery", OPTION_DURATION, AT(timeout_discovery), "TIME",
		"for asking the endpoint mapper (5s)"},
	{0, "timeout-communication", OPTION_DURATION, AT(timeout_communication), "TIME",
		"for the bind and for each call (10s)"},
	{0, "mapper-port", OPTION_PORT, AT(mapper_port), "PORT",
		"the endpoint mapper's TCP port (135)"},
	{0, "ncalrpc-dir", OPTION_TEXT, AT(ncalrpc_dir), "DIR",
		"where local endpoints live ($SALLYPORT_NCALRPC_DIR, /run/sallyport/ncalrpc)"},
	{'h', "help", OPTION_FLAG, AT(help), NULL, "show this"},
	{0},
};

const struct option_row options_local[] = {
	{'j', "json", OPTION_FLAG, AT(json), NULL, "records for programs: one JSON object a line"},
	{'h', "help", OPTION_FLAG, AT(help), NULL, "show this"},
	{0},
};

/* of the faces of other tools: the rest is theirs */
static const struct option_row options_own[] = {
	{'h', "help", OPTION_FLAG, AT(help), NULL, "show this"},
	{0},
};
#undef AT

static const struct option_row *
common_rows(const struct command *command)
{
	if (command->own)
		return options_own;
	return command->is_local ? options_local : options_common;
}

const struct option_row *
option_at(const struct command *command, size_t n)
{
	const struct option_row *row = command->options;

	for (; row && row->name; row++)
		if (n-- == 0)
			return row;
	for (row = common_rows(command); row->name; row++)
		if (n-- == 0)
			return row;
	return NULL;
}

/* --- values --- */

bool
duration_parse(const char *text, sp_nanos *ret)
{
	static const struct {
		const char *unit;
		sp_nanos length;
	} units[] = {{"", SP_SECOND}, {"s", SP_SECOND}, {"ms", SP_MILLISECOND},
		{"us", SP_MICROSECOND}, {"m", 60 * SP_SECOND}, {"h", 3600 * SP_SECOND}};
	char *end;
	double n, length;

	/* strtod takes more than people mean: signs, hex, "inf" */
	if (!((*text >= '0' && *text <= '9') || *text == '.') || strpbrk(text, "xXeEpP"))
		return false;
	n = strtod(text, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit))
			continue;
		length = n * (double)units[i].length;
		if (!(length >= 1 && length <= (double)DAY))
			return false;
		*ret = (sp_nanos)length;
		return true;
	}
	return false;
}

static bool
number_parse(const char *text, unsigned most, unsigned *ret)
{
	unsigned long n;
	char *end;

	if (*text < '0' || *text > '9' || strlen(text) > 10)
		return false;
	n = strtoul(text, &end, 10);
	if (*end || n < 1 || n > most)
		return false;
	*ret = (unsigned)n;
	return true;
}

static bool
value_set(const struct option_row *row, const char *text, struct settings *s)
{
	char *member = (char *)s + row->offset;

	switch (row->kind) {
	case OPTION_FLAG: *(bool *)member = true; return true;
	case OPTION_DURATION: return duration_parse(text, (sp_nanos *)member);
	case OPTION_TEXT: *(const char **)member = text; return *text != '\0';
	case OPTION_COUNT: return number_parse(text, UINT32_MAX, (unsigned *)member);
	case OPTION_PORT: return number_parse(text, UINT16_MAX, (unsigned *)member);
	case OPTION_INTERFACE:
		return s->has_interface = target_interface(text, (struct sp_syntax_id *)member);
	case OPTION_UUID: return s->has_object = sp_uuid_parse(text, (struct sp_uuid *)member);
	}
	return false;
}

static const char *
kind_needs(enum option_kind kind)
{
	switch (kind) {
	case OPTION_FLAG: return "no value";
	case OPTION_DURATION: return "a time of more than nothing, as 10, 1.5s, 500ms or 2m";
	case OPTION_COUNT: return "a number from 1";
	case OPTION_PORT: return "a port from 1 to 65535";
	case OPTION_TEXT: return "a value";
	case OPTION_INTERFACE:
		return "UUID,VERSION, as 60a15ec5-4de8-11d7-a637-005056a20182,1.0, or a name, as "
		       "samr";
	case OPTION_UUID: return "a UUID, as 60a15ec5-4de8-11d7-a637-005056a20182";
	}
	return "something else";
}

/* --- words --- */

/* The words of a command line that are left. */
struct words {
	const struct command *command;
	char **word;
	int n;
	FILE *talk;
};

static bool
complain(const struct words *w)
{
	fprintf(w->talk, "next: sallyport %s --help\n", w->command->name);
	return false;
}

static const struct option_row *
row_find(const struct command *command, const char *name, size_t len)
{
	const struct option_row *row;

	for (size_t i = 0; (row = option_at(command, i)); i++)
		if (strlen(row->name) == len && !memcmp(row->name, name, len))
			return row;
	return NULL;
}

static const struct option_row *
row_of_letter(const struct command *command, char letter)
{
	const struct option_row *row;

	for (size_t i = 0; letter && (row = option_at(command, i)); i++)
		if (row->letter == letter)
			return row;
	return NULL;
}

static bool
unknown_option(const struct words *w, const char *word, size_t name_len)
{
	struct spelling spelling;
	const struct option_row *row;

	spelling_begin(&spelling, word, name_len);
	for (size_t i = 0; (row = option_at(w->command, i)); i++)
		spelling_try(&spelling, row->name);
	fprintf(w->talk, "sallyport %s: there is no option --%.*s\n", w->command->name,
		(int)name_len, word);
	if (spelling_best(&spelling))
		fprintf(w->talk, "did you mean --%s?\n", spelling_best(&spelling));
	return complain(w);
}

static bool
bad_value(const struct words *w, const struct option_row *row, const char *value)
{
	fprintf(w->talk, "sallyport %s: --%s needs %s", w->command->name, row->name,
		kind_needs(row->kind));
	if (value)
		fprintf(w->talk, ", not \"%s\"", value);
	fputc('\n', w->talk);
	if (value && row->kind == OPTION_INTERFACE && spelling_interface(value))
		fprintf(w->talk, "did you mean %s?\n", spelling_interface(value));
	return complain(w);
}

/* `value` follows "=" or the letter; NULL: the next word, when the option takes one. */
static bool
option_take(struct words *w, const struct option_row *row, const char *value, struct settings *s)
{
	if (row->kind == OPTION_FLAG)
		return value ? bad_value(w, row, value) : value_set(row, "", s);
	if (!value) {
		if (w->n == 0)
			return bad_value(w, row, NULL);
		value = *w->word++;
		w->n--;
	}
	return value_set(row, value, s) || bad_value(w, row, value);
}

static bool
long_option(struct words *w, const char *word, struct settings *s)
{
	size_t len = strcspn(word, "=");
	const struct option_row *row = row_find(w->command, word, len);

	if (!row)
		return unknown_option(w, word, len);
	return option_take(w, row, word[len] ? word + len + 1 : NULL, s);
}

/* "-j", "-jh", "-t5" */
static bool
letters(struct words *w, const char *word, struct settings *s)
{
	const char *whole = word;

	for (; *word; word++) {
		const struct option_row *row = row_of_letter(w->command, *word);

		if (!row) {
			fprintf(w->talk, "sallyport %s: there is no option -%c\n", w->command->name,
				*word);
			if (row_find(w->command, whole, strcspn(whole, "=")))
				fprintf(w->talk, "did you mean --%s?\n", whole);
			return complain(w);
		}
		if (row->kind != OPTION_FLAG)
			return option_take(w, row, word[1] ? word + 1 : NULL, s);
		if (!option_take(w, row, NULL, s))
			return false;
	}
	return true;
}

/* Whether the command has a place for its n-th argument: its last one may come often. */
static bool
has_place(const struct command *command, size_t n)
{
	size_t last = 0;

	if (!command->arguments[0])
		return false;
	while (last + 1 < ARGUMENTS_MAX && command->arguments[last + 1])
		last++;
	return n <= last || strstr(command->arguments[last], "...");
}

static bool
argument_take(struct words *w, char *word, struct settings *s)
{
	if (!has_place(w->command, s->n_words)) {
		fprintf(w->talk, "sallyport %s: \"%s\" is one word too many\n", w->command->name,
			word);
		return complain(w);
	}
	if (s->n_words < ARGUMENTS_MAX)
		s->arguments[s->n_words] = word;
	/* argv itself keeps them: this place has been read */
	s->words[s->n_words++] = word;
	return true;
}

static bool
arguments_are_there(const struct words *w, const struct settings *s)
{
	size_t n = s->n_words;

	if (s->help || n >= ARGUMENTS_MAX || !w->command->arguments[n] ||
		w->command->arguments[n][0] == '[')
		return true;
	fprintf(w->talk, "sallyport %s: %s is missing\n", w->command->name,
		w->command->arguments[n]);
	return complain(w);
}

bool
options_parse(
	const struct command *command, int argc, char **argv, struct settings *ret, FILE *talk)
{
	struct words w = {.command = command, .word = argv, .n = argc, .talk = talk};
	struct settings s = {.words = argv};
	bool options_end = false;

	while (w.n > 0) {
		char *word = *w.word++;
		bool good;

		w.n--;
		if (options_end || word[0] != '-' || !word[1] ||
			(command->takes_numbers && word[1] >= '0' && word[1] <= '9'))
			good = argument_take(&w, word, &s);
		else if (word[1] != '-')
			good = letters(&w, word + 1, &s);
		else if (word[2])
			good = long_option(&w, word + 2, &s);
		else
			good = options_end = true;
		if (!good)
			return false;
	}
	if (!arguments_are_there(&w, &s))
		return false;
	*ret = s;
	return true;
}
