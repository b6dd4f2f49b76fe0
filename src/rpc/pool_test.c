/* SPDX-License-Identifier: MIT */
/*
 * Which call goes over which connection, what is tried again and what never is: a client against a server whose PDUs
 * the test makes by hand.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "rpc/client.h"
#include "rpc/trial.h"
#include "wire/verification.h"

#define MPX PFC_CONC_MPX
#define KEEPS BTFN_KEEP_CONNECTION_ON_ORPHAN

struct stage {
	struct peer peer;
	sp_client *client;
};

static void
up(struct stage *s, const struct sp_client_options *options)
{
	peer_up(&s->peer);
	s->client = trial_client(s->peer.binding, options);
}

static void
down(struct stage *s)
{
	sp_client_free(s->client);
	peer_down(&s->peer);
}

static struct line a, b, c; /* connections; large, and one test at a time */

/* The next PDU on this connection is a request, which is answered. */
static void
answer(struct stage *s, struct line *l, uint32_t value)
{
	line_expect(l, s->client, PTYPE_REQUEST);
	line_respond(l, l->h.call_id, value);
}

/* A multiplexing connection is made, and the first request comes over it. */
static void
requested(struct stage *s, struct line *l)
{
	line_bound(&s->peer, s->client, l, MPX, KEEPS);
	line_expect(l, s->client, PTYPE_REQUEST);
}

/* A first call of the client's, whose request has come. */
static void
begun(struct stage *s, struct trial_call *t, unsigned opnum, struct line *l)
{
	trial_start(t, s->client, opnum, 1);
	requested(s, l);
}

/* Turns for a while in which nothing shall come. */
static void
expect_silence(struct stage *s, struct line *l)
{
	for (int i = 0; i < 10; i++) {
		trial_turn(s->client, 2);
		assert_false(line_take(l));
	}
}

/* --- multiplexing --- */

static void
answers_of_one_connection_come_in_any_order(void **state)
{
	struct trial_call t[3];
	uint32_t ids[3];
	struct stage s;

	up(&s, NULL);
	for (unsigned i = 0; i < 3; i++)
		trial_start(&t[i], s.client, TRIAL_ADD, 100 + i);
	line_bound(&s.peer, s.client, &a, MPX, KEEPS);
	for (unsigned i = 0; i < 3; i++) {
		line_expect(&a, s.client, PTYPE_REQUEST);
		assert_int_equal(line_request_value(&a), 100 + i);
		ids[i] = a.h.call_id;
	}
	line_respond(&a, ids[1], 1001);
	line_respond(&a, ids[2], 1002);
	line_respond(&a, ids[0], 1000);
	for (unsigned i = 0; i < 3; i++) {
		trial_run(s.client, &t[i]);
		assert_int_equal(t[i].args.value, 1000 + i);
		sp_call_free(t[i].call);
	}
	assert_int_equal(sp_client_n_connections(s.client), 1);
	line_close(&a);
	down(&s);
}

static void
without_multiplexing_calls_spread_over_connections_of_one_group(void **state)
{
	struct sp_client_options options = {.max_connections = 2};
	struct trial_call t[3];
	struct stage s;

	up(&s, &options);
	for (unsigned i = 0; i < 3; i++)
		trial_start(&t[i], s.client, TRIAL_ADD, i);
	line_open(&s.peer, s.client, &a);
	line_expect(&a, s.client, PTYPE_BIND);
	assert_int_equal(line_bind_group(&a), 0);
	line_ack(&a, 0, KEEPS, 77);
	line_expect(&a, s.client, PTYPE_REQUEST);
	assert_int_equal(line_request_value(&a), 0);
	line_open(&s.peer, s.client, &b);
	line_expect(&b, s.client, PTYPE_BIND);
	assert_int_equal(line_bind_group(&b), 77);
	line_ack(&b, 0, KEEPS, 77);
	line_expect(&b, s.client, PTYPE_REQUEST);
	assert_int_equal(line_request_value(&b), 1);
	/* the third waits for whichever is free first */
	expect_silence(&s, &a);
	line_respond(&b, b.h.call_id, 11);
	line_expect(&b, s.client, PTYPE_REQUEST);
	assert_int_equal(line_request_value(&b), 2);
	line_respond(&b, b.h.call_id, 12);
	line_respond(&a, a.h.call_id, 10);
	for (unsigned i = 0; i < 3; i++) {
		trial_run(s.client, &t[i]);
		assert_int_equal(t[i].args.value, 10 + i);
		sp_call_free(t[i].call);
	}
	line_close(&a);
	line_close(&b);
	down(&s);
}

