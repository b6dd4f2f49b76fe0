/* SPDX-License-Identifier: MIT */
#include "net/race.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "net/tcp.h"

struct attempt {
	struct race *race;
	struct address address;
	struct poll_watch watch;
	int fd; /* -1: not begun, or over */
	sp_nanos began;
};

struct race {
	struct poller *poller;
	struct poll_timer timer;
	void (*done)(void *arg);
	void *arg;
	sp_nanos each, deadline, next_at;
	size_t n, n_begun, n_open;
	bool over;
	struct race_result result;
	struct attempt attempts[];
};

void
race_order(struct address *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		size_t k = i;
		struct address other;

		while (k < n && a[k].storage.ss_family == a[i - 1].storage.ss_family)
			k++;
		if (k == n || k == i)
			continue;
		other = a[k];
		memmove(&a[i + 1], &a[i], (k - i) * sizeof(*a));
		a[i] = other;
	}
}

static void
attempt_end(struct attempt *a)
{
	if (a->fd < 0)
		return;
	poll_watch_stop(&a->watch);
	close(a->fd);
	a->fd = -1;
	a->race->n_open--;
}

static void
over(struct race *r)
{
	for (size_t i = 0; i < r->n_begun; i++)
		attempt_end(&r->attempts[i]);
	r->over = true;
	/* never from within race_start() */
	poll_timer_set(&r->timer, r->poller, 0);
}

static void
lose(struct attempt *a, int error)
{
	struct race_result *told = &a->race->result;

	attempt_end(a);
	if (told->error == ECONNREFUSED && error != ECONNREFUSED)
		return;
	told->error = error;
	told->address = a->address;
	told->waited = time_now() - a->began;
}

static void
win(struct attempt *a)
{
	struct race *r = a->race;
	int fd = a->fd;

	poll_watch_stop(&a->watch);
	a->fd = -1;
	r->n_open--;
	r->result = (struct race_result){.fd = fd, .address = a->address};
	over(r);
}

static void next(struct race *);

static void
on_ready(void *arg, unsigned events)
{
	struct attempt *a = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)events;
	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	if (!error) {
		win(a);
		return;
	}
	lose(a, error);
	next(a->race);
}

static void
begin(struct attempt *a)
{
	bool is_there = false;
	int error = tcp_begin(&a->address, &a->fd, &is_there);

	a->race->n_begun++;
	a->began = time_now();
	if (error) {
		a->fd = -1;
		lose(a, error);
		return;
	}
	a->race->n_open++;
	if (is_there) {
		win(a);
		return;
	}
	error = poll_watch_start(&a->watch, a->race->poller, a->fd, POLLER_WRITE, on_ready, a);
	if (error)
		lose(a, error);
}

static sp_nanos
limit_of(const struct attempt *a)
{
	sp_nanos limit = time_after(a->began, a->race->each);

	return limit < a->race->deadline ? limit : a->race->deadline;
}

static void
timer_renew(struct race *r)
{
	sp_nanos at = r->n_begun < r->n ? r->next_at : SP_NEVER;

	for (size_t i = 0; i < r->n_begun; i++)
		if (r->attempts[i].fd >= 0 && limit_of(&r->attempts[i]) < at)
			at = limit_of(&r->attempts[i]);
	poll_timer_set(&r->timer, r->poller, at);
}

/* The next attempt begins; further ones as well while they fail at once. */
static void
next(struct race *r)
{
	size_t open = r->n_open;

	/* the first one begins however late it is: what answers at once is in time */
	while (!r->over && r->n_begun < r->n && r->n_open == open &&
		(r->n_begun == 0 || time_now() < r->deadline))
		begin(&r->attempts[r->n_begun]);
	r->next_at = time_after(time_now(), RACE_DELAY);
	if (r->over)
		return;
	if (r->n_open == 0)
		over(r);
	else
		timer_renew(r);
}

static void
on_time(void *arg)
{
	struct race *r = arg;
	sp_nanos now = time_now();
	bool late = false;

	if (r->over) {
		r->done(r->arg); /* may free the race */
		return;
	}
	for (size_t i = 0; i < r->n_begun; i++) {
		struct attempt *a = &r->attempts[i];

		if (a->fd >= 0 && limit_of(a) <= now) {
			lose(a, ETIMEDOUT);
			late = true;
		}
	}
	if (late || now >= r->next_at)
		next(r);
	else
		timer_renew(r);
}

struct race *
race_start(struct poller *poller, const struct address *addresses, size_t n, sp_nanos each,
	sp_nanos deadline, void (*done)(void *arg), void *arg)
{
	struct race *r = mem_zalloc(1, sizeof(*r) + n * sizeof(r->attempts[0]));

	if (!r)
		return NULL;
	r->poller = poller;
	r->done = done;
	r->arg = arg;
	r->each = each;
	r->deadline = deadline;
	r->n = n;
	r->result = (struct race_result){.fd = -1, .error = ETIMEDOUT, .address = addresses[0]};
	poll_timer_init(&r->timer, on_time, r);
	for (size_t i = 0; i < n; i++)
		r->attempts[i] = (struct attempt){.race = r, .address = addresses[i], .fd = -1};
	next(r);
	return r;
}

struct race_result
race_result(struct race *r)
{
	struct race_result result = r->result;

	r->result.fd = -1;
	return result;
}

void
race_free(struct race *r)
{
	if (!r)
		return;
	poll_timer_stop(&r->timer);
	for (size_t i = 0; i < r->n_begun; i++)
		attempt_end(&r->attempts[i]);
	if (!r->result.error && r->result.fd >= 0)
		close(r->result.fd);
	mem_free(r);
}
