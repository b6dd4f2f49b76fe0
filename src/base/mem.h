/* SPDX-License-Identifier: MIT */
/*
 * The one way to the heap, so that tests can let every allocation fail once.
 * All return NULL on failure. mem_free(NULL) is fine. Thread-safe.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include <sallyport/types.h>

SP_NODISCARD void *mem_alloc(size_t size);
SP_NODISCARD void *mem_zalloc(size_t n, size_t size); /* checked n * size */
SP_NODISCARD void *mem_resize(void *p, size_t n, size_t size);
SP_NODISCARD char *mem_strdup(const char *);
SP_NODISCARD char *mem_printf(const char *fmt, ...) SP_PRINTF(1, 2);
void mem_free(void *);

/*
 * For tests and fuzzers: the n-th allocation of this thread from now on fails (1: the next one),
 * 0 switches it off.
 */
void mem_fail_nth(uint64_t n);

#endif
