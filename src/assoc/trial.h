/* SPDX-License-Identifier: MIT */
/* For tests: the owner's part of a logon. */
#ifndef ASSOC_TRIAL_H
#define ASSOC_TRIAL_H

#include "assoc/assoc.h"
#include "auth/trial.h"

static inline void
trial_leg(struct assoc_conn *a, const struct assoc_event *e)
{
	struct auth_token token = {0};
	const char *why = NULL;
	enum auth_outcome outcome =
		auth_step(e->auth, buf_slice_bytes(&e->take_stub), e->take_stub.len, &token, &why);

	assoc_auth_done(a, outcome, &token, why);
}

/* False: no memory. */
static inline bool
trial_secure(struct assoc_conn *a, const struct watchword *word, uint8_t level)
{
	struct assoc_protection p = {
		.type = AUTH_TYPE_NTLM, .level = level, .take_auth = watchword_initiate(word)};

	return assoc_secure(a, &p);
}

#endif
