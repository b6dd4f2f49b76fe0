/* SPDX-License-Identifier: MIT */
/*
 * The face for programs: one object a line, its kind in "record". Members are never renamed or dropped; new ones
 * may come. Durations are integers in nanoseconds, names end in _ns. Findings are data too and go to out.
 */
#include <netdb.h>
#include <string.h>

#include "base/uuid.h"
#include "catalog/interfaces.h"
#include "report/printable.h"
#include "report/record.h"

#define TEXT_SIZE 4096

static json_t *
record_new(const char *kind)
{
	json_t *object = json_object();

	/* on NULL, everything below does nothing and record_write() says so */
	json_object_set_new(object, "record", json_string(kind));
	return object;
}

static void
text_set(json_t *object, const char *member, const char *text)
{
	char clean[TEXT_SIZE];

	json_object_set_new(object, member, json_string(printable(text, clean, sizeof(clean))));
}

static void
number_set(json_t *object, const char *member, int64_t n)
{
	json_object_set_new(object, member, json_integer(n));
}

static void
interface_set(json_t *object, const struct sp_syntax_id *id)
{
	const struct catalog_interface *known = catalog_interface_find(&id->uuid);
	char uuid[SP_UUID_TEXT], version[16];

	sp_uuid_format(&id->uuid, uuid);
	snprintf(version, sizeof(version), "%u.%u", id->major, id->minor);
	json_object_set_new(object, "interface", json_string(uuid));
	json_object_set_new(object, "version", json_string(version));
	json_object_set_new(object, "name", known ? json_string(known->name) : json_null());
}

static void
json_endpoint(struct report *r, const struct report_endpoint *e)
{
	json_t *object = record_new("endpoint");
	char uuid[SP_UUID_TEXT];

	sp_uuid_format(&e->object, uuid);
	interface_set(object, &e->interface);
	text_set(object, "annotation", e->annotation);
	json_object_set_new(
		object, "object", sp_uuid_is_nil(&e->object) ? json_null() : json_string(uuid));
	text_set(object, "protseq", e->protseq);
	text_set(object, "address", e->address);
	text_set(object, "endpoint", e->endpoint);
	text_set(object, "binding", e->binding);
	record_write(r, object);
}

static void
json_interface(struct report *r, const struct report_interface *i)
{
	json_t *object = record_new("interface");

	interface_set(object, &i->id);
	record_write(r, object);
}

static void
json_server(struct report *r, const struct report_server *s)
{
	static const char *const names[REPORT_STATISTICS] = {
		"calls_in", "calls_out", "packets_in", "packets_out"};
	json_t *object = record_new("server");

	text_set(object, "binding", s->binding);
	json_object_set_new(object, "listening", json_boolean(s->is_listening));
	number_set(object, "interfaces", (int64_t)s->n_interfaces);
	for (size_t i = 0; i < s->n_statistics && i < REPORT_STATISTICS; i++)
		number_set(object, names[i], s->statistics[i]);
	record_write(r, object);
}

static void
json_place(struct report *r, const struct report_place *p)
{
	json_t *object = record_new("place");

	interface_set(object, &p->interface);
	text_set(object, "protseq", p->protseq);
	text_set(object, "address", p->address);
	text_set(object, "endpoint", p->endpoint);
	text_set(object, "binding", p->binding);
	record_write(r, object);
}

static void
json_round(struct report *r, const struct report_round *round)
{
	json_t *object = record_new("round_trip");

	number_set(object, "number", round->number);
	number_set(object, "took_ns", round->took);
	record_write(r, object);
}

static void
json_ping(struct report *r, const struct report_ping *p)
{
	json_t *object = record_new("ping");

	interface_set(object, &p->interface);
	text_set(object, "binding", p->binding);
	text_set(object, "measured", p->measured);
	number_set(object, "bound_in_ns", p->session);
	number_set(object, "sent", p->n_sent);
	number_set(object, "answered", p->n_answered);
	if (p->n_answered) {
		number_set(object, "min_ns", p->least);
		number_set(object, "avg_ns", p->mean);
		number_set(object, "max_ns", p->most);
	}
	record_write(r, object);
}

