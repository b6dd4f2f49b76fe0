/* SPDX-License-Identifier: MIT */
#include "cli/round.h"

#include <errno.h>
#include <time.h>

#include "base/mem.h"
#include "base/time.h"

#define WORKERS_MAX 256 /* they wait for answers most of the time */
#define AHEAD_MAX 2048  /* examinations done but not yet told: 35 kB each */

bool
round_add(struct round *round, const struct doctor_wish *wish)
{
	if (round->n == round->capacity) {
		size_t capacity = round->capacity ? round->capacity * 2 : 16;
		struct job *more = mem_resize(round->list, capacity, sizeof(*more));

		if (!more)
			return false;
		round->list = more;
		round->capacity = capacity;
	}
	round->list[round->n++] = (struct job){.wish = *wish};
	return true;
}

/* The next job, which may have to wait until those before it are told; NULL: no more. */
static struct job *
job_next(struct round *round)
{
	while (round->next < round->n && round->next >= round->n_told + AHEAD_MAX)
		pthread_cond_wait(&round->one_more, &round->lock);
	return round->next < round->n ? &round->list[round->next++] : NULL;
}

/* Waits for its turn; the lock is held before and after. */
static void
turn_wait(struct round *round)
{
	sp_nanos now = time_now(), begins = round->begins > now ? round->begins : now;
	struct timespec at = {.tv_sec = begins / SP_SECOND, .tv_nsec = begins % SP_SECOND};

	if (!round->rate)
		return;
	round->begins = begins + SP_SECOND / round->rate;
	pthread_mutex_unlock(&round->lock);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
	pthread_mutex_lock(&round->lock);
}

static void *
work(void *arg)
{
	struct round *round = arg;
	struct job *job;

	pthread_mutex_lock(&round->lock);
	while ((job = job_next(round))) {
		struct exam *exam;

		turn_wait(round);
		pthread_mutex_unlock(&round->lock);
		exam = mem_zalloc(1, sizeof(*exam));
		if (exam)
			doctor_examine(&job->wish, exam);
		pthread_mutex_lock(&round->lock);
		job->exam = exam;
		job->done = true;
		pthread_cond_broadcast(&round->one_more);
	}
	pthread_mutex_unlock(&round->lock);
	return NULL;
}

/* Without a thread to do it, the caller's does. */
static void
job_wait(struct round *round, struct job *job, bool has_workers)
{
	if (!has_workers) {
		job->exam = mem_zalloc(1, sizeof(*job->exam));
		if (job->exam)
			doctor_examine(&job->wish, job->exam);
		return;
	}
	pthread_mutex_lock(&round->lock);
	while (!job->done)
		pthread_cond_wait(&round->one_more, &round->lock);
	pthread_mutex_unlock(&round->lock);
}

static void
job_told(struct round *round, struct job *job)
{
	if (!round->keeps_exams) {
		mem_free(job->exam);
		job->exam = NULL;
	}
	pthread_mutex_lock(&round->lock);
	round->n_told++;
	pthread_cond_broadcast(&round->one_more);
	pthread_mutex_unlock(&round->lock);
}

static void
round_begin(struct round *round)
{
	round->next = round->n_told = 0;
	for (size_t i = 0; i < round->n; i++) {
		struct job *job = &round->list[i];

		mem_free(job->exam);
		job->exam = NULL;
		job->done = false;
		job->before = job->now;
		job->now = (struct exam_figures){0};
	}
}

int
round_worse(int a, int b)
{
	return a > b ? a : b;
}

int
round_run(struct round *round, int (*tell)(void *context, const struct job *), void *context)
{
	pthread_t workers[WORKERS_MAX];
	size_t n_workers = 0;
	int all = OUTCOME_GOOD;

	round_begin(round);
	while (n_workers < WORKERS_MAX && n_workers < round->n &&
		pthread_create(&workers[n_workers], NULL, work, round) == 0)
		n_workers++;
	for (size_t i = 0; i < round->n; i++) {
		struct job *job = &round->list[i];

		job_wait(round, job, n_workers > 0);
		if (job->exam)
			exam_figures_take(job->exam, &job->now);
		all = round_worse(all, tell(context, job));
		job_told(round, job);
	}
	for (size_t i = 0; i < n_workers; i++)
		pthread_join(workers[i], NULL);
	return all;
}

void
round_fini(struct round *round)
{
	for (size_t i = 0; i < round->n; i++)
		mem_free(round->list[i].exam);
	mem_free(round->list);
}
