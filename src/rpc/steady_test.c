/* SPDX-License-Identifier: MIT */
/* Once a connection has seen a few calls, a call asks the heap for nothing, neither in the client nor in the server. */
#include "rpc/trial.h"

enum { WARM = 20, CALLS = 500, BYTES = 100 };

static atomic_uint_fast64_t requests_of_server;

static sp_status
counting_add(sp_call *call, const void *handlers, void *v)
{
	/* on the loop's thread, as everything that the server does for this connection */
	atomic_store(&requests_of_server, mem_requests());
	return trial_add(call, handlers, v);
}

static const struct sp_operation counting_operation = {
	"add", sizeof(struct trial_args), 0, TRIAL_BOTH, counting_add, NULL, 0};

static const struct sp_interface counting_interface = {
	.abi = SP_STUB_ABI,
	.name = "counting",
	.id = {{0x7e57ab1e, 0x4321, 0x1234, {0x80, 0x02}, {1, 2, 3, 4, 5, 7}}, 1, 0},
	.n_operations = 1,
	.operations = &counting_operation,
};

static sp_server *
counting_server(char *ret_binding, size_t cap)
{
	static const char *const networks[] = {"192.0.2.0/24", "127.0.0.0/8"};
	static const struct sp_opnum_rule rule = {1, 9, SP_OPNUM_DENY};
	struct sp_server_options options = {.no_mapper = true, .port_policy = "/nonexistent"};
	/* who may call is asked at each call */
	struct sp_interface_options rules = {
		.networks = networks, .n_networks = 2, .opnum_rules = &rule, .n_opnum_rules = 1};
	sp_server *server;

	assert_int_equal(sp_server_new(&options, &server, NULL), 0);
	assert_int_equal(sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "127.0.0.1", NULL), 0);
	assert_int_equal(sp_server_register(server, &counting_interface, NULL, &rules, NULL), 0);
	assert_int_equal(sp_server_start(server, 1, NULL), 0);
	snprintf(ret_binding, cap, "%s", sp_server_binding(server, 0));
	return server;
}

static void
calls_make(sp_call *call, unsigned n)
{
	static const uint8_t bytes[BYTES];

	for (unsigned i = 0; i < n; i++) {
		struct trial_args args = {.value = i, .n = BYTES, .bytes = bytes};

		assert_int_equal(sp_call_invoke(call, &counting_interface, 0, &args, NULL), 0);
		assert_int_equal(args.value, i + 1);
		assert_int_equal(args.n, BYTES);
		sp_call_reset(call);
	}
}

static void
a_call_asks_the_heap_for_nothing(void **state)
{
	char binding[100];
	sp_server *server = counting_server(binding, sizeof(binding));
	sp_client *client = trial_client(binding, NULL);
	sp_call *call = sp_call_new(client);
	uint64_t ours, theirs;

	calls_make(call, WARM);
	ours = mem_requests();
	theirs = atomic_load(&requests_of_server);
	calls_make(call, CALLS);
	ours = mem_requests() - ours;
	theirs = atomic_load(&requests_of_server) - theirs;
	/* where AddressSanitizer watches, each is a request: the count must then be seen to count */
	assert_true(MEM_KEEPS ? theirs == 0 : theirs >= CALLS);
	assert_true(MEM_KEEPS ? ours == 0 : ours >= CALLS);
	sp_call_free(call);
	sp_client_free(client);
	sp_server_free(server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_call_asks_the_heap_for_nothing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
