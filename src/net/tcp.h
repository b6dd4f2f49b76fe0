/* SPDX-License-Identifier: MIT */
/* ncacn_ip_tcp's sockets ([MS-RPCE] 2.1.1.1). Functions return 0 or an errno. */
#ifndef NET_TCP_H
#define NET_TCP_H

#include "net/address.h"

/* Non-blocking, listening. An IPv6 wildcard takes IPv4 too. */
SP_NODISCARD int tcp_listen(const struct address *, int *ret_fd);
/* The same at an address that an interface has but may not use yet (IPv6 looks for duplicates first). */
SP_NODISCARD int tcp_listen_early(const struct address *, int *ret_fd);
/* The wildcard of both families; only IPv4 on hosts without IPv6. */
SP_NODISCARD int tcp_listen_any(uint16_t port, int *ret_fd);
/* Begins a connection; EINPROGRESS is success (see pipe_connected). */
SP_NODISCARD int tcp_connect(const struct address *, int *ret_fd);
/* The same; *ret_is_there: nothing has to be waited for. */
SP_NODISCARD int tcp_begin(const struct address *, int *ret_fd, bool *ret_is_there);
/* An accepted connection's manners: no Nagle, keepalive. Does no harm to other sockets. */
void tcp_tune(int fd);
/* A silent connection is probed after `idle`, then every second ([MS-RPCE] 3.3.2.2.1); SP_NEVER: not at all. */
void tcp_keep_alive(int fd, sp_nanos idle);
/* Any listening stream socket: 0 and a non-blocking, close-on-exec *ret_fd, or an errno (EAGAIN: none). */
SP_NODISCARD int tcp_accept(int listener, int *ret_fd);
/*
 * Room for n more descriptors, as far as the process may have them. Linux enlarges a process's table by doubling it,
 * and stops the thread that needed it for 10 to 16 ms each time when there are several threads.
 */
void tcp_make_room(unsigned n);
/* Both ends' addresses as text; "" for others than TCP. */
void tcp_names(int fd, char ret_local[ADDRESS_TEXT], char ret_peer[ADDRESS_TEXT]);
bool tcp_local_address(int fd, struct address *ret);

#endif
