/* SPDX-License-Identifier: MIT */
/* NTLM's client ([MS-NLMP] 3.1.5.1). */
#include <string.h>

#include "auth/ntlm_context.h"
#include "auth/secret.h"
#include "base/mem.h"

/* Responses of one authenticate message, and the keys that come out of them. */
struct answer {
	uint8_t client_challenge[NTLM_CHALLENGE_SIZE];
	uint8_t lm[NTLM_V1_RESPONSE_SIZE];
	uint8_t nt[NTLM_KEY_SIZE + NTLM_MESSAGE_MAX];
	size_t lm_len, nt_len;
	uint8_t key_exchange_key[NTLM_KEY_SIZE], exported[NTLM_KEY_SIZE], encrypted[NTLM_KEY_SIZE];
	bool has_mic;
};

static enum auth_outcome
fail(struct ntlm_context *x, const char *why, const char **ret_why)
{
	x->leg = NTLM_LEG_FAILED;
	*ret_why = why;
	return AUTH_FAILED;
}

static enum auth_outcome
negotiate(struct ntlm_context *x, struct auth_token *ret, const char **ret_why)
{
	struct ntlm_negotiate m = {.flags = NTLM_MINE};
	uint8_t bytes[64];
	struct wire_out out;

	wire_out_init(&out, bytes, sizeof(bytes));
	if (!ntlm_negotiate_put(&out, &m) ||
		!ntlm_keep(&x->negotiate, bytes, wire_out_offset(&out)) ||
		!ntlm_keep(ret, bytes, wire_out_offset(&out)))
		return fail(x, "no memory for an NTLM negotiate message", ret_why);
	x->leg = NTLM_LEG_SECOND;
	return AUTH_CONTINUE;
}

/* What keeps this client from going on: NULL, or a sentence. */
static const char *
refusal(const struct ntlm_context *x, const struct ntlm_challenge *c)
{
	struct ntlm_view v;

	if ((c->flags & NTLM_NEEDED) != NTLM_NEEDED)
		return "the server offers no extended session security";
	if ((c->flags & NTLM_128) == 0 || (c->flags & NTLM_KEY_EXCH) == 0)
		return "the server offers no 128-bit session key";
	if (x->v1 || x->anonymous)
		return NULL;
	/* [MS-NLMP] 3.1.5.1.2: both names must be there when messages are to be protected */
	if (!(c->flags & NTLM_TARGET_INFO) || !ntlm_av_is_sound(&c->target_info) ||
		!ntlm_av_find(&c->target_info, NTLM_AV_NB_COMPUTER, &v) ||
		!ntlm_av_find(&c->target_info, NTLM_AV_NB_DOMAIN, &v))
		return "the server does not say who it is";
	return NULL;
}

/* The server's pairs, but for those that a client says itself. */
static void
pairs_copy(struct wire_out *out, const struct ntlm_view *list)
{
	static const enum ntlm_av kinds[] = {NTLM_AV_NB_DOMAIN, NTLM_AV_NB_COMPUTER,
		NTLM_AV_DNS_DOMAIN, NTLM_AV_DNS_COMPUTER, NTLM_AV_DNS_TREE, NTLM_AV_TIMESTAMP};
	struct ntlm_view v;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (ntlm_av_find(list, kinds[i], &v))
			ntlm_av_put(out, kinds[i], v.p, v.n);
}

static bool
pairs_put(
	const struct ntlm_context *x, const struct ntlm_view *list, bool mic, struct wire_out *out)
{
	uint8_t target[2 * NTLM_NAME_MAX], flags[4];
	struct wire_out word;
	size_t n;

	if (!ntlm_text(x->target, false, target, &n))
		return false;
	pairs_copy(out, list);
	if (mic) {
		wire_out_init(&word, flags, sizeof(flags));
		wire_out_u32(&word, NTLM_AV_FLAG_MIC);
		ntlm_av_put(out, NTLM_AV_FLAGS, flags, sizeof(flags));
	}
	ntlm_av_put(out, NTLM_AV_CHANNEL_BINDINGS, x->bindings, sizeof(x->bindings));
	ntlm_av_put(out, NTLM_AV_TARGET_NAME, target, n);
	ntlm_av_put(out, NTLM_AV_EOL, NULL, 0);
	return !out->full;
}

