/* SPDX-License-Identifier: MIT */
/*
 * The well-behaved client: calls echodata with 100 bytes, one call every PACE_US, and between two calls sends the same
 * number of bytes to a bare echo process of its own, in the same rhythm. What the machine's load does to anybody
 * shows in both; what our server lets others do to its callers shows in the first only.
 *
 *   polite PORT
 *
 * Each line on standard input ends a period and is answered by a line of JSON: for both, how many, p50, p99 and the
 * longest, in microseconds. At the end of input it ends; so it does, with 1, when a call is answered wrongly.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "pdus.h"

enum { PACE_US = 500, DATA = 100, SAMPLES_MAX = 1 << 20 };

struct series {
	float us[SAMPLES_MAX];
	unsigned n;
};
static struct series ours, bare;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* --- the bare side --- */

static void
bare_serve(int listener)
{
	struct pollfd fd = {.fd = accept(listener, NULL, NULL), .events = POLLIN};
	uint8_t bytes[4096];
	ssize_t n;

	while (poll(&fd, 1, -1) > 0 && (n = read(fd.fd, bytes, sizeof bytes)) > 0)
		if (write(fd.fd, bytes, (size_t)n) != n)
			break;
	_exit(0);
}

static int
connected(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a))
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static int
bare_start(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof a;
	pid_t child;

	if (bind(listener, (struct sockaddr *)&a, sizeof a) || listen(listener, 1) ||
		getsockname(listener, (struct sockaddr *)&a, &len))
		die("listen");
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* as the server that it is compared with */
		sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0});
		setpriority(PRIO_PROCESS, 0, -20);
		bare_serve(listener);
	}
	return connected(ntohs(a.sin_port));
}

/* --- one exchange --- */

/* Calls that would have been made while this one took its time had to wait, too: they count as if they had. */
static void
series_add(struct series *s, float us)
{
	for (; us > 0 && s->n < SAMPLES_MAX; us -= PACE_US) {
		s->us[s->n++] = us;
		if (us <= PACE_US)
			break;
	}
}

static void
exchange(int fd, const uint8_t *out, size_t n_out, uint8_t *in, size_t n_in, struct series *s)
{
	int64_t begin = now_ns();
	size_t got = 0;

	if (write(fd, out, n_out) != (ssize_t)n_out)
		die("write");
	while (got < n_in) {
		ssize_t n = read(fd, in + got, n_in - got);

		if (n <= 0)
			die("the server has closed");
		got += (size_t)n;
	}
	series_add(s, (float)(now_ns() - begin) / 1000);
}

static void
wrong(const char *what)
{
	fprintf(stderr, "polite: %s\n", what);
	exit(1);
}

static void
call_echo(int fd, struct series *s)
{
	static uint32_t id = 1;
	uint8_t out[PDU_MAX], in[PDU_MAX], stub[8 + DATA];
	size_t n, n_in = 24 + 4 + DATA;

	sp_store_u32(stub, DATA);
	sp_store_u32(stub + 4, DATA);
	memset(stub + 8, (int)++id, DATA);
	n = request_make(out, id, ECHO_DATA, stub, sizeof stub, REQUEST_WHOLE);
	exchange(fd, out, n, in, n_in, s);
	if (in[2] != PDU_RESPONSE || u32_at(in + 12) != id || memcmp(in + 28, stub + 8, DATA))
		wrong("another answer than was asked for");
}

static void
call_bare(int fd, struct series *s)
{
	uint8_t bytes[24 + 8 + DATA] = {0};

	exchange(fd, bytes, sizeof bytes, bytes, sizeof bytes, s);
}

/* --- periods --- */

static int
by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static void
series_say(const char *name, struct series *s, const char *end)
{
	if (s->n == 0)
		wrong("a period without a call");
	qsort(s->us, s->n, sizeof s->us[0], by_size);
	printf("\"%s\": {\"n\": %u, \"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}%s", name, s->n,
		(double)s->us[s->n / 2], (double)s->us[(size_t)s->n * 99 / 100],
		(double)s->us[s->n - 1], end);
	s->n = 0;
}

static void
period_end(void)
{
	printf("{");
	series_say("ours", &ours, ", ");
	series_say("bare", &bare, "}\n");
	fflush(stdout);
}

/* False: end of input. */
static bool
input_read(void)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char bytes[100];
	ssize_t n;

	if (poll(&in, 1, 0) <= 0)
		return true;
	n = read(STDIN_FILENO, bytes, sizeof bytes);
	if (n > 0)
		period_end();
	return n > 0;
}

int
main(int argc, char **argv)
{
	uint8_t out[PDU_MAX], in[PDU_MAX];
	int64_t next = now_ns();
	int fd, bare_fd;
	size_t n;

	if (argc != 2)
		return 64;
	/* ahead of everybody, where that is permitted: see tests/hostile/minute.py */
	if (sched_setscheduler(0, SCHED_RR, &(struct sched_param){1}))
		setpriority(PRIO_PROCESS, 0, -20);
	bare_fd = bare_start();
	fd = connected((uint16_t)strtoul(argv[1], NULL, 10));
	n = bind_make(out, 1, 0, BIND_PLAIN);
	if (write(fd, out, n) != (ssize_t)n || read(fd, in, sizeof in) < 16 ||
		in[2] != PDU_BIND_ACK)
		wrong("no bind_ack");
	printf("ready\n");
	fflush(stdout);
	while (input_read()) {
		struct timespec until = {next / 1000000000, next % 1000000000};

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		call_echo(fd, &ours);
		call_bare(bare_fd, &bare);
		next += PACE_US * 1000;
		if (next < now_ns())
			next = now_ns();
	}
	return 0;
}
