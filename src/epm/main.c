/* SPDX-License-Identifier: MIT */
/* sallyport-epmapper: the endpoint mapper as a daemon. stdout has one line, when it is ready; stderr is the log. */
#include <errno.h>
#include <getopt.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <sallyport/security.h>

#include "base/mem.h"
#include "base/time.h"
#include "epm/daemon.h"
#include "epm/metrics.h"
#include "epm/rival.h"
#include "epm/service.h"
#include "epm/statics.h"
#include "rpc/server.h"

#define EXIT_NOT_RUN 3
#define EXIT_USAGE 64
#define CONFIG_DEFAULT "/etc/sallyport/epmapper.yaml"
#define TICK (5 * SP_SECOND)

/* What the command line says; it goes before the file. */
struct command_line {
	const char *config; /* NULL: the default one, if it is there */
	const char *port, *address, *ncalrpc_dir, *endpoint;
	bool check, verbose;
};

struct mapper {
	struct command_line line;
	struct settings *settings;
	sp_server *server;
	struct metrics *metrics;
	/* the loop thread's */
	struct statics *statics;
	struct loop_timer *tick;
};

static const char usage[] =
	"usage: sallyport-epmapper [options]\n"
	"\n"
	"  --config FILE      the configuration (" CONFIG_DEFAULT ", if it is there)\n"
	"  --check            only say whether the configuration is right\n"
	"  --port N           TCP port (135); 0: a dynamic one\n"
	"  --address ADDRESS  listen on this address only, IPv4 or IPv6\n"
	"  --ncalrpc-dir DIR  where local endpoints live ($SALLYPORT_NCALRPC_DIR,\n"
	"                     /run/sallyport/ncalrpc)\n"
	"  --endpoint NAME    the local endpoint's name (epmapper)\n"
	"  --verbose          log registrations, too\n"
	"  --version, --help\n"
	"\n"
	"When it listens it writes one line to standard output:\n"
	"  ready ncacn_ip_tcp:[135] ncalrpc:[epmapper]\n"
	"SIGHUP reads the configuration again, SIGUSR1 writes the state to the log.\n";

static void
log_line(void *arg, enum sp_log_level level, const char *message)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	const struct mapper *m = arg;

	if (level <= SP_LOG_WARNING || m->line.verbose)
		fprintf(stderr, "sallyport-epmapper: %s: %s\n", names[level], message);
}

static void
audit_line(void *arg, const char *text)
{
	fprintf(stderr, "sallyport-epmapper: audit: %s\n", text);
}

/* --- options --- */

static bool
port_ok(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	return text[0] >= '0' && text[0] <= '9' && !*end && port <= 65535;
}

