/* SPDX-License-Identifier: MIT */
#include "base/uuid.h"
#include "report/printable.h"
#include "report/record.h"

#define TEXT_SIZE 2048

static json_t *
text(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *
texts(const char *const *s)
{
	json_t *array = json_array();

	for (; s && *s; s++)
		json_array_append_new(array, json_string(*s));
	return array;
}

static json_t *
status_object(const struct catalog_status *s)
{
	char hex[16];

	snprintf(hex, sizeof(hex), "0x%08x", s->number);
	return json_pack("{s:s, s:I, s:s, s:s}", "vocabulary", catalog_status_kind_name(s->kind),
		"number", (json_int_t)s->number, "hex", hex, "symbol", s->symbol);
}

static json_t *
twins_array(const struct catalog_status *s)
{
	const struct catalog_status *meant = s->win32 ? s->win32 : s, *other;
	json_t *array = json_array();

	for (size_t i = 0; meant->kind == STATUS_WIN32 && (other = catalog_status_at(i)); i++)
		if (other != s && (other == meant || other->win32 == meant))
			json_array_append_new(array, status_object(other));
	return array;
}

static json_t *
symptoms_array(const struct catalog_status *s)
{
	const struct catalog_symptom *symptom;
	json_t *array = json_array();

	for (size_t i = 0; (symptom = catalog_symptom_at(i)); i++)
		if (catalog_symptom_shows(symptom, s))
			json_array_append_new(array, json_string(symptom->id));
	return array;
}

static json_t *
status_record(const struct catalog_status *s)
{
	json_t *object = status_object(s);

	json_object_set_new(object, "record", json_string("explained_status"));
	json_object_set_new(object, "sentence", text(s->sentence));
	json_object_set_new(object, "means", text(s->means));
	json_object_set_new(
		object, "phase", s->phase ? text(sp_phase_name(s->phase)) : json_null());
	json_object_set_new(object, "also", texts(s->also));
	json_object_set_new(object, "same_as", twins_array(s));
	json_object_set_new(object, "symptoms", symptoms_array(s));
	return object;
}

static json_t *
interface_record(const struct catalog_interface *i)
{
	const struct catalog_service *s;
	json_t *services = json_array();
	char uuid[SP_UUID_TEXT];

	sp_uuid_format(&i->uuid, uuid);
	for (size_t k = 0; (s = catalog_service_at(k)); k++)
		if (catalog_service_offers(s, i))
			json_array_append_new(services, json_string(s->name));
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:s}", "record",
		"explained_interface", "interface", uuid, "version", text(i->version), "name",
		i->name, "title", i->title, "pipe", text(i->pipe), "process", text(i->process),
		"services", services, "source", i->source);
}

static json_t *
port_object(const struct catalog_port *p)
{
	const char *windows = catalog_windows_name(p->windows);

	return json_pack("{s:s, s:s, s:o, s:o, s:b, s:o, s:o}", "protocol", p->protocol, "use",
		p->use, "first", p->first ? json_integer(p->first) : json_null(), "last",
		p->last ? json_integer(p->last) : json_null(), "dynamic", p->is_dynamic, "windows",
		*windows ? text(windows) : json_null(), "notes", texts(p->notes));
}

static json_t *
service_record(const struct catalog_service *s)
{
	json_t *ports = json_array(), *interfaces = json_array();

	for (size_t i = 0; i < s->n_ports; i++)
		json_array_append_new(ports, port_object(&s->ports[i]));
	for (size_t i = 0; i < s->n_interfaces; i++)
		json_array_append_new(interfaces, json_string(s->interfaces[i]->name));
	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:s}", "record", "explained_service",
		"name", s->name, "title", s->title, "also", texts(s->also), "about", s->about,
		"ports", ports, "interfaces", interfaces, "source", s->source);
}

static json_t *
symptom_record(const struct catalog_symptom *s)
{
	json_t *statuses = json_array();

	for (size_t i = 0; i < s->n_statuses; i++)
		json_array_append_new(statuses, status_object(s->statuses[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:o}",
		"record", "explained_symptom", "id", s->id, "title", s->title, "phase",
		sp_phase_name(s->phase), "seen", s->seen, "when", s->when, "evidence", s->evidence,
		"cause", s->cause, "fix", s->fix, "filter", text(s->filter), "confidence",
		s->confidence, "statuses", statuses, "also", texts(s->also), "source",
		texts(s->source));
}

static json_t *
port_record(uint16_t port)
{
	const struct catalog_service *s;
	json_t *services = json_array();

	for (size_t i = 0; (s = catalog_service_at(i)); i++)
		if (catalog_service_has_port(s, port))
			json_array_append_new(services, json_string(s->name));
	return json_pack(
		"{s:s, s:i, s:o}", "record", "explained_port", "port", port, "services", services);
}

static json_t *
fact_record(const struct catalog_fact *f, enum fact n)
{
	static const char *const types[] = {[FACT_TYPE_BOOL] = "bool",
		[FACT_TYPE_NUMBER] = "number",
		[FACT_TYPE_STATUS] = "status",
		[FACT_TYPE_NAMED] = "name"};
	const struct catalog_symptom *s;
	json_t *symptoms = json_array();

	for (size_t i = 0; (s = catalog_symptom_at(i)); i++)
		if (catalog_symptom_asks(s, n))
			json_array_append_new(symptoms, json_string(s->id));
	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:o}", "record", "explained_fact", "name",
		f->name, "type", types[f->type], "values", texts(f->values), "phase",
		sp_phase_name(f->phase), "says", f->says, "symptoms", symptoms);
}

static void
json_meaning(struct report *r, const struct meaning *m)
{
	json_t *object = NULL;

	switch (m->kind) {
	case MEANING_STATUS: object = status_record(m->status); break;
	case MEANING_SYMPTOM: object = symptom_record(m->symptom); break;
	case MEANING_SERVICE: object = service_record(m->service); break;
	case MEANING_INTERFACE: object = interface_record(m->interface); break;
	case MEANING_PORT: object = port_record(m->port); break;
	case MEANING_FACT: object = fact_record(catalog_fact(m->fact), m->fact); break;
	}
	record_write(r, object);
}

static void
json_unknown(struct report *r, const struct report_unknown *u)
{
	json_t *near = json_array();
	char clean[TEXT_SIZE];

	for (size_t i = 0; i < u->n_near; i++)
		json_array_append_new(near, json_string(u->near[i]));
	record_write(
		r, json_pack("{s:s, s:s, s:o, s:o}", "record", "unknown", "what",
			   printable(u->what, clean, sizeof(clean)), "number",
			   u->is_number ? json_integer(u->number) : json_null(), "near", near));
}

const struct explanation_renderer explanation_renderer_json = {
	.meaning = json_meaning,
	.unknown = json_unknown,
};
