/* SPDX-License-Identifier: MIT */
/* Memory that a thread keeps for the next call: contents, limits, failures, other threads. */
#include "base/mem.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
what_was_given_is_taken_again_without_the_heap(void **state)
{
	uint64_t before;

	mem_give(mem_take(500), 500);
	before = mem_requests();
	for (int i = 0; i < 1000; i++) {
		uint8_t *p = mem_take_zeroed(500);

		assert_non_null(p);
		for (int k = 0; k < 500; k++)
			assert_int_equal(p[k], 0);
		memset(p, 0xee, 500);
		mem_give(p, 500);
	}
	/* AddressSanitizer is to see every use after the end, so nothing is kept there */
	assert_int_equal(mem_requests() - before, MEM_KEEPS ? 0 : 1000);
}

static void
resizing_keeps_the_bytes_over_all_sizes(void **state)
{
	static const size_t sizes[] = {1, 100, 128, 129, 4000, 16384, 16385, 100000, 300000, 90, 0};
	uint8_t *p = mem_take(1);
	size_t size = 1;

	*p = 42;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t common = size < sizes[i] ? size : sizes[i];

		p = mem_retake(p, size, sizes[i]);
		assert_non_null(p);
		size = sizes[i];
		for (size_t k = 0; k < common; k++)
			assert_int_equal(p[k], (uint8_t)(42 + k));
		for (size_t k = 0; k < size; k++)
			p[k] = (uint8_t)(42 + k);
	}
	mem_give(p, size);
}

static void
a_kept_block_can_fail_like_any_other(void **state)
{
	void *p = mem_take(64), *q;

	mem_give(p, 64);
	mem_fail_nth(1);
	assert_null(mem_take(64));
	q = mem_take(64);
	assert_non_null(q);
	mem_fail_nth(1);
	assert_null(mem_retake(q, 64, 5000));
	mem_give(q, 64);
	mem_give(NULL, 64);
}

/* Kept or not: it is the n-th that fails, and no other. */
static void
nth_block_fails_and_no_other(void **state)
{
	void *kept[3];

	for (int i = 0; i < 3; i++)
		assert_non_null(kept[i] = mem_take(64));
	for (int i = 0; i < 3; i++)
		mem_give(kept[i], 64);
	mem_fail_nth(3);
	assert_non_null(kept[0] = mem_take(64));
	assert_non_null(kept[1] = mem_take(5000));
	assert_null(mem_take(64));
	assert_non_null(kept[2] = mem_take(64));
	mem_give(kept[0], 64);
	mem_give(kept[1], 5000);
	mem_give(kept[2], 64);
}

static void *
give_and_end(void *p)
{
	mem_give(p, 3000);
	for (int i = 0; i < 200; i++)
		mem_give(mem_take(1u << (i % 18)), 1u << (i % 18));
	return NULL;
}

static void
another_thread_may_give_back_and_takes_nothing_along_when_it_ends(void **state)
{
	for (int i = 0; i < 20; i++) {
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, give_and_end, mem_take(3000)), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_given_is_taken_again_without_the_heap),
		cmocka_unit_test(resizing_keeps_the_bytes_over_all_sizes),
		cmocka_unit_test(a_kept_block_can_fail_like_any_other),
		cmocka_unit_test(nth_block_fails_and_no_other),
		cmocka_unit_test(another_thread_may_give_back_and_takes_nothing_along_when_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
