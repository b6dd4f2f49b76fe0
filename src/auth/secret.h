/* SPDX-License-Identifier: MIT */
/* What is done with secrets: compared in constant time, wiped, kept out of core dumps, made up. */
#ifndef AUTH_SECRET_H
#define AUTH_SECRET_H

#include <sallyport/types.h>

/* In a time that depends on n only. */
bool secret_equal(const void *a, const void *b, size_t n);
void secret_wipe(void *, size_t n);
/* Unpredictable bytes. False: the system has none. */
SP_NODISCARD bool secret_random(void *ret, size_t n);
/* Memory of its own pages: zeroed, not in a core dump, not swapped where that is allowed. NULL: no memory. */
SP_NODISCARD void *secret_new(size_t size);
void secret_free(void *, size_t size); /* wipes; NULL is fine */

#endif
