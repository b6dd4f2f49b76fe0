/* SPDX-License-Identifier: MIT */
/*
 * Our client and our server talk to each other; the input chooses the limits, the calls, how the bytes are cut on
 * their way, whether they are signed or sealed, in which order answers are given, what is cancelled and given up, and which allocation fails. Whatever it
 * chooses: every stub arrives as it was sent, with its trailer when it has one, requests in their order, each call
 * that was not given up hears exactly one answer, and a cancel or its giving up is heard of once, while it is worked on.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "assoc/assoc.h"
#include "assoc/group.h"
#include "assoc/trial.h"
#include "base/mem.h"
#include "wire/verification.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define CALLS_MAX 12

static const struct sp_syntax_id interfaces[] = {
	{{0x60a15ec5, 1, 2, {3, 4}, {5, 6, 7, 8, 9, 10}}, 1, 2},
	{{0x60a15ec6, 1, 2, {3, 4}, {5, 6, 7, 8, 9, 10}}, 3, 0},
};

struct choice {
	const uint8_t *p, *end;
};

static unsigned
choose(struct choice *c, unsigned n)
{
	return c->p < c->end ? *c->p++ % n : 0;
}

struct talk {
	struct assoc_conn client, server;
	struct choice choice;
	uint32_t ids[CALLS_MAX], sizes[CALLS_MAX];
	bool verified[CALLS_MAX], arrived[CALLS_MAX], over[CALLS_MAX]; /* answered or given up */
	bool cancelled[CALLS_MAX], given_up[CALLS_MAX];                /* by the client */
	bool told_cancelled[CALLS_MAX], told_given_up[CALLS_MAX];      /* to the server's owner */
	unsigned n_calls, n_arrived, n_over, next_arrival;
	uint32_t waiting[CALLS_MAX]; /* dispatched: index of the call */
	unsigned n_waiting;
	bool failing, client_closed, server_closed;
};

static uint8_t
byte_at(uint32_t call, uint32_t i)
{
	return (uint8_t)(call * 37 + i * 11 + (i >> 8));
}

static struct buf *
stub_make(uint32_t call, uint32_t size)
{
	struct buf *b = buf_new(PDU_REQUEST_OBJECT_SIZE, PDU_REQUEST_OBJECT_SIZE + size);

	if (!b)
		return NULL;
	for (uint32_t i = 0; i < size; i++)
		b->data[b->start + i] = byte_at(call, i);
	b->end = b->start + size;
	return b;
}

static void
stub_check(struct buf_slice *s, uint32_t call, uint32_t size, const struct assoc_event *verified)
{
	const uint8_t *p = buf_slice_bytes(s);
	struct verification v;

	if (verified) {
		assert(s->len > size);
		assert(verification_get(p + size, s->len - size, &v) == VERIFICATION_FOUND);
		assert(v.call_id == verified->call_id && v.context_id == verified->context_id &&
			v.opnum == verified->opnum);
	} else {
		assert(s->len == size);
	}
	for (uint32_t i = 0; i < size; i++)
		assert(p[i] == byte_at(call, i));
	buf_slice_fini(s);
}

static unsigned
call_index(const struct talk *t, uint32_t id)
{
	for (unsigned i = 0; i < t->n_calls; i++)
		if (t->ids[i] == id)
			return i;
	abort();
}

static void
call_make(struct talk *t)
{
	static const uint32_t sizes[] = {
		0, 1, 7, 8, 100, 1400, 1408, 1409, 2816, 5000, 9000, 20000};
	static const struct sp_uuid object = {.time_low = 7};
	unsigned i = t->n_calls;
	struct assoc_request r = {.interface = interfaces[choose(&t->choice, 2)],
		.transfers = &SYNTAX_NDR,
		.n_transfers = 1,
		.opnum = (uint16_t)i,
		.object = choose(&t->choice, 2) ? &object : NULL,
		.verified = choose(&t->choice, 8) == 7};
	uint32_t size = sizes[choose(&t->choice, 12)];
	struct buf *b;

	if (i == CALLS_MAX)
		return;
	b = stub_make(i, size);
	if (b && assoc_call(&t->client, &r, b, &t->ids[i])) {
		t->sizes[i] = size;
		t->verified[i] = r.verified;
		t->n_calls++;
	}
}

