/* SPDX-License-Identifier: MIT */
#include "epm/map.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/uuid.h"

#define OWNER_BUCKETS 1024 /* connections are numbered one after the other */

struct map_interface { /* all versions of one interface UUID */
	struct sp_uuid uuid;
	struct list entries;
	struct map_interface *next;
};

struct owner {
	uint64_t id;
	struct list entries;
	struct owner *next;
};

struct map {
	struct list entries;
	size_t n_entries;
	uint64_t next_serial;
	struct map_interface **buckets; /* n_buckets, a power of two */
	size_t n_buckets, n_interfaces;
	struct owner *owners[OWNER_BUCKETS];
};

/* --- interfaces --- */

static struct map_interface **
interface_slot(const struct map *map, const struct sp_uuid *uuid)
{
	struct map_interface **slot = &map->buckets[uuid_hash(uuid) & (map->n_buckets - 1)];

	while (*slot && !sp_uuid_equal(&(*slot)->uuid, uuid))
		slot = &(*slot)->next;
	return slot;
}

/* Without memory the chains only get longer. */
static void
buckets_grow(struct map *map)
{
	size_t old_n = map->n_buckets;
	struct map_interface **old = map->buckets, **new = mem_zalloc(old_n * 2, sizeof(*new));

	if (!new)
		return;
	map->buckets = new;
	map->n_buckets = old_n * 2;
	for (size_t i = 0; i < old_n; i++) {
		for (struct map_interface *it = old[i], *next; it; it = next) {
			struct map_interface **head =
				&new[uuid_hash(&it->uuid) & (map->n_buckets - 1)];

			next = it->next;
			it->next = *head;
			*head = it;
		}
	}
	mem_free(old);
}

static struct map_interface *
interface_get(struct map *map, const struct sp_uuid *uuid)
{
	struct map_interface **slot = interface_slot(map, uuid), *it;

	if (*slot)
		return *slot;
	it = mem_zalloc(1, sizeof(*it));
	if (!it)
		return NULL;
	it->uuid = *uuid;
	list_init(&it->entries);
	*slot = it;
	if (++map->n_interfaces > map->n_buckets)
		buckets_grow(map);
	return it;
}

static void
interface_drop_empty(struct map *map, const struct sp_uuid *uuid)
{
	struct map_interface **slot = interface_slot(map, uuid), *it = *slot;

	if (!it || !list_is_empty(&it->entries))
		return;
	*slot = it->next;
	map->n_interfaces--;
	mem_free(it);
}

/* --- owners --- */

static struct owner **
owner_slot(struct map *map, uint64_t id)
{
	struct owner **slot = &map->owners[id % OWNER_BUCKETS];

	while (*slot && (*slot)->id != id)
		slot = &(*slot)->next;
	return slot;
}

static struct owner *
owner_get(struct map *map, uint64_t id)
{
	struct owner **slot = owner_slot(map, id);

	if (!*slot) {
		struct owner *it = mem_zalloc(1, sizeof(*it));

		if (!it)
			return NULL;
		it->id = id;
		list_init(&it->entries);
		*slot = it;
	}
	return *slot;
}

static void
owner_drop_empty(struct map *map, uint64_t id)
{
	struct owner **slot = owner_slot(map, id), *it = *slot;

	if (!it || !list_is_empty(&it->entries))
		return;
	*slot = it->next;
	mem_free(it);
}

/* --- entries --- */

static void
entry_unref(struct map_entry *e)
{
	if (--e->refs == 0)
		mem_free(e);
}

static bool
has_ipv4(enum protseq protseq)
{
	return protseq == NCACN_IP_TCP || protseq == NCADG_IP_UDP || protseq == NCACN_HTTP;
}

/* 0, EPT_NCA_INVALID_ENTRY or RPC_S_OUT_OF_MEMORY */
static sp_status
entry_new(const struct map_wish *wish, struct map_entry **ret)
{
	struct wire_fault fault = {0};
	struct tower tower;
	struct map_entry *e;

	if (wish->tower_len > MAP_MAX_TOWER ||
		!tower_get(wish->tower, wish->tower_len, &tower, &fault) ||
		tower.protseq == PROTSEQ_UNKNOWN || !tower.endpoint[0] ||
		strcmp(tower.endpoint, "0") == 0)
		return EPT_NCA_INVALID_ENTRY;
	e = mem_zalloc(1, sizeof(*e) + wish->tower_len);
	if (!e)
		return RPC_S_OUT_OF_MEMORY;
	e->object = wish->object;
	e->interface = tower.interface;
	e->transfer = tower.transfer;
	e->protseq = tower.protseq;
	snprintf(e->annotation, sizeof(e->annotation), "%s",
		wish->annotation ? wish->annotation : "");
	if (has_ipv4(tower.protseq) && !tower.address[0])
		e->address_at = (uint16_t)(tower.floors[4].rhs - wish->tower);
	e->tower_len = (uint16_t)wish->tower_len;
	memcpy(e->tower, wish->tower, wish->tower_len);
	e->refs = 1;
	list_init(&e->in_map);
	list_init(&e->in_interface);
	list_init(&e->in_owner);
	*ret = e;
	return 0;
}

