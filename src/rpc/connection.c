/* SPDX-License-Identifier: MIT */
#include "rpc/server.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "net/pipe.h"
#include "net/tcp.h"
#include "rpc/pipe_server.h"
#include "rpc/security.h"

/* mgmt's figures are true after each turn, not only when a connection ends */
static void
count_packets(struct connection *c)
{
	const struct assoc_counters *now = assoc_counters(&c->link.conn);
	struct server_thread *t = c->thread;

	stats_add(&t->stats.packets_in, now->packets_in - c->counted.packets_in);
	stats_add(&t->stats.packets_out, now->packets_out - c->counted.packets_out);
	c->counted = *now;
}

static void
call_cancel(sp_call *call, unsigned wish)
{
	pthread_mutex_t *notify = &call->connection->thread->notify;
	void (*fn)(sp_call *, void *);

	atomic_fetch_or(&call->wish, wish);
	pthread_mutex_lock(notify);
	fn = call->on_cancel;
	call->on_cancel = NULL;
	if (fn)
		fn(call, call->on_cancel_arg);
	pthread_mutex_unlock(notify);
	if (call->pipes)
		server_pipes_lose(call);
	if (wish & CALL_ORPHANED)
		dispatch_give_up(call);
}

void
connection_cancel(struct connection *c, uint32_t call_id, unsigned wish)
{
	list_for_safe (it, &c->calls) {
		sp_call *call = list_entry(it, sp_call, node);

		if (call->call_id == call_id)
			call_cancel(call, wish);
	}
}

void
connection_cancel_all(struct connection *c, unsigned wish)
{
	list_for_safe (it, &c->calls)
		call_cancel(list_entry(it, sp_call, node), wish);
}

bool
sp_call_on_cancel(sp_call *call, void (*fn)(sp_call *, void *arg), void *arg)
{
	pthread_mutex_t *notify = &call->connection->thread->notify;
	bool waits;

	pthread_mutex_lock(notify);
	waits = !sp_call_is_cancelled(call);
	call->watches_cancel = true;
	call->on_cancel = waits ? fn : NULL;
	call->on_cancel_arg = arg;
	pthread_mutex_unlock(notify);
	return waits;
}

static void
on_event(void *arg, struct assoc_event *event)
{
	struct connection *c = arg;

	count_packets(c);
	switch (event->kind) {
	case ASSOC_EVENT_REQUEST: dispatch_request(c, event); return;
	case ASSOC_EVENT_MORE: dispatch_more(c, event); break;
	case ASSOC_EVENT_AUTH_STEP: server_security_step(c, event); break;
	case ASSOC_EVENT_CANCEL: connection_cancel(c, event->call_id, CALL_CANCELLED); break;
	case ASSOC_EVENT_ORPHANED: connection_cancel(c, event->call_id, CALL_ORPHANED); break;
	default: break;
	}
	buf_slice_fini(&event->take_stub);
}

static void
on_turned(void *arg)
{
	struct connection *c = arg;

	count_packets(c);
	list_for_safe (it, &c->calls) {
		sp_call *call = list_entry(it, sp_call, node);

		if (call->pipes && server_pipes_turned(call))
			link_again(&c->link);
	}
}

void
context_rundown(const struct registration *maker, uint32_t type, void *user)
{
	const struct sp_context_type *t = &maker->interface->contexts[type];

	if (t->rundown)
		t->rundown(maker->handlers, user);
}

static void
group_leave(struct connection *c)
{
	struct assoc_context *contexts;

	if (!c->group)
		return;
	contexts = assoc_group_leave(c->group);
	c->group = NULL;
	for (const struct assoc_context *x = contexts; x; x = x->next)
		context_rundown(x->interface, x->type, x->user);
	assoc_contexts_free(contexts);
}

static void
tell_closed(const struct connection *c)
{
	const sp_server *server = c->thread->server;

	for (size_t i = 0; i < server->n_registrations; i++) {
		const struct sp_interface_options *o = &server->registrations[i]->options;

		if (c->called[i] && o->connection_closed)
			o->connection_closed(o->connection_closed_arg, c->id);
	}
}

/* Contexts are run down only when no handler of the connection can be using them any more. */
static void
connection_free(struct connection *c)
{
	struct server_thread *thread = c->thread;

	group_leave(c);
	tell_closed(c);
	list_remove(&c->node);
	mem_free(c);
	atomic_fetch_sub(&thread->n_connections, 1);
	atomic_fetch_sub(&thread->server->n_connections, 1);
	if (thread->ending && list_is_empty(&thread->connections))
		loop_stop(thread->loop);
}

static void
on_closed(void *arg, const struct assoc_event *close)
{
	struct connection *c = arg;

	count_packets(c);
	if (close->close == ASSOC_CLOSE_PROTOCOL || close->close == ASSOC_CLOSE_LIMIT ||
		close->close == ASSOC_CLOSE_TIMEOUT)
		server_log(c->thread->server, SP_LOG_WARNING, "closed the connection of %s: %s",
			c->peer_text, close->what);
	if (close->close == ASSOC_CLOSE_SECURITY && c->thread->server->security)
		server_security_failed(c->thread->server, c, close->what);
	c->gone = true;
	c->group = assoc_take_group(&c->link.conn);
	assoc_fini(&c->link.conn);
	connection_cancel_all(c, CALL_ORPHANED);
	if (c->n_calls == 0)
		connection_free(c);
}

static const struct link_owner link_owner = {on_event, on_turned, on_closed};

