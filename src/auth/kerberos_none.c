/* SPDX-License-Identifier: MIT */
/* For a library that was built without GSS-API. */
#include "auth/kerberos.h"

bool
kerberos_is_there(void)
{
	return false;
}

struct kerberos_keys *
kerberos_keys_open(const char *keytab, const char **ret_why)
{
	*ret_why = "this library was built without Kerberos";
	return NULL;
}

void
kerberos_keys_free(struct kerberos_keys *keys)
{
}

struct auth_context *
kerberos_accept(const void *keys)
{
	return NULL;
}

struct auth_context *
kerberos_initiate(const struct kerberos_credentials *who)
{
	return NULL;
}
