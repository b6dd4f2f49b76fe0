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

/* How much of the line goes before the break: up to the last comma that fits. */
static size_t
fitting(const char *line, size_t len, size_t room)
{
	size_t best = 0;

	if (len <= room)
		return len;
	for (size_t i = 0; i < room && i + 1 < len; i++)
		if (line[i] == ',' && line[i + 1] == ' ')
			best = i + 1;
	return best ? best : len;
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

static void
put_line(struct text *t, const char *line, unsigned depth)
{
	size_t len = strlen(line), n = 0;
	unsigned deeper = depth + 1;

	if (len > COLUMNS - (size_t)depth * TAB)
		n = early_break(line, len, depth);
	while (len > 0) {
		if (n == 0)
			n = fitting(line, len, COLUMNS - (size_t)depth * TAB);
		indent(t, depth);
		text_raw(t, line, n);
		text_raw(t, "\n", 1);
		line += n;
		len -= n;
		if (*line == ' ') {
			line++;
			len--;
		}
		depth = deeper;
		n = 0;
	}
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
