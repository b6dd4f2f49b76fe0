/* SPDX-License-Identifier: MIT */
#include "ndr/alias.h"

#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

#define FIRST_CAP 16

void
ndr_aliases_init(struct ndr_aliases *t)
{
	t->entries = NULL;
	t->n = t->cap = 0;
}

void
ndr_aliases_fini(struct ndr_aliases *t)
{
	mem_free(t->entries);
	ndr_aliases_init(t);
}

static void
seed(struct ndr_aliases *t)
{
	if (getrandom(t->seed, sizeof(t->seed), GRND_NONBLOCK) != (ssize_t)sizeof(t->seed)) {
		/* before the pool is ready: where we are loaded is better than nothing */
		t->seed[0] = (uintptr_t)t;
		t->seed[1] = (uintptr_t)&ndr_aliases_init;
	}
	t->seed[1] |= 1;
}

static uint32_t
place(const struct ndr_aliases *t, uint64_t key)
{
	uint64_t h = key ^ t->seed[0];

	h ^= h >> 33;
	h *= t->seed[1];
	h ^= h >> 29;
	h *= 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32) & (t->cap - 1);
}

static void
refill(struct ndr_aliases *t, const struct ndr_alias *old, uint32_t n_old)
{
	for (uint32_t i = 0; i < n_old; i++) {
		uint32_t at;

		if (!old[i].key)
			continue;
		at = place(t, old[i].key);
		while (t->entries[at].key)
			at = (at + 1) & (t->cap - 1);
		t->entries[at] = old[i];
	}
}

bool
ndr_aliases_reserve(struct ndr_aliases *t)
{
	struct ndr_alias *old = t->entries;
	uint32_t n_old = t->cap;

	if (2 * (uint64_t)(t->n + 1) <= t->cap)
		return true;
	if (t->cap > UINT32_MAX / 2)
		return false;
	t->entries = mem_zalloc(n_old ? 2 * (size_t)n_old : FIRST_CAP, sizeof(*t->entries));
	if (!t->entries) {
		t->entries = old;
		return false;
	}
	t->cap = n_old ? 2 * n_old : FIRST_CAP;
	if (!n_old)
		seed(t);
	refill(t, old, n_old);
	mem_free(old);
	return true;
}

struct ndr_alias *
ndr_aliases_find_id(struct ndr_aliases *t, uint64_t id)
{
	uint32_t at = place(t, id);

	while (t->entries[at].key && t->entries[at].key != id)
		at = (at + 1) & (t->cap - 1);
	return &t->entries[at];
}

struct ndr_alias *
ndr_aliases_find_object(
	struct ndr_aliases *t, const void *object, sp_push_referent *referent, const void *args)
{
	uint64_t key = (uintptr_t)object;
	uint32_t at = place(t, key);

	for (;; at = (at + 1) & (t->cap - 1)) {
		const struct ndr_alias *a = &t->entries[at];

		if (!a->key || (a->key == key && a->push == referent && a->args == args))
			return &t->entries[at];
	}
}
