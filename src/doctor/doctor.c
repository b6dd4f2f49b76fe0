/* SPDX-License-Identifier: MIT */
#include "doctor/doctor.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "base/uuid.h"
#include "catalog/interfaces.h"
#include "doctor/plan.h"

#define BUDGET (10 * SP_SECOND)
#define MARGIN (300 * SP_MILLISECOND) /* for what cannot be interrupted */
#define MAPPER_PORT 135

sp_nanos
plan_until(const struct plan *p, sp_nanos duration)
{
	sp_nanos until = time_now() + duration;

	return until < p->deadline ? until : p->deadline;
}

void
plan_fact(struct plan *p, enum fact fact, int64_t value)
{
	facts_set(&p->exam->facts, fact, value);
}

void
plan_step(struct plan *p, enum sp_phase phase, enum exam_mark mark, const char *what,
	const char *came)
{
	exam_step(p->exam, phase, mark, what, "%s", came);
	if (mark == EXAM_BAD && !*p->proof)
		snprintf(p->proof, sizeof(p->proof), "%s: %s", what, came);
}

bool
plan_fails(struct plan *p, enum sp_phase phase)
{
	p->failed = phase;
	return false;
}

struct sp_client_options
plan_limits(const struct plan *p, sp_nanos duration)
{
	return (struct sp_client_options){
		.resolve_timeout = duration,
		.connect_timeout = duration,
		.discovery_timeout = duration,
		.communication_timeout = duration,
		.deadline = plan_until(p, duration),
		.mapper_port = p->mapper_port,
	};
}

char *
plan_binding(const struct plan *p, uint16_t port, char *ret, size_t cap)
{
	char host[ADDRESS_TEXT];

	port_host(&p->dialled, host);
	snprintf(ret, cap, strchr(host, ':') ? "ncacn_ip_tcp:[%s][%u]" : "ncacn_ip_tcp:%s[%u]",
		host, port);
	return ret;
}

static void
wanted_set(const struct doctor_wish *wish, struct exam *exam)
{
	char uuid[SP_UUID_TEXT];

	if (!wish->has_interface)
		return;
	sp_uuid_format(&wish->interface.uuid, uuid);
	snprintf(exam->wanted, sizeof(exam->wanted), "%s%s%s %u.%u",
		wish->interface_name ? wish->interface_name : "", wish->interface_name ? " " : "",
		uuid, wish->interface.major, wish->interface.minor);
}

static bool
is_one_of(const struct sp_syntax_id *id, const char *const *names)
{
	const struct catalog_interface *known = catalog_interface_find(&id->uuid);

	for (; known && *names; names++)
		if (!strcasecmp(known->name, *names))
			return true;
	return false;
}

/* What kind of call it would be. */
static void
kind_set(struct plan *p)
{
	static const char *const netlogon[] = {"netlogon", NULL};
	static const char *const print[] = {"spoolss", "IRemoteWinspool", NULL};
	static const char *const activation[] = {
		"ISystemActivator", "IRemoteSCMActivator", "IActivation", NULL};
	const struct sp_syntax_id *id = &p->wish->interface;
	bool has = p->wish->has_interface;

	plan_fact(p, FACT_CALL_IS_NETLOGON, has && is_one_of(id, netlogon));
	plan_fact(p, FACT_CALL_IS_PRINT, has && is_one_of(id, print));
	plan_fact(p, FACT_DCOM_IS_ACTIVATION, has && is_one_of(id, activation));
	plan_fact(p, FACT_DCOM_ACTIVATION_WORKS, false);
	if (!p->wish->security)
		plan_fact(p, FACT_AUTH_IS_LOCAL_ADMIN, false);
}

/* Where SMB is open and wanted, it leads to the service; else the mapper does. */
static bool
phases_pass(struct plan *p)
{
	if (!plan_names(p) || !plan_session(p))
		return false;
	if (p->wish->over_pipes && p->exam->facts.value[FACT_TCP_445] == SEEN_PORT_OPEN)
		return plan_pipes(p);
	return plan_discovery(p) && plan_endpoints(p) && plan_communication(p);
}

void
doctor_examine(const struct doctor_wish *wish, struct exam *ret)
{
	sp_nanos budget = wish->budget ? wish->budget : BUDGET;
	struct plan p = {.wish = wish, .exam = ret, .began = time_now()};

	*ret = (struct exam){.host = wish->host, .at = time(NULL)};
	p.deadline = p.began + (budget > 4 * MARGIN ? budget - MARGIN : budget);
	p.mapper_port = wish->mapper_port ? wish->mapper_port : MAPPER_PORT;
	wanted_set(wish, ret);
	kind_set(&p);
	if (phases_pass(&p))
		p.failed = SP_PHASE_NONE;
	plan_verdict(&p);
	probe_list_fini(&p.map);
	ret->took = time_now() - p.began;
}
