/* SPDX-License-Identifier: MIT */
/* What a server says about itself: every operation of the management interface, and counters that add up. */
#include "mgmt.h"
#include "rpc/trial.h"

static sp_client *
client_of(const struct trial_server *s)
{
	return trial_client(s->tcp, NULL);
}

/* --- operations --- */

static void
interfaces_are_told(void **state)
{
	struct rpc_if_id_vector *ids = NULL;
	struct trial_server s;
	struct sp_error err;
	uint32_t status = 1;
	bool found = false;

	trial_server_up(&s, NULL);
	sp_client *client = client_of(&s);
	sp_call *call = sp_call_new(client);
	assert_int_equal(mgmt_inq_if_ids(call, &ids, &status, &err), 0);
	assert_int_equal(status, RPC_S_OK);
	assert_int_equal(ids->count, 2); /* itself and the trial */
	for (uint32_t i = 0; i < ids->count; i++)
		found |= sp_uuid_equal(&ids->if_id[i]->uuid, &trial_interface.id.uuid) &&
			 ids->if_id[i]->vers_major == 1;
	assert_true(found);
	sp_call_free(call);
	sp_client_free(client);
	trial_server_down(&s);
}

/* [MS-RPCE] 2.2.1.3.2 and 2.2.1.3.3: 0 to 50 are asked for, and there are four */
static void
count_of_statistics_is_lowered_and_has_a_range(void **state)
{
	static const uint32_t counts[] = {0, 1, 3, 4, 5, 50};
	uint32_t values[50], n, status;
	struct trial_server s;
	struct sp_error err;

	trial_server_up(&s, NULL);
	sp_client *client = client_of(&s);
	sp_call *call = sp_call_new(client);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		n = counts[i];
		memset(values, 0xee, sizeof(values));
		assert_int_equal(mgmt_inq_stats(call, &n, values, &status, &err), 0);
		assert_int_equal(n, counts[i] < 4 ? counts[i] : 4);
		assert_int_equal(status, RPC_S_OK);
		assert_int_equal(n > 0 ? values[0] : i + 1, i + 1); /* calls in, this one too */
		assert_int_equal(values[n], 0xeeeeeeee);
	}
	sp_call_free(call);

	/* our own stub would not send it: count 51 by hand */
	const uint8_t stub[4] = {51};
	const void *answer;
	size_t len;
	bool big_endian;
	call = sp_call_new(client);
	assert_int_equal(sp_call_raw(call, &mgmt_client_interface.id, 1, stub, sizeof(stub),
				 &answer, &len, &big_endian, &err),
		RPC_X_BAD_STUB_DATA);
	sp_call_free(call);
	sp_client_free(client);
	trial_server_down(&s);
}

static void
others_answer_as_windows_does(void **state)
{
	struct trial_server s;
	struct sp_error err;
	uint32_t status = 99, listening = 0;
	char name[32] = "x";

	trial_server_up(&s, NULL);
	sp_client *client = client_of(&s);
	sp_call *call = sp_call_new(client);
	assert_int_equal(mgmt_is_server_listening(call, &status, &listening, &err), 0);
	assert_int_equal(status, RPC_S_OK);
	assert_int_equal(listening, 1);
	assert_int_equal(mgmt_stop_server_listening(call, &status, &err), 0);
	assert_int_equal(status, ERROR_ACCESS_DENIED); /* nobody from afar */
	assert_int_equal(mgmt_inq_princ_name(call, 10, sizeof(name), name, &status, &err), 0);
	assert_int_equal(status, RPC_S_UNKNOWN_AUTHN_SERVICE);
	assert_string_equal(name, "");
	assert_int_equal(
		mgmt_inq_princ_name(call, 10, 0, name, &status, &err), RPC_X_BAD_STUB_DATA);
	sp_call_free(call);
	sp_client_free(client);
	trial_server_down(&s);
}

/* --- counters --- */

#define CLIENTS 4
#define ROUNDS 40
#define BURST 16

/* A client made by hand, which counts what it sends and receives. */
struct teller {
	const struct trial_server *server;
	unsigned number;
	uint64_t calls, sent, received;
};

static void
teller_send(struct teller *t, struct line *l, struct wire_out *out)
{
	line_send(l, out);
	t->sent++;
}

static void
teller_await(struct teller *t, struct line *l, unsigned ptype)
{
	sp_nanos until = time_now() + TRIAL_PATIENCE;
	short revents;

	while (!line_take(l)) {
		assert_true(!l->closed && time_now() < until);
		(void)!pipe_wait(l->fd, POLLIN, until, &revents);
	}
	t->received++;
	assert_int_equal(l->h.ptype, ptype);
}

