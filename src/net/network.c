/* SPDX-License-Identifier: MIT */
#include "net/network.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

bool
network_parse(const char *text, struct network *ret)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct in_addr ipv4;
	unsigned long bits, most;
	struct network n;
	char *end;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, &ipv4) == 1) {
		n.address = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
		memcpy(&n.address.s6_addr[12], &ipv4, sizeof(ipv4));
		most = 32;
	} else if (inet_pton(AF_INET6, address, &n.address) == 1) {
		most = 128;
	} else {
		return false;
	}
	bits = slash ? strtoul(slash + 1, &end, 10) : most;
	if (slash && (slash[1] < '0' || slash[1] > '9' || *end || bits > most))
		return false;
	n.prefix = (uint8_t)(bits + (128 - most));
	*ret = n;
	return true;
}

bool
network_has(const struct network *n, const struct in6_addr *a)
{
	unsigned whole = n->prefix / 8, rest = n->prefix % 8;

	if (memcmp(&n->address, a, whole) != 0)
		return false;
	return rest == 0 || ((n->address.s6_addr[whole] ^ a->s6_addr[whole]) >> (8 - rest)) == 0;
}
