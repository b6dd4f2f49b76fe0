/* SPDX-License-Identifier: MIT */
#include "ports/trial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int
socket_try(const struct addrinfo *a, enum port_transport transport)
{
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, 0), on = 1, off = 0, error = 0;

	if (fd < 0)
		return errno;
	if (transport == PORT_TCP) /* as servers do: what waits after a close is no obstacle */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, a->ai_addr, a->ai_addrlen) || (transport == PORT_TCP && listen(fd, 1)))
		error = errno;
	close(fd);
	return error;
}

static int
family_try(const char *any, enum port_transport transport, uint16_t port)
{
	struct addrinfo hints = {.ai_socktype = transport == PORT_TCP ? SOCK_STREAM : SOCK_DGRAM,
				.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV},
			*a;
	char service[8];
	int error;

	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(any, service, &hints, &a))
		return EAFNOSUPPORT;
	error = socket_try(a, transport);
	freeaddrinfo(a);
	return error;
}

int
port_try(enum port_transport transport, uint16_t port)
{
	int error = family_try("::", transport, port);

	/* hosts without IPv6 */
	if (error == EAFNOSUPPORT || error == EADDRNOTAVAIL)
		error = family_try("0.0.0.0", transport, port);
	return error;
}
