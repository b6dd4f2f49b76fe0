/* SPDX-License-Identifier: MIT */
/* What goes wrong, how it is recognised, and what helps: data/symptoms.yaml, compiled in. No state; any thread. */
#ifndef CATALOG_SYMPTOMS_H
#define CATALOG_SYMPTOMS_H

#include "catalog/facts.h"
#include "catalog/statuses.h"

struct catalog_symptom {
	const char *id;    /* "T04" */
	const char *title; /* "Port 135 is open, the dynamic port is not" */
	enum sp_phase phase;
	const char *seen;     /* what the user sees */
	const char *when;     /* the predicate as it is written */
	const char *evidence; /* what proves it */
	const char *cause, *fix;
	const char *filter;        /* Wireshark's display filter; NULL: nothing to see */
	const char *confidence;    /* "documented", "specified", "confirmed", "inferred" */
	const char *const *source; /* NULL ends */
	const char *const *also;   /* ids of what to look at as well; NULL ends; NULL: none */
	const struct catalog_status *const *statuses;
	size_t n_statuses;
	struct predicate predicate;
};

/* The n-th in the order of the phases, NULL past the end. */
const struct catalog_symptom *catalog_symptom_at(size_t n);
/* "T04", in any case; NULL: none. */
const struct catalog_symptom *catalog_symptom_find(const char *id);
/* Whether people who have this symptom see this status, or its twin of another vocabulary. */
bool catalog_symptom_shows(const struct catalog_symptom *, const struct catalog_status *);
/* Whether its predicate asks for the fact. */
bool catalog_symptom_asks(const struct catalog_symptom *, enum fact);

#endif
