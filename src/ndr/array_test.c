/* SPDX-License-Identifier: MIT */
/* Arrays and strings (C706 14.3.3, 14.3.4), written as generated code writes them. */
#include "ndr/trial.h"

static struct arena arena;

static int
begin(void **state)
{
	arena_init(&arena, 1 << 24);
	return 0;
}

static int
end(void **state)
{
	arena_fini(&arena);
	return 0;
}

/* --- fixed ------------------------------------------------------------------------------------- */

struct fixed {
	uint8_t before;
	uint16_t of_16[2][2];
	uint32_t of_32[3];
	uint64_t of_64[2];
	uint8_t of_8[3];
};

static void
pull_fixed(struct sp_pull *pull, void *args)
{
	struct fixed *f = args;

	f->before = sp_pull_u8(pull);
	sp_pull_array(pull, &f->of_16[0][0], 4, 2);
	sp_pull_array(pull, f->of_32, 3, 4);
	sp_pull_array(pull, f->of_64, 2, 8);
	sp_pull_array(pull, f->of_8, 3, 1);
}

static void
push_fixed(struct sp_push *push, const void *args)
{
	const struct fixed *f = args;

	sp_push_u8(push, f->before);
	sp_push_array(push, &f->of_16[0][0], 4, 2);
	sp_push_array(push, f->of_32, 3, 4);
	sp_push_array(push, f->of_64, 2, 8);
	sp_push_array(push, f->of_8, 3, 1);
}

static const char fixed_hex[] = "01 00 0200 0300 0400 0500 0000 06000000 07000000 08000000"
				"0900000000000000 0a00000000000000 0b0c0d";

static void
the_last_index_varies_fastest(void **state)
{
	struct fixed f = {0};

	trial_reads(pull_fixed, push_fixed, &arena, fixed_hex, &f);
	assert_int_equal(f.of_16[0][1], 3);
	assert_int_equal(f.of_16[1][0], 4);
	assert_int_equal(f.of_32[2], 8);
	assert_int_equal(f.of_64[1], 10);
	assert_int_equal(f.of_8[2], 13);
	trial_refuses_prefixes(pull_fixed, &arena, fixed_hex, &f, sizeof(f));
}

static void
arrays_of_every_size_are_turned_round(void **state)
{
	struct fixed f = {0}, back = {0};

	for (size_t i = 0; i < sizeof(f); i++)
		((uint8_t *)&f)[i] = (uint8_t)(17 * i + 3);
	trial_big_endian(push_fixed, pull_fixed, &arena, &f, &back);
	assert_memory_equal(f.of_32, back.of_32, sizeof(f.of_32));
	assert_memory_equal(f.of_64, back.of_64, sizeof(f.of_64));
}

/* --- conformant -------------------------------------------------------------------------------- */

struct numbers {
	uint32_t n;
	uint64_t *v;
	uint8_t after;
};

static void
pull_numbers(struct sp_pull *pull, void *args)
{
	struct numbers *s = args;
	uint32_t size;

	s->n = sp_pull_u32(pull);
	size = sp_pull_count(pull, 8);
	sp_pull_expect(pull, size, s->n, "size_is of numbers.v");
	s->v = sp_pull_alloc(pull, size, sizeof(*s->v));
	if (s->v)
		sp_pull_array(pull, s->v, size, 8);
	s->after = sp_pull_u8(pull);
}

static void
push_numbers(struct sp_push *push, const void *args)
{
	const struct numbers *s = args;

	sp_push_u32(push, s->n);
	sp_push_count(push, s->n);
	sp_push_array(push, s->v, s->n, 8);
	sp_push_u8(push, s->after);
}

static void
a_conformant_array_follows_its_count(void **state)
{
	struct numbers s = {0};

	/* the array itself as impacket's NDRUniConformantArray of hypers has it, but for its gap */
	trial_reads(pull_numbers, push_numbers, &arena,
		"02000000 02000000 0100000000000000 0200000000000000 07", &s);
	assert_int_equal(s.v[1], 2);
	/* no elements, no gap before them */
	trial_reads(pull_numbers, push_numbers, &arena, "00000000 00000000 07", &s);
	assert_non_null(s.v);
	assert_int_equal(s.after, 7);
}

