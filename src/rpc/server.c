/* SPDX-License-Identifier: MIT */
#include "rpc/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/tcp.h"
#include "rpc/access.h"
#include "rpc/registrar.h"
#include "rpc/security.h"

static _Thread_local const sp_server *server_of_this_thread; /* on its loops and workers */

void
server_log(const sp_server *server, enum sp_log_level level, const char *fmt, ...)
{
	char message[512];
	va_list ap;

	if (!server->options.log)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	server->options.log(server->options.log_arg, level, message);
}

/* --- life --- */

static bool
string_keep(const char **s)
{
	if (*s)
		*s = mem_strdup(*s);
	return *s != NULL;
}

static const char *
or_default(const char *given, const char *variable, const char *fallback)
{
	const char *set = variable ? getenv(variable) : NULL;

	if (given)
		return given;
	return set && *set ? set : fallback;
}

static bool
options_keep(struct sp_server_options *o)
{
	bool ok;

#define DEFAULT(member, value) o->member = o->member ? o->member : (value)
	DEFAULT(max_fragment, 5840);
	DEFAULT(max_request, 4u << 20);
	DEFAULT(max_memory, 64u << 20);
	DEFAULT(max_contexts, 128);
	DEFAULT(max_connections, 10000);
	DEFAULT(max_connection_memory, 8u << 20);
	DEFAULT(max_calls, 64);
	DEFAULT(n_workers, 8);
	DEFAULT(first_pdu_timeout, 30 * SP_SECOND);
	DEFAULT(pdu_timeout, 60 * SP_SECOND);
#undef DEFAULT
	o->port_policy = or_default(o->port_policy, "SALLYPORT_PORTS", "/etc/sallyport/ports.yaml");
	o->ncalrpc_dir =
		or_default(o->ncalrpc_dir, "SALLYPORT_NCALRPC_DIR", "/run/sallyport/ncalrpc");
	o->mapper_endpoint = or_default(o->mapper_endpoint, NULL, "epmapper");
	ok = string_keep(&o->port_policy);
	ok = string_keep(&o->ncalrpc_dir) && ok;
	return string_keep(&o->mapper_endpoint) && ok;
}

static struct assoc_limits
limits_of(const struct sp_server_options *o)
{
	return (struct assoc_limits){
		.max_fragment = o->max_fragment,
		.max_stub = o->max_request,
		.max_contexts = o->max_contexts,
		.max_calls = o->max_calls,
		.max_memory = o->max_connection_memory,
		.first_pdu_timeout = o->first_pdu_timeout,
		.pdu_timeout = o->pdu_timeout,
		.idle_timeout = o->idle_timeout,
	};
}

sp_status
sp_server_new(
	const struct sp_server_options *options, sp_server **ret_server, struct sp_error *reterr)
{
	sp_server *server;
	sp_status status;

	if (options && options->max_fragment && options->max_fragment < PDU_MUST_RECV_FRAG_SIZE)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"make a server with fragments of %u bytes - 1432 is the least that every "
			"implementation receives ([C706] 12.6.3.1) - raise max_fragment",
			options->max_fragment);
	server = mem_zalloc(1, sizeof(*server));
	if (!server)
		return error_no_memory(reterr);
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->changed, NULL);
	if (options)
		server->options = *options;
	server->groups = assoc_groups_new();
	if (!options_keep(&server->options) || !server->groups) {
		sp_server_free(server);
		return error_no_memory(reterr);
	}
	server->limits = limits_of(&server->options);
	status = mgmt_register(server, reterr);
	if (status) {
		sp_server_free(server);
		return status;
	}
	*ret_server = server;
	return 0;
}

static void
registration_free(struct registration *r)
{
	if (!r)
		return;
	mem_free((void *)r->options.annotation);
	mem_free((void *)r->options.objects);
	access_rules_free(r->rules);
	mem_free(r);
}

