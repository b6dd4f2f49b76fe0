/* SPDX-License-Identifier: MIT */
/*
 * Exports of Windows' registry editor: "Windows Registry Editor Version 5.00" in UTF-16LE (or saved again as UTF-8 or
 * ANSI), and "REGEDIT4" in ANSI, whose strings in hex are of one byte a character. An export may hold a whole
 * registry: only what stands in our keys is looked at, and only there is nonsense a finding.
 */
#include <ctype.h>
#include <string.h>

#include "base/utf16.h"
#include "ports/registry.h"

struct reg {
	struct ports_config *config;
	const char *p, *end, *line_start;
	unsigned line;
	bool is_narrow;
	bool go_on; /* false: no memory */
	bool in_key;
	struct registry_key key;
};

/* The text of a quoted string, or the bytes of a list, in the arena. */
struct piece {
	char *text;
	size_t len;
};

static struct ports_place
here(const struct reg *r)
{
	return (struct ports_place){r->line, (unsigned)(r->p - r->line_start) + 1};
}

static bool
at_end_of_line(const struct reg *r)
{
	return r->p == r->end || *r->p == '\n';
}

static void
blanks_skip(struct reg *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

static void
line_next(struct reg *r)
{
	while (!at_end_of_line(r))
		r->p++;
	if (r->p < r->end)
		r->p++;
	r->line++;
	r->line_start = r->p;
}

static void
complain(struct reg *r, const char *what)
{
	if (r->in_key)
		ports_find(&r->config->findings, PORTS_FAULT_SYNTAX, here(r), NULL, "%s", what);
	line_next(r);
}

static void *
memory(struct reg *r, size_t n, size_t size)
{
	void *p = arena_alloc(&r->config->arena, n, size);

	if (!p) {
		ports_find(&r->config->findings, PORTS_FAULT_UNREADABLE, here(r), NULL,
			"there is not enough memory to read it");
		r->go_on = false;
	}
	return p;
}

/* --- pieces --- */

/* Behind the opening quote, up to behind the closing one; may run over lines. False: there is no closing one. */
static bool
string_read(struct reg *r, struct piece *ret)
{
	const char *close = r->p;
	char *text;
	size_t len = 0;

	while (close < r->end && *close != '"')
		close += *close == '\\' && close + 1 < r->end ? 2 : 1;
	if (close >= r->end)
		return false;
	/* strings of other keys are passed over, not kept */
	text = r->in_key ? memory(r, (size_t)(close - r->p) + 1, 1) : NULL;
	while (r->p < close) {
		if (*r->p == '\n') {
			r->line++;
			r->line_start = r->p + 1;
		}
		if (*r->p == '\\')
			r->p++;
		if (text)
			text[len++] = *r->p;
		r->p++;
	}
	r->p++;
	*ret = (struct piece){text, len};
	return true;
}

static int
digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Up to `most` hexadecimal digits; false when there is none. */
static bool
hex_read(struct reg *r, int most, uint32_t *ret)
{
	uint32_t n = 0;
	int i = 0;

	for (; i < most && r->p < r->end && digit(*r->p) >= 0; i++)
		n = n << 4 | (uint32_t)digit(*r->p++);
	*ret = n;
	return i > 0;
}

/* "\" at the end of a line goes on with the next one. */
static void
continuation_skip(struct reg *r)
{
	blanks_skip(r);
	while (r->p < r->end && *r->p == '\\') {
		r->p++;
		blanks_skip(r);
		if (!at_end_of_line(r))
			return;
		line_next(r);
		blanks_skip(r);
	}
}

/* "35,00,\" and so on. False: something else stands among the bytes. */
static bool
bytes_read(struct reg *r, struct registry_data *d)
{
	size_t room = 0, n = 0;
	uint8_t *bytes;
	unsigned *lines;
	uint32_t byte;

	for (const char *p = r->p; p < r->end && *p != '"' && *p != '['; p++)
		room += *p == ',';
	bytes = memory(r, room + 1, 1);
	lines = memory(r, room + 1, sizeof(*lines));
	if (!bytes || !lines)
		return false;
	for (continuation_skip(r); hex_read(r, 2, &byte); continuation_skip(r)) {
		lines[n] = r->line;
		bytes[n++] = (uint8_t)byte;
		continuation_skip(r);
		if (r->p == r->end || *r->p != ',' || n > room)
			break;
		r->p++;
	}
	d->bytes = bytes;
	d->lines = lines;
	d->n_bytes = n;
	return at_end_of_line(r) || *r->p == ';';
}

static bool
word_skip(struct reg *r, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(r->end - r->p) < len || strncasecmp(r->p, word, len))
		return false;
	r->p += len;
	return true;
}

/* --- lines --- */

