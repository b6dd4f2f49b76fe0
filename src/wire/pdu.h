/* SPDX-License-Identifier: MIT */
/*
 * Connection-oriented PDUs (C706 12.6, [MS-RPCE] 2.2.2): the common header and
 * every body, one get/put pair each. Pure; no state, no allocation: variable
 * parts are views into the caller's bytes or arrays that the caller bounds.
 *
 * get functions return false with *fault filled in; small results are
 * untouched then, large ones (documented) undefined. put functions return
 * false when the room is too small; they write the header with frag_len and
 * auth_len filled in (the trailer, if any, is put by trailer_put afterwards).
 */
#ifndef WIRE_PDU_H
#define WIRE_PDU_H

#include "wire/cursor.h"
#include "wire/ptype.h"

#define PDU_HEADER_SIZE 16
#define PDU_REQUEST_SIZE 24 /* header and fixed body, without an object UUID */
#define PDU_REQUEST_OBJECT_SIZE 40
#define PDU_RESPONSE_SIZE 24
#define PDU_FAULT_SIZE 32
/* C706 12.6.3.1 and [MS-RPCE] 2.2.2.1: no implementation may refuse this size */
#define PDU_MUST_RECV_FRAG_SIZE 1432

enum pdu_flags { /* C706 12.6.3.1, [MS-RPCE] 2.2.2.3 */
	PFC_FIRST_FRAG = 0x01,
	PFC_LAST_FRAG = 0x02,
	PFC_PENDING_CANCEL = 0x04,      /* request */
	PFC_SUPPORT_HEADER_SIGN = 0x04, /* bind, bind_ack, alter_context, alter_context_resp */
	PFC_RESERVED_1 = 0x08,
	PFC_CONC_MPX = 0x10,
	PFC_DID_NOT_EXECUTE = 0x20,
	PFC_MAYBE = 0x40,
	PFC_OBJECT_UUID = 0x80,
};

struct pdu_header {
	uint8_t vers, vers_minor;
	uint8_t ptype; /* enum ptype */
	uint8_t flags;
	uint8_t drep[4];
	uint16_t frag_len; /* header included */
	uint16_t auth_len; /* of the auth value: without the 8 bytes before it and the padding */
	uint32_t call_id;
};

bool pdu_is_big_endian(const uint8_t drep[4]);

/*
 * Reads the 16 bytes. WIRE_SHORT: fewer than 16 given. WIRE_MALFORMED: version, integer format other
 * than 0 or 1, frag_len < 16, auth_len that does not fit. An unknown ptype is not a fault here.
 */
bool pdu_header_get(
	const uint8_t *bytes, size_t len, struct pdu_header *ret, struct wire_fault *fault);
bool pdu_header_put(struct wire_out *, const struct pdu_header *);
/* Fills in frag_len of the PDU whose header was put at offset `start`; false: the room was too small. */
bool pdu_put_end(struct wire_out *, size_t start);
/* A cursor over the body: after the header, before padding and trailer. */
bool pdu_body(const uint8_t *pdu, const struct pdu_header *, struct wire_in *ret,
	struct wire_fault *fault);

#endif