void
sp_server_free(sp_server *server)
{
	if (!server)
		return;
	sp_server_stop(server);
	for (size_t i = 0; i < server->n_listeners; i++)
		listener_free(server->listeners[i]);
	for (size_t i = 0; i < server->n_registrations; i++)
		registration_free(server->registrations[i]);
	mem_free(server->listeners);
	mem_free(server->registrations);
	assoc_groups_free(server->groups);
	server_security_free(server->security);
	mem_free((void *)server->options.port_policy);
	mem_free((void *)server->options.ncalrpc_dir);
	mem_free((void *)server->options.mapper_endpoint);
	pthread_cond_destroy(&server->changed);
	pthread_mutex_destroy(&server->lock);
	mem_free(server);
}

/* --- where to listen --- */

static sp_status
must_be_idle(const sp_server *server, struct sp_error *reterr)
{
	if (server->state == SERVER_IDLE)
		return 0;
	return error_set(reterr, SP_PHASE_NONE, RPC_S_ALREADY_LISTENING,
		"change or start a server - it is running - stop it first");
}

static bool
is_port(const char *text)
{
	char *end;
	long port = strtol(text, &end, 10);

	return *text >= '0' && *text <= '9' && !*end && port > 0 && port <= 65535;
}

static sp_status
endpoint_check(bool local, const char *endpoint, const char *address, struct sp_error *reterr)
{
	struct address parsed;

	if (!local && endpoint && !is_port(endpoint))
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ENDPOINT_FORMAT,
			"listen on ncacn_ip_tcp:[%.60s] - that is no port from 1 to 65535 - an "
			"endpoint of "
			"this protocol sequence is a port in decimal digits",
			endpoint);
	if (address && (local || !address_parse(address, 0, &parsed)))
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_NET_ADDR,
			"listen on the address %.100s - it is no numeric IPv4 or IPv6 address - "
			"only "
			"ncacn_ip_tcp takes one, in digits",
			address);
	return 0;
}

sp_status
listeners_add(sp_server *server, struct listener *const *take, size_t n, struct sp_error *reterr)
{
	struct listener **larger =
		mem_resize(server->listeners, server->n_listeners + n, sizeof(*larger));

	if (!larger)
		return error_no_memory(reterr);
	server->listeners = larger;
	for (size_t i = 0; i < n; i++)
		larger[server->n_listeners++] = take[i];
	return 0;
}

static sp_status
listen_local(sp_server *server, const char *endpoint, struct sp_error *reterr)
{
	struct listener *l = listener_new(server, endpoint, NULL);
	sp_status status;

	if (!l)
		return error_no_memory(reterr);
	l->local = true;
	status = listener_open(l, reterr);
	if (!status)
		status = listeners_add(server, &l, 1, reterr);
	if (status)
		listener_free(l);
	return status;
}

sp_status
sp_server_use_protseq(sp_server *server, const char *protseq, const char *endpoint,
	const char *address, struct sp_error *reterr)
{
	bool local = !strcmp(protseq, "ncalrpc");
	sp_status status = must_be_idle(server, reterr);

	if (status)
		return status;
	if (!local && strcmp(protseq, "ncacn_ip_tcp"))
		return error_set(reterr, SP_PHASE_NONE, RPC_S_PROTSEQ_NOT_SUPPORTED,
			"listen on the protocol sequence %.40s - not supported by this server - "
			"use "
			"ncacn_ip_tcp or ncalrpc",
			protseq);
	endpoint = endpoint && *endpoint ? endpoint : NULL;
	address = address && *address ? address : NULL;
	status = endpoint_check(local, endpoint, address, reterr);
	if (status)
		return status;
	return local ? listen_local(server, endpoint, reterr)
		     : server_listen_tcp(server, endpoint, address, reterr);
}

