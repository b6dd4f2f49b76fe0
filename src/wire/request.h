/* SPDX-License-Identifier: MIT */
/* request, response, fault, co_cancel, orphaned, shutdown (C706 12.6.4.6-11, [MS-RPCE] 2.2.2.10). */
#ifndef WIRE_REQUEST_H
#define WIRE_REQUEST_H

#include "wire/pdu.h"

struct request_fixed {
	uint32_t alloc_hint;
	uint16_t context_id;
	uint16_t opnum;
	bool has_object; /* from the header's PFC_OBJECT_UUID */
	struct sp_uuid object;
};
/* After the get the cursor stands at the stub data and ends before padding and trailer. */
void request_fixed_get(struct wire_in *, const struct pdu_header *, struct request_fixed *ret);
void request_fixed_put(struct wire_out *, const struct pdu_header *, const struct request_fixed *);

struct response_fixed {
	uint32_t alloc_hint;
	uint16_t context_id;
	uint8_t cancel_count;
};
void response_fixed_get(struct wire_in *, struct response_fixed *ret);
void response_fixed_put(
	struct wire_out *, const struct pdu_header *, const struct response_fixed *);

struct fault_fixed {
	uint32_t alloc_hint;
	uint16_t context_id;
	uint8_t cancel_count;
	uint8_t flags; /* bit 0: extended error information follows ([MS-RPCE] 2.2.2.10) */
	uint32_t status;
};
#define FAULT_EXTENDED_ERROR 0x01
void fault_fixed_get(struct wire_in *, struct fault_fixed *ret);
void fault_fixed_put(struct wire_out *, const struct pdu_header *, const struct fault_fixed *);

/* co_cancel, orphaned and shutdown are a header; a co_cancel may carry a trailer. */
void uuid_get(struct wire_in *, struct sp_uuid *ret);
void uuid_put(struct wire_out *, const struct sp_uuid *);

#endif
