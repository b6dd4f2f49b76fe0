/* SPDX-License-Identifier: MIT */
#include "wire/verification.h"

#include <string.h>

#include "wire/bind.h"

enum vt_command { /* [MS-RPCE] 2.2.2.13 */
	SEC_VT_COMMAND_BITMASK_1 = 0x0001,
	SEC_VT_COMMAND_PCONTEXT = 0x0002,
	SEC_VT_COMMAND_HEADER2 = 0x0003,
	SEC_VT_COMMAND_END = 0x4000,
	SEC_VT_MUST_PROCESS_COMMAND = 0x8000,
};
#define COMMAND_MASK 0x3fff

static const uint8_t signature[8] = {0x8a, 0xe3, 0x13, 0x71, 0x02, 0xf4, 0x36, 0x71};

static void
header2_get(struct wire_in *in, struct verification *v)
{
	v->ptype = wire_in_u8(in);
	wire_in_skip(in, 3);
	for (unsigned i = 0; i < 4; i++)
		v->drep[i] = wire_in_u8(in);
	v->call_id = wire_in_u32(in);
	v->context_id = wire_in_u16(in);
	v->opnum = wire_in_u16(in);
}

static void
header2_put(struct wire_out *out, const struct verification *v)
{
	wire_out_u8(out, v->ptype);
	wire_out_zero(out, 3);
	wire_out_bytes(out, v->drep, 4);
	wire_out_u32(out, v->call_id);
	wire_out_u16(out, v->context_id);
	wire_out_u16(out, v->opnum);
}

/* One command's body. False: its length is wrong, it comes twice, or it must be known and is not. */
static bool
command_get(struct wire_in *in, uint16_t command, uint16_t len, struct verification *v)
{
	switch (command & COMMAND_MASK) {
	case SEC_VT_COMMAND_BITMASK_1:
		if (len != 4 || v->has_bitmask)
			return false;
		v->has_bitmask = true;
		v->bitmask = wire_in_u32(in);
		return true;
	case SEC_VT_COMMAND_PCONTEXT:
		if (len != 40 || v->has_pcontext)
			return false;
		v->has_pcontext = true;
		syntax_get(in, &v->interface);
		syntax_get(in, &v->transfer);
		return true;
	case SEC_VT_COMMAND_HEADER2:
		if (len != 16 || v->has_header2)
			return false;
		v->has_header2 = true;
		header2_get(in, v);
		return true;
	default:
		wire_in_skip(in, len);
		return len % 4 == 0 && !(command & SEC_VT_MUST_PROCESS_COMMAND);
	}
}

/* The signature may stand anywhere behind the stub data: some clients pad it ([MS-RPCE] 2.2.2.13). */
static const uint8_t *
signature_find(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i + sizeof(signature) <= len; i++)
		if (memcmp(bytes + i, signature, sizeof(signature)) == 0)
			return bytes + i;
	return NULL;
}

enum verification_verdict
verification_get(const uint8_t *bytes, size_t len, struct verification *ret)
{
	const uint8_t *at = len >= sizeof(signature) ? signature_find(bytes, len) : NULL;
	struct verification v = {0};
	struct wire_fault fault = {0};
	struct wire_in in;
	uint16_t command;

	if (!at)
		return VERIFICATION_ABSENT;
	wire_in_init(&in, at, len - (size_t)(at - bytes), false, &fault);
	wire_in_skip(&in, sizeof(signature));
	do {
		command = wire_in_u16(&in);
		if (!command_get(&in, command, wire_in_u16(&in), &v) || !wire_in_ok(&in))
			return VERIFICATION_BAD;
	} while (!(command & SEC_VT_COMMAND_END));
	*ret = v;
	return VERIFICATION_FOUND;
}

bool
verification_put(struct wire_out *out, const struct verification *v)
{
	unsigned left = (unsigned)v->has_bitmask + v->has_pcontext + v->has_header2;

	wire_out_align(out, 4);
	wire_out_bytes(out, signature, sizeof(signature));
	if (v->has_bitmask) {
		wire_out_u16(out, SEC_VT_COMMAND_BITMASK_1 | (--left ? 0 : SEC_VT_COMMAND_END));
		wire_out_u16(out, 4);
		wire_out_u32(out, v->bitmask);
	}
	if (v->has_pcontext) {
		wire_out_u16(out, SEC_VT_COMMAND_PCONTEXT | (--left ? 0 : SEC_VT_COMMAND_END));
		wire_out_u16(out, 40);
		syntax_put(out, &v->interface);
		syntax_put(out, &v->transfer);
	}
	if (v->has_header2) {
		wire_out_u16(out, SEC_VT_COMMAND_HEADER2 | (--left ? 0 : SEC_VT_COMMAND_END));
		wire_out_u16(out, 16);
		header2_put(out, v);
	}
	return !out->full;
}
