/* SPDX-License-Identifier: MIT */
/* The end of a server: at once, or after the calls that are under way. */
#include "base/time.h"
#include "rpc/registrar.h"
#include "rpc/server.h"

/* --- on the threads --- */

void
thread_stop(void *arg)
{
	struct server_thread *thread = arg;

	if (!list_is_empty(&thread->connections))
		atomic_store(&thread->server->cut_short, true);
	thread->ending = true;
	if (list_is_empty(&thread->connections))
		loop_stop(thread->loop);
	list_for_safe (it, &thread->connections)
		link_end(&list_entry(it, struct connection, node)->link);
}

/* What is idle closes now, the others when their calls have been answered, all of them at the limit. */
static void
thread_finish(void *arg)
{
	struct server_thread *thread = arg;

	if (thread->ending)
		return;
	thread->ending = true;
	if (list_is_empty(&thread->connections)) {
		loop_stop(thread->loop);
		return;
	}
	loop_timer_set(thread->limit, thread->server->finish_until);
	list_for_safe (it, &thread->connections) {
		struct connection *c = list_entry(it, struct connection, node);

		if (c->gone)
			continue;
		assoc_shutdown(&c->link.conn);
		link_turn(&c->link);
	}
}

/* On the first loop: nothing new comes after this, and the mapper forgets the server. */
static void
close_doors(sp_server *server)
{
	registrar_free(server->registrar);
	server->registrar = NULL;
	for (size_t i = 0; i < server->n_listeners; i++)
		listener_close(server->listeners[i]);
	atomic_store(&server->doors_closed, true);
}

static void
on_finish(void *arg)
{
	sp_server *server = arg;

	close_doors(server);
	for (unsigned i = 0; i < server->n_threads; i++) {
		struct server_thread *t = &server->threads[i];

		t->finish = (struct loop_message){.fn = thread_finish, .arg = t};
		loop_send(t->loop, &t->finish);
	}
}

static void
stop_threads(sp_server *server)
{
	for (unsigned i = 0; i < server->n_threads; i++) {
		struct server_thread *t = &server->threads[i];

		t->stop = (struct loop_message){.fn = thread_stop, .arg = t};
		loop_send(t->loop, &t->stop);
	}
}

static void
on_stop(void *arg)
{
	close_doors(arg);
	stop_threads(arg);
}

/* --- by the program --- */

/* With the lock held, which is released while this thread is the one that joins the others. */
static void
wait_idle(sp_server *server)
{
	if (!server->joining && server->state != SERVER_IDLE) {
		server->joining = true;
		pthread_mutex_unlock(&server->lock);
		server_join(server);
		pthread_mutex_lock(&server->lock);
		server->state = SERVER_STOPPING; /* no loop takes messages any more */
		pthread_mutex_unlock(&server->lock);
		server_take_down(server);
		pthread_mutex_lock(&server->lock);
		server->joining = false;
		server->state = SERVER_IDLE;
		pthread_cond_broadcast(&server->changed);
	}
	while (server->state != SERVER_IDLE)
		pthread_cond_wait(&server->changed, &server->lock);
}

static void
begin(sp_server *server, enum server_state state, struct loop_message *message,
	void (*fn)(void *arg))
{
	server->state = state;
	*message = (struct loop_message){.fn = fn, .arg = server};
	loop_send(server->threads[0].loop, message);
}

void
sp_server_stop(sp_server *server)
{
	pthread_mutex_lock(&server->lock);
	if (server->state == SERVER_FINISHING && atomic_load(&server->doors_closed)) {
		/* the first loop may have ended; the others are waiting for nobody else */
		server->state = SERVER_STOPPING;
		stop_threads(server);
	} else if (server->state == SERVER_RUNNING || server->state == SERVER_FINISHING) {
		begin(server, SERVER_STOPPING, &server->begin_stop, on_stop);
	}
	/* a thread of the server cannot wait for itself */
	if (!server_is_mine(server))
		wait_idle(server);
	pthread_mutex_unlock(&server->lock);
}

bool
sp_server_finish(sp_server *server, sp_nanos limit)
{
	bool whole = false;

	pthread_mutex_lock(&server->lock);
	if (server->state == SERVER_RUNNING) {
		atomic_store(&server->cut_short, false);
		server->finish_until = time_after(time_now(), limit);
		begin(server, SERVER_FINISHING, &server->begin_finish, on_finish);
	}
	if (!server_is_mine(server)) {
		wait_idle(server);
		whole = !atomic_load(&server->cut_short);
	}
	pthread_mutex_unlock(&server->lock);
	return whole;
}
