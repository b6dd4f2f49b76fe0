/* SPDX-License-Identifier: MIT */
/*
 * Threads on which handlers may block. A loop decodes a call's arguments and gives it to them; what comes back is
 * answered on the loop again, so that a connection and its engine have one thread.
 */
#include "rpc/server.h"

#include "base/mem.h"

struct workers {
	sp_server *server;
	pthread_mutex_t lock; /* over everything below */
	pthread_cond_t given;
	struct list calls; /* oldest first */
	bool stopping;
	unsigned n;
	pthread_t threads[];
};

/* The next call; NULL: it is time to end. */
static sp_call *
call_take(struct workers *w)
{
	sp_call *call = NULL;

	pthread_mutex_lock(&w->lock);
	while (list_is_empty(&w->calls) && !w->stopping)
		pthread_cond_wait(&w->given, &w->lock);
	if (!list_is_empty(&w->calls)) {
		call = list_entry(w->calls.next, sp_call, work);
		list_remove(&call->work);
	}
	pthread_mutex_unlock(&w->lock);
	return call;
}

static void *
worker_main(void *arg)
{
	struct workers *w = arg;
	sp_call *call;

	server_thread_enter(w->server);
	while ((call = call_take(w)))
		dispatch_work(call);
	return NULL;
}

struct workers *
workers_new(sp_server *server, unsigned n)
{
	struct workers *w = mem_zalloc(1, sizeof(*w) + n * sizeof(w->threads[0]));

	if (!w)
		return NULL;
	w->server = server;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->given, NULL);
	list_init(&w->calls);
	for (; w->n < n; w->n++)
		if (server_thread_create(&w->threads[w->n], worker_main, w)) {
			workers_free(w);
			return NULL;
		}
	return w;
}

void
workers_free(struct workers *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->given);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->n; i++)
		pthread_join(w->threads[i], NULL);
	pthread_cond_destroy(&w->given);
	pthread_mutex_destroy(&w->lock);
	mem_free(w);
}

void
workers_give(struct workers *w, sp_call *call)
{
	pthread_mutex_lock(&w->lock);
	list_append(&w->calls, &call->work);
	pthread_cond_signal(&w->given);
	pthread_mutex_unlock(&w->lock);
}
