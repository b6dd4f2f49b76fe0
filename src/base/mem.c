/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local uint64_t n_requests;

void
mem_fail_nth(uint64_t n)
{
	mem_keep.until_failure = n;
}

static bool
fails_now(void)
{
	return mem_keep.until_failure > 0 && --mem_keep.until_failure == 0;
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

#define MOST 0x40000u /* bytes of each size */

_Thread_local struct mem_keep mem_keep;
static pthread_key_t keep_key;
static pthread_once_t keep_once = PTHREAD_ONCE_INIT;

static void
kept_free(void *unused)
{
	for (unsigned i = 0; i < MEM_N_SIZES; i++)
		while (mem_keep.first[i]) {
			struct mem_kept *k = mem_keep.first[i];

			mem_keep.first[i] = k->next;
			free(k);
		}
}

static void
keep_key_make(void)
{
	if (pthread_key_create(&keep_key, kept_free))
		abort(); /* PTHREAD_KEYS_MAX libraries in one process */
}

size_t
mem_taken(size_t size)
{
	unsigned i = mem_size_index(size);

	return i < MEM_N_SIZES ? (size_t)1 << (MEM_SMALLEST + i) : size;
}

static void *
kept_take(unsigned i)
{
	struct mem_kept *k = mem_keep.first[i];

	mem_keep.first[i] = k->next;
	mem_keep.left[i]++;
	return k;
}

void *
mem_take_new(size_t size)
{
	unsigned i = mem_size_index(size);

	if (i == MEM_N_SIZES || !mem_keep.first[i])
		return mem_alloc(i == MEM_N_SIZES ? size : (size_t)1 << (i + MEM_SMALLEST));
	return fails_now() ? NULL : kept_take(i);
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
	unsigned from = mem_size_index(size), to = mem_size_index(new_size);
	void *other;

	if (from == to)
		return from == MEM_N_SIZES ? mem_resize(p, 1, new_size) : p;
	other = mem_take(new_size);
	if (!other)
		return NULL;
	memcpy(other, p, size < new_size ? size : new_size);
	mem_give(p, size);
	return other;
}

void
mem_give_more(void *p, size_t size)
{
	unsigned i = mem_size_index(size);

	if (i == MEM_N_SIZES || (mem_keep.left[i] == 0 && mem_keep.ends_with_thread)) {
		mem_free(p);
		return;
	}
	pthread_once(&keep_once, keep_key_make);
	if (pthread_setspecific(keep_key, &mem_keep)) {
		mem_free(p);
		return;
	}
	for (unsigned k = 0; k < MEM_N_SIZES; k++)
		mem_keep.left[k] = MOST >> (k + MEM_SMALLEST);
	mem_keep.ends_with_thread = true;
	mem_give(p, size);
}
