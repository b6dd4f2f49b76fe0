/* SPDX-License-Identifier: MIT */
/* The verification trailer behind the stub data of a request ([MS-RPCE] 2.2.2.13); always little-endian. */
#ifndef WIRE_VERIFICATION_H
#define WIRE_VERIFICATION_H

#include "wire/cursor.h"

/* What we send: signature, pcontext, header2; with the padding before it. */
#define VERIFICATION_MAX_SIZE (3 + 8 + 44 + 20)

struct verification { /* what the sender says that it sent */
	bool has_bitmask, has_pcontext, has_header2;
	uint32_t bitmask;
	struct sp_syntax_id interface, transfer; /* pcontext */
	uint8_t ptype;                           /* header2 */
	uint8_t drep[4];
	uint32_t call_id;
	uint16_t context_id, opnum;
};

enum verification_verdict {
	VERIFICATION_ABSENT,
	VERIFICATION_FOUND,
	VERIFICATION_BAD /* breaks off, or holds a command that we must but cannot process */
};

/* `bytes` is what follows the last parameter: padding, and perhaps a trailer. *ret is filled in when found. */
enum verification_verdict verification_get(
	const uint8_t *bytes, size_t len, struct verification *ret);
/* Pads to 4, counted from the writer's beginning, then the trailer. False: it does not fit. */
bool verification_put(struct wire_out *, const struct verification *);

#endif
