/* SPDX-License-Identifier: MIT */
#include "epm/map.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/uuid.h"

#define OWNER_BUCKETS 1024 /* connections are numbered one after the other */
#define TRANSFERS_MAX 64   /* NDR and NDR64, and what nobody has thought of */

struct owner {
	struct map_owner who;
	struct list entries;
	struct owner *next;
};

struct map {
	struct list entries;
	size_t n_entries;
	struct map_entry *
		*buckets; /* n_buckets, a power of two: the first entry of each interface */
	size_t n_buckets, n_interfaces;
	struct map_entry **twins; /* n_twins, a power of two: by owner, object and tower */
	size_t n_twins;
	struct sp_syntax_id transfers[TRANSFERS_MAX];
	unsigned n_transfers;
	struct owner *owners[OWNER_BUCKETS];
	size_t n_owners;
};

/* --- interfaces --- */

/* Where the first entry of the interface hangs, or would. */
static struct map_entry **
interface_slot(const struct map *map, const struct sp_uuid *uuid)
{
	struct map_entry **slot = &map->buckets[uuid_hash(uuid) & (map->n_buckets - 1)];

	while (*slot) {
		/* of a large map nothing is in a cache: the answer's lines are waited for at once, not in turn */
		__builtin_prefetch((*slot)->tower);
		__builtin_prefetch((*slot)->tower + 64);
		if (sp_uuid_equal(&(*slot)->interface, uuid))
			break;
		slot = &(*slot)->next_interface;
	}
	return slot;
}

/* Without memory the chains only get longer. */
static void
buckets_grow(struct map *map)
{
	size_t old_n = map->n_buckets;
	struct map_entry **old = map->buckets, **new = mem_zalloc(old_n * 2, sizeof(*new));

	if (!new)
		return;
	map->buckets = new;
	map->n_buckets = old_n * 2;
	for (size_t i = 0; i < old_n; i++) {
		for (struct map_entry *it = old[i], *next; it; it = next) {
			struct map_entry **head =
				&new[uuid_hash(&it->interface) & (map->n_buckets - 1)];

			next = it->next_interface;
			it->next_interface = *head;
			*head = it;
		}
	}
	mem_free(old);
}

/* e becomes the last of its interface. */
static void
interface_append(struct map *map, struct map_entry *e)
{
	struct map_entry **slot = interface_slot(map, &e->interface);

	if (*slot) {
		list_append(&(*slot)->in_interface, &e->in_interface);
		return;
	}
	*slot = e;
	/* each further link of a chain is memory that is in no cache */
	if (++map->n_interfaces > map->n_buckets / 2)
		buckets_grow(map);
}

static void
interface_remove(struct map *map, struct map_entry *e)
{
	struct map_entry **slot = interface_slot(map, &e->interface);

	if (*slot == e && list_is_empty(&e->in_interface)) {
		*slot = e->next_interface;
		map->n_interfaces--;
	} else if (*slot == e) {
		*slot = list_entry(e->in_interface.next, struct map_entry, in_interface);
		(*slot)->next_interface = e->next_interface;
	}
	e->next_interface = NULL;
	list_remove(&e->in_interface);
}

static struct map_entry *
interface_last(const struct map_entry *first)
{
	return first ? list_entry(first->in_interface.prev, struct map_entry, in_interface) : NULL;
}

static struct map_entry *
interface_next(const struct map_entry *e, const struct map_entry *last)
{
	return e == last ? NULL : list_entry(e->in_interface.next, struct map_entry, in_interface);
}

/* --- owners --- */

static struct owner **
owner_slot(const struct map *map, uint64_t id)
{
	struct owner *const *slot = &map->owners[id % OWNER_BUCKETS];

	while (*slot && (*slot)->who.id != id)
		slot = &(*slot)->next;
	return (struct owner **)slot;
}

