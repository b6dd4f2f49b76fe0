/* SPDX-License-Identifier: MIT */
#include "cli/completion.h"

#include <string.h>

#include "cli/commands.h"

#define MADE "# Made from sallyport's tables of commands and options: do not edit.\n"

/* What may stand in the place of an argument or an option's value. */
enum place {
	PLACE_ANY, /* nobody can guess */
	PLACE_CHOICE,
	PLACE_HOST,
	PLACE_FILE,
	PLACE_FOLDER,
	PLACE_INTERFACE,
	PLACE_SERVICE,
	PLACE_WHAT, /* everything in the catalogue */
	PLACE_N,
};

static const struct {
	const char *word;
	enum place place;
} places[] = {{"HOST", PLACE_HOST}, {"BINDING", PLACE_HOST}, {"FILE", PLACE_FILE},
	{"DIR", PLACE_FOLDER}, {"UUID,VERSION", PLACE_INTERFACE}, {"INTERFACE", PLACE_INTERFACE},
	{"SERVICE", PLACE_SERVICE}, {"WHAT", PLACE_WHAT}};

/* "[FILE...]" is FILE. */
static size_t
bare(const char **value)
{
	*value += **value == '[';
	return strcspn(*value, ".]");
}

static enum place
place_of(const char *value)
{
	size_t len = bare(&value);

	if (memchr(value, '|', len))
		return PLACE_CHOICE;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strlen(places[i].word) == len && !strncmp(value, places[i].word, len))
			return places[i].place;
	return PLACE_ANY;
}

/* "yaml|reg" as "yaml reg" */
static void
choices_write(FILE *to, const char *value)
{
	size_t len = bare(&value);

	for (size_t i = 0; i < len; i++)
		putc(value[i] == '|' ? ' ' : value[i], to);
}

static void
interfaces_write(FILE *to)
{
	const struct catalog_interface *i;

	for (size_t n = 0; (i = catalog_interface_at(n)); n++)
		fprintf(to, "%s%s", n ? " " : "", i->name);
}

static void
services_write(FILE *to)
{
	const struct catalog_service *s;

	for (size_t n = 0; (s = catalog_service_at(n)); n++)
		fprintf(to, "%s%s", n ? " " : "", s->name);
}

static bool
is_one_word(const char *name)
{
	return !strpbrk(name, " '\"\\()&,");
}

static void
names_write(FILE *to)
{
	const char *name;
	bool is_first = true;

	for (size_t n = 0; (name = meanings_name(n)); n++) {
		if (!is_one_word(name))
			continue;
		fprintf(to, "%s%s", is_first ? "" : " ", name);
		is_first = false;
	}
}

static bool
may_come_often(const char *argument)
{
	return strstr(argument, "...") != NULL;
}

/* Between single quotes of a shell; `special` gets a backslash as well. */
static void
text_write(FILE *to, const char *text, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", to);
		else if (strchr(special, *text))
			putc('\\', to);
		putc(*text, to);
	}
}

/* How a shell is told what may stand in each place; choices go between two texts. */
struct shell {
	const char *place[PLACE_N];
	const char *choices_end;
};

static void
place_write(FILE *to, const char *value, const struct shell *shell)
{
	enum place place = place_of(value);

	fputs(shell->place[place], to);
	if (place != PLACE_CHOICE)
		return;
	choices_write(to, value);
	fputs(shell->choices_end, to);
}

/* --- bash --- */

static const struct shell bash = {
	.place = {[PLACE_ANY] = ":",
		[PLACE_CHOICE] = "words='",
		[PLACE_HOST] = "kind=hostname",
		[PLACE_FILE] = "kind=file",
		[PLACE_FOLDER] = "kind=directory",
		[PLACE_INTERFACE] = "words=$interfaces",
		[PLACE_SERVICE] = "words=$services",
		[PLACE_WHAT] = "words=$names"},
	.choices_end = "'",
};

static void
bash_values(FILE *to, const struct command *c)
{
	const struct option_row *row;

	for (size_t i = 0; (row = option_at(c, i)); i++) {
		if (row->kind == OPTION_FLAG)
			continue;
		fprintf(to, "\t%s/--%s", c->name, row->name);
		if (row->letter)
			fprintf(to, " | %s/-%c", c->name, row->letter);
		fputs(") takes=yes; ", to);
		place_write(to, row->value, &bash);
		fputs(" ;;\n", to);
	}
}

static void
bash_arguments(FILE *to, const struct command *c)
{
	for (size_t i = 0; i < ARGUMENTS_MAX && c->arguments[i]; i++) {
		fprintf(to, may_come_often(c->arguments[i]) ? "\t%s/*) " : "\t%s/%zu) ", c->name,
			i);
		place_write(to, c->arguments[i], &bash);
		fputs(" ;;\n", to);
	}
}

