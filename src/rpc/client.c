/* SPDX-License-Identifier: MIT */
/* The blocking client: a binding, a connection, and the communication phase. */
#include "rpc/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/uuid.h"
#include "ndr/ndr.h"
#include "rpc/fault.h"

/* --- life --- */

static sp_status
binding_check(const sp_binding *b, struct sp_error *reterr)
{
	char *end;
	long port;

	if (strcmp(b->protseq, "ncacn_ip_tcp") && strcmp(b->protseq, "ncalrpc"))
		return error_set(reterr, SP_PHASE_NONE, RPC_S_PROTSEQ_NOT_SUPPORTED,
			"bind over %.40s - the protocol sequence is not supported by this client - "
			"use "
			"ncacn_ip_tcp or ncalrpc",
			b->protseq);
	if (!strcmp(b->protseq, "ncalrpc") || !*b->endpoint)
		return 0;
	port = strtol(b->endpoint, &end, 10);
	if (*end || port < 1 || port > 65535)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ENDPOINT_FORMAT,
			"bind to ncacn_ip_tcp:[%.60s] - that is no port from 1 to 65535 - an "
			"endpoint of "
			"this protocol sequence is a port in decimal digits",
			b->endpoint);
	return 0;
}

static bool
options_keep(sp_client *client, const struct sp_client_options *given)
{
	struct sp_client_options *o = &client->options;

	if (given)
		*o = *given;
#define DEFAULT(member, value) o->member = o->member ? o->member : (value)
	DEFAULT(resolve_timeout, 5 * SP_SECOND);
	DEFAULT(connect_timeout, 5 * SP_SECOND);
	DEFAULT(discovery_timeout, 5 * SP_SECOND);
	DEFAULT(communication_timeout, 10 * SP_SECOND);
	DEFAULT(max_fragment, 5840);
	DEFAULT(max_reply, 64u << 20);
	DEFAULT(max_memory, 256u << 20);
	DEFAULT(mapper_port, 135);
#undef DEFAULT
	client->limits = (struct assoc_limits){
		.max_fragment = o->max_fragment,
		.max_stub = o->max_reply,
		.max_contexts = 128,
		.max_calls = 1,
		/* requests are queued whole; what the user gives is the user's choice */
		.max_memory = UINT32_MAX,
	};
	if (!o->ncalrpc_dir)
		return true;
	o->ncalrpc_dir = mem_strdup(o->ncalrpc_dir);
	return o->ncalrpc_dir != NULL;
}

sp_status
sp_client_new(const char *string_binding, const struct sp_client_options *options,
	sp_client **ret_client, struct sp_error *reterr)
{
	sp_client *client = mem_zalloc(1, sizeof(*client));
	sp_status status;

	if (!client)
		return error_no_memory(reterr);
	client->link.fd = -1;
	if (!options_keep(client, options)) {
		mem_free(client);
		return error_no_memory(reterr);
	}
	status = sp_binding_parse(string_binding, &client->binding, reterr);
	if (!status)
		status = binding_check(client->binding, reterr);
	if (!status && client->options.max_fragment < PDU_MUST_RECV_FRAG_SIZE)
		status = error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"make a client with fragments of %u bytes - 1432 is the least that every "
			"implementation receives ([C706] 12.6.3.1) - raise max_fragment",
			client->options.max_fragment);
	if (status) {
		sp_client_free(client);
		return status;
	}
	client->local = !strcmp(client->binding->protseq, "ncalrpc");
	*ret_client = client;
	return 0;
}

void
sp_client_set_deadline(sp_client *client, sp_nanos deadline)
{
	client->options.deadline = deadline;
}

void
sp_client_disconnect(sp_client *client)
{
	if (client->connected)
		link_close(&client->link);
	client->connected = false;
}

void
sp_client_free(sp_client *client)
{
	if (!client)
		return;
	sp_client_disconnect(client);
	sp_binding_free(client->binding);
	mem_free((void *)client->options.ncalrpc_dir);
	mem_free(client->peer);
	mem_free(client);
}

const char *
sp_client_peer(const sp_client *client)
{
	return client->peer;
}

/* --- what came back, in words --- */

struct question { /* what is being tried, for the sentence */
	const sp_client *client;
	const struct sp_syntax_id *interface;
	const char *doing; /* "bind to", "call" */
	unsigned opnum;
	bool is_call;
	bool sent; /* a byte of the request has left */
};

static void
question_format(const struct question *q, char *ret, size_t cap)
{
	char uuid[SP_UUID_TEXT];

	sp_uuid_format(&q->interface->uuid, uuid);
	if (q->is_call)
		snprintf(ret, cap, "call opnum %u of %s %u.%u at %.100s", q->opnum, uuid,
			q->interface->major, q->interface->minor, client_where(q->client));
	else
		snprintf(ret, cap, "bind to %.100s for %s %u.%u", client_where(q->client), uuid,
			q->interface->major, q->interface->minor);
}

