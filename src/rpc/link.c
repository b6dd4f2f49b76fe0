/* SPDX-License-Identifier: MIT */
#include "rpc/link.h"

#include <errno.h>

#include "base/time.h"
#include "net/pipe.h"

#define IOV_MAX_TAKEN 64
/* A turn delivers no more events than this, and when they take long not many more than fit into the time. */
#define TURN_EVENTS 64
#define TURN_TIME (50 * SP_MICROSECOND)
/* Nor does it write more often: megabytes of small answers may wait for a peer that reads again. */
#define TURN_WRITES 4

/* A session has no loop. */
static sp_nanos
now(const struct link *l)
{
	return l->queue ? loop_now(l->queue->loop) : time_now();
}

bool
link_flush(struct link *l, bool *ret_blocked)
{
	struct iovec iov[IOV_MAX_TAKEN];
	bool any = false;
	size_t n, sent, writes = 0;

	*ret_blocked = false;
	while ((n = assoc_take(&l->conn, iov, IOV_MAX_TAKEN)) > 0) {
		int error = writes++ < TURN_WRITES ? pipe_write(l->fd, iov, n, &sent) : EAGAIN;

		if (error == EAGAIN) {
			*ret_blocked = true;
			break;
		}
		if (error) {
			l->sys_errno = error;
			break;
		}
		assoc_sent(&l->conn, sent, now(l));
		any = true;
	}
	return any;
}

bool
link_receive(struct link *l)
{
	size_t n, got;
	void *p;
	int error;

	if (!assoc_room(&l->conn, &p, &n))
		return false;
	error = pipe_read(l->fd, p, n, &got);
	if (error == EAGAIN)
		return true;
	if (error)
		l->sys_errno = error;
	else if (got == 0)
		assoc_eof(&l->conn);
	else
		assoc_feed(&l->conn, got, now(l));
	return true;
}

/* --- by a loop --- */

static void
end(struct link *l)
{
	if (l->ended)
		return;
	l->ended = true;
	list_remove(&l->node);
	loop_watch_free(l->watch);
	loop_timer_free(l->timer);
	l->watch = NULL;
	l->timer = NULL;
	pipe_close(l->fd);
	l->fd = -1;
	l->owner->closed(l->arg, &l->close);
}

struct turn {
	unsigned n_events;
	sp_nanos began;
};

/* The clock is asked after the 2nd, 4th, 8th, ... event: mostly there is one, and looking is not free. */
static bool
turn_is_over(struct turn *t)
{
	if (t->n_events >= TURN_EVENTS)
		return true;
	if (t->n_events < 2 || t->n_events & (t->n_events - 1))
		return false;
	if (t->n_events == 2) {
		t->began = time_now();
		return false;
	}
	return time_now() - t->began > TURN_TIME;
}

static void
on_queue(void *arg)
{
	struct link_queue *q = arg;
	struct list due;

	q->is_sent = false;
	list_init(&due);
	while (!list_is_empty(&q->links)) {
		struct list *first = q->links.next;

		list_remove(first);
		list_append(&due, first);
	}
	while (!list_is_empty(&due)) {
		struct link *l = list_entry(due.next, struct link, node);

		list_remove(&l->node);
		l->queued = false;
		link_turn(l);
	}
}

void
link_queue_init(struct link_queue *q, struct loop *loop)
{
	*q = (struct link_queue){.loop = loop};
	list_init(&q->links);
}

static void
queue(struct link *l)
{
	struct link_queue *q = l->queue;

	l->queued = true;
	list_append(&q->links, &l->node);
	if (q->is_sent)
		return;
	q->is_sent = true;
	q->message = (struct loop_message){.fn = on_queue, .arg = q};
	loop_send(q->loop, &q->message);
}

void
link_again(struct link *l)
{
	if (!l->queued && !l->ended)
		queue(l);
}

static bool
events_deliver(struct link *l, struct turn *t)
{
	struct assoc_event event;
	bool any = false;

	while (!l->closing && !l->queued) {
		if (turn_is_over(t)) {
			queue(l);
			break;
		}
		if (!assoc_next(&l->conn, &event))
			break;
		if (event.kind == ASSOC_EVENT_CLOSE) {
			l->closing = true;
			l->close = event;
		} else {
			l->owner->event(l->arg, &event);
		}
		t->n_events++;
		any = true;
	}
	return any;
}

/* The timer is only ever moved to an earlier time; when it goes off too early it is set anew. */
static void
timer_renew(struct link *l)
{
	sp_nanos at = assoc_expiry(&l->conn);

	if (l->stalled_until < at)
		at = l->stalled_until;
	if (at >= l->timer_at)
		return;
	l->timer_at = at;
	loop_timer_set(l->timer, at);
}

void
link_turn(struct link *l)
{
	bool blocked, any, progress = false;
	struct turn turn = {0};

	if (l->turning || l->ended)
		return;
	l->turning = true;
	do {
		progress |= events_deliver(l, &turn);
		any = link_flush(l, &blocked);
		if (any)
			l->stalled_until = SP_NEVER;
		progress |= any;
	} while (any && !blocked && !l->sys_errno && !assoc_is_quiet(&l->conn));
	l->turning = false;
	l->owner->turned(l->arg);
	if (l->sys_errno || (l->closing && !blocked)) {
		end(l);
		return;
	}
	if (!blocked)
		l->stalled_until = SP_NEVER;
	else if (l->stalled_until == SP_NEVER)
		l->stalled_until = time_after(now(l), l->stall_timeout);
	/* without room nothing is read until something has changed: level-triggered readiness would spin */
	bool reads = !l->closing && (!l->paused || progress);
	l->paused = false;
	loop_watch_set(l->watch, (reads ? LOOP_READ : 0) | (blocked ? LOOP_WRITE : 0));
	timer_renew(l);
}

static void
on_ready(void *arg, unsigned events)
{
	struct link *l = arg;

	/* what has been read already comes first: it has its turn soon */
	if (l->queued && !(events & LOOP_WRITE))
		return;
	if (events & LOOP_READ && !l->queued)
		l->paused = !link_receive(l);
	link_turn(l); /* may free the link */
}

static void
on_time(void *arg)
{
	struct link *l = arg;
	l->timer_at = SP_NEVER;
	if (now(l) >= l->stalled_until)
		l->sys_errno = ETIMEDOUT;
	else
		assoc_tick(&l->conn, now(l));
	link_turn(l);
}

bool
link_start(struct link *l, struct link_queue *queue, int take_fd, sp_nanos stall_timeout,
	const struct link_owner *owner, void *arg)
{
	l->fd = take_fd;
	l->owner = owner;
	l->arg = arg;
	l->queue = queue;
	list_init(&l->node);
	l->timer_at = l->stalled_until = SP_NEVER;
	l->stall_timeout = stall_timeout;
	l->watch = loop_watch_new(queue->loop, take_fd, on_ready, l);
	l->timer = loop_timer_new(queue->loop, on_time, l);
	if (!l->watch || !l->timer) {
		loop_watch_free(l->watch);
		loop_timer_free(l->timer);
		pipe_close(take_fd);
		l->fd = -1;
		return false;
	}
	loop_watch_set(l->watch, LOOP_READ);
	timer_renew(l);
	return true;
}

void
link_end(struct link *l)
{
	end(l);
}
