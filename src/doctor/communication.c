/* SPDX-License-Identifier: MIT */
/* Phase 4: the binds, and one call that every server has and that changes nothing: remote management. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/time.h"
#include "base/uuid.h"
#include "catalog/interfaces.h"
#include "doctor/plan.h"
#include "mgmt.h"
#include "probe/server.h"

#define TALK (1500 * SP_MILLISECOND)
#define CALL (6500 * SP_MILLISECOND)
#define CONTEXTS 3
#define ENDPOINTS_MAX 8 /* that are spoken to */

static const char *
interface_says(const struct sp_syntax_id *id, char *ret, size_t cap)
{
	const struct catalog_interface *known = catalog_interface_find(&id->uuid);
	char uuid[SP_UUID_TEXT];

	sp_uuid_format(&id->uuid, uuid);
	if (known)
		snprintf(ret, cap, "%s", known->name);
	else
		snprintf(ret, cap, "%.8s... %u.%u", uuid, id->major, id->minor);
	return ret;
}

static void
bind_facts(struct plan *p, const struct talk *t)
{
	plan_fact(p, FACT_BIND_RESULT, t->seen);
	plan_fact(p, FACT_BIND_CONTEXTS, t->n_contexts);
	plan_fact(p, FACT_BIND_LEVEL, 1);
	if (t->seen == SEEN_BIND_REJECTED)
		plan_fact(p, FACT_BIND_REASON, t->reason);
	if (t->seen == SEEN_BIND_NAK)
		plan_fact(p, FACT_BIND_NAK, t->reason);
	if (t->seen == SEEN_BIND_FAULT)
		plan_fact(p, FACT_CALL_FAULT, t->fault);
	if (t->is_garbled)
		plan_fact(p, FACT_BIND_GARBLED, true);
	if (t->extended.n_records) {
		const struct sp_error_record *r = &t->extended.records[t->extended.n_records - 1];

		plan_fact(p, FACT_EXTENDED_STATUS, r->status);
		plan_fact(p, FACT_EXTENDED_COMPONENT, r->component);
		plan_fact(p, FACT_EXTENDED_LOCATION, r->location);
	}
}

static bool
endpoint_bind(struct plan *p, const struct plan_endpoint *e)
{
	struct talk t = {.address = p->dialled, .interface = e->interface, .n_contexts = CONTEXTS};
	char what[100], name[60], says[200];
	bool is_good;

	address_set_port(&t.address, e->port);
	talk_bind(&t, plan_until(p, TALK));
	is_good = t.seen == SEEN_BIND_ACCEPTED && !t.is_garbled;
	snprintf(what, sizeof(what), "bind to %s at port %u",
		interface_says(&e->interface, name, sizeof(name)), e->port);
	plan_step(p, SP_PHASE_COMMUNICATION, is_good ? EXAM_GOOD : EXAM_BAD, what,
		talk_says(&t, says, sizeof(says)));
	bind_facts(p, &t);
	if (is_good || plan_one_context(p, SP_PHASE_COMMUNICATION, "the same bind", &t))
		return true;
	if (!p->exam->facts.known[FACT_BIND_ONE_CONTEXT] ||
		p->exam->facts.value[FACT_BIND_ONE_CONTEXT] != SEEN_BIND_ACCEPTED)
		p->plain = t.seen == SEEN_BIND_SILENT || t.seen == SEEN_BIND_CLOSED
				   ? &plain_not_listening
				   : NULL;
	return plan_fails(p, SP_PHASE_COMMUNICATION);
}

static void
call_facts(struct plan *p, const struct sp_error *e, sp_nanos took)
{
	plan_fact(p, FACT_CALL_IS_FIRST, true);
	plan_fact(p, FACT_CALL_TOOK_MS, took / SP_MILLISECOND);
	switch (e->evidence) {
	case SP_EVIDENCE_NONE: plan_fact(p, FACT_CALL_REPLY, SEEN_REPLY_RESPONSE); return;
	case SP_EVIDENCE_FAULT:
		plan_fact(p, FACT_CALL_REPLY, SEEN_REPLY_FAULT);
		plan_fact(p, FACT_CALL_FAULT, e->fault_status);
		plan_fact(p, FACT_CALL_DID_NOT_EXECUTE, e->did_not_execute);
		break;
	case SP_EVIDENCE_CLOSED:
		plan_fact(p, FACT_CALL_REPLY, SEEN_REPLY_CLOSED);
		plan_fact(p, FACT_CALL_ACKNOWLEDGED, !e->did_not_execute);
		break;
	case SP_EVIDENCE_TIMEOUT: plan_fact(p, FACT_CALL_REPLY, SEEN_REPLY_SILENT); break;
	default: break;
	}
	if (e->n_records) {
		plan_fact(p, FACT_EXTENDED_STATUS, e->records[e->n_records - 1].status);
		plan_fact(p, FACT_EXTENDED_COMPONENT, e->records[e->n_records - 1].component);
		plan_fact(p, FACT_EXTENDED_LOCATION, e->records[e->n_records - 1].location);
	}
}

/* Management's smallest question; with credentials over a session that is bound to the interface. */
static sp_status
listening_ask(struct plan *p, const struct plan_endpoint *e, const struct sp_security *security,
	struct sp_error *reterr)
{
	struct sp_client_options limits = plan_limits(p, CALL);
	uint32_t said = 0, listening = 0;
	sp_client *client = NULL;
	sp_call *call = NULL;
	char binding[160];
	sp_status status;

