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

struct map_entry {
	struct sp_uuid object;
	struct sp_syntax_id interface, transfer;
	enum protseq protseq;
	uint64_t owner;
	uint64_t serial; /* grows with each registration */
	char annotation[MAP_ANNOTATION];
	uint16_t
		address_at; /* where an IPv4 address of zeroes lies in the tower; 0: there is none */
	uint16_t tower_len;

	unsigned refs;
	struct map_interface *home;
	struct list in_map, in_interface, in_owner;
	uint8_t tower[];
};

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

/*
 * All or nothing. What the owner has registered already is not registered twice, its annotation is
 * renewed. replace: the owner's other entries of the same object, interface and protocol sequence go.
 * EPT_NCA_INVALID_ENTRY: a tower that is none, without a known protocol sequence or endpoint; RPC_S_OUT_OF_MEMORY.
 */
SP_NODISCARD sp_status map_insert(
	struct map *, uint64_t owner, const struct map_wish *, size_t n, bool replace);
/* Takes back the owner's entries. EPT_NCA_NOT_REGISTERED when one of them was not there. */
SP_NODISCARD sp_status map_delete(struct map *, uint64_t owner, const struct map_wish *, size_t n);
/* How many entries went with it. */
size_t map_owner_gone(struct map *, uint64_t owner);

/* In the order of registration. RPC_S_OUT_OF_MEMORY; *ret is the caller's to free, also when n is 0. */
SP_NODISCARD sp_status map_find(
	const struct map *, const struct map_query *, struct map_answer *ret);
void map_answer_free(struct map_answer *);

#endif
