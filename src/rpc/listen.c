/* SPDX-License-Identifier: MIT */
/* Listening: endpoints, the port policy, and accepting on the first loop. */
#include "rpc/extended.h"
#include "rpc/fault.h"
#include "rpc/security.h"
#include "rpc/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/uuid.h"
#include "net/tcp.h"

#define ACCEPTS_A_TURN                                                                             \
	4 /* the others of this loop wait for so many: a flood of connections is worked off in between */
#define PAUSE (100 * SP_MILLISECOND)

struct listener *
listener_new(sp_server *server, const char *endpoint, const char *address)
{
	struct listener *l = mem_zalloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->server = server;
	l->fd = -1;
	if (endpoint)
		l->endpoint = mem_strdup(endpoint);
	if (address)
		l->address = mem_strdup(address);
	if ((endpoint && !l->endpoint) || (address && !l->address)) {
		listener_free(l);
		return NULL;
	}
	return l;
}

void
listener_close(struct listener *l)
{
	loop_watch_free(l->watch);
	loop_timer_free(l->pause);
	l->watch = NULL;
	l->pause = NULL;
	if (l->fd < 0)
		return;
	if (l->local && !l->taken)
		unlink(l->path);
	close(l->fd);
	l->fd = -1;
}

void
listener_free(struct listener *l)
{
	if (!l)
		return;
	listener_close(l);
	mem_free(l->endpoint);
	mem_free(l->address);
	mem_free(l->binding);
	mem_free(l);
}

/* --- opening --- */

static sp_status
cannot_create(struct sp_error *reterr, int error, const char *what, const char *where)
{
	return error_errno(reterr, SP_PHASE_NONE, RPC_S_CANT_CREATE_ENDPOINT, error,
		"listen on %s %s - %s - the endpoint cannot be created", what, where,
		strerror(error));
}

int
listener_take(struct listener *l, uint16_t port)
{
	struct address address;

	if (!l->address)
		return tcp_listen_any(port, &l->fd);
	if (!address_parse(l->address, port, &address))
		return EADDRNOTAVAIL;
	return l->is_of_device ? tcp_listen_early(&address, &l->fd) : tcp_listen(&address, &l->fd);
}

static sp_status
tcp_open(struct listener *l, struct sp_error *reterr)
{
	int error = listener_take(l, (uint16_t)strtoul(l->endpoint, NULL, 10));

	return error ? cannot_create(reterr, error, "TCP port", l->endpoint) : 0;
}

static sp_status
local_open(struct listener *l, struct sp_error *reterr)
{
	struct sp_uuid random;
	int error;

	if (!l->endpoint) {
		uuid_random(&random);
		l->endpoint = mem_printf("sallyport-%08x%04x", random.time_low, random.time_mid);
		if (!l->endpoint)
			return error_no_memory(reterr);
	}
	if (!local_path(l->server->options.ncalrpc_dir, l->endpoint, l->path))
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ENDPOINT_FORMAT,
			"listen on ncalrpc:[%.100s] - it does not make a socket's path of less "
			"than 108 "
			"bytes - choose a shorter endpoint or directory",
			l->endpoint);
	error = local_listen(l->path, &l->fd);
	return error ? cannot_create(reterr, error, "local socket", l->path) : 0;
}

static char *
binding_make(const struct listener *l)
{
	const char *address = l->address ? l->address : "";
	bool is_bare = strchr(address, ':') && address[0] != '[';

	/* as string bindings have it: an IPv6 address in brackets of its own */
	return mem_printf("%s:%s%s%s[%s]", l->local ? "ncalrpc" : "ncacn_ip_tcp",
		is_bare ? "[" : "", address, is_bare ? "]" : "", l->endpoint);
}

sp_status
listener_open(struct listener *l, struct sp_error *reterr)
{
	sp_status status = 0;

	if (l->fd < 0 && l->taken)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_CANT_CREATE_ENDPOINT,
			"listen again on a socket that was handed over - it was closed when the "
			"server "
			"stopped - hand over another one");
	if (l->fd < 0)
		status = l->local ? local_open(l, reterr) : tcp_open(l, reterr);
	if (!status && !l->binding) {
		l->binding = binding_make(l);
		if (!l->binding)
			status = error_no_memory(reterr);
	}
	return status;
}

/* --- accepting --- */

static void
on_pause_over(void *arg)
{
	struct listener *l = arg;

	loop_watch_set(l->watch, LOOP_READ);
}

static void
on_ready(void *arg, unsigned events)
{
	struct listener *l = arg;
	int error = 0, fd;

	for (int i = 0; i < ACCEPTS_A_TURN && !error; i++) {
		error = tcp_accept(l->fd, &fd);
		if (!error && !connection_new(l, fd))
			server_log(l->server, SP_LOG_WARNING,
				"refused a connection to %s: the limit of %u connections is "
				"reached",
				l->binding, l->server->options.max_connections);
	}
	if (!error || error == EAGAIN)
		return;
	/* out of descriptors or memory: the backlog stays readable, so wait instead of spinning */
	server_log(l->server, SP_LOG_ERROR, "cannot accept on %s: %s", l->binding, strerror(error));
	loop_watch_set(l->watch, 0);
	loop_timer_set(l->pause, time_now() + PAUSE);
}

static struct buf *
nak_explain(uint16_t reason)
{
	struct sp_error_record record =
		eerr_record(SP_COMPONENT_RUNTIME, EERR_AT_BIND, nak_to_status(reason));

	eerr_add_number(&record, reason);
	return eerr_put(&record, 1);
}

bool
listener_watch(struct listener *l, struct loop *loop)
{
	l->policy.offers = l->server->offers;
	l->policy.n_offers = l->server->n_registrations;
	l->policy.transfers = transfers_of(l->server->options.transfer, &l->policy.n_transfers);
	l->policy.secondary_address = l->endpoint;
	l->policy.groups = l->server->groups;
	l->policy.acceptors =
		server_security_acceptors(l->server->security, &l->policy.n_acceptors);
	l->policy.explain = l->server->options.extended_errors ? nak_explain : NULL;
	l->watch = loop_watch_new(loop, l->fd, on_ready, l);
	l->pause = loop_timer_new(loop, on_pause_over, l);
	if (!l->watch || !l->pause)
		return false;
	loop_watch_set(l->watch, LOOP_READ);
	return true;
}