/* Asks the server to end one, or gives one up: nothing is heard of that any more. */
static void
end_one(struct talk *t, bool give_up)
{
	unsigned i;

	if (t->n_calls == 0)
		return;
	i = choose(&t->choice, t->n_calls);
	if (!give_up) {
		assoc_cancel(&t->client, t->ids[i]);
		t->cancelled[i] = true;
		return;
	}
	t->given_up[i] = true;
	assoc_abandon(&t->client, t->ids[i]);
	if (!t->over[i])
		t->n_over++;
	t->over[i] = true;
}

static void
answer_one(struct talk *t)
{
	unsigned k, i;
	struct buf *b;

	if (t->n_waiting == 0)
		return;
	k = choose(&t->choice, t->n_waiting);
	i = t->waiting[k];
	t->waiting[k] = t->waiting[--t->n_waiting];
	b = stub_make(i + 100, t->sizes[i]);
	if (b)
		assoc_reply(&t->server, t->ids[i], b);
	else
		assoc_refuse(&t->server, t->ids[i], 14, false);
}

static void
end_check(struct talk *t, const struct assoc_event *e)
{
	unsigned i = call_index(t, e->call_id);
	bool given_up = e->kind == ASSOC_EVENT_ORPHANED, waits = false;
	bool *told = given_up ? &t->told_given_up[i] : &t->told_cancelled[i];

	for (unsigned k = 0; k < t->n_waiting; k++)
		waits |= t->waiting[k] == i;
	assert(waits && !*told && !t->told_given_up[i]);
	assert(given_up ? t->given_up[i] : t->cancelled[i]);
	*told = true;
}

static void
server_events(struct talk *t)
{
	struct assoc_event e;

	while (assoc_next(&t->server, &e)) {
		if (e.kind == ASSOC_EVENT_CLOSE)
			t->server_closed = true;
		if (e.kind == ASSOC_EVENT_AUTH_STEP) {
			trial_leg(&t->server, &e);
			buf_slice_fini(&e.take_stub);
		}
		if (e.kind == ASSOC_EVENT_CANCEL || e.kind == ASSOC_EVENT_ORPHANED)
			end_check(t, &e);
		if (e.kind != ASSOC_EVENT_REQUEST)
			continue;
		assert(e.opnum < t->n_calls && t->ids[e.opnum] == e.call_id);
		stub_check(
			&e.take_stub, e.opnum, t->sizes[e.opnum], t->verified[e.opnum] ? &e : NULL);
		assert(!t->arrived[e.opnum] && e.opnum >= t->next_arrival);
		/* what is left out was taken back, or lost its memory */
		for (; t->next_arrival < e.opnum; t->next_arrival++)
			assert(t->failing || t->over[t->next_arrival]);
		t->next_arrival = e.opnum + 1u;
		t->arrived[e.opnum] = true;
		t->n_arrived++;
		t->waiting[t->n_waiting++] = e.opnum;
	}
}

static void
client_events(struct talk *t)
{
	struct assoc_event e;

	while (assoc_next(&t->client, &e)) {
		unsigned i;

		if (e.kind == ASSOC_EVENT_CLOSE)
			t->client_closed = true;
		if (e.kind == ASSOC_EVENT_AUTH_STEP) {
			trial_leg(&t->client, &e);
			buf_slice_fini(&e.take_stub);
		}
		if (e.kind != ASSOC_EVENT_RESPONSE && e.kind != ASSOC_EVENT_FAULT &&
			e.kind != ASSOC_EVENT_REJECTED && e.kind != ASSOC_EVENT_OVERFLOW)
			continue;
		i = call_index(t, e.call_id);
		if (e.kind == ASSOC_EVENT_RESPONSE)
			stub_check(&e.take_stub, i + 100, t->sizes[i], NULL);
		else
			assert(t->failing);
		buf_slice_fini(&e.take_stub);
		assert(!t->over[i]);
		t->over[i] = true;
		t->n_over++;
	}
}

