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

/*
 * A pipe: data of any length as a parameter, of which nobody holds more than a piece (C706 14.3.10). `items` are of the type
 * that the generated header names beside the pipe's. Each function returns 0, or a status that ends the call with it.
 *
 * A client fills the struct in. An [in] pipe's `pull` is called until it gives no items, which is the end; an [out] pipe's
 * `push` for each piece that has come, and with n 0 at the end. Where `alloc` is there, the items pass through its memory,
 * which is asked for before each piece; otherwise through the runtime's. They are called by whoever drives the client: from
 * the blocking call, or from sp_client_service(); they may take their time, but must not touch the client.
 *
 * A server's handler is given one, and calls: `pull` of an [in] pipe until *ret_n is 0, `push` of an [out] pipe, with n 0 at
 * its end, or not at all. Both wait for the network, so such handlers run on worker threads. They are good until the
 * handler returns, or completes a deferred call; one thread at a time. [in] pipes come one after the other, in the order of
 * the parameters, and so go [out] pipes, when the last [in] pipe is at its end.
 */
struct sp_pipe {
	sp_status (*pull)(void *state, void *items, size_t most, size_t *ret_n);
	sp_status (*push)(void *state, const void *items, size_t n);
	void *(*alloc)(
		void *state, size_t wanted, size_t *ret_room); /* in items; NULL: no memory */
	void *state;
};

/* The 20 bytes that stand for a context handle on the wire, and what they stand for on a server. */
struct sp_context_handle {
	uint32_t attributes;
	struct sp_uuid uuid; /* nil: no context */
	void *user;          /* server: what the handler stored; clients leave it alone */
};

#endif
