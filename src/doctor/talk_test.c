/* SPDX-License-Identifier: MIT */
/* Binds against a peer of a few bytes. */
#include "doctor/talk.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/time.h"
#include "net/tcp.h"
#include "wire/bind.h"

/* Accepts once, reads what comes, answers with these bytes, closes (or resets). */
struct peer {
	int listener;
	const uint8_t *answer;
	size_t len;
	bool resets, waits;
	uint8_t heard[2048];
	size_t n_heard;
	pthread_t thread;
	struct address address;
};

static void *
peer_main(void *arg)
{
	struct peer *p = arg;
	int fd = accept(p->listener, NULL, NULL);
	struct linger linger = {.l_onoff = 1};
	uint8_t rest[64];

	p->n_heard = (size_t)recv(fd, p->heard, sizeof(p->heard), 0);
	if (p->len)
		(void)!send(fd, p->answer, p->len, MSG_NOSIGNAL);
	while (p->waits && recv(fd, rest, sizeof(rest), 0) > 0)
		;
	if (p->resets)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	return NULL;
}

static struct talk
talk_with(struct peer *p, unsigned n_contexts)
{
	struct talk t = {.n_contexts = n_contexts, .interface = {.major = 1}};

	assert_true(address_parse("127.0.0.1", 0, &p->address));
	assert_int_equal(tcp_listen(&p->address, &p->listener), 0);
	/* its thread waits in accept() */
	assert_int_equal(fcntl(p->listener, F_SETFL, 0), 0);
	assert_true(tcp_local_address(p->listener, &t.address));
	return t;
}

static void
talk_run(struct talk *t, struct peer *p, sp_nanos patience)
{
	assert_int_equal(pthread_create(&p->thread, NULL, peer_main, p), 0);
	talk_bind(t, time_now() + patience);
	pthread_join(p->thread, NULL);
	close(p->listener);
}

static size_t
ack_make(uint8_t *room, size_t cap, unsigned n, const struct bind_result *results)
{
	struct pdu_header header = {.vers = 5,
		.ptype = PTYPE_BIND_ACK,
		.flags = PFC_FIRST_FRAG | PFC_LAST_FRAG,
		.drep = {0x10},
		.call_id = 1};
	struct bind_ack_fixed fixed = {.max_xmit_frag = 5840,
		.max_recv_frag = 5840,
		.group_id = 7,
		.secondary_address = "",
		.n_results = (uint8_t)n};
	struct wire_out out;

	wire_out_init(&out, room, cap);
	assert_true(bind_ack_put(&out, &header, &fixed, results));
	return wire_out_offset(&out);
}

static void
an_accepted_context_is_an_accepted_bind(void **state)
{
	uint8_t room[256];
	struct bind_result results[3] = {{.transfer = SYNTAX_NDR},
		{.result = CONTEXT_PROVIDER_REJECTION, .reason = 2}, {.result = 3, .reason = 3}};
	struct peer p = {.answer = room, .len = ack_make(room, sizeof(room), 3, results)};
	struct talk t = talk_with(&p, 3);

	talk_run(&t, &p, SP_SECOND);
	assert_int_equal(t.seen, SEEN_BIND_ACCEPTED);
	assert_true(t.speaks_rpc);
	assert_false(t.is_ndr64);
	assert_false(t.is_garbled);
	assert_int_equal(p.heard[2], PTYPE_BIND);
	assert_int_equal(p.heard[24], 3); /* contexts */
}

static void
a_rejected_context_says_why(void **state)
{
	uint8_t room[256];
	struct bind_result result = {.result = CONTEXT_PROVIDER_REJECTION, .reason = 1};
	struct peer p = {.answer = room, .len = ack_make(room, sizeof(room), 1, &result)};
	struct talk t = talk_with(&p, 1);
	char says[200];

	talk_run(&t, &p, SP_SECOND);
	assert_int_equal(t.seen, SEEN_BIND_REJECTED);
	assert_int_equal(t.reason, 1);
	assert_non_null(strstr(talk_says(&t, says, sizeof(says)), "abstract syntax"));
}

static void
other_protocols_are_known_by_their_first_bytes(void **state)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	struct peer p = {.answer = (const uint8_t *)http, .len = sizeof(http) - 1};
	struct talk t = talk_with(&p, 3);

	talk_run(&t, &p, SP_SECOND);
	assert_false(t.speaks_rpc);
	assert_true(t.has_banner);
	assert_string_equal(t.banner, "HTTP/1.1 400 Bad Request");
}

static void
a_close_and_a_reset_are_told_apart(void **state)
{
	for (int resets = 0; resets < 2; resets++) {
		struct peer p = {.resets = resets};
		struct talk t = talk_with(&p, 3);

		talk_run(&t, &p, SP_SECOND);
		assert_int_equal(t.seen, SEEN_BIND_CLOSED);
		assert_int_equal(t.was_reset, resets);
	}
}

static void
silence_ends_with_the_deadline(void **state)
{
	struct peer p = {.waits = true};
	struct talk t = talk_with(&p, 3);
	sp_nanos began = time_now();

	talk_run(&t, &p, 200 * SP_MILLISECOND);
	assert_int_equal(t.seen, SEEN_BIND_SILENT);
	assert_false(t.was_repeated);
	assert_in_range(time_now() - began, 150 * SP_MILLISECOND, 2 * SP_SECOND);
}

static void
a_pdu_that_is_cut_is_garbled(void **state)
{
	uint8_t room[256];
	struct bind_result result = {.transfer = SYNTAX_NDR};
	struct peer p = {.answer = room, .len = ack_make(room, sizeof(room), 1, &result) - 4};
	struct talk t = talk_with(&p, 1);

	talk_run(&t, &p, SP_SECOND);
	assert_true(t.is_garbled);
	assert_true(t.speaks_rpc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_accepted_context_is_an_accepted_bind),
		cmocka_unit_test(a_rejected_context_says_why),
		cmocka_unit_test(other_protocols_are_known_by_their_first_bytes),
		cmocka_unit_test(a_close_and_a_reset_are_told_apart),
		cmocka_unit_test(silence_ends_with_the_deadline),
		cmocka_unit_test(a_pdu_that_is_cut_is_garbled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
