/* SPDX-License-Identifier: MIT */
/* Pipes: the bytes of their chunks, and reading them from a message that comes in pieces of any size. */
#include "ndr/pipe.h"
#include "ndr/trial.h"

enum syntax { NDR, NDR64 };

static const struct sp_pipe_parameter shorts = {
	.name = "shorts", .item_size = 2, .wire_size = 2, .alignment = 2};
static const struct sp_pipe_parameter wides = {
	.name = "wides", .item_size = 8, .wire_size = 8, .alignment = 8};

struct pair {
	uint32_t a;
	uint16_t b[2];
};

static void
push_pairs(struct sp_push *push, const void *items, size_t n)
{
	const struct pair *v = items;

	for (size_t i = 0; i < n; i++) {
		sp_push_u32(push, v[i].a);
		sp_push_array(push, v[i].b, 2, 2);
	}
}

static void
pull_pairs(struct sp_pull *pull, void *items, size_t n)
{
	struct pair *v = items;

	for (size_t i = 0; i < n; i++) {
		v[i].a = sp_pull_u32(pull);
		sp_pull_array(pull, v[i].b, 2, 2);
	}
}

static const struct sp_pipe_parameter pairs = {.name = "pairs",
	.item_size = sizeof(struct pair),
	.wire_size = 8,
	.alignment = 4,
	.push = push_pairs,
	.pull = pull_pairs};

/* One chunk after so many other bytes. */
static struct trial_bytes
chunk(const struct sp_pipe_parameter *type, const struct ndr_tail *before, const void *items,
	size_t n, enum syntax syntax)
{
	struct trial_bytes b = {0};
	struct sp_push push;
	struct buf *buf;

	ndr_push_init(&push, 0, 0, TRIAL_BYTES, NULL);
	if (syntax == NDR64)
		ndr_push_ndr64(&push);
	ndr_tail_push(before, &push);
	ndr_pipe_push(&push, type, items, n);
	assert_int_equal(ndr_push_status(&push, NULL), 0);
	buf = ndr_push_finish(&push);
	ndr_push_fini(&push);
	assert_non_null(buf);
	b.len = buf_len(buf);
	memcpy(b.at, buf->data + buf->start, b.len);
	buf_unref(buf);
	return b;
}

/* Everything of a pipe, from a message that comes `step` bytes at a time; *ret_left: what is behind it. */
static sp_status
read_all(const struct sp_pipe_parameter *type, const struct trial_bytes *b, size_t step,
	enum syntax syntax, bool big_endian, void *items, size_t most, size_t *ret_n,
	size_t *ret_left)
{
	struct ndr_stream stream = {0};
	struct ndr_pipe pipe;
	sp_status status = 0;
	size_t at = 0, n;

	ndr_pipe_init(&pipe, type, big_endian, syntax == NDR64);
	*ret_n = 0;
	while (!status && pipe.at != NDR_PIPE_OVER) {
		uint8_t *to = (uint8_t *)items + *ret_n * type->item_size;

		status = ndr_pipe_pull(&pipe, &stream, to, most - *ret_n, &n);
		*ret_n += n;
		if (status || n || pipe.at == NDR_PIPE_OVER)
			continue;
		if (at == b->len)
			break;
		n = b->len - at < step ? b->len - at : step;
		assert_true(ndr_stream_add(&stream, b->at + at, n));
		at += n;
	}
	*ret_left = ndr_stream_left(&stream) + b->len - at;
	if (!status && pipe.at != NDR_PIPE_OVER)
		status = RPC_S_ASYNC_CALL_PENDING;
	ndr_stream_fini(&stream);
	return status;
}

/* --- writing --- */

static void
a_chunk_is_a_count_and_items(void **state)
{
	static const uint16_t items[] = {1, 2, 3};
	const struct ndr_tail nothing = {.n = 0};
	struct trial_bytes got = chunk(&shorts, &nothing, items, 3, NDR);
	struct trial_bytes expected = trial_hex("03000000 010002000300");

	trial_same_bytes(&got, &expected);
	got = chunk(&shorts, &nothing, items, 3, NDR64);
	expected = trial_hex("0300000000000000 010002000300 0000 fdffffffffffffff");
	trial_same_bytes(&got, &expected);
}

static void
an_empty_chunk_is_the_end(void **state)
{
	const struct ndr_tail nothing = {.n = 0};
	struct trial_bytes got = chunk(&shorts, &nothing, NULL, 0, NDR);
	struct trial_bytes expected = trial_hex("00000000");

	trial_same_bytes(&got, &expected);
	got = chunk(&shorts, &nothing, NULL, 0, NDR64);
	expected = trial_hex("0000000000000000 0000000000000000");
	trial_same_bytes(&got, &expected);
}

static void
what_stands_before_a_piece_aligns_it(void **state)
{
	static const uint64_t items[] = {7};
	const struct ndr_tail three = {.bytes = {0xaa, 0xbb, 0xcc}, .n = 3};
	struct trial_bytes got = chunk(&wides, &three, items, 1, NDR);
	struct trial_bytes expected = trial_hex("aabbcc 00 01000000 0700000000000000");

	trial_same_bytes(&got, &expected);
	got = chunk(&wides, &three, items, 1, NDR64);
	expected =
		trial_hex("aabbcc 0000000000 0100000000000000 0700000000000000 ffffffffffffffff");
	trial_same_bytes(&got, &expected);
}

