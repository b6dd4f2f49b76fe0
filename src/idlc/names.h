/* SPDX-License-Identifier: MIT */
/*
 * The global names of what was read. A name may be defined again: identically at any time, differently in another
 * file, whose definition then hides the earlier one from there on.
 */
#ifndef IDLC_NAMES_H
#define IDLC_NAMES_H

#include "idlc/compiler.h"

enum name_space { NAME_PLAIN, NAME_TAG };

/* Exactly one of type, constant, enumerator is set. */
struct meaning {
	struct meaning *before; /* the definition that this one follows */
	struct type *type;
	struct decl *constant;
	struct enumerator *enumerator;
	struct type *enumeration; /* of the enumerator */
	struct pos pos;
	unsigned sequence;
	enum walk_state evaluated; /* constants */
	bool is_broken;
};

/* The last one; NULL when unknown. */
struct meaning *names_find(const struct compiler *, enum name_space, const char *name);
/* What a use at this place means: the last definition before it, else the first one behind it. */
struct meaning *names_find_at(
	const struct compiler *, enum name_space, const char *name, unsigned sequence);
void names_add(struct compiler *, enum name_space, const char *name, struct meaning);
/* A name that looks much like this one; NULL when there is none. */
const char *names_similar(const struct compiler *, const char *name);
/* Enters all names of all declarations and gives tags to what has none. */
void names_collect(struct compiler *);
void names_collect_from(struct compiler *, struct decl *first);
/* Sorts out names with several definitions, and reports those that contradict each other in one file. */
void names_settle(struct compiler *);

#endif
