/* SPDX-License-Identifier: MIT */
/* The client's pipes: its program's functions on one side, pieces of a request and of its answer on the other. */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "ndr/pipe.h"
#include "rpc/client.h"
#include "rpc/fault.h"

struct client_pipes {
	const struct sp_interface *interface;
	const struct sp_operation *op;
	uint8_t *args;
	unsigned in, out; /* the pipe at hand; n_pipes: all are through */
	struct ndr_tail
		tails[2]; /* of the request; until the syntax is known, [1] of the one in NDR64 */
	struct ndr_stream stream; /* of the answer */
	struct ndr_pipe pipe;
	void *items; /* where they pass through unless there is an alloc */
};

static struct sp_pipe *
pipe_of(const struct client_pipes *p, unsigned i)
{
	const struct sp_pipe_parameter *type = &p->op->pipes[i];
	uint8_t *at = p->args + type->offset;

	return type->is_pointer ? *(struct sp_pipe **)(void *)at : (struct sp_pipe *)(void *)at;
}

static unsigned
next_in(const struct client_pipes *p, unsigned i)
{
	while (i < p->op->n_pipes && !p->op->pipes[i].is_in)
		i++;
	return i;
}

static unsigned
next_out(const struct client_pipes *p, unsigned i)
{
	while (i < p->op->n_pipes && !p->op->pipes[i].is_out)
		i++;
	return i;
}

static sp_status
refuse(const struct client_pipes *p, unsigned i, sp_status status, const char *what,
	struct sp_error *reterr)
{
	return error_set(reterr, SP_PHASE_COMMUNICATION, status,
		"move the pipe %.60s of %.60s.%.60s - %s - the call has ended",
		p->op->pipes[i].name, p->interface->name, p->op->name, what);
}

/* --- life --- */

static sp_status
check(const struct client_pipes *p, struct sp_error *reterr)
{
	for (unsigned i = 0; i < p->op->n_pipes; i++) {
		const struct sp_pipe *pipe = pipe_of(p, i);

		if (!pipe || (p->op->pipes[i].is_in && !pipe->pull) ||
			(p->op->pipes[i].is_out && !pipe->push))
			return refuse(p, i, RPC_X_NULL_REF_POINTER,
				"its pull or push function is missing", reterr);
	}
	return 0;
}

/* Which of the two requests is in NDR64: as they were made, in the order in which they are offered. */
static void
requests_cut(struct client_call *c, struct client_pipes *p, struct buf *const *requests)
{
	const struct sp_syntax_id *offered;
	size_t n;

	offered = transfers_of(c->call.client->options.transfer, &n);
	for (size_t i = 0; i < n; i++)
		if (requests[i])
			ndr_tail_cut(&p->tails[transfer_is_ndr64(&offered[i])], requests[i]);
}

sp_status
client_pipes_new(struct client_call *c, const struct sp_interface *interface, uint32_t opnum,
	void *args, struct buf *const *requests, struct sp_error *reterr)
{
	struct client_pipes *p = mem_zalloc(1, sizeof(*p));
	sp_status status;

	if (!p)
		return error_no_memory(reterr);
	p->interface = interface;
	p->op = &interface->operations[opnum];
	p->args = args;
	p->in = next_in(p, 0);
	p->out = next_out(p, 0);
	status = check(p, reterr);
	if (status) {
		mem_free(p);
		return status;
	}
	client_pipes_free(c);
	c->pipes = p;
	if (client_pipes_any_in(c))
		requests_cut(c, p, requests);
	return 0;
}

void
client_pipes_free(struct client_call *c)
{
	if (!c->pipes)
		return;
	ndr_stream_fini(&c->pipes->stream);
	mem_free(c->pipes->items);
	mem_free(c->pipes);
	c->pipes = NULL;
}

bool
client_pipes_any_in(const struct client_call *c)
{
	return next_in(c->pipes, 0) < c->pipes->op->n_pipes;
}

bool
client_pipes_any_out(const struct client_call *c)
{
	return next_out(c->pipes, 0) < c->pipes->op->n_pipes;
}

/* --- both directions --- */

/* Where items of this pipe pass through; NULL: no memory. */
static void *
room(struct client_pipes *p, unsigned i, size_t *ret_n)
{
	const struct sp_pipe *pipe = pipe_of(p, i);

	*ret_n = NDR_PIPE_PIECE / p->op->pipes[i].item_size;
	if (pipe->alloc)
		return pipe->alloc(pipe->state, *ret_n, ret_n);
	if (!p->items)
		p->items = mem_alloc(NDR_PIPE_PIECE);
	return p->items;
}

static sp_status
no_room(struct client_call *c, unsigned i)
{
	return refuse(
		c->pipes, i, RPC_S_OUT_OF_MEMORY, "there is no memory for its items", &c->error);
}

static sp_status
said(struct client_call *c, unsigned i, sp_status status)
{
	return refuse(
		c->pipes, i, status, "the program's own function gave this status", &c->error);
}

/* --- in --- */

