/* SPDX-License-Identifier: MIT */
/*
 * What our server costs beside a bare one that moves the same bytes: alternating rounds against both, the ratio of
 * their rates, its median and spread, and what is wanted.
 *
 *   server [ROW]      only the rows whose name begins so
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "pair.h"

enum { ROUNDS = 9, ECHO = 100, OUTSTANDING = 64, MEBIBYTE = 1 << 20, LINES_MAX = 10000 };

#define ROUND_NS 120000000

/* --- drivers: exchanges a second --- */

struct driver {
	struct server server;
	int n;
	int *fds;
	int epoll;
	uint8_t *message;
	size_t len;
	uint32_t call;
	uint32_t *latencies; /* ns, of the last round; n_latencies */
	size_t n_latencies;
};

static void
driver_open(struct driver *d, int n, uint32_t bytes)
{
	d->n = n;
	d->call = 2;
	d->fds = calloc((size_t)n, sizeof *d->fds);
	d->latencies = malloc(1000000 * sizeof *d->latencies);
	d->epoll = epoll_create1(0);
	d->len = message_make(bytes, &d->message);
	if (!d->fds || !d->latencies)
		die("malloc");
	for (int i = 0; i < n; i++) {
		struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)i};

		d->fds[i] = line_open(&d->server);
		if (epoll_ctl(d->epoll, EPOLL_CTL_ADD, d->fds[i], &e))
			die("epoll_ctl");
	}
}

static void
driver_close(struct driver *d)
{
	for (int i = 0; i < d->n; i++)
		close(d->fds[i]);
	close(d->epoll);
	free(d->fds);
	free(d->latencies);
	free(d->message);
	server_stop(&d->server);
}

static void
driver_send(struct driver *d, int i)
{
	message_number(d->message, d->len, d->call++ & 0xffffff);
	line_write(d->fds[i], d->message, d->len);
}

/* One request under way on each connection. */
static double
ping_pong(struct driver *d)
{
	struct epoll_event events[64];
	int64_t start = clock_ns(), end = start;
	long done = 0;

	for (int i = 0; i < d->n; i++)
		driver_send(d, i);
	for (int under_way = d->n; under_way > 0;) {
		int n = epoll_wait(d->epoll, events, 64, -1);

		end = clock_ns();
		for (int k = 0; k < n; k++) {
			int i = (int)events[k].data.u32;

			line_read(d->fds[i], d->len);
			done++;
			if (end - start < ROUND_NS)
				driver_send(d, i);
			else
				under_way--;
		}
	}
	return (double)done * 1e9 / (double)(clock_ns() - start);
}

/* One request after the other on one connection, each of them timed. */
static double
timed(struct driver *d)
{
	int64_t start = clock_ns(), last = start, end;

	for (d->n_latencies = 0; last - start < ROUND_NS; last = end) {
		driver_send(d, 0);
		line_read(d->fds[0], d->len);
		end = clock_ns();
		d->latencies[d->n_latencies++] = (uint32_t)(end - last);
	}
	return (double)d->n_latencies * 1e9 / (double)(last - start);
}

/* OUTSTANDING requests under way on one connection: for each answer another request, in a write of its own. */
static double
outstanding(struct driver *d)
{
	static uint8_t bytes[65536];
	int64_t start = clock_ns(), now = start;
	size_t received = 0, answered = 0, sent = OUTSTANDING;

	for (int i = 0; i < OUTSTANDING; i++)
		driver_send(d, 0);
	while (answered < sent) {
		ssize_t got = read(d->fds[0], bytes, sizeof bytes);

		if (got <= 0)
			die("an answer");
		received += (size_t)got;
		now = clock_ns();
		for (; (answered + 1) * d->len <= received; answered++)
			if (now - start < ROUND_NS) {
				driver_send(d, 0);
				sent++;
			}
	}
	return (double)answered * 1e9 / (double)(now - start);
}

