/* SPDX-License-Identifier: MIT */
#include "rpc/link.h"

#include <errno.h>

#include "base/time.h"
#include "net/pipe.h"

#define IOV_MAX_TAKEN 64

bool
link_flush(struct link *l, bool *ret_blocked)
{
	struct iovec iov[IOV_MAX_TAKEN];
	bool any = false;
	size_t n, sent;

	*ret_blocked = false;
	while ((n = assoc_take(&l->conn, iov, IOV_MAX_TAKEN)) > 0) {
		int error = pipe_write(l->fd, iov, n, &sent);

		if (error == EAGAIN) {
			*ret_blocked = true;
			break;
		}
		if (error) {
			l->sys_errno = error;
			break;
		}
		assoc_sent(&l->conn, sent, time_now());
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
		assoc_feed(&l->conn, got, time_now());
	return true;
}

/* --- by a loop --- */

static void
end(struct link *l)
{
	if (l->ended)
		return;
	l->ended = true;
	loop_watch_free(l->watch);
	loop_timer_free(l->timer);
	l->watch = NULL;
	l->timer = NULL;
	pipe_close(l->fd);
	l->fd = -1;
	l->owner->closed(l->arg, &l->close);
}

static bool
events_deliver(struct link *l)
{
	struct assoc_event event;
	bool any = false;

	while (!l->closing && assoc_next(&l->conn, &event)) {
		if (event.kind == ASSOC_EVENT_CLOSE) {
			l->closing = true;
			l->close = event;
		} else {
			l->owner->event(l->arg, &event);
		}
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

	if (l->turning || l->ended)
		return;
	l->turning = true;
	do {
		progress |= events_deliver(l);
		any = link_flush(l, &blocked);
		if (any)
			l->stalled_until = SP_NEVER;
		progress |= any;
	} while (any && !l->sys_errno);
	l->turning = false;
	l->owner->turned(l->arg);
	if (l->sys_errno || (l->closing && !blocked)) {
		end(l);
		return;
	}
	if (!blocked)
		l->stalled_until = SP_NEVER;
	else if (l->stalled_until == SP_NEVER)
		l->stalled_until = time_after(time_now(), l->stall_timeout);
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

	if (events & LOOP_READ)
		l->paused = !link_receive(l);
	link_turn(l); /* may free the link */
}

static void
on_time(void *arg)
{
	struct link *l = arg;
	sp_nanos now = time_now();

	l->timer_at = SP_NEVER;
	if (now >= l->stalled_until)
		l->sys_errno = ETIMEDOUT;
	else
		assoc_tick(&l->conn, now);
	link_turn(l);
}

bool
link_start(struct link *l, struct loop *loop, int take_fd, sp_nanos stall_timeout,
	const struct link_owner *owner, void *arg)
{
	l->fd = take_fd;
	l->owner = owner;
	l->arg = arg;
	l->timer_at = l->stalled_until = SP_NEVER;
	l->stall_timeout = stall_timeout;
	l->watch = loop_watch_new(loop, take_fd, on_ready, l);
	l->timer = loop_timer_new(loop, on_time, l);
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
