/* SPDX-License-Identifier: MIT */
#include "cli/subnet.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_BITS_MAX 16

/* "24", at most `most` */
static bool
length_parse(const char *text, int most, int *ret)
{
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 3 || text[len])
		return false;
	*ret = (int)strtol(text, NULL, 10);
	return *ret <= most;
}

/* to += n, the last byte least */
static void
address_add(uint8_t *to, size_t size, size_t n)
{
	for (size_t i = size; i-- > 0 && n > 0; n >>= 8) {
		n += to[i];
		to[i] = (uint8_t)n;
	}
}

bool
subnet_parse(const char *text, struct subnet *ret)
{
	struct subnet net = {0};
	char address[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "/"), size;
	int length = 0, host_bits;

	if (!text[len] || len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	net.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	size = net.family == AF_INET6 ? 16 : 4;
	if (inet_pton(net.family, address, net.first) != 1 ||
		!length_parse(text + len + 1, (int)size * 8, &length))
		return false;
	host_bits = (int)size * 8 - length;
	if (host_bits > HOST_BITS_MAX)
		return false;
	for (int bit = 0; bit < host_bits; bit++)
		net.first[size - 1 - (size_t)bit / 8] &= (uint8_t) ~(1u << (bit % 8));
	net.n = (size_t)1 << host_bits;
	/* the network's own address and the broadcast address are no hosts (RFC 3021: but of two) */
	if (net.family == AF_INET && host_bits > 1) {
		address_add(net.first, size, 1);
		net.n -= 2;
	}
	*ret = net;
	return true;
}

void
subnet_host(const struct subnet *net, size_t i, char ret[INET6_ADDRSTRLEN])
{
	uint8_t address[16];

	memcpy(address, net->first, sizeof(address));
	address_add(address, net->family == AF_INET6 ? 16 : 4, i);
	if (!inet_ntop(net->family, address, ret, INET6_ADDRSTRLEN))
		*ret = '\0';
}
