/* SPDX-License-Identifier: MIT */
/* Signing and sealing with extended session security ([MS-NLMP] 3.4.2, 3.4.3, 3.4.4.2). */
#ifndef AUTH_NTLM_SESSION_H
#define AUTH_NTLM_SESSION_H

#include <nettle/arcfour.h>
#include <nettle/hmac.h>

#include "auth/ntlm_key.h"
#include "auth/provider.h"

#define NTLM_SIGNATURE_SIZE 16

struct ntlm_direction {
	struct hmac_md5_ctx sign;
	struct arcfour_ctx seal;
	uint32_t sequence;
};

struct ntlm_session {
	uint32_t flags; /* as negotiated */
	uint8_t key[NTLM_KEY_SIZE];
	struct ntlm_direction out, in;
};

/* `key` is the exported session key. */
void ntlm_session_init(
	struct ntlm_session *, uint32_t flags, const uint8_t key[NTLM_KEY_SIZE], bool client);
/* False: signing, or sealing, was not negotiated. */
SP_NODISCARD bool ntlm_session_protect(struct ntlm_session *, enum auth_level,
	const struct auth_span *, size_t n, uint8_t ret_signature[NTLM_SIGNATURE_SIZE]);
/* False: also a signature that does not fit, or is not the next one. Spans are decrypted all the same. */
SP_NODISCARD bool ntlm_session_unprotect(struct ntlm_session *, enum auth_level,
	const struct auth_span *, size_t n, const uint8_t *signature, size_t signature_len);

#endif
