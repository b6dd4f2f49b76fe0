/* SPDX-License-Identifier: MIT */
#include "idlc/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define COLUMNS 100
#define TAB 8

void
text_fini(struct text *t)
{
	mem_free(t->data);
	*t = (struct text){0};
}

void
text_clear(struct text *t, unsigned depth)
{
	t->len = 0;
	t->indent = depth;
	if (t->data)
		t->data[0] = '\0';
}

void
text_raw(struct text *t, const char *bytes, size_t n)
{
	size_t cap = t->cap ? t->cap : 4096;
	char *more;

	while (cap < t->len + n + 1)
		cap *= 2;
	if (cap != t->cap && !t->failed) {
		more = mem_resize(t->data, cap, 1);
		if (!more) {
			t->failed = true;
			return;
		}
		t->data = more;
		t->cap = cap;
	}
	if (t->failed)
		return;
	memcpy(t->data + t->len, bytes, n);
	t->len += n;
	t->data[t->len] = '\0';
}

void
text_add(struct text *t, const struct text *other)
{
	if (other->len)
		text_raw(t, other->data, other->len);
	t->failed |= other->failed;
}

bool
text_has(const struct text *t, const char *word)
{
	return t->len && strstr(t->data, word);
}

static void
indent(struct text *t, unsigned n)
{
	while (n-- > 0)
		text_raw(t, "\t", 1);
}

/* The parenthesis that the last one on the line closes; 0 when there is none. */
static size_t
last_group(const char *line)
{
	const char *end = strrchr(line, ')');
	size_t open = 0;

	for (const char *p = end; p && p > line; p--) {
		open += *p == ')';
		if (*p == '(' && --open == 0)
			return (size_t)(p - line);
	}
	return 0;
}

/*
 * The break that clang-format likes best: behind '=' or '(' when all the rest then fits on one line. 0: at
 * a comma.
 */
static size_t
early_break(const char *line, size_t len, unsigned indent)
{
	size_t room = COLUMNS - (size_t)(indent + 1) * TAB, group = last_group(line);
	const char *equals = strstr(line, " = ");

	if (equals && len - (size_t)(equals - line) - 3 <= room && (size_t)(equals - line) < group)
		return (size_t)(equals - line) + 2;
	if (group && len - group - 1 <= room)
		return group + 1;
	return 0;
}

/* Where the argument that begins here ends: behind its comma, or at the end. */
static size_t
argument_end(const char *p, size_t len)
{
	size_t open = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (p[i] == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		open += p[i] == '(' || p[i] == '{';
		open -= open > 0 && (p[i] == ')' || p[i] == '}');
		if (p[i] == ',' && open == 0)
			return i + 1;
	}
	return len;
}

/* A line being filled. */
struct fill {
	struct text *text;
	size_t column;
};

static void
put_piece(struct fill *f, const char *p, size_t len)
{
	text_raw(f->text, p, len);
	f->column += len;
}

static void
next_line(struct fill *f, unsigned depth)
{
	text_raw(f->text, "\n", 1);
	indent(f->text, depth);
	f->column = (size_t)depth * TAB;
}

/*
 * Arguments one after the other, as many on a line as fit. One that is too long for any line is broken inside,
 * and then the one after it gets a line of its own.
 */
static void
put_arguments(struct fill *f, const char *p, size_t len, unsigned depth, bool fresh)
{
	size_t n, group;
	bool broken = false;

	for (; len > 0; p += n, len -= n) {
		n = argument_end(p, len);
		while (n > 0 && len > 0 && *p == ' ') {
			p++;
			n--;
			len--;
		}
		if (broken || (!fresh && f->column + 1 + n > COLUMNS))
			next_line(f, depth);
		else if (!fresh)
			put_piece(f, " ", 1);
		fresh = false;
		broken = f->column + n > COLUMNS;
		group = broken ? strcspn(p, "(") + 1 : 0;
		if (broken && group < n) {
			put_piece(f, p, group);
			put_arguments(f, p + group, n - group, depth + 1, true);
		} else {
			put_piece(f, p, n);
		}
	}
}

static void
put_line(struct text *t, const char *line, unsigned depth)
{
	struct fill f = {t, (size_t)depth * TAB};
	size_t len = strlen(line), n, group;

	indent(t, depth);
	if (f.column + len <= COLUMNS) {
		put_piece(&f, line, len);
	} else if ((n = early_break(line, len, depth)) > 0) {
		put_piece(&f, line, n);
		next_line(&f, depth + 1);
		n += line[n] == ' ';
		put_piece(&f, line + n, len - n);
	} else {
		group = last_group(line);
		group = group ? group + 1 : 0;
		put_piece(&f, line, group);
		put_arguments(&f, line + group, len - group, depth + 1, true);
	}
	text_raw(t, "\n", 1);
}

static void
put_format(struct text *t, unsigned depth, const char *fmt, va_list ap)
{
	char *line;

	if (vasprintf(&line, fmt, ap) < 0) {
		t->failed = true;
		return;
	}
	put_line(t, line, depth);
	free(line);
}

void
text_blank(struct text *t)
{
	if (t->len < 2 || t->data[t->len - 1] != '\n' || t->data[t->len - 2] != '\n')
		text_raw(t, "\n", 1);
}

void
text_line(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_format(t, t->indent, fmt, ap);
	va_end(ap);
}

void
text_nested(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->indent++;
	put_format(t, t->indent, fmt, ap);
	t->indent--;
	va_end(ap);
}

void
text_label(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_format(t, t->indent - 1, fmt, ap);
	va_end(ap);
}

void
text_open(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_format(t, t->indent, fmt, ap);
	va_end(ap);
	t->indent++;
}

void
text_close(struct text *t, const char *line)
{
	t->indent--;
	text_line(t, "%s", line);
}
