/* SPDX-License-Identifier: MIT */
/*
 * ICMP's word about a connection attempt is an errno for connect() and no more; with IP_RECVERR the system keeps the
 * message itself in the socket's error queue, and with it who sent it: the router (ip(7), since Linux 5.9 for TCP).
 */
#include "doctor/port.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

#define ICMP_UNREACHABLE 3
#define ICMP_PORT 3
#define ICMP6_UNREACHABLE 1

static int
icmp_wanted(int fd, int family)
{
	int on = 1;

	return family == AF_INET6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on))
				  : setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
}

/* ICMP 3/0, 3/1, 3/5-8, 3/11, 3/12: there is no way; the others are somebody's decision (RFC 1812 5.2.7.1). */
static enum seen_port
icmp_means(int family, uint8_t type, uint8_t code)
{
	static const uint32_t no_way4 =
		1u << 0 | 1u << 1 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 11 | 1u << 12;
	/* RFC 4443 3.1: 0 no route, 2 beyond scope, 3 address unreachable */
	static const uint32_t no_way6 = 1u << 0 | 1u << 2 | 1u << 3;
	uint32_t no_way = family == AF_INET6 ? no_way6 : no_way4;

	if (type != (family == AF_INET6 ? ICMP6_UNREACHABLE : ICMP_UNREACHABLE))
		return SEEN_PORT_UNREACHABLE;
	return code < 32 && (no_way >> code & 1) ? SEEN_PORT_UNREACHABLE : SEEN_PORT_PROHIBITED;
}

static void
router_set(struct port_probe *p, const struct sock_extended_err *e)
{
	const struct sockaddr *from = SO_EE_OFFENDER(e);

	if (e->ee_origin == SO_EE_ORIGIN_LOCAL)
		p->is_local = true;
	if (e->ee_origin != SO_EE_ORIGIN_ICMP && e->ee_origin != SO_EE_ORIGIN_ICMP6)
		return;
	p->icmp_type = e->ee_type;
	p->icmp_code = e->ee_code;
	p->seen = icmp_means(p->address.storage.ss_family, e->ee_type, e->ee_code);
	if (from->sa_family != AF_INET && from->sa_family != AF_INET6)
		return;
	p->has_router = true;
	p->router.len = from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						    : sizeof(struct sockaddr_in);
	memcpy(&p->router.storage, from, p->router.len);
	address_set_port(&p->router, 0);
}

/* When nobody answers ARP or neighbour discovery, this host sends the ICMP message to itself. */
static void
sender_check(struct port_probe *p, int fd)
{
	struct address own = {.len = sizeof(own.storage)};
	uint8_t here[16], there[16];

	if (!p->has_router || getsockname(fd, (struct sockaddr *)&own.storage, &own.len))
		return;
	address_host(&own, here);
	address_host(&p->router, there);
	p->is_local = !memcmp(here, there, sizeof(here));
}

static void
errors_read(struct port_probe *p, int fd)
{
	char room[512];
	struct msghdr m = {.msg_control = room, .msg_controllen = sizeof(room)};

	if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		bool is4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
		bool is6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;

		if (is4 || is6)
			router_set(p, (const struct sock_extended_err *)CMSG_DATA(c));
	}
}

static enum seen_port
errno_means(int sys_errno)
{
	switch (sys_errno) {
	case 0: return SEEN_PORT_OPEN;
	case ECONNREFUSED: return SEEN_PORT_REFUSED;
	case ECONNRESET: return SEEN_PORT_RESET;
	case ETIMEDOUT: return SEEN_PORT_FILTERED;
	case EACCES:
	case EPERM: return SEEN_PORT_PROHIBITED;
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENETUNREACH: return SEEN_PORT_UNREACHABLE;
	default: return SEEN_PORT_UNSENT;
	}
}

static void
settle(struct port_probe *p, int sys_errno, sp_nanos began)
{
	p->sys_errno = sys_errno;
	p->seen = errno_means(sys_errno);
	p->took = time_now() - began;
	if (sys_errno && p->fd >= 0) {
		errors_read(p, p->fd);
		sender_check(p, p->fd);
	}
	if (p->fd >= 0 && (sys_errno || !p->keeps)) {
		close(p->fd);
		p->fd = -1;
	}
}

