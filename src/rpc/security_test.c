/* SPDX-License-Identifier: MIT */
/* Clients and servers that know each other: each level, what is refused, and what a handler is told. */
#include "rpc/trial.h"

#include "auth/ntlm.h"

/* --- an interface that gives back what it gets --- */

struct args {
	uint32_t n;
	uint8_t *bytes;
};

static void
args_push(struct sp_push *p, const void *v)
{
	const struct args *a = v;

	sp_push_count(p, a->n);
	sp_push_bytes(p, a->bytes, a->n);
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

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	enum sp_auth provider;
	enum sp_level level;
	char user[64], domain[64];
	bool anonymous;
	size_t key_len;
} heard;
static char logged[256];
static unsigned n_logged;

static sp_status
echo(sp_call *call, const void *handlers, void *v)
{
	struct sp_caller caller = sp_call_caller(call);

	(void)handlers;
	(void)v;
	pthread_mutex_lock(&lock);
	heard.provider = caller.provider;
	heard.level = caller.level;
	heard.anonymous = caller.anonymous;
	heard.key_len = caller.session_key ? caller.session_key_len : 0;
	snprintf(heard.user, sizeof(heard.user), "%s", caller.user);
	snprintf(heard.domain, sizeof(heard.domain), "%s", caller.domain);
	pthread_mutex_unlock(&lock);
	return 0;
}

static const struct sp_operation operations[] = {{"echo", sizeof(struct args), 0, args_push,
	args_pull, args_push, args_pull, echo, NULL, 0}};

static const struct sp_interface interface = {
	.abi = SP_STUB_ABI,
	.name = "bytes",
	.id = {{0x5ec, 0x4321, 0x1234, {0x80, 0x02}, {1, 2, 3, 4, 5, 6}}, 1, 0},
	.n_operations = 1,
	.operations = operations,
};

/* --- the stage --- */

static bool
lookup(void *arg, const char *user, const char *domain, struct sp_account *ret)
{
	(void)arg;
	(void)domain;
	if (strcasecmp(user, "alice") != 0)
		return false;
	strcpy(ret->name, "alice");
	return ntlm_nt_hash("correct horse", ret->nt_hash);
}

static void
on_log(void *arg, enum sp_log_level level, const char *message)
{
	(void)arg;
	(void)level;
	pthread_mutex_lock(&lock);
	snprintf(logged, sizeof(logged), "%s", message);
	n_logged++;
	pthread_mutex_unlock(&lock);
}

struct stage {
	sp_server *server;
	char binding[64];
};

static void
stage_up(struct stage *s, const struct sp_ntlm_options *ntlm,
	const struct sp_interface_options *options, enum sp_level server_level)
{
	const struct sp_server_options server_options = {.no_mapper = true,
		.port_policy = "/nonexistent",
		.log = on_log,
		.least_level = server_level};
	struct sp_error err;

	n_logged = 0;
	memset(&heard, 0, sizeof(heard));
	assert_int_equal(sp_server_new(&server_options, &s->server, &err), 0);
	assert_int_equal(
		sp_server_use_protseq(s->server, "ncacn_ip_tcp", NULL, "127.0.0.1", &err), 0);
	assert_int_equal(sp_server_register(s->server, &interface, NULL, options, &err), 0);
	if (ntlm)
		assert_int_equal(sp_server_use_ntlm(s->server, ntlm, &err), 0);
	assert_int_equal(sp_server_start(s->server, 1, &err), 0);
	snprintf(s->binding, sizeof(s->binding), "%s", sp_server_binding(s->server, 0));
}

static const struct sp_ntlm_options with_alice = {.lookup = lookup, .computer = "SERVER"};
static const struct sp_security as_alice = {.provider = SP_AUTH_NTLM,
	.level = SP_LEVEL_PRIVACY,
	.user = "Alice",
	.domain = "HOUSE",
	.password = "correct horse"};

