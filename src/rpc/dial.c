/* SPDX-License-Identifier: MIT */
/*
 * The way to a new connection, step by step and without waiting: the mapper when no endpoint is known, the name, the
 * race of the addresses. Ends with a descriptor or with the error of the phase that failed.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/time.h"
#include "net/local.h"
#include "net/names.h"
#include "net/pipe.h"
#include "net/race.h"
#include "net/tcp.h"
#include "rpc/client.h"

#define UNAVAILABLE RPC_S_SERVER_UNAVAILABLE
/* A local server that has not accepted the last ones yet (EAGAIN) is asked again. */
#define BACKLOG_PAUSE (5 * SP_MILLISECOND)

static void
over(struct dial *d, sp_status status)
{
	d->status = status;
	d->error.did_not_execute = true;
	d->over = true;
	client_wake(d->client);
}

/* --- what went wrong, in words --- */

static sp_status
resolve_failed(struct dial *d, const char *host, int eai)
{
	error_set(&d->error, SP_PHASE_NAME_RESOLUTION, UNAVAILABLE,
		"resolve %.200s - %s - the name leads to no address", host, gai_strerror(eai));
	d->error.evidence = SP_EVIDENCE_RESOLVER;
	d->error.resolver = eai;
	return UNAVAILABLE;
}

static sp_status
resolve_late(struct dial *d, const char *host)
{
	sp_nanos waited = time_now() - d->began;

	error_set(&d->error, SP_PHASE_NAME_RESOLUTION, UNAVAILABLE,
		"resolve %.200s - no answer in %lld ms - the name servers do not answer", host,
		(long long)(waited / SP_MILLISECOND));
	d->error.evidence = SP_EVIDENCE_TIMEOUT;
	d->error.waited = waited;
	return UNAVAILABLE;
}

static const char *
meaning(int error)
{
	switch (error) {
	case ECONNREFUSED: return "the host is there, but nothing listens on that endpoint";
	case ETIMEDOUT: return "the host is down, or a firewall drops the packets";
	case EHOSTUNREACH:
	case ENETUNREACH: return "there is no way to the host";
	case ENOENT: return "no server listens there";
	case EAGAIN: return "a server is there, but does not let anybody in";
	case EACCES: return "this user may not open it";
	default: return "no session could be made";
	}
}

static sp_status
session_failed(struct dial *d, int error, const char *where, sp_nanos waited)
{
	char others[48] = "";

	if (d->n_addresses > 1)
		snprintf(others, sizeof(others), ", one of %zu addresses", d->n_addresses);
	error_errno(&d->error, SP_PHASE_TCP_SESSION, UNAVAILABLE, error,
		"connect to %.200s%s - %s - %s", where, others, strerror(error), meaning(error));
	if (error == ETIMEDOUT) {
		d->error.evidence = SP_EVIDENCE_TIMEOUT;
		d->error.waited = waited;
	}
	return UNAVAILABLE;
}

/* --- sessions --- */

static void ask(struct dial *);

/* An endpoint from memory where nobody listens any more: the mapper may know a better one. */
static bool
asks_again(struct dial *d, int error)
{
	if (!d->was_known || d->asks || (error != ECONNREFUSED && error != ENOENT))
		return false;
	endpoint_forget(d->client, &d->interface);
	mem_free(d->endpoint);
	mem_free(d->advertised);
	mem_free(d->addresses);
	d->endpoint = d->advertised = NULL;
	d->addresses = NULL;
	d->n_addresses = 0;
	d->asks = true;
	ask(d);
	return true;
}

static void
connected(struct dial *d, int fd, char *take_peer)
{
	d->fd = fd;
	d->peer = take_peer;
	over(d, take_peer ? 0 : error_no_memory(&d->error));
}

