/* SPDX-License-Identifier: MIT */
/* Phase 3: is that an endpoint mapper, does it answer us, and does it know where the service is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/plan.h"
#include "epm.h"
#include "wire/bind.h"

#define TALK (1500 * SP_MILLISECOND)
#define ASK (2500 * SP_MILLISECOND)

/* What Windows offers: NDR, NDR64, and bind-time features. */
#define CONTEXTS 3

static enum seen_bind
bind_again(struct plan *p, enum sp_phase phase, const char *what, const struct talk *before,
	unsigned n_contexts)
{
	struct talk t = {.address = before->address,
		.interface = before->interface,
		.n_contexts = n_contexts};
	char says[200], title[120];

	talk_bind(&t, plan_until(p, TALK));
	snprintf(title, sizeof(title), "%.60s, by %u context%s", what, n_contexts,
		n_contexts == 1 ? "" : "s again");
	plan_step(p, phase, t.seen == SEEN_BIND_ACCEPTED ? EXAM_NOTE : EXAM_BAD, title,
		talk_says(&t, says, sizeof(says)));
	return t.seen;
}

bool
plan_one_context(struct plan *p, enum sp_phase phase, const char *what, const struct talk *failed)
{
	enum seen_bind one, again;

	if (failed->seen != SEEN_BIND_CLOSED && failed->seen != SEEN_BIND_SILENT)
		return false;
	one = bind_again(p, phase, what, failed, 1);
	/* a server that starts with its first caller was only slow */
	again = one == SEEN_BIND_ACCEPTED ? bind_again(p, phase, what, failed, failed->n_contexts)
					  : failed->seen;
	plan_fact(p, FACT_BIND_CONTEXTS, failed->n_contexts);
	plan_fact(p, FACT_BIND_RESULT, again);
	plan_fact(p, FACT_BIND_ONE_CONTEXT, one);
	return again == SEEN_BIND_ACCEPTED;
}

static void
mapper_facts(struct plan *p, const struct talk *t)
{
	plan_fact(p, FACT_MAPPER_BIND, t->seen);
	plan_fact(p, FACT_MAPPER_AUTHENTICATED, false);
	if (t->has_banner || t->speaks_rpc)
		plan_fact(p, FACT_MAPPER_SPEAKS_RPC, t->speaks_rpc);
	if (t->seen == SEEN_BIND_REJECTED)
		plan_fact(p, FACT_MAPPER_REASON, t->reason);
	if (t->seen == SEEN_BIND_NAK)
		plan_fact(p, FACT_BIND_NAK, t->reason);
	if (t->seen == SEEN_BIND_FAULT)
		plan_fact(p, FACT_MAPPER_FAULT, t->fault);
	if (t->is_garbled)
		plan_fact(p, FACT_BIND_GARBLED, true);
}

static bool
mapper_bind(struct plan *p)
{
	struct talk t = {.address = p->dialled,
		.interface = epm_client_interface.id,
		.n_contexts = CONTEXTS};
	bool is_good;
	char says[200];

	talk_bind(&t, plan_until(p, TALK));
	is_good = t.seen == SEEN_BIND_ACCEPTED;
	plan_step(p, SP_PHASE_DISCOVERY, is_good ? EXAM_GOOD : EXAM_BAD, "bind to the mapper",
		talk_says(&t, says, sizeof(says)));
	mapper_facts(p, &t);
	if (is_good)
		return true;
	if (plan_one_context(p, SP_PHASE_DISCOVERY, "bind to the mapper", &t)) {
		plan_fact(p, FACT_MAPPER_BIND, SEEN_BIND_ACCEPTED);
		return true;
	}
	if (t.seen == SEEN_BIND_SILENT || t.seen == SEEN_BIND_CLOSED)
		p->plain = &plain_silent_mapper;
	return plan_fails(p, SP_PHASE_DISCOVERY);
}

/* Whether the machine's own word for itself is the name that led here; only the first labels are compared. */
static void
owner_compare(struct plan *p, const char *name)
{
	size_t len = strcspn(p->wish->host, ".");

	if (p->exam->facts.value[FACT_NAME_IS_ADDRESS] || !*name)
		return;
	plan_fact(p, FACT_NAME_OWNER_DIFFERS,
		strcspn(name, ".") != len || strncasecmp(name, p->wish->host, len) != 0);
}