static int
source_set(int fd, int family, uint16_t port)
{
	struct address any;
	int on = 1;

	if (!port || !address_parse(family == AF_INET6 ? "::" : "0.0.0.0", port, &any))
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return bind(fd, (const struct sockaddr *)&any.storage, any.len);
}

/* Whether an answer is to be waited for. */
static bool
begin(struct port_probe *p, sp_nanos began)
{
	p->has_router = p->is_local = false;
	p->fd = socket(p->address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd < 0 || icmp_wanted(p->fd, p->address.storage.ss_family) ||
		source_set(p->fd, p->address.storage.ss_family, p->source_port)) {
		settle(p, errno, began);
		return false;
	}
	if (connect(p->fd, (const struct sockaddr *)&p->address.storage, p->address.len) == 0) {
		settle(p, 0, began);
		return false;
	}
	if (errno == EINPROGRESS || errno == EINTR)
		return true;
	p->is_local = errno != ECONNREFUSED;
	settle(p, errno, began);
	return false;
}

static void
answered(struct port_probe *p, sp_nanos began)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	settle(p, error, began);
}

static void
probe_load(struct port_probe *probes, size_t n, sp_nanos deadline)
{
	struct pollfd fds[PORT_PROBES_MAX];
	sp_nanos began = time_now();
	size_t n_open = 0;

	for (size_t i = 0; i < n; i++) {
		bool waits = begin(&probes[i], began);

		fds[i] = (struct pollfd){.fd = waits ? probes[i].fd : -1, .events = POLLOUT};
		n_open += waits;
	}
	while (n_open) {
		sp_nanos now = time_now();

		if (now >= deadline || poll(fds, n, time_poll_ms(now, deadline)) < 0)
			break;
		for (size_t i = 0; i < n; i++) {
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			answered(&probes[i], began);
			fds[i].fd = -1;
			n_open--;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (fds[i].fd >= 0)
			settle(&probes[i], ETIMEDOUT, began);
}

void
port_probe(struct port_probe *probes, size_t n, sp_nanos deadline)
{
	for (size_t done = 0; done < n; done += PORT_PROBES_MAX) {
		size_t load = n - done < PORT_PROBES_MAX ? n - done : PORT_PROBES_MAX;

		probe_load(probes + done, load, deadline);
	}
}

const char *
port_host(const struct address *address, char ret[ADDRESS_TEXT])
{
	char *port, *bracket;

	address_format(address, ret);
	port = strrchr(ret, '[');
	if (port)
		*port = '\0';
	if (*ret == '[' && (bracket = strchr(ret, ']'))) {
		*bracket = '\0';
		memmove(ret, ret + 1, strlen(ret));
	}
	return ret;
}

static void
sender_says(const struct port_probe *p, char *ret, size_t cap)
{
	char router[ADDRESS_TEXT];

	if (p->has_router && !p->is_local)
		snprintf(ret, cap, ": %s says so (ICMP %u/%u)", port_host(&p->router, router),
			p->icmp_type, p->icmp_code);
	else if (p->has_router)
		snprintf(ret, cap, ": no machine has this address on our own network");
	else if (p->seen == SEEN_PORT_UNREACHABLE)
		snprintf(ret, cap, ": this host knows no way to it");
	else
		snprintf(ret, cap, " by this host's own rules");
}

const char *
port_probe_says(const struct port_probe *p, char *ret, size_t cap)
{
	double took = (double)p->took / (double)SP_MILLISECOND;
	char sender[ADDRESS_TEXT + 40];

	sender_says(p, sender, sizeof(sender));
	switch (p->seen) {
	case SEEN_PORT_OPEN: snprintf(ret, cap, "open, handshake %.1f ms", took); break;
	case SEEN_PORT_REFUSED: snprintf(ret, cap, "refused: RST after %.1f ms", took); break;
	case SEEN_PORT_FILTERED:
		snprintf(ret, cap, "filtered: no answer to SYNs in %.1f s", took / 1000);
		break;
	case SEEN_PORT_RESET: snprintf(ret, cap, "reset after %.1f ms", took); break;
	case SEEN_PORT_PROHIBITED: snprintf(ret, cap, "prohibited%s", sender); break;
	case SEEN_PORT_UNREACHABLE: snprintf(ret, cap, "unreachable%s", sender); break;
	case SEEN_PORT_UNSENT:
		snprintf(ret, cap, "no SYN left this host: %s", strerror(p->sys_errno));
		break;
	}
	return ret;
}
