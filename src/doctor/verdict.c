/* SPDX-License-Identifier: MIT */
/* Which symptom fits: the catalogue's predicates over what was seen, and an order where several do. */
#include <stdio.h>
#include <string.h>

#include "base/uuid.h"
#include "doctor/plan.h"
#include "report/printable.h"

const struct plain_verdict plain_stale = {
	"The endpoint map is stale: nothing listens on the port that it names",
	"The server has ended, or lost its listener, and its entry in the map is still there.",
	"Restart the service; when that does not help, restart the endpoint mapper's host.",
};
const struct plain_verdict plain_silent_mapper = {
	"Port 135 takes the session and then says nothing",
	"The mapper hangs or is overloaded, or a firewall lets the handshake through and drops "
	"what "
	"follows.",
	"Look whether the mapper's process is well on the host itself; then look for a firewall "
	"that "
	"inspects RPC.",
};
const struct plain_verdict plain_refuses = {
	"The server refuses callers without credentials",
	"The interface's security callback or descriptor lets no anonymous callers in.",
	"Call with an account that may; there is nothing wrong with names, network or mapper.",
};
const struct plain_verdict plain_not_listening = {
	"The server takes the session and does not speak RPC with us",
	"The process hangs, another program owns the port, or a firewall cuts the session.",
	"Look at the process that owns the port on the host; then at firewalls that inspect RPC.",
};
static const struct plain_verdict plain_unknown = {
	"It fails, and the catalogue has no symptom for it", NULL, NULL};

/* The right one goes before the left one when both fit: it says more. */
static const char *const better[][2] = {
	{"E01", "E02"},
	{"N04", "E02"}, /* the interface is there: it is the right machine */
	{"T06", "T04"},
	{"C15", "C17"}, /* which fault it is says more than that the call did not run */
	{"C15", "C18"},
	{"C15", "C19"},
	{"C15", "C20"},
	{"C15", "C21"},
	{"C15", "C22"},
	{"N07", "T15"},
};

/* These do not keep a call from succeeding: anything that does goes before them. */
static const char *const minor[] = {"N03", "N05", "N06", "N07", "T15", "E06", "E07", "C25", "K02"};

static bool
is_minor(const struct catalog_symptom *s)
{
	for (size_t i = 0; i < sizeof(minor) / sizeof(minor[0]); i++)
		if (!strcmp(minor[i], s->id))
			return true;
	return false;
}

static bool
goes_before(const struct catalog_symptom *s, const struct catalog_symptom *other)
{
	for (size_t i = 0; i < sizeof(better) / sizeof(better[0]); i++)
		if (!strcmp(better[i][0], other->id) && !strcmp(better[i][1], s->id))
			return true;
	return is_minor(other) && !is_minor(s);
}

/* The first that fits, and the others. */
static const struct catalog_symptom *
symptom_choose(struct exam *e)
{
	const struct catalog_symptom *best = NULL, *s;

	for (size_t i = 0; (s = catalog_symptom_at(i)); i++) {
		if (predicate_truth(&s->predicate, &e->facts) != TRUTH_TRUE)
			continue;
		if (best && !goes_before(s, best)) {
			if (e->n_others < EXAM_OTHERS)
				e->others[e->n_others++] = s;
			continue;
		}
		if (best && e->n_others < EXAM_OTHERS)
			e->others[e->n_others++] = best;
		best = s;
	}
	return best;
}

/* The facts that the predicate asked for, as they were seen. */
static void
proof_write(const struct plan *p, const struct catalog_symptom *s, char *ret, size_t cap)
{
	size_t len = (size_t)snprintf(ret, cap, "%s", p->proof);
	bool is_first = true;
	enum fact fact;

	for (size_t i = 0; s && predicate_fact(&s->predicate, i, &fact) && len < cap; i++) {
		char text[80];

		if (!p->exam->facts.known[fact])
			continue;
		facts_format(&p->exam->facts, fact, text, sizeof(text));
		len += (size_t)snprintf(ret + len, cap - len, "%s%s",
			!is_first ? ", "
			: len     ? " - "
				  : "",
			text);
		is_first = false;
	}
}

