/* SPDX-License-Identifier: MIT */
/* A server of idl/calc.idl: numbers, arrays, text, a union, and state that lives as long as the client. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calc.h"
#include "serve.h"

#define TEXT_MAX 64

static int32_t
add(sp_call *call, int32_t a, int32_t b)
{
	(void)call;
	return (int32_t)((uint32_t)a + (uint32_t)b); /* wraps, as the client's machine would */
}

static uint32_t
divide(sp_call *call, int32_t dividend, int32_t divisor, int32_t *quotient, int32_t *remainder)
{
	(void)call;
	if (divisor == 0)
		return RPC_S_ZERO_DIVIDE;
	if (dividend == INT32_MIN && divisor == -1)
		return RPC_S_INVALID_ARG; /* the quotient has no place in 32 bits */
	*quotient = dividend / divisor;
	*remainder = dividend % divisor;
	return RPC_S_OK;
}

/* The stub has held count against [range] and against the array that came. */
static uint32_t
summarize(sp_call *call, uint32_t count, int32_t *values, calc_summary *summary)
{
	(void)call;
	summary->least = summary->greatest = values[0];
	for (uint32_t i = 0; i < count; i++) {
		summary->sum += values[i];
		if (values[i] < summary->least)
			summary->least = values[i];
		if (values[i] > summary->greatest)
			summary->greatest = values[i];
	}
	summary->mean = (double)summary->sum / count;
	return RPC_S_OK;
}

/* --- a register: a context handle. What `user` points to is ours; the client sees 20 opaque bytes. --- */

static uint32_t
register_open(sp_call *call, int64_t start, calc_register *handle)
{
	int64_t *value = malloc(sizeof(*value));

	(void)call;
	if (!value)
		return RPC_S_OUT_OF_MEMORY;
	*value = start;
	handle->user = value;
	return RPC_S_OK;
}

/* Two connections of one client may share a handle, on two threads: hence the atomic operations. */
static uint32_t
register_add(sp_call *call, calc_register handle, int64_t value)
{
	(void)call;
	__atomic_fetch_add((int64_t *)handle.user, value, __ATOMIC_RELAXED);
	return RPC_S_OK;
}

static uint32_t
register_read(sp_call *call, calc_register handle, int64_t *value)
{
	(void)call;
	*value = __atomic_load_n((int64_t *)handle.user, __ATOMIC_RELAXED);
	return RPC_S_OK;
}

static uint32_t
register_close(sp_call *call, calc_register *handle)
{
	(void)call;
	free(handle->user);
	handle->user = NULL; /* that ends the handle */
	return RPC_S_OK;
}

/* The client went away without closing. */
static void
register_rundown(void *user)
{
	free(user);
}

/* --- text: UTF-16 on the wire; this calculator understands ASCII --- */

static char *
ascii_from_utf16(const uint16_t *in, char *ret, size_t cap)
{
	size_t n = 0;

	for (; in[n] && n < cap - 1; n++)
		ret[n] = in[n] < 0x80 ? (char)in[n] : '?';
	ret[n] = '\0';
	return in[n] ? NULL : ret;
}

static uint16_t *
utf16_from_ascii(sp_call *call, const char *text)
{
	size_t n = strlen(text);
	uint16_t *ret = sp_call_alloc(call, n + 1, sizeof(*ret));

	for (size_t i = 0; ret && i < n; i++)
		ret[i] = (unsigned char)text[i];
	return ret;
}

/* factor * factor / factor ...; false when it is not that */
static bool
product(const char **p, double *ret)
{
	char operator= '*';

	*ret = 1;
	for (;;) {
		char *end;
		double factor = strtod(*p, &end);

		if (end == *p || (operator== '/' && factor == 0))
			return false;
		*ret = operator== '*' ? *ret * factor : * ret / factor;
		*p = end + strspn(end, " ");
		if (**p != '*' && **p != '/')
			return true;
		operator= *(*p)++;
	}
}

static bool
sum(const char *p, double *ret)
{
	double sign = 1, term;

	*ret = 0;
	for (;;) {
		if (!product(&p, &term))
			return false;
		*ret += sign * term;
		if (!*p)
			return true;
		if (*p != '+' && *p != '-')
			return false;
		sign = *p++ == '+' ? 1 : -1;
	}
}

static uint32_t
evaluate(sp_call *call, const uint16_t *expression, uint16_t **answer)
{
	char text[TEXT_MAX];
	double value;

	if (!ascii_from_utf16(expression, text, sizeof(text)))
		return RPC_S_STRING_TOO_LONG;
	if (!sum(text, &value))
		return RPC_S_INVALID_ARG;
	snprintf(text, sizeof(text), "%g", value);
	*answer = utf16_from_ascii(call, text);
	return *answer ? RPC_S_OK : RPC_S_OUT_OF_MEMORY;
}

static uint32_t
negate(sp_call *call, const calc_number *number, calc_number *negated)
{
	char text[TEXT_MAX];

	negated->kind = number->kind;
	switch (number->kind) {
	case CALC_INTEGER:
		negated->value.integer = (int64_t)(0 - (uint64_t)number->value.integer);
		return RPC_S_OK;
	case CALC_REAL: negated->value.real = -number->value.real; return RPC_S_OK;
	case CALC_TEXT: break;
	}
	if (!number->value.text)
		return RPC_S_OK;
	if (!ascii_from_utf16(number->value.text, text + 1, sizeof(text) - 1))
		return RPC_S_STRING_TOO_LONG;
	text[0] = '-';
	negated->value.text = utf16_from_ascii(call, text[1] == '-' ? text + 2 : text);
	return negated->value.text ? RPC_S_OK : RPC_S_OUT_OF_MEMORY;
}

static const struct calc_handlers handlers = {
	.add = add,
	.divide = divide,
	.summarize = summarize,
	.register_open = register_open,
	.register_add = register_add,
	.register_read = register_read,
	.register_close = register_close,
	.evaluate = evaluate,
	.negate = negate,
	.calc_register_rundown = register_rundown,
};

int
main(int argc, char **argv)
{
	return serve(argc, argv, &calc_server_interface, &handlers, "Calculator", NULL);
}
