/* SPDX-License-Identifier: MIT */
/* What a caller is held to whom no client on loopback can be: of Kerberos, of IPv6, of this machine; and what cannot be read. */
#include "rpc/access.h"

#include "rpc/trial.h"

#include "auth/provider.h"
#include "net/network.h"
#include "rpc/server.h"

struct somebody {
	struct auth_context context;
	struct auth_names names;
};

static void
names_tell(const struct auth_context *c, struct auth_names *ret)
{
	*ret = ((const struct somebody *)c)->names;
}

static const struct auth_methods methods = {.name = "somebody", .names = names_tell};

/* user NULL: not authenticated; from NULL: over ncalrpc, as user 1000 */
static sp_status
admitted(const struct sp_interface_options *options, enum auth_type mechanism, const char *user,
	const char *domain, const char *from)
{
	struct somebody who = {{.methods = &methods}, {user, domain, user && !*user, mechanism}};
	struct connection connection = {.local = !from, .uid = 1000};
	struct sp_call call = {.connection = &connection, .auth = user ? &who.context : NULL};
	struct access_rules *rules;
	struct network host;
	sp_status status;

	if (from) {
		assert_true(network_parse(from, &host));
		connection.host = host.address;
		connection.host_is_known = true;
	}
	assert_int_equal(access_rules_new("i", options, &rules, NULL), 0);
	assert_non_null(rules);
	status = access_rules_admit(rules, &call);
	access_rules_free(rules);
	return status;
}

#define ANYWHERE "192.0.2.7"

static sp_status
named(const char *name, enum auth_type mechanism, const char *user, const char *domain)
{
	const struct sp_interface_options options = {.identities = &name, .n_identities = 1};

	return admitted(&options, mechanism, user, domain, ANYWHERE);
}

static void
names_of_kerberos_are_exact_and_have_their_realm(void **state)
{
	static const char realm[] = "HOUSE.EXAMPLE";

	assert_int_equal(named("alice@HOUSE.EXAMPLE", AUTH_TYPE_KERBEROS, "alice", realm), 0);
	assert_int_equal(named("HOUSE.EXAMPLE\\alice", AUTH_TYPE_KERBEROS, "alice", realm), 0);
	assert_int_equal(named("http/www@HOUSE.EXAMPLE", AUTH_TYPE_KERBEROS, "http/www", realm), 0);
	assert_int_equal(named("Alice@HOUSE.EXAMPLE", AUTH_TYPE_KERBEROS, "alice", realm),
		ERROR_ACCESS_DENIED);
	assert_int_equal(named("alice@house.example", AUTH_TYPE_KERBEROS, "alice", realm),
		ERROR_ACCESS_DENIED);
	assert_int_equal(named("alice", AUTH_TYPE_KERBEROS, "alice", realm), ERROR_ACCESS_DENIED);
	assert_int_equal(named("alice@HOUSE.EXAMPLE", AUTH_TYPE_KERBEROS, "alice", "EVIL.EXAMPLE"),
		ERROR_ACCESS_DENIED);
}

static void
names_of_ntlm_are_folded_as_windows_folds_them(void **state)
{
	assert_int_equal(named("HOUSE\\Alice", AUTH_TYPE_NTLM, "alice", "house"), 0);
	assert_int_equal(named("J\xc3\x9cRGEN", AUTH_TYPE_NTLM, "j\xc3\xbcrgen", "any"), 0);
	assert_int_equal(
		named("HOUSE\\alice", AUTH_TYPE_NTLM, "alice", "house2"), ERROR_ACCESS_DENIED);
	assert_int_equal(named("HOUSE\\alice", AUTH_TYPE_NTLM, "alice", ""), ERROR_ACCESS_DENIED);
}

static void
nobody_has_no_name(void **state)
{
	assert_int_equal(named("alice", AUTH_TYPE_NTLM, "", ""), ERROR_ACCESS_DENIED);
	assert_int_equal(named("alice", AUTH_TYPE_NONE, NULL, NULL), ERROR_ACCESS_DENIED);
	assert_int_equal(named("uid:0", AUTH_TYPE_NONE, NULL, NULL), ERROR_ACCESS_DENIED);
	/* a user who chose such a name is none of this machine */
	assert_int_equal(named("uid:1000", AUTH_TYPE_NTLM, "uid:1000", ""), ERROR_ACCESS_DENIED);
}

static void
local_callers_are_named_by_their_number(void **state)
{
	const char *names[] = {"alice", "uid:1000"}, *network = "192.0.2.0/24";
	struct sp_interface_options options = {.identities = names, .n_identities = 2};

	assert_int_equal(admitted(&options, AUTH_TYPE_NONE, NULL, NULL, NULL), 0);
	names[1] = "uid:1001";
	assert_int_equal(admitted(&options, AUTH_TYPE_NONE, NULL, NULL, NULL), ERROR_ACCESS_DENIED);
	assert_int_equal(admitted(&options, AUTH_TYPE_NTLM, "alice", "", NULL), 0);
	options = (struct sp_interface_options){
		.providers = SP_BY_KERBEROS, .networks = &network, .n_networks = 1};
	assert_int_equal(admitted(&options, AUTH_TYPE_NONE, NULL, NULL, NULL), 0);
}

