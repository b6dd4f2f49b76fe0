/* SPDX-License-Identifier: MIT */
/* A file as tokens. The lexer never fails: what it does not understand is a token the parser refuses. */
#ifndef IDLC_LEX_H
#define IDLC_LEX_H

#include "idlc/compiler.h"

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_NUMBER, /* as far as letters, digits and dots go: "0x1f", "1.0", "4de8" */
	TOKEN_CHARACTER,
	TOKEN_STRING, /* with its quotes, perhaps a leading L */
	TOKEN_PUNCTUATION,
	TOKEN_BAD,
};

struct token {
	enum token_kind kind;
	uint32_t len;
	size_t at; /* byte offset in the source */
};

/* *ret_tokens ends with a TOKEN_END; returns the number without it. */
size_t lex(struct compiler *, const struct source *, struct token **ret_tokens);

/* A number with its suffixes; false when malformed or over 64 bits. */
SP_NODISCARD bool lex_number(const char *text, size_t len, uint64_t *ret, bool *ret_unsigned);
/* 'a', '\n', L'x'; false when malformed. */
SP_NODISCARD bool lex_character(const char *text, size_t len, uint64_t *ret);
/* The characters between the quotes, escapes resolved; NUL-terminated, in the compiler's memory. */
char *lex_string(struct compiler *, const char *text, size_t len);

#endif
