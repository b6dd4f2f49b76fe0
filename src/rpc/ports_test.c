/* SPDX-License-Identifier: MIT */
/* Servers under a port policy: where they listen, what they refuse, and what the mapper shall be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/tcp.h"
#include "rpc/server.h"

static const struct sp_interface samr = {.abi = SP_STUB_ABI,
	.name = "samr",
	.id = {{0x12345778, 0x1234, 0xabcd, {0xef, 0x00}, {0x01, 0x23, 0x45, 0x67, 0x89, 0xac}}, 1,
		0}};
static const struct sp_interface other = {
	.abi = SP_STUB_ABI, .name = "other", .id = {{.time_low = 7}, 1, 0}};

static char policy_file[64], event[600], warning[600];

static void
on_log(void *arg, enum sp_log_level level, const char *message)
{
	if (level == SP_LOG_ERROR)
		snprintf(event, sizeof(event), "%s", message);
	if (level == SP_LOG_WARNING && !warning[0])
		snprintf(warning, sizeof(warning), "%s", message);
}

static void
policy_put(const char *text)
{
	FILE *f = fopen(policy_file, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

#define YY "ports_internet_available: Y\nuse_internet_ports: Y\n"

static int
file_make(void **state)
{
	int fd;

	strcpy(policy_file, "/tmp/sallyport-rpc-ports-XXXXXX");
	fd = mkstemp(policy_file);
	return fd < 0 ? -1 : close(fd);
}

static int
file_remove(void **state)
{
	return unlink(policy_file);
}

static sp_server *
server_new(enum sp_port_kind kind, bool everywhere)
{
	struct sp_server_options options = {.port_policy = policy_file,
		.no_mapper = true,
		.port_kind = kind,
		.all_network_interfaces = everywhere,
		.log = on_log};
	sp_server *server;

	event[0] = warning[0] = '\0';
	assert_int_equal(sp_server_new(&options, &server, NULL), 0);
	return server;
}

static sp_status
listen_on(sp_server *server, const char *endpoint, struct sp_error *err)
{
	return sp_server_use_protseq(server, "ncacn_ip_tcp", endpoint, NULL, err);
}

/* A port that was free a moment ago; *ret_fd keeps it when it is not NULL. */
static uint16_t
port_find(int *ret_fd)
{
	struct address address;
	uint16_t port;
	int fd;

	assert_int_equal(tcp_listen_any(0, &fd), 0);
	assert_true(tcp_local_address(fd, &address));
	port = address_port(&address);
	if (ret_fd)
		*ret_fd = fd;
	else
		close(fd);
	return port;
}

static uint16_t
port_of(const sp_server *server, size_t i)
{
	return (uint16_t)strtoul(server->listeners[i]->endpoint, NULL, 10);
}

static void
a_dynamic_endpoint_is_one_of_the_kind_that_the_program_asks_for(void **state)
{
	static const struct {
		enum sp_port_kind kind;
		bool inside;
	} rows[] = {{SP_PORT_DEFAULT, false}, {SP_PORT_INTERNET, true}, {SP_PORT_INTRANET, false}};

	policy_put("ports: [20000-20999]\nports_internet_available: Y\nuse_internet_ports: N\n");
	for (int i = 0; i < 3; i++) {
		sp_server *server = server_new(rows[i].kind, false);
		uint16_t port;

		assert_int_equal(listen_on(server, NULL, NULL), 0);
		port = port_of(server, 0);
		assert_int_equal(port >= 20000 && port <= 20999, rows[i].inside);
		assert_true(rows[i].inside || port >= 49152);
		sp_server_free(server);
	}
}

static void
an_invalid_policy_fails_dynamic_endpoints_with_87_and_an_event_and_no_others(void **state)
{
	struct sp_error err = {0};
	sp_server *server;
	char port[8];

	policy_put("ports:\n- 5000-5100\n- none\n" YY);
	server = server_new(SP_PORT_DEFAULT, false);
	assert_int_equal(listen_on(server, NULL, &err), 87);
	assert_non_null(strstr(err.sentence, policy_file));
	assert_non_null(strstr(err.sentence, ":3:3"));
	assert_non_null(strstr(err.sentence, "\"none\""));
	assert_string_equal(event, err.sentence);
	assert_int_equal(sp_server_n_bindings(server), 0);
	snprintf(port, sizeof(port), "%u", port_find(NULL));
	assert_int_equal(listen_on(server, port, &err), 0);
	assert_int_equal(
		sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "127.0.0.1", &err), 87);
	assert_int_equal(sp_server_n_bindings(server), 1);
	assert_int_equal(sp_server_start(server, 1, &err), 0);
	sp_server_free(server);
}

