/* SPDX-License-Identifier: MIT */
/* What came back, in words: the sentences of the communication phase. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/uuid.h"
#include "rpc/client.h"
#include "rpc/extended.h"
#include "rpc/fault.h"
#include "wire/bind.h"

static const char *
where(const struct client_call *c)
{
	return c->session ? c->session->peer : client_where(c->call.client);
}

static void
question_format(const struct client_call *c, char *ret, size_t cap)
{
	char uuid[SP_UUID_TEXT];

	sp_uuid_format(&c->interface.uuid, uuid);
	if (c->bind_only)
		snprintf(ret, cap, "bind to %.100s for %s %u.%u", where(c), uuid,
			c->interface.major, c->interface.minor);
	else
		snprintf(ret, cap, "call opnum %u of %s %u.%u at %.100s", c->opnum, uuid,
			c->interface.major, c->interface.minor, where(c));
}

/* status, evidence and the rest of the sentence: "what came back - what it means" */
static sp_status SP_PRINTF(5, 6) say(struct client_call *c, sp_status status,
	enum sp_evidence evidence, bool did_not_execute, const char *fmt, ...)
{
	char tried[200], rest[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rest, sizeof(rest), fmt, ap);
	va_end(ap);
	question_format(c, tried, sizeof(tried));
	error_set(&c->error, SP_PHASE_COMMUNICATION, status, "%s - %s", tried, rest);
	c->error.evidence = evidence;
	c->error.did_not_execute = did_not_execute;
	return status;
}

/* The server's own words, when it sent some; the root of its records ends the sentence. */
static void
explain(struct client_call *c, const struct assoc_event *e)
{
	size_t len = strlen(c->error.sentence);
	const struct sp_error_record *r;
	const char *component;

	if (e->take_stub.len == 0 ||
		!eerr_get(buf_slice_bytes(&e->take_stub), e->take_stub.len, &c->error))
		return;
	r = &c->error.records[c->error.n_records - 1];
	component = sp_component_name(r->component);
	snprintf(c->error.sentence + len, sizeof(c->error.sentence) - len,
		" - %s of %s says %u at location %u", component ? component : "a component",
		*r->computer ? r->computer : "the server", r->status, r->location);
}

sp_status
outcome_fault(struct client_call *c, const struct assoc_event *e)
{
	sp_status status = fault_to_status(e->status);
	const char *name = sp_status_name(e->status), *text = sp_status_text(status);

	say(c, status, SP_EVIDENCE_FAULT, e->did_not_execute, "fault 0x%08x%s%s - %s", e->status,
		name ? " " : "", name ? name : "", text ? text : "the server's own status");
	c->error.fault_status = e->status;
	explain(c, e);
	return status;
}

sp_status
outcome_rejected(struct client_call *c, const struct assoc_event *e)
{
	sp_status status = RPC_S_CALL_FAILED_DNE;
	const char *means = "the server does not take this context";

	if (e->result == CONTEXT_PROVIDER_REJECTION &&
		e->reason == REASON_ABSTRACT_SYNTAX_NOT_SUPPORTED) {
		status = RPC_S_UNKNOWN_IF;
		means = "a service answers there, but it does not offer this interface";
	} else if (e->result == CONTEXT_PROVIDER_REJECTION &&
		   e->reason == REASON_PROPOSED_TRANSFER_SYNTAXES_NOT_SUPPORTED) {
		status = RPC_S_UNSUPPORTED_TRANS_SYN;
		means = "the service has the interface, but in none of the transfer syntaxes that "
			"were offered";
	} else if (e->result == CONTEXT_ACCEPTANCE) {
		status = RPC_S_UNSUPPORTED_TRANS_SYN;
		means = "this server chose another transfer syntax than the one before, in which "
			"the "
			"call was made - call again";
	}
	say(c, status, SP_EVIDENCE_CONTEXT, true,
		"context refused, result %u, reason %u, %s ([C706] 12.6.3.1) - %s", e->result,
		e->reason, e->what ? e->what : "unknown", means);
	c->error.context_result = e->result;
	c->error.context_reason = e->reason;
	return status;
}

sp_status
outcome_nak(struct client_call *c, const struct assoc_event *e)
{
	sp_status status = nak_to_status(e->reason);

	say(c, status, SP_EVIDENCE_BIND_NAK, true, "bind_nak, reason %u, %s - %s", e->reason,
		e->what ? e->what : "unknown", "the server refuses the connection as a whole");
	c->error.nak_reason = e->reason;
	explain(c, e);
	return status;
}

static sp_status
lost_status(bool sent)
{
	return sent ? RPC_S_CALL_FAILED : RPC_S_CALL_FAILED_DNE;
}

static const char *
lost_meaning(bool sent)
{
	return sent ? "it is not known whether the call ran" : "the call did not run";
}

sp_status
outcome_closed(struct client_call *c, const struct assoc_event *e, bool sent)
{
	switch (e->close) {
	case ASSOC_CLOSE_PROTOCOL:
		return say(c, RPC_S_PROTOCOL_ERROR, SP_EVIDENCE_PROTOCOL, !sent,
			"%s in a %s at byte %u - the peer does not keep to the protocol",
			e->fault.what ? e->fault.what : e->what, ptype_name(e->ptype), e->fault.at);
	case ASSOC_CLOSE_LIMIT:
		return say(c, RPC_S_OUT_OF_RESOURCES, SP_EVIDENCE_PROTOCOL, !sent,
			"%s - the answer is larger than max_reply allows", e->what);
	case ASSOC_CLOSE_SECURITY:
		return say(c, RPC_S_SEC_PKG_ERROR, SP_EVIDENCE_PROTOCOL, !sent,
			"%s - the security provider does not go on with this server", e->what);
	case ASSOC_CLOSE_MEMORY: return error_no_memory(&c->error);
	case ASSOC_CLOSE_LOCAL:
		return say(c, lost_status(sent), SP_EVIDENCE_NONE, !sent,
			"this client closed the connection - %s", lost_meaning(sent));
	default:
		return say(c, lost_status(sent), SP_EVIDENCE_CLOSED, !sent,
			"the peer closed the connection - %s", lost_meaning(sent));
	}
}

sp_status
outcome_broken(struct client_call *c, int sys_errno, bool sent)
{
	say(c, lost_status(sent), SP_EVIDENCE_ERRNO, !sent, "%s - %s", strerror(sys_errno),
		lost_meaning(sent));
	c->error.sys_errno = sys_errno;
	return lost_status(sent);
}

sp_status
outcome_timeout(struct client_call *c, sp_nanos waited, bool sent)
{
	sp_status status = sent ? RPC_S_CALL_CANCELLED : RPC_S_CALL_FAILED_DNE;

	say(c, status, SP_EVIDENCE_TIMEOUT, !sent,
		"no answer in %lld ms - the server is busy or hangs, or something on the way drops "
		"data",
		(long long)(waited / SP_MILLISECOND));
	c->error.waited = waited;
	return status;
}

sp_status
outcome_cancelled(struct client_call *c, bool sent)
{
	return say(c, RPC_S_CALL_CANCELLED, SP_EVIDENCE_NONE, !sent, "cancelled here - %s",
		lost_meaning(sent));
}
