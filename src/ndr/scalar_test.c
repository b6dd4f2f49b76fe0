/* SPDX-License-Identifier: MIT */
#include <sallyport/binding.h>

#include "ndr/trial.h"

static struct arena arena;

static int
begin(void **state)
{
	arena_init(&arena, 1 << 20);
	return 0;
}

static int
end(void **state)
{
	arena_fini(&arena);
	return 0;
}

struct scalars {
	uint8_t a;
	uint16_t b;
	uint8_t c;
	uint32_t d;
	uint8_t e;
	uint64_t f;
	float g;
	double h;
	uint16_t kind;
	struct sp_uuid id;
};

static void
pull_scalars(struct sp_pull *pull, void *args)
{
	struct scalars *s = args;

	s->a = sp_pull_u8(pull);
	s->b = sp_pull_u16(pull);
	s->c = sp_pull_u8(pull);
	s->d = sp_pull_u32(pull);
	s->e = sp_pull_u8(pull);
	s->f = sp_pull_u64(pull);
	s->g = sp_pull_float(pull);
	s->h = sp_pull_double(pull);
	s->kind = sp_pull_enum16(pull);
	sp_pull_uuid(pull, &s->id);
}

static void
push_scalars(struct sp_push *push, const void *args)
{
	const struct scalars *s = args;

	sp_push_u8(push, s->a);
	sp_push_u16(push, s->b);
	sp_push_u8(push, s->c);
	sp_push_u32(push, s->d);
	sp_push_u8(push, s->e);
	sp_push_u64(push, s->f);
	sp_push_float(push, s->g);
	sp_push_double(push, s->h);
	sp_push_enum16(push, s->kind);
	sp_push_uuid(push, &s->id);
}

static const struct scalars sample = {
	.a = 1,
	.b = 0x0203,
	.c = 4,
	.d = 0x05060708,
	.e = 9,
	.f = 0x0a0b0c0d0e0f1011,
	.g = 1.5f,
	.h = -2.25,
	.kind = 0x7fff,
	.id = {0x12345678, 0x1234, 0xabcd, {0xef, 0x00}, {1, 0x23, 0x45, 0x67, 0x89, 0xab}},
};

/* C706 14.2.2: each at a multiple of its size. 1.5 = 3fc00000, -2.25 = c002000000000000 (IEEE); the UUID as Samba packs it */
static const char sample_hex[] = "01 00 0302 04 000000 08070605 09 000000 11100f0e0d0c0b0a"
				 "0000c03f 00000000 00000000000002c0 ff7f 0000"
				 "785634123412cdabef000123456789ab";

static const char sample_big_hex[] = "01 00 0203 04 000000 05060708 09 000000 0a0b0c0d0e0f1011"
				     "3fc00000 00000000 c002000000000000 7fff 0000"
				     "123456781234abcdef000123456789ab";

static void
expect_sample(const struct scalars *s)
{
	assert_int_equal(s->a, sample.a);
	assert_int_equal(s->b, sample.b);
	assert_int_equal(s->c, sample.c);
	assert_int_equal(s->d, sample.d);
	assert_int_equal(s->e, sample.e);
	assert_int_equal(s->f, sample.f);
	assert_memory_equal(&s->g, &sample.g, sizeof(s->g));
	assert_memory_equal(&s->h, &sample.h, sizeof(s->h));
	assert_int_equal(s->kind, sample.kind);
	assert_memory_equal(&s->id, &sample.id, sizeof(s->id));
}

static void
scalars_stand_at_multiples_of_their_size(void **state)
{
	struct scalars s = {0};

	trial_writes(push_scalars, &sample, sample_hex);
	trial_reads(pull_scalars, push_scalars, &arena, sample_hex, &s);
	expect_sample(&s);
}

static void
big_endian_scalars_are_turned_round(void **state)
{
	struct trial_bytes b = trial_hex(sample_big_hex), pushed;
	struct scalars s = {0};
	sp_status status;

	assert_int_equal(trial_pull_bytes(pull_scalars, b.at, b.len, true, &arena, NULL, &s), 0);
	expect_sample(&s);
	pushed = trial_push_args(push_scalars, &sample, true, &status);
	trial_same_bytes(&b, &pushed);
}

