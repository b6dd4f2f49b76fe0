/* SPDX-License-Identifier: MIT */
/*
 * What the machine's port policy means for a server: which port a dynamic endpoint gets, at which network interfaces
 * to listen, and which of its RPC interfaces have a port of their own.
 */
#include "rpc/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/device.h"
#include "net/tcp.h"
#include "ports/alloc.h"
#include "ports/holders.h"
#include "ports/kernel.h"
#include "ports/policy.h"

#define ADDRESSES_MAX 64

/* Listeners that share one port: one for every address, or one for each. */
struct group {
	struct listener *listeners[ADDRESSES_MAX];
	size_t n;
};

static void
group_free(struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		listener_free(g->listeners[i]);
	g->n = 0;
}

static void
group_close(struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		listener_close(g->listeners[i]);
}

/* The port at all addresses, or at none. */
static int
group_take(void *arg, uint16_t port)
{
	struct group *g = arg;
	int error = 0;

	for (size_t i = 0; i < g->n && !error; i++)
		error = listener_take(g->listeners[i], port);
	if (error)
		group_close(g);
	return error;
}

/* --- the policy --- */

static void
policy_free(struct ports_policy *policy)
{
	if (policy)
		ports_policy_fini(policy);
	mem_free(policy);
}

/* NULL: no memory. */
static struct ports_policy *
policy_read(const sp_server *server)
{
	struct ports_policy *policy = mem_alloc(sizeof(*policy));

	if (!policy)
		return NULL;
	ports_policy_read(policy, server->options.port_policy);
	/* what Windows' services write as event 5820, whether or not the program shows the error */
	if (!policy->valid)
		server_log(server, SP_LOG_ERROR, "%s", policy->why_invalid.sentence);
	return policy;
}

/* A policy that works, but will not work well: whoever reads the server's log need not run a check to know. */
static void
warnings_log(const sp_server *server, struct ports_policy *policy)
{
	struct ports_kernel *kernel = mem_alloc(sizeof(*kernel));
	const struct ports_findings *all = &policy->config.findings;

	if (kernel) {
		ports_kernel_read("/proc", kernel);
		ports_policy_warn(policy, kernel, NULL);
	}
	mem_free(kernel);
	for (size_t i = 0; i < all->n; i++) {
		char line[600];

		if (ports_fault_severity(all->items[i].fault) == PORTS_WARNING)
			server_log(server, SP_LOG_WARNING, "%s - %s",
				ports_finding_format(
					&policy->config, &all->items[i], line, sizeof(line)),
				all->items[i].remedy);
	}
}

static enum ports_kind
kind_of(const sp_server *server)
{
	switch (server->options.port_kind) {
	case SP_PORT_INTERNET: return PORTS_INTERNET;
	case SP_PORT_INTRANET: return PORTS_INTRANET;
	default: return PORTS_DEFAULT;
	}
}

/* --- where to listen --- */

static bool
group_add(struct group *g, sp_server *server, const char *endpoint, const char *address)
{
	struct listener *l = listener_new(server, endpoint, address);

	if (!l)
		return false;
	/* the mapper's towers have no IPv6 addresses: beside one of IPv4 this one says nothing new */
	l->is_unmapped = address && strchr(address, ':') && g->n > 0;
	g->listeners[g->n++] = l;
	return true;
}

static sp_status
no_device(
	const struct ports_policy *policy, const struct ports_text *device, struct sp_error *reterr)
{
	return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
		"listen on the network interface \"%.60s\" of %.120s:%u - this machine has none "
		"of that name with an address - correct the name, or bring the interface up",
		device->text, policy->config.source, device->place.line);
}

/* A listener for each address of the interfaces that the policy binds to, or one for every address. */
static sp_status
group_make(struct group *g, sp_server *server, const struct ports_policy *policy,
	const char *endpoint, const char *address, struct sp_error *reterr)
{
	const struct ports_list *devices = &policy->config.bind;
	char addresses[ADDRESSES_MAX][ADDRESS_TEXT];
	bool ok = true;

	if (address || !policy->valid || devices->n == 0 || server->options.all_network_interfaces)
		return group_add(g, server, endpoint, address) ? 0 : error_no_memory(reterr);
	for (size_t i = 0; i < devices->n; i++) {
		size_t n = device_addresses(devices->items[i].text, addresses, ADDRESSES_MAX);

		if (n == 0)
			return no_device(policy, &devices->items[i], reterr);
		for (size_t k = 0; k < n && ok && g->n < ADDRESSES_MAX; k++)
			ok = group_add(g, server, endpoint, addresses[k]);
		for (size_t k = 0; k < g->n; k++)
			g->listeners[k]->is_of_device = true;
	}
	return ok ? 0 : error_no_memory(reterr);
}

/* Moves the group's listeners to the server when all of them are open. */
static sp_status
group_join(struct group *g, sp_server *server, enum listener_origin origin, struct sp_error *reterr)
{
	sp_status status = 0;

	for (size_t i = 0; i < g->n && !status; i++) {
		g->listeners[i]->origin = origin;
		status = listener_open(g->listeners[i], reterr);
	}
	if (!status)
		status = listeners_add(server, g->listeners, g->n, reterr);
	if (!status)
		g->n = 0;
	return status;
}

