/* SPDX-License-Identifier: MIT */
/* Discovery: what an endpoint mapper knows. */
#ifndef PROBE_MAP_H
#define PROBE_MAP_H

#include <sallyport/client.h>

#include "base/arena.h"

struct probe_entry { /* strings live as long as the list */
	struct sp_syntax_id interface;
	struct sp_uuid object; /* nil: none */
	const char *annotation;
	const char *protseq; /* "" when we do not know it */
	const char *address; /* as the mapper has it; "" for the host itself */
	const char *endpoint;
	const char *binding; /* usable from here: the asked host where the mapper has no address */
};

struct probe_list {
	struct arena arena;
	struct probe_entry *entries;
	size_t n, cap;
	size_t n_broken; /* towers that cannot be read, left out */
};

/* Fine on a zeroed list. */
void probe_list_fini(struct probe_list *);

/*
 * Everything in the map of the mapper at `mapper`, a string binding with endpoint, sorted by interface, version,
 * annotation, binding. An empty map is EPT_S_NOT_REGISTERED. On failure there is nothing to free.
 */
SP_NODISCARD sp_status probe_map_list(const char *mapper, const struct sp_client_options *,
	struct probe_list *ret, struct sp_error *reterr);
/*
 * Where an interface is over a protocol sequence ("ncacn_ip_tcp"); object may be NULL. None:
 * EPT_S_NOT_REGISTERED.
 */
SP_NODISCARD sp_status probe_map_find(const char *mapper, const struct sp_client_options *,
	const struct sp_syntax_id *interface, const struct sp_uuid *object, const char *protseq,
	struct probe_list *ret, struct sp_error *reterr);

#endif
