/* SPDX-License-Identifier: MIT */
#include "wire/trailer.h"

bool
trailer_get(const uint8_t *pdu, const struct pdu_header *h, size_t fixed, struct trailer *ret,
	struct wire_fault *fault)
{
	struct wire_in in;
	struct trailer t;

	wire_in_init(&in, pdu, h->frag_len, pdu_is_big_endian(h->drep), fault);
	in.what = "security trailer";
	if (fixed + TRAILER_SIZE + h->auth_len > h->frag_len) {
		wire_in_fail(&in, WIRE_MALFORMED);
		return false;
	}
	wire_in_skip(&in, (size_t)(h->frag_len - h->auth_len - TRAILER_SIZE));
	t.auth_type = wire_in_u8(&in);
	t.auth_level = wire_in_u8(&in);
	t.pad_len = wire_in_u8(&in);
	t.reserved = wire_in_u8(&in);
	t.context_id = wire_in_u32(&in);
	t.value = wire_in_bytes(&in, h->auth_len);
	in.what = "auth padding";
	if (wire_in_ok(&in) && fixed + t.pad_len + TRAILER_SIZE + h->auth_len > h->frag_len)
		wire_in_fail(&in, WIRE_MALFORMED);
	if (!wire_in_ok(&in))
		return false;
	*ret = t;
	return true;
}

bool
trailer_put(struct wire_out *out, const struct trailer *t, size_t alignment, uint16_t value_len)
{
	size_t before = wire_out_offset(out);

	wire_out_align(out, alignment);
	wire_out_u8(out, t->auth_type);
	wire_out_u8(out, t->auth_level);
	wire_out_u8(out, (uint8_t)(-before & (alignment - 1)));
	wire_out_u8(out, t->reserved);
	wire_out_u32(out, t->context_id);
	wire_out_bytes(out, t->value, value_len);
	wire_out_u16_at(out, 8, (uint16_t)wire_out_offset(out));
	wire_out_u16_at(out, 10, value_len);
	return !out->full;
}
