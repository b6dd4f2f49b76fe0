/* SPDX-License-Identifier: MIT */
/*
 * Plain types that every public header and every room shares. No functions
 * with side effects; safe from any thread.
 */
#ifndef SALLYPORT_TYPES_H
#define SALLYPORT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SP_NODISCARD __attribute__((warn_unused_result))
#define SP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* A point in time (CLOCK_MONOTONIC) or a duration, in nanoseconds. */
typedef int64_t sp_nanos;

#define SP_MICROSECOND ((sp_nanos)1000)
#define SP_MILLISECOND ((sp_nanos)1000000)
#define SP_SECOND ((sp_nanos)1000000000)
#define SP_NEVER INT64_MAX

/* Windows' own number: RPC_S_*, EPT_S_*, a Win32 error or an nca_s_* fault (status.h). */
typedef uint32_t sp_status;

/* A UUID in host order; the text form is made of exactly these fields. */
struct sp_uuid {
	uint32_t time_low;
	uint16_t time_mid;
	uint16_t time_hi_and_version;
	uint8_t clock_seq[2];
	uint8_t node[6];
};

/* An interface or a transfer syntax: C706's p_syntax_id_t. */
/*
 * In which syntax data travels ([MS-RPCE] 3.3.1.5.6). Both may be offered, and the server chooses; NDR is smaller and costs
 * less to make and to read (docs/bench.md).
 */
enum sp_transfer {
	SP_TRANSFER_NDR_FIRST,   /* both, rather NDR 2.0 */
	SP_TRANSFER_NDR64_FIRST, /* both, rather NDR64 */
	SP_TRANSFER_NDR,         /* only NDR 2.0 */
	SP_TRANSFER_NDR64,       /* only NDR64 */
};

struct sp_syntax_id {
	struct sp_uuid uuid;
	uint16_t major;
	uint16_t minor;
};

/* The 20 bytes that stand for a context handle on the wire, and what they stand for on a server. */
struct sp_context_handle {
	uint32_t attributes;
	struct sp_uuid uuid; /* nil: no context */
	void *user;          /* server: what the handler stored; clients leave it alone */
};

#endif
