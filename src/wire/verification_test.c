/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "wire/bind.h"
#include "wire/verification.h"

static const struct sp_syntax_id interface = {
	{0x60a15ec5, 0x4de8, 0x11d7, {0xa6, 0x37}, {0, 0x50, 0x56, 0xa2, 0x01, 0x82}}, 1, 2};

static struct verification
whole(void)
{
	return (struct verification){.has_pcontext = true,
		.has_header2 = true,
		.interface = interface,
		.transfer = SYNTAX_NDR,
		.drep = {0x10},
		.call_id = 0x01020304,
		.context_id = 5,
		.opnum = 6};
}

/* [MS-RPCE] 2.2.2.13: signature, pcontext of 40 bytes, header2 of 16 with the flag of the last. */
static const uint8_t bytes_of_whole[] = {0x8a, 0xe3, 0x13, 0x71, 0x02, 0xf4, 0x36, 0x71, 0x02, 0x00,
	0x28, 0x00, 0xc5, 0x5e, 0xa1, 0x60, 0xe8, 0x4d, 0xd7, 0x11, 0xa6, 0x37, 0x00, 0x50, 0x56,
	0xa2, 0x01, 0x82, 0x01, 0x00, 0x02, 0x00, 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11,
	0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 0x02, 0x00, 0x00, 0x00, 0x03, 0x40, 0x10,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x04, 0x03, 0x02, 0x01, 0x05, 0x00,
	0x06, 0x00};

static void
trailer_is_written_as_the_specification_draws_it(void **state)
{
	struct verification v = whole(), got;
	uint8_t room[3 + VERIFICATION_MAX_SIZE];
	struct wire_out out;

	wire_out_init(&out, room, sizeof(room));
	wire_out_u8(&out, 0xee);
	assert_true(verification_put(&out, &v));
	assert_int_equal(wire_out_offset(&out), 4 + sizeof(bytes_of_whole));
	assert_memory_equal(room + 4, bytes_of_whole, sizeof(bytes_of_whole));
	assert_memory_equal(room + 1, "\0\0\0", 3);
	assert_int_equal(
		verification_get(room + 1, sizeof(bytes_of_whole) + 3, &got), VERIFICATION_FOUND);
	assert_memory_equal(&got.interface, &interface, sizeof(interface));
	assert_memory_equal(&got.transfer, &SYNTAX_NDR, sizeof(SYNTAX_NDR));
	assert_int_equal(got.call_id, v.call_id);
	assert_int_equal(got.context_id, 5);
	assert_int_equal(got.opnum, 6);
	assert_memory_equal(got.drep, v.drep, 4);
	assert_false(got.has_bitmask);
}

static void
bitmask_alone_is_the_last_command(void **state)
{
	struct verification v = {.has_bitmask = true, .bitmask = 1}, got;
	uint8_t room[VERIFICATION_MAX_SIZE];
	struct wire_out out;

	wire_out_init(&out, room, sizeof(room));
	assert_true(verification_put(&out, &v));
	assert_memory_equal(room + 8, "\x01\x40\x04\x00\x01\x00\x00\x00", 8);
	assert_int_equal(verification_get(room, wire_out_offset(&out), &got), VERIFICATION_FOUND);
	assert_int_equal(got.bitmask, 1);
	assert_false(got.has_header2);
}

static void
room_that_is_too_small_is_said(void **state)
{
	struct verification v = whole();
	uint8_t room[VERIFICATION_MAX_SIZE];
	struct wire_out out;

	for (size_t cap = 0; cap < sizeof(bytes_of_whole); cap++) {
		wire_out_init(&out, room, cap);
		assert_false(verification_put(&out, &v));
	}
}

static void
without_the_signature_there_is_none(void **state)
{
	struct verification got = {.opnum = 7};

	assert_int_equal(verification_get(NULL, 0, &got), VERIFICATION_ABSENT);
	assert_int_equal(
		verification_get((const uint8_t *)"12345678", 8, &got), VERIFICATION_ABSENT);
	assert_int_equal(verification_get(bytes_of_whole, 7, &got), VERIFICATION_ABSENT);
	assert_int_equal(got.opnum, 7);
}

static void
trailer_that_breaks_off_is_bad(void **state)
{
	struct verification got = {.opnum = 7};

	for (size_t len = 8; len < sizeof(bytes_of_whole); len++)
		assert_int_equal(verification_get(bytes_of_whole, len, &got), VERIFICATION_BAD);
	assert_int_equal(got.opnum, 7);
}

/* The signature, then these commands. */
static enum verification_verdict
commands(const char *bytes, size_t len)
{
	struct verification got;
	uint8_t room[128];

	memcpy(room, bytes_of_whole, 8);
	memcpy(room + 8, bytes, len);
	return verification_get(room, 8 + len, &got);
}

static void
unknown_commands_are_ignored_unless_they_must_be_known(void **state)
{
	assert_int_equal(
		commands("\x09\x00\x04\x00zzzz\x01\x40\x04\x00\1\0\0\0", 16), VERIFICATION_FOUND);
	assert_int_equal(
		commands("\x09\x80\x04\x00zzzz\x01\x40\x04\x00\1\0\0\0", 16), VERIFICATION_BAD);
	assert_int_equal(commands("\x09\x40\x00\x00", 4), VERIFICATION_FOUND);
	assert_int_equal(commands("\x09\x40\x03\x00zzz", 7), VERIFICATION_BAD);
}

static void
wrong_lengths_and_repetitions_are_bad(void **state)
{
	assert_int_equal(commands("\x01\x40\x08\x00\1\0\0\0\0\0\0\0", 12), VERIFICATION_BAD);
	assert_int_equal(
		commands("\x01\x00\x04\x00\1\0\0\0\x01\x40\x04\x00\1\0\0\0", 16), VERIFICATION_BAD);
	assert_int_equal(commands("\x02\x40\x04\x00\1\0\0\0", 8), VERIFICATION_BAD);
	assert_int_equal(commands("\x03\x40\x04\x00\1\0\0\0", 8), VERIFICATION_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trailer_is_written_as_the_specification_draws_it),
		cmocka_unit_test(bitmask_alone_is_the_last_command),
		cmocka_unit_test(room_that_is_too_small_is_said),
		cmocka_unit_test(without_the_signature_there_is_none),
		cmocka_unit_test(trailer_that_breaks_off_is_bad),
		cmocka_unit_test(unknown_commands_are_ignored_unless_they_must_be_known),
		cmocka_unit_test(wrong_lengths_and_repetitions_are_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
