/* SPDX-License-Identifier: MIT */
/* Which process holds which port, as /proc tells it. */
#ifndef PORTS_HOLDERS_H
#define PORTS_HOLDERS_H

#include <sys/types.h>

#include "ports/alloc.h"

/* A socket bound to a port of ours. */
struct port_use {
	uint16_t port;
	uint64_t inode;
	uid_t uid;
	bool is_waiting; /* nobody's any more: a connection that has ended keeps it for a minute (TIME_WAIT) */
	pid_t pid;     /* 0: /proc does not show us whose it is */
	char name[32]; /* of the program; "" with pid 0 */
};

struct port_uses {
	struct port_use *items; /* by port */
	size_t n;
};

/* `proc` is where procfs is. False: no memory, or no table there. Free with port_uses_fini(). */
SP_NODISCARD bool port_uses_find(
	const char *proc, enum port_transport, const struct port_set *, struct port_uses *ret);
void port_uses_fini(struct port_uses *);
/* The first use of a port, with a known process if there is one; NULL: none. */
const struct port_use *port_uses_of(const struct port_uses *, uint16_t port);

struct port_holder {
	pid_t pid; /* 0: unknown */
	uid_t uid;
	bool is_waiting;
	const char *name;
	uint32_t n_ports; /* different ones */
};
/* Who holds how many, the greediest first; at most cap of *ret are filled in, all of them are returned. */
size_t port_holders_count(struct port_uses *, struct port_holder *ret, size_t cap);

/* "smbd (pid 812) holds 60, java (pid 99) 41": for a sentence. Never fails. */
void port_holders_tell(
	const char *proc, enum port_transport, const struct port_set *, char *ret, size_t cap);

#endif
