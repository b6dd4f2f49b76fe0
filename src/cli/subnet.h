/* SPDX-License-Identifier: MIT */
/* All hosts of a network, as people type it: "192.0.2.0/24", "2001:db8::/120". */
#ifndef CLI_SUBNET_H
#define CLI_SUBNET_H

#include <netinet/in.h>

#include <sallyport/types.h>

#define SUBNET_HOSTS_MAX 65536

struct subnet {
	int family;
	uint8_t first[16]; /* the first host */
	size_t n;
};

/* False: it is no network, or one of more than SUBNET_HOSTS_MAX addresses. */
SP_NODISCARD bool subnet_parse(const char *text, struct subnet *ret);
/* The i-th host, i < n. */
void subnet_host(const struct subnet *, size_t i, char ret[INET6_ADDRSTRLEN]);

#endif
