/* SPDX-License-Identifier: MIT */
/* For tests: IDL from strings, and what the compiler says about it. */
#ifndef IDLC_IDL_TEXT_H
#define IDLC_IDL_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "idlc/compiler.h"

struct idl_file {
	const char *path, *text;
};

struct idl_text {
	struct compiler c;
	const struct idl_file *files; /* ends with a NULL path */
	char *said;
	size_t said_len;
	FILE *talk;
};

static inline bool
idl_text_read(void *arg, const char *path, char **ret_text, size_t *ret_len)
{
	for (const struct idl_file *f = arg; f->path; f++) {
		if (strcmp(f->path, path) != 0)
			continue;
		*ret_text = mem_strdup(f->text);
		*ret_len = strlen(f->text);
		return *ret_text != NULL;
	}
	return false;
}

/* Compiles the first of the files. */
static inline bool
idl_text_compile(struct idl_text *t, const struct idl_file *files)
{
	bool ok;

	*t = (struct idl_text){.files = files};
	t->talk = open_memstream(&t->said, &t->said_len);
	assert_non_null(t->talk);
	compiler_init(&t->c, t->talk);
	t->c.read = idl_text_read;
	t->c.read_arg = (void *)(uintptr_t)files;
	ok = compiler_read(&t->c, files[0].path);
	fflush(t->talk);
	return ok;
}

static inline bool
idl_text_compile_one(struct idl_text *t, const char *text)
{
	const struct idl_file files[] = {{"t.idl", text}, {NULL, NULL}};

	return idl_text_compile(t, files);
}

static inline void
idl_text_fini(struct idl_text *t)
{
	compiler_fini(&t->c);
	fclose(t->talk);
	free(t->said);
}

#define IDL_HEAD "[uuid(01234567-89ab-cdef-0123-456789abcdef), version(3.5)] interface t {\n"

#endif
