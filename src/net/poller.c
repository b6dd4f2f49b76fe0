/* SPDX-License-Identifier: MIT */
#include "net/poller.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

int
poller_init(struct poller *p)
{
	memset(p, 0, sizeof(*p));
	list_init(&p->timers);
	list_init(&p->tasks);
	p->due = SP_NEVER;
	p->alarm.fd = -1;
	p->fd = epoll_create1(EPOLL_CLOEXEC);
	return p->fd < 0 ? errno : 0;
}

void
poller_fini(struct poller *p)
{
	if (p->fd < 0)
		return;
	poll_watch_stop(&p->clock);
	alarm_fini(&p->alarm);
	close(p->fd);
	p->fd = -1;
}

sp_nanos
poller_now(const struct poller *p)
{
	return p->now ? p->now : time_now();
}

void
poller_hold(struct poller *p)
{
	p->now = time_now();
}

void
poller_release(struct poller *p)
{
	p->now = 0;
}

/* --- descriptors --- */

static struct epoll_event
event_of(struct poll_watch *w)
{
	return (struct epoll_event){
		.events =
			(w->events & POLLER_READ ? EPOLLIN | EPOLLRDHUP : 0u) |
			(w->events & POLLER_WRITE ? EPOLLOUT : 0u) |
			/* epoll tells errors even to those who wait for nothing: once is enough */
			(w->events ? 0u : EPOLLET),
		.data.ptr = w,
	};
}

int
poll_watch_start(struct poll_watch *w, struct poller *poller, int fd, unsigned events,
	void (*fn)(void *arg, unsigned events), void *arg)
{
	struct epoll_event event;

	*w = (struct poll_watch){
		.poller = poller, .fd = fd, .events = events, .fn = fn, .arg = arg};
	event = event_of(w);
	if (epoll_ctl(poller->fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	w->poller = NULL;
	return errno;
}

void
poll_watch_set(struct poll_watch *w, unsigned events)
{
	struct epoll_event event;

	if (!w->poller || w->events == events)
		return;
	w->events = events;
	event = event_of(w);
	epoll_ctl(w->poller->fd, EPOLL_CTL_MOD, w->fd, &event);
}

void
poll_watch_stop(struct poll_watch *w)
{
	struct poller *p = w->poller;

	if (!p)
		return;
	epoll_ctl(p->fd, EPOLL_CTL_DEL, w->fd, NULL);
	/* what was reported in the same breath is not heard of any more */
	for (int i = 0; i < p->n_batch; i++)
		if (p->batch[i].data.ptr == w)
			p->batch[i].data.ptr = NULL;
	w->poller = NULL;
}

/* Whoever reads or writes next sees the error. */
static unsigned
readiness(const struct poll_watch *w, uint32_t events)
{
	unsigned ready = 0;

	if (events & (EPOLLERR | EPOLLHUP))
		return w->events;
	if (events & (EPOLLIN | EPOLLRDHUP))
		ready |= POLLER_READ;
	if (events & EPOLLOUT)
		ready |= POLLER_WRITE;
	return ready & w->events;
}

static void
descriptors_serve(struct poller *p, int timeout_ms)
{
	int n = epoll_wait(p->fd, p->batch, POLLER_BATCH, timeout_ms);

	poller_hold(p);
	p->n_batch = n > 0 ? n : 0;
	for (int i = 0; i < p->n_batch; i++) {
		struct poll_watch *w = p->batch[i].data.ptr;
		unsigned ready = w ? readiness(w, p->batch[i].events) : 0;

		if (ready)
			w->fn(w->arg, ready);
	}
	p->n_batch = 0;
}

/* --- times --- */

void
poll_timer_init(struct poll_timer *t, void (*fn)(void *arg), void *arg)
{
	list_init(&t->node);
	t->at = SP_NEVER;
	t->fn = fn;
	t->arg = arg;
}

void
poll_timer_stop(struct poll_timer *t)
{
	list_remove(&t->node);
	t->at = SP_NEVER;
}

void
poll_timer_set(struct poll_timer *t, struct poller *p, sp_nanos at)
{
	list_remove(&t->node);
	t->at = at;
	if (at == SP_NEVER)
		return;
	list_append(&p->timers, &t->node);
	if (at < p->due)
		p->due = at;
}

sp_nanos
poller_due(const struct poller *p)
{
	if (!list_is_empty(&p->tasks))
		return 0;
	return list_is_empty(&p->timers) ? SP_NEVER : p->due;
}

/* A timer that is stopped while others run leaves the list of those that have gone off, too. */
static void
timers_serve(struct poller *p)
{
	sp_nanos now;
	struct list gone;

	if (p->due == SP_NEVER || (now = poller_now(p)) < p->due)
		return;
	list_init(&gone);
	p->due = SP_NEVER;
	list_for_safe (it, &p->timers) {
		struct poll_timer *t = list_entry(it, struct poll_timer, node);

		if (t->at <= now) {
			list_remove(&t->node);
			list_append(&gone, &t->node);
		} else if (t->at < p->due) {
			p->due = t->at;
		}
	}
	while (!list_is_empty(&gone)) {
		struct poll_timer *t = list_entry(gone.next, struct poll_timer, node);

		poll_timer_stop(t);
		t->fn(t->arg);
	}
}

/* --- tasks --- */

void
poll_task_init(struct poll_task *t, void (*fn)(void *arg), void *arg)
{
	list_init(&t->node);
	t->fn = fn;
	t->arg = arg;
}

void
poll_task_stop(struct poll_task *t)
{
	list_remove(&t->node);
}

void
poll_task_set(struct poll_task *t, struct poller *p)
{
	if (list_is_empty(&t->node))
		list_append(&p->tasks, &t->node);
}

/* Those that are set meanwhile wait for the next turn: nobody can keep it from ending. */
static void
tasks_serve(struct poller *p)
{
	struct list now;

	if (list_is_empty(&p->tasks))
		return;
	now = p->tasks;
	now.next->prev = now.prev->next = &now;
	list_init(&p->tasks);
	while (!list_is_empty(&now)) {
		struct poll_task *t = list_entry(now.next, struct poll_task, node);

		list_remove(&t->node);
		t->fn(t->arg);
	}
}

static void
on_alarm(void *arg, unsigned events)
{
	struct poller *p = arg;

	alarm_heard(&p->alarm);
}

int
poller_open_alarm(struct poller *p)
{
	int sys_errno;

	if (p->alarm.fd >= 0)
		return 0;
	sys_errno = alarm_init(&p->alarm);
	if (!sys_errno)
		sys_errno = poll_watch_start(&p->clock, p, p->alarm.fd, POLLER_READ, on_alarm, p);
	if (sys_errno)
		alarm_fini(&p->alarm);
	return sys_errno;
}

void
poller_turn(struct poller *p, sp_nanos until)
{
	sp_nanos due = poller_due(p);

	if (due > 0 && due != SP_NEVER && due <= until && !poller_open_alarm(p)) {
		alarm_set(&p->alarm, due);
		until = SP_NEVER;
	} else if (due < until) {
		until = due;
	}
	p->turning = true;
	descriptors_serve(p, until <= 0 ? 0 : time_poll_ms(time_now(), until));
	timers_serve(p);
	tasks_serve(p);
	poller_release(p);
	p->turning = false;
}
