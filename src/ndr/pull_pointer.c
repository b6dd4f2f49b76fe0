/* SPDX-License-Identifier: MIT */
/*
 * Pointers and their referents (C706 14.3.10 to 14.3.12).
 *
 * Referents wait in a queue that is taken from its end. What one referent queues is turned round
 * when it is done, so that its own referents come next, in their order, and before its siblings'
 * (14.3.12.3). Nothing recurses: a list of a million nodes takes one place in the queue and none on the stack.
 */
#include "ndr/alias.h"
#include "ndr/pull.h"
#include "ndr/queue.h"

/* A queue doubles, a table doubles and is half empty: what one entry can take at most. */
#define QUEUE_CHARGE (2 * sizeof(struct ndr_deferred))
#define ALIAS_CHARGE (4 * sizeof(struct ndr_alias))

static void
set(void *slot, void *object)
{
	*(void **)slot = object;
}

static void
defer(struct sp_pull *pull, void *slot, sp_pull_referent *referent, const void *args)
{
	struct ndr_deferred d = {
		.slot = slot, .pull = referent, .args = args, .depth = pull->depth + 1};

	if (pull->pointers >= pull->max_pointers || d.depth > pull->max_depth)
		sp_pull_fail(pull, NCA_S_FAULT_REMOTE_NO_MEMORY,
			d.depth > pull->max_depth ? "pointers nested too deep"
						  : "too many pointers");
	if (pull->status || !ndr_pull_charge(pull, QUEUE_CHARGE))
		return;
	pull->pointers++;
	if (!ndr_queue_add(&pull->queue, &d))
		ndr_pull_no_memory(pull);
}

bool
sp_pull_unique(struct sp_pull *pull, void *slot, sp_pull_referent *referent, const void *args)
{
	uint64_t id = ndr_pull_word(pull);

	set(slot, NULL);
	if (id)
		defer(pull, slot, referent, args);
	return id != 0;
}

void *
sp_pull_ignored(struct sp_pull *pull)
{
	(void)ndr_pull_word(pull);
	return NULL;
}

void
sp_pull_ref(struct sp_pull *pull, void *slot, sp_pull_referent *referent, const void *args)
{
	if (!sp_pull_unique(pull, slot, referent, args))
		sp_pull_fail(pull, RPC_X_BAD_STUB_DATA, "NULL where a reference pointer is");
}

/*
 * The object is that of the first pointer with this id. It must be marshalled by the same code with the same counts:
 * a stranger could have an object taken for one of another type, or for a longer array.
 */
static void
alias(struct sp_pull *pull, void *slot, sp_pull_referent *referent, const void *args,
	const struct ndr_alias *first)
{
	struct ndr_deferred fixup = {.slot = slot, .args = first->slot};

	if (first->pull != referent || first->args != args) {
		sp_pull_fail(pull, RPC_X_BAD_STUB_DATA,
			"full pointers of different types to one object");
		return;
	}
	set(slot, *(void **)first->slot);
	if (*(void **)slot || !ndr_pull_charge(pull, QUEUE_CHARGE))
		return;
	if (!ndr_queue_add(&pull->fixups, &fixup))
		ndr_pull_no_memory(pull);
}

bool
sp_pull_full(struct sp_pull *pull, void *slot, sp_pull_referent *referent, const void *args)
{
	uint64_t id = ndr_pull_word(pull);
	struct ndr_alias *a;

	set(slot, NULL);
	if (!id)
		return false;
	if (!ndr_aliases_reserve(&pull->aliases)) {
		ndr_pull_no_memory(pull);
		return true;
	}
	a = ndr_aliases_find_id(&pull->aliases, id);
	if (a->key) {
		alias(pull, slot, referent, args, a);
	} else if (ndr_pull_charge(pull, ALIAS_CHARGE)) {
		*a = (struct ndr_alias){.key = id, .pull = referent, .args = args, .slot = slot};
		pull->aliases.n++;
		defer(pull, slot, referent, args);
	}
	return true;
}

void
sp_pull_then(struct sp_pull *pull, void *slot, sp_pull_referent *convert, const void *args)
{
	defer(pull, slot, convert, args);
}

static void
drain(struct sp_pull *pull)
{
	struct ndr_queue *q = &pull->queue;

	ndr_queue_turn(q, 0);
	while (q->n && !pull->status) {
		struct ndr_deferred d = q->items[--q->n];
		uint32_t waiting = q->n;

		pull->depth = d.depth;
		d.pull(pull, d.slot, d.args);
		ndr_queue_turn(q, waiting);
	}
	q->n = 0;
}

void
sp_pull_deferred(struct sp_pull *pull)
{
	if (pull->draining) /* from within a referent: the outermost takes care of it */
		return;
	pull->draining = true;
	drain(pull);
	for (uint32_t i = 0; i < pull->fixups.n && !pull->status; i++)
		set(pull->fixups.items[i].slot, *(void *const *)pull->fixups.items[i].args);
	pull->fixups.n = 0;
	pull->depth = 0;
	pull->draining = false;
}
