/* SPDX-License-Identifier: MIT */
/* Where memory, descriptors or a mapper's goodwill run out: what is said, that nothing is lost, and that it goes on. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "epm.h"
#include "rpc/trial.h"

/* --- what a server says --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char logged[1024];
static unsigned n_logged;

static void
on_log(void *arg, enum sp_log_level level, const char *message)
{
	(void)arg;
	if (level > SP_LOG_WARNING)
		return;
	pthread_mutex_lock(&lock);
	snprintf(logged, sizeof(logged), "%s", message);
	n_logged++;
	pthread_mutex_unlock(&lock);
}

static bool
log_says(const char *text)
{
	bool says;

	pthread_mutex_lock(&lock);
	says = strstr(logged, text) != NULL;
	pthread_mutex_unlock(&lock);
	return says;
}

static void
log_await(const char *text)
{
	sp_nanos end = time_now() + TRIAL_PATIENCE;

	while (!log_says(text)) {
		if (time_now() > end)
			fail_msg("nothing like \"%s\" was logged; the last was \"%s\"", text,
				logged);
		usleep(1000);
	}
}

static void
log_forget(void)
{
	pthread_mutex_lock(&lock);
	logged[0] = '\0';
	n_logged = 0;
	pthread_mutex_unlock(&lock);
}

/* --- memory --- */

static sp_status
server_make(const char *dir, sp_server **ret, struct sp_error *reterr)
{
	const struct sp_uuid object = {.time_low = 7};
	const struct sp_interface_options how = {
		.annotation = "for a while", .objects = &object, .n_objects = 1};
	struct sp_server_options options = {
		.no_mapper = true, .ncalrpc_dir = dir, .port_policy = "/nonexistent"};
	sp_status status = sp_server_new(&options, ret, reterr);

	if (!status)
		status = sp_server_use_protseq(*ret, "ncacn_ip_tcp", NULL, "127.0.0.1", reterr);
	if (!status)
		status = sp_server_use_protseq(*ret, "ncalrpc", "lacking", NULL, reterr);
	if (!status)
		status = sp_server_register(*ret, &trial_interface, NULL, &how, reterr);
	if (!status)
		status = sp_server_use_ntlm(
			*ret, &(struct sp_ntlm_options){.anonymous = true}, reterr);
	return status;
}

static void
each_allocation_of_a_server_may_fail(void **state)
{
	char dir[] = "/tmp/sallyport-lacking-XXXXXX";
	uint64_t requests = 1;
	unsigned failed = 0;

	assert_non_null(mkdtemp(dir));
	for (uint64_t n = 1; n <= requests; n++) {
		struct sp_error err = {0};
		sp_server *server = NULL;
		uint64_t before = mem_requests();
		sp_status status;

		mem_fail_nth(n);
		status = server_make(dir, &server, &err);
		mem_fail_nth(0);
		requests = mem_requests() - before;
		if (status) {
			assert_int_equal(status, RPC_S_OUT_OF_MEMORY);
			assert_int_equal(err.status, RPC_S_OUT_OF_MEMORY);
			failed++;
			requests = n + 1; /* there may be more */
		} else {
			assert_int_equal(sp_server_start(server, 1, &err), 0);
		}
		sp_server_free(server);
	}
	assert_true(failed >= 20); /* without its warnings about the machine's ports it goes on */
	assert_int_equal(rmdir(dir), 0);
}

static sp_status
client_ask(const char *binding, const struct sp_security *security, sp_client **ret,
	struct sp_error *reterr)
{
	const struct sp_client_options options = {.ncalrpc_dir = "/nonexistent"};
	struct trial_args args = {.value = 1};
	sp_status status = sp_client_new(binding, &options, ret, reterr);
	sp_call *call;

	if (!status && security)
		status = sp_client_secure(*ret, security, reterr);
	if (status)
		return status;
	call = sp_call_new(*ret);
	status = call ? sp_call_invoke(call, &trial_interface, TRIAL_ADD, &args, reterr)
		      : RPC_S_OUT_OF_MEMORY;
	assert_true(status || args.value == 2);
	sp_call_free(call);
	return status;
}

/* Whatever fails: it is said, and the next client is served. */
static void
fail_each(const char *binding, const struct sp_security *security, unsigned at_least)
{
	uint64_t requests = 1;
	unsigned failed = 0;

	for (uint64_t n = 1; n <= requests; n++) {
		struct sp_error err = {0};
		sp_client *client = NULL;
		uint64_t before = mem_requests();
		sp_status status;

		mem_fail_nth(n);
		status = client_ask(binding, security, &client, &err);
		mem_fail_nth(0);
		failed += status != 0;
		requests = status ? n + 1 : mem_requests() - before;
		sp_client_free(client);
		client = NULL;
		assert_int_equal(client_ask(binding, security, &client, &err), 0);
		sp_client_free(client);
	}
	assert_true(failed >= at_least);
}

static void
each_allocation_of_a_client_may_fail(void **state)
{
	static const struct sp_security anybody = {
		.provider = SP_AUTH_NTLM, .level = SP_LEVEL_PRIVACY};
	char dir[] = "/tmp/sallyport-lacking-XXXXXX", binding[80];
	struct sp_error err;
	sp_server *server;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(server_make(dir, &server, &err), 0);
	assert_int_equal(sp_server_start(server, 2, &err), 0);
	snprintf(binding, sizeof(binding), "%s", sp_server_binding(server, 0));
	fail_each(binding, NULL, 8);
	fail_each(binding, &anybody, 12);
	sp_server_free(server);
	assert_int_equal(rmdir(dir), 0);
}

