/* SPDX-License-Identifier: MIT */
#include "auth/ntlm_key.h"

#include <locale.h>
#include <string.h>
#include <wctype.h>

#include <nettle/arcfour.h>
#include <nettle/des.h>
#include <nettle/hmac.h>
#include <nettle/md4.h>
#include <nettle/md5.h>

#include "auth/ntlm_message.h"
#include "auth/secret.h"
#include "base/utf16.h"
#include "wire/cursor.h"

/* --- text --- */

/* One unit to one unit, as Windows folds account names; outside of ASCII as the C library's UTF-8 locale does. */
static void
units_raise(uint16_t *units, size_t n)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	for (size_t i = 0; i < n; i++) {
		wint_t up = units[i];

		if (units[i] < 0x80)
			up = units[i] >= 'a' && units[i] <= 'z' ? units[i] - 32u : units[i];
		else if (locale)
			up = towupper_l(units[i], locale);
		if (up <= UINT16_MAX)
			units[i] = (uint16_t)up;
	}
	if (locale)
		freelocale(locale);
}

bool
ntlm_text(const char *text, bool upper, uint8_t ret[2 * NTLM_NAME_MAX], size_t *ret_n)
{
	uint16_t units[NTLM_NAME_MAX + 1];
	size_t n = utf16_from_utf8(text, strlen(text), units, NTLM_NAME_MAX + 1);
	struct wire_out out;

	if (n > NTLM_NAME_MAX)
		return false;
	if (upper)
		units_raise(units, n);
	wire_out_init(&out, ret, 2 * NTLM_NAME_MAX);
	for (size_t i = 0; i < n; i++)
		wire_out_u16(&out, units[i]);
	*ret_n = wire_out_offset(&out);
	secret_wipe(units, sizeof(units));
	return true;
}

/* --- hashes --- */

static void
md5(const void *a, size_t n, const void *b, size_t m, uint8_t ret[NTLM_KEY_SIZE])
{
	struct md5_ctx ctx;

	md5_init(&ctx);
	md5_update(&ctx, n, a);
	md5_update(&ctx, m, b);
	md5_digest(&ctx, NTLM_KEY_SIZE, ret);
	secret_wipe(&ctx, sizeof(ctx));
}

static void
hmac(const uint8_t key[NTLM_KEY_SIZE], const void *a, size_t n, const void *b, size_t m,
	uint8_t ret[NTLM_KEY_SIZE])
{
	struct hmac_md5_ctx ctx;

	hmac_md5_set_key(&ctx, NTLM_KEY_SIZE, key);
	hmac_md5_update(&ctx, n, a);
	hmac_md5_update(&ctx, m, b);
	hmac_md5_digest(&ctx, NTLM_KEY_SIZE, ret);
	secret_wipe(&ctx, sizeof(ctx));
}

static void
md4(const void *bytes, size_t n, uint8_t ret[NTLM_KEY_SIZE])
{
	struct md4_ctx ctx;

	md4_init(&ctx);
	md4_update(&ctx, n, bytes);
	md4_digest(&ctx, NTLM_KEY_SIZE, ret);
	secret_wipe(&ctx, sizeof(ctx));
}

bool
ntlm_nt_hash(const char *password, uint8_t ret[NTLM_KEY_SIZE])
{
	uint8_t text[2 * NTLM_NAME_MAX];
	size_t n;

	if (!ntlm_text(password, false, text, &n))
		return false;
	md4(text, n, ret);
	secret_wipe(text, sizeof(text));
	return true;
}

/* --- NTLMv2, [MS-NLMP] 3.3.2 --- */

bool
ntlm_v2_key(const uint8_t nt_hash[NTLM_KEY_SIZE], const char *user, const char *domain,
	uint8_t ret[NTLM_KEY_SIZE])
{
	uint8_t user_text[2 * NTLM_NAME_MAX], domain_text[2 * NTLM_NAME_MAX];
	size_t n, m;

	if (!ntlm_text(user, true, user_text, &n) || !ntlm_text(domain, false, domain_text, &m))
		return false;
	hmac(nt_hash, user_text, n, domain_text, m, ret);
	return true;
}

