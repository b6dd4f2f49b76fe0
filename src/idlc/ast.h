/* SPDX-License-Identifier: MIT */
/*
 * What an IDL file says, as the parser read it and the checker completed it. Everything lives in
 * the compiler's arena and ends with it.
 */
#ifndef IDLC_AST_H
#define IDLC_AST_H

#include <sallyport/types.h>

#include "base/arena.h"

struct source {
	struct source *next; /* in the order of reading */
	const char *path;
	const char *identity; /* the same for all names of a file */
	const char *text;     /* NUL-terminated */
	char *heap;           /* where the text lives, unless it is in the arena */
	size_t len;
	bool imported; /* not the file named on the command line */
};

/* A place in a file; source is NULL for what is built in. */
struct pos {
	const struct source *source;
	size_t at; /* byte offset */
};

enum base_type {
	BASE_VOID,
	BASE_BYTE,
	BASE_CHAR,
	BASE_UCHAR,
	BASE_BOOLEAN,
	BASE_SMALL,
	BASE_USMALL,
	BASE_SHORT,
	BASE_USHORT,
	BASE_LONG,
	BASE_ULONG,
	BASE_HYPER,
	BASE_UHYPER,
	BASE_INT3264, /* 32 bits in NDR, 64 in NDR64 and in memory */
	BASE_UINT3264,
	BASE_FLOAT,
	BASE_DOUBLE,
	BASE_WCHAR,
	BASE_ERROR_STATUS,
	BASE_HANDLE,
	BASE_UUID,
	BASE_N
};

enum expr_op {
	EXPR_NUMBER,
	EXPR_STRING,
	EXPR_FRACTION, /* 1.5, as it is written */
	EXPR_NAME,
	EXPR_DEREF,
	EXPR_ADDRESS,
	EXPR_NEGATE,
	EXPR_PLUS,
	EXPR_NOT,
	EXPR_COMPLEMENT,
	EXPR_BINARY, /* op_text says which */
	EXPR_CONDITION,
	EXPR_MEMBER, /* a.name or a->name */
	EXPR_SIZEOF,
	EXPR_CAST,
};

struct expr {
	enum expr_op op;
	struct pos pos;
	unsigned sequence; /* when it was read, among all that is */
	const char *text;  /* operator, name or the string as written */
	struct expr *a, *b, *c;
	struct type *type; /* sizeof, cast */
	int64_t value;
	bool is_unsigned;    /* value is to be read as uint64_t */
	struct field *field; /* the sibling that a name means, after checking */
};

/* Comma-separated expressions, each of which may be absent: size_is(, n). */
struct expr_list {
	struct expr_list *next;
	struct expr *expr; /* NULL: absent */
};

struct attr {
	struct attr *next;
	const char *name;
	struct pos pos;
	struct expr_list *args;
	struct type *type; /* switch_type(short) */
	const char *text;  /* uuid, version: what stood in the parentheses */
};

enum type_kind {
	TYPE_BASE,
	TYPE_NAME, /* an identifier; `of` is what it means after checking */
	TYPE_ALIAS,
	TYPE_ENUM,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_POINTER,
	TYPE_ARRAY,
	TYPE_PIPE,
	TYPE_INTERFACE,
};

struct enumerator {
	struct enumerator *next;
	const char *name;
	struct pos pos;
	unsigned sequence;
	struct expr *expr;
	int64_t value;
};

struct field {
	struct field *next;
	const char *name; /* NULL: an empty union arm, or unnamed */
	struct pos pos;
	struct type *type; /* NULL: an empty union arm */
	struct attr *attrs;
	struct expr_list *cases; /* union arms */
	bool is_default;
	struct expr *bits;   /* of a bit field, which cannot travel */
	struct shape *shape; /* after checking */
	unsigned index;      /* among its siblings */
	/* parameters */
	bool in, out;
};

enum walk_state { WALK_NEW, WALK_BUSY, WALK_DONE };

/* Why a type cannot travel; it may still be declared. */
struct trouble {
	struct pos pos;
	const char *text;
};

struct type {
	enum type_kind kind;
	struct pos pos;
	unsigned sequence;     /* when it was read, among all that is */
	struct type *next_use; /* TYPE_NAME: the one read before */
	struct type *repeats;  /* the same definition, read before */
	struct trouble *trouble;
	bool is_travel_checked, is_unknown;
	const char *name; /* alias, tag or identifier; a made-up tag when there was none */
	enum base_type base;
	bool is_const;
	struct type *
		of; /* pointee, element, what an alias or a name stands for, the definition of a tag */
	struct attr *attrs;
	bool is_reference; /* struct x, without a body */
	bool is_imported, is_emitted, is_printed;

	struct field *fields;
	struct enumerator *enumerators;
	bool v1_enum;
	bool ms_union; /* the arm is aligned, not the tag ([MS-RPCE] 2.2.4.5) */
	bool is_encapsulated;
	struct field *tag;      /* encapsulated union: the switch */
	const char *union_name; /* encapsulated union: the member that holds the arms */
	struct type *switch_type;

	struct expr *bound; /* array; NULL: open */

