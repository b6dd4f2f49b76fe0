/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local uint64_t allocations_until_failure, n_requests;

void
mem_fail_nth(uint64_t n)
{
	allocations_until_failure = n;
}

static bool
fails_now(void)
{
	return allocations_until_failure > 0 && --allocations_until_failure == 0;
}

uint64_t
mem_requests(void)
{
	return n_requests;
}

/* Before each request to the heap. */
static bool
refused(void)
{
	n_requests++;
	return fails_now();
}

void *
mem_alloc(size_t size)
{
	return refused() ? NULL : malloc(size ? size : 1);
}

void *
mem_zalloc(size_t n, size_t size)
{
	return refused() ? NULL : calloc(n ? n : 1, size ? size : 1);
}

void *
mem_resize(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) || refused())
		return NULL;
	return realloc(p, bytes ? bytes : 1);
}

char *
mem_strdup(const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = mem_alloc(size);

	return copy ? memcpy(copy, s, size) : NULL;
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;

	if (refused())
		return NULL;
	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	return s;
}

void
mem_free(void *p)
{
	free(p);
}

/* --- what a thread keeps --- */

#define SMALLEST 7    /* 128 bytes */
#define N_SIZES 8     /* each twice the one before; larger ones are not kept */
#define MOST 0x40000u /* bytes of each size */

struct kept {
	struct kept *next;
};

static _Thread_local struct {
	struct kept *first[N_SIZES];
	unsigned n[N_SIZES];
	bool ends_with_thread;
} keep;
static pthread_key_t keep_key;
static pthread_once_t keep_once = PTHREAD_ONCE_INIT;

static void
kept_free(void *unused)
{
	for (unsigned i = 0; i < N_SIZES; i++)
		while (keep.first[i]) {
			struct kept *k = keep.first[i];

			keep.first[i] = k->next;
			free(k);
		}
}

static void
keep_key_make(void)
{
	if (pthread_key_create(&keep_key, kept_free))
		abort(); /* PTHREAD_KEYS_MAX libraries in one process */
}

/* N_SIZES: not kept */
static unsigned
size_index(size_t size)
{
	size_t units = size ? (size - 1) >> SMALLEST : 0;
	unsigned i = units ? 64 - (unsigned)__builtin_clzll(units) : 0;

	return MEM_KEEPS && i < N_SIZES ? i : N_SIZES;
}

size_t
mem_taken(size_t size)
{
	unsigned i = size_index(size);

	return i < N_SIZES ? (size_t)1 << (SMALLEST + i) : size;
}

void *
mem_take(size_t size)
{
	unsigned i = size_index(size);
	struct kept *k;

	if (i == N_SIZES)
		return mem_alloc(size);
	k = keep.first[i];
	if (!k)
		return mem_alloc((size_t)1 << (i + SMALLEST));
	if (fails_now())
		return NULL;
	keep.first[i] = k->next;
	keep.n[i]--;
	return k;
}

void *
mem_take_zeroed(size_t size)
{
	void *p = mem_take(size);

	return p ? memset(p, 0, size) : NULL;
}

void *
mem_retake(void *p, size_t size, size_t new_size)
{
	unsigned from = size_index(size), to = size_index(new_size);
	void *other;

	if (from == to)
		return from == N_SIZES ? mem_resize(p, 1, new_size) : p;
	other = mem_take(new_size);
	if (!other)
		return NULL;
	memcpy(other, p, size < new_size ? size : new_size);
	mem_give(p, size);
	return other;
}

void
mem_give(void *p, size_t size)
{
	unsigned i = size_index(size);
	struct kept *k = p;

	if (!p || i == N_SIZES || keep.n[i] >= MOST >> (i + SMALLEST)) {
		mem_free(p);
		return;
	}
	if (!keep.ends_with_thread) {
		pthread_once(&keep_once, keep_key_make);
		keep.ends_with_thread = pthread_setspecific(keep_key, &keep) == 0;
	}
	k->next = keep.first[i];
	keep.first[i] = k;
	keep.n[i]++;
}
