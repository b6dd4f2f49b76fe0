/* SPDX-License-Identifier: MIT */
/* What group.c and context.c share. */
#ifndef ASSOC_CONTEXT_H
#define ASSOC_CONTEXT_H

#include <pthread.h>

#include "assoc/group.h"

struct context_node {
	struct assoc_context context; /* first: it is handed out as such */
	struct list node;             /* in a bucket */
	struct list waiters;          /* holders, first come first served */
	uint32_t n_shared;            /* calls that hold it together */
	bool exclusive;               /* one call holds it alone */
	bool removed;                 /* of no use any more; freed by who holds it last */
};

struct assoc_group {
	struct list
		node; /* in a bucket of its owner; a ring of its own when nobody may join any more */
	struct assoc_groups *owner;
	uint32_t id;
	uint32_t n_connections; /* that have not parted; under the owner's lock, as the next */
	uint32_t n_members;     /* that have not left */
	struct assoc_peer peer;

	pthread_mutex_t lock; /* over the contexts and who holds them */
	struct list *buckets; /* n_buckets, a power of 2 */
	uint32_t n_buckets;
	struct list few; /* the only bucket at first */
	size_t n_contexts;
};

#endif
