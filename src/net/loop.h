/* SPDX-License-Identifier: MIT */
/*
 * The event loop of daemons: one per thread. Everything except loop_post() and loop_stop() belongs
 * to the loop's own thread.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <sallyport/types.h>

struct loop;
struct loop_watch; /* a descriptor */
struct loop_timer;

struct loop *loop_new(void);
void loop_free(struct loop *); /* watches and timers must have been freed */
void loop_run(struct loop *);  /* until loop_stop() */
void loop_stop(struct loop *); /* any thread */
/* As poller_now(): stands still while callbacks run. The loop's thread. */
sp_nanos loop_now(const struct loop *);

/*
 * A message that needs no memory: embedded in whatever it is about, at most once under way.
 * fn(arg) runs on the loop's thread, in order of sending; it may free the message.
 */
struct loop_message {
	struct loop_message *next;
	void (*fn)(void *arg);
	void *arg;
};
void loop_send(struct loop *, struct loop_message *); /* any thread */

/* The same with a message from the heap: runs fn(arg) on the loop's thread. False: no memory. */
SP_NODISCARD bool loop_post(struct loop *, void (*fn)(void *arg), void *arg);

#define LOOP_READ 1u
#define LOOP_WRITE 2u
/* NULL: no memory, or a descriptor that cannot be waited for. Waits for nothing at first. */
struct loop_watch *loop_watch_new(
	struct loop *, int fd, void (*fn)(void *arg, unsigned events), void *arg);
/* What to wait for; 0 nothing. An error or a hang-up is told as whatever is waited for. */
void loop_watch_set(struct loop_watch *, unsigned events);
/* The callback does not run again. The descriptor may be closed when this returns. */
void loop_watch_free(struct loop_watch *);

/* NULL: no memory. Off at first. */
struct loop_timer *loop_timer_new(struct loop *, void (*fn)(void *arg), void *arg);
void loop_timer_set(
	struct loop_timer *, sp_nanos at); /* CLOCK_MONOTONIC; SP_NEVER switches it off */
void loop_timer_free(struct loop_timer *);

#endif
