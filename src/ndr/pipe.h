/* SPDX-License-Identifier: MIT */
/*
 * Pipes (C706 14.3.10): chunks of counted items, the last one empty. In NDR64 the count follows once more, negated
 * ([MS-RPCE] 2.2.5.3.4.5). Both directions work on pieces of a message, so that nobody needs to hold all of it.
 */
#ifndef NDR_PIPE_H
#define NDR_PIPE_H

#include "ndr/ndr.h"

/* About so many bytes of items are moved at a time. */
#define NDR_PIPE_PIECE 65536u

/* --- writing --- */

/* A message is sent in pieces of a multiple of 8 bytes (C706 12.6.4.9): what is over goes in front of the next piece. */
struct ndr_tail {
	uint8_t bytes[8];
	uint8_t n;
};

void ndr_tail_push(const struct ndr_tail *, struct sp_push *); /* first of all */
void ndr_tail_cut(struct ndr_tail *, struct buf *);

/* A chunk; of no items: the end of the pipe. */
void ndr_pipe_push(struct sp_push *, const struct sp_pipe_parameter *, const void *items, size_t n);

/* --- reading --- */

/* Bytes of a message that have come and are not used up. */
struct ndr_stream {
	uint8_t *bytes; /* the first lies in the message at a multiple of 8 */
	size_t used, end, cap;
};

SP_NODISCARD bool ndr_stream_add(struct ndr_stream *, const void *bytes, size_t n);
size_t ndr_stream_left(const struct ndr_stream *);
/* A pull of what is there; then: what it left stays. The arguments are those of ndr_pull_init(). */
void ndr_stream_pull(const struct ndr_stream *, struct sp_pull *, bool big_endian, bool is_ndr64,
	struct arena *, const struct ndr_contexts *);
void ndr_stream_pulled(struct ndr_stream *, const struct sp_pull *);
void ndr_stream_fini(struct ndr_stream *);

struct ndr_pipe {
	const struct sp_pipe_parameter *type;
	bool big_endian, is_ndr64;
	enum { NDR_PIPE_COUNT, NDR_PIPE_ITEMS, NDR_PIPE_CHUNK_END, NDR_PIPE_OVER } at;
	uint64_t n, left; /* of the chunk */
};

void ndr_pipe_init(
	struct ndr_pipe *, const struct sp_pipe_parameter *, bool big_endian, bool is_ndr64);
/*
 * At most `most` items out of the stream; *ret_n 0: the pipe is over (->at), or more bytes have to come. 0 or the status of
 * a fault.
 */
SP_NODISCARD sp_status ndr_pipe_pull(
	struct ndr_pipe *, struct ndr_stream *, void *items, size_t most, size_t *ret_n);

#endif
