/* SPDX-License-Identifier: MIT */
/* The client: its life, its turn, and the driver that blocks. */
#include "rpc/client.h"
#include "rpc/security.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/time.h"

/* --- life --- */

static sp_status
binding_check(const sp_binding *b, struct sp_error *reterr)
{
	char *end;
	long port;

	if (strcmp(b->protseq, "ncacn_ip_tcp") && strcmp(b->protseq, "ncalrpc"))
		return error_set(reterr, SP_PHASE_NONE, RPC_S_PROTSEQ_NOT_SUPPORTED,
			"bind over %.40s - the protocol sequence is not supported by this client - "
			"use "
			"ncacn_ip_tcp or ncalrpc",
			b->protseq);
	if (!strcmp(b->protseq, "ncalrpc") || !*b->endpoint)
		return 0;
	port = strtol(b->endpoint, &end, 10);
	if (*end || port < 1 || port > 65535)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ENDPOINT_FORMAT,
			"bind to ncacn_ip_tcp:[%.60s] - that is no port from 1 to 65535 - an "
			"endpoint of "
			"this protocol sequence is a port in decimal digits",
			b->endpoint);
	return 0;
}

static void
defaults_fill(struct sp_client_options *o)
{
#define DEFAULT(member, value) o->member = o->member ? o->member : (value)
	DEFAULT(resolve_timeout, 5 * SP_SECOND);
	DEFAULT(connect_timeout, 5 * SP_SECOND);
	DEFAULT(discovery_timeout, 5 * SP_SECOND);
	DEFAULT(communication_timeout, 10 * SP_SECOND);
	DEFAULT(cancel_grace, SP_SECOND);
	DEFAULT(idle_timeout, 30 * SP_SECOND);
	DEFAULT(keep_alive, SP_KEEP_ALIVE_LEVEL(5));
	DEFAULT(max_connections, 4);
	DEFAULT(max_calls, 64);
	DEFAULT(max_fragment, 5840);
	DEFAULT(max_reply, 64u << 20);
	DEFAULT(max_memory, 256u << 20);
	DEFAULT(mapper_port, 135);
#undef DEFAULT
}

static bool
options_keep(sp_client *client, const struct sp_client_options *given)
{
	struct sp_client_options *o = &client->options;

	if (given)
		*o = *given;
	defaults_fill(o);
	client->most_sessions = o->max_connections;
	client->limits = (struct assoc_limits){
		.max_fragment = o->max_fragment,
		.max_stub = o->max_reply,
		.max_contexts = 256, /* two for an interface */
		.max_calls = o->no_multiplexing ? 1 : o->max_calls,
		/* requests are queued whole; what the user gives is the user's choice */
		.max_memory = UINT32_MAX,
	};
	if (!o->ncalrpc_dir)
		return true;
	o->ncalrpc_dir = mem_strdup(o->ncalrpc_dir);
	return o->ncalrpc_dir != NULL;
}

static void turn(void *);

static sp_client *
client_alloc(struct poller *poller)
{
	sp_client *client = mem_zalloc(1, sizeof(*client));

	if (!client)
		return NULL;
	list_init(&client->queue);
	list_init(&client->finished);
	list_init(&client->sessions);
	list_init(&client->endpoints);
	list_init(&client->syntaxes);
	poll_task_init(&client->turn, turn, client);
	client->own.fd = -1;
	client->poller = poller;
	if (poller)
		return client;
	client->poller = &client->own;
	if (poller_init(&client->own) == 0)
		return client;
	mem_free(client);
	return NULL;
}

static sp_status
client_make(struct poller *poller, const char *string_binding,
	const struct sp_client_options *options, sp_client **ret_client, struct sp_error *reterr)
{
	sp_client *client = client_alloc(poller);
	sp_status status;

	if (!client)
		return error_no_memory(reterr);
	if (!options_keep(client, options)) {
		client->options.ncalrpc_dir = NULL;
		sp_client_free(client);
		return error_no_memory(reterr);
	}
	status = sp_binding_parse(string_binding, &client->binding, reterr);
	if (!status)
		status = binding_check(client->binding, reterr);
	if (!status && client->options.max_fragment < PDU_MUST_RECV_FRAG_SIZE)
		status = error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"make a client with fragments of %u bytes - 1432 is the least that every "
			"implementation receives ([C706] 12.6.3.1) - raise max_fragment",
			client->options.max_fragment);
	if (status) {
		sp_client_free(client);
		return status;
	}
	client->local = !strcmp(client->binding->protseq, "ncalrpc");
	*ret_client = client;
	return 0;
}