/* Out of the lists; who has found it before keeps it. The lists' heads stay, for the caller to drop. */
static void
entry_unlink(struct map *map, struct map_entry *e)
{
	list_remove(&e->in_map);
	list_remove(&e->in_interface);
	list_remove(&e->in_owner);
	map->n_entries--;
	interface_drop_empty(map, &e->interface.uuid);
	entry_unref(e);
}

static void
entry_link(struct map *map, struct owner *owner, struct map_entry *e)
{
	e->owner = owner->id;
	e->serial = map->next_serial++;
	list_append(&map->entries, &e->in_map);
	list_append(&e->home->entries, &e->in_interface);
	list_append(&owner->entries, &e->in_owner);
	map->n_entries++;
}

static bool
is_same_place(const struct map_entry *e, const struct map_entry *other)
{
	return e->protseq == other->protseq && sp_uuid_equal(&e->object, &other->object) &&
	       syntax_equal(&e->interface, &other->interface);
}

static bool
is_same(const struct map_entry *e, const struct map_entry *other)
{
	return sp_uuid_equal(&e->object, &other->object) && e->tower_len == other->tower_len &&
	       memcmp(e->tower, other->tower, e->tower_len) == 0;
}

/* The owner's entry with this object and tower. */
static struct map_entry *
entry_find(const struct map *map, uint64_t owner, const struct map_entry *wanted)
{
	struct map_interface *home = *interface_slot(map, &wanted->interface.uuid);

	if (!home)
		return NULL;
	list_for (it, &home->entries) {
		struct map_entry *e = list_entry(it, struct map_entry, in_interface);

		if (e->owner == owner && is_same(e, wanted))
			return e;
	}
	return NULL;
}

/* --- changing the map --- */

struct map *
map_new(void)
{
	struct map *map = mem_zalloc(1, sizeof(*map));

	if (!map)
		return NULL;
	list_init(&map->entries);
	map->n_buckets = 64;
	map->buckets = mem_zalloc(map->n_buckets, sizeof(*map->buckets));
	if (!map->buckets) {
		mem_free(map);
		return NULL;
	}
	return map;
}

void
map_free(struct map *map)
{
	if (!map)
		return;
	for (size_t i = 0; i < OWNER_BUCKETS; i++)
		while (map->owners[i])
			map_owner_gone(map, map->owners[i]->id);
	mem_free(map->buckets);
	mem_free(map);
}

size_t
map_count(const struct map *map)
{
	return map->n_entries;
}

/* The owner's entries that stood at e's place before this registration began. */
static void
replace_older(struct map *map, const struct map_entry *e, uint64_t before)
{
	list_for_safe (it, &e->home->entries) {
		struct map_entry *old = list_entry(it, struct map_entry, in_interface);

		if (old->owner == e->owner && old->serial < before && is_same_place(old, e))
			entry_unlink(map, old);
	}
}

static void
entry_add(struct map *map, struct owner *owner, struct map_entry *e, bool replace, uint64_t before)
{
	struct map_entry *known = entry_find(map, owner->id, e);

	if (known && !replace) {
		memcpy(known->annotation, e->annotation, sizeof(e->annotation));
		entry_unref(e);
		return;
	}
	entry_link(map, owner, e);
	if (known)
		entry_unlink(map, known);
	if (replace)
		replace_older(map, e, before);
}

/* Makes everything that can fail. On failure nothing is left behind but heads, which the caller drops. */
static sp_status
entries_make(struct map *map, const struct map_wish *wishes, size_t n, struct map_entry **made)
{
	sp_status status = 0;

	for (size_t i = 0; i < n && !status; i++)
		status = entry_new(&wishes[i], &made[i]);
	for (size_t i = 0; i < n && !status; i++) {
		made[i]->home = interface_get(map, &made[i]->interface.uuid);
		if (!made[i]->home)
			status = RPC_S_OUT_OF_MEMORY;
	}
	for (size_t i = 0; i < n && status; i++) {
		if (!made[i])
			continue;
		interface_drop_empty(map, &made[i]->interface.uuid);
		entry_unref(made[i]);
	}
	return status;
}

