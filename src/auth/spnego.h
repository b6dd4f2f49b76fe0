/* SPDX-License-Identifier: MIT */
/*
 * SPNEGO (RFC 4178, [MS-SPNG]), both sides: finds the provider that both know, and has that do the work. The list of
 * providers is confirmed with mechListMIC, so that nobody on the way can take the better ones out of it.
 */
#ifndef AUTH_SPNEGO_H
#define AUTH_SPNEGO_H

#include "auth/provider.h"

#define SPNEGO_OFFERS_MAX 2

/* What a server takes within SPNEGO, best first: AUTH_TYPE_KERBEROS, AUTH_TYPE_NTLM. Must outlive its contexts. */
struct spnego_acceptor {
	const struct auth_acceptor *acceptors;
	size_t n_acceptors;
};
struct auth_context *spnego_accept(const void *acceptor); /* for struct auth_acceptor */

struct spnego_offer {
	uint8_t type;
	struct auth_context *take; /* also on failure; NULL fails */
};
/* Best first. NULL: no memory. */
struct auth_context *spnego_initiate(const struct spnego_offer *, size_t n);

#endif
