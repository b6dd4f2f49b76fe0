/* SPDX-License-Identifier: MIT */
/*
 * A security provider for tests: a leg's token begins with the leg's number, and anything else is wrong. A
 * signature is the sum of all bytes with the message's number, so that what is changed, repeated or left out shows.
 */
#ifndef AUTH_TRIAL_H
#define AUTH_TRIAL_H

#include "auth/provider.h"

enum { WATCHWORD_TOKEN = 4, WATCHWORD_SIGNATURE = 8 };

struct watchword {
	unsigned legs; /* that the client says: 1, or as NTLM's 2 */
	bool stays;    /* the server wants a further leg for ever */
};

/* For struct auth_acceptor; arg is a struct watchword that stays where it is. */
struct auth_context *watchword_accept(const void *arg);
struct auth_context *watchword_initiate(const struct watchword *);

#endif