static void
gaps_are_written_as_zeros_and_read_as_anything(void **state)
{
	struct trial_bytes b = trial_hex(sample_hex);
	struct scalars s = {0};
	static const uint8_t gaps[] = {1, 5, 6, 7, 13, 14, 15, 28, 29, 30, 31, 42, 43};

	for (size_t i = 0; i < sizeof(gaps); i++) {
		assert_int_equal(b.at[gaps[i]], 0);
		b.at[gaps[i]] = 0xbf;
	}
	assert_int_equal(trial_pull_bytes(pull_scalars, b.at, b.len, false, &arena, NULL, &s), 0);
	expect_sample(&s);
}

static void
no_prefix_of_scalars_is_enough(void **state)
{
	struct scalars s;

	trial_refuses_prefixes(pull_scalars, &arena, sample_hex, &s, sizeof(s));
}

static void
pull_two(struct sp_pull *pull, void *args)
{
	uint32_t *v = args;

	v[0] = sp_pull_u32(pull);
	v[1] = sp_pull_u32(pull);
	v[2] = sp_pull_u8(pull);
}

static void
nothing_is_read_after_a_fault(void **state)
{
	uint32_t v[3] = {1, 1, 1};

	/* six bytes: the second number is missing, and the fifth byte is not given to the third */
	assert_int_equal(trial_status(pull_two, &arena, "01020304 0506", v), RPC_X_BAD_STUB_DATA);
	assert_int_equal(v[0], 0x04030201);
	assert_int_equal(v[1], 0);
	assert_int_equal(v[2], 0);
}

static void
the_fault_says_where_and_what(void **state)
{
	uint8_t bytes[6] = {0};
	struct wire_fault fault;
	struct sp_pull pull;

	ndr_pull_init(&pull, bytes, sizeof(bytes), false, &arena, NULL, NULL);
	sp_pull_u32(&pull);
	sp_pull_range(&pull, 7, 0, 6, "thing.seven");
	sp_pull_fail(&pull, NCA_S_FAULT_INVALID_TAG, "a later one");
	assert_false(sp_pull_ok(&pull));
	assert_int_equal(ndr_pull_status(&pull, &fault), RPC_X_BAD_STUB_DATA);
	assert_int_equal(fault.bad, WIRE_MALFORMED);
	assert_int_equal(fault.at, 4);
	assert_string_equal(fault.what, "thing.seven");
	assert_int_equal(ndr_pull_left(&pull), 0);
	ndr_pull_fini(&pull);
}

static void
nothing_at_all_may_be_pulled_and_pushed(void **state)
{
	struct sp_pull pull;
	struct sp_push push;
	struct buf *buf;

	ndr_pull_init(&pull, NULL, 0, false, &arena, NULL, NULL);
	assert_int_equal(sp_pull_u8(&pull), 0);
	assert_int_equal(ndr_pull_status(&pull, NULL), RPC_X_BAD_STUB_DATA);
	ndr_pull_fini(&pull);
	ndr_push_init(&push, 16, 4, 100, NULL);
	buf = ndr_push_finish(&push);
	assert_non_null(buf);
	assert_int_equal(buf_len(buf), 0);
	assert_int_equal(buf->start, 16);
	buf_unref(buf);
	ndr_push_fini(&push);
}

static void
pull_enum(struct sp_pull *pull, void *args)
{
	*(uint16_t *)args = sp_pull_enum16(pull);
}

static void
an_enum_has_fifteen_bits(void **state)
{
	struct sp_push push;
	uint16_t v = 0;

	assert_int_equal(trial_status(pull_enum, &arena, "ff7f", &v), 0);
	assert_int_equal(v, 0x7fff);
	assert_int_equal(trial_status(pull_enum, &arena, "0080", &v), RPC_X_BAD_STUB_DATA);
	assert_int_equal(v, 0);
	for (int32_t bad = -1; bad <= 0x8000; bad += 0x8001) {
		ndr_push_init(&push, 0, 0, 100, NULL);
		sp_push_enum16(&push, bad);
		assert_int_equal(ndr_push_status(&push, NULL), RPC_X_ENUM_VALUE_OUT_OF_RANGE);
		assert_null(ndr_push_finish(&push));
		ndr_push_fini(&push);
	}
}

