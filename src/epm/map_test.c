/* SPDX-License-Identifier: MIT */
#include "epm/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static const struct sp_syntax_id NDR = {
	{0x8a885d04, 0x1ceb, 0x11c9, {0x9f, 0xe8}, {0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}}, 2, 0};
static const struct sp_uuid NIL;
static const struct sp_uuid OBJECT = {.time_low = 0x0b1ec7};

/* --- what is registered in these tests: few values, so that they meet --- */

struct spec {
	uint32_t interface;
	uint16_t major, minor;
	enum protseq protseq;
	unsigned port;
	uint32_t object;
};

struct made {
	struct map_wish wish;
	uint8_t room[300];
};

static struct sp_uuid
uuid_of(uint32_t n)
{
	return (struct sp_uuid){.time_low = n};
}

static struct map_wish *
make(struct made *m, struct spec s)
{
	struct tower t = {.interface = {uuid_of(s.interface), s.major, s.minor},
		.transfer = NDR,
		.protseq = s.protseq ? s.protseq : NCACN_IP_TCP};

	snprintf(t.endpoint, sizeof(t.endpoint), "%u", s.port);
	m->wish = (struct map_wish){
		.object = uuid_of(s.object), .annotation = "a service", .tower = m->room};
	assert_true(tower_put(&t, m->room, sizeof(m->room), &m->wish.tower_len));
	return &m->wish;
}

static sp_status insert(
	struct map *, uint64_t owner, const struct map_wish *, size_t n, bool replace);

static struct map *
map_with(const struct spec *specs, size_t n)
{
	struct map *map = map_new();
	struct made m;

	assert_non_null(map);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(insert(map, 1, make(&m, specs[i]), 1, false), 0);
	return map;
}

static sp_status
insert(struct map *map, uint64_t owner, const struct map_wish *wishes, size_t n, bool replace)
{
	return map_insert(
		map, &(struct map_owner){.id = owner, .uid = (uint32_t)owner}, wishes, n, replace);
}

/* How many entries a query finds; the ports, in order, as text. */
static char *
ports_found(const struct map *map, const struct map_query *q)
{
	static char text[200];
	struct map_answer answer;
	struct wire_fault fault = {0};
	size_t at = 0;

	assert_int_equal(map_find(map, q, &answer), 0);
	text[0] = '\0';
	for (size_t i = 0; i < answer.n; i++) {
		struct tower t;

		assert_true(tower_get(
			answer.entries[i]->tower, answer.entries[i]->tower_len, &t, &fault));
		at += (size_t)snprintf(
			text + at, sizeof(text) - at, "%s%s", i ? " " : "", t.endpoint);
	}
	map_answer_free(&answer);
	return text;
}

static const struct map_query ALL;

/* --- asking --- */

static void
each_version_option_finds_its_versions(void **state)
{
	static const struct spec specs[] = {
		{7, 1, 0, 0, 10, 0},
		{7, 1, 5, 0, 15, 0},
		{7, 2, 3, 0, 23, 0},
		{7, 2, 5, 0, 25, 0},
		{7, 3, 0, 0, 30, 0},
		{8, 2, 3, 0, 99, 0},
	};
	static const struct {
		enum map_versions versions;
		const char *found;
	} rows[] = {
		{MAP_ANY_VERSION, "10 15 23 25 30"},
		{MAP_COMPATIBLE, "23 25"},
		{MAP_EXACT, "23"},
		{MAP_SAME_MAJOR, "23 25"},
		{MAP_UP_TO, "10 15 23"},
	};
	struct map *map = map_with(specs, 6);
	struct sp_syntax_id id = {uuid_of(7), 2, 3};

	for (size_t i = 0; i < 5; i++)
		assert_string_equal(ports_found(map, &(struct map_query){.interface = &id,
							     .versions = rows[i].versions}),
			rows[i].found);
	id.minor = 4;
	assert_string_equal(
		ports_found(map, &(struct map_query){.interface = &id, .versions = MAP_COMPATIBLE}),
		"25");
	map_free(map);
}

