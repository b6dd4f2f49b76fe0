/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/question.h"
#include "cli/spelling.h"
#include "probe/map.h"
#include "probe/target.h"

static void
tell(struct report *r, const struct probe_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct probe_entry *e = &list->entries[i];
		const struct report_place record = {
			.interface = e->interface,
			.protseq = e->protseq,
			.address = e->address,
			.endpoint = e->endpoint,
			.binding = e->binding,
		};

		r->renderer->place(r, &record);
	}
}

static enum outcome
bad_interface(const struct settings *s, struct report *r)
{
	const char *near = spelling_interface(s->arguments[1]);
	struct sp_error error;

	error_set(&error, SP_PHASE_NONE, RPC_S_INVALID_STRING_UUID,
		"read \"%.100s\" as an interface - it is neither UUID,VERSION nor a name - %s%s",
		s->arguments[1], near ? "perhaps this was meant: " : "an example: ",
		near ? near : "60a15ec5-4de8-11d7-a637-005056a20182,1.0");
	return question_failed(s, &command_resolve, s->arguments[0], r, &error);
}

/* Over what: as asked, as the target says, or TCP. */
static const char *
protseq_of(const struct settings *s)
{
	if (s->protseq)
		return s->protseq;
	return strncmp(s->arguments[0], "ncalrpc:", 8) ? "ncacn_ip_tcp" : "ncalrpc";
}

static enum outcome
run(const struct settings *given, struct report *r)
{
	struct settings s = *given;
	struct sp_client_options limits = question_limits(&s);
	struct probe_list list = {0};
	struct sp_error error = {0};
	char *mapper = NULL;
	sp_status status;

	if (!target_interface(s.arguments[1], &s.interface))
		return bad_interface(&s, r);
	status = target_mapper(s.arguments[0], (uint16_t)s.mapper_port, &mapper, &error);
	if (!status)
		status = probe_map_find(mapper, &limits, &s.interface,
			s.has_object ? &s.object : NULL, protseq_of(&s), &list, &error);
	free(mapper);
	if (status)
		return question_failed(&s, &command_resolve, s.arguments[0], r, &error);
	tell(r, &list);
	probe_list_fini(&list);
	return OUTCOME_GOOD;
}

static const struct option_row options[] = {
	{0, "object", OPTION_UUID, offsetof(struct settings, object), "UUID",
		"an object that the server must have registered"},
	{0, "protseq", OPTION_TEXT, offsetof(struct settings, protseq), "NAME",
		"over which protocol sequence (ncacn_ip_tcp; ncalrpc when asked there)"},
	{0},
};

static const struct example examples[] = {
	{"sallyport resolve dc01 samr", "the port of the account manager on dc01"},
	{"sallyport resolve dc01 12345778-1234-abcd-ef00-0123456789ac,1.0 --protseq ncacn_np",
		"its named pipe"},
	{0},
};

const struct command command_resolve = {
	.name = "resolve",
	.summary = "ask an endpoint mapper where an interface is",
	.arguments = {"HOST", "UUID,VERSION"},
	.description = "Asks the endpoint mapper of a host (ept_map) for one interface, as a "
		       "client does before "
		       "it calls, and prints a string binding for each answer.\n"
		       "\n"
		       "An interface that nobody has registered is EPT_S_NOT_REGISTERED (1753) and "
		       "exit status 1.",
	.options = options,
	.examples = examples,
	.run = run,
};
