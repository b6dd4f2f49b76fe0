/* SPDX-License-Identifier: MIT */
/*
 * Memory that ends at once: everything that belongs to one call.
 * Zeroed, aligned to 16 bytes, bounded by `limit`. Not thread-safe.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include <sallyport/types.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* newest first */
	size_t used;                /* bytes handed out since the last reset */
	size_t limit;               /* most bytes ever handed out between resets */
};

void arena_init(struct arena *, size_t limit); /* allocates nothing */
/* The same, and uses `size` bytes at `memory` first, aligned to 16 and there until arena_fini(). */
void arena_init_at(struct arena *, size_t limit, void *memory, size_t size);
void arena_fini(struct arena *);  /* fine on a zeroed struct */
void arena_reset(struct arena *); /* keeps one chunk for the next use */
SP_NODISCARD void *arena_take(struct arena *, size_t n, size_t size); /* the same, not zeroed */
SP_NODISCARD void *arena_alloc(
	struct arena *, size_t n, size_t size); /* NULL: over the limit or no memory */
SP_NODISCARD char *arena_strdup(struct arena *, const char *);

#endif
