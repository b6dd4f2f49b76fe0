/* SPDX-License-Identifier: MIT */
#include "net/pipe.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"

int
pipe_read(int fd, void *p, size_t n, size_t *ret_n)
{
	ssize_t got;

	do
		got = recv(fd, p, n, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EWOULDBLOCK ? EAGAIN : errno;
	*ret_n = (size_t)got;
	return 0;
}

int
pipe_write(int fd, const struct iovec *iov, size_t n_iov, size_t *ret_n)
{
	struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = n_iov};
	const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	ssize_t put;

	/* one piece is the usual case, and the kernel has less to copy in then */
	do
		put = n_iov == 1 ? send(fd, iov->iov_base, iov->iov_len, flags)
				 : sendmsg(fd, &message, flags);
	while (put < 0 && errno == EINTR);
	if (put < 0)
		return errno == EWOULDBLOCK ? EAGAIN : errno;
	*ret_n = (size_t)put;
	return 0;
}

int
pipe_wait(int fd, short events, sp_nanos deadline, short *ret_revents)
{
	for (;;) {
		struct pollfd pollfd = {.fd = fd, .events = events};
		sp_nanos now = time_now();
		int n = poll(&pollfd, 1, time_poll_ms(now, deadline));

		if (n > 0) {
			*ret_revents = pollfd.revents;
			return 0;
		}
		if (n < 0 && errno != EINTR)
			return errno;
		if (time_now() >= deadline)
			return ETIMEDOUT;
	}
}

int
pipe_connected(int fd, sp_nanos deadline)
{
	int so_error = 0;
	socklen_t len = sizeof(so_error);
	short revents;
	int error = pipe_wait(fd, POLLOUT, deadline, &revents);

	if (error)
		return error;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &so_error, &len) ? errno : so_error;
}

void
pipe_close(int fd)
{
	char unread[4096];
	size_t n = 0;

	if (fd < 0)
		return;
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < 16; i++)
		if (pipe_read(fd, unread, sizeof(unread), &n) || n == 0)
			break;
	close(fd);
}
