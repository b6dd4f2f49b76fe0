/* SPDX-License-Identifier: MIT */
/* Unfinished lookups on a clock that we move: whose go when there are too many. */
#include "epm/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "wire/bind.h"

static const struct map_query ALL;

static struct map *
map_of(unsigned n)
{
	struct map *map = map_new();
	const struct map_owner owner = {.id = 1};

	assert_non_null(map);
	for (unsigned i = 0; i < n; i++) {
		struct tower t = {.interface = {{.time_low = i}, 1, 0},
			.transfer = SYNTAX_NDR,
			.protseq = NCACN_IP_TCP,
			.endpoint = "5000"};
		uint8_t room[200];
		struct map_wish wish = {.tower = room};

		assert_true(tower_put(&t, room, sizeof(room), &wish.tower_len));
		assert_int_equal(map_insert(map, &owner, &wish, 1, false), 0);
	}
	return map;
}

static struct client
client_at(uint32_t address, uint32_t group)
{
	return (struct client){.group = group, .peer = ipv4_mapped(htonl(address))};
}

static struct lookup *
begin(struct lookups *all, const struct map *map, uint32_t address, uint32_t group, sp_nanos now)
{
	struct client c = client_at(address, group);
	struct lookup *l = NULL;

	assert_int_equal(lookup_begin(all, map, &ALL, &c, now, &l), 0);
	return l;
}

static void
only_what_has_rested_too_long_is_given_up(void **state)
{
	struct map *map = map_of(3);
	struct lookups *all = lookups_new();
	struct lookup *a = begin(all, map, 1, 1, 0), *b = begin(all, map, 2, 2, 0);

	lookup_touch(all, a, 30 * SP_SECOND);
	lookups_expire(all, 61 * SP_SECOND);
	assert_false(a->given_up);
	assert_true(b->given_up);
	assert_int_equal(lookups_count(all), 1);
	lookups_expire(all, 91 * SP_SECOND);
	assert_int_equal(lookups_count(all), 0);
	lookup_end(all, a);
	lookup_end(all, b);
	lookups_free(all);
	map_free(map);
}

static void
a_group_that_has_enough_names_its_oldest(void **state)
{
	struct map *map = map_of(3);
	struct lookups *all = lookups_new();
	struct lookup *own[LOOKUP_PER_GROUP], *other = begin(all, map, 1, 8 + 256, 0);

	for (unsigned i = 0; i < LOOKUP_PER_GROUP; i++) {
		assert_null(lookup_surplus(all, 8));
		own[i] = begin(all, map, 1, 8, i);
	}
	assert_ptr_equal(lookup_surplus(all, 8), own[0]);
	lookup_touch(all, own[0], 100);
	assert_ptr_equal(lookup_surplus(all, 8), own[1]);
	assert_null(lookup_surplus(all, 8 + 256));
	for (unsigned i = 0; i < LOOKUP_PER_GROUP; i++)
		lookup_end(all, own[i]);
	lookup_end(all, other);
	lookups_free(all);
	map_free(map);
}

/* One source asks from many connections; another has one lookup. */
static void
a_source_pushes_out_its_own_lookups_and_nobody_elses(void **state)
{
	enum { N = 60 };
	struct map *map = map_of(2500);
	struct lookups *all = lookups_new();
	struct lookup *quiet = begin(all, map, 1, 0, 0), *loud[N];
	unsigned alive = 0;

	for (unsigned i = 0; i < N; i++)
		loud[i] = begin(all, map, 2, i + 1, i + 1);
	for (unsigned i = 0; i < N; i++)
		alive += !loud[i]->given_up;
	assert_int_equal(alive, LOOKUP_SHARE_LEAST / 2500);
	assert_true(loud[0]->given_up);
	assert_false(loud[N - 1]->given_up);
	assert_false(quiet->given_up);
	for (unsigned i = 0; i < N; i++)
		lookup_end(all, loud[i]);
	lookup_end(all, quiet);
	assert_int_equal(lookups_count(all), 0);
	lookups_free(all);
	map_free(map);
}

static void
all_together_are_bounded_and_the_oldest_goes_first(void **state)
{
	enum { N = 700 };
	struct map *map = map_of(2500);
	struct lookups *all = lookups_new();
	static struct lookup *many[N];

	for (unsigned i = 0; i < N; i++)
		many[i] = begin(all, map, i + 1, i + 1, i);
	assert_int_equal(lookups_count(all), LOOKUP_ALL_SHARE);
	assert_true(many[0]->given_up);
	assert_false(many[N - 1]->given_up);
	for (unsigned i = 0; i < N; i++)
		lookup_end(all, many[i]);
	lookups_free(all);
	map_free(map);
}

static void
nothing_found_leaves_nothing_behind(void **state)
{
	struct map *map = map_of(1);
	struct lookups *all = lookups_new();
	struct client c = client_at(1, 1);
	struct sp_uuid object = {.time_low = 1};
	struct lookup *l = NULL;

	assert_int_equal(lookup_begin(all, map, &(struct map_query){.object = &object}, &c, 0, &l),
		EPT_NCA_NOT_REGISTERED);
	assert_null(l);
	assert_int_equal(lookups_count(all), 0);
	lookup_end(all, NULL);
	lookups_free(all);
	map_free(map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_has_rested_too_long_is_given_up),
		cmocka_unit_test(a_group_that_has_enough_names_its_oldest),
		cmocka_unit_test(a_source_pushes_out_its_own_lookups_and_nobody_elses),
		cmocka_unit_test(all_together_are_bounded_and_the_oldest_goes_first),
		cmocka_unit_test(nothing_found_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
