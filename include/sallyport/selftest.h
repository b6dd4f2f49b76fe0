/* SPDX-License-Identifier: MIT */
/*
 * What STEM_selftest.c is written against, which `sallyport-idl --selftest` makes: random arguments for every
 * operation go through NDR of both byte orders and through NDR64, both ways, and must come out as they went in. The
 * program includes STEM_ndr.c and links the NDR runtime.
 */
#ifndef SALLYPORT_SELFTEST_H
#define SALLYPORT_SELFTEST_H

/* Flat runs are stored by generated code: for the test they can be big-endian, too. */
extern _Bool sp_selftest_swaps;
#define SP_STORE_SWAPS sp_selftest_swaps

#include <sallyport/stub.h>

struct sp_selftest;

struct sp_selftest_operation {
	const char *name; /* "echo.reverse" */
	unsigned opnum;
	size_t args_size;
	void (*push[2])(struct sp_push *, const void *args); /* in, out */
	void (*pull[2])(struct sp_pull *, void *args);
	/* Random arguments: those that travel in, or all of them. */
	void (*fill)(struct sp_selftest *, void *args, bool out);
	/* Takes what has travelled into the sum. */
	void (*sum)(struct sp_selftest *, const void *args, bool out);
	/* Makes what the answer brings disappear from a copy of the arguments. */
	void (*clear)(void *args);
};

/* The rest is for the generated functions. */
uint64_t sp_selftest_random(struct sp_selftest *, uint64_t low, uint64_t high);
/* A count: small, and as small as can be far down in the data. */
int64_t sp_selftest_count(struct sp_selftest *, int64_t low, int64_t high);
/* Is a pointer NULL that may be? */
bool sp_selftest_null(struct sp_selftest *);
void *sp_selftest_alloc(struct sp_selftest *, uint64_t n, size_t size);
/* Characters with a terminator, `room` of them at most; the last one is the terminator. */
void *sp_selftest_string(struct sp_selftest *, uint64_t least, uint64_t room, size_t element_size);
void sp_selftest_fill(struct sp_selftest *, void *bytes, size_t n);
void sp_selftest_deeper(struct sp_selftest *, int levels);
char *sp_selftest_utf8(struct sp_selftest *); /* with characters of one to four bytes */
struct sp_object *sp_selftest_object(struct sp_selftest *);
void sp_selftest_sum(struct sp_selftest *, uint64_t value);
void sp_selftest_sum_bytes(struct sp_selftest *, const void *, size_t n);
void sp_selftest_sum_object(struct sp_selftest *, const struct sp_object *);

/*
 * Runs all; prints the operations that fail and how many do not, and returns the exit status. Where the environment
 * names a folder as SP_SELFTEST_DUMP, the bytes are left there.
 */
int sp_selftest_main(const char *stem, const struct sp_selftest_operation *, size_t n);

#endif
