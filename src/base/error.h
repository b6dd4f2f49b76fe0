/* SPDX-License-Identifier: MIT */
/* Filling in struct sp_error where the knowledge is. See STYLE: what was tried - what came back - what it means. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <sallyport/error.h>

/*
 * Zeroes *reterr (when not NULL), sets phase, status and sentence and returns status, so that
 * `return error_set(reterr, ...)` reads well. Evidence is filled in by the caller afterwards or with
 * the two below.
 */
sp_status error_set(struct sp_error *reterr, enum sp_phase phase, sp_status status, const char *fmt,
	...) SP_PRINTF(4, 5);
sp_status error_errno(struct sp_error *reterr, enum sp_phase phase, sp_status status, int sys_errno,
	const char *fmt, ...) SP_PRINTF(5, 6);
sp_status error_no_memory(struct sp_error *reterr);

#endif