/* What a socket from elsewhere listens on: *l is filled in. False: nothing that we speak over. */
static bool
socket_describe(struct listener *l, int fd, struct sp_error *reterr, sp_status *ret_status)
{
	struct address address;
	char text[ADDRESS_TEXT];
	int listening = 0;
	socklen_t len = sizeof(listening);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) || !listening ||
		!tcp_local_address(fd, &address)) {
		*ret_status = error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"take over descriptor %d - it is no listening stream socket - pass one",
			fd);
		return false;
	}
	l->fd = fd;
	l->taken = true;
	l->local = address.storage.ss_family == AF_UNIX;
	if (l->local) {
		const char *path = ((const struct sockaddr_un *)&address.storage)->sun_path;
		const char *slash = strrchr(path, '/');

		l->endpoint = mem_strdup(slash ? slash + 1 : path);
		l->binding = l->endpoint ? mem_printf("ncalrpc:[%s]", l->endpoint) : NULL;
	} else {
		address_format(&address, text);
		l->endpoint = mem_printf("%u", address_port(&address));
		if (address_is_any(&address))
			l->binding = mem_printf("ncacn_ip_tcp:[%u]", address_port(&address));
		else
			l->binding = mem_printf("ncacn_ip_tcp:%s", text);
		if (!address_is_any(&address)) {
			/* without the port, and without the brackets of IPv6 */
			*strrchr(text, '[') = 0;
			text[strcspn(text, "]")] = 0;
			l->address = mem_strdup(text[0] == '[' ? text + 1 : text);
		}
	}
	if (!l->endpoint || !l->binding)
		*ret_status = error_no_memory(reterr);
	return l->endpoint && l->binding;
}

sp_status
sp_server_use_socket(sp_server *server, int take_fd, struct sp_error *reterr)
{
	struct listener *l = NULL;
	sp_status status = must_be_idle(server, reterr);

	if (status)
		goto out;
	l = listener_new(server, NULL, NULL);
	if (!l) {
		status = error_no_memory(reterr);
		goto out;
	}
	if (!socket_describe(l, take_fd, reterr, &status))
		goto out;
	if (fcntl(take_fd, F_SETFL, fcntl(take_fd, F_GETFL) | O_NONBLOCK)) {
		status = error_errno(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG, errno,
			"make descriptor %d non-blocking - %s - pass a socket", take_fd,
			strerror(errno));
		goto out;
	}
	status = listeners_add(server, &l, 1, reterr);
out:
	if (status && l) {
		l->fd = -1;
		listener_free(l);
	}
	if (status)
		close(take_fd);
	return status;
}

size_t
sp_server_n_bindings(const sp_server *server)
{
	return server->n_listeners;
}

const char *
sp_server_binding(const sp_server *server, size_t i)
{
	return i < server->n_listeners ? server->listeners[i]->binding : NULL;
}

/* --- what is offered --- */

static struct registration *
registration_new(const struct sp_interface *interface, const void *handlers,
	const struct sp_interface_options *options)
{
	struct registration *r = mem_zalloc(1, sizeof(*r));
	size_t size;

	if (!r)
		return NULL;
	r->interface = interface;
	r->handlers = handlers;
	if (!options)
		return r;
	r->options = *options;
	r->options.identities = r->options.networks = NULL; /* the caller's */
	r->options.opnum_rules = NULL;
	r->options.annotation = options->annotation ? mem_strdup(options->annotation) : NULL;
	size = options->n_objects * sizeof(*options->objects);
	r->options.objects = size ? mem_alloc(size) : NULL;
	if ((options->annotation && !r->options.annotation) || (size && !r->options.objects)) {
		registration_free(r);
		return NULL;
	}
	if (size)
		memcpy((void *)r->options.objects, options->objects, size);
	return r;
}

