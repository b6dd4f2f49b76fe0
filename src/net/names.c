/* SPDX-License-Identifier: MIT */
#include "net/names.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/pipe.h"

/* Shared by the asker and the thread; the last of the two frees it. */
struct names_question {
	pthread_mutex_t lock;
	int fd; /* an eventfd: written when done */
	bool done, given_up;
	int eai;
	struct addrinfo *found;
	char host[];
};

static void
question_free(struct names_question *q)
{
	if (q->found)
		freeaddrinfo(q->found);
	if (q->fd >= 0)
		close(q->fd);
	pthread_mutex_destroy(&q->lock);
	mem_free(q);
}

static struct names_question *
question_new(const char *host)
{
	size_t size = strlen(host) + 1;
	struct names_question *q = mem_zalloc(1, sizeof(*q) + size);

	if (!q)
		return NULL;
	memcpy(q->host, host, size);
	pthread_mutex_init(&q->lock, NULL);
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd >= 0)
		return q;
	question_free(q);
	return NULL;
}

static void *
look_up(void *arg)
{
	struct names_question *q = arg;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	int eai = getaddrinfo(q->host, NULL, &hints, &found);
	const uint64_t one = 1;

	pthread_mutex_lock(&q->lock);
	q->done = true;
	q->eai = eai;
	q->found = eai ? NULL : found;
	bool ours = q->given_up;
	/* an eventfd takes this write unless it was written 2^64 - 1 times */
	if (!ours && write(q->fd, &one, sizeof(one)) < 0)
		q->eai = EAI_SYSTEM;
	pthread_mutex_unlock(&q->lock);
	if (ours)
		question_free(q);
	return NULL;
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

struct names_question *
names_ask(const char *host)
{
	struct names_question *q = question_new(host);

	if (q && !thread_start(look_up, q)) {
		question_free(q);
		return NULL;
	}
	return q;
}

int
names_fd(const struct names_question *q)
{
	return q->fd;
}

enum names_result
names_answer(
	struct names_question *q, uint16_t port, struct address **ret, size_t *ret_n, int *ret_eai)
{
	pthread_mutex_lock(&q->lock);
	bool done = q->done;
	pthread_mutex_unlock(&q->lock);
	if (!done)
		return NAMES_TIMEOUT;
	if (!q->eai)
		return addresses_copy(q->found, port, ret, ret_n);
	*ret_eai = q->eai;
	return NAMES_FAILED;
}

void
names_forget(struct names_question *q)
{
	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	bool ours = q->done;
	q->given_up = true;
	pthread_mutex_unlock(&q->lock);
	if (ours)
		question_free(q);
}

enum names_result
names_resolve(const char *host, uint16_t port, sp_nanos deadline, struct address **ret,
	size_t *ret_n, int *ret_eai)
{
	struct address numeric;
	struct names_question *q;
	enum names_result result;
	short revents;

	if (address_parse(host, port, &numeric)) {
		*ret = mem_alloc(sizeof(numeric));
		if (!*ret)
			return NAMES_NO_MEMORY;
		**ret = numeric;
		*ret_n = 1;
		return NAMES_OK;
	}
	q = names_ask(host);
	if (!q)
		return NAMES_NO_MEMORY;
	/* whatever the wait says: is there an answer? */
	(void)!pipe_wait(q->fd, POLLIN, deadline, &revents);
	result = names_answer(q, port, ret, ret_n, ret_eai);
	names_forget(q);
	return result;
}
