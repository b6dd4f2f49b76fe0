/* SPDX-License-Identifier: MIT */
/*
 * A link is a pipe and the engine that speaks over it: the only place of the runtime that sees both.
 * A loop drives it (server, registration with the mapper), or a client's session, which waits in its caller's thread.
 */
#ifndef RPC_LINK_H
#define RPC_LINK_H

#include "assoc/assoc.h"
#include "net/loop.h"

/* All on the loop's thread. */
struct link_owner {
	void (*event)(
		void *arg, struct assoc_event *); /* every event but CLOSE; may reply at once */
	void (*turned)(void *arg);                /* after events and output were worked off */
	/* The descriptor is closed; conn is still there. Last call; may free the link. close: the engine's reason */
	void (*closed)(void *arg, const struct assoc_event *close);
};

/*
 * Who shares a loop. A link that has more events than a turn delivers waits here for its next turn, which comes after
 * everybody else's.
 */
struct link_queue {
	struct loop *loop;
	struct list links;
	struct loop_message message;
	bool is_sent;
};

struct link {
	struct assoc_conn conn;
	int fd;        /* -1: closed */
	int sys_errno; /* what broke the pipe; 0 */
	bool closing;  /* the engine said CLOSE: what is queued still goes out */
	struct assoc_event close;
	/* driven by a loop */
	struct loop_watch *watch;
	struct loop_timer *timer;
	sp_nanos timer_at;
	sp_nanos stalled_until; /* output that nobody reads ends the connection then */
	sp_nanos stall_timeout;
	bool turning, ended;
	bool paused; /* the engine had no room for what can be read */
	bool queued;
	struct list node; /* in queue->links while queued */
	struct link_queue *queue;
	const struct link_owner *owner;
	void *arg;
};

/* --- by a loop --- */
void link_queue_init(struct link_queue *, struct loop *);
/*
 * conn must be initialised; take_fd non-blocking, closed by the link also on failure; the queue must stay until its loop
 * has ended. False: no memory.
 */
SP_NODISCARD bool link_start(struct link *, struct link_queue *, int take_fd,
	sp_nanos stall_timeout, const struct link_owner *, void *arg);
/* To be called after the owner has said something to the engine outside an event. May end with closed(). */
void link_turn(struct link *);
/* It has another turn soon: for an owner that has something to say in turned(). */
void link_again(struct link *);
void link_end(struct link *); /* closes at once; closed() is called before it returns */

/* --- by whoever else waits for the descriptor (a client's session) --- */
/* What the pipe takes now, or much of it. Returns whether a byte left; *ret_blocked: there is more. */
bool link_flush(struct link *, bool *ret_blocked);
/* One read straight into the fragment. False: the engine takes no more now. */
SP_NODISCARD bool link_receive(struct link *);

#endif
