/* SPDX-License-Identifier: MIT */
/* Who may ask, on a clock that we move; and which addresses whom reach. */
#include "epm/admission.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/time.h"
#include "epm/addresses.h"
#include "wire/bind.h"

static struct in6_addr
address_of(const char *text)
{
	struct network n;

	assert_true(network_parse(text, &n));
	return n.address;
}

static struct client
client_from(const char *peer, const char *dialled)
{
	return (struct client){.peer = address_of(peer), .dialled = address_of(dialled)};
}

/* --- admission --- */

static void
anonymous_remote_callers_are_refused_with_1_and_with_2(void **state)
{
	struct admission *a = admission_new();
	struct client remote = client_from("192.0.2.7", "192.0.2.1");
	struct client here = client_from("127.0.0.1", "127.0.0.1"), local = {.local = true};

	for (unsigned value = 0; value < 3; value++) {
		struct settings s = {.restrict_remote_clients = value};

		assert_int_equal(
			admission_ask(a, &s, &remote, 1), value ? REFUSED_ANONYMOUS : ADMITTED);
		remote.known = true;
		assert_int_equal(admission_ask(a, &s, &remote, 1), ADMITTED);
		remote.known = false;
		assert_int_equal(admission_ask(a, &s, &here, 1), ADMITTED);
		assert_int_equal(admission_ask(a, &s, &local, 1), ADMITTED);
	}
	assert_int_equal(admission_fault(REFUSED_ANONYMOUS), ERROR_ACCESS_DENIED);
	admission_free(a);
}

static void
only_allowed_networks_may_ask(void **state)
{
	struct admission *a = admission_new();
	struct network allowed[2];
	struct settings s = {.allow = allowed, .n_allow = 2, .has_allow = true};
	struct client in = client_from("192.0.2.7", "192.0.2.1"),
		      in6 = client_from("2001:db8::7", "2001:db8::1"),
		      out = client_from("198.51.100.1", "192.0.2.1");

	assert_true(network_parse("192.0.2.0/24", &allowed[0]));
	assert_true(network_parse("2001:db8::/64", &allowed[1]));
	assert_int_equal(admission_ask(a, &s, &in, 1), ADMITTED);
	assert_int_equal(admission_ask(a, &s, &in6, 1), ADMITTED);
	assert_int_equal(admission_ask(a, &s, &out, 1), REFUSED_NETWORK);
	s.n_allow = 0; /* an empty list is a list */
	assert_int_equal(admission_ask(a, &s, &in, 1), REFUSED_NETWORK);
	admission_free(a);
}

static void
a_burst_passes_then_the_even_rate_and_others_are_not_touched(void **state)
{
	struct admission *a = admission_new();
	struct settings s = {.rate = 10, .burst = 5};
	struct client loud = client_from("192.0.2.7", "192.0.2.1"),
		      quiet = client_from("192.0.2.8", "192.0.2.1");
	sp_nanos now = 1000 * SP_SECOND;
	unsigned passed = 0;

	for (int i = 0; i < 20; i++)
		passed += admission_ask(a, &s, &loud, now) == ADMITTED;
	assert_int_equal(passed, 5);
	assert_int_equal(admission_ask(a, &s, &quiet, now), ADMITTED);
	for (int i = 1; i <= 100; i++) /* a second, 100 calls */
		passed += admission_ask(a, &s, &loud, now + i * 10 * SP_MILLISECOND) == ADMITTED;
	assert_int_equal(passed, 15);
	assert_int_equal(admission_fault(REFUSED_RATE), NCA_S_SERVER_TOO_BUSY);
	admission_free(a);
}

static void
neighbours_in_an_ipv6_network_share_their_rate(void **state)
{
	struct admission *a = admission_new();
	struct settings s = {.rate = 1, .burst = 1};
	struct client one = client_from("2001:db8::1", "2001:db8::ffff"),
		      two = client_from("2001:db8::2", "2001:db8::ffff"),
		      far = client_from("2001:db8:0:1::2", "2001:db8::ffff");

	assert_int_equal(admission_ask(a, &s, &one, SP_SECOND), ADMITTED);
	assert_int_equal(admission_ask(a, &s, &two, SP_SECOND), REFUSED_RATE);
	assert_int_equal(admission_ask(a, &s, &far, SP_SECOND), ADMITTED);
	admission_free(a);
}

static void
a_refusal_is_news_once_a_minute(void **state)
{
	struct admission *a = admission_new();
	struct client c = client_from("192.0.2.7", "192.0.2.1"),
		      d = client_from("192.0.2.8", "192.0.2.1");

	assert_true(admission_is_news(a, &c, SP_SECOND));
	assert_false(admission_is_news(a, &c, 60 * SP_SECOND));
	assert_true(admission_is_news(a, &d, 60 * SP_SECOND));
	assert_true(admission_is_news(a, &c, 61 * SP_SECOND));
	admission_free(a);
}

/* --- addresses --- */