/* [MS-NLMP] 3.3.2. With the server's time LMv2 is not sent, and a MIC is. */
static bool
answer_v2(const struct ntlm_context *x, const struct ntlm_challenge *c, struct answer *a)
{
	uint8_t key[NTLM_KEY_SIZE], *blob = a->nt + NTLM_KEY_SIZE;
	struct ntlm_view stamp = {0};
	uint64_t time = ntlm_time_now();
	struct wire_out out;

	if (!ntlm_v2_key(x->nt_hash, x->user, x->domain, key))
		return false;
	if (ntlm_av_find(&c->target_info, NTLM_AV_TIMESTAMP, &stamp) && stamp.n == 8) {
		struct wire_fault fault = {0};
		struct wire_in in;

		wire_in_init(&in, stamp.p, stamp.n, false, &fault);
		time = wire_in_u64(&in);
		a->has_mic = true;
	}
	wire_out_init(&out, blob, sizeof(a->nt) - NTLM_KEY_SIZE);
	ntlm_blob_put(&out, time, a->client_challenge);
	if (!pairs_put(x, &c->target_info, a->has_mic, &out))
		return false;
	wire_out_zero(&out, 4);
	a->nt_len = NTLM_KEY_SIZE + wire_out_offset(&out);
	ntlm_v2_proof(key, c->challenge, blob, wire_out_offset(&out), a->nt);
	ntlm_v2_session_key(key, a->nt, a->key_exchange_key);
	memset(a->lm, 0, sizeof(a->lm));
	a->lm_len = sizeof(a->lm);
	if (!a->has_mic) {
		ntlm_v2_proof(key, c->challenge, a->client_challenge, NTLM_CHALLENGE_SIZE, a->lm);
		memcpy(a->lm + NTLM_KEY_SIZE, a->client_challenge, NTLM_CHALLENGE_SIZE);
	}
	secret_wipe(key, sizeof(key));
	return !out.full;
}

/* [MS-NLMP] 3.3.1 with extended session security: the challenge of the client takes the place of an LM response. */
static bool
answer_v1(const struct ntlm_context *x, const struct ntlm_challenge *c, struct answer *a)
{
	memset(a->lm, 0, sizeof(a->lm));
	memcpy(a->lm, a->client_challenge, NTLM_CHALLENGE_SIZE);
	a->lm_len = sizeof(a->lm);
	a->nt_len = NTLM_V1_RESPONSE_SIZE;
	ntlm_v1_response(x->nt_hash, c->challenge, a->client_challenge, a->nt);
	ntlm_v1_session_key(x->nt_hash, c->challenge, a->client_challenge, a->key_exchange_key);
	return true;
}

static bool
answer_make(const struct ntlm_context *x, const struct ntlm_challenge *c, struct answer *a)
{
	if (!secret_random(a->client_challenge, sizeof(a->client_challenge)) ||
		!secret_random(a->exported, sizeof(a->exported)))
		return false;
	if (x->anonymous)
		a->lm_len = 1; /* Z(1), and no NT response */
	else if (!(x->v1 ? answer_v1 : answer_v2)(x, c, a))
		return false;
	ntlm_key_exchange(a->key_exchange_key, a->exported, a->encrypted);
	return true;
}