static sp_client *
client_new(const struct stage *s, const struct sp_security *security)
{
	struct sp_error err;
	sp_client *client;

	assert_int_equal(sp_client_new(s->binding, NULL, &client, &err), 0);
	if (security)
		assert_int_equal(sp_client_secure(client, security, &err), 0);
	return client;
}

/* n bytes there and back. */
static sp_status
ask(sp_client *client, uint32_t n, struct sp_error *reterr)
{
	struct args args = {n, malloc(n + 1)};
	sp_call *call = sp_call_new(client);
	sp_status status;
	uint8_t *sent = args.bytes;

	assert_non_null(call);
	for (uint32_t i = 0; i < n; i++)
		args.bytes[i] = (uint8_t)(i * 7 + i / 251);
	status = sp_call_invoke(call, &interface, 0, &args, reterr);
	if (!status) {
		assert_int_equal(args.n, n);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(args.bytes[i], (uint8_t)(i * 7 + i / 251));
	}
	sp_call_free(call);
	free(sent);
	return status;
}

static sp_status
ask_once(const struct stage *s, const struct sp_security *security, struct sp_error *reterr)
{
	sp_client *client = client_new(s, security);
	sp_status status = ask(client, 100, reterr);

	sp_client_free(client);
	return status;
}

/* --- tests --- */

static void
each_level_carries_calls_of_every_size(void **state)
{
	static const uint32_t sizes[] = {0, 1, 15, 16, 17, 1000, 5768, 5792, 5800, 5816, 100000};
	struct stage s;

	stage_up(&s, &with_alice, NULL, 0);
	for (int level = SP_LEVEL_CONNECT; level <= SP_LEVEL_PRIVACY; level++) {
		struct sp_security security = as_alice;
		sp_client *client;

		security.level = (enum sp_level)level;
		client = client_new(&s, &security);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct sp_error err = {0};

			if (ask(client, sizes[i], &err))
				fail_msg("level %d, %u bytes: %s", level, sizes[i], err.sentence);
		}
		assert_int_equal(heard.level, level == SP_LEVEL_CALL ? SP_LEVEL_PACKET : level);
		assert_int_equal(heard.provider, SP_AUTH_NTLM);
		assert_string_equal(heard.user, "alice");
		assert_string_equal(heard.domain, "HOUSE");
		assert_int_equal(heard.key_len, 16);
		sp_client_free(client);
	}
	sp_server_free(s.server);
}

static void
wrong_password_is_denied_and_logged_once(void **state)
{
	struct sp_security wrong = as_alice;
	struct stage s;

	wrong.password = "battery staple";
	stage_up(&s, &with_alice, NULL, 0);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(ask_once(&s, &wrong, NULL), ERROR_ACCESS_DENIED);
	assert_int_equal(ask_once(&s, &as_alice, NULL), 0);
	pthread_mutex_lock(&lock);
	assert_int_equal(n_logged, 1);
	assert_non_null(strstr(logged, "unknown user or wrong password"));
	pthread_mutex_unlock(&lock);
	sp_server_free(s.server);
}

static void
caller_below_the_least_level_is_denied(void **state)
{
	const struct sp_interface_options needs = {.least_level = SP_LEVEL_INTEGRITY};
	struct stage s;

	stage_up(&s, &with_alice, &needs, 0);
	assert_int_equal(ask_once(&s, NULL, NULL), ERROR_ACCESS_DENIED);
	for (int level = SP_LEVEL_CONNECT; level <= SP_LEVEL_PRIVACY; level++) {
		struct sp_security security = as_alice;

		security.level = (enum sp_level)level;
		assert_int_equal(ask_once(&s, &security, NULL),
			level < SP_LEVEL_INTEGRITY ? ERROR_ACCESS_DENIED : 0);
	}
	sp_server_free(s.server);
}

static void
servers_least_level_counts_where_an_interface_says_nothing(void **state)
{
	const struct sp_interface_options open = {.least_level = SP_LEVEL_NONE};
	struct stage s;

	stage_up(&s, &with_alice, NULL, SP_LEVEL_PRIVACY);
	assert_int_equal(ask_once(&s, NULL, NULL), ERROR_ACCESS_DENIED);
	assert_int_equal(ask_once(&s, &as_alice, NULL), 0);
	sp_server_free(s.server);
	stage_up(&s, &with_alice, &open, SP_LEVEL_PRIVACY);
	assert_int_equal(ask_once(&s, NULL, NULL), 0);
	sp_server_free(s.server);
}

