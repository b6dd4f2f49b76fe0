/* SPDX-License-Identifier: MIT */
#include "base/time.h"

#include <limits.h>
#include <time.h>

sp_nanos
time_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SP_SECOND + ts.tv_nsec;
}

sp_nanos
time_after(sp_nanos now, sp_nanos duration)
{
	sp_nanos sum;

	return __builtin_add_overflow(now, duration, &sum) ? SP_NEVER : sum;
}

int
time_poll_ms(sp_nanos now, sp_nanos deadline)
{
	sp_nanos ms;

	if (deadline == SP_NEVER)
		return -1;
	if (deadline <= now)
		return 0;
	ms = (deadline - now - 1) / SP_MILLISECOND + 1;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}
