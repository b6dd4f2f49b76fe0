/* SPDX-License-Identifier: MIT */
/* For the tests beside it: a hand-written stub, run over bytes that are written down in hex. */
#ifndef NDR_TRIAL_H
#define NDR_TRIAL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ndr/ndr.h"

#define TRIAL_BYTES 4096

struct trial_bytes {
	size_t len;
	uint8_t at[TRIAL_BYTES];
};

typedef void trial_pull(struct sp_pull *, void *args);
typedef void trial_push(struct sp_push *, const void *args);

/* Blanks are ignored. */
static inline struct trial_bytes
trial_hex(const char *hex)
{
	struct trial_bytes b = {0};
	unsigned v;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		assert_int_equal(sscanf(hex++, "%2x", &v), 1);
		assert_true(b.len < TRIAL_BYTES);
		b.at[b.len++] = (uint8_t)v;
	}
	return b;
}

/* On memory of exactly this length, so that reading on is seen. */
static inline sp_status
trial_pull_bytes(trial_pull *pull, const uint8_t *bytes, size_t len, bool big_endian,
	struct arena *arena, const struct ndr_limits *limits, void *args)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct wire_fault fault;
	struct sp_pull p;
	sp_status status;

	assert_non_null(exact);
	memcpy(exact, bytes, len);
	ndr_pull_init(&p, exact, len, big_endian, arena, limits, NULL);
	pull(&p, args);
	status = ndr_pull_status(&p, &fault);
	assert_int_equal(status != 0, fault.bad != WIRE_OK);
	assert_true(fault.at <= len);
	if (status)
		assert_non_null(fault.what);
	else
		assert_int_equal(ndr_pull_left(&p), 0);
	ndr_pull_fini(&p);
	free(exact);
	return status;
}

/* The bytes, or none and the status. */
static inline struct trial_bytes
trial_push_args(trial_push *push, const void *args, bool big_endian, sp_status *ret_status)
{
	struct trial_bytes b = {0};
	struct sp_push p;
	struct buf *buf;

	ndr_push_init(&p, 24, 8, TRIAL_BYTES, NULL);
	if (big_endian)
		ndr_push_big_endian(&p);
	push(&p, args);
	*ret_status = ndr_push_status(&p, NULL);
	buf = ndr_push_finish(&p);
	assert_int_equal(buf == NULL, *ret_status != 0);
	if (buf) {
		assert_int_equal(buf->start, 24);
		assert_true(buf->cap - buf->end >= 8);
		b.len = buf_len(buf);
		memcpy(b.at, buf->data + buf->start, b.len);
	}
	buf_unref(buf);
	ndr_push_fini(&p);
	return b;
}

static inline void
trial_same_bytes(const struct trial_bytes *a, const struct trial_bytes *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->at, b->at, a->len);
}

/* args are written as these bytes. */
static inline void
trial_writes(trial_push *push, const void *args, const char *hex)
{
	struct trial_bytes expected = trial_hex(hex), got;
	sp_status status;

	got = trial_push_args(push, args, false, &status);
	assert_int_equal(status, 0);
	trial_same_bytes(&expected, &got);
}

/* These bytes are read, fully; what was read is written as the same bytes. */
static inline void
trial_reads(trial_pull *pull, trial_push *push, struct arena *arena, const char *hex, void *args)
{
	struct trial_bytes b = trial_hex(hex);

	assert_int_equal(trial_pull_bytes(pull, b.at, b.len, false, arena, NULL, args), 0);
	trial_writes(push, args, hex);
}

/* The status of reading them, whatever it is. */
static inline sp_status
trial_status(trial_pull *pull, struct arena *arena, const char *hex, void *args)
{
	struct trial_bytes b = trial_hex(hex);

	return trial_pull_bytes(pull, b.at, b.len, false, arena, NULL, args);
}

/* No part of these bytes is taken for the whole. `size`: of args, which are cleared each time. */
static inline void
trial_refuses_prefixes(
	trial_pull *pull, struct arena *arena, const char *hex, void *args, size_t size)
{
	struct trial_bytes b = trial_hex(hex);

	for (size_t len = 0; len < b.len; len++) {
		memset(args, 0, size);
		assert_int_equal(trial_pull_bytes(pull, b.at, len, false, arena, NULL, args),
			RPC_X_BAD_STUB_DATA);
	}
}

/* From args through big-endian bytes into ret, and the same again from there. */
static inline void
trial_big_endian(
	trial_push *push, trial_pull *pull, struct arena *arena, const void *args, void *ret)
{
	struct trial_bytes big, little, again;
	sp_status status;

	big = trial_push_args(push, args, true, &status);
	assert_int_equal(status, 0);
	assert_int_equal(trial_pull_bytes(pull, big.at, big.len, true, arena, NULL, ret), 0);
	little = trial_push_args(push, args, false, &status);
	again = trial_push_args(push, ret, false, &status);
	trial_same_bytes(&little, &again);
	assert_int_equal(big.len, little.len);
}

#endif
