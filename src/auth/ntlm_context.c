/* SPDX-License-Identifier: MIT */
/* What both sides of NTLM share: life, the table of functions, the message integrity code. */
#include "auth/ntlm_context.h"

#include <string.h>

#include "auth/secret.h"
#include "base/mem.h"
#include "base/utf16.h"

static size_t
signature_size(const struct auth_context *c, enum auth_level level)
{
	return NTLM_SIGNATURE_SIZE;
}

static bool
protect(struct auth_context *c, enum auth_level level, const struct auth_span *spans, size_t n,
	uint8_t *ret_signature)
{
	struct ntlm_context *x = (struct ntlm_context *)c;

	return x->leg == NTLM_LEG_DONE &&
	       ntlm_session_protect(&x->session, level, spans, n, ret_signature);
}

static bool
unprotect(struct auth_context *c, enum auth_level level, const struct auth_span *spans, size_t n,
	const uint8_t *signature, size_t signature_len)
{
	struct ntlm_context *x = (struct ntlm_context *)c;

	return x->leg == NTLM_LEG_DONE &&
	       ntlm_session_unprotect(&x->session, level, spans, n, signature, signature_len);
}

static void
names(const struct auth_context *c, struct auth_names *ret)
{
	const struct ntlm_context *x = (const struct ntlm_context *)c;

	*ret = (struct auth_names){x->user, x->domain, x->anonymous, AUTH_TYPE_NTLM};
}

static const uint8_t *
session_key(const struct auth_context *c, size_t *ret_len)
{
	const struct ntlm_context *x = (const struct ntlm_context *)c;

	if (x->leg != NTLM_LEG_DONE)
		return NULL;
	*ret_len = NTLM_KEY_SIZE;
	return x->session.key;
}

/* NTLM has no tickets: a logon holds as long as its connection. */
static int64_t
expiry(const struct auth_context *c)
{
	return INT64_MAX;
}

/* [MS-SPNG] 3.1.5.1, 3.2.5.1: the key stream is then as it was before; the sequence number goes on. */
static bool
mic(struct auth_context *c, const uint8_t *bytes, size_t n, struct auth_token *ret)
{
	struct ntlm_context *x = (struct ntlm_context *)c;
	const struct auth_span span = {(uint8_t *)bytes, n, false};
	struct arcfour_ctx before = x->session.out.seal;
	uint8_t signature[NTLM_SIGNATURE_SIZE];
	bool made = x->leg == NTLM_LEG_DONE &&
		    ntlm_session_protect(&x->session, AUTH_LEVEL_INTEGRITY, &span, 1, signature);

	x->session.out.seal = before;
	secret_wipe(&before, sizeof(before));
	return made && ntlm_keep(ret, signature, sizeof(signature));
}

static bool
check_mic(
	struct auth_context *c, const uint8_t *bytes, size_t n, const uint8_t *mic, size_t mic_len)
{
	struct ntlm_context *x = (struct ntlm_context *)c;
	const struct auth_span span = {(uint8_t *)bytes, n, false};
	struct arcfour_ctx before = x->session.in.seal;
	bool fits =
		x->leg == NTLM_LEG_DONE &&
		ntlm_session_unprotect(&x->session, AUTH_LEVEL_INTEGRITY, &span, 1, mic, mic_len);

	x->session.in.seal = before;
	secret_wipe(&before, sizeof(before));
	return fits;
}

static void
context_free(struct auth_context *c)
{
	struct ntlm_context *x = (struct ntlm_context *)c;

	mem_free(x->negotiate.bytes);
	mem_free(x->challenge.bytes);
	secret_free(x, sizeof(*x));
}

static const struct auth_methods initiator_methods = {.name = "NTLM",
	.step = ntlm_step_initiate,
	.signature_size = signature_size,
	.protect = protect,
	.unprotect = unprotect,
	.names = names,
	.session_key = session_key,
	.expiry = expiry,
	.mic = mic,
	.check_mic = check_mic,
	.free = context_free};

static const struct auth_methods acceptor_methods = {.name = "NTLM",
	.step = ntlm_step_accept,
	.signature_size = signature_size,
	.protect = protect,
	.unprotect = unprotect,
	.names = names,
	.session_key = session_key,
	.expiry = expiry,
	.mic = mic,
	.check_mic = check_mic,
	.free = context_free};

struct ntlm_context *
ntlm_context_new(bool initiator)
{
	struct ntlm_context *x = secret_new(sizeof(*x));

	if (!x)
		return NULL;
	auth_context_init(&x->base, initiator ? &initiator_methods : &acceptor_methods);
	/* With extended session security Windows and Samba sign the whole PDU, also when nobody asked for it. */
	x->base.signs_headers = true;
	return x;
}

bool
ntlm_keep(struct auth_token *t, const void *bytes, size_t n)
{
	uint8_t *copy = mem_alloc(n);

	if (!copy)
		return false;
	memcpy(copy, bytes, n);
	mem_free(t->bytes);
	*t = (struct auth_token){copy, n};
	return true;
}

void
ntlm_mic(const struct ntlm_context *x, const uint8_t key[NTLM_KEY_SIZE],
	const uint8_t *authenticate, size_t n, uint8_t ret[NTLM_MIC_SIZE])
{
	static const uint8_t zero[NTLM_MIC_SIZE];
	const size_t behind = NTLM_MIC_OFFSET + NTLM_MIC_SIZE;
	struct hmac_md5_ctx ctx;

	hmac_md5_set_key(&ctx, NTLM_KEY_SIZE, key);
	hmac_md5_update(&ctx, x->negotiate.len, x->negotiate.bytes);
	hmac_md5_update(&ctx, x->challenge.len, x->challenge.bytes);
	hmac_md5_update(&ctx, NTLM_MIC_OFFSET, authenticate);
	hmac_md5_update(&ctx, sizeof(zero), zero);
	hmac_md5_update(&ctx, n - behind, authenticate + behind);
	hmac_md5_digest(&ctx, NTLM_MIC_SIZE, ret);
	secret_wipe(&ctx, sizeof(ctx));
}

bool
ntlm_copy(char ret[NTLM_TEXT_SIZE], const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if (n >= NTLM_TEXT_SIZE || utf16_from_utf8(text ? text : "", n, NULL, 0) > NTLM_NAME_MAX)
		return false;
	if (n > 0)
		memcpy(ret, text, n);
	ret[n] = '\0';
	return true;
}

bool
ntlm_name_get(const struct ntlm_view *v, char ret[NTLM_TEXT_SIZE])
{
	uint16_t units[NTLM_NAME_MAX];
	size_t n = v->n / 2;

	if (v->n % 2 != 0 || n > NTLM_NAME_MAX)
		return false;
	utf16_from_le(v->p, n, units);
	for (size_t i = 0; i < n; i++)
		if (units[i] == 0)
			return false;
	return utf16_to_utf8(units, n, ret, NTLM_TEXT_SIZE) < NTLM_TEXT_SIZE;
}
