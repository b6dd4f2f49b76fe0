/* SPDX-License-Identifier: MIT */
/* The figures for Prometheus, over HTTP, on threads of their own: http://ADDRESS:PORT/metrics. */
#ifndef EPM_METRICS_H
#define EPM_METRICS_H

#include <sallyport/error.h>

struct metrics;

/* where: "127.0.0.1:9135". RPC_S_CANT_CREATE_ENDPOINT. */
SP_NODISCARD sp_status metrics_new(
	const char *where, struct metrics **ret, struct sp_error *reterr);
void metrics_free(struct metrics *); /* NULL is fine */

#endif
