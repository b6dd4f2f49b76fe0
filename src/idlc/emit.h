/* SPDX-License-Identifier: MIT */
/*
 * From the checked file to C. One file of the compiler writes one generated file; all of them agree
 * on the names here.
 *
 *   STEM.h         types, argument structs, client functions, handlers      emit_types.c
 *   STEM_ndr.c     the four marshalling functions of each operation         emit_ndr.c
 *   STEM_client.c  functions that call                                      emit_client.c
 *   STEM_server.c  functions that are called                                emit_server.c
 *   STEM.md        what it offers                                            emit_doc.c
 *   STEM.json      the checked tree                                          emit_json.c
 *   STEM.lua       a dissector for Wireshark                                 emit_dissector.c
 *   STEM_selftest.c  a program that sends random values through all of it    emit_selftest.c
 */
#ifndef IDLC_EMIT_H
#define IDLC_EMIT_H

#include "idlc/compiler.h"
#include "idlc/text.h"

struct emitter {
	struct compiler *c;
	const char *stem; /* "echo" */
	const char *file; /* "echo.idl" */
	struct text *out;
	void *job; /* what else an emitter carries */
};

/* Like compiler_read(), these return false (and report) only when memory ends. */
SP_NODISCARD bool emit_header(
	struct compiler *, const char *stem, const char *file, struct text *ret);
SP_NODISCARD bool emit_ndr(struct compiler *, const char *stem, const char *file, struct text *ret);
SP_NODISCARD bool emit_client(
	struct compiler *, const char *stem, const char *file, struct text *ret);
SP_NODISCARD bool emit_server(
	struct compiler *, const char *stem, const char *file, struct text *ret);
SP_NODISCARD bool emit_doc(struct compiler *, const char *stem, const char *file, struct text *ret);
SP_NODISCARD bool emit_json(
	struct compiler *, const char *stem, const char *file, struct text *ret);
/* The rule of `target`. */
SP_NODISCARD bool emit_depfile(
	struct compiler *, const char *target, const char *file, struct text *ret);
SP_NODISCARD bool emit_selftest(
	struct compiler *, const char *stem, const char *file, struct text *ret);

SP_NODISCARD bool emit_dissector(
	struct compiler *, const char *stem, const char *file, struct text *ret);

/* src/idlc/dissector.lua */
extern const char dissector_lua[];
extern const size_t dissector_lua_len;

/* --- shared by the emitters (declare.c) ---------------------------------------------------------- */

/* "int32_t *name", "char name[64]": a field, or with `pointer` the same as a parameter. */
const char *declare(struct compiler *, const struct shape *, const char *name);
/* A parameter's name in C: not one that the generated code needs itself. */
const char *parameter_name(struct compiler *, const struct field *);
/*
 * An [out] struct whose size is not fixed: the callee cannot fill in the caller's, so it is replaced
 * through one more pointer.
 */
bool is_replaced(const struct field *);
/* A parameter that is a pipe, or a pointer to one: what goes through it is no part of the arguments. */
bool is_pipe(const struct field *);
/* ", int32_t a, int32_t *sum": all parameters of an operation, each after a comma. */
const char *parameter_list(struct compiler *, const struct operation *);
/* The same with the statuses that an ACF adds: as the client's functions take them. */
const char *client_parameter_list(struct compiler *, const struct operation *);
/* "void calc_add_complete(sp_call *call, int32_t result)", without the type: ends an [async] operation. */
const char *complete_declaration(
	struct compiler *, const struct interface *, const struct operation *);
const char *result_type(struct compiler *, const struct operation *); /* "void", "uint32_t" */
/* Where an expression's names are looked up: "self->n", "args->n", "*n". */
const char *expr_text(struct compiler *, const struct expr *, const char *prefix);
/* Number of elements of a dimension, as uint64_t. */
const char *count_text(struct compiler *, const struct dimension *, const char *prefix);
const char *first_text(struct compiler *, const struct dimension *, const char *prefix);
const char *length_text(struct compiler *, const struct dimension *, const char *prefix);

/* Runs `write`, which may leave when memory ends; false then. */
SP_NODISCARD bool emit_run(struct emitter *, void (*write)(struct emitter *));
/* Head of every generated file. */
void emit_head(struct emitter *, const char *what);
/* The interfaces of the file itself that have operations on the wire. */
struct interface *emit_interface_next(struct compiler *, struct decl **cursor);
/*
 * The operation with a number, also an inherited one whose stubs are made from the same file; *ret_owner is whose it is. NULL:
 * it never travels, is hidden by one of the same name, or is to be found in another file.
 */
const struct operation *emit_operation_at(struct compiler *, const struct interface *,
	unsigned number, const struct interface **ret_owner);
/* The operations of an interface that travel, in the order of their numbers. */
struct operation *emit_operation_next(struct decl **cursor);

#endif
