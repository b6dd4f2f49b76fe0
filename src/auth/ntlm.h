/* SPDX-License-Identifier: MIT */
/*
 * NTLM, both sides ([MS-NLMP]): NTLMv2 with message integrity code, channel bindings, extended session security, 128 bits
 * and key exchange. What is weaker is refused; NTLMv1's response is made and taken only when the owner says so.
 */
#ifndef AUTH_NTLM_H
#define AUTH_NTLM_H

#include "auth/ntlm_key.h"
#include "auth/provider.h"

struct ntlm_account {
	char name[NTLM_TEXT_SIZE]; /* as the account is written, whatever the client's spelling */
	uint8_t nt_hash[NTLM_KEY_SIZE];
};

/* What a server knows; must outlive its contexts. Strings are UTF-8. */
struct ntlm_acceptor {
	const char *computer, *domain; /* NetBIOS names */
	const char *dns_computer;      /* or NULL */
	bool anonymous;                /* takes clients without a name */
	bool v1;
	bool mic_required; /* old clients send none: [MS-NLMP] 3.1.5.1.2 only says SHOULD */
	const uint8_t
		*channel_bindings; /* MD5 of them ([MS-NLMP] 2.2.2.1), or NULL: not asked for */
	/* False: no such account. Any thread. */
	bool (*lookup)(void *arg, const char *user, const char *domain, struct ntlm_account *ret);
	void *arg;
};
struct auth_context *ntlm_accept(const void *acceptor); /* for struct auth_acceptor */

/* Copied. An empty user: anonymous. */
struct ntlm_credentials {
	const char *user, *domain, *workstation;
	uint8_t nt_hash[NTLM_KEY_SIZE];
	const char *target; /* the SPN, or NULL */
	const uint8_t *channel_bindings;
	bool v1;
};
/* NULL: no memory, or a name that is too long. */
struct auth_context *ntlm_initiate(const struct ntlm_credentials *);

#endif