static struct owner *
owner_get(struct map *map, const struct map_owner *who)
{
	struct owner **slot = owner_slot(map, who->id);

	if (!*slot) {
		struct owner *it = mem_zalloc(1, sizeof(*it));

		if (!it)
			return NULL;
		it->who = *who;
		list_init(&it->entries);
		*slot = it;
		map->n_owners++;
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
	map->n_owners--;
	mem_free(it);
}

/* --- transfer syntaxes: few, kept once --- */

/* TRANSFERS_MAX: not known */
static unsigned
transfer_find(const struct map *map, const struct sp_syntax_id *id)
{
	for (unsigned i = 0; i < map->n_transfers; i++)
		if (syntax_equal(&map->transfers[i], id))
			return i;
	return TRANSFERS_MAX;
}

static unsigned
transfer_get(struct map *map, const struct sp_syntax_id *id)
{
	unsigned i = transfer_find(map, id);

	if (i == TRANSFERS_MAX && map->n_transfers < TRANSFERS_MAX) {
		i = map->n_transfers++;
		map->transfers[i] = *id;
	}
	return i;
}

/* --- entries --- */

static void
entry_unref(struct map_entry *e)
{
	if (--e->refs == 0)
		mem_free(e);
}

static const uint8_t *
after_tower(const struct map_entry *e)
{
	return e->tower + e->tower_len;
}

struct sp_uuid
map_entry_object(const struct map_entry *e)
{
	struct sp_uuid object = {0};

	if (e->has_object)
		memcpy(&object, after_tower(e), sizeof(object));
	return object;
}

const char *
map_entry_annotation(const struct map_entry *e)
{
	return (const char *)after_tower(e) + (e->has_object ? sizeof(struct sp_uuid) : 0);
}

const struct map_owner *
map_entry_owner(const struct map_entry *e)
{
	return &e->owner->who;
}

static bool
has_ipv4(enum protseq protseq)
{
	return protseq == NCACN_IP_TCP || protseq == NCADG_IP_UDP || protseq == NCACN_HTTP;
}

static bool
wish_read(const struct map_wish *wish, struct tower *ret)
{
	struct wire_fault fault = {0};

	return wish->tower_len <= MAP_MAX_TOWER &&
	       tower_get(wish->tower, wish->tower_len, ret, &fault) &&
	       ret->protseq != PROTSEQ_UNKNOWN && ret->endpoint[0] &&
	       strcmp(ret->endpoint, "0") != 0;
}

static struct map_entry *
entry_alloc(const struct map_wish *wish)
{
	const char *annotation = wish->annotation ? wish->annotation : "";
	size_t len = strnlen(annotation, MAP_ANNOTATION - 1);
	bool has_object = !sp_uuid_is_nil(&wish->object);
	size_t object_len = has_object ? sizeof(wish->object) : 0;
	struct map_entry *e = mem_alloc(sizeof(*e) + wish->tower_len + object_len + len + 1);
	uint8_t *at;

	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->refs = 1;
	e->has_object = has_object;
	e->annotation_len = (uint8_t)len;
	e->tower_len = (uint16_t)wish->tower_len;
	at = e->tower;
	memcpy(at, wish->tower, wish->tower_len);
	at += wish->tower_len;
	memcpy(at, &wish->object, object_len);
	at += object_len;
	memcpy(at, annotation, len);
	at[len] = '\0';
	list_init(&e->in_map);
	list_init(&e->in_interface);
	list_init(&e->in_owner);
	return e;
}

/* 0, EPT_NCA_INVALID_ENTRY, EPT_S_CANT_CREATE or RPC_S_OUT_OF_MEMORY */
static sp_status
entry_new(struct map *map, const struct map_wish *wish, struct map_entry **ret)
{
	struct tower tower;
	struct map_entry *e;
	unsigned transfer;

	if (!wish_read(wish, &tower))
		return EPT_NCA_INVALID_ENTRY;
	transfer = transfer_get(map, &tower.transfer);
	if (transfer == TRANSFERS_MAX)
		return EPT_S_CANT_CREATE;
	e = entry_alloc(wish);
	if (!e)
		return RPC_S_OUT_OF_MEMORY;
	e->interface = tower.interface.uuid;
	e->major = tower.interface.major;
	e->minor = tower.interface.minor;
	e->transfer = (uint8_t)transfer;
	e->protseq = (uint8_t)tower.protseq;
	if (has_ipv4(tower.protseq) && !tower.address[0])
		e->address_at = (uint16_t)(tower.floors[4].rhs - wish->tower);
	*ret = e;
	return 0;
}

/* --- exact entries: the same owner, object and tower --- */

static uint64_t
hash_bytes(uint64_t h, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 1099511628211u;
	return h;
}

static struct map_entry **
twins_head(const struct map *map, uint64_t owner, const struct sp_uuid *object,
	const uint8_t *tower, size_t tower_len)
{
	uint64_t h = hash_bytes(14695981039346656037u, &owner, sizeof(owner));

	h = hash_bytes(h, object, sizeof(*object));
	h = hash_bytes(h, tower, tower_len);
	return &map->twins[(h ^ h >> 32) & (map->n_twins - 1)];
}

static struct map_entry **
twins_of(const struct map *map, const struct map_entry *e)
{
	struct sp_uuid object = map_entry_object(e);

	return twins_head(map, e->owner->who.id, &object, e->tower, e->tower_len);
}

static void
twins_add(struct map *map, struct map_entry *e)
{
	struct map_entry **head = twins_of(map, e);

	e->next_twin = *head;
	*head = e;
}

static void
twins_drop(struct map *map, const struct map_entry *e)
{
	struct map_entry **slot = twins_of(map, e);

	while (*slot != e)
		slot = &(*slot)->next_twin;
	*slot = e->next_twin;
}

/* Without memory the chains only get longer. */
static void
twins_grow(struct map *map)
{
	struct map_entry **new = mem_zalloc(map->n_twins * 2, sizeof(struct map_entry *));

	if (!new)
		return;
	mem_free(map->twins);
	map->twins = new;
	map->n_twins *= 2;
	list_for (it, &map->entries)
		twins_add(map, list_entry(it, struct map_entry, in_map));
}

/* The owner's entry with this object and tower. */
static struct map_entry *
entry_find(const struct map *map, uint64_t owner, const struct sp_uuid *object,
	const uint8_t *tower, size_t tower_len)
{
	struct map_entry *e = *twins_head(map, owner, object, tower, tower_len);

	for (; e; e = e->next_twin) {
		struct sp_uuid its = map_entry_object(e);

		if (e->owner->who.id == owner && e->tower_len == tower_len &&
			memcmp(e->tower, tower, tower_len) == 0 && sp_uuid_equal(&its, object))
			return e;
	}
	return NULL;
}

/* --- in and out --- */

/* Out of the lists; who has found it before keeps it. The owner's head stays, for the caller to drop. */
static void
entry_unlink(struct map *map, struct map_entry *e)
{
	assert(e->owner);
	twins_drop(map, e);
	interface_remove(map, e);
	list_remove(&e->in_map);
	list_remove(&e->in_owner);
	map->n_entries--;
	e->owner = NULL;
	entry_unref(e);
}

/* It is among its interface's entries already. */
static void
entry_link(struct map *map, struct owner *owner, struct map_entry *e)
{
	e->owner = owner;
	list_append(&map->entries, &e->in_map);
	list_append(&owner->entries, &e->in_owner);
	twins_add(map, e);
	if (++map->n_entries > map->n_twins)
		twins_grow(map);
}

/* e in the place of its twin, unless it says nothing new. */
static void
entry_renew(struct map *map, struct map_entry *known, struct map_entry *e)
{
	interface_remove(map, e);
	if (strcmp(map_entry_annotation(known), map_entry_annotation(e)) == 0) {
		entry_unref(e);
		return;
	}
	e->owner = known->owner;
	list_append(known->in_map.next, &e->in_map);
	list_append(known->in_interface.next, &e->in_interface);
	list_append(known->in_owner.next, &e->in_owner);
	map->n_entries++;
	twins_add(map, e);
	entry_unlink(map, known);
}

/* --- a registration --- */

struct map *
map_new(void)
{
	struct map *map = mem_zalloc(1, sizeof(*map));

	if (!map)
		return NULL;
	list_init(&map->entries);
	map->n_buckets = map->n_twins = 64;
	map->buckets = mem_zalloc(map->n_buckets, sizeof(*map->buckets));
	map->twins = mem_zalloc(map->n_twins, sizeof(*map->twins));
	if (!map->buckets || !map->twins) {
		mem_free(map->buckets);
		mem_free(map->twins);
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
			map_owner_gone(map, map->owners[i]->who.id);
	mem_free(map->buckets);
	mem_free(map->twins);
	mem_free(map);
}

size_t
map_count(const struct map *map)
{
	return map->n_entries;
}

size_t
map_owners(const struct map *map)
{
	return map->n_owners;
}

/* Everything that a registration needs, so that nothing can fail once the map changes. */
struct batch {
	struct map_entry **made; /* n */
	size_t n;
	uint32_t *
		places; /* n_places, a power of two: index in made + 1, by place; open addressing */
	size_t n_places;
};

static uint64_t
place_hash(const struct map_entry *e)
{
	struct sp_uuid object = map_entry_object(e);
	uint64_t h = hash_bytes(14695981039346656037u, &object, sizeof(object));
	const uint16_t version[] = {e->major, e->minor, e->protseq};

	h = hash_bytes(h, &e->interface, sizeof(e->interface));
	h = hash_bytes(h, version, sizeof(version));
	return h ^ h >> 32;
}

static bool
is_same_place(const struct map_entry *e, const struct map_entry *other)
{
	struct sp_uuid a = map_entry_object(e), b = map_entry_object(other);

	return e->protseq == other->protseq && e->major == other->major &&
	       e->minor == other->minor && sp_uuid_equal(&a, &b) &&
	       sp_uuid_equal(&e->interface, &other->interface);
}

/* Where e's place is in the table, or would be. */
static uint32_t *
place_slot(const struct batch *b, const struct map_entry *e)
{
	size_t i = place_hash(e) & (b->n_places - 1);

	while (b->places[i] && !is_same_place(b->made[b->places[i] - 1], e))
		i = (i + 1) & (b->n_places - 1);
	return &b->places[i];
}

static bool
places_make(struct batch *b)
{
	b->n_places = 8;
	while (b->n_places < 2 * b->n)
		b->n_places *= 2;
	b->places = mem_zalloc(b->n_places, sizeof(*b->places));
	if (!b->places)
		return false;
	for (size_t i = 0; i < b->n; i++)
		*place_slot(b, b->made[i]) = (uint32_t)i + 1;
	return true;
}

/* The owner's entries that stand at the places of new ones. */
static void
replace_older(struct map *map, struct owner *owner, const struct batch *b)
{
	list_for_safe (it, &owner->entries) {
		struct map_entry *old = list_entry(it, struct map_entry, in_owner);

		if (*place_slot(b, old))
			entry_unlink(map, old);
	}
}

static sp_status
batch_make(struct map *map, const struct map_wish *wishes, size_t n, bool replace, struct batch *b)
{
	b->made = mem_zalloc(n ? n : 1, sizeof(struct map_entry *));
	if (!b->made || n >= UINT32_MAX)
		return RPC_S_OUT_OF_MEMORY;
	for (; b->n < n; b->n++) {
		sp_status status = entry_new(map, &wishes[b->n], &b->made[b->n]);

		if (status)
			return status;
		interface_append(map, b->made[b->n]);
	}
	return replace && !places_make(b) ? RPC_S_OUT_OF_MEMORY : 0;
}

static void
batch_drop(struct map *map, struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		interface_remove(map, b->made[i]);
		entry_unref(b->made[i]);
	}
}

static void
batch_enter(struct map *map, struct owner *owner, struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct map_entry *e = b->made[i], *known;
		struct sp_uuid object = map_entry_object(e);

		known = entry_find(map, owner->who.id, &object, e->tower, e->tower_len);
		if (known)
			entry_renew(map, known, e);
		else
			entry_link(map, owner, e);
	}
}

