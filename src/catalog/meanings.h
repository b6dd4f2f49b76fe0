/* SPDX-License-Identifier: MIT */
/* Everything that a word or a number may mean: one way into the catalogue for whoever has only what was on a screen. */
#ifndef CATALOG_MEANINGS_H
#define CATALOG_MEANINGS_H

#include "catalog/services.h"
#include "catalog/symptoms.h"

enum meaning_kind {
	MEANING_STATUS,
	MEANING_SYMPTOM,
	MEANING_SERVICE,
	MEANING_INTERFACE,
	MEANING_PORT, /* services that always have this port */
	MEANING_FACT,
};

struct meaning {
	enum meaning_kind kind;
	union {
		const struct catalog_status *status;
		const struct catalog_symptom *symptom;
		const struct catalog_service *service;
		const struct catalog_interface *interface;
		uint16_t port;
		enum fact fact;
	};
};

/* No number and no name has more. */
#define MEANINGS_MAX 32

struct meanings {
	size_t n;
	struct meaning item[MEANINGS_MAX];
};

/*
 * The most likely first: "1722", "0x800706ba", "-2147023174", "800706BA", "RPC_S_SERVER_UNAVAILABLE", "T04", "Netlogon",
 * "samr", "\pipe\samr", a UUID in braces or not, with a version or not, "tcp.135". *ret is empty when there is none.
 */
void meanings_find(const char *what, struct meanings *ret);

/* A number as people write it; false: it is none. */
bool meanings_number(const char *what, uint32_t *ret);

/* The n-th of all names under which something is found; NULL past the end. */
const char *meanings_name(size_t n);

#endif
