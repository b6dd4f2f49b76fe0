/* SPDX-License-Identifier: MIT */
/*
 * The one way to a peer's bytes. Getters return 0 or NULL after a fault; the
 * first fault stays, says where and in what, and is shared by every cursor
 * over the same PDU. Only the top function of a decoder checks it.
 */
#ifndef WIRE_CURSOR_H
#define WIRE_CURSOR_H

#include <sallyport/types.h>

enum wire_bad {
	WIRE_OK,
	WIRE_SHORT,     /* bytes are missing: wait, or the capture was cut */
	WIRE_MALFORMED, /* no bytes that follow could make it right */
};

struct wire_fault {
	enum wire_bad bad;
	uint32_t at;      /* offset in the PDU, bytes */
	const char *what; /* "presentation context"; static string */
};

struct wire_in { /* passed by pointer, copied to make a child; a child shares the fault */
	const uint8_t *p, *end, *pdu;
	struct wire_fault *fault;
	const char *what;
	bool swap; /* the peer's integers are big-endian */
};

void wire_in_init(
	struct wire_in *, const void *bytes, size_t len, bool big_endian, struct wire_fault *);
void wire_in_fail(struct wire_in *, enum wire_bad);

uint8_t wire_in_u8(struct wire_in *);
uint16_t wire_in_u16(struct wire_in *); /* no alignment */
uint32_t wire_in_u32(struct wire_in *);
uint64_t wire_in_u64(struct wire_in *);
uint16_t wire_in_be16(struct wire_in *); /* big-endian whatever swap says: ports in towers */
const uint8_t *wire_in_bytes(struct wire_in *, size_t n); /* a view; NULL after a fault */
struct wire_in wire_in_sub(struct wire_in *, size_t n);   /* the next n bytes as their own cursor */
void wire_in_skip(struct wire_in *, size_t n);
void wire_in_align(
	struct wire_in *, size_t n); /* relative to the PDU's first byte; n a power of two */
/* a count from the peer: n, or a fault if n elements of at least `least` bytes cannot follow */
uint32_t wire_in_count(struct wire_in *, uint32_t n, size_t least);
size_t wire_in_left(const struct wire_in *);
bool wire_in_ok(const struct wire_in *);

/* Writers have a fixed room and never grow; `full` sticks. Lengths to be filled in later are offsets. */
struct wire_out {
	uint8_t *p, *end, *base;
	bool full;
	bool swap; /* write big-endian: tests and captures only */
};

void wire_out_init(struct wire_out *, void *room, size_t cap);
void wire_out_u8(struct wire_out *, uint8_t);
void wire_out_u16(struct wire_out *, uint16_t);
void wire_out_u32(struct wire_out *, uint32_t);
void wire_out_u64(struct wire_out *, uint64_t);
void wire_out_be16(struct wire_out *, uint16_t);
void wire_out_bytes(struct wire_out *, const void *, size_t n);
void wire_out_zero(struct wire_out *, size_t n);
void wire_out_align(struct wire_out *, size_t n);
size_t wire_out_offset(const struct wire_out *);
void wire_out_u16_at(struct wire_out *, size_t offset, uint16_t);
void wire_out_u32_at(struct wire_out *, size_t offset, uint32_t);

#endif
