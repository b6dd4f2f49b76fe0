/* SPDX-License-Identifier: MIT */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <sallyport/types.h>

sp_nanos time_now(void); /* CLOCK_MONOTONIC */
/* now + duration without overflow; SP_NEVER stays SP_NEVER */
sp_nanos time_after(sp_nanos now, sp_nanos duration);
/* milliseconds for poll(2) until `deadline`: rounded up, -1 for SP_NEVER, 0 when past */
int time_poll_ms(sp_nanos now, sp_nanos deadline);

#endif
