/* SPDX-License-Identifier: MIT */
/* Who listens where on this machine, as the kernel says (sock_diag(7), /proc/PID/fd). */
#ifndef EPM_SOCKETS_H
#define EPM_SOCKETS_H

#include <sallyport/types.h>

#include <netinet/in.h>
#include <sys/types.h>

#include "wire/tower.h"

struct sockets;

/* As it is now. NULL: no memory, or the kernel does not tell; errno. */
SP_NODISCARD struct sockets *sockets_read(void);
void sockets_free(struct sockets *);

enum sockets_verdict {
	SOCKETS_OWN,
	SOCKETS_NOBODY,  /* nobody listens there */
	SOCKETS_FOREIGN, /* somebody else does */
	SOCKETS_UNKNOWN, /* that cannot be seen from outside: named pipes and the like */
};

/*
 * Does this process listen at the tower's endpoint? Where /proc shows its descriptors, the socket has to be
 * among them; otherwise the socket has to be its user's. pid 0: not known. A tower without an address needs a socket on
 * every address (or an IPv6 one: towers carry only IPv4).
 */
enum sockets_verdict sockets_check(
	struct sockets *, const struct tower *, const char *ncalrpc_dir, pid_t pid, uid_t uid);

/* Who listens on a TCP port, "samba-dcerpcd (pid 712)"; false: nobody that we can see. */
bool sockets_holder(struct sockets *, uint16_t port, char *ret, size_t cap);

#endif
