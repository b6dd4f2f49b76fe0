/* SPDX-License-Identifier: MIT */
#include "wire/request.h"

#include <string.h>

void
uuid_get(struct wire_in *in, struct sp_uuid *ret)
{
	struct sp_uuid u = {0};
	const uint8_t *rest;

	u.time_low = wire_in_u32(in);
	u.time_mid = wire_in_u16(in);
	u.time_hi_and_version = wire_in_u16(in);
	rest = wire_in_bytes(in, sizeof(u.clock_seq) + sizeof(u.node));
	if (rest != NULL) {
		memcpy(u.clock_seq, rest, sizeof(u.clock_seq));
		memcpy(u.node, rest + sizeof(u.clock_seq), sizeof(u.node));
	}
	*ret = u;
}

void
uuid_put(struct wire_out *out, const struct sp_uuid *u)
{
	wire_out_u32(out, u->time_low);
	wire_out_u16(out, u->time_mid);
	wire_out_u16(out, u->time_hi_and_version);
	wire_out_bytes(out, u->clock_seq, sizeof(u->clock_seq));
	wire_out_bytes(out, u->node, sizeof(u->node));
}

void
request_fixed_get(struct wire_in *in, const struct pdu_header *h, struct request_fixed *ret)
{
	in->what = "request";
	ret->alloc_hint = wire_in_u32(in);
	ret->context_id = wire_in_u16(in);
	ret->opnum = wire_in_u16(in);
	ret->has_object = (h->flags & PFC_OBJECT_UUID) != 0;
	ret->object = (struct sp_uuid){0};
	if (ret->has_object) {
		in->what = "object UUID";
		uuid_get(in, &ret->object);
	}
}

void
request_fixed_put(
	struct wire_out *out, const struct pdu_header *h, const struct request_fixed *request)
{
	pdu_header_put(out, h);
	wire_out_u32(out, request->alloc_hint);
	wire_out_u16(out, request->context_id);
	wire_out_u16(out, request->opnum);
	if (request->has_object)
		uuid_put(out, &request->object);
}

void
response_fixed_get(struct wire_in *in, struct response_fixed *ret)
{
	in->what = "response";
	ret->alloc_hint = wire_in_u32(in);
	ret->context_id = wire_in_u16(in);
	ret->cancel_count = wire_in_u8(in);
	wire_in_skip(in, 1);
}

void
response_fixed_put(
	struct wire_out *out, const struct pdu_header *h, const struct response_fixed *response)
{
	pdu_header_put(out, h);
	wire_out_u32(out, response->alloc_hint);
	wire_out_u16(out, response->context_id);
	wire_out_u8(out, response->cancel_count);
	wire_out_u8(out, 0);
}

void
fault_fixed_get(struct wire_in *in, struct fault_fixed *ret)
{
	in->what = "fault";
	ret->alloc_hint = wire_in_u32(in);
	ret->context_id = wire_in_u16(in);
	ret->cancel_count = wire_in_u8(in);
	ret->flags = wire_in_u8(in);
	ret->status = wire_in_u32(in);
	wire_in_skip(in, 4);
}

void
fault_fixed_put(struct wire_out *out, const struct pdu_header *h, const struct fault_fixed *fault)
{
	pdu_header_put(out, h);
	wire_out_u32(out, fault->alloc_hint);
	wire_out_u16(out, fault->context_id);
	wire_out_u8(out, fault->cancel_count);
	wire_out_u8(out, fault->flags);
	wire_out_u32(out, fault->status);
	wire_out_zero(out, 4);
}
