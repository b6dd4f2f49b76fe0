/* SPDX-License-Identifier: MIT */
/* Phase 2: the ports that RPC begins with, over every address, and two on which nothing listens anywhere. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doctor/plan.h"

/* The system sends SYNs after 0, 1 and 3 s: the third has had its time for an answer. */
#define LIMIT (3300 * SP_MILLISECOND)

enum gate { GATE_MAPPER, GATE_SMB, GATE_NETBIOS, GATE_HTTP, GATE_CLOSED, GATE_CLOSED_TOO, GATE_N };

static const struct {
	uint16_t port;
	const char *what;
} gates[GATE_N] = {
	[GATE_MAPPER] = {135, "endpoint mapper"},
	[GATE_SMB] = {445, "SMB (named pipes)"},
	[GATE_NETBIOS] = {139, "SMB over NetBIOS"},
	[GATE_HTTP] = {593, "RPC over HTTP's mapper"},
	/* unassigned by IANA, and nobody's habit */
	[GATE_CLOSED] = {4, "closed everywhere"},
	[GATE_CLOSED_TOO] = {6, "closed everywhere"},
};

/* A host without IPv6 is well: there is nothing to say about addresses that it cannot use. */
static bool
has_no_way(const struct port_probe *probe)
{
	return probe->seen == SEEN_PORT_UNREACHABLE && probe->is_local && !probe->has_router;
}

static void
step_say(struct plan *p, const struct port_probe *probe, enum gate gate)
{
	char what[ADDRESS_TEXT + 60], host[ADDRESS_TEXT], says[200];
	enum exam_mark mark = EXAM_NOTE;

	if (gate == (p->wish->over_pipes ? GATE_SMB : GATE_MAPPER) && !has_no_way(probe))
		mark = probe->seen == SEEN_PORT_OPEN ? EXAM_GOOD : EXAM_BAD;
	snprintf(what, sizeof(what), "%s port %u, %s", port_host(&probe->address, host),
		address_port(&probe->address), gates[gate].what);
	plan_step(p, SP_PHASE_TCP_SESSION, mark, what, port_probe_says(probe, says, sizeof(says)));
}

static bool
is_silent(enum seen_port seen)
{
	return seen == SEEN_PORT_FILTERED;
}

/* One that answers is enough to know that silence is no habit of this host. */
static enum seen_port
closed_ports(const struct port_probe *of_address)
{
	const struct port_probe *a = &of_address[GATE_CLOSED], *b = &of_address[GATE_CLOSED_TOO];

	return is_silent(a->seen) ? b->seen : a->seen;
}

/* The first address on which the mapper's port is open, else the first. */
static size_t
address_choose(const struct plan *p, const struct port_probe *probes)
{
	for (size_t i = 0; i < p->n_addresses; i++)
		if (probes[i * GATE_N + GATE_MAPPER].seen == SEEN_PORT_OPEN)
			return i;
	return 0;
}

/* IPv4 against IPv6, and the first address of a family against its later ones. */
static void
addresses_compare(struct plan *p, const struct port_probe *probes)
{
	static const struct {
		int family;
		enum fact fact;
	} families[] = {{AF_INET, FACT_TCP_V4}, {AF_INET6, FACT_TCP_V6}};

	for (size_t f = 0; f < 2; f++) {
		const struct port_probe *first = NULL;

		for (size_t i = 0; i < p->n_addresses; i++) {
			const struct port_probe *now = &probes[i * GATE_N + GATE_MAPPER];

			if (p->addresses[i].storage.ss_family != families[f].family ||
				has_no_way(now))
				continue;
			if (!first) {
				first = now;
				plan_fact(p, families[f].fact, now->seen);
			} else if (is_silent(first->seen) && now->seen == SEEN_PORT_OPEN) {
				plan_fact(p, FACT_TCP_FIRST_BINDING, first->seen);
				plan_fact(p, FACT_TCP_LATER_BINDING, now->seen);
			}
		}
	}
}

/* SMB is wanted and open: then nobody needs the mapper's port. */
static bool
leads_by_pipes(const struct plan *p, const struct port_probe *chosen)
{
	return p->wish->over_pipes && chosen[GATE_SMB].seen == SEEN_PORT_OPEN;
}

static void
facts_say(struct plan *p, const struct port_probe *chosen)
{
	if (!leads_by_pipes(p, chosen))
		plan_fact(p, FACT_TCP_135, chosen[GATE_MAPPER].seen);
	plan_fact(p, FACT_TCP_CLOSED_PORTS, closed_ports(chosen));
	plan_fact(p, FACT_TCP_PORTS_EXHAUSTED, chosen[GATE_MAPPER].sys_errno == EADDRNOTAVAIL);
	if (p->wish->over_pipes) {
		plan_fact(p, FACT_TCP_445, chosen[GATE_SMB].seen);
		plan_fact(p, FACT_TCP_139, chosen[GATE_NETBIOS].seen);
	}
}

bool
plan_session(struct plan *p)
{
	struct port_probe probes[PLAN_ADDRESSES * GATE_N] = {0}, *chosen;

	for (size_t i = 0; i < p->n_addresses; i++)
		for (size_t g = 0; g < GATE_N; g++) {
			probes[i * GATE_N + g].address = p->addresses[i];
			address_set_port(&probes[i * GATE_N + g].address,
				g == GATE_MAPPER ? p->mapper_port : gates[g].port);
		}
	port_probe(probes, p->n_addresses * GATE_N, plan_until(p, LIMIT));
	for (size_t i = 0; i < p->n_addresses; i++)
		for (size_t g = 0; g < GATE_N; g++)
			step_say(p, &probes[i * GATE_N + g], (enum gate)g);
	addresses_compare(p, probes);
	chosen = &probes[address_choose(p, probes) * GATE_N];
	facts_say(p, chosen);
	p->dialled = chosen[GATE_MAPPER].address;
	if (leads_by_pipes(p, chosen))
		return true;
	return chosen[GATE_MAPPER].seen == SEEN_PORT_OPEN || plan_fails(p, SP_PHASE_TCP_SESSION);
}