static json_t *
evidence_new(const struct sp_error *e)
{
	const struct catalog_status *known = finding_evidence(e);
	json_t *object = json_object();

	json_object_set_new(object, "kind", json_string(finding_evidence_name(e->evidence)));
	switch (e->evidence) {
	case SP_EVIDENCE_ERRNO:
		number_set(object, "errno", e->sys_errno);
		text_set(object, "text", strerror(e->sys_errno));
		break;
	case SP_EVIDENCE_RESOLVER:
		number_set(object, "eai", e->resolver);
		text_set(object, "text", gai_strerror(e->resolver));
		break;
	case SP_EVIDENCE_TIMEOUT: number_set(object, "waited_ns", e->waited); break;
	case SP_EVIDENCE_FAULT:
	case SP_EVIDENCE_MAPPER: number_set(object, "fault_status", e->fault_status); break;
	case SP_EVIDENCE_BIND_NAK: number_set(object, "nak_reason", e->nak_reason); break;
	case SP_EVIDENCE_CONTEXT:
		number_set(object, "context_result", e->context_result);
		number_set(object, "context_reason", e->context_reason);
		break;
	default: break;
	}
	if (known) {
		text_set(object, "symbol", known->symbol);
		text_set(object, "text", known->sentence);
	}
	return object;
}

static json_t *
symbol_or_null(const struct catalog_status *s)
{
	return s ? json_string(s->symbol) : json_null();
}

static json_t *
sentence_or_null(const struct catalog_status *s)
{
	return s ? json_string(s->sentence) : json_null();
}

/* Extended error information, the root last. */
static json_t *
records_new(const struct sp_error *e)
{
	json_t *array = json_array();

	for (size_t i = 0; i < e->n_records; i++) {
		const struct sp_error_record *record = &e->records[i];
		const struct catalog_status *status = catalog_status_next(record->status, NULL);
		json_t *object = json_object();

		text_set(object, "computer", record->computer);
		number_set(object, "process", record->process_id);
		number_set(object, "component", record->component);
		json_object_set_new(object, "component_name",
			symbol_or_null(catalog_status_find(STATUS_COMPONENT, record->component)));
		number_set(object, "status", record->status);
		json_object_set_new(object, "status_name", symbol_or_null(status));
		json_object_set_new(object, "status_text", sentence_or_null(status));
		number_set(object, "location", record->location);
		json_array_append_new(array, object);
	}
	return array;
}

static void
json_finding(struct report *r, const struct finding *f)
{
	const struct sp_error *e = &f->error;
	const struct catalog_status *known = finding_status(e);
	json_t *object = record_new("finding");
	char hex[16];

	snprintf(hex, sizeof(hex), "0x%08x", e->status);
	text_set(object, "outcome", outcome_name(f->outcome));
	text_set(object, "phase", sp_phase_name(e->phase));
	number_set(object, "status", e->status);
	text_set(object, "status_hex", hex);
	json_object_set_new(object, "status_name", symbol_or_null(known));
	json_object_set_new(object, "status_text", sentence_or_null(known));
	text_set(object, "sentence", e->sentence);
	json_object_set_new(object, "evidence", evidence_new(e));
	if (e->n_records)
		json_object_set_new(object, "records", records_new(e));
	json_object_set_new(object, "did_not_execute", json_boolean(e->did_not_execute));
	json_object_set_new(object, "next", *f->next ? json_string(f->next) : json_null());
	record_write(r, object);
}

static void
json_end(struct report *r)
{
}

const struct renderer renderer_json = {
	.name = "json",
	.endpoint = json_endpoint,
	.interface = json_interface,
	.server = json_server,
	.place = json_place,
	.round = json_round,
	.ping = json_ping,
	.finding = json_finding,
	.exam = exam_json,
	.ports = &port_renderer_json,
	.explanation = &explanation_renderer_json,
	.end = json_end,
};
