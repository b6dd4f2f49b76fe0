/* SPDX-License-Identifier: MIT */
/* All hosts of a network, as people type it: "192.0.2.0/24", "2001:db8::/120". */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include <netinet/in.h>

#include <sallyport/types.h>

#define NETWORK_HOSTS_MAX 65536

struct network {
	int family;
	uint8_t first[16]; /* the first host */
	size_t n;
};

/* False: it is no network, or one of more than NETWORK_HOSTS_MAX addresses. */
SP_NODISCARD bool network_parse(const char *text, struct network *ret);
/* The i-th host, i < n. */
void network_host(const struct network *, size_t i, char ret[INET6_ADDRSTRLEN]);

#endif
