/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/question.h"
#include "probe/server.h"
#include "probe/target.h"

static void
tell(struct report *r, const struct probe_server *server)
{
	struct report_server record = {
		.binding = server->binding,
		.is_listening = server->is_listening,
		.n_interfaces = server->n_interfaces,
		.n_statistics = server->n_statistics,
	};

	_Static_assert(REPORT_STATISTICS == PROBE_STATISTICS, "the same four figures");
	memcpy(record.statistics, server->statistics, sizeof(record.statistics));
	for (size_t i = 0; i < server->n_interfaces; i++)
		r->renderer->interface(r, &(struct report_interface){server->interfaces[i]});
	r->renderer->server(r, &record);
}

/* Where to ask: a binding with an endpoint, or an interface that leads to one. */
static sp_status
target_check(const struct settings *s, struct sp_error *reterr)
{
	sp_binding *binding;
	sp_status status = target_parse(s->arguments[0], &binding, reterr);
	bool is_enough;

	if (status)
		return status;
	is_enough = *binding->endpoint || s->has_interface;
	sp_binding_free(binding);
	if (is_enough)
		return 0;
	return error_set(reterr, SP_PHASE_NONE, RPC_S_NO_ENDPOINT_FOUND,
		"ask %.100s for its interfaces - every server on a host could be meant - give the "
		"endpoint in brackets, or --interface to have the mapper asked",
		s->arguments[0]);
}

static enum outcome
run(const struct settings *s, struct report *r)
{
	struct sp_client_options limits = question_limits(s);
	struct probe_server server = {0};
	struct sp_error error = {0};
	char *binding = NULL;
	sp_status status = target_check(s, &error);

	if (!status)
		status = target_binding(s->arguments[0], &binding, &error);
	if (!status)
		status = probe_server_ask(
			binding, &limits, s->has_interface ? &s->interface : NULL, &server, &error);
	free(binding);
	if (status)
		return question_failed(s, &command_interfaces, s->arguments[0], r, &error);
	tell(r, &server);
	probe_server_fini(&server);
	return OUTCOME_GOOD;
}

static const struct option_row options[] = {
	{'i', "interface", OPTION_INTERFACE, offsetof(struct settings, interface), "UUID,VERSION",
		"ask the server that offers this, where BINDING names no endpoint"},
	{0},
};

static const struct example examples[] = {
	{"sallyport interfaces 'ncacn_ip_tcp:dc01[135]'",
		"what the endpoint mapper's process offers"},
	{"sallyport interfaces dc01 --interface 12345778-1234-abcd-ef00-0123456789ac,1.0",
		"what else is served where the account manager is"},
	{0},
};

const struct command command_interfaces = {
	.name = "interfaces",
	.summary = "ask a server which interfaces it offers",
	.arguments = {"BINDING"},
	.description =
		"Asks a server about itself through remote management, which every server has: its "
		"interfaces (inq_if_ids), how many calls and packets it has seen (inq_stats), and "
		"whether "
		"it is listening (is_server_listening).\n"
		"\n"
		"BINDING is a string binding with an endpoint. Without one, --interface must say "
		"which of the "
		"host's servers is meant.",
	.options = options,
	.examples = examples,
	.run = run,
};
