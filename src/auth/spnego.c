/* SPDX-License-Identifier: MIT */
#include "auth/spnego.h"

#include <string.h>

#include "auth/spnego_token.h"
#include "base/mem.h"

struct spnego {
	struct auth_context base; /* the first member */
	bool failed, raw;
	/* what is offered (initiator), best first; the chosen one stands first once it is known */
	struct spnego_offer offers[SPNEGO_OFFERS_MAX];
	size_t n_offers;
	const struct spnego_acceptor *acceptor;
	struct auth_context *mech; /* the provider that does the work; NULL: none yet */
	enum spnego_mech id;       /* as its name was said */
	bool begun, said_mech, mech_done;
	uint8_t *list; /* of the initiator, as it travelled */
	size_t list_len;
	bool mic_needed, mic_checked, mic_sent;
};

static const char broken[] = "what came is no SPNEGO message";
static const char no_memory[] = "no memory for an SPNEGO message";

static enum auth_outcome
fail(struct spnego *x, const char *why, const char **ret_why)
{
	x->failed = true;
	*ret_why = why;
	return AUTH_FAILED;
}

static void
choose(struct spnego *x, struct auth_context *mech, enum spnego_mech id)
{
	x->mech = mech;
	x->id = id;
	x->base.signs_headers = mech->signs_headers;
}

/* One leg of the provider; the token stays with the caller. */
static enum auth_outcome
mech_step(struct spnego *x, const struct spnego_view *in, struct auth_token *ret,
	const char **ret_why)
{
	enum auth_outcome outcome = auth_step(x->mech, in->p, in->n, ret, ret_why);

	x->mech_done = outcome == AUTH_DONE;
	return outcome;
}

/* --- the list's MIC --- */

static bool
mic_make(struct spnego *x, struct auth_token *ret)
{
	x->mic_sent = x->mech->methods->mic(x->mech, x->list, x->list_len, ret);
	return x->mic_sent;
}

static bool
mic_check(struct spnego *x, const struct spnego_view *mic)
{
	x->mic_checked = x->mech->methods->check_mic(x->mech, x->list, x->list_len, mic->p, mic->n);
	return x->mic_checked;
}

static bool
response_make(struct spnego_response *m, const struct auth_token *token,
	const struct auth_token *mic, struct auth_token *ret)
{
	m->token = (struct spnego_view){token->bytes, token->len};
	m->mic = (struct spnego_view){mic->bytes, mic->len};
	ret->bytes = spnego_response_put(m, &ret->len);
	return ret->bytes;
}

/* --- the client --- */

static enum spnego_mech
mech_of_type(uint8_t type)
{
	return type == AUTH_TYPE_KERBEROS ? SPNEGO_MECH_KERBEROS : SPNEGO_MECH_NTLM;
}

static enum auth_outcome
initiate(struct spnego *x, struct auth_token *ret, const char **ret_why)
{
	enum spnego_mech mechs[SPNEGO_OFFERS_MAX] = {SPNEGO_MECH_OTHER};
	struct auth_token token = {0};
	struct spnego_init m = {0};

	/* who cannot even begin, for want of a ticket, is not offered */
	while (auth_step(x->offers[0].take, NULL, 0, &token, ret_why) == AUTH_FAILED) {
		if (x->n_offers == 1)
			return fail(x, *ret_why, ret_why);
		auth_unref(x->offers[0].take);
		x->n_offers--;
		memmove(x->offers, x->offers + 1, x->n_offers * sizeof(x->offers[0]));
	}
	for (size_t i = 0; i < x->n_offers; i++)
		mechs[i] = mech_of_type(x->offers[i].type);
	choose(x, x->offers[0].take, mechs[0]);
	x->list = spnego_list_put(mechs, x->n_offers, &x->list_len);
	if (!x->list) {
		mem_free(token.bytes);
		return fail(x, no_memory, ret_why);
	}
	m.list = (struct spnego_view){x->list, x->list_len};
	m.token = (struct spnego_view){token.bytes, token.len};
	ret->bytes = spnego_init_put(&m, &ret->len);
	mem_free(token.bytes);
	x->begun = true;
	return ret->bytes ? AUTH_CONTINUE : fail(x, no_memory, ret_why);
}

