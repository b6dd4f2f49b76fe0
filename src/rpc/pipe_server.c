/* SPDX-License-Identifier: MIT */
/*
 * The server's pipes. The loop's thread takes pieces of requests in and sends pieces of answers; the handler, on a worker
 * thread, pulls and pushes items. Between them stand a short queue of pieces each way; who finds it empty or full waits, and
 * the connection with them.
 */
#include "rpc/pipe_server.h"

#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "ndr/pipe.h"
#include "rpc/fault.h"

struct piece {
	struct list node;
	struct buf_slice slice;
};

struct handle { /* what the handler holds: state of a struct sp_pipe */
	struct server_pipes *pipes;
	unsigned index;
};

struct server_pipes {
	sp_call *call;
	/* the loop's until the arguments have been read, then the handler's */
	struct ndr_stream stream;
	bool are_read;
	/* the handler's */
	unsigned in, out;
	struct ndr_pipe pipe;
	struct ndr_tail tail;
	/* both threads' */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct list pieces; /* have come */
	bool is_whole;      /* no others will */
	bool is_lost;       /* the client has given the call up */
	uint32_t consumed;  /* bytes of pieces; to be told to the engine */
	struct buf *next;   /* to be sent */
	struct loop_message message;
	bool is_sent; /* the message */
	struct handle handles[];
};

static const struct sp_pipe_parameter *
type_of(const struct server_pipes *p, unsigned i)
{
	return &p->call->operation->pipes[i];
}

static unsigned
next_in(const struct server_pipes *p, unsigned i)
{
	while (i < p->call->operation->n_pipes && !type_of(p, i)->is_in)
		i++;
	return i;
}

static unsigned
next_out(const struct server_pipes *p, unsigned i)
{
	while (i < p->call->operation->n_pipes && !type_of(p, i)->is_out)
		i++;
	return i;
}

/* --- life --- */

static void
changed_init(struct server_pipes *p)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&p->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&p->lock, NULL);
}

bool
server_pipes_new(sp_call *call, bool more)
{
	size_t n = call->operation->n_pipes;
	struct server_pipes *p = mem_zalloc(1, sizeof(*p) + n * sizeof(p->handles[0]));

	if (!p)
		return false;
	p->call = call;
	p->is_whole = !more;
	p->in = next_in(p, 0);
	p->out = next_out(p, 0);
	list_init(&p->pieces);
	changed_init(p);
	call->pipes = p;
	if (!ndr_stream_add(&p->stream, buf_slice_bytes(&call->stub), call->stub.len))
		return false;
	buf_slice_fini(&call->stub);
	call->stub = (struct buf_slice){0};
	return true;
}

void
server_pipes_free(struct server_pipes *p)
{
	if (!p)
		return;
	list_for_safe (it, &p->pieces) {
		struct piece *piece = list_entry(it, struct piece, node);

		list_remove(&piece->node);
		buf_slice_fini(&piece->slice);
		mem_free(piece);
	}
	buf_unref(p->next);
	ndr_stream_fini(&p->stream);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	mem_free(p);
}

/* --- on the loop's thread --- */

/* Under the lock: the next piece of the answer, when the one before it has left. */
static void
next_send(struct server_pipes *p)
{
	struct connection *c = p->call->connection;

	if (!p->next || c->gone || !assoc_call_wants(&c->link.conn, p->call->call_id))
		return;
	assoc_reply_more(&c->link.conn, p->call->call_id, p->next);
	p->next = NULL;
	pthread_cond_broadcast(&p->changed);
}

static void
on_message(void *arg)
{
	sp_call *call = arg;
	struct server_pipes *p = call->pipes;
	struct connection *c = call->connection;

	pthread_mutex_lock(&p->lock);
	p->is_sent = false;
	if (!c->gone)
		assoc_consumed(&c->link.conn, call->call_id, p->consumed);
	p->consumed = 0;
	next_send(p);
	pthread_mutex_unlock(&p->lock);
	if (!c->gone)
		link_turn(&c->link);
}

/* Under the lock. */
static void
tell_loop(struct server_pipes *p)
{
	if (p->is_sent)
		return;
	p->is_sent = true;
	p->message = (struct loop_message){.fn = on_message, .arg = p->call};
	loop_send(p->call->connection->thread->loop, &p->message);
}

bool
server_pipes_turned(sp_call *call)
{
	struct server_pipes *p = call->pipes;
	bool had_next;

	pthread_mutex_lock(&p->lock);
	had_next = p->next != NULL;
	next_send(p);
	had_next = had_next && !p->next;
	pthread_mutex_unlock(&p->lock);
	return had_next;
}