static void
pull_ranged(struct sp_pull *pull, void *args)
{
	int32_t v = (int32_t)sp_pull_u32(pull);

	sp_pull_range(pull, v, -2, 2, "ranged");
}

static void
ranges_hold_at_both_ends(void **state)
{
	assert_int_equal(trial_status(pull_ranged, &arena, "02000000", NULL), 0);
	assert_int_equal(trial_status(pull_ranged, &arena, "feffffff", NULL), 0);
	assert_int_equal(trial_status(pull_ranged, &arena, "03000000", NULL), RPC_X_BAD_STUB_DATA);
	assert_int_equal(trial_status(pull_ranged, &arena, "fdffffff", NULL), RPC_X_BAD_STUB_DATA);
}

static void
a_push_over_its_length_fails(void **state)
{
	struct sp_push push;
	const char *what = NULL;

	ndr_push_init(&push, 0, 0, 1000, NULL);
	for (unsigned i = 0; i < 250; i++)
		sp_push_u32(&push, i);
	assert_true(sp_push_ok(&push));
	for (unsigned i = 0; i < 2000; i++)
		sp_push_u32(&push, i);
	assert_int_equal(ndr_push_status(&push, &what), NCA_S_OUT_ARGS_TOO_BIG);
	assert_non_null(what);
	assert_null(ndr_push_finish(&push));
	ndr_push_fini(&push);
	/* also when the first block has room for more */
	ndr_push_init(&push, 0, 0, 3, NULL);
	sp_push_u32(&push, 1);
	assert_null(ndr_push_finish(&push));
	assert_int_equal(ndr_push_status(&push, NULL), NCA_S_OUT_ARGS_TOO_BIG);
	ndr_push_fini(&push);
}

static void
a_push_that_grows_keeps_what_it_has(void **state)
{
	struct sp_push push;
	struct buf *buf;

	ndr_push_init(&push, 40, 24, UINT32_MAX / 2, NULL);
	for (uint32_t i = 0; i < 100000; i++) {
		sp_push_u8(&push, (uint8_t)i);
		sp_push_u32(&push, i);
	}
	buf = ndr_push_finish(&push);
	assert_non_null(buf);
	assert_int_equal(buf_len(buf), 800000);
	assert_int_equal(buf->start, 40);
	assert_true(buf->cap - buf->end >= 24);
	for (uint32_t i = 0; i < 100000; i++) {
		const uint8_t *p = buf->data + buf->start + 8 * (size_t)i;

		assert_int_equal(sp_load_u32(p, false), (uint8_t)i); /* and a gap of zeros */
		assert_int_equal(sp_load_u32(p + 4, false), i);
	}
	buf_unref(buf);
	ndr_push_fini(&push);
}

/* --- contexts ---------------------------------------------------------------------------------- */

static int made[2];

static bool was_shared;

static sp_status
resolve(void *owner, uint32_t type, bool shared, struct sp_context_handle *handle)
{
	if (handle->uuid.time_low != 0x12345678 || type != 3)
		return NCA_S_FAULT_CONTEXT_MISMATCH;
	handle->user = owner;
	was_shared = shared;
	return 0;
}

static bool
settle(void *owner, uint32_t type, struct sp_context_handle *handle)
{
	made[sp_uuid_is_nil(&handle->uuid) ? 0 : 1]++;
	if (!handle->user)
		handle->uuid = (struct sp_uuid){0};
	else
		handle->uuid.time_low = 0x12345678;
	return type == 3;
}

static const struct ndr_contexts contexts = {made, resolve, settle};

static sp_status
pull_handle(const char *hex, uint32_t type, bool null_allowed, const struct ndr_contexts *c,
	struct sp_context_handle *ret)
{
	struct trial_bytes b = trial_hex(hex);
	struct sp_pull pull;
	sp_status status;