static bool
is_same(enum spnego_mech a, enum spnego_mech b)
{
	return a == b || (a == SPNEGO_MECH_MS_KERBEROS && b == SPNEGO_MECH_KERBEROS) ||
	       (a == SPNEGO_MECH_KERBEROS && b == SPNEGO_MECH_MS_KERBEROS);
}

/* The server's first answer names the provider. False: one that was not offered. */
static bool
server_chooses(struct spnego *x, const struct spnego_response *m, bool *ret_again)
{
	*ret_again = false;
	if (x->said_mech)
		return true;
	x->said_mech = true;
	if (!m->has_mech || is_same(m->mech, x->id))
		return true;
	x->mic_needed = true; /* not the best one: somebody may have changed the list */
	for (size_t i = 1; i < x->n_offers; i++) {
		if (!is_same(mech_of_type(x->offers[i].type), m->mech))
			continue;
		choose(x, x->offers[i].take, m->mech);
		*ret_again = true;
		return true;
	}
	return false;
}

/* What goes out behind the provider's leg, and whether something has to come back. */
static enum auth_outcome
client_answer(struct spnego *x, const struct spnego_response *in, struct auth_token *token,
	struct auth_token *ret, const char **ret_why)
{
	struct spnego_response out = {.state = SPNEGO_NO_STATE};
	bool accepted = in->state == SPNEGO_ACCEPT_COMPLETED;
	struct auth_token mic = {0};
	bool made;

	if (x->mech_done && !x->mic_sent && !accepted && !mic_make(x, &mic))
		return fail(x, "mechListMIC cannot be made", ret_why);
	if (x->mech_done && accepted && x->mic_needed && !x->mic_checked) {
		mem_free(mic.bytes);
		return fail(x, "the server does not confirm the list of mechanisms", ret_why);
	}
	if (token->len == 0 && mic.len == 0)
		return x->mech_done && accepted
			       ? AUTH_DONE
			       : fail(x, "the server's SPNEGO does not go on", ret_why);
	made = response_make(&out, token, &mic, ret);
	mem_free(mic.bytes);
	if (!made)
		return fail(x, no_memory, ret_why);
	return x->mech_done && accepted ? AUTH_DONE : AUTH_CONTINUE;
}

static enum auth_outcome
client_step(
	struct spnego *x, const void *in, size_t n, struct auth_token *ret, const char **ret_why)
{
	struct auth_token token = {0};
	struct spnego_response m;
	enum auth_outcome outcome;
	bool again;

	if (!x->begun)
		return initiate(x, ret, ret_why);
	if (!spnego_response_get(in, n, &m))
		return fail(x, broken, ret_why);
	if (m.state == SPNEGO_REJECT)
		return fail(x, "the server rejects the logon", ret_why);
	if (!server_chooses(x, &m, &again))
		return fail(x, "the server wants a mechanism that was not offered", ret_why);
	x->mic_needed = x->mic_needed || m.state == SPNEGO_REQUEST_MIC;
	if (again)
		m.token = (struct spnego_view){0};
	if (!x->mech_done && mech_step(x, &m.token, &token, ret_why) == AUTH_FAILED)
		return fail(x, *ret_why, ret_why);
	if (x->mech_done && m.mic.p && !mic_check(x, &m.mic)) {
		mem_free(token.bytes);
		return fail(x, "the list of mechanisms was changed on its way", ret_why);
	}
	outcome = client_answer(x, &m, &token, ret, ret_why);
	mem_free(token.bytes);
	return outcome;
}

/* --- the server --- */

