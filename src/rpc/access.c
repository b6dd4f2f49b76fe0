/* SPDX-License-Identifier: MIT */
#include "rpc/access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/ntlm_key.h"
#include "auth/provider.h"
#include "base/error.h"
#include "base/mem.h"
#include "net/network.h"
#include "rpc/server.h"

#define PROVIDERS (SP_BY_NTLM | SP_BY_KERBEROS)

struct folded { /* as Windows compares names */
	uint8_t units[2 * NTLM_NAME_MAX];
	size_t n;
};

struct identity {
	bool is_local, any_domain;
	uid_t uid;
	char user[NTLM_TEXT_SIZE], domain[NTLM_TEXT_SIZE];
	struct folded folded_user, folded_domain;
};

struct access_rules {
	unsigned providers;
	struct identity *identities;
	size_t n_identities;
	struct network *networks;
	size_t n_networks;
	struct sp_opnum_rule *opnums;
	size_t n_opnums;
};

void
access_rules_free(struct access_rules *r)
{
	if (!r)
		return;
	mem_free(r->identities);
	mem_free(r->networks);
	mem_free(r->opnums);
	mem_free(r);
}

/* --- what the program says --- */

static bool
part_keep(char ret[NTLM_TEXT_SIZE], struct folded *ret_folded, const char *text, size_t len)
{
	if (len == 0 || len >= NTLM_TEXT_SIZE)
		return false;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return ntlm_text(ret, true, ret_folded->units, &ret_folded->n);
}

static bool
uid_parse(const char *text, uid_t *ret)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	*ret = (uid_t)n;
	/* the last number is nobody's: chown's "leave it" */
	return text[0] >= '0' && text[0] <= '9' && !*end && errno == 0 && n < UINT32_MAX;
}

static bool
identity_parse(const char *text, struct identity *ret)
{
	const char *backslash = strchr(text, '\\'), *at = strrchr(text, '@');
	size_t len = strlen(text);

	if (strncmp(text, "uid:", 4) == 0) {
		ret->is_local = true;
		return uid_parse(text + 4, &ret->uid);
	}
	if (backslash)
		return part_keep(ret->domain, &ret->folded_domain, text,
			       (size_t)(backslash - text)) &&
		       part_keep(
			       ret->user, &ret->folded_user, backslash + 1, strlen(backslash + 1));
	if (at)
		return part_keep(ret->user, &ret->folded_user, text, (size_t)(at - text)) &&
		       part_keep(ret->domain, &ret->folded_domain, at + 1, strlen(at + 1));
	ret->any_domain = true;
	return part_keep(ret->user, &ret->folded_user, text, len);
}

static sp_status
cannot(const char *interface, const char *what, const char *text, const char *form,
	struct sp_error *reterr)
{
	return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
		"register the interface %.60s - \"%.60s\" is no %s - write it as %s", interface,
		text, what, form);
}

static sp_status
names_read(struct access_rules *r, const char *interface, const struct sp_interface_options *o,
	struct sp_error *reterr)
{
	for (size_t i = 0; i < o->n_identities; i++)
		if (!identity_parse(o->identities[i], &r->identities[i]))
			return cannot(interface, "name of a caller", o->identities[i],
				"DOMAIN\\user, user@REALM, user or uid:1000", reterr);
	for (size_t i = 0; i < o->n_networks; i++)
		if (!network_parse(o->networks[i], &r->networks[i]))
			return cannot(interface, "network", o->networks[i],
				"192.0.2.0/24 or 2001:db8::/32", reterr);
	return 0;
}

static sp_status
opnums_check(const struct access_rules *r, const char *interface, struct sp_error *reterr)
{
	for (size_t i = 0; i < r->n_opnums; i++) {
		const struct sp_opnum_rule *rule = &r->opnums[i];

		if (rule->first > rule->last || rule->action > SP_OPNUM_DENY)
			return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
				"register the interface %.60s - its rule %zu for opnums %u to %u "
				"has no opnum or no action - the first opnum comes first",
				interface, i, rule->first, rule->last);
	}
	return 0;
}

/* An array that has at least room for one, so that NULL is no memory. */
static void *
array_new(size_t n, size_t size)
{
	return mem_zalloc(n ? n : 1, size);
}

static bool
rules_room(struct access_rules *r, const struct sp_interface_options *o)
{
	r->providers = o->providers;
	r->n_identities = o->n_identities;
	r->n_networks = o->n_networks;
	r->n_opnums = o->n_opnum_rules;
	r->identities = array_new(r->n_identities, sizeof(*r->identities));
	r->networks = array_new(r->n_networks, sizeof(*r->networks));
	r->opnums = array_new(r->n_opnums, sizeof(*r->opnums));
	if (!r->identities || !r->networks || !r->opnums)
		return false;
	if (r->n_opnums > 0)
		memcpy(r->opnums, o->opnum_rules, r->n_opnums * sizeof(*r->opnums));
	return true;
}

