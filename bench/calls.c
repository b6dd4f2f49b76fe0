/* SPDX-License-Identifier: MIT */
/*
 * What a call costs over moving its bytes: our server against a bare epoll server that reads and
 * writes messages of the same length and looks at nothing. The same driver talks to both, in
 * alternating rounds; the figure is time per call with us / time per exchange with the bare one.
 * The control row is the bare server against itself: what the machine's noise makes of 1.00.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <sallyport/sallyport.h>

enum { ROUNDS = 9, MESSAGE_MAX = 512, N_MAX = 64, REQUEST_HEADER = 24, ECHO_BYTES = 100 };

#define ROUND_NS 150000000

/* --- the interface: opnum 0 does nothing, opnum 1 answers what it was sent --- */

struct echo_args {
	uint32_t n;
	uint8_t *bytes;
};

static void
null_push(struct sp_push *p, const void *args)
{
}

static void
null_pull(struct sp_pull *p, void *args)
{
}

static sp_status
any_invoke(sp_call *call, const void *handlers, void *args)
{
	return 0;
}

static void
echo_push(struct sp_push *p, const void *v)
{
	const struct echo_args *a = v;

	sp_push_u32(p, a->n);
	sp_push_bytes(p, a->bytes, a->n);
}

static void
echo_pull(struct sp_pull *p, void *v)
{
	struct echo_args *a = v;

	a->n = sp_pull_count(p, 1);
	a->bytes = sp_pull_alloc(p, a->n, 1);
	if (a->bytes)
		sp_pull_bytes(p, a->bytes, a->n);
}

static const struct sp_operation operations[] = {
	{"null", 4, 0, null_push, null_pull, null_push, null_pull, any_invoke},
	{"echo", sizeof(struct echo_args), 0, echo_push, echo_pull, echo_push, echo_pull,
		any_invoke},
};
static const struct sp_interface bench_interface = {
	.abi = SP_STUB_ABI,
	.name = "bench",
	.id = {.uuid = {0x7c5a1c3e, 0x2f4b, 0x4d7e, {0x9b, 0x1d},
		       {0x5e, 0x3a, 0x60, 0x4f, 0x21, 0x08}},
		.major = 1},
	.n_operations = 2,
	.operations = operations,
};

/* --- messages --- */

struct work {
	const char *name;
	uint16_t opnum;
	uint32_t n_bytes; /* stub data each way */
};
static const struct work works[] = {{"null", 0, 0}, {"echo 100", 1, 4 + ECHO_BYTES}};

static void
die(const char *what)
{
	perror(what);
	exit(3);
}

static uint8_t *
header_put(uint8_t *p, uint8_t ptype, uint16_t len, uint32_t call)
{
	memcpy(p, (uint8_t[]){5, 0, ptype, 3, 0x10, 0, 0, 0}, 8);
	sp_store_u16(p + 8, len);
	sp_store_u16(p + 10, 0);
	sp_store_u32(p + 12, call);
	return p + 16;
}

static void
uuid_put(uint8_t *p, const struct sp_uuid *u)
{
	sp_store_u32(p, u->time_low);
	sp_store_u16(p + 4, u->time_mid);
	sp_store_u16(p + 6, u->time_hi_and_version);
	memcpy(p + 8, (const uint8_t *)u + 8, 8);
}

/* A bind with one context for bench_interface in NDR: 72 bytes. */
static size_t
bind_put(uint8_t *bytes)
{
	static const struct sp_uuid ndr = {
		0x8a885d04, 0x1ceb, 0x11c9, {0x9f, 0xe8}, {0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}};
	uint8_t *p = header_put(bytes, 11, 72, 1);

	sp_store_u16(p, 5840);
	sp_store_u16(p + 2, 5840);
	sp_store_u32(p + 4, 0);
	sp_store_u32(p + 8, 1);
	sp_store_u32(p + 12, 1u << 16);
	uuid_put(p + 16, &bench_interface.id.uuid);
	sp_store_u32(p + 32, 1);
	uuid_put(p + 36, &ndr);
	sp_store_u32(p + 52, 2);
	return 72;
}