sp_status
sp_server_register(sp_server *server, const struct sp_interface *interface, const void *handlers,
	const struct sp_interface_options *options, struct sp_error *reterr)
{
	struct registration *r, **larger;
	struct access_rules *rules = NULL;
	sp_status status = must_be_idle(server, reterr);

	if (status)
		return status;
	if (interface->abi != SP_STUB_ABI)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"register the interface %.60s - its stubs have ABI %u, this library has %u "
			"- "
			"compile its IDL again",
			interface->name, interface->abi, SP_STUB_ABI);
	if (options && options->annotation && strlen(options->annotation) > 63)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"register the interface %.60s - its annotation is longer than 63 bytes - "
			"shorten it",
			interface->name);
	for (size_t i = 0; i < server->n_registrations; i++)
		if (server->registrations[i]->interface == interface)
			return error_set(reterr, SP_PHASE_NONE, RPC_S_TYPE_ALREADY_REGISTERED,
				"register the interface %.60s - it is registered already - once is "
				"enough",
				interface->name);
	status = access_rules_new(interface->name, options, &rules, reterr);
	if (status)
		return status;
	larger = mem_resize(server->registrations, server->n_registrations + 1, sizeof(*larger));
	if (larger)
		server->registrations = larger;
	r = larger ? registration_new(interface, handlers, options) : NULL;
	if (!r) {
		access_rules_free(rules);
		return error_no_memory(reterr);
	}
	r->rules = rules;
	r->index = (unsigned)server->n_registrations;
	server->registrations[server->n_registrations++] = r;
	return 0;
}

/* --- running --- */

struct loop *
server_loop(const sp_server *server)
{
	return server->n_threads ? server->threads[0].loop : NULL;
}

void
server_thread_enter(const sp_server *server)
{
	server_of_this_thread = server;
}

bool
server_is_mine(const sp_server *server)
{
	return server_of_this_thread == server;
}

static void *
thread_main(void *arg)
{
	struct server_thread *thread = arg;

	server_thread_enter(thread->server);
	loop_run(thread->loop);
	return NULL;
}

/* Signals are the program's business: none is delivered to our threads. */
int
server_thread_create(pthread_t *ret, void *(*main)(void *), void *arg)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(ret, NULL, main, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

struct server_stats
server_stats(const sp_server *server)
{
	struct server_stats sum = server->past;

	for (unsigned i = 0; i < server->n_threads; i++) {
		const struct server_thread *t = &server->threads[i];

		sum.calls_in += atomic_load_explicit(&t->stats.calls_in, memory_order_relaxed);
		sum.calls_out += atomic_load_explicit(&t->stats.calls_out, memory_order_relaxed);
		sum.packets_in += atomic_load_explicit(&t->stats.packets_in, memory_order_relaxed);
		sum.packets_out +=
			atomic_load_explicit(&t->stats.packets_out, memory_order_relaxed);
	}
	return sum;
}

void
server_join(sp_server *server)
{
	for (unsigned i = 0; i < server->n_threads; i++)
		if (server->threads[i].running)
			pthread_join(server->threads[i].thread, NULL);
}

static void
offers_free(sp_server *server)
{
	for (size_t i = 0; server->streams && i < server->n_registrations; i++)
		mem_free(server->streams[i]);
	mem_free(server->streams);
	mem_free(server->offers);
	server->streams = NULL;
	server->offers = NULL;
}

void
server_take_down(sp_server *server)
{
	registrar_free(server->registrar); /* still there when the start failed */
	server->registrar = NULL;
	for (size_t i = 0; i < server->n_listeners; i++)
		listener_close(server->listeners[i]);
	workers_free(server->workers);
	server->workers = NULL;
	for (unsigned i = 0; i < server->n_threads; i++) {
		loop_timer_free(server->threads[i].limit);
		loop_free(server->threads[i].loop);
		pthread_mutex_destroy(&server->threads[i].notify);
	}
	server->past = server_stats(server);
	mem_free(server->threads);
	offers_free(server);
	server->threads = NULL;
	server->n_threads = 0;
}

bool
registration_has_pipes(const struct registration *r)
{
	for (uint32_t i = 0; i < r->interface->n_operations; i++)
		if (r->interface->operations[i].n_pipes)
			return true;
	return false;
}

static bool
has_pipe_in(const struct sp_operation *op)
{
	for (uint32_t i = 0; i < op->n_pipes; i++)
		if (op->pipes[i].is_in)
			return true;
	return false;
}

/* The requests of operations that have [in] pipes come a piece at a time. */
static bool
streams_make(sp_server *server, size_t i)
{
	const struct sp_interface *interface = server->registrations[i]->interface;
	bool *streams;

	if (!registration_has_pipes(server->registrations[i]))
		return true;
	streams = mem_zalloc(interface->n_operations, sizeof(*streams));
	if (!streams)
		return false;
	for (uint32_t k = 0; k < interface->n_operations; k++)
		streams[k] = has_pipe_in(&interface->operations[k]);
	server->streams[i] = streams;
	server->offers[i].streams = streams;
	server->offers[i].n_streams = interface->n_operations;
	return true;
}

static bool
offers_make(sp_server *server)
{
	server->offers = mem_zalloc(server->n_registrations, sizeof(*server->offers));
	server->streams = mem_zalloc(server->n_registrations, sizeof(*server->streams));
	if (!server->offers || !server->streams)
		return false;
	for (size_t i = 0; i < server->n_registrations; i++) {
		server->offers[i] =
			(struct assoc_offer){.interface = server->registrations[i]->interface->id,
				.cookie = server->registrations[i]};
		if (!streams_make(server, i))
			return false;
	}
	return true;
}

static void
notify_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t recursive;

	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(lock, &recursive);
	pthread_mutexattr_destroy(&recursive);
}