static void
what_will_not_work_well_is_in_the_log_when_a_port_is_taken_by_the_policy(void **state)
{
	sp_server *server;
	char given[8];

	policy_put("ports:\n- 20000-20009\n" YY);
	server = server_new(SP_PORT_DEFAULT, false);
	snprintf(given, sizeof(given), "%u", port_find(NULL));
	assert_int_equal(listen_on(server, given, NULL), 0);
	assert_string_equal(warning, "");
	assert_int_equal(listen_on(server, NULL, NULL), 0);
	assert_non_null(strstr(warning, policy_file));
	assert_non_null(strstr(warning, "allow at least 100"));
	assert_string_equal(event, "");
	sp_server_free(server);
}

static void
exhaustion_is_1721_with_the_size_of_the_range_and_the_holder(void **state)
{
	struct sp_error err = {0};
	char text[200];
	sp_server *server;
	int fds[2];

	snprintf(
		text, sizeof(text), "ports: [%u, %u]\n" YY, port_find(&fds[0]), port_find(&fds[1]));
	policy_put(text);
	server = server_new(SP_PORT_DEFAULT, false);
	assert_int_equal(listen_on(server, NULL, &err), 1721);
	assert_non_null(strstr(err.sentence, "none of the 2 ports"));
	snprintf(text, sizeof(text), "rpc_ports_test (pid %d) holds 2", (int)getpid());
	assert_non_null(strstr(err.sentence, text));
	close(fds[0]);
	assert_int_equal(listen_on(server, NULL, &err), 0);
	assert_int_equal(listen_on(server, NULL, &err), 1721);
	close(fds[1]);
	sp_server_free(server);
}

/* --- network interfaces --- */

static void
only_the_named_network_interfaces_are_listened_on_with_one_port(void **state)
{
	sp_server *server;

	policy_put("bind: [lo]\n");
	server = server_new(SP_PORT_DEFAULT, false);
	assert_int_equal(listen_on(server, NULL, NULL), 0);
	assert_true(sp_server_n_bindings(server) >= 1);
	assert_string_equal(server->listeners[0]->address, "127.0.0.1");
	for (size_t i = 1; i < server->n_listeners; i++) {
		assert_int_equal(port_of(server, i), port_of(server, 0));
		assert_int_equal(server->listeners[i]->is_unmapped,
			strchr(server->listeners[i]->address, ':') != NULL);
	}
	sp_server_free(server);
}

static void
a_named_endpoint_keeps_to_the_named_interfaces_unless_the_program_wants_all(void **state)
{
	char port[8], address[] = "127.0.0.1";
	sp_server *server;

	policy_put("bind: [lo]\n");
	snprintf(port, sizeof(port), "%u", port_find(NULL));
	server = server_new(SP_PORT_DEFAULT, false);
	assert_int_equal(listen_on(server, port, NULL), 0);
	assert_string_equal(server->listeners[0]->address, address);
	sp_server_free(server);
	server = server_new(SP_PORT_DEFAULT, true);
	assert_int_equal(listen_on(server, port, NULL), 0);
	assert_int_equal(server->n_listeners, 1);
	assert_null(server->listeners[0]->address);
	sp_server_free(server);
}

static void
an_interface_that_is_not_there_is_an_invalid_parameter_not_everywhere(void **state)
{
	struct sp_error err = {0};
	sp_server *server;

	policy_put("bind:\n- lo\n- no-such-0\n");
	server = server_new(SP_PORT_DEFAULT, false);
	assert_int_equal(listen_on(server, NULL, &err), 87);
	assert_non_null(strstr(err.sentence, "\"no-such-0\""));
	assert_non_null(strstr(err.sentence, ":3 - "));
	assert_int_equal(sp_server_n_bindings(server), 0);
	sp_server_free(server);
}

/* --- fixed ports --- */

static const struct registration *
registration_of(const sp_server *server, const struct sp_interface *interface)
{
	for (size_t i = 0; i < server->n_registrations; i++)
		if (server->registrations[i]->interface == interface)
			return server->registrations[i];
	return NULL;
}

