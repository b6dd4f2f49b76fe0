/* SPDX-License-Identifier: MIT */
/*
 * Static entries: they are in the map because the configuration says so; those with a check only while somebody
 * answers at their port. All on the loop's thread.
 */
#ifndef EPM_STATICS_H
#define EPM_STATICS_H

#include <sallyport/server.h>

#include "epm/settings.h"
#include "net/loop.h"

struct statics;

SP_NODISCARD struct statics *statics_new(struct loop *, sp_log_function *, void *log_arg);
/* Withdraws what is there no more, enters what is new; what is the same is left alone. False: no memory for all. */
SP_NODISCARD bool statics_set(struct statics *, const struct settings *);
void statics_free(struct statics *); /* withdraws all */

#endif
