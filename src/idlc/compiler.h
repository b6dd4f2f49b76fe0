/* SPDX-License-Identifier: MIT */
/*
 * The compiler's state and its passes, in their order. Nothing is global: several compilers can
 * live in one process, as the tests and the fuzzer need.
 *
 *   compiler_init -> parse_file -> check -> emit_* -> compiler_fini
 */
#ifndef IDLC_COMPILER_H
#define IDLC_COMPILER_H

#include <setjmp.h>
#include <stdio.h>

#include "idlc/ast.h"

#define COMPILER_MAX_ERRORS 20
#define COMPILER_MAX_DEPTH 64 /* nesting of types, expressions and imports */

struct compiler {
	struct arena arena;
	FILE *talk; /* diagnostics; NULL: silent */
	const char *
		*import_paths; /* n_import_paths folders, searched after the importing file's own */
	size_t n_import_paths;
	const char *cpp;           /* the preprocessor; NULL: "cpp" */
	const char *const *macros; /* n_macros like NAME=1 */
	size_t n_macros;
	const char *acf; /* NULL: beside the IDL file, if it is there */
	bool all_async;  /* every operation is [async] */
	bool all_utf8;   /* every string of wchar_t is [utf8] */
	bool (*read)(
		void *arg, const char *path, char **ret_text, size_t *ret_len); /* NULL: files */
	void *read_arg;

	struct source *sources, **sources_tail;
	struct decl *decls, **decls_tail; /* of all files, in order; interfaces hold their own */
	struct names *names;              /* global names, after parsing */
	struct type *uses;                /* of names as types */
	unsigned sequence;
	struct type *holder; /* whose trouble refuse_at() notes */
	bool note_follows_trouble;
	struct seen *warned; /* attributes that were warned about */
	unsigned n_errors, n_warnings;
	bool saw_list_marks;
	bool has_syntax_errors; /* then there are holes in the trees, and nothing more is checked */
	jmp_buf give_up;        /* too many errors, or no memory */
	bool out_of_memory;
};

void compiler_init(struct compiler *, FILE *talk);
void compiler_fini(struct compiler *);

/* Memory of the compiler, zeroed. Never NULL: leaves through give_up instead. */
void *compiler_new(struct compiler *, size_t n, size_t size);
char *compiler_strndup(struct compiler *, const char *, size_t n);
char *compiler_printf(struct compiler *, const char *fmt, ...) SP_PRINTF(2, 3);

/*
 * Reads, parses and checks a file and its imports. False when there was an error, all of which have
 * been reported. The only entry that may be called without a jump target.
 */
SP_NODISCARD bool compiler_read(struct compiler *, const char *path);

/* The parts; only from inside compiler_read(). */
void parse_file(struct compiler *, struct source *, unsigned depth);
void check(struct compiler *);

/* A source by path, once: NULL when it cannot be read or has been imported before. */
struct source *source_open(struct compiler *, const char *path, bool imported);
struct source *source_from_text(struct compiler *, const char *path, const char *text, size_t len);
bool source_is_known(const struct compiler *, const char *path);

#endif
