/* SPDX-License-Identifier: MIT */
/* What calls of object interfaces have in front of their parameters ([MS-DCOM] 2.2.13). */
#ifndef RPC_OBJECT_H
#define RPC_OBJECT_H

#include "ndr/ndr.h"
#include "rpc/call.h"

/* Each goes before the stub's own function. Of other interfaces: nothing. */
void orpc_push_this(const struct sp_interface *, sp_call *, struct sp_push *);
void orpc_push_that(const struct sp_interface *, struct sp_push *);
/* The extensions in them are read and left alone ([MS-DCOM] 2.2.21). */
void orpc_pull_this(const struct sp_interface *, sp_call *, struct sp_pull *);
void orpc_pull_that(const struct sp_interface *, struct sp_pull *);

#endif
