/* SPDX-License-Identifier: MIT */
#include "net/names.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

/* Shared by the asker and the thread; the last of the two frees it. */
struct question {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool done, given_up;
	int eai;
	struct addrinfo *found;
	char host[];
};

static void
question_free(struct question *q)
{
	if (q->found)
		freeaddrinfo(q->found);
	pthread_cond_destroy(&q->answered);
	pthread_mutex_destroy(&q->lock);
	mem_free(q);
}

static struct question *
question_new(const char *host)
{
	size_t size = strlen(host) + 1;
	struct question *q = mem_zalloc(1, sizeof(*q) + size);
	pthread_condattr_t attributes;

	if (!q)
		return NULL;
	memcpy(q->host, host, size);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&q->answered, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&q->lock, NULL);
	return q;
}

static void *
look_up(void *arg)
{
	struct question *q = arg;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	int eai = getaddrinfo(q->host, NULL, &hints, &found);

	pthread_mutex_lock(&q->lock);
	q->done = true;
	q->eai = eai;
	q->found = eai ? NULL : found;
	bool ours = q->given_up;
	pthread_cond_signal(&q->answered);
	pthread_mutex_unlock(&q->lock);
	if (ours)
		question_free(q);
	return NULL;
}

/* False: the deadline passed and the question belongs to the thread. */
static bool
answer_wait(struct question *q, sp_nanos deadline)
{
	struct timespec at = {.tv_sec = deadline / SP_SECOND, .tv_nsec = deadline % SP_SECOND};
	int error = 0;

	pthread_mutex_lock(&q->lock);
	while (!q->done && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&q->answered, &q->lock, &at);
	bool done = q->done;
	q->given_up = !done;
	pthread_mutex_unlock(&q->lock);
	return done;
}

static enum names_result
addresses_copy(const struct addrinfo *found, uint16_t port, struct address **ret, size_t *ret_n)
{
	struct address *addresses;
	size_t n = 0;

	for (const struct addrinfo *a = found; a; a = a->ai_next)
		n++;
	addresses = mem_zalloc(n, sizeof(*addresses));
	if (!addresses)
		return NAMES_NO_MEMORY;
	n = 0;
	for (const struct addrinfo *a = found; a; a = a->ai_next, n++) {
		memcpy(&addresses[n].storage, a->ai_addr, a->ai_addrlen);
		addresses[n].len = a->ai_addrlen;
		address_set_port(&addresses[n], port);
	}
	*ret = addresses;
	*ret_n = n;
	return NAMES_OK;
}

static bool
thread_start(void *(*fn)(void *), void *arg)
{
	pthread_attr_t attributes;
	pthread_t thread;
	bool ok;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	ok = pthread_create(&thread, &attributes, fn, arg) == 0;
	pthread_attr_destroy(&attributes);
	return ok;
}

enum names_result
names_resolve(const char *host, uint16_t port, sp_nanos deadline, struct address **ret,
	size_t *ret_n, int *ret_eai)
{
	struct address numeric;
	struct question *q;
	enum names_result result;

	if (address_parse(host, port, &numeric)) {
		*ret = mem_alloc(sizeof(numeric));
		if (!*ret)
			return NAMES_NO_MEMORY;
		**ret = numeric;
		*ret_n = 1;
		return NAMES_OK;
	}
	q = question_new(host);
	if (!q)
		return NAMES_NO_MEMORY;
	if (!thread_start(look_up, q)) {
		question_free(q);
		return NAMES_NO_MEMORY;
	}
	if (!answer_wait(q, deadline))
		return NAMES_TIMEOUT;
	if (q->eai) {
		*ret_eai = q->eai;
		result = NAMES_FAILED;
	} else {
		result = addresses_copy(q->found, port, ret, ret_n);
	}
	question_free(q);
	return result;
}
