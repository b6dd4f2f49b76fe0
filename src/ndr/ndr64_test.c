/* SPDX-License-Identifier: MIT */
/* What [MS-RPCE] 2.2.5 changes, and what travels alike: interface pointers, __int3264. */
#include "ndr/trial.h"

#define MEMORY ((size_t)1 << 20)

enum syntax { NDR, NDR64 };

static struct trial_bytes
pushed(trial_push *push, const void *args, enum syntax syntax, sp_status *ret_status)
{
	struct trial_bytes b = {0};
	struct sp_push p;
	struct buf *buf;

	ndr_push_init(&p, 0, 0, TRIAL_BYTES, NULL);
	if (syntax == NDR64)
		ndr_push_ndr64(&p);
	push(&p, args);
	*ret_status = ndr_push_status(&p, NULL);
	buf = ndr_push_finish(&p);
	ndr_push_fini(&p);
	if (buf) {
		b.len = buf_len(buf);
		memcpy(b.at, buf->data + buf->start, b.len);
	}
	buf_unref(buf);
	return b;
}

static sp_status
pulled(trial_pull *pull, const struct trial_bytes *b, enum syntax syntax, struct arena *arena,
	void *args)
{
	struct sp_pull p;
	sp_status status;

	ndr_pull_init(&p, b->at, b->len, false, arena, NULL, NULL);
	if (syntax == NDR64)
		ndr_pull_ndr64(&p);
	pull(&p, args);
	status = ndr_pull_status(&p, NULL);
	if (!status)
		assert_int_equal(ndr_pull_left(&p), 0);
	ndr_pull_fini(&p);
	return status;
}

/* Writes exactly these bytes, and reads them into ret. */
static void
both_ways(trial_push *push, trial_pull *pull, const void *args, void *ret, enum syntax syntax,
	struct arena *arena, const char *hex)
{
	struct trial_bytes expected = trial_hex(hex), got;
	sp_status status;

	got = pushed(push, args, syntax, &status);
	assert_int_equal(status, 0);
	trial_same_bytes(&got, &expected);
	assert_int_equal(pulled(pull, &expected, syntax, arena, ret), 0);
}

/* --- words ------------------------------------------------------------------------------------- */

struct words {
	uint8_t start;
	uint64_t count;
	int32_t color;
	int64_t wide;
	uint64_t wide_unsigned;
};

static void
push_words(struct sp_push *push, const void *args)
{
	const struct words *w = args;

	sp_push_u8(push, w->start);
	sp_push_count(push, w->count);
	sp_push_enum16(push, w->color);
	sp_push_int3264(push, w->wide);
	sp_push_uint3264(push, w->wide_unsigned);
}

static void
pull_words(struct sp_pull *pull, void *args)
{
	struct words *w = args;

	w->start = sp_pull_u8(pull);
	w->count = sp_pull_max_count(pull);
	w->color = sp_pull_enum16(pull);
	w->wide = sp_pull_int3264(pull);
	w->wide_unsigned = sp_pull_uint3264(pull);
}

static void
counts_enums_and_int3264_are_wider(void **state)
{
	const struct words w = {7, 3, 2, -2, 0xfffffffe};
	struct words again = {0};
	struct arena arena;

	arena_init(&arena, MEMORY);
	both_ways(push_words, pull_words, &w, &again, NDR, &arena,
		"07000000 03000000 0200 0000 feffffff feffffff");
	assert_int_equal(again.wide, -2);
	assert_int_equal(again.wide_unsigned, 0xfffffffe);
	both_ways(push_words, pull_words, &w, &again, NDR64, &arena,
		"0700000000000000 0300000000000000 02000000 00000000 feffffffffffffff "
		"feffffff00000000");
	assert_int_equal(again.count, 3);
	assert_int_equal(again.color, 2);
	assert_int_equal(again.wide, -2);
	arena_fini(&arena);
}

static void
what_needs_64_bits_is_refused_in_ndr_only(void **state)
{
	const struct words wide = {.wide = (int64_t)1 << 40},
			   wide_unsigned = {.wide_unsigned = UINT64_MAX};
	sp_status status;

	pushed(push_words, &wide, NDR, &status);
	assert_int_equal(status, NCA_S_FAULT_INVALID_BOUND);
	pushed(push_words, &wide_unsigned, NDR, &status);
	assert_int_equal(status, NCA_S_FAULT_INVALID_BOUND);
	pushed(push_words, &wide, NDR64, &status);
	assert_int_equal(status, 0);
}

