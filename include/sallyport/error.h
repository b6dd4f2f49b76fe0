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

/*
 * Extended error information ([MS-EERR]): what the layers of a server (and of servers behind it) say about a failure, in
 * a fault or bind_nak. Texts are UTF-8, cut to fit, and a stranger's word: for people, not for decisions.
 */
enum sp_error_param_kind {
	SP_ERROR_PARAM_NONE,
	SP_ERROR_PARAM_TEXT,
	SP_ERROR_PARAM_NUMBER,
	SP_ERROR_PARAM_BYTES /* number: how many there were; they are not kept */
};

struct sp_error_param {
	enum sp_error_param_kind kind;
	int64_t number;
	char text[64];
};

#define SP_ERROR_PARAMS 4 /* [MS-EERR] 2.2.1.8 */
#define SP_ERROR_RECORDS 4

struct sp_error_record {
	char computer[64]; /* "": the computer of the record before, at first the server's */
	uint32_t process_id;
	int64_t time; /* 100 ns since 1601-01-01, UTC */
	uint32_t component;
	sp_status status;
	uint16_t location;                   /* a number of the component's own */
	bool earlier_missing, later_missing; /* there were records before, behind this one */
	uint8_t n_params;
	struct sp_error_param params[SP_ERROR_PARAMS];
};

/* Components of our own; Windows' are 1 application, 2 RPC runtime, 3 security provider, ... */
#define SP_COMPONENT_APPLICATION 0x53500001u
#define SP_COMPONENT_RUNTIME 0x53500002u

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
	/* the server's own words: each record is caused by the next one; the last is the root */
	uint8_t n_records;
	struct sp_error_record records[SP_ERROR_RECORDS];
};

/* "application", "RPC runtime", "Winsock", ..., or NULL. Static string. */
const char *sp_component_name(uint32_t component);

/* "name resolution", "TCP session", "discovery", "communication" or "none". Static string. */
const char *sp_phase_name(enum sp_phase phase);

/* The symbol of a status ("RPC_S_SERVER_UNAVAILABLE"), or NULL when it is not known. Static string. */
const char *sp_status_name(sp_status status);

/* A sentence that explains a status, or NULL when it is not known. Static string. */
const char *sp_status_text(sp_status status);

#endif
