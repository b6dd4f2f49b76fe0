/* SPDX-License-Identifier: MIT */
#include "net/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#include "base/mem.h"
#include "base/time.h"
#include "net/alarm.h"
#include "net/heap.h"

/* libuv knows of no timers: with one it would wait with a time limit (see net/alarm.h). */
struct loop {
	uv_loop_t uv;
	uv_async_t mail;
	struct alarm alarm;
	uv_poll_t clock; /* watches the alarm */
	struct heap timers;
	size_t n_timers;      /* also those that are off */
	pthread_mutex_t lock; /* over the queue */
	struct loop_message *first, **last;
	atomic_bool stopping;
};

struct loop_watch {
	uv_poll_t uv;
	void (*fn)(void *arg, unsigned events);
	void *arg;
	unsigned events;
};

struct loop_timer {
	struct heap_node node; /* first: a node is its timer */
	struct loop *loop;
	void (*fn)(void *arg);
	void *arg;
};

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
timers_arm(struct loop *l)
{
	const struct heap_node *first = heap_first(&l->timers);

	if (first)
		alarm_set(&l->alarm, first->at);
}

/* Those that timers set for a time that has passed as well wait for the next turn: descriptors come between. */
static void
on_alarm(uv_poll_t *clock, int status, int events)
{
	struct loop *l = clock->data;
	sp_nanos now = time_now();
	struct heap_node *first;

	alarm_heard(&l->alarm);
	for (size_t n = l->timers.n; n && (first = heap_first(&l->timers)) && first->at <= now;
		n--) {
		struct loop_timer *t = (struct loop_timer *)first;

		heap_remove(&l->timers, first);
		t->fn(t->arg); /* may free it */
	}
	timers_arm(l);
}

static void
on_mail(uv_async_t *mail)
{
	struct loop *l = mail->data;
	struct loop_message *next;

	for (struct loop_message *m = queue_take(l); m; m = next) {
		next = m->next; /* fn may free the message */
		m->fn(m->arg);
	}
	if (atomic_load(&l->stopping))
		uv_stop(&l->uv);
}

/* What is ours in libuv's loop. */
static bool
handles_open(struct loop *l)
{
	if (uv_async_init(&l->uv, &l->mail, on_mail))
		return false;
	l->mail.data = l;
	if (uv_poll_init(&l->uv, &l->clock, l->alarm.fd) == 0) {
		l->clock.data = l;
		if (uv_poll_start(&l->clock, UV_READABLE, on_alarm) == 0)
			return true;
		uv_close((uv_handle_t *)&l->clock, NULL);
	}
	uv_close((uv_handle_t *)&l->mail, NULL);
	return false;
}

/* The closings of handles are still under way: libuv ends them in the loop. */
static void
handles_end(struct loop *l)
{
	while (uv_run(&l->uv, UV_RUN_DEFAULT))
		;
	uv_loop_close(&l->uv);
}

struct loop *
loop_new(void)
{
	struct loop *l = mem_zalloc(1, sizeof(*l));

	if (!l)
		return NULL;
	if (alarm_init(&l->alarm))
		goto out;
	if (uv_loop_init(&l->uv))
		goto out;
	if (!handles_open(l)) {
		handles_end(l);
		goto out;
	}
	l->last = &l->first;
	pthread_mutex_init(&l->lock, NULL);
	return l;

out:
	alarm_fini(&l->alarm);
	mem_free(l);
	return NULL;
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	uv_close((uv_handle_t *)&l->clock, NULL);
	uv_close((uv_handle_t *)&l->mail, NULL);
	handles_end(l);
	alarm_fini(&l->alarm);
	heap_fini(&l->timers);
	pthread_mutex_destroy(&l->lock);
	mem_free(l);
}

void
loop_run(struct loop *l)
{
	while (!atomic_load(&l->stopping))
		uv_run(&l->uv, UV_RUN_DEFAULT);
	atomic_store(&l->stopping, false);
}

void
loop_stop(struct loop *l)
{
	atomic_store(&l->stopping, true);
	uv_async_send(&l->mail);
}

void
loop_send(struct loop *l, struct loop_message *m)
{
	m->next = NULL;
	pthread_mutex_lock(&l->lock);
	*l->last = m;
	l->last = &m->next;
	/* under the lock: the receiver may end the loop as soon as it has the message */
	uv_async_send(&l->mail);
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

static void
on_poll(uv_poll_t *uv, int status, int events)
{
	struct loop_watch *w = uv->data;
	unsigned ready = 0;

	/*
	 * An error is seen by whoever reads or writes next. libuv watches no longer after it, but there may be bytes to
	 * read before the error: so the watch goes on, and is ready until its owner has met the error and frees it.
	 */
	if (status < 0) {
		ready = w->events;
		uv_poll_start(uv,
			(ready & LOOP_READ ? UV_READABLE : 0) |
				(ready & LOOP_WRITE ? UV_WRITABLE : 0),
			on_poll);
	}
	if (events & UV_READABLE)
		ready |= LOOP_READ;
	if (events & UV_WRITABLE)
		ready |= LOOP_WRITE;
	w->fn(w->arg, ready);
}

struct loop_watch *
loop_watch_new(struct loop *l, int fd, void (*fn)(void *arg, unsigned events), void *arg)
{
	struct loop_watch *w = mem_zalloc(1, sizeof(*w));

	if (!w)
		return NULL;
	if (uv_poll_init(&l->uv, &w->uv, fd)) {
		mem_free(w);
		return NULL;
	}
	w->uv.data = w;
	w->fn = fn;
	w->arg = arg;
	return w;
}

void
loop_watch_set(struct loop_watch *w, unsigned events)
{
	int uv = (events & LOOP_READ ? UV_READABLE : 0) | (events & LOOP_WRITE ? UV_WRITABLE : 0);

	if (w->events == events)
		return;
	w->events = events;
	if (uv)
		uv_poll_start(&w->uv, uv, on_poll);
	else
		uv_poll_stop(&w->uv);
}

static void
on_closed(uv_handle_t *handle)
{
	mem_free(handle->data);
}

void
loop_watch_free(struct loop_watch *w)
{
	if (!w)
		return;
	uv_poll_stop(&w->uv);
	uv_close((uv_handle_t *)&w->uv, on_closed);
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

void
loop_timer_set(struct loop_timer *t, sp_nanos at)
{
	if (at == SP_NEVER) {
		heap_remove(&t->loop->timers, &t->node);
		return;
	}
	heap_put(&t->loop->timers, &t->node, at);
	alarm_set(&t->loop->alarm, at);
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