/* OUTSTANDING requests in one write, then all the answers. */
static double
batches(struct driver *d)
{
	uint8_t *batch = malloc(OUTSTANDING * d->len);
	int64_t start = clock_ns(), now = start;
	long done = 0;

	if (!batch)
		die("malloc");
	for (; now - start < ROUND_NS; now = clock_ns(), done += OUTSTANDING) {
		for (size_t i = 0; i < OUTSTANDING; i++) {
			message_number(d->message, d->len, d->call++ & 0xffffff);
			memcpy(batch + i * d->len, d->message, d->len);
		}
		line_write(d->fds[0], batch, OUTSTANDING * d->len);
		line_read(d->fds[0], OUTSTANDING * d->len);
	}
	free(batch);
	return (double)done * 1e9 / (double)(now - start);
}

/* A message larger than what a socket holds: both directions at once. */
static void
large_exchange(struct driver *d)
{
	static uint8_t bytes[1 << 18];
	size_t sent = 0, received = 0;

	message_number(d->message, d->len, d->call++ & 0xffffff);
	while (received < d->len) {
		struct pollfd p = {d->fds[0], POLLIN | (sent < d->len ? POLLOUT : 0), 0};
		ssize_t n;

		if (poll(&p, 1, -1) < 0)
			die("poll");
		if (p.revents & POLLOUT) {
			n = write(d->fds[0], d->message + sent, d->len - sent);
			sent += n > 0 ? (size_t)n : 0;
		}
		if (p.revents & POLLIN) {
			n = read(d->fds[0], bytes, sizeof bytes);
			if (n <= 0)
				die("an answer");
			received += (size_t)n;
		}
	}
}

static double
large(struct driver *d)
{
	int64_t start = clock_ns(), now = start;
	long done = 0;

	if (fcntl(d->fds[0], F_SETFL, O_NONBLOCK))
		die("fcntl");
	for (; now - start < ROUND_NS; now = clock_ns(), done++)
		large_exchange(d);
	return (double)done * 1e9 / (double)(now - start);
}

static double
whole(struct driver *d)
{
	int64_t start = clock_ns(), now = start;
	long done = 0;

	for (; now - start < ROUND_NS; now = clock_ns(), done++)
		line_whole(&d->server, d->message, d->len);
	return (double)done * 1e9 / (double)(now - start);
}

/* --- figures --- */

static int
by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double
p99(struct driver *d)
{
	qsort(d->latencies, d->n_latencies, sizeof *d->latencies, by_number);
	return d->latencies[d->n_latencies * 99 / 100];
}

struct figures {
	double ratio, lowest, highest, ours, bare;
};

static double
middle(double *values)
{
	qsort(values, ROUNDS, sizeof *values, by_double);
	return values[ROUNDS / 2];
}

static struct figures
figures_of(double *ours, double *bare, double *ratio)
{
	struct figures f = {.ratio = middle(ratio), .ours = middle(ours), .bare = middle(bare)};

	f.lowest = ratio[0];
	f.highest = ratio[ROUNDS - 1];
	return f;
}

/* at_most: the ratio is of times, and smaller is better. wanted 0: only to look at. */
static void
tell(const char *name, struct figures f, double wanted, bool at_most)
{
	bool reached = at_most ? f.ratio <= wanted : f.ratio >= wanted;
	char want[40] = "";

	if (wanted > 0)
		snprintf(want, sizeof want, "%s %.2f: %s", at_most ? "at most" : "at least", wanted,
			reached ? "reached" : "NOT REACHED");
	printf("| %-46s | %5.2f | %5.2f .. %5.2f | %9.0f | %9.0f | %-26s |\n", name, f.ratio,
		f.lowest, f.highest, f.ours, f.bare, want);
	fflush(stdout);
}

/* --- rows --- */

struct row {
	const char *name;
	double (*round)(struct driver *);
	int n;
	uint32_t bytes;
	enum server_kind other;
	double wanted, wanted_p99;
	bool is_free; /* not on one CPU */
	bool is_control;
};

