/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "cli/question.h"
#include "probe/map.h"
#include "probe/target.h"

static void
tell(struct report *r, const struct probe_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct probe_entry *e = &list->entries[i];
		const struct report_endpoint record = {
			.interface = e->interface,
			.object = e->object,
			.annotation = e->annotation,
			.protseq = e->protseq,
			.address = e->address,
			.endpoint = e->endpoint,
			.binding = e->binding,
		};

		r->renderer->endpoint(r, &record);
	}
	if (list->n_broken)
		fprintf(r->talk,
			"sallyport: %zu entries of the map cannot be read and were left out\n",
			list->n_broken);
}

static enum outcome
run(const struct settings *s, struct report *r)
{
	struct sp_client_options limits = question_limits(s);
	struct probe_list list = {0};
	struct sp_error error = {0};
	char *mapper = NULL;
	sp_status status =
		target_mapper(s->arguments[0], (uint16_t)s->mapper_port, &mapper, &error);

	if (!status)
		status = probe_map_list(mapper, &limits, &list, &error);
	free(mapper);
	if (status)
		return question_failed(s, &command_endpoints, s->arguments[0], r, &error);
	tell(r, &list);
	probe_list_fini(&list);
	return OUTCOME_GOOD;
}

static const struct example examples[] = {
	{"sallyport endpoints dc01.example", "everything that dc01 has registered"},
	{"sallyport endpoints 'ncalrpc:'", "this host's own map, over its local socket"},
	{"sallyport endpoints dc01 --json | jq -r 'select(.name == \"samr\").binding'",
		"where the account manager is"},
	{0},
};

const struct command command_endpoints = {
	.name = "endpoints",
	.summary = "list what an endpoint mapper knows",
	.arguments = {"HOST"},
	.description =
		"Reads the whole endpoint map of a host (ept_lookup) and lists it by interface: "
		"UUID and "
		"version, the name when it is known, the annotation, and a string binding for each "
		"endpoint.\n"
		"\n"
		"HOST is a name, an IPv4 or IPv6 address, or a string binding; \"ncalrpc:\" is the "
		"mapper "
		"of this host. Where the map has no address, the bindings show the host that was "
		"asked.",
	.examples = examples,
	.run = run,
};