/* Of n items, which are the end when there are none. */
static sp_status
piece_push(struct client_call *c, const void *items, size_t n, struct buf **ret_piece)
{
	bool is_ndr64 = transfer_is_ndr64(assoc_call_transfer(&c->session->link.conn, c->call_id));
	struct client_pipes *p = c->pipes;
	struct ndr_tail *tail = &p->tails[is_ndr64];
	struct sp_push push;
	sp_status status;

	ndr_push_init(&push, PDU_REQUEST_OBJECT_SIZE, 0, UINT32_MAX / 2, NULL);
	if (is_ndr64)
		ndr_push_ndr64(&push);
	ndr_tail_push(tail, &push);
	ndr_pipe_push(&push, &p->op->pipes[p->in], items, n);
	if (n == 0)
		p->in = next_in(p, p->in + 1);
	status = ndr_push_status(&push, NULL);
	*ret_piece = status ? NULL : ndr_push_finish(&push);
	ndr_push_fini(&push);
	if (*ret_piece && p->in < p->op->n_pipes)
		ndr_tail_cut(tail, *ret_piece);
	return *ret_piece ? 0 : fault_to_status(status ? status : RPC_S_OUT_OF_MEMORY);
}

static sp_status
feed_one(struct client_call *c)
{
	struct client_pipes *p = c->pipes;
	const struct sp_pipe *pipe = pipe_of(p, p->in);
	struct buf *piece;
	sp_status status;
	size_t most, n = 0;
	void *items = room(p, p->in, &most);
	unsigned i = p->in;

	if (!items || most == 0)
		return no_room(c, i);
	status = pipe->pull(pipe->state, items, most, &n);
	if (status)
		return said(c, i, status);
	if (n > most)
		return refuse(p, i, RPC_X_PIPE_DISCIPLINE_ERROR,
			"its pull function gave more items than there is room for", &c->error);
	status = piece_push(c, items, n, &piece);
	if (status)
		return refuse(p, i, status, "its items cannot be sent", &c->error);
	assoc_call_more(&c->session->link.conn, c->call_id, piece, p->in == p->op->n_pipes);
	call_renew(c);
	return 0;
}

sp_status
client_pipes_feed(struct client_call *c, unsigned *ret_n)
{
	sp_status status = 0;

	*ret_n = 0;
	/* what has been taken from the program cannot be sent a second time */
	for (; !status && c->pipes->in < c->pipes->op->n_pipes &&
		assoc_call_wants(&c->session->link.conn, c->call_id);
		++*ret_n) {
		c->retried = true;
		status = feed_one(c);
	}
	return status;
}

/* --- out --- */

static sp_status
wrong(struct client_call *c, unsigned i)
{
	sp_status status = refuse(c->pipes, i, RPC_X_BAD_STUB_DATA,
		"it breaks off or is wrong - the server does not keep to this interface",
		&c->error);

	c->error.evidence = SP_EVIDENCE_PROTOCOL;
	return status;
}

/* The next items to the program. *ret_moved false: more bytes have to come, or all pipes are over. */
static sp_status
take_one(struct client_call *c, bool *ret_moved)
{
	struct client_pipes *p = c->pipes;
	unsigned i = p->out;
	const struct sp_pipe *pipe = pipe_of(p, i);
	sp_status status;
	size_t most, n;
	void *items = room(p, i, &most);

	if (!items || most == 0)
		return no_room(c, i);
	if (!p->pipe.type)
		ndr_pipe_init(&p->pipe, &p->op->pipes[i], c->big_endian, c->is_ndr64);
	if (ndr_pipe_pull(&p->pipe, &p->stream, items, most, &n))
		return wrong(c, i);
	*ret_moved = n > 0 || p->pipe.at == NDR_PIPE_OVER;
	if (!*ret_moved)
		return 0;
	status = n ? pipe->push(pipe->state, items, n) : 0;
	if (!status && p->pipe.at == NDR_PIPE_OVER) {
		status = pipe->push(pipe->state, items, 0);
		p->out = next_out(p, i + 1);
		p->pipe.type = NULL;
	}
	return status ? said(c, i, status) : 0;
}

sp_status
client_pipes_take(struct client_call *c, const struct assoc_event *e)
{
	struct client_pipes *p = c->pipes;
	sp_status status = 0;
	bool moved = true;

	if (!ndr_stream_add(&p->stream, buf_slice_bytes(&e->take_stub), e->take_stub.len))
		return error_no_memory(&c->error);
	c->retried = true;
	while (!status && moved && p->out < p->op->n_pipes)
		status = take_one(c, &moved);
	if (!status && !e->more && p->out < p->op->n_pipes)
		return wrong(c, p->out);
	if (!status && ndr_stream_left(&p->stream) > c->call.client->limits.max_stub)
		return refuse(p, 0, RPC_S_OUT_OF_MEMORY, "what follows it is longer than max_reply",
			&c->error);
	call_renew(c);
	return status;
}

void
client_pipes_pull(const struct client_call *c, struct sp_pull *pull)
{
	ndr_stream_pull(&c->pipes->stream, pull, c->big_endian, c->is_ndr64,
		(struct arena *)(uintptr_t)&c->call.arena, NULL);
}