/* status, evidence and the rest of the sentence: "what came back - what it means" */
static sp_status SP_PRINTF(5, 6) say(const struct question *q, struct sp_error *reterr,
	sp_status status, enum sp_evidence evidence, const char *fmt, ...)
{
	char tried[200], rest[200];
	va_list ap;

	if (!reterr)
		return status;
	va_start(ap, fmt);
	vsnprintf(rest, sizeof(rest), fmt, ap);
	va_end(ap);
	question_format(q, tried, sizeof(tried));
	error_set(reterr, SP_PHASE_COMMUNICATION, status, "%s - %s", tried, rest);
	reterr->evidence = evidence;
	reterr->did_not_execute = !q->sent;
	return status;
}

static sp_status
say_fault(const struct question *q, const struct assoc_event *e, struct sp_error *reterr)
{
	sp_status status = fault_to_status(e->status);
	const char *name = sp_status_name(e->status), *text = sp_status_text(status);

	say(q, reterr, status, SP_EVIDENCE_FAULT, "fault 0x%08x%s%s - %s", e->status,
		name ? " " : "", name ? name : "", text ? text : "the server's own status");
	if (reterr) {
		reterr->fault_status = e->status;
		reterr->did_not_execute = e->did_not_execute;
	}
	return status;
}

static sp_status
say_rejected(const struct question *q, const struct assoc_event *e, struct sp_error *reterr)
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
		means = "the service has the interface, but not in NDR 2.0";
	}
	say(q, reterr, status, SP_EVIDENCE_CONTEXT,
		"context refused, result %u, reason %u, %s ([C706] 12.6.3.1) - %s", e->result,
		e->reason, e->what ? e->what : "unknown", means);
	if (reterr) {
		reterr->context_result = e->result;
		reterr->context_reason = e->reason;
		reterr->did_not_execute = true;
	}
	return status;
}

static sp_status
say_nak(const struct question *q, const struct assoc_event *e, struct sp_error *reterr)
{
	/* C706 12.6.4.5; Windows gives too-busy for congestion and a protocol error for the version */
	sp_status status =
		e->reason == NAK_TEMPORARY_CONGESTION || e->reason == NAK_LOCAL_LIMIT_EXCEEDED
			? RPC_S_SERVER_TOO_BUSY
		: e->reason == NAK_PROTOCOL_VERSION_NOT_SUPPORTED     ? RPC_S_PROTOCOL_ERROR
		: e->reason == NAK_AUTHENTICATION_TYPE_NOT_RECOGNIZED ? RPC_S_UNKNOWN_AUTHN_SERVICE
								      : RPC_S_CALL_FAILED_DNE;

	say(q, reterr, status, SP_EVIDENCE_BIND_NAK, "bind_nak, reason %u, %s - %s", e->reason,
		e->what ? e->what : "unknown", "the server refuses the connection as a whole");
	if (reterr) {
		reterr->nak_reason = e->reason;
		reterr->did_not_execute = true;
	}
	return status;
}

static sp_status
lost_status(const struct question *q)
{
	return q->sent ? RPC_S_CALL_FAILED : RPC_S_CALL_FAILED_DNE;
}

static const char *
lost_meaning(const struct question *q)
{
	return q->sent ? "it is not known whether the call ran" : "the call did not run";
}

static sp_status
say_closed(const struct question *q, const struct assoc_event *e, struct sp_error *reterr)
{
	switch (e->close) {
	case ASSOC_CLOSE_PROTOCOL:
		return say(q, reterr, RPC_S_PROTOCOL_ERROR, SP_EVIDENCE_PROTOCOL,
			"%s in a %s at byte %u - the peer does not keep to the protocol",
			e->fault.what ? e->fault.what : e->what, ptype_name(e->ptype), e->fault.at);
	case ASSOC_CLOSE_LIMIT:
		return say(q, reterr, RPC_S_OUT_OF_RESOURCES, SP_EVIDENCE_PROTOCOL,
			"%s - the answer is larger than max_reply allows", e->what);
	case ASSOC_CLOSE_MEMORY: return error_no_memory(reterr);
	default:
		return say(q, reterr, lost_status(q), SP_EVIDENCE_CLOSED,
			"the peer closed the connection - %s", lost_meaning(q));
	}
}

static sp_status
say_broken(const struct question *q, int error, struct sp_error *reterr)
{
	say(q, reterr, lost_status(q), SP_EVIDENCE_ERRNO, "%s - %s", strerror(error),
		lost_meaning(q));
	if (reterr)
		reterr->sys_errno = error;
	return lost_status(q);
}

