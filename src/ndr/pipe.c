/* SPDX-License-Identifier: MIT */
#include "ndr/pipe.h"

#include <string.h>

#include "base/mem.h"
#include "ndr/push.h"

#define UNIT 8u /* no alignment is larger */
/* [MS-RPCE] 2.2.5.3.4.5: of a chunk; NDR's 2^32-1 are more than anybody sends at once. */
#define CHUNK_MOST 0x7fffffffu

/* --- writing --- */

void
ndr_tail_push(const struct ndr_tail *tail, struct sp_push *push)
{
	if (tail->n)
		sp_push_bytes(push, tail->bytes, tail->n);
}

void
ndr_tail_cut(struct ndr_tail *tail, struct buf *b)
{
	tail->n = buf_len(b) % UNIT;
	b->end -= tail->n;
	memcpy(tail->bytes, b->data + b->end, tail->n);
}

void
ndr_pipe_push(
	struct sp_push *push, const struct sp_pipe_parameter *type, const void *items, size_t n)
{
	if (n > CHUNK_MOST) {
		sp_push_fail(push, NCA_S_FAULT_INVALID_BOUND, "items of a pipe's chunk");
		return;
	}
	ndr_push_word(push, n);
	if (n && type->push)
		type->push(push, items, n);
	else if (n)
		sp_push_array(push, items, n, type->item_size);
	if (push->is_ndr64)
		sp_push_u64(push, 0 - (uint64_t)n);
}

/* --- reading --- */

size_t
ndr_stream_left(const struct ndr_stream *s)
{
	return s->end - s->used;
}

bool
ndr_stream_add(struct ndr_stream *s, const void *bytes, size_t n)
{
	size_t spent = s->used / UNIT * UNIT, cap = s->cap;
	uint8_t *larger;

	if (spent) {
		memmove(s->bytes, s->bytes + spent, s->end - spent);
		s->used -= spent;
		s->end -= spent;
	}
	if (n == 0)
		return true;
	while (cap - s->end < n)
		cap = cap ? cap * 2 : 1024;
	larger = cap > s->cap ? mem_resize(s->bytes, cap, 1) : s->bytes;
	if (!larger)
		return false;
	s->bytes = larger;
	s->cap = cap;
	memcpy(s->bytes + s->end, bytes, n);
	s->end += n;
	return true;
}

void
ndr_stream_fini(struct ndr_stream *s)
{
	mem_free(s->bytes);
	*s = (struct ndr_stream){0};
}

void
ndr_stream_pull(const struct ndr_stream *s, struct sp_pull *pull, bool big_endian, bool is_ndr64,
	struct arena *arena, const struct ndr_contexts *contexts)
{
	ndr_pull_init(pull, s->bytes, s->end, big_endian, arena, NULL, contexts);
	pull->in.p += s->used;
	if (is_ndr64)
		ndr_pull_ndr64(pull);
}

void
ndr_stream_pulled(struct ndr_stream *s, const struct sp_pull *pull)
{
	s->used = s->end - ndr_pull_left(pull);
}

void
ndr_pipe_init(
	struct ndr_pipe *pipe, const struct sp_pipe_parameter *type, bool big_endian, bool is_ndr64)
{
	*pipe = (struct ndr_pipe){.type = type, .big_endian = big_endian, .is_ndr64 = is_ndr64};
}

/* How many things of this size there are behind the gap that aligns the first. */
static size_t
available(const struct ndr_stream *s, size_t alignment, size_t size)
{
	size_t gap = (0 - s->used) & (alignment - 1), left = ndr_stream_left(s);

	return left > gap ? (left - gap) / size : 0;
}

static sp_status
count(struct ndr_pipe *pipe, struct sp_pull *pull)
{
	pipe->n = pipe->is_ndr64 ? sp_pull_u64(pull) : sp_pull_u32(pull);
	if (pipe->n > CHUNK_MOST)
		sp_pull_fail(pull, RPC_X_BAD_STUB_DATA, "count of a pipe's chunk");
	pipe->left = pipe->n;
	pipe->at = pipe->n ? NDR_PIPE_ITEMS : pipe->is_ndr64 ? NDR_PIPE_CHUNK_END : NDR_PIPE_OVER;
	return ndr_pull_status(pull, NULL);
}

static sp_status
chunk_end(struct ndr_pipe *pipe, struct sp_pull *pull)
{
	sp_pull_expect(pull, sp_pull_u64(pull), 0 - pipe->n, "end of a pipe's chunk");
	pipe->at = pipe->n ? NDR_PIPE_COUNT : NDR_PIPE_OVER;
	return ndr_pull_status(pull, NULL);
}

static sp_status
some(struct ndr_pipe *pipe, struct sp_pull *pull, void *items, size_t n)
{
	if (pipe->type->pull)
		pipe->type->pull(pull, items, n);
	else
		sp_pull_array(pull, items, n, pipe->type->item_size);
	pipe->left -= n;
	if (pipe->left == 0)
		pipe->at = pipe->is_ndr64 ? NDR_PIPE_CHUNK_END : NDR_PIPE_COUNT;
	return ndr_pull_status(pull, NULL);
}

/* One step. *ret_moved false: it takes more bytes. */
static sp_status
step(struct ndr_pipe *pipe, struct ndr_stream *s, uint8_t *items, size_t most, size_t *ret_n,
	bool *ret_moved)
{
	const struct sp_pipe_parameter *type = pipe->type;
	bool is_items = pipe->at == NDR_PIPE_ITEMS;
	size_t word = pipe->is_ndr64 ? 8 : 4;
	size_t n = is_items ? available(s, type->alignment, type->wire_size)
			    : available(s, word, word);
	struct sp_pull pull;
	sp_status status;

	if (is_items && n > pipe->left)
		n = pipe->left;
	if (is_items && n > most)
		n = most;
	*ret_moved = n > 0;
	if (n == 0)
		return 0;
	ndr_stream_pull(s, &pull, pipe->big_endian, pipe->is_ndr64, NULL, NULL);
	status = is_items                     ? some(pipe, &pull, items, n)
		 : pipe->at == NDR_PIPE_COUNT ? count(pipe, &pull)
					      : chunk_end(pipe, &pull);
	if (!status)
		ndr_stream_pulled(s, &pull);
	ndr_pull_fini(&pull);
	*ret_n += is_items ? n : 0;
	return status;
}

sp_status
ndr_pipe_pull(struct ndr_pipe *pipe, struct ndr_stream *s, void *items, size_t most, size_t *ret_n)
{
	uint8_t *to = items;
	sp_status status = 0;
	bool moved = true;

	*ret_n = 0;
	while (!status && moved && pipe->at != NDR_PIPE_OVER && *ret_n < most)
		status = step(
			pipe, s, to + *ret_n * pipe->type->item_size, most - *ret_n, ret_n, &moved);
	return status;
}
