/* SPDX-License-Identifier: MIT */
#include "idlc/lex.h"

#include <string.h>

#include "base/mem.h"
#include "idlc/diagnostic.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
	       c == '$';
}

static const char *
skip_line(const char *p, const char *end)
{
	const char *eol = memchr(p, '\n', (size_t)(end - p));

	return eol ? eol : end;
}

static const char *
skip_comment(const char *p, const char *end)
{
	for (p += 2; p < end; p++)
		if (p[0] == '*' && p[1] == '/')
			return p + 2;
	return end;
}

/* White space, comments, and lines that begin with # (line marks, #pragma). */
static const char *
skip_space(const char *p, const char *start, const char *end)
{
	for (;;) {
		bool line_start = p == start || p[-1] == '\n';

		if (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r')))
			p++;
		else if (end - p >= 2 &&
			 memcmp(p, "\xc2\xa0", 2) == 0) /* a space that does not break */
			p += 2;
		else if (p < end && p[0] == '/' && p[1] == '*')
			p = skip_comment(p, end);
		else if (p < end && ((p[0] == '/' && p[1] == '/') || (*p == '#' && line_start)))
			p = skip_line(p, end);
		else
			return p;
	}
}

static const char *
quoted_end(const char *p, const char *end, char quote, enum token_kind *kind)
{
	for (p++; p < end && *p != '\n'; p++) {
		if (*p == quote)
			return p + 1;
		if (*p == '\\' && p + 1 < end && p[1] != '\0')
			p++;
	}
	*kind = TOKEN_BAD;
	return p;
}

static const char *
punctuation_end(const char *p)
{
	static const char *const pairs[] = {
		"<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "->", ".."};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (p[0] == pairs[i][0] && p[1] == pairs[i][1])
			return p + 2;
	return p + 1;
}

/* The sign in 1e-5, but not in 0x1e-5. */
static bool
is_exponent_sign(const char *number, const char *p, const char *end)
{
	return (*p == '-' || *p == '+') && p > number && (p[-1] | 0x20) == 'e' && p + 1 < end &&
	       is_digit(p[1]) && (number[1] | 0x20) != 'x';
}

static const char *
token_end(const char *p, const char *end, enum token_kind *ret_kind)
{
	const char *q = p;

	if (*p == 'L' && (p[1] == '"' || p[1] == '\''))
		q++;
	if (*q == '"' || *q == '\'') {
		*ret_kind = *q == '"' ? TOKEN_STRING : TOKEN_CHARACTER;
		return quoted_end(q, end, *q, ret_kind);
	}
	if (is_word(*p)) {
		*ret_kind = is_digit(*p) ? TOKEN_NUMBER : TOKEN_NAME;
		while (q < end && (is_word(*q) || (*ret_kind == TOKEN_NUMBER &&
							  ((*q == '.' && q[1] != '.') ||
								  is_exponent_sign(p, q, end)))))
			q++;
		return q;
	}
	*ret_kind = strchr("{}[]();:,=*&|^~!<>+-/%?.", *p) && *p ? TOKEN_PUNCTUATION : TOKEN_BAD;
	return punctuation_end(p);
}

/*
 * Published definitions come out of documents and may bring list marks along: "- " at the start of a line, where no
 * minus can stand.
 */
static bool
is_list_mark(const struct source *source, const struct token *before, bool seen, const char *p)
{
	const char *end = source->text + source->len, *next = p + 1;

	if (*p != '-' || (p > source->text && p[-1] != '\n') || end - p < 2 ||
		(p[1] != ' ' && p[1] != '\n'))
		return false;
	if (!before || seen ||
		(before->kind == TOKEN_PUNCTUATION && strchr(";{},]", source->text[before->at])))
		return true;
	while (next < end && *next == ' ')
		next++;
	return next == end || (*next && strchr(")}];", *next));
}

static void
list_mark_warning(struct compiler *c, const struct source *source, const char *p)
{
	if (!c->saw_list_marks)
		warning_at(c, (struct pos){source, (size_t)(p - source->text)},
			"list marks at the start of lines are passed over");
	c->saw_list_marks = true;
}

size_t
lex(struct compiler *c, const struct source *source, struct token **ret_tokens)
{
	const char *start = source->text, *end = start + source->len, *p = start, *next;
	bool marks = false;
	size_t n = 0, cap = 0;
	struct token *tokens = NULL, *more;

	for (;; p = next) {
		p = skip_space(p, start, end);
		if (p < end && is_list_mark(source, n ? &tokens[n - 1] : NULL, marks, p)) {
			list_mark_warning(c, source, p);
			marks = true;
			next = p + 1;
			continue;
		}
		if (n == cap) {
			cap = cap ? cap * 2 : 256;
			more = compiler_new(c, cap, sizeof(*more));
			if (tokens)
				memcpy(more, tokens, n * sizeof(*more));
			tokens = more;
		}
		if (p >= end)
			break;
		next = token_end(p, end, &tokens[n].kind);
		if (next > end)
			next = end;
		tokens[n].at = (size_t)(p - start);
		tokens[n++].len = (uint32_t)(next - p);
	}
	tokens[n] = (struct token){TOKEN_END, 0, source->len};
	*ret_tokens = tokens;
	return n;
}

static int
digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

bool
lex_number(const char *text, size_t len, uint64_t *ret, bool *ret_unsigned)
{
	unsigned radix = 10;
	uint64_t value = 0;
	size_t i = 0;

	if (len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
		radix = 16;
		i = 2;
	} else if (len > 1 && text[0] == '0') {
		radix = 8;
	}
	for (; i < len && (unsigned)digit_value(text[i]) < radix; i++)
		if (__builtin_mul_overflow(value, (uint64_t)radix, &value) ||
			__builtin_add_overflow(value, (uint64_t)digit_value(text[i]), &value))
			return false;
	*ret_unsigned = value > INT64_MAX;
	for (; i < len && strchr("uUlL", text[i]); i++)
		*ret_unsigned |= (text[i] | 0x20) == 'u';
	*ret = value;
	return i == len;
}

/* One character after a backslash; *p moves behind it. */
static uint64_t
escape_value(const char **p, const char *end)
{
	static const char from[] = "abfnrtv0", to[] = "\a\b\f\n\r\t\v";
	const char *hit;
	uint64_t value = 0;
	char c = *(*p)++;

	if (c == 'x') {
		while (*p < end && digit_value(**p) < 16)
			value = value << 4 | (uint64_t)digit_value(*(*p)++);
		return value;
	}
	hit = c ? strchr(from, c) : NULL;
	return hit ? (uint64_t)to[hit - from] : (uint8_t)c;
}

bool
lex_character(const char *text, size_t len, uint64_t *ret)
{
	const char *p = text, *end = text + len - 1;

	p += *p == 'L' ? 2 : 1;
	if (p >= end)
		return false;
	if (*p == '\\') {
		p++;
		*ret = escape_value(&p, end);
	} else {
		*ret = (uint8_t)*p++;
	}
	return p == end;
}

char *
lex_string(struct compiler *c, const char *text, size_t len)
{
	const char *p = text, *end = text + len - 1;
	char *value = compiler_new(c, len + 1, 1);
	size_t n = 0;

	for (p += *p == 'L' ? 2 : 1; p < end;) {
		if (*p == '\\') {
			p++;
			value[n++] = (char)escape_value(&p, end);
		} else {
			value[n++] = *p++;
		}
	}
	return value;
}