static void
entries_of_the_object_come_before_those_of_the_nil_object(void **state)
{
	static const struct spec specs[] = {
		{7, 1, 0, 0, 10, 0},
		{7, 1, 0, 0, 11, 0x0b1ec7},
		{7, 1, 0, 0, 12, 0xffff},
	};
	struct map *map = map_with(specs, 3);
	struct sp_syntax_id id = {uuid_of(7), 1, 0};
	struct map_query q = {.interface = &id,
		.versions = MAP_COMPATIBLE,
		.object = &OBJECT,
		.or_nil_object = true};

	assert_string_equal(ports_found(map, &q), "11 10");
	q.or_nil_object = false;
	assert_string_equal(ports_found(map, &q), "11");
	q.object = &NIL;
	q.or_nil_object = true;
	assert_string_equal(ports_found(map, &q), "10");
	map_free(map);
}

static void
protocol_sequence_and_transfer_syntax_have_to_fit(void **state)
{
	static const struct spec specs[] = {
		{7, 1, 0, NCACN_IP_TCP, 10, 0}, {7, 1, 0, NCADG_IP_UDP, 11, 0}};
	struct map *map = map_with(specs, 2);
	struct sp_syntax_id other = NDR;

	assert_string_equal(ports_found(map, &(struct map_query){.protseq = NCADG_IP_UDP}), "11");
	assert_string_equal(ports_found(map, &(struct map_query){.transfer = &NDR}), "10 11");
	other.major = 1;
	assert_string_equal(ports_found(map, &(struct map_query){.transfer = &other}), "");
	map_free(map);
}

static void
an_answer_stays_what_it_was_when_the_map_changes(void **state)
{
	static const struct spec specs[] = {{7, 1, 0, 0, 10, 0}, {8, 1, 0, 0, 11, 0}};
	struct map *map = map_with(specs, 2);
	struct map_answer answer;

	assert_int_equal(map_find(map, &ALL, &answer), 0);
	assert_int_equal(map_owner_gone(map, 1), 2);
	assert_int_equal(map_count(map), 0);
	map_free(map);
	assert_int_equal(answer.n, 2);
	assert_string_equal(map_entry_annotation(answer.entries[1]), "a service");
	map_answer_free(&answer);
}

/* --- registering --- */

static void
what_is_registered_twice_is_there_once_with_the_newer_annotation(void **state)
{
	struct map *map = map_new();
	struct map_answer answer;
	struct made m;

	make(&m, (struct spec){7, 1, 0, 0, 10, 0});
	assert_int_equal(insert(map, 1, &m.wish, 1, false), 0);
	m.wish.annotation = "newer";
	assert_int_equal(insert(map, 1, &m.wish, 1, false), 0);
	assert_int_equal(map_count(map), 1);
	assert_int_equal(map_find(map, &ALL, &answer), 0);
	assert_string_equal(map_entry_annotation(answer.entries[0]), "newer");
	map_answer_free(&answer);
	assert_int_equal(insert(map, 2, &m.wish, 1, false), 0);
	assert_int_equal(map_count(map), 2);
	map_free(map);
}

static void
replacing_removes_only_the_owners_entries_of_the_same_place(void **state)
{
	static const struct spec specs[] = {
		{7, 1, 0, NCACN_IP_TCP, 10, 0},
		{7, 1, 0, NCADG_IP_UDP, 11, 0},
		{7, 1, 1, NCACN_IP_TCP, 12, 0},
		{7, 1, 0, NCACN_IP_TCP, 13, 5},
	};
	struct map *map = map_with(specs, 4);
	struct made a, b, other;
	struct map_wish both[2];

	assert_int_equal(
		insert(map, 2, make(&other, (struct spec){7, 1, 0, 0, 20, 0}), 1, true), 0);
	both[0] = *make(&a, (struct spec){7, 1, 0, NCACN_IP_TCP, 30, 0});
	both[1] = *make(&b, (struct spec){7, 1, 0, NCACN_IP_TCP, 31, 0});
	assert_int_equal(insert(map, 1, both, 2, true), 0);
	assert_string_equal(ports_found(map, &ALL), "11 12 13 20 30 31");
	/* once more: the same entries, not none of them */
	assert_int_equal(insert(map, 1, both, 2, true), 0);
	assert_string_equal(ports_found(map, &ALL), "11 12 13 20 30 31");
	map_free(map);
}