static void
dial_local(struct dial *d)
{
	char path[LOCAL_PATH];
	int error, fd = -1;

	if (!local_path(d->client->options.ncalrpc_dir, d->endpoint, path)) {
		over(d, error_set(&d->error, SP_PHASE_TCP_SESSION, RPC_S_INVALID_ENDPOINT_FORMAT,
				"connect to ncalrpc:[%.100s] - it does not make a socket's path - "
				"the endpoint is empty or too long",
				d->endpoint));
		return;
	}
	error = local_connect(path, &fd);
	if (error == EAGAIN && time_now() < d->until)
		poll_timer_set(&d->timer, d->client->poller, time_after(time_now(), BACKLOG_PAUSE));
	else if (!error)
		connected(d, fd, mem_printf("ncalrpc:[%s]", d->endpoint));
	else if (!asks_again(d, error))
		over(d, session_failed(d, error, path, time_now() - d->began));
}

static void
on_race(void *arg)
{
	struct dial *d = arg;
	struct race_result result = race_result(d->race);
	char text[ADDRESS_TEXT];

	race_free(d->race);
	d->race = NULL;
	address_format(&result.address, text);
	if (!result.error) {
		tcp_keep_alive(result.fd, d->client->options.keep_alive);
		d->address = result.address;
		connected(d, result.fd, mem_printf("ncacn_ip_tcp:%s", text));
	} else if (!asks_again(d, result.error)) {
		over(d, session_failed(d, result.error, text, result.waited));
	}
}

static void
race(struct dial *d)
{
	const sp_client *client = d->client;

	d->race = race_start(client->poller, d->addresses, d->n_addresses,
		client->options.connect_timeout,
		client->options.deadline ? client->options.deadline : SP_NEVER, on_race, d);
	if (!d->race)
		over(d, error_no_memory(&d->error));
}

/* --- addresses --- */

static uint16_t
port_of(const struct dial *d)
{
	return (uint16_t)strtoul(d->endpoint, NULL, 10);
}

static bool
address_add(struct dial *d, size_t at, const struct address *address)
{
	struct address *a = mem_resize(d->addresses, d->n_addresses + 1, sizeof(*a));

	if (!a)
		return false;
	memmove(&a[at + 1], &a[at], (d->n_addresses - at) * sizeof(*a));
	a[at] = *address;
	d->addresses = a;
	d->n_addresses++;
	return true;
}

static bool
is_same(const struct address *a, const struct address *b)
{
	return a->len == b->len && memcmp(&a->storage, &b->storage, a->len) == 0;
}

/* A name with several hosts behind it: the one whose mapper answered is the one that knows the endpoint. */
static void
mapper_first(struct dial *d)
{
	struct address mapper = d->mapper_address;

	if (!d->has_mapper_address)
		return;
	address_set_port(&mapper, port_of(d));
	for (size_t i = 1; i < d->n_addresses; i++) {
		if (!is_same(&d->addresses[i], &mapper))
			continue;
		memmove(&d->addresses[1], &d->addresses[0], i * sizeof(mapper));
		d->addresses[0] = mapper;
		return;
	}
}

/* The host's addresses are there. */
static void
resolved(struct dial *d)
{
	struct address advertised;

	race_order(d->addresses, d->n_addresses);
	mapper_first(d);
	if (d->client->options.address_policy == SP_ADDRESS_RACE && d->advertised &&
		address_parse(d->advertised, port_of(d), &advertised) &&
		!is_same(&advertised, &d->addresses[0]) && !address_add(d, 1, &advertised)) {
		over(d, error_no_memory(&d->error));
		return;
	}
	race(d);
}

static const char *
host_of(const struct dial *d)
{
	const char *address = d->client->binding->address;

	return *address ? address : "localhost";
}

static void
names_end(struct dial *d)
{
	poll_watch_stop(&d->watch);
	poll_timer_stop(&d->timer);
	names_forget(d->names);
	d->names = NULL;
}

static void
on_names(void *arg, unsigned events)
{
	struct dial *d = arg;
	enum names_result result;
	int eai = 0;

	(void)events;
	result = names_answer(d->names, port_of(d), &d->addresses, &d->n_addresses, &eai);
	names_end(d);
	if (result == NAMES_OK)
		resolved(d);
	else if (result == NAMES_FAILED)
		over(d, resolve_failed(d, host_of(d), eai));
	else
		over(d, error_no_memory(&d->error));
}

