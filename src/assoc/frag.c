/* SPDX-License-Identifier: MIT */
/* Stub data cut into fragments and put together again (C706 12.6.4.9, 12.6.4.10; [MS-RPCE] 3.3.3.5.4). */
#include <assert.h>
#include <string.h>

#include "assoc/engine.h"
#include "base/mem.h"
#include "wire/trailer.h"

/*
 * The first time a copy of what arrived with other PDUs; then the buffer itself grows, which the C library does for
 * large ones by moving pages instead of bytes. NULL: no memory, and nothing has changed.
 */
static struct buf *
reassembly_make(struct assoc_call *c, uint32_t cap)
{
	struct buf *b;

	if (c->held)
		return buf_resize(c->stub.buf, cap);
	b = buf_new(0, cap);
	if (!b)
		return NULL;
	memcpy(b->data, buf_slice_bytes(&c->stub), c->stub.len);
	b->end = c->stub.len;
	buf_slice_fini(&c->stub);
	return b;
}

/*
 * A reassembly buffer with room for `total` bytes. It grows with what has arrived, never with alloc_hint: that is
 * the peer's word only.
 */
static enum frag_verdict
room_make(struct assoc_conn *a, struct assoc_call *c, uint32_t total)
{
	uint32_t cap = total < a->limits->max_stub / 2 ? total * 2 : a->limits->max_stub;
	/* a server begins a request only when there is memory for it, and waits while its output takes that */
	size_t others = a->side == SIDE_SERVER ? 0 : a->held - c->held;
	struct buf *b;

	if (c->held >= total)
		return FRAG_OK;
	if (others + cap > a->limits->max_memory)
		return FRAG_NO_MEMORY;
	b = reassembly_make(c, cap);
	if (!b)
		return FRAG_NO_MEMORY;
	c->stub = (struct buf_slice){.buf = b, .off = 0, .len = b->end};
	a->held += cap - c->held;
	c->held = cap;
	return FRAG_OK;
}

enum frag_verdict
frag_append(struct assoc_conn *a, struct assoc_call *c, struct buf *from, struct wire_in *in)
{
	size_t n = wire_in_left(in);
	enum frag_verdict verdict;
	const uint8_t *bytes;

	if (n > a->limits->max_stub || c->stub.len > a->limits->max_stub - n)
		return FRAG_TOO_LONG;
	if (n == 0)
		return FRAG_OK;
	bytes = wire_in_bytes(in, n);
	if (!c->stub.buf) {
		c->stub = (struct buf_slice){.buf = buf_ref(from),
			.off = (uint32_t)(bytes - from->data),
			.len = (uint32_t)n};
		return FRAG_OK;
	}
	verdict = room_make(a, c, c->stub.len + (uint32_t)n);
	if (verdict != FRAG_OK)
		return verdict;
	memcpy(c->stub.buf->data + c->stub.len, bytes, n);
	c->stub.len += (uint32_t)n;
	c->stub.buf->end = c->stub.len;
	return FRAG_OK;
}

/* Headers of all fragments differ in flags, frag_len and alloc_hint only. */
struct header_plan {
	unsigned ptype;
	uint32_t call_id;
	struct request_fixed request;
	struct response_fixed response;
	uint8_t extra_flags;
	bool is_continued, is_open; /* there was a piece before, there is another one behind */
};

static void
header_write(const struct header_plan *plan, uint8_t *at, uint32_t size, uint8_t flags,
	uint32_t stub_len, uint32_t left)
{
	struct pdu_header h = header_make(
		plan->ptype, flags | plan->extra_flags, plan->call_id, (uint16_t)(size + stub_len));
	struct wire_out out;

	wire_out_init(&out, at, size);
	if (plan->ptype == PTYPE_REQUEST) {
		struct request_fixed r = plan->request;

		r.alloc_hint = left;
		request_fixed_put(&out, &h, &r);
	} else {
		struct response_fixed r = plan->response;

		r.alloc_hint = left;
		response_fixed_put(&out, &h, &r);
	}
}

static void
headers_write(const struct header_plan *plan, struct assoc_output *o)
{
	for (uint32_t i = 0; i < o->n_fragments; i++) {
		uint32_t left = o->stub_len - i * o->chunk;
		bool last = i + 1 == o->n_fragments;
		uint8_t flags = (i == 0 && !plan->is_continued ? PFC_FIRST_FRAG : 0) |
				(last && !plan->is_open ? PFC_LAST_FRAG : 0);
		uint8_t *at = i == 0 ? o->stub->data + o->stub_start - o->header_size
				     : o->bytes + (i - 1) * o->header_size;

		/* [MS-RPCE] 2.2.2.6: 0 where nobody knows how much is to come */
		header_write(plan, at, o->header_size, flags, last ? left : o->chunk,
			plan->is_open ? 0 : left);
	}
}

static void
output_of(struct assoc_output *o, struct assoc_call *call)
{
	o->call = call;
	if (call && call->output)
		call->output->call = NULL;
	if (call)
		call->output = o;
}

/*
 * Under a security context each PDU is put together in one piece, and signed or sealed at once: the order in which that is
 * done is the order in which they must arrive.
 */
