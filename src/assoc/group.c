/* SPDX-License-Identifier: MIT */
#include "assoc/group.h"

#include <assert.h>
#include <string.h>

#include "assoc/context.h"
#include "base/mem.h"
#include "base/uuid.h"

#define GROUP_BUCKETS 1024u

struct assoc_groups {
	pthread_mutex_t lock;
	struct list buckets[GROUP_BUCKETS];
	uint32_t n_members;
};

struct assoc_groups *
assoc_groups_new(void)
{
	struct assoc_groups *g = mem_zalloc(1, sizeof *g);

	if (!g)
		return NULL;
	pthread_mutex_init(&g->lock, NULL);
	for (size_t i = 0; i < GROUP_BUCKETS; i++)
		list_init(&g->buckets[i]);
	return g;
}

void
assoc_groups_free(struct assoc_groups *g)
{
	if (!g)
		return;
	assert(g->n_members == 0);
	pthread_mutex_destroy(&g->lock);
	mem_free(g);
}

static struct assoc_group *
group_find(struct assoc_groups *owner, uint32_t id)
{
	struct list *bucket = &owner->buckets[id % GROUP_BUCKETS];

	list_for (it, bucket) {
		struct assoc_group *g = list_entry(it, struct assoc_group, node);

		if (g->id == id)
			return g;
	}
	return NULL;
}

/* Nobody shall guess another client's group. */
static uint32_t
id_make(struct assoc_groups *owner)
{
	struct sp_uuid random;

	do
		uuid_random(&random);
	while (random.time_low == 0 || group_find(owner, random.time_low));
	return random.time_low;
}

static struct assoc_group *
group_new(struct assoc_groups *owner, const struct assoc_peer *peer)
{
	struct assoc_group *g = mem_zalloc(1, sizeof *g);

	if (!g)
		return NULL;
	g->id = id_make(owner);
	g->owner = owner;
	g->peer = *peer;
	pthread_mutex_init(&g->lock, NULL);
	list_init(&g->few);
	g->buckets = &g->few;
	g->n_buckets = 1;
	list_append(&owner->buckets[g->id % GROUP_BUCKETS], &g->node);
	return g;
}

struct assoc_group *
assoc_group_join(struct assoc_groups *owner, uint32_t id, const struct assoc_peer *peer)
{
	struct assoc_group *g;

	pthread_mutex_lock(&owner->lock);
	g = id ? group_find(owner, id) : group_new(owner, peer);
	if (g && memcmp(&g->peer, peer, sizeof *peer) != 0)
		g = NULL;
	if (g) {
		g->n_connections++;
		g->n_members++;
		owner->n_members++;
	}
	pthread_mutex_unlock(&owner->lock);
	return g;
}

uint32_t
assoc_group_id(const struct assoc_group *g)
{
	return g->id;
}

void
assoc_group_part(struct assoc_group *g)
{
	pthread_mutex_lock(&g->owner->lock);
	if (--g->n_connections == 0)
		list_remove(&g->node);
	pthread_mutex_unlock(&g->owner->lock);
}

static struct assoc_context *
contexts_hand_out(struct assoc_group *g)
{
	struct assoc_context *first = NULL, **last = &first;

	for (uint32_t i = 0; i < g->n_buckets; i++)
		list_for (it, &g->buckets[i]) {
			struct context_node *c = list_entry(it, struct context_node, node);

			assert(!c->exclusive && c->n_shared == 0 && list_is_empty(&c->waiters));
			*last = &c->context;
			last = &c->context.next;
		}
	*last = NULL;
	return first;
}

struct assoc_context *
assoc_group_leave(struct assoc_group *g)
{
	struct assoc_groups *owner = g->owner;
	struct assoc_context *contexts;
	bool last;

	pthread_mutex_lock(&owner->lock);
	owner->n_members--;
	last = --g->n_members == 0;
	pthread_mutex_unlock(&owner->lock);
	if (!last)
		return NULL;
	contexts = contexts_hand_out(g);
	if (g->buckets != &g->few)
		mem_free(g->buckets);
	pthread_mutex_destroy(&g->lock);
	mem_free(g);
	return contexts;
}

void
assoc_contexts_free(struct assoc_context *c)
{
	struct assoc_context *next;

	for (; c; c = next) {
		next = c->next;
		mem_free(c);
	}
}
