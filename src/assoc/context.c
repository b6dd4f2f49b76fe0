/* SPDX-License-Identifier: MIT */
/* Context handles, and the calls that take turns with them (the default of C706 and Windows: one call at a time). */
#include "assoc/context.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/uuid.h"

/* --- the table --- */

static struct list *
bucket_of(struct list *buckets, uint32_t n, const struct sp_uuid *uuid)
{
	return &buckets[uuid->time_low & (n - 1)]; /* ours are random */
}

/* Without memory the buckets get longer, that is all. */
static void
buckets_grow(struct assoc_group *g)
{
	uint32_t n = g->n_buckets * 8;
	struct list *larger = mem_alloc(n * sizeof *larger);

	if (!larger)
		return;
	for (uint32_t i = 0; i < n; i++)
		list_init(&larger[i]);
	for (uint32_t i = 0; i < g->n_buckets; i++)
		while (!list_is_empty(&g->buckets[i])) {
			struct context_node *c =
				list_entry(g->buckets[i].next, struct context_node, node);

			list_remove(&c->node);
			list_append(bucket_of(larger, n, &c->context.uuid), &c->node);
		}
	if (g->buckets != &g->few)
		mem_free(g->buckets);
	g->buckets = larger;
	g->n_buckets = n;
}

static struct context_node *
context_find(struct assoc_group *g, const struct sp_uuid *uuid)
{
	struct list *bucket = bucket_of(g->buckets, g->n_buckets, uuid);

	list_for (it, bucket) {
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
	list_init(&c->waiters);
	*ret_uuid = c->context.uuid;
	pthread_mutex_lock(&g->lock);
	if (g->n_contexts >= 4 * (size_t)g->n_buckets && g->n_buckets < 1u << 20)
		buckets_grow(g);
	list_append(bucket_of(g->buckets, g->n_buckets, &c->context.uuid), &c->node);
	g->n_contexts++;
	pthread_mutex_unlock(&g->lock);
	return true;
}

bool
assoc_group_find_context(
	struct assoc_group *g, const struct sp_uuid *uuid, struct assoc_context *ret)
{
	struct context_node *c;

	pthread_mutex_lock(&g->lock);
	c = context_find(g, uuid);
	if (c)
		*ret = c->context;
	pthread_mutex_unlock(&g->lock);
	return c != NULL;
}

bool
assoc_group_set_context(struct assoc_group *g, const struct sp_uuid *uuid, void *user)
{
	struct context_node *c;

	pthread_mutex_lock(&g->lock);
	c = context_find(g, uuid);
	if (c)
		c->context.user = user;
	pthread_mutex_unlock(&g->lock);
	return c != NULL;
}

size_t
assoc_group_n_contexts(struct assoc_group *g)
{
	size_t n;

	pthread_mutex_lock(&g->lock);
	n = g->n_contexts;
	pthread_mutex_unlock(&g->lock);
	return n;
}

/* --- who holds them; with the lock held --- */

static void
free_unused(struct context_node *c)
{
	if (c->removed && !c->exclusive && c->n_shared == 0)
		mem_free(c);
}

static struct assoc_hold *
hold_new(struct assoc_holder *h, struct context_node *c, bool shared)
{
	struct assoc_hold *hold = h->first.context ? mem_alloc(sizeof *hold) : &h->first;

	if (!hold)
		return NULL;
	*hold = (struct assoc_hold){.context = c, .shared = shared};
	list_init(&hold->node);
	return hold;
}

static void
hold_free(struct assoc_holder *h, struct assoc_hold *hold)
{
	list_remove(&hold->node);
	hold->context = NULL;
	if (hold != &h->first)
		mem_free(hold);
}

static void
hold_begin(struct assoc_holder *h, struct assoc_hold *hold)
{
	if (hold->shared)
		hold->context->n_shared++;
	else
		hold->context->exclusive = true;
	list_append(&h->holds, &hold->node);
}

static bool
is_free_for(const struct context_node *c, bool shared)
{
	return !c->exclusive && (shared || c->n_shared == 0);
}

/* Those at the front of the queue that it is free for. */
static void
waiters_grant(struct context_node *c)
{
	while (!list_is_empty(&c->waiters)) {
		struct assoc_holder *h = list_entry(c->waiters.next, struct assoc_holder, node);

		if (!is_free_for(c, h->waiting->shared))
			break;
		list_remove(&h->node);
		hold_begin(h, h->waiting);
		h->waiting = NULL;
		h->granted(h);
	}
}

static void
hold_end(struct assoc_holder *h, struct assoc_hold *hold)
{
	struct context_node *c = hold->context;

	assert(c); /* as of all that are in a holder's list */
	if (hold->shared)
		c->n_shared--;
	else
		c->exclusive = false;
	hold_free(h, hold);
	if (c->removed)
		free_unused(c);
	else
		waiters_grant(c);
}

static void
holds_end(struct assoc_holder *h)
{
	while (!list_is_empty(&h->holds))
		hold_end(h, list_entry(h->holds.next, struct assoc_hold, node));
}

/* The call has it already, perhaps only shared. NULL: not yet. */
static struct assoc_hold *
hold_find(struct assoc_holder *h, const struct context_node *c)
{
	list_for (it, &h->holds) {
		struct assoc_hold *hold = list_entry(it, struct assoc_hold, node);

		if (hold->context == c)
			return hold;
	}
	return NULL;
}

static bool
hold_suffices(struct assoc_hold *hold, bool shared)
{
	struct context_node *c = hold->context;

	if (!hold->shared || shared)
		return true;
	if (c->n_shared > 1)
		return false;
	c->n_shared = 0;
	c->exclusive = true;
	hold->shared = false;
	return true;
}

/*
 * Nobody waits while holding something, so that no two calls ever wait for each other: what is held is released, and all
 * of it is looked for again when the turn has come.
 */
static enum assoc_held
context_take(struct assoc_holder *h, struct context_node *c, bool shared)
{
	struct assoc_hold *hold = hold_find(h, c);
	bool is_next = list_is_empty(&c->waiters) && is_free_for(c, shared);

	if (hold && hold_suffices(hold, shared))
		return ASSOC_HELD;
	if (!is_next)
		holds_end(h);
	hold = hold_new(h, c, shared);
	if (!hold)
		return ASSOC_NO_MEMORY;
	if (is_next) {
		hold_begin(h, hold);
		return ASSOC_HELD;
	}
	h->waiting = hold;
	list_append(&c->waiters, &h->node);
	return ASSOC_WAITS;
}

/* --- the end of a context --- */

/* Who waits for it shall look again, and find that it is no more. */
static void
context_remove(struct assoc_group *g, struct context_node *c)
{
	list_remove(&c->node);
	g->n_contexts--;
	c->removed = true;
	while (!list_is_empty(&c->waiters)) {
		struct assoc_holder *h = list_entry(c->waiters.next, struct assoc_holder, node);

		list_remove(&h->node);
		hold_free(h, h->waiting);
		h->waiting = NULL;
		h->granted(h);
	}
	free_unused(c);
}

bool
assoc_group_remove_context(struct assoc_group *g, const struct sp_uuid *uuid)
{
	struct context_node *c;

	pthread_mutex_lock(&g->lock);
	c = context_find(g, uuid);
	if (c)
		context_remove(g, c);
	pthread_mutex_unlock(&g->lock);
	return c != NULL;
}

static struct context_node *
context_of_user(struct assoc_group *g, const void *user)
{
	for (uint32_t i = 0; i < g->n_buckets; i++)
		list_for (it, &g->buckets[i]) {
			struct context_node *c = list_entry(it, struct context_node, node);

			if (c->context.user == user)
				return c;
		}
	return NULL;
}

void
assoc_group_forget_context(struct assoc_group *g, const void *user)
{
	struct context_node *c;

	pthread_mutex_lock(&g->lock);
	c = context_of_user(g, user);
	if (c)
		context_remove(g, c);
	pthread_mutex_unlock(&g->lock);
}

/* --- a call --- */

void
assoc_holder_init(
	struct assoc_holder *h, struct assoc_group *g, void (*granted)(struct assoc_holder *))
{
	*h = (struct assoc_holder){.granted = granted, .group = g};
	list_init(&h->holds);
	list_init(&h->node);
	list_init(&h->first.node);
}

enum assoc_held
assoc_holder_take(struct assoc_holder *h, const struct sp_uuid *uuid, bool shared,
	bool (*fits)(const void *arg, const struct assoc_context *), const void *arg,
	void **ret_user)
{
	enum assoc_held held = ASSOC_NOT_THERE;
	struct context_node *c;

	pthread_mutex_lock(&h->group->lock);
	c = context_find(h->group, uuid);
	if (c && fits(arg, &c->context)) {
		held = context_take(h, c, shared);
		if (held == ASSOC_HELD)
			*ret_user = c->context.user;
	}
	pthread_mutex_unlock(&h->group->lock);
	return held;
}

bool
assoc_holder_fini(struct assoc_holder *h)
{
	struct context_node *c;
	bool waited;

	if (!h->group)
		return false;
	pthread_mutex_lock(&h->group->lock);
	waited = h->waiting != NULL;
	if (waited) {
		c = h->waiting->context;
		list_remove(&h->node);
		hold_free(h, h->waiting);
		h->waiting = NULL;
		waiters_grant(c); /* it may have been in the way of others */
	}
	holds_end(h);
	pthread_mutex_unlock(&h->group->lock);
	return waited;
}
