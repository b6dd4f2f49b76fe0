/* SPDX-License-Identifier: MIT */
/*
 * Association groups of one server and the context handles that live in them.
 * Thread-safe: every function locks. A group ends when its last connection
 * leaves; what is left in it is handed out for rundown exactly once.
 */
#ifndef ASSOC_GROUP_H
#define ASSOC_GROUP_H

#include <sallyport/types.h>

#include "base/list.h"

struct assoc_groups;
struct assoc_group;

struct assoc_groups *assoc_groups_new(void);
void assoc_groups_free(struct assoc_groups *); /* no group may be left */

/* Which machine a client is on, in the owner's words; all zero where that cannot be known. */
struct assoc_peer {
	uint8_t bytes[20];
};

/*
 * id 0: a new group. Otherwise the group with that id: NULL when there is none, or when it was made by a client on
 * another machine ([MS-RPCE] 3.3.1.5.7), or without memory. Adds one connection.
 */
struct assoc_group *assoc_group_join(struct assoc_groups *, uint32_t id, const struct assoc_peer *);
uint32_t assoc_group_id(const struct assoc_group *);
/* The connection has gone, though its calls may still be running. Nobody joins a group without connections. */
void assoc_group_part(struct assoc_group *);

struct assoc_context {
	struct assoc_context *next; /* of those that are handed out */
	struct sp_uuid uuid;
	const void *interface; /* the owner's: which registration made it */
	uint32_t type;         /* index in the interface's contexts */
	void *user;
};
/*
 * The calls of a connection that has parted are over, too. When it was the last, the contexts to run down are returned, to be
 * released by assoc_contexts_free().
 */
struct assoc_context *assoc_group_leave(struct assoc_group *);
void assoc_contexts_free(struct assoc_context *);

/* Makes up a UUID and stores user under it. False: no memory. */
SP_NODISCARD bool assoc_group_add_context(struct assoc_group *, const void *interface,
	uint32_t type, void *user, struct sp_uuid *ret_uuid);
SP_NODISCARD bool assoc_group_find_context(
	struct assoc_group *, const struct sp_uuid *, struct assoc_context *ret);
bool assoc_group_set_context(struct assoc_group *, const struct sp_uuid *, void *user);
bool assoc_group_remove_context(struct assoc_group *, const struct sp_uuid *);
/* Removes the one that stands for user, if there is one. */
void assoc_group_forget_context(struct assoc_group *, const void *user);
size_t assoc_group_n_contexts(struct assoc_group *);

/* --- one call at a time: context.c --------------------------------------------------------------------- */

struct context_node;

struct assoc_hold {       /* private */
	struct list node; /* in holder->holds */
	struct context_node *context;
	bool shared;
};

/*
 * A call and the contexts that it uses: each alone, or together with others that share it. Zeroed, it holds nothing.
 * granted() says that a context that was waited for is held now, or is no more, and that the call shall look for its
 * contexts again. It is called on any thread under a lock: it may send a message and nothing else.
 */
struct assoc_holder {
	void (*granted)(struct assoc_holder *);
	/* private */
	struct assoc_group *group;
	struct list holds;
	struct list node; /* among those that wait for a context */
	struct assoc_hold *waiting;
	struct assoc_hold first; /* mostly there is one */
};

enum assoc_held {
	ASSOC_HELD,
	ASSOC_NOT_THERE, /* no such context, or it does not fit */
	ASSOC_WAITS,     /* another call has it. What was held is released; granted() follows */
	ASSOC_NO_MEMORY,
};

void assoc_holder_init(
	struct assoc_holder *, struct assoc_group *, void (*granted)(struct assoc_holder *));
/* fits: called under the lock. */
SP_NODISCARD enum assoc_held assoc_holder_take(struct assoc_holder *, const struct sp_uuid *,
	bool shared, bool (*fits)(const void *arg, const struct assoc_context *), const void *arg,
	void **ret_user);
/* Releases what is held and waits for nothing. Repeatable. True: granted() would have been called and will not be. */
bool assoc_holder_fini(struct assoc_holder *);

#endif
