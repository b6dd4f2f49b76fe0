/* SPDX-License-Identifier: MIT */
/* /proc/net/{tcp,udp}{,6} have port and inode of each socket; /proc/PID/fd/N -> socket:[INODE] has whose it is. */
#include "ports/holders.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define STATE_TIME_WAIT 6
#define HOLDERS_MAX 256

/* --- the sockets --- */

/* The next word of *p as a number; *ok becomes false when there is none. */
static uint64_t
number_next(char **p, int base, bool *ok)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(*p, &end, base);
	if (end == *p || errno)
		*ok = false;
	*p = end;
	return n;
}

static void
skip_to(char **p, int c, bool *ok)
{
	char *found = strchr(*p, c);

	if (!found)
		*ok = false;
	else
		*p = found + 1;
}

static void
words_skip(char **p, int n)
{
	while (n-- > 0) {
		*p += strspn(*p, " ");
		*p += strcspn(*p, " \n");
	}
}

/* "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 ..." */
static bool
line_parse(char *line, struct port_use *ret)
{
	bool ok = true;
	char *p = line;
	uint64_t state;

	*ret = (struct port_use){0};
	skip_to(&p, ':', &ok); /* behind the line's number */
	if (ok)
		skip_to(&p, ':', &ok); /* behind the local address */
	if (!ok)
		return false;
	ret->port = (uint16_t)number_next(&p, 16, &ok);
	words_skip(&p, 1);
	state = number_next(&p, 16, &ok);
	words_skip(&p, 3);
	ret->uid = (uid_t)number_next(&p, 10, &ok);
	words_skip(&p, 1);
	ret->inode = number_next(&p, 10, &ok);
	ret->is_waiting = state == STATE_TIME_WAIT;
	return ok && (ret->inode || ret->is_waiting);
}

static bool
use_append(struct port_uses *uses, const struct port_use *use)
{
	struct port_use *larger;

	if ((uses->n & (uses->n - 1)) == 0) { /* full at each power of two */
		larger = mem_resize(uses->items, uses->n ? uses->n * 2 : 1, sizeof(*larger));
		if (!larger)
			return false;
		uses->items = larger;
	}
	uses->items[uses->n++] = *use;
	return true;
}

/* False: no memory. *had becomes true when the table is there. */
static bool
table_read(const char *proc, const char *name, const struct port_set *set, struct port_uses *uses,
	bool *had)
{
	char path[300], line[400];
	struct port_use use;
	bool ok = true;
	FILE *f;

	snprintf(path, sizeof(path), "%s/net/%s", proc, name);
	f = fopen(path, "re");
	if (!f)
		return true;
	*had = true;
	while (ok && fgets(line, sizeof(line), f))
		if (line_parse(line, &use) && port_set_has(set, use.port))
			ok = use_append(uses, &use);
	fclose(f);
	return ok;
}

/* --- the processes --- */

static int
by_inode(const void *a, const void *b)
{
	uint64_t x = ((const struct port_use *)a)->inode, y = ((const struct port_use *)b)->inode;

	return x < y ? -1 : x > y;
}

static int
by_port(const void *a, const void *b)
{
	const struct port_use *x = a, *y = b;

	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	/* the known ones first, so that the first of a port says most */
	return (x->pid == 0) + x->is_waiting - (y->pid == 0) - y->is_waiting;
}

static void
name_read(const char *proc, pid_t pid, char ret[32])
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%d/comm", proc, (int)pid);
	f = fopen(path, "re");
	if (!f || !fgets(ret, 32, f))
		snprintf(ret, 32, "?");
	if (f)
		fclose(f);
	ret[strcspn(ret, "\n")] = '\0';
}

static void
descriptor_match(const char *proc, pid_t pid, const char *link, struct port_uses *uses)
{
	static const char prefix[] = "socket:[";
	struct port_use key = {0}, *use;

	if (strncmp(link, prefix, sizeof(prefix) - 1))
		return;
	key.inode = strtoull(link + sizeof(prefix) - 1, NULL, 10);
	use = bsearch(&key, uses->items, uses->n, sizeof(key), by_inode);
	if (!use || use->pid)
		return;
	use->pid = pid;
	name_read(proc, pid, use->name);
}

static void
process_read(const char *proc, pid_t pid, struct port_uses *uses)
{
	char path[300], link[64];
	struct dirent *entry;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%d/fd", proc, (int)pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
		if (n > 0) {
			link[n] = '\0';
			descriptor_match(proc, pid, link, uses);
		}
	}
	closedir(dir);
}

