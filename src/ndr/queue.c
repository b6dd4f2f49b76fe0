/* SPDX-License-Identifier: MIT */
#include "ndr/queue.h"

#include <string.h>

#include "base/mem.h"

void
ndr_queue_init(struct ndr_queue *q)
{
	q->items = q->few;
	q->n = 0;
	q->cap = NDR_QUEUE_FEW;
}

void
ndr_queue_fini(struct ndr_queue *q)
{
	if (q->items != q->few)
		mem_free(q->items);
	ndr_queue_init(q);
}

static bool
grow(struct ndr_queue *q)
{
	bool is_own = q->items != q->few;
	struct ndr_deferred *items;

	if (q->cap > UINT32_MAX / 2)
		return false;
	items = mem_resize(is_own ? q->items : NULL, 2 * (size_t)q->cap, sizeof(*items));
	if (!items)
		return false;
	if (!is_own)
		memcpy(items, q->few, sizeof(q->few));
	q->items = items;
	q->cap *= 2;
	return true;
}

bool
ndr_queue_add(struct ndr_queue *q, const struct ndr_deferred *d)
{
	if (q->n == q->cap && !grow(q))
		return false;
	q->items[q->n++] = *d;
	return true;
}

void
ndr_queue_turn(struct ndr_queue *q, uint32_t from)
{
	struct ndr_deferred d;

	for (uint32_t to = q->n; to > from + 1; from++) {
		d = q->items[from];
		q->items[from] = q->items[--to];
		q->items[to] = d;
	}
}
