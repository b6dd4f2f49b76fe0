/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "cli/question.h"
#include "probe/server.h"
#include "probe/target.h"

#define COUNT 4

static void
wait_for(sp_nanos interval)
{
	struct timespec left = {
		.tv_sec = interval / SP_SECOND, .tv_nsec = (long)(interval % SP_SECOND)};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

static void
count_in(struct report_ping *all, sp_nanos took, sp_nanos *sum)
{
	if (!all->n_answered || took < all->least)
		all->least = took;
	if (took > all->most)
		all->most = took;
	*sum += took;
	all->mean = *sum / ++all->n_answered;
}

/* All round trips, or up to the first that fails. */
static sp_status
rounds(struct probe_ping *ping, const struct settings *s, struct report *r, struct report_ping *all,
	struct sp_error *reterr)
{
	unsigned count = s->count ? s->count : COUNT;
	sp_nanos took, sum = 0;

	for (unsigned i = 1; i <= count; i++) {
		sp_status status;

		if (i > 1 && s->interval)
			wait_for(s->interval);
		all->n_sent++;
		status = probe_ping_round(ping, question_limits(s).deadline, &took, reterr);
		if (status)
			return status;
		count_in(all, took, &sum);
		r->renderer->round(r, &(struct report_round){i, took});
		fflush(r->out);
	}
	return 0;
}

static sp_status
ping(const struct settings *s, const char *binding, struct report *r, struct sp_error *reterr)
{
	struct sp_client_options limits = question_limits(s);
	struct report_ping all = {.interface = s->interface};
	struct probe_ping *ping = NULL;
	sp_status status =
		probe_ping_open(binding, &limits, &s->interface, &ping, &all.session, reterr);

	if (status)
		return status;
	all.measured = probe_ping_measured(ping);
	status = rounds(ping, s, r, &all, reterr);
	all.binding = probe_ping_peer(ping);
	r->renderer->ping(r, &all);
	probe_ping_close(ping);
	return status;
}

static enum outcome
run(const struct settings *s, struct report *r)
{
	struct sp_error error = {0};
	char *binding = NULL;
	sp_status status;

	if (!s->has_interface) {
		fputs("sallyport ping: --interface UUID,VERSION is missing: which service shall "
		      "answer?\n"
		      "next: sallyport ping --help\n",
			r->talk);
		return OUTCOME_USAGE;
	}
	status = target_binding(s->arguments[0], &binding, &error);
	if (!status)
		status = ping(s, binding, r, &error);
	free(binding);
	return status ? question_failed(s, &command_ping, s->arguments[0], r, &error)
		      : OUTCOME_GOOD;
}

static const struct option_row options[] = {
	{'i', "interface", OPTION_INTERFACE, offsetof(struct settings, interface), "UUID,VERSION",
		"the interface that must be there, or its name, as samr; required"},
	{'c', "count", OPTION_COUNT, offsetof(struct settings, count), "N",
		"how many round trips (4)"},
	{0, "interval", OPTION_DURATION, offsetof(struct settings, interval), "TIME",
		"wait between round trips (not at all)"},
	{0},
};

static const struct example examples[] = {
	{"sallyport ping dc01 --interface samr",
		"is the account manager there, and how far away is it?"},
	{"sallyport ping 'ncacn_ip_tcp:dc01[49667]' -i 12345778-1234-abcd-ef00-0123456789ac,1.0 -c "
	 "100",
		"a hundred round trips to a known port, without the mapper"},
	{0},
};

const struct command command_ping = {
	.name = "ping",
	.summary = "bind to an interface and measure round trips",
	.arguments = {"BINDING"},
	.description = "Goes through all phases until the interface is bound, which proves that "
		       "the service is there, "
		       "and then measures round trips on that connection. BINDING is a host or a "
		       "string binding; "
		       "without an endpoint the mapper is asked.\n"
		       "\n"
		       "What is measured is a call of is_server_listening of remote management, "
		       "which every server has "
		       "and which changes nothing: a call of the interface itself could. Where a "
		       "server does not "
		       "offer it, each round trip is a new connection with a bind. The output says "
		       "which it was. "
		       "A round trip that fails ends the measurement.\n"
		       "\n"
		       "There is no limit for all round trips together; each keeps to "
		       "--timeout-communication.",
	.options = options,
	.examples = examples,
	.run = run,
};
