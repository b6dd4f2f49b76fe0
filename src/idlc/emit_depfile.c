/* SPDX-License-Identifier: MIT */
/* A Makefile rule: what was read. Files that the preprocessor included are known by their line marks. */
#include <string.h>

#include "idlc/emit.h"

struct seen {
	struct seen *next;
	const char *path;
};

static void
name(struct emitter *e, const char *path)
{
	struct seen **slot = e->job, *first;

	for (const struct seen *s = *slot; s; s = s->next)
		if (strcmp(s->path, path) == 0)
			return;
	first = compiler_new(e->c, 1, sizeof(*first));
	*first = (struct seen){*slot, path};
	*slot = first;
	text_raw(e->out, " \\\n ", 4);
	for (const char *p = path; *p; p++) {
		if (*p == ' ' || *p == '#' || *p == '\\')
			text_raw(e->out, "\\", 1);
		if (*p == '$')
			text_raw(e->out, "$", 1);
		text_raw(e->out, p, 1);
	}
}

/* # 1 "file.h" 1 */
static void
included(struct emitter *e, const struct source *s)
{
	const char *p = s->text, *end = s->text + s->len, *eol, *from, *to;

	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		from = *p == '#' ? memchr(p, '"', (size_t)(eol - p)) : NULL;
		to = from ? memchr(from + 1, '"', (size_t)(eol - from - 1)) : NULL;
		if (to && from[1] != '<' && strncmp(p, "# ", 2) == 0 && p[2] >= '0' && p[2] <= '9')
			name(e, compiler_strndup(e->c, from + 1, (size_t)(to - from - 1)));
	}
}

static void
rule(struct emitter *e)
{
	text_raw(e->out, e->stem, strlen(e->stem));
	text_raw(e->out, ":", 1);
	for (const struct source *s = e->c->sources; s; s = s->next) {
		name(e, s->path);
		included(e, s);
	}
	text_raw(e->out, "\n", 1);
}

bool
emit_depfile(struct compiler *c, const char *target, const char *file, struct text *ret)
{
	struct seen *seen = NULL;
	struct emitter e = {c, target, file, ret, &seen};

	return emit_run(&e, rule);
}
