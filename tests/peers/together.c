/* SPDX-License-Identifier: MIT */
/*
 * Ten questions to an endpoint mapper at once (ept_lookup, stub data by hand), with verification trailers, over a server
 * that is not ours; one is cancelled and two more follow. usage: together BINDING
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <sallyport/sallyport.h>

#define CALLS 10
#define EPT_LOOKUP 2

static const struct sp_syntax_id epm = {
	{0xe1af8308, 0x5d1f, 0x11c9, {0x91, 0xa4}, {0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa}}, 3, 0};

/* inquiry_type all, no object, no interface, vers_option all, a NULL handle, one entry */
static const uint8_t question[40] = {[12] = 1, [36] = 1};

static unsigned left, answered, cancelled;

static void
on_end(sp_call *call, sp_status status, const struct sp_error *error, void *arg)
{
	const void *stub;
	size_t len;
	bool big_endian;

	left--;
	if (status == RPC_S_CALL_CANCELLED) {
		cancelled++;
	} else if (status) {
		fprintf(stderr, "%s\n", error->sentence);
	} else {
		sp_call_answer(call, &stub, &len, &big_endian);
		answered += len > 32; /* an entry, not only a status */
	}
}

static void
run(sp_client *client)
{
	while (left) {
		struct pollfd fd = {.fd = sp_client_fd(client), .events = sp_client_events(client)};

		poll(&fd, 1, sp_client_timeout_ms(client));
		sp_client_service(client);
	}
}

static bool
ask(sp_call *call)
{
	left++;
	return sp_call_start_raw(
		       call, &epm, EPT_LOOKUP, question, sizeof(question), on_end, NULL, NULL) == 0;
}

int
main(int argc, char **argv)
{
	struct sp_client_options options = {
		.verification_trailer = true, .cancel_grace = 200 * SP_MILLISECOND};
	sp_call *calls[CALLS];
	struct sp_error err;
	sp_client *client;

	if (argc != 2 || sp_client_new(argv[1], &options, &client, &err))
		return 64;
	for (int i = 0; i < CALLS; i++)
		if (!(calls[i] = sp_call_new(client)) || !ask(calls[i]))
			return 3;
	sp_call_cancel(calls[CALLS - 1]);
	run(client);
	/* whatever became of the cancelled one, the client goes on */
	if (!ask(calls[0]) || !ask(calls[1]))
		return 3;
	run(client);
	printf("answered %u cancelled %u connections %zu\n", answered, cancelled,
		sp_client_n_connections(client));
	for (int i = 0; i < CALLS; i++)
		sp_call_free(calls[i]);
	sp_client_free(client);
	return 0;
}
