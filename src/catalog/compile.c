/* SPDX-License-Identifier: MIT */
/*
 * Runs at build time: holds data/interfaces.yaml against its schema and writes it as a C table.
 *
 *   catalog-compile INTERFACES.yaml OUT.c
 */
#include <stdio.h>
#include <string.h>

#include <cyaml/cyaml.h>

#include "base/uuid.h"

struct entry {
	const char *uuid, *name, *title, *source;
};

struct file {
	struct entry *interfaces;
	unsigned interfaces_count;
};

#define TEXT(member, max)                                                                          \
	CYAML_FIELD_STRING_PTR(#member, CYAML_FLAG_POINTER, struct entry, member, 1, max)

static const cyaml_schema_field_t entry_fields[] = {
	TEXT(uuid, 36),
	TEXT(name, 32),
	TEXT(title, 72),
	TEXT(source, 64),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t entry_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct entry, entry_fields),
};
static const cyaml_schema_field_t file_fields[] = {
	CYAML_FIELD_SEQUENCE("interfaces", CYAML_FLAG_POINTER, struct file, interfaces,
		&entry_schema, 1, CYAML_UNLIMITED),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t file_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file, file_fields),
};
static const cyaml_config_t config = {
	.log_fn = cyaml_log, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_WARNING};

static bool
complain(const struct entry *e, const char *what)
{
	fprintf(stderr, "interface %s (%s): %s\n", e->uuid, e->name, what);
	return false;
}

static bool
entry_check(const struct entry *e, struct sp_uuid *ret)
{
	char text[SP_UUID_TEXT];

	if (!sp_uuid_parse(e->uuid, ret))
		return complain(e, "that is no UUID");
	sp_uuid_format(ret, text);
	if (strcmp(text, e->uuid))
		return complain(e, "write the UUID in lower case, without braces");
	for (const char *p = e->name; *p; p++)
		if (strchr(" \t\"\\", *p))
			return complain(e, "a name is one word");
	return true;
}

static void
string_write(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	fputs("\", ", out);
}

static void
entry_write(FILE *out, const struct entry *e, const struct sp_uuid *u)
{
	fprintf(out, "\t{{0x%08x, 0x%04x, 0x%04x, {0x%02x, 0x%02x}, {", u->time_low, u->time_mid,
		u->time_hi_and_version, u->clock_seq[0], u->clock_seq[1]);
	for (size_t i = 0; i < sizeof(u->node); i++)
		fprintf(out, "0x%02x, ", u->node[i]);
	fputs("}}, ", out);
	string_write(out, e->name);
	string_write(out, e->title);
	string_write(out, e->source);
	fputs("},\n", out);
}

static bool
table_write(FILE *out, const struct file *file)
{
	struct sp_uuid uuid, before;

	fputs("/* Made by catalog-compile from data/interfaces.yaml: do not edit. */\n"
	      "#include \"catalog/table.h\"\n\n"
	      "const struct catalog_interface catalog_interfaces[] = {\n",
		out);
	for (unsigned i = 0; i < file->interfaces_count; i++) {
		const struct entry *e = &file->interfaces[i];

		if (!entry_check(e, &uuid))
			return false;
		if (i && uuid_compare(&before, &uuid) >= 0)
			return complain(e, "UUIDs are ascending, and each is there once");
		entry_write(out, e, &uuid);
		before = uuid;
	}
	fprintf(out, "};\nconst size_t catalog_n_interfaces = %u;\n", file->interfaces_count);
	return true;
}

static bool
compile(const char *from, const char *to)
{
	struct file *file = NULL;
	cyaml_err_t error =
		cyaml_load_file(from, &config, &file_schema, (cyaml_data_t **)&file, NULL);
	FILE *out;
	bool is_good;

	if (error) {
		fprintf(stderr, "%s: %s\n", from, cyaml_strerror(error));
		return false;
	}
	out = fopen(to, "w");
	if (!out)
		perror(to);
	is_good = out && table_write(out, file);
	if (out && fclose(out)) {
		perror(to);
		is_good = false;
	}
	if (!is_good)
		remove(to);
	cyaml_free(&config, &file_schema, file, 0);
	return is_good;
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: %s INTERFACES.yaml OUT.c\n", argv[0]);
		return 64;
	}
	return compile(argv[1], argv[2]) ? 0 : 1;
}