static void
server_that_refuses_a_second_connection_gets_one_call_after_the_other(void **state)
{
	struct trial_call t[2];
	struct stage s;

	up(&s, NULL);
	trial_start(&t[0], s.client, TRIAL_ADD, 1);
	trial_start(&t[1], s.client, TRIAL_ADD, 2);
	line_bound(&s.peer, s.client, &a, 0, KEEPS);
	line_expect(&a, s.client, PTYPE_REQUEST);
	line_open(&s.peer, s.client, &b);
	line_expect(&b, s.client, PTYPE_BIND);
	line_nak(&b, NAK_LOCAL_LIMIT_EXCEEDED);
	line_expect_close(&b, s.client);
	line_respond(&a, a.h.call_id, 10);
	trial_run(s.client, &t[0]);
	line_expect(&a, s.client, PTYPE_REQUEST);
	assert_int_equal(line_request_value(&a), 2);
	line_respond(&a, a.h.call_id, 20);
	trial_run(s.client, &t[1]);
	assert_int_equal(t[1].args.value, 20);
	sp_call_free(t[0].call);
	sp_call_free(t[1].call);
	line_close(&a);
	line_close(&b);
	down(&s);
}

/* --- cancel and orphan --- */

static void
cancelled_call_may_still_be_answered_within_its_grace(void **state)
{
	struct trial_call t;
	struct stage s;

	up(&s, NULL);
	begun(&s, &t, TRIAL_ADD, &a);
	sp_call_cancel(t.call);
	sp_call_cancel(t.call);
	line_expect(&a, s.client, PTYPE_CO_CANCEL);
	expect_silence(&s, &a);
	assert_int_equal(t.ended, 0);
	line_respond(&a, a.h.call_id, 5);
	trial_run(s.client, &t);
	assert_int_equal(t.status, 0);
	/* the next one is ended by the server because of it */
	trial_again(&t, TRIAL_ADD, 1);
	line_expect(&a, s.client, PTYPE_REQUEST);
	sp_call_cancel(t.call);
	line_expect(&a, s.client, PTYPE_CO_CANCEL);
	line_fault(&a, a.h.call_id, NCA_S_FAULT_CANCEL, 0);
	trial_run(s.client, &t);
	assert_int_equal(t.status, RPC_S_CALL_CANCELLED);
	sp_call_cancel(t.call); /* nothing is under way */
	assert_int_equal(t.ended, 1);
	sp_call_free(t.call);
	line_close(&a);
	down(&s);
}

static void
after_the_grace_the_call_is_orphaned_and_the_connection_goes_on(void **state)
{
	struct sp_client_options options = {.cancel_grace = 30 * SP_MILLISECOND};
	struct trial_call t, next;
	sp_nanos began;
	struct stage s;
	uint32_t id;

	up(&s, &options);
	begun(&s, &t, TRIAL_ADD, &a);
	id = a.h.call_id;
	began = time_now();
	sp_call_cancel(t.call);
	line_expect(&a, s.client, PTYPE_CO_CANCEL);
	line_expect(&a, s.client, PTYPE_ORPHANED);
	assert_int_equal(a.h.call_id, id);
	trial_run(s.client, &t);
	assert_int_equal(t.status, RPC_S_CALL_CANCELLED);
	assert_false(t.error.did_not_execute);
	assert_true(time_now() - began >= 30 * SP_MILLISECOND);
	trial_start(&next, s.client, TRIAL_ADD, 2);
	line_expect(&a, s.client, PTYPE_REQUEST);
	line_respond(&a, id, 666); /* of the call that was given up: nobody hears it */
	line_respond(&a, a.h.call_id, 3);
	trial_run(s.client, &next);
	assert_int_equal(next.args.value, 3);
	assert_int_equal(t.ended, 1);
	sp_call_free(t.call);
	sp_call_free(next.call);
	line_close(&a);
	down(&s);
}