static void
processes_read(const char *proc, struct port_uses *uses)
{
	struct dirent *entry;
	DIR *dir = opendir(proc);
	long pid;
	char *end;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		pid = strtol(entry->d_name, &end, 10);
		if (pid > 0 && !*end)
			process_read(proc, (pid_t)pid, uses);
	}
	closedir(dir);
}

bool
port_uses_find(const char *proc, enum port_transport transport, const struct port_set *set,
	struct port_uses *ret)
{
	static const char *const tables[][2] = {{"tcp", "tcp6"}, {"udp", "udp6"}};
	struct port_uses uses = {0};
	bool had = false;

	if (!table_read(proc, tables[transport][0], set, &uses, &had) ||
		!table_read(proc, tables[transport][1], set, &uses, &had) || !had) {
		mem_free(uses.items);
		return false;
	}
	if (uses.n) {
		qsort(uses.items, uses.n, sizeof(*uses.items), by_inode);
		processes_read(proc, &uses);
		qsort(uses.items, uses.n, sizeof(*uses.items), by_port);
	}
	*ret = uses;
	return true;
}

void
port_uses_fini(struct port_uses *uses)
{
	mem_free(uses->items);
	*uses = (struct port_uses){0};
}

const struct port_use *
port_uses_of(const struct port_uses *uses, uint16_t port)
{
	size_t low = 0, high = uses->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (uses->items[middle].port < port)
			low = middle + 1;
		else
			high = middle;
	}
	return low < uses->n && uses->items[low].port == port ? &uses->items[low] : NULL;
}

/* --- in numbers --- */

/* Whose they are: a process, or where it cannot be seen its user; or nobody any more. */
static int
owners_compare(const struct port_use *x, const struct port_use *y)
{
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->is_waiting != y->is_waiting)
		return x->is_waiting - y->is_waiting;
	if (x->pid || x->uid == y->uid)
		return 0;
	return x->uid < y->uid ? -1 : 1;
}

static int
by_owner(const void *a, const void *b)
{
	const struct port_use *x = a, *y = b;
	int owners = owners_compare(x, y);

	if (owners)
		return owners;
	return x->port < y->port ? -1 : x->port > y->port;
}

static int
by_greed(const void *a, const void *b)
{
	const struct port_holder *x = a, *y = b;

	if (x->n_ports != y->n_ports)
		return x->n_ports > y->n_ports ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

size_t
port_holders_count(struct port_uses *uses, struct port_holder *ret, size_t cap)
{
	const struct port_use *u = uses->items;
	size_t n = 0;

	if (uses->n)
		qsort(uses->items, uses->n, sizeof(*uses->items), by_owner);
	for (size_t i = 0; i < uses->n; i++) {
		if (i == 0 || owners_compare(&u[i], &u[i - 1])) {
			if (n < cap)
				ret[n] = (struct port_holder){
					u[i].pid, u[i].uid, u[i].is_waiting, u[i].name, 0};
			n++;
		} else if (u[i].port == u[i - 1].port) {
			continue; /* both address families, or a connection of the same port */
		}
		if (n <= cap)
			ret[n - 1].n_ports++;
	}
	qsort(ret, n < cap ? n : cap, sizeof(*ret), by_greed);
	return n;
}

static int
holder_write(const struct port_holder *h, const char *comma, char *ret, size_t cap)
{
	if (h->pid)
		return snprintf(ret, cap, "%s%s (pid %d) holds %u", comma, h->name, (int)h->pid,
			h->n_ports);
	if (h->is_waiting)
		return snprintf(
			ret, cap, "%sconnections that have ended hold %u", comma, h->n_ports);
	return snprintf(
		ret, cap, "%sprograms of user %u hold %u", comma, (unsigned)h->uid, h->n_ports);
}

static void
holders_write(const struct port_holder *holders, size_t n, char *ret, size_t cap)
{
	size_t at = 0;

	for (size_t i = 0; i < n && i < 3 && at < cap; i++)
		at += (size_t)holder_write(&holders[i], i ? ", " : "", ret + at, cap - at);
	if (n > 3 && at < cap)
		snprintf(ret + at, cap - at, ", %zu more hold the rest", n - 3);
}

void
port_holders_tell(const char *proc, enum port_transport transport, const struct port_set *set,
	char *ret, size_t cap)
{
	struct port_holder holders[HOLDERS_MAX];
	struct port_uses uses;
	size_t n;

	snprintf(ret, cap, "who holds them cannot be seen");
	if (!port_uses_find(proc, transport, set, &uses))
		return;
	n = port_holders_count(&uses, holders, HOLDERS_MAX);
	if (n)
		holders_write(holders, n, ret, cap);
	port_uses_fini(&uses);
}
