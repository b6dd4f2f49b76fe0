/* SPDX-License-Identifier: MIT */
/* The security trailer, sec_trailer ([MS-RPCE] 2.2.2.11, 2.2.2.12). */
#ifndef WIRE_TRAILER_H
#define WIRE_TRAILER_H

#include "wire/pdu.h"

#define TRAILER_SIZE 8

struct trailer {
	uint8_t auth_type, auth_level, pad_len, reserved;
	uint32_t context_id;
	const uint8_t *value; /* a view of header.auth_len bytes */
};

/*
 * Found from the end of the PDU. False: auth_len leaves no room, or pad_len is larger than the body
 * allows (`fixed` is the length of header and fixed body). Only for auth_len > 0.
 */
bool trailer_get(const uint8_t *pdu, const struct pdu_header *, size_t fixed, struct trailer *ret,
	struct wire_fault *fault);
/* Pads to 4 from the PDU's start (16 for request and response: [MS-RPCE] 2.2.2.11), then the 8 bytes and the value. */
bool trailer_put(struct wire_out *, const struct trailer *, size_t alignment, uint16_t value_len);

#endif