/* -1: go on; otherwise the exit status. */
static int
options_read(struct command_line *l, int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'C'},
		{"port", required_argument, NULL, 'p'},
		{"address", required_argument, NULL, 'a'},
		{"ncalrpc-dir", required_argument, NULL, 'd'},
		{"endpoint", required_argument, NULL, 'e'},
		{"verbose", no_argument, NULL, 'v'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "hv", options, NULL)) != -1) {
		switch (option) {
		case 'c': l->config = optarg; break;
		case 'C': l->check = true; break;
		case 'p':
			if (!port_ok(optarg)) {
				fprintf(stderr, "sallyport-epmapper: --port %s: not 0-65535\n",
					optarg);
				return EXIT_USAGE;
			}
			l->port = optarg;
			break;
		case 'a': l->address = optarg; break;
		case 'd': l->ncalrpc_dir = optarg; break;
		case 'e': l->endpoint = optarg; break;
		case 'v': l->verbose = true; break;
		case 'V': puts("sallyport-epmapper " SALLYPORT_VERSION); return 0;
		case 'h': fputs(usage, stdout); return 0;
		default: fputs(usage, stderr); return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return -1;
}

/* --- settings --- */

static bool
string_put(char **to, const char *text)
{
	char *copy;

	if (!text)
		return true;
	copy = mem_strdup(text);
	if (copy) {
		mem_free(*to);
		*to = copy;
	}
	return copy != NULL;
}

static bool
command_line_apply(const struct command_line *l, struct settings *s)
{
	if (l->port && strtoul(l->port, NULL, 10) == 0) {
		mem_free(s->port);
		s->port = NULL;
	} else if (!string_put(&s->port, l->port)) {
		return false;
	}
	if (l->address) {
		while (s->n_addresses > 0) {
			mem_free(s->addresses[--s->n_addresses]);
			s->addresses[s->n_addresses] = NULL;
		}
		if (!string_put(&s->addresses[0], l->address))
			return false;
		s->n_addresses = 1;
	}
	return string_put(&s->ncalrpc_dir, l->ncalrpc_dir) && string_put(&s->endpoint, l->endpoint);
}

/* NULL: said why. */
static struct settings *
settings_get(const struct command_line *l)
{
	const char *path = l->config ? l->config : CONFIG_DEFAULT;
	struct settings *s = NULL;
	char *report = NULL;

	if (!l->config && access(path, F_OK) != 0)
		s = settings_new();
	else if (!settings_read(path, &s, &report))
		fputs(report ? report : "sallyport-epmapper: error: out of memory\n", stderr);
	mem_free(report);
	if (s && command_line_apply(l, s))
		return s;
	settings_free(s);
	return NULL;
}

/* --- work on the loop's thread, where the map is --- */

struct errand {
	struct loop_message message;
	void (*fn)(struct mapper *, void *arg);
	struct mapper *mapper;
	void *arg;
	sem_t done;
};

static void
on_errand(void *arg)
{
	struct errand *e = arg;

	e->fn(e->mapper, e->arg);
	sem_post(&e->done);
}

static void
on_loop(struct mapper *m, void (*fn)(struct mapper *, void *arg), void *arg)
{
	struct errand e = {.fn = fn, .mapper = m, .arg = arg};

	sem_init(&e.done, 0, 0);
	e.message = (struct loop_message){.fn = on_errand, .arg = &e};
	loop_send(server_loop(m->server), &e.message);
	while (sem_wait(&e.done) && errno == EINTR)
		;
	sem_destroy(&e.done);
}

static void
on_tick(void *arg)
{
	struct mapper *m = arg;
	sp_nanos now = time_now();

	service_tick(now);
	loop_timer_set(m->tick, time_after(now, TICK));
}

static void
begin(struct mapper *m, void *ret_ok)
{
	struct loop *loop = server_loop(m->server);
	bool *ok = ret_ok;

	m->statics = statics_new(loop, log_line, m);
	m->tick = loop_timer_new(loop, on_tick, m);
	*ok = m->statics && m->tick && statics_set(m->statics, m->settings);
	if (m->tick)
		loop_timer_set(m->tick, time_after(time_now(), TICK));
}

static void
end(struct mapper *m, void *arg)
{
	statics_free(m->statics);
	loop_timer_free(m->tick);
	m->statics = NULL;
	m->tick = NULL;
}

static void
settings_change(struct mapper *m, void *arg)
{
	service_set_settings(arg);
	if (!statics_set(m->statics, arg))
		log_line(m, SP_LOG_ERROR, "not every static entry could be made: out of memory");
}

static void
dump(struct mapper *m, void *arg)
{
	fputs("sallyport-epmapper: state\n", stderr);
	service_dump(stderr);
	fputs("sallyport-epmapper: end of state\n", stderr);
}

/* --- reload --- */

static bool
is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* What a running mapper cannot change. */
static bool
needs_restart(const struct settings *a, const struct settings *b)
{
	if (a->n_addresses != b->n_addresses || !is_same_text(a->port, b->port) ||
		!is_same_text(a->ncalrpc_dir, b->ncalrpc_dir) ||
		!is_same_text(a->endpoint, b->endpoint) || !is_same_text(a->user, b->user) ||
		!is_same_text(a->metrics, b->metrics))
		return true;
	for (size_t i = 0; i < a->n_addresses; i++)
		if (!is_same_text(a->addresses[i], b->addresses[i]))
			return true;
	return false;
}

static void
reload(struct mapper *m)
{
	struct settings *new;

	daemon_notify_reloading();
	new = settings_get(&m->line);
	if (!new) {
		log_line(m, SP_LOG_ERROR,
			"the configuration was not taken over: the one before "
			"stays in force");
	} else {
		if (needs_restart(m->settings, new))
			log_line(m, SP_LOG_WARNING,
				"listen, user and metrics of the new configuration hold from the "
				"next start on");
		on_loop(m, settings_change, new);
		settings_free(m->settings);
		m->settings = new;
		fputs("sallyport-epmapper: the configuration was read again\n", stderr);
	}
	daemon_notify("READY=1");
}

/* --- running --- */

static sp_status
listen_all(struct mapper *m, struct sp_error *err)
{
	const struct settings *s = m->settings;
	int n = daemon_sockets();
	sp_status status = 0;

	for (int i = 0; i < n && !status; i++)
		status = sp_server_use_socket(m->server, DAEMON_FD_FIRST + i, err);
	if (n > 0)
		return status;
	if (s->n_addresses == 0)
		status = sp_server_use_protseq(m->server, "ncacn_ip_tcp", s->port, NULL, err);
	for (size_t i = 0; i < s->n_addresses && !status; i++)
		status = sp_server_use_protseq(
			m->server, "ncacn_ip_tcp", s->port, s->addresses[i], err);
	if (!status)
		status = sp_server_use_protseq(m->server, "ncalrpc", s->endpoint, NULL, err);
	return status;
}

static bool
drop_power(const struct settings *s)
{
	if (!s->user || daemon_become(s->user, s->uid, s->gid))
		return true;
	fprintf(stderr, "sallyport-epmapper: error: become the user %s: %s\n", s->user,
		strerror(errno));
	return false;
}

static sp_status
logons_open(const struct mapper *m, struct sp_error *err)
{
	const struct sp_ntlm_options ntlm = {.accounts = m->settings->accounts};
	const struct sp_kerberos_options kerberos = {.keytab = m->settings->keytab};
	sp_status status = 0;

	if (ntlm.accounts)
		status = sp_server_use_ntlm(m->server, &ntlm, err);
	if (!status && kerberos.keytab)
		status = sp_server_use_kerberos(m->server, &kerberos, err);
	return status;
}

/* In this order: what needs root, then no longer being root, then what strangers can reach. */
static bool
server_open(struct mapper *m, struct sp_error *err)
{
	struct sp_server_options options = {
		.ncalrpc_dir = m->settings->ncalrpc_dir,
		.no_mapper = true,
		.log = log_line,
		.log_arg = m,
	};
	bool ok = false;

	if (sp_server_new(&options, &m->server, err) || listen_all(m, err) || logons_open(m, err) ||
		service_register(m->server, err) || service_enter_self(m->server, err))
		return false;
	if (!drop_power(m->settings))
		return false;
	if (m->settings->metrics && metrics_new(m->settings->metrics, &m->metrics, err))
		return false;
	/* the map belongs to one thread */
	if (sp_server_start(m->server, 1, err))
		return false;
	on_loop(m, begin, &ok);
	if (!ok)
		fputs("sallyport-epmapper: error: out of memory\n", stderr);
	return ok;
}

static void
say_why(const struct mapper *m, const struct sp_error *err)
{
	char text[800];

	if (err->status)
		fprintf(stderr, "sallyport-epmapper: error: %s (status %u)\n", err->sentence,
			err->status);
	if (err->sys_errno != EADDRINUSE || !m->settings->port || m->metrics)
		return;
	rival_explain((uint16_t)strtoul(m->settings->port, NULL, 10), text, sizeof(text));
	fprintf(stderr, "sallyport-epmapper: error: %s\n", text);
}

static void
say_ready(const sp_server *server)
{
	printf("ready");
	for (size_t i = 0; i < sp_server_n_bindings(server); i++)
		printf(" %s", sp_server_binding(server, i));
	printf("\n");
	fflush(stdout);
	daemon_notify("READY=1");
}

static void
serve(struct mapper *m, const sigset_t *signals)
{
	int number = 0;

	for (;;) {
		if (sigwait(signals, &number))
			continue;
		if (number == SIGHUP)
			reload(m);
		else if (number == SIGUSR1)
			on_loop(m, dump, NULL);
		else
			return;
	}
}

static int
run(struct mapper *m, const sigset_t *signals)
{
	struct service_options options = {.settings = m->settings,
		.ncalrpc_dir = m->settings->ncalrpc_dir,
		.log = log_line,
		.audit = audit_line,
		.log_arg = m};
	struct sp_error err = {0};
	bool ok;

	if (!service_init(&options)) {
		fputs("sallyport-epmapper: error: out of memory\n", stderr);
		return EXIT_NOT_RUN;
	}
	ok = server_open(m, &err);
	if (ok) {
		say_ready(m->server);
		serve(m, signals);
		daemon_notify("STOPPING=1");
	} else {
		say_why(m, &err);
	}
	if (m->statics || m->tick)
		on_loop(m, end, NULL);
	metrics_free(m->metrics);
	sp_server_free(m->server);
	service_fini();
	return ok ? 0 : EXIT_NOT_RUN;
}

int
main(int argc, char **argv)
{
	struct mapper m = {0};
	sigset_t signals;
	int status = options_read(&m.line, argc, argv);

	if (status >= 0)
		return status;
	m.settings = settings_get(&m.line);
	if (!m.settings)
		return EXIT_NOT_RUN;
	/* blocked before any thread is there, so that only sigwait gets them */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	status = m.line.check ? 0 : run(&m, &signals);
	settings_free(m.settings);
	return status;
}
