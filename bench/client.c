/* SPDX-License-Identifier: MIT */
/*
 * What our client costs: it and a bare client, which writes the same bytes and reads as many as come back, call the
 * same server in alternating rounds; the figure is time per call with our client / time with the bare one. Everything on
 * one CPU, so that it is work and not scheduling.
 */
#include <poll.h>
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

#include "echo.h"

enum { ROUNDS = 9, ECHO_BYTES = 100, UNDER_WAY = 64, CALL_SIZE = 24 + 8 + ECHO_BYTES };
#define ANSWER_SIZE (24 + 4 + ECHO_BYTES)
#define ROUND_NS 150000000

static uint8_t payload[ECHO_BYTES];
static uint16_t port;
static char binding[64];

static void
die(const char *what)
{
	perror(what);
	exit(3);
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* --- the server --- */

static void
echodata(sp_call *call, uint32_t len, uint8_t *in_data, uint8_t *out_data)
{
	memcpy(out_data, in_data, len);
}

static void
serve(int fd)
{
	static const struct echo_handlers handlers = {.echodata = echodata};
	struct sp_server_options options = {.no_mapper = true, .port_policy = "/nonexistent"};
	sp_server *server;

	if (sp_server_new(&options, &server, NULL) ||
		sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "127.0.0.1", NULL) ||
		sp_server_register(server, &echo_server_interface, &handlers, NULL, NULL) ||
		sp_server_start(server, 1, NULL))
		exit(3);
	port = (uint16_t)atoi(strchr(sp_server_binding(server, 0), '[') + 1);
	if (write(fd, &port, sizeof port) != sizeof port)
		die("write");
	for (;;)
		pause();
}

static pid_t
server_start(void)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		die("pipe");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fds[1]);
	}
	if (pid < 0 || read(fds[0], &port, sizeof port) != sizeof port)
		die("the server");
	close(fds[0]);
	close(fds[1]);
	snprintf(binding, sizeof binding, "ncacn_ip_tcp:127.0.0.1[%u]", port);
	return pid;
}

/* --- the bare client: its bytes are those that ours sends --- */

static void
header_put(uint8_t *p, uint8_t ptype, uint16_t len, uint32_t call)
{
	memcpy(p, (uint8_t[]){5, 0, ptype, ptype == 11 ? 0x13 : 3, 0x10, 0, 0, 0}, 8);
	sp_store_u16(p + 8, len);
	sp_store_u16(p + 10, 0);
	sp_store_u32(p + 12, call);
}

static void
request_put(uint8_t *p, uint32_t call)
{
	header_put(p, 0, CALL_SIZE, call);
	sp_store_u32(p + 16, CALL_SIZE - 24);
	sp_store_u16(p + 20, 0);
	sp_store_u16(p + 22, 1);
	sp_store_u32(p + 24, ECHO_BYTES);
	sp_store_u32(p + 28, ECHO_BYTES);
	memcpy(p + 32, payload, ECHO_BYTES);
}

static void
read_all(int epoll, int fd, size_t n)
{
	static uint8_t bytes[65536];
	struct epoll_event event;

	while (n > 0) {
		ssize_t got;

		epoll_wait(epoll, &event, 1, -1);
		got = read(fd, bytes, n < sizeof bytes ? n : sizeof bytes);
		if (got <= 0)
			die("read");
		n -= (size_t)got;
	}
}

struct bare {
	int fd, epoll;
	uint32_t call;
};

static struct bare
bare_open(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port)};
	static const struct sp_uuid ndr = {
		0x8a885d04, 0x1ceb, 0x11c9, {0x9f, 0xe8}, {0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}};
	struct bare b = {socket(AF_INET, SOCK_STREAM, 0), epoll_create1(0), 1};
	struct epoll_event e = {.events = EPOLLIN};
	uint8_t bind[72] = {0};

	if (connect(b.fd, (struct sockaddr *)&a, sizeof a) ||
		setsockopt(b.fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) ||
		epoll_ctl(b.epoll, EPOLL_CTL_ADD, b.fd, &e))
		die("connect");
	header_put(bind, 11, 72, b.call++);
	sp_store_u16(bind + 16, 5840);
	sp_store_u16(bind + 18, 5840);
	bind[24] = bind[30] = 1;
	sp_store_uuid(bind + 32, &echo_client_interface.id.uuid);
	sp_store_u16(bind + 48, 1);
	sp_store_uuid(bind + 52, &ndr);
	bind[68] = 2;
	if (write(b.fd, bind, sizeof bind) != sizeof bind || read(b.fd, bind, sizeof bind) < 56 ||
		bind[2] != 12)
		die("bind");
	return b;
}

