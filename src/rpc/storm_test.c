/* SPDX-License-Identifier: MIT */
/*
 * A storm: many calls of several clients, at random cancelled, freed, given no time, disconnected, with large and
 * small arguments, while the server stops and comes back. Every call ends exactly once or is freed, what comes back
 * belongs to it, and nothing is left behind. STORM_SEED and STORM_MS make another and a longer one.
 */
#include <stdatomic.h>

#include "rpc/trial.h"

#define CLIENTS 4
#define CALLS 40

struct storm_call {
	sp_call *call;
	struct trial_args args;
	uint32_t sent;
	bool pending;
};

struct storm {
	sp_client *clients[CLIENTS];
	struct storm_call calls[CLIENTS][CALLS];
	unsigned seed, ended, good, cancelled, failed, freed;
};

static uint8_t bytes[60000];

static unsigned
draw(struct storm *s, unsigned n)
{
	s->seed = s->seed * 1103515245 + 12345;
	return s->seed / 65536 % n;
}

static struct storm_call *
owner_of(struct storm *s, const sp_call *call)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		for (unsigned k = 0; k < CALLS; k++)
			if (s->calls[i][k].call == call)
				return &s->calls[i][k];
	fail_msg("a call that was freed has ended");
	return NULL;
}

static void
on_end(sp_call *call, sp_status status, const struct sp_error *error, void *arg)
{
	struct storm *s = arg;
	struct storm_call *c = owner_of(s, call);

	assert_true(c->pending);
	c->pending = false;
	s->ended++;
	if (!status) {
		s->good++;
		/* a maybe call leaves its arguments as they were */
		assert_true(c->args.value == c->sent + 1 || c->args.value == c->sent);
	} else if (status == RPC_S_CALL_CANCELLED) {
		s->cancelled++;
	} else {
		s->failed++;
		assert_non_null(strstr(error->sentence, " - "));
	}
	if (draw(s, 8) == 0) {
		sp_call_free(c->call);
		c->call = NULL;
	}
}

static void
begin(struct storm *s, sp_client *client, struct storm_call *c)
{
	static const unsigned opnums[] = {
		TRIAL_ADD, TRIAL_ADD, TRIAL_LATER, TRIAL_TWICE, TRIAL_MAYBE};
	unsigned opnum = opnums[draw(s, 5)];
	uint32_t n = draw(s, 10) == 0 ? draw(s, sizeof(bytes)) : draw(s, 100);

	if (!c->call)
		c->call = sp_call_new(client);
	assert_non_null(c->call);
	c->sent = opnum == TRIAL_LATER ? draw(s, 30) : s->seed;
	c->args = (struct trial_args){c->sent, n, bytes};
	sp_call_set_timeout(c->call, draw(s, 5) == 0 ? (sp_nanos)draw(s, 20) * SP_MILLISECOND : 0);
	c->pending = true;
	assert_int_equal(
		sp_call_start(c->call, &trial_interface, opnum, &c->args, on_end, s, NULL), 0);
}

static void
act(struct storm *s, unsigned i)
{
	struct storm_call *c = &s->calls[i][draw(s, CALLS)];

	switch (draw(s, 40)) {
	case 0: sp_client_disconnect(s->clients[i]); break;
	case 1:
	case 2:
		if (c->pending)
			s->freed++;
		sp_call_free(c->call);
		c->call = NULL;
		c->pending = false;
		break;
	case 3:
	case 4:
	case 5:
		if (c->call)
			sp_call_cancel(c->call);
		break;
	default:
		if (!c->pending)
			begin(s, s->clients[i], c);
		break;
	}
}

static bool
turn(struct storm *s, int ms)
{
	struct pollfd fds[CLIENTS];
	bool pending = false;

	for (unsigned i = 0; i < CLIENTS; i++) {
		int own = sp_client_timeout_ms(s->clients[i]);

		fds[i] = (struct pollfd){.fd = sp_client_fd(s->clients[i]), .events = POLLIN};
		if (own >= 0 && own < ms)
			ms = own;
	}
	poll(fds, CLIENTS, ms);
	for (unsigned i = 0; i < CLIENTS; i++) {
		sp_client_service(s->clients[i]);
		for (unsigned k = 0; k < CALLS; k++)
			pending |= s->calls[i][k].pending;
	}
	return pending;
}

static atomic_bool over;

/* The server goes and comes back. */
static void *
restart_main(void *arg)
{
	struct trial_server *s = arg;

	while (!atomic_load(&over)) {
		usleep(150000);
		sp_server_stop(s->server);
		usleep(5000);
		assert_int_equal(sp_server_start(s->server, 2, NULL), 0);
	}
	return NULL;
}

static unsigned
number_of(const char *name, unsigned normally)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : normally;
}

static void
run(struct storm *s, struct trial_server *server, bool restarts)
{
	struct sp_client_options options = {.cancel_grace = 5 * SP_MILLISECOND,
		.idle_timeout = 10 * SP_MILLISECOND,
		.communication_timeout = 2 * SP_SECOND};
	sp_nanos until = time_now() + number_of("STORM_MS", 1500) * SP_MILLISECOND;
	pthread_t thread;

	for (unsigned i = 0; i < CLIENTS; i++) {
		options.no_multiplexing = i % 2;
		options.max_calls = i == 2 ? 5 : 0;
		options.verification_trailer = i == 3;
		s->clients[i] = trial_client(server->tcp, &options);
	}
	atomic_store(&over, false);
	if (restarts)
		pthread_create(&thread, NULL, restart_main, server);
	while (time_now() < until) {
		for (unsigned i = 0; i < CLIENTS; i++)
			for (unsigned k = draw(s, 10); k > 0; k--)
				act(s, i);
		turn(s, (int)draw(s, 3));
	}
	atomic_store(&over, true);
	if (restarts)
		pthread_join(thread, NULL);
	until = time_now() + 30 * SP_SECOND;
	while (turn(s, 100))
		assert_true(time_now() < until);
	for (unsigned i = 0; i < CLIENTS; i++) {
		assert_true(sp_client_n_connections(s->clients[i]) <= 4);
		for (unsigned k = 0; k < CALLS; k++)
			sp_call_free(s->calls[i][k].call);
		sp_client_free(s->clients[i]);
	}
}

static void
storm(unsigned seed, bool restarts)
{
	struct storm *s = calloc(1, sizeof(*s));
	struct trial_server server;

	s->seed = number_of("STORM_SEED", seed);
	trial_server_up(&server, NULL);
	run(s, &server, restarts);
	trial_server_down(&server);
	print_message("%u ended: %u good, %u cancelled, %u failed; %u freed under way\n", s->ended,
		s->good, s->cancelled, s->failed, s->freed);
	assert_true(s->good > 100 && s->cancelled > 10 && s->freed > 10);
	assert_true(restarts || s->failed <= s->ended / 2);
	free(s);
}

static void
storm_of_calls_leaves_nothing_behind(void **state)
{
	storm(1, false);
}

static void
storm_outlives_a_server_that_goes_and_comes(void **state)
{
	storm(2, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storm_of_calls_leaves_nothing_behind),
		cmocka_unit_test(storm_outlives_a_server_that_goes_and_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
