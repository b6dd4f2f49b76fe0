/* SPDX-License-Identifier: MIT */
/*
 * The parser's state, shared by its files: parse.c (declarations), parse_type.c (types and
 * attributes) and expr.c (expressions).
 *
 * A syntax error is reported once and puts the parser into panic: everything then returns at once
 * until the declaration's loop has skipped to the next ';' or '}'.
 */
#ifndef IDLC_PARSER_H
#define IDLC_PARSER_H

#include "idlc/diagnostic.h"
#include "idlc/lex.h"

struct parser {
	struct compiler *c;
	struct source *source;
	struct token *tokens;
	size_t n, i;
	bool panic, in_interface;
	unsigned depth, import_depth;
	struct decl ***tail; /* where the next declaration goes */
};

/* --- tokens (parse.c) */
const struct token *parser_token(const struct parser *);
struct pos parser_pos(const struct parser *);
bool parser_is(
	const struct parser *, const char *text); /* the current token is this word or sign */
bool parser_is_next(const struct parser *, size_t ahead, const char *text);
bool parser_take(struct parser *, const char *text);
void parser_expect(struct parser *, const char *text);
void parser_syntax_error(struct parser *, const char *what);
const char *parser_name(struct parser *, const char *what); /* NULL in panic */
const char *parser_text(struct parser *);                   /* the current token's, copied */
bool parser_enter(struct parser *); /* one level deeper; false: too deep, in panic */
void parser_leave(struct parser *);
void parser_skip_parens(struct parser *); /* behind the ')' that closes the current '(' */

/* --- expressions (expr.c) */
struct expr *parse_expr(struct parser *);
/* (, a, , b): from the '(' to the ')' */
struct expr_list *parse_expr_list(struct parser *);

/* --- types and attributes (parse_type.c) */
struct attr *parse_attrs(struct parser *); /* any number of [ ] groups; NULL when there is none */
bool parser_at_type(const struct parser *);
struct type *parse_type(struct parser *, struct attr *); /* without declarators */
struct type *parse_declarator(
	struct parser *, struct type *base, const char **ret_name, struct pos *ret_pos);
struct type *parse_type_new(struct parser *, enum type_kind);
const struct attr *attr_find(const struct attr *, const char *name);

#endif
