/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;
	bool is_borrowed;
	_Alignas(16) uint8_t bytes[];
};

#define CHUNK_SIZE (4096 - sizeof(struct arena_chunk))

void
arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){.limit = limit};
}

void
arena_init_at(struct arena *a, size_t limit, void *memory, size_t size)
{
	struct arena_chunk *c = memory;

	arena_init(a, limit);
	*c = (struct arena_chunk){.size = size - sizeof(*c), .is_borrowed = true};
	a->chunks = c;
}

static void
chunks_free(struct arena_chunk *c)
{
	while (c) {
		struct arena_chunk *next = c->next;

		if (!c->is_borrowed)
			mem_give(c, sizeof(*c) + c->size);
		c = next;
	}
}

void
arena_fini(struct arena *a)
{
	chunks_free(a->chunks);
	a->chunks = NULL;
	a->used = 0;
}

void
arena_reset(struct arena *a)
{
	struct arena_chunk *keep = a->chunks, *oldest = keep;

	a->used = 0;
	if (!keep)
		return;
	while (oldest->next)
		oldest = oldest->next;
	/* what lies in the owner's memory, or else the newest, unless it is large */
	if (oldest->is_borrowed)
		keep = oldest;
	else if (keep->size > 16 * CHUNK_SIZE)
		keep = NULL;
	for (struct arena_chunk *c = a->chunks, *next; c; c = next) {
		next = c->next;
		if (c != keep)
			mem_give(c, sizeof(*c) + c->size);
	}
	a->chunks = keep;
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
	}
}

static struct arena_chunk *
chunk_for(struct arena *a, size_t bytes)
{
	struct arena_chunk *c = a->chunks;
	size_t size = bytes > CHUNK_SIZE ? bytes : CHUNK_SIZE;

	if (c && c->size - c->used >= bytes)
		return c;
	c = mem_take(sizeof(*c) + size);
	if (!c)
		return NULL;
	*c = (struct arena_chunk){.next = a->chunks, .size = size};
	a->chunks = c;
	return c;
}

void *
arena_take(struct arena *a, size_t n, size_t size)
{
	struct arena_chunk *c;
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - 64)
		return NULL;
	bytes = bytes ? (bytes + 15) & ~(size_t)15 : 16;
	if (bytes > a->limit || a->used > a->limit - bytes)
		return NULL;
	c = chunk_for(a, bytes);
	if (!c)
		return NULL;
	void *p = c->bytes + c->used;
	c->used += bytes;
	a->used += bytes;
	return p;
}

void *
arena_alloc(struct arena *a, size_t n, size_t size)
{
	void *p = arena_take(a, n, size);

	return p ? memset(p, 0, n * size) : NULL;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = arena_alloc(a, 1, size);

	return copy ? memcpy(copy, s, size) : NULL;
}
