/* SPDX-License-Identifier: MIT */
/* Every PDU is read back as it was written, in both byte orders, and no prefix of one is taken for the whole. */
#include "wire/bind.h"
#include "wire/request.h"
#include "wire/trailer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct sp_syntax_id echo_id = {
	{0x60a15ec5, 0x4de8, 0x11d7, {0xa6, 0x37}, {0x00, 0x50, 0x56, 0xa2, 0x01, 0x82}}, 1, 0};

static struct pdu_header
header(enum ptype ptype, bool big_endian)
{
	return (struct pdu_header){.vers = 5,
		.ptype = (uint8_t)ptype,
		.flags = PFC_FIRST_FRAG | PFC_LAST_FRAG,
		.drep = {big_endian ? 0x00 : 0x10},
		.call_id = 7};
}

static struct wire_out
writer(uint8_t *room, size_t cap, bool big_endian)
{
	struct wire_out out;

	wire_out_init(&out, room, cap);
	out.swap = big_endian;
	return out;
}

/* 72 bytes as C706 12.6.4.3 draws them: one context, NDR offered */
static const uint8_t bind_bytes[] = {0x05, 0x00, 0x0b, 0x03, 0x10, 0x00, 0x00, 0x00, 0x48, 0x00,
	0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0xd0, 0x16, 0xd0, 0x16, 0x00, 0x00, 0x00, 0x00, 0x01,
	0x00, 0x00, 0x00, 0x05, 0x00, 0x01, 0x00, 0xc5, 0x5e, 0xa1, 0x60, 0xe8, 0x4d, 0xd7, 0x11,
	0xa6, 0x37, 0x00, 0x50, 0x56, 0xa2, 0x01, 0x82, 0x01, 0x00, 0x00, 0x00, 0x04, 0x5d, 0x88,
	0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 0x02, 0x00,
	0x00, 0x00};

static size_t
bind_make(uint8_t *room, size_t cap, bool big_endian)
{
	struct wire_out out = writer(room, cap, big_endian);
	struct pdu_header h = header(PTYPE_BIND, big_endian);
	struct bind_fixed fixed = {5840, 5840, 0, 1};
	struct bind_context context = {
		.id = 5, .n_transfers = 1, .abstract = echo_id, .put_transfers = &SYNTAX_NDR};

	return bind_put(&out, &h, &fixed, &context) ? wire_out_offset(&out) : 0;
}

static void
bind_is_written_as_the_specification_draws_it(void **state)
{
	uint8_t room[128];

	assert_int_equal(bind_make(room, sizeof(room), false), sizeof(bind_bytes));
	assert_memory_equal(room, bind_bytes, sizeof(bind_bytes));
}

static void
bind_is_read_in_both_byte_orders(void **state)
{
	for (int big = 0; big < 2; big++) {
		uint8_t room[128];
		size_t len = bind_make(room, sizeof(room), big);
		struct wire_fault fault = {0};
		struct pdu_header h;
		struct bind_fixed fixed;
		struct bind_context context;
		struct sp_syntax_id transfer;
		struct wire_in in;

		assert_true(pdu_header_get(room, len, &h, &fault));
		assert_int_equal(h.frag_len, len);
		assert_int_equal(h.call_id, 7);
		assert_true(bind_check(room, &h, &fault));
		assert_true(pdu_body(room, &h, &in, &fault));
		bind_fixed_get(&in, &fixed);
		bind_context_get(&in, &context);
		syntax_get(&context.transfers, &transfer);
		assert_true(wire_in_ok(&in));
		assert_int_equal(fixed.max_recv_frag, 5840);
		assert_int_equal(context.id, 5);
		assert_memory_equal(&context.abstract, &echo_id, sizeof(echo_id));
		assert_memory_equal(&transfer, &SYNTAX_NDR, sizeof(transfer));
		assert_int_equal(wire_in_left(&in), 0);
	}
}

static void
every_prefix_of_a_bind_is_refused_with_its_offset(void **state)
{
	for (size_t n = 0; n < sizeof(bind_bytes); n++) {
		uint8_t *cut = malloc(n ? n : 1); /* so that the sanitizer sees a byte too far */
		struct wire_fault fault = {0};
		struct pdu_header h;

		memcpy(cut, bind_bytes, n);
		if (pdu_header_get(cut, n, &h, &fault)) {
			h.frag_len = (uint16_t)n;
			assert_false(bind_check(cut, &h, &fault));
		}
		assert_int_equal(fault.bad, WIRE_SHORT);
		assert_true(fault.at <= n);
		assert_non_null(fault.what);
		free(cut);
	}
}

