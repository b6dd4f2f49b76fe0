/* SPDX-License-Identifier: MIT */
/* Strangers' bytes into a client's side with calls under way: it holds its limits and tells each call one end. */
#include <assert.h>
#include <string.h>

#include "assoc/trial.h"
#include "wire/trailer.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct sp_syntax_id interface = {{1, 2, 3, {4, 5}, {6}}, 1, 0};
static const struct assoc_limits limits = {.max_fragment = 1432,
	.max_stub = 4000,
	.max_contexts = 4,
	.max_calls = 4,
	.max_memory = 9000};

static void
drain(struct assoc_conn *a)
{
	struct assoc_event e;
	struct iovec iov[4];
	size_t n;

	while (assoc_next(a, &e)) {
		assert(e.take_stub.len <= limits.max_stub);
		if (e.kind == ASSOC_EVENT_AUTH_STEP)
			trial_leg(a, &e);
		buf_slice_fini(&e.take_stub);
		assert(a->held <= limits.max_memory + limits.max_stub);
	}
	while ((n = assoc_take(a, iov, 4)) > 0)
		for (size_t i = 0; i < n; i++)
			assoc_sent(a, iov[i].iov_len, 1);
}

static void
put(struct assoc_conn *a, const uint8_t *bytes, size_t n)
{
	void *p;
	size_t room;

	while (n > 0 && assoc_room(a, &p, &room)) {
		if (room > n)
			room = n;
		memcpy(p, bytes, room);
		assoc_feed(a, room, 1);
		bytes += room;
		n -= room;
		drain(a);
	}
}

static void
accept_bind(struct assoc_conn *a, uint32_t call_id, const struct trailer *t)
{
	uint8_t pdu[128] = {0};
	struct pdu_header h = {.vers = 5,
		.ptype = PTYPE_BIND_ACK,
		.flags = PFC_FIRST_FRAG | PFC_LAST_FRAG | PFC_CONC_MPX |
			 (t ? PFC_SUPPORT_HEADER_SIGN : 0),
		.drep = {0x10},
		.call_id = call_id};
	struct bind_ack_fixed ack = {1432, 1432, 9, "135", 4, 2};
	struct bind_result results[2] = {
		{CONTEXT_ACCEPTANCE, 0, SYNTAX_NDR}, {CONTEXT_NEGOTIATE_ACK, 2, {{0}, 0, 0}}};
	struct wire_out out;

	wire_out_init(&out, pdu, sizeof pdu);
	if (!bind_ack_put(&out, &h, &ack, results))
		assert(!"128 bytes hold this bind_ack");
	if (t)
		trailer_put(&out, t, 4, 1);
	put(a, pdu, wire_out_offset(&out));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assoc_request r = {
		.interface = interface, .transfers = &SYNTAX_NDR, .n_transfers = 1};
	bool secure = size > 0 && data[0] & 2;
	struct watchword word = {size > 0 && data[0] & 4 ? 1 : 2, false};
	struct trailer t = {
		AUTH_TYPE_NTLM, size > 0 ? 2 + data[0] / 8 % 5 : 2, 0, 0, 0, (uint8_t[]){1}};
	struct assoc_conn a;
	uint32_t id, bind_id;

	assoc_client_init(&a, &limits, 0, 0);
	if (secure && !trial_secure(&a, &word, t.auth_level))
		return 0;
	if (!assoc_bind(&a, &interface, &SYNTAX_NDR, 1, &bind_id))
		bind_id = 0;
	drain(&a);
	if (bind_id && size > 0 && data[0] % 2 == 0)
		accept_bind(&a, bind_id, secure ? &t : NULL);
	for (unsigned i = 0; i < 3; i++)
		if (!assoc_call(&a, &r, NULL, &id))
			break;
	drain(&a);
	if (size > 0)
		put(&a, data + 1, size - 1);
	assoc_eof(&a);
	drain(&a);
	assoc_fini(&a);
	return 0;
}
