/* SPDX-License-Identifier: MIT */
/* What a question came to when the answer is not simply yes. */
#ifndef REPORT_FINDING_H
#define REPORT_FINDING_H

#include <sallyport/error.h>

#include "catalog/statuses.h"

/* The numbers are the programs' exit statuses. */
enum outcome {
	OUTCOME_GOOD = 0,
	OUTCOME_NEGATIVE = 1,      /* the answer is no, and somebody said so */
	OUTCOME_UNDECIDED = 2,     /* nobody answered: filtered, down, or too slow */
	OUTCOME_COULD_NOT_RUN = 3, /* the fault is on our side: memory, rights, what we cannot do */
	OUTCOME_USAGE = 64,
};
const char *outcome_name(enum outcome); /* "good", "negative", ...; static */

struct finding {
	enum outcome outcome;
	struct sp_error error;
	char next[512]; /* a command to type next; "" when there is none */
};

/* What an error says about the other side. */
enum outcome finding_outcome(const struct sp_error *);
/* "errno", "timeout", ...; "none". Static. */
const char *finding_evidence_name(enum sp_evidence);
/* What the catalogue has about an error's status, and about the number that is its evidence; NULL: nothing. */
const struct catalog_status *finding_status(const struct sp_error *);
const struct catalog_status *finding_evidence(const struct sp_error *);

#endif
