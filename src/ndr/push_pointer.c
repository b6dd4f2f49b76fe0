/* SPDX-License-Identifier: MIT */
/* The mirror of pull_pointer.c. */
#include "ndr/alias.h"
#include "ndr/push.h"
#include "ndr/queue.h"

/* What Windows writes: looks like an address, is never 0. A reader may rely on neither. */
#define FIRST_ID 0x00020000u

static uint32_t
next_id(const struct sp_push *push)
{
	return FIRST_ID + 4 * push->pointers;
}

static void
defer(struct sp_push *push, const void *pointee, sp_push_referent *referent, const void *args)
{
	struct ndr_deferred d = {
		.pointee = pointee, .push = referent, .args = args, .depth = push->depth + 1};

	if (push->pointers >= push->max_pointers || d.depth > push->max_depth)
		sp_push_fail(push, RPC_S_OUT_OF_RESOURCES,
			d.depth > push->max_depth ? "pointers nested too deep"
						  : "too many pointers");
	if (push->status)
		return;
	push->pointers++;
	if (!ndr_queue_add(&push->queue, &d))
		sp_push_fail(push, NCA_S_FAULT_REMOTE_NO_MEMORY, "no memory");
}

void
sp_push_unique(
	struct sp_push *push, const void *pointee, sp_push_referent *referent, const void *args)
{
	ndr_push_word(push, pointee ? next_id(push) : 0);
	if (pointee)
		defer(push, pointee, referent, args);
}

void
sp_push_ignored(struct sp_push *push)
{
	ndr_push_word(push, 0);
}

void
sp_push_ref(struct sp_push *push, const void *pointee, sp_push_referent *referent, const void *args)
{
	if (sp_push_need(push, pointee))
		sp_push_unique(push, pointee, referent, args);
}

void
sp_push_full(
	struct sp_push *push, const void *pointee, sp_push_referent *referent, const void *args)
{
	struct ndr_alias *a;

	if (!pointee || push->status) {
		ndr_push_word(push, 0);
		return;
	}
	if (!ndr_aliases_reserve(&push->aliases)) {
		sp_push_fail(push, NCA_S_FAULT_REMOTE_NO_MEMORY, "no memory");
		return;
	}
	a = ndr_aliases_find_object(&push->aliases, pointee, referent, args);
	if (a->key) {
		ndr_push_word(push, a->id);
		return;
	}
	*a = (struct ndr_alias){
		.key = (uintptr_t)pointee, .push = referent, .args = args, .id = next_id(push)};
	push->aliases.n++;
	ndr_push_word(push, a->id);
	defer(push, pointee, referent, args);
}

void
sp_push_deferred(struct sp_push *push)
{
	struct ndr_queue *q = &push->queue;

	if (push->draining)
		return;
	push->draining = true;
	ndr_queue_turn(q, 0);
	while (q->n && !push->status) {
		struct ndr_deferred d = q->items[--q->n];
		uint32_t waiting = q->n;

		push->depth = d.depth;
		d.push(push, d.pointee, d.args);
		ndr_queue_turn(q, waiting);
	}
	q->n = 0;
	push->depth = 0;
	push->draining = false;
}
