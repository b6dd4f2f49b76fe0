/* SPDX-License-Identifier: MIT */
/* Phase 1: what the system makes of the name, and what the sources behind it say one by one. */
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "doctor/plan.h"
#include "net/names.h"
#include "net/pipe.h"

#include <poll.h>

#define LIMIT (3 * SP_SECOND)

static void
say_addresses(const struct address *a, size_t n, char *ret, size_t cap)
{
	char text[ADDRESS_TEXT];
	size_t len = 0;

	*ret = '\0';
	for (size_t i = 0; i < n && len < cap; i++)
		len += (size_t)snprintf(
			ret + len, cap - len, "%s%s", i ? ", " : "", port_host(&a[i], text));
}

static bool
is_known(const struct plan *p, const struct address *a)
{
	uint8_t left[16], right[16];

	address_host(a, left);
	for (size_t i = 0; i < p->n_addresses; i++) {
		address_host(&p->addresses[i], right);
		if (!memcmp(left, right, sizeof(left)))
			return true;
	}
	return false;
}

static void
keep(struct plan *p, const struct address *a, size_t n)
{
	for (size_t i = 0; i < n && p->n_addresses < PLAN_ADDRESSES; i++)
		if (!is_known(p, &a[i]))
			p->addresses[p->n_addresses++] = a[i];
}

static enum seen_lookup
seen_of_eai(int eai)
{
	switch (eai) {
	case EAI_NODATA: return SEEN_LOOKUP_EMPTY;
	case EAI_AGAIN: return SEEN_LOOKUP_TIMEOUT;
	case EAI_FAIL: return SEEN_LOOKUP_SERVFAIL;
	default: return SEEN_LOOKUP_NXDOMAIN;
	}
}

/* What the resolver of the system, which programs use, makes of it all. */
static enum seen_lookup
system_answer(struct plan *p, struct names_question *q, sp_nanos deadline)
{
	struct address *found = NULL;
	enum names_result result = NAMES_TIMEOUT;
	char text[300];
	size_t n = 0;
	int eai = EAI_AGAIN;
	short events;

	if (q && pipe_wait(names_fd(q), POLLIN, deadline, &events) == 0)
		result = names_answer(q, 0, &found, &n, &eai);
	if (result == NAMES_OK) {
		say_addresses(found, n, text, sizeof(text));
		plan_step(p, SP_PHASE_NAME_RESOLUTION, EXAM_GOOD, "system's resolver", text);
		keep(p, found, n);
		mem_free(found);
		return SEEN_LOOKUP_ANSWERED;
	}
	plan_step(p, SP_PHASE_NAME_RESOLUTION, EXAM_BAD, "system's resolver",
		result == NAMES_FAILED ? gai_strerror(eai) : "no answer in time");
	return result == NAMES_FAILED ? seen_of_eai(eai) : SEEN_LOOKUP_TIMEOUT;
}

static bool
servers_disagree(struct plan *p, const struct dns_answer *answers, size_t n,
	const struct dns_answer *hosts_file)
{
	bool disagree = false;

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++)
			disagree |= dns_disagree(&answers[i], &answers[j]);
		if (hosts_file->n_addresses && answers[i].seen == SEEN_LOOKUP_ANSWERED)
			disagree |= dns_disagree(&answers[i], hosts_file);
	}
	if (disagree)
		plan_step(p, SP_PHASE_NAME_RESOLUTION, EXAM_NOTE, "all sources",
			"they give different answers: see above");
	return disagree;
}

/* The system says only that it failed; the servers say why. */
static enum seen_lookup
reason_of(enum seen_lookup by_system, const struct dns_answer *answers, size_t n)
{
	static const enum seen_lookup order[] = {SEEN_LOOKUP_NXDOMAIN, SEEN_LOOKUP_EMPTY,
		SEEN_LOOKUP_REFUSED, SEEN_LOOKUP_SERVFAIL, SEEN_LOOKUP_TIMEOUT};

	if (by_system == SEEN_LOOKUP_ANSWERED)
		return by_system;
	for (size_t o = 0; o < sizeof(order) / sizeof(order[0]); o++)
		for (size_t i = 0; i < n; i++)
			if (answers[i].seen == order[o])
				return order[o];
	return by_system;
}

