/* SPDX-License-Identifier: MIT */
/* NTLM's server ([MS-NLMP] 3.2.5.1). */
#include <string.h>

#include "auth/ntlm_context.h"
#include "auth/secret.h"

static const char wrong[] = "unknown user or wrong password";

static enum auth_outcome
fail(struct ntlm_context *x, const char *why, const char **ret_why)
{
	x->leg = NTLM_LEG_FAILED;
	*ret_why = why;
	return AUTH_FAILED;
}

/* --- the challenge --- */

static bool
name_pair(struct wire_out *out, enum ntlm_av id, const char *name)
{
	uint8_t text[2 * NTLM_NAME_MAX];
	size_t n;

	if (!ntlm_text(name, false, text, &n))
		return false;
	ntlm_av_put(out, id, text, n);
	return true;
}

static bool
info_put(const struct ntlm_acceptor *a, struct wire_out *out)
{
	uint8_t time[8];
	struct wire_out word;

	wire_out_init(&word, time, sizeof(time));
	wire_out_u64(&word, ntlm_time_now());
	if (!name_pair(out, NTLM_AV_NB_DOMAIN, a->domain) ||
		!name_pair(out, NTLM_AV_NB_COMPUTER, a->computer) ||
		(a->dns_computer && !name_pair(out, NTLM_AV_DNS_COMPUTER, a->dns_computer)))
		return false;
	ntlm_av_put(out, NTLM_AV_TIMESTAMP, time, sizeof(time));
	ntlm_av_put(out, NTLM_AV_EOL, NULL, 0);
	return !out->full;
}

static bool
challenge_put(struct ntlm_context *x, uint32_t flags, struct wire_out *out)
{
	uint8_t info[8 * NTLM_NAME_MAX], name[2 * NTLM_NAME_MAX];
	struct ntlm_challenge m = {.flags = flags, .target_name = {name, 0}};
	struct wire_out pairs;

	wire_out_init(&pairs, info, sizeof(info));
	if (!info_put(x->acceptor, &pairs) ||
		!ntlm_text(x->acceptor->computer, false, name, &m.target_name.n))
		return false;
	m.target_info = (struct ntlm_view){info, wire_out_offset(&pairs)};
	memcpy(m.challenge, x->server_challenge, sizeof(m.challenge));
	return ntlm_challenge_put(out, &m);
}

static enum auth_outcome
answer_negotiate(struct ntlm_context *x, const void *in, size_t n, struct auth_token *ret,
	const char **ret_why)
{
	uint8_t bytes[16 * NTLM_NAME_MAX];
	struct ntlm_negotiate m;
	struct wire_out out;
	uint32_t flags;

	if (!ntlm_negotiate_get(in, n, &m))
		return fail(x, "what came is no NTLM negotiate message", ret_why);
	if ((m.flags & NTLM_NEEDED) != NTLM_NEEDED)
		return fail(x, "the client offers no extended session security", ret_why);
	flags = (m.flags & NTLM_MINE) | NTLM_TARGET_INFO | NTLM_TARGET_TYPE_SERVER;
	wire_out_init(&out, bytes, sizeof(bytes));
	if (!secret_random(x->server_challenge, sizeof(x->server_challenge)) ||
		!challenge_put(x, flags, &out) || !ntlm_keep(&x->negotiate, in, n) ||
		!ntlm_keep(&x->challenge, bytes, wire_out_offset(&out)) ||
		!ntlm_keep(ret, bytes, wire_out_offset(&out)))
		return fail(x, "an NTLM challenge that cannot be made", ret_why);
	x->session.flags = flags;
	x->leg = NTLM_LEG_SECOND;
	return AUTH_CONTINUE;
}

/* --- the check --- */

