/* SPDX-License-Identifier: MIT */
/* For the tests of generated code: the four marshalling functions of an operation without a network. */
#ifndef TESTS_IDL_EXCHANGE_H
#define TESTS_IDL_EXCHANGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ndr/ndr.h"

#define EXCHANGE_MEMORY ((size_t)1 << 24)

typedef void exchange_push(struct sp_push *, const void *args);
typedef void exchange_pull(struct sp_pull *, void *args);

/* Stub data of the arguments; NULL when they are refused, *ret_status says why. */
static inline struct buf *
exchange_bytes(exchange_push *push, const void *args, sp_status *ret_status)
{
	struct sp_push *p = calloc(1, sizeof(*p));
	struct buf *bytes;

	assert_non_null(p);
	ndr_push_init(p, 0, 0, 1 << 24, NULL);
	push(p, args);
	*ret_status = ndr_push_status(p, NULL);
	bytes = ndr_push_finish(p);
	ndr_push_fini(p);
	free(p);
	return bytes;
}

/* *ret_left: bytes not consumed */
static inline sp_status
exchange_args(exchange_pull *pull, const void *bytes, size_t len, bool big_endian,
	struct arena *arena, void *args, size_t *ret_left)
{
	struct sp_pull *p = calloc(1, sizeof(*p));
	sp_status status;

	assert_non_null(p);
	ndr_pull_init(p, bytes, len, big_endian, arena, NULL, NULL);
	pull(p, args);
	status = ndr_pull_status(p, NULL);
	*ret_left = ndr_pull_left(p);
	ndr_pull_fini(p);
	free(p);
	return status;
}

/* Sends arguments through the wire into other arguments; must succeed. */
static inline void
exchange(exchange_push *push, const void *from, exchange_pull *pull, void *to, struct arena *arena)
{
	sp_status status;
	struct buf *bytes = exchange_bytes(push, from, &status);
	size_t left;

	assert_int_equal(status, 0);
	assert_non_null(bytes);
	status = exchange_args(
		pull, bytes->data + bytes->start, buf_len(bytes), false, arena, to, &left);
	assert_int_equal(status, 0);
	assert_int_equal(left, 0);
	buf_unref(bytes);
}

#endif
