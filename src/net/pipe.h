/* SPDX-License-Identifier: MIT */
/*
 * Byte pipes: a connected, non-blocking stream descriptor. Functions return 0 or an errno and
 * never raise SIGPIPE. EINTR never shows.
 */
#ifndef NET_PIPE_H
#define NET_PIPE_H

#include <sallyport/types.h>

#include <sys/uio.h>

/* *ret_n == 0 with result 0: the peer closed. EAGAIN: nothing there. */
SP_NODISCARD int pipe_read(int fd, void *p, size_t n, size_t *ret_n);
SP_NODISCARD int pipe_write(int fd, const struct iovec *iov, size_t n_iov, size_t *ret_n);
/*
 * Waits until fd is ready for poll(2)'s `events` or `deadline` has passed: 0 (and *ret_revents), ETIMEDOUT, or
 * another errno.
 */
SP_NODISCARD int pipe_wait(int fd, short events, sp_nanos deadline, short *ret_revents);
/* For the end of a non-blocking connect: waits and says how it went. ETIMEDOUT by deadline. */
SP_NODISCARD int pipe_connected(int fd, sp_nanos deadline);
/*
 * Reads away what has come already, then closes: a close with unread bytes resets the connection,
 * and the peer might lose the answer that we sent last.
 */
void pipe_close(int fd);

#endif
