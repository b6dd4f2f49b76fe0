/* SPDX-License-Identifier: MIT */
#include "idlc/constant.h"

#include <string.h>

#include "idlc/diagnostic.h"
#include "idlc/memory_size.h"
#include "idlc/names.h"

static bool evaluate(struct compiler *c, struct expr *e, unsigned depth);

/* Words of the language that stand for numbers, unless a file gives them a meaning. */
static bool
word_value(struct expr *e)
{
	bool is_true = strcmp(e->text, "TRUE") == 0;

	if (!is_true && strcmp(e->text, "FALSE") != 0 && strcmp(e->text, "NULL") != 0)
		return false;
	e->value = is_true;
	return true;
}

static bool
name_value(struct compiler *c, struct expr *e, unsigned depth)
{
	struct meaning *m = names_find_at(c, NAME_PLAIN, e->text, e->sequence);

	if (m && m->enumerator) {
		e->value = m->enumerator->value;
		return true;
	}
	if (!m && word_value(e))
		return true;
	if (!m || !m->constant) {
		error_at(c, e->pos, "'%s' is no constant", e->text);
		if (m)
			note_at(c, m->pos, "it is defined here");
		return false;
	}
	if (m->evaluated == WALK_BUSY || depth > COMPILER_MAX_DEPTH) {
		error_at(c, e->pos, "'%s' is defined by itself", e->text);
		return false;
	}
	if (m->evaluated == WALK_NEW) {
		m->evaluated = WALK_BUSY;
		m->is_broken = !evaluate(c, m->constant->expr, depth + 1);
		m->evaluated = WALK_DONE;
	}
	if (m->is_broken) /* which has been reported */
		return false;
	e->value = m->constant->expr->value;
	e->is_unsigned = m->constant->expr->is_unsigned;
	return true;
}

static bool
divide(struct compiler *c, struct expr *e, bool remainder)
{
	int64_t a = e->a->value, b = e->b->value;

	if (b == 0) {
		error_at(c, e->pos, "division by zero");
		return false;
	}
	if (e->is_unsigned)
		e->value = (int64_t)(remainder ? (uint64_t)a % (uint64_t)b
					       : (uint64_t)a / (uint64_t)b);
	else if (b == -1)
		e->value = remainder ? 0 : (int64_t)(0 - (uint64_t)a);
	else
		e->value = remainder ? a % b : a / b;
	return true;
}

static bool
shift(struct compiler *c, struct expr *e, bool left)
{
	uint64_t a = (uint64_t)e->a->value, n = (uint64_t)e->b->value;

	if (n > 63) {
		error_at(c, e->pos, "a shift by %lld bits", (long long)e->b->value);
		return false;
	}
	e->is_unsigned = e->a->is_unsigned;
	if (left)
		e->value = (int64_t)(a << n);
	else
		e->value = e->is_unsigned ? (int64_t)(a >> n) : e->a->value >> n;
	return true;
}

static int
compare(const struct expr *e)
{
	int64_t a = e->a->value, b = e->b->value;

	if (e->is_unsigned)
		return (uint64_t)a < (uint64_t)b ? -1 : (uint64_t)a > (uint64_t)b;
	return a < b ? -1 : a > b;
}

static bool
logic_value(struct expr *e)
{
	const char *s = e->text;
	int order = compare(e);
	bool a = e->a->value != 0, b = e->b->value != 0;

	if (strcmp(s, "||") == 0)
		e->value = a || b;
	else if (strcmp(s, "&&") == 0)
		e->value = a && b;
	else if (strcmp(s, "==") == 0)
		e->value = order == 0;
	else if (strcmp(s, "!=") == 0)
		e->value = order != 0;
	else if (strcmp(s, "<") == 0)
		e->value = order < 0;
	else if (strcmp(s, ">") == 0)
		e->value = order > 0;
	else if (strcmp(s, "<=") == 0)
		e->value = order <= 0;
	else if (strcmp(s, ">=") == 0)
		e->value = order >= 0;
	else
		return false;
	e->is_unsigned = false;
	return true;
}