void
ntlm_v2_proof(const uint8_t key[NTLM_KEY_SIZE], const uint8_t challenge[NTLM_CHALLENGE_SIZE],
	const void *rest, size_t n, uint8_t ret[NTLM_KEY_SIZE])
{
	hmac(key, challenge, NTLM_CHALLENGE_SIZE, rest, n, ret);
}

void
ntlm_v2_session_key(const uint8_t key[NTLM_KEY_SIZE], const uint8_t proof[NTLM_KEY_SIZE],
	uint8_t ret[NTLM_KEY_SIZE])
{
	hmac(key, proof, NTLM_KEY_SIZE, "", 0, ret);
}

/* --- NTLMv1, [MS-NLMP] 3.3.1 --- */

/* 56 bits, each seven of them with a parity bit that nobody looks at. */
static void
des(const uint8_t key[7], const uint8_t in[DES_BLOCK_SIZE], uint8_t ret[DES_BLOCK_SIZE])
{
	uint8_t spread[DES_KEY_SIZE];
	struct des_ctx ctx;

	spread[0] = key[0];
	for (unsigned i = 1; i < 7; i++)
		spread[i] = (uint8_t)(key[i - 1] << (8 - i) | key[i] >> i);
	spread[7] = (uint8_t)(key[6] << 1);
	des_set_key(&ctx, spread);
	des_encrypt(&ctx, DES_BLOCK_SIZE, ret, in);
	secret_wipe(spread, sizeof(spread));
	secret_wipe(&ctx, sizeof(ctx));
}

void
ntlm_v1_response(const uint8_t nt_hash[NTLM_KEY_SIZE], const uint8_t server[NTLM_CHALLENGE_SIZE],
	const uint8_t *client, uint8_t ret[NTLM_V1_RESPONSE_SIZE])
{
	uint8_t key[21] = {0}, both[NTLM_KEY_SIZE];

	memcpy(both, server, NTLM_CHALLENGE_SIZE);
	if (client)
		md5(server, NTLM_CHALLENGE_SIZE, client, NTLM_CHALLENGE_SIZE, both);
	memcpy(key, nt_hash, NTLM_KEY_SIZE);
	for (unsigned i = 0; i < 3; i++)
		des(key + 7 * i, both, ret + 8 * i);
	secret_wipe(key, sizeof(key));
}

void
ntlm_v1_session_key(const uint8_t nt_hash[NTLM_KEY_SIZE], const uint8_t server[NTLM_CHALLENGE_SIZE],
	const uint8_t *client, uint8_t ret[NTLM_KEY_SIZE])
{
	uint8_t base[NTLM_KEY_SIZE];

	md4(nt_hash, NTLM_KEY_SIZE, base);
	if (client)
		hmac(base, server, NTLM_CHALLENGE_SIZE, client, NTLM_CHALLENGE_SIZE, ret);
	else
		memcpy(ret, base, NTLM_KEY_SIZE);
	secret_wipe(base, sizeof(base));
}

/* --- session keys, [MS-NLMP] 3.4.5 --- */

void
ntlm_key_exchange(const uint8_t key[NTLM_KEY_SIZE], const uint8_t in[NTLM_KEY_SIZE],
	uint8_t ret[NTLM_KEY_SIZE])
{
	struct arcfour_ctx ctx;

	arcfour_set_key(&ctx, NTLM_KEY_SIZE, key);
	arcfour_crypt(&ctx, NTLM_KEY_SIZE, ret, in);
	secret_wipe(&ctx, sizeof(ctx));
}

void
ntlm_sign_key(const uint8_t exported[NTLM_KEY_SIZE], bool of_client, uint8_t ret[NTLM_KEY_SIZE])
{
	static const char client[] = "session key to client-to-server signing key magic constant";
	static const char server[] = "session key to server-to-client signing key magic constant";

	/* the constants go in with their NUL */
	md5(exported, NTLM_KEY_SIZE, of_client ? client : server, sizeof(client), ret);
}

void
ntlm_seal_key(const uint8_t exported[NTLM_KEY_SIZE], uint32_t flags, bool of_client,
	uint8_t ret[NTLM_KEY_SIZE])
{
	static const char client[] = "session key to client-to-server sealing key magic constant";
	static const char server[] = "session key to server-to-client sealing key magic constant";
	size_t n = flags & NTLM_128 ? 16 : flags & NTLM_56 ? 7 : 5;

	md5(exported, n, of_client ? client : server, sizeof(client), ret);
}
