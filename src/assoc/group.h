/* SPDX-License-Identifier: MIT */
/*
 * Association groups of one server and the context handles that live in them.
 * Thread-safe: every function locks. A group ends when its last connection
 * leaves; what is left in it is handed out for rundown exactly once.
 */
#ifndef ASSOC_GROUP_H
#define ASSOC_GROUP_H

#include <sallyport/types.h>

struct assoc_groups;
struct assoc_group;

struct assoc_groups *assoc_groups_new(void);
void assoc_groups_free(struct assoc_groups *); /* no group may be left */

/* id 0: a new group. Otherwise the group with that id: NULL when there is none. Adds one connection. */
struct assoc_group *assoc_group_join(struct assoc_groups *, uint32_t id);
uint32_t assoc_group_id(const struct assoc_group *);

struct assoc_context {
	struct sp_uuid uuid;
	const void *interface; /* the owner's: which registration made it */
	uint32_t type;         /* index in the interface's contexts */
	void *user;
};
/*
 * Removes one connection. When it was the last, *ret_contexts (n entries, mem_free'd by the caller) are the
 * contexts to run down; otherwise *ret_n is 0.
 */
void assoc_group_leave(struct assoc_group *, struct assoc_context **ret_contexts, size_t *ret_n);

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

#endif