/* Who is it, and what time does it think it is: a server says both to whoever begins a logon. */
static bool
identity(struct plan *p)
{
	struct talk t = {.address = p->dialled,
		.interface = epm_client_interface.id,
		.n_contexts = 1,
		.asks_identity = true};
	char says[340];

	talk_bind(&t, plan_until(p, TALK));
	if (p->wish->logs_on_to_mapper && t.seen != SEEN_BIND_ACCEPTED) {
		plan_step(p, SP_PHASE_DISCOVERY, EXAM_BAD, "bind to the mapper by NTLM",
			talk_says(&t, says, sizeof(says)));
		plan_fact(p, FACT_MAPPER_AUTHENTICATED, true);
		plan_fact(p, FACT_MAPPER_ANONYMOUS_WORKS, true);
		plan_fact(p, FACT_MAPPER_BIND, t.seen);
		return plan_fails(p, SP_PHASE_DISCOVERY);
	}
	if (!t.has_identity)
		return true;
	plan_fact(p, FACT_CLOCK_SKEW_S, t.skew_s < 0 ? -t.skew_s : t.skew_s);
	owner_compare(p, t.computer);
	snprintf(says, sizeof(says), "%s; its clock is %lld s %s ours", t.computer,
		(long long)(t.skew_s < 0 ? -t.skew_s : t.skew_s),
		t.skew_s < 0 ? "behind" : "before");
	plan_step(p, SP_PHASE_DISCOVERY, EXAM_NOTE, "who it says it is (NTLM)", says);
	return true;
}

/* A bind that fills a segment: what arrives small and not large meets a black hole on its way. */
static bool
large_segment(struct plan *p)
{
	struct talk t = {
		.address = p->dialled, .interface = epm_client_interface.id, .n_contexts = 31};
	bool is_lost;
	char says[200];

	talk_bind(&t, plan_until(p, TALK));
	is_lost = t.seen == SEEN_BIND_SILENT && t.was_repeated;
	plan_fact(p, FACT_TCP_LARGE_SEGMENTS_LOST, is_lost);
	if (!is_lost)
		return true;
	plan_step(p, SP_PHASE_DISCOVERY, EXAM_BAD, "bind of 1392 bytes",
		talk_says(&t, says, sizeof(says)));
	return plan_fails(p, SP_PHASE_TCP_SESSION);
}

/* --- the map --- */

static bool
is_not_registered(const struct sp_error *e)
{
	return e->status == EPT_S_NOT_REGISTERED;
}

static bool
map_failed(struct plan *p, const char *what, const struct sp_error *e)
{
	p->error = *e;
	if (e->evidence == SP_EVIDENCE_FAULT)
		plan_fact(p, FACT_MAPPER_FAULT, e->fault_status);
	if (e->evidence == SP_EVIDENCE_TIMEOUT || e->evidence == SP_EVIDENCE_CLOSED)
		p->plain = &plain_silent_mapper;
	plan_step(p, SP_PHASE_DISCOVERY, EXAM_BAD, what, e->sentence);
	return plan_fails(p, SP_PHASE_DISCOVERY);
}

static bool
map_list(struct plan *p)
{
	struct sp_client_options limits = plan_limits(p, ASK);
	struct sp_error error = {0};
	char mapper[160], says[80];

	plan_binding(p, p->mapper_port, mapper, sizeof(mapper));
	if (probe_map_list(mapper, &limits, &p->map, &error) && !is_not_registered(&error))
		return map_failed(p, "read the map (ept_lookup)", &error);
	snprintf(says, sizeof(says), "%zu endpoints", p->map.n);
	plan_step(p, SP_PHASE_DISCOVERY, EXAM_GOOD, "read the map (ept_lookup)", says);
	return true;
}

static bool
is_wanted(const struct plan *p, const struct probe_entry *e)
{
	const struct sp_syntax_id *w = &p->wish->interface;

	return !p->wish->has_interface ||
	       (sp_uuid_equal(&e->interface.uuid, &w->uuid) && e->interface.major == w->major &&
		       e->interface.minor >= w->minor);
}

static bool
is_tcp(const struct probe_entry *e)
{
	return !strcmp(e->protseq, "ncacn_ip_tcp");
}

/* 127/8, 169.254/16 and 0.0.0.0 lead nobody anywhere, unless loopback is where we dialled. */
static bool
leads_nowhere(const struct plan *p, const char *text)
{
	static const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff};
	uint8_t there[16], dialled[16];
	struct address a;

	if (!address_parse(text, 0, &a))
		return false;
	address_host(&a, there);
	address_host(&p->dialled, dialled);
	if (memcmp(there, v4, sizeof(v4)) != 0 || !memcmp(there, dialled, sizeof(there)))
		return false;
	return (there[12] == 127 && dialled[12] != 127) || there[12] == 0 ||
	       (there[12] == 169 && there[13] == 254);
}

