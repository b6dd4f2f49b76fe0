/* SPDX-License-Identifier: MIT */
/* What the values mean. The sentence of the whole file: one bad value makes all of it invalid. */
#include "ports/policy.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

const char *
ports_kind_name(enum ports_kind kind)
{
	static const char *const names[] = {"default", "internet", "intranet"};

	return names[kind];
}

/* --- values --- */

static void
entry_refuse(struct ports_policy *p, const struct ports_text *entry, enum port_range_fault fault)
{
	static const struct {
		enum ports_fault fault;
		const char *what;
	} faults[] = {
		[PORT_RANGE_UNREADABLE] = {PORTS_FAULT_ENTRY_UNREADABLE,
			"an entry that is neither a port nor a range"},
		[PORT_RANGE_TOO_LARGE] = {PORTS_FAULT_ENTRY_TOO_LARGE,
			"an entry that is not within 0-65535"},
		[PORT_RANGE_BACKWARDS] = {PORTS_FAULT_ENTRY_BACKWARDS,
			"a range that ends before it begins"},
	};

	ports_find(&p->config.findings, faults[fault].fault, entry->place, entry->text, "%s has %s",
		ports_value_name(p->config.form, PORTS_VALUE_PORTS), faults[fault].what);
}

static void
entries_judge(struct ports_policy *p)
{
	const struct ports_list *list = &p->config.ports;
	uint16_t first, last;

	if (list->is_present && list->n == 0 && !p->config.mentioned[PORTS_VALUE_PORTS])
		ports_find(&p->config.findings, PORTS_FAULT_EMPTY_LIST, list->place, NULL,
			"%s is an empty list", ports_value_name(p->config.form, PORTS_VALUE_PORTS));
	for (size_t i = 0; i < list->n; i++) {
		enum port_range_fault fault = port_range_parse(list->items[i].text, &first, &last);

		if (fault)
			entry_refuse(p, &list->items[i], fault);
		else
			port_set_add(&p->inside, first, last);
	}
}

static void
answer_judge(
	struct ports_policy *p, enum ports_value value, const struct ports_text *text, bool *ret)
{
	if (!text->text)
		return;
	if (strlen(text->text) == 1 && strchr("YyNn", text->text[0]))
		*ret = text->text[0] == 'Y' || text->text[0] == 'y';
	else
		ports_find(&p->config.findings, PORTS_FAULT_NOT_Y_OR_N, text->place, text->text,
			"%s is neither Y nor N", ports_value_name(p->config.form, value));
}

static void
misfits_judge(struct ports_policy *p)
{
	for (int i = 0; i < PORTS_N_VALUES; i++) {
		const struct ports_text *misfit = &p->config.misfits[i];

		if (!misfit->text)
			continue;
		ports_find(&p->config.findings, PORTS_FAULT_WRONG_TYPE, misfit->place, NULL, "%s",
			misfit->text);
		ports_find_remedy(&p->config.findings, "give it that type");
	}
}

/* The three belong together: one without the others is as bad as a wrong one. */
static void
companions_judge(struct ports_policy *p)
{
	const struct ports_config *c = &p->config;
	const bool has[] = {[PORTS_VALUE_PORTS] = c->ports.is_present,
		[PORTS_VALUE_INTERNET_AVAILABLE] = c->internet_available.text != NULL,
		[PORTS_VALUE_USE_INTERNET] = c->use_internet.text != NULL};

	for (int i = PORTS_VALUE_PORTS; i <= PORTS_VALUE_USE_INTERNET; i++)
		p->configured = p->configured || has[i] || c->mentioned[i];
	for (int i = PORTS_VALUE_PORTS; p->configured && i <= PORTS_VALUE_USE_INTERNET; i++)
		if (!has[i] && !c->mentioned[i])
			ports_find(&p->config.findings, PORTS_FAULT_MISSING,
				(struct ports_place){0}, NULL, "%s is missing",
				ports_value_name(c->form, (enum ports_value)i));
}

static void
bind_judge(struct ports_policy *p)
{
	const struct ports_list *list = &p->config.bind;
	const char *name = ports_value_name(p->config.form, PORTS_VALUE_BIND);

	if (list->is_present && list->n == 0 && !p->config.mentioned[PORTS_VALUE_BIND])
		ports_find(&p->config.findings, PORTS_FAULT_BIND_EMPTY, list->place, NULL,
			"%s is an empty list", name);
	for (size_t i = 0; i < list->n; i++)
		if (!list->items[i].text[0])
			ports_find(&p->config.findings, PORTS_FAULT_BIND_EMPTY,
				list->items[i].place, "", "%s names no network interface", name);
}