static const struct auth_acceptor *
acceptor_of(const struct spnego *x, enum spnego_mech id)
{
	for (size_t i = 0; i < x->acceptor->n_acceptors; i++)
		if (is_same(mech_of_type(x->acceptor->acceptors[i].type), id))
			return &x->acceptor->acceptors[i];
	return NULL;
}

/* The first of the client's list that is taken here: it is the client that says what is best for it. */
static const char *
accept_one(struct spnego *x, const enum spnego_mech *mechs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct auth_acceptor *a = acceptor_of(x, mechs[i]);
		struct auth_context *mech;

		if (!a)
			continue;
		mech = a->accept(a->arg);
		if (!mech)
			return no_memory;
		choose(x, mech, mechs[i]);
		x->mic_needed = i > 0 && !is_same(mechs[i], mechs[0]);
		return NULL;
	}
	return "the client offers no mechanism that is taken here";
}

static enum auth_outcome
server_answer(struct spnego *x, const struct auth_token *token, const struct auth_token *mic,
	struct auth_token *ret, const char **ret_why)
{
	bool complete = x->mech_done && (!x->mic_needed || x->mic_checked);
	struct spnego_response m = {.state = complete ? SPNEGO_ACCEPT_COMPLETED
					     : x->mic_needed && !x->said_mech
						     ? SPNEGO_REQUEST_MIC
						     : SPNEGO_ACCEPT_INCOMPLETE,
		.has_mech = !x->said_mech,
		.mech = x->id};

	x->said_mech = true;
	if (!response_make(&m, token, mic, ret))
		return fail(x, no_memory, ret_why);
	return complete ? AUTH_DONE : AUTH_CONTINUE;
}

/* Windows' clients may send NTLM without SPNEGO around it. */
static bool
is_raw(const uint8_t *in, size_t n)
{
	return n >= 8 && memcmp(in, "NTLMSSP", 8) == 0;
}

static enum auth_outcome
server_begin(
	struct spnego *x, const void *in, size_t n, struct auth_token *ret, const char **ret_why)
{
	static const enum spnego_mech ntlm = SPNEGO_MECH_NTLM;
	struct auth_token token = {0}, none = {0};
	enum auth_outcome outcome;
	struct spnego_init m;
	const char *why;

	x->begun = true;
	if (is_raw(in, n)) {
		why = accept_one(x, &ntlm, 1);
		x->raw = true;
		return why ? fail(x, why, ret_why) : auth_step(x->mech, in, n, ret, ret_why);
	}
	if (!spnego_init_get(in, n, &m))
		return fail(x, broken, ret_why);
	x->list = mem_alloc(m.list.n);
	if (!x->list)
		return fail(x, no_memory, ret_why);
	memcpy(x->list, m.list.p, m.list.n);
	x->list_len = m.list.n;
	why = accept_one(x, m.mechs, m.n_mechs);
	if (why)
		return fail(x, why, ret_why);
	/* a token for another mechanism than the one that was chosen is of no use */
	if (m.token.p && !x->mic_needed && mech_step(x, &m.token, &token, ret_why) == AUTH_FAILED)
		return fail(x, *ret_why, ret_why);
	outcome = server_answer(x, &token, &none, ret, ret_why);
	mem_free(token.bytes);
	return outcome;
}

static enum auth_outcome
server_continue(
	struct spnego *x, const void *in, size_t n, struct auth_token *ret, const char **ret_why)
{
	struct auth_token token = {0}, mic = {0};
	enum auth_outcome outcome;
	struct spnego_response m;

	if (!spnego_response_get(in, n, &m) || m.state == SPNEGO_REJECT)
		return fail(x, broken, ret_why);
	if (!x->mech_done && mech_step(x, &m.token, &token, ret_why) == AUTH_FAILED)
		return fail(x, *ret_why, ret_why);
	if (x->mech_done && m.mic.p && (!mic_check(x, &m.mic) || !mic_make(x, &mic)))
		outcome = fail(x, "the list of mechanisms was changed on its way", ret_why);
	else if (x->mech_done && x->mic_needed && !x->mic_checked && token.len == 0)
		outcome = fail(x, "the client does not confirm the list of mechanisms", ret_why);
	else
		outcome = server_answer(x, &token, &mic, ret, ret_why);
	mem_free(token.bytes);
	mem_free(mic.bytes);
	return outcome;
}

