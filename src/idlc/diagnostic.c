/* SPDX-License-Identifier: MIT */
#include "idlc/diagnostic.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A place as people count it. */
struct place {
	char file[512];
	unsigned line;
	const char *start; /* of the line */
	size_t len, column;
};

/* `# 12 "file.idl"` and `#line 12 "file.idl"`: the next line is line 12 of that file. */
static bool
line_mark(const char *p, const char *end, struct place *place)
{
	const char *name, *quote;
	char *after;
	unsigned long n;

	for (p++; p < end && (*p == ' ' || *p == '\t');)
		p++;
	if (end - p > 4 && memcmp(p, "line", 4) == 0)
		p += 4;
	n = strtoul(p, &after, 10);
	if (after == p || after > end)
		return false;
	place->line = (unsigned)n;
	name = memchr(after, '"', (size_t)(end - after));
	quote = name ? memchr(name + 1, '"', (size_t)(end - name - 1)) : NULL;
	if (quote)
		snprintf(place->file, sizeof(place->file), "%.*s", (int)(quote - name - 1),
			name + 1);
	return true;
}

static void
place_find(struct pos pos, struct place *place)
{
	const struct source *source = pos.source;
	const char *p = source->text, *at = p + pos.at, *end = p + source->len;

	place->line = 1;
	snprintf(place->file, sizeof(place->file), "%s", source->path);
	for (;;) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		if (!eol)
			eol = end;
		if (at <= eol) {
			place->start = p;
			place->len = (size_t)(eol - p);
			place->column = (size_t)(at - p) + 1;
			return;
		}
		if (*p != '#' || !line_mark(p, eol, place))
			place->line++;
		p = eol + 1;
	}
}

/* Control characters of the file must not reach a terminal. */
static void
print_line(FILE *out, const struct place *place)
{
	size_t len = place->len < 200 ? place->len : 200;

	fputs("  ", out);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)place->start[i];

		fputc(c == '\t' ? ' ' : c < ' ' || c == 0x7f ? '?' : c, out);
	}
	fputc('\n', out);
	if (place->column <= len + 1)
		fprintf(out, "  %*s\n", (int)place->column, "^");
}

static void
report(struct compiler *c, struct pos pos, const char *kind, const char *fmt, va_list ap)
{
	struct place place;

	if (!c->talk)
		return;
	if (pos.source) {
		place_find(pos, &place);
		fprintf(c->talk, "%s:%u:%zu: ", place.file, place.line, place.column);
	}
	fprintf(c->talk, "%s: ", kind);
	vfprintf(c->talk, fmt, ap);
	fputc('\n', c->talk);
	if (pos.source)
		print_line(c->talk, &place);
}

/* Never more than people read; the compiler gives up then. */
static void
count_error(struct compiler *c)
{
	if (++c->n_errors < COMPILER_MAX_ERRORS)
		return;
	if (c->talk)
		fputs("too many errors\n", c->talk);
	longjmp(c->give_up, 1);
}

void
error_at(struct compiler *c, struct pos pos, const char *fmt, ...)
{
	va_list ap;

	c->note_follows_trouble = false;
	va_start(ap, fmt);
	report(c, pos, "error", fmt, ap);
	va_end(ap);
	count_error(c);
}

void
refuse_at(struct compiler *c, struct pos pos, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->note_follows_trouble = c->holder != NULL;
	if (!c->holder) {
		error_at(c, pos, "%s", text);
	} else if (!c->holder->trouble) {
		c->holder->trouble = compiler_new(c, 1, sizeof(*c->holder->trouble));
		c->holder->trouble->pos = pos;
		c->holder->trouble->text = compiler_strndup(c, text, strlen(text));
	}
}

void
warning_at(struct compiler *c, struct pos pos, const char *fmt, ...)
{
	va_list ap;

	c->note_follows_trouble = false;
	va_start(ap, fmt);
	report(c, pos, "warning", fmt, ap);
	va_end(ap);
	c->n_warnings++;
}

void
note_at(struct compiler *c, struct pos pos, const char *fmt, ...)
{
	va_list ap;

	if (c->note_follows_trouble)
		return;
	va_start(ap, fmt);
	report(c, pos, "note", fmt, ap);
	va_end(ap);
}
