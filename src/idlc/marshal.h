/* SPDX-License-Identifier: MIT */
/* Code that marshals shapes; what an operation is made of (emit_ndr.c) is written with it. */
#ifndef IDLC_MARSHAL_H
#define IDLC_MARSHAL_H

#include "idlc/emit.h"

/* What the names in size_is and its kin mean at this place. */
struct scope {
	const char *stem;   /* of function names: "point", "add" */
	const char *prefix; /* "self->" or "args->" */
	const char *type;   /* "struct point" */
	const char
		*argument; /* what is handed to referents here: "self", "args", "late", "scope" */
	const char *late;  /* operations with counts that wait: "struct add_in_late" */
	bool is_operation;
	bool is_out;               /* operations: the answer's direction */
	const struct field *field; /* the one at hand */
	unsigned level;            /* pointers gone through in this field */
};

/* A count of an operation that can only be checked when all parameters are there. */
struct late {
	struct late *next;        /* of the same operation and direction */
	struct late *next_of_all; /* referents are written when all operations are through */
	const struct expr *expr;
	const char *expected, *what;
	unsigned number;
	bool is_out;
};

struct routine;

struct marshal {
	struct compiler *c;
	struct interface *interface;
	struct routine *routines, **routines_tail;
	/* Parts in the making; kept here so that they are freed whatever happens. */
	struct text body, locals_part, tail_part, arm, functions;
	struct text structs;    /* of counts that wait */
	struct text operations; /* the operations' functions */
	struct text *out;       /* the body being written */
	struct text *locals;    /* structs: variables at the top of the body */
	struct text *tail;      /* structs: checks that wait for the fields behind */
	struct late *lates;     /* of all operations */
	unsigned loops;         /* nesting, for names of indices */
};

void marshal_init(struct marshal *, struct compiler *);
void marshal_fini(struct marshal *);
bool marshal_failed(const struct marshal *); /* no memory for some text */
/* Writes prototypes, functions, then the operations. */
void marshal_finish(struct marshal *, struct text *ret);

/* Statements that move the value at `at`. */
void marshal_pull(struct marshal *, const struct shape *, const char *at, struct scope *);
void marshal_push(struct marshal *, const struct shape *, const char *at, struct scope *);
/* The check of a top-level pointer whose array's size came later. */
void marshal_pull_late_sized(struct marshal *, const struct field *, struct scope *);
/* The name of the function for what a pointer points to. */
const char *marshal_referent(
	struct marshal *, bool is_pull, const struct shape *pointee, struct scope *);

/* --- between marshal.c and its parts ------------------------------------------------------------------- */

enum routine_kind { ROUTINE_VALUE, ROUTINE_FLAT, ROUTINE_REFERENT, ROUTINE_CONVERT };

struct routine {
	struct routine *next;
	enum routine_kind kind;
	bool is_pull;
	const char *name;
	const struct shape *shape;
	struct scope scope;
};

/* Asks for a function; returns its name. */
const char *marshal_ask(struct marshal *, enum routine_kind, bool is_pull, const char *name,
	const struct shape *, const struct scope *);
const char *marshal_type_name(struct marshal *, const struct shape *); /* "point" */
/* Must a check of this expression wait for something that follows on the wire? */
bool marshal_is_late(const struct expr *, const struct scope *);
/* Checks that `got` is what the expression says, now or later; kind: "size_is". */
void marshal_expect(struct marshal *, const char *got, const char *expected, const struct expr *,
	const char *kind, const struct scope *);
const char *marshal_what(struct marshal *, const struct scope *); /* "point.x" */
/* The switch as the tag carries it, as uint64_t. */
const char *marshal_switch(struct marshal *, const struct shape *, const struct scope *);

/*
 * The size that something else gives an array behind a pointer that may be NULL: then that must be 0
 * ([MS-RPCE] 3.1.1.5.3.3.1.2). NULL when there is none.
 */
const struct dimension *marshal_size_of(const struct shape *pointer);

/* arrays (marshal_array.c); `at` is the expression of the first element's address */
void marshal_pull_array(
	struct marshal *, const struct shape *, const char *at, struct scope *, bool hoisted);
void marshal_push_array(
	struct marshal *, const struct shape *, const char *at, struct scope *, bool hoisted);
void marshal_pull_array_new(struct marshal *, const struct shape *, struct scope *);
/* structs and unions (marshal_type.c): the body of a function for `self` */
void marshal_pull_type(struct marshal *, const struct shape *);
void marshal_push_type(struct marshal *, const struct shape *);
void marshal_load(struct marshal *, const struct shape *);
void marshal_store(struct marshal *, const struct shape *);
/* The trailing array of a conformant struct, and the path to it: "self->tail.v". */
const struct shape *marshal_tail(
	struct marshal *, const struct shape *, const char *self, const char **ret_path);
/* Is this one copied by loads and stores? */
bool marshal_is_flat(struct marshal *, const struct shape *);
/* A declaration inside of a function, where the house's format takes "char(*v)[4]" for a call. */
const char *marshal_local(struct marshal *, const struct shape *, const char *name);
const char *marshal_address(struct marshal *, const char *at); /* "&x", but "v" for "*v" */

#endif