static void
an_interface_with_a_fixed_port_is_found_there_and_only_there(void **state)
{
	static const char *const names[] = {"samr", "12345778-1234-abcd-ef00-0123456789ac", "ntds"};

	for (int i = 0; i < 3; i++) {
		uint16_t fixed = port_find(NULL);
		sp_server *server;
		char text[100];

		snprintf(text, sizeof(text), "fixed: {%s: %u}\n", names[i], fixed);
		policy_put(text);
		server = server_new(SP_PORT_DEFAULT, false);
		assert_int_equal(listen_on(server, NULL, NULL), 0);
		assert_int_equal(sp_server_register(server, &samr, NULL, NULL, NULL), 0);
		assert_int_equal(sp_server_register(server, &other, NULL, NULL, NULL), 0);
		assert_int_equal(sp_server_n_bindings(server), 1);
		for (int round = 0; round < 2; round++) { /* again after a stop: the same ports */
			assert_int_equal(sp_server_start(server, 1, NULL), 0);
			assert_int_equal(sp_server_n_bindings(server), 2);
			assert_int_equal(port_of(server, 1), fixed);
			assert_false(registration_is_at(
				registration_of(server, &samr), server->listeners[0]));
			assert_true(registration_is_at(
				registration_of(server, &samr), server->listeners[1]));
			assert_true(registration_is_at(
				registration_of(server, &other), server->listeners[0]));
			assert_false(registration_is_at(
				registration_of(server, &other), server->listeners[1]));
			sp_server_stop(server);
		}
		sp_server_free(server);
	}
}

static void
two_interfaces_may_share_a_fixed_port(void **state)
{
	uint16_t fixed = port_find(NULL);
	sp_server *server;
	char text[100];

	snprintf(text, sizeof(text), "fixed: {samr: %u, other: %u}\n", fixed, fixed);
	policy_put(text);
	server = server_new(SP_PORT_DEFAULT, false);
	assert_int_equal(listen_on(server, NULL, NULL), 0);
	assert_int_equal(sp_server_register(server, &samr, NULL, NULL, NULL), 0);
	assert_int_equal(sp_server_register(server, &other, NULL, NULL, NULL), 0);
	assert_int_equal(sp_server_start(server, 1, NULL), 0);
	assert_int_equal(sp_server_n_bindings(server), 2);
	assert_true(registration_is_at(registration_of(server, &other), server->listeners[1]));
	sp_server_free(server);
}

static void
a_program_that_names_its_endpoint_is_not_moved(void **state)
{
	char text[100], port[8];
	sp_server *server;

	snprintf(text, sizeof(text), "fixed: {samr: %u}\n", port_find(NULL));
	policy_put(text);
	snprintf(port, sizeof(port), "%u", port_find(NULL));
	server = server_new(SP_PORT_DEFAULT, false);
	assert_int_equal(listen_on(server, port, NULL), 0);
	assert_int_equal(sp_server_register(server, &samr, NULL, NULL, NULL), 0);
	assert_int_equal(sp_server_start(server, 1, NULL), 0);
	assert_int_equal(sp_server_n_bindings(server), 1);
	assert_true(registration_is_at(registration_of(server, &samr), server->listeners[0]));
	sp_server_free(server);
}

static void
a_fixed_port_in_use_names_the_line_and_the_holder(void **state)
{
	struct sp_error err = {0};
	sp_server *server;
	char text[100];
	int fd;

	snprintf(text, sizeof(text), "fixed:\n  samr: %u\n", port_find(&fd));
	policy_put(text);
	server = server_new(SP_PORT_DEFAULT, false);
	assert_int_equal(listen_on(server, NULL, NULL), 0);
	assert_int_equal(sp_server_register(server, &samr, NULL, NULL, NULL), 0);
	assert_int_equal(sp_server_start(server, 1, &err), RPC_S_CANT_CREATE_ENDPOINT);
	snprintf(text, sizeof(text), "%s:2 fixes for samr", policy_file);
	assert_non_null(strstr(err.sentence, text));
	assert_non_null(strstr(err.sentence, "rpc_ports_test (pid "));
	close(fd);
	assert_int_equal(sp_server_start(server, 1, &err), 0);
	sp_server_free(server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dynamic_endpoint_is_one_of_the_kind_that_the_program_asks_for),
		cmocka_unit_test(
			an_invalid_policy_fails_dynamic_endpoints_with_87_and_an_event_and_no_others),
		cmocka_unit_test(
			what_will_not_work_well_is_in_the_log_when_a_port_is_taken_by_the_policy),
		cmocka_unit_test(exhaustion_is_1721_with_the_size_of_the_range_and_the_holder),
		cmocka_unit_test(only_the_named_network_interfaces_are_listened_on_with_one_port),
		cmocka_unit_test(
			a_named_endpoint_keeps_to_the_named_interfaces_unless_the_program_wants_all),
		cmocka_unit_test(
			an_interface_that_is_not_there_is_an_invalid_parameter_not_everywhere),
		cmocka_unit_test(an_interface_with_a_fixed_port_is_found_there_and_only_there),
		cmocka_unit_test(two_interfaces_may_share_a_fixed_port),
		cmocka_unit_test(a_program_that_names_its_endpoint_is_not_moved),
		cmocka_unit_test(a_fixed_port_in_use_names_the_line_and_the_holder),
	};

	return cmocka_run_group_tests(tests, file_make, file_remove);
}