static void
without_the_feature_an_orphan_ends_its_connection_after_the_others(void **state)
{
	struct sp_client_options options = {.cancel_grace = 10 * SP_MILLISECOND};
	struct trial_call t, other, next;
	struct stage s;
	uint32_t id;

	up(&s, &options);
	trial_start(&t, s.client, TRIAL_ADD, 1);
	trial_start(&other, s.client, TRIAL_ADD, 2);
	line_bound(&s.peer, s.client, &a, MPX, 0);
	line_expect(&a, s.client, PTYPE_REQUEST);
	line_expect(&a, s.client, PTYPE_REQUEST);
	id = a.h.call_id;
	sp_call_cancel(t.call);
	line_expect(&a, s.client, PTYPE_CO_CANCEL);
	line_expect(&a, s.client, PTYPE_ORPHANED);
	trial_run(s.client, &t);
	trial_start(&next, s.client, TRIAL_ADD, 3);
	line_open(&s.peer, s.client, &b);
	line_respond(&a, id, 20);
	trial_run(s.client, &other);
	assert_int_equal(other.args.value, 20);
	line_expect_close(&a, s.client);
	line_expect(&b, s.client, PTYPE_BIND);
	line_ack(&b, MPX, 0, 78);
	answer(&s, &b, 30);
	trial_run(s.client, &next);
	assert_int_equal(next.args.value, 30);
	sp_call_free(t.call);
	sp_call_free(other.call);
	sp_call_free(next.call);
	line_close(&a);
	line_close(&b);
	down(&s);
}

static void
call_that_has_not_left_is_cancelled_at_once_and_provably_did_not_run(void **state)
{
	struct trial_call t[2];
	struct stage s;

	up(&s, NULL);
	trial_start(&t[0], s.client, TRIAL_ADD, 1);
	trial_start(&t[1], s.client, TRIAL_ADD, 2);
	line_open(&s.peer, s.client, &a);
	line_expect(&a, s.client, PTYPE_BIND);
	sp_call_cancel(t[1].call);
	trial_run(s.client, &t[1]);
	assert_int_equal(t[1].status, RPC_S_CALL_CANCELLED);
	assert_true(t[1].error.did_not_execute);
	line_ack(&a, MPX, KEEPS, 77);
	answer(&s, &a, 10);
	trial_run(s.client, &t[0]);
	expect_silence(&s, &a);
	sp_call_free(t[0].call);
	sp_call_free(t[1].call);
	line_close(&a);
	down(&s);
}

static void
late_call_is_orphaned_and_two_silences_end_the_connection(void **state)
{
	struct sp_client_options options = {.communication_timeout = 30 * SP_MILLISECOND};
	struct trial_call t;
	struct stage s;

	up(&s, &options);
	trial_start(&t, s.client, TRIAL_ADD, 1);
	line_bound(&s.peer, s.client, &a, MPX, KEEPS);
	answer(&s, &a, 1);
	trial_run(s.client, &t);
	for (int i = 0; i < 2; i++) {
		trial_again(&t, TRIAL_ADD, 1);
		line_expect(&a, s.client, PTYPE_REQUEST);
		line_expect(&a, s.client, PTYPE_ORPHANED);
		trial_run(s.client, &t);
		assert_int_equal(t.status, RPC_S_CALL_CANCELLED);
		assert_int_equal(t.error.evidence, SP_EVIDENCE_TIMEOUT);
		assert_false(t.error.did_not_execute);
	}
	line_expect_close(&a, s.client);
	trial_again(&t, TRIAL_ADD, 1);
	line_bound(&s.peer, s.client, &b, MPX, KEEPS);
	answer(&s, &b, 2);
	trial_run(s.client, &t);
	assert_int_equal(t.args.value, 2);
	sp_call_free(t.call);
	line_close(&a);
	line_close(&b);
	down(&s);
}

