/* SPDX-License-Identifier: MIT */
#include "catalog/symptoms.h"

#include <strings.h>

#include "catalog/table.h"

const struct catalog_symptom *
catalog_symptom_at(size_t n)
{
	return n < catalog_n_symptoms ? &catalog_symptoms[n] : NULL;
}

const struct catalog_symptom *
catalog_symptom_find(const char *id)
{
	for (size_t i = 0; i < catalog_n_symptoms; i++)
		if (!strcasecmp(catalog_symptoms[i].id, id))
			return &catalog_symptoms[i];
	return NULL;
}

static const struct catalog_status *
meaning(const struct catalog_status *s)
{
	return s->win32 ? s->win32 : s;
}

bool
catalog_symptom_shows(const struct catalog_symptom *symptom, const struct catalog_status *status)
{
	for (size_t i = 0; i < symptom->n_statuses; i++)
		if (meaning(symptom->statuses[i]) == meaning(status))
			return true;
	return false;
}

bool
catalog_symptom_asks(const struct catalog_symptom *symptom, enum fact wanted)
{
	enum fact fact;

	for (size_t i = 0; predicate_fact(&symptom->predicate, i, &fact); i++)
		if (fact == wanted)
			return true;
	return false;
}
