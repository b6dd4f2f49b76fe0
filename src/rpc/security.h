/* SPDX-License-Identifier: MIT */
/* Security on both sides of the runtime: which providers there are, and what they are given. For rpc/ only. */
#ifndef RPC_SECURITY_H
#define RPC_SECURITY_H

#include <sallyport/security.h>

#include "assoc/assoc.h"

struct link;
struct connection;

/* --- clients --- */

struct client_security;
void client_security_free(struct client_security *); /* wipes; NULL is fine */
/* Before the first call of a connection. False: no memory. */
SP_NODISCARD bool client_security_apply(const struct client_security *, struct assoc_conn *);

/* --- servers --- */

struct server_security;
void server_security_free(struct server_security *); /* wipes; NULL is fine */
/* What a listener's policy says; the array is valid until the server is freed. */
const struct auth_acceptor *server_security_acceptors(
	const struct server_security *, size_t *ret_n);
/* A logon or a message's protection failed: logged, once a minute with the number of those that were not. */
void server_security_failed(sp_server *, const struct connection *, const char *why);
/* The leg of a client's logon that the event asks for; counted when it fails. */
void server_security_step(struct connection *, struct assoc_event *);
/* 0, or the fault: does the interface take this caller? */
sp_status server_security_admit(const sp_call *);

/* --- both --- */

/* Does the leg that the event asks for. False: it failed; *ret_why says why. */
bool security_step(struct assoc_conn *, struct assoc_event *, const char **ret_why);

#endif
