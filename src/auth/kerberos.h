/* SPDX-License-Identifier: MIT */
/*
 * Kerberos (RFC 4121, [MS-KILE]) over MIT's GSS-API in DCE style: three legs, both sides known to each other. Where the library
 * was built without it, both functions return NULL.
 */
#ifndef AUTH_KERBEROS_H
#define AUTH_KERBEROS_H

#include "auth/provider.h"

bool kerberos_is_there(void);

struct kerberos_keys; /* a server's */

/* A keytab (NULL: the system's). NULL: *ret_why says why, valid until the thread's next call. */
struct kerberos_keys *kerberos_keys_open(const char *keytab, const char **ret_why);
void kerberos_keys_free(struct kerberos_keys *);        /* NULL is fine */
struct auth_context *kerberos_accept(const void *keys); /* for struct auth_acceptor */

/* Copied, all but the password, which must outlive the first leg. */
struct kerberos_credentials {
	const char *user, *realm, *password; /* NULL or "": what the ticket cache has */
	const char *ccache;                  /* NULL: the system's */
	const char *target;                  /* "host/server.example" */
};
struct auth_context *kerberos_initiate(const struct kerberos_credentials *);

#endif