static void
a_count_that_is_not_the_parameters_is_refused(void **state)
{
	struct numbers s = {0};

	assert_int_equal(trial_status(pull_numbers, &arena,
				 "01000000 02000000 0100000000000000 0200000000000000 07", &s),
		RPC_X_BAD_STUB_DATA);
	assert_null(s.v);
}

static void
a_count_beyond_the_bytes_takes_no_memory(void **state)
{
	static const char *const hexes[] = {"ffffff7f ffffff7f 00", "ffffffff ffffffff 00",
		"03000000 03000000 0100000000000000 0200000000000000 07"};
	struct numbers s = {0};

	for (size_t i = 0; i < sizeof(hexes) / sizeof(*hexes); i++) {
		size_t used = arena.used;

		assert_int_equal(
			trial_status(pull_numbers, &arena, hexes[i], &s), RPC_X_BAD_STUB_DATA);
		assert_int_equal(arena.used, used);
	}
}

/* --- varying and conformant varying ------------------------------------------------------------ */

struct part {
	uint32_t max, first, length;
	uint16_t *v;
};

static void
pull_part(struct sp_pull *pull, void *args)
{
	struct part *s = args;

	s->max = sp_pull_max_count(pull);
	s->length = sp_pull_variance(pull, s->max, 2, &s->first);
	s->v = sp_pull_alloc(pull, (size_t)s->first + s->length, 2);
	if (s->v)
		sp_pull_array(pull, s->v + s->first, s->length, 2);
}

static void
push_part(struct sp_push *push, const void *args)
{
	const struct part *s = args;

	sp_push_count(push, s->max);
	sp_push_variance(push, s->max, s->first, s->length, "part");
	sp_push_array(push, s->v + s->first, s->length, 2);
}

static void
only_a_part_of_a_varying_array_travels(void **state)
{
	struct part s = {0};

	trial_reads(pull_part, push_part, &arena, "0a000000 03000000 02000000 4100 4200", &s);
	assert_int_equal(s.v[2], 0);
	assert_int_equal(s.v[3], 'A');
	assert_int_equal(s.v[4], 'B');
	trial_refuses_prefixes(
		pull_part, &arena, "0a000000 03000000 02000000 4100 4200", &s, sizeof(s));
}

static void
a_part_beyond_its_array_is_refused(void **state)
{
	static const char *const hexes[] = {
		"0a000000 09000000 02000000 4100 4200", /* one too far */
		"0a000000 0b000000 00000000",
		"0a000000 ffffffff 02000000 4100 4200", /* 32 bits would go round */
		"0a000000 02000000 ffffffff 4100 4200",
		"00000080 00000000 02000000 4100 4200", /* [MS-RPCE] 3.1.1.5.3.2.2.1 */
		"0a000000 00000000 03000000 4100 4200", /* the third is missing */
	};
	struct part s = {0};
	struct sp_push push;

	for (size_t i = 0; i < sizeof(hexes) / sizeof(*hexes); i++)
		assert_int_equal(
			trial_status(pull_part, &arena, hexes[i], &s), RPC_X_BAD_STUB_DATA);
	for (uint32_t i = 0; i < 2; i++) {
		uint16_t room[12] = {0};

		s = (struct part){.max = 10, .first = i ? 11 : 9, .length = i ? 0 : 2, .v = room};
		ndr_push_init(&push, 0, 0, 100, NULL);
		push_part(&push, &s);
		assert_int_equal(ndr_push_status(&push, NULL), NCA_S_FAULT_INVALID_BOUND);
		ndr_push_fini(&push);
	}
}

