/* SPDX-License-Identifier: MIT */
#include "wire/pdu.h"

#include "wire/trailer.h"

#include <string.h>

bool
pdu_is_big_endian(const uint8_t drep[4])
{
	return (drep[0] & 0xf0) == 0; /* C706 14.1: 1 is little-endian */
}

static void
header_check(struct wire_in *in, const struct pdu_header *h)
{
	in->what = "protocol version";
	if (h->vers != 5 || h->vers_minor > 1)
		wire_in_fail(in, WIRE_MALFORMED);
	in->what = "data representation";
	if (h->drep[0] >> 4 > 1)
		wire_in_fail(in, WIRE_MALFORMED);
	in->what = "fragment length";
	if (h->frag_len < PDU_HEADER_SIZE)
		wire_in_fail(in, WIRE_MALFORMED);
	in->what = "authentication length";
	if (h->auth_len > 0 && h->auth_len + TRAILER_SIZE + PDU_HEADER_SIZE > h->frag_len)
		wire_in_fail(in, WIRE_MALFORMED);
}

bool
pdu_header_get(const uint8_t *bytes, size_t len, struct pdu_header *ret, struct wire_fault *fault)
{
	struct wire_in in;
	struct pdu_header h;
	const uint8_t *drep;

	wire_in_init(&in, bytes, len, false, fault);
	in.what = "header";
	h.vers = wire_in_u8(&in);
	h.vers_minor = wire_in_u8(&in);
	h.ptype = wire_in_u8(&in);
	h.flags = wire_in_u8(&in);
	drep = wire_in_bytes(&in, sizeof(h.drep));
	if (drep == NULL)
		return false;
	memcpy(h.drep, drep, sizeof(h.drep));
	in.swap = pdu_is_big_endian(drep);
	h.frag_len = wire_in_u16(&in);
	h.auth_len = wire_in_u16(&in);
	h.call_id = wire_in_u32(&in);
	if (wire_in_ok(&in))
		header_check(&in, &h);
	if (!wire_in_ok(&in))
		return false;
	*ret = h;
	return true;
}

bool
pdu_header_put(struct wire_out *out, const struct pdu_header *h)
{
	wire_out_u8(out, h->vers);
	wire_out_u8(out, h->vers_minor);
	wire_out_u8(out, h->ptype);
	wire_out_u8(out, h->flags);
	wire_out_bytes(out, h->drep, sizeof(h->drep));
	wire_out_u16(out, h->frag_len);
	wire_out_u16(out, h->auth_len);
	wire_out_u32(out, h->call_id);
	return !out->full;
}

bool
pdu_put_end(struct wire_out *out, size_t start)
{
	wire_out_u16_at(out, start + 8, (uint16_t)(wire_out_offset(out) - start));
	return !out->full;
}

bool
pdu_body(const uint8_t *pdu, const struct pdu_header *h, struct wire_in *ret,
	struct wire_fault *fault)
{
	struct wire_in in;
	struct trailer trailer;
	size_t len = h->frag_len;

	if (h->auth_len > 0) {
		if (!trailer_get(pdu, h, PDU_HEADER_SIZE, &trailer, fault))
			return false;
		len -= h->auth_len + TRAILER_SIZE + (size_t)trailer.pad_len;
	}
	wire_in_init(&in, pdu, len, pdu_is_big_endian(h->drep), fault);
	in.what = ptype_name(h->ptype);
	wire_in_skip(&in, PDU_HEADER_SIZE);
	*ret = in;
	return wire_in_ok(&in);
}