static bool
is_silence(const struct facts *f)
{
	static const enum fact ports[] = {FACT_TCP_135, FACT_TCP_ENDPOINT};

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (f->known[ports[i]] && f->value[ports[i]] == SEEN_PORT_FILTERED)
			return true;
	return false;
}

static void
certainty_set(const struct plan *p, struct exam_verdict *v)
{
	const struct catalog_symptom *s = v->symptom;

	v->certainty = EXAM_CERTAIN;
	if (v->outcome == OUTCOME_GOOD)
		return;
	if (!s) {
		v->certainty = EXAM_LIKELY;
		v->surer = "a capture on the host itself, while the same command runs";
	} else if (!strcmp(s->id, "T06")) {
		v->certainty = EXAM_POSSIBLE;
		v->surer = "the same command from the host's own network, inside all firewalls: "
			   "when it "
			   "is silent there too, the host is down or hides closed ports";
	} else if (is_silence(&p->exam->facts)) {
		v->certainty = EXAM_LIKELY;
		v->surer = "the same command from inside the firewall: silence cannot say who is "
			   "silent";
	} else if (!strcmp(s->confidence, "inferred")) {
		v->certainty = EXAM_LIKELY;
		v->surer = "a capture at both ends, while the same command runs";
	}
}

/* --- the next command --- */

static void
next_set(const struct plan *p, struct exam_verdict *v)
{
	char host[300], uuid[SP_UUID_TEXT], interface[80] = "";

	printable_for_shell(p->wish->host, host, sizeof(host));
	if (p->wish->has_interface) {
		sp_uuid_format(&p->wish->interface.uuid, uuid);
		snprintf(interface, sizeof(interface), "%s,%u.%u", uuid, p->wish->interface.major,
			p->wish->interface.minor);
	}
	if (v->phase == SP_PHASE_NAME_RESOLUTION)
		snprintf(v->next, sizeof(v->next), "getent ahosts %s", host);
	else if (v->phase == SP_PHASE_TCP_SESSION)
		snprintf(v->next, sizeof(v->next), "sallyport portqry -n %s -e %u", host,
			(unsigned)(p->bad_port ? p->bad_port : p->mapper_port));
	else if (v->phase == SP_PHASE_DISCOVERY || !*interface)
		snprintf(v->next, sizeof(v->next), "sallyport endpoints %s", host);
	else
		snprintf(v->next, sizeof(v->next), "sallyport ping %s --interface %s", host,
			interface);
}

static enum outcome
outcome_of(const struct plan *p, const struct catalog_symptom *s)
{
	if (p->exam->facts.value[FACT_TCP_PORTS_EXHAUSTED])
		return OUTCOME_COULD_NOT_RUN;
	if (is_silence(&p->exam->facts) || (s && !strcmp(s->id, "N02")))
		return OUTCOME_UNDECIDED;
	return OUTCOME_NEGATIVE;
}

static void
symptom_set(struct plan *p, struct exam_verdict *v, const struct catalog_symptom *s)
{
	v->symptom = s;
	v->phase = s->phase;
	snprintf(v->title, sizeof(v->title), "%s%s", s->title,
		v->works ? " (calls succeed all the same)" : "");
	v->cause = s->cause;
	v->fix = s->fix;
}

static void
plain_set(struct plan *p, struct exam_verdict *v)
{
	const struct plain_verdict *plain = p->plain ? p->plain : &plain_unknown;

	v->phase = p->failed;
	snprintf(v->title, sizeof(v->title), "%s", plain->title);
	v->cause = plain->cause;
	v->fix = plain->fix;
}

void
plan_verdict(struct plan *p)
{
	struct exam_verdict *v = &p->exam->verdict;
	const struct catalog_symptom *s = symptom_choose(p->exam);

	v->works = p->failed == SP_PHASE_NONE;
	p->exam->n_endpoints = p->map.n;
	if (!s && p->failed == SP_PHASE_NONE) {
		v->outcome = OUTCOME_GOOD;
		snprintf(v->title, sizeof(v->title),
			"all four phases work (%zu endpoints in the map)", p->map.n);
		next_set(p, v);
		return;
	}
	v->outcome = outcome_of(p, s);
	if (s)
		symptom_set(p, v, s);
	else
		plain_set(p, v);
	proof_write(p, s, v->proof, sizeof(v->proof));
	certainty_set(p, v);
	next_set(p, v);
}
