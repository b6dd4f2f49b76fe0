/* SPDX-License-Identifier: MIT */
/* The way to a server, where it is blocked: names, queues, and servers that do not keep to what they are asked. */
#include <sys/socket.h>
#include <sys/un.h>

#include "net/local.h"
#include "rpc/trial.h"

static void
names_that_take_too_long_are_a_timeout_of_their_phase(void **state)
{
	const struct sp_client_options options = {.resolve_timeout = 1};
	struct sp_error err = {0};
	struct trial_server s;
	char binding[80];
	sp_status status = 0;

	trial_server_up(&s, NULL);
	snprintf(binding, sizeof(binding), "ncacn_ip_tcp:localhost[%u]", s.port);
	/* on a busy machine the resolver may be done before anybody looks at the clock */
	for (int i = 0; i < 1000 && !status; i++) {
		sp_client *client = trial_client(binding, &options);
		sp_call *call = sp_call_new(client);
		struct trial_args args = {.value = 1};

		status = sp_call_invoke(call, &trial_interface, TRIAL_ADD, &args, &err);
		sp_call_free(call);
		sp_client_free(client);
	}
	assert_int_equal(status, RPC_S_SERVER_UNAVAILABLE);
	assert_int_equal(err.phase, SP_PHASE_NAME_RESOLUTION);
	assert_int_equal(err.evidence, SP_EVIDENCE_TIMEOUT);
	assert_non_null(strstr(err.sentence, "the name servers do not answer"));
	usleep(200000); /* the resolver's thread frees what it holds, and the leak checker watches */
	trial_server_down(&s);
}

/* --- a queue of callers that is full --- */

struct queue {
	char dir[40], binding[80], path[LOCAL_PATH];
	int listener, callers[64];
	unsigned n;
};

static void
queue_fill(struct queue *q)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	strcpy(q->dir, "/tmp/sallyport-dial-XXXXXX");
	assert_non_null(mkdtemp(q->dir));
	assert_true(local_path(q->dir, "queue", q->path));
	strcpy(q->binding, "ncalrpc:[queue]");
	strcpy(to.sun_path, q->path);
	q->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(q->listener, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(listen(q->listener, 0), 0);
	for (q->n = 0;; q->n++) {
		q->callers[q->n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(q->callers[q->n], (struct sockaddr *)&to, sizeof(to)))
			break;
	}
	assert_int_equal(errno, EAGAIN);
	close(q->callers[q->n]);
}

/* How many of those who wait are let in. */
static unsigned
queue_accept(struct queue *q)
{
	unsigned n = 0;
	int fd;

	while ((fd = accept(q->listener, NULL, NULL)) >= 0) {
		close(fd);
		n++;
	}
	return n;
}

static void
queue_end(struct queue *q)
{
	for (unsigned i = 0; i < q->n; i++)
		close(q->callers[i]);
	close(q->listener);
	unlink(q->path);
	assert_int_equal(rmdir(q->dir), 0);
}

static void
full_queue_of_a_local_server_is_waited_for(void **state)
{
	struct sp_client_options options = {0};
	sp_nanos until = time_now() + TRIAL_PATIENCE;
	struct trial_call t;
	unsigned accepted;
	struct queue q;

	queue_fill(&q);
	options.ncalrpc_dir = q.dir;
	sp_client *client = trial_client(q.binding, &options);
	trial_start(&t, client, TRIAL_ADD, 1);
	for (int i = 0; i < 20; i++)
		trial_turn(client, 1);
	assert_int_equal(t.ended, 0);
	accepted = queue_accept(&q);
	assert_int_equal(accepted, q.n);
	while (accepted == q.n) {
		assert_true(time_now() < until);
		trial_turn(client, 5);
		accepted += queue_accept(&q);
	}
	trial_run(client, &t); /* it came in, and was shown the door */
	assert_int_not_equal(t.status, 0);
	sp_call_free(t.call);
	sp_client_free(client);
	queue_end(&q);
}

static void
full_queue_of_a_local_server_is_not_waited_for_without_end(void **state)
{
	struct sp_client_options options = {.connect_timeout = 30 * SP_MILLISECOND};
	struct trial_call t;
	struct queue q;

	queue_fill(&q);
	options.ncalrpc_dir = q.dir;
	sp_client *client = trial_client(q.binding, &options);
	trial_start(&t, client, TRIAL_ADD, 1);
	trial_run(client, &t);
	assert_int_equal(t.status, RPC_S_SERVER_UNAVAILABLE);
	assert_int_equal(t.error.phase, SP_PHASE_TCP_SESSION);
	assert_non_null(strstr(t.error.sentence, "does not let anybody in"));
	sp_call_free(t.call);
	sp_client_free(client);
	queue_end(&q);
}