static size_t
request_put(uint8_t *bytes, const struct work *w)
{
	uint8_t *p = header_put(bytes, 0, (uint16_t)(REQUEST_HEADER + w->n_bytes), 2);

	sp_store_u32(p, w->n_bytes);
	sp_store_u16(p + 4, 0);
	sp_store_u16(p + 6, w->opnum);
	if (w->n_bytes) {
		sp_store_u32(p + 8, ECHO_BYTES);
		memset(p + 12, 'x', ECHO_BYTES);
	}
	return REQUEST_HEADER + w->n_bytes;
}

/* --- the two servers, each a process; the port comes through a pipe --- */

static void
pin(bool pinned)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (pinned && sched_setaffinity(0, sizeof set, &set))
		die("sched_setaffinity");
}

static void
port_tell(int fd, uint16_t port)
{
	if (write(fd, &port, sizeof port) != sizeof port)
		die("write");
}

static void
sallyport_serve(int fd)
{
	struct sp_server_options options = {.no_mapper = true, .port_policy = "/nonexistent"};
	struct sp_error err;
	sp_server *server;
	const char *port;

	if (sp_server_new(&options, &server, &err) ||
		sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "127.0.0.1", &err) ||
		sp_server_register(server, &bench_interface, NULL, NULL, &err) ||
		sp_server_start(server, 1, &err)) {
		fprintf(stderr, "bench: the server does not start: %s\n", err.sentence);
		exit(3);
	}
	port = strchr(sp_server_binding(server, 0), '[');
	port_tell(fd, (uint16_t)strtoul(port + 1, NULL, 10));
	for (;;)
		pause();
}

static int
listen_any(uint16_t *ret_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 128) ||
		getsockname(fd, (struct sockaddr *)&a, &len))
		die("listen");
	*ret_port = ntohs(a.sin_port);
	return fd;
}

static void
watch(int epoll, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e))
		die("epoll_ctl");
}

static void
no_delay(int fd)
{
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)))
		die("TCP_NODELAY");
}

/* One read and one write of what was read: on loopback a message of these sizes arrives whole. */
static void
bare_serve(int tell)
{
	struct epoll_event events[N_MAX];
	uint8_t bytes[MESSAGE_MAX];
	uint16_t port;
	int listener = listen_any(&port), epoll = epoll_create1(0);

	watch(epoll, listener);
	port_tell(tell, port);
	for (;;) {
		int n = epoll_wait(epoll, events, N_MAX, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			ssize_t len;

			if (fd == listener) {
				fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
				no_delay(fd);
				watch(epoll, fd);
				continue;
			}
			len = read(fd, bytes, sizeof bytes);
			if (len <= 0 || write(fd, bytes, (size_t)len) != len)
				close(fd);
		}
	}
}

struct server {
	pid_t pid;
	uint16_t port;
	bool speaks_rpc;
};

static struct server
server_start(bool speaks_rpc, bool pinned)
{
	struct server s = {.speaks_rpc = speaks_rpc};
	int fds[2];

	if (pipe(fds))
		die("pipe");
	s.pid = fork();
	if (s.pid < 0)
		die("fork");
	if (s.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pin(pinned);
		if (speaks_rpc)
			sallyport_serve(fds[1]);
		else
			bare_serve(fds[1]);
		_exit(0);
	}
	close(fds[1]);
	if (read(fds[0], &s.port, sizeof s.port) != sizeof s.port)
		die("a server's port");
	close(fds[0]);
	return s;
}

static void
server_stop(struct server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

/* --- the driver --- */

struct driver {
	int epoll, n;
	int fds[N_MAX];
	uint32_t calls[N_MAX];
	uint8_t request[MESSAGE_MAX];
	size_t len;
};

static void
exchange_bind(int fd)
{
	uint8_t bytes[MESSAGE_MAX];
	size_t len = bind_put(bytes);

	if (write(fd, bytes, len) != (ssize_t)len || read(fd, bytes, sizeof bytes) < 60 ||
		bytes[2] != 12)
		die("bind");
}

static void
driver_open(struct driver *d, const struct server *s, const struct work *w, int n)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(s->port)};

	d->epoll = epoll_create1(0);
	d->n = n;
	d->len = request_put(d->request, w);
	for (int i = 0; i < n; i++) {
		int fd = d->fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)i};

		if (connect(fd, (struct sockaddr *)&a, sizeof a))
			die("connect");
		no_delay(fd);
		if (s->speaks_rpc)
			exchange_bind(fd);
		d->calls[i] = 2;
		epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &e);
	}
}