static bool
binary_value(struct compiler *c, struct expr *e)
{
	uint64_t a = (uint64_t)e->a->value, b = (uint64_t)e->b->value;
	char s = *e->text;

	e->is_unsigned = e->a->is_unsigned || e->b->is_unsigned;
	if (logic_value(e))
		return true;
	if (s == '/' || s == '%')
		return divide(c, e, s == '%');
	if (s == '<' || s == '>')
		return shift(c, e, s == '<');
	e->value = (int64_t)(s == '+'   ? a + b
			     : s == '-' ? a - b
			     : s == '*' ? a * b
			     : s == '&' ? (a & b)
			     : s == '|' ? (a | b)
					: (a ^ b));
	return true;
}

static bool
sizeof_value(struct compiler *c, struct expr *e)
{
	uint64_t size = memory_size(c, e->type);

	if (!size) {
		error_at(c, e->pos, "the size of this type is not known here");
		return false;
	}
	e->value = (int64_t)size;
	e->is_unsigned = true;
	return true;
}

/* "(DATE) - 1" looks like a subtraction until the name is known to be a type. */
static bool
is_cast(const struct compiler *c, const struct expr *e)
{
	const struct meaning *m;

	if (e->a->op != EXPR_NAME || (strcmp(e->text, "-") != 0 && strcmp(e->text, "+") != 0))
		return false;
	m = names_find_at(c, NAME_PLAIN, e->a->text, e->a->sequence);
	return m && m->type;
}

static bool
cast_value(struct compiler *c, struct expr *e, unsigned depth)
{
	if (!evaluate(c, e->b, depth))
		return false;
	e->value = *e->text == '-' ? (int64_t)(0 - (uint64_t)e->b->value) : e->b->value;
	return true;
}

static bool
unary_value(struct compiler *c, struct expr *e)
{
	uint64_t a = (uint64_t)e->a->value;

	e->is_unsigned = e->a->is_unsigned && e->op != EXPR_NOT;
	switch (e->op) {
	case EXPR_NEGATE: e->value = (int64_t)(0 - a); return true;
	case EXPR_NOT: e->value = a == 0; return true;
	case EXPR_COMPLEMENT: e->value = (int64_t)~a; return true;
	case EXPR_PLUS:
	case EXPR_CAST: e->value = (int64_t)a; return true;
	default: error_at(c, e->pos, "this is no constant expression"); return false;
	}
}

static bool
condition_value(struct compiler *c, struct expr *e, unsigned depth)
{
	const struct expr *chosen;

	if (!evaluate(c, e->a, depth) || !evaluate(c, e->b, depth) || !evaluate(c, e->c, depth))
		return false;
	chosen = e->a->value ? e->b : e->c;
	e->value = chosen->value;
	e->is_unsigned = chosen->is_unsigned;
	return true;
}

static bool
evaluate(struct compiler *c, struct expr *e, unsigned depth)
{
	switch (e->op) {
	case EXPR_NUMBER: return true;
	case EXPR_NAME: return name_value(c, e, depth);
	case EXPR_BINARY:
		if (is_cast(c, e))
			return cast_value(c, e, depth);
		return evaluate(c, e->a, depth) && evaluate(c, e->b, depth) && binary_value(c, e);
	case EXPR_CONDITION: return condition_value(c, e, depth);
	case EXPR_SIZEOF: return sizeof_value(c, e);
	case EXPR_NEGATE:
	case EXPR_PLUS:
	case EXPR_NOT:
	case EXPR_COMPLEMENT:
	case EXPR_CAST: return evaluate(c, e->a, depth) && unary_value(c, e);
	default: error_at(c, e->pos, "this is no constant expression"); return false;
	}
}

bool
constant_value(struct compiler *c, struct expr *e, int64_t *ret)
{
	if (!evaluate(c, e, 0))
		return false;
	*ret = e->value;
	return true;
}

void
constant_enumerators(struct compiler *c, struct type *t)
{
	bool is_warned = false;
	int64_t next = 0;

	for (struct enumerator *e = t->enumerators; e; e = e->next) {
		if (e->expr && !constant_value(c, e->expr, &next))
			next = 0;
		e->value = next;
		if (!t->v1_enum && (next < 0 || next > 0x7fff) && !t->is_imported && !is_warned) {
			is_warned = true;
			warning_at(c, e->pos,
				"'%s' is %lld: an enum travels in 16 bits, from 0 to 32767, "
				"unless it is [v1_enum]",
				e->name, (long long)next);
		}
		if (next < INT32_MIN || next > UINT32_MAX)
			error_at(c, e->pos, "'%s' does not fit into 32 bits", e->name);
		next = (int64_t)((uint64_t)next + 1);
	}
}