/* --- servers that are others than one thinks --- */

static void
answer_that_breaks_off_is_told_with_its_place(void **state)
{
	struct response_fixed fixed = {0};
	struct trial_call t;
	uint8_t room[64];
	struct line l;
	struct peer p;

	peer_up(&p);
	sp_client *client = trial_client(p.binding, NULL);
	trial_start(&t, client, TRIAL_ADD, 1);
	line_bound(&p, client, &l, 0, 0);
	line_expect(&l, client, PTYPE_REQUEST);
	struct pdu_header h = line_header(&l, PTYPE_RESPONSE, 3, l.h.call_id);
	struct wire_out out = line_out(&l, room, sizeof(room));
	response_fixed_put(&out, &h, &fixed);
	wire_out_u32(&out, 2);
	wire_out_u32(&out, 1000); /* so many bytes do not follow */
	pdu_put_end(&out, 0);
	line_send(&l, &out);
	trial_run(client, &t);
	assert_int_equal(t.status, RPC_X_BAD_STUB_DATA);
	assert_int_equal(t.error.phase, SP_PHASE_COMMUNICATION);
	assert_int_equal(t.error.evidence, SP_EVIDENCE_PROTOCOL);
	assert_non_null(strstr(t.error.sentence, "trial.add"));
	assert_non_null(strstr(t.error.sentence, "breaks off"));
	/* the connection is sound */
	trial_again(&t, TRIAL_ADD, 5);
	line_expect(&l, client, PTYPE_REQUEST);
	line_respond(&l, l.h.call_id, 6);
	trial_run(client, &t);
	assert_int_equal(t.status, 0);
	assert_int_equal(t.args.value, 6);
	sp_call_free(t.call);
	sp_client_free(client);
	line_close(&l);
	peer_down(&p);
}

static void
object_of_the_binding_goes_with_every_request(void **state)
{
	static const uint8_t wanted[16] = {4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16};
	char binding[120];
	struct trial_call t;
	struct line l;
	struct peer p;

	peer_up(&p);
	snprintf(binding, sizeof(binding), "01020304-0506-0708-090a-0b0c0d0e0f10@%s", p.binding);
	sp_client *client = trial_client(binding, NULL);
	trial_start(&t, client, TRIAL_ADD, 1);
	line_bound(&p, client, &l, 0, 0);
	for (uint32_t i = 0; i < 2; i++) {
		line_expect(&l, client, PTYPE_REQUEST);
		assert_true(l.h.flags & PFC_OBJECT_UUID);
		assert_memory_equal(l.pdu + PDU_REQUEST_SIZE, wanted, sizeof(wanted));
		line_respond(&l, l.h.call_id, 2 + i);
		trial_run(client, &t);
		assert_int_equal(t.status, 0);
		assert_int_equal(t.args.value, 2 + i);
		if (i == 0)
			trial_again(&t, TRIAL_ADD, 2);
	}
	sp_call_free(t.call);
	sp_client_free(client);
	line_close(&l);
	peer_down(&p);
}

static void
server_that_forgets_about_security_gets_no_call(void **state)
{
	static const struct sp_security alice = {.provider = SP_AUTH_NTLM,
		.level = SP_LEVEL_PRIVACY,
		.user = "alice",
		.password = "secret"};
	struct sp_error err;
	struct trial_call t;
	struct line l;
	struct peer p;

	peer_up(&p);
	sp_client *client = trial_client(p.binding, NULL);
	assert_int_equal(sp_client_secure(client, &alice, &err), 0);
	trial_start(&t, client, TRIAL_ADD, 1);
	line_bound(&p, client, &l, 0, 0); /* a bind_ack as if nobody had asked for anything */
	trial_run(client, &t);
	assert_int_equal(t.status, RPC_S_SEC_PKG_ERROR);
	assert_int_equal(t.error.evidence, SP_EVIDENCE_PROTOCOL);
	assert_non_null(strstr(t.error.sentence, "does not answer the logon"));
	line_expect_close(&l, client);
	sp_call_free(t.call);
	sp_client_free(client);
	line_close(&l);
	peer_down(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_take_too_long_are_a_timeout_of_their_phase),
		cmocka_unit_test(full_queue_of_a_local_server_is_waited_for),
		cmocka_unit_test(full_queue_of_a_local_server_is_not_waited_for_without_end),
		cmocka_unit_test(answer_that_breaks_off_is_told_with_its_place),
		cmocka_unit_test(object_of_the_binding_goes_with_every_request),
		cmocka_unit_test(server_that_forgets_about_security_gets_no_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
