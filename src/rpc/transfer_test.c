/* SPDX-License-Identifier: MIT */
/* Which transfer syntax is spoken, by every wish of a client and of a server. */
#include "rpc/trial.h"

#include "rpc/call.h"

#define NOTHING 4 /* no syntax in common */

/* --- an interface whose stub data is different in the two syntaxes: a count and as many bytes --- */

struct args {
	uint32_t n;
	uint8_t *bytes;
};

static unsigned pushes; /* of arguments */
static atomic_uint heard;

static void
args_push(struct sp_push *p, const void *v)
{
	const struct args *a = v;

	sp_push_count(p, a->n);
	sp_push_bytes(p, a->bytes, a->n);
}

static void
args_push_in(struct sp_push *p, const void *v)
{
	pushes++;
	args_push(p, v);
}

static void
args_pull(struct sp_pull *p, void *v)
{
	struct args *a = v;

	a->n = sp_pull_count(p, 1);
	a->bytes = sp_pull_alloc(p, a->n, 1);
	if (a->bytes)
		sp_pull_bytes(p, a->bytes, a->n);
}

static sp_status
echo(sp_call *call, const void *handlers, void *v)
{
	(void)handlers;
	(void)v;
	atomic_store(&heard, call->is_ndr64);
	return 0;
}

static const struct sp_operation operations[] = {{"echo", sizeof(struct args), 0, args_push_in,
	args_pull, args_push, args_pull, echo, NULL, 0}};

static const struct sp_interface interface = {
	.abi = SP_STUB_ABI,
	.name = "bytes",
	.id = {{0xb17e5, 0x4321, 0x1234, {0x80, 0x02}, {1, 2, 3, 4, 5, 6}}, 1, 0},
	.n_operations = 1,
	.operations = operations,
};

struct stage {
	sp_server *server;
	char dir[64];
};

static void
server_up(struct stage *s, enum sp_transfer transfer)
{
	const struct sp_server_options options = {
		.ncalrpc_dir = s->dir, .no_mapper = true, .transfer = transfer};
	struct sp_error err;

	assert_int_equal(sp_server_new(&options, &s->server, &err), 0);
	assert_int_equal(sp_server_use_protseq(s->server, "ncalrpc", "bytes", NULL, &err), 0);
	assert_int_equal(sp_server_register(s->server, &interface, NULL, NULL, &err), 0);
	assert_int_equal(sp_server_start(s->server, 1, &err), 0);
}