static const struct row rows[] = {
	{"control: bare against bare, 1 connection", timed, 1, ECHO, SERVER_BARE,
		.is_control = true},
	{"echo 100, 1 connection", timed, 1, ECHO, SERVER_BARE, .wanted = 0.93, .wanted_p99 = 1.3},
	{"echo 100, 64 connections", ping_pong, 64, ECHO, SERVER_BARE, .wanted = 0.9},
	{"64 outstanding on a connection, one write each", outstanding, 1, ECHO, SERVER_BARE_EACH,
		.wanted = 0.9},
	{"64 outstanding, against answers in one write", outstanding, 1, ECHO, SERVER_BARE,
		.wanted = 0.4},
	{"64 in one write, answers in one write", batches, 1, ECHO, SERVER_BARE, .wanted = 0},
	{"echo 1 MiB", large, 1, MEBIBYTE, SERVER_BARE, .wanted = 0.8},
	{"connect, bind, call, close", whole, 1, ECHO, SERVER_BARE, .wanted = 0.7},
	{"free: control", timed, 1, ECHO, SERVER_BARE, .is_control = true, .is_free = true},
	{"free: echo 100, 1 connection", timed, 1, ECHO, SERVER_BARE, .is_free = true},
	{"free: echo 100, 64 connections", ping_pong, 64, ECHO, SERVER_BARE, .is_free = true},
};

static struct figures
pair_measure(struct driver *ours, struct driver *bare, double (*round)(struct driver *),
	struct figures *ret_p99)
{
	double a[ROUNDS], b[ROUNDS], r[ROUNDS], a99[ROUNDS], b99[ROUNDS], r99[ROUNDS];

	round(ours);
	round(bare);
	for (int i = 0; i < ROUNDS; i++) {
		a[i] = round(ours);
		b[i] = round(bare);
		r[i] = a[i] / b[i];
		if (round != timed)
			continue;
		a99[i] = p99(ours);
		b99[i] = p99(bare);
		r99[i] = a99[i] / b99[i];
	}
	if (round == timed)
		*ret_p99 = figures_of(a99, b99, r99);
	return figures_of(a, b, r);
}

/* The servers and this driver on CPU 0, so that the figure is work done and not scheduling, or free. */
static void
row_run(const struct row *row)
{
	struct driver ours = {0}, bare = {0};
	struct figures f, f99 = {0};
	uint8_t *message;
	size_t len = message_make(row->bytes, &message);

	free(message);
	server_start(&ours.server, row->is_control ? SERVER_BARE : SERVER_OURS, 1, len, -1);
	server_start(&bare.server, row->other, 1, len, -1);
	driver_open(&ours, row->n, row->bytes);
	driver_open(&bare, row->n, row->bytes);
	f = pair_measure(&ours, &bare, row->round, &f99);
	tell(row->name, f, row->wanted, false);
	if (row->wanted_p99 > 0)
		tell("  its 99th percentile, ns", f99, row->wanted_p99, true);
	driver_close(&ours);
	driver_close(&bare);
}

/* --- more connections --- */

static void
limit_raise(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		die("getrlimit");
	r.rlim_cur = r.rlim_max;
	if (r.rlim_max < LINES_MAX + 100 || setrlimit(RLIMIT_NOFILE, &r))
		die("setrlimit: 10,100 descriptors are needed");
}

/* kB that are this process's alone */
static double
private_memory(pid_t pid)
{
	char path[40], line[200];
	double sum = 0, kb;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "r");
	if (!f)
		die(path);
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "Private_Dirty: %lf", &kb) == 1)
			sum += kb;
	fclose(f);
	return sum;
}

/* A driver in a process of its own, for its descriptors: a byte there starts a round, its rate comes back. */
struct remote {
	struct server server;
	pid_t pid;
	int ask, answer;
};

static void
remote_main(const struct remote *r, int n, int ask, int answer)
{
	struct driver d = {.server = r->server};
	double rate = 0; /* the first one says that all connections are open */
	char byte;

	driver_open(&d, n, ECHO);
	while (write(answer, &rate, sizeof rate) == sizeof rate && read(ask, &byte, 1) == 1)
		rate = ping_pong(&d);
	_exit(0);
}

static double
remote_wait(const struct remote *r)
{
	double rate;

	if (read(r->answer, &rate, sizeof rate) != sizeof rate)
		die("a driver");
	return rate;
}

static double
remote_round(const struct remote *r)
{
	if (write(r->ask, "", 1) != 1)
		die("write");
	return remote_wait(r);
}

