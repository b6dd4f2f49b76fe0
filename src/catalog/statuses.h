/* SPDX-License-Identifier: MIT */
/* Numbers that people meet around RPC, of all vocabularies: data/status.yaml, compiled in. No state; any thread. */
#ifndef CATALOG_STATUSES_H
#define CATALOG_STATUSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sallyport/error.h>

#include "catalog/vocabulary.h"

struct catalog_status {
	enum catalog_status_kind kind;
	uint32_t number;
	const char *symbol;      /* "RPC_S_SERVER_UNAVAILABLE" */
	const char *const *also; /* other spellings, NULL ends; NULL: none */
	const char *sentence;
	const char *means; /* for RPC's users; NULL: nothing to add */
	enum sp_phase phase;
	const struct catalog_status *win32; /* what means the same among Win32's; NULL: none */
};

/* "Win32", "NTSTATUS", "fault", ... */
const char *catalog_status_kind_name(enum catalog_status_kind);
/* The n-th, NULL past the end. */
const struct catalog_status *catalog_status_at(size_t n);
/* A number of one vocabulary; NULL: not known. HRESULTs made of Win32 numbers (0x8007....) are Win32's. */
const struct catalog_status *catalog_status_find(enum catalog_status_kind, uint32_t number);
/* Whether this is its symbol or another spelling of it, in any case. */
bool catalog_status_is_called(const struct catalog_status *, const char *symbol);
/* By its symbol or another spelling of it; NULL: none. */
const struct catalog_status *catalog_status_named(const char *symbol);
/*
 * Everything that a bare number may mean, the most likely first: `after` NULL for the first, then the one before.
 * Numbers of small vocabularies (reasons, locations, components, Kerberos) come last.
 */
const struct catalog_status *catalog_status_next(
	uint32_t number, const struct catalog_status *after);

#endif
