/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <sallyport/sallyport.h>

#include "stopwatch.h"

static _Atomic int64_t started;

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SP_SECOND + t.tv_nsec;
}

static int64_t
elapsed(sp_call *call)
{
	(void)call;
	return now() - started;
}

static void
restart(sp_call *call, int64_t *ran)
{
	int64_t t = now();

	(void)call;
	*ran = t - atomic_exchange(&started, t);
}

int
main(void)
{
	static const struct stopwatch_handlers handlers = {.elapsed = elapsed, .restart = restart};
	struct sp_error err = {.sentence = "out of memory"};
	sp_server *server = NULL;
	sp_status status = sp_server_new(NULL, &server, &err);

	started = now();
	if (!status)
		status = sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, NULL, &err);
	if (!status)
		status = sp_server_register(
			server, &stopwatch_server_interface, &handlers, NULL, &err);
	if (!status)
		status = sp_server_start(server, 1, &err);
	if (status) {
		fprintf(stderr, "%u: %s\n", status, err.sentence);
		sp_server_free(server);
		return 1;
	}
	printf("%s\n", sp_server_binding(server, 0));
	fflush(stdout);
	for (;;)
		pause(); /* until a signal ends the program */
}
