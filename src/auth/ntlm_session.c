/* SPDX-License-Identifier: MIT */
#include "auth/ntlm_session.h"

#include <string.h>

#include "auth/ntlm_message.h"
#include "auth/secret.h"
#include "wire/cursor.h"

static void
direction_init(struct ntlm_direction *d, const struct ntlm_session *s, bool of_client)
{
	uint8_t key[NTLM_KEY_SIZE];

	ntlm_sign_key(s->key, of_client, key);
	hmac_md5_set_key(&d->sign, sizeof(key), key);
	ntlm_seal_key(s->key, s->flags, of_client, key);
	arcfour_set_key(&d->seal, sizeof(key), key);
	d->sequence = 0;
	secret_wipe(key, sizeof(key));
}

void
ntlm_session_init(
	struct ntlm_session *s, uint32_t flags, const uint8_t key[NTLM_KEY_SIZE], bool client)
{
	s->flags = flags;
	memcpy(s->key, key, NTLM_KEY_SIZE);
	direction_init(&s->out, s, client);
	direction_init(&s->in, s, !client);
}

static bool
may(const struct ntlm_session *s, enum auth_level level)
{
	uint32_t needed = level == AUTH_LEVEL_PRIVACY ? NTLM_SEAL : NTLM_SIGN | NTLM_SEAL;

	return (s->flags & needed) && (s->flags & NTLM_EXTENDED_SECURITY);
}

static void
crypt_spans(struct ntlm_direction *d, const struct auth_span *spans, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (spans[i].sealed)
			arcfour_crypt(&d->seal, spans[i].len, spans[i].p, spans[i].p);
}

/* HMAC_MD5(key, sequence || message), of which eight bytes travel. */
static void
checksum(struct ntlm_direction *d, const struct auth_span *spans, size_t n, uint8_t ret[8])
{
	uint8_t sequence[4];
	struct wire_out out;

	wire_out_init(&out, sequence, sizeof(sequence));
	wire_out_u32(&out, d->sequence);
	hmac_md5_update(&d->sign, sizeof(sequence), sequence);
	for (size_t i = 0; i < n; i++)
		hmac_md5_update(&d->sign, spans[i].len, spans[i].p);
	hmac_md5_digest(&d->sign, 8, ret);
}

/* The key stream goes over the message first, then over the checksum ([MS-NLMP] 3.4.3). */
static void
signature_make(const struct ntlm_session *s, struct ntlm_direction *d, uint8_t sum[8],
	uint8_t ret[NTLM_SIGNATURE_SIZE])
{
	struct wire_out out;

	if (s->flags & NTLM_KEY_EXCH)
		arcfour_crypt(&d->seal, 8, sum, sum);
	wire_out_init(&out, ret, NTLM_SIGNATURE_SIZE);
	wire_out_u32(&out, 1); /* version */
	wire_out_bytes(&out, sum, 8);
	wire_out_u32(&out, d->sequence++);
}

bool
ntlm_session_protect(struct ntlm_session *s, enum auth_level level, const struct auth_span *spans,
	size_t n, uint8_t ret_signature[NTLM_SIGNATURE_SIZE])
{
	uint8_t sum[8];

	if (!may(s, level))
		return false;
	checksum(&s->out, spans, n, sum);
	if (level == AUTH_LEVEL_PRIVACY)
		crypt_spans(&s->out, spans, n);
	signature_make(s, &s->out, sum, ret_signature);
	return true;
}

bool
ntlm_session_unprotect(struct ntlm_session *s, enum auth_level level, const struct auth_span *spans,
	size_t n, const uint8_t *signature, size_t signature_len)
{
	uint8_t sum[8], expected[NTLM_SIGNATURE_SIZE];

	if (!may(s, level) || signature_len != NTLM_SIGNATURE_SIZE)
		return false;
	if (level == AUTH_LEVEL_PRIVACY)
		crypt_spans(&s->in, spans, n);
	checksum(&s->in, spans, n, sum);
	signature_make(s, &s->in, sum, expected);
	return secret_equal(expected, signature, NTLM_SIGNATURE_SIZE);
}
