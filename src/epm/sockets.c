/* SPDX-License-Identifier: MIT */
#include "epm/sockets.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "epm/client.h"
#include "net/address.h"
#include "net/local.h"

#define TCP_STATE_CLOSE 7 /* a bound UDP socket */
#define TCP_STATE_LISTEN 10

struct seen {
	struct in6_addr address;
	uint32_t inode;
	uid_t uid;
	uint16_t port;
	bool udp;
};

struct sockets {
	struct seen *all;
	size_t n, cap;
	/* the descriptors of one process, read when they are first needed */
	pid_t pid;
	bool readable;
	uint32_t *inodes; /* sorted */
	size_t n_inodes, cap_inodes;
};

/* --- what the kernel tells --- */

static uint16_t
port_of(const struct inet_diag_msg *m)
{
	struct address a = {0};
	struct sockaddr_in *in = (struct sockaddr_in *)&a.storage;

	in->sin_family = AF_INET;
	in->sin_port = m->id.idiag_sport;
	return address_port(&a);
}

static bool
seen_add(struct sockets *s, const struct inet_diag_msg *m, bool udp)
{
	struct seen *to;

	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct seen *more = mem_resize(s->all, cap, sizeof(*more));

		if (!more)
			return false;
		s->all = more;
		s->cap = cap;
	}
	to = &s->all[s->n++];
	*to = (struct seen){
		.inode = m->idiag_inode, .uid = m->idiag_uid, .port = port_of(m), .udp = udp};
	if (m->idiag_family == AF_INET)
		to->address = ipv4_mapped(m->id.idiag_src[0]);
	else
		memcpy(&to->address, m->id.idiag_src, sizeof(to->address));
	return true;
}

static bool
ask(int fd, uint8_t family, bool udp)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = {.nlmsg_len = sizeof(message),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = family,
			.sdiag_protocol = udp ? IPPROTO_UDP : IPPROTO_TCP,
			.idiag_states = 1u << (udp ? TCP_STATE_CLOSE : TCP_STATE_LISTEN)},
	};

	return send(fd, &message, sizeof(message), 0) == (ssize_t)sizeof(message);
}

/* 1: there is more to come; 0: the end; -1: errno */
static int
answer_read(struct sockets *s, int fd, bool udp)
{
	static _Alignas(struct nlmsghdr) char room[32768];
	ssize_t got = recv(fd, room, sizeof(room), 0);
	int len = (int)got;

	if (got <= 0)
		return -1;
	for (struct nlmsghdr *h = (struct nlmsghdr *)room; NLMSG_OK(h, (unsigned)len);
		h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR) {
			/* a kernel without that family or protocol has nobody there */
			errno = -((struct nlmsgerr *)NLMSG_DATA(h))->error;
			return errno == ENOENT || errno == EINVAL || errno == EAFNOSUPPORT ? 0 : -1;
		}
		if (!seen_add(s, NLMSG_DATA(h), udp))
			return -1;
	}
	return 1;
}

static bool
family_read(struct sockets *s, int fd, uint8_t family, bool udp)
{
	int more;

	if (!ask(fd, family, udp))
		return false;
	do
		more = answer_read(s, fd, udp);
	while (more > 0);
	return more == 0;
}

struct sockets *
sockets_read(void)
{
	struct sockets *s = mem_zalloc(1, sizeof(*s));
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct timeval patience = {.tv_sec = 2};
	bool ok = s && fd >= 0;

	if (ok)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (int i = 0; i < 4 && ok; i++)
		ok = family_read(s, fd, i % 2 ? AF_INET6 : AF_INET, i / 2);
	if (fd >= 0)
		close(fd);
	if (ok)
		return s;
	sockets_free(s);
	return NULL;
}

void
sockets_free(struct sockets *s)
{
	if (!s)
		return;
	mem_free(s->all);
	mem_free(s->inodes);
	mem_free(s);
}

/* --- whose --- */

static int
inode_compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool
inode_add(struct sockets *s, uint32_t inode)
{
	if (s->n_inodes == s->cap_inodes) {
		size_t cap = s->cap_inodes ? 2 * s->cap_inodes : 64;
		uint32_t *more = mem_resize(s->inodes, cap, sizeof(*more));

		if (!more)
			return false;
		s->inodes = more;
		s->cap_inodes = cap;
	}
	s->inodes[s->n_inodes++] = inode;
	return true;
}

