/* SPDX-License-Identifier: MIT */
/* Which command is offered after which failure. */
#include "cli/question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "probe/target.h"

static void
advises(const struct command *command, const char *target, struct sp_error error,
	const char *expected)
{
	struct settings s = {.mapper_port = 0};
	char got[512];

	assert_true(target_interface("60a15ec5-4de8-11d7-a637-005056a20182,1.0", &s.interface));
	s.has_interface = command == &command_ping;
	question_advise(&s, command, target, &error, got, sizeof(got));
	assert_string_equal(got, expected);
}

static struct sp_error
failed(enum sp_phase phase, enum sp_evidence evidence, sp_status status)
{
	return (struct sp_error){.phase = phase, .evidence = evidence, .status = status};
}

static void
each_phase_has_its_next_command(void **state)
{
	advises(&command_ping, "ncacn_ip_tcp:dc01[49667]",
		failed(SP_PHASE_NAME_RESOLUTION, SP_EVIDENCE_RESOLVER, 1722), "getent ahosts dc01");
	advises(&command_ping, "ncacn_ip_tcp:dc01[49667]",
		failed(SP_PHASE_TCP_SESSION, SP_EVIDENCE_ERRNO, 1722), "sallyport endpoints dc01");
	advises(&command_endpoints, "dc01", failed(SP_PHASE_TCP_SESSION, SP_EVIDENCE_ERRNO, 1722),
		"nmap -Pn -p 135,49152-65535 dc01");
	advises(&command_endpoints,
		"ncalrpc:", failed(SP_PHASE_TCP_SESSION, SP_EVIDENCE_ERRNO, 1722),
		"systemctl status sallyport-epmapper");
	advises(&command_resolve, "dc01", failed(SP_PHASE_DISCOVERY, SP_EVIDENCE_MAPPER, 1753),
		"sallyport endpoints dc01");
	advises(&command_ping, "ncacn_ip_tcp:dc01[49667]",
		failed(SP_PHASE_COMMUNICATION, SP_EVIDENCE_CONTEXT, RPC_S_UNKNOWN_IF),
		"sallyport interfaces 'ncacn_ip_tcp:dc01[49667]'");
	advises(&command_interfaces, "dc01",
		failed(SP_PHASE_NONE, SP_EVIDENCE_NONE, RPC_S_NO_ENDPOINT_FOUND),
		"sallyport endpoints dc01");
}

static void
silence_is_waited_for_with_the_option_of_its_phase(void **state)
{
	advises(&command_ping, "dc01", failed(SP_PHASE_TCP_SESSION, SP_EVIDENCE_TIMEOUT, 1722),
		"sallyport ping dc01 --interface 60a15ec5-4de8-11d7-a637-005056a20182,1.0 "
		"--timeout-connect 60s --timeout 90s");
	advises(&command_resolve, "dc01", failed(SP_PHASE_DISCOVERY, SP_EVIDENCE_TIMEOUT, 1722),
		"sallyport resolve dc01 60a15ec5-4de8-11d7-a637-005056a20182,1.0 "
		"--timeout-discovery 60s --timeout 90s");
}

static void
the_mapper_s_port_and_odd_hosts_are_kept(void **state)
{
	struct sp_error error = failed(SP_PHASE_DISCOVERY, SP_EVIDENCE_MAPPER, 1753);
	struct settings s = {.mapper_port = 5135};
	char got[512];

	question_advise(&s, &command_resolve, "[2001:db8::1]", &error, got, sizeof(got));
	assert_string_equal(got, "sallyport endpoints 2001:db8::1 --mapper-port 5135");
	question_advise(&s, &command_resolve, "a;b", &error, got, sizeof(got));
	assert_string_equal(got, "sallyport endpoints 'a;b' --mapper-port 5135");
}

static void
what_was_typed_wrong_has_no_host_to_ask(void **state)
{
	advises(&command_ping, "ncacn_ip_tcp:x[",
		failed(SP_PHASE_NONE, SP_EVIDENCE_NONE, RPC_S_INVALID_STRING_BINDING), "");
}

static void
the_whole_has_a_limit_of_ten_seconds(void **state)
{
	struct settings s = {0};
	sp_nanos before = time_now();
	struct sp_client_options limits = question_limits(&s);

	assert_true(limits.deadline >= before + 10 * SP_SECOND);
	assert_true(limits.deadline <= time_now() + 10 * SP_SECOND);
	s.timeout = SP_SECOND;
	assert_true(question_limits(&s).deadline <= time_now() + SP_SECOND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_phase_has_its_next_command),
		cmocka_unit_test(silence_is_waited_for_with_the_option_of_its_phase),
		cmocka_unit_test(the_mapper_s_port_and_odd_hosts_are_kept),
		cmocka_unit_test(what_was_typed_wrong_has_no_host_to_ask),
		cmocka_unit_test(the_whole_has_a_limit_of_ten_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