static void
teller_bind(struct teller *t, struct line *l)
{
	struct pdu_header h = line_header(l, PTYPE_BIND, 3 | PFC_CONC_MPX, 1);
	struct bind_fixed bind = {5840, 5840, 0, 1};
	struct bind_context context = {
		.n_transfers = 1, .abstract = trial_interface.id, .put_transfers = &SYNTAX_NDR};
	struct address address;
	uint8_t room[256];
	struct wire_out out = line_out(l, room, sizeof(room));

	assert_true(address_parse("127.0.0.1", t->server->port, &address));
	assert_int_equal(tcp_connect(&address, &l->fd), 0);
	assert_int_equal(pipe_connected(l->fd, time_now() + TRIAL_PATIENCE), 0);
	assert_true(bind_put(&out, &h, &bind, &context));
	teller_send(t, l, &out);
	teller_await(t, l, PTYPE_BIND_ACK);
}

/* One call, in two fragments where it is said. */
static void
teller_request(struct teller *t, struct line *l, uint32_t id, uint16_t opnum, bool in_two)
{
	struct request_fixed request = {.opnum = opnum};

	for (int part = in_two ? 0 : 1; part < 2; part++) {
		uint8_t flags = (part == 0 || !in_two ? PFC_FIRST_FRAG : 0) |
				(part == 1 ? PFC_LAST_FRAG : 0);
		struct pdu_header h = line_header(l, PTYPE_REQUEST, flags, id);
		uint8_t room[64];
		struct wire_out out = line_out(l, room, sizeof(room));

		request_fixed_put(&out, &h, &request);
		if (part == 0 || !in_two) {
			wire_out_u32(&out, 1);
			wire_out_u32(&out, 0);
		}
		if (part == 1 && in_two)
			wire_out_u32(&out, 0); /* padding behind the arguments */
		assert_true(pdu_put_end(&out, 0));
		teller_send(t, l, &out);
	}
	t->calls++;
}

static void *
teller_main(void *arg)
{
	struct teller *t = arg;

	for (unsigned k = 0; k < 3; k++) {
		struct line *l = calloc(1, sizeof(*l));

		teller_bind(t, l);
		for (unsigned r = 0; r < ROUNDS; r++) {
			/* good calls, calls out of range, deferred ones; all under way at once */
			for (unsigned i = 0; i < BURST; i++)
				teller_request(t, l, 2 + i,
					i % 5 == 4   ? 77
					: i % 7 == 6 ? TRIAL_LATER
						     : TRIAL_ADD,
					i % 3 == 0);
			for (unsigned i = 0; i < BURST; i++) {
				sp_nanos until = time_now() + TRIAL_PATIENCE;
				short revents;

				while (!line_take(l)) {
					assert_true(!l->closed && time_now() < until);
					(void)!pipe_wait(l->fd, POLLIN, until, &revents);
				}
				t->received++;
			}
		}
		pipe_close(l->fd);
		free(l);
	}
	return NULL;
}

static void
expect_counters(sp_client *client, uint64_t calls, uint64_t in, uint64_t out)
{
	uint32_t values[4] = {0}, n = 4, status;
	sp_nanos until = time_now() + TRIAL_PATIENCE;
	sp_call *call = sp_call_new(client);
	uint64_t asked = 0;

	do { /* what has been received was sent, but the one who sent it may not have counted it yet */
		asked++;
		assert_int_equal(mgmt_inq_stats(call, &n, values, &status, NULL), 0);
		assert_true(values[0] == calls + asked);
		assert_true(values[1] <= calls + asked - 1);
		assert_true(values[2] == in + 1 + asked);
		assert_true(values[3] <= out + asked);
	} while (
		(values[1] != calls + asked - 1 || values[3] != out + asked) && time_now() < until);
	assert_int_equal(values[1], calls + asked - 1);
	assert_int_equal(values[3], out + asked);
	sp_call_free(call);
}

static void
counters_equal_what_many_clients_sent_and_received(void **state)
{
	struct teller tellers[CLIENTS] = {0};
	uint64_t calls = 0, sent = 0, received = 0;
	pthread_t threads[CLIENTS];
	struct trial_server s;

	trial_server_up(&s, NULL);
	for (unsigned i = 0; i < CLIENTS; i++) {
		tellers[i] = (struct teller){.server = &s, .number = i};
		pthread_create(&threads[i], NULL, teller_main, &tellers[i]);
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		pthread_join(threads[i], NULL);
		calls += tellers[i].calls;
		sent += tellers[i].sent;
		received += tellers[i].received;
	}
	assert_int_equal(calls, 3 * CLIENTS * ROUNDS * BURST);
	assert_int_equal(received, calls + 3 * CLIENTS);
	assert_true(sent > received);
	sp_client *client = client_of(&s);
	expect_counters(client, calls, sent, received);
	print_message("%u calls, %u packets in, %u out\n", (unsigned)calls, (unsigned)sent,
		(unsigned)received);
	sp_client_free(client);
	trial_server_down(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_are_told),
		cmocka_unit_test(count_of_statistics_is_lowered_and_has_a_range),
		cmocka_unit_test(others_answer_as_windows_does),
		cmocka_unit_test(counters_equal_what_many_clients_sent_and_received),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
