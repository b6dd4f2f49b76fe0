/* SPDX-License-Identifier: MIT */
/*
 * A descriptor that becomes readable at a time. Who waits for descriptors with a time limit makes the kernel start and
 * stop a timer with every wait, a twentieth of what a small call costs; an alarm is set once and stands while calls come
 * and go. It never rings late, but may ring early: then it is set again.
 */
#ifndef NET_ALARM_H
#define NET_ALARM_H

#include <sallyport/types.h>

struct alarm {
	int fd;      /* -1: none */
	sp_nanos at; /* when it rings; SP_NEVER: not at all */
};

/* 0 or an errno. */
SP_NODISCARD int alarm_init(struct alarm *);
void alarm_fini(struct alarm *); /* repeatable */
/* Rings at `at` (CLOCK_MONOTONIC) or earlier: nothing is done when it does already. */
void alarm_set(struct alarm *, sp_nanos at);
/* The descriptor was readable: it is no longer, and the alarm is off. */
void alarm_heard(struct alarm *);

#endif
