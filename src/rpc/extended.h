/* SPDX-License-Identifier: MIT */
/* Extended error information ([MS-EERR]) between its bytes and struct sp_error. */
#ifndef RPC_EXTENDED_H
#define RPC_EXTENDED_H

#include <sallyport/error.h>

#include "base/buf.h"

/* Where our runtime detects failures: SP_COMPONENT_RUNTIME's numbers, for sp_error_record.location. */
enum eerr_location {
	EERR_AT_ADMISSION = 1, /* opnum, local_only, access callback */
	EERR_AT_ARGUMENTS = 2, /* reading them */
	EERR_AT_HANDLER = 3,   /* its fault; the component is the application */
	EERR_AT_ANSWER = 4,    /* marshalling it */
	EERR_AT_BIND = 5,      /* a bind or what came in its place */
};

/* Fills in ret's records. False: the bytes are wrong, or memory ended; *ret is as it was. */
bool eerr_get(const uint8_t *bytes, size_t len, struct sp_error *ret);
/* The records, each caused by the next, as serialized type ([MS-RPCE] 2.2.6). NULL: no memory. */
struct buf *eerr_put(const struct sp_error_record *records, size_t n);

/* A record of this process, now. */
struct sp_error_record eerr_record(uint32_t component, enum eerr_location, sp_status);
void eerr_add_text(struct sp_error_record *, const char *);
void eerr_add_number(struct sp_error_record *, int64_t);

#endif