/* --- descriptors --- */

/* All that may be open are; *ret_n of them here. */
static int *
descriptors_use_up(const struct rlimit *limit, unsigned *ret_n)
{
	int *all = calloc(limit->rlim_cur, sizeof(*all));

	assert_non_null(all);
	for (*ret_n = 0; (all[*ret_n] = open("/dev/null", O_RDONLY)) >= 0; ++*ret_n)
		;
	assert_int_equal(errno, EMFILE);
	return all;
}

static void
server_without_descriptors_pauses_says_so_and_goes_on(void **state)
{
	struct sp_server_options options = {.log = on_log, .port_policy = "/nonexistent"};
	struct rlimit before, few;
	struct trial_server s;
	unsigned n;
	int *all;

	log_forget();
	trial_server_up(&s, &options);
	sp_client *early = trial_client(s.tcp, NULL);
	struct trial_call t;
	trial_start(&t, early, TRIAL_ADD, 1);
	trial_run(early, &t);
	assert_int_equal(t.status, 0);

	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(s.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 200;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	all = descriptors_use_up(&few, &n);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	log_await("cannot accept on");
	/* who is in is served meanwhile */
	trial_again(&t, TRIAL_ADD, 5);
	trial_run(early, &t);
	assert_int_equal(t.status, 0);
	assert_int_equal(t.args.value, 6);
	/* it does not spin: a line for each pause of 100 ms */
	usleep(250000);
	pthread_mutex_lock(&lock);
	assert_in_range(n_logged, 1, 10);
	pthread_mutex_unlock(&lock);

	while (n > 0)
		close(all[--n]);
	free(all);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	sp_client *late = trial_client(s.tcp, NULL);
	struct trial_call u;
	trial_start(&u, late, TRIAL_ADD, 7);
	trial_run(late, &u);
	assert_int_equal(u.status, 0);
	close(fd);
	sp_call_free(u.call);
	sp_client_free(late);
	sp_call_free(t.call);
	sp_client_free(early);
	trial_server_down(&s);
}

/* --- a mapper that does not want --- */

static void
insert_refused(
	sp_call *call, uint32_t num_ents, ept_entry_t *entries, uint32_t replace, uint32_t *status)
{
	(void)call;
	(void)num_ents;
	(void)entries;
	(void)replace;
	*status = EPT_S_CANT_PERFORM_OP;
}

static void
insert_fails(
	sp_call *call, uint32_t num_ents, ept_entry_t *entries, uint32_t replace, uint32_t *status)
{
	(void)num_ents;
	(void)entries;
	(void)replace;
	*status = 0;
	sp_call_raise(call, ERROR_ACCESS_DENIED);
}

/* What a server says whose mapper is this; whatever it is, the server serves. */
static void
expect_of_mapper(const struct sp_interface *interface, const void *handlers, const char *says)
{
	struct sp_server_options options = {.log = on_log, .port_policy = "/nonexistent"};
	char dir[] = "/tmp/sallyport-lacking-XXXXXX", binding[80];
	sp_server *mapper, *server;
	sp_client *client = NULL;
	struct sp_error err;

	assert_non_null(mkdtemp(dir));
	options.ncalrpc_dir = dir;
	options.no_mapper = true;
	assert_int_equal(sp_server_new(&options, &mapper, &err), 0);
	assert_int_equal(sp_server_use_protseq(mapper, "ncalrpc", "epmapper", NULL, &err), 0);
	assert_int_equal(sp_server_register(mapper, interface, handlers, NULL, &err), 0);
	assert_int_equal(sp_server_start(mapper, 1, &err), 0);
	log_forget();
	options.no_mapper = false;
	assert_int_equal(sp_server_new(&options, &server, &err), 0);
	assert_int_equal(sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "127.0.0.1", &err), 0);
	assert_int_equal(sp_server_register(server, &trial_interface, NULL, NULL, &err), 0);
	assert_int_equal(sp_server_start(server, 1, &err), 0);
	log_await(says);
	snprintf(binding, sizeof(binding), "%s", sp_server_binding(server, 0));
	assert_int_equal(client_ask(binding, NULL, &client, &err), 0);
	assert_int_equal(n_logged, 1);
	sp_client_free(client);
	sp_server_free(server);
	sp_server_free(mapper);
	assert_int_equal(rmdir(dir), 0);
}

static void
refusals_of_the_mapper_are_said_once_and_the_server_serves(void **state)
{
	static const struct epm_handlers refuses = {.ept_insert = insert_refused};
	static const struct epm_handlers fails = {.ept_insert = insert_fails};

	expect_of_mapper(&epm_server_interface, &refuses, "status 1752");
	expect_of_mapper(&epm_server_interface, &fails, "fault 5");
	expect_of_mapper(&trial_interface, NULL, "something else answers at its endpoint");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_of_a_server_may_fail),
		cmocka_unit_test(each_allocation_of_a_client_may_fail),
		cmocka_unit_test(server_without_descriptors_pauses_says_so_and_goes_on),
		cmocka_unit_test(refusals_of_the_mapper_are_said_once_and_the_server_serves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
