/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <sallyport/sallyport.h>

#include "stopwatch.h"

static int
ask(sp_call *call)
{
	struct sp_error err;
	int64_t ran, elapsed;

	if (stopwatch_restart(call, &ran, &err) || stopwatch_elapsed(call, &elapsed, &err)) {
		fprintf(stderr, "%s: %s\n", sp_phase_name(err.phase), err.sentence);
		return 1;
	}
	printf("ran %.6f s, now %.6f s\n", (double)ran / SP_SECOND, (double)elapsed / SP_SECOND);
	return 0;
}

int
main(int argc, char **argv)
{
	struct sp_error err = {.sentence = "usage: client ncacn_ip_tcp:HOST"};
	sp_client *client = NULL;
	sp_call *call = NULL;
	int status = 1;

	if (argc == 2 && !sp_client_new(argv[1], NULL, &client, &err))
		call = sp_call_new(client);
	if (call)
		status = ask(call);
	else
		fprintf(stderr, "%s\n", err.sentence);
	sp_call_free(call);
	sp_client_free(client);
	return status;
}
