/* SPDX-License-Identifier: MIT */
/* Phase 3 when the service is wanted over named pipes: not the mapper leads there, but SMB. */
#include <stdio.h>
#include <string.h>

#include "catalog/interfaces.h"
#include "catalog/statuses.h"
#include "doctor/plan.h"
#include "doctor/smb.h"

#define LIMIT (3 * SP_SECOND)

static const char *
status_says(uint32_t status, char *ret, size_t cap)
{
	const struct catalog_status *known = catalog_status_find(STATUS_NTSTATUS, status);

	if (!status)
		snprintf(ret, cap, "good");
	else
		snprintf(ret, cap, "0x%08x %s", status, known ? known->symbol : "");
	return ret;
}

static void
steps_say(struct plan *p, const struct smb *smb)
{
	char what[300], says[120];

	for (int i = 0; i < SMB_STEPS && i <= (int)smb->reached; i++) {
		bool is_last = i == (int)smb->reached;

		snprintf(what, sizeof(what), "SMB %s%s%.200s", smb_step_name((enum smb_step)i),
			i == SMB_CREATE ? " " : "", i == SMB_CREATE ? smb->pipe : "");
		if (!is_last)
			snprintf(says, sizeof(says), "good");
		else if (smb->reply == SEEN_SMB_REPLY_ANSWERED)
			status_says(smb->status, says, sizeof(says));
		else
			snprintf(says, sizeof(says), "%s",
				smb->reply == SEEN_SMB_REPLY_CLOSED ? "the session was closed"
								    : "no answer");
		plan_step(p, SP_PHASE_DISCOVERY, is_last ? EXAM_BAD : EXAM_GOOD, what, says);
	}
}

static void
facts_say(struct plan *p, const struct smb *smb)
{
	static const enum fact facts[SMB_STEPS] = {[SMB_SESSION] = FACT_SMB_SESSION,
		[SMB_TREE] = FACT_SMB_TREE,
		[SMB_CREATE] = FACT_SMB_CREATE};

	plan_fact(p, FACT_SMB_NEGOTIATE,
		smb->reached > SMB_NEGOTIATE ? SEEN_SMB_REPLY_ANSWERED : smb->reply);
	plan_fact(p, FACT_SMB_ONLY_VERSION1, false);
	plan_fact(p, FACT_SMB_IS_ANONYMOUS, true);
	plan_fact(p, FACT_SMB_IS_PRINT, !strcasecmp(smb->pipe, "spoolss"));
	/* nobody has no key to sign with; who is let in all the same is not asked for signatures */
	plan_fact(p, FACT_SMB_SIGNING_POSSIBLE,
		!(smb->signs_always && (smb->reached == SMB_SESSION || smb->reached == SMB_TREE)));
	if (smb->reached > SMB_NEGOTIATE) {
		plan_fact(p, FACT_SMB_SIGNING_REQUIRED, smb->signs_always);
		plan_fact(p, FACT_CLOCK_SKEW_S, smb->skew_s < 0 ? -smb->skew_s : smb->skew_s);
	}
	for (int i = SMB_SESSION; i < SMB_STEPS; i++) {
		if (i < (int)smb->reached)
			plan_fact(p, facts[i], 0);
		else if (i == (int)smb->reached && smb->reply == SEEN_SMB_REPLY_ANSWERED)
			plan_fact(p, facts[i], smb->status);
	}
}

/* "\pipe\samr" of the interface's row is "samr"; without a row the mapper's own. */
static const char *
pipe_of(const struct plan *p)
{
	const struct catalog_interface *known = catalog_interface_find(&p->wish->interface.uuid);
	const char *pipe = p->wish->has_interface && known ? known->pipe : NULL;
	const char *last = pipe ? strrchr(pipe, '\\') : NULL;

	return last ? last + 1 : "epmapper";
}

bool
plan_pipes(struct plan *p)
{
	struct smb smb = {.address = p->dialled, .host = p->wish->host, .pipe = pipe_of(p)};

	address_set_port(&smb.address, 445);
	smb_open_pipe(&smb, plan_until(p, LIMIT));
	steps_say(p, &smb);
	facts_say(p, &smb);
	return smb.reached == SMB_STEPS || plan_fails(p, SP_PHASE_DISCOVERY);
}