static void
bash_options(FILE *to, const struct command *c)
{
	const struct option_row *row;

	fprintf(to, "\t%s) words='", c->name);
	for (size_t i = 0; (row = option_at(c, i)); i++) {
		fprintf(to, "%s--%s", i ? " " : "", row->name);
		if (row->letter)
			fprintf(to, " -%c", row->letter);
	}
	fputs("' ;;\n", to);
}

static void
each(FILE *to, void (*write)(FILE *, const struct command *))
{
	for (size_t i = 0; commands[i]; i++)
		write(to, commands[i]);
}

void
completion_bash(FILE *to)
{
	fputs("# bash completion for sallyport\n" MADE "\n"
	      "# What may follow an option: sets takes, words, kind.\n"
	      "_sallyport_value()\n{\n\ttakes= words= kind=\n\tcase $1 in\n",
		to);
	each(to, bash_values);
	fputs("\tesac\n}\n\n_sallyport()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	      "\tlocal command=${COMP_WORDS[1]} takes words kind n=0 i\n"
	      "\tlocal interfaces='",
		to);
	interfaces_write(to);
	fputs("'\n\tlocal services='", to);
	services_write(to);
	fputs("'\n\tlocal names='", to);
	names_write(to);
	fputs("'\n\tlocal commands='", to);
	for (size_t i = 0; commands[i]; i++)
		fprintf(to, "%s ", commands[i]->name);
	fputs("help'\n\tCOMPREPLY=()\n"
	      "\t# --option=value comes as three words\n"
	      "\t[ \"$prev\" != = ] || prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\t[ \"$cur\" != = ] || cur=\n"
	      "\tif ((COMP_CWORD == 1)); then\n"
	      "\t\tcommand= words=\"$commands --help --version\"\n"
	      "\telse\n\t\t_sallyport_value \"$command/$prev\"\n\tfi\n"
	      "\tif [ -z \"$takes\" ] && [ -n \"$command\" ]; then\n"
	      "\t\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
	      "\t\t\t_sallyport_value \"$command/${COMP_WORDS[i]}\"\n"
	      "\t\t\tif [ -n \"$takes\" ]; then\n"
	      "\t\t\t\t((++i))\n\t\t\t\t[ \"${COMP_WORDS[i]}\" != = ] || ((++i))\n"
	      "\t\t\telif [[ ${COMP_WORDS[i]} != -* ]]; then\n"
	      "\t\t\t\t((++n))\n\t\t\tfi\n\t\tdone\n"
	      "\t\ttakes= words= kind=\n"
	      "\t\tif [[ $cur == -* ]]; then\n\t\tcase $command in\n",
		to);
	each(to, bash_options);
	fputs("\t\tesac\n\t\telse\n\t\tcase $command/$n in\n"
	      "\thelp/0) words=$commands ;;\n",
		to);
	each(to, bash_arguments);
	fputs("\t\tesac\n\t\tfi\n\tfi\n"
	      "\tif [ -n \"$kind\" ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -A \"$kind\" -- \"$cur\")\n"
	      "\telif [ -n \"$words\" ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	      "\tfi\n}\n\ncomplete -F _sallyport sallyport\n",
		to);
}

/* --- zsh --- */

static const struct shell zsh = {
	.place = {[PLACE_ANY] = " ",
		[PLACE_CHOICE] = "(",
		[PLACE_HOST] = "_hosts",
		[PLACE_FILE] = "_files",
		[PLACE_FOLDER] = "_files -/",
		[PLACE_INTERFACE] = "($interfaces)",
		[PLACE_SERVICE] = "($services)",
		[PLACE_WHAT] = "($names)"},
	.choices_end = ")",
};

/* '(-t --timeout)'{-t+,--timeout=}'[for all of it]:TIME: ' */
static void
zsh_option(FILE *to, const struct option_row *row)
{
	bool is_flag = row->kind == OPTION_FLAG;

	fputs(" \\\n\t\t\t", to);
	if (row->letter)
		fprintf(to, "'(-%c --%s)'{-%c%s,--%s%s}\"[", row->letter, row->name, row->letter,
			is_flag ? "" : "+", row->name, is_flag ? "" : "=");
	else
		fprintf(to, "\"--%s%s[", row->name, is_flag ? "" : "=");
	for (const char *p = row->help; *p; p++)
		fprintf(to, strchr("[]:\"$`\\", *p) ? "\\%c" : "%c", *p);
	putc(']', to);
	if (!is_flag) {
		fputs(":value:", to);
		place_write(to, row->value, &zsh);
	}
	putc('"', to);
}

static void
zsh_command(FILE *to, const struct command *c)
{
	const struct option_row *row;

	fprintf(to, "\t%s)\n\t\t_arguments -s -S", c->name);
	for (size_t i = 0; (row = option_at(c, i)); i++)
		zsh_option(to, row);
	for (size_t i = 0; i < ARGUMENTS_MAX && c->arguments[i]; i++) {
		fputs(" \\\n\t\t\t", to);
		fprintf(to, may_come_often(c->arguments[i]) ? "\"*:argument:" : "\"%zu:argument:",
			i + 1);
		place_write(to, c->arguments[i], &zsh);
		putc('"', to);
	}
	fputs(" ;;\n", to);
}

