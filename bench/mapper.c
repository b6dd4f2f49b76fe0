/* SPDX-License-Identifier: MIT */
/*
 * The endpoint mapper over RPC: ept_map at 10 and at 1,000,000 entries in alternating rounds, memory an entry,
 * registering and listing all of them. With an address, another mapper (Samba's) is asked in the same rounds.
 *
 *   taskset -c 0 mapper [HOST PORT]       that one has to know winreg (338cd001-2244-31f1-aaaa-900038001003 1.0)
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sallyport/sallyport.h>

#include "base/time.h"
#include "epm.h"
#include "epm/service.h"
#include "wire/bind.h"
#include "wire/tower.h"

enum { ROUNDS = 61, QUESTIONS = 500, SMALL = 10, BATCH = 10000, PAGE = 500 };

#define LARGE 1000000u

static const struct sp_syntax_id winreg = {
	{0x338cd001, 0x2244, 0x31f1, {0xaa, 0xaa}, {0x90, 0x00, 0x38, 0x00, 0x10, 0x03}}, 1, 0};

static void
die(const char *what)
{
	fprintf(stderr, "bench/mapper: %s\n", what);
	exit(1);
}

static struct sp_syntax_id
interface_id(uint32_t n)
{
	return (struct sp_syntax_id){
		{.time_low = n * 2654435761u, .node = {1, 2, 3, 4, 5, 6}}, 1, 0};
}

static twr_t *
tower_of(const struct sp_syntax_id *id, unsigned port, twr_t *room)
{
	struct tower t = {.interface = *id, .transfer = SYNTAX_NDR, .protseq = NCACN_IP_TCP};
	size_t len;

	snprintf(t.endpoint, sizeof(t.endpoint), "%u", port);
	if (!tower_put(&t, room->tower_octet_string, TOWER_MAX_SIZE, &len))
		die("no tower");
	room->tower_length = (uint32_t)len;
	return room;
}

/* --- a mapper in a process of its own --- */

struct served {
	pid_t pid;
	unsigned port;
	char dir[40];
	double register_ns, bytes; /* an entry */
	/* what is asked for */
	uint32_t n;
	const struct sp_syntax_id *fixed;
	sp_client *client;
	sp_call *call;
	double rate[ROUNDS];
};

static size_t
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long total, pages = 0;

	malloc_trim(0);
	if (!f || fscanf(f, "%lu %lu", &total, &pages) != 2)
		die("no memory figures");
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Runs in the child until it is killed; each byte on `ask` is answered with its memory on `tell`. */
static void
serve(const char *dir, int ask, int tell)
{
	struct sp_server_options options = {.port_policy = "/nonexistent",
		.ncalrpc_dir = dir,
		.max_request = 64u << 20,
		.max_memory = 256u << 20,
		.max_connection_memory = 128u << 20,
		.no_mapper = true};
	struct settings *settings = settings_new();
	sp_server *server;
	char line[300], byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	mallopt(M_ARENA_MAX, 1);
	if (!settings)
		die("no memory");
	settings->foreign_endpoints = true;
	if (!service_init(&(struct service_options){.settings = settings, .ncalrpc_dir = dir}) ||
		sp_server_new(&options, &server, NULL) ||
		sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "127.0.0.1", NULL) ||
		sp_server_use_protseq(server, "ncalrpc", "epmapper", NULL, NULL) ||
		service_register(server, NULL) || sp_server_start(server, 1, NULL))
		die("no server");
	snprintf(line, sizeof(line), "%s\n", strchr(sp_server_binding(server, 0), '[') + 1);
	if (write(tell, line, strlen(line)) < 0)
		die("no parent");
	while (read(ask, &byte, 1) == 1) {
		snprintf(line, sizeof(line), "%zu\n", resident());
		if (write(tell, line, strlen(line)) < 0)
			break;
	}
	_exit(0);
}

static sp_call *
session(const struct served *s, sp_client **ret)
{
	struct sp_client_options options = {.ncalrpc_dir = s->dir};
	sp_call *call;

	if (sp_client_new("ncalrpc:[epmapper]", &options, ret, NULL))
		die("no session");
	call = sp_call_new(*ret);
	if (!call)
		die("no memory");
	return call;
}

/* Entries as servers have them, with an annotation of 20 bytes. The session stays open. */
static void
fill(struct served *s, uint32_t n)
{
	static ept_entry_t entries[BATCH];
	sp_client *client;
	sp_call *call = session(s, &client);
	sp_nanos spent = 0;
	uint32_t status;

	for (unsigned i = 0; i < BATCH; i++)
		if (!entries[i].tower)
			entries[i].tower = malloc(sizeof(twr_t) + TOWER_MAX_SIZE);
	for (uint32_t at = 0; at < n;) {
		uint32_t now = n - at < BATCH ? n - at : BATCH;
		sp_nanos begin;

		for (uint32_t i = 0; i < now; i++) {
			struct sp_syntax_id id = interface_id(at + i);

			tower_of(&id, 49152 + (at + i) % 16384, entries[i].tower);
			snprintf(entries[i].annotation, sizeof(entries[i].annotation),
				"A service, number %02u", (at + i) % 100);
		}
		begin = time_now();
		if (epm_ept_insert(call, now, entries, 0, &status, NULL) || status)
			die("not registered");
		spent += time_now() - begin;
		at += now;
	}
	s->register_ns = (double)spent / n;
}