sp_status
map_insert(struct map *map, const struct map_owner *who, const struct map_wish *wishes, size_t n,
	bool replace)
{
	struct owner *owner = owner_get(map, who);
	struct batch b = {0};
	sp_status status = owner ? batch_make(map, wishes, n, replace, &b) : RPC_S_OUT_OF_MEMORY;

	if (status) {
		batch_drop(map, &b);
	} else {
		if (replace)
			replace_older(map, owner, &b);
		batch_enter(map, owner, &b);
	}
	owner_drop_empty(map, who->id);
	mem_free(b.places);
	mem_free(b.made);
	return status;
}

sp_status
map_delete(struct map *map, uint64_t owner, const struct map_wish *wishes, size_t n)
{
	sp_status result = 0;

	for (size_t i = 0; i < n; i++) {
		const struct map_wish *w = &wishes[i];
		struct tower tower;
		struct map_entry *found = NULL;

		if (!wish_read(w, &tower)) {
			result = result ? result : EPT_NCA_INVALID_ENTRY;
			continue;
		}
		found = entry_find(map, owner, &w->object, w->tower, w->tower_len);
		if (found)
			entry_unlink(map, found);
		else
			result = result ? result : EPT_NCA_NOT_REGISTERED;
	}
	owner_drop_empty(map, owner);
	return result;
}