static void
anonymous_needs_both_the_providers_and_the_interfaces_leave(void **state)
{
	const struct sp_security nobody = {.provider = SP_AUTH_NTLM, .level = SP_LEVEL_PRIVACY};
	struct sp_ntlm_options ntlm = with_alice;
	struct sp_interface_options needs = {.least_level = SP_LEVEL_CONNECT};
	struct stage s;

	stage_up(&s, &ntlm, NULL, 0);
	assert_int_equal(ask_once(&s, &nobody, NULL), ERROR_ACCESS_DENIED);
	sp_server_free(s.server);
	ntlm.anonymous = true;
	stage_up(&s, &ntlm, &needs, 0);
	assert_int_equal(ask_once(&s, &nobody, NULL), ERROR_ACCESS_DENIED);
	sp_server_free(s.server);
	needs.anonymous = true;
	stage_up(&s, &ntlm, &needs, 0);
	assert_int_equal(ask_once(&s, &nobody, NULL), 0);
	assert_true(heard.anonymous);
	assert_string_equal(heard.user, "");
	sp_server_free(s.server);
}

static void
unauthenticated_caller_is_nobody(void **state)
{
	struct stage s;

	stage_up(&s, &with_alice, NULL, 0);
	assert_int_equal(ask_once(&s, NULL, NULL), 0);
	assert_int_equal(heard.level, SP_LEVEL_NONE);
	assert_int_equal(heard.provider, SP_AUTH_NONE);
	assert_string_equal(heard.user, "");
	assert_int_equal(heard.key_len, 0);
	sp_server_free(s.server);
}

static void
server_without_providers_says_so(void **state)
{
	struct sp_error err;
	struct stage s;

	stage_up(&s, NULL, NULL, 0);
	assert_int_equal(ask_once(&s, &as_alice, &err), RPC_S_UNKNOWN_AUTHN_SERVICE);
	sp_server_free(s.server);
}

static void
wishes_that_make_no_sense_are_refused(void **state)
{
	struct sp_security s = as_alice;
	struct sp_error err;
	struct stage stage;
	sp_client *client;

	stage_up(&stage, &with_alice, NULL, 0);
	client = client_new(&stage, NULL);
	s.provider = (enum sp_auth)68;
	assert_int_equal(sp_client_secure(client, &s, &err), RPC_S_UNKNOWN_AUTHN_SERVICE);
	s = as_alice;
	s.level = SP_LEVEL_NONE;
	assert_int_equal(sp_client_secure(client, &s, &err), RPC_S_UNKNOWN_AUTHN_LEVEL);
	s = as_alice;
	s.password = NULL;
	assert_int_equal(sp_client_secure(client, &s, &err), RPC_S_INVALID_ARG);
	assert_int_equal(
		sp_server_use_ntlm(stage.server, &with_alice, &err), RPC_S_ALREADY_REGISTERED);
	sp_client_free(client);
	sp_server_free(stage.server);
}

static void
hash_does_for_a_password(void **state)
{
	struct sp_security s = as_alice;
	uint8_t hash[16];
	struct stage stage;

	assert_true(ntlm_nt_hash("correct horse", hash));
	s.password = NULL;
	s.nt_hash = hash;
	stage_up(&stage, &with_alice, NULL, 0);
	assert_int_equal(ask_once(&stage, &s, NULL), 0);
	sp_server_free(stage.server);
}

static void
client_may_change_who_it_is(void **state)
{
	struct stage s;
	struct sp_error err;
	sp_client *client;

	stage_up(&s, &with_alice, NULL, 0);
	client = client_new(&s, NULL);
	assert_int_equal(ask(client, 10, &err), 0);
	assert_int_equal(heard.level, SP_LEVEL_NONE);
	assert_int_equal(sp_client_secure(client, &as_alice, &err), 0);
	assert_int_equal(ask(client, 10, &err), 0);
	assert_int_equal(heard.level, SP_LEVEL_PRIVACY);
	sp_client_free(client);
	sp_server_free(s.server);
}

