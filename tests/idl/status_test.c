/* SPDX-License-Identifier: MIT */
/* [comm_status] and [fault_status]: what becomes of a fault, of a server that is gone, and of a mistake of the caller's. */
#include "service.h"
#include "status.h"

#define SERVERS_OWN 0x1234u

static void
end(sp_call *call, uint32_t fault, int32_t *seven)
{
	if (seven)
		*seven = 7;
	if (fault)
		sp_call_raise(call, fault);
}

static uint32_t
as_result(sp_call *call, uint32_t fault, int32_t *seven)
{
	end(call, fault, seven);
	return SERVERS_OWN;
}

static int32_t
as_parameters(sp_call *call, uint32_t fault, uint32_t *of_server)
{
	int32_t seven;

	end(call, fault, &seven);
	*of_server = SERVERS_OWN;
	return seven;
}

static void
as_one(sp_call *call, uint32_t fault)
{
	end(call, fault, NULL);
}

static const struct status_handlers handlers = {
	.as_result = as_result,
	.faults_as_result = as_result,
	.as_parameters = as_parameters,
	.as_one = as_one,
	.as_ever = as_one,
};

static struct service s;

static int
start(void **state)
{
	service_start(&s, &status_server_interface, &handlers);
	return 0;
}

static int
stop(void **state)
{
	service_stop(&s);
	return 0;
}

/* The client keeps its binding, and nobody is there. */
static void
lose_the_server(void)
{
	sp_server_stop(s.server);
}

static void
a_call_that_succeeds_gives_what_the_server_says(void **state)
{
	uint32_t result = 1, of_server = 1, of_way = 1;
	int32_t seven = 0, answer = 0;

	assert_int_equal(status_as_result(s.call, 0, &seven, &result, NULL), 0);
	assert_int_equal(result, SERVERS_OWN);
	assert_int_equal(seven, 7);
	assert_int_equal(status_as_parameters(s.call, 0, &of_server, &of_way, &answer, NULL), 0);
	assert_int_equal(of_server, SERVERS_OWN);
	assert_int_equal(of_way, RPC_S_OK);
	assert_int_equal(answer, 7);
	assert_int_equal(status_as_one(s.call, 0, &of_way, NULL), 0);
	assert_int_equal(of_way, RPC_S_OK);
}

static void
a_fault_becomes_the_result_and_leaves_out_parameters_alone(void **state)
{
	struct sp_error err = {0};
	uint32_t result = 1;
	int32_t seven = 0;

	assert_int_equal(status_as_result(s.call, ERROR_ACCESS_DENIED, &seven, &result, &err), 0);
	assert_int_equal(result, ERROR_ACCESS_DENIED);
	assert_int_equal(seven, 0);
	assert_int_equal(err.evidence, SP_EVIDENCE_FAULT); /* the details are there all the same */
	assert_int_equal(
		status_faults_as_result(s.call, NCA_S_FAULT_INT_DIV_BY_ZERO, &seven, &result, NULL),
		0);
	assert_int_equal(result, RPC_S_ZERO_DIVIDE);
}

static void
a_fault_becomes_the_parameter_that_is_for_faults(void **state)
{
	uint32_t of_server = 1, of_way = 1, whole = 1;

	assert_int_equal(
		status_as_parameters(s.call, ERROR_ACCESS_DENIED, &of_server, &of_way, NULL, NULL),
		0);
	assert_int_equal(of_server, ERROR_ACCESS_DENIED);
	assert_int_equal(of_way, RPC_S_OK);
	assert_int_equal(status_as_one(s.call, ERROR_ACCESS_DENIED, &whole, NULL), 0);
	assert_int_equal(whole, ERROR_ACCESS_DENIED);
}

static void
without_the_attributes_a_fault_is_returned(void **state)
{
	assert_int_equal(status_as_ever(s.call, ERROR_ACCESS_DENIED, NULL), ERROR_ACCESS_DENIED);
}

static void
a_place_that_the_caller_does_not_want_leaves_the_failure_to_be_returned(void **state)
{
	assert_int_equal(
		status_as_one(s.call, ERROR_ACCESS_DENIED, NULL, NULL), ERROR_ACCESS_DENIED);
	assert_int_equal(status_as_result(s.call, ERROR_ACCESS_DENIED, NULL, NULL, NULL),
		ERROR_ACCESS_DENIED);
}

static void
a_server_that_is_gone_is_a_failure_of_communication(void **state)
{
	uint32_t result = 1, of_server = 1, of_way = 1, whole = 1;
	struct sp_error err = {0};
	int32_t seven = 0;

	lose_the_server();
	assert_int_equal(status_as_result(s.call, 0, &seven, &result, &err), 0);
	assert_int_equal(result, RPC_S_SERVER_UNAVAILABLE);
	assert_int_equal(err.phase, SP_PHASE_TCP_SESSION);
	assert_int_equal(status_as_parameters(s.call, 0, &of_server, &of_way, NULL, NULL), 0);
	assert_int_equal(of_way, RPC_S_SERVER_UNAVAILABLE);
	assert_int_equal(of_server, 1);
	assert_int_equal(status_as_one(s.call, 0, &whole, NULL), 0);
	assert_int_equal(whole, RPC_S_SERVER_UNAVAILABLE);
	/* only faults have a place here */
	assert_int_equal(status_faults_as_result(s.call, 0, &seven, &result, NULL),
		RPC_S_SERVER_UNAVAILABLE);
}

static void
what_the_caller_does_wrong_is_returned(void **state)
{
	struct status_as_one_args args = {0};
	uint32_t whole = 7;

	assert_int_equal(status_as_one_start(s.call, &args, NULL, NULL, NULL), 0);
	assert_int_equal(status_as_one(s.call, 0, &whole, NULL), RPC_S_CALL_IN_PROGRESS);
	assert_int_equal(whole, RPC_S_OK);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(a_call_that_succeeds_gives_what_the_server_says),
		TEST(a_fault_becomes_the_result_and_leaves_out_parameters_alone),
		TEST(a_fault_becomes_the_parameter_that_is_for_faults),
		TEST(without_the_attributes_a_fault_is_returned),
		TEST(a_place_that_the_caller_does_not_want_leaves_the_failure_to_be_returned),
		TEST(a_server_that_is_gone_is_a_failure_of_communication),
		TEST(what_the_caller_does_wrong_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
