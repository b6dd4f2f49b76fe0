/* SPDX-License-Identifier: MIT */
/* Look-ups, with a resolver of the test's own: it says when an answer comes, and counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "net/names.h"

#define PATIENCE (20 * SP_SECOND)

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool closed; /* nobody is answered */
	unsigned n_asked, n_now, most, n_open;
} resolver = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void
stand_in_line(void)
{
	pthread_mutex_lock(&resolver.lock);
	resolver.n_asked++;
	if (++resolver.n_now > resolver.most)
		resolver.most = resolver.n_now;
	while (resolver.closed)
		pthread_cond_wait(&resolver.changed, &resolver.lock);
	resolver.n_now--;
	pthread_mutex_unlock(&resolver.lock);
}

/* "no..." is not found; everything else is 192.0.2.1 and ::1. */
int
getaddrinfo(
	const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	struct {
		struct addrinfo info[2];
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} * answer;

	assert_true(hints->ai_socktype == SOCK_STREAM);
	if (hints->ai_flags & AI_NUMERICHOST && inet_addr(host) == INADDR_NONE)
		return EAI_NONAME;
	if (!(hints->ai_flags & AI_NUMERICHOST))
		stand_in_line();
	if (!strncmp(host, "no", 2))
		return EAI_NONAME;
	pthread_mutex_lock(&resolver.lock);
	resolver.n_open++;
	pthread_mutex_unlock(&resolver.lock);
	answer = calloc(1, sizeof(*answer));
	answer->v4.sin_family = AF_INET;
	answer->v4.sin_addr.s_addr = inet_addr("192.0.2.1");
	answer->v6.sin6_family = AF_INET6;
	answer->v6.sin6_addr = in6addr_loopback;
	answer->info[0] = (struct addrinfo){.ai_addrlen = sizeof(answer->v4),
		.ai_addr = (struct sockaddr *)&answer->v4,
		.ai_next = &answer->info[1]};
	answer->info[1] = (struct addrinfo){
		.ai_addrlen = sizeof(answer->v6), .ai_addr = (struct sockaddr *)&answer->v6};
	*ret = answer->info;
	return 0;
}

void
freeaddrinfo(struct addrinfo *info)
{
	pthread_mutex_lock(&resolver.lock);
	resolver.n_open--;
	pthread_mutex_unlock(&resolver.lock);
	free(info);
}

static void
resolver_close(void)
{
	pthread_mutex_lock(&resolver.lock);
	resolver.closed = true;
	resolver.n_asked = resolver.most = 0;
	pthread_mutex_unlock(&resolver.lock);
}

static void
resolver_open(void)
{
	pthread_mutex_lock(&resolver.lock);
	resolver.closed = false;
	pthread_cond_broadcast(&resolver.changed);
	pthread_mutex_unlock(&resolver.lock);
}

static unsigned
resolver_count(const unsigned *which)
{
	pthread_mutex_lock(&resolver.lock);
	unsigned n = *which;
	pthread_mutex_unlock(&resolver.lock);
	return n;
}

static void
await_count(const unsigned *which, unsigned n)
{
	for (sp_nanos until = time_now() + PATIENCE;
		resolver_count(which) != n && time_now() < until;)
		usleep(500);
	assert_int_equal(resolver_count(which), n);
}

static struct names_question *
ask(const char *host)
{
	struct names_question *q = names_ask(host);

	assert_non_null(q);
	return q;
}

static enum names_result
wait_for(struct names_question *q, struct address **ret, size_t *ret_n, int *ret_eai)
{
	struct pollfd fd = {.fd = names_fd(q), .events = POLLIN};

	assert_int_equal(poll(&fd, 1, 20000), 1);
	return names_answer(q, 135, ret, ret_n, ret_eai);
}

static void
expect_both_addresses(struct names_question *q)
{
	struct address *addresses;
	char text[ADDRESS_TEXT];
	size_t n;
	int eai;

	assert_int_equal(wait_for(q, &addresses, &n, &eai), NAMES_OK);
	assert_int_equal(n, 2);
	address_format(&addresses[0], text);
	assert_string_equal(text, "192.0.2.1[135]");
	address_format(&addresses[1], text);
	assert_string_equal(text, "[::1][135]");
	mem_free(addresses);
	names_forget(q);
}

static unsigned
threads_now(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[200];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "Threads: %u", &n);
	fclose(f);
	return n;
}

static unsigned threads_before;

static void
expect_no_threads(void)
{
	for (sp_nanos until = time_now() + PATIENCE;
		threads_now() > threads_before && time_now() < until;)
		usleep(500);
	assert_int_equal(threads_now(), threads_before);
}

static void
a_host_has_all_its_addresses_with_the_port(void **state)
{
	(void)state;
	expect_both_addresses(ask("host.test"));
	expect_no_threads();
	assert_int_equal(resolver_count(&resolver.n_open), 0);
}

static void
what_is_not_found_says_so(void **state)
{
	struct names_question *q = ask("nowhere.test");
	struct address *addresses = NULL;
	size_t n;
	int eai = 0;

	(void)state;
	assert_int_equal(wait_for(q, &addresses, &n, &eai), NAMES_FAILED);
	assert_int_equal(eai, EAI_NONAME);
	assert_null(addresses);
	names_forget(q);
}