static void
a_huge_maximum_count_costs_nothing(void **state)
{
	struct part s = {0};
	size_t used = arena.used;

	assert_int_equal(trial_status(pull_part, &arena, "ffffff7f 00000000 01000000 4100", &s), 0);
	assert_true(arena.used - used <= 32);
	/* but an offset has to be in memory, and there is not that much for 14 bytes */
	assert_int_equal(trial_status(pull_part, &arena, "ffffff7f ffffff3f 01000000 4100", &s),
		NCA_S_FAULT_REMOTE_NO_MEMORY);
}

/* --- two conformant dimensions ----------------------------------------------------------------- */

struct table {
	uint32_t rows, columns;
	uint16_t *v;
};

static void
pull_table(struct sp_pull *pull, void *args)
{
	struct table *t = args;

	t->rows = sp_pull_max_count(pull);
	t->columns = sp_pull_max_count(pull);
	t->v = sp_pull_alloc(pull, sp_product(t->rows, t->columns), 2);
	if (t->v)
		sp_pull_array(pull, t->v, sp_product(t->rows, t->columns), 2);
}

static void
push_table(struct sp_push *push, const void *args)
{
	const struct table *t = args;

	sp_push_count(push, t->rows);
	sp_push_count(push, t->columns);
	sp_push_array(push, t->v, sp_product(t->rows, t->columns), 2);
}

static void
the_counts_of_all_dimensions_come_first(void **state)
{
	struct table t = {0};

	trial_reads(pull_table, push_table, &arena,
		"02000000 03000000 0100 0200 0300 0400 0500 0600", &t);
	assert_int_equal(t.v[1 * 3 + 0], 4);
	trial_reads(pull_table, push_table, &arena, "00000000 ffffff7f", &t);
}

static void
dimensions_whose_product_is_too_large_are_refused(void **state)
{
	static const char *const hexes[] = {
		"ffffff7f ffffff7f 0100", "00000100 00000100 0100", "00000080 00000000"};
	struct table t = {0};
	size_t used = arena.used;

	for (size_t i = 0; i < sizeof(hexes) / sizeof(*hexes); i++)
		assert_int_not_equal(trial_status(pull_table, &arena, hexes[i], &t), 0);
	assert_int_equal(arena.used, used);
}

/* --- strings ----------------------------------------------------------------------------------- */

static void
pull_text(struct sp_pull *pull, void *args)
{
	uint32_t size = sp_pull_max_count(pull), first;
	uint32_t length = sp_pull_variance(pull, size, 2, &first);
	uint16_t *v = NULL;

	sp_pull_expect(pull, first, 0, "first_is of text");
	if (sp_pull_ok(pull))
		v = sp_pull_alloc(pull, length, sizeof(*v));
	if (!v)
		return;
	sp_pull_array(pull, v, length, 2);
	sp_pull_expect(pull, sp_pull_ok(pull) && length && !v[length - 1], 1, "end of text");
	*(uint16_t **)args = v;
}

static void
push_text(struct sp_push *push, const void *args)
{
	const uint16_t *v = *(uint16_t *const *)args;
	uint64_t n = sp_string_count(v, 2, UINT32_MAX);

	sp_push_count(push, n);
	sp_push_variance(push, n, 0, n, "text");
	sp_push_array(push, v, n, 2);
}

static void
a_string_travels_with_its_terminator(void **state)
{
	uint16_t *v = NULL, *back = NULL;

	/* "hi" as impacket's LPWSTR has it behind the referent's id */
	trial_reads(pull_text, push_text, &arena, "03000000 00000000 03000000 6800 6900 0000", &v);
	assert_int_equal(v[0], 'h');
	assert_int_equal(v[2], 0);
	trial_big_endian(push_text, pull_text, &arena, &v, &back);
	assert_memory_equal(v, back, 6);
	trial_refuses_prefixes(pull_text, &arena, "03000000 00000000 03000000 6800 6900 0000",
		&back, sizeof(back));
}

