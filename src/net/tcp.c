/* SPDX-License-Identifier: MIT */
#include "net/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

static void
option(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

static int
listen_at(const struct address *a, bool is_early, int *ret_fd)
{
	int fd = socket(a->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return errno;
	option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (is_early)
		option(fd, IPPROTO_IP, IP_FREEBIND, 1);
	if (a->storage.ss_family == AF_INET6)
		option(fd, IPPROTO_IPV6, IPV6_V6ONLY, address_is_any(a) ? 0 : 1);
	if (bind(fd, (const struct sockaddr *)&a->storage, a->len) || listen(fd, SOMAXCONN)) {
		error = errno;
		close(fd);
		return error;
	}
	*ret_fd = fd;
	return 0;
}

int
tcp_listen(const struct address *a, int *ret_fd)
{
	return listen_at(a, false, ret_fd);
}

int
tcp_listen_early(const struct address *a, int *ret_fd)
{
	return listen_at(a, true, ret_fd);
}

int
tcp_listen_any(uint16_t port, int *ret_fd)
{
	struct address any;
	int error = EAFNOSUPPORT;

	if (address_parse("::", port, &any))
		error = tcp_listen(&any, ret_fd);
	if (error != EAFNOSUPPORT && error != EADDRNOTAVAIL)
		return error;
	if (!address_parse("0.0.0.0", port, &any))
		return error;
	return tcp_listen(&any, ret_fd);
}

int
tcp_begin(const struct address *a, int *ret_fd, bool *ret_is_there)
{
	int fd = socket(a->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
	    error = 0;

	if (fd < 0)
		return errno;
	tcp_tune(fd);
	if (connect(fd, (const struct sockaddr *)&a->storage, a->len))
		error = errno;
	/* EINTR: the connection goes on being made, as with EINPROGRESS */
	if (error && error != EINPROGRESS && error != EINTR) {
		close(fd);
		return error;
	}
	*ret_fd = fd;
	*ret_is_there = !error;
	return 0;
}

int
tcp_connect(const struct address *a, int *ret_fd)
{
	bool is_there;

	return tcp_begin(a, ret_fd, &is_there);
}

void
tcp_tune(int fd)
{
	option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

void
tcp_keep_alive(int fd, sp_nanos idle)
{
	sp_nanos s = idle / SP_SECOND;

	/* on since tcp_tune() */
	if (idle == SP_NEVER) {
		option(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
		return;
	}
	option(fd, IPPROTO_TCP, TCP_KEEPIDLE, s < 1 ? 1 : s > 32767 ? 32767 : (int)s);
	option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
}

int
tcp_accept(int listener, int *ret_fd)
{
	int fd;

	do
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0)
		return errno;
	*ret_fd = fd;
	return 0;
}

void
tcp_make_room(unsigned n)
{
	struct rlimit most;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), high;

	if (fd < 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &most) == 0 && most.rlim_cur <= n + (rlim_t)fd)
		n = (unsigned)(most.rlim_cur - (rlim_t)fd - 1);
	high = fcntl(fd, F_DUPFD_CLOEXEC, fd + (int)n);
	if (high >= 0)
		close(high);
	close(fd);
}

void
tcp_names(int fd, char ret_local[ADDRESS_TEXT], char ret_peer[ADDRESS_TEXT])
{
	struct address local = {.len = sizeof(local.storage)}, peer = {.len = sizeof(peer.storage)};

	ret_local[0] = ret_peer[0] = 0;
	if (!getsockname(fd, (struct sockaddr *)&local.storage, &local.len))
		address_format(&local, ret_local);
	if (!getpeername(fd, (struct sockaddr *)&peer.storage, &peer.len))
		address_format(&peer, ret_peer);
}

bool
tcp_local_address(int fd, struct address *ret)
{
	ret->len = sizeof(ret->storage);
	return getsockname(fd, (struct sockaddr *)&ret->storage, &ret->len) == 0;
}