/* One record that must be there, asked of every server; the best answer counts. */
static void
record_ask(struct plan *p, const char *name, enum dns_record type, enum fact fact)
{
	struct dns_answer answers[DNS_SERVERS_MAX];
	enum seen_lookup seen = SEEN_LOOKUP_TIMEOUT;
	char says[300];
	size_t n = dns_ask(name, type, plan_until(p, LIMIT / 2), answers, DNS_SERVERS_MAX);

	for (size_t i = 0; i < n; i++) {
		bool is_there = answers[i].seen == SEEN_LOOKUP_ANSWERED;

		if (i == 0 || is_there)
			seen = answers[i].seen;
		plan_step(p, SP_PHASE_NAME_RESOLUTION, is_there ? EXAM_GOOD : EXAM_BAD, name,
			dns_says(&answers[i], says, sizeof(says)));
	}
	plan_fact(p, fact, seen);
}

/* By which domain controllers are found, and by which they find each other. */
static void
records_ask(struct plan *p)
{
	const struct doctor_wish *w = p->wish;
	char name[400];

	if (!w->domain)
		return;
	snprintf(name, sizeof(name), "_ldap._tcp.dc._msdcs.%.250s", w->domain);
	record_ask(p, name, DNS_SRV, FACT_NAME_LOCATOR);
	if (!w->partner)
		return;
	snprintf(name, sizeof(name), "%.40s._msdcs.%.250s", w->partner, w->domain);
	record_ask(p, name, DNS_CNAME, FACT_NAME_DSA_CNAME);
}

/* A short name that fails: is it there in the domain? Then the rest is examined under its full name. */
static bool
full_name_works(struct plan *p, enum seen_lookup seen)
{
	struct address *found = NULL;
	char full[400], text[300];
	size_t n = 0;
	int eai;

	if (!p->wish->domain || strchr(p->wish->host, '.'))
		return false;
	snprintf(full, sizeof(full), "%.140s.%.250s", p->wish->host, p->wish->domain);
	if (names_resolve(full, 0, plan_until(p, LIMIT / 2), &found, &n, &eai) != NAMES_OK)
		return false;
	say_addresses(found, n, text, sizeof(text));
	plan_step(p, SP_PHASE_NAME_RESOLUTION, EXAM_NOTE, full, text);
	keep(p, found, n);
	mem_free(found);
	plan_fact(p, FACT_NAME_SHORT, seen);
	plan_fact(p, FACT_NAME_HOST, SEEN_LOOKUP_ANSWERED);
	return true;
}

static void
servers_say(struct plan *p, const struct dns_answer *answers, size_t n)
{
	char what[ADDRESS_TEXT + 20], says[300];

	for (size_t i = 0; i < n; i++) {
		snprintf(what, sizeof(what), "name server %.*s", ADDRESS_TEXT, answers[i].server);
		plan_step(p, SP_PHASE_NAME_RESOLUTION,
			answers[i].seen == SEEN_LOOKUP_ANSWERED ? EXAM_GOOD : EXAM_NOTE, what,
			dns_says(&answers[i], says, sizeof(says)));
	}
}

static bool
name_ask(struct plan *p)
{
	struct names_question *q = names_ask(p->wish->host);
	struct dns_answer answers[DNS_SERVERS_MAX], hosts_file = {.seen = SEEN_LOOKUP_ANSWERED};
	sp_nanos deadline = plan_until(p, LIMIT);
	enum seen_lookup seen;
	char text[300];
	size_t n;

	hosts_file.n_addresses =
		dns_hosts_file(p->wish->host, hosts_file.addresses, DNS_ADDRESSES_MAX);
	if (hosts_file.n_addresses) {
		say_addresses(hosts_file.addresses, hosts_file.n_addresses, text, sizeof(text));
		plan_step(p, SP_PHASE_NAME_RESOLUTION, EXAM_NOTE, "hosts file", text);
	}
	n = dns_ask_host(p->wish->host, deadline, answers, DNS_SERVERS_MAX);
	servers_say(p, answers, n);
	seen = reason_of(system_answer(p, q, deadline), answers, n);
	names_forget(q);
	plan_fact(p, FACT_NAME_HOST, seen);
	plan_fact(p, FACT_NAME_SERVERS_DISAGREE, servers_disagree(p, answers, n, &hosts_file));
	return seen == SEEN_LOOKUP_ANSWERED || full_name_works(p, seen) ||
	       plan_fails(p, SP_PHASE_NAME_RESOLUTION);
}

bool
plan_names(struct plan *p)
{
	struct address literal;

	if (address_parse(p->wish->host, 0, &literal)) {
		plan_fact(p, FACT_NAME_IS_ADDRESS, true);
		plan_step(p, SP_PHASE_NAME_RESOLUTION, EXAM_GOOD, "an address was given",
			"nothing to resolve");
		keep(p, &literal, 1);
		records_ask(p);
		return true;
	}
	plan_fact(p, FACT_NAME_IS_ADDRESS, false);
	if (!name_ask(p))
		return false;
	records_ask(p);
	return true;
}