static void
pieces_are_cut_to_multiples_of_8(void **state)
{
	struct buf *b = buf_new(0, 32);
	struct ndr_tail tail = {.n = 0};

	assert_non_null(b);
	memcpy(b->data, "0123456789abcdef+++", 19);
	b->end = 19;
	ndr_tail_cut(&tail, b);
	assert_int_equal(buf_len(b), 16);
	assert_int_equal(tail.n, 3);
	assert_memory_equal(tail.bytes, "+++", 3);
	ndr_tail_cut(&tail, b);
	assert_int_equal(buf_len(b), 16);
	assert_int_equal(tail.n, 0);
	buf_unref(b);
}

/* --- reading --- */

static void
chunks_are_put_together_whatever_the_pieces_are(void **state)
{
	struct trial_bytes b = trial_hex("01000000 0100 0000 02000000 0200 0300 00000000 aabbccdd");
	uint16_t items[4];
	size_t n, left;

	for (size_t step = 1; step <= b.len; step++) {
		memset(items, 0, sizeof(items));
		assert_int_equal(read_all(&shorts, &b, step, NDR, false, items, 4, &n, &left), 0);
		assert_int_equal(n, 3);
		assert_int_equal(items[0], 1);
		assert_int_equal(items[1], 2);
		assert_int_equal(items[2], 3);
		assert_int_equal(left, 4);
	}
}

static void
ndr64_and_the_other_byte_order_are_read(void **state)
{
	struct trial_bytes wide = trial_hex("0200000000000000 0100 0200 00000000 feffffffffffffff "
					    "0000000000000000 0000000000000000");
	struct trial_bytes big = trial_hex("00000002 0001 0002 00000000");
	uint16_t items[3];
	size_t n, left;

	for (size_t step = 1; step <= wide.len; step++) {
		assert_int_equal(
			read_all(&shorts, &wide, step, NDR64, false, items, 3, &n, &left), 0);
		assert_int_equal(n, 2);
		assert_int_equal(items[1], 2);
		assert_int_equal(left, 0);
	}
	assert_int_equal(read_all(&shorts, &big, 1, NDR, true, items, 3, &n, &left), 0);
	assert_int_equal(n, 2);
	assert_int_equal(items[1], 2);
}

static void
structs_go_through_their_own_functions(void **state)
{
	static const struct pair sent[] = {{1, {2, 3}}, {4, {5, 6}}};
	const struct ndr_tail nothing = {.n = 0};
	struct trial_bytes b = chunk(&pairs, &nothing, sent, 2, NDR),
			   end = chunk(&pairs, &nothing, NULL, 0, NDR);
	struct pair got[3];
	size_t n, left;

	memcpy(b.at + b.len, end.at, end.len);
	b.len += end.len;
	for (size_t step = 1; step <= b.len; step++) {
		memset(got, 0, sizeof(got));
		assert_int_equal(read_all(&pairs, &b, step, NDR, false, got, 3, &n, &left), 0);
		assert_int_equal(n, 2);
		assert_memory_equal(got, sent, sizeof(sent));
	}
}

static void
a_stream_keeps_the_alignment_of_the_message(void **state)
{
	struct ndr_stream stream = {0};
	struct sp_pull pull;

	for (unsigned i = 0; i < 100; i++) {
		/* a byte, a gap, a number: 1 + 3 + 4 + 1 bytes each time, so all alignments occur */
		assert_true(ndr_stream_add(&stream, "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16));
		ndr_stream_pull(&stream, &pull, false, false, NULL, NULL);
		assert_int_equal(sp_pull_u8(&pull), 1);
		(void)sp_pull_u32(&pull);
		ndr_stream_pulled(&stream, &pull);
		assert_int_equal(ndr_pull_status(&pull, NULL), 0);
		ndr_pull_fini(&pull);
		assert_int_equal(stream.used % 8, 0);
		stream.used = stream.end;
	}
	assert_true(stream.cap <= 1024);
	ndr_stream_fini(&stream);
}

static void
a_chunk_that_contradicts_itself_is_refused(void **state)
{
	struct trial_bytes odd = trial_hex("0100000000000000 0100 000000000000 feffffffffffffff "
					   "0000000000000000 0000000000000000");
	struct trial_bytes large = trial_hex("00000080 0100");
	uint16_t items[4];
	size_t n, left;

	assert_int_equal(read_all(&shorts, &odd, 99, NDR64, false, items, 4, &n, &left),
		RPC_X_BAD_STUB_DATA);
	assert_int_equal(read_all(&shorts, &large, 99, NDR, false, items, 4, &n, &left),
		RPC_X_BAD_STUB_DATA);
}

static void
a_pipe_that_breaks_off_is_never_over(void **state)
{
	struct trial_bytes whole = trial_hex("02000000 0100 0200 00000000"), cut;
	uint16_t items[4];
	size_t n, left;

	for (size_t len = 0; len < whole.len; len++) {
		cut = whole;
		cut.len = len;
		assert_int_equal(read_all(&shorts, &cut, 3, NDR, false, items, 4, &n, &left),
			RPC_S_ASYNC_CALL_PENDING);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chunk_is_a_count_and_items),
		cmocka_unit_test(an_empty_chunk_is_the_end),
		cmocka_unit_test(what_stands_before_a_piece_aligns_it),
		cmocka_unit_test(pieces_are_cut_to_multiples_of_8),
		cmocka_unit_test(chunks_are_put_together_whatever_the_pieces_are),
		cmocka_unit_test(ndr64_and_the_other_byte_order_are_read),
		cmocka_unit_test(structs_go_through_their_own_functions),
		cmocka_unit_test(a_stream_keeps_the_alignment_of_the_message),
		cmocka_unit_test(a_chunk_that_contradicts_itself_is_refused),
		cmocka_unit_test(a_pipe_that_breaks_off_is_never_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
