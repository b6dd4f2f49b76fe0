/* SPDX-License-Identifier: MIT */
/*
 * The runtime's side of what compiled stubs call (the stubs' side is
 * <sallyport/stub.h>): NDR 2.0 marshalling of C706 chapter 14, and NDR64 of [MS-RPCE] 2.2.5, with
 * the strict checks of [MS-RPCE] 3.1.1.5.3.
 *
 * The status of a failed pull, which a server sends as the fault's:
 *
 *   RPC_X_BAD_STUB_DATA            whatever is wrong with the bytes: [MS-RPCE] 3.1.3.5.2 leaves no
 *                                  choice (0x6f7). Too short, bounds, counts that disagree, no
 *                                  terminator, range, enum, a NULL [ref], an alias of another type
 *   NCA_S_FAULT_INVALID_TAG        no arm for the discriminant: it has its own number, which [MS-RPCE]
 *                                  3.1.1.5.5 pairs with the RPC_S_INVALID_TAG that stubs raise
 *   NCA_S_FAULT_CONTEXT_MISMATCH   a context handle that nobody made, or a NULL one where one must be
 *   NCA_S_FAULT_REMOTE_NO_MEMORY   the limits below, the arena's limit, no memory
 *
 * A push fails because of the caller's data: NCA_S_FAULT_INVALID_TAG and NCA_S_FAULT_INVALID_BOUND (counts,
 * ranges), which callers see as RPC_S_INVALID_TAG and RPC_S_INVALID_BOUND; RPC_X_NULL_REF_POINTER and
 * RPC_X_ENUM_VALUE_OUT_OF_RANGE, which have no other number; RPC_S_OUT_OF_RESOURCES (depth,
 * number of pointers: also a ring of unique pointers), NCA_S_OUT_ARGS_TOO_BIG (max_len),
 * NCA_S_FAULT_REMOTE_NO_MEMORY.
 */
#ifndef NDR_NDR_H
#define NDR_NDR_H

#include <sallyport/stub.h>

#include "base/arena.h"
#include "base/buf.h"
#include "wire/cursor.h"

/*
 * A pull takes at most NDR_GROWTH bytes of memory for each byte of stub data plus NDR_GROWTH_FREE, whatever the
 * types and the arena's limit allow: decoded data, its queues and tables together. Room for what a
 * handler is asked to fill (sp_pull_room) is bounded by the arena's limit alone.
 */
#define NDR_GROWTH 128
#define NDR_GROWTH_FREE 65536

#define NDR_MAX_DEPTH 4096
#define NDR_MAX_POINTERS 1000000

struct ndr_limits { /* 0: the default */
	/*
	 * Referents within referents. The runtime holds them in a queue, not on the stack: this is for
	 * handlers that walk what they got by recursion, and bounds the length of a linked list.
	 */
	uint32_t max_depth;
	uint32_t max_pointers; /* not NULL, of one pull or push */
	uint32_t growth;       /* in place of NDR_GROWTH */
};

/* How context handles are translated; NULL functions: as they stand on the wire (clients). */
struct ndr_contexts {
	void *owner;
	/* fills handle->user and returns 0, or the status of a fault. shared: other calls may use it meanwhile */
	sp_status (*resolve)(
		void *owner, uint32_t type, bool shared, struct sp_context_handle *handle);
	/* Of every context of an answer, also of one that fails. user set and uuid nil: makes one; user NULL: drops it and makes the wire form nil. Updates *handle. */
	bool (*settle)(void *owner, uint32_t type, struct sp_context_handle *handle);
};

/* The definitions of struct sp_pull and struct sp_push; private to ndr/, visible so that owners embed them. */
#include "ndr/state.h"

/* Everything is borrowed until fini; limits and contexts may be NULL. */
void ndr_pull_init(struct sp_pull *, const uint8_t *stub, size_t len, bool big_endian,
	struct arena *, const struct ndr_limits *, const struct ndr_contexts *);
/* Before the first byte: NDR64 ([MS-RPCE] 2.2.5) instead of NDR 2.0. The stubs are the same. */
void ndr_pull_ndr64(struct sp_pull *);
/* Before the first byte: arrays may stay where they arrived. The stub lives as long as the arena and is nobody else's. */
void ndr_pull_in_place(struct sp_pull *);
/* What went wrong: 0 or the status (see above); *ret_fault (may be NULL) says where. */
sp_status ndr_pull_status(const struct sp_pull *, struct wire_fault *ret_fault);
size_t ndr_pull_left(const struct sp_pull *); /* bytes not consumed; 0 after a fault */
void ndr_pull_fini(struct sp_pull *);

/* headroom: bytes kept free before the stub data, tailroom: after. max_len bounds the stub data. */
void ndr_push_init(struct sp_push *, uint32_t headroom, uint32_t tailroom, uint32_t max_len,
	const struct ndr_contexts *);
/* Before the first byte: everything but flat runs (sp_push_flat) is written big-endian. For tests. */
void ndr_push_big_endian(struct sp_push *);
void ndr_push_ndr64(struct sp_push *);
sp_status ndr_push_status(const struct sp_push *, const char **ret_what);
/* The stub data; the caller owns the reference. NULL after a fault, or when there is no memory. */
struct buf *ndr_push_finish(struct sp_push *);
void ndr_push_fini(struct sp_push *);

#endif
