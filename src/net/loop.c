/* SPDX-License-Identifier: MIT */
#include "net/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include <sys/eventfd.h>

#include "base/mem.h"
#include "base/time.h"
#include "net/heap.h"
#include "net/poller.h"

struct loop {
	struct poller poller;
	struct poll_timer
		next; /* the first of the heap; those of daemons are too many for the poller's list */
	struct heap timers;
	size_t n_timers; /* also those that are off */
	int bell;        /* an eventfd: there is mail */
	struct poll_watch mail;
	pthread_mutex_t lock; /* over the queue */
	struct loop_message *first, **last;
	atomic_bool stopping;
};

struct loop_watch {
	struct poll_watch watch;
};

struct loop_timer {
	struct heap_node node; /* first: a node is its timer */
	struct loop *loop;
	void (*fn)(void *arg);
	void *arg;
};

/* --- mail --- */

static struct loop_message *
queue_take(struct loop *l)
{
	pthread_mutex_lock(&l->lock);
	struct loop_message *m = l->first;
	l->first = NULL;
	l->last = &l->first;
	pthread_mutex_unlock(&l->lock);
	return m;
}

static void
ring(struct loop *l)
{
	/* a bell that cannot count any further has been rung */
	if (eventfd_write(l->bell, 1))
		return;
}

static void
on_mail(void *arg, unsigned events)
{
	struct loop *l = arg;
	struct loop_message *next;
	eventfd_t times;

	if (eventfd_read(l->bell, &times))
		return;
	for (struct loop_message *m = queue_take(l); m; m = next) {
		next = m->next; /* fn may free the message */
		m->fn(m->arg);
	}
}

void
loop_send(struct loop *l, struct loop_message *m)
{
	m->next = NULL;
	pthread_mutex_lock(&l->lock);
	/* under the lock: the receiver may end the loop as soon as it has the message */
	if (!l->first)
		ring(l);
	*l->last = m;
	l->last = &m->next;
	pthread_mutex_unlock(&l->lock);
}

struct post {
	struct loop_message message;
	void (*fn)(void *arg);
	void *arg;
};

static void
post_run(void *arg)
{
	struct post post = *(struct post *)arg;

	mem_free(arg);
	post.fn(post.arg);
}

bool
loop_post(struct loop *l, void (*fn)(void *arg), void *arg)
{
	struct post *post = mem_alloc(sizeof(*post));

	if (!post)
		return false;
	*post = (struct post){.message = {.fn = post_run, .arg = post}, .fn = fn, .arg = arg};
	loop_send(l, &post->message);
	return true;
}

/* --- timers --- */

static void
timers_arm(struct loop *l)
{
	const struct heap_node *first = heap_first(&l->timers);

	poll_timer_set(&l->next, &l->poller, first ? first->at : SP_NEVER);
}

/* Those that timers set for a time that has passed as well wait for the next turn: descriptors come between. */
static void
on_time(void *arg)
{
	struct loop *l = arg;
	sp_nanos now = loop_now(l);
	struct heap_node *first;

	for (size_t n = l->timers.n; n && (first = heap_first(&l->timers)) && first->at <= now;
		n--) {
		struct loop_timer *t = (struct loop_timer *)first;

		heap_remove(&l->timers, first);
		t->fn(t->arg); /* may free it */
	}
	timers_arm(l);
}

struct loop_timer *
loop_timer_new(struct loop *l, void (*fn)(void *arg), void *arg)
{
	struct loop_timer *t = mem_zalloc(1, sizeof(*t));

	if (!t)
		return NULL;
	if (!heap_reserve(&l->timers, l->n_timers + 1)) {
		mem_free(t);
		return NULL;
	}
	l->n_timers++;
	t->loop = l;
	t->fn = fn;
	t->arg = arg;
	return t;
}

/* The first one rings too early when it was put off: nothing is done for that. */
void
loop_timer_set(struct loop_timer *t, sp_nanos at)
{
	struct loop *l = t->loop;

	if (at == SP_NEVER) {
		heap_remove(&l->timers, &t->node);
		return;
	}
	heap_put(&l->timers, &t->node, at);
	if (at < l->next.at)
		poll_timer_set(&l->next, &l->poller, at);
}

void
loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	heap_remove(&t->loop->timers, &t->node);
	t->loop->n_timers--;
	mem_free(t);
}

/* --- descriptors --- */

struct loop_watch *
loop_watch_new(struct loop *l, int fd, void (*fn)(void *arg, unsigned events), void *arg)
{
	struct loop_watch *w = mem_zalloc(1, sizeof(*w));

	if (w && poll_watch_start(&w->watch, &l->poller, fd, 0, fn, arg)) {
		mem_free(w);
		return NULL;
	}
	return w;
}

void
loop_watch_set(struct loop_watch *w, unsigned events)
{
	poll_watch_set(&w->watch, events);
}

void
loop_watch_free(struct loop_watch *w)
{
	if (!w)
		return;
	poll_watch_stop(&w->watch);
	mem_free(w);
}

/* --- life --- */

struct loop *
loop_new(void)
{
	struct loop *l = mem_zalloc(1, sizeof(*l));

	if (!l)
		return NULL;
	if (poller_init(&l->poller)) {
		mem_free(l);
		return NULL;
	}
	poll_timer_init(&l->next, on_time, l);
	l->last = &l->first;
	pthread_mutex_init(&l->lock, NULL);
	l->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->bell >= 0 && !poller_open_alarm(&l->poller) &&
		!poll_watch_start(&l->mail, &l->poller, l->bell, POLLER_READ, on_mail, l))
		return l;
	loop_free(l);
	return NULL;
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	poll_watch_stop(&l->mail);
	poll_timer_stop(&l->next);
	if (l->bell >= 0)
		close(l->bell);
	poller_fini(&l->poller);
	heap_fini(&l->timers);
	pthread_mutex_destroy(&l->lock);
	mem_free(l);
}

void
loop_run(struct loop *l)
{
	while (!atomic_load(&l->stopping))
		poller_turn(&l->poller, SP_NEVER);
	atomic_store(&l->stopping, false);
}

void
loop_stop(struct loop *l)
{
	atomic_store(&l->stopping, true);
	ring(l);
}

sp_nanos
loop_now(const struct loop *l)
{
	return poller_now(&l->poller);
}