/* --- who, from where, and what --- */

static sp_status
ask_with(const struct sp_interface_options *options, const struct sp_security *security)
{
	struct stage s;
	sp_status status;

	stage_up(&s, &with_alice, options, 0);
	status = ask_once(&s, security, NULL);
	assert_int_equal(heard.level != 0, status == 0); /* what is refused does not run */
	sp_server_free(s.server);
	return status;
}

static void
only_clients_of_an_allowed_provider_may_call(void **state)
{
	struct sp_interface_options options = {.providers = SP_BY_NTLM};
	struct sp_security negotiated = as_alice;

	negotiated.provider = SP_AUTH_SPNEGO;
	assert_int_equal(ask_with(&options, &as_alice), 0);
	assert_int_equal(ask_with(&options, &negotiated), 0);
	assert_int_equal(ask_with(&options, NULL), ERROR_ACCESS_DENIED);
	options.providers = SP_BY_KERBEROS;
	assert_int_equal(ask_with(&options, &as_alice), ERROR_ACCESS_DENIED);
	assert_int_equal(ask_with(&options, &negotiated), ERROR_ACCESS_DENIED);
	options.providers = SP_BY_KERBEROS | SP_BY_NTLM;
	assert_int_equal(ask_with(&options, &as_alice), 0);
}

static void
only_callers_who_are_named_may_call(void **state)
{
	static const struct {
		const char *name;
		sp_status status;
	} rows[] = {{"alice", 0}, {"ALICE", 0}, {"HOUSE\\alice", 0}, {"Alice@house", 0},
		{"alic", ERROR_ACCESS_DENIED}, {"alices", ERROR_ACCESS_DENIED},
		{"GARDEN\\alice", ERROR_ACCESS_DENIED}, {"uid:0", ERROR_ACCESS_DENIED}};
	struct sp_interface_options options = {.n_identities = 2};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *names[] = {"HOUSE\\bob", rows[i].name};

		options.identities = names;
		if (ask_with(&options, &as_alice) != rows[i].status)
			fail_msg("%s: not %u", rows[i].name, rows[i].status);
		assert_int_equal(ask_with(&options, NULL), ERROR_ACCESS_DENIED);
	}
}

static void
only_clients_of_an_allowed_network_may_call(void **state)
{
	static const struct {
		const char *network;
		sp_status status;
	} rows[] = {{"127.0.0.0/8", 0}, {"127.0.0.1", 0}, {"0.0.0.0/0", 0},
		{"127.0.0.2/32", ERROR_ACCESS_DENIED}, {"192.0.2.0/24", ERROR_ACCESS_DENIED},
		{"2001:db8::/32", ERROR_ACCESS_DENIED}, {"::1", ERROR_ACCESS_DENIED}};
	struct sp_interface_options options = {.n_networks = 2};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *networks[] = {"198.51.100.0/24", rows[i].network};

		options.networks = networks;
		if (ask_with(&options, NULL) != rows[i].status)
			fail_msg("%s: not %u", rows[i].network, rows[i].status);
		assert_int_equal(ask_with(&options, &as_alice), rows[i].status);
	}
}

