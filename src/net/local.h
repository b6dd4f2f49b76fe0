/* SPDX-License-Identifier: MIT */
/* ncalrpc's sockets: unix stream sockets in one directory. Functions return 0 or an errno. */
#ifndef NET_LOCAL_H
#define NET_LOCAL_H

#include <sallyport/types.h>

#include <sys/types.h>

#define LOCAL_PATH 108 /* sun_path */

/*
 * The socket's path: dir/endpoint, or endpoint itself when it has a slash. dir NULL:
 * $SALLYPORT_NCALRPC_DIR or /run/sallyport/ncalrpc. False: too long, "." or "..", or empty.
 */
SP_NODISCARD bool local_path(const char *dir, const char *endpoint, char ret[LOCAL_PATH]);
/*
 * Listens, non-blocking; makes the directory (0755); everybody may connect (0666). A socket file
 * that nobody answers on is replaced; EADDRINUSE when somebody does.
 */
SP_NODISCARD int local_listen(const char *path, int *ret_fd);
SP_NODISCARD int local_connect(const char *path, int *ret_fd);
/* False: not a unix socket. */
SP_NODISCARD bool local_peer(int fd, pid_t *ret_pid, uid_t *ret_uid, gid_t *ret_gid);
/* Among the peer's supplementary groups. */
SP_NODISCARD bool local_peer_has_group(int fd, gid_t group);

#endif
