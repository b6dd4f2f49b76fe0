/* SPDX-License-Identifier: MIT */
#include "wire/cursor.h"

#include <string.h>

void
wire_in_init(struct wire_in *in, const void *bytes, size_t len, bool big_endian,
	struct wire_fault *fault)
{
	static const uint8_t nothing[1]; /* an empty view may come without an address */

	in->p = in->pdu = bytes ? bytes : nothing;
	in->end = in->p + len;
	in->fault = fault;
	in->what = "PDU";
	in->swap = big_endian;
}

void
wire_in_fail(struct wire_in *in, enum wire_bad bad)
{
	if (in->fault->bad == WIRE_OK) {
		in->fault->bad = bad;
		in->fault->at = (uint32_t)(in->p - in->pdu);
		in->fault->what = in->what;
	}
	in->p = in->end;
}

bool
wire_in_ok(const struct wire_in *in)
{
	return in->fault->bad == WIRE_OK;
}

size_t
wire_in_left(const struct wire_in *in)
{
	return wire_in_ok(in) ? (size_t)(in->end - in->p) : 0;
}

const uint8_t *
wire_in_bytes(struct wire_in *in, size_t n)
{
	const uint8_t *p = in->p;

	if (!wire_in_ok(in))
		return NULL;
	if ((size_t)(in->end - p) < n) {
		wire_in_fail(in, WIRE_SHORT);
		return NULL;
	}
	in->p += n;
	return p;
}

uint8_t
wire_in_u8(struct wire_in *in)
{
	const uint8_t *p = wire_in_bytes(in, 1);

	return p ? *p : 0;
}

uint16_t
wire_in_u16(struct wire_in *in)
{
	const uint8_t *p = wire_in_bytes(in, 2);
	uint16_t v;

	if (!p)
		return 0;
	memcpy(&v, p, sizeof(v));
	return in->swap ? __builtin_bswap16(v) : v;
}

uint32_t
wire_in_u32(struct wire_in *in)
{
	const uint8_t *p = wire_in_bytes(in, 4);
	uint32_t v;

	if (!p)
		return 0;
	memcpy(&v, p, sizeof(v));
	return in->swap ? __builtin_bswap32(v) : v;
}

uint64_t
wire_in_u64(struct wire_in *in)
{
	const uint8_t *p = wire_in_bytes(in, 8);
	uint64_t v;

	if (!p)
		return 0;
	memcpy(&v, p, sizeof(v));
	return in->swap ? __builtin_bswap64(v) : v;
}

uint16_t
wire_in_be16(struct wire_in *in)
{
	const uint8_t *p = wire_in_bytes(in, 2);

	return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

struct wire_in
wire_in_sub(struct wire_in *in, size_t n)
{
	struct wire_in child = *in;
	const uint8_t *p = wire_in_bytes(in, n);

	child.p = p ? p : in->end;
	child.end = child.p + (p ? n : 0);
	return child;
}

void
wire_in_skip(struct wire_in *in, size_t n)
{
	(void)wire_in_bytes(in, n);
}

void
wire_in_align(struct wire_in *in, size_t n)
{
	wire_in_skip(in, (size_t)(in->pdu - in->p) & (n - 1));
}

uint32_t
wire_in_count(struct wire_in *in, uint32_t n, size_t least)
{
	if (!wire_in_ok(in))
		return 0;
	if (wire_in_left(in) / least >= n)
		return n;
	wire_in_fail(in, WIRE_SHORT);
	return 0;
}

void
wire_out_init(struct wire_out *out, void *room, size_t cap)
{
	out->p = out->base = room;
	out->end = out->p + cap;
	out->full = out->swap = false;
}

void
wire_out_bytes(struct wire_out *out, const void *bytes, size_t n)
{
	if (out->full || (size_t)(out->end - out->p) < n) {
		out->full = true;
		return;
	}
	if (n > 0)
		memcpy(out->p, bytes, n);
	out->p += n;
}

void
wire_out_u8(struct wire_out *out, uint8_t v)
{
	wire_out_bytes(out, &v, 1);
}

void
wire_out_u16(struct wire_out *out, uint16_t v)
{
	if (out->swap)
		v = __builtin_bswap16(v);
	wire_out_bytes(out, &v, sizeof(v));
}

void
wire_out_u32(struct wire_out *out, uint32_t v)
{
	if (out->swap)
		v = __builtin_bswap32(v);
	wire_out_bytes(out, &v, sizeof(v));
}

void
wire_out_u64(struct wire_out *out, uint64_t v)
{
	if (out->swap)
		v = __builtin_bswap64(v);
	wire_out_bytes(out, &v, sizeof(v));
}

void
wire_out_be16(struct wire_out *out, uint16_t v)
{
	uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	wire_out_bytes(out, bytes, sizeof(bytes));
}

void
wire_out_zero(struct wire_out *out, size_t n)
{
	if (out->full || (size_t)(out->end - out->p) < n) {
		out->full = true;
		return;
	}
	memset(out->p, 0, n);
	out->p += n;
}

size_t
wire_out_offset(const struct wire_out *out)
{
	return (size_t)(out->p - out->base);
}

void
wire_out_align(struct wire_out *out, size_t n)
{
	wire_out_zero(out, (size_t)(out->base - out->p) & (n - 1));
}

void
wire_out_u16_at(struct wire_out *out, size_t offset, uint16_t v)
{
	if (out->full)
		return;
	if (out->swap)
		v = __builtin_bswap16(v);
	memcpy(out->base + offset, &v, sizeof(v));
}

void
wire_out_u32_at(struct wire_out *out, size_t offset, uint32_t v)
{
	if (out->full)
		return;
	if (out->swap)
		v = __builtin_bswap32(v);
	memcpy(out->base + offset, &v, sizeof(v));
}