void
server_pipes_lose(sp_call *call)
{
	struct server_pipes *p = call->pipes;

	pthread_mutex_lock(&p->lock);
	p->is_lost = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

void
server_pipes_pull(sp_call *call, struct sp_pull *pull, const struct ndr_contexts *contexts)
{
	ndr_stream_pull(&call->pipes->stream, pull, call->big_endian, call->is_ndr64, &call->arena,
		contexts);
}

bool
server_pipes_are_read(sp_call *call, const struct sp_pull *pull)
{
	struct server_pipes *p = call->pipes;

	ndr_stream_pulled(&p->stream, pull);
	p->are_read = true;
	for (unsigned i = 0; i < call->operation->n_pipes; i++) {
		const struct sp_pipe_parameter *type = type_of(p, i);
		uint8_t *at = (uint8_t *)call->args + type->offset;
		struct sp_pipe *pipe = type->is_pointer ? *(struct sp_pipe **)(void *)at
							: (struct sp_pipe *)(void *)at;

		p->handles[i] = (struct handle){p, i};
		*pipe = (struct sp_pipe){type->is_in ? server_pipe_pull : NULL,
			type->is_out ? server_pipe_push : NULL, NULL, &p->handles[i]};
	}
	return next_in(p, 0) < call->operation->n_pipes;
}

const uint8_t *
server_pipes_rest(const sp_call *call)
{
	return call->pipes->stream.bytes + call->pipes->stream.used;
}

/* The arguments are not there yet: what has come is put to the rest. */
static bool
arguments_grow(sp_call *call, const struct assoc_event *e)
{
	const struct connection *c = call->connection;
	struct server_pipes *p = call->pipes;

	p->is_whole = !e->more;
	return ndr_stream_left(&p->stream) <= c->thread->server->limits.max_stub &&
	       ndr_stream_add(&p->stream, buf_slice_bytes(&e->take_stub), e->take_stub.len);
}

bool
server_pipes_wait_for_arguments(const sp_call *call)
{
	return !call->pipes->are_read && !call->pipes->is_whole;
}

/* Without memory for it the pipe ends here, and the handler hears of it. */
static void
piece_add(struct server_pipes *p, struct assoc_event *e)
{
	struct piece *piece = mem_zalloc(1, sizeof(*piece));

	if (piece) {
		piece->slice = e->take_stub;
		e->take_stub = (struct buf_slice){0};
	}
	pthread_mutex_lock(&p->lock);
	if (piece)
		list_append(&p->pieces, &piece->node);
	else
		p->is_lost = true;
	p->is_whole = !e->more;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

bool
server_pipes_more(sp_call *call, struct assoc_event *e, bool *ret_retry)
{
	struct server_pipes *p = call->pipes;
	bool ok;

	*ret_retry = !p->are_read && !call->parked;
	if (p->are_read) {
		piece_add(p, e);
		return true;
	}
	ok = arguments_grow(call, e);
	assoc_consumed(&call->connection->link.conn, call->call_id, e->take_stub.len);
	return ok;
}

struct buf *
server_pipes_last(sp_call *call)
{
	struct server_pipes *p = call->pipes;
	struct buf *next = p->next;

	p->next = NULL;
	return next;
}

void
server_pipes_end(sp_call *call, struct sp_push *push)
{
	struct server_pipes *p = call->pipes;

	ndr_tail_push(&p->tail, push);
	for (; p->out < call->operation->n_pipes; p->out = next_out(p, p->out + 1))
		ndr_pipe_push(push, type_of(p, p->out), NULL, 0);
}

/* --- on the handler's thread --- */

static sp_status
fail(struct server_pipes *p, sp_status fault)
{
	if (!p->call->raised)
		sp_call_raise(p->call, fault);
	return fault_to_status(fault);
}

/* Under the lock: false when the time is over. */
static bool
wait_for_change(struct server_pipes *p)
{
	sp_nanos limit = p->call->connection->thread->server->options.pdu_timeout;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(limit / SP_SECOND);
	until.tv_nsec += (long)(limit % SP_SECOND);
	if (until.tv_nsec >= SP_SECOND) {
		until.tv_sec++;
		until.tv_nsec -= (long)SP_SECOND;
	}
	return pthread_cond_timedwait(&p->changed, &p->lock, &until) == 0;
}

/* Under the lock: NULL when none will come. */
static struct piece *
piece_wait(struct server_pipes *p)
{
	struct piece *piece;
	bool in_time = true;

	while (list_is_empty(&p->pieces) && !p->is_whole && !p->is_lost && in_time)
		in_time = wait_for_change(p);
	if (list_is_empty(&p->pieces) || p->is_lost)
		return NULL;
	piece = list_entry(p->pieces.next, struct piece, node);
	list_remove(&piece->node);
	p->consumed += piece->slice.len;
	if (p->consumed >= ASSOC_WINDOW / 4 || list_is_empty(&p->pieces))
		tell_loop(p);
	return piece;
}

static sp_status
more(struct server_pipes *p)
{
	struct piece *piece;
	bool ok, is_lost;

	pthread_mutex_lock(&p->lock);
	piece = piece_wait(p);
	is_lost = p->is_lost || !p->is_whole;
	pthread_mutex_unlock(&p->lock);
	if (!piece)
		return fail(p, is_lost ? NCA_S_FAULT_CANCEL : RPC_X_BAD_STUB_DATA);
	ok = ndr_stream_add(&p->stream, buf_slice_bytes(&piece->slice), piece->slice.len);
	buf_slice_fini(&piece->slice);
	mem_free(piece);
	return ok ? 0 : fail(p, NCA_S_FAULT_PIPE_MEMORY);
}

sp_status
server_pipe_pull(void *state, void *items, size_t most, size_t *ret_n)
{
	const struct handle *h = state;
	struct server_pipes *p = h->pipes;
	sp_status status = 0;

	*ret_n = 0;
	if (h->index != p->in)
		return fail(p, h->index < p->in ? NCA_S_FAULT_PIPE_EMPTY : NCA_S_FAULT_PIPE_ORDER);
	if (!p->pipe.type)
		ndr_pipe_init(&p->pipe, type_of(p, p->in), p->call->big_endian, p->call->is_ndr64);
	while (!status && *ret_n == 0) {
		status = ndr_pipe_pull(&p->pipe, &p->stream, items, most, ret_n);
		if (status)
			return fail(p, status);
		if (p->pipe.at == NDR_PIPE_OVER || *ret_n)
			break;
		status = more(p);
	}
	if (!status && *ret_n == 0) {
		p->in = next_in(p, p->in + 1);
		p->pipe.type = NULL;
	}
	return status;
}

static sp_status
piece_make(struct server_pipes *p, const void *items, size_t n, struct buf **ret_piece)
{
	struct sp_push push;
	sp_status status;

	ndr_push_init(&push, PDU_RESPONSE_SIZE, 0, UINT32_MAX / 2, NULL);
	if (p->call->is_ndr64)
		ndr_push_ndr64(&push);
	ndr_tail_push(&p->tail, &push);
	ndr_pipe_push(&push, type_of(p, p->out), items, n);
	status = ndr_push_status(&push, NULL);
	*ret_piece = status ? NULL : ndr_push_finish(&push);
	ndr_push_fini(&push);
	if (*ret_piece)
		ndr_tail_cut(&p->tail, *ret_piece);
	return *ret_piece ? 0 : status ? status : NCA_S_FAULT_PIPE_MEMORY;
}

/* Waits until the one before it is on its way. */
static sp_status
piece_give(struct server_pipes *p, struct buf *take_piece)
{
	bool is_lost;

	pthread_mutex_lock(&p->lock);
	while (p->next && !p->is_lost)
		pthread_cond_wait(&p->changed, &p->lock);
	is_lost = p->is_lost;
	if (!is_lost) {
		p->next = take_piece;
		tell_loop(p);
	}
	pthread_mutex_unlock(&p->lock);
	if (!is_lost)
		return 0;
	buf_unref(take_piece);
	return fail(p, NCA_S_FAULT_CANCEL);
}

sp_status
server_pipe_push(void *state, const void *items, size_t n)
{
	const struct handle *h = state;
	struct server_pipes *p = h->pipes;
	const struct sp_pipe_parameter *type = type_of(p, h->index);
	size_t most = NDR_PIPE_PIECE / type->item_size, done = 0;
	const uint8_t *at = items; /* NULL at the end of the pipe */
	struct buf *piece;
	sp_status status = 0;

	if (h->index != p->out)
		return fail(
			p, h->index < p->out ? NCA_S_FAULT_PIPE_CLOSED : NCA_S_FAULT_PIPE_ORDER);
	if (p->in < p->call->operation->n_pipes)
		return fail(p, NCA_S_FAULT_PIPE_ORDER);
	do {
		size_t now = n - done < most ? n - done : most;

		status = piece_make(p, n ? at + done * type->item_size : NULL, now, &piece);
		if (status)
			return fail(p, status);
		status = piece_give(p, piece);
		done += now;
	} while (!status && done < n);
	if (!status && n == 0)
		p->out = next_out(p, p->out + 1);
	return status;
}