	ndr_pull_init(&pull, b.at, b.len, false, &arena, NULL, c);
	sp_pull_u8(&pull);
	sp_pull_context(&pull, ret, type, null_allowed);
	status = ndr_pull_status(&pull, NULL);
	ndr_pull_fini(&pull);
	return status;
}

/* the twenty bytes as Samba packs a policy_handle */
#define HANDLE "00000000 785634123412cdabef000123456789ab"
#define FOREIGN "00000000 795634123412cdabef000123456789ab"
#define NIL "00000000 00000000000000000000000000000000"

static void
context_handles_are_what_their_owner_says(void **state)
{
	struct sp_context_handle h;

	assert_int_equal(pull_handle("ff000000" HANDLE, 3, false, &contexts, &h), 0);
	assert_ptr_equal(h.user, made);
	assert_int_equal(pull_handle("ff000000" HANDLE, 4, false, &contexts, &h),
		NCA_S_FAULT_CONTEXT_MISMATCH);
	assert_int_equal(pull_handle("ff000000" FOREIGN, 3, true, &contexts, &h),
		NCA_S_FAULT_CONTEXT_MISMATCH);
	/* clients keep them as they are */
	assert_int_equal(pull_handle("ff000000" FOREIGN, 3, false, NULL, &h), 0);
	assert_int_equal(h.uuid.time_low, 0x12345679);
	assert_null(h.user);
}

static void
a_null_context_is_taken_only_where_it_may_be(void **state)
{
	struct sp_context_handle h;

	assert_int_equal(pull_handle("ff000000" NIL, 3, true, &contexts, &h), 0);
	assert_null(h.user);
	assert_int_equal(
		pull_handle("ff000000" NIL, 3, false, &contexts, &h), NCA_S_FAULT_CONTEXT_MISMATCH);
}

static void
push_handle(struct sp_push *push, const void *args)
{
	sp_push_u8(push, 0xff);
	sp_push_context(push, args, 3);
}

static void
context_handles_are_settled_when_they_are_written(void **state)
{
	struct sp_context_handle h = {.uuid = sample.id, .user = made};
	struct trial_bytes expected = trial_hex("ff000000" HANDLE), got = {0};
	struct sp_push push;
	struct buf *buf;

	trial_writes(push_handle, &h, "ff000000" HANDLE);
	h.uuid = (struct sp_uuid){0};
	ndr_push_init(&push, 0, 0, 100, &contexts);
	push_handle(&push, &h);
	sp_push_context(&push, &h, 4);
	assert_int_equal(ndr_push_status(&push, NULL), NCA_S_FAULT_REMOTE_NO_MEMORY);
	made[0] = 0;
	sp_push_context(&push, &h, 3);
	assert_int_equal(
		made[0], 1); /* though nobody will hear of it: it is run down with the others */
	ndr_push_fini(&push);
	h = (struct sp_context_handle){.uuid = sample.id, .user = made};
	ndr_push_init(&push, 0, 0, 100, &contexts);
	push_handle(&push, &h);
	buf = ndr_push_finish(&push);
	got.len = buf_len(buf);
	memcpy(got.at, buf->data, got.len);
	trial_same_bytes(&expected, &got);
	buf_unref(buf);
	ndr_push_fini(&push);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_stand_at_multiples_of_their_size),
		cmocka_unit_test(big_endian_scalars_are_turned_round),
		cmocka_unit_test(gaps_are_written_as_zeros_and_read_as_anything),
		cmocka_unit_test(no_prefix_of_scalars_is_enough),
		cmocka_unit_test(nothing_is_read_after_a_fault),
		cmocka_unit_test(the_fault_says_where_and_what),
		cmocka_unit_test(nothing_at_all_may_be_pulled_and_pushed),
		cmocka_unit_test(an_enum_has_fifteen_bits),
		cmocka_unit_test(ranges_hold_at_both_ends),
		cmocka_unit_test(a_push_over_its_length_fails),
		cmocka_unit_test(a_push_that_grows_keeps_what_it_has),
		cmocka_unit_test(context_handles_are_what_their_owner_says),
		cmocka_unit_test(a_null_context_is_taken_only_where_it_may_be),
		cmocka_unit_test(context_handles_are_settled_when_they_are_written),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