/* False: we may not look. */
static bool
process_read(struct sockets *s, pid_t pid)
{
	static const char prefix[] = "socket:[";
	char path[64], link[64];
	struct dirent *entry;
	bool may = true;
	DIR *dir;

	s->n_inodes = 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while ((entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		if (n <= 0) {
			may = may && (n == 0 || (errno != EACCES && errno != EPERM));
			continue;
		}
		link[n] = '\0';
		if (strncmp(link, prefix, sizeof(prefix) - 1) == 0 &&
			!inode_add(s, (uint32_t)strtoul(link + sizeof(prefix) - 1, NULL, 10)))
			break;
	}
	closedir(dir);
	if (s->n_inodes > 0)
		qsort(s->inodes, s->n_inodes, sizeof(*s->inodes), inode_compare);
	return may;
}

static bool
has_inode(const struct sockets *s, uint32_t inode)
{
	return s->n_inodes > 0 &&
	       bsearch(&inode, s->inodes, s->n_inodes, sizeof(*s->inodes), inode_compare) != NULL;
}

static bool
is_own(struct sockets *s, const struct seen *seen, pid_t pid, uid_t uid)
{
	if (pid > 0 && s->pid != pid) {
		s->pid = pid;
		s->readable = process_read(s, pid);
	}
	return pid > 0 && s->readable ? has_inode(s, seen->inode) : seen->uid == uid;
}

/* `wanted` 0: every address. */
static bool
covers(const struct seen *seen, uint32_t wanted)
{
	uint32_t ipv4 = ipv4_of(&seen->address);

	if (IN6_IS_ADDR_UNSPECIFIED(&seen->address))
		return true;
	if (!IN6_IS_ADDR_V4MAPPED(&seen->address))
		return wanted == 0; /* no tower could name that address */
	return ipv4 == 0 || ipv4 == wanted;
}

static enum sockets_verdict
port_check(struct sockets *s, const struct tower *t, pid_t pid, uid_t uid)
{
	enum sockets_verdict verdict = SOCKETS_NOBODY;
	unsigned long port = strtoul(t->endpoint, NULL, 10);
	struct in_addr wanted = {0};

	if (t->address[0] && inet_pton(AF_INET, t->address, &wanted) != 1)
		return SOCKETS_NOBODY;
	for (size_t i = 0; i < s->n; i++) {
		const struct seen *seen = &s->all[i];

		if (seen->port != port || seen->udp != (t->protseq == NCADG_IP_UDP) ||
			!covers(seen, wanted.s_addr))
			continue;
		if (is_own(s, seen, pid, uid))
			return SOCKETS_OWN;
		verdict = SOCKETS_FOREIGN;
	}
	return verdict;
}

static enum sockets_verdict
local_check(const struct tower *t, const char *ncalrpc_dir, uid_t uid)
{
	char path[LOCAL_PATH];
	struct stat st;

	if (!local_path(ncalrpc_dir, t->endpoint, path) || stat(path, &st) != 0 ||
		!S_ISSOCK(st.st_mode))
		return SOCKETS_NOBODY;
	return st.st_uid == uid ? SOCKETS_OWN : SOCKETS_FOREIGN;
}

enum sockets_verdict
sockets_check(
	struct sockets *s, const struct tower *t, const char *ncalrpc_dir, pid_t pid, uid_t uid)
{
	switch (t->protseq) {
	case NCACN_IP_TCP:
	case NCACN_HTTP:
	case NCADG_IP_UDP: return port_check(s, t, pid, uid);
	case NCALRPC: return local_check(t, ncalrpc_dir, uid);
	default: return SOCKETS_UNKNOWN;
	}
}

/* --- who has a port --- */

static bool
process_name(pid_t pid, char *ret, size_t cap)
{
	char path[64], name[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = '\0';
	fclose(f);
	snprintf(ret, cap, "%s (pid %d)", name, (int)pid);
	return name[0] != '\0';
}

static bool
process_has(struct sockets *s, pid_t pid, uint16_t port)
{
	/* what can be read of it */
	(void)process_read(s, pid);
	for (size_t i = 0; i < s->n; i++)
		if (!s->all[i].udp && s->all[i].port == port && has_inode(s, s->all[i].inode))
			return true;
	return false;
}

bool
sockets_holder(struct sockets *s, uint16_t port, char *ret, size_t cap)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	s->pid = 0;
	while (proc && !found && (entry = readdir(proc))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		found = pid > 0 && process_has(s, pid, port) && process_name(pid, ret, cap);
	}
	if (proc)
		closedir(proc);
	return found;
}