static void
driver_close(struct driver *d)
{
	for (int i = 0; i < d->n; i++)
		close(d->fds[i]);
	close(d->epoll);
}

static void
driver_send(struct driver *d, int i)
{
	sp_store_u32(d->request + 12, d->calls[i]++);
	if (write(d->fds[i], d->request, d->len) != (ssize_t)d->len)
		die("write");
}

static void
driver_receive(struct driver *d, int i, bool speaks_rpc)
{
	uint8_t bytes[MESSAGE_MAX];

	if (read(d->fds[i], bytes, sizeof bytes) != (ssize_t)d->len ||
		(speaks_rpc && bytes[2] != 2)) {
		fprintf(stderr, "bench: an answer of another length or kind\n");
		exit(3);
	}
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* ns per exchange over about ROUND_NS with one request under way on each connection. */
static double
driver_round(struct driver *d, bool speaks_rpc)
{
	struct epoll_event events[N_MAX];
	int64_t start = now(), end = start;
	long done = 0;

	for (int i = 0; i < d->n; i++)
		driver_send(d, i);
	for (int under_way = d->n; under_way > 0;) {
		int n = epoll_wait(d->epoll, events, N_MAX, -1);

		end = now();
		for (int k = 0; k < n; k++) {
			int i = (int)events[k].data.u32;

			driver_receive(d, i, speaks_rpc);
			done++;
			if (end - start < ROUND_NS)
				driver_send(d, i);
			else
				under_way--;
		}
	}
	return (double)(now() - start) / (double)done;
}

/* --- rows --- */

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
row(const struct work *w, int n, bool pinned, bool control)
{
	struct server ours = server_start(!control, pinned), bare = server_start(false, pinned);
	struct driver a, b;
	double ratio[ROUNDS], ns[ROUNDS], bare_ns[ROUNDS];

	driver_open(&a, &ours, w, n);
	driver_open(&b, &bare, w, n);
	driver_round(&a, ours.speaks_rpc);
	driver_round(&b, false);
	for (int i = 0; i < ROUNDS; i++) {
		ns[i] = driver_round(&a, ours.speaks_rpc);
		bare_ns[i] = driver_round(&b, false);
		ratio[i] = ns[i] / bare_ns[i];
	}
	driver_close(&a);
	driver_close(&b);
	server_stop(&ours);
	server_stop(&bare);
	qsort(ratio, ROUNDS, sizeof *ratio, by_value);
	qsort(ns, ROUNDS, sizeof *ns, by_value);
	qsort(bare_ns, ROUNDS, sizeof *bare_ns, by_value);
	printf("%-10s %3d  %-8s  %5.2f  (%.2f .. %.2f)   %8.0f  %8.0f\n",
		control ? "control" : w->name, n, pinned ? "one CPU" : "free", ratio[ROUNDS / 2],
		ratio[0], ratio[ROUNDS - 1], ns[ROUNDS / 2], bare_ns[ROUNDS / 2]);
	fflush(stdout);
}

/* One row, for a profiler to look at. */
static int
row_alone(const char *name, const char *n)
{
	pin(true);
	for (size_t k = 0; k < 2; k++)
		if (!strcmp(works[k].name, name))
			row(&works[k], atoi(n), true, false);
	return 0;
}

int
main(int argc, char **argv)
{
	bool only_control = argc > 1 && strcmp(argv[1], "--control") == 0;
	static const int connections[] = {1, N_MAX};

	if (argc == 3)
		return row_alone(argv[1], argv[2]);
	printf("call       conn CPUs     ratio  (min .. max)     ns/call   bare ns   median of %d "
	       "rounds\n",
		ROUNDS);
	/* free first: pinning cannot be undone for the driver by those that come later */
	for (int pinned = 0; pinned <= 1; pinned++) {
		pin(pinned);
		for (size_t i = 0; i < 2; i++) {
			row(&works[1], connections[i], pinned, true);
			for (size_t k = 0; k < 2 && !only_control; k++)
				row(&works[k], connections[i], pinned, false);
		}
	}
	return 0;
}
