/* SPDX-License-Identifier: MIT */
/*
 * A client of the soak: many calls at once of every kind, some cancelled, some freed under way, context handles that
 * are closed or left, connections dropped, until its time is over. What comes back has to be what was asked for.
 *
 *   roamer PORT SECONDS SEED
 *
 * At its end one line of JSON; exit status 1 after a wrong answer. It is made to be killed at any time.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sallyport/sallyport.h>

#include "calc.h"
#include "echo.h"

enum { SLOTS = 24, DATA_MAX = 100000 };

enum kind { ADDONE, ECHODATA, SLEEP, OPEN, READ, CLOSE };

struct slot {
	sp_call *call;
	enum kind kind;
	bool pending, has_handle, is_cancelled;
	int64_t value; /* of the handle */
	calc_register handle;
	union {
		struct echo_addone_args addone;
		struct echo_echodata_args echodata;
		struct echo_test_sleep_args sleep;
		struct calc_register_open_args open;
		struct calc_register_read_args read;
		struct calc_register_close_args close;
	} args;
	uint8_t *in;
};

static struct {
	sp_client *client;
	struct slot slots[SLOTS];
	unsigned seed;
	unsigned long good, failed, cancelled, freed, disconnects;
} roamer;

static unsigned
draw(unsigned n)
{
	roamer.seed = roamer.seed * 1103515245u + 12345u;
	return roamer.seed / 65536 % n;
}

static double
seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
wrong(const struct slot *s, const char *what, uint32_t status)
{
	printf("{\"wrong\": \"%s: kind %d, status %" PRIu32 "\"}\n", what, (int)s->kind, status);
	fflush(stdout);
	exit(1);
}

/* The library has pointed what comes back into the call. */
static void
answer_check(struct slot *s)
{
	switch (s->kind) {
	case ADDONE:
		if (*s->args.addone.sum != s->args.addone.number + 1)
			wrong(s, "another sum", *s->args.addone.sum);
		break;
	case ECHODATA:
		if (memcmp(s->in, s->args.echodata.out_data, s->args.echodata.len))
			wrong(s, "other bytes", 0);
		break;
	case SLEEP:
		if (s->args.sleep.result != s->args.sleep.seconds)
			wrong(s, "another sleep", s->args.sleep.result);
		break;
	case OPEN:
		s->handle = *s->args.open.handle;
		s->has_handle = true;
		break;
	case READ:
		if (s->args.read.result || *s->args.read.value != s->value)
			wrong(s, "another value", s->args.read.result);
		break;
	case CLOSE: s->has_handle = false; break;
	}
}

/* Connections are dropped and calls cancelled all the time: these are their ends, and those of handles gone with them. */
static bool
is_an_end(sp_status status)
{
	return status == RPC_S_CALL_CANCELLED || status == RPC_S_CALL_FAILED ||
	       status == RPC_S_CALL_FAILED_DNE || status == RPC_X_SS_CONTEXT_MISMATCH ||
	       status == NCA_S_FAULT_CONTEXT_MISMATCH;
}

static void
on_end(sp_call *call, sp_status status, const struct sp_error *error, void *arg)
{
	struct slot *s = roamer.slots;

	(void)error;
	(void)arg;
	while (s < roamer.slots + SLOTS && s->call != call)
		s++;
	if (s == roamer.slots + SLOTS || !s->pending)
		wrong(roamer.slots, "a call ended that was not under way", status);
	s->pending = false;
	if (!status) {
		roamer.good++;
		answer_check(s);
		return;
	}
	if (!is_an_end(status))
		wrong(s, "an unexpected end", status);
	if (status == RPC_S_CALL_CANCELLED)
		roamer.cancelled++;
	else
		roamer.failed++;
	if (s->kind >= OPEN)
		s->has_handle = false;
}

