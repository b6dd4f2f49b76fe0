/* SPDX-License-Identifier: MIT */
#ifndef IDLC_STREAM_H
#define IDLC_STREAM_H

#include <stdio.h>

#include <sallyport/types.h>

/* All that is to come, with a NUL behind it; *ret_text is from mem_*. False: an error, or too much. */
SP_NODISCARD bool stream_read(FILE *, char **ret_text, size_t *ret_len);

#endif