static void
a_thousand_questions_for_one_host_are_one_look_up(void **state)
{
	struct names_question *q[1000];

	(void)state;
	resolver_close();
	for (int i = 0; i < 1000; i++)
		q[i] = ask("host.test");
	await_count(&resolver.n_now, 1);
	assert_int_equal(threads_now(), threads_before + 1);
	resolver_open();
	for (int i = 0; i < 1000; i++)
		expect_both_addresses(q[i]);
	assert_int_equal(resolver_count(&resolver.n_asked), 1);
	expect_no_threads();
	assert_int_equal(resolver_count(&resolver.n_open), 0);
}

static void
many_hosts_share_a_few_threads(void **state)
{
	struct names_question *q[200];
	char host[32];

	(void)state;
	resolver_close();
	for (int i = 0; i < 200; i++) {
		snprintf(host, sizeof(host), "host%d.test", i);
		q[i] = ask(host);
	}
	await_count(&resolver.n_now, 16);
	assert_int_equal(threads_now(), threads_before + 16);
	resolver_open();
	for (int i = 0; i < 200; i++)
		expect_both_addresses(q[i]);
	assert_int_equal(resolver_count(&resolver.n_asked), 200);
	assert_int_equal(resolver_count(&resolver.most), 16);
	expect_no_threads();
}

static void
who_leaves_before_the_look_up_costs_none(void **state)
{
	struct names_question *q[40];
	char host[32];

	(void)state;
	resolver_close();
	for (int i = 0; i < 40; i++) {
		snprintf(host, sizeof(host), "host%d.test", i);
		q[i] = ask(host);
	}
	await_count(&resolver.n_now, 16);
	for (int i = 0; i < 40; i++)
		names_forget(q[i]);
	names_forget(NULL);
	resolver_open();
	expect_no_threads();
	assert_int_equal(resolver_count(&resolver.n_asked), 16);
	assert_int_equal(resolver_count(&resolver.n_open), 0);
}

/* Who asked first is gone; who came later has the answer all the same. */
static void
who_leaves_within_the_look_up_takes_no_answer_from_others(void **state)
{
	struct names_question *first, *second;
	struct address *addresses;
	size_t n;
	int eai;

	(void)state;
	resolver_close();
	first = ask("host.test");
	await_count(&resolver.n_now, 1);
	second = ask("host.test");
	assert_int_equal(names_answer(second, 135, &addresses, &n, &eai), NAMES_TIMEOUT);
	names_forget(first);
	resolver_open();
	expect_both_addresses(second);
	expect_no_threads();
	assert_int_equal(resolver_count(&resolver.n_open), 0);
}

static void
waiting_has_an_end(void **state)
{
	struct address *addresses = NULL;
	size_t n;
	int eai;

	(void)state;
	resolver_close();
	assert_int_equal(names_resolve("host.test", 1, time_now() + 20 * SP_MILLISECOND, &addresses,
				 &n, &eai),
		NAMES_TIMEOUT);
	resolver_open();
	expect_no_threads();
	assert_int_equal(names_resolve("host.test", 1, time_now() + PATIENCE, &addresses, &n, &eai),
		NAMES_OK);
	assert_int_equal(n, 2);
	mem_free(addresses);
}

static void
an_address_in_numbers_is_not_looked_up(void **state)
{
	struct address *addresses;
	size_t n;
	int eai;

	(void)state;
	resolver_close();
	assert_int_equal(names_resolve("192.0.2.9", 1, time_now() + PATIENCE, &addresses, &n, &eai),
		NAMES_OK);
	assert_int_equal(n, 1);
	assert_int_equal(resolver_count(&resolver.n_asked), 0);
	mem_free(addresses);
	resolver_open();
}

static void
lack_of_memory_is_said_and_nothing_stays(void **state)
{
	struct address *addresses;
	unsigned failed = 0;
	size_t n;
	int eai;

	(void)state;
	for (unsigned nth = 1; nth <= 4; nth++) {
		enum names_result result;

		mem_fail_nth(nth);
		result = names_resolve("host.test", 1, time_now() + PATIENCE, &addresses, &n, &eai);
		mem_fail_nth(0);
		failed += result != NAMES_OK;
		if (result == NAMES_OK)
			mem_free(addresses);
	}
	assert_int_equal(failed, 2); /* the question, the copy */
	expect_no_threads();
	assert_int_equal(resolver_count(&resolver.n_open), 0);
}

static void *
nothing(void *unused)
{
	return unused;
}

int
main(void)
{
	pthread_t first; /* with which the sanitizers' own begin */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_has_all_its_addresses_with_the_port),
		cmocka_unit_test(what_is_not_found_says_so),
		cmocka_unit_test(a_thousand_questions_for_one_host_are_one_look_up),
		cmocka_unit_test(many_hosts_share_a_few_threads),
		cmocka_unit_test(who_leaves_before_the_look_up_costs_none),
		cmocka_unit_test(who_leaves_within_the_look_up_takes_no_answer_from_others),
		cmocka_unit_test(waiting_has_an_end),
		cmocka_unit_test(an_address_in_numbers_is_not_looked_up),
		cmocka_unit_test(lack_of_memory_is_said_and_nothing_stays),
	};

	pthread_create(&first, NULL, nothing, NULL);
	pthread_join(first, NULL);
	threads_before = threads_now();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
