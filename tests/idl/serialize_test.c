/* SPDX-License-Identifier: MIT */
/* Streams of types byte by byte ([MS-RPCE] 2.2.6, 2.2.7), and what is no stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pac.h"

#define MEMORY ((size_t)1 << 20)

static const uint8_t common_1[] = {1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc};

static sp_encoder *
encoder_of(enum sp_encoding encoding)
{
	sp_encoder *encoder = sp_encoder_new(encoding, NULL);

	assert_non_null(encoder);
	return encoder;
}

static sp_decoder *
decoder_of(const void *bytes, size_t len)
{
	sp_decoder *decoder = sp_decoder_new(bytes, len, MEMORY, NULL);

	assert_non_null(decoder);
	return decoder;
}

static void
expect_bytes(const sp_encoder *encoder, const void *expected, size_t len)
{
	size_t got_len;
	const void *got = sp_encoder_bytes(encoder, &got_len);

	assert_int_equal(got_len, len);
	assert_memory_equal(got, expected, len);
}

static SID *
administrators(void)
{
	static uint64_t room[4];
	SID *sid = (SID *)(void *)room;

	*sid = (SID){.Revision = 1, .SubAuthorityCount = 2, .IdentifierAuthority = {[5] = 5}};
	sid->SubAuthority[0] = 32;
	sid->SubAuthority[1] = 544;
	return sid;
}

/* --- version 1 --- */

static void
empty_stream_is_its_common_header(void **state)
{
	sp_encoder *encoder = encoder_of(SP_ENCODING_1);
	sp_decoder *decoder = decoder_of(common_1, sizeof(common_1));

	expect_bytes(encoder, common_1, sizeof(common_1));
	assert_int_equal(sp_decoder_encoding(decoder), SP_ENCODING_1);
	assert_int_equal(sp_decoder_left(decoder), 0);
	sp_encoder_free(encoder);
	sp_decoder_free(decoder);
}

/* [MS-RPCE] 2.2.6.3 */
static void
numbers_stand_without_a_header_and_are_padded_to_8(void **state)
{
	static const uint8_t expected[] = {1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc, 0x34, 0x12, 0, 0,
		0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1};
	sp_encoder *encoder = encoder_of(SP_ENCODING_1);
	sp_decoder *decoder = decoder_of(expected, sizeof(expected));
	number small = 0x1234, *got_small;
	wide large = 0x0102030405060708, *got_large;

	assert_int_equal(number_encode(encoder, &small, NULL), 0);
	assert_int_equal(wide_encode(encoder, &large, NULL), 0);
	expect_bytes(encoder, expected, sizeof(expected));
	assert_int_equal(number_decode(decoder, &got_small, NULL), 0);
	assert_int_equal(wide_decode(decoder, &got_large, NULL), 0);
	assert_int_equal(*got_small, small);
	assert_int_equal(*got_large, large);
	assert_int_equal(sp_decoder_left(decoder), 0);
	sp_encoder_free(encoder);
	sp_decoder_free(decoder);
}

/* [MS-RPCE] 2.2.6.2: the length holds the padding, and not the header. */
static void
structs_have_a_header_and_their_conformance_in_front(void **state)
{
	static const uint8_t expected[] = {1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc, 24, 0, 0, 0, 0, 0,
		0, 0, 2, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0, 0, 0, 0, 0};
	sp_encoder *encoder = encoder_of(SP_ENCODING_1);
	sp_decoder *decoder = decoder_of(expected, sizeof(expected));
	SID *sid;

	assert_int_equal(SID_encode(encoder, administrators(), NULL), 0);
	expect_bytes(encoder, expected, sizeof(expected));
	assert_int_equal(SID_decode(decoder, &sid, NULL), 0);
	assert_int_equal(sid->SubAuthorityCount, 2);
	assert_int_equal(sid->SubAuthority[1], 544);
	assert_int_equal(sp_decoder_left(decoder), 0);
	sp_encoder_free(encoder);
	sp_decoder_free(decoder);
}