static sp_status
start(struct slot *s)
{
	memset(&s->args, 0, sizeof(s->args));
	switch (s->kind) {
	case ADDONE:
		s->args.addone = (struct echo_addone_args){.number = draw(1000000)};
		return echo_addone_start(s->call, &s->args.addone, on_end, NULL, NULL);
	case ECHODATA:
		s->args.echodata.len = draw(4) ? draw(2000) : draw(DATA_MAX);
		s->args.echodata.in_data = s->in;
		memset(s->in, (int)draw(256), s->args.echodata.len);
		return echo_echodata_start(s->call, &s->args.echodata, on_end, NULL, NULL);
	case SLEEP:
		s->args.sleep.seconds = draw(60);
		return echo_test_sleep_start(s->call, &s->args.sleep, on_end, NULL, NULL);
	case OPEN:
		s->value = (int64_t)draw(1u << 30);
		s->args.open = (struct calc_register_open_args){.start = s->value};
		return calc_register_open_start(s->call, &s->args.open, on_end, NULL, NULL);
	case READ:
		s->args.read = (struct calc_register_read_args){.handle = s->handle};
		return calc_register_read_start(s->call, &s->args.read, on_end, NULL, NULL);
	case CLOSE:
		s->args.close = (struct calc_register_close_args){.handle = &s->handle};
		return calc_register_close_start(s->call, &s->args.close, on_end, NULL, NULL);
	}
	return 0;
}

static enum kind
choose(const struct slot *s)
{
	if (s->has_handle && draw(2))
		return draw(3) ? READ : CLOSE;
	switch (draw(8)) {
	case 0: return s->has_handle ? READ : OPEN;
	case 1:
	case 2: return SLEEP;
	case 3:
	case 4: return ECHODATA;
	default: return ADDONE;
	}
}

static void
act(struct slot *s)
{
	if (!s->pending) {
		if (!s->call)
			s->call = sp_call_new(roamer.client);
		s->kind = choose(s);
		if (!s->call || start(s))
			wrong(s, "a call cannot be started", 0);
		s->pending = true;
	} else if (s->kind < OPEN && draw(20) == 0) {
		sp_call_cancel(s->call);
	} else if (s->kind < OPEN && draw(40) == 0) {
		sp_call_free(s->call);
		s->call = NULL;
		s->pending = false;
		roamer.freed++;
	}
}

static bool
turn(int ms)
{
	struct pollfd fd = {
		.fd = sp_client_fd(roamer.client), .events = sp_client_events(roamer.client)};
	int own = sp_client_timeout_ms(roamer.client);
	bool pending = false;

	poll(&fd, 1, own >= 0 && own < ms ? own : ms);
	sp_client_service(roamer.client);
	for (unsigned i = 0; i < SLOTS; i++)
		pending |= roamer.slots[i].pending;
	return pending;
}

static void
roam(double until)
{
	while (seconds_now() < until) {
		for (unsigned k = draw(6); k > 0; k--)
			act(&roamer.slots[draw(SLOTS)]);
		if (draw(3000) == 0) {
			sp_client_disconnect(roamer.client);
			roamer.disconnects++;
		}
		turn((int)draw(3));
	}
	for (until += 10; turn(50);)
		if (seconds_now() > until)
			wrong(roamer.slots, "calls do not end", 0);
}

static void
tidy(void)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		sp_call_free(roamer.slots[i].call);
		free(roamer.slots[i].in);
	}
	sp_client_free(roamer.client);
}

int
main(int argc, char **argv)
{
	struct sp_client_options options = {.cancel_grace = 20 * SP_MILLISECOND};
	char binding[64];

	if (argc != 4)
		return 64;
	roamer.seed = (unsigned)strtoul(argv[3], NULL, 10);
	options.no_multiplexing = draw(4) == 0;
	options.verification_trailer = draw(4) == 0;
	snprintf(binding, sizeof(binding), "ncacn_ip_tcp:127.0.0.1[%.6s]", argv[1]);
	if (sp_client_new(binding, &options, &roamer.client, NULL))
		return 3;
	for (unsigned i = 0; i < SLOTS; i++) {
		roamer.slots[i].in = malloc(DATA_MAX);
		if (!roamer.slots[i].in)
			return 3;
	}
	roam(seconds_now() + strtod(argv[2], NULL));
	tidy();
	printf("{\"good\": %lu, \"failed\": %lu, \"cancelled\": %lu, \"freed\": %lu, "
	       "\"disconnects\": %lu}\n",
		roamer.good, roamer.failed, roamer.cancelled, roamer.freed, roamer.disconnects);
	return 0;
}
