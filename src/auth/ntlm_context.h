/* SPDX-License-Identifier: MIT */
/* What both sides of NTLM keep. For auth/ntlm_*.c only. */
#ifndef AUTH_NTLM_CONTEXT_H
#define AUTH_NTLM_CONTEXT_H

#include "auth/ntlm.h"
#include "auth/ntlm_message.h"
#include "auth/ntlm_session.h"

#define NTLM_MINE                                                                                  \
	(NTLM_UNICODE | NTLM_REQUEST_TARGET | NTLM_SIGN | NTLM_SEAL | NTLM_NTLM |                  \
		NTLM_ALWAYS_SIGN | NTLM_EXTENDED_SECURITY | NTLM_TARGET_INFO | NTLM_VERSION |      \
		NTLM_128 | NTLM_KEY_EXCH | NTLM_56)
/* Without them nothing is signed as it should be. */
#define NTLM_NEEDED (NTLM_UNICODE | NTLM_EXTENDED_SECURITY)

enum ntlm_leg { NTLM_LEG_FIRST, NTLM_LEG_SECOND, NTLM_LEG_DONE, NTLM_LEG_FAILED };

struct ntlm_context {
	struct auth_context base; /* the first member */
	enum ntlm_leg leg;
	struct auth_token negotiate, challenge; /* as they travelled: the MIC goes over them */
	struct ntlm_session session;
	bool anonymous;
	char user[NTLM_TEXT_SIZE], domain[NTLM_TEXT_SIZE];
	/* acceptor */
	const struct ntlm_acceptor *acceptor;
	uint8_t server_challenge[NTLM_CHALLENGE_SIZE];
	/* initiator */
	char workstation[NTLM_TEXT_SIZE], target[NTLM_TEXT_SIZE];
	uint8_t nt_hash[NTLM_KEY_SIZE], bindings[NTLM_KEY_SIZE];
	bool v1;
};

struct ntlm_context *ntlm_context_new(bool initiator); /* NULL: no memory */
/* A copy that the context keeps. */
SP_NODISCARD bool ntlm_keep(struct auth_token *, const void *, size_t n);
/* Over the three messages; `authenticate` counts as if its MIC were zero. */
void ntlm_mic(const struct ntlm_context *, const uint8_t key[NTLM_KEY_SIZE],
	const uint8_t *authenticate, size_t n, uint8_t ret[NTLM_MIC_SIZE]);
/* False: too long. */
SP_NODISCARD bool ntlm_copy(char ret[NTLM_TEXT_SIZE], const char *text);
/* UTF-16LE of the wire to UTF-8. False: too long, or not a name. */
SP_NODISCARD bool ntlm_name_get(const struct ntlm_view *, char ret[NTLM_TEXT_SIZE]);

enum auth_outcome ntlm_step_accept(
	struct auth_context *, const void *, size_t, struct auth_token *ret, const char **ret_why);
enum auth_outcome ntlm_step_initiate(
	struct auth_context *, const void *, size_t, struct auth_token *ret, const char **ret_why);

#endif