/* The message; its MIC is still to be filled in. */
static bool
authenticate_put(
	const struct ntlm_context *x, uint32_t flags, const struct answer *a, struct wire_out *out)
{
	uint8_t user[2 * NTLM_NAME_MAX], domain[2 * NTLM_NAME_MAX], workstation[2 * NTLM_NAME_MAX];
	struct ntlm_authenticate m = {.flags = flags | (x->anonymous ? NTLM_ANONYMOUS : 0),
		.lm = {a->lm, a->lm_len},
		.nt = {a->nt, a->nt_len},
		.domain = {domain, 0},
		.user = {user, 0},
		.workstation = {workstation, 0},
		.session_key = {a->encrypted, sizeof(a->encrypted)},
		.has_mic = a->has_mic};

	return ntlm_text(x->user, false, user, &m.user.n) &&
	       ntlm_text(x->domain, false, domain, &m.domain.n) &&
	       ntlm_text(x->workstation, false, workstation, &m.workstation.n) &&
	       ntlm_authenticate_put(out, &m);
}

static const char *
authenticate(struct ntlm_context *x, const struct ntlm_challenge *c, struct answer *a,
	struct auth_token *ret)
{
	size_t cap = NTLM_MESSAGE_MAX + 8 * NTLM_NAME_MAX;
	uint32_t flags = c->flags & NTLM_MINE;
	uint8_t *bytes = mem_alloc(cap);
	struct wire_out out;

	if (!bytes)
		return "no memory for an NTLM authenticate message";
	wire_out_init(&out, bytes, cap);
	if (!answer_make(x, c, a) || !authenticate_put(x, flags, a, &out)) {
		mem_free(bytes);
		return "an NTLM authenticate message that cannot be made";
	}
	*ret = (struct auth_token){bytes, wire_out_offset(&out)};
	if (a->has_mic)
		ntlm_mic(x, a->exported, bytes, ret->len, bytes + NTLM_MIC_OFFSET);
	ntlm_session_init(&x->session, flags, a->exported, true);
	x->leg = NTLM_LEG_DONE;
	return NULL;
}

static enum auth_outcome
answer_challenge(struct ntlm_context *x, const void *in, size_t n, struct auth_token *ret,
	const char **ret_why)
{
	struct ntlm_challenge c;
	const char *why;
	struct answer *a;

	if (!ntlm_challenge_get(in, n, &c))
		return fail(x, "what came is no NTLM challenge", ret_why);
	why = refusal(x, &c);
	if (why)
		return fail(x, why, ret_why);
	a = secret_new(sizeof(*a));
	if (!a || !ntlm_keep(&x->challenge, in, n)) {
		secret_free(a, sizeof(*a));
		return fail(x, "no memory for an NTLM authenticate message", ret_why);
	}
	why = authenticate(x, &c, a, ret);
	secret_free(a, sizeof(*a));
	secret_wipe(x->nt_hash, sizeof(x->nt_hash));
	return why ? fail(x, why, ret_why) : AUTH_DONE;
}

enum auth_outcome
ntlm_step_initiate(struct auth_context *c, const void *in, size_t n, struct auth_token *ret,
	const char **ret_why)
{
	struct ntlm_context *x = (struct ntlm_context *)c;

	switch (x->leg) {
	case NTLM_LEG_FIRST: return negotiate(x, ret, ret_why);
	case NTLM_LEG_SECOND: return answer_challenge(x, in, n, ret, ret_why);
	default: return fail(x, "a token after NTLM's last leg", ret_why);
	}
}

struct auth_context *
ntlm_initiate(const struct ntlm_credentials *who)
{
	struct ntlm_context *x = ntlm_context_new(true);

	if (!x)
		return NULL;
	if (!ntlm_copy(x->user, who->user) || !ntlm_copy(x->domain, who->domain) ||
		!ntlm_copy(x->workstation, who->workstation) ||
		!ntlm_copy(x->target, who->target)) {
		auth_unref(&x->base);
		return NULL;
	}
	x->anonymous = x->user[0] == '\0';
	x->v1 = who->v1;
	memcpy(x->nt_hash, who->nt_hash, sizeof(x->nt_hash));
	if (who->channel_bindings)
		memcpy(x->bindings, who->channel_bindings, sizeof(x->bindings));
	return &x->base;
}