static void
towers_check(struct plan *p, const struct probe_list *list)
{
	bool is_unusable = false, differs = false;
	char host[ADDRESS_TEXT], says[200] = "";

	port_host(&p->dialled, host);
	for (size_t i = 0; i < list->n; i++) {
		const struct probe_entry *e = &list->entries[i];

		if (!is_tcp(e) || !*e->address || !strcmp(e->address, host))
			continue;
		if (!differs)
			snprintf(says, sizeof(says), "%s, not %s as dialled", e->address, host);
		differs = true;
		is_unusable |= leads_nowhere(p, e->address);
	}
	plan_fact(p, FACT_MAPPER_ADDRESS_UNUSABLE, is_unusable);
	if (differs)
		plan_step(p, SP_PHASE_DISCOVERY, EXAM_NOTE, "addresses in the towers", says);
}

static void
endpoint_add(struct plan *p, const struct probe_entry *e)
{
	uint16_t port = (uint16_t)strtoul(e->endpoint, NULL, 10);

	if (!is_tcp(e) || port == 0 || p->n_endpoints == PLAN_ENDPOINTS)
		return;
	for (size_t i = 0; i < p->n_endpoints; i++)
		if (p->endpoints[i].port == port)
			return;
	p->endpoints[p->n_endpoints++] =
		(struct plan_endpoint){.interface = e->interface, .port = port};
}

static void
lists_say(struct plan *p)
{
	bool anywhere = false, over_tcp = false;

	for (size_t i = 0; i < p->map.n; i++) {
		const struct probe_entry *e = &p->map.entries[i];

		anywhere |= is_wanted(p, e);
		over_tcp |= is_wanted(p, e) && is_tcp(e);
	}
	plan_fact(p, FACT_MAPPER_LISTS_INTERFACE, anywhere);
	plan_fact(p, FACT_MAPPER_LISTS_TCP, over_tcp);
}

/* A name whose owner has another name may be a stale record: only then is the question worth its time. */
static void
owner_ask(struct plan *p)
{
	char name[256], says[300];

	if (p->exam->facts.known[FACT_NAME_OWNER_DIFFERS])
		return;
	plan_fact(p, FACT_NAME_OWNER_DIFFERS, false);
	if (p->exam->facts.value[FACT_NAME_IS_ADDRESS] ||
		!dns_name_of(&p->dialled, plan_until(p, SP_SECOND / 2), name, sizeof(name)))
		return;
	owner_compare(p, name);
	snprintf(says, sizeof(says), "the address belongs to %s", name);
	plan_step(p, SP_PHASE_DISCOVERY, EXAM_NOTE, "reverse lookup", says);
}

static bool
not_mapped(struct plan *p, const struct sp_error *e)
{
	if (!is_not_registered(e))
		return map_failed(p, "where is it (ept_map)", e);
	plan_fact(p, FACT_MAPPER_MAP, EPT_NCA_NOT_REGISTERED);
	lists_say(p);
	plan_step(p, SP_PHASE_DISCOVERY, EXAM_BAD, "where is it (ept_map)", e->sentence);
	owner_ask(p);
	return plan_fails(p, SP_PHASE_DISCOVERY);
}

bool
plan_find(struct plan *p, struct sp_error *reterr)
{
	struct sp_client_options limits = plan_limits(p, ASK);
	struct probe_list list = {0};
	char mapper[160], says[300] = "";
	size_t len = 0;

	plan_binding(p, p->mapper_port, mapper, sizeof(mapper));
	if (probe_map_find(
		    mapper, &limits, &p->wish->interface, NULL, "ncacn_ip_tcp", &list, reterr))
		return false;
	p->n_endpoints = 0;
	for (size_t i = 0; i < list.n; i++) {
		endpoint_add(p, &list.entries[i]);
		if (len < sizeof(says))
			len += (size_t)snprintf(says + len, sizeof(says) - len, "%s%s",
				i ? ", " : "", list.entries[i].binding);
	}
	for (size_t i = 0; i < p->n_endpoints; i++)
		p->endpoints[i].interface = p->wish->interface;
	plan_fact(p, FACT_MAPPER_MAP, 0);
	plan_step(p, SP_PHASE_DISCOVERY, EXAM_GOOD, "where is it (ept_map)", says);
	towers_check(p, &list);
	probe_list_fini(&list);
	return true;
}

bool
plan_discovery(struct plan *p)
{
	struct sp_error error = {0};

	if (!mapper_bind(p) || !identity(p) || !large_segment(p) || !map_list(p))
		return false;
	if (p->wish->has_interface)
		return plan_find(p, &error) || not_mapped(p, &error);
	for (size_t i = 0; i < p->map.n; i++)
		endpoint_add(p, &p->map.entries[i]);
	plan_fact(p, FACT_MAPPER_MAP, 0);
	towers_check(p, &p->map);
	return true;
}