static sp_status
say_timeout(const struct question *q, sp_nanos waited, struct sp_error *reterr)
{
	sp_status status = q->sent ? RPC_S_CALL_CANCELLED : RPC_S_CALL_FAILED_DNE;

	say(q, reterr, status, SP_EVIDENCE_TIMEOUT,
		"no answer in %lld ms - the server is busy or hangs, or something on the way drops "
		"data",
		(long long)(waited / SP_MILLISECOND));
	if (reterr)
		reterr->waited = waited;
	return status;
}

/* --- the communication phase --- */

static bool
ends_question(const struct assoc_event *e, uint32_t call_id)
{
	switch (e->kind) {
	case ASSOC_EVENT_CLOSE:
	case ASSOC_EVENT_NAK: return true;
	case ASSOC_EVENT_BOUND:
	case ASSOC_EVENT_REJECTED:
	case ASSOC_EVENT_RESPONSE:
	case ASSOC_EVENT_FAULT: return e->call_id == call_id;
	default: return false;
	}
}

/* 0: BOUND or RESPONSE in *ret. The connection is given up unless the peer's answer leaves it usable. */
static sp_status
answer_wait(sp_client *client, struct question *q, uint32_t call_id, sp_nanos timeout,
	struct assoc_event *ret, struct sp_error *reterr)
{
	sp_nanos began = time_now(), deadline = client_deadline(client, timeout);
	enum link_result result;
	sp_status status;

	do
		result = link_wait(&client->link, deadline, ret);
	while (result == LINK_EVENT && !ends_question(ret, call_id));
	if (result == LINK_EVENT &&
		(ret->kind == ASSOC_EVENT_BOUND || ret->kind == ASSOC_EVENT_RESPONSE))
		return 0;
	if (result == LINK_EVENT && ret->kind == ASSOC_EVENT_FAULT) {
		buf_slice_fini(&ret->take_stub);
		return say_fault(q, ret, reterr);
	}
	if (result == LINK_EVENT && ret->kind == ASSOC_EVENT_REJECTED)
		return say_rejected(q, ret, reterr);
	q->sent = q->is_call && assoc_call_was_sent(&client->link.conn, call_id);
	if (result == LINK_TIMEOUT)
		status = say_timeout(q, time_now() - began, reterr);
	else if (result == LINK_BROKEN)
		status = say_broken(q, client->link.sys_errno, reterr);
	else if (ret->kind == ASSOC_EVENT_NAK)
		status = say_nak(q, ret, reterr);
	else
		status = say_closed(q, ret, reterr);
	sp_client_disconnect(client);
	return status;
}

/* A connection that the server has closed while we were idle is made anew without a word. */
static sp_status
connection_have(sp_client *client, const struct sp_syntax_id *interface, struct sp_error *reterr)
{
	if (client->connected && link_is_stale(&client->link))
		sp_client_disconnect(client);
	return client->connected ? 0 : client_connect(client, interface, reterr);
}

static sp_status
bind_on(sp_client *client, const struct sp_syntax_id *interface, sp_nanos timeout,
	struct sp_error *reterr)
{
	struct question q = {.client = client, .interface = interface};
	struct assoc_event event;
	uint32_t call_id;

	if (!assoc_bind(&client->link.conn, interface, &SYNTAX_NDR, 1, &call_id)) {
		sp_client_disconnect(client);
		return error_no_memory(reterr);
	}
	return answer_wait(client, &q, call_id, timeout, &event, reterr);
}

sp_status
sp_client_bind(sp_client *client, const struct sp_syntax_id *interface, struct sp_error *reterr)
{
	sp_status status = connection_have(client, interface, reterr);

	if (status)
		return status;
	return bind_on(client, interface, client->options.communication_timeout, reterr);
}

/* Sends stub data and waits: the answer is in call->stub. */
static sp_status
exchange(sp_call *call, const struct sp_syntax_id *interface, uint16_t opnum, bool maybe,
	struct buf *take_stub, bool *ret_big_endian, struct sp_error *reterr)
{
	sp_client *client = call->client;
	struct question q = {
		.client = client, .interface = interface, .opnum = opnum, .is_call = true};
	struct assoc_request request = {
		.interface = *interface,
		.transfers = &SYNTAX_NDR,
		.n_transfers = 1,
		.opnum = opnum,
		.object = call->has_object ? &call->object : NULL,
		.maybe = maybe,
	};
	sp_nanos timeout = call->timeout ? call->timeout : client->options.communication_timeout;
	struct assoc_event event;
	uint32_t call_id;
	sp_status status = connection_have(client, interface, reterr);