	enum walk_state resolved, laid_out, defined;
	struct shape *tag_shape; /* union: the discriminant */
	struct layout *layout;
	const char *c_name;      /* "struct x", "x_t" */
	const char *marshal;     /* the stem of its functions */
	struct shape *converted; /* TYPE_ALIAS: what travels is another type */
	unsigned mark;           /* of the last search that came by */
	unsigned context;        /* a context handle's number in the interface + 1 */
	struct field *serial;    /* TYPE_ALIAS: travels by itself; in: [encode], out: [decode] */
};

enum decl_kind { DECL_CONST, DECL_TYPE, DECL_OPERATION, DECL_QUOTE, DECL_IMPORT, DECL_INTERFACE };

struct operation {
	const char *name;
	struct pos pos;
	struct attr *attrs;
	struct type *type; /* of the result */
	struct attr *result_attrs;
	struct field *params; /* without handle_t ones after checking */
	struct field *result; /* NULL for void */
	struct field *added;  /* parameters of the client's function only: an ACF's statuses */
	/* Where failures of either kind go: one of params, of added, the result, or NULL. */
	struct field *comm_status, *fault_status;
	unsigned opnum;
	uint32_t flags;
	bool is_local;
	bool is_async; /* the handler answers later */
};

struct context {
	struct context *next;
	struct type *type;
	const char *name;
};

struct interface {
	const char *name;
	struct pos pos;
	struct attr *attrs;
	const char *base_name; /* what it inherits from, or NULL */
	struct pos base_pos;
	struct interface *base; /* after checking; NULL also for one that is only declared */
	struct decl *decls;
	struct sp_uuid uuid;
	bool has_uuid;
	uint16_t major, minor;
	int pointer_default; /* enum pointer_kind */
	bool is_object;
	unsigned n_operations; /* numbers, also of what is inherited or local */
	unsigned n_inherited;
	unsigned n_contexts;
	struct context *contexts;
};

struct decl {
	struct decl *next;
	enum decl_kind kind;
	struct pos pos;
	unsigned sequence;
	bool is_repeat;   /* const: the same as one before */
	const char *name; /* const, quote (the text), import (the header's name) */
	struct expr *expr;
	struct type *type; /* TYPE: an alias or a definition; CONST: its type */
	struct operation *operation;
	struct interface *interface;
	bool is_imported;
	bool is_last_of_typedef;
};

/* --- the wire's view, made by the checker ------------------------------------------------- */

enum pointer_kind { POINTER_REF, POINTER_UNIQUE, POINTER_FULL };

enum shape_kind {
	SHAPE_SCALAR,
	SHAPE_ENUM16,
	SHAPE_UUID,
	SHAPE_CONTEXT,
	SHAPE_STRUCT,
	SHAPE_UNION,
	SHAPE_POINTER,
	SHAPE_ARRAY,
	SHAPE_OBJECT, /* what an interface pointer points to */
	SHAPE_UTF8,   /* a string of wchar_t that C programs see in UTF-8; `to`: as it travels */
	SHAPE_CONVERTED, /* of another type in C than on the wire; `to`: as it travels, `type`: the alias */
	SHAPE_PIPE,
	SHAPE_IGNORED, /* a pointer that is never followed */
	SHAPE_VOID,
	SHAPE_HANDLE,
};

struct dimension {
	bool is_open;        /* conformant: the count travels */
	uint64_t bound;      /* fixed: number of elements */
	struct expr *size;   /* size_is or max_is; NULL: unknown (strings) */
	bool size_is_max;    /* max_is: one more */
	bool is_varying;     /* offset and actual count travel */
	struct expr *length; /* length_is or last_is */
	bool length_is_last;
	struct expr *first;
};

#define SHAPE_MAX_DIMENSIONS 8

/* An attribute that makes a type travel as another one, and the ends of its functions' names. */
struct conversion {
	const char *attribute;
	const char *push, *pull;
	bool names_c; /* what it names is the type in C; else the type that travels */
};

struct shape {
	enum shape_kind kind;
	struct pos pos;
	enum base_type base; /* SCALAR; of an enum: LONG */
	const char *c_name;  /* "int32_t", "struct point" */
	bool is_const;
	struct type *type; /* struct, union, enum; context: the alias */

	struct shape *to; /* pointee or element */
	enum pointer_kind pointer;
	bool is_unchecked; /* [disable_consistency_check] */
	bool is_string;
	unsigned n_dimensions;
	struct dimension dimensions[SHAPE_MAX_DIMENSIONS];

	bool has_range;
	int64_t low, high;
	struct expr *switch_is;
	unsigned context; /* number in the interface */
	const struct conversion *conversion;
};

/* How many bytes, how aligned; of a struct, union or any shape. */
struct layout {
	unsigned alignment;
	uint64_t least;       /* fewest bytes on the wire */
	uint64_t size;        /* flat: exactly so many */
	bool is_flat;         /* fixed size, no gaps, nothing to check: loads and stores suffice */
	bool has_pointers;    /* something is deferred */
	bool is_conformant;   /* a count stands before it */
	bool is_fixed_size;   /* in memory */
	unsigned alignment64; /* in NDR64 */
};

#endif
