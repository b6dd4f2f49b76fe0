/* SPDX-License-Identifier: MIT */
/* The queue of output: what assoc_take shows and assoc_sent removes. */
#include <assert.h>
#include <string.h>

#include "assoc/engine.h"
#include "base/mem.h"

struct pdu_header
header_make(unsigned ptype, uint8_t flags, uint32_t call_id, uint16_t frag_len)
{
	return (struct pdu_header){.vers = 5,
		.ptype = (uint8_t)ptype,
		.flags = flags,
		.drep = {0x10, 0, 0, 0}, /* little-endian, ASCII, IEEE (C706 14.1) */
		.frag_len = frag_len,
		.call_id = call_id};
}

struct assoc_output *
output_new(struct assoc_conn *a, uint32_t n_bytes)
{
	struct assoc_output *o = mem_take(sizeof *o + n_bytes);

	if (!o) {
		conn_close(a, ASSOC_CLOSE_MEMORY, "no memory for a PDU to send");
		return NULL;
	}
	memset(o, 0, sizeof *o);
	list_init(&o->node);
	o->cap = o->n_bytes = n_bytes;
	o->total = n_bytes;
	return o;
}

void
output_queue(struct assoc_conn *a, struct assoc_output *o)
{
	/* what is allocated, not what is sent: of small answers most is bookkeeping */
	o->memory = mem_taken(sizeof *o + o->cap);
	if (o->stub)
		o->memory += mem_taken(sizeof *o->stub + o->stub->cap);
	a->held += o->memory;
	list_append(&a->output, &o->node);
}

void
output_drop(struct assoc_conn *a, struct assoc_output *o)
{
	a->held -= o->memory;
	if (o->call)
		o->call->output = NULL;
	list_remove(&o->node);
	buf_unref(o->stub);
	mem_give(o, sizeof *o + o->cap);
}

void
output_header(struct assoc_conn *a, unsigned ptype, uint8_t flags, uint32_t call_id)
{
	struct assoc_output *o = output_new(a, PDU_HEADER_SIZE);
	struct pdu_header h = header_make(ptype, flags, call_id, PDU_HEADER_SIZE);
	struct wire_out out;

	if (!o)
		return;
	wire_out_init(&out, o->bytes, PDU_HEADER_SIZE);
	if (!pdu_header_put(&out, &h))
		assert(!"16 bytes hold a header");
	output_queue(a, o);
}

void
output_fault(struct assoc_conn *a, uint32_t call_id, uint16_t context_id, uint32_t status,
	bool did_not_execute)
{
	output_fault_extended(a, call_id, context_id, status, did_not_execute, NULL, 0);
}

void
output_fault_extended(struct assoc_conn *a, uint32_t call_id, uint16_t context_id, uint32_t status,
	bool did_not_execute, const void *information, uint32_t len)
{
	uint32_t extra = len + PDU_FAULT_SIZE <= a->max_xmit ? len : 0,
		 size = PDU_FAULT_SIZE + extra;
	struct assoc_output *o = output_new(a, size);
	uint8_t flags =
		PFC_FIRST_FRAG | PFC_LAST_FRAG | (did_not_execute ? PFC_DID_NOT_EXECUTE : 0);
	struct pdu_header h = header_make(PTYPE_FAULT, flags, call_id, (uint16_t)size);
	/* Windows' hint is the fault's own length, from which that of the information follows ([MS-RPCE] 2.2.2.8). */
	struct fault_fixed f = {.alloc_hint = size,
		.context_id = context_id,
		.flags = extra ? FAULT_EXTENDED_ERROR : 0,
		.status = status};
	struct wire_out out;

	if (!o)
		return;
	memset(o->bytes, 0, size);
	wire_out_init(&out, o->bytes, size);
	fault_fixed_put(&out, &h, &f);
	if (extra)
		wire_out_bytes(&out, information, extra);
	output_queue(a, o);
}

/* The piece at stream position `at` of a message; its length in *ret_n. */
static const uint8_t *
piece(const struct assoc_output *o, uint32_t at, size_t *ret_n)
{
	uint32_t full = o->header_size + o->chunk, i, in, len;

	if (o->n_fragments == 0) {
		*ret_n = o->n_bytes - at;
		return o->bytes + at;
	}
	i = at / full;
	in = at % full;
	len = i + 1 < o->n_fragments ? o->chunk : o->stub_len - i * o->chunk;
	if (i == 0) { /* header and stub data lie side by side */
		*ret_n = o->header_size + len - in;
		return o->stub->data + o->stub_start - o->header_size + in;
	}
	if (in < o->header_size) {
		*ret_n = o->header_size - in;
		return o->bytes + (i - 1) * o->header_size + in;
	}
	in -= o->header_size;
	*ret_n = len - in;
	return o->stub->data + o->stub_start + i * o->chunk + in;
}

size_t
assoc_take(struct assoc_conn *a, struct iovec *iov, size_t n)
{
	size_t k = 0, len;

	list_for (it, &a->output) {
		const struct assoc_output *o = list_entry(it, struct assoc_output, node);

		for (uint32_t at = o->sent; at < o->total && k < n; at += (uint32_t)len, k++) {
			iov[k].iov_base = (void *)piece(o, at, &len);
			iov[k].iov_len = len;
		}
		if (k == n)
			break;
	}
	return k;
}

static void
message_is_sent(struct assoc_conn *a, struct assoc_output *o)
{
	struct assoc_call *c = o->call;

	a->counters.packets_out += o->n_pdus ? o->n_pdus : o->n_fragments ? o->n_fragments : 1;
	output_drop(a, o);
	/* C706 12.6.3.1: nothing answers a maybe call */
	if (c && c->maybe && c->state == STATE_DISPATCHED)
		call_free(a, c);
}

void
assoc_sent(struct assoc_conn *a, size_t bytes, sp_nanos now)
{
	a->now = now;
	while (bytes > 0 && !list_is_empty(&a->output)) {
		struct assoc_output *o = list_entry(a->output.next, struct assoc_output, node);
		uint32_t left = o->total - o->sent, n = bytes < left ? (uint32_t)bytes : left;

		if (o->call)
			o->call->was_sent = true;
		o->sent += n;
		bytes -= n;
		if (o->sent == o->total)
			message_is_sent(a, o);
	}
	if (list_is_empty(&a->output))
		a->last_pdu = now;
}
