/* SPDX-License-Identifier: MIT */
/* The insides of sp_server, shared by the files of rpc/ only. */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include "assoc/group.h"
#include "net/address.h"
#include "net/local.h"
#include "rpc/call.h"
#include "rpc/link.h"

struct registration { /* an interface that is offered */
	const struct sp_interface *interface;
	const void *handlers;
	struct sp_interface_options options; /* annotation and objects are our copies */
	struct access_rules *rules;          /* NULL: none */
	unsigned index;
	uint16_t fixed_port; /* by the port policy, where dynamic ports were asked for; 0: none */
};

enum listener_origin {
	LISTENER_GIVEN,   /* the program named the endpoint or handed over the socket */
	LISTENER_DYNAMIC, /* a port by the port policy */
	LISTENER_FIXED,   /* the port that the policy fixes for one interface */
};

struct listener {
	sp_server *server;
	int fd; /* -1: closed */
	bool taken, local;
	enum listener_origin origin;
	bool is_of_device; /* its address is one of a network interface that the port policy names */
	bool is_unmapped;  /* another one says the same to the mapper */
	char *endpoint;    /* as the mapper and clients name it: port or name */
	char *address;     /* NULL: every one */
	char *binding;
	char path[LOCAL_PATH];
	struct assoc_server_policy policy;
	struct loop_watch *watch;
	struct loop_timer *pause; /* out of descriptors: accept again later */
};

/* For mgmt: inq_stats (C706 appendix Q, rpc_mgmt_inq_stats). */
struct server_stats {
	uint64_t calls_in, calls_out, packets_in, packets_out;
};

struct server_thread {
	sp_server *server;
	/* written by this thread alone, so that no call waits for another thread's cache line */
	struct {
		atomic_uint_least64_t calls_in, calls_out, packets_in, packets_out;
	} stats;
	struct loop *loop;
	struct link_queue queue;
	pthread_t thread;
	bool running; /* has to be joined */
	struct list connections;
	atomic_uint n_connections;
	bool ending; /* the loop ends with the last connection */
	struct loop_message finish, stop;
	struct loop_timer *limit; /* of calls that are to be finished */
	pthread_mutex_t notify;   /* recursive; over on_cancel of its calls, also while one runs */
};

enum server_state { SERVER_IDLE, SERVER_RUNNING, SERVER_FINISHING, SERVER_STOPPING };

struct sp_server {
	struct sp_server_options options; /* strings are our copies; defaults filled in */
	struct assoc_limits limits;
	struct assoc_groups *groups;
	struct registration **registrations;
	size_t n_registrations;
	struct listener **listeners;
	size_t n_listeners;
	struct assoc_offer *offers; /* while running */
	bool **streams;             /* the offers' */
	struct server_thread *threads;
	unsigned n_threads;
	struct workers *workers; /* while running, when an interface wants them */

	pthread_mutex_t lock; /* over state and joining */
	pthread_cond_t changed;
	enum server_state state;
	bool joining;
	struct loop_message begin_finish, begin_stop;
	sp_nanos finish_until;
	atomic_bool doors_closed;
	atomic_bool cut_short;       /* connections were closed that were not at their end */
	struct registrar *registrar; /* while running; belongs to the first loop's thread */

	struct server_security *security; /* NULL: no providers */
	atomic_uint n_connections;
	atomic_uint_least64_t next_connection;
	struct server_stats past; /* of the threads that have ended */
};

/* What happened up to now, on all threads. */
struct server_stats server_stats(const sp_server *);

static inline void
stats_add(atomic_uint_least64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
		memory_order_relaxed);
}

void server_log(const sp_server *, enum sp_log_level, const char *fmt, ...) SP_PRINTF(3, 4);

/* A thread that no signal is delivered to: 0 or an errno. */
SP_NODISCARD int server_thread_create(pthread_t *ret, void *(*main)(void *), void *arg);
/* On the thread itself, first: whose it is. */
void server_thread_enter(const sp_server *);
/* This thread is one of the server's. */
bool server_is_mine(const sp_server *);
void server_join(sp_server *); /* waits for the loops */
/* Then: everything that belongs to running. */
void server_take_down(sp_server *);

/* The first thread's, while it runs. */
struct loop *server_loop(const sp_server *);

/* Does an operation have pipes? Then its handler waits for the network, on a worker thread. */
bool registration_has_pipes(const struct registration *);