static void
pointers_are_unique_and_may_be_null(void **state)
{
	static const uint8_t expected[] = {1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc, 8, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	sp_encoder *encoder = encoder_of(SP_ENCODING_1);
	sp_decoder *decoder = decoder_of(expected, sizeof(expected));
	PKERB_VALIDATION_INFO info = (PKERB_VALIDATION_INFO)(void *)administrators();

	assert_int_equal(PKERB_VALIDATION_INFO_encode(encoder, NULL, NULL), 0);
	expect_bytes(encoder, expected, sizeof(expected));
	assert_int_equal(PKERB_VALIDATION_INFO_decode(decoder, &info, NULL), 0);
	assert_null(info);
	sp_encoder_free(encoder);
	sp_decoder_free(decoder);
}

/* The headers are little-endian nevertheless, but for the length, which is data ([MS-RPCE] 2.2.6.1). */
static void
big_endian_streams_are_read(void **state)
{
	static const uint8_t bytes[] = {1, 0, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc, 0, 0, 0, 8, 0, 0, 0, 0,
		0, 0, 2, 0, 0, 0, 0, 7, 0x12, 0x34, 0, 0, 0, 0, 0, 0};
	sp_decoder *decoder = decoder_of(bytes, sizeof(bytes));
	GROUP_MEMBERSHIP *group;
	number *n;

	assert_int_equal(GROUP_MEMBERSHIP_decode(decoder, &group, NULL), 0);
	assert_int_equal(group->RelativeId, 512);
	assert_int_equal(group->Attributes, 7);
	assert_int_equal(number_decode(decoder, &n, NULL), 0);
	assert_int_equal(*n, 0x1234);
	sp_decoder_free(decoder);
}

/* Some writers do not pad what comes last. */
static void
last_padding_may_be_missing(void **state)
{
	static const uint8_t bytes[] = {1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc, 0x34, 0x12};
	sp_decoder *decoder = decoder_of(bytes, sizeof(bytes));
	number *n;

	assert_int_equal(number_decode(decoder, &n, NULL), 0);
	assert_int_equal(*n, 0x1234);
	assert_int_equal(sp_decoder_left(decoder), 0);
	sp_decoder_free(decoder);
}

/* --- version 2 --- */

static const uint8_t common_2[64] = {2, 0x10, 0x40, 0, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
	0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
	/* NDR 2.0 */ 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00, 0x2b,
	0x10, 0x48, 0x60, 2};

/* [MS-RPCE] 2.2.7.2 */
static void
version_2_has_a_header_of_16_bytes_for_numbers_too(void **state)
{
	static const uint8_t body[] = {
		16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x34, 0x12, [31] = 0};
	uint8_t expected[sizeof(common_2) + sizeof(body)];
	sp_encoder *encoder = encoder_of(SP_ENCODING_2);
	sp_decoder *decoder;
	number n = 0x1234, *got;

	memcpy(expected, common_2, sizeof(common_2));
	memcpy(expected + sizeof(common_2), body, sizeof(body));
	assert_int_equal(number_encode(encoder, &n, NULL), 0);
	expect_bytes(encoder, expected, sizeof(expected));
	decoder = decoder_of(expected, sizeof(expected));
	assert_int_equal(sp_decoder_encoding(decoder), SP_ENCODING_2);
	assert_int_equal(number_decode(decoder, &got, NULL), 0);
	assert_int_equal(*got, 0x1234);
	sp_encoder_free(encoder);
	sp_decoder_free(decoder);
}

static void
version_2_names_its_syntax_and_its_interface(void **state)
{
	static const uint8_t ndr64[] = {0x33, 0x05, 0x71, 0x71, 0xba, 0xbe, 0x37, 0x49, 0x83, 0x19,
		0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36, 1, 0, 0, 0, /* the interface */ 0x04, 0x03,
		0x02, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 3, 0, 1, 0};
	static const struct sp_syntax_id interface = {
		.uuid = {.time_low = 0x01020304, .node = {[5] = 9}}, .major = 3, .minor = 1};
	sp_encoder *encoder = sp_encoder_new(SP_ENCODING_2_NDR64, &interface);
	const uint8_t *bytes;
	sp_decoder *decoder;
	size_t len;
	SID *sid;

	assert_non_null(encoder);
	assert_int_equal(SID_encode(encoder, administrators(), NULL), 0);
	bytes = sp_encoder_bytes(encoder, &len);
	assert_memory_equal(bytes + 24, ndr64, sizeof(ndr64));
	assert_int_equal(bytes[80], 2); /* a count of 64 bits: the SID starts at 88 */
	assert_int_equal(bytes[88], 1);
	decoder = decoder_of(bytes, len);
	assert_int_equal(sp_decoder_encoding(decoder), SP_ENCODING_2_NDR64);
	assert_int_equal(SID_decode(decoder, &sid, NULL), 0);
	assert_int_equal(sid->SubAuthority[1], 544);
	sp_encoder_free(encoder);
	sp_decoder_free(decoder);
}

/* --- several, and failures --- */

static void
types_follow_each_other_in_one_stream(enum sp_encoding encoding)
{
	sp_encoder *encoder = encoder_of(encoding);
	GROUP_MEMBERSHIP group = {513, 7}, *got_group;
	KERB_VALIDATION_INFO info = {.GroupCount = 1, .GroupIds = &group, .UserId = 500};
	number n = 7, *got_n;
	PKERB_VALIDATION_INFO got_info;
	sp_decoder *decoder;
	const void *bytes;
	size_t len;

	info.LogonDomainId = administrators();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(number_encode(encoder, &n, NULL), 0);
		assert_int_equal(PKERB_VALIDATION_INFO_encode(encoder, &info, NULL), 0);
		assert_int_equal(GROUP_MEMBERSHIP_encode(encoder, &group, NULL), 0);
	}
	bytes = sp_encoder_bytes(encoder, &len);
	decoder = decoder_of(bytes, len);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(number_decode(decoder, &got_n, NULL), 0);
		assert_int_equal(*got_n, 7);
		assert_int_equal(PKERB_VALIDATION_INFO_decode(decoder, &got_info, NULL), 0);
		assert_int_equal(got_info->GroupIds[0].RelativeId, 513);
		assert_int_equal(got_info->LogonDomainId->SubAuthority[1], 544);
		assert_int_equal(GROUP_MEMBERSHIP_decode(decoder, &got_group, NULL), 0);
		assert_int_equal(got_group->RelativeId, 513);
	}
	assert_int_equal(sp_decoder_left(decoder), 0);
	sp_encoder_free(encoder);
	sp_decoder_free(decoder);
}

