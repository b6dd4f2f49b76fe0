/* SPDX-License-Identifier: MIT */
#include "catalog/statuses.h"

#include <strings.h>

#include "catalog/table.h"

#define HRESULT_OF_WIN32 0x80070000u

const char *
catalog_status_kind_name(enum catalog_status_kind kind)
{
	static const char *const names[STATUS_N_KINDS] = {
		[STATUS_WIN32] = "Win32",
		[STATUS_NTSTATUS] = "NTSTATUS",
		[STATUS_HRESULT] = "HRESULT",
		[STATUS_FAULT] = "fault status",
		[STATUS_MAPPER] = "endpoint mapper status",
		[STATUS_BIND_NAK] = "bind_nak reason",
		[STATUS_CONTEXT_RESULT] = "context result",
		[STATUS_CONTEXT_REASON] = "context reason",
		[STATUS_KERBEROS] = "Kerberos error",
		[STATUS_COMPONENT] = "generating component",
		[STATUS_LOCATION] = "detection location",
	};

	return (size_t)kind < STATUS_N_KINDS ? names[kind] : "status";
}

const struct catalog_status *
catalog_status_at(size_t n)
{
	return n < catalog_n_statuses ? &catalog_statuses[n] : NULL;
}

const struct catalog_status *
catalog_status_find(enum catalog_status_kind kind, uint32_t number)
{
	for (size_t i = 0; i < catalog_n_statuses; i++)
		if (catalog_statuses[i].kind == kind && catalog_statuses[i].number == number)
			return &catalog_statuses[i];
	if (kind == STATUS_HRESULT && (number & 0xffff0000u) == HRESULT_OF_WIN32)
		return catalog_status_find(STATUS_WIN32, number & 0xffff);
	return NULL;
}

bool
catalog_status_is_called(const struct catalog_status *s, const char *symbol)
{
	if (!strcasecmp(s->symbol, symbol))
		return true;
	for (size_t i = 0; s->also && s->also[i]; i++)
		if (!strcasecmp(s->also[i], symbol))
			return true;
	return false;
}

const struct catalog_status *
catalog_status_named(const char *symbol)
{
	for (size_t i = 0; i < catalog_n_statuses; i++)
		if (catalog_status_is_called(&catalog_statuses[i], symbol))
			return &catalog_statuses[i];
	return NULL;
}

/* The vocabularies stand in their order in the enum. */
const struct catalog_status *
catalog_status_next(uint32_t number, const struct catalog_status *after)
{
	const struct catalog_status *found = NULL;

	for (int kind = after ? (int)after->kind + 1 : 0; !found && kind < STATUS_N_KINDS; kind++)
		found = catalog_status_find((enum catalog_status_kind)kind, number);
	/* found as HRESULT, but a Win32 status: go on behind the HRESULTs */
	return found && after && found->kind <= after->kind ? NULL : found;
}
