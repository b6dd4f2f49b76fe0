/* SPDX-License-Identifier: MIT */
/* The global names of an IDL file, each of them once. */
#ifndef IDLC_NAMES_H
#define IDLC_NAMES_H

#include "idlc/compiler.h"

enum name_space { NAME_PLAIN, NAME_TAG };

/* Exactly one of the three is set. */
struct meaning {
	struct type *type;
	struct decl *constant;
	struct enumerator *enumerator;
	struct pos pos;
	enum walk_state evaluated; /* constants */
	bool is_broken;
};

/* NULL when unknown. */
struct meaning *names_find(const struct compiler *, enum name_space, const char *name);
/* Reports a second definition; the first one stays. */
void names_add(struct compiler *, enum name_space, const char *name, struct meaning);
/* Enters all names of all declarations and gives tags to what has none. */
void names_collect(struct compiler *);

#endif
