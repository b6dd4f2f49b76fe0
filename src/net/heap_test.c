/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/heap.h"

enum { NODES = 200, STEPS = 20000 };

static uint32_t
next_of(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* The model: the least time of all nodes that are in. */
static sp_nanos
least(const struct heap_node nodes[NODES])
{
	sp_nanos at = SP_NEVER;

	for (int i = 0; i < NODES; i++)
		if (nodes[i].place && nodes[i].at < at)
			at = nodes[i].at;
	return at;
}

static void
the_first_is_the_earliest_whatever_was_put_moved_and_removed(void **state)
{
	struct heap_node nodes[NODES] = {0};
	struct heap h = {0};
	uint32_t seed = 7;

	assert_true(heap_reserve(&h, NODES));
	for (int i = 0; i < STEPS; i++) {
		struct heap_node *node = &nodes[next_of(&seed) % NODES];

		if (next_of(&seed) % 3 == 0)
			heap_remove(&h, node);
		else
			heap_put(&h, node, next_of(&seed) % 1000);
		if (h.n == 0)
			assert_null(heap_first(&h));
		else
			assert_int_equal(heap_first(&h)->at, least(nodes));
	}
	heap_fini(&h);
}

static void
nodes_come_out_in_the_order_of_their_times(void **state)
{
	struct heap_node nodes[NODES] = {0}, *first;
	struct heap h = {0};
	uint32_t seed = 1;
	sp_nanos last = 0;
	int n = 0;

	assert_true(heap_reserve(&h, NODES));
	for (int i = 0; i < NODES; i++)
		heap_put(&h, &nodes[i], next_of(&seed) % 50);
	while ((first = heap_first(&h))) {
		assert_true(first->at >= last);
		last = first->at;
		heap_remove(&h, first);
		heap_remove(&h, first);
		n++;
	}
	assert_int_equal(n, NODES);
	heap_fini(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_the_earliest_whatever_was_put_moved_and_removed),
		cmocka_unit_test(nodes_come_out_in_the_order_of_their_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