static void
peer_that_stops_reading_loses_the_connection_and_not_the_client(void **state)
{
	static uint8_t bytes[8 << 20];
	struct sp_client_options options = {.communication_timeout = 60 * SP_MILLISECOND};
	struct trial_call t;
	struct stage s;

	up(&s, &options);
	trial_start(&t, s.client, TRIAL_ADD, 1);
	line_bound(&s.peer, s.client, &a, MPX, KEEPS);
	answer(&s, &a, 1);
	trial_run(s.client, &t);
	for (int i = 0; i < 2; i++) {
		t.ended = 0;
		t.args = (struct trial_args){1, sizeof(bytes), bytes};
		assert_int_equal(sp_call_start(t.call, &trial_interface, TRIAL_ADD, &t.args,
					 trial_done, &t, NULL),
			0);
		trial_run(s.client, &t);
		/* the first had begun to leave; the second waited behind it */
		assert_int_equal(t.status, i == 0 ? RPC_S_CALL_CANCELLED : RPC_S_CALL_FAILED_DNE);
	}
	for (int i = 0; i < 20 && sp_client_n_connections(s.client) > 0; i++)
		trial_turn(s.client, 2);
	assert_int_equal(sp_client_n_connections(s.client), 0);
	trial_again(&t, TRIAL_ADD, 1);
	line_bound(&s.peer, s.client, &b, MPX, KEEPS);
	answer(&s, &b, 2);
	trial_run(s.client, &t);
	assert_int_equal(t.args.value, 2);
	sp_call_free(t.call);
	line_close(&a);
	line_close(&b);
	down(&s);
}

/* --- once more, or never --- */

static void
call_that_never_left_is_tried_once_more_on_a_new_connection(void **state)
{
	struct trial_call t;
	struct stage s;

	up(&s, NULL);
	trial_start(&t, s.client, TRIAL_ADD, 1);
	line_open(&s.peer, s.client, &a);
	line_expect(&a, s.client, PTYPE_BIND);
	line_close(&a);
	line_bound(&s.peer, s.client, &b, MPX, KEEPS);
	answer(&s, &b, 2);
	trial_run(s.client, &t);
	assert_int_equal(t.args.value, 2);
	line_close(&b);
	/* and once only */
	sp_client_disconnect(s.client);
	trial_again(&t, TRIAL_ADD, 1);
	for (int i = 0; i < 2; i++) {
		line_open(&s.peer, s.client, &a);
		line_expect(&a, s.client, PTYPE_BIND);
		line_close(&a);
	}
	trial_run(s.client, &t);
	assert_int_equal(t.status, RPC_S_CALL_FAILED_DNE);
	assert_true(t.error.did_not_execute);
	assert_false(line_accepts(&s.peer, &c));
	sp_call_free(t.call);
	down(&s);
}

static void
call_that_left_is_never_tried_again(void **state)
{
	struct trial_call t;
	struct stage s;

	up(&s, NULL);
	begun(&s, &t, TRIAL_ADD, &a);
	line_close(&a);
	trial_run(s.client, &t);
	assert_int_equal(t.status, RPC_S_CALL_FAILED);
	assert_int_equal(t.error.evidence, SP_EVIDENCE_CLOSED);
	assert_false(t.error.did_not_execute);
	assert_false(line_accepts(&s.peer, &b));
	sp_call_free(t.call);
	down(&s);
}

static void
idempotent_call_is_tried_again_although_it_left(void **state)
{
	struct trial_call t;
	struct stage s;

	up(&s, NULL);
	begun(&s, &t, TRIAL_TWICE, &a);
	line_close(&a);
	line_bound(&s.peer, s.client, &b, MPX, KEEPS);
	answer(&s, &b, 2);
	trial_run(s.client, &t);
	assert_int_equal(t.args.value, 2);
	/* when the second try gets nowhere, the first may have run all the same */
	trial_again(&t, TRIAL_TWICE, 1);
	line_expect(&b, s.client, PTYPE_REQUEST);
	peer_down(&s.peer);
	line_close(&b);
	trial_run(s.client, &t);
	assert_int_equal(t.status, RPC_S_SERVER_UNAVAILABLE);
	assert_false(t.error.did_not_execute);
	sp_call_free(t.call);
	sp_client_free(s.client);
}

static void
fault_of_a_call_that_did_not_execute_says_so(void **state)
{
	struct trial_call t;
	struct stage s;

	up(&s, NULL);
	begun(&s, &t, TRIAL_ADD, &a);
	line_fault(&a, a.h.call_id, NCA_S_SERVER_TOO_BUSY, PFC_DID_NOT_EXECUTE);
	trial_run(s.client, &t);
	assert_int_equal(t.status, RPC_S_SERVER_TOO_BUSY);
	assert_true(t.error.did_not_execute);
	/* what is lost without a word of the server's own is tried again: nca_manager_not_entered is such a word */
	trial_again(&t, TRIAL_ADD, 1);
	line_expect(&a, s.client, PTYPE_REQUEST);
	line_fault(&a, a.h.call_id, 0x1c00000c, PFC_DID_NOT_EXECUTE);
	line_bound(&s.peer, s.client, &b, MPX, KEEPS);
	answer(&s, &b, 2);
	trial_run(s.client, &t);
	assert_int_equal(t.args.value, 2);
	sp_call_free(t.call);
	line_close(&a);
	line_close(&b);
	down(&s);
}