static void
one_invalid_entry_lets_none_in(void **state)
{
	struct map *map = map_new();
	struct made m[3];
	struct map_wish wishes[3];

	for (unsigned i = 0; i < 3; i++)
		wishes[i] = *make(&m[i], (struct spec){7 + i, 1, 0, 0, 10 + i, 0});
	wishes[1].tower_len--;
	assert_int_equal(insert(map, 1, wishes, 3, false), EPT_NCA_INVALID_ENTRY);
	assert_int_equal(map_count(map), 0);
	wishes[1].tower = NULL;
	wishes[1].tower_len = 0;
	assert_int_equal(insert(map, 1, wishes, 3, true), EPT_NCA_INVALID_ENTRY);
	wishes[1] = *make(&m[1], (struct spec){7, 1, 0, 0, 0, 0}); /* port 0 */
	assert_int_equal(insert(map, 1, wishes, 3, false), EPT_NCA_INVALID_ENTRY);
	assert_int_equal(map_count(map), 0);
	assert_string_equal(ports_found(map, &ALL), "");
	map_free(map);
}

static void
each_allocation_may_fail_and_nothing_is_left_behind(void **state)
{
	for (uint64_t nth = 1; nth < 12; nth++) {
		struct map *map = map_with((struct spec[]){{7, 1, 0, 0, 1, 0}}, 1);
		struct made m[2];
		struct map_wish wishes[2];
		sp_status status;

		for (unsigned i = 0; i < 2; i++)
			wishes[i] = *make(&m[i], (struct spec){8 + i, 1, 0, 0, 10 + i, 0});
		mem_fail_nth(nth);
		status = insert(map, 2, wishes, 2, false);
		mem_fail_nth(0);
		assert_true(status == 0 || status == RPC_S_OUT_OF_MEMORY);
		assert_int_equal(map_count(map), status ? 1 : 3);
		map_free(map);
	}
}

static void
nobody_takes_back_what_is_anothers(void **state)
{
	struct map *map = map_with((struct spec[]){{7, 1, 0, 0, 10, 0}, {7, 1, 0, 0, 11, 0}}, 2);
	struct made m;

	make(&m, (struct spec){7, 1, 0, 0, 10, 0});
	assert_int_equal(map_delete(map, 2, &m.wish, 1), EPT_NCA_NOT_REGISTERED);
	assert_int_equal(map_count(map), 2);
	assert_int_equal(map_delete(map, 1, &m.wish, 1), 0);
	assert_string_equal(ports_found(map, &ALL), "11");
	assert_int_equal(map_delete(map, 1, &m.wish, 1), EPT_NCA_NOT_REGISTERED);
	map_free(map);
}

static void
an_address_of_zeroes_is_found_and_another_is_left_alone(void **state)
{
	struct map *map = map_new();
	struct map_answer answer;
	struct made m;

	make(&m, (struct spec){7, 1, 0, NCACN_IP_TCP, 10, 0});
	assert_int_equal(insert(map, 1, &m.wish, 1, false), 0);
	m.room[m.wish.tower_len - 4] = 192; /* the address is the tower's end */
	assert_int_equal(insert(map, 1, &m.wish, 1, false), 0);
	assert_int_equal(map_find(map, &ALL, &answer), 0);
	assert_int_equal(answer.n, 2);
	assert_int_equal(answer.entries[0]->address_at, m.wish.tower_len - 4);
	assert_int_equal(answer.entries[1]->address_at, 0);
	map_answer_free(&answer);
	map_free(map);
}

static void
a_purge_removes_whoever_s_entry_and_leaves_other_users_alone(void **state)
{
	struct map *map = map_new();
	struct sp_uuid object = uuid_of(5);
	size_t n, foreign;
	struct made m;

	make(&m, (struct spec){7, 1, 0, NCACN_IP_TCP, 10, 5});
	assert_int_equal(insert(map, 1, &m.wish, 1, false), 0);
	assert_int_equal(insert(map, 2, &m.wish, 1, false), 0);
	assert_int_equal(
		map_purge(map, m.room, m.wish.tower_len, &NIL, MAP_ANY_USER, &n, &foreign), 0);
	assert_int_equal(n, 0);
	assert_int_equal(map_purge(map, m.room, m.wish.tower_len, NULL, 2, &n, &foreign), 0);
	assert_int_equal(n, 1);
	assert_int_equal(foreign, 1);
	/* the entry leaves its address open, so any is right */
	m.room[m.wish.tower_len - 1] = 9;
	assert_int_equal(
		map_purge(map, m.room, m.wish.tower_len, &object, MAP_ANY_USER, &n, &foreign), 0);
	assert_int_equal(n, 1);
	assert_int_equal(map_count(map), 0);
	assert_int_equal(
		map_purge(map, m.room, 3, NULL, MAP_ANY_USER, &n, &foreign), EPT_NCA_INVALID_ENTRY);
	map_free(map);
}

