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

#if defined(__SANITIZE_ADDRESS__)
#define MEM_KEEPS 0
#elif defined(__has_feature)
#define MEM_KEEPS !__has_feature(address_sanitizer)
#else
#define MEM_KEEPS 1
#endif

/*
 * The same for what comes and goes with every call: a thread keeps some of what it is given, by size, for the next that takes
 * it (MEM_KEEPS). `size` is the same at both ends, the thread need not be. Under AddressSanitizer nothing is kept, so
 * that each use after the end is seen.
 */
SP_NODISCARD static inline void *mem_take(size_t size);
SP_NODISCARD void *mem_take_zeroed(size_t size);
SP_NODISCARD void *mem_retake(void *p, size_t size, size_t new_size); /* NULL: p is as it was */
static inline void mem_give(void *, size_t size);                     /* NULL is fine */
size_t mem_taken(size_t size); /* what it takes from the heap: sizes are rounded up to be kept */

/*
 * For tests and fuzzers: the n-th allocation of this thread from now on fails (1: the next one),
 * 0 switches it off.
 */
void mem_fail_nth(uint64_t n);
/* How often this thread has asked the heap. */
uint64_t mem_requests(void);

/* --- private to mem_take() and mem_give(): every call makes several of each --- */

#define MEM_SMALLEST 7 /* 128 bytes */
#define MEM_N_SIZES 8  /* each twice the one before; larger ones are not kept */

struct mem_kept {
	struct mem_kept *next;
};

struct mem_keep {
	struct mem_kept *first[MEM_N_SIZES];
	uint32_t left[MEM_N_SIZES]; /* how many more would be kept */
	uint64_t until_failure;     /* mem_fail_nth() */
	bool ends_with_thread;      /* the blocks are given to the heap then */
};

extern _Thread_local struct mem_keep mem_keep __attribute__((tls_model("initial-exec")));

void *mem_take_new(size_t size);
void mem_give_more(void *, size_t size);

/* MEM_N_SIZES: not kept */
static inline unsigned
mem_size_index(size_t size)
{
	size_t units;
	unsigned i;

	if (!MEM_KEEPS)
		return MEM_N_SIZES;
	units = size ? (size - 1) >> MEM_SMALLEST : 0;
	i = units ? 64 - (unsigned)__builtin_clzll(units) : 0;
	return i < MEM_N_SIZES ? i : MEM_N_SIZES;
}

static inline void *
mem_take(size_t size)
{
	unsigned i = mem_size_index(size);
	struct mem_kept *k = i < MEM_N_SIZES ? mem_keep.first[i] : NULL;

	if (!k || mem_keep.until_failure)
		return mem_take_new(size);
	mem_keep.first[i] = k->next;
	mem_keep.left[i]++;
	return k;
}

static inline void
mem_give(void *p, size_t size)
{
	unsigned i = mem_size_index(size);
	struct mem_kept *k = p;

	if (!p)
		return;
	if (i == MEM_N_SIZES || mem_keep.left[i] == 0) {
		mem_give_more(p, size);
		return;
	}
	mem_keep.left[i]--;
	k->next = mem_keep.first[i];
	mem_keep.first[i] = k;
}

#endif