sp_status
access_rules_new(const char *interface, const struct sp_interface_options *o,
	struct access_rules **ret, struct sp_error *reterr)
{
	struct access_rules *r;
	sp_status status;

	*ret = NULL;
	if (!o || !(o->providers || o->n_identities || o->n_networks || o->n_opnum_rules))
		return 0;
	if (o->providers & ~PROVIDERS)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"register the interface %.60s - 0x%x names an unknown provider - use "
			"SP_BY_NTLM "
			"and SP_BY_KERBEROS",
			interface, o->providers);
	r = mem_zalloc(1, sizeof(*r));
	if (!r || !rules_room(r, o)) {
		access_rules_free(r);
		return error_no_memory(reterr);
	}
	status = names_read(r, interface, o, reterr);
	if (!status)
		status = opnums_check(r, interface, reterr);
	if (status)
		access_rules_free(r);
	else
		*ret = r;
	return status;
}

/* --- what a call is held to --- */

static bool
provider_fits(unsigned providers, enum auth_type mechanism)
{
	return (mechanism == AUTH_TYPE_NTLM && (providers & SP_BY_NTLM)) ||
	       (mechanism == AUTH_TYPE_KERBEROS && (providers & SP_BY_KERBEROS));
}

static bool
network_fits(const struct access_rules *r, const struct connection *c)
{
	for (size_t i = 0; c->host_is_known && i < r->n_networks; i++)
		if (network_has(&r->networks[i], &c->host))
			return true;
	return false;
}

/* Windows folds, Kerberos does not (RFC 4120 6.1). */
static bool
name_fits(const char *name, const struct folded *folded, const char *given, bool folds)
{
	uint8_t units[2 * NTLM_NAME_MAX];
	size_t n;

	if (strcmp(name, given) == 0)
		return true;
	return folds && ntlm_text(given, true, units, &n) && n == folded->n &&
	       memcmp(units, folded->units, n) == 0;
}

static bool
identity_is(const struct identity *id, const struct auth_names *names)
{
	bool folds = names->mechanism == AUTH_TYPE_NTLM;

	if (id->is_local || (id->any_domain && !folds))
		return false;
	return name_fits(id->user, &id->folded_user, names->user, folds) &&
	       (id->any_domain || name_fits(id->domain, &id->folded_domain, names->domain, folds));
}

/* names NULL: not authenticated, or as nobody */
static bool
identity_fits(
	const struct access_rules *r, const struct connection *c, const struct auth_names *names)
{
	for (size_t i = 0; i < r->n_identities; i++) {
		const struct identity *id = &r->identities[i];

		if (id->is_local ? c->local && c->uid == id->uid : names && identity_is(id, names))
			return true;
	}
	return false;
}

static enum sp_opnum_action
action_of(const struct access_rules *r, unsigned opnum)
{
	for (size_t i = 0; i < r->n_opnums; i++)
		if (opnum >= r->opnums[i].first && opnum <= r->opnums[i].last)
			return r->opnums[i].action;
	return SP_OPNUM_ALLOW;
}

/* A client chooses part of its name: that must not make lines of a log. */
static void
printable(char ret[128], const char *text)
{
	snprintf(ret, 128, "%s", text);
	for (char *p = ret; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

static void
audit(const sp_call *call, const struct auth_names *names)
{
	const struct connection *c = call->connection;
	char user[128], domain[128];

	printable(user, names && *names->user ? names->user : "nobody");
	printable(domain, names ? names->domain : "");
	server_log(c->thread->server, SP_LOG_INFO, "audit: %s, %s%s%s, calls %.60s.%.60s (%u)",
		c->peer_text, domain, *domain ? "\\" : "", user,
		call->registration->interface->name, call->operation->name, call->opnum);
}

sp_status
access_rules_admit(const struct access_rules *r, const sp_call *call)
{
	const struct connection *c = call->connection;
	struct auth_names names = {0};
	const struct auth_names *known = NULL;
	enum sp_opnum_action action;

	if (call->auth) {
		call->auth->methods->names(call->auth, &names);
		known = names.anonymous ? NULL : &names;
	}
	if (r->n_networks && !c->local && !network_fits(r, c))
		return ERROR_ACCESS_DENIED;
	if (r->providers && !c->local && !provider_fits(r->providers, names.mechanism))
		return ERROR_ACCESS_DENIED;
	if (r->n_identities && !identity_fits(r, c, known))
		return ERROR_ACCESS_DENIED;
	action = action_of(r, call->opnum);
	if (action == SP_OPNUM_DENY)
		return ERROR_ACCESS_DENIED;
	if (action == SP_OPNUM_AUDIT)
		audit(call, known);
	return 0;
}
