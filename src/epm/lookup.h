/* SPDX-License-Identifier: MIT */
/*
 * Unfinished lookups: what an ept_lookup_handle_t stands for. Each holds what was found when it began. Clients
 * forget them, so nobody's lookups may cost another anything: each association group has LOOKUP_PER_GROUP of
 * them, each source may hold LOOKUP_SOURCE_SHARE times the map, and one that rests too long is given up. A lookup
 * that was given up stays as an empty shell until its group goes or it is asked for.
 */
#ifndef EPM_LOOKUP_H
#define EPM_LOOKUP_H

#include "epm/client.h"
#include "epm/map.h"

#define LOOKUP_PER_GROUP 32
#define LOOKUP_SOURCE_SHARE 4     /* times the map's entries */
#define LOOKUP_ALL_SHARE 64       /* of everybody together */
#define LOOKUP_SHARE_LEAST 100000 /* entries, however small the map is */
#define LOOKUP_IDLE (60 * SP_SECOND)

struct lookup {
	struct map_answer answer;
	size_t at;      /* the next entry */
	unsigned round; /* ept_map: which of the host's addresses */
	bool given_up;

	/* private */
	struct list by_use, in_group, in_source;
	struct lookup_source *source;
	uint32_t group;
	size_t weight;
	sp_nanos used;
};

struct lookups;

SP_NODISCARD struct lookups *lookups_new(void);
void lookups_free(struct lookups *); /* every lookup must have ended */
/* How long a lookup may rest. */
void lookups_set_idle(struct lookups *, sp_nanos);
size_t lookups_count(const struct lookups *); /* without the shells */

/* EPT_NCA_NOT_REGISTERED: nothing found. RPC_S_OUT_OF_MEMORY. */
SP_NODISCARD sp_status lookup_begin(struct lookups *, const struct map *, const struct map_query *,
	const struct client *, sp_nanos now, struct lookup **ret);
/* It was asked for: it is the youngest now. */
void lookup_touch(struct lookups *, struct lookup *, sp_nanos now);
void lookup_end(struct lookups *, struct lookup *); /* NULL is fine */

/* The group's oldest when it has as many as it may; the caller ends it. Otherwise NULL. */
struct lookup *lookup_surplus(const struct lookups *, uint32_t group);
/* Gives up what has rested too long. */
void lookups_expire(struct lookups *, sp_nanos now);

#endif