/* An entry at this address (NULL: open), shown to this client in round 0: the address in its tower, "-" for none. */
static const char *
shown(const struct settings *s, struct client c, const char *address)
{
	static char text[INET_ADDRSTRLEN];
	struct addresses *addresses = addresses_new();
	struct map *map = map_new();
	struct tower t = {.transfer = SYNTAX_NDR, .protseq = NCACN_IP_TCP, .endpoint = "5000"};
	uint8_t room[200];
	struct map_wish wish = {.tower = room};
	struct map_answer found;
	uint32_t to = 0, end;
	uint16_t at;

	snprintf(t.address, sizeof(t.address), "%s", address ? address : "");
	assert_true(tower_put(&t, room, sizeof(room), &wish.tower_len));
	assert_int_equal(map_insert(map, &(struct map_owner){.id = 1}, &wish, 1, false), 0);
	assert_int_equal(map_find(map, &(struct map_query){0}, &found), 0);
	memcpy(&end, room + wish.tower_len - 4, 4);
	if (!addresses_show(addresses, s, &c, found.entries[0], 0, &at, &to)) {
		strcpy(text, "-");
	} else {
		assert_true(at == 0 || at == wish.tower_len - 4);
		inet_ntop(AF_INET, at ? &to : &end, text, sizeof(text));
	}
	map_answer_free(&found);
	map_free(map);
	addresses_free(addresses);
	return text;
}

static void
an_open_address_becomes_the_dialled_one(void **state)
{
	struct settings s = {0};

	assert_string_equal(shown(&s, client_from("192.0.2.7", "192.0.2.1"), NULL), "192.0.2.1");
	assert_string_equal(shown(&s, client_from("127.0.0.1", "127.0.0.1"), NULL), "127.0.0.1");
	/* towers have no room for IPv6: "the host that you have asked" */
	assert_string_equal(shown(&s, client_from("2001:db8::7", "2001:db8::1"), NULL), "0.0.0.0");
	assert_string_equal(shown(&s, (struct client){.local = true}, NULL), "0.0.0.0");
}

static void
loopback_and_link_local_stay_where_they_mean_something(void **state)
{
	struct settings s = {0};
	struct client far = client_from("192.0.2.7", "192.0.2.1"),
		      here = client_from("192.0.2.1", "192.0.2.1"),
		      link = client_from("169.254.1.1", "169.254.9.9"),
		      six = client_from("2001:db8::7", "2001:db8::1");

	assert_string_equal(shown(&s, far, "127.0.0.1"), "-");
	assert_string_equal(shown(&s, six, "127.0.0.1"), "-");
	assert_string_equal(shown(&s, here, "127.0.0.1"), "127.0.0.1");
	assert_string_equal(shown(&s, (struct client){.local = true}, "127.0.0.1"), "127.0.0.1");
	assert_string_equal(shown(&s, far, "169.254.9.9"), "-");
	assert_string_equal(shown(&s, link, "169.254.9.9"), "169.254.9.9");
	assert_string_equal(shown(&s, far, "192.0.2.1"), "192.0.2.1");
	assert_string_equal(shown(&s, far, "203.0.113.5"), "203.0.113.5");
}

static void
a_public_address_is_given_to_its_network_and_the_narrowest_wins(void **state)
{
	struct public_address publics[2];
	struct settings s = {.publics = publics, .n_publics = 2};
	struct client wide = client_from("198.51.100.7", "10.0.0.1"),
		      narrow = client_from("198.51.100.200", "10.0.0.1"),
		      inside = client_from("10.0.0.9", "10.0.0.1");
	struct addresses *a = addresses_new();

	assert_true(network_parse("198.51.100.0/24", &publics[0].from));
	publics[0].address = inet_addr("203.0.113.1");
	assert_true(network_parse("198.51.100.128/25", &publics[1].from));
	publics[1].address = inet_addr("203.0.113.2");
	assert_string_equal(shown(&s, wide, NULL), "203.0.113.1");
	assert_string_equal(shown(&s, narrow, NULL), "203.0.113.2");
	assert_string_equal(shown(&s, inside, NULL), "10.0.0.1");
	assert_string_equal(shown(&s, wide, "10.0.0.1"), "203.0.113.1");
	assert_string_equal(shown(&s, wide, "10.0.0.2"), "10.0.0.2");
	assert_int_equal(addresses_rounds(a, &s, &wide), 1);
	addresses_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anonymous_remote_callers_are_refused_with_1_and_with_2),
		cmocka_unit_test(only_allowed_networks_may_ask),
		cmocka_unit_test(a_burst_passes_then_the_even_rate_and_others_are_not_touched),
		cmocka_unit_test(neighbours_in_an_ipv6_network_share_their_rate),
		cmocka_unit_test(a_refusal_is_news_once_a_minute),
		cmocka_unit_test(an_open_address_becomes_the_dialled_one),
		cmocka_unit_test(loopback_and_link_local_stay_where_they_mean_something),
		cmocka_unit_test(a_public_address_is_given_to_its_network_and_the_narrowest_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