static void
a_purge_keeps_an_entry_with_another_address(void **state)
{
	struct map *map = map_new();
	size_t n, foreign;
	struct made m;

	make(&m, (struct spec){7, 1, 0, NCACN_IP_TCP, 10, 0});
	m.room[m.wish.tower_len - 4] = 192;
	assert_int_equal(insert(map, 1, &m.wish, 1, false), 0);
	m.room[m.wish.tower_len - 4] = 193;
	assert_int_equal(
		map_purge(map, m.room, m.wish.tower_len, NULL, MAP_ANY_USER, &n, &foreign), 0);
	assert_int_equal(n + foreign, 0);
	map_free(map);
}

static void
a_snapshot_keeps_the_annotation_that_was_renewed_meanwhile(void **state)
{
	struct map *map = map_with((struct spec[]){{7, 1, 0, 0, 10, 0}}, 1);
	struct map_answer before, after;
	struct made m;

	assert_int_equal(map_find(map, &ALL, &before), 0);
	make(&m, (struct spec){7, 1, 0, 0, 10, 0});
	m.wish.annotation =
		"one that is much longer than it was, sixty-three bytes and more in all";
	assert_int_equal(insert(map, 1, &m.wish, 1, false), 0);
	assert_int_equal(map_find(map, &ALL, &after), 0);
	assert_string_equal(map_entry_annotation(before.entries[0]), "a service");
	assert_int_equal(strlen(map_entry_annotation(after.entries[0])), 63);
	assert_int_equal(after.n, 1);
	map_answer_free(&before);
	map_answer_free(&after);
	map_free(map);
}

static void
more_transfer_syntaxes_than_are_kept_are_refused(void **state)
{
	struct map *map = map_new();
	sp_status status = 0;
	struct made m;
	uint32_t n = 0;

	for (; !status; n++) {
		make(&m, (struct spec){7, 1, 0, 0, 10, 0});
		m.room[30] = (uint8_t)n; /* in the transfer syntax's UUID */
		m.room[31] = (uint8_t)(n >> 8);
		status = insert(map, 1, &m.wish, 1, false);
	}
	assert_int_equal(status, EPT_S_CANT_CREATE);
	assert_int_equal(map_count(map), n - 1);
	assert_in_range(n, 3, 1000);
	map_free(map);
}

/* Ten seconds would be a square. */
static void
sixty_thousand_endpoints_of_one_interface_are_registered_in_linear_time(void **state)
{
	enum { N = 60000 };
	struct map *map = map_new();
	struct made *made = calloc(N, sizeof(*made));
	struct map_wish *wishes = calloc(N, sizeof(*wishes));

	for (unsigned i = 0; i < N; i++)
		wishes[i] = *make(&made[i], (struct spec){7, 1, 0, 0, 1 + i, 0});
	for (int times = 0; times < 2; times++)
		assert_int_equal(insert(map, 1, wishes, N, times > 0), 0);
	assert_int_equal(map_count(map), N);
	assert_int_equal(map_delete(map, 1, wishes, N), 0);
	assert_int_equal(map_count(map), 0);
	free(wishes);
	free(made);
	map_free(map);
}

/* --- against a model that is too simple to be wrong: an array, searched from the front --- */

#define MODEL_MAX 600
#define OWNERS 5

struct model {
	struct model_entry {
		struct spec spec;
		uint64_t owner;
	} e[MODEL_MAX];
	size_t n;
};

static bool
same_spec(struct spec a, struct spec b)
{
	return a.interface == b.interface && a.major == b.major && a.minor == b.minor &&
	       a.protseq == b.protseq && a.port == b.port && a.object == b.object;
}

static bool
same_place(struct spec a, struct spec b)
{
	a.port = b.port;
	return same_spec(a, b);
}

static void
model_drop(struct model *m, size_t i)
{
	memmove(&m->e[i], &m->e[i + 1], (--m->n - i) * sizeof(m->e[0]));
}