static void
provider_is_the_one_that_spnego_chose(void **state)
{
	struct sp_interface_options options = {.providers = SP_BY_KERBEROS};

	assert_int_equal(admitted(&options, AUTH_TYPE_KERBEROS, "a", "R", ANYWHERE), 0);
	assert_int_equal(
		admitted(&options, AUTH_TYPE_NTLM, "a", "R", ANYWHERE), ERROR_ACCESS_DENIED);
	assert_int_equal(
		admitted(&options, AUTH_TYPE_NONE, NULL, NULL, ANYWHERE), ERROR_ACCESS_DENIED);
}

static void
networks_are_of_both_families(void **state)
{
	static const struct {
		const char *network, *host;
		bool in;
	} rows[] = {{"2001:db8::/32", "2001:db8:ffff::1", true},
		{"2001:db8::/32", "2001:db9::1", false},
		{"2001:db8:0:8000::/49", "2001:db8::1", false},
		{"2001:db8::7", "2001:db8::7", true}, {"::/0", "2001:db8::7", true},
		{"192.0.2.128/25", "192.0.2.127", false}, {"192.0.2.128/25", "192.0.2.128", true},
		{"::ffff:192.0.2.0/120", "192.0.2.9", true}, {"0.0.0.0/0", "2001:db8::7", false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sp_interface_options options = {
			.networks = &rows[i].network, .n_networks = 1};

		if ((admitted(&options, 0, NULL, NULL, rows[i].host) == 0) != rows[i].in)
			fail_msg("%s in %s", rows[i].host, rows[i].network);
	}
}

static void
peer_without_an_address_is_in_no_network(void **state)
{
	const char *everything = "::/0";
	const struct sp_interface_options options = {.networks = &everything, .n_networks = 1};
	struct connection connection = {.host_is_known = false};
	struct sp_call call = {.connection = &connection};
	struct access_rules *rules;

	assert_int_equal(access_rules_new("i", &options, &rules, NULL), 0);
	assert_int_equal(access_rules_admit(rules, &call), ERROR_ACCESS_DENIED);
	access_rules_free(rules);
}

static void
options_that_restrict_nothing_make_no_rules(void **state)
{
	const struct sp_interface_options options = {.least_level = SP_LEVEL_PRIVACY};
	struct access_rules *rules;

	assert_int_equal(access_rules_new("i", NULL, &rules, NULL), 0);
	assert_null(rules);
	assert_int_equal(access_rules_new("i", &options, &rules, NULL), 0);
	assert_null(rules);
}

static void
lists_that_cannot_be_read_are_refused(void **state)
{
	static const char *const names[] = {"", "\\alice", "HOUSE\\", "alice@", "@HOUSE",
		"uid:", "uid:-1", "uid:alice", "uid:4294967295", "uid:99999999999999999999"};
	static const char *const networks[] = {"", "192.0.2.0/33", "2001:db8::/129", "house",
		"192.0.2.0/", "192.0.2.0/24 ", "192.0.2/24"};
	static const struct sp_opnum_rule rules[] = {
		{2, 1, SP_OPNUM_DENY}, {0, 1, (enum sp_opnum_action)(SP_OPNUM_DENY + 1)}};
	struct sp_interface_options options = {.n_identities = 1};
	struct access_rules *ret;
	struct sp_error err;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		options.identities = &names[i];
		assert_int_equal(access_rules_new("i", &options, &ret, &err), RPC_S_INVALID_ARG);
	}
	options = (struct sp_interface_options){.n_networks = 1};
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		options.networks = &networks[i];
		assert_int_equal(access_rules_new("i", &options, &ret, &err), RPC_S_INVALID_ARG);
	}
	options = (struct sp_interface_options){.n_opnum_rules = 1};
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		options.opnum_rules = &rules[i];
		assert_int_equal(access_rules_new("i", &options, &ret, &err), RPC_S_INVALID_ARG);
	}
	options = (struct sp_interface_options){.providers = 4};
	assert_int_equal(access_rules_new("i", &options, &ret, &err), RPC_S_INVALID_ARG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_kerberos_are_exact_and_have_their_realm),
		cmocka_unit_test(names_of_ntlm_are_folded_as_windows_folds_them),
		cmocka_unit_test(nobody_has_no_name),
		cmocka_unit_test(local_callers_are_named_by_their_number),
		cmocka_unit_test(provider_is_the_one_that_spnego_chose),
		cmocka_unit_test(networks_are_of_both_families),
		cmocka_unit_test(peer_without_an_address_is_in_no_network),
		cmocka_unit_test(options_that_restrict_nothing_make_no_rules),
		cmocka_unit_test(lists_that_cannot_be_read_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