/* One machine, or over ncalrpc one user: [MS-RPCE] 3.3.1.5.7 goes by the IP address. */
static struct assoc_peer
whose(struct connection *c)
{
	struct address peer = {.len = sizeof(peer.storage)}, own = {.len = sizeof(own.storage)};
	uint8_t host[16], own_host[16];
	struct assoc_peer p = {{0}};

	if (c->local) {
		p.bytes[0] = 'l';
		memcpy(p.bytes + 1, &c->uid, sizeof(c->uid));
	} else if (!getpeername(c->fd, (struct sockaddr *)&peer.storage, &peer.len) &&
		   !getsockname(c->fd, (struct sockaddr *)&own.storage, &own.len)) {
		address_host(&peer, host);
		address_host(&own, own_host);
		memcpy(&c->host, host, sizeof(host));
		c->host_is_known = true;
		p.bytes[0] = 't';
		/* this machine has many addresses */
		if (memcmp(host, own_host, sizeof(host)) != 0)
			memcpy(p.bytes + 1, host, sizeof(host));
	}
	return p;
}

static void
on_hello(void *arg)
{
	struct connection *c = arg;
	sp_server *server = c->thread->server;
	struct assoc_peer peer = whose(c);

	assoc_server_init(&c->link.conn, &server->limits, &c->listener->policy, time_now());
	assoc_server_identify(&c->link.conn, &peer);
	list_append(&c->thread->connections, &c->node);
	if (!link_start(&c->link, &c->thread->queue, c->fd, server->limits.pdu_timeout, &link_owner,
		    c)) {
		assoc_fini(&c->link.conn);
		c->gone = true;
		connection_free(c);
	}
}

static void
describe(struct connection *c, int fd)
{
	char local[ADDRESS_TEXT], peer[ADDRESS_TEXT];

	c->local = local_peer(fd, &c->pid, &c->uid, &c->gid);
	if (c->local) {
		snprintf(c->peer_text, sizeof(c->peer_text), "ncalrpc:[pid=%d]", (int)c->pid);
		snprintf(c->local_text, sizeof(c->local_text), "ncalrpc:[%s]",
			c->listener->endpoint);
		return;
	}
	tcp_tune(fd);
	if (c->thread->server->options.keep_alive)
		tcp_keep_alive(fd, c->thread->server->options.keep_alive);
	tcp_names(fd, local, peer);
	snprintf(c->peer_text, sizeof(c->peer_text), "ncacn_ip_tcp:%s", peer);
	snprintf(c->local_text, sizeof(c->local_text), "ncacn_ip_tcp:%s", local);
}

static struct server_thread *
least_busy(sp_server *server)
{
	struct server_thread *best = &server->threads[0];

	for (unsigned i = 1; i < server->n_threads; i++)
		if (atomic_load(&server->threads[i].n_connections) <
			atomic_load(&best->n_connections))
			best = &server->threads[i];
	return best;
}

bool
connection_new(struct listener *listener, int take_fd)
{
	sp_server *server = listener->server;
	struct connection *c = NULL;

	if (atomic_load(&server->n_connections) < server->options.max_connections)
		c = mem_zalloc(1, sizeof(*c) + server->n_registrations * sizeof(c->called[0]));
	if (!c) {
		pipe_close(take_fd);
		return false;
	}
	list_init(&c->node);
	list_init(&c->calls);
	c->listener = listener;
	c->thread = least_busy(server);
	c->fd = take_fd;
	c->id = atomic_fetch_add(&server->next_connection, 1) + 1;
	describe(c, take_fd);
	atomic_fetch_add(&server->n_connections, 1);
	atomic_fetch_add(&c->thread->n_connections, 1);
	c->hello = (struct loop_message){.fn = on_hello, .arg = c};
	loop_send(c->thread->loop, &c->hello);
	return true;
}

struct assoc_group *
connection_group(const struct connection *c)
{
	return c->gone ? c->group : assoc_conn_group(&c->link.conn);
}

bool
connection_addresses(
	const struct connection *c, struct address *ret_local, struct address *ret_peer)
{
	ret_local->len = ret_peer->len = sizeof(ret_local->storage);
	return !c->local && !c->gone &&
	       !getsockname(c->link.fd, (struct sockaddr *)&ret_local->storage, &ret_local->len) &&
	       !getpeername(c->link.fd, (struct sockaddr *)&ret_peer->storage, &ret_peer->len);
}

bool
connection_has_group(const struct connection *c, gid_t group)
{
	return c->local && !c->gone && (c->gid == group || local_peer_has_group(c->link.fd, group));
}

void
call_forget_context(sp_call *call, const void *user)
{
	struct assoc_group *group = connection_group(call->connection);

	if (group)
		assoc_group_forget_context(group, user);
}

void
call_end_connection(sp_call *call)
{
	if (!call->connection->gone)
		assoc_shutdown(&call->connection->link.conn);
}

void
connection_call_ended(struct connection *c)
{
	c->n_calls--;
	if (c->gone && c->n_calls == 0)
		connection_free(c);
}

uint64_t
sp_call_connection(const sp_call *call)
{
	return call->connection->id;
}

bool
sp_call_local_peer(const sp_call *call, pid_t *ret_pid, uid_t *ret_uid, gid_t *ret_gid)
{
	const struct connection *c = call->connection;

	if (!c->local)
		return false;
	if (ret_pid)
		*ret_pid = c->pid;
	if (ret_uid)
		*ret_uid = c->uid;
	if (ret_gid)
		*ret_gid = c->gid;
	return true;
}

const char *
sp_call_peer(const sp_call *call)
{
	return call->connection->peer_text;
}

const char *
sp_call_local(const sp_call *call)
{
	return call->connection->local_text;
}
