/* SPDX-License-Identifier: MIT */
/*
 * Pipes as a whole (C706 14.3.10): chunks of counted elements, the last one empty. In NDR64 the count follows once
 * more, negated ([MS-RPCE] 2.2.5.3.4.5).
 */
#include <string.h>

#include "ndr/pull.h"
#include "ndr/push.h"

#define CHUNK_BYTES 65536

struct gathered {
	uint8_t *items;
	uint64_t n, cap;
};

/* Room for n more; what was there before stays in the arena until the call ends. */
static uint8_t *
more(struct sp_pull *pull, struct gathered *g, uint32_t n, size_t size)
{
	uint8_t *larger;

	if (n > g->cap - g->n) {
		g->cap = (g->n + n) * 2;
		larger = sp_pull_alloc(pull, g->cap, size);
		if (!larger)
			return NULL;
		if (g->items)
			memcpy(larger, g->items, g->n * size);
		g->items = larger;
	}
	g->n += n;
	return g->items + (g->n - n) * size;
}

static void
chunk_end(struct sp_pull *pull, uint32_t n)
{
	if (pull->is_ndr64)
		sp_pull_expect(pull, sp_pull_u64(pull), 0 - (uint64_t)n, "end of a pipe's chunk");
}

void *
sp_pull_pipe(struct sp_pull *pull, uint64_t *ret_n, size_t element_size)
{
	struct gathered g = {0};
	uint8_t *to;
	uint32_t n;

	*ret_n = 0;
	for (;;) {
		n = sp_pull_count(pull, element_size);
		to = n ? more(pull, &g, n, element_size) : NULL;
		if (to)
			sp_pull_array(pull, to, n, element_size);
		chunk_end(pull, n);
		if (pull->status)
			return NULL;
		if (!n)
			break;
	}
	*ret_n = g.n;
	return g.items;
}

static void
chunk(struct sp_push *push, const uint8_t *items, uint64_t n, size_t element_size)
{
	ndr_push_word(push, n);
	sp_push_array(push, items, n, element_size);
	if (push->is_ndr64)
		sp_push_u64(push, 0 - n);
}

void
sp_push_pipe(struct sp_push *push, const void *items, uint64_t n, size_t element_size)
{
	uint64_t most = CHUNK_BYTES / element_size, now;
	const uint8_t *p = items;

	for (; n && !push->status; n -= now, p += now * element_size) {
		now = n < most ? n : most;
		chunk(push, p, now, element_size);
	}
	chunk(push, NULL, 0, element_size);
}
