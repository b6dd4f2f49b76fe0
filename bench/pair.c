/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { FRAGMENT = 5840, HEADER = 24, EVENTS = 64, BARE_BUFFER = 65536 };

_Noreturn void
die(const char *what)
{
	perror(what);
	exit(3);
}

int64_t
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

void
pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof set, &set))
		die("sched_setaffinity");
}

/* --- the interface: opnum 0 answers what it was sent --- */

struct echo_args {
	uint32_t n;
	uint8_t *bytes;
};

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
	a->bytes = sp_pull_array_new(p, a->n, 1);
}

static sp_status
echo_invoke(sp_call *call, const void *handlers, void *args)
{
	return 0;
}

static const struct sp_operation operations[] = {
	{.name = "echo",
		.args_size = sizeof(struct echo_args),
		.push_in = echo_push,
		.pull_in = echo_pull,
		.push_out = echo_push,
		.pull_out = echo_pull,
		.invoke = echo_invoke},
};
static const struct sp_interface bench_interface = {
	.abi = SP_STUB_ABI,
	.name = "bench",
	.id = {.uuid = {0x7c5a1c3e, 0x2f4b, 0x4d7e, {0x9b, 0x1d},
		       {0x5e, 0x3a, 0x60, 0x4f, 0x21, 0x08}},
		.major = 1},
	.n_operations = 1,
	.operations = operations,
};

/* --- messages --- */

static uint8_t *
header_put(uint8_t *p, uint8_t ptype, uint8_t flags, uint16_t len, uint32_t call)
{
	memcpy(p, (uint8_t[]){5, 0, ptype, flags, 0x10, 0, 0, 0}, 8);
	sp_store_u16(p + 8, len);
	sp_store_u16(p + 10, 0);
	sp_store_u32(p + 12, call);
	return p + 16;
}

/* A bind with one context for bench_interface in NDR, with concurrent multiplexing. */
static void
bind_put(uint8_t *bytes)
{
	static const struct sp_uuid ndr = {
		0x8a885d04, 0x1ceb, 0x11c9, {0x9f, 0xe8}, {0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}};
	uint8_t *p = header_put(bytes, 11, 3 | 0x10, PAIR_BIND, 1);

	sp_store_u16(p, FRAGMENT);
	sp_store_u16(p + 2, FRAGMENT);
	sp_store_u32(p + 4, 0);
	sp_store_u32(p + 8, 1);
	sp_store_u32(p + 12, 1u << 16);
	sp_store_uuid(p + 16, &bench_interface.id.uuid);
	sp_store_u32(p + 32, 1);
	sp_store_uuid(p + 36, &ndr);
	sp_store_u32(p + 52, 2);
}

size_t
message_make(uint32_t n, uint8_t **ret)
{
	const uint32_t chunk = (FRAGMENT - HEADER) & ~7u, stub = 4 + n;
	uint8_t *message = malloc(stub + (size_t)HEADER * (stub / chunk + 1)), *p = message;
	uint8_t *data = calloc(1, stub);

	if (!message || !data)
		die("malloc");
	sp_store_u32(data, n);
	for (uint32_t at = 0; at < stub; at += chunk) {
		uint32_t len = stub - at < chunk ? stub - at : chunk;
		uint8_t flags = (at == 0) | (at + len == stub ? 2 : 0);
		uint8_t *body = header_put(p, 0, flags, (uint16_t)(HEADER + len), 2);

		sp_store_u32(body, stub - at);
		sp_store_u32(body + 4, 0); /* context 0, opnum 0 */
		memcpy(body + 8, data + at, len);
		p += HEADER + len;
	}
	free(data);
	*ret = message;
	return (size_t)(p - message);
}

void
message_number(uint8_t *message, size_t len, uint32_t call_id)
{
	for (size_t at = 0; at < len; at += (size_t)message[at + 8] | (size_t)message[at + 9] << 8)
		sp_store_u32(message + at + 12, call_id);
}

/* --- servers --- */

static void
port_tell(int fd, uint16_t port)
{
	if (write(fd, &port, sizeof port) != sizeof port)
		die("write");
}

static void
ours_serve(int tell, unsigned n_threads)
{
	struct sp_server_options options = {.no_mapper = true,
		.port_policy = "/nonexistent",
		.max_connections = 20000,
		.first_pdu_timeout = 600 * SP_SECOND};
	struct sp_error err;
	sp_server *server;

	if (sp_server_new(&options, &server, &err) ||
		sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "127.0.0.1", &err) ||
		sp_server_register(server, &bench_interface, NULL, NULL, &err) ||
		sp_server_start(server, n_threads, &err)) {
		fprintf(stderr, "bench: the server does not start: %s\n", err.sentence);
		exit(3);
	}
	port_tell(tell, (uint16_t)strtoul(strchr(sp_server_binding(server, 0), '[') + 1, NULL, 10));
	for (;;)
		pause();
}