static void
first_rule_of_an_opnum_decides(void **state)
{
	struct sp_opnum_rule rules[] = {
		{1, 65535, SP_OPNUM_DENY}, {0, 0, SP_OPNUM_AUDIT}, {0, 65535, SP_OPNUM_DENY}};
	struct sp_interface_options options = {.opnum_rules = rules, .n_opnum_rules = 3};

	assert_int_equal(ask_with(&options, &as_alice), 0);
	assert_int_equal(n_logged, 1);
	assert_non_null(strstr(logged, "audit: ncacn_ip_tcp:127.0.0.1["));
	assert_non_null(strstr(logged, ", HOUSE\\alice, calls bytes.echo (0)"));
	assert_int_equal(ask_with(&options, NULL), 0);
	assert_non_null(strstr(logged, ", nobody, calls bytes.echo (0)"));
	rules[1].action = SP_OPNUM_ALLOW;
	assert_int_equal(ask_with(&options, NULL), 0);
	assert_int_equal(n_logged, 0);
	rules[1].action = SP_OPNUM_DENY;
	assert_int_equal(ask_with(&options, &as_alice), ERROR_ACCESS_DENIED);
	options.n_opnum_rules = 1;
	assert_int_equal(ask_with(&options, NULL), 0);
}

static void
every_list_must_be_met(void **state)
{
	static const char *names[] = {"alice"}, *networks[] = {"127.0.0.1"}, *others[] = {"bob"};
	struct sp_interface_options options = {.providers = SP_BY_NTLM,
		.identities = names,
		.n_identities = 1,
		.networks = networks,
		.n_networks = 1,
		.least_level = SP_LEVEL_PRIVACY};
	struct sp_security weak = as_alice;

	weak.level = SP_LEVEL_INTEGRITY;
	assert_int_equal(ask_with(&options, &as_alice), 0);
	assert_int_equal(ask_with(&options, &weak), ERROR_ACCESS_DENIED);
	options.identities = others;
	assert_int_equal(ask_with(&options, &as_alice), ERROR_ACCESS_DENIED);
	options.identities = names;
	options.networks = (const char *[]){"10.0.0.0/8"};
	assert_int_equal(ask_with(&options, &as_alice), ERROR_ACCESS_DENIED);
}

static void
too_many_wrong_passwords_end_logons_from_there_for_a_minute(void **state)
{
	struct sp_ntlm_options ntlm = with_alice;
	struct sp_security wrong = as_alice, negotiated = as_alice;
	struct sp_error err;
	struct stage s;

	ntlm.failures_per_minute = 3;
	wrong.password = "battery staple";
	negotiated.provider = SP_AUTH_SPNEGO;
	stage_up(&s, &ntlm, NULL, 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(ask_once(&s, &wrong, NULL), ERROR_ACCESS_DENIED);
	assert_int_equal(ask_once(&s, &as_alice, NULL), 0);
	assert_int_equal(ask_once(&s, &wrong, NULL), ERROR_ACCESS_DENIED);
	/* the right one, too, in whatever dress; who does not log on is not concerned */
	assert_int_equal(ask_once(&s, &as_alice, &err), ERROR_ACCESS_DENIED);
	assert_int_equal(ask_once(&s, &negotiated, &err), ERROR_ACCESS_DENIED);
	assert_int_equal(ask_once(&s, NULL, NULL), 0);
	pthread_mutex_lock(&lock);
	assert_int_equal(n_logged, 1);
	pthread_mutex_unlock(&lock);
	sp_server_free(s.server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_level_carries_calls_of_every_size),
		cmocka_unit_test(wrong_password_is_denied_and_logged_once),
		cmocka_unit_test(caller_below_the_least_level_is_denied),
		cmocka_unit_test(servers_least_level_counts_where_an_interface_says_nothing),
		cmocka_unit_test(anonymous_needs_both_the_providers_and_the_interfaces_leave),
		cmocka_unit_test(unauthenticated_caller_is_nobody),
		cmocka_unit_test(server_without_providers_says_so),
		cmocka_unit_test(wishes_that_make_no_sense_are_refused),
		cmocka_unit_test(hash_does_for_a_password),
		cmocka_unit_test(client_may_change_who_it_is),
		cmocka_unit_test(only_clients_of_an_allowed_provider_may_call),
		cmocka_unit_test(only_callers_who_are_named_may_call),
		cmocka_unit_test(only_clients_of_an_allowed_network_may_call),
		cmocka_unit_test(first_rule_of_an_opnum_decides),
		cmocka_unit_test(every_list_must_be_met),
		cmocka_unit_test(too_many_wrong_passwords_end_logons_from_there_for_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
