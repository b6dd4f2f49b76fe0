/* SPDX-License-Identifier: MIT */
/* Many examinations at once, told in the order in which they were added, by the caller's thread. */
#ifndef CLI_ROUND_H
#define CLI_ROUND_H

#include <pthread.h>

#include "doctor/doctor.h"
#include "report/exam_figures.h"

struct job {
	struct doctor_wish wish;
	bool done;
	struct exam *exam; /* from its end until it was told; NULL then: no memory */
	struct exam_figures now, before;
};

struct round {
	struct job *list;
	size_t n;
	unsigned rate;    /* at most so many begin in a second; 0: no limit */
	bool keeps_exams; /* until round_fini() or the next run */
	/* its own */
	size_t capacity, next, n_told;
	sp_nanos begins; /* the next one, with a rate */
	pthread_mutex_t lock;
	pthread_cond_t one_more;
};

#define ROUND_INIT                                                                                 \
	{                                                                                          \
		.lock = PTHREAD_MUTEX_INITIALIZER, .one_more = PTHREAD_COND_INITIALIZER            \
	}

/* False: no memory. */
SP_NODISCARD bool round_add(struct round *, const struct doctor_wish *);
/* Examines all of them; `tell` gets each and returns an exit status. Returns the worst. May be run again. */
int round_run(struct round *, int (*tell)(void *context, const struct job *), void *context);
void round_fini(struct round *);

/* How bad: usage and what could not run go before findings. */
int round_worse(int, int);

#endif