/* Carries up to `most` bytes, in as many reads as the reader's room makes of them. True: some. */
static bool
carry(struct assoc_conn *from, struct assoc_conn *to, size_t most)
{
	struct iovec iov[3];
	size_t n = assoc_take(from, iov, 3), moved = 0;

	for (size_t i = 0; i < n && moved < most; i++) {
		size_t at = 0;

		while (at < iov[i].iov_len && moved < most) {
			void *p;
			size_t room, k = iov[i].iov_len - at;

			if (!assoc_room(to, &p, &room))
				goto out;
			if (k > room)
				k = room;
			if (k > most - moved)
				k = most - moved;
			memcpy(p, (uint8_t *)iov[i].iov_base + at, k);
			assoc_feed(to, k, 1);
			at += k;
			moved += k;
		}
	}
out:
	assoc_sent(from, moved, 1);
	return moved > 0;
}

static void
step(struct talk *t)
{
	static const size_t most[] = {1, 2, 15, 16, 17, 24, 100, 1432, 4096, 100000};

	switch (choose(&t->choice, 8)) {
	case 0: call_make(t); break;
	case 1: answer_one(t); break;
	case 2: carry(&t->client, &t->server, most[choose(&t->choice, 10)]); break;
	case 3: carry(&t->server, &t->client, most[choose(&t->choice, 10)]); break;
	case 4: end_one(t, false); break;
	case 5: end_one(t, true); break;
	default: break;
	}
	server_events(t);
	client_events(t);
}

/* The input is used up: whatever is under way comes to its end. */
static void
finish(struct talk *t)
{
	bool moved = true;

	while (moved) {
		moved = carry(&t->client, &t->server, 5000);
		server_events(t);
		moved |= t->n_waiting > 0;
		answer_one(t);
		server_events(t);
		moved |= carry(&t->server, &t->client, 5000);
		client_events(t);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct talk t;
	struct choice c = {data, data + size};
	static const uint16_t fragments[] = {1432, 1440, 4280, 5840, 65535};
	struct assoc_limits limits[2];
	struct assoc_offer offers[] = {{.interface = interfaces[0]}, {.interface = interfaces[1]}};
	struct assoc_groups *groups = assoc_groups_new();
	struct watchword word = {1, false};
	struct auth_acceptor acceptor = {AUTH_TYPE_NTLM, watchword_accept, &word};
	struct assoc_server_policy policy = {.offers = offers,
		.n_offers = 2,
		.transfers = &SYNTAX_NDR,
		.n_transfers = 1,
		.secondary_address = "135",
		.groups = groups,
		.acceptors = &acceptor,
		.n_acceptors = 1};
	uint64_t fail;
	uint8_t level;

	memset(&t, 0, sizeof t);
	for (unsigned i = 0; i < 2; i++)
		limits[i] = (struct assoc_limits){.max_fragment = fragments[choose(&c, 5)],
			.max_stub = 100000,
			.max_contexts = 8,
			.max_calls = i == 0 ? CALLS_MAX : 1 + choose(&c, 4),
			.max_memory = 10000000};
	fail = choose(&c, 4) == 1 ? 1 + choose(&c, 255) : 0;
	t.failing = fail > 0;
	level = (uint8_t)choose(&c, 14); /* 2 to 6, and no security */
	word.legs = 1 + choose(&c, 2);
	t.choice = c;
	mem_fail_nth(fail);
	assoc_client_init(&t.client, &limits[0], 0, 0);
	assoc_server_init(&t.server, &limits[1], &policy, 0);
	if (level >= AUTH_LEVEL_CONNECT && level <= AUTH_LEVEL_PRIVACY &&
		!trial_secure(&t.client, &word, level))
		t.choice.p = t.choice.end;
	while (t.choice.p < t.choice.end)
		step(&t);
	mem_fail_nth(0);
	finish(&t);
	if (!t.failing) {
		assert(!t.client_closed && !t.server_closed);
		for (unsigned i = 0; i < t.n_calls; i++)
			assert(t.over[i]);
	}
	assert(t.client_closed || t.server_closed || t.n_over == t.n_calls);
	assoc_fini(&t.client);
	assoc_fini(&t.server);
	assoc_groups_free(groups);
	return 0;
}
