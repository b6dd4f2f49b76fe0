/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "assoc/assoc.h"
#include "assoc/group.h"
#include "assoc/trial.h"
#include <sallyport/binding.h>

#include "base/mem.h"

static const struct sp_syntax_id interfaces[] = {
	{{1, 2, 3, {4, 5}, {6}}, 1, 0}, {{2, 2, 3, {4, 5}, {6}}, 1, 0}};
static const struct assoc_limits limits = {.max_fragment = 1432,
	.max_stub = 10000,
	.max_contexts = 4,
	.max_calls = 3,
	.max_memory = 100000};

struct pair {
	struct assoc_conn client, server;
	unsigned n_responses, n_ends;
};

static void
carry(struct assoc_conn *from, struct assoc_conn *to)
{
	struct iovec iov;

	while (assoc_take(from, &iov, 1)) {
		void *p;
		size_t room;

		if (!assoc_room(to, &p, &room))
			return;
		if (room > iov.iov_len)
			room = iov.iov_len;
		memcpy(p, iov.iov_base, room);
		assoc_feed(to, room, 0);
		assoc_sent(from, room, 0);
	}
}

static struct buf *
stub(uint32_t n)
{
	struct buf *b = buf_new(PDU_REQUEST_OBJECT_SIZE, PDU_REQUEST_OBJECT_SIZE + n);

	if (!b)
		return NULL;
	memset(b->data + b->start, 7, n);
	b->end = b->start + n;
	return b;
}

static void
serve(struct pair *p)
{
	struct assoc_event e;

	while (assoc_next(&p->server, &e)) {
		if (e.kind == ASSOC_EVENT_AUTH_STEP)
			trial_leg(&p->server, &e);
		buf_slice_fini(&e.take_stub);
		p->n_ends += e.kind == ASSOC_EVENT_CLOSE;
		if (e.kind != ASSOC_EVENT_REQUEST)
			continue;
		assoc_reply(&p->server, e.call_id, stub(3000));
	}
	while (assoc_next(&p->client, &e)) {
		if (e.kind == ASSOC_EVENT_AUTH_STEP)
			trial_leg(&p->client, &e);
		buf_slice_fini(&e.take_stub);
		p->n_ends += e.kind == ASSOC_EVENT_CLOSE;
		p->n_responses += e.kind == ASSOC_EVENT_RESPONSE;
	}
}

static const struct watchword word = {2, false};
static const struct auth_acceptor acceptor = {AUTH_TYPE_NTLM, watchword_accept, &word};

/* Two calls of two interfaces, in fragments both ways. */
static void
talk(struct pair *p, const struct assoc_server_policy *policy, uint8_t level)
{
	bool ready;

	memset(p, 0, sizeof *p);
	assoc_client_init(&p->client, &limits, 0, 0);
	assoc_server_init(&p->server, &limits, policy, 0);
	ready = level == 0 || trial_secure(&p->client, &word, level);
	for (unsigned i = 0; ready && i < 2; i++) {
		struct assoc_request r = {
			.interface = interfaces[i], .transfers = &SYNTAX_NDR, .n_transfers = 1};
		struct buf *b = stub(2000);
		uint32_t id;

		if (b && !assoc_call(&p->client, &r, b, &id))
			continue;
		for (unsigned k = 0; k < 20; k++) {
			carry(&p->client, &p->server);
			serve(p);
			carry(&p->server, &p->client);
			serve(p);
		}
	}
	assoc_fini(&p->client);
	assoc_fini(&p->server);
}

static void
fail_each_allocation(uint8_t level)
{
	struct assoc_offer offers[] = {{.interface = interfaces[0]}, {.interface = interfaces[1]}};
	struct assoc_groups *groups = assoc_groups_new();
	struct assoc_server_policy policy = {.offers = offers,
		.n_offers = 2,
		.transfers = &SYNTAX_NDR,
		.n_transfers = 1,
		.groups = groups,
		.acceptors = &acceptor,
		.n_acceptors = 1};
	struct pair whole, p;
	uint64_t n = 0;

	talk(&whole, &policy, level);
	assert_int_equal(whole.n_responses, 2);
	assert_int_equal(whole.n_ends, 0);
	do {
		mem_fail_nth(++n);
		talk(&p, &policy, level);
		mem_fail_nth(0);
	} while (n < 200);
	assert_int_equal(
		p.n_responses, 2); /* fewer than 200 allocations: the last run failed none */
	assoc_groups_free(groups);
}

static void
every_allocation_of_a_conversation_may_fail(void **unused)
{
	fail_each_allocation(0);
}

static void
every_allocation_of_a_conversation_under_protection_may_fail(void **unused)
{
	fail_each_allocation(AUTH_LEVEL_CONNECT);
	fail_each_allocation(AUTH_LEVEL_PRIVACY);
}

static void
an_idle_connection_holds_less_than_a_kilobyte(void **unused)
{
	struct assoc_offer offer = {.interface = interfaces[0]};
	struct assoc_groups *groups = assoc_groups_new();
	struct assoc_server_policy policy = {.offers = &offer,
		.n_offers = 1,
		.transfers = &SYNTAX_NDR,
		.n_transfers = 1,
		.groups = groups};
	struct pair p = {0};
	uint32_t id;

	assoc_client_init(&p.client, &limits, 0, 0);
	assoc_server_init(&p.server, &limits, &policy, 0);
	assert_true(assoc_bind(&p.client, &interfaces[0], &SYNTAX_NDR, 1, &id));
	for (unsigned k = 0; k < 4; k++) {
		carry(&p.client, &p.server);
		serve(&p);
		carry(&p.server, &p.client);
		serve(&p);
	}
	assert_null(p.server.in);
	assert_int_equal(p.server.held, 0);
	assert_true(sizeof p.server + p.server.cap_contexts * sizeof *p.server.contexts < 1024);
	assoc_fini(&p.client);
	assoc_fini(&p.server);
	assoc_groups_free(groups);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_of_a_conversation_may_fail),
		cmocka_unit_test(every_allocation_of_a_conversation_under_protection_may_fail),
		cmocka_unit_test(an_idle_connection_holds_less_than_a_kilobyte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