/* The pairs of an NTLMv2 response; empty in anything else. */
static struct ntlm_view
pairs_of(const struct ntlm_authenticate *m)
{
	size_t before = NTLM_KEY_SIZE + NTLM_BLOB_SIZE;

	if (m->nt.n <= before)
		return (struct ntlm_view){0};
	return (struct ntlm_view){m->nt.p + before, m->nt.n - before};
}

static bool
proof_fits(const struct ntlm_context *x, const struct ntlm_authenticate *m,
	const uint8_t nt_hash[NTLM_KEY_SIZE], const char *user, const char *domain,
	uint8_t ret_key[NTLM_KEY_SIZE])
{
	uint8_t key[NTLM_KEY_SIZE], proof[NTLM_KEY_SIZE];
	bool fits;

	if (!ntlm_v2_key(nt_hash, user, domain, key))
		return false;
	ntlm_v2_proof(
		key, x->server_challenge, m->nt.p + NTLM_KEY_SIZE, m->nt.n - NTLM_KEY_SIZE, proof);
	fits = secret_equal(proof, m->nt.p, NTLM_KEY_SIZE);
	if (fits)
		ntlm_v2_session_key(key, proof, ret_key);
	secret_wipe(key, sizeof(key));
	return fits;
}

static bool
v1_fits(const struct ntlm_context *x, const struct ntlm_authenticate *m,
	const uint8_t nt_hash[NTLM_KEY_SIZE], uint8_t ret_key[NTLM_KEY_SIZE])
{
	uint8_t expected[NTLM_V1_RESPONSE_SIZE];

	if (!x->acceptor->v1 || m->nt.n != NTLM_V1_RESPONSE_SIZE || m->lm.n < NTLM_CHALLENGE_SIZE)
		return false;
	ntlm_v1_response(nt_hash, x->server_challenge, m->lm.p, expected);
	if (!secret_equal(expected, m->nt.p, sizeof(expected)))
		return false;
	ntlm_v1_session_key(nt_hash, x->server_challenge, m->lm.p, ret_key);
	return true;
}

/* An unknown user costs what a wrong password costs, so that time does not tell them apart. */
static bool
password_fits(
	struct ntlm_context *x, const struct ntlm_authenticate *m, uint8_t ret_key[NTLM_KEY_SIZE])
{
	struct ntlm_account account = {0};
	bool known = x->acceptor->lookup &&
		     x->acceptor->lookup(x->acceptor->arg, x->user, x->domain, &account),
	     fits;

	if (m->nt.n <= NTLM_KEY_SIZE + NTLM_BLOB_SIZE) {
		fits = v1_fits(x, m, account.nt_hash, ret_key);
	} else {
		fits = proof_fits(x, m, account.nt_hash, x->user, x->domain, ret_key);
		/* some clients leave the domain out of the key ([MS-NLMP] 3.2.5.1.2) */
		if (!fits)
			fits = proof_fits(x, m, account.nt_hash, x->user, "", ret_key);
	}
	if (known && fits)
		memcpy(x->user, account.name, sizeof(x->user));
	secret_wipe(&account, sizeof(account));
	return known && fits;
}

static bool
bindings_fit(const struct ntlm_context *x, const struct ntlm_authenticate *m)
{
	struct ntlm_view pairs = pairs_of(m), v;

	if (!x->acceptor->channel_bindings)
		return true;
	return ntlm_av_find(&pairs, NTLM_AV_CHANNEL_BINDINGS, &v) && v.n == NTLM_KEY_SIZE &&
	       secret_equal(v.p, x->acceptor->channel_bindings, NTLM_KEY_SIZE);
}

/* That a MIC is there is said where the password protects it, so it cannot be taken away on the way. */
static bool
mic_is_said(const struct ntlm_authenticate *m)
{
	struct ntlm_view pairs = pairs_of(m), v;
	struct wire_fault fault = {0};
	struct wire_in in;

	if (!ntlm_av_find(&pairs, NTLM_AV_FLAGS, &v))
		return false;
	wire_in_init(&in, v.p, v.n, false, &fault);
	return wire_in_u32(&in) & NTLM_AV_FLAG_MIC;
}

