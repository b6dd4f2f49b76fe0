/* SPDX-License-Identifier: MIT */
/* A network: an address and how many of its bits count. IPv4 is ::ffff:0:0/96 (RFC 4291 2.5.5.2). */
#ifndef NET_NETWORK_H
#define NET_NETWORK_H

#include <sallyport/types.h>

#include <netinet/in.h>

struct network {
	struct in6_addr address;
	uint8_t prefix; /* 0-128 */
};

/* "192.0.2.0/24", "2001:db8::/32"; an address alone is a network of one. False: neither. */
SP_NODISCARD bool network_parse(const char *text, struct network *ret);
bool network_has(const struct network *, const struct in6_addr *);

#endif
