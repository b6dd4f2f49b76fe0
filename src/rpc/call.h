/* SPDX-License-Identifier: MIT */
/*
 * One call, on either side. Everything it decodes and everything its handler allocates is in its
 * arena; it holds a reference on the fragment it was read from. call_end() is the one place where it ends.
 */
#ifndef RPC_CALL_H
#define RPC_CALL_H

#include <sallyport/client.h>
#include <sallyport/server.h>

#include <stdatomic.h>

#include "assoc/group.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "net/loop.h"

struct auth_context;
struct connection;
struct registration;
struct server_pipes;

/* What the client wants of a call that it made. */
#define CALL_CANCELLED 1u
#define CALL_ORPHANED 2u

struct sp_call {
	struct arena arena;
	struct buf_slice stub; /* the request (server) or the answer (client) */
	bool has_object;
	struct sp_uuid object;
	struct sp_uuid causality; /* of an object interface's call; nil: made when one is needed */

	/* client */
	sp_client *client;
	sp_nanos timeout; /* 0: the client's */

	/* server; all on the loop's thread but what handlers set, which the message `done` carries over */
	struct list node; /* in connection->calls */
	struct connection *connection;
	const struct registration *registration;
	const struct sp_operation *operation;
	void *args;
	struct server_pipes *pipes; /* NULL: its operation has none */
	uint32_t call_id;
	uint16_t opnum, context_id;
	bool big_endian, headers_signed;
	struct auth_context *auth; /* a reference; NULL: nobody in particular */
	uint8_t auth_type, auth_level;
	struct sp_syntax_id transfer;
	struct assoc_holder holder; /* of the contexts in the arguments */
	bool parked;                /* waits for one of them; its arguments will be read again */
	bool is_ndr64;              /* the request, and so the answer ([MS-RPCE] 3.3.1.5.6) */
	bool deferred;
	atomic_uint
		open_ends; /* deferred: the handler has not returned, it has not been completed */
	sp_status raised;
	struct loop_message done;
	sp_status complete_status;
	struct list work;                        /* in the workers' queue */
	atomic_uint wish;                        /* CALL_* */
	bool watches_cancel;                     /* on_cancel was ever set */
	void (*on_cancel)(sp_call *, void *arg); /* under the thread's `notify` */
	void *on_cancel_arg;
};

/* --- transfer.c --- */

/* What clients offer and servers speak, preferred first. */
const struct sp_syntax_id *transfers_of(enum sp_transfer, size_t *ret_n);
bool transfer_is_ndr64(const struct sp_syntax_id *);

/* --- call.c --- */

/*
 * One block of memory: the struct, zeroed, of which a sp_call is the first member and which has `size` bytes, then room for
 * the first of what is decoded. NULL: no memory.
 */
#define CALL_BLOCK 4096
SP_NODISCARD void *call_begin(size_t size, size_t max_memory);
void call_end(sp_call *);

#endif
