/* SPDX-License-Identifier: MIT */
/*
 * What protection costs: the same call signed and sealed against unprotected, in alternating rounds, client and server on one
 * CPU; NTLM's sealing against RC4 and HMAC-MD5 of nettle over the same bytes; logons a second.
 */
#include <nettle/arcfour.h>
#include <nettle/hmac.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sallyport/sallyport.h>

#include "auth/ntlm_message.h"
#include "auth/ntlm_session.h"
#include "echo.h"

enum { ROUNDS = 9, LARGE = 65536 };
#define ROUND_NS 150000000

static uint8_t payload[LARGE], back[LARGE];
static char binding[64];

static void
die(const char *what)
{
	fprintf(stderr, "%s\n", what);
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

static bool
lookup(void *arg, const char *user, const char *domain, struct sp_account *ret)
{
	strcpy(ret->name, "alice");
	return ntlm_nt_hash("correct horse", ret->nt_hash);
}

static void
serve(int fd)
{
	static const struct echo_handlers handlers = {.echodata = echodata};
	static const struct sp_ntlm_options ntlm = {.lookup = lookup};
	struct sp_server_options options = {.no_mapper = true, .port_policy = "/nonexistent"};
	sp_server *server;

	if (sp_server_new(&options, &server, NULL) ||
		sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "127.0.0.1", NULL) ||
		sp_server_register(server, &echo_server_interface, &handlers, NULL, NULL) ||
		sp_server_use_ntlm(server, &ntlm, NULL) || sp_server_start(server, 1, NULL))
		exit(3);
	if (write(fd, sp_server_binding(server, 0), sizeof(binding)) < 0)
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
	if (pid < 0 || read(fds[0], binding, sizeof(binding) - 1) <= 0)
		die("the server");
	return pid;
}

/* --- rounds --- */

static sp_client *
client_open(enum sp_level level)
{
	const struct sp_security alice = {.provider = SP_AUTH_NTLM,
		.level = level,
		.user = "alice",
		.password = "correct horse"};
	sp_client *client;

	if (sp_client_new(binding, NULL, &client, NULL) ||
		(level && sp_client_secure(client, &alice, NULL)))
		die("client");
	return client;
}

/* Nanoseconds a call. */
static double
round_of(enum sp_level level, uint32_t n)
{
	sp_client *client = client_open(level);
	sp_call *call = sp_call_new(client);
	int64_t start;
	long done = 0;

	if (echo_echodata(call, n, payload, back, NULL))
		die("call");
	for (start = now(); now() - start < ROUND_NS; done++)
		if (echo_echodata(call, n, payload, back, NULL))
			die("call");
	sp_call_free(call);
	sp_client_free(client);
	return (double)(now() - start) / (double)done;
}

static double
logon_round(enum sp_level level, uint32_t n)
{
	int64_t start = now();
	long done = 0;

	for (; now() - start < ROUND_NS; done++) {
		sp_client *client = client_open(level);
		sp_call *call = sp_call_new(client);

		if (echo_echodata(call, n, payload, back, NULL))
			die("call");
		sp_call_free(call);
		sp_client_free(client);
	}
	return (double)(now() - start) / (double)done;
}

/* Level 0: nettle alone. */
static double
seal_round(enum sp_level level, uint32_t n)
{
	static const uint8_t key[16] = {1, 2, 3};
	struct auth_span span = {payload, n, true};
	struct hmac_md5_ctx sign;
	struct arcfour_ctx seal;
	struct ntlm_session session;
	uint8_t signature[16];
	int64_t start;
	long done = 0;

	ntlm_session_init(&session,
		NTLM_SIGN | NTLM_SEAL | NTLM_EXTENDED_SECURITY | NTLM_128 | NTLM_KEY_EXCH, key,
		true);
	hmac_md5_set_key(&sign, sizeof(key), key);
	arcfour_set_key(&seal, sizeof(key), key);
	for (start = now(); now() - start < ROUND_NS / 4; done++) {
		if (level) {
			if (!ntlm_session_protect(
				    &session, AUTH_LEVEL_PRIVACY, &span, 1, signature))
				die("seal");
			continue;
		}
		hmac_md5_update(&sign, 4, key);
		hmac_md5_update(&sign, n, payload);
		hmac_md5_digest(&sign, 8, signature);
		arcfour_crypt(&seal, n, payload, payload);
		arcfour_crypt(&seal, 8, signature, signature);
	}
	return (double)(now() - start) / (double)done;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
row(const char *name, double (*fn)(enum sp_level, uint32_t), enum sp_level level, uint32_t n)
{
	double ratios[ROUNDS], bare, protected = 0;

	fn(SP_LEVEL_DEFAULT, n);
	for (int i = 0; i < ROUNDS; i++) {
		bare = fn(SP_LEVEL_DEFAULT, n);
		protected = fn(level, n);
		ratios[i] = protected / bare;
	}
	qsort(ratios, ROUNDS, sizeof(ratios[0]), by_value);
	printf("| %-40s | %5.2f | %.2f .. %.2f | %8.0f |\n", name, ratios[ROUNDS / 2], ratios[0],
		ratios[ROUNDS - 1], 1e9 / protected);
	fflush(stdout);
}

int
main(void)
{
	cpu_set_t set;
	pid_t server;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
	server = server_start();
	printf("| protected against bare                   | ratio | min .. max   | a second |\n");
	row("100 bytes, signed", round_of, SP_LEVEL_INTEGRITY, 100);
	row("100 bytes, sealed", round_of, SP_LEVEL_PRIVACY, 100);
	row("64 KiB, signed", round_of, SP_LEVEL_INTEGRITY, LARGE);
	row("64 KiB, sealed", round_of, SP_LEVEL_PRIVACY, LARGE);
	row("connect, log on, call, close", logon_round, SP_LEVEL_PRIVACY, 100);
	row("sealing 5,000 bytes against nettle alone", seal_round, SP_LEVEL_PRIVACY, 5000);
	row("sealing 100 bytes against nettle alone", seal_round, SP_LEVEL_PRIVACY, 100);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return 0;
}
