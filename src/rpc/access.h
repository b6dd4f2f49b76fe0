/* SPDX-License-Identifier: MIT */
/* Who may call an interface, from where, and which of its operations: the lists of sp_interface_options. */
#ifndef RPC_ACCESS_H
#define RPC_ACCESS_H

#include <sallyport/server.h>

struct access_rules;

/* *ret is NULL when the options (NULL are none) restrict nothing. RPC_S_INVALID_ARG for what cannot be read. */
SP_NODISCARD sp_status access_rules_new(const char *interface, const struct sp_interface_options *,
	struct access_rules **ret, struct sp_error *reterr);
void access_rules_free(struct access_rules *); /* NULL is fine */
/* 0, or the fault. On the loop's thread; asks neither the heap nor the system for a caller without authentication. */
sp_status access_rules_admit(const struct access_rules *, const sp_call *);

#endif