static void
stage_up(struct stage *s, enum sp_transfer transfer)
{
	strcpy(s->dir, "/tmp/sallyport-transfer-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	server_up(s, transfer);
}

static void
stage_down(struct stage *s)
{
	sp_server_free(s->server);
	assert_int_equal(rmdir(s->dir), 0);
}

static sp_client *
client_of(const struct stage *s, enum sp_transfer transfer)
{
	const struct sp_client_options options = {.ncalrpc_dir = s->dir, .transfer = transfer};
	struct sp_error err;
	sp_client *client;

	assert_int_equal(sp_client_new("ncalrpc:[bytes]", &options, &client, &err), 0);
	return client;
}

static sp_status
ask(sp_client *client)
{
	uint8_t bytes[] = {1, 2, 3, 4, 5};
	struct args args = {sizeof(bytes), bytes};
	sp_call *call = sp_call_new(client);
	sp_status status;

	assert_non_null(call);
	pushes = 0;
	status = sp_call_invoke(call, &interface, 0, &args, NULL);
	if (!status) {
		assert_int_equal(args.n, sizeof(bytes));
		assert_memory_equal(args.bytes, "\1\2\3\4\5", 5);
	}
	sp_call_free(call);
	return status;
}

/* --- */

static void
server_chooses_what_it_prefers_or_what_the_client_names_first(void **state)
{
	/* by the client's wish, then by the server's: NDR_FIRST, NDR64_FIRST, NDR, NDR64 */
	static const int spoken[4][4] = {
		{SP_TRANSFER_NDR, SP_TRANSFER_NDR64, SP_TRANSFER_NDR, SP_TRANSFER_NDR64},
		{SP_TRANSFER_NDR, SP_TRANSFER_NDR64, SP_TRANSFER_NDR, SP_TRANSFER_NDR64},
		{SP_TRANSFER_NDR, SP_TRANSFER_NDR, SP_TRANSFER_NDR, NOTHING},
		{SP_TRANSFER_NDR64, SP_TRANSFER_NDR64, NOTHING, SP_TRANSFER_NDR64}};
	struct stage s;

	(void)state;
	for (int theirs = 0; theirs < 4; theirs++) {
		stage_up(&s, (enum sp_transfer)theirs);
		for (int ours = 0; ours < 4; ours++) {
			sp_client *client = client_of(&s, (enum sp_transfer)ours);
			sp_status status = ask(client);

			if (spoken[ours][theirs] == NOTHING) {
				assert_int_equal(status, RPC_S_UNSUPPORTED_TRANS_SYN);
			} else {
				assert_int_equal(status, 0);
				assert_int_equal(atomic_load(&heard),
					spoken[ours][theirs] == SP_TRANSFER_NDR64);
			}
			sp_client_free(client);
		}
		stage_down(&s);
	}
}

static void
arguments_are_made_in_both_syntaxes_until_the_server_has_chosen(void **state)
{
	struct stage s;
	sp_client *client;

	(void)state;
	stage_up(&s, SP_TRANSFER_NDR64_FIRST);
	client = client_of(&s, SP_TRANSFER_NDR_FIRST);
	assert_int_equal(ask(client), 0);
	assert_int_equal(pushes, 2);
	assert_int_equal(ask(client), 0);
	assert_int_equal(pushes, 1);
	assert_int_equal(atomic_load(&heard), true);
	sp_client_disconnect(client);
	assert_int_equal(ask(client), 0);
	assert_int_equal(pushes, 2);
	sp_client_free(client);
	stage_down(&s);
}

static void
a_bind_learns_the_choice_before_the_first_call(void **state)
{
	struct stage s;
	sp_client *client;

	(void)state;
	stage_up(&s, SP_TRANSFER_NDR_FIRST);
	client = client_of(&s, SP_TRANSFER_NDR64_FIRST);
	assert_int_equal(sp_client_bind(client, &interface.id, NULL), 0);
	assert_int_equal(ask(client), 0);
	assert_int_equal(pushes, 1);
	assert_int_equal(atomic_load(&heard), false);
	sp_client_free(client);
	stage_down(&s);
}

static void
another_server_that_chooses_otherwise_ends_one_call(void **state)
{
	struct stage s;
	sp_client *client;

	(void)state;
	stage_up(&s, SP_TRANSFER_NDR);
	client = client_of(&s, SP_TRANSFER_NDR_FIRST);
	assert_int_equal(ask(client), 0);
	sp_server_free(s.server);
	server_up(&s, SP_TRANSFER_NDR64);
	assert_int_equal(ask(client), RPC_S_UNSUPPORTED_TRANS_SYN);
	assert_int_equal(ask(client), 0);
	assert_int_equal(pushes, 2);
	assert_int_equal(atomic_load(&heard), true);
	sp_client_free(client);
	stage_down(&s);
}

static void
raw_calls_are_ndr(void **state)
{
	static const uint8_t stub[] = {3, 0, 0, 0, 'a', 'b', 'c'};
	struct stage s;
	sp_client *client;
	sp_call *call;
	const void *answer;
	size_t len;
	bool big_endian;

	(void)state;
	stage_up(&s, SP_TRANSFER_NDR64_FIRST);
	client = client_of(&s, SP_TRANSFER_NDR64);
	call = sp_call_new(client);
	assert_int_equal(sp_call_raw(call, &interface.id, 0, stub, sizeof(stub), &answer, &len,
				 &big_endian, NULL),
		0);
	assert_int_equal(len, sizeof(stub));
	assert_memory_equal(answer, stub, len);
	assert_int_equal(ask(client), 0);
	assert_int_equal(atomic_load(&heard), true);
	sp_call_free(call);
	sp_client_free(client);
	stage_down(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_chooses_what_it_prefers_or_what_the_client_names_first),
		cmocka_unit_test(arguments_are_made_in_both_syntaxes_until_the_server_has_chosen),
		cmocka_unit_test(a_bind_learns_the_choice_before_the_first_call),
		cmocka_unit_test(another_server_that_chooses_otherwise_ends_one_call),
		cmocka_unit_test(raw_calls_are_ndr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
