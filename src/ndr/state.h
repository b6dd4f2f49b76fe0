/* SPDX-License-Identifier: MIT */
/*
 * What a pull and a push are made of. Private to ndr/; here only so that owners can embed them.
 * Neither may be moved between init and fini: parts of them point into themselves.
 */
#ifndef NDR_STATE_H
#define NDR_STATE_H

#include <sallyport/stub.h>

#include "base/arena.h"
#include "base/buf.h"
#include "wire/cursor.h"

struct ndr_contexts;

/* A referent that is still to be moved. */
struct ndr_deferred {
	union {
		void *slot;          /* pull: where its address goes */
		const void *pointee; /* push */
	};
	union {
		sp_pull_referent *pull; /* NULL: an alias of the referent whose slot is `args` */
		sp_push_referent *push;
	};
	const void *args;
	uint32_t depth;
};

#define NDR_QUEUE_FEW 8

struct ndr_queue {
	struct ndr_deferred *items; /* `few`, or from the heap */
	uint32_t n, cap;
	struct ndr_deferred few[NDR_QUEUE_FEW];
};

/* A full pointer met before: by referent id on pull, by address on push. */
struct ndr_alias {
	uint64_t key; /* 0: free */
	union {
		sp_pull_referent *pull;
		sp_push_referent *push;
	};
	const void *args;
	union {
		void *slot;  /* pull: of the first pointer with this id */
		uint32_t id; /* push */
	};
};

struct ndr_aliases { /* open addressing; a power of two of entries, at most half of them taken */
	struct ndr_alias *entries;
	uint32_t n, cap;
	uint64_t seed[2]; /* strangers choose the ids, so they must not know where these go */
};

struct sp_pull {
	struct wire_in in; /* after a fault p == end, so that every getter fails by its one check */
	struct wire_fault fault;
	sp_status status;
	struct arena *arena;
	size_t budget; /* bytes of memory that may still be taken for what is decoded */
	const struct ndr_contexts *contexts;
	uint32_t depth, max_depth;
	uint32_t pointers, max_pointers;
	bool draining;
	bool is_ndr64;
	bool in_place;
	struct ndr_queue queue;
	struct ndr_queue fixups; /* aliases of referents that were not there yet */
	struct ndr_aliases aliases;
};

struct sp_push {
	uint8_t *p, *end; /* where the next byte goes; after a fault both are `base` */
	uint8_t *base;    /* the stub data's first byte */
	struct buf *buf;
	sp_status status;
	const char *what;
	uint32_t headroom, tailroom, max_len;
	const struct ndr_contexts *contexts;
	uint32_t depth, max_depth;
	uint32_t pointers, max_pointers;
	bool draining;
	bool swap; /* write big-endian: tests only */
	bool is_ndr64;
	struct ndr_queue queue;
	struct ndr_aliases aliases;
	struct arena room; /* what values are converted into on their way */
};

#endif
