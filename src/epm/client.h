/* SPDX-License-Identifier: MIT */
/* Who asks: the caller of one call. */
#ifndef EPM_CLIENT_H
#define EPM_CLIENT_H

#include <sallyport/server.h>

#include <netinet/in.h>

/* An IPv4 address as IPv6 has it: ::ffff:192.0.2.1. */
struct client {
	uint64_t connection;
	uint32_t group; /* its association group */
	bool local;     /* ncalrpc: then pid, uid, gid; otherwise peer and dialled */
	pid_t pid;
	uid_t uid;
	gid_t gid;
	bool known; /* logged on, and not as nobody */
	struct in6_addr peer, dialled;
};

void client_of(const sp_call *, struct client *ret);
/* It dialled an IPv4 address. */
bool client_is_ipv4(const struct client *);
/* It is on this machine. */
bool client_is_here(const struct client *);

/* Network order; 0 for IPv6. */
uint32_t ipv4_of(const struct in6_addr *);
struct in6_addr ipv4_mapped(uint32_t address);
bool ipv4_is_loopback(uint32_t address);
bool ipv4_is_link_local(uint32_t address); /* 169.254.0.0/16 */

#endif
