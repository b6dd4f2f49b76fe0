/* SPDX-License-Identifier: MIT */
#include "net/device.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

/* Which addresses are asked for. */
struct wish {
	const char *device; /* NULL: of every one that is up */
	bool loopback;      /* then: of loopback, or of all the others */
};

static bool
is_wanted(const struct ifaddrs *i, const struct wish *w, sa_family_t family)
{
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)i->ifa_addr;

	if (!ipv6 || ipv6->sin6_family != family)
		return false;
	if (w->device ? strcmp(i->ifa_name, w->device) != 0
		      : !(i->ifa_flags & IFF_UP) || !(i->ifa_flags & IFF_LOOPBACK) == w->loopback)
		return false;
	return family == AF_INET || !IN6_IS_ADDR_LINKLOCAL(&ipv6->sin6_addr);
}

static bool
is_among(char (*list)[ADDRESS_TEXT], size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], text))
			return true;
	return false;
}

static size_t
addresses_of(const struct ifaddrs *all, const struct wish *w, char (*ret)[ADDRESS_TEXT], size_t cap)
{
	static const struct {
		sa_family_t family;
		socklen_t len;
	} families[] = {
		{AF_INET, sizeof(struct sockaddr_in)}, {AF_INET6, sizeof(struct sockaddr_in6)}};
	char text[ADDRESS_TEXT];
	size_t n = 0;

	for (int f = 0; f < 2; f++)
		for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
			if (!is_wanted(i, w, families[f].family) ||
				getnameinfo(i->ifa_addr, families[f].len, text, sizeof(text), NULL,
					0, NI_NUMERICHOST) ||
				is_among(ret, n < cap ? n : cap, text))
				continue;
			if (n < cap)
				strcpy(ret[n], text);
			n++;
		}
	return n;
}

size_t
device_addresses(const char *device, char (*ret)[ADDRESS_TEXT], size_t cap)
{
	struct wish w = {.device = device};
	struct ifaddrs *all;
	size_t n;

	if (getifaddrs(&all))
		return 0;
	n = addresses_of(all, &w, ret, cap);
	if (n == 0 && !device) {
		w.loopback = true;
		n = addresses_of(all, &w, ret, cap);
	}
	freeifaddrs(all);
	return n;
}
