/* SPDX-License-Identifier: MIT */
/*
 * Keeps a server's endpoints in the mapper: one session over ncalrpc, open as long as the server runs. The
 * mapper drops the entries with the session; when it comes back, they are registered again.
 */
#ifndef RPC_REGISTRAR_H
#define RPC_REGISTRAR_H

#include <sallyport/server.h>

struct link_queue;
struct registrar;

/* Works on the loop's thread as soon as the loop runs. NULL: no memory. */
struct registrar *registrar_new(sp_server *, struct link_queue *);
/* On the loop's thread, or when the loop does not run. NULL is fine. */
void registrar_free(struct registrar *);

#endif