static bool
workers_make(sp_server *server)
{
	bool wanted = false;

	for (size_t i = 0; i < server->n_registrations; i++)
		wanted |= registration_is_on_workers(server->registrations[i], server) ||
			  registration_has_pipes(server->registrations[i]);
	if (wanted)
		server->workers = workers_new(server, server->options.n_workers);
	return server->workers || !wanted;
}

static bool
loops_make(sp_server *server, unsigned n_threads)
{
	server->threads = mem_zalloc(n_threads, sizeof(*server->threads));
	if (!server->threads)
		return false;
	for (; server->n_threads < n_threads; server->n_threads++) {
		struct server_thread *t = &server->threads[server->n_threads];

		t->server = server;
		list_init(&t->connections);
		t->loop = loop_new();
		if (!t->loop)
			return false;
		t->limit = loop_timer_new(t->loop, thread_stop, t);
		link_queue_init(&t->queue, t->loop);
		notify_init(&t->notify);
		if (!t->limit) {
			server->n_threads++; /* to be taken down as well */
			return false;
		}
	}
	for (size_t i = 0; i < server->n_listeners; i++)
		if (!listener_watch(server->listeners[i], server->threads[0].loop))
			return false;
	if (server->options.no_mapper)
		return true;
	server->registrar = registrar_new(server, &server->threads[0].queue);
	return server->registrar != NULL;
}

static bool
threads_create(sp_server *server)
{
	/* the first loop accepts and hands over: the others have to be there before it */
	for (unsigned i = server->n_threads; i-- > 0;) {
		struct server_thread *t = &server->threads[i];

		t->running = server_thread_create(&t->thread, thread_main, t) == 0;
		if (t->running)
			continue;
		for (unsigned k = i + 1; k < server->n_threads; k++)
			loop_stop(server->threads[k].loop);
		return false;
	}
	return true;
}

sp_status
sp_server_start(sp_server *server, unsigned n_threads, struct sp_error *reterr)
{
	sp_status status;

	pthread_mutex_lock(&server->lock);
	status = must_be_idle(server, reterr);
	if (!status && server->n_listeners == 0)
		status = error_set(reterr, SP_PHASE_NONE, RPC_S_NO_PROTSEQS_REGISTERED,
			"start a server - it listens nowhere - use a protocol sequence first");
	if (!status && n_threads == 0)
		status = error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"start a server with no thread - it could not run - ask for one at least");
	if (!status)
		status = server_listen_fixed(server, reterr);
	for (size_t i = 0; !status && i < server->n_listeners; i++)
		status = listener_open(server->listeners[i], reterr);
	if (status)
		goto out;
	tcp_make_room(server->options.max_connections);
	if (!offers_make(server) || !loops_make(server, n_threads) || !workers_make(server) ||
		!threads_create(server)) {
		server_join(server);
		server_take_down(server);
		status = error_no_memory(reterr);
		goto out;
	}
	atomic_store(&server->doors_closed, false);
	server->state = SERVER_RUNNING;
out:
	pthread_mutex_unlock(&server->lock);
	return status;
}
