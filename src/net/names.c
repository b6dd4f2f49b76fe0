/* SPDX-License-Identifier: MIT */
#include "net/names.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "net/pipe.h"

/*
 * getaddrinfo only blocks, so threads wait in it: as many at once as there are different hosts to look up, up to
 * THREADS_MAX for the whole process, and none when there is nothing to look up. Thousands of clients that want the same
 * host share one look-up.
 */
#define THREADS_MAX 16

/* What one look-up found, for all who asked. */
struct finding {
	unsigned refs;
	struct addrinfo *list;
};

/* All but fd and host belong to the desk's lock. */
struct names_question {
	struct list node; /* among the waiting, or the ones that a thread has */
	int fd;           /* an eventfd: written when done */
	enum { WAITS, IS_LOOKED_UP, DONE } state;
	bool given_up; /* while a thread has it, which then frees it */
	int eai;
	struct finding *finding; /* NULL on failure */
	char host[];
};

static struct {
	pthread_mutex_t lock;
	struct list waiting, looked_up;
	unsigned n_threads;
} desk = {PTHREAD_MUTEX_INITIALIZER, {&desk.waiting, &desk.waiting},
	{&desk.looked_up, &desk.looked_up}, 0};

static void
finding_unref(struct finding *f)
{
	if (!f || --f->refs > 0)
		return;
	freeaddrinfo(f->list);
	mem_free(f);
}

static void
question_free(struct names_question *q)
{
	list_remove(&q->node);
	finding_unref(q->finding);
	if (q->fd >= 0)
		close(q->fd);
	mem_free(q);
}

static struct names_question *
question_new(const char *host)
{
	size_t size = strlen(host) + 1;
	struct names_question *q = mem_zalloc(1, sizeof(*q) + size);

	if (!q)
		return NULL;
	list_init(&q->node);
	memcpy(q->host, host, size);
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd >= 0)
		return q;
	mem_free(q);
	return NULL;
}

static bool
is_looked_up(const char *host)
{
	list_for (it, &desk.looked_up)
		if (!strcmp(list_entry(it, struct names_question, node)->host, host))
			return true;
	return false;
}

/* The next whose host no thread looks up already. */
static struct names_question *
question_next(void)
{
	list_for (it, &desk.waiting) {
		struct names_question *q = list_entry(it, struct names_question, node);

		if (!is_looked_up(q->host))
			return q;
	}
	return NULL;
}

static void
question_end(struct names_question *q, int eai, struct finding *f)
{
	const uint64_t one = 1;

	if (q->given_up) {
		question_free(q);
		return;
	}
	list_remove(&q->node);
	q->state = DONE;
	q->eai = eai;
	q->finding = f;
	if (f)
		f->refs++;
	/* an eventfd takes this write unless it was written 2^64 - 1 times */
	if (write(q->fd, &one, sizeof(one)) < 0)
		q->eai = EAI_SYSTEM;
}

/* The answer goes to q and to all who wait for the same host. */
static void
question_answer(struct names_question *q, int eai, struct addrinfo *list)
{
	struct finding *f = eai ? NULL : mem_zalloc(1, sizeof(*f));

	if (f)
		*f = (struct finding){.refs = 1, .list = list};
	else if (!eai) {
		freeaddrinfo(list);
		eai = EAI_MEMORY;
	}
	list_for_safe (it, &desk.waiting) {
		struct names_question *other = list_entry(it, struct names_question, node);

		if (!strcmp(other->host, q->host))
			question_end(other, eai, f);
	}
	question_end(q, eai, f);
	finding_unref(f);
}

static void *
look_up(void *unused)
{
	struct names_question *q;

	(void)unused;
	pthread_mutex_lock(&desk.lock);
	while ((q = question_next())) {
		struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
		int eai;

		list_remove(&q->node);
		list_append(&desk.looked_up, &q->node);
		q->state = IS_LOOKED_UP;
		pthread_mutex_unlock(&desk.lock);
		eai = getaddrinfo(q->host, NULL, &hints, &list);
		pthread_mutex_lock(&desk.lock);
		question_answer(q, eai, list);
	}
	desk.n_threads--;
	pthread_mutex_unlock(&desk.lock);
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

/* The program's signals are not for it. */
static bool
thread_start(void)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	pthread_t thread;
	bool ok;

	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ok = pthread_create(&thread, &attributes, look_up, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return ok;
}

struct names_question *
names_ask(const char *host)
{
	struct names_question *q = question_new(host);

	if (!q)
		return NULL;
	pthread_mutex_lock(&desk.lock);
	list_append(&desk.waiting, &q->node);
	if (desk.n_threads < THREADS_MAX && question_next()) {
		if (thread_start()) {
			desk.n_threads++;
		} else if (desk.n_threads == 0) {
			question_free(q);
			q = NULL;
		}
	}
	pthread_mutex_unlock(&desk.lock);
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
	enum names_result result = NAMES_TIMEOUT;

	pthread_mutex_lock(&desk.lock);
	if (q->state == DONE && q->eai) {
		*ret_eai = q->eai;
		result = NAMES_FAILED;
	} else if (q->state == DONE) {
		result = addresses_copy(q->finding->list, port, ret, ret_n);
	}
	pthread_mutex_unlock(&desk.lock);
	return result;
}

void
names_forget(struct names_question *q)
{
	if (!q)
		return;
	pthread_mutex_lock(&desk.lock);
	if (q->state == IS_LOOKED_UP)
		q->given_up = true;
	else
		question_free(q);
	pthread_mutex_unlock(&desk.lock);
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
