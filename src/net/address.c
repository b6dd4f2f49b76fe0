/* SPDX-License-Identifier: MIT */
#include "net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

bool
address_parse(const char *text, uint16_t port, struct address *ret)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *found;
	char host[ADDRESS_TEXT];
	size_t len = strlen(text);

	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = 0;
	if (getaddrinfo(host, NULL, &hints, &found))
		return false;
	*ret = (struct address){.len = found->ai_addrlen};
	memcpy(&ret->storage, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	address_set_port(ret, port);
	return true;
}

static const struct sockaddr_in6 *
as_ipv6(const struct address *a)
{
	return a->storage.ss_family == AF_INET6 ? (const struct sockaddr_in6 *)&a->storage : NULL;
}

static const struct sockaddr_in *
as_ipv4(const struct address *a)
{
	return a->storage.ss_family == AF_INET ? (const struct sockaddr_in *)&a->storage : NULL;
}

void
address_format(const struct address *a, char ret[ADDRESS_TEXT])
{
	const struct sockaddr_in6 *ipv6 = as_ipv6(a);
	char host[ADDRESS_TEXT - 12] = "";

	ret[0] = 0;
	if (ipv6 && IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr))
		inet_ntop(AF_INET, &ipv6->sin6_addr.s6_addr[12], host, sizeof(host));
	else if (!ipv6 && !as_ipv4(a))
		return;
	else if (getnameinfo((const struct sockaddr *)&a->storage, a->len, host, sizeof(host), NULL,
			 0, NI_NUMERICHOST))
		return;
	/* as string bindings have it: an IPv6 address in brackets of its own */
	snprintf(ret, ADDRESS_TEXT, strchr(host, ':') ? "[%s][%u]" : "%s[%u]", host,
		address_port(a));
}

uint16_t
address_port(const struct address *a)
{
	if (as_ipv6(a))
		return ntohs(as_ipv6(a)->sin6_port);
	return as_ipv4(a) ? ntohs(as_ipv4(a)->sin_port) : 0;
}

void
address_set_port(struct address *a, uint16_t port)
{
	if (a->storage.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&a->storage)->sin6_port = htons(port);
	else if (a->storage.ss_family == AF_INET)
		((struct sockaddr_in *)&a->storage)->sin_port = htons(port);
}

bool
address_is_any(const struct address *a)
{
	if (as_ipv6(a))
		return IN6_IS_ADDR_UNSPECIFIED(&as_ipv6(a)->sin6_addr);
	return as_ipv4(a) && as_ipv4(a)->sin_addr.s_addr == htonl(INADDR_ANY);
}

void
address_host(const struct address *a, uint8_t ret[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	memset(ret, 0, 16);
	if (a->storage.ss_family == AF_INET6) {
		memcpy(ret, &((const struct sockaddr_in6 *)&a->storage)->sin6_addr, 16);
	} else if (a->storage.ss_family == AF_INET) {
		memcpy(ret, mapped, sizeof(mapped));
		memcpy(ret + 12, &((const struct sockaddr_in *)&a->storage)->sin_addr, 4);
	}
}