/* [MS-RPCE] 3.1.3.5.3: the address of a tower is not looked at; here only where the entry leaves it open */
static bool
has_tower(const struct map_entry *e, const uint8_t *tower, size_t len)
{
	size_t at = e->address_at ? e->address_at : len;

	return e->tower_len == len && memcmp(e->tower, tower, at) == 0 &&
	       (at + 4 >= len || memcmp(e->tower + at + 4, tower + at + 4, len - at - 4) == 0);
}

sp_status
map_purge(struct map *map, const uint8_t *tower, size_t tower_len, const struct sp_uuid *object,
	uint32_t uid, size_t *ret_n, size_t *ret_foreign)
{
	struct map_wish wish = {.tower = tower, .tower_len = tower_len};
	struct map_entry *first, *last;
	struct tower read;
	size_t n = 0, foreign = 0;

	if (!wish_read(&wish, &read))
		return EPT_NCA_INVALID_ENTRY;
	first = *interface_slot(map, &read.interface.uuid);
	last = interface_last(first);
	for (struct map_entry *e = first, *next; e; e = next) {
		struct sp_uuid its = map_entry_object(e);
		uint64_t owner = e->owner->who.id;

		next = interface_next(e, last);
		if (!has_tower(e, tower, tower_len) || (object && !sp_uuid_equal(&its, object)))
			continue;
		if (uid != MAP_ANY_USER && e->owner->who.uid != uid) {
			foreign++;
			continue;
		}
		entry_unlink(map, e);
		owner_drop_empty(map, owner);
		n++;
	}
	*ret_n = n;
	*ret_foreign = foreign;
	return 0;
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
version_fits(const struct map_entry *have, const struct sp_syntax_id *want, enum map_versions v)
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
matches(const struct map_entry *e, const struct map_query *q, const struct sp_uuid *object,
	unsigned transfer)
{
	if (q->interface && !version_fits(e, q->interface, q->versions))
		return false;
	if (q->transfer && e->transfer != transfer)
		return false;
	if (object) {
		struct sp_uuid its = map_entry_object(e);

		if (!sp_uuid_equal(&its, object))
			return false;
	}
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
	unsigned transfer = q->transfer ? transfer_find(map, q->transfer) : 0;

	if (q->interface) {
		struct map_entry *first = *interface_slot(map, &q->interface->uuid);

		for (struct map_entry *e = first; e; e = interface_next(e, interface_last(first)))
			if (matches(e, q, object, transfer) && !answer_add(ret, e))
				return false;
		return true;
	}
	list_for (it, &map->entries) {
		struct map_entry *e = list_entry(it, struct map_entry, in_map);

		if (matches(e, q, object, transfer) && !answer_add(ret, e))
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