static bool
hex_data_read(struct reg *r, struct registry_data *d)
{
	d->type = REGISTRY_BINARY;
	if (word_skip(r, "(") && (!hex_read(r, 8, &d->type) || !word_skip(r, ")")))
		return false;
	return word_skip(r, ":") && bytes_read(r, d);
}

static bool
data_read(struct reg *r, struct registry_data *d)
{
	struct piece piece;

	*d = (struct registry_data){.place = here(r), .is_narrow = r->is_narrow};
	if (word_skip(r, "\"")) {
		if (!string_read(r, &piece) || !piece.text)
			return false;
		d->type = REGISTRY_SZ;
		d->text = piece.text;
		d->text_len = piece.len;
	} else if (word_skip(r, "dword:")) {
		d->type = REGISTRY_DWORD;
		if (!hex_read(r, 8, &d->number))
			return false;
	} else if (!word_skip(r, "hex") || !hex_data_read(r, d)) {
		return false;
	}
	blanks_skip(r);
	return at_end_of_line(r) || *r->p == ';';
}

/* Behind the quote of the name. */
static void
value_line(struct reg *r)
{
	struct registry_data data;
	struct piece name;

	if (!string_read(r, &name)) {
		complain(r, "a name has no closing quote");
		return;
	}
	blanks_skip(r);
	if (!word_skip(r, "=")) {
		complain(r, "a name has no value");
		return;
	}
	blanks_skip(r);
	if (!r->in_key || !name.text || !registry_value_matters(&r->key, name.text)) {
		/* its string may run over lines that look like keys */
		if (word_skip(r, "\"") && !string_read(r, &name))
			r->p = r->end;
		line_next(r);
	} else if (word_skip(r, "-")) {
		registry_value_delete(r->config, &r->key, name.text);
		line_next(r);
	} else if (!data_read(r, &data)) {
		complain(r, "its data cannot be read");
	} else {
		r->go_on = r->go_on && registry_value_take(r->config, &r->key, name.text, &data);
		line_next(r);
	}
}

/* Behind the bracket. */
static void
key_line(struct reg *r)
{
	bool deleted = word_skip(r, "-");
	const char *close = NULL;
	char path[300];
	size_t len;

	r->in_key = false;
	for (const char *p = r->p; p < r->end && *p != '\n'; p++)
		close = *p == ']' ? p : close;
	len = close ? (size_t)(close - r->p) : 0;
	if (close && len < sizeof(path)) {
		memcpy(path, r->p, len);
		path[len] = '\0';
		if (deleted)
			registry_key_delete(r->config, path);
		else
			r->in_key = registry_key_find(path, &r->key);
	}
	line_next(r);
}

static void
lines_read(struct reg *r)
{
	line_next(r); /* the version */
	while (r->go_on && r->p < r->end) {
		blanks_skip(r);
		if (at_end_of_line(r) || *r->p == ';' || *r->p == '@')
			line_next(r);
		else if (word_skip(r, "["))
			key_line(r);
		else if (word_skip(r, "\""))
			value_line(r);
		else
			complain(r, "this is neither a key nor a value");
	}
}

/* The whole text as UTF-8; NULL and a finding when there is no memory. */
static const char *
text_of(struct ports_config *c, const char *bytes, size_t *len)
{
	size_t n = *len / 2 - 1;
	uint16_t *units = arena_alloc(&c->arena, n + 1, sizeof(*units));
	char *text = units ? arena_alloc(&c->arena, n * 3 + 1, 1) : NULL;

	if (!text) {
		ports_find(&c->findings, PORTS_FAULT_UNREADABLE, (struct ports_place){0}, NULL,
			"there is not enough memory to read it");
		return NULL;
	}
	utf16_from_le((const uint8_t *)bytes + 2, n, units);
	*len = utf16_to_utf8(units, n, text, n * 3 + 1);
	return text;
}

void
ports_reg_parse(struct ports_config *c, const char *bytes, size_t len)
{
	struct reg r = {.config = c, .line = 1, .go_on = true};
	const char *text = bytes;

	c->form = PORTS_REG;
	if (len >= 2 && !memcmp(bytes, "\xff\xfe", 2))
		text = text_of(c, bytes, &len);
	else if (len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	if (!text)
		return;
	r.p = r.line_start = text;
	r.end = text + len;
	while (r.p < r.end && isspace((unsigned char)*r.p)) {
		if (*r.p++ == '\n') {
			r.line++;
			r.line_start = r.p;
		}
	}
	r.is_narrow = word_skip(&r, "REGEDIT4");
	if (r.is_narrow || word_skip(&r, "Windows Registry Editor"))
		lines_read(&r);
	else
		ports_find(&c->findings, PORTS_FAULT_SYNTAX, here(&r), NULL,
			"it does not begin with a registry editor's version");
}
