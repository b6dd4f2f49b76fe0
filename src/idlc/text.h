/* SPDX-License-Identifier: MIT */
/* Output as lines: indented with tabs, wrapped at 100 columns the way .clang-format asks for. */
#ifndef IDLC_TEXT_H
#define IDLC_TEXT_H

#include <stddef.h>

#include <sallyport/types.h>

struct text {
	char *data; /* NUL-terminated once something was written */
	size_t len, cap;
	unsigned indent;
	bool failed; /* no memory: sticks */
};

void text_fini(struct text *);
void text_clear(struct text *, unsigned indent); /* keeps the memory, and the failure */
void text_line(struct text *, const char *fmt, ...) SP_PRINTF(2, 3);
void text_blank(struct text *);                                      /* an empty line, never two */
void text_open(struct text *, const char *fmt, ...) SP_PRINTF(2, 3); /* then one level deeper */
void text_close(struct text *, const char *line);                    /* one level back first */
void text_label(struct text *, const char *fmt, ...)
	SP_PRINTF(2, 3); /* case x: one level further out */
void text_nested(struct text *, const char *fmt, ...) SP_PRINTF(2, 3); /* one level deeper */
void text_raw(struct text *, const char *bytes, size_t n);
void text_add(struct text *, const struct text *);
bool text_has(const struct text *, const char *word);

#endif
