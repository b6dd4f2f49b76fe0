/* SPDX-License-Identifier: MIT */
/* From a password to the keys of a session ([MS-NLMP] 3.3, 3.4.5). */
#ifndef AUTH_NTLM_KEY_H
#define AUTH_NTLM_KEY_H

#include <sallyport/types.h>

#define NTLM_KEY_SIZE 16
#define NTLM_CHALLENGE_SIZE 8
#define NTLM_V1_RESPONSE_SIZE 24
#define NTLM_NAME_MAX 256 /* UTF-16 units of a user, domain, computer or password */
#define NTLM_TEXT_SIZE (3 * NTLM_NAME_MAX + 1) /* the same in UTF-8, with its NUL */

/* UTF-8 to UTF-16LE; `upper` as Windows folds names. Returns bytes; false: too long. */
SP_NODISCARD bool ntlm_text(
	const char *text, bool upper, uint8_t ret[2 * NTLM_NAME_MAX], size_t *ret_n);

/* NTOWFv1: what a file of hashes holds. False: too long a password. */
SP_NODISCARD bool ntlm_nt_hash(const char *password, uint8_t ret[NTLM_KEY_SIZE]);
/* NTOWFv2. False: too long a name. */
SP_NODISCARD bool ntlm_v2_key(const uint8_t nt_hash[NTLM_KEY_SIZE], const char *user,
	const char *domain, uint8_t ret[NTLM_KEY_SIZE]);
/* HMAC_MD5(key, challenge || rest): NTProofStr, and the first part of the LMv2 response. */
void ntlm_v2_proof(const uint8_t key[NTLM_KEY_SIZE], const uint8_t challenge[NTLM_CHALLENGE_SIZE],
	const void *rest, size_t n, uint8_t ret[NTLM_KEY_SIZE]);
/* SessionBaseKey of NTLMv2, which is also its key exchange key. */
void ntlm_v2_session_key(const uint8_t key[NTLM_KEY_SIZE], const uint8_t proof[NTLM_KEY_SIZE],
	uint8_t ret[NTLM_KEY_SIZE]);

/* The NT response of NTLMv1; with a client's challenge when extended session security was negotiated, else NULL. */
void ntlm_v1_response(const uint8_t nt_hash[NTLM_KEY_SIZE],
	const uint8_t server[NTLM_CHALLENGE_SIZE], const uint8_t *client,
	uint8_t ret[NTLM_V1_RESPONSE_SIZE]);
/* KXKEY of NTLMv1 with extended session security; without it (client NULL) the SessionBaseKey. */
void ntlm_v1_session_key(const uint8_t nt_hash[NTLM_KEY_SIZE],
	const uint8_t server[NTLM_CHALLENGE_SIZE], const uint8_t *client,
	uint8_t ret[NTLM_KEY_SIZE]);

/* RC4K: the exported session key under the key exchange key, either way. */
void ntlm_key_exchange(const uint8_t key[NTLM_KEY_SIZE], const uint8_t in[NTLM_KEY_SIZE],
	uint8_t ret[NTLM_KEY_SIZE]);
/* SIGNKEY and SEALKEY with extended session security; `flags` say how many bits. */
void ntlm_sign_key(
	const uint8_t exported[NTLM_KEY_SIZE], bool of_client, uint8_t ret[NTLM_KEY_SIZE]);
void ntlm_seal_key(const uint8_t exported[NTLM_KEY_SIZE], uint32_t flags, bool of_client,
	uint8_t ret[NTLM_KEY_SIZE]);

#endif
