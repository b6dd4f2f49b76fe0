/* SPDX-License-Identifier: MIT */
/*
 * Waiting in the caller's thread: descriptors and times behind one descriptor that any event loop can poll. Watches
 * and timers are embedded in what they are about; nothing here allocates. One thread at a time.
 */
#ifndef NET_POLLER_H
#define NET_POLLER_H

#include <sallyport/types.h>

#include <sys/epoll.h>

#include "base/list.h"
#include "net/alarm.h"

#define POLLER_READ 1u
#define POLLER_WRITE 2u
#define POLLER_BATCH 64

struct poll_watch { /* a zeroed one watches nothing */
	struct poller *poller;
	int fd;
	unsigned events;
	void (*fn)(void *arg, unsigned events);
	void *arg;
};

struct poller {
	int fd; /* an epoll descriptor: readable when poller_turn() has something to do */
	struct list timers;
	struct list tasks;
	struct alarm alarm; /* from the first wait for a timer on */
	struct poll_watch clock;
	sp_nanos due; /* no timer goes off earlier; may be too early */
	sp_nanos now; /* while the clock stands still; else 0 */
	bool turning;
	struct epoll_event batch[POLLER_BATCH];
	int n_batch; /* being worked off */
};

struct poll_timer { /* to be initialised by poll_timer_init() */
	struct list node;
	sp_nanos at;
	void (*fn)(void *arg);
	void *arg;
};

/* Work that shall wait until whoever asked for it has returned. To be initialised by poll_task_init(). */
struct poll_task {
	struct list node;
	void (*fn)(void *arg);
	void *arg;
};

/* 0 or an errno. */
SP_NODISCARD int poller_init(struct poller *);
/* 0 or an errno. Without it the first wait for a timer opens it: users whose own loop waits never need one. */
SP_NODISCARD int poller_open_alarm(struct poller *);
/* Watches and timers must have been taken off. Repeatable; nothing when fd is -1. */
void poller_fini(struct poller *);

/* 0 or an errno. An error or hang-up of the descriptor is told as whatever is waited for. */
SP_NODISCARD int poll_watch_start(struct poll_watch *, struct poller *, int fd, unsigned events,
	void (*fn)(void *arg, unsigned events), void *arg);
void poll_watch_set(struct poll_watch *, unsigned events); /* 0: nothing */
/* The callback does not run again; before the descriptor is closed. Repeatable. */
void poll_watch_stop(struct poll_watch *);

void poll_timer_init(struct poll_timer *, void (*fn)(void *arg), void *arg);
void poll_timer_set(struct poll_timer *, struct poller *, sp_nanos at); /* SP_NEVER: off */
void poll_timer_stop(struct poll_timer *);                              /* repeatable */

void poll_task_init(struct poll_task *, void (*fn)(void *arg), void *arg);
/* Runs once, at the end of this turn or in the next. */
void poll_task_set(struct poll_task *, struct poller *);
void poll_task_stop(struct poll_task *); /* repeatable */

/*
 * The time, which stands still in a turn and between poller_hold() and poller_release(): asking for it is free then. To
 * be released before anything that may take long, such as a user's function.
 */
sp_nanos poller_now(const struct poller *);
void poller_hold(struct poller *);
void poller_release(struct poller *);

/* When poller_turn() shall be called at the latest; SP_NEVER: when the descriptor is readable. */
sp_nanos poller_due(const struct poller *);
/* Waits until something is to be done, but not beyond `until`, and runs the callbacks that are due. */
void poller_turn(struct poller *, sp_nanos until);

#endif