static bool
send_protected(struct assoc_conn *a, const struct header_plan *plan, uint32_t header_size,
	struct assoc_call *call, const struct security_context *security, const struct buf *stub)
{
	uint32_t tail = security_tail(security), len = stub ? buf_len(stub) : 0;
	uint32_t chunk = (a->max_xmit - header_size - tail) & ~(SECURITY_PAD - 1);
	uint32_t n = len <= chunk ? 1 : (len + chunk - 1) / chunk, left = len;
	uint8_t last_pad = (uint8_t)(-(len - (n - 1) * chunk) & (SECURITY_PAD - 1));
	struct assoc_output *o = output_new(a, n * (header_size + tail) + len + last_pad);
	uint8_t *at = o ? o->bytes : NULL;

	for (uint32_t i = 0; o && i < n; i++) {
		uint32_t piece = left < chunk ? left : chunk;
		uint8_t pad = piece == left ? last_pad : 0;
		uint8_t flags = (i == 0 && !plan->is_continued ? PFC_FIRST_FRAG : 0) |
				(i + 1 == n && !plan->is_open ? PFC_LAST_FRAG : 0);
		struct wire_out out;

		header_write(
			plan, at, header_size, flags, piece + pad + tail, plan->is_open ? 0 : left);
		wire_out_init(&out, at, header_size);
		wire_out_u16_at(&out, 10, (uint16_t)(tail - TRAILER_SIZE)); /* auth_length */
		if (piece > 0)
			memcpy(at + header_size, stub->data + stub->start + (len - left), piece);
		memset(at + header_size + piece, 0, pad);
		if (!security_seal(a, security, at, header_size, piece, pad)) {
			output_drop(a, o);
			return false;
		}
		at += header_size + piece + pad + tail;
		left -= piece;
	}
	if (!o)
		return false;
	o->n_pdus = n;
	output_of(o, call);
	output_queue(a, o);
	return true;
}

/* `call` is told when a request or a piece has left; NULL for a response. */
static bool
send(struct assoc_conn *a, const struct header_plan *plan, uint32_t header_size,
	struct assoc_call *call, struct buf *take_stub)
{
	/* C706 12.6.4.9: all but the last fragment carry a multiple of 8 bytes */
	uint32_t chunk = (a->max_xmit - header_size) & ~7u, len, n;
	struct assoc_output *o = NULL;

	if (!take_stub)
		take_stub = buf_new(PDU_REQUEST_OBJECT_SIZE, PDU_REQUEST_OBJECT_SIZE);
	if (!take_stub) {
		conn_close(a, ASSOC_CLOSE_MEMORY, "no memory for a PDU to send");
		return false;
	}
	assert(take_stub->start >= header_size);
	len = buf_len(take_stub);
	n = len <= chunk ? 1 : (len + chunk - 1) / chunk;
	o = output_new(a, (n - 1) * header_size);
	if (!o) {
		buf_unref(take_stub);
		return false;
	}
	o->stub = take_stub;
	o->stub_start = take_stub->start;
	o->stub_len = len;
	o->header_size = header_size;
	o->chunk = chunk;
	o->n_fragments = n;
	o->total = n * header_size + len;
	output_of(o, call);
	headers_write(plan, o);
	output_queue(a, o);
	return true;
}

bool
frag_send_request(
	struct assoc_conn *a, struct assoc_call *c, uint16_t context_id, struct buf *take_stub)
{
	struct header_plan plan = {
		.ptype = PTYPE_REQUEST,
		.call_id = c->id,
		.request = {.context_id = context_id,
			.opnum = c->opnum,
			.has_object = c->has_object,
			.object = c->object},
		.extra_flags = (c->has_object ? PFC_OBJECT_UUID : 0) | (c->maybe ? PFC_MAYBE : 0),
		.is_continued = c->continued,
		.is_open = c->more,
	};

	uint32_t header = c->has_object ? PDU_REQUEST_OBJECT_SIZE : PDU_REQUEST_SIZE;
	bool sent;

	c->continued = true;
	if (!security_protects(c->security))
		return send(a, &plan, header, c, take_stub);
	sent = send_protected(a, &plan, header, c, c->security, take_stub);
	buf_unref(take_stub);
	return sent;
}

static bool
answer_send(struct assoc_conn *a, struct assoc_call *c, struct buf *take_stub, bool is_open)
{
	struct header_plan plan = {
		.ptype = PTYPE_RESPONSE,
		.call_id = c->id,
		.response = {.context_id = c->context_id, .cancel_count = c->cancelled},
		.is_continued = c->continued,
		.is_open = is_open,
	};

	struct assoc_call *told = is_open ? c : NULL;
	bool sent;

	c->continued = true;
	if (!security_protects(c->security))
		return send(a, &plan, PDU_RESPONSE_SIZE, told, take_stub);
	sent = send_protected(a, &plan, PDU_RESPONSE_SIZE, told, c->security, take_stub);
	buf_unref(take_stub);
	return sent;
}

bool
frag_send_response(struct assoc_conn *a, struct assoc_call *c, struct buf *take_stub)
{
	return answer_send(a, c, take_stub, false);
}

bool
frag_send_piece(struct assoc_conn *a, struct assoc_call *c, struct buf *take_stub)
{
	return answer_send(a, c, take_stub, true);
}
