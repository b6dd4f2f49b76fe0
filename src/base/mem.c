/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local uint64_t allocations_until_failure;

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

void *
mem_alloc(size_t size)
{
	return fails_now() ? NULL : malloc(size ? size : 1);
}

void *
mem_zalloc(size_t n, size_t size)
{
	return fails_now() ? NULL : calloc(n ? n : 1, size ? size : 1);
}

void *
mem_resize(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) || fails_now())
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

	if (fails_now())
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
