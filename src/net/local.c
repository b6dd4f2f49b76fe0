/* SPDX-License-Identifier: MIT */
#include "net/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

bool
local_path(const char *dir, const char *endpoint, char ret[LOCAL_PATH])
{
	int len;

	if (!dir || !*dir)
		dir = getenv("SALLYPORT_NCALRPC_DIR");
	if (!dir || !*dir)
		dir = "/run/sallyport/ncalrpc";
	if (!*endpoint || !strcmp(endpoint, ".") || !strcmp(endpoint, ".."))
		return false;
	if (strchr(endpoint, '/'))
		len = snprintf(ret, LOCAL_PATH, "%s", endpoint);
	else
		len = snprintf(ret, LOCAL_PATH, "%s/%s", dir, endpoint);
	return len > 0 && len < LOCAL_PATH;
}

static struct sockaddr_un
address_of(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	return un;
}

static int
socket_new(int *ret_fd)
{
	*ret_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return *ret_fd < 0 ? errno : 0;
}

int
local_connect(const char *path, int *ret_fd)
{
	struct sockaddr_un un = address_of(path);
	int fd = -1, error = socket_new(&fd);

	if (error)
		return error;
	/* a unix socket connects at once, or EAGAIN: the backlog is full */
	if (connect(fd, (struct sockaddr *)&un, sizeof(un))) {
		error = errno;
		close(fd);
		return error;
	}
	*ret_fd = fd;
	return 0;
}

static bool
somebody_answers(const char *path)
{
	int fd = -1, error = local_connect(path, &fd);

	if (error)
		return error == EAGAIN || error == EACCES;
	close(fd);
	return true;
}

static void
directories_make(const char *path)
{
	char dir[LOCAL_PATH];

	snprintf(dir, sizeof(dir), "%s", path);
	for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(dir, 0755);
		*slash = '/';
	}
}

/* Two servers that find the same dead socket must not both replace it: the directory is the lock. */
static int
directory_lock(const char *path)
{
	char dir[LOCAL_PATH];
	char *slash;
	int fd;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash)
		return -1;
	slash[slash == dir] = 0;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

static int
bind_and_listen(int fd, const char *path)
{
	struct sockaddr_un un = address_of(path);
	struct stat st;

	if (!lstat(path, &st)) {
		if (!S_ISSOCK(st.st_mode) || somebody_answers(path))
			return EADDRINUSE;
		unlink(path);
	}
	if (bind(fd, (struct sockaddr *)&un, sizeof(un)))
		return errno;
	if (chmod(path, 0666) || listen(fd, SOMAXCONN)) {
		int error = errno;

		unlink(path);
		return error;
	}
	return 0;
}

int
local_listen(const char *path, int *ret_fd)
{
	int fd, lock, error = socket_new(&fd);

	if (error)
		return error;
	directories_make(path);
	lock = directory_lock(path);
	error = bind_and_listen(fd, path);
	if (lock >= 0)
		close(lock);
	if (error)
		close(fd);
	else
		*ret_fd = fd;
	return error;
}

bool
local_peer(int fd, pid_t *ret_pid, uid_t *ret_uid, gid_t *ret_gid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int domain = 0;
	socklen_t domain_len = sizeof(domain);

	/* SO_PEERCRED answers on TCP sockets as well, with nobody's numbers */
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) || domain != AF_UNIX ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return false;
	*ret_pid = peer.pid;
	*ret_uid = peer.uid;
	*ret_gid = peer.gid;
	return true;
}

bool
local_peer_has_group(int fd, gid_t group)
{
	gid_t few[64], *groups = few;
	socklen_t len = sizeof(few);
	bool has = false;
	int result = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len);

	if (result && errno == ERANGE) {
		groups = mem_alloc(len);
		if (!groups)
			return false;
		result = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len);
	}
	for (size_t i = 0; !result && i < len / sizeof(*groups) && !has; i++)
		has = groups[i] == group;
	if (groups != few)
		mem_free(groups);
	return has;
}
