/* SPDX-License-Identifier: MIT */
#include "idlc/compiler.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "idlc/acf.h"
#include "idlc/diagnostic.h"
#include "idlc/preprocess.h"
#include "idlc/stream.h"

#define COMPILER_MEMORY ((size_t)256 << 20)
#define SOURCE_MAX ((size_t)16 << 20)

void
compiler_init(struct compiler *c, FILE *talk)
{
	*c = (struct compiler){.talk = talk};
	arena_init(&c->arena, COMPILER_MEMORY);
	c->sources_tail = &c->sources;
	c->decls_tail = &c->decls;
}

void
compiler_fini(struct compiler *c)
{
	for (struct source *s = c->sources; s; s = s->next)
		mem_free(s->heap);
	arena_fini(&c->arena);
}

void *
compiler_new(struct compiler *c, size_t n, size_t size)
{
	void *p = arena_alloc(&c->arena, n, size);

	if (!p) {
		c->out_of_memory = true;
		longjmp(c->give_up, 1);
	}
	return p;
}

char *
compiler_strndup(struct compiler *c, const char *text, size_t n)
{
	char *p = compiler_new(c, n + 1, 1);

	memcpy(p, text, n);
	return p;
}

char *
compiler_printf(struct compiler *c, const char *fmt, ...)
{
	va_list ap;
	char *text, *p;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		c->out_of_memory = true;
		longjmp(c->give_up, 1);
	}
	p = arena_alloc(&c->arena, (size_t)n + 1, 1);
	if (p)
		memcpy(p, text, (size_t)n + 1);
	free(text);
	if (p)
		return p;
	c->out_of_memory = true;
	longjmp(c->give_up, 1);
}

bool
stream_read(FILE *file, char **ret_text, size_t *ret_len)
{
	char *text = NULL, *more;
	size_t len = 0, got;

	do {
		more = mem_resize(text, len + 65536 + 1, 1);
		if (!more || len > SOURCE_MAX) {
			mem_free(more ? more : text);
			return false;
		}
		text = more;
		got = fread(text + len, 1, 65536, file);
		len += got;
	} while (got > 0);
	text[len] = '\0';
	*ret_text = text;
	*ret_len = len;
	return !ferror(file) || (mem_free(text), false);
}

static bool
read_file(const char *path, char **ret_text, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	bool ok = file && stream_read(file, ret_text, ret_len);

	if (file)
		fclose(file);
	return ok;
}

/* What a file is known by, however it is named: "./a.idl" is a.idl. */
static const char *
identity(const struct compiler *c, const char *path, char *room)
{
	return !c->read && realpath(path, room) ? room : path;
}

bool
source_is_known(const struct compiler *c, const char *path)
{
	char room[PATH_MAX];

	path = identity(c, path, room);
	for (const struct source *s = c->sources; s; s = s->next)
		if (strcmp(s->identity, path) == 0)
			return true;
	return false;
}

static struct source *
source_new(struct compiler *c, const char *path)
{
	struct source *s = compiler_new(c, 1, sizeof(*s));
	char room[PATH_MAX];

	s->path = compiler_strndup(c, path, strlen(path));
	path = identity(c, path, room);
	s->identity = compiler_strndup(c, path, strlen(path));
	s->text = "";
	*c->sources_tail = s;
	c->sources_tail = &s->next;
	return s;
}

struct source *
source_from_text(struct compiler *c, const char *path, const char *text, size_t len)
{
	struct source *s = source_new(c, path);

	s->text = compiler_strndup(c, text, len);
	s->len = len;
	return s;
}

/* A directive with a document's list mark before it. */
static void
uncover_directives(char *text, size_t len)
{
	for (char *p = text; (p = memmem(p, len - (size_t)(p - text), "- #", 3)); p++)
		if (p == text || p[-1] == '\n')
			*p = ' ';
}

/* Directives are the preprocessor's. */
static bool
source_preprocess(struct compiler *c, struct source *s)
{
	uncover_directives(s->heap, s->len);
	if (c->read || !(c->n_macros || preprocess_is_needed(s->heap, s->len)))
		return true;
	if (!preprocess_text(c, s->path, &s->heap, &s->len)) {
		error_at(c, (struct pos){0}, "%s: the preprocessor '%s' failed", s->path,
			c->cpp ? c->cpp : "cpp");
		return false;
	}
	return true;
}

struct source *
source_open(struct compiler *c, const char *path, bool imported)
{
	struct source **slot = c->sources_tail, *s = source_new(c, path);
	bool ok = c->read ? c->read(c->read_arg, path, &s->heap, &s->len)
			  : read_file(path, &s->heap, &s->len);

	if (!ok) { /* the search goes on elsewhere */
		*slot = NULL;
		c->sources_tail = slot;
		return NULL;
	}
	if (!source_preprocess(c, s))
		s->len = 0;
	s->text = s->heap;
	s->imported = imported;
	return s;
}

bool
compiler_read(struct compiler *c, const char *path)
{
	struct source *source;

	if (setjmp(c->give_up) == 0) {
		source = source_open(c, path, false);
		if (source) {
			parse_file(c, source, 0);
			acf_read(c, path);
			if (!c->has_syntax_errors)
				check(c);
		} else {
			error_at(c, (struct pos){0}, "%s cannot be read", path);
		}
	} else if (c->out_of_memory && c->talk) {
		fputs("error: out of memory\n", c->talk);
	}
	return c->n_errors == 0 && !c->out_of_memory;
}
