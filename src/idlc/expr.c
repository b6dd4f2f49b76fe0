/* SPDX-License-Identifier: MIT */
/* Expressions, by precedence climbing. */
#include "idlc/parser.h"

#include <stdlib.h>
#include <string.h>

static struct expr *
expr_new(struct parser *p, enum expr_op op, struct pos pos, struct expr *a, struct expr *b)
{
	struct expr *e = compiler_new(p->c, 1, sizeof(*e));

	e->op = op;
	e->pos = pos;
	e->sequence = ++p->c->sequence;
	e->a = a;
	e->b = b;
	return e;
}

static struct expr *unary(struct parser *p);

/* Kept as it is written: nothing is worked out with it. */
static bool
is_fraction(const char *text, size_t len)
{
	bool is_hex = len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';

	for (size_t i = 0; i < len && !is_hex; i++)
		if (text[i] == '.' || (text[i] | 0x20) == 'e')
			return true;
	return false;
}

static struct expr *
fraction(struct parser *p)
{
	struct expr *e = expr_new(p, EXPR_FRACTION, parser_pos(p), NULL, NULL);
	char *end;

	e->text = parser_text(p);
	(void)strtod(e->text, &end);
	if (*end && strcmp(end, "f") != 0 && strcmp(end, "F") != 0)
		parser_syntax_error(p, "this number is malformed");
	p->i++;
	return e;
}

static struct expr *
number(struct parser *p)
{
	struct expr *e = expr_new(p, EXPR_NUMBER, parser_pos(p), NULL, NULL);
	const struct token *t = parser_token(p);
	const char *text = p->source->text + t->at;
	uint64_t value = 0;
	bool ok;

	if (t->kind == TOKEN_CHARACTER)
		ok = lex_character(text, t->len, &value);
	else
		ok = lex_number(text, t->len, &value, &e->is_unsigned);
	if (!ok)
		parser_syntax_error(p, "this number is malformed or does not fit into 64 bits");
	e->value = (int64_t)value;
	p->i++;
	return e;
}

static struct expr *
string(struct parser *p)
{
	struct expr *e = expr_new(p, EXPR_STRING, parser_pos(p), NULL, NULL);

	e->text = parser_text(p);
	p->i++;
	return e;
}

static struct expr *
type_operand(struct parser *p, enum expr_op op)
{
	struct expr *e = expr_new(p, op, parser_pos(p), NULL, NULL);
	const char *name = NULL;
	struct pos pos;

	parser_expect(p, "(");
	e->type = parse_type(p, NULL);
	if (e->type)
		e->type = parse_declarator(p, e->type, &name, &pos);
	parser_expect(p, ")");
	return e;
}

/* (type) operand: the parser has no symbols, so a lone name in parentheses before an operand is a type. */
static bool
at_cast(const struct parser *p)
{
	static const char *const words[] = {"unsigned", "signed", "long", "short", "small", "hyper",
		"char", "byte", "int", "boolean", "wchar_t", "void"};
	const struct token *t = &p->tokens[p->i + 1 < p->n ? p->i + 1 : p->n];

	if (!parser_is(p, "("))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (parser_is_next(p, 1, words[i]))
			return true;
	if (t->kind != TOKEN_NAME || !parser_is_next(p, 2, ")") || p->i + 3 >= p->n)
		return false;
	t = &p->tokens[p->i + 3];
	return t->kind == TOKEN_NAME || t->kind == TOKEN_NUMBER || t->kind == TOKEN_CHARACTER ||
	       parser_is_next(p, 3, "(");
}

static struct expr *
primary(struct parser *p)
{
	const struct token *t = parser_token(p);
	struct expr *e;

	if (p->panic)
		return expr_new(p, EXPR_NUMBER, parser_pos(p), NULL, NULL);
	if (t->kind == TOKEN_NUMBER && is_fraction(p->source->text + t->at, t->len))
		return fraction(p);
	if (t->kind == TOKEN_NUMBER || t->kind == TOKEN_CHARACTER)
		return number(p);
	if (t->kind == TOKEN_STRING)
		return string(p);
	if (t->kind == TOKEN_NAME) {
		e = expr_new(p, EXPR_NAME, parser_pos(p), NULL, NULL);
		e->text = parser_text(p);
		p->i++;
		return e;
	}
	if (parser_take(p, "(")) {
		e = parse_expr(p);
		parser_expect(p, ")");
		return e;
	}
	parser_syntax_error(p, "expected an expression");
	return expr_new(p, EXPR_NUMBER, parser_pos(p), NULL, NULL);
}

