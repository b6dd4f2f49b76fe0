/* SPDX-License-Identifier: MIT */
/* Full pointers met before (C706 14.3.11.1). */
#ifndef NDR_ALIAS_H
#define NDR_ALIAS_H

#include "ndr/state.h"

void ndr_aliases_init(struct ndr_aliases *);
void ndr_aliases_fini(struct ndr_aliases *);
/* Room for one more; false: no memory. Entries found before are void. */
SP_NODISCARD bool ndr_aliases_reserve(struct ndr_aliases *);
/* The entry of this id, or the free one where it belongs. Needs a reservation. */
struct ndr_alias *ndr_aliases_find_id(struct ndr_aliases *, uint64_t id);
/*
 * The same by address. One address may be that of a struct and of its first member: only what is marshalled
 * alike is the same object.
 */
struct ndr_alias *ndr_aliases_find_object(
	struct ndr_aliases *, const void *object, sp_push_referent *, const void *args);

#endif