static void
header_of_another_protocol_is_malformed_not_short(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
		const char *what;
	} bad[] = {{0, 4, "protocol version"}, {1, 2, "protocol version"},
		{4, 0x20, "data representation"}, {8, 15, "fragment length"},
		{10, 60, "authentication length"}};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t bytes[sizeof(bind_bytes)];
		struct wire_fault fault = {0};
		struct pdu_header h;

		memcpy(bytes, bind_bytes, sizeof(bytes));
		bytes[bad[i].at] = bad[i].byte;
		assert_false(pdu_header_get(bytes, sizeof(bytes), &h, &fault));
		assert_int_equal(fault.bad, WIRE_MALFORMED);
		assert_string_equal(fault.what, bad[i].what);
	}
}

static void
a_count_that_lies_is_refused(void **state)
{
	uint8_t bytes[sizeof(bind_bytes)];
	struct wire_fault fault = {0};
	struct pdu_header h;

	memcpy(bytes, bind_bytes, sizeof(bytes));
	bytes[24] = 255; /* contexts */
	assert_true(pdu_header_get(bytes, sizeof(bytes), &h, &fault));
	assert_false(bind_check(bytes, &h, &fault));
	assert_string_equal(fault.what, "presentation context list");
	memset(&fault, 0, sizeof(fault));
	memcpy(bytes, bind_bytes, sizeof(bytes));
	bytes[30] = 200; /* transfer syntaxes */
	assert_false(bind_check(bytes, &h, &fault));
	assert_string_equal(fault.what, "transfer syntax");
}

static void
bind_ack_comes_back_whatever_its_secondary_address(void **state)
{
	static const char *const addresses[] = {"", "1", "135", "49200", "\\PIPE\\lsass"};

	for (int round = 0; round < 10; round++) {
		const char *address = addresses[round / 2];
		uint16_t len = (uint16_t)(*address ? strlen(address) + 1 : 0);
		struct bind_ack_fixed ack = {4280, 4280, 9, address, len, 2}, got;
		struct bind_result results[2] = {{CONTEXT_ACCEPTANCE, 0, SYNTAX_NDR},
			{CONTEXT_NEGOTIATE_ACK, 3, {{0}, 0, 0}}};
		struct bind_result result;
		struct pdu_header h = header(PTYPE_BIND_ACK, round & 1);
		uint8_t room[256];
		struct wire_out out = writer(room, sizeof(room), round & 1);
		struct wire_fault fault = {0};
		struct wire_in in;

		assert_true(bind_ack_put(&out, &h, &ack, results));
		assert_true(pdu_header_get(room, wire_out_offset(&out), &h, &fault));
		assert_true(pdu_body(room, &h, &in, &fault));
		bind_ack_fixed_get(&in, &got);
		assert_int_equal(got.group_id, 9);
		assert_string_equal(got.secondary_address, address);
		assert_int_equal(got.n_results, 2);
		for (int i = 0; i < 2; i++) {
			bind_result_get(&in, &result);
			assert_memory_equal(&result, &results[i], sizeof(result));
		}
		assert_true(wire_in_ok(&in));
		assert_int_equal(wire_in_left(&in), 0);
	}
}

static void
secondary_address_without_its_nul_never_reaches_string_functions(void **state)
{
	struct bind_ack_fixed ack = {4280, 4280, 9, "135x", 4, 0}, got;
	struct pdu_header h = header(PTYPE_BIND_ACK, false);
	uint8_t room[64];
	struct wire_out out = writer(room, sizeof(room), false);
	struct wire_fault fault = {0};
	struct wire_in in;

	assert_true(bind_ack_put(&out, &h, &ack, NULL));
	assert_true(pdu_header_get(room, wire_out_offset(&out), &h, &fault));
	assert_true(pdu_body(room, &h, &in, &fault));
	bind_ack_fixed_get(&in, &got);
	assert_string_equal(got.secondary_address, "");
	assert_int_equal(got.secondary_len, 4);
}

static void
bind_nak_carries_versions_and_extended_error_information(void **state)
{
	static const uint8_t blob[] = {1, 2, 3, 4, 5, 6, 7, 8};

	for (int round = 0; round < 4; round++) {
		struct bind_nak nak = {.reason = NAK_PROTOCOL_VERSION_NOT_SUPPORTED,
			.n_versions = 2,
			.versions = {{5, 0}, {5, 1}},
			.extended = round & 2 ? blob : NULL,
			.extended_len = round & 2 ? sizeof(blob) : 0};
		struct bind_nak got;
		struct pdu_header h = header(PTYPE_BIND_NAK, round & 1);
		uint8_t room[128];
		struct wire_out out = writer(room, sizeof(room), round & 1);
		struct wire_fault fault = {0};

		assert_true(bind_nak_put(&out, &h, &nak));
		assert_true(pdu_header_get(room, wire_out_offset(&out), &h, &fault));
		assert_true(bind_nak_get(room, &h, &got, &fault));
		assert_int_equal(got.reason, 4);
		assert_int_equal(got.n_versions, 2);
		assert_int_equal(got.versions[1].minor, 1);
		assert_int_equal(got.extended_len, nak.extended_len);
		if (nak.extended)
			assert_memory_equal(got.extended, blob, sizeof(blob));
	}
}