static void
resolve(struct dial *d)
{
	d->began = time_now();
	d->until = client_deadline(d->client, d->client->options.resolve_timeout);
	d->names = names_ask(host_of(d));
	if (!d->names || poll_watch_start(&d->watch, d->client->poller, names_fd(d->names),
				 POLLER_READ, on_names, d)) {
		over(d, error_no_memory(&d->error));
		return;
	}
	poll_timer_set(&d->timer, d->client->poller, d->until);
}

static void
dial_tcp(struct dial *d)
{
	bool wants_advertised = d->client->options.address_policy == SP_ADDRESS_ADVERTISED;
	struct address address;

	if (port_of(d) == 0) {
		over(d, error_set(&d->error, SP_PHASE_DISCOVERY, RPC_S_INVALID_ENDPOINT_FORMAT,
				"connect to ncacn_ip_tcp:[%.60s] - the mapper's answer is no port "
				"from 1 to 65535 - its entry is wrong",
				d->endpoint));
		return;
	}
	if (d->joins)
		address = d->group_address;
	else if (!(wants_advertised && d->advertised &&
			 address_parse(d->advertised, port_of(d), &address)) &&
		 !address_parse(host_of(d), port_of(d), &address)) {
		resolve(d);
		return;
	}
	if (!address_add(d, 0, &address))
		over(d, error_no_memory(&d->error));
	else if (d->joins)
		race(d);
	else
		resolved(d);
}

static void
on_time(void *arg)
{
	struct dial *d = arg;

	if (!d->names) {
		dial_local(d);
		return;
	}
	names_end(d);
	over(d, resolve_late(d, host_of(d)));
}

/* The endpoint is known. */
static void
go(struct dial *d)
{
	d->began = time_now();
	d->until = client_deadline(d->client, d->client->options.connect_timeout);
	if (d->client->local)
		dial_local(d);
	else
		dial_tcp(d);
}

/* --- discovery --- */

static void
on_mapper(void *arg)
{
	struct dial *d = arg;
	sp_status status = endpoint_answer(d->question, &d->endpoint, &d->advertised, &d->error);

	if (status) {
		over(d, status);
		return;
	}
	d->has_mapper_address = endpoint_mapper_address(d->question, &d->mapper_address);
	go(d);
}

static void
ask(struct dial *d)
{
	d->question = endpoint_ask(d->client, &d->interface, on_mapper, d, &d->error);
	if (!d->question)
		over(d, d->error.status);
}

/* --- life --- */

/* False: no memory. */
static bool
endpoint_choose(struct dial *d, const struct client_call *c, const struct session *with)
{
	const struct endpoint *known = NULL;
	const char *endpoint = d->client->binding->endpoint;

	if (!*endpoint && !c->must_resolve)
		known = endpoint_find(d->client, &c->interface);
	if (with)
		endpoint = with->endpoint;
	else if (known)
		endpoint = known->endpoint;
	d->was_known = known != NULL;
	d->asks = !*endpoint;
	if (d->asks)
		return true;
	d->endpoint = mem_strdup(endpoint);
	if (known && known->advertised)
		d->advertised = mem_strdup(known->advertised);
	return d->endpoint != NULL;
}

struct dial *
dial_start(sp_client *client, const struct client_call *c, const struct session *with)
{
	struct dial *d = mem_zalloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->client = client;
	d->interface = c->interface;
	d->fd = -1;
	poll_timer_init(&d->timer, on_time, d);
	if (with) {
		d->joins = true;
		d->group_id = assoc_client_group_id(&with->link.conn);
		d->group_address = with->address;
	}
	if (!endpoint_choose(d, c, with)) {
		mem_free(d);
		return NULL;
	}
	if (d->asks)
		ask(d);
	else
		go(d);
	return d;
}

void
dial_free(struct dial *d)
{
	if (!d)
		return;
	names_end(d);
	race_free(d->race);
	endpoint_question_free(d->question);
	if (d->fd >= 0)
		pipe_close(d->fd);
	mem_free(d->addresses);
	mem_free(d->endpoint);
	mem_free(d->advertised);
	mem_free(d->peer);
	mem_free(d);
}