static void
many_types_follow_each_other_in_one_stream(void **state)
{
	types_follow_each_other_in_one_stream(SP_ENCODING_1);
	types_follow_each_other_in_one_stream(SP_ENCODING_2);
	types_follow_each_other_in_one_stream(SP_ENCODING_2_NDR64);
}

static void
what_cannot_be_encoded_is_not_in_the_stream(void **state)
{
	sp_encoder *encoder = encoder_of(SP_ENCODING_1);
	KERB_VALIDATION_INFO info = {.GroupCount = 1};
	struct sp_error error = {0};

	assert_int_equal(
		PKERB_VALIDATION_INFO_encode(encoder, &info, &error), RPC_X_NULL_REF_POINTER);
	assert_non_null(strstr(error.sentence, "PKERB_VALIDATION_INFO"));
	expect_bytes(encoder, common_1, sizeof(common_1));
	sp_encoder_free(encoder);
}

static void
what_cannot_be_decoded_leaves_the_decoder_where_it_was(void **state)
{
	static const uint8_t bytes[] = {1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc, 8, 0, 0, 0, 0, 0, 0,
		0, 1, 0, 0, 0, 2, 0, 0, 0};
	sp_decoder *decoder = decoder_of(bytes, sizeof(bytes));
	struct sp_error error = {0};
	GROUP_MEMBERSHIP *group;
	SID *sid = NULL;

	assert_int_equal(SID_decode(decoder, &sid, &error), RPC_X_BAD_STUB_DATA);
	assert_null(sid);
	assert_non_null(strstr(error.sentence, "SID"));
	assert_int_equal(sp_decoder_left(decoder), 16);
	assert_int_equal(GROUP_MEMBERSHIP_decode(decoder, &group, NULL), 0);
	assert_int_equal(group->Attributes, 2);
	sp_decoder_free(decoder);
}

static void
a_length_beyond_the_stream_is_refused(void **state)
{
	static const uint8_t bytes[] = {1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc, 0xff, 0xff, 0xff,
		0xff, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0};
	sp_decoder *decoder = decoder_of(bytes, sizeof(bytes));
	GROUP_MEMBERSHIP *group;

	assert_int_equal(GROUP_MEMBERSHIP_decode(decoder, &group, NULL), RPC_X_BAD_STUB_DATA);
	sp_decoder_free(decoder);
}

static void
a_type_does_not_read_beyond_its_length(void **state)
{
	static const uint8_t bytes[] = {1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc, 4, 0, 0, 0, 0, 0, 0,
		0, 1, 0, 0, 0, 2, 0, 0, 0};
	sp_decoder *decoder = decoder_of(bytes, sizeof(bytes));
	GROUP_MEMBERSHIP *group;

	assert_int_equal(GROUP_MEMBERSHIP_decode(decoder, &group, NULL), RPC_X_BAD_STUB_DATA);
	sp_decoder_free(decoder);
}

