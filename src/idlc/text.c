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

/* Where the last group that is within no other begins; 0 when there is none. What closes more than it opens is ended by that. */
static size_t
last_group(const char *line, size_t len)
{
	size_t open = 0, last = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		if (line[i] == '(' && open++ == 0)
			last = i;
		open -= open > 0 && line[i] == ')';
	}
	return last;
}

/* Where `word` stands outside of parentheses; len: nowhere. */
static size_t
find_outside(const char *p, size_t len, const char *word)
{
	size_t open = 0, n = strlen(word);

	for (size_t i = 0; i + n <= len; i++) {
		if (open == 0 && !strncmp(p + i, word, n))
			return i;
		open += p[i] == '(';
		open -= open > 0 && p[i] == ')';
	}
	return len;
}

static bool
is_choice(const char *p, size_t len)
{
	return find_outside(p, len, " ? ") < len;
}

/*
 * The break that clang-format likes best: behind '=' or '(' when all the rest then fits on one line. 0: at
 * a comma.
 */
static size_t
early_break(const char *line, size_t len, unsigned indent)
{
	size_t room = COLUMNS - (size_t)(indent + 1) * TAB, group = last_group(line, len);
	const char *equals = strstr(line, " = ");

	if (equals && len - (size_t)(equals - line) - 3 <= room && (size_t)(equals - line) < group)
		return (size_t)(equals - line) + 2;
	if (group && len - group - 1 <= room && !is_choice(line + group + 1, len - group - 1))
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

static void
align(struct fill *f, size_t column)
{
	next_line(f, (unsigned)(column / TAB));
	for (; f->column < column; f->column++)
		text_raw(f->text, " ", 1);
}

static void put_arguments(struct fill *f, const char *p, size_t len, unsigned depth, bool fresh);

/* c ? a : b, which is broken before ':' under the '?', or before both. False: it is something else. */
static bool
put_choice(struct fill *f, const char *p, size_t len)
{
	size_t yes = find_outside(p, len, " ? ") + 1, no = find_outside(p, len, " : ") + 1;
	size_t under = f->column + yes;

	if (no <= yes || no > len)
		return false;
	if (f->column + no - 1 <= COLUMNS && under + len - no <= COLUMNS) {
		put_piece(f, p, no - 1);
	} else {
		under = f->column + TAB;
		put_piece(f, p, yes - 1);
		align(f, under);
		put_piece(f, p + yes, no - 1 - yes);
	}
	align(f, under);
	put_piece(f, p + no, len - no);
	return true;
}

/* A text, which goes on in another one on the next line. */
static void
put_words(struct fill *f, const char *p, size_t len, unsigned depth)
{
	size_t n = len;

	while (n > 0 && (p[n - 1] != ' ' || f->column + n + 1 > COLUMNS))
		n--;
	put_piece(f, p, n ? n : len);
	if (n == 0)
		return;
	text_raw(f->text, "\"", 1);
	next_line(f, depth);
	text_raw(f->text, "\"", 1);
	put_piece(f, p + n, len - n);
}

/* One argument that is too long for a line. */
static void
put_long(struct fill *f, const char *p, size_t len, unsigned depth)
{
	size_t group = last_group(p, len), star = len > 0 ? len - 1 : 0;

	while (star > 0 && p[star] != ' ')
		star--;
	if (group) {
		put_piece(f, p, group + 1);
		p += group + 1;
		len -= group + 1;
		if (put_choice(f, p, len))
			return;
		if ((size_t)(depth + 1) * TAB + len <= COLUMNS)
			next_line(f, depth + 1);
		put_arguments(f, p, len, depth + 1, true);
	} else if (star > 0 && p[0] != '"') { /* a parameter's name */
		put_piece(f, p, star);
		next_line(f, depth + 1);
		put_piece(f, p + star + 1, len - star - 1);
	} else {
		put_words(f, p, len, depth);
	}
}

/*
 * Arguments one after the other, as many on a line as fit. One that is too long for any line is broken inside,
 * and then the one after it gets a line of its own.
 */
static void
put_arguments(struct fill *f, const char *p, size_t len, unsigned depth, bool fresh)
{
	bool broken = false;
	size_t n;

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
		if (broken)
			put_long(f, p, n, depth);
		else
			put_piece(f, p, n);
	}
}