/* Returns when all connections are open. */
static void
remote_start(struct remote *r, int n)
{
	int ask[2], answer[2];

	if (pipe(ask) || pipe(answer))
		die("pipe");
	r->pid = fork();
	if (r->pid < 0)
		die("fork");
	if (r->pid == 0) {
		close(ask[1]);
		close(answer[0]);
		remote_main(r, n, ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	r->ask = ask[1];
	r->answer = answer[0];
	remote_wait(r);
}

static void
remote_stop(struct remote *r)
{
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	close(r->ask);
	close(r->answer);
	server_stop(&r->server);
}

/* How the cost of a call grows with the connections that are open: the curve against the bare server's. */
static void
curve(void)
{
	static const int counts[] = {10, 1000, LINES_MAX};
	double first = 0, memory = 0;

	for (int i = 0; i < 3; i++) {
		struct remote ours = {0}, bare = {0};
		double a[ROUNDS], b[ROUNDS], r[ROUNDS];
		struct figures f;
		char name[60];

		server_start(&ours.server, SERVER_OURS, 1, 0, -1);
		server_start(&bare.server, SERVER_BARE, 1, 0, -1);
		memory = private_memory(ours.server.pid);
		remote_start(&ours, counts[i]);
		remote_start(&bare, counts[i]);
		remote_round(&ours);
		memory = (private_memory(ours.server.pid) - memory) * 1024 / counts[i];
		remote_round(&bare);
		for (int k = 0; k < ROUNDS; k++) {
			a[k] = remote_round(&ours);
			b[k] = remote_round(&bare);
			r[k] = a[k] / b[k];
		}
		f = figures_of(a, b, r);
		snprintf(name, sizeof name, "curve: echo 100, %d connections", counts[i]);
		tell(name, f, i ? first * 0.85 : 0, false);
		if (i == 0)
			first = f.ratio;
		remote_stop(&ours);
		remote_stop(&bare);
	}
	printf("| memory of an idle bound connection, of %d: %.0f bytes; at most 2048: %s |\n",
		LINES_MAX, memory, memory <= 2048 ? "reached" : "NOT REACHED");
}

/* --- two threads --- */

/* Two client processes, 32 connections each; exchanges a second of both together. */
static double
clients_run(const struct server *s, int n_clients)
{
	int fds[2];
	double sum = 0, rate;

	if (pipe(fds))
		die("pipe");
	for (int i = 0; i < n_clients; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct driver d = {.server = *s};

			driver_open(&d, 64 / n_clients, ECHO);
			ping_pong(&d);
			rate = ping_pong(&d);
			if (write(fds[1], &rate, sizeof rate) != sizeof rate)
				_exit(3);
			_exit(0);
		}
	}
	for (int i = 0; i < n_clients; i++) {
		if (read(fds[0], &rate, sizeof rate) != sizeof rate)
			die("a client");
		sum += rate;
	}
	close(fds[0]);
	close(fds[1]);
	return sum;
}

static struct figures
threads_measure(enum server_kind kind)
{
	struct server one, two;
	double a[ROUNDS], b[ROUNDS], r[ROUNDS];

	server_start(&one, kind, 1, 0, -1);
	server_start(&two, kind, 2, 0, -1);
	for (int i = 0; i < ROUNDS; i++) {
		a[i] = clients_run(&two, 2);
		b[i] = clients_run(&one, 2);
		r[i] = a[i] / b[i];
	}
	server_stop(&one);
	server_stop(&two);
	return figures_of(a, b, r);
}

static bool
is_wanted(const char *name, const char *only)
{
	return !only || strncmp(name, only, strlen(only)) == 0;
}

int
main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;

	limit_raise();
	printf("| %-46s | %5s | %14s | %9s | %9s | %-26s |\n", "against a bare server", "ratio",
		"min .. max", "ours/s", "bare/s", "wanted");
	/* the free ones first: pinning cannot be undone */
	for (int pinned = 0; pinned <= 1; pinned++) {
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
			if (rows[i].is_free == !pinned && is_wanted(rows[i].name, only))
				row_run(&rows[i]);
		if (!pinned && is_wanted("threads", only)) {
			tell("threads: 2 against 1, bare", threads_measure(SERVER_BARE), 0, false);
			tell("threads: 2 against 1, ours", threads_measure(SERVER_OURS), 1.6,
				false);
		}
		pin_to(0);
	}
	if (is_wanted("curve", only))
		curve();
	return 0;
}
