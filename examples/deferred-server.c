/* SPDX-License-Identifier: MIT */
/* A server whose sums are ready later: the handler keeps the call, a clerk answers it. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <sallyport/sallyport.h>

#include "calc.h"

#define DESK 64

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	sp_call *calls[DESK];
	unsigned n;
	bool over;
} desk = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* On a loop thread: must not block. */
static int32_t
add(sp_call *call, int32_t a, int32_t b)
{
	(void)a;
	(void)b;
	pthread_mutex_lock(&desk.lock);
	if (desk.n == DESK) {
		sp_call_raise(call, NCA_S_SERVER_TOO_BUSY);
	} else {
		sp_call_defer(call); /* before the clerk can see it */
		desk.calls[desk.n++] = call;
		pthread_cond_signal(&desk.changed);
	}
	pthread_mutex_unlock(&desk.lock);
	return 0; /* of a deferred call nobody looks at this */
}

/* The newest call: answers need not come in the order of the questions. NULL: it is over. */
static sp_call *
take(void)
{
	sp_call *call = NULL;

	pthread_mutex_lock(&desk.lock);
	while (desk.n == 0 && !desk.over)
		pthread_cond_wait(&desk.changed, &desk.lock);
	if (desk.n > 0)
		call = desk.calls[--desk.n];
	pthread_mutex_unlock(&desk.lock);
	return call;
}

static void *
clerk(void *unused)
{
	sp_call *call;

	(void)unused;
	while ((call = take())) {
		struct calc_add_args *args = sp_call_args(call);

		usleep(20000);
		args->result = args->a + args->b;
		/* exactly once, also when the client has gone meanwhile */
		sp_call_complete(call, sp_call_is_cancelled(call) ? NCA_S_FAULT_CANCEL : 0);
	}
	return NULL;
}

int
main(void)
{
	static const struct calc_handlers handlers = {.add = add};
	struct sp_error err = {.sentence = "out of memory"};
	struct sp_bindings *bindings;
	sp_server *server = NULL;
	sigset_t signals;
	pthread_t thread;
	sp_status status;
	int number;

	/* blocked before there are threads, so that only sigwait gets them */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);

	status = sp_server_new(NULL, &server, &err);
	if (!status)
		status = sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, NULL, &err);
	if (!status)
		status = sp_server_register(server, &calc_server_interface, &handlers, NULL, &err);
	if (!status)
		status = sp_server_start(server, 2, &err);
	if (!status)
		status = sp_server_inq_bindings(server, &bindings, &err);
	if (status || pthread_create(&thread, NULL, clerk, NULL)) {
		fprintf(stderr, "%u: %s\n", status, err.sentence);
		sp_server_free(server);
		return 1;
	}
	for (size_t i = 0; i < bindings->n; i++)
		printf("%s\n", bindings->at[i]);
	fflush(stdout);
	sp_bindings_free(bindings);

	sigwait(&signals, &number);
	if (!sp_server_finish(server, 5 * SP_SECOND))
		fprintf(stderr, "not every call was answered in time\n");
	pthread_mutex_lock(&desk.lock);
	desk.over = true;
	pthread_cond_signal(&desk.changed);
	pthread_mutex_unlock(&desk.lock);
	pthread_join(thread, NULL);
	sp_server_free(server);
	return 0;
}
