/* SPDX-License-Identifier: MIT */
#include "cli/question.h"

#include <netdb.h>
#include <string.h>

#include "base/time.h"
#include "probe/target.h"
#include "report/printable.h"

#define TIMEOUT_ALL (10 * SP_SECOND)

struct sp_client_options
question_limits(const struct settings *s)
{
	sp_nanos all = s->timeout ? s->timeout : TIMEOUT_ALL;

	return (struct sp_client_options){
		.resolve_timeout = s->timeout_resolve,
		.connect_timeout = s->timeout_connect,
		.discovery_timeout = s->timeout_discovery,
		.communication_timeout = s->timeout_communication,
		.deadline = time_after(time_now(), all),
		.mapper_port = (uint16_t)s->mapper_port,
		.ncalrpc_dir = s->ncalrpc_dir,
	};
}

/* --- the next command --- */

struct advice {
	const struct settings *settings;
	const struct command *command;
	const struct sp_error *error;
	const char *target; /* as typed */
	char host[300];     /* for a shell; "ncalrpc:" for this host's own mapper */
	char quoted[600];   /* the target for a shell */
	bool has_endpoint;
	char mapper[32]; /* " --mapper-port N" or "" */
	char *ret;
	size_t cap;
};

static void
ask_host(struct advice *a)
{
	snprintf(a->ret, a->cap, "sallyport endpoints %s%s", a->host, a->mapper);
}

static void
ask_resolver(struct advice *a)
{
	snprintf(a->ret, a->cap, "getent ahosts %s", a->host);
}

static void
ask_interfaces(struct advice *a)
{
	if (a->has_endpoint)
		snprintf(a->ret, a->cap, "sallyport interfaces %s", a->quoted);
	else
		ask_host(a);
}

static void
look_for_ports(struct advice *a)
{
	if (!strcmp(a->host, "ncalrpc:"))
		snprintf(a->ret, a->cap, "systemctl status sallyport-epmapper");
	else
		snprintf(a->ret, a->cap, "nmap -Pn -p 135,49152-65535 %s", a->host);
}

static void
wait_longer(struct advice *a)
{
	static const char *const option[] = {
		[SP_PHASE_NONE] = "timeout",
		[SP_PHASE_NAME_RESOLUTION] = "timeout-resolve",
		[SP_PHASE_TCP_SESSION] = "timeout-connect",
		[SP_PHASE_DISCOVERY] = "timeout-discovery",
		[SP_PHASE_COMMUNICATION] = "timeout-communication",
	};
	char version[64] = "", uuid[SP_UUID_TEXT];
	const struct settings *s = a->settings;

	if (s->has_interface || a->command == &command_resolve) {
		sp_uuid_format(&s->interface.uuid, uuid);
		snprintf(version, sizeof(version), "%s%s,%u.%u",
			a->command == &command_resolve ? " " : " --interface ", uuid,
			s->interface.major, s->interface.minor);
	}
	snprintf(a->ret, a->cap, "sallyport %s %s%s%s --%s 60s --timeout 90s", a->command->name,
		a->quoted, version, a->mapper, option[a->error->phase]);
}

/* From the special to the general; the first row that fits is taken. 0 and -1 fit anything. */
static const struct rule {
	enum sp_phase phase;
	int evidence;
	sp_status status;
	const struct command *command;
	void (*advise)(struct advice *);
} rules[] = {
	{SP_PHASE_NAME_RESOLUTION, -1, 0, NULL, ask_resolver},
	{SP_PHASE_TCP_SESSION, SP_EVIDENCE_TIMEOUT, 0, NULL, wait_longer},
	{SP_PHASE_TCP_SESSION, -1, 0, &command_endpoints, look_for_ports},
	{SP_PHASE_TCP_SESSION, -1, 0, &command_resolve, look_for_ports},
	{SP_PHASE_TCP_SESSION, -1, 0, NULL, ask_host},
	{SP_PHASE_DISCOVERY, SP_EVIDENCE_TIMEOUT, 0, NULL, wait_longer},
	{SP_PHASE_DISCOVERY, -1, 0, &command_endpoints, look_for_ports},
	{SP_PHASE_DISCOVERY, -1, 0, NULL, ask_host},
	{SP_PHASE_COMMUNICATION, SP_EVIDENCE_TIMEOUT, 0, NULL, wait_longer},
	{SP_PHASE_COMMUNICATION, -1, RPC_S_UNKNOWN_IF, NULL, ask_interfaces},
	{SP_PHASE_COMMUNICATION, -1, 0, NULL, ask_host},
	{SP_PHASE_NONE, -1, RPC_S_NO_ENDPOINT_FOUND, NULL, ask_host},
};

static bool
fits(const struct rule *rule, const struct advice *a)
{
	return rule->phase == a->error->phase &&
	       (rule->evidence < 0 || rule->evidence == (int)a->error->evidence) &&
	       (!rule->status || rule->status == a->error->status) &&
	       (!rule->command || rule->command == a->command);
}

static bool
host_find(struct advice *a)
{
	sp_binding *binding;

	if (target_parse(a->target, &binding, NULL))
		return false;
	if (!strcmp(binding->protseq, "ncalrpc"))
		snprintf(a->host, sizeof(a->host), "ncalrpc:");
	else
		printable_for_shell(*binding->address ? binding->address : "localhost", a->host,
			sizeof(a->host));
	a->has_endpoint = *binding->endpoint != '\0';
	sp_binding_free(binding);
	return true;
}

void
question_advise(const struct settings *s, const struct command *command, const char *target,
	const struct sp_error *error, char *ret, size_t cap)
{
	struct advice a = {.settings = s,
		.command = command,
		.error = error,
		.target = target,
		.ret = ret,
		.cap = cap};

	*ret = '\0';
	if (!host_find(&a))
		return;
	printable_for_shell(target, a.quoted, sizeof(a.quoted));
	if (s->mapper_port)
		snprintf(a.mapper, sizeof(a.mapper), " --mapper-port %u", s->mapper_port);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (fits(&rules[i], &a)) {
			rules[i].advise(&a);
			return;
		}
	}
}

/* --- findings --- */

/* What was typed is wrong, rather than what is out there. */
static bool
is_usage(const struct sp_error *e)
{
	if (e->phase != SP_PHASE_NONE)
		return false;
	switch (e->status) {
	case RPC_S_INVALID_STRING_BINDING:
	case RPC_S_INVALID_BINDING:
	case RPC_S_INVALID_RPC_PROTSEQ:
	case RPC_S_INVALID_STRING_UUID:
	case RPC_S_INVALID_ENDPOINT_FORMAT:
	case RPC_S_INVALID_NET_ADDR:
	case RPC_S_NO_ENDPOINT_FOUND: return true;
	default: return false;
	}
}

enum outcome
question_failed(const struct settings *s, const struct command *command, const char *target,
	struct report *report, const struct sp_error *error)
{
	struct finding finding = {.error = *error};

	finding.outcome = is_usage(error) ? OUTCOME_USAGE : finding_outcome(error);
	question_advise(s, command, target, error, finding.next, sizeof(finding.next));
	report->renderer->finding(report, &finding);
	return finding.outcome;
}
