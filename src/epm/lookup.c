/* SPDX-License-Identifier: MIT */
#include "epm/lookup.h"

#include <string.h>

#include "base/mem.h"
#include "base/time.h"

#define BUCKETS 256

/* Where lookups come from: an IPv4 address, an IPv6 network of 64 bits, or a local user. */
struct lookup_source {
	struct in6_addr key;
	struct list lookups; /* oldest use first, by in_source */
	size_t weight;
	struct lookup_source *next;
};

struct lookups {
	struct list by_use; /* oldest first */
	struct list groups[BUCKETS];
	struct lookup_source *sources[BUCKETS];
	size_t n, weight;
	sp_nanos idle;
};

struct lookups *
lookups_new(void)
{
	struct lookups *all = mem_zalloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->idle = LOOKUP_IDLE;
	list_init(&all->by_use);
	for (unsigned i = 0; i < BUCKETS; i++)
		list_init(&all->groups[i]);
	return all;
}

void
lookups_free(struct lookups *all)
{
	mem_free(all);
}

void
lookups_set_idle(struct lookups *all, sp_nanos idle)
{
	all->idle = idle;
}

size_t
lookups_count(const struct lookups *all)
{
	return all->n;
}

/* --- sources --- */

static struct in6_addr
source_key(const struct client *c)
{
	struct in6_addr key = c->peer;

	if (c->local) {
		memset(&key, 0, sizeof(key));
		memcpy(&key, &c->uid, sizeof(c->uid));
		key.s6_addr[15] = 0xff;
	} else if (!IN6_IS_ADDR_V4MAPPED(&key)) {
		memset(&key.s6_addr[8], 0, 8);
	}
	return key;
}

static struct lookup_source **
source_slot(struct lookups *all, const struct in6_addr *key)
{
	struct lookup_source **slot;
	uint32_t h = 0;

	for (unsigned i = 0; i < 16; i++)
		h = h * 31 + key->s6_addr[i];
	slot = &all->sources[h % BUCKETS];
	while (*slot && memcmp(&(*slot)->key, key, sizeof(*key)) != 0)
		slot = &(*slot)->next;
	return slot;
}

static struct lookup_source *
source_get(struct lookups *all, const struct client *c)
{
	struct in6_addr key = source_key(c);
	struct lookup_source **slot = source_slot(all, &key);

	if (!*slot) {
		*slot = mem_zalloc(1, sizeof(**slot));
		if (!*slot)
			return NULL;
		(*slot)->key = key;
		list_init(&(*slot)->lookups);
	}
	return *slot;
}

static void
source_drop_empty(struct lookups *all, struct lookup_source *source)
{
	struct lookup_source **slot = source_slot(all, &source->key);

	if (!list_is_empty(&source->lookups))
		return;
	*slot = source->next;
	mem_free(source);
}

/* --- giving up --- */

static void
give_up(struct lookups *all, struct lookup *l)
{
	if (l->given_up)
		return;
	l->given_up = true;
	map_answer_free(&l->answer);
	list_remove(&l->by_use);
	list_remove(&l->in_source);
	l->source->weight -= l->weight;
	all->weight -= l->weight;
	all->n--;
	source_drop_empty(all, l->source);
	l->source = NULL;
}

static size_t
share(const struct map *map, unsigned times)
{
	size_t n = map_count(map) * times;

	return n > LOOKUP_SHARE_LEAST ? n : LOOKUP_SHARE_LEAST;
}

/* The oldest go, but never the one that has just begun. */
static void
make_room(struct lookups *all, const struct map *map, const struct lookup *young)
{
	struct list *own = &young->source->lookups;

	while (young->source->weight > share(map, LOOKUP_SOURCE_SHARE) &&
		own->next != &young->in_source)
		give_up(all, list_entry(own->next, struct lookup, in_source));
	while (all->weight > share(map, LOOKUP_ALL_SHARE) && all->by_use.next != &young->by_use)
		give_up(all, list_entry(all->by_use.next, struct lookup, by_use));
}

void
lookups_expire(struct lookups *all, sp_nanos now)
{
	while (!list_is_empty(&all->by_use)) {
		struct lookup *oldest = list_entry(all->by_use.next, struct lookup, by_use);

		if (now - oldest->used < all->idle)
			return;
		give_up(all, oldest);
	}
}

/* --- the life of one --- */

sp_status
lookup_begin(struct lookups *all, const struct map *map, const struct map_query *query,
	const struct client *c, sp_nanos now, struct lookup **ret)
{
	struct lookup *l = mem_zalloc(1, sizeof(*l));
	sp_status status = l ? map_find(map, query, &l->answer) : RPC_S_OUT_OF_MEMORY;

	if (!status && l->answer.n == 0)
		status = EPT_NCA_NOT_REGISTERED;
	if (!status)
		l->source = source_get(all, c);
	if (!status && !l->source)
		status = RPC_S_OUT_OF_MEMORY;
	if (status) {
		if (l)
			map_answer_free(&l->answer);
		mem_free(l);
		return status;
	}
	l->group = c->group;
	l->weight = l->answer.n;
	l->used = now;
	l->source->weight += l->weight;
	all->weight += l->weight;
	all->n++;
	list_append(&all->by_use, &l->by_use);
	list_append(&l->source->lookups, &l->in_source);
	list_append(&all->groups[l->group % BUCKETS], &l->in_group);
	make_room(all, map, l);
	*ret = l;
	return 0;
}

void
lookup_touch(struct lookups *all, struct lookup *l, sp_nanos now)
{
	if (l->given_up)
		return;
	l->used = now;
	list_remove(&l->by_use);
	list_append(&all->by_use, &l->by_use);
	list_remove(&l->in_source);
	list_append(&l->source->lookups, &l->in_source);
	list_remove(&l->in_group);
	list_append(&all->groups[l->group % BUCKETS], &l->in_group);
}

void
lookup_end(struct lookups *all, struct lookup *l)
{
	if (!l)
		return;
	give_up(all, l);
	list_remove(&l->in_group);
	mem_free(l);
}

struct lookup *
lookup_surplus(const struct lookups *all, uint32_t group)
{
	struct lookup *oldest = NULL;
	unsigned n = 0;

	list_for (it, &all->groups[group % BUCKETS]) {
		struct lookup *l = list_entry(it, struct lookup, in_group);

		if (l->group != group)
			continue;
		n++;
		if (!oldest)
			oldest = l;
	}
	return n >= LOOKUP_PER_GROUP ? oldest : NULL;
}