sp_status
map_insert(
	struct map *map, uint64_t owner_id, const struct map_wish *wishes, size_t n, bool replace)
{
	struct map_entry **made = mem_zalloc(n ? n : 1, sizeof(struct map_entry *));
	struct owner *owner = owner_get(map, owner_id);
	uint64_t before = map->next_serial;
	sp_status status = made && owner ? 0 : RPC_S_OUT_OF_MEMORY;

	if (!status)
		status = entries_make(map, wishes, n, made);
	for (size_t i = 0; i < n && !status; i++)
		entry_add(map, owner, made[i], replace, before);
	owner_drop_empty(map, owner_id);
	mem_free(made);
	return status;
}

sp_status
map_delete(struct map *map, uint64_t owner, const struct map_wish *wishes, size_t n)
{
	sp_status result = 0;

	for (size_t i = 0; i < n; i++) {
		struct map_entry *wanted, *found;
		sp_status status = entry_new(&wishes[i], &wanted);

		if (!status) {
			found = entry_find(map, owner, wanted);
			entry_unref(wanted);
			if (found)
				entry_unlink(map, found);
			else
				status = EPT_NCA_NOT_REGISTERED;
		}
		if (status && !result)
			result = status;
	}
	owner_drop_empty(map, owner);
	return result;
}

size_t
map_owner_gone(struct map *map, uint64_t id)
{
	struct owner *owner = *owner_slot(map, id);
	size_t n = 0;

	if (!owner)
		return 0;
	for (; !list_is_empty(&owner->entries); n++)
		entry_unlink(map, list_entry(owner->entries.next, struct map_entry, in_owner));
	owner_drop_empty(map, id);
	return n;
}

/* --- asking --- */

/* C706 appendix O and [MS-RPCE] 2.2.1.2.4: vers_option */
static bool
version_fits(const struct sp_syntax_id *have, const struct sp_syntax_id *want, enum map_versions v)
{
	switch (v) {
	case MAP_COMPATIBLE: return have->major == want->major && have->minor >= want->minor;
	case MAP_EXACT: return have->major == want->major && have->minor == want->minor;
	case MAP_SAME_MAJOR: return have->major == want->major;
	case MAP_UP_TO:
		return have->major < want->major ||
		       (have->major == want->major && have->minor <= want->minor);
	case MAP_ANY_VERSION: break;
	}
	return true;
}

static bool
matches(const struct map_entry *e, const struct map_query *q, const struct sp_uuid *object)
{
	if (object && !sp_uuid_equal(&e->object, object))
		return false;
	if (q->interface && !version_fits(&e->interface, q->interface, q->versions))
		return false;
	if (q->transfer && !syntax_equal(&e->transfer, q->transfer))
		return false;
	return q->protseq == PROTSEQ_UNKNOWN || e->protseq == q->protseq;
}

static bool
answer_add(struct map_answer *a, struct map_entry *e)
{
	if (a->n == a->cap) {
		size_t cap = a->cap ? a->cap * 2 : 16;
		struct map_entry **more = mem_resize(a->entries, cap, sizeof(struct map_entry *));

		if (!more)
			return false;
		a->entries = more;
		a->cap = cap;
	}
	e->refs++;
	a->entries[a->n++] = e;
	return true;
}

static bool
collect(const struct map *map, const struct map_query *q, const struct sp_uuid *object,
	struct map_answer *ret)
{
	struct map_interface *home = NULL;

	if (q->interface) {
		home = *interface_slot(map, &q->interface->uuid);
		if (!home)
			return true;
	}
	list_for (it, home ? &home->entries : &map->entries) {
		struct map_entry *e = home ? list_entry(it, struct map_entry, in_interface)
					   : list_entry(it, struct map_entry, in_map);

		if (matches(e, q, object) && !answer_add(ret, e))
			return false;
	}
	return true;
}

sp_status
map_find(const struct map *map, const struct map_query *q, struct map_answer *ret)
{
	static const struct sp_uuid nil;
	struct map_answer a = {0};
	bool ok = collect(map, q, q->object, &a);

	if (ok && q->or_nil_object && q->object && !sp_uuid_is_nil(q->object))
		ok = collect(map, q, &nil, &a);
	if (!ok) {
		map_answer_free(&a);
		return RPC_S_OUT_OF_MEMORY;
	}
	*ret = a;
	return 0;
}

void
map_answer_free(struct map_answer *a)
{
	for (size_t i = 0; i < a->n; i++)
		entry_unref(a->entries[i]);
	mem_free(a->entries);
	*a = (struct map_answer){0};
}
