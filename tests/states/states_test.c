/* SPDX-License-Identifier: MIT */
/*
 * Walks every cell of assoc/states.h: brings a connection into the state, gives it the smallest PDU of the type and
 * holds what it does against what the table says. With --markdown it prints the table for docs/states.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sallyport/status.h>

#include "assoc/assoc.h"
#include "assoc/group.h"
#include "assoc/states.h"

#define WHOLE (PFC_FIRST_FRAG | PFC_LAST_FRAG)

static const struct sp_syntax_id interface = {{1, 2, 3, {4, 5}, {6}}, 1, 0};
static const struct assoc_limits limits = {.max_fragment = 5840,
	.max_stub = 10000,
	.max_contexts = 4,
	.max_calls = 1,
	.max_memory = 100000};

static size_t
pdu_make(unsigned ptype, uint8_t flags, uint32_t call_id, uint8_t *ret)
{
	struct pdu_header h = {.vers = 5,
		.ptype = (uint8_t)ptype,
		.flags = flags,
		.drep = {0x10},
		.frag_len = (uint16_t)ptype_shortest(ptype),
		.call_id = call_id};
	struct bind_context context = {
		.n_transfers = 1, .abstract = interface, .put_transfers = &SYNTAX_NDR};
	struct bind_fixed bind = {5840, 5840, 0, 1};
	struct bind_ack_fixed ack = {5840, 5840, 1, "", 0, 1};
	struct bind_result results[2] = {
		{CONTEXT_ACCEPTANCE, 0, SYNTAX_NDR}, {CONTEXT_NEGOTIATE_ACK, 0, {{0}, 0, 0}}};
	struct bind_nak nak = {.reason = 1};
	struct wire_out out;

	memset(ret, 0, 256);
	wire_out_init(&out, ret, 256);
	switch (ptype) {
	case PTYPE_BIND:
	case PTYPE_ALTER_CONTEXT: assert_true(bind_put(&out, &h, &bind, &context)); break;
	case PTYPE_BIND_ACK:
	case PTYPE_ALTER_CONTEXT_RESP:
		ack.n_results = ptype == PTYPE_BIND_ACK ? 2 : 1;
		assert_true(bind_ack_put(&out, &h, &ack, results));
		break;
	case PTYPE_BIND_NAK: assert_true(bind_nak_put(&out, &h, &nak)); break;
	case PTYPE_FAULT: h.frag_len = PDU_FAULT_SIZE; /* fall through */
	default: assert_true(pdu_header_put(&out, &h)); return h.frag_len;
	}
	return wire_out_offset(&out);
}

static void
give(struct assoc_conn *a, const uint8_t *bytes, size_t n)
{
	void *p;
	size_t room;

	if (!assoc_room(a, &p, &room))
		return;
	assert_true(room >= n);
	memcpy(p, bytes, n);
	assoc_feed(a, n, 0);
}

static void
give_pdu(struct assoc_conn *a, unsigned ptype, uint8_t flags, uint32_t call_id)
{
	uint8_t bytes[256];

	give(a, bytes, pdu_make(ptype, flags, call_id, bytes));
}

/* All events until there are no more; the last CLOSE in *ret_close. */
static unsigned
drain(struct assoc_conn *a, struct assoc_event *ret_close)
{
	struct assoc_event e;
	unsigned n = 0;

	memset(ret_close, 0, sizeof *ret_close);
	while (assoc_next(a, &e)) {
		if (e.kind == ASSOC_EVENT_CLOSE)
			*ret_close = e;
		else
			n++;
		buf_slice_fini(&e.take_stub);
	}
	return n;
}

static void
send_all(struct assoc_conn *a)
{
	struct iovec iov;

	while (assoc_take(a, &iov, 1))
		assoc_sent(a, iov.iov_len, 0);
}

static void
server_bring(struct assoc_conn *a, unsigned state)
{
	struct assoc_event e;

	if (state == SERVER_CLOSED)
		give_pdu(a, PTYPE_RTS, WHOLE, 1);
	else if (state != SERVER_ESTABLISHED)
		give_pdu(a, PTYPE_BIND, WHOLE, 1);
	drain(a, &e);
	if (state == SERVER_RECV_PDU)
		give_pdu(a, PTYPE_REQUEST, PFC_FIRST_FRAG, 2);
	if (state == SERVER_DISPATCH)
		give_pdu(a, PTYPE_REQUEST, WHOLE, 2);
	drain(a, &e);
	send_all(a);
}

/* The call ids: the bind 2 (the call that needs it 1), an alter_context 4 (its call 3). */
static void
client_bring(struct assoc_conn *a, unsigned state)
{
	struct assoc_request r = {
		.interface = interface, .transfers = &SYNTAX_NDR, .n_transfers = 1};
	struct assoc_event e;
	uint32_t id;

	if (state == CLIENT_CLOSED)
		give_pdu(a, PTYPE_RTS, WHOLE, 1);
	else if (state != CLIENT_UNBOUND)
		assert_true(assoc_bind(a, &interface, &SYNTAX_NDR, 1, &id));
	if (state == CLIENT_BOUND || state == CLIENT_ALTER_SENT)
		give_pdu(a, PTYPE_BIND_ACK, WHOLE, id);
	drain(a, &e);
	r.interface.major++;
	if (state == CLIENT_ALTER_SENT)
		assert_true(assoc_call(a, &r, NULL, &id));
	drain(a, &e);
	send_all(a);
}

