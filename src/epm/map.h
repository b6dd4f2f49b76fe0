/* SPDX-License-Identifier: MIT */
/*
 * The endpoint map: which towers are served, in memory only, found by interface UUID. Every entry has an
 * owner, the connection that registered it, and goes when its owner goes.
 *
 * A map belongs to one thread.
 */
#ifndef EPM_MAP_H
#define EPM_MAP_H

#include <sallyport/status.h>

#include "base/list.h"
#include "wire/tower.h"

#define MAP_ANNOTATION 64
#define MAP_MAX_TOWER 2000 /* what the interface can carry */

struct map;

/* Who registered: one session to the mapper. */
struct map_owner {
	uint64_t id;
	uint32_t uid;
	int32_t pid; /* 0: not known */
};

struct map_entry {
	struct list in_map, in_owner;
	struct map_entry *next_twin; /* in the table of exact entries */
	struct owner *owner;         /* only while it is in the map */
	/* what a question looks at comes from here on, close together */
	struct map_entry
		*next_interface; /* of the first entry of an interface: the first of another */
	struct sp_uuid interface;
	struct list in_interface; /* a ring without a head: all versions, oldest first */
	unsigned refs;
	uint16_t major, minor;
	uint16_t
		address_at; /* where an IPv4 address of zeroes lies in the tower; 0: there is none */
	uint16_t tower_len;
	uint8_t protseq;  /* enum protseq */
	uint8_t transfer; /* index in the map's transfer syntaxes */
	bool has_object;
	uint8_t annotation_len;
	uint8_t tower
		[]; /* then the object UUID, unless it is nil, then the annotation and its NUL */
};

/* These hold also for an entry that has left the map. */
struct sp_uuid map_entry_object(const struct map_entry *);
const char *map_entry_annotation(const struct map_entry *);
/* Only while it is in the map. */
const struct map_owner *map_entry_owner(const struct map_entry *);

/* What a caller registers or takes back. Views. */
struct map_wish {
	struct sp_uuid object;
	const char *annotation; /* NUL-terminated; longer than 63 bytes: cut */
	const uint8_t *tower;
	size_t tower_len;
};

/* Numbers of C706 appendix O; MAP_ANY_VERSION is also what is meant by 0. */
enum map_versions {
	MAP_ANY_VERSION = 1,
	MAP_COMPATIBLE = 2,
	MAP_EXACT = 3,
	MAP_SAME_MAJOR = 4,
	MAP_UP_TO = 5,
};

/* NULL and PROTSEQ_UNKNOWN: whatever it is. */
struct map_query {
	const struct sp_uuid *object;
	bool or_nil_object; /* also entries of the nil object, after those of `object` */
	const struct sp_syntax_id *interface;
	enum map_versions versions;
	const struct sp_syntax_id *transfer;
	enum protseq protseq;
};

/* What was found when it was asked for; later changes of the map do not touch it. */
struct map_answer {
	size_t n, cap;
	struct map_entry **entries;
};

SP_NODISCARD struct map *map_new(void);
void map_free(struct map *);
size_t map_count(const struct map *);
size_t map_owners(const struct map *);

/*
 * All or nothing. What the owner has registered already is not registered twice, its annotation is
 * renewed. replace: the owner's other entries of the same object, interface and protocol sequence go. Costs
 * O(n), with replace O(n + what the owner has).
 * EPT_NCA_INVALID_ENTRY: a tower that is none, without a known protocol sequence or endpoint; RPC_S_OUT_OF_MEMORY;
 * EPT_S_CANT_CREATE: more different transfer syntaxes than a map keeps.
 */
SP_NODISCARD sp_status map_insert(
	struct map *, const struct map_owner *, const struct map_wish *, size_t n, bool replace);
/* Takes back the owner's entries. EPT_NCA_NOT_REGISTERED when one of them was not there. */
SP_NODISCARD sp_status map_delete(struct map *, uint64_t owner, const struct map_wish *, size_t n);
/*
 * Removes whoever's entries have this tower - the address in it counts only where the entry has one - and, unless
 * object is NULL, this object. uid: only those that this user registered; MAP_ANY_USER all. How many went is *ret_n,
 * how many were somebody else's *ret_foreign.
 */
#define MAP_ANY_USER UINT32_MAX
SP_NODISCARD sp_status map_purge(struct map *, const uint8_t *tower, size_t tower_len,
	const struct sp_uuid *object, uint32_t uid, size_t *ret_n, size_t *ret_foreign);
/* How many entries went with it. */
size_t map_owner_gone(struct map *, uint64_t owner);

/* In the order of registration. RPC_S_OUT_OF_MEMORY; *ret is the caller's to free, also when n is 0. */
SP_NODISCARD sp_status map_find(
	const struct map *, const struct map_query *, struct map_answer *ret);
void map_answer_free(struct map_answer *);

#endif