static void
a_string_without_terminator_or_at_an_offset_is_refused(void **state)
{
	static const char *const hexes[] = {
		"02000000 00000000 02000000 6800 6900",
		"02000000 00000000 00000000",
		"04000000 01000000 03000000 6800 6900 0000",
		"02000000 00000000 03000000 6800 6900 0000",
	};
	uint16_t *v = NULL;

	for (size_t i = 0; i < sizeof(hexes) / sizeof(*hexes); i++)
		assert_int_equal(
			trial_status(pull_text, &arena, hexes[i], &v), RPC_X_BAD_STUB_DATA);
}

/* --- flat runs --------------------------------------------------------------------------------- */

struct point {
	uint32_t x;
	uint16_t y, z;
};

struct points {
	uint8_t n;
	struct point at[5];
};

static void
pull_points(struct sp_pull *pull, void *args)
{
	struct points *s = args;
	bool swap = sp_pull_swaps(pull);
	const uint8_t *p;

	s->n = sp_pull_u8(pull);
	sp_pull_range(pull, s->n, 0, 5, "points.n");
	p = sp_pull_flat(pull, 4, s->n * 8u);
	for (unsigned i = 0; p && i < s->n; i++)
		s->at[i] = (struct point){sp_load_u32(p + 8 * i, swap),
			sp_load_u16(p + 8 * i + 4, swap), sp_load_u16(p + 8 * i + 6, swap)};
}

static void
push_points(struct sp_push *push, const void *args)
{
	const struct points *s = args;
	uint8_t *p;

	sp_push_u8(push, s->n);
	p = sp_push_flat(push, 4, s->n * 8u);
	for (unsigned i = 0; p && i < s->n; i++, p += 8) {
		sp_store_u32(p, s->at[i].x);
		sp_store_u16(p + 4, s->at[i].y);
		sp_store_u16(p + 6, s->at[i].z);
	}
}

static void
a_flat_run_is_one_view(void **state)
{
	struct points s = {0};
	struct trial_bytes big = trial_hex("01 cccccc 01020304 0506 0708");

	trial_reads(pull_points, push_points, &arena,
		"02 000000 04030201 0605 0807 01000000 0200 0300", &s);
	assert_int_equal(s.at[0].x, 0x01020304);
	assert_int_equal(s.at[1].z, 3);
	memset(&s, 0, sizeof(s));
	assert_int_equal(trial_pull_bytes(pull_points, big.at, big.len, true, &arena, NULL, &s), 0);
	assert_int_equal(s.at[0].x, 0x01020304);
	assert_int_equal(s.at[0].z, 0x0708);
	trial_reads(pull_points, push_points, &arena, "00", &s);
	trial_refuses_prefixes(pull_points, &arena,
		"02 000000 04030201 0605 0807 01000000 0200 0300", &s, sizeof(s));
	assert_int_equal(trial_status(pull_points, &arena, "06", &s), RPC_X_BAD_STUB_DATA);
}

/* As the compiler writes it: one copy, or else each by itself. */
static void
pull_copies(struct sp_pull *pull, void *args)
{
	struct points *s = args;
	size_t i;

	s->n = sp_pull_u8(pull);
	sp_pull_range(pull, s->n, 0, 5, "points.n");
	if (!sp_pull_ok(pull))
		return;
	i = sp_pull_structs(pull, s->at, s->n, sizeof(s->at[0]), 8, 4);
	for (; i < s->n && sp_pull_ok(pull); i++)
		s->at[i] = (struct point){sp_pull_u32(pull), sp_pull_u16(pull), sp_pull_u16(pull)};
}

static void
push_copies(struct sp_push *push, const void *args)
{
	const struct points *s = args;
	size_t i;

	sp_push_u8(push, s->n);
	i = sp_push_structs(push, s->at, s->n, sizeof(s->at[0]), 8, 4);
	for (; i < s->n && sp_push_ok(push); i++) {
		sp_push_u32(push, s->at[i].x);
		sp_push_u16(push, s->at[i].y);
		sp_push_u16(push, s->at[i].z);
	}
}

