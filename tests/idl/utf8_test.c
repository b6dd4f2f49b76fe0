/* SPDX-License-Identifier: MIT */
/* Strings that are UTF-8 in C and UTF-16 on the wire. */
#include "exchange.h"

#include "utf8.h"

#define TEXT "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9d\x84\x9e" /* one to four bytes a character */

static struct arena arena;

static int
begin(void **state)
{
	arena_init(&arena, EXCHANGE_MEMORY);
	return 0;
}

static int
end(void **state)
{
	arena_fini(&arena);
	return 0;
}

static void
a_string_is_utf16_on_the_wire(void **state)
{
	static const uint8_t expected[] = {
		2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0xac, 0x20, 0, 0, 0, 0, 0, 0};
	const struct utf8_join_args args = {.first = "\xe2\x82\xac"};
	struct utf8_join_args got = {0};
	sp_status status;
	struct buf *b = exchange_bytes(utf8_join_push_in, &args, &status);

	assert_int_equal(status, 0);
	assert_int_equal(buf_len(b), sizeof(expected));
	assert_memory_equal(b->data + b->start, expected, sizeof(expected));
	buf_unref(b);
	exchange(utf8_join_push_in, &args, utf8_join_pull_in, &got, &arena);
	assert_string_equal(got.first, args.first);
	assert_null(got.second);
}

static void
all_characters_come_back(void **state)
{
	char first[] = TEXT, second[] = "";
	char *both = first;
	const struct utf8_join_args args = {
		.first = first, .second = second, .both = &both, .result = 7};
	struct utf8_join_args got = {0};

	exchange(utf8_join_push_in, &args, utf8_join_pull_in, &got, &arena);
	assert_string_equal(got.first, TEXT);
	assert_string_equal(got.second, "");
	memset(&got, 0, sizeof(got));
	exchange(utf8_join_push_out, &args, utf8_join_pull_out, &got, &arena);
	assert_string_equal(*got.both, TEXT);
	assert_int_equal(got.result, 7);
}

static void
members_are_what_their_attributes_say(void **state)
{
	char name[] = TEXT;
	uint16_t plain[] = {'p', 0};
	entry one = {
		.name = name, .comment = "\xe2\x82\xac", .plain = plain, .fixed = {'f', 0}, .n = 5};
	entries all = {1, &one};
	const struct utf8_list_args args = {.all = &all};
	struct utf8_list_args got = {0};

	exchange(utf8_list_push_in, &args, utf8_list_pull_in, &got, &arena);
	assert_string_equal(got.all->entries[0].name, TEXT);
	assert_string_equal(got.all->entries[0].comment, "\xe2\x82\xac");
	assert_memory_equal(got.all->entries[0].plain, plain, sizeof(plain));
	assert_int_equal(got.all->entries[0].fixed[0], 'f');
	assert_int_equal(got.all->entries[0].n, 5);
}

/* What the caller has room for is counted in characters of 16 bits. */
static void
a_room_of_the_callers_stays_utf16(void **state)
{
	uint16_t room[4] = {'r', 0};
	const struct utf8_fill_args args = {.n = 4, .room = room, .from = TEXT};
	struct utf8_fill_args got = {0};

	exchange(utf8_fill_push_in, &args, utf8_fill_pull_in, &got, &arena);
	assert_string_equal(got.from, TEXT);
	assert_non_null(got.room);
	memset(&got, 0, sizeof(got));
	got.n = 4;
	exchange(utf8_fill_push_out, &args, utf8_fill_pull_out, &got, &arena);
	assert_memory_equal(got.room, room, 4);
}

static sp_status
pull_first(const void *bytes, size_t len, const char **ret_first)
{
	struct utf8_join_args got = {0};
	sp_status status;
	size_t left;

	status = exchange_args(utf8_join_pull_in, bytes, len, false, &arena, &got, &left);
	*ret_first = got.first;
	return status;
}

static void
what_is_no_string_is_refused(void **state)
{
	static const uint8_t open[] = {
		1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 'a', 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t none[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t late[] = {2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t large[] = {
		0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0};
	const char *first;

	assert_int_equal(pull_first(open, sizeof(open), &first), RPC_X_BAD_STUB_DATA);
	assert_int_equal(pull_first(none, sizeof(none), &first), RPC_X_BAD_STUB_DATA);
	assert_int_equal(pull_first(late, sizeof(late), &first), RPC_X_BAD_STUB_DATA);
	assert_int_equal(pull_first(large, sizeof(large), &first), RPC_X_BAD_STUB_DATA);
	for (size_t n = 0; n < sizeof(open); n++)
		assert_int_equal(pull_first(open, n, &first), RPC_X_BAD_STUB_DATA);
}

static void
unpaired_surrogates_become_the_replacement_character(void **state)
{
	static const uint8_t lone[] = {
		2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0xd8, 0, 0, 0, 0, 0, 0};
	static const uint8_t within[] = {
		4, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 'a', 0, 0, 0, 'b', 0, 0, 0, 0, 0, 0, 0};
	const char *first;

	assert_int_equal(pull_first(lone, sizeof(lone), &first), 0);
	assert_string_equal(first, "\xef\xbf\xbd");
	/* a string is over at its first terminator */
	assert_int_equal(pull_first(within, sizeof(within), &first), 0);
	assert_string_equal(first, "a");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_string_is_utf16_on_the_wire),
		cmocka_unit_test(all_characters_come_back),
		cmocka_unit_test(members_are_what_their_attributes_say),
		cmocka_unit_test(a_room_of_the_callers_stays_utf16),
		cmocka_unit_test(what_is_no_string_is_refused),
		cmocka_unit_test(unpaired_surrogates_become_the_replacement_character),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