void
completion_zsh(FILE *to)
{
	fputs("#compdef sallyport\n" MADE "\n"
	      "_sallyport() {\n\tlocal -a commands\n\tlocal interfaces='",
		to);
	interfaces_write(to);
	fputs("'\n\tlocal services='", to);
	services_write(to);
	fputs("'\n\tlocal names='", to);
	names_write(to);
	fputs("'\n\tcommands=(\n", to);
	for (size_t i = 0; commands[i]; i++) {
		fprintf(to, "\t\t'%s:", commands[i]->name);
		text_write(to, commands[i]->summary, ":");
		fputs("'\n", to);
	}
	fputs("\t\t'help:say how a command is used'\n\t)\n"
	      "\tif ((CURRENT == 2)); then\n"
	      "\t\t_describe -t commands command commands\n"
	      "\t\t_arguments '--help[say what there is]' '--version[say which this is]'\n"
	      "\t\treturn\n\tfi\n"
	      "\tshift words\n\t((CURRENT--))\n\tcase $words[1] in\n"
	      "\thelp) _describe -t commands command commands ;;\n",
		to);
	each(to, zsh_command);
	fputs("\tesac\n}\n\n_sallyport \"$@\"\n", to);
}

/* --- fish --- */

static const struct shell fish = {
	.place = {[PLACE_ANY] = " -x",
		[PLACE_CHOICE] = " -x -a '",
		[PLACE_HOST] = " -x -a '(__fish_print_hostnames)'",
		[PLACE_FILE] = " -F",
		[PLACE_FOLDER] = " -x -a '(__fish_complete_directories)'",
		[PLACE_INTERFACE] = " -x -a \"$__sallyport_interfaces\"",
		[PLACE_SERVICE] = " -x -a \"$__sallyport_services\"",
		[PLACE_WHAT] = " -x -a \"$__sallyport_names\""},
	.choices_end = "'",
};

static void
fish_option(FILE *to, const struct command *c, const struct option_row *row)
{
	fprintf(to, "complete -c sallyport -n '__fish_seen_subcommand_from %s' -l %s", c->name,
		row->name);
	if (row->letter)
		fprintf(to, " -s %c", row->letter);
	if (row->kind != OPTION_FLAG) {
		fputs(" -r", to);
		place_write(to, row->value, &fish);
	}
	fputs(" -d '", to);
	text_write(to, row->help, "");
	fputs("'\n", to);
}

static void
fish_command(FILE *to, const struct command *c)
{
	const struct option_row *row;

	fprintf(to, "\ncomplete -c sallyport -n __fish_use_subcommand -a %s -d '", c->name);
	text_write(to, c->summary, "");
	fputs("'\n", to);
	for (size_t i = 0; (row = option_at(c, i)); i++)
		fish_option(to, c, row);
	for (size_t i = 0; i < ARGUMENTS_MAX && c->arguments[i]; i++) {
		if (place_of(c->arguments[i]) == PLACE_ANY)
			continue;
		fprintf(to, "complete -c sallyport -n '__sallyport_is_at %s %zu%s'", c->name, i,
			may_come_often(c->arguments[i]) ? " often" : "");
		place_write(to, c->arguments[i], &fish);
		putc('\n', to);
	}
}

void
completion_fish(FILE *to)
{
	fputs("# fish completion for sallyport\n" MADE "set -g __sallyport_interfaces '", to);
	interfaces_write(to);
	fputs("'\nset -g __sallyport_services '", to);
	services_write(to);
	fputs("'\nset -g __sallyport_names '", to);
	names_write(to);
	fputs("'\n\n# Whether the word to come is the n-th argument of a command, counted from 0, "
	      "or a "
	      "later one if it may come\n"
	      "# often. Values of options count as arguments.\n"
	      "function __sallyport_is_at -a command n often\n"
	      "\tset -l words (commandline -opc)\n"
	      "\ttest (count $words) -ge 2; and test $words[2] = $command; or return 1\n"
	      "\tset -l given (string match -v -- '-*' $words[3..-1] | count)\n"
	      "\ttest $given -eq $n; or test -n \"$often\" -a $given -gt $n\n"
	      "end\n\n"
	      "complete -c sallyport -f\n"
	      "complete -c sallyport -n __fish_use_subcommand -a help -d 'say how a command is "
	      "used'\n"
	      "complete -c sallyport -n '__fish_seen_subcommand_from help' -a '",
		to);
	for (size_t i = 0; commands[i]; i++)
		fprintf(to, "%s%s", i ? " " : "", commands[i]->name);
	fputs("'\n", to);
	each(to, fish_command);
}
