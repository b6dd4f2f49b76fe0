/* SPDX-License-Identifier: MIT */
/* Runs of elements from one byte order to the other. */
#ifndef NDR_COPY_H
#define NDR_COPY_H

#include <stdbool.h>
#include <stddef.h>

/* Between our order and the wire's, either way; big_endian is the wire's. element_size: 1, 2, 4, 8 */
void ndr_copy(void *to, const void *from, size_t n, size_t element_size, bool big_endian);

#endif