static void
bind_nak_of_a_bare_reason_is_taken(void **state)
{
	static const uint8_t bytes[] = {5, 0, 13, 3, 0x10, 0, 0, 0, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0};
	struct wire_fault fault = {0};
	struct pdu_header h;
	struct bind_nak nak;

	assert_true(pdu_header_get(bytes, sizeof(bytes), &h, &fault));
	assert_true(bind_nak_get(bytes, &h, &nak, &fault));
	assert_int_equal(nak.reason, NAK_LOCAL_LIMIT_EXCEEDED);
	assert_int_equal(nak.n_versions, 0);
}

static void
request_with_and_without_an_object_comes_back(void **state)
{
	for (int round = 0; round < 4; round++) {
		struct request_fixed request = {.alloc_hint = 100,
			.context_id = 3,
			.opnum = 9,
			.has_object = round & 2,
			.object = echo_id.uuid};
		struct request_fixed got;
		struct pdu_header h = header(PTYPE_REQUEST, round & 1);
		uint8_t room[64];
		struct wire_out out = writer(room, sizeof(room), round & 1);
		struct wire_fault fault = {0};
		struct wire_in in;

		h.flags |= request.has_object ? PFC_OBJECT_UUID : 0;
		request_fixed_put(&out, &h, &request);
		assert_int_equal(wire_out_offset(&out),
			request.has_object ? PDU_REQUEST_OBJECT_SIZE : PDU_REQUEST_SIZE);
		assert_true(pdu_put_end(&out, 0));
		assert_true(pdu_header_get(room, wire_out_offset(&out), &h, &fault));
		assert_true(pdu_body(room, &h, &in, &fault));
		request_fixed_get(&in, &h, &got);
		assert_int_equal(got.opnum, 9);
		assert_int_equal(got.context_id, 3);
		assert_int_equal(got.alloc_hint, 100);
		assert_int_equal(got.has_object, request.has_object);
		if (request.has_object)
			assert_memory_equal(&got.object, &echo_id.uuid, sizeof(got.object));
	}
}

static void
response_and_fault_come_back(void **state)
{
	for (int big = 0; big < 2; big++) {
		struct response_fixed response = {8, 1, 2}, got_response;
		struct fault_fixed fault_body = {8, 1, 2, FAULT_EXTENDED_ERROR, 0x1c010002},
				   got_fault;
		struct pdu_header h = header(PTYPE_RESPONSE, big);
		uint8_t room[64];
		struct wire_out out = writer(room, sizeof(room), big);
		struct wire_fault fault = {0};
		struct wire_in in;

		response_fixed_put(&out, &h, &response);
		assert_true(pdu_put_end(&out, 0));
		assert_int_equal(wire_out_offset(&out), PDU_RESPONSE_SIZE);
		assert_true(pdu_header_get(room, sizeof(room), &h, &fault));
		assert_true(pdu_body(room, &h, &in, &fault));
		response_fixed_get(&in, &got_response);
		assert_int_equal(got_response.cancel_count, 2);
		out = writer(room, sizeof(room), big);
		h = header(PTYPE_FAULT, big);
		fault_fixed_put(&out, &h, &fault_body);
		assert_true(pdu_put_end(&out, 0));
		assert_int_equal(wire_out_offset(&out), PDU_FAULT_SIZE);
		assert_true(pdu_header_get(room, sizeof(room), &h, &fault));
		assert_true(pdu_body(room, &h, &in, &fault));
		fault_fixed_get(&in, &got_fault);
		assert_int_equal(got_fault.status, 0x1c010002);
		assert_int_equal(got_fault.flags, FAULT_EXTENDED_ERROR);
	}
}

static size_t
signed_request_make(uint8_t *room, size_t cap, size_t stub_len, bool big)
{
	static const uint8_t token[16] = {0xaa, 0xbb};
	struct trailer trailer = {
		.auth_type = 10, .auth_level = 6, .context_id = 1, .value = token};
	struct request_fixed request = {.opnum = 1};
	struct pdu_header h = header(PTYPE_REQUEST, big);
	struct wire_out out = writer(room, cap, big);

	request_fixed_put(&out, &h, &request);
	wire_out_zero(&out, stub_len);
	return trailer_put(&out, &trailer, 16, sizeof(token)) ? wire_out_offset(&out) : 0;
}

