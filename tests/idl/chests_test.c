/* SPDX-License-Identifier: MIT */
/* [strict_context_handle], from the attribute to the fault, over TCP: a hall and a yard share chests, a vault does not. */
#include "chests.h"
#include "service.h"

#include <stdatomic.h>
#include <stdlib.h>

static atomic_uint hall_rundowns, vault_rundowns;

static chest
open_chest(sp_call *call, int32_t number)
{
	int32_t *in = malloc(sizeof(*in));

	assert_non_null(in);
	*in = number;
	return (chest){.user = in};
}

static int32_t
look(sp_call *call, chest c)
{
	return *(int32_t *)c.user;
}

static void
shut(sp_call *call, chest *c)
{
	free(c->user);
	c->user = NULL;
}

static void
hall_rundown(void *user)
{
	free(user);
	atomic_fetch_add(&hall_rundowns, 1);
}

static void
vault_rundown(void *user)
{
	free(user);
	atomic_fetch_add(&vault_rundowns, 1);
}

static const struct hall_handlers hall = {open_chest, look, shut, hall_rundown};
static const struct yard_handlers yard = {look, hall_rundown};
static const struct vault_handlers vault = {open_chest, look, vault_rundown};

static struct service s;

static int
start(void **state)
{
	hall_rundowns = vault_rundowns = 0;
	service_new(&s);
	service_offer(&s, &hall_server_interface, &hall);
	service_offer(&s, &yard_server_interface, &yard);
	service_offer(&s, &vault_server_interface, &vault);
	service_run(&s);
	return 0;
}

static int
stop(void **state)
{
	service_stop(&s);
	return 0;
}

static void
expect_mismatch(sp_status status, const struct sp_error *error)
{
	assert_int_equal(status, RPC_X_SS_CONTEXT_MISMATCH);
	assert_int_equal(error->fault_status, NCA_S_FAULT_CONTEXT_MISMATCH);
}

static void
a_handle_serves_every_interface_that_knows_its_type(void **state)
{
	int32_t number = 0;
	chest c;

	assert_int_equal(hall_open(s.call, 7, &c, NULL), 0);
	assert_int_equal(yard_look(s.call, c, &number, NULL), 0);
	assert_int_equal(number, 7);
	assert_int_equal(hall_shut(s.call, &c, NULL), 0);
	assert_true(sp_uuid_is_nil(&c.uuid));
}

static void
a_strict_interface_takes_no_others_handle(void **state)
{
	struct sp_error error;
	int32_t number = 0;
	chest c;

	assert_int_equal(hall_open(s.call, 7, &c, NULL), 0);
	expect_mismatch(vault_look(s.call, c, &number, &error), &error);
	/* which stays as good as it was where it is at home */
	assert_int_equal(hall_look(s.call, c, &number, NULL), 0);
	assert_int_equal(number, 7);
	assert_int_equal(hall_shut(s.call, &c, NULL), 0);
}

static void
no_other_interface_takes_a_strict_ones_handle(void **state)
{
	struct sp_error error;
	int32_t number = 0;
	chest c, before;

	assert_int_equal(vault_open(s.call, 9, &c, NULL), 0);
	expect_mismatch(hall_look(s.call, c, &number, &error), &error);
	expect_mismatch(yard_look(s.call, c, &number, &error), &error);
	before = c;
	expect_mismatch(hall_shut(s.call, &c, &error), &error);
	assert_memory_equal(&c, &before, sizeof(c));
	assert_int_equal(vault_look(s.call, c, &number, NULL), 0);
	assert_int_equal(number, 9);
	/* run down by its own */
	sp_client_disconnect(s.client);
	sp_server_stop(s.server);
	assert_int_equal(vault_rundowns, 1);
	assert_int_equal(hall_rundowns, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_handle_serves_every_interface_that_knows_its_type, start, stop),
		cmocka_unit_test_setup_teardown(
			a_strict_interface_takes_no_others_handle, start, stop),
		cmocka_unit_test_setup_teardown(
			no_other_interface_takes_a_strict_ones_handle, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