static void
server_that_says_shutdown_finishes_and_gets_nothing_new(void **state)
{
	struct trial_call t, next;
	struct stage s;

	up(&s, NULL);
	begun(&s, &t, TRIAL_ADD, &a);
	line_shutdown(&a);
	for (int i = 0; i < 5; i++)
		trial_turn(s.client, 2);
	trial_start(&next, s.client, TRIAL_ADD, 2);
	requested(&s, &b);
	line_respond(&a, a.h.call_id, 10);
	line_respond(&b, b.h.call_id, 20);
	trial_run(s.client, &t);
	trial_run(s.client, &next);
	assert_int_equal(t.args.value, 10);
	assert_int_equal(next.args.value, 20);
	line_expect_close(&a, s.client);
	sp_call_free(t.call);
	sp_call_free(next.call);
	line_close(&a);
	line_close(&b);
	down(&s);
}

static void
connection_that_was_closed_while_idle_is_replaced_without_a_word(void **state)
{
	struct trial_call t;
	struct stage s;

	up(&s, NULL);
	trial_start(&t, s.client, TRIAL_ADD, 1);
	line_bound(&s.peer, s.client, &a, MPX, KEEPS);
	answer(&s, &a, 2);
	trial_run(s.client, &t);
	line_close(&a);
	usleep(5000); /* nobody polls meanwhile, as between blocking calls */
	trial_again(&t, TRIAL_ADD, 5);
	line_bound(&s.peer, s.client, &b, MPX, KEEPS);
	answer(&s, &b, 6);
	trial_run(s.client, &t);
	assert_int_equal(t.args.value, 6);
	sp_call_free(t.call);
	line_close(&b);
	down(&s);
}

/* --- idle connections --- */

static void
idle_connections_are_closed_but_for_the_last(void **state)
{
	struct sp_client_options options = {.idle_timeout = 40 * SP_MILLISECOND};
	struct trial_call t[2];
	struct stage s;

	up(&s, &options);
	trial_start(&t[0], s.client, TRIAL_ADD, 1);
	trial_start(&t[1], s.client, TRIAL_ADD, 2);
	line_bound(&s.peer, s.client, &a, 0, KEEPS);
	line_expect(&a, s.client, PTYPE_REQUEST);
	line_bound(&s.peer, s.client, &b, 0, KEEPS);
	line_expect(&b, s.client, PTYPE_REQUEST);
	line_respond(&a, a.h.call_id, 1);
	line_respond(&b, b.h.call_id, 2);
	trial_run(s.client, &t[0]);
	trial_run(s.client, &t[1]);
	assert_int_equal(sp_client_n_connections(s.client), 2);
	for (sp_nanos until = time_now() + 150 * SP_MILLISECOND; time_now() < until;)
		trial_turn(s.client, 10);
	assert_int_equal(sp_client_n_connections(s.client), 1);
	sp_call_free(t[0].call);
	sp_call_free(t[1].call);
	line_close(&a);
	line_close(&b);
	down(&s);
}

static void
last_idle_connection_is_closed_on_demand(void **state)
{
	struct sp_client_options options = {
		.idle_timeout = 20 * SP_MILLISECOND, .idle_closes_last = true};
	struct trial_call t;
	struct stage s;

	up(&s, &options);
	trial_start(&t, s.client, TRIAL_ADD, 1);
	line_bound(&s.peer, s.client, &a, MPX, KEEPS);
	answer(&s, &a, 1);
	trial_run(s.client, &t);
	line_expect_close(&a, s.client);
	assert_int_equal(sp_client_n_connections(s.client), 0);
	sp_call_free(t.call);
	line_close(&a);
	down(&s);
}

/* --- other peers --- */