/* What goes out: the type of the first PDU, and the status or reason in it; -1 for nothing. */
static int
output_read(struct assoc_conn *a, uint32_t *ret_status)
{
	struct wire_fault fault = {0};
	struct pdu_header h;
	struct fault_fixed f;
	struct wire_in in;
	struct iovec iov;

	if (assoc_take(a, &iov, 1) == 0)
		return -1;
	assert_true(pdu_header_get(iov.iov_base, iov.iov_len, &h, &fault));
	if (h.ptype == PTYPE_FAULT) {
		assert_true(pdu_body(iov.iov_base, &h, &in, &fault));
		fault_fixed_get(&in, &f);
		*ret_status = f.status;
		assert_true(h.flags & PFC_DID_NOT_EXECUTE);
	}
	return h.ptype;
}

static void
cell_check(enum assoc_side side, unsigned state, unsigned ptype, struct assoc_conn *a)
{
	enum assoc_answer answer = states_answer(side, state, ptype);
	uint64_t before = assoc_counters(a)->packets_in;
	struct assoc_event close;
	uint32_t status = 0;
	unsigned n_events;
	int out;

	give_pdu(a, ptype, WHOLE, side == SIDE_CLIENT && state == CLIENT_ALTER_SENT ? 3 : 1);
	n_events = drain(a, &close);
	out = output_read(a, &status);
	switch (answer) {
	case ANSWER_none: fail_msg("an empty cell"); break;
	case ANSWER_ignore:
		assert_int_equal(assoc_counters(a)->packets_in, before);
		assert_int_equal(n_events, 0);
		assert_int_equal(out, -1);
		break;
	case ANSWER_hold:
		assert_int_equal(assoc_counters(a)->packets_in, before);
		assert_int_equal(close.close, ASSOC_CLOSE_NONE);
		break;
	case ANSWER_refuse_close:
		assert_int_equal(close.close, ASSOC_CLOSE_PROTOCOL);
		assert_int_equal(close.ptype, ptype);
		assert_int_equal(out, -1);
		break;
	case ANSWER_refuse_fault:
		assert_int_equal(close.close, ASSOC_CLOSE_PROTOCOL);
		assert_int_equal(out, PTYPE_FAULT);
		assert_int_equal(status, NCA_S_PROTO_ERROR);
		break;
	case ANSWER_refuse_nak:
		assert_int_equal(close.close, ASSOC_CLOSE_NAK);
		assert_int_equal(out, PTYPE_BIND_NAK);
		break;
	default: /* taken: the PDU was read, and not called out of place */
		assert_int_equal(assoc_counters(a)->packets_in, before + 1);
		assert_true(!close.what || !strstr(close.what, "no place in this state"));
	}
}

static void
every_cell_of_the_servers_table_does_what_it_says(void **unused)
{
	struct assoc_offer offer = {interface, NULL};
	struct assoc_groups *groups = assoc_groups_new();
	struct assoc_server_policy policy = {.offers = &offer,
		.n_offers = 1,
		.transfers = &SYNTAX_NDR,
		.n_transfers = 1,
		.groups = groups};

	for (unsigned state = 0; state < SERVER_STATE_COUNT; state++)
		for (unsigned ptype = 0; ptype <= PTYPE_COUNT; ptype++) {
			struct assoc_conn a;

			assoc_server_init(&a, &limits, &policy, 0);
			server_bring(&a, state);
			cell_check(SIDE_SERVER, state, ptype, &a);
			assoc_fini(&a);
		}
	assoc_groups_free(groups);
}

static void
every_cell_of_the_clients_table_does_what_it_says(void **unused)
{
	for (unsigned state = 0; state < CLIENT_STATE_COUNT; state++)
		for (unsigned ptype = 0; ptype <= PTYPE_COUNT; ptype++) {
			struct assoc_conn a;

			assoc_client_init(&a, &limits, 0, 0);
			client_bring(&a, state);
			cell_check(SIDE_CLIENT, state, ptype, &a);
			assoc_fini(&a);
		}
}

static void
markdown(enum assoc_side side, const char *title, unsigned n_states)
{
	printf("\n## %s\n\n| PDU |", title);
	for (unsigned s = 0; s < n_states; s++)
		printf(" %s |", states_name(side, s));
	printf("\n|---|");
	for (unsigned s = 0; s < n_states; s++)
		printf("---|");
	for (unsigned p = 0; p < PTYPE_COUNT; p++) {
		printf("\n| %s |", ptype_name(p));
		for (unsigned s = 0; s < n_states; s++)
			printf(" %s |", states_answer_name(states_answer(side, s, p)));
	}
	printf("\n");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_of_the_servers_table_does_what_it_says),
		cmocka_unit_test(every_cell_of_the_clients_table_does_what_it_says),
	};

	if (argc > 1 && strcmp(argv[1], "--markdown") == 0) {
		printf("# What is done with each PDU in each state\n\n"
		       "Made from `src/assoc/states.h` by `states_test --markdown`; "
		       "`tests/states` walks every cell.\n");
		markdown(SIDE_SERVER, "A server's side", SERVER_STATE_COUNT);
		markdown(SIDE_CLIENT, "A client's side", CLIENT_STATE_COUNT);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
