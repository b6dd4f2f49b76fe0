/* SPDX-License-Identifier: MIT */
/*
 * A server that says where it can be reached, and a client that looks whether that is so.
 *
 *   listener serve [PROTSEQ[,ENDPOINT[,ADDRESS]]]...    prints its bindings, ends with standard input
 *   listener call BINDING...                            the management interface there: prints each binding that answers
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sallyport/sallyport.h>

#include "mgmt.h"

static int
complain(const struct sp_error *err)
{
	fprintf(stderr, "%s\n", err->sentence);
	return 1;
}

static int
serve(int n, char **where)
{
	const struct sp_server_options options = {.no_mapper = true};
	struct sp_bindings *bindings;
	struct sp_error err;
	sp_server *server;
	char end;

	if (sp_server_new(&options, &server, &err))
		return complain(&err);
	for (int i = 0; i < n; i++) {
		const char *protseq = strsep(&where[i], ","), *endpoint = strsep(&where[i], ",");

		if (sp_server_use_protseq(server, protseq, endpoint, where[i], &err))
			return complain(&err);
	}
	if (sp_server_start(server, 1, &err) || sp_server_inq_bindings(server, &bindings, &err))
		return complain(&err);
	for (size_t i = 0; i < bindings->n; i++)
		printf("%s\n", bindings->at[i]);
	printf("\n");
	fflush(stdout);
	sp_bindings_free(bindings);
	while (read(STDIN_FILENO, &end, 1) > 0)
		;
	sp_server_free(server);
	return 0;
}

static int
call(int n, char **bindings)
{
	const struct sp_client_options options = {.connect_timeout = 2 * SP_SECOND};
	struct sp_error err;
	sp_client *client;

	for (int i = 0; i < n; i++) {
		if (sp_client_new(bindings[i], &options, &client, &err))
			return complain(&err);
		if (!sp_client_bind(client, &mgmt_client_interface.id, &err))
			printf("%s\n", bindings[i]);
		sp_client_free(client);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "serve"))
		return serve(argc - 2, argv + 2);
	if (argc > 2 && !strcmp(argv[1], "call"))
		return call(argc - 2, argv + 2);
	return 64;
}
