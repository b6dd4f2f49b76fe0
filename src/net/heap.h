/* SPDX-License-Identifier: MIT */
/* What is due next, of many: a binary heap of nodes that are embedded in what they are about. */
#ifndef NET_HEAP_H
#define NET_HEAP_H

#include <sallyport/types.h>

#include <stddef.h>

struct heap_node {
	sp_nanos at;
	size_t place; /* its index + 1; 0: not in the heap */
};

struct heap { /* zeroed: empty */
	struct heap_node **nodes;
	size_t n, cap;
};

/* Room for n nodes, so that heap_put() cannot fail. False: no memory. */
SP_NODISCARD bool heap_reserve(struct heap *, size_t n);
void heap_fini(struct heap *);
/* Puts the node in, or elsewhere when it is in. There must be room. */
void heap_put(struct heap *, struct heap_node *, sp_nanos at);
void heap_remove(struct heap *, struct heap_node *); /* repeatable */
/* The earliest; NULL: empty. */
struct heap_node *heap_first(const struct heap *);

#endif
