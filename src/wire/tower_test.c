/* SPDX-License-Identifier: MIT */
/* Towers of every protocol sequence are read and made; what is unknown is kept, what is wrong is refused. */
#include "wire/tower.h"

#include "wire/bind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* C706 appendix L's example of layout, for the mapper over TCP at 192.0.2.1, port 135 */
static const uint8_t tcp_tower[] = {0x05, 0x00, 0x13, 0x00, 0x0d, 0x08, 0x83, 0xaf, 0xe1, 0x1f,
	0x5d, 0xc9, 0x11, 0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa, 0x03, 0x00, 0x02, 0x00,
	0x00, 0x00, 0x13, 0x00, 0x0d, 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8,
	0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 0x02, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x00, 0x0b,
	0x02, 0x00, 0x00, 0x00, 0x01, 0x00, 0x07, 0x02, 0x00, 0x00, 0x87, 0x01, 0x00, 0x09, 0x04,
	0x00, 0xc0, 0x00, 0x02, 0x01};

static const struct sp_syntax_id epm_id = {
	{0xe1af8308, 0x5d1f, 0x11c9, {0x91, 0xa4}, {0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa}}, 3, 0};

static void
tcp_tower_is_read_and_made_byte_for_byte(void **state)
{
	struct wire_fault fault = {0};
	struct tower t;
	uint8_t room[TOWER_MAX_SIZE];
	char text[128];
	size_t len;

	assert_true(tower_get(tcp_tower, sizeof(tcp_tower), &t, &fault));
	assert_int_equal(t.protseq, NCACN_IP_TCP);
	assert_memory_equal(&t.interface, &epm_id, sizeof(epm_id));
	assert_memory_equal(&t.transfer, &SYNTAX_NDR, sizeof(SYNTAX_NDR));
	assert_true(tower_format(&t, text, sizeof(text)) < sizeof(text));
	assert_string_equal(text, "ncacn_ip_tcp:192.0.2.1[135]");
	assert_true(tower_put(&t, room, sizeof(room), &len));
	assert_int_equal(len, sizeof(tcp_tower));
	assert_memory_equal(room, tcp_tower, len);
}

static void
each_protocol_sequence_comes_back_as_it_was_made(void **state)
{
	static const struct {
		enum protseq protseq;
		const char *endpoint, *address, *text;
	} rows[] = {
		{NCACN_IP_TCP, "49200", "10.1.2.3", "ncacn_ip_tcp:10.1.2.3[49200]"},
		{NCACN_IP_TCP, "49200", "", "ncacn_ip_tcp:[49200]"},
		{NCADG_IP_UDP, "135", "10.1.2.3", "ncadg_ip_udp:10.1.2.3[135]"},
		{NCACN_NP, "\\pipe\\lsass", "\\\\DC1", "ncacn_np:\\\\DC1[\\pipe\\lsass]"},
		{NCALRPC, "LRPC-0a1b", "", "ncalrpc:[LRPC-0a1b]"},
		{NCACN_HTTP, "593", "10.1.2.3", "ncacn_http:10.1.2.3[593]"},
		{NCACN_NB_TCP, "135", "DC1", "ncacn_nb_tcp:DC1[135]"},
		{NCACN_NB_NB, "135", "DC1", "ncacn_nb_nb:DC1[135]"},
		{NCACN_NB_IPX, "135", "DC1", "ncacn_nb_ipx:DC1[135]"},
		{NCACN_SPX, "34280", "0000000100a0c9112233",
			"ncacn_spx:0000000100a0c9112233[34280]"},
		{NCADG_IPX, "34280", "", "ncadg_ipx:[34280]"},
	};
	unsigned seen = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tower t = {
			.interface = epm_id, .transfer = SYNTAX_NDR, .protseq = rows[i].protseq};
		struct tower got;
		struct wire_fault fault = {0};
		uint8_t room[TOWER_MAX_SIZE];
		char text[256];
		size_t len;

		strcpy(t.endpoint, rows[i].endpoint);
		strcpy(t.address, rows[i].address);
		assert_true(tower_put(&t, room, sizeof(room), &len));
		assert_true(tower_get(room, len, &got, &fault));
		tower_format(&got, text, sizeof(text));
		assert_string_equal(text, rows[i].text);
		assert_int_equal(protseq_from_name(protseq_name(rows[i].protseq)), rows[i].protseq);
		seen |= 1u << rows[i].protseq;
	}
	assert_int_equal(seen, (1u << PROTSEQ_COUNT) - 2); /* all but PROTSEQ_UNKNOWN */
}