sp_status
sp_client_new(const char *string_binding, const struct sp_client_options *options,
	sp_client **ret_client, struct sp_error *reterr)
{
	return client_make(NULL, string_binding, options, ret_client, reterr);
}

sp_status
client_new_beside(const sp_client *client, const char *string_binding,
	const struct sp_client_options *options, sp_client **ret, struct sp_error *reterr)
{
	return client_make(client->poller, string_binding, options, ret, reterr);
}

void
sp_client_free(sp_client *client)
{
	if (!client)
		return;
	pool_drop(client);
	poll_task_stop(&client->turn);
	poller_fini(&client->own);
	sp_binding_free(client->binding);
	mem_free((void *)client->options.ncalrpc_dir);
	mem_free(client->peer);
	client_security_free(client->security);
	mem_free(client);
}

void
sp_client_disconnect(sp_client *client)
{
	pool_drop(client);
}

/* --- to look at --- */

void
sp_client_set_deadline(sp_client *client, sp_nanos deadline)
{
	client->options.deadline = deadline;
}

sp_nanos
client_deadline(const sp_client *client, sp_nanos timeout)
{
	sp_nanos deadline = time_after(poller_now(client->poller), timeout),
		 last = client->options.deadline;

	return last && last < deadline ? last : deadline;
}

const char *
sp_client_peer(const sp_client *client)
{
	return client->peer;
}

const char *
client_where(const sp_client *client)
{
	return client->peer ? client->peer : client->binding->address;
}

size_t
sp_client_n_connections(const sp_client *client)
{
	return client->n_sessions;
}

/* --- the turn --- */

void
client_wake(sp_client *client)
{
	poll_task_set(&client->turn, client->poller);
}

static void
output_flush(sp_client *client)
{
	list_for_safe (it, &client->sessions) {
		struct session *s = list_entry(it, struct session, node);

		if (s->dirty)
			session_turn(s);
	}
}

/* Where calls are under way already, the next ones wait for each other: many leave in one write. */
static bool
any_joins_others(const sp_client *client)
{
	list_for (it, &client->sessions) {
		const struct session *s = list_entry(it, struct session, node);

		if (s->dirty && s->n_calls > 1)
			return true;
	}
	return false;
}

void
client_flush(sp_client *client)
{
	if (client->poller->turning || any_joins_others(client))
		client_wake(client);
	else
		output_flush(client);
}

/* Calls that end while these are told of wait for the next turn. */
static void
finished_deliver(sp_client *client)
{
	struct list now;

	if (list_is_empty(&client->finished))
		return;
	now = client->finished;
	now.next->prev = now.prev->next = &now;
	list_init(&client->finished);
	while (!list_is_empty(&now)) {
		struct client_call *c = list_entry(now.next, struct client_call, node);

		list_remove(&c->node);
		call_deliver(c);
	}
}

static void
turn(void *arg)
{
	sp_client *client = arg;

	if (client->dial && client->dial->over)
		pool_dialled(client);
	finished_deliver(client);
	pool_assign(client);
	output_flush(client);
}

int
sp_client_fd(const sp_client *client)
{
	return client->poller->fd;
}

short
sp_client_events(const sp_client *client)
{
	(void)client;
	return POLLIN;
}

sp_nanos
sp_client_due(const sp_client *client)
{
	return poller_due(client->poller);
}

int
sp_client_timeout_ms(const sp_client *client)
{
	return time_poll_ms(time_now(), poller_due(client->poller));
}

void
sp_client_service(sp_client *client)
{
	if (!client->poller->turning)
		poller_turn(client->poller, 0);
}