static void
bare_close(struct bare *b)
{
	close(b->fd);
	close(b->epoll);
}

/* `n` requests in one write, then their answers. */
static void
bare_calls(struct bare *b, unsigned n)
{
	static uint8_t bytes[UNDER_WAY * CALL_SIZE];

	for (unsigned i = 0; i < n; i++)
		request_put(bytes + i * CALL_SIZE, b->call++);
	if (write(b->fd, bytes, n * CALL_SIZE) != (ssize_t)(n * CALL_SIZE))
		die("write");
	read_all(b->epoll, b->fd, (size_t)n * ANSWER_SIZE);
}

/* --- ours --- */

struct ours {
	sp_client *client;
	sp_call *calls[UNDER_WAY];
	struct echo_echodata_args args[UNDER_WAY];
	unsigned left;
};

static void
ours_open(struct ours *o, unsigned n)
{
	if (sp_client_new(binding, NULL, &o->client, NULL))
		die("client");
	for (unsigned i = 0; i < n; i++)
		o->calls[i] = sp_call_new(o->client);
}

static void
ours_close(struct ours *o, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sp_call_free(o->calls[i]);
	sp_client_free(o->client);
}

static void
ours_block(struct ours *o)
{
	uint8_t back[ECHO_BYTES];

	if (echo_echodata(o->calls[0], ECHO_BYTES, payload, back, NULL))
		die("call");
}

static void
on_end(sp_call *call, sp_status status, const struct sp_error *error, void *arg)
{
	if (status)
		die(error->sentence);
	((struct ours *)arg)->left--;
}

static void
ours_calls(struct ours *o, unsigned n)
{
	o->left = n;
	for (unsigned i = 0; i < n; i++) {
		o->args[i] = (struct echo_echodata_args){.len = ECHO_BYTES, .in_data = payload};
		if (echo_echodata_start(o->calls[i], &o->args[i], on_end, o, NULL))
			die("call");
	}
	while (o->left) {
		struct pollfd fd = {sp_client_fd(o->client), sp_client_events(o->client), 0};

		poll(&fd, 1, sp_client_timeout_ms(o->client));
		sp_client_service(o->client);
	}
}

/* --- rows --- */

enum what { BLOCKING, POLLED, MANY, WHOLE };

static double
bare_round(enum what what)
{
	struct bare b = bare_open();
	int64_t start = now();
	long done = 0;

	for (; now() - start < ROUND_NS; done += what == MANY ? UNDER_WAY : 1) {
		if (what == WHOLE) {
			bare_close(&b);
			b = bare_open();
		}
		bare_calls(&b, what == MANY ? UNDER_WAY : 1);
	}
	bare_close(&b);
	return (double)(now() - start) / (double)done;
}

static double
ours_round(enum what what)
{
	unsigned n = what == MANY ? UNDER_WAY : 1;
	struct ours o = {0};
	int64_t start;
	long done = 0;

	ours_open(&o, n);
	ours_calls(&o, n);
	for (start = now(); now() - start < ROUND_NS; done += n) {
		if (what == WHOLE) {
			ours_close(&o, n);
			ours_open(&o, n);
		}
		if (what == POLLED || what == MANY)
			ours_calls(&o, n);
		else
			ours_block(&o);
	}
	ours_close(&o, n);
	return (double)(now() - start) / (double)done;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
row(const char *name, enum what what)
{
	double ratios[ROUNDS], bare = 0;

	bare_round(what);
	for (int i = 0; i < ROUNDS; i++) {
		bare = bare_round(what);
		ratios[i] = ours_round(what) / bare;
	}
	qsort(ratios, ROUNDS, sizeof ratios[0], by_value);
	printf("| %-34s | %5.2f | %.2f .. %.2f | %8.0f |\n", name, ratios[ROUNDS / 2], ratios[0],
		ratios[ROUNDS - 1], 1e9 / bare);
	fflush(stdout);
}

int
main(void)
{
	cpu_set_t set;
	pid_t server;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof set, &set))
		die("sched_setaffinity");
	server = server_start();
	printf("| our client against a bare one      | ratio | min .. max   | bare/s   |\n");
	row("blocking, one after the other", BLOCKING);
	row("in a poll loop, one after the other", POLLED);
	row("64 under way on one connection", MANY);
	row("connect, bind, call, close", WHOLE);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return 0;
}