static bool
mic_fits(const struct ntlm_context *x, const struct ntlm_authenticate *m,
	const uint8_t key[NTLM_KEY_SIZE], const uint8_t *message, size_t n)
{
	uint8_t expected[NTLM_MIC_SIZE];

	if (!mic_is_said(m))
		return !x->acceptor->mic_required || x->anonymous;
	if (n < NTLM_MIC_OFFSET + NTLM_MIC_SIZE)
		return false;
	ntlm_mic(x, key, message, n, expected);
	return secret_equal(expected, message + NTLM_MIC_OFFSET, NTLM_MIC_SIZE);
}

static bool
is_anonymous(const struct ntlm_authenticate *m)
{
	return m->user.n == 0 && m->nt.n == 0 &&
	       (m->lm.n == 0 || (m->lm.n == 1 && m->lm.p[0] == 0));
}

/* NULL: the client is who it says, and the session's keys are there. */
static const char *
check(struct ntlm_context *x, const struct ntlm_authenticate *m, const uint8_t *message, size_t n)
{
	uint32_t flags = x->session.flags & m->flags;
	uint8_t key[NTLM_KEY_SIZE] = {0}, exported[NTLM_KEY_SIZE];
	const char *why = NULL;

	if ((flags & NTLM_NEEDED) != NTLM_NEEDED)
		return "the client gave up extended session security";
	if (flags & (NTLM_SIGN | NTLM_SEAL) && !(flags & NTLM_128))
		return "the client's session key has less than 128 bits";
	if (!ntlm_name_get(&m->user, x->user) || !ntlm_name_get(&m->domain, x->domain))
		return "a user name that is none";
	x->anonymous = is_anonymous(m);
	if (x->anonymous && !x->acceptor->anonymous)
		return "anonymous clients are not taken";
	if (!x->anonymous && !password_fits(x, m, key))
		return wrong;
	memcpy(exported, key, sizeof(exported));
	if (flags & NTLM_KEY_EXCH && m->session_key.n != NTLM_KEY_SIZE)
		why = "no session key came";
	else if (flags & NTLM_KEY_EXCH)
		ntlm_key_exchange(key, m->session_key.p, exported);
	if (!why && !mic_fits(x, m, exported, message, n))
		why = "the NTLM messages were changed on their way";
	if (!why && !x->anonymous && !bindings_fit(x, m))
		why = "channel bindings of another channel";
	if (!why)
		ntlm_session_init(&x->session, flags, exported, false);
	secret_wipe(key, sizeof(key));
	secret_wipe(exported, sizeof(exported));
	return why;
}

static enum auth_outcome
take_authenticate(struct ntlm_context *x, const void *in, size_t n, const char **ret_why)
{
	struct ntlm_authenticate m;
	const char *why;

	if (!ntlm_authenticate_get(in, n, &m))
		return fail(x, "what came is no NTLM authenticate message", ret_why);
	why = check(x, &m, in, n);
	if (why)
		return fail(x, why, ret_why);
	x->leg = NTLM_LEG_DONE;
	return AUTH_DONE;
}

enum auth_outcome
ntlm_step_accept(struct auth_context *c, const void *in, size_t n, struct auth_token *ret,
	const char **ret_why)
{
	struct ntlm_context *x = (struct ntlm_context *)c;

	switch (x->leg) {
	case NTLM_LEG_FIRST: return answer_negotiate(x, in, n, ret, ret_why);
	case NTLM_LEG_SECOND: return take_authenticate(x, in, n, ret_why);
	default: return fail(x, "a token after NTLM's last leg", ret_why);
	}
}

struct auth_context *
ntlm_accept(const void *acceptor)
{
	struct ntlm_context *x = ntlm_context_new(false);

	if (!x)
		return NULL;
	x->acceptor = acceptor;
	return &x->base;
}