/* Behind `first` bytes of a line comes a group's inside; `equals`: the line was broken behind '=' before that. */
static void
put_group(struct fill *f, const char *line, size_t equals, size_t group, unsigned depth)
{
	size_t len = strlen(line), n;

	if (equals) {
		put_piece(f, line, equals);
		next_line(f, ++depth);
		line += equals + 1;
		len -= equals + 1;
		group -= equals + 1;
	}
	put_piece(f, line, group);
	if (put_choice(f, line + group, len - group))
		return;
	if (f->column + argument_end(line + group, len - group) > COLUMNS) {
		n = find_outside(line + group, len - group, "struct ") == 0 ? 6 : 0;
		put_piece(f, line + group, n); /* the operand of a sizeof */
		next_line(f, depth + 1);
		group += n + (n > 0);
	}
	put_arguments(f, line + group, len - group, depth + 1, true);
}

static unsigned
lines_of_group(const char *line, size_t equals, size_t group, unsigned depth)
{
	struct text trial = {0};
	struct fill f = {&trial, (size_t)depth * TAB};
	unsigned n = 0;

	put_group(&f, line, equals, group, depth);
	for (size_t i = 0; i < trial.len; i++)
		n += trial.data[i] == '\n';
	text_fini(&trial);
	return n;
}

/* "struct very_long_name *p = q;": behind '=', or before the declarator, or behind the first words, too. */
static void
put_declaration(struct fill *f, const char *line, unsigned depth)
{
	const char *equals = strstr(line, " = "), *end = equals ? equals : line + strlen(line),
		   *tag;
	size_t n, room = COLUMNS - f->column;

	if (equals && !strncmp(equals, " = {", 4) && (size_t)(equals - line) + 4 <= room)
		n = (size_t)(equals - line) + 4;
	else if (equals && (size_t)(equals - line) + 2 <= room)
		n = (size_t)(equals - line) + 3;
	else {
		while (end > line && end[-1] != ' ')
			end--;
		n = (size_t)(end - line);
		tag = strstr(line, "struct ");
		if (n - (n > 0) > room && tag) {
			put_piece(f, line, (size_t)(tag - line) + 6);
			next_line(f, ++depth);
			n -= (size_t)(tag - line) + 7;
			line = tag + 7;
		}
	}
	put_piece(f, line, n - (n > 0 && line[n - 1] == ' '));
	if (n > 0 && line[n])
		next_line(f, depth + 1);
	put_piece(f, line + n, strlen(line + n));
}

static void
put_line(struct text *t, const char *line, unsigned depth)
{
	struct fill f = {t, (size_t)depth * TAB};
	size_t len = strlen(line), n, group = last_group(line, len);
	const char *equals = strstr(line, " = ");

	indent(t, depth);
	if (f.column + len <= COLUMNS) {
		put_piece(&f, line, len);
	} else if ((n = early_break(line, len, depth)) > 0) {
		put_piece(&f, line, n);
		next_line(&f, depth + 1);
		n += line[n] == ' ';
		put_piece(&f, line + n, len - n);
	} else if (group++) {
		n = equals && (size_t)(equals - line) < group ? (size_t)(equals - line) + 2 : 0;
		/* behind '=' when that saves a line */
		if (n && lines_of_group(line, n, group, depth) >
				 lines_of_group(line, 0, group, depth))
			n = 0;
		put_group(&f, line, n, group, depth);
	} else {
		put_declaration(&f, line, depth);
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