static void
fixed_judge(struct ports_policy *p)
{
	const struct ports_config *c = &p->config;

	p->fixed = c->n_fixed ? arena_alloc(&p->config.arena, c->n_fixed, sizeof(*p->fixed)) : NULL;
	if (c->n_fixed && !p->fixed)
		ports_find(&p->config.findings, PORTS_FAULT_UNREADABLE, (struct ports_place){0},
			NULL, "there is not enough memory to read it");
	for (size_t i = 0; p->fixed && i < c->n_fixed; i++)
		p->n_fixed +=
			ports_fixed_judge(&c->fixed[i], &p->config.findings, &p->fixed[p->n_fixed]);
}

/* --- the policy --- */

char *
ports_finding_format(
	const struct ports_config *c, const struct ports_finding *f, char *ret, size_t cap)
{
	char where[32] = "", entry[80] = "";

	if (f->place.column)
		snprintf(where, sizeof(where), ":%u:%u", f->place.line, f->place.column);
	else if (f->place.line)
		snprintf(where, sizeof(where), ":%u", f->place.line);
	if (f->entry)
		snprintf(entry, sizeof(entry), ": \"%.60s\"", f->entry);
	snprintf(ret, cap, "%.120s%s - %.150s%s", c->source ? c->source : "(no file)", where,
		f->what, entry);
	return ret;
}

static void
why_invalid(struct ports_policy *p)
{
	static const struct ports_finding lost = {.what = "there is not enough memory to read it",
		.remedy = "free memory and try again"};
	const struct ports_findings *all = &p->config.findings;
	const struct ports_finding *f = &lost;
	char text[360];

	for (size_t i = 0; i < all->n && f == &lost; i++)
		if (ports_fault_severity(all->items[i].fault) == PORTS_ERROR)
			f = &all->items[i];
	error_set(&p->why_invalid, SP_PHASE_NONE, RPC_S_INVALID_ARG,
		"read the port policy %s - the parameter is incorrect (87), no dynamic endpoint "
		"can be made: %.100s",
		ports_finding_format(&p->config, f, text, sizeof(text)), f->remedy);
}

void
ports_policy_judge(struct ports_policy *ret, struct ports_config *take_config)
{
	struct ports_config *c = &ret->config;

	memset(ret, 0, sizeof(*ret));
	*c = *take_config;
	*take_config = (struct ports_config){0};
	entries_judge(ret);
	answer_judge(ret, PORTS_VALUE_INTERNET_AVAILABLE, &c->internet_available,
		&ret->internet_available);
	answer_judge(ret, PORTS_VALUE_USE_INTERNET, &c->use_internet, &ret->use_internet);
	misfits_judge(ret);
	companions_judge(ret);
	bind_judge(ret);
	fixed_judge(ret);
	if (!c->is_absent && !ret->configured && !c->bind.is_present && !c->n_fixed &&
		c->findings.n_errors == 0)
		ports_find(&c->findings, PORTS_FAULT_NOTHING, (struct ports_place){0}, NULL,
			"it has none of the values of a port policy");
	ports_findings_sort(&c->findings);
	ret->valid = c->findings.n_errors == 0;
	if (!ret->valid)
		why_invalid(ret);
	/* the default dynamic range without what is listed: also "outside" is a dynamic port */
	port_set_add(&ret->outside, PORTS_DYNAMIC_FIRST, PORTS_DYNAMIC_LAST);
	port_set_remove(&ret->outside, &ret->inside);
}

void
ports_policy_read(struct ports_policy *ret, const char *path)
{
	struct ports_config config;

	ports_config_init(&config, path);
	ports_config_read(&config, path);
	ports_policy_judge(ret, &config);
}

void
ports_policy_fini(struct ports_policy *p)
{
	ports_config_fini(&p->config);
	memset(p, 0, sizeof(*p));
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

void
ports_policy_named(const struct ports_policy *p, struct port_set *ret)
{
	*ret = p->inside;
	for (size_t i = 0; i < p->n_fixed; i++)
		port_set_add(ret, p->fixed[i].port, p->fixed[i].port);
}
