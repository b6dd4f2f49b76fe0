/* SPDX-License-Identifier: MIT */
/* Who may ask, and how often. */
#ifndef EPM_ADMISSION_H
#define EPM_ADMISSION_H

#include "epm/client.h"
#include "epm/settings.h"

enum admission_verdict {
	ADMITTED,
	REFUSED_ANONYMOUS, /* RestrictRemoteClients */
	REFUSED_NETWORK,   /* not on the list of networks */
	REFUSED_RATE,
	ADMISSION_VERDICTS
};

struct admission; /* how much each source has asked; of fixed size */

SP_NODISCARD struct admission *admission_new(void);
void admission_free(struct admission *);

enum admission_verdict admission_ask(
	struct admission *, const struct settings *, const struct client *, sp_nanos now);
/* The fault that says so: ERROR_ACCESS_DENIED, NCA_S_SERVER_TOO_BUSY; 0. */
sp_status admission_fault(enum admission_verdict);
const char *admission_reason(enum admission_verdict);
/* True once a minute for each source: a refusal that is worth a line in the log. */
bool admission_is_news(struct admission *, const struct client *, sp_nanos now);

#endif