static enum auth_outcome
server_step(
	struct spnego *x, const void *in, size_t n, struct auth_token *ret, const char **ret_why)
{
	if (!x->begun)
		return server_begin(x, in, n, ret, ret_why);
	if (x->raw)
		return auth_step(x->mech, in, n, ret, ret_why);
	return server_continue(x, in, n, ret, ret_why);
}

/* --- the table: once it is built, the provider does it all --- */

static enum auth_outcome
step(struct auth_context *c, const void *in, size_t n, struct auth_token *ret, const char **ret_why)
{
	struct spnego *x = (struct spnego *)c;

	if (x->failed)
		return fail(x, "a token after a logon that failed", ret_why);
	return (x->acceptor ? server_step : client_step)(x, in, n, ret, ret_why);
}

static struct auth_context *
mech_of(const struct auth_context *c)
{
	return ((const struct spnego *)c)->mech;
}

static size_t
signature_size(const struct auth_context *c, enum auth_level level)
{
	return mech_of(c)->methods->signature_size(mech_of(c), level);
}

static bool
protect(struct auth_context *c, enum auth_level level, const struct auth_span *spans, size_t n,
	uint8_t *ret_signature)
{
	return mech_of(c)->methods->protect(mech_of(c), level, spans, n, ret_signature);
}

static bool
unprotect(struct auth_context *c, enum auth_level level, const struct auth_span *spans, size_t n,
	const uint8_t *signature, size_t signature_len)
{
	return mech_of(c)->methods->unprotect(
		mech_of(c), level, spans, n, signature, signature_len);
}

static void
names(const struct auth_context *c, struct auth_names *ret)
{
	mech_of(c)->methods->names(mech_of(c), ret);
}

static const uint8_t *
session_key(const struct auth_context *c, size_t *ret_len)
{
	return mech_of(c)->methods->session_key(mech_of(c), ret_len);
}

static int64_t
expiry(const struct auth_context *c)
{
	return mech_of(c)->methods->expiry(mech_of(c));
}

static void
context_free(struct auth_context *c)
{
	struct spnego *x = (struct spnego *)c;

	for (size_t i = 0; i < x->n_offers; i++)
		auth_unref(x->offers[i].take);
	if (x->acceptor)
		auth_unref(x->mech);
	mem_free(x->list);
	mem_free(x);
}

static const struct auth_methods methods = {.name = "SPNEGO",
	.step = step,
	.signature_size = signature_size,
	.protect = protect,
	.unprotect = unprotect,
	.names = names,
	.session_key = session_key,
	.expiry = expiry,
	.free = context_free};

struct auth_context *
spnego_initiate(const struct spnego_offer *offers, size_t n)
{
	struct spnego *x = mem_zalloc(1, sizeof(*x));
	bool complete = x && n > 0;

	for (size_t i = 0; i < n; i++) {
		complete = complete && offers[i].take;
		if (x)
			x->offers[x->n_offers++] = offers[i];
		else
			auth_unref(offers[i].take);
	}
	if (!x)
		return NULL;
	auth_context_init(&x->base, &methods);
	if (!complete) {
		context_free(&x->base);
		return NULL;
	}
	x->base.signs_headers = offers[0].take->signs_headers;
	return &x->base;
}

struct auth_context *
spnego_accept(const void *acceptor)
{
	struct spnego *x = mem_zalloc(1, sizeof(*x));

	if (!x)
		return NULL;
	auth_context_init(&x->base, &methods);
	x->acceptor = acceptor;
	return &x->base;
}
