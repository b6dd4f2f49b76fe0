/* SPDX-License-Identifier: MIT */
/* Strangers' bytes into a server's side: it holds its limits, and every request that comes out can be answered. */
#include <assert.h>
#include <string.h>

#include "assoc/assoc.h"
#include "assoc/group.h"
#include "assoc/trial.h"

#include "wire/trailer.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct sp_syntax_id interface = {{1, 2, 3, {4, 5}, {6}}, 1, 0};
static const struct assoc_limits limits = {.max_fragment = 1432,
	.max_stub = 4000,
	.max_contexts = 4,
	.max_calls = 3,
	.max_memory = 8000};

#define STREAMING 8 /* and two more operations take their requests in pieces */

/* Used up at once or not at all; answered at the end, in the middle with a piece, or at the first. */
static void
stream(struct assoc_conn *a, const struct assoc_event *e)
{
	if (e->opnum != STREAMING + 1)
		assoc_consumed(a, e->call_id, e->take_stub.len);
	if (e->opnum == STREAMING && assoc_call_wants(a, e->call_id))
		assoc_reply_more(a, e->call_id, NULL);
	if (!e->more || e->opnum == STREAMING + 2)
		assoc_reply(a, e->call_id, NULL);
}

static void
events(struct assoc_conn *a)
{
	struct assoc_event e;
	struct iovec iov[4];
	size_t n;

	while (assoc_next(a, &e)) {
		assert(e.take_stub.len <= limits.max_stub);
		if (e.kind == ASSOC_EVENT_AUTH_STEP)
			trial_leg(a, &e);
		if (e.opnum >= STREAMING &&
			(e.kind == ASSOC_EVENT_REQUEST || e.kind == ASSOC_EVENT_MORE))
			stream(a, &e);
		else if (e.kind == ASSOC_EVENT_REQUEST && e.opnum % 2)
			assoc_reply(a, e.call_id, NULL);
		else if (e.kind == ASSOC_EVENT_REQUEST && e.opnum % 4)
			assoc_refuse(a, e.call_id, 5, true);
		buf_slice_fini(&e.take_stub);
		/* each output is small here: a few PDUs above the bound stop the reading */
		assert(a->held <= limits.max_memory + 8000);
		assert(a->n_contexts <= limits.max_contexts + UINT8_MAX);
		assert(a->n_calls <= limits.max_calls);
	}
	while ((n = assoc_take(a, iov, 4)) > 0)
		for (size_t i = 0; i < n; i++)
			assoc_sent(a, iov[i].iov_len, 1);
}

static size_t
put(struct assoc_conn *a, const uint8_t *bytes, size_t n)
{
	void *p;
	size_t room;

	if (!assoc_room(a, &p, &room))
		return 0;
	if (n > room)
		n = room;
	memcpy(p, bytes, n);
	assoc_feed(a, n, 1);
	return n;
}

/* A sound bind first, unless the input's first byte is odd: most of the ground lies behind it; or a logon's first leg. */
static void
bind_first(struct assoc_conn *a, bool logs_on)
{
	uint8_t pdu[128] = {0};
	struct pdu_header h = {.vers = 5,
		.ptype = PTYPE_BIND,
		.flags = PFC_FIRST_FRAG | PFC_LAST_FRAG | PFC_CONC_MPX,
		.drep = {0x10},
		.call_id = 1};
	static const uint8_t token[1] = {1};
	struct trailer t = {AUTH_TYPE_NTLM, AUTH_LEVEL_INTEGRITY, 0, 0, 0, token};
	struct bind_fixed bind = {1432, 1432, 0, 1};
	struct bind_context context = {
		.n_transfers = 1, .abstract = interface, .put_transfers = &SYNTAX_NDR};
	struct wire_out out;

	wire_out_init(&out, pdu, sizeof pdu);
	if (!bind_put(&out, &h, &bind, &context))
		assert(!"128 bytes hold this bind");
	if (logs_on)
		trailer_put(&out, &t, 4, sizeof token);
	put(a, pdu, wire_out_offset(&out));
	events(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const bool streams[STREAMING + 3] = {
		[STREAMING] = true, [STREAMING + 1] = true, [STREAMING + 2] = true};
	struct assoc_offer offer = {
		.interface = interface, .streams = streams, .n_streams = STREAMING + 3};
	struct assoc_groups *groups = assoc_groups_new();
	struct watchword word = {size > 0 && data[0] & 4 ? 1 : 2, size > 0 && data[0] & 8};
	struct auth_acceptor acceptor = {AUTH_TYPE_NTLM, watchword_accept, &word};
	struct assoc_server_policy policy = {.offers = &offer,
		.n_offers = 1,
		.transfers = &SYNTAX_NDR,
		.n_transfers = 1,
		.groups = groups,
		.acceptors = &acceptor,
		.n_acceptors = 1};
	struct assoc_conn a;

	assoc_server_init(&a, &limits, &policy, 0);
	if (size > 0 && data[0] % 2 == 0)
		bind_first(&a, data[0] & 2);
	for (size_t at = size > 0; at < size;) {
		size_t n = put(&a, data + at, size - at);

		if (n == 0)
			break;
		at += n;
		events(&a);
	}
	assoc_eof(&a);
	events(&a);
	assoc_fini(&a);
	assoc_groups_free(groups);
	return 0;
}