	if (!request.object && client->binding->has_object)
		request.object = &client->binding->object;
	if (status) {
		buf_unref(take_stub);
		return status;
	}
	if (!assoc_call(&client->link.conn, &request, take_stub, &call_id)) {
		sp_client_disconnect(client);
		return error_no_memory(reterr);
	}
	status = answer_wait(client, &q, call_id, timeout, &event, reterr);
	if (status)
		return status;
	call->stub = event.take_stub;
	*ret_big_endian = event.big_endian;
	return 0;
}

/* --- calls --- */

sp_call *
sp_call_new(sp_client *client)
{
	sp_call *call = call_begin(client->options.max_memory);

	if (call)
		call->client = client;
	return call;
}

void
sp_call_free(sp_call *call)
{
	call_end(call);
}

void
sp_call_reset(sp_call *call)
{
	buf_slice_fini(&call->stub);
	arena_reset(&call->arena);
}

sp_status
sp_call_raw(sp_call *call, const struct sp_syntax_id *interface, uint16_t opnum, const void *stub,
	size_t len, const void **ret_stub, size_t *ret_len, bool *ret_big_endian,
	struct sp_error *reterr)
{
	struct buf *request;
	sp_status status;

	sp_call_reset(call);
	if (len > UINT32_MAX / 2)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"send %zu bytes of stub data - a request has at most 2 GiB - send less",
			len);
	request = buf_new(PDU_REQUEST_OBJECT_SIZE, PDU_REQUEST_OBJECT_SIZE + (uint32_t)len);
	if (!request)
		return error_no_memory(reterr);
	if (len)
		memcpy(request->data + request->end, stub, len);
	request->end += (uint32_t)len;
	status = exchange(call, interface, opnum, false, request, ret_big_endian, reterr);
	if (status)
		return status;
	*ret_stub = buf_slice_bytes(&call->stub);
	*ret_len = call->stub.len;
	return 0;
}

static sp_status
args_push(const struct sp_interface *interface, uint32_t opnum, const void *args,
	struct buf **ret_stub, struct sp_error *reterr)
{
	const struct sp_operation *op = &interface->operations[opnum];
	const char *what = NULL;
	struct sp_push push;
	sp_status status;

	ndr_push_init(&push, PDU_REQUEST_OBJECT_SIZE, 0, UINT32_MAX / 2, NULL);
	op->push_in(&push, args);
	status = ndr_push_status(&push, &what);
	if (!status)
		*ret_stub = ndr_push_finish(&push);
	ndr_push_fini(&push);
	if (status)
		return error_set(reterr, SP_PHASE_COMMUNICATION, fault_to_status(status),
			"marshal the arguments of %s.%s - %s - the call was not sent",
			interface->name, op->name, what ? what : "they cannot be represented");
	return *ret_stub ? 0 : error_no_memory(reterr);
}

static sp_status
answer_pull(sp_call *call, const struct sp_interface *interface, uint32_t opnum, void *args,
	bool big_endian, struct sp_error *reterr)
{
	const struct sp_operation *op = &interface->operations[opnum];
	struct wire_fault fault = {0};
	struct sp_pull pull;
	sp_status status;

	ndr_pull_init(&pull, buf_slice_bytes(&call->stub), call->stub.len, big_endian, &call->arena,
		NULL, NULL);
	op->pull_out(&pull, args);
	status = ndr_pull_status(&pull, &fault);
	ndr_pull_fini(&pull);
	if (!status)
		return 0;
	status = fault_to_status(status);
	error_set(reterr, SP_PHASE_COMMUNICATION, status,
		"read the answer of %s.%s from %.100s - it breaks off or is wrong in %s, byte %u - "
		"the "
		"server does not keep to this interface, or uses another version of it",
		interface->name, op->name, client_where(call->client),
		fault.what ? fault.what : "the stub data", fault.at);
	if (reterr)
		reterr->evidence = SP_EVIDENCE_PROTOCOL;
	return status;
}

sp_status
sp_call_invoke(sp_call *call, const struct sp_interface *interface, uint32_t opnum, void *args,
	struct sp_error *reterr)
{
	struct buf *request = NULL;
	bool big_endian = false;
	sp_status status;

	if (interface->abi != SP_STUB_ABI || opnum >= interface->n_operations ||
		!interface->operations[opnum].name)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"call opnum %u of %.60s - the stubs have no such operation or another ABI "
			"- "
			"compile its IDL again",
			opnum, interface->name);
	sp_call_reset(call);
	status = args_push(interface, opnum, args, &request, reterr);
	if (status)
		return status;
	status = exchange(
		call, &interface->id, (uint16_t)opnum, false, request, &big_endian, reterr);
	if (status)
		return status;
	return answer_pull(call, interface, opnum, args, big_endian, reterr);
}
