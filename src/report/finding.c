/* SPDX-License-Identifier: MIT */
#include "report/finding.h"

#include <errno.h>
#include <netdb.h>

#define CONTEXT_REJECTED 2 /* by the provider: the only result with a reason, C706 12.6.3.1 */

const char *
outcome_name(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_GOOD: return "good";
	case OUTCOME_NEGATIVE: return "negative";
	case OUTCOME_UNDECIDED: return "undecided";
	case OUTCOME_COULD_NOT_RUN: return "could not run";
	case OUTCOME_USAGE: return "usage";
	}
	return "unknown";
}

const char *
finding_evidence_name(enum sp_evidence evidence)
{
	switch (evidence) {
	case SP_EVIDENCE_NONE: return "none";
	case SP_EVIDENCE_ERRNO: return "errno";
	case SP_EVIDENCE_RESOLVER: return "resolver";
	case SP_EVIDENCE_TIMEOUT: return "timeout";
	case SP_EVIDENCE_CLOSED: return "closed";
	case SP_EVIDENCE_FAULT: return "fault";
	case SP_EVIDENCE_BIND_NAK: return "bind_nak";
	case SP_EVIDENCE_CONTEXT: return "context";
	case SP_EVIDENCE_MAPPER: return "mapper";
	case SP_EVIDENCE_PROTOCOL: return "protocol";
	}
	return "unknown";
}

const struct catalog_status *
finding_status(const struct sp_error *e)
{
	return catalog_status_next(e->status, NULL);
}

const struct catalog_status *
finding_evidence(const struct sp_error *e)
{
	switch (e->evidence) {
	case SP_EVIDENCE_MAPPER: return catalog_status_find(STATUS_MAPPER, e->fault_status);
	case SP_EVIDENCE_BIND_NAK: return catalog_status_find(STATUS_BIND_NAK, e->nak_reason);
	case SP_EVIDENCE_CONTEXT:
		return catalog_status_find(e->context_result == CONTEXT_REJECTED
						   ? STATUS_CONTEXT_REASON
						   : STATUS_CONTEXT_RESULT,
			e->context_result == CONTEXT_REJECTED ? e->context_reason
							      : e->context_result);
	case SP_EVIDENCE_FAULT: break;
	default: return NULL;
	}
	if (catalog_status_find(STATUS_FAULT, e->fault_status))
		return catalog_status_find(STATUS_FAULT, e->fault_status);
	return catalog_status_next(e->fault_status, NULL);
}

static enum outcome
errno_outcome(int sys_errno)
{
	switch (sys_errno) {
	case ETIMEDOUT:
	case EHOSTUNREACH: /* a router says so, or nobody answered ARP */
	case ENETUNREACH: return OUTCOME_UNDECIDED;
	case EACCES:
	case EPERM:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT: return OUTCOME_COULD_NOT_RUN;
	default: return OUTCOME_NEGATIVE;
	}
}

static enum outcome
resolver_outcome(int code)
{
	switch (code) {
	case EAI_AGAIN: return OUTCOME_UNDECIDED; /* no name server answered */
	case EAI_MEMORY:
	case EAI_SYSTEM: return OUTCOME_COULD_NOT_RUN;
	default: return OUTCOME_NEGATIVE;
	}
}

enum outcome
finding_outcome(const struct sp_error *error)
{
	switch (error->evidence) {
	case SP_EVIDENCE_TIMEOUT: return OUTCOME_UNDECIDED;
	case SP_EVIDENCE_ERRNO: return errno_outcome(error->sys_errno);
	case SP_EVIDENCE_RESOLVER: return resolver_outcome(error->resolver);
	case SP_EVIDENCE_NONE: break;
	default: return OUTCOME_NEGATIVE;
	}
	/* nothing came from outside: a status of a phase is an answer, the rest is ours */
	return error->phase == SP_PHASE_NONE || error->status == RPC_S_OUT_OF_MEMORY
		       ? OUTCOME_COULD_NOT_RUN
		       : OUTCOME_NEGATIVE;
}
