/* SPDX-License-Identifier: MIT */
/*
 * Ports that belong to one interface. It is named by its UUID, by the name in its IDL, or by the Windows service that
 * has a registry value of its own for it (KB 224196, KB 319553, dfsrdiag StaticRPC).
 */
#ifndef PORTS_FIXED_H
#define PORTS_FIXED_H

#include <sallyport/types.h>

#include "ports/config.h"

#define PORTS_SERVICE_INTERFACES 5

struct ports_service {
	const char *name; /* "ntds": what our file calls it */
	const char
		*key; /* under HKLM\System\CurrentControlSet\Services; NULL: not in the registry */
	const char *value;                              /* a REG_DWORD */
	const char *interfaces;                         /* for people */
	struct sp_uuid uuids[PORTS_SERVICE_INTERFACES]; /* nil ends */
};
extern const struct ports_service ports_services[]; /* a NULL name ends */

struct ports_fixed {
	const char *interface;               /* as written */
	struct sp_uuid uuid;                 /* nil: named by name */
	const struct ports_service *service; /* NULL: not a service's name */
	uint16_t port;
	struct ports_place place;
};

/* False, and a finding: this pair is not a fixed port. */
SP_NODISCARD bool ports_fixed_judge(
	const struct ports_pair *, struct ports_findings *, struct ports_fixed *ret);

/*
 * The one that fits an interface best, NULL when none does: by UUID before by name before by service.
 * `name` is the one of its IDL and may be NULL.
 */
const struct ports_fixed *ports_fixed_find(
	const struct ports_fixed *, size_t n, const struct sp_uuid *, const char *name);

#endif