static void
unknown_floors_are_kept_and_printed_as_hex(void **state)
{
	uint8_t bytes[sizeof(tcp_tower)];
	struct wire_fault fault = {0};
	struct tower t;
	char text[128];

	memcpy(bytes, tcp_tower, sizeof(bytes));
	bytes[61] = 0x7e; /* floor 4's protocol */
	assert_true(tower_get(bytes, sizeof(bytes), &t, &fault));
	assert_int_equal(t.protseq, PROTSEQ_UNKNOWN);
	assert_int_equal(t.n_floors, 5);
	tower_format(&t, text, sizeof(text));
	assert_string_equal(text, "unknown:0b:0000/7e:0087/09:c0000201");
}

static void
tower_with_seven_floors_is_refused(void **state)
{
	uint8_t bytes[sizeof(tcp_tower) + 12] = {0};
	struct wire_fault fault = {0};
	struct tower t;

	memcpy(bytes, tcp_tower, sizeof(tcp_tower));
	bytes[0] = 7;
	assert_false(tower_get(bytes, sizeof(tcp_tower) + 8, &t, &fault));
	assert_int_equal(fault.bad, WIRE_MALFORMED);
	assert_string_equal(fault.what, "tower floor count");
}

static void
tower_with_six_floors_is_taken(void **state)
{
	uint8_t bytes[sizeof(tcp_tower) + 4] = {0};
	struct wire_fault fault = {0};
	struct tower t;

	memcpy(bytes, tcp_tower, sizeof(tcp_tower));
	bytes[0] = 6; /* the sixth has empty sides */
	assert_true(tower_get(bytes, sizeof(bytes), &t, &fault));
	assert_int_equal(t.protseq, NCACN_IP_TCP);
}

static void
every_other_length_of_a_tower_is_refused(void **state)
{
	for (size_t n = 0; n < sizeof(tcp_tower) + 4; n++) {
		uint8_t *cut = calloc(n ? n : 1, 1);
		struct wire_fault fault = {0};
		struct tower t;

		memcpy(cut, tcp_tower, n < sizeof(tcp_tower) ? n : sizeof(tcp_tower));
		assert_int_equal(tower_get(cut, n, &t, &fault), n == sizeof(tcp_tower));
		free(cut);
	}
}

static void
floors_of_a_wrong_form_are_refused(void **state)
{
	uint8_t bytes[sizeof(tcp_tower)];
	struct wire_fault fault = {0};
	struct tower t;

	memcpy(bytes, tcp_tower, sizeof(bytes));
	bytes[4] = 0x0e; /* the interface floor is no UUID */
	assert_false(tower_get(bytes, sizeof(bytes), &t, &fault));
	assert_string_equal(fault.what, "interface floor");
}

static void
what_does_not_fit_is_not_made(void **state)
{
	static const char *const ports[] = {"65536", "-1", "x", "13 5", "1e3"};
	struct tower t = {.interface = epm_id, .transfer = SYNTAX_NDR, .protseq = NCACN_IP_TCP};
	uint8_t room[TOWER_MAX_SIZE];
	size_t len = 0;

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		strcpy(t.endpoint, ports[i]);
		assert_false(tower_put(&t, room, sizeof(room), &len));
	}
	strcpy(t.endpoint, "135");
	strcpy(t.address, "300.1.1.1");
	assert_false(tower_put(&t, room, sizeof(room), &len));
	strcpy(t.address, "");
	assert_false(tower_put(&t, room, 74, &len));
	assert_int_equal(len, 0);
	assert_true(tower_put(&t, room, 75, &len));
}

static void
random_changes_are_read_or_refused_and_make_the_same_tower_again(void **state)
{
	srand(3);
	for (unsigned round = 0; round < 100000; round++) {
		uint8_t bytes[sizeof(tcp_tower)], room[TOWER_MAX_SIZE];
		struct wire_fault fault = {0};
		struct tower t, again;
		size_t len;

		memcpy(bytes, tcp_tower, sizeof(bytes));
		for (int i = rand() % 4; i >= 0; i--)
			bytes[(size_t)rand() % sizeof(bytes)] = (uint8_t)rand();
		if (!tower_get(bytes, sizeof(bytes), &t, &fault) || t.protseq == PROTSEQ_UNKNOWN)
			continue;
		assert_true(tower_put(&t, room, sizeof(room), &len));
		assert_true(tower_get(room, len, &again, &fault));
		assert_string_equal(again.endpoint, t.endpoint);
		assert_string_equal(again.address, t.address);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_tower_is_read_and_made_byte_for_byte),
		cmocka_unit_test(each_protocol_sequence_comes_back_as_it_was_made),
		cmocka_unit_test(unknown_floors_are_kept_and_printed_as_hex),
		cmocka_unit_test(tower_with_seven_floors_is_refused),
		cmocka_unit_test(tower_with_six_floors_is_taken),
		cmocka_unit_test(every_other_length_of_a_tower_is_refused),
		cmocka_unit_test(floors_of_a_wrong_form_are_refused),
		cmocka_unit_test(what_does_not_fit_is_not_made),
		cmocka_unit_test(random_changes_are_read_or_refused_and_make_the_same_tower_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
