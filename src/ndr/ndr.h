/* SPDX-License-Identifier: MIT */
/*
 * The runtime's side of what compiled stubs call (the stubs' side is
 * <sallyport/stub.h>): NDR 2.0 marshalling of C706 chapter 14 with the strict
 * checks of [MS-RPCE] 3.1.1.5.3.
 */
#ifndef NDR_NDR_H
#define NDR_NDR_H

#include <sallyport/stub.h>

#include "base/arena.h"
#include "base/buf.h"
#include "wire/cursor.h"

struct ndr_limits {
	uint32_t max_depth;    /* nesting of referents (default 64) */
	uint32_t max_pointers; /* referents of one call (default 1,000,000) */
};

/* How context handles are translated; NULL functions: as they stand on the wire (clients). */
struct ndr_contexts {
	void *owner;
	/* fills ret->user; false: nca_s_fault_context_mismatch */
	bool (*resolve)(void *owner, uint32_t type, struct sp_context_handle *handle);
	/* user set and uuid nil: makes one; user NULL: drops it and makes the wire form nil. Updates *handle. */
	bool (*settle)(void *owner, uint32_t type, struct sp_context_handle *handle);
};

struct ndr_deferred; /* one queued referent */

struct ndr_alias { /* a full pointer met before */
	uint32_t id;
	void *object;
};

/* The definitions of struct sp_pull and struct sp_push; private to ndr/, visible so that owners embed them. */
#include "ndr/state.h"

/*
 * arena: where decoded data goes; its limit bounds the decode (a decode never takes more than
 * NDR_GROWTH times its input plus a constant, see docs). Everything borrowed until fini.
 */
void ndr_pull_init(struct sp_pull *, const uint8_t *stub, size_t len, bool big_endian,
	struct arena *, const struct ndr_limits *, const struct ndr_contexts *);
/* What went wrong: 0 or the status (a fault number of nca_s_*); *ret_fault (may be NULL) says where. */
sp_status ndr_pull_status(const struct sp_pull *, struct wire_fault *ret_fault);
size_t ndr_pull_left(const struct sp_pull *); /* bytes not consumed */
void ndr_pull_fini(struct sp_pull *);

/* headroom: bytes kept free before the stub data, tailroom: after. max_len bounds the stub data. */
void ndr_push_init(struct sp_push *, uint32_t headroom, uint32_t tailroom, uint32_t max_len,
	const struct ndr_contexts *);
sp_status ndr_push_status(const struct sp_push *, const char **ret_what);
/* The stub data; the caller owns the reference. NULL after a fault. */
struct buf *ndr_push_finish(struct sp_push *);
void ndr_push_fini(struct sp_push *);

#endif
