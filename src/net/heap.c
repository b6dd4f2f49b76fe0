/* SPDX-License-Identifier: MIT */
#include "net/heap.h"

#include "base/mem.h"

bool
heap_reserve(struct heap *h, size_t n)
{
	size_t cap = h->cap ? h->cap : 8;
	struct heap_node **nodes;

	if (n <= h->cap)
		return true;
	while (cap < n)
		cap *= 2;
	nodes = mem_resize(h->nodes, cap, sizeof(*nodes));
	if (!nodes)
		return false;
	h->nodes = nodes;
	h->cap = cap;
	return true;
}

void
heap_fini(struct heap *h)
{
	mem_free(h->nodes);
	*h = (struct heap){0};
}

static void
place_at(struct heap *h, struct heap_node *node, size_t place)
{
	h->nodes[place - 1] = node;
	node->place = place;
}

/* Towards the root from `place`, which is free, as far as its time allows; then away from it. */
static void
settle(struct heap *h, struct heap_node *node, size_t place)
{
	for (; place > 1 && node->at < h->nodes[place / 2 - 1]->at; place /= 2)
		place_at(h, h->nodes[place / 2 - 1], place);
	for (size_t child; (child = 2 * place) <= h->n; place = child) {
		if (child < h->n && h->nodes[child]->at < h->nodes[child - 1]->at)
			child++;
		if (node->at <= h->nodes[child - 1]->at)
			break;
		place_at(h, h->nodes[child - 1], place);
	}
	place_at(h, node, place);
}

void
heap_put(struct heap *h, struct heap_node *node, sp_nanos at)
{
	node->at = at;
	settle(h, node, node->place ? node->place : ++h->n);
}

void
heap_remove(struct heap *h, struct heap_node *node)
{
	struct heap_node *last;
	size_t place = node->place;

	if (!place)
		return;
	node->place = 0;
	last = h->nodes[--h->n];
	if (last != node)
		settle(h, last, place);
}

struct heap_node *
heap_first(const struct heap *h)
{
	return h->n ? h->nodes[0] : NULL;
}