static size_t
memory_of(FILE *from, int ask)
{
	size_t n;

	if (write(ask, "?", 1) != 1 || fscanf(from, "%zu", &n) != 1)
		die("the server has gone");
	return n;
}

static void
client_open(struct served *s, const char *host)
{
	char binding[100];

	snprintf(binding, sizeof(binding), "ncacn_ip_tcp:%s[%u]", host, s->port);
	if (sp_client_new(binding, NULL, &s->client, NULL))
		die("no client");
	s->call = sp_call_new(s->client);
	if (!s->call)
		die("no memory");
}

static void
start(struct served *s, uint32_t n)
{
	int ask[2], tell[2];
	size_t before;
	FILE *from;

	s->n = n;
	strcpy(s->dir, "/tmp/sallyport-bench-XXXXXX");
	if (!mkdtemp(s->dir) || pipe(ask) || pipe(tell))
		die("no folder");
	s->pid = fork();
	if (s->pid == 0) {
		close(ask[1]);
		close(tell[0]);
		serve(s->dir, ask[0], tell[1]);
	}
	from = fdopen(tell[0], "r");
	if (!from || fscanf(from, "%u]", &s->port) != 1)
		die("the server does not start");
	before = memory_of(from, ask[1]);
	fill(s, n);
	s->bytes = (double)(memory_of(from, ask[1]) - before) / n;
	client_open(s, "127.0.0.1");
}

/* --- questions --- */

static void
map_once(struct served *s, const struct sp_syntax_id *id)
{
	static twr_t *room;
	struct sp_uuid nil = {0};
	struct twr *towers[4] = {0};
	ept_lookup_handle_t handle = {0};
	uint32_t n = 0, status = 1;

	if (!room)
		room = malloc(sizeof(*room) + TOWER_MAX_SIZE);
	if (epm_ept_map(
		    s->call, &nil, tower_of(id, 0, room), &handle, 1, &n, towers, &status, NULL) ||
		status || n != 1)
		die("a question was not answered");
}

static void
round_of(struct served *s, int number)
{
	static uint32_t which = 1;
	sp_nanos begin = time_now();

	for (int i = 0; i < QUESTIONS; i++) {
		struct sp_syntax_id id;

		which = which * 1664525u + 1013904223u;
		id = s->fixed ? *s->fixed : interface_id((which >> 8) % s->n);
		map_once(s, &id);
	}
	s->rate[number] = QUESTIONS * 1e9 / (double)(time_now() - begin);
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double
median(const double *values)
{
	double sorted[ROUNDS];

	memcpy(sorted, values, sizeof(sorted));
	qsort(sorted, ROUNDS, sizeof(*sorted), compare);
	return sorted[ROUNDS / 2];
}

static void
ratio_print(const char *what, const struct served *a, const struct served *b)
{
	double ratios[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		ratios[i] = a->rate[i] / b->rate[i];
	printf("%s: ratio %.2f", what, median(ratios));
	qsort(ratios, ROUNDS, sizeof(*ratios), compare);
	printf(" (%.2f .. %.2f)\n", ratios[0], ratios[ROUNDS - 1]);
}

/* ns an entry; *ret_n of them */
static double
list(struct served *s, uint32_t *ret_n)
{
	static ept_entry_t entries[PAGE];
	ept_lookup_handle_t handle = {0};
	sp_nanos begin = time_now();
	uint32_t n, status = 0;

	*ret_n = 0;
	do {
		if (epm_ept_lookup(s->call, RPC_C_EP_ALL_ELTS, NULL, NULL, RPC_C_VERS_ALL, &handle,
			    PAGE, &n, entries, &status, NULL))
			die("a page was not given");
		*ret_n += n;
	} while (status == 0 && !sp_uuid_is_nil(&handle.uuid));
	return (double)(time_now() - begin) / (*ret_n ? *ret_n : 1);
}

static void
stop(struct served *s)
{
	char path[80];

	if (s->pid <= 0)
		return;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	snprintf(path, sizeof(path), "%s/epmapper", s->dir);
	unlink(path);
	rmdir(s->dir);
}

int
main(int argc, char **argv)
{
	static struct served small, large, other;
	uint32_t n;
	double ns;

	if (argc == 3) {
		other.port = (unsigned)strtoul(argv[2], NULL, 10);
		other.fixed = &winreg;
		client_open(&other, argv[1]);
	}
	start(&small, SMALL);
	start(&large, LARGE);
	for (int i = 0; i < ROUNDS; i++) {
		round_of(&small, i);
		round_of(&large, i);
		if (other.port)
			round_of(&other, i);
	}
	printf("ept_map a second: %.0f at %d entries, %.0f at %u\n", median(small.rate), SMALL,
		median(large.rate), LARGE);
	ratio_print("at 1000000 against at 10", &large, &small);
	printf("memory: %.0f bytes an entry; registering: %.0f ns an entry\n", large.bytes,
		large.register_ns);
	ns = list(&large, &n);
	printf("listing: %u entries in %.2f s, %.0f ns an entry\n", n, ns * n / 1e9, ns);
	if (other.port) {
		printf("the other mapper: %.0f ept_map a second\n", median(other.rate));
		ratio_print("ours at 1000000 against it", &large, &other);
		ns = list(&other, &n);
		printf("its listing: %u entries, %.0f ns an entry\n", n, ns);
		ns = list(&small, &n);
		printf("our listing: %u entries, %.0f ns an entry\n", n, ns);
	}
	stop(&small);
	stop(&large);
	return 0;
}