static bool
model_delete(struct model *m, uint64_t owner, struct spec s)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->e[i].owner == owner && same_spec(m->e[i].spec, s)) {
			model_drop(m, i);
			return true;
		}
	}
	return false;
}

static void
model_insert(struct model *m, uint64_t owner, struct spec s, bool replace)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->e[i].owner != owner)
			continue;
		if (!replace && same_spec(m->e[i].spec, s))
			return;
		if (replace && same_place(m->e[i].spec, s))
			model_drop(m, i--);
	}
	assert_true(m->n < MODEL_MAX);
	m->e[m->n++] = (struct model_entry){s, owner};
}

static size_t
model_gone(struct model *m, uint64_t owner)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (m->e[i].owner == owner) {
			model_drop(m, i--);
			n++;
		}
	}
	return n;
}

static bool
model_matches(struct spec have, struct spec want, int versions, bool by_object)
{
	uint32_t h = (uint32_t)have.major << 16 | have.minor;
	uint32_t w = (uint32_t)want.major << 16 | want.minor;

	if (have.interface != want.interface || (by_object && have.object != want.object))
		return false;
	return versions == MAP_ANY_VERSION || (versions == MAP_EXACT && h == w) ||
	       (versions == MAP_UP_TO && h <= w) ||
	       (have.major == want.major &&
		       (versions == MAP_SAME_MAJOR || (versions == MAP_COMPATIBLE && h >= w)));
}

static void
compare(const struct map *map, const struct model *m, struct spec s, int versions, bool by_object)
{
	struct sp_syntax_id id = {uuid_of(s.interface), s.major, s.minor};
	struct sp_uuid object = uuid_of(s.object);
	struct map_answer answer;
	size_t at = 0;

	assert_int_equal(map_find(map,
				 &(struct map_query){.interface = &id,
					 .versions = versions,
					 .object = by_object ? &object : NULL},
				 &answer),
		0);
	for (size_t i = 0; i < m->n; i++) {
		if (!model_matches(m->e[i].spec, s, versions, by_object))
			continue;
		assert_true(at < answer.n);
		assert_int_equal(map_entry_owner(answer.entries[at])->id, m->e[i].owner);
		assert_int_equal(answer.entries[at]->minor, m->e[i].spec.minor);
		assert_int_equal(
			map_entry_object(answer.entries[at]).time_low, m->e[i].spec.object);
		at++;
	}
	assert_int_equal(at, answer.n);
	map_answer_free(&answer);
}

static struct spec
spec_random(uint32_t interfaces)
{
	return (struct spec){
		.interface = (uint32_t)rand() % interfaces,
		.major = (uint16_t)(rand() % 3),
		.minor = (uint16_t)(rand() % 3),
		.protseq = rand() % 2 ? NCACN_IP_TCP : NCADG_IP_UDP,
		.port = 1 + (unsigned)rand() % 3,
		.object = (uint32_t)rand() % 2,
	};
}

/* Up to three at once, of few kinds: they meet each other. Replacing means what stood there before. */
static void
insert_batch(struct map *map, struct model *m, uint64_t owner, bool replace)
{
	struct made made[3];
	struct map_wish wishes[3];
	struct spec specs[3];
	size_t n = 1 + (size_t)rand() % 3;

	for (size_t i = 0; i < n; i++) {
		specs[i] = spec_random(2);
		wishes[i] = *make(&made[i], specs[i]);
	}
	assert_int_equal(insert(map, owner, wishes, n, replace), 0);
	for (size_t i = 0; replace && i < m->n; i++)
		for (size_t k = 0; k < n; k++)
			if (m->e[i].owner == owner && same_place(m->e[i].spec, specs[k])) {
				model_drop(m, i--);
				break;
			}
	for (size_t i = 0; i < n; i++)
		model_insert(m, owner, specs[i], false);
}

static void
purge_both(struct map *map, struct model *m, struct spec s, uint64_t owner)
{
	bool any_user = rand() % 2, any_object = rand() % 2;
	size_t n, foreign, model_n = 0, model_foreign = 0;
	struct sp_uuid object = uuid_of(s.object);
	struct made made;

	make(&made, s);
	assert_int_equal(map_purge(map, made.room, made.wish.tower_len, any_object ? NULL : &object,
				 any_user ? MAP_ANY_USER : (uint32_t)owner, &n, &foreign),
		0);
	for (size_t i = 0; i < m->n; i++) {
		struct spec have = m->e[i].spec;

		if (any_object)
			have.object = s.object;
		if (!same_spec(have, s))
			continue;
		if (!any_user && m->e[i].owner != owner) {
			model_foreign++;
			continue;
		}
		model_drop(m, i--);
		model_n++;
	}
	assert_int_equal(n, model_n);
	assert_int_equal(foreign, model_foreign);
}

