/* SPDX-License-Identifier: MIT */
/* Clients without an endpoint: what is asked of the mapper, how often, and where they go with the answer. */
#include "epm.h"
#include "rpc/trial.h"
#include "wire/tower.h"

/* --- a mapper that says what the test wants --- */

static atomic_int questions;
static struct {
	uint16_t port;
	const char *address;
} answer; /* port 0: not registered */

static void
ept_map(sp_call *call, struct sp_uuid *object, twr_t *map_tower, ept_lookup_handle_t *entry_handle,
	uint32_t max_towers, uint32_t *num_towers, struct twr **towers, uint32_t *status)
{
	struct tower tower = {.transfer = SYNTAX_NDR, .protseq = NCACN_IP_TCP};
	struct wire_fault fault = {0};
	struct tower asked;
	twr_t *twr = sp_call_alloc(call, 1, sizeof(*twr) + TOWER_MAX_SIZE);
	size_t len;

	atomic_fetch_add(&questions, 1);
	*num_towers = 0;
	*status = EPT_S_NOT_REGISTERED;
	if (!answer.port || !twr || max_towers == 0)
		return;
	if (!tower_get(map_tower->tower_octet_string, map_tower->tower_length, &asked, &fault))
		return;
	tower.interface = asked.interface;
	snprintf(tower.endpoint, sizeof(tower.endpoint), "%u", answer.port);
	snprintf(tower.address, sizeof(tower.address), "%s", answer.address);
	if (!tower_put(&tower, twr->tower_octet_string, TOWER_MAX_SIZE, &len))
		return;
	twr->tower_length = (uint32_t)len;
	towers[0] = twr;
	*num_towers = 1;
	*status = 0;
}

static const struct epm_handlers handlers = {.ept_map = ept_map};

/* A server of one interface on one address; *port 0: a dynamic one, filled in. */
static sp_server *
server_up(const struct sp_interface *interface, const void *functions, const char *address,
	uint16_t *port)
{
	struct sp_server_options options = {.no_mapper = true};
	char endpoint[8];
	sp_server *server;
	struct sp_error err;

	snprintf(endpoint, sizeof(endpoint), "%u", *port);
	assert_int_equal(sp_server_new(&options, &server, &err), 0);
	assert_int_equal(sp_server_use_protseq(
				 server, "ncacn_ip_tcp", *port ? endpoint : NULL, address, &err),
		0);
	assert_int_equal(sp_server_register(server, interface, functions, NULL, &err), 0);
	assert_int_equal(sp_server_start(server, 1, &err), 0);
	*port = (uint16_t)atoi(strrchr(sp_server_binding(server, 0), '[') + 1);
	return server;
}

struct stage {
	sp_server *mapper, *service;
	sp_client *client;
	sp_call *call;
	uint16_t port;
};

static void
up(struct stage *s, enum sp_address_policy policy, const char *service_address)
{
	struct sp_client_options options = {.address_policy = policy};

	memset(s, 0, sizeof(*s));
	atomic_store(&questions, 0);
	s->mapper = server_up(&epm_server_interface, &handlers, "127.0.0.1", &options.mapper_port);
	s->service = server_up(&trial_interface, NULL, service_address, &s->port);
	answer.port = s->port;
	answer.address = "";
	s->client = trial_client("ncacn_ip_tcp:127.0.0.1", &options);
	s->call = sp_call_new(s->client);
}

static void
down(struct stage *s)
{
	sp_call_free(s->call);
	sp_client_free(s->client);
	sp_server_free(s->service);
	sp_server_free(s->mapper);
}

static sp_status
add(struct stage *s, struct sp_error *reterr)
{
	struct trial_args args = {.value = 1};
	sp_status status = sp_call_invoke(s->call, &trial_interface, TRIAL_ADD, &args, reterr);

	assert_true(status || args.value == 2);
	return status;
}

static void
mapper_is_asked_once_and_its_answer_kept(void **state)
{
	struct sp_error err = {0};
	struct stage s;

	up(&s, SP_ADDRESS_DIALLED, "127.0.0.1");
	assert_int_equal(add(&s, &err), 0);
	/* the service comes back at the same endpoint */
	sp_server_stop(s.service);
	assert_int_equal(sp_server_start(s.service, 1, &err), 0);
	usleep(5000);
	assert_int_equal(add(&s, &err), 0);
	assert_int_equal(atomic_load(&questions), 1);
	sp_client_disconnect(s.client);
	assert_int_equal(add(&s, &err), 0);
	assert_int_equal(atomic_load(&questions), 2);
	down(&s);
}

static void
endpoint_that_refuses_is_asked_for_once_more(void **state)
{
	struct sp_error err = {0};
	struct stage s;

	up(&s, SP_ADDRESS_DIALLED, "127.0.0.1");
	assert_int_equal(add(&s, &err), 0);
	sp_server_free(s.service);
	s.port = 0;
	s.service = server_up(&trial_interface, NULL, "127.0.0.1", &s.port);
	answer.port = s.port;
	usleep(5000);
	assert_int_equal(add(&s, &err), 0);
	assert_int_equal(atomic_load(&questions), 2);
	down(&s);
}

static void
fresh_answer_that_refuses_is_final(void **state)
{
	struct sp_error err = {0};
	struct stage s;

	up(&s, SP_ADDRESS_DIALLED, "127.0.0.1");
	sp_server_stop(s.service);
	assert_int_equal(add(&s, &err), RPC_S_SERVER_UNAVAILABLE);
	assert_int_equal(err.phase, SP_PHASE_TCP_SESSION);
	assert_int_equal(err.sys_errno, ECONNREFUSED);
	assert_int_equal(atomic_load(&questions), 1);
	down(&s);
}