static void
big_endian_server_is_understood(void **state)
{
	struct trial_call t;
	struct stage s;

	up(&s, NULL);
	trial_start(&t, s.client, TRIAL_ADD, 1);
	line_open(&s.peer, s.client, &a);
	line_expect(&a, s.client, PTYPE_BIND);
	a.big_endian = true;
	line_ack(&a, MPX, KEEPS, 77);
	answer(&s, &a, 0x01020304);
	trial_run(s.client, &t);
	assert_int_equal(t.status, 0);
	assert_int_equal(t.args.value, 0x01020304);
	trial_again(&t, TRIAL_ADD, 1);
	line_expect(&a, s.client, PTYPE_REQUEST);
	line_fault(&a, a.h.call_id, NCA_S_FAULT_CONTEXT_MISMATCH, 0);
	trial_run(s.client, &t);
	assert_int_equal(t.status, RPC_X_SS_CONTEXT_MISMATCH);
	assert_int_equal(t.error.fault_status, NCA_S_FAULT_CONTEXT_MISMATCH);
	sp_call_free(t.call);
	line_close(&a);
	down(&s);
}

static void
verification_trailer_says_what_the_request_is_also_when_it_is_sent_again(void **state)
{
	struct sp_client_options options = {.verification_trailer = true};
	struct verification v;
	struct trial_call t;
	struct stage s;

	up(&s, &options);
	trial_start(&t, s.client, TRIAL_TWICE, 1);
	for (int i = 0; i < 2; i++) {
		requested(&s, &a);
		assert_int_equal(a.h.frag_len, PDU_REQUEST_SIZE + 8 + 72);
		assert_int_equal(
			verification_get(a.pdu + PDU_REQUEST_SIZE + 8, 72, &v), VERIFICATION_FOUND);
		assert_true(v.has_header2 && v.has_pcontext);
		assert_int_equal(v.call_id, a.h.call_id);
		assert_int_equal(v.opnum, TRIAL_TWICE);
		assert_memory_equal(&v.interface, &trial_interface.id, sizeof(v.interface));
		if (i == 0)
			line_close(&a);
	}
	line_respond(&a, a.h.call_id, 2);
	trial_run(s.client, &t);
	assert_int_equal(t.status, 0);
	sp_call_free(t.call);
	line_close(&a);
	down(&s);
}

/* A fragment of an answer with 16 bytes of stub data. */
static void
respond_part(struct line *l, uint32_t call_id, uint8_t flags)
{
	struct response_fixed fixed = {0};
	struct pdu_header h = line_header(l, PTYPE_RESPONSE, flags, call_id);
	uint8_t room[64];
	struct wire_out out = line_out(l, room, sizeof(room));

	response_fixed_put(&out, &h, &fixed);
	wire_out_zero(&out, 16);
	pdu_put_end(&out, 0);
	line_send(l, &out);
}

static void
oversized_answer_fails_its_own_call_and_no_other(void **state)
{
	struct sp_client_options options = {.max_reply = 16};
	struct trial_call t[4];
	struct stage s;
	uint32_t ids[4];

	up(&s, &options);
	for (int i = 0; i < 3; i++)
		trial_start(&t[i], s.client, TRIAL_ADD, 1);
	requested(&s, &a);
	ids[0] = a.h.call_id;
	for (int i = 1; i < 3; i++) {
		line_expect(&a, s.client, PTYPE_REQUEST);
		ids[i] = a.h.call_id;
	}
	/* of two answers whose fragments are mixed the longer one ends its call; its rest is skipped */
	respond_part(&a, ids[1], PFC_FIRST_FRAG);
	respond_part(&a, ids[1], 0);
	trial_run(s.client, &t[1]);
	assert_int_equal(t[1].status, RPC_S_OUT_OF_RESOURCES);
	assert_non_null(strstr(t[1].error.sentence, "max_reply"));
	line_expect(&a, s.client, PTYPE_ORPHANED);
	assert_int_equal(a.h.call_id, ids[1]);
	line_respond(&a, ids[0], 10);
	respond_part(&a, ids[1], 0);
	respond_part(&a, ids[1], PFC_LAST_FRAG);
	line_respond(&a, ids[2], 12);
	trial_run(s.client, &t[0]);
	trial_run(s.client, &t[2]);
	assert_int_equal(t[0].args.value, 10);
	assert_int_equal(t[2].args.value, 12);
	/* and the connection goes on */
	trial_start(&t[3], s.client, TRIAL_ADD, 3);
	line_expect(&a, s.client, PTYPE_REQUEST);
	line_respond(&a, a.h.call_id, 13);
	trial_run(s.client, &t[3]);
	assert_int_equal(t[3].args.value, 13);
	assert_int_equal(sp_client_n_connections(s.client), 1);
	for (int i = 0; i < 4; i++)
		sp_call_free(t[i].call);
	line_close(&a);
	down(&s);
}