struct bare {
	int listener;
	size_t message_len; /* 0: one write for each read */
};

static int
listen_any(uint16_t *ret_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 1024) ||
		getsockname(fd, (struct sockaddr *)&a, &len))
		die("listen");
	*ret_port = ntohs(a.sin_port);
	return fd;
}

static void
no_delay(int fd)
{
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)))
		die("TCP_NODELAY");
}

static void
watch(int epoll, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e))
		die("epoll_ctl");
}

/* Waiting for room is left out of the account: a peer that reads makes it soon. */
static bool
write_all(int fd, const uint8_t *bytes, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, bytes, n);

		if (put < 0 && errno != EAGAIN)
			return false;
		if (put < 0) {
			sched_yield();
			continue;
		}
		bytes += put;
		n -= (size_t)put;
	}
	return true;
}

static bool
bare_answer(int fd, const uint8_t *bytes, size_t n, size_t each)
{
	for (size_t k; n > 0; bytes += k, n -= k) {
		k = each && each < n ? each : n;
		if (!write_all(fd, bytes, k))
			return false;
	}
	return true;
}

static void *
bare_main(void *arg)
{
	static _Thread_local uint8_t bytes[BARE_BUFFER];
	const struct bare *b = arg;
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(0);

	watch(epoll, b->listener);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			ssize_t len;

			if (fd == b->listener) {
				fd = accept4(b->listener, NULL, NULL, SOCK_NONBLOCK);
				if (fd < 0)
					continue; /* another thread has it */
				no_delay(fd);
				watch(epoll, fd);
				continue;
			}
			len = read(fd, bytes, sizeof bytes);
			if (len <= 0 || !bare_answer(fd, bytes, (size_t)len, b->message_len))
				close(fd);
		}
	}
	return NULL;
}

static void
bare_serve(int tell, unsigned n_threads, size_t message_len)
{
	struct bare b = {.message_len = message_len};
	uint16_t port;

	b.listener = listen_any(&port);
	port_tell(tell, port);
	while (--n_threads > 0) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, bare_main, &b))
			die("pthread_create");
	}
	bare_main(&b);
}

void
server_start(
	struct server *ret, enum server_kind kind, unsigned n_threads, size_t message_len, int cpu)
{
	int fds[2];

	ret->kind = kind;
	if (pipe(fds))
		die("pipe");
	ret->pid = fork();
	if (ret->pid < 0)
		die("fork");
	if (ret->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (cpu >= 0)
			pin_to(cpu);
		if (kind == SERVER_OURS)
			ours_serve(fds[1], n_threads);
		else
			bare_serve(fds[1], n_threads, kind == SERVER_BARE ? 0 : message_len);
		_exit(0);
	}
	close(fds[1]);
	if (read(fds[0], &ret->port, sizeof ret->port) != sizeof ret->port)
		die("a server's port");
	close(fds[0]);
}

void
server_stop(struct server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

/* --- clients --- */

void
line_write(int fd, const uint8_t *bytes, size_t n)
{
	if (!write_all(fd, bytes, n))
		die("write");
}

void
line_read(int fd, size_t n)
{
	static uint8_t bytes[BARE_BUFFER];

	while (n > 0) {
		ssize_t got = read(fd, bytes, n < sizeof bytes ? n : sizeof bytes);

		if (got <= 0)
			die("an answer");
		n -= (size_t)got;
	}
}

static int
line_connect(const struct server *s)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(s->port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a))
		die("connect");
	no_delay(fd);
	return fd;
}

static void
line_bind(int fd, enum server_kind kind)
{
	uint8_t bytes[PAIR_BIND];

	bind_put(bytes);
	line_write(fd, bytes, sizeof bytes);
	if (kind != SERVER_OURS) {
		line_read(fd, sizeof bytes);
		return;
	}
	if (read(fd, bytes, 16) != 16 || bytes[2] != 12)
		die("bind");
	line_read(fd, ((size_t)bytes[8] | (size_t)bytes[9] << 8) - 16);
}

int
line_open(const struct server *s)
{
	int fd = line_connect(s);

	if (s->kind == SERVER_OURS)
		line_bind(fd, s->kind);
	return fd;
}

void
line_whole(const struct server *s, const uint8_t *message, size_t len)
{
	int fd = line_connect(s);

	line_bind(fd, s->kind);
	line_write(fd, message, len);
	line_read(fd, len);
	close(fd);
}