static struct expr *
postfix(struct parser *p)
{
	struct expr *e = primary(p);

	while (!p->panic && (parser_is(p, ".") || parser_is(p, "->"))) {
		e = expr_new(p, EXPR_MEMBER, parser_pos(p), e, NULL);
		p->i++;
		e->text = parser_name(p, "a member's name");
	}
	return e;
}

static struct expr *
unary_operand(struct parser *p)
{
	static const struct {
		const char *sign;
		enum expr_op op;
	} signs[] = {{"*", EXPR_DEREF}, {"&", EXPR_ADDRESS}, {"-", EXPR_NEGATE}, {"+", EXPR_PLUS},
		{"!", EXPR_NOT}, {"~", EXPR_COMPLEMENT}};
	struct pos pos = parser_pos(p);
	struct expr *e;

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (parser_take(p, signs[i].sign))
			return expr_new(p, signs[i].op, pos, unary(p), NULL);
	if (parser_is(p, "sizeof") && parser_is_next(p, 1, "(")) {
		p->i++;
		return type_operand(p, EXPR_SIZEOF);
	}
	if (!at_cast(p))
		return postfix(p);
	e = type_operand(p, EXPR_CAST);
	e->a = unary(p);
	return e;
}

static struct expr *
unary(struct parser *p)
{
	struct expr *e;

	if (!parser_enter(p))
		return expr_new(p, EXPR_NUMBER, parser_pos(p), NULL, NULL);
	e = unary_operand(p);
	parser_leave(p);
	return e;
}

static int
precedence(const struct parser *p, const char **ret_sign)
{
	static const struct {
		const char *sign;
		int level;
	} signs[] = {{"||", 1}, {"&&", 2}, {"|", 3}, {"^", 4}, {"&", 5}, {"==", 6}, {"!=", 6},
		{"<", 7}, {">", 7}, {"<=", 7}, {">=", 7}, {"<<", 8}, {">>", 8}, {"+", 9}, {"-", 9},
		{"*", 10}, {"/", 10}, {"%", 10}};

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		if (parser_is(p, signs[i].sign)) {
			*ret_sign = signs[i].sign;
			return signs[i].level;
		}
	}
	return 0;
}

static struct expr *
binary(struct parser *p, int least)
{
	struct expr *e = unary(p);
	const char *sign;
	int level;

	while (!p->panic && (level = precedence(p, &sign)) >= least && level > 0) {
		struct pos pos = parser_pos(p);

		p->i++;
		e = expr_new(p, EXPR_BINARY, pos, e, binary(p, level + 1));
		e->text = sign;
	}
	return e;
}

struct expr *
parse_expr(struct parser *p)
{
	struct expr *e, *all;

	if (!parser_enter(p))
		return expr_new(p, EXPR_NUMBER, parser_pos(p), NULL, NULL);
	e = binary(p, 1);
	if (!p->panic && parser_is(p, "?")) {
		all = expr_new(p, EXPR_CONDITION, parser_pos(p), e, NULL);
		p->i++;
		all->b = parse_expr(p);
		parser_expect(p, ":");
		all->c = parse_expr(p);
		e = all;
	}
	parser_leave(p);
	return e;
}

struct expr_list *
parse_expr_list(struct parser *p)
{
	struct expr_list *first = NULL, **tail = &first;

	parser_expect(p, "(");
	do {
		*tail = compiler_new(p->c, 1, sizeof(**tail));
		if (!parser_is(p, ",") && !parser_is(p, ")"))
			(*tail)->expr = parse_expr(p);
		tail = &(*tail)->next;
	} while (!p->panic && parser_take(p, ","));
	parser_expect(p, ")");
	return first;
}