static void
memory_is_bounded(void **state)
{
	sp_encoder *encoder = encoder_of(SP_ENCODING_1);
	sp_decoder *decoder;
	const void *bytes;
	size_t len;
	SID *sid;

	assert_int_equal(SID_encode(encoder, administrators(), NULL), 0);
	bytes = sp_encoder_bytes(encoder, &len);
	decoder = sp_decoder_new(bytes, len, 8, NULL);
	assert_non_null(decoder);
	assert_int_equal(SID_decode(decoder, &sid, NULL), RPC_S_OUT_OF_MEMORY);
	sp_encoder_free(encoder);
	sp_decoder_free(decoder);
}

static void
other_headers_are_no_streams(void **state)
{
	uint8_t bytes[64];
	struct sp_error error = {0};

	memcpy(bytes, common_1, sizeof(common_1));
	for (size_t len = 0; len < sizeof(common_1); len++)
		assert_null(sp_decoder_new(bytes, len, MEMORY, NULL));
	bytes[0] = 3;
	assert_null(sp_decoder_new(bytes, 8, MEMORY, &error));
	assert_int_equal(error.status, RPC_X_BAD_STUB_DATA);
	bytes[0] = 1;
	bytes[2] = 16;
	assert_null(sp_decoder_new(bytes, 8, MEMORY, NULL));
	memcpy(bytes, common_2, sizeof(common_2));
	for (size_t len = 0; len < sizeof(common_2); len++)
		assert_null(sp_decoder_new(bytes, len, MEMORY, NULL));
	bytes[1] = 0; /* version 2 is little-endian */
	assert_null(sp_decoder_new(bytes, sizeof(bytes), MEMORY, NULL));
	bytes[1] = 0x10;
	bytes[24]++; /* a syntax that nobody knows */
	assert_null(sp_decoder_new(bytes, sizeof(bytes), MEMORY, NULL));
}

/* Cut off anywhere, or a byte changed: an answer, or a refusal. */
static void
harmed_streams_do_no_harm(void **state)
{
	sp_encoder *encoder = encoder_of(SP_ENCODING_1);
	GROUP_MEMBERSHIP group = {513, 7};
	KERB_VALIDATION_INFO info = {.GroupCount = 1, .GroupIds = &group};
	PKERB_VALIDATION_INFO got;
	sp_decoder *decoder;
	const uint8_t *bytes;
	uint8_t *harmed;
	size_t len;

	info.LogonDomainId = administrators();
	assert_int_equal(PKERB_VALIDATION_INFO_encode(encoder, &info, NULL), 0);
	bytes = sp_encoder_bytes(encoder, &len);
	for (size_t i = 8; i < len; i++) {
		harmed = malloc(i);
		assert_non_null(harmed);
		memcpy(harmed, bytes, i);
		decoder = decoder_of(harmed, i);
		assert_int_not_equal(PKERB_VALIDATION_INFO_decode(decoder, &got, NULL), 0);
		sp_decoder_free(decoder);
		free(harmed);
	}
	for (size_t i = 8; i < len; i++) {
		harmed = malloc(len);
		assert_non_null(harmed);
		memcpy(harmed, bytes, len);
		harmed[i] ^= 0x55;
		decoder = decoder_of(harmed, len);
		if (!PKERB_VALIDATION_INFO_decode(decoder, &got, NULL) && got)
			assert_true(got->GroupCount == 1 || !got->GroupIds);
		sp_decoder_free(decoder);
		free(harmed);
	}
	sp_encoder_free(encoder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_stream_is_its_common_header),
		cmocka_unit_test(numbers_stand_without_a_header_and_are_padded_to_8),
		cmocka_unit_test(structs_have_a_header_and_their_conformance_in_front),
		cmocka_unit_test(pointers_are_unique_and_may_be_null),
		cmocka_unit_test(big_endian_streams_are_read),
		cmocka_unit_test(last_padding_may_be_missing),
		cmocka_unit_test(version_2_has_a_header_of_16_bytes_for_numbers_too),
		cmocka_unit_test(version_2_names_its_syntax_and_its_interface),
		cmocka_unit_test(many_types_follow_each_other_in_one_stream),
		cmocka_unit_test(what_cannot_be_encoded_is_not_in_the_stream),
		cmocka_unit_test(what_cannot_be_decoded_leaves_the_decoder_where_it_was),
		cmocka_unit_test(a_length_beyond_the_stream_is_refused),
		cmocka_unit_test(a_type_does_not_read_beyond_its_length),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(other_headers_are_no_streams),
		cmocka_unit_test(harmed_streams_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
