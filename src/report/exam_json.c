/* SPDX-License-Identifier: MIT */
/* The examination for programs: one object a host; the rules of json.c hold here too. */
#include <stdio.h>

#include <jansson.h>

#include "report/printable.h"
#include "report/report.h"

#define TEXT_SIZE 2048
#define MOMENT_SIZE 32

static json_t *
text(const char *s)
{
	char clean[TEXT_SIZE];

	return s ? json_string(printable(s, clean, sizeof(clean))) : json_null();
}

static json_t *
steps_make(const struct exam *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->n_steps; i++) {
		const struct exam_step *s = &e->steps[i];
		json_t *step = json_object();

		json_object_set_new(step, "phase", json_string(sp_phase_name(s->phase)));
		json_object_set_new(step, "mark", json_string(exam_mark_name(s->mark)));
		json_object_set_new(step, "tried", text(s->what));
		json_object_set_new(step, "came", text(s->came));
		json_array_append_new(list, step);
	}
	return list;
}

static json_t *
value_make(const struct catalog_fact *fact, int64_t value)
{
	if (fact->type == FACT_TYPE_BOOL)
		return json_boolean(value != 0);
	if (fact->type == FACT_TYPE_NAMED)
		return json_string(fact->values[value]);
	return json_integer(value);
}

static json_t *
facts_make(const struct facts *facts)
{
	json_t *object = json_object();

	for (int i = 0; i < FACT_N; i++) {
		const struct catalog_fact *fact = catalog_fact((enum fact)i);

		if (facts->known[i])
			json_object_set_new(object, fact->name, value_make(fact, facts->value[i]));
	}
	return object;
}

static json_t *
others_make(const struct exam *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->n_others; i++)
		json_array_append_new(list, json_string(e->others[i]->id));
	return list;
}

static json_t *
verdict_make(const struct exam *e)
{
	const struct exam_verdict *v = &e->verdict;
	json_t *o = json_object();

	json_object_set_new(o, "outcome", json_string(outcome_name(v->outcome)));
	json_object_set_new(o, "works", json_boolean(v->works));
	json_object_set_new(o, "symptom", text(v->symptom ? v->symptom->id : NULL));
	json_object_set_new(
		o, "phase", v->phase ? json_string(sp_phase_name(v->phase)) : json_null());
	json_object_set_new(o, "title", text(v->title));
	json_object_set_new(o, "proof", text(v->proof));
	json_object_set_new(o, "cause", text(v->cause));
	json_object_set_new(o, "fix", text(v->fix));
	json_object_set_new(o, "certainty", json_string(exam_certainty_name(v->certainty)));
	json_object_set_new(o, "surer", text(v->surer));
	json_object_set_new(o, "filter", text(v->symptom ? v->symptom->filter : NULL));
	json_object_set_new(o, "next", text(v->next));
	json_object_set_new(o, "others", others_make(e));
	return o;
}

/* RFC 3339 */
static const char *
moment(time_t at, char ret[MOMENT_SIZE])
{
	struct tm tm;

	if (!gmtime_r(&at, &tm) || !strftime(ret, MOMENT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm))
		*ret = '\0';
	return ret;
}

void
exam_json(struct report *r, const struct exam *e)
{
	json_t *object = json_object();
	char at[MOMENT_SIZE];

	json_object_set_new(object, "record", json_string("exam"));
	json_object_set_new(object, "host", text(e->host));
	json_object_set_new(object, "at", json_string(moment(e->at, at)));
	json_object_set_new(object, "interface", text(*e->wanted ? e->wanted : NULL));
	json_object_set_new(object, "verdict", verdict_make(e));
	json_object_set_new(object, "steps", steps_make(e));
	json_object_set_new(object, "facts", facts_make(&e->facts));
	json_object_set_new(object, "took_ns", json_integer(e->took));
	if (!object || json_dumpf(object, r->out, JSON_COMPACT))
		fputs("sallyport: a record could not be written\n", r->talk);
	putc('\n', r->out);
	json_decref(object);
}
