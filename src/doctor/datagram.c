/* SPDX-License-Identifier: MIT */
#include "doctor/datagram.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"

/* A question for the root's name servers (RFC 1035 4.1). */
static const uint8_t dns[] = {0x53, 0x50, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1};
/* Node status of "*" (RFC 1002 4.2.17). */
static const uint8_t netbios[] = {0x53, 0x50, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 32, 'C', 'K', 'A', 'A',
	'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A',
	'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 0, 0, 0x21, 0, 1};
/* A client's request, version 3 (RFC 1305 3.1). */
static const uint8_t ntp[48] = {0x1b};
/* Search of the root DSE for nothing in particular (RFC 4511 4.5). */
static const uint8_t ldap[] = {0x30, 0x25, 2, 1, 1, 0x63, 0x20, 4, 0, 10, 1, 0, 10, 1, 0, 2, 1, 0,
	2, 1, 0, 1, 1, 0, 0x87, 11, 'o', 'b', 'j', 'e', 'c', 't', 'C', 'l', 'a', 's', 's', 0x30, 0};

static const struct question {
	uint16_t port;
	const uint8_t *bytes;
	size_t len;
} questions[] = {
	{53, dns, sizeof(dns)},
	{123, ntp, sizeof(ntp)},
	{137, netbios, sizeof(netbios)},
	{389, ldap, sizeof(ldap)},
};

static struct question
question_for(uint16_t port)
{
	static const uint8_t line[] = {'\r', '\n'};

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (questions[i].port == port)
			return questions[i];
	return (struct question){port, line, sizeof(line)};
}

static bool
source_set(int fd, int family, uint16_t port)
{
	struct address any;

	if (!port)
		return true;
	return address_parse(family == AF_INET6 ? "::" : "0.0.0.0", port, &any) &&
	       bind(fd, (const struct sockaddr *)&any.storage, any.len) == 0;
}

enum datagram_seen
datagram_probe(const struct address *to, uint16_t source_port, sp_nanos deadline)
{
	struct question q = question_for(address_port(to));
	int family = to->storage.ss_family;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enum datagram_seen seen = DATAGRAM_SILENT;
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	uint8_t answer[64];

	if (fd < 0)
		return seen;
	/* connected: ICMP's word comes as an error of recv() */
	if (source_set(fd, family, source_port) &&
		connect(fd, (const struct sockaddr *)&to->storage, to->len) == 0 &&
		send(fd, q.bytes, q.len, 0) >= 0 &&
		poll(&wait, 1, time_poll_ms(time_now(), deadline)) > 0)
		seen = recv(fd, answer, sizeof(answer), MSG_DONTWAIT) >= 0 ? DATAGRAM_ANSWERED
									   : DATAGRAM_REFUSED;
	close(fd);
	return seen;
}