	plan_binding(p, e->port, binding, sizeof(binding));
	status = sp_client_new(binding, &limits, &client, reterr);
	if (!status && security)
		status = sp_client_secure(client, security, reterr);
	if (!status && security)
		status = sp_client_bind(client, &e->interface, reterr);
	if (!status && !(call = sp_call_new(client)))
		status = error_no_memory(reterr);
	if (!status)
		status = mgmt_is_server_listening(call, &said, &listening, reterr);
	sp_call_free(call);
	sp_client_free(client);
	return status;
}

/* Another operation of management, on a session of its own: is it this operation that is refused, or everything? */
static bool
others_work(struct plan *p, const struct plan_endpoint *e)
{
	bool works = !listening_ask(p, e, NULL, NULL);

	plan_step(p, SP_PHASE_COMMUNICATION, EXAM_NOTE, "another operation",
		works ? "is answered" : "is refused too");
	return works;
}

static bool
call_failed(struct plan *p, const struct plan_endpoint *endpoint, const char *what,
	const struct sp_error *e)
{
	p->error = *e;
	if (e->evidence == SP_EVIDENCE_FAULT)
		plan_fact(p, FACT_CALL_OTHERS_WORK, others_work(p, endpoint));
	plan_step(p, SP_PHASE_COMMUNICATION, EXAM_BAD, what, e->sentence);
	if (e->evidence == SP_EVIDENCE_TIMEOUT)
		p->plain = &plain_not_listening;
	if (e->evidence == SP_EVIDENCE_FAULT && e->fault_status == ERROR_ACCESS_DENIED)
		p->plain = &plain_refuses;
	return plan_fails(p, SP_PHASE_COMMUNICATION);
}

/* What the server itself says it offers, against what the mapper said. */
static bool
offers_check(struct plan *p, const struct plan_endpoint *e, const struct probe_server *server,
	const char *what, sp_nanos took)
{
	char says[200];

	snprintf(says, sizeof(says), "%s, offers %zu interfaces, %.1f ms",
		server->is_listening ? "listening" : "not listening", server->n_interfaces,
		(double)took / (double)SP_MILLISECOND);
	plan_step(p, SP_PHASE_COMMUNICATION, EXAM_GOOD, what, says);
	return true;
}

static bool
endpoint_call(struct plan *p, const struct plan_endpoint *e)
{
	struct sp_client_options limits = plan_limits(p, CALL);
	struct probe_server server = {0};
	struct sp_error error = {0};
	sp_nanos began = time_now(), took;
	char binding[160], what[100];
	sp_status status;
	bool is_good;

	plan_binding(p, e->port, binding, sizeof(binding));
	snprintf(what, sizeof(what), "call to management at port %u", e->port);
	status = probe_server_ask(binding, &limits, NULL, &server, &error);
	took = time_now() - began;
	if (status && error.evidence == SP_EVIDENCE_CONTEXT) {
		/* management may be left out; then a bind is all that can be asked without doing harm */
		plan_step(p, SP_PHASE_COMMUNICATION, EXAM_NOTE, what, "not offered");
		return true;
	}
	call_facts(p, &error, took);
	if (status)
		return call_failed(p, e, what, &error);
	is_good = offers_check(p, e, &server, what, took);
	probe_server_fini(&server);
	return is_good;
}

/* --- with credentials --- */

static bool
endpoint_logon(struct plan *p, const struct plan_endpoint *e)
{
	const struct sp_security *security = p->wish->security;
	struct sp_error error = {0};
	sp_nanos began = time_now();
	char what[100];

	snprintf(what, sizeof(what), "call as %.60s at port %u", security->user, e->port);
	plan_fact(p, FACT_BIND_LEVEL, security->level ? security->level : SP_LEVEL_PRIVACY);
	plan_fact(p, FACT_BIND_TYPE, security->provider);
	plan_fact(p, FACT_AUTH_THIRD_LEG, true);
	plan_fact(
		p, FACT_CALL_PROTECTED, !security->level || security->level >= SP_LEVEL_INTEGRITY);
	if (!listening_ask(p, e, security, &error)) {
		call_facts(p, &error, time_now() - began);
		plan_step(p, SP_PHASE_COMMUNICATION, EXAM_GOOD, what, "answered");
		return true;
	}
	call_facts(p, &error, time_now() - began);
	if (error.evidence == SP_EVIDENCE_BIND_NAK)
		plan_fact(p, FACT_BIND_NAK, error.nak_reason);
	p->error = error;
	plan_step(p, SP_PHASE_COMMUNICATION, EXAM_BAD, what, error.sentence);
	return plan_fails(p, SP_PHASE_COMMUNICATION);
}

static bool
endpoint_examine(struct plan *p, const struct plan_endpoint *e)
{
	if (!endpoint_bind(p, e))
		return false;
	return p->wish->security ? endpoint_logon(p, e) : endpoint_call(p, e);
}

bool
plan_communication(struct plan *p)
{
	size_t n = p->n_endpoints < ENDPOINTS_MAX ? p->n_endpoints : ENDPOINTS_MAX;

	for (size_t i = 0; i < n; i++)
		if (!endpoint_examine(p, &p->endpoints[i]))
			return false;
	return true;
}
