/* SPDX-License-Identifier: MIT */
/*
 * Walks every cell of assoc/states.h: brings a connection into the state, gives it the smallest PDU of the type and
 * holds what it does against what the table says. What is in docs/ has to be what the table and the walk draw; with
 * --write they are drawn again. STATES_DOCS is that folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sallyport/status.h>

#include "assoc/assoc.h"
#include "assoc/engine.h"
#include "assoc/group.h"
#include "drawing.h"

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
output_read(struct assoc_conn *a, uint32_t *ret_status, bool *ret_did_not_execute)
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
		*ret_did_not_execute = h.flags & PFC_DID_NOT_EXECUTE;
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
	bool did_not_execute;
	unsigned n_events;
	int out;

	give_pdu(a, ptype, WHOLE, side == SIDE_CLIENT && state == CLIENT_ALTER_SENT ? 3 : 1);
	n_events = drain(a, &close);
	out = output_read(a, &status, &did_not_execute);
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
		assert_int_equal(did_not_execute, ptype != PTYPE_REQUEST);
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

/* --- the walk --- */

static const struct assoc_offer offer = {.interface = {{1, 2, 3, {4, 5}, {6}}, 1, 0}};
static struct assoc_server_policy policy = {
	.offers = &offer, .n_offers = 1, .transfers = &SYNTAX_NDR, .n_transfers = 1};

static void
bring(struct assoc_conn *a, enum assoc_side side, unsigned state)
{
	if (side == SIDE_SERVER) {
		assoc_server_init(a, &limits, &policy, 0);
		server_bring(a, state);
	} else {
		assoc_client_init(a, &limits, 0, 0);
		client_bring(a, state);
	}
}

static unsigned
state_of(const struct assoc_conn *a, enum assoc_side side)
{
	return side == SIDE_SERVER ? server_state_now(a) : a->state;
}

static void
every_cell_of_a_table_does_what_it_says(enum assoc_side side)
{
	for (unsigned state = 0; state < DRAWING_STATES; state++)
		for (unsigned ptype = 0; ptype <= PTYPE_COUNT; ptype++) {
			struct assoc_conn a;

			bring(&a, side, state);
			assert_int_equal(state_of(&a, side), state);
			cell_check(side, state, ptype, &a);
			assoc_fini(&a);
		}
}

static void
every_cell_of_the_servers_table_does_what_it_says(void **unused)
{
	every_cell_of_a_table_does_what_it_says(SIDE_SERVER);
}

static void
every_cell_of_the_clients_table_does_what_it_says(void **unused)
{
	every_cell_of_a_table_does_what_it_says(SIDE_CLIENT);
}

/* --- where it leads to --- */

/* A server's owner answers, a client's makes a call of an interface that is new to the connection. */
static void
owner_act(struct assoc_conn *a, enum assoc_side side)
{
	struct assoc_request r = {
		.interface = interface, .transfers = &SYNTAX_NDR, .n_transfers = 1};
	uint32_t id;

	r.interface.major += 7;
	if (side == SIDE_SERVER)
		assoc_reply(a, 2, NULL);
	else if (!assoc_call(a, &r, NULL, &id))
		return; /* no more for now */
}

static void
move_see(struct drawing_moves *moves, enum assoc_side side, unsigned state, unsigned ptype,
	uint8_t flags, uint32_t call_id)
{
	struct assoc_event close;
	struct assoc_conn a;

	bring(&a, side, state);
	if (ptype == DRAWING_OWNER)
		owner_act(&a, side);
	else
		give_pdu(&a, ptype, flags, call_id);
	drain(&a, &close);
	moves->seen[side][state][ptype] |= (uint8_t)(1u << state_of(&a, side));
	assoc_fini(&a);
}

/* Every PDU as a whole and as a fragment, for each of the calls that there may be. */
static void
moves_walk(struct drawing_moves *moves)
{
	static const uint8_t flags[] = {WHOLE, PFC_FIRST_FRAG, PFC_LAST_FRAG, 0};

	memset(moves, 0, sizeof *moves);
	for (int side = SIDE_SERVER; side <= SIDE_CLIENT; side++)
		for (unsigned state = 0; state < DRAWING_STATES; state++)
			for (unsigned ptype = 0; ptype <= DRAWING_OWNER; ptype++)
				for (unsigned i = 0; i < 4 * 5; i++)
					move_see(moves, side, state, ptype, flags[i % 4], i / 4);
}

static void
a_closed_connection_stays_closed(void **unused)
{
	struct drawing_moves moves;

	moves_walk(&moves);
	for (int side = SIDE_SERVER; side <= SIDE_CLIENT; side++)
		for (unsigned ptype = 0; ptype <= DRAWING_OWNER; ptype++)
			assert_int_equal(moves.seen[side][DRAWING_STATES - 1][ptype],
				1u << (DRAWING_STATES - 1));
}

/* --- docs/ --- */

static const char *
docs(void)
{
	const char *folder = getenv("STATES_DOCS");

	return folder ? folder : "docs";
}

static char *
drawn(const char *name)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		abort();
	if (strcmp(name, "states.svg") == 0) {
		struct drawing_moves moves;

		moves_walk(&moves);
		drawing_svg(f, &moves);
	} else {
		drawing_markdown(f);
	}
	fclose(f);
	return text;
}

static FILE *
docs_open(const char *name, const char *mode)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", docs(), name);
	return fopen(path, mode);
}

static void
docs_check(const char *name)
{
	static char committed[1 << 18];
	FILE *f = docs_open(name, "r");
	char *text = drawn(name);

	if (!f)
		fail_msg("no %s/%s", docs(), name);
	committed[fread(committed, 1, sizeof committed - 1, f)] = 0;
	fclose(f);
	if (strcmp(committed, text) != 0)
		fail_msg("%s/%s is not what the table draws: ninja states", docs(), name);
	free(text);
}

static void
the_page_says_what_the_table_says(void **unused)
{
	docs_check("states.md");
}

static void
the_picture_is_the_one_that_the_table_draws(void **unused)
{
	docs_check("states.svg");
}

static void
docs_write(const char *name)
{
	FILE *f = docs_open(name, "w");
	char *text = drawn(name);

	if (!f || fputs(text, f) < 0 || fclose(f)) {
		perror(name);
		exit(3);
	}
	free(text);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_of_the_servers_table_does_what_it_says),
		cmocka_unit_test(every_cell_of_the_clients_table_does_what_it_says),
		cmocka_unit_test(a_closed_connection_stays_closed),
		cmocka_unit_test(the_page_says_what_the_table_says),
		cmocka_unit_test(the_picture_is_the_one_that_the_table_draws),
	};
	int failed;

	policy.groups = assoc_groups_new();
	if (argc > 1 && strcmp(argv[1], "--write") == 0) {
		docs_write("states.md");
		docs_write("states.svg");
		failed = 0;
	} else {
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	}
	assoc_groups_free(policy.groups);
	return failed;
}
