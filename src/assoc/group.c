/* SPDX-License-Identifier: MIT */
#include "assoc/group.h"

#include <assert.h>
#include <pthread.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/uuid.h"

struct context_node {
	struct list node;
	struct assoc_context context;
};

struct assoc_groups {
	pthread_mutex_t lock;
	struct list groups;
	uint32_t next_id;
};

struct assoc_group {
	struct list node;
	struct assoc_groups *owner;
	uint32_t id, n_connections;
	struct list contexts;
	size_t n_contexts;
};

struct assoc_groups *
assoc_groups_new(void)
{
	struct assoc_groups *g = mem_zalloc(1, sizeof *g);
	struct sp_uuid seed;

	if (!g)
		return NULL;
	pthread_mutex_init(&g->lock, NULL);
	list_init(&g->groups);
	/* Nobody shall guess another client's group: [MS-RPCE] 3.3.1.5.7 asks who joins. */
	uuid_random(&seed);
	g->next_id = seed.time_low;
	return g;
}

void
assoc_groups_free(struct assoc_groups *g)
{
	if (!g)
		return;
	assert(list_is_empty(&g->groups));
	pthread_mutex_destroy(&g->lock);
	mem_free(g);
}

static struct assoc_group *
group_find(struct assoc_groups *owner, uint32_t id)
{
	list_for (it, &owner->groups) {
		struct assoc_group *g = list_entry(it, struct assoc_group, node);

		if (g->id == id)
			return g;
	}
	return NULL;
}

static struct assoc_group *
group_new(struct assoc_groups *owner)
{
	struct assoc_group *g = mem_zalloc(1, sizeof *g);

	if (!g)
		return NULL;
	do
		g->id = owner->next_id++;
	while (g->id == 0 || group_find(owner, g->id));
	g->owner = owner;
	list_init(&g->contexts);
	list_append(&owner->groups, &g->node);
	return g;
}

struct assoc_group *
assoc_group_join(struct assoc_groups *owner, uint32_t id)
{
	struct assoc_group *g;

	pthread_mutex_lock(&owner->lock);
	g = id ? group_find(owner, id) : group_new(owner);
	if (g)
		g->n_connections++;
	pthread_mutex_unlock(&owner->lock);
	return g;
}

uint32_t
assoc_group_id(const struct assoc_group *g)
{
	return g->id;
}

/* The nodes of an ended group become one array; without memory for it they are dropped. */
static void
contexts_hand_out(struct assoc_group *g, struct assoc_context **ret_contexts, size_t *ret_n)
{
	size_t n = 0;

	if (ret_contexts && g->n_contexts)
		*ret_contexts = mem_zalloc(g->n_contexts, sizeof **ret_contexts);
	list_for_safe (it, &g->contexts) {
		struct context_node *c = list_entry(it, struct context_node, node);

		if (ret_contexts && *ret_contexts)
			(*ret_contexts)[n++] = c->context;
		mem_free(c);
	}
	if (ret_n)
		*ret_n = n;
}

void
assoc_group_leave(struct assoc_group *g, struct assoc_context **ret_contexts, size_t *ret_n)
{
	struct assoc_groups *owner = g->owner;
	bool last;

	if (ret_contexts)
		*ret_contexts = NULL;
	if (ret_n)
		*ret_n = 0;
	pthread_mutex_lock(&owner->lock);
	last = --g->n_connections == 0;
	if (last)
		list_remove(&g->node);
	pthread_mutex_unlock(&owner->lock);
	if (!last)
		return;
	contexts_hand_out(g, ret_contexts, ret_n);
	mem_free(g);
}

/* With the lock held. */
static struct context_node *
context_find(struct assoc_group *g, const struct sp_uuid *uuid)
{
	list_for (it, &g->contexts) {
		struct context_node *c = list_entry(it, struct context_node, node);

		if (sp_uuid_equal(&c->context.uuid, uuid))
			return c;
	}
	return NULL;
}

bool
assoc_group_add_context(struct assoc_group *g, const void *interface, uint32_t type, void *user,
	struct sp_uuid *ret_uuid)
{
	struct context_node *c = mem_zalloc(1, sizeof *c);

	if (!c)
		return false;
	c->context = (struct assoc_context){.interface = interface, .type = type, .user = user};
	uuid_random(&c->context.uuid);
	*ret_uuid = c->context.uuid;
	pthread_mutex_lock(&g->owner->lock);
	list_append(&g->contexts, &c->node);
	g->n_contexts++;
	pthread_mutex_unlock(&g->owner->lock);
	return true;
}

bool
assoc_group_find_context(
	struct assoc_group *g, const struct sp_uuid *uuid, struct assoc_context *ret)
{
	struct context_node *c;

	pthread_mutex_lock(&g->owner->lock);
	c = context_find(g, uuid);
	if (c)
		*ret = c->context;
	pthread_mutex_unlock(&g->owner->lock);
	return c != NULL;
}

bool
assoc_group_set_context(struct assoc_group *g, const struct sp_uuid *uuid, void *user)
{
	struct context_node *c;

	pthread_mutex_lock(&g->owner->lock);
	c = context_find(g, uuid);
	if (c)
		c->context.user = user;
	pthread_mutex_unlock(&g->owner->lock);
	return c != NULL;
}

bool
assoc_group_remove_context(struct assoc_group *g, const struct sp_uuid *uuid)
{
	struct context_node *c;

	pthread_mutex_lock(&g->owner->lock);
	c = context_find(g, uuid);
	if (c) {
		list_remove(&c->node);
		g->n_contexts--;
	}
	pthread_mutex_unlock(&g->owner->lock);
	mem_free(c);
	return c != NULL;
}

void
assoc_group_forget_context(struct assoc_group *g, const void *user)
{
	struct context_node *found = NULL;

	pthread_mutex_lock(&g->owner->lock);
	list_for (it, &g->contexts) {
		struct context_node *c = list_entry(it, struct context_node, node);

		if (c->context.user == user) {
			found = c;
			list_remove(&c->node);
			g->n_contexts--;
			break;
		}
	}
	pthread_mutex_unlock(&g->owner->lock);
	mem_free(found);
}

size_t
assoc_group_n_contexts(struct assoc_group *g)
{
	size_t n;

	pthread_mutex_lock(&g->owner->lock);
	n = g->n_contexts;
	pthread_mutex_unlock(&g->owner->lock);
	return n;
}
