/* SPDX-License-Identifier: MIT */
/* The ports that the mapper named: a TCP session once more, where most calls that fail end. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "doctor/plan.h"

#define SYN_LIMIT (3300 * SP_MILLISECOND)
#define LATER (SP_SECOND)

static void
endpoints_probe(struct plan *p, struct port_probe *probes, sp_nanos duration)
{
	for (size_t i = 0; i < p->n_endpoints; i++) {
		probes[i] = (struct port_probe){.address = p->dialled};
		address_set_port(&probes[i].address, p->endpoints[i].port);
	}
	port_probe(probes, p->n_endpoints, plan_until(p, duration));
}

/* A refused port: is it another one meanwhile, or open again, or is the mapper's entry dead? */
static void
refused_again(struct plan *p, size_t i)
{
	uint16_t before = p->endpoints[i].port;
	struct port_probe again = {.address = p->dialled};
	struct timespec pause = {.tv_sec = 0, .tv_nsec = 700000000};
	struct sp_error error = {0};
	char what[60], says[200];
	bool has_moved = false;

	nanosleep(&pause, NULL);
	address_set_port(&again.address, before);
	port_probe(&again, 1, plan_until(p, LATER));
	plan_fact(p, FACT_TCP_ENDPOINT_RETRIED, again.seen);
	snprintf(what, sizeof(what), "port %u, again", before);
	plan_step(p, SP_PHASE_TCP_SESSION, EXAM_NOTE, what,
		port_probe_says(&again, says, sizeof(says)));
	if (p->wish->has_interface && plan_find(p, &error))
		has_moved = p->n_endpoints && p->endpoints[0].port != before;
	plan_fact(p, FACT_TCP_ENDPOINT_MOVED, has_moved);
	if (!has_moved && again.seen == SEEN_PORT_REFUSED)
		p->plain = &plain_stale;
}

static enum seen_port
endpoint_say(struct plan *p, size_t i, const struct port_probe *probe)
{
	struct plan_endpoint *e = &p->endpoints[i];
	bool is_open = probe->seen == SEEN_PORT_OPEN;
	char what[60];

	e->seen = probe->seen;
	snprintf(what, sizeof(what), "endpoint port %u", e->port);
	plan_step(p, SP_PHASE_TCP_SESSION, is_open ? EXAM_GOOD : EXAM_BAD, what,
		port_probe_says(probe, e->says, sizeof(e->says)));
	if (!is_open && !p->bad_port)
		p->bad_port = e->port;
	return probe->seen;
}

bool
plan_endpoints(struct plan *p)
{
	struct port_probe probes[PLAN_ENDPOINTS] = {0};
	enum seen_port worst = SEEN_PORT_OPEN;
	size_t bad = 0;

	if (p->n_endpoints == 0) {
		plan_step(p, SP_PHASE_DISCOVERY, EXAM_NOTE, "TCP endpoints",
			"the map has none: nothing to call over TCP");
		return true;
	}
	endpoints_probe(p, probes, SYN_LIMIT);
	for (size_t i = 0; i < p->n_endpoints; i++)
		if (endpoint_say(p, i, &probes[i]) != SEEN_PORT_OPEN && worst == SEEN_PORT_OPEN) {
			worst = probes[i].seen;
			bad = i;
		}
	plan_fact(p, FACT_TCP_ENDPOINT, worst);
	if (worst == SEEN_PORT_OPEN)
		return true;
	if (probes[bad].sys_errno == EADDRNOTAVAIL)
		plan_fact(p, FACT_TCP_PORTS_EXHAUSTED, true);
	if (worst == SEEN_PORT_REFUSED)
		refused_again(p, bad);
	return plan_fails(p, SP_PHASE_TCP_SESSION);
}