static void
ten_thousand_random_steps_agree_with_the_model(void **state)
{
	static struct model model;
	struct map *map = map_new();
	struct made m;

	srand(20260101);
	for (int step = 0; step < 10000; step++) {
		uint64_t owner = (uint64_t)rand() % OWNERS * 1024; /* all in one bucket */
		struct spec s = spec_random(150);
		bool replace = rand() % 4 == 0;
		int what = rand() % 100;

		if (what < 10 && model.n < MODEL_MAX - 4) {
			insert_batch(map, &model, owner, replace);
		} else if (what < 14) {
			purge_both(map, &model, s, owner);
		} else if (what < 50 && model.n < MODEL_MAX - 1) {
			assert_int_equal(insert(map, owner, make(&m, s), 1, replace), 0);
			model_insert(&model, owner, s, replace);
		} else if (what < 98) {
			sp_status status = map_delete(map, owner, make(&m, s), 1);

			assert_int_equal(status,
				model_delete(&model, owner, s) ? 0 : EPT_NCA_NOT_REGISTERED);
		} else if (what == 99 && step % 3 == 0) {
			assert_int_equal(map_owner_gone(map, owner), model_gone(&model, owner));
		}
		assert_int_equal(map_count(map), model.n);
		compare(map, &model, spec_random(150), 1 + rand() % 5, rand() % 2);
	}
	map_free(map);
}

static void
a_hundred_thousand_interfaces_are_found_one_by_one(void **state)
{
	struct map *map = map_new();
	struct made m;

	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(
			insert(map, i % 3000, make(&m, (struct spec){i, 1, 0, 0, 1 + i % 60000, 0}),
				1, false),
			0);
	for (uint32_t i = 0; i < 100000; i += 7) {
		struct sp_syntax_id id = {uuid_of(i), 1, 0};
		struct map_answer answer;

		assert_int_equal(
			map_find(map, &(struct map_query){.interface = &id, .versions = MAP_EXACT},
				&answer),
			0);
		assert_int_equal(answer.n, 1);
		assert_int_equal(map_entry_owner(answer.entries[0])->id, i % 3000);
		map_answer_free(&answer);
	}
	for (uint64_t owner = 0; owner < 3000; owner++)
		assert_in_range(map_owner_gone(map, owner), 33, 34);
	assert_int_equal(map_count(map), 0);
	map_free(map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_version_option_finds_its_versions),
		cmocka_unit_test(entries_of_the_object_come_before_those_of_the_nil_object),
		cmocka_unit_test(protocol_sequence_and_transfer_syntax_have_to_fit),
		cmocka_unit_test(an_answer_stays_what_it_was_when_the_map_changes),
		cmocka_unit_test(what_is_registered_twice_is_there_once_with_the_newer_annotation),
		cmocka_unit_test(replacing_removes_only_the_owners_entries_of_the_same_place),
		cmocka_unit_test(one_invalid_entry_lets_none_in),
		cmocka_unit_test(each_allocation_may_fail_and_nothing_is_left_behind),
		cmocka_unit_test(nobody_takes_back_what_is_anothers),
		cmocka_unit_test(an_address_of_zeroes_is_found_and_another_is_left_alone),
		cmocka_unit_test(a_purge_removes_whoever_s_entry_and_leaves_other_users_alone),
		cmocka_unit_test(a_purge_keeps_an_entry_with_another_address),
		cmocka_unit_test(a_snapshot_keeps_the_annotation_that_was_renewed_meanwhile),
		cmocka_unit_test(more_transfer_syntaxes_than_are_kept_are_refused),
		cmocka_unit_test(
			sixty_thousand_endpoints_of_one_interface_are_registered_in_linear_time),
		cmocka_unit_test(ten_thousand_random_steps_agree_with_the_model),
		cmocka_unit_test(a_hundred_thousand_interfaces_are_found_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
