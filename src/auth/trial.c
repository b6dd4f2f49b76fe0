/* SPDX-License-Identifier: MIT */
#include "auth/trial.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct context {
	struct auth_context base;
	const struct watchword *word;
	unsigned leg;
	uint32_t sent, received;
};

static enum auth_outcome
token_make(struct context *x, enum auth_outcome outcome, struct auth_token *ret)
{
	ret->bytes = mem_zalloc(1, WATCHWORD_TOKEN);
	if (!ret->bytes)
		return AUTH_FAILED;
	ret->bytes[0] = (uint8_t)x->leg;
	ret->len = WATCHWORD_TOKEN;
	return outcome;
}

static enum auth_outcome
accept_step(struct auth_context *c, const void *in, size_t n, struct auth_token *ret,
	const char **ret_why)
{
	struct context *x = (struct context *)c;

	x->leg++;
	if (n == 0 || *(const uint8_t *)in != x->leg) {
		*ret_why = "a wrong word";
		return AUTH_FAILED;
	}
	if (x->word->stays)
		return token_make(x, AUTH_CONTINUE, ret);
	if (x->leg < x->word->legs)
		return token_make(x, AUTH_CONTINUE, ret);
	return x->word->legs == 1 ? token_make(x, AUTH_DONE, ret) : AUTH_DONE;
}

static enum auth_outcome
initiate_step(struct auth_context *c, const void *in, size_t n, struct auth_token *ret,
	const char **ret_why)
{
	struct context *x = (struct context *)c;

	if (x->leg > 0 && (n == 0 || *(const uint8_t *)in != x->leg)) {
		*ret_why = "a wrong word";
		return AUTH_FAILED;
	}
	if (x->leg++ == x->word->legs)
		return AUTH_DONE;
	return token_make(
		x, x->leg == x->word->legs && x->leg > 1 ? AUTH_DONE : AUTH_CONTINUE, ret);
}

static size_t
signature_size(const struct auth_context *c, enum auth_level level)
{
	return WATCHWORD_SIGNATURE;
}

static void
sign(uint32_t number, const struct auth_span *spans, size_t n, uint8_t *ret)
{
	uint32_t sum = 1;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < spans[i].len; k++)
			sum = sum * 31 + spans[i].p[k];
	memcpy(ret, &number, 4);
	memcpy(ret + 4, &sum, 4);
}

static bool
protect(struct auth_context *c, enum auth_level level, const struct auth_span *spans, size_t n,
	uint8_t *ret_signature)
{
	sign(((struct context *)c)->sent++, spans, n, ret_signature);
	return true;
}

static bool
unprotect(struct auth_context *c, enum auth_level level, const struct auth_span *spans, size_t n,
	const uint8_t *signature, size_t signature_len)
{
	uint8_t expected[WATCHWORD_SIGNATURE];

	sign(((struct context *)c)->received++, spans, n, expected);
	return signature_len == sizeof expected &&
	       memcmp(expected, signature, sizeof expected) == 0;
}

static void
names(const struct auth_context *c, struct auth_names *ret)
{
	*ret = (struct auth_names){"somebody", "", false, AUTH_TYPE_NONE};
}

static const uint8_t *
session_key(const struct auth_context *c, size_t *ret_len)
{
	return NULL;
}

static int64_t
expiry(const struct auth_context *c)
{
	return INT64_MAX;
}

static void
context_free(struct auth_context *c)
{
	mem_free(c);
}

static const struct auth_methods acceptor = {"watchword", accept_step, signature_size, protect,
	unprotect, names, session_key, expiry, NULL, NULL, context_free};
static const struct auth_methods initiator = {"watchword", initiate_step, signature_size, protect,
	unprotect, names, session_key, expiry, NULL, NULL, context_free};

static struct auth_context *
context_new(const struct watchword *word, const struct auth_methods *methods)
{
	struct context *x = mem_zalloc(1, sizeof *x);

	if (!x)
		return NULL;
	auth_context_init(&x->base, methods);
	x->word = word;
	return &x->base;
}

struct auth_context *
watchword_accept(const void *arg)
{
	return context_new(arg, &acceptor);
}

struct auth_context *
watchword_initiate(const struct watchword *word)
{
	return context_new(word, &initiator);
}
