/* SPDX-License-Identifier: MIT */
#include "net/alarm.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include <sys/timerfd.h>

int
alarm_init(struct alarm *a)
{
	a->at = SP_NEVER;
	a->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return a->fd < 0 ? errno : 0;
}

void
alarm_fini(struct alarm *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

void
alarm_set(struct alarm *a, sp_nanos at)
{
	struct itimerspec when = {0};

	if (at >= a->at)
		return;
	a->at = at;
	if (at < 1) /* 0 would switch it off */
		at = 1;
	when.it_value = (struct timespec){at / SP_SECOND, at % SP_SECOND};
	timerfd_settime(a->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void
alarm_heard(struct alarm *a)
{
	uint64_t times;

	a->at = SP_NEVER;
	if (read(a->fd, &times, sizeof(times)) < 0)
		return; /* rung before, for somebody else */
}