static sp_status
dynamic_take(struct group *g, sp_server *server, const struct ports_policy *policy,
	struct sp_error *reterr)
{
	const struct port_set *set;
	uint16_t port;
	sp_status status = ports_policy_choose(policy, kind_of(server), &set, reterr);

	if (!status)
		status = ports_allocate(set, PORT_TCP, group_take, g, &port, reterr);
	for (size_t i = 0; !status && i < g->n; i++) {
		g->listeners[i]->endpoint = mem_printf("%u", port);
		if (!g->listeners[i]->endpoint)
			status = error_no_memory(reterr);
	}
	return status;
}

sp_status
server_listen_tcp(
	sp_server *server, const char *endpoint, const char *address, struct sp_error *reterr)
{
	struct ports_policy *policy = policy_read(server);
	struct group g = {.n = 0};
	sp_status status;

	if (!policy)
		return error_no_memory(reterr);
	/* an endpoint that the program names is its own affair, also when the policy is invalid */
	if (!endpoint && !policy->valid) {
		if (reterr)
			*reterr = policy->why_invalid;
		status = policy->why_invalid.status;
		goto out;
	}
	if (!endpoint)
		warnings_log(server, policy);
	status = group_make(&g, server, policy, endpoint, address, reterr);
	if (!status && !endpoint)
		status = dynamic_take(&g, server, policy, reterr);
	if (!status)
		status = group_join(
			&g, server, endpoint ? LISTENER_GIVEN : LISTENER_DYNAMIC, reterr);
out:
	group_free(&g);
	policy_free(policy);
	return status;
}

/* --- ports of one interface --- */

static bool
has_listener(const sp_server *server, uint16_t port)
{
	for (size_t i = 0; i < server->n_listeners; i++) {
		const struct listener *l = server->listeners[i];

		if (!l->local && strtoul(l->endpoint, NULL, 10) == port)
			return true;
	}
	return false;
}

static bool
has_dynamic(const sp_server *server)
{
	for (size_t i = 0; i < server->n_listeners; i++)
		if (server->listeners[i]->origin == LISTENER_DYNAMIC)
			return true;
	return false;
}

static sp_status
fixed_failed(const struct ports_policy *policy, const struct ports_fixed *fixed,
	const struct sp_error *why, struct sp_error *reterr)
{
	struct port_set one = {0};
	char who[120];

	if (why->sys_errno != EADDRINUSE) {
		if (reterr)
			*reterr = *why;
		return why->status;
	}
	port_set_add(&one, fixed->port, fixed->port);
	port_holders_tell("/proc", PORT_TCP, &one, who, sizeof(who));
	return error_errno(reterr, SP_PHASE_NONE, why->status, why->sys_errno,
		"listen on TCP port %u, which %.100s:%u fixes for %.60s - it is in use: %s - stop "
		"that program or choose another port",
		fixed->port, policy->config.source, fixed->place.line, fixed->interface, who);
}

static sp_status
fixed_listen(sp_server *server, const struct ports_policy *policy, const struct ports_fixed *fixed,
	struct sp_error *reterr)
{
	char *endpoint = mem_printf("%u", fixed->port);
	struct group g = {.n = 0};
	struct sp_error why = {0};
	sp_status status;

	if (!endpoint)
		return error_no_memory(reterr);
	status = group_make(&g, server, policy, endpoint, NULL, &why);
	if (!status)
		status = group_join(&g, server, LISTENER_FIXED, &why);
	if (status)
		status = fixed_failed(policy, fixed, &why, reterr);
	group_free(&g);
	mem_free(endpoint);
	return status;
}

sp_status
server_listen_fixed(sp_server *server, struct sp_error *reterr)
{
	struct ports_policy *policy;
	sp_status status = 0;

	if (!has_dynamic(server))
		return 0;
	policy = policy_read(server);
	if (!policy)
		return error_no_memory(reterr);
	for (size_t i = 0; !status && i < server->n_registrations; i++) {
		struct registration *r = server->registrations[i];
		const struct ports_fixed *fixed =
			policy->valid && !r->options.local_only
				? ports_fixed_find(policy->fixed, policy->n_fixed,
					  &r->interface->id.uuid, r->interface->name)
				: NULL;

		r->fixed_port = fixed ? fixed->port : 0;
		if (fixed && !has_listener(server, fixed->port))
			status = fixed_listen(server, policy, fixed, reterr);
	}
	policy_free(policy);
	return status;
}

bool
registration_is_at(const struct registration *r, const struct listener *l)
{
	if (l->local)
		return true;
	if (l->is_unmapped)
		return false;
	if (!r->fixed_port)
		return l->origin != LISTENER_FIXED;
	return l->origin == LISTENER_GIVEN || strtoul(l->endpoint, NULL, 10) == r->fixed_port;
}
