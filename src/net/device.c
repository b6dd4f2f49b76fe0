/* SPDX-License-Identifier: MIT */
#include "net/device.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

static bool
is_wanted(const struct ifaddrs *i, const char *device, sa_family_t family)
{
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)i->ifa_addr;

	if (!ipv6 || ipv6->sin6_family != family || strcmp(i->ifa_name, device) != 0)
		return false;
	return family == AF_INET || !IN6_IS_ADDR_LINKLOCAL(&ipv6->sin6_addr);
}

size_t
device_addresses(const char *device, char (*ret)[ADDRESS_TEXT], size_t cap)
{
	static const struct {
		sa_family_t family;
		socklen_t len;
	} families[] = {
		{AF_INET, sizeof(struct sockaddr_in)}, {AF_INET6, sizeof(struct sockaddr_in6)}};
	struct ifaddrs *all;
	size_t n = 0;

	if (getifaddrs(&all))
		return 0;
	for (int f = 0; f < 2; f++)
		for (const struct ifaddrs *i = all; i; i = i->ifa_next)
			if (is_wanted(i, device, families[f].family) &&
				(n >= cap || !getnameinfo(i->ifa_addr, families[f].len, ret[n],
						     ADDRESS_TEXT, NULL, 0, NI_NUMERICHOST)))
				n++;
	freeifaddrs(all);
	return n;
}