static void
silent_connections_are_probed_as_the_level_says(void **state)
{
	static const struct {
		sp_nanos option;
		int on, idle;
	} rows[] = {{0, 1, 720}, {SP_KEEP_ALIVE_LEVEL(0), 1, 120},
		{SP_KEEP_ALIVE_LEVEL(9), 1, 1200}, {SP_NEVER, 0, 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_client_options options = {.keep_alive = rows[i].option};
		socklen_t len = sizeof(int);
		int on = -1, idle = -1, interval = -1;
		struct trial_call t;
		struct stage s;

		up(&s, &options);
		trial_start(&t, s.client, TRIAL_ADD, 1);
		requested(&s, &a);
		int fd = list_entry(s.client->sessions.next, struct session, node)->link.fd;
		getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &len);
		getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, &len);
		getsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, &len);
		assert_int_equal(on, rows[i].on);
		if (on) {
			assert_int_equal(idle, rows[i].idle);
			assert_int_equal(interval, 1);
		}
		sp_call_free(t.call);
		line_close(&a);
		down(&s);
	}
}

static void
nak_of_the_first_connection_ends_the_calls_with_its_reason(void **state)
{
	struct trial_call t;
	struct stage s;

	up(&s, NULL);
	trial_start(&t, s.client, TRIAL_ADD, 1);
	line_open(&s.peer, s.client, &a);
	line_expect(&a, s.client, PTYPE_BIND);
	line_nak(&a, NAK_TEMPORARY_CONGESTION);
	trial_run(s.client, &t);
	assert_int_equal(t.status, RPC_S_SERVER_TOO_BUSY);
	assert_int_equal(t.error.evidence, SP_EVIDENCE_BIND_NAK);
	assert_int_equal(t.error.nak_reason, NAK_TEMPORARY_CONGESTION);
	assert_true(t.error.did_not_execute);
	assert_false(line_accepts(&s.peer, &b));
	sp_call_free(t.call);
	line_close(&a);
	down(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_of_one_connection_come_in_any_order),
		cmocka_unit_test(without_multiplexing_calls_spread_over_connections_of_one_group),
		cmocka_unit_test(
			server_that_refuses_a_second_connection_gets_one_call_after_the_other),
		cmocka_unit_test(cancelled_call_may_still_be_answered_within_its_grace),
		cmocka_unit_test(after_the_grace_the_call_is_orphaned_and_the_connection_goes_on),
		cmocka_unit_test(
			without_the_feature_an_orphan_ends_its_connection_after_the_others),
		cmocka_unit_test(
			call_that_has_not_left_is_cancelled_at_once_and_provably_did_not_run),
		cmocka_unit_test(late_call_is_orphaned_and_two_silences_end_the_connection),
		cmocka_unit_test(peer_that_stops_reading_loses_the_connection_and_not_the_client),
		cmocka_unit_test(call_that_never_left_is_tried_once_more_on_a_new_connection),
		cmocka_unit_test(call_that_left_is_never_tried_again),
		cmocka_unit_test(idempotent_call_is_tried_again_although_it_left),
		cmocka_unit_test(fault_of_a_call_that_did_not_execute_says_so),
		cmocka_unit_test(server_that_says_shutdown_finishes_and_gets_nothing_new),
		cmocka_unit_test(connection_that_was_closed_while_idle_is_replaced_without_a_word),
		cmocka_unit_test(idle_connections_are_closed_but_for_the_last),
		cmocka_unit_test(last_idle_connection_is_closed_on_demand),
		cmocka_unit_test(big_endian_server_is_understood),
		cmocka_unit_test(
			verification_trailer_says_what_the_request_is_also_when_it_is_sent_again),
		cmocka_unit_test(oversized_answer_fails_its_own_call_and_no_other),
		cmocka_unit_test(silent_connections_are_probed_as_the_level_says),
		cmocka_unit_test(nak_of_the_first_connection_ends_the_calls_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
