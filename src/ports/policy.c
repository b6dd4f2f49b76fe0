/* SPDX-License-Identifier: MIT */
/* What the three values mean. The sentence of the whole file: one bad value makes all of it invalid. */
#include "ports/policy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* --- sets --- */

bool
port_set_has(const struct port_set *set, uint16_t port)
{
	return set->bits[port / 64] >> port % 64 & 1;
}

void
port_set_add(struct port_set *set, uint16_t first, uint16_t last)
{
	for (uint32_t port = first; port <= last; port++)
		set->bits[port / 64] |= UINT64_C(1) << port % 64;
}

uint32_t
port_set_count(const struct port_set *set)
{
	uint32_t n = 0;

	for (size_t i = 0; i < 1024; i++)
		n += (uint32_t)__builtin_popcountll(set->bits[i]);
	return n;
}

/* The default dynamic range without what is listed: also "outside" is a dynamic port. */
static void
outside_set(struct ports_policy *policy)
{
	memset(&policy->outside, 0, sizeof(policy->outside));
	port_set_add(&policy->outside, PORTS_DYNAMIC_FIRST, PORTS_DYNAMIC_LAST);
	for (size_t i = 0; i < 1024; i++)
		policy->outside.bits[i] &= ~policy->inside.bits[i];
}

/* --- values --- */

static const char *
blanks_skip(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* A decimal number up to 65535 and the blanks around it; NULL when there is none. */
static const char *
number_read(const char *p, uint16_t *ret)
{
	uint32_t n = 0;

	p = blanks_skip(p);
	if (!isdigit((unsigned char)*p))
		return NULL;
	for (; isdigit((unsigned char)*p); p++) {
		n = n * 10 + (uint32_t)(*p - '0');
		if (n > 65535)
			return NULL;
	}
	*ret = (uint16_t)n;
	return blanks_skip(p);
}

static bool
entry_read(const char *text, uint16_t *ret_first, uint16_t *ret_last)
{
	uint16_t first, last;
	const char *p = number_read(text, &first);

	if (!p)
		return false;
	last = first;
	if (*p == '-')
		p = number_read(p + 1, &last);
	if (!p || *p || last < first)
		return false;
	*ret_first = first;
	*ret_last = last;
	return true;
}

static bool
answer_read(const char *text, bool *ret)
{
	if (!text || !text[0] || text[1] || !strchr("YyNn", text[0]))
		return false;
	*ret = text[0] == 'Y' || text[0] == 'y';
	return true;
}

/* --- the policy --- */

static void
refuse(struct ports_policy *policy, const struct ports_config *c, unsigned line, const char *what,
	const char *value)
{
	char where[24] = "";

	if (line)
		snprintf(where, sizeof(where), ":%u", line);
	policy->valid = false;
	error_set(&policy->why_invalid, SP_PHASE_NONE, RPC_S_INVALID_ARG,
		"read the port policy %.120s%s - %s%s%.60s%s - the parameter is incorrect: no "
		"dynamic endpoint can be made until it is corrected",
		c->source ? c->source : "(no file)", where, what, value ? " \"" : "",
		value ? value : "", value ? "\"" : "");
}

static bool
entries_read(struct ports_policy *policy, const struct ports_config *c)
{
	uint16_t first, last;

	for (size_t i = 0; i < c->n_ports; i++) {
		const char *entry = c->ports[i] ? c->ports[i] : "";

		if (!entry_read(entry, &first, &last)) {
			refuse(policy, c, c->lines ? c->lines[i] : 0,
				"ports has an entry that is neither a port nor a range within "
				"0-65535:",
				entry);
			return false;
		}
		port_set_add(&policy->inside, first, last);
	}
	return true;
}

static bool
companion_read(struct ports_policy *policy, const struct ports_config *c, const char *name,
	const char *text, bool *ret)
{
	char what[80];

	if (answer_read(text, ret))
		return true;
	snprintf(what, sizeof(what), "%s %s", name, text ? "is neither Y nor N:" : "is missing");
	refuse(policy, c, 0, what, text);
	return false;
}

void
ports_policy_set(struct ports_policy *ret, const struct ports_config *c)
{
	memset(ret, 0, sizeof(*ret));
	ret->valid = true;
	ret->configured = c->ports || c->ports_internet_available || c->use_internet_ports;
	if (ret->configured) {
		if (!c->ports)
			refuse(ret, c, 0, "ports is missing", NULL);
		else if (entries_read(ret, c) &&
			 companion_read(ret, c, "ports_internet_available",
				 c->ports_internet_available, &ret->internet_available))
			companion_read(ret, c, "use_internet_ports", c->use_internet_ports,
				&ret->use_internet);
	}
	outside_set(ret);
}

sp_status
ports_policy_choose(const struct ports_policy *policy, enum ports_kind kind,
	const struct port_set **ret_set, struct sp_error *reterr)
{
	bool internet;

	if (!policy->valid) {
		if (reterr)
			*reterr = policy->why_invalid;
		return policy->why_invalid.status;
	}
	internet = kind == PORTS_INTERNET || (kind == PORTS_DEFAULT && policy->use_internet);
	/* what is listed are the internet ports, or else all the others are */
	*ret_set = policy->configured && internet == policy->internet_available ? &policy->inside
										: &policy->outside;
	return 0;
}
