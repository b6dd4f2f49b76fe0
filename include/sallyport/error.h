/* SPDX-License-Identifier: MIT */
/*
 * Every failure that reaches a user: which of the four phases of a call it
 * happened in, the status as Windows numbers it, the evidence from the wire or
 * the system, and one sentence.
 *
 * Functions that can fail take `struct sp_error *reterr` last; it may be NULL
 * and is left untouched on success.
 */
#ifndef SALLYPORT_ERROR_H
#define SALLYPORT_ERROR_H

#include <sallyport/status.h>
#include <sallyport/types.h>

enum sp_phase {
	SP_PHASE_NONE, /* not about a call: configuration, memory, a caller's mistake */
	SP_PHASE_NAME_RESOLUTION,
	SP_PHASE_TCP_SESSION, /* also the local socket of ncalrpc */
	SP_PHASE_DISCOVERY,   /* asking the endpoint mapper */
	SP_PHASE_COMMUNICATION,
};

/* Which of the evidence members below is meant. */
enum sp_evidence {
	SP_EVIDENCE_NONE,
	SP_EVIDENCE_ERRNO,    /* sys_errno */
	SP_EVIDENCE_RESOLVER, /* resolver: an EAI_* code of getaddrinfo */
	SP_EVIDENCE_TIMEOUT,  /* waited: how long, in ns */
	SP_EVIDENCE_CLOSED,   /* the peer closed the connection */
	SP_EVIDENCE_FAULT,    /* fault_status: from a fault PDU */
	SP_EVIDENCE_BIND_NAK, /* nak_reason: from a bind_nak PDU, C706 p_reject_reason_t */
	SP_EVIDENCE_CONTEXT, /* context_result, context_reason: from a bind_ack or alter_context_resp */
	SP_EVIDENCE_MAPPER,   /* fault_status: the status that ept_map returned */
	SP_EVIDENCE_PROTOCOL, /* the peer sent bytes that the protocol forbids; see the sentence */
};

struct sp_error {
	enum sp_phase phase;
	sp_status status;
	enum sp_evidence evidence;
	int sys_errno;
	int resolver;
	sp_nanos waited;
	uint32_t fault_status;
	uint16_t nak_reason;
	uint16_t context_result;
	uint16_t context_reason;
	bool did_not_execute; /* it is certain that the call did not run on the server */
	/* what was tried - what came back - what it means; UTF-8, NUL-terminated */
	char sentence[400];
};

/* "name resolution", "TCP session", "discovery", "communication" or "none". Static string. */
const char *sp_phase_name(enum sp_phase phase);

/* The symbol of a status ("RPC_S_SERVER_UNAVAILABLE"), or NULL when it is not known. Static string. */
const char *sp_status_name(sp_status status);

/* A sentence that explains a status, or NULL when it is not known. Static string. */
const char *sp_status_text(sp_status status);

#endif
