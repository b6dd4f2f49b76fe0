/* SPDX-License-Identifier: MIT */
/*
 * Asks many servers many things at once, in one thread, with nothing but poll(2): each server a client, each question a
 * call. Ctrl-C cancels what is still under way.
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <sallyport/sallyport.h>

#include "calc.h"

static const char usage[] = "usage: %s [options] BINDING...     for example ncacn_ip_tcp:192.0.2.7 "
			    "ncacn_ip_tcp:192.0.2.8\n"
			    "  --calls N          questions for each server (10)\n"
			    "  --mapper-port N    the endpoint mapper's TCP port (135)\n"
			    "  --ncalrpc-dir DIR  where local endpoints live\n";

struct question {
	sp_call *call;
	struct calc_add_args args;
	const char *binding;
};

struct crowd {
	sp_client **clients;
	struct pollfd *fds;
	struct question *questions;
	size_t n_clients, n_questions, left, failed;
};

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* Called by the library when a call has ended. */
static void
on_sum(sp_call *call, sp_status status, const struct sp_error *error, void *arg)
{
	struct crowd *crowd = arg;
	struct question *q = crowd->questions;

	while (q->call != call)
		q++;
	crowd->left--;
	if (status) {
		crowd->failed++;
		fprintf(stderr, "%s: %s: %u: %s\n", q->binding, sp_phase_name(error->phase), status,
			error->sentence);
	} else {
		printf("%s: %d + %d = %d\n", q->binding, q->args.a, q->args.b, q->args.result);
	}
}

static bool
ask(struct crowd *crowd, size_t client, int32_t number, const char *binding)
{
	struct question *q = &crowd->questions[crowd->n_questions];
	struct sp_error err = {0};

	*q = (struct question){.args = {.a = number, .b = number}, .binding = binding};
	q->call = sp_call_new(crowd->clients[client]);
	if (!q->call || calc_add_start(q->call, &q->args, on_sum, crowd, &err)) {
		fprintf(stderr, "%s: %s\n", binding, q->call ? err.sentence : "out of memory");
		sp_call_free(q->call);
		return false;
	}
	crowd->n_questions++;
	crowd->left++;
	return true;
}

static bool
begin(struct crowd *crowd, char **bindings, unsigned n_calls,
	const struct sp_client_options *options)
{
	struct sp_error err;

	for (size_t i = 0; bindings[i]; i++) {
		if (sp_client_new(bindings[i], options, &crowd->clients[i], &err)) {
			fprintf(stderr, "%s: %s\n", bindings[i], err.sentence);
			return false;
		}
		crowd->n_clients++;
		crowd->fds[i] = (struct pollfd){.fd = sp_client_fd(crowd->clients[i]),
			.events = sp_client_events(crowd->clients[i])};
		for (unsigned k = 0; k < n_calls; k++)
			if (!ask(crowd, i, (int32_t)k, bindings[i]))
				return false;
	}
	return true;
}

/* How long poll(2) may wait: until the first client has something to do. */
static int
timeout_ms(const struct crowd *crowd)
{
	int first = -1;

	for (size_t i = 0; i < crowd->n_clients; i++) {
		int ms = sp_client_timeout_ms(crowd->clients[i]);

		if (ms >= 0 && (first < 0 || ms < first))
			first = ms;
	}
	return first;
}

static void
run(struct crowd *crowd)
{
	while (crowd->left) {
		poll(crowd->fds, crowd->n_clients, timeout_ms(crowd));
		if (interrupted)
			for (size_t i = 0; i < crowd->n_questions; i++)
				sp_call_cancel(crowd->questions[i].call);
		for (size_t i = 0; i < crowd->n_clients; i++)
			sp_client_service(crowd->clients[i]);
	}
}

static int
calculate(char **bindings, size_t n, unsigned n_calls, const struct sp_client_options *options)
{
	struct crowd crowd = {.clients = calloc(n, sizeof(*crowd.clients)),
		.fds = calloc(n, sizeof(*crowd.fds)),
		.questions = calloc(n * n_calls, sizeof(*crowd.questions))};
	bool good = crowd.clients && crowd.fds && crowd.questions &&
		    begin(&crowd, bindings, n_calls, options);

	if (good)
		run(&crowd);
	good = good && !crowd.failed;
	for (size_t i = 0; i < crowd.n_questions; i++)
		sp_call_free(crowd.questions[i].call);
	for (size_t i = 0; i < crowd.n_clients; i++)
		sp_client_free(crowd.clients[i]);
	free(crowd.clients);
	free(crowd.fds);
	free(crowd.questions);
	return good ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static const struct option names[] = {
		{"calls", required_argument, NULL, 'c'},
		{"mapper-port", required_argument, NULL, 'm'},
		{"ncalrpc-dir", required_argument, NULL, 'd'},
		{0},
	};
	struct sp_client_options options = {0};
	unsigned n_calls = 10;
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 'c') {
			n_calls = (unsigned)strtoul(optarg, NULL, 10);
		} else if (option == 'm') {
			options.mapper_port = (uint16_t)strtoul(optarg, NULL, 10);
		} else if (option == 'd') {
			options.ncalrpc_dir = optarg;
		} else {
			fprintf(stderr, usage, argv[0]);
			return 64;
		}
	}
	if (optind == argc || n_calls == 0 || n_calls > 100000) {
		fprintf(stderr, usage, argv[0]);
		return 64;
	}
	/* no SA_RESTART: poll(2) returns */
	sigaction(SIGINT, &(struct sigaction){.sa_handler = on_interrupt}, NULL);
	return calculate(argv + optind, (size_t)(argc - optind), n_calls, &options);
}