static void
structs_that_are_alike_in_memory_are_copied_in_either_byte_order(void **state)
{
	static const char hex[] = "02 000000 04030201 0605 0807 01000000 0200 0300";
	struct points s = {0}, back = {0};

	trial_reads(pull_copies, push_copies, &arena, hex, &s);
	assert_int_equal(s.at[0].x, 0x01020304);
	assert_int_equal(s.at[1].z, 3);
	trial_big_endian(push_copies, pull_copies, &arena, &s, &back);
	assert_memory_equal(&s, &back, sizeof(s));
	trial_reads(pull_copies, push_copies, &arena, "00", &s);
	trial_refuses_prefixes(pull_copies, &arena, hex, &s, sizeof(s));
}

static void
structs_of_another_size_in_memory_are_not_copied(void **state)
{
	struct sp_push push;
	struct point at = {1, 2, 3};

	ndr_push_init(&push, 0, 0, 1000, NULL);
	assert_int_equal(sp_push_structs(&push, &at, 1, 12, 8, 4), 0);
	assert_int_equal(sp_push_structs(&push, &at, 1, 8, 8, 4), 1);
	ndr_push_fini(&push);
}

/* An array of two u32 after a byte. */
static const uint32_t *
array_made(const uint8_t *stub, size_t len, bool big_endian, bool in_place, sp_status *ret_status)
{
	struct sp_pull pull;
	uint32_t *v;

	ndr_pull_init(&pull, stub, len, big_endian, &arena, NULL, NULL);
	if (in_place)
		ndr_pull_in_place(&pull);
	sp_pull_u8(&pull);
	v = sp_pull_array_new(&pull, 2, sizeof(*v));
	*ret_status = ndr_pull_status(&pull, NULL);
	ndr_pull_fini(&pull);
	return v;
}

static void
an_array_stays_where_it_arrived_when_it_may_and_memory_can_read_it(void **state)
{
	_Alignas(8) uint8_t stub[13] = {9, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0};
	const uint32_t *v;
	sp_status status;

	v = array_made(stub, 12, false, true, &status);
	assert_ptr_equal(v, stub + 4);
	v = array_made(stub, 12, false, false, &status);
	assert_ptr_not_equal(v, stub + 4);
	assert_int_equal(v[1], 2);
	v = array_made(stub, 12, true, true, &status);
	assert_ptr_not_equal(v, stub + 4);
	assert_int_equal(v[1], 0x02000000);
	/* a PDU that began at an odd address in what was received */
	memmove(stub + 1, stub, 12);
	v = array_made(stub + 1, 12, false, true, &status);
	assert_int_equal((uintptr_t)v % 4, 0);
	assert_int_equal(v[1], 2);
	assert_int_equal(status, 0);
	assert_null(array_made(stub + 1, 11, false, true, &status));
	assert_int_equal(status, RPC_X_BAD_STUB_DATA);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_index_varies_fastest),
		cmocka_unit_test(arrays_of_every_size_are_turned_round),
		cmocka_unit_test(a_conformant_array_follows_its_count),
		cmocka_unit_test(a_count_that_is_not_the_parameters_is_refused),
		cmocka_unit_test(a_count_beyond_the_bytes_takes_no_memory),
		cmocka_unit_test(only_a_part_of_a_varying_array_travels),
		cmocka_unit_test(a_part_beyond_its_array_is_refused),
		cmocka_unit_test(a_huge_maximum_count_costs_nothing),
		cmocka_unit_test(the_counts_of_all_dimensions_come_first),
		cmocka_unit_test(dimensions_whose_product_is_too_large_are_refused),
		cmocka_unit_test(a_string_travels_with_its_terminator),
		cmocka_unit_test(a_string_without_terminator_or_at_an_offset_is_refused),
		cmocka_unit_test(a_flat_run_is_one_view),
		cmocka_unit_test(structs_that_are_alike_in_memory_are_copied_in_either_byte_order),
		cmocka_unit_test(structs_of_another_size_in_memory_are_not_copied),
		cmocka_unit_test(
			an_array_stays_where_it_arrived_when_it_may_and_memory_can_read_it),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