/* mgmt's own handlers never block. */
static inline bool
registration_is_on_workers(const struct registration *r, const sp_server *server)
{
	return r->options.on_workers || (server->options.on_workers && r->index > 0);
}

/* listen.c */
struct listener *listener_new(sp_server *, const char *endpoint, const char *address);
void listener_free(struct listener *);
/* Opens a TCP port: 0 or an errno. */
SP_NODISCARD int listener_take(struct listener *, uint16_t port);
/* Opens it at its endpoint unless it is open, and gives it its binding. */
SP_NODISCARD sp_status listener_open(struct listener *, struct sp_error *reterr);
SP_NODISCARD bool listener_watch(struct listener *, struct loop *);
void listener_close(struct listener *);

/* server.c: all of them or none */
SP_NODISCARD sp_status listeners_add(
	sp_server *, struct listener *const *take, size_t n, struct sp_error *reterr);

/* ports.c: listening by the port policy */
SP_NODISCARD sp_status server_listen_tcp(
	sp_server *, const char *endpoint, const char *address, struct sp_error *reterr);
/* Before a start: the ports of interfaces that have one of their own. */
SP_NODISCARD sp_status server_listen_fixed(sp_server *, struct sp_error *reterr);
/* Whether the mapper shall name this listener for this interface. */
bool registration_is_at(const struct registration *, const struct listener *);

/* connection.c: what one accepted pipe is to the server. Belongs to its thread. */
struct connection {
	struct link link;
	struct list node; /* in thread->connections */
	struct server_thread *thread;
	struct listener *listener;
	struct loop_message hello; /* the hand-over to its thread */
	int fd;                    /* until the hand-over is done */
	uint64_t id;
	struct list calls;
	unsigned n_calls;
	struct assoc_group *group; /* taken from the engine when the pipe has gone */
	bool gone;
	bool local;
	pid_t pid;
	uid_t uid;
	gid_t gid;
	struct assoc_counters counted;
	bool host_is_known;
	struct in6_addr host; /* the peer's; IPv4 as ::ffff:0:0/96 */
	char peer_text[ADDRESS_TEXT + 32], local_text[ADDRESS_TEXT + 32];
	bool called[]; /* by registration->index */
};
/* On the accepting thread. False: over the limit or no memory; fd is closed. */
bool connection_new(struct listener *, int take_fd);
struct assoc_group *connection_group(const struct connection *);
/* Both ends of a connection over TCP. False: over ncalrpc, or it has gone. */
SP_NODISCARD bool connection_addresses(
	const struct connection *, struct address *ret_local, struct address *ret_peer);
/* Over ncalrpc: its user was in the group when it connected. */
SP_NODISCARD bool connection_has_group(const struct connection *, gid_t);
/* Tells the interface that a context has lost its client. */
void context_rundown(const struct registration *maker, uint32_t type, void *user);
/* A context handle of the caller's association group is no more; it is not run down. */
void call_forget_context(sp_call *, const void *user);
/* The connection closes once its calls are answered. */
void call_end_connection(sp_call *);
/* The client wants its call to end, or all of them: CALL_* bits. */
void connection_cancel(struct connection *, uint32_t call_id, unsigned wish);
void connection_cancel_all(struct connection *, unsigned wish);
/* A call of the connection has ended; the connection may end with it. */
void connection_call_ended(struct connection *);

/* stop.c: closes everything; the loop ends when the last deferred call has */
void thread_stop(void *thread);

/* mgmt.c: every server offers it; it is reached through the endpoints of the others and never mapped itself */
SP_NODISCARD sp_status mgmt_register(sp_server *, struct sp_error *reterr);

/* dispatch.c */
void dispatch_request(struct connection *, struct assoc_event *);
void dispatch_more(struct connection *, struct assoc_event *); /* the next piece of a request */
/* Runs the handler on a thread that is not the loop's, which goes on with the call afterwards. */
void dispatch_work(sp_call *);
/* Nobody waits for its answer: if it has not run because it waits for a context, it never will. */
void dispatch_give_up(sp_call *);

/* worker.c: threads on which handlers may block */
struct workers *workers_new(sp_server *, unsigned n); /* NULL: no memory, no threads */
void workers_free(struct workers *);                  /* no call may be left; NULL is fine */
void workers_give(struct workers *, sp_call *);

#endif