static void
trailer_is_found_from_the_end_and_its_padding_is_no_stub_data(void **state)
{
	for (size_t stub = 0; stub < 40; stub++) {
		uint8_t room[128];
		size_t len = signed_request_make(room, sizeof(room), stub, stub & 1);
		struct wire_fault fault = {0};
		struct request_fixed request;
		struct trailer trailer;
		struct pdu_header h;
		struct wire_in in;

		assert_true(pdu_header_get(room, len, &h, &fault));
		assert_int_equal(h.auth_len, 16);
		assert_true(trailer_get(room, &h, PDU_REQUEST_SIZE, &trailer, &fault));
		assert_int_equal(trailer.auth_type, 10);
		assert_int_equal(trailer.context_id, 1);
		assert_int_equal(trailer.value[1], 0xbb);
		assert_int_equal((len - 24) % 16, 0); /* [MS-RPCE] 2.2.2.11 */
		assert_true(pdu_body(room, &h, &in, &fault));
		request_fixed_get(&in, &h, &request);
		assert_int_equal(wire_in_left(&in), stub);
	}
}

static void
trailer_with_more_padding_than_body_is_refused(void **state)
{
	uint8_t room[128];
	size_t len = signed_request_make(room, sizeof(room), 8, false);
	struct wire_fault fault = {0};
	struct trailer trailer;
	struct pdu_header h;

	assert_true(pdu_header_get(room, len, &h, &fault));
	room[len - 16 - TRAILER_SIZE + 2] = 200;
	assert_false(trailer_get(room, &h, PDU_REQUEST_SIZE, &trailer, &fault));
	assert_int_equal(fault.bad, WIRE_MALFORMED);
	assert_string_equal(fault.what, "auth padding");
}

static void
feature_bits_ride_in_the_tail_of_the_uuid(void **state)
{
	uint64_t bits = 0;
	struct sp_syntax_id id = syntax_btfn(0x0123456789abcd03);

	assert_int_equal(id.uuid.clock_seq[0], 0x03);
	assert_true(syntax_is_btfn(&id, &bits));
	assert_true(bits == 0x0123456789abcd03);
	assert_false(syntax_is_btfn(&SYNTAX_NDR, &bits));
}

static void
a_room_that_is_too_small_is_full_and_never_overrun(void **state)
{
	for (size_t cap = 0; cap < sizeof(bind_bytes); cap++) {
		uint8_t *room = malloc(cap ? cap : 1);

		assert_int_equal(bind_make(room, cap, false), 0);
		free(room);
	}
}

static void
random_bytes_are_read_or_refused_and_nothing_else(void **state)
{
	srand(2);
	for (unsigned round = 0; round < 100000; round++) {
		size_t n = 16 + (size_t)rand() % 80;
		uint8_t *bytes = malloc(n);
		struct wire_fault fault = {0};
		struct pdu_header h;
		struct bind_nak nak;
		struct bind_ack_fixed ack;
		struct wire_in in;

		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)rand();
		bytes[0] = 5;
		bytes[1] = 0;
		bytes[4] = round & 1 ? 0x10 : 0;
		bytes[8] = bytes[9] = bytes[10] = bytes[11] = 0;
		bytes[round & 1 ? 8 : 9] = (uint8_t)n;
		if (round & 2)
			bytes[round & 1 ? 10 : 11] = (uint8_t)(rand() % 32);
		if (pdu_header_get(bytes, n, &h, &fault)) {
			(void)bind_check(bytes, &h, &fault);
			fault = (struct wire_fault){0};
			(void)bind_nak_get(bytes, &h, &nak, &fault);
			fault = (struct wire_fault){0};
			if (pdu_body(bytes, &h, &in, &fault))
				bind_ack_fixed_get(&in, &ack);
		}
		free(bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bind_is_written_as_the_specification_draws_it),
		cmocka_unit_test(bind_is_read_in_both_byte_orders),
		cmocka_unit_test(every_prefix_of_a_bind_is_refused_with_its_offset),
		cmocka_unit_test(header_of_another_protocol_is_malformed_not_short),
		cmocka_unit_test(a_count_that_lies_is_refused),
		cmocka_unit_test(bind_ack_comes_back_whatever_its_secondary_address),
		cmocka_unit_test(secondary_address_without_its_nul_never_reaches_string_functions),
		cmocka_unit_test(bind_nak_carries_versions_and_extended_error_information),
		cmocka_unit_test(bind_nak_of_a_bare_reason_is_taken),
		cmocka_unit_test(request_with_and_without_an_object_comes_back),
		cmocka_unit_test(response_and_fault_come_back),
		cmocka_unit_test(trailer_is_found_from_the_end_and_its_padding_is_no_stub_data),
		cmocka_unit_test(trailer_with_more_padding_than_body_is_refused),
		cmocka_unit_test(feature_bits_ride_in_the_tail_of_the_uuid),
		cmocka_unit_test(a_room_that_is_too_small_is_full_and_never_overrun),
		cmocka_unit_test(random_bytes_are_read_or_refused_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