static void
a_count_over_2_31_is_refused_whatever_its_width(void **state)
{
	struct trial_bytes b = trial_hex("0000000000000000 0000000001000000");
	struct words again;
	struct arena arena;

	arena_init(&arena, MEMORY);
	assert_int_equal(pulled(pull_words, &b, NDR64, &arena, &again), RPC_X_BAD_STUB_DATA);
	arena_fini(&arena);
}

/* --- pointers and strings ------------------------------------------------------------------------ */

static void
pull_string(struct sp_pull *pull, void *slot, const void *args)
{
	uint32_t size = sp_pull_max_count(pull), first,
		 length = sp_pull_variance(pull, size, 1, &first);
	char *v = sp_pull_alloc(pull, length, 1);

	if (v)
		sp_pull_array(pull, v, length, 1);
	*(char **)slot = v;
}

static void
push_string(struct sp_push *push, const void *pointee, const void *args)
{
	const uint64_t n = strlen(pointee) + 1;

	sp_push_count(push, n);
	sp_push_variance(push, n, 0, n, "string");
	sp_push_array(push, pointee, n, 1);
}

struct text {
	char *text;
	uint8_t after;
};

static void
push_text(struct sp_push *push, const void *args)
{
	const struct text *t = args;

	sp_push_unique(push, t->text, push_string, NULL);
	sp_push_u8(push, t->after);
	sp_push_align_wide(push, 1, 8);
	sp_push_deferred(push);
}

static void
pull_text(struct sp_pull *pull, void *args)
{
	struct text *t = args;

	sp_pull_unique(pull, &t->text, pull_string, NULL);
	t->after = sp_pull_u8(pull);
	sp_pull_align_wide(pull, 1, 8);
	sp_pull_deferred(pull);
}

static void
referent_ids_and_variances_are_wider_and_structs_end_on_their_alignment(void **state)
{
	char hi[] = "hi";
	const struct text t = {hi, 9};
	struct text again;
	struct arena arena;

	arena_init(&arena, MEMORY);
	both_ways(push_text, pull_text, &t, &again, NDR, &arena,
		"00000200 09 000000 03000000 00000000 03000000 686900");
	both_ways(push_text, pull_text, &t, &again, NDR64, &arena,
		"0000020000000000 0900000000000000 0300000000000000 0000000000000000 "
		"0300000000000000 "
		"686900");
	assert_string_equal(again.text, "hi");
	arena_fini(&arena);
}

/* --- objects ---------------------------------------------------------------------------------------- */

static void
push_object(struct sp_push *push, const void *args)
{
	sp_push_unique(push, *(void *const *)args, sp_push_object, NULL);
	sp_push_ignored(push);
	sp_push_deferred(push);
}

static void
pull_object(struct sp_pull *pull, void *args)
{
	sp_pull_unique(pull, args, sp_pull_object, NULL);
	assert_null(sp_pull_ignored(pull));
	sp_pull_deferred(pull);
}

static void
an_interface_pointer_is_a_counted_object(void **state)
{
	struct sp_object *object = calloc(1, sizeof(*object) + 3), *again;
	struct arena arena;

	assert_non_null(object);
	object->size = 3;
	memcpy(object->bytes, "abc", 3);
	arena_init(&arena, MEMORY);
	both_ways(push_object, pull_object, &object, &again, NDR, &arena,
		"00000200 00000000 03000000 03000000 616263");
	both_ways(push_object, pull_object, &object, &again, NDR64, &arena,
		"0000020000000000 0000000000000000 0300000000000000 03000000 616263");
	assert_int_equal(again->size, 3);
	assert_memory_equal(again->bytes, "abc", 3);
	arena_fini(&arena);
	free(object);
}

static void
an_object_whose_counts_disagree_is_refused(void **state)
{
	struct trial_bytes b = trial_hex("00000200 00000000 03000000 02000000 616263");
	struct sp_object *again;
	struct arena arena;

	arena_init(&arena, MEMORY);
	assert_int_equal(pulled(pull_object, &b, NDR, &arena, &again), RPC_X_BAD_STUB_DATA);
	arena_fini(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_enums_and_int3264_are_wider),
		cmocka_unit_test(what_needs_64_bits_is_refused_in_ndr_only),
		cmocka_unit_test(a_count_over_2_31_is_refused_whatever_its_width),
		cmocka_unit_test(
			referent_ids_and_variances_are_wider_and_structs_end_on_their_alignment),
		cmocka_unit_test(an_interface_pointer_is_a_counted_object),
		cmocka_unit_test(an_object_whose_counts_disagree_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