static void
endpoint_that_is_another_servers_by_now_is_asked_for_once_more(void **state)
{
	struct sp_error err = {0};
	sp_server *other;
	struct stage s;
	uint16_t old;

	up(&s, SP_ADDRESS_DIALLED, "127.0.0.1");
	assert_int_equal(add(&s, &err), 0);
	old = s.port;
	sp_server_free(s.service);
	other = server_up(&epm_server_interface, &handlers, "127.0.0.1", &old);
	s.port = 0;
	s.service = server_up(&trial_interface, NULL, "127.0.0.1", &s.port);
	answer.port = s.port;
	usleep(5000);
	assert_int_equal(add(&s, &err), 0);
	assert_int_equal(atomic_load(&questions), 2);
	/* when the mapper itself is wrong, that is what comes out */
	sp_client_disconnect(s.client);
	answer.port = old;
	assert_int_equal(add(&s, &err), RPC_S_UNKNOWN_IF);
	assert_int_equal(atomic_load(&questions), 3);
	down(&s);
	sp_server_free(other);
}

static void
interface_that_nobody_registered_is_1753(void **state)
{
	struct sp_error err = {0};
	struct stage s;

	up(&s, SP_ADDRESS_DIALLED, "127.0.0.1");
	answer.port = 0;
	assert_int_equal(add(&s, &err), EPT_S_NOT_REGISTERED);
	assert_int_equal(err.phase, SP_PHASE_DISCOVERY);
	assert_int_equal(err.evidence, SP_EVIDENCE_MAPPER);
	assert_true(err.did_not_execute);
	down(&s);
}

static void
advertised_address_is_taken_by_those_who_want_it(void **state)
{
	static const enum sp_address_policy policies[] = {SP_ADDRESS_ADVERTISED, SP_ADDRESS_RACE};
	struct sp_error err = {0};
	struct stage s;

	/* the service is at another address than its mapper */
	up(&s, SP_ADDRESS_DIALLED, "127.0.0.2");
	answer.address = "127.0.0.2";
	assert_int_equal(add(&s, &err), RPC_S_SERVER_UNAVAILABLE);
	assert_non_null(strstr(err.sentence, "127.0.0.1["));
	down(&s);
	for (size_t i = 0; i < 2; i++) {
		up(&s, policies[i], "127.0.0.2");
		answer.address = "127.0.0.2";
		assert_int_equal(add(&s, &err), 0);
		assert_non_null(strstr(sp_client_peer(s.client), ":127.0.0.2["));
		down(&s);
	}
	/* and when it is wrong, the race is won by the host's */
	up(&s, SP_ADDRESS_RACE, "127.0.0.1");
	answer.address = "127.0.0.3";
	assert_int_equal(add(&s, &err), 0);
	assert_non_null(strstr(sp_client_peer(s.client), ":127.0.0.1["));
	down(&s);
	/* none is advertised: the host's */
	up(&s, SP_ADDRESS_ADVERTISED, "127.0.0.1");
	assert_int_equal(add(&s, &err), 0);
	down(&s);
}

static void
name_with_several_addresses_leads_to_the_one_that_answers(void **state)
{
	struct sp_client_options options = {0};
	struct sp_error err = {0};
	char binding[64];
	struct stage s;

	up(&s, SP_ADDRESS_DIALLED, "127.0.0.1");
	sp_call_free(s.call);
	sp_client_free(s.client);
	/* ::1 comes first where the host has it, and refuses */
	snprintf(binding, sizeof(binding), "ncacn_ip_tcp:localhost[%u]", s.port);
	s.client = trial_client(binding, &options);
	s.call = sp_call_new(s.client);
	assert_int_equal(add(&s, &err), 0);
	assert_non_null(strstr(sp_client_peer(s.client), ":127.0.0.1["));
	down(&s);
}

static void
each_allocation_on_the_way_fails_once(void **state)
{
	struct sp_error err = {0};
	unsigned failed = 0;
	struct stage s;

	up(&s, SP_ADDRESS_RACE, "127.0.0.1");
	for (uint64_t n = 1; n <= 60; n++) {
		sp_client_disconnect(s.client);
		mem_fail_nth(n);
		sp_status status = add(&s, &err);
		mem_fail_nth(0);
		failed += status != 0;
		assert_int_equal(add(&s, &err), 0);
	}
	assert_true(failed >= 20);
	down(&s);
}

static void
freeing_a_client_ends_its_question(void **state)
{
	struct sp_client_options options = {0};
	struct trial_call t;
	struct peer mapper;

	peer_up(&mapper);
	options.mapper_port = mapper.port;
	sp_client *client = trial_client("ncacn_ip_tcp:127.0.0.1", &options);
	trial_start(&t, client, TRIAL_ADD, 1);
	for (int i = 0; i < 5; i++)
		trial_turn(client, 5);
	sp_call_free(t.call);
	sp_client_free(client);
	assert_int_equal(t.ended, 0);
	peer_down(&mapper);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mapper_is_asked_once_and_its_answer_kept),
		cmocka_unit_test(endpoint_that_refuses_is_asked_for_once_more),
		cmocka_unit_test(fresh_answer_that_refuses_is_final),
		cmocka_unit_test(endpoint_that_is_another_servers_by_now_is_asked_for_once_more),
		cmocka_unit_test(interface_that_nobody_registered_is_1753),
		cmocka_unit_test(advertised_address_is_taken_by_those_who_want_it),
		cmocka_unit_test(name_with_several_addresses_leads_to_the_one_that_answers),
		cmocka_unit_test(each_allocation_on_the_way_fails_once),
		cmocka_unit_test(freeing_a_client_ends_its_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
