/* SPDX-License-Identifier: MIT */
/*
 * Accounts of a server by itself: a file of NT hashes in Samba's smbpasswd format,
 *
 *   name:uid:LM hash (32 hex digits or X):NT hash (32 hex digits or X):[flags]:...
 *
 * '#' begins a comment. An account without an NT hash, or with flag D (disabled), cannot log on.
 */
#ifndef AUTH_ACCOUNTS_H
#define AUTH_ACCOUNTS_H

#include <sallyport/error.h>

#include "auth/ntlm.h"

struct accounts;

/*
 * The file is read whole. A line that is not understood refuses it all, with its number: RPC_S_INVALID_ARG; no memory;
 * a file that everybody may read is refused, too (ERROR_ACCESS_DENIED).
 */
SP_NODISCARD sp_status accounts_read(
	const char *path, struct accounts **ret, struct sp_error *reterr);
void accounts_free(struct accounts *); /* wipes; NULL is fine */
size_t accounts_n(const struct accounts *);
/* For struct ntlm_acceptor: names without regard to case, whatever the domain. */
bool accounts_lookup(
	void *accounts, const char *user, const char *domain, struct ntlm_account *ret);

#endif
