/* SPDX-License-Identifier: MIT */
/* Which call goes out over which connection, and when another one is opened ([MS-RPCE] 3.3.2.4.1.2). */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "rpc/client.h"
#include "wire/bind.h"

/* --- calls that wait --- */

void
pool_take_back(struct client_call *c)
{
	sp_client *client = c->call.client;

	c->place = CALL_QUEUED;
	list_append(client->queue.next, &c->node); /* before the first: to the front */
	client_wake(client);
}

/* What provably did not run, and what its interface calls harmless when it runs twice (C706 4.2.22.5). */
bool
pool_may_retry(const struct client_call *c, bool sent)
{
	return !c->retried && (!sent || c->idempotent);
}

/* Does this connection lead to where the interface is? */
static bool
leads_to(const struct session *s, const struct client_call *c)
{
	const struct endpoint *known;

	if (s->retiring || c->must_resolve)
		return false;
	if (*s->client->binding->endpoint)
		return true;
	/* an interface of which nothing is known is asked of whoever is there, as Windows does */
	known = endpoint_find(s->client, &c->interface);
	return !known || strcmp(known->endpoint, s->endpoint) == 0;
}

/* The first with room: calls in a row stay on one connection, which keeps their order. */
static struct session *
session_choose(sp_client *client, const struct client_call *c)
{
	uint32_t room;

	list_for_safe (it, &client->sessions) {
		struct session *s = list_entry(it, struct session, node);

		if (leads_to(s, c) && s->serial != c->avoids && session_room(s, &room) && room > 0)
			return s;
	}
	return NULL;
}

/* --- connections --- */

static void
dial_for(sp_client *client, struct client_call *c)
{
	const struct session *with = NULL;
	bool negotiates = false;

	if (client->dial)
		return;
	list_for (it, &client->sessions) {
		const struct session *s = list_entry(it, struct session, node);

		if (!leads_to(s, c))
			continue;
		with = s;
		negotiates |= !assoc_client_is_bound(&s->link.conn);
	}
	/* whether it multiplexes shows when it is bound */
	if (with && (negotiates || client->n_sessions >= client->most_sessions))
		return;
	client->dial = dial_start(client, c, with);
	if (client->dial)
		return;
	list_remove(&c->node);
	call_finish(c, error_no_memory(&c->error));
}

void
pool_assign(sp_client *client)
{
	while (!list_is_empty(&client->queue)) {
		struct client_call *c = list_entry(client->queue.next, struct client_call, node);
		struct session *s = session_choose(client, c);

		if (!s) {
			dial_for(client, c);
			if (c->place == CALL_QUEUED)
				return;
			continue;
		}
		list_remove(&c->node);
		call_communicates(c);
		session_call(s, c);
	}
}

static bool
waits_for(const struct client_call *c, const struct dial *d)
{
	return *d->client->binding->endpoint || syntax_equal(&c->interface, &d->interface);
}

static void
dial_failed(sp_client *client, const struct dial *d)
{
	if (d->joins) {
		/* the others go on without it */
		client->most_sessions = client->n_sessions;
		list_for (it, &client->queue)
			list_entry(it, struct client_call, node)->avoids = 0;
		return;
	}
	list_for_safe (it, &client->queue) {
		struct client_call *c = list_entry(it, struct client_call, node);

		if (!waits_for(c, d))
			continue;
		list_remove(&c->node);
		c->error = d->error;
		call_finish(c, d->status);
	}
}

static void
peer_set(sp_client *client, const char *peer)
{
	char *copy = mem_strdup(peer);

	if (!copy)
		return; /* the old one is as good as can be had */
	mem_free(client->peer);
	client->peer = copy;
}

static void
dial_connected(sp_client *client, struct dial *d)
{
	struct session *s;
	char *endpoint = d->endpoint, *peer = d->peer;
	int fd = d->fd;

	if (d->asks)
		endpoint_remember(client, &d->interface, endpoint, d->advertised);
	d->endpoint = d->peer = NULL;
	d->fd = -1;
	peer_set(client, peer);
	if (!session_new(client, fd, endpoint, peer, &d->address, d->group_id, &s)) {
		d->status = error_no_memory(&d->error);
		dial_failed(client, d);
		return;
	}
	list_for (it, &client->queue) {
		struct client_call *c = list_entry(it, struct client_call, node);

		if (d->asks && syntax_equal(&c->interface, &d->interface))
			c->must_resolve = false;
		call_communicates(c);
	}
}

void
pool_dialled(sp_client *client)
{
	struct dial *d = client->dial;

	client->dial = NULL;
	if (d->status)
		dial_failed(client, d);
	else
		dial_connected(client, d);
	dial_free(d);
}

void
pool_drop(sp_client *client)
{
	dial_free(client->dial);
	client->dial = NULL;
	list_for_safe (it, &client->queue) {
		struct client_call *c = list_entry(it, struct client_call, node);

		list_remove(&c->node);
		call_finish(c, outcome_cancelled(c, false));
	}
	list_for_safe (it, &client->sessions)
		session_drop(list_entry(it, struct session, node));
	endpoint_forget(client, NULL);
	transfer_forget(client, NULL);
}
