/* SPDX-License-Identifier: MIT */
/* sallyport-epmapper: the endpoint mapper as a daemon. stdout has one line, when it is ready; stderr is the log. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "epm/service.h"

#define EXIT_NOT_RUN 3
#define EXIT_USAGE 64
#define DEFAULT_PORT "135"
#define LISTEN_FD_FIRST 3

struct settings {
	const char *port; /* NULL: any, by the port policy */
	const char *address;
	const char *ncalrpc_dir;
	const char *endpoint;
	bool verbose;
};

static const char usage[] =
	"usage: sallyport-epmapper [options]\n"
	"\n"
	"  --port N           TCP port (135); 0: a dynamic one\n"
	"  --address ADDRESS  listen on this address only, IPv4 or IPv6\n"
	"  --ncalrpc-dir DIR  where local endpoints live ($SALLYPORT_NCALRPC_DIR,\n"
	"                     /run/sallyport/ncalrpc)\n"
	"  --endpoint NAME    the local endpoint's name (epmapper)\n"
	"  --verbose          log registrations, too\n"
	"  --version, --help\n"
	"\n"
	"When it listens it writes one line to standard output:\n"
	"  ready ncacn_ip_tcp:[135] ncalrpc:[epmapper]\n";

static void
log_line(void *arg, enum sp_log_level level, const char *message)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	const struct settings *s = arg;

	if (level <= SP_LOG_WARNING || s->verbose)
		fprintf(stderr, "sallyport-epmapper: %s: %s\n", names[level], message);
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
settings_read(struct settings *s, int argc, char **argv)
{
	static const struct option options[] = {
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
		case 'p':
			if (!port_ok(optarg)) {
				fprintf(stderr, "sallyport-epmapper: --port %s: not 0-65535\n",
					optarg);
				return EXIT_USAGE;
			}
			s->port = strtoul(optarg, NULL, 10) ? optarg : NULL;
			break;
		case 'a': s->address = optarg; break;
		case 'd': s->ncalrpc_dir = optarg; break;
		case 'e': s->endpoint = optarg; break;
		case 'v': s->verbose = true; break;
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

/* --- systemd: sockets that are open already, and telling that we are ready (sd_listen_fds(3), sd_notify(3)) --- */

static int
n_sockets_given(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");

	if (!pid || !n || strtol(pid, NULL, 10) != (long)getpid())
		return 0;
	return (int)strtol(n, NULL, 10);
}

static void
notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		fprintf(stderr, "sallyport-epmapper: warning: systemd was not told: %s\n",
			strerror(errno));
	close(fd);
}

/* --- running --- */

static sp_status
listen_all(sp_server *server, const struct settings *s, struct sp_error *err)
{
	int n = n_sockets_given();
	sp_status status = 0;

	for (int i = 0; i < n && !status; i++)
		status = sp_server_use_socket(server, LISTEN_FD_FIRST + i, err);
	if (n > 0)
		return status;
	status = sp_server_use_protseq(server, "ncacn_ip_tcp", s->port, s->address, err);
	if (!status)
		status = sp_server_use_protseq(server, "ncalrpc", s->endpoint, NULL, err);
	return status;
}

static sp_status
server_open(struct settings *s, sp_server **ret_server, struct sp_error *err)
{
	struct sp_server_options options = {
		.ncalrpc_dir = s->ncalrpc_dir,
		.no_mapper = true,
		.log = log_line,
		.log_arg = s,
	};
	sp_server *server;
	sp_status status = sp_server_new(&options, &server, err);

	if (status)
		return status;
	status = listen_all(server, s, err);
	if (!status)
		status = service_register(server, err);
	if (!status)
		status = service_enter_self(server, err);
	/* the map belongs to one thread */
	if (!status)
		status = sp_server_start(server, 1, err);
	if (status)
		sp_server_free(server);
	else
		*ret_server = server;
	return status;
}

static void
say_ready(const sp_server *server)
{
	printf("ready");
	for (size_t i = 0; i < sp_server_n_bindings(server); i++)
		printf(" %s", sp_server_binding(server, i));
	printf("\n");
	fflush(stdout);
	notify("READY=1");
}

static int
run(struct settings *s, const sigset_t *signals)
{
	struct sp_error err = {0};
	sp_server *server;
	int number;

	if (!service_init(log_line, s)) {
		fputs("sallyport-epmapper: error: out of memory\n", stderr);
		return EXIT_NOT_RUN;
	}
	if (server_open(s, &server, &err)) {
		fprintf(stderr, "sallyport-epmapper: error: %s (status %u)\n", err.sentence,
			err.status);
		service_fini();
		return EXIT_NOT_RUN;
	}
	say_ready(server);
	sigwait(signals, &number);
	notify("STOPPING=1");
	sp_server_free(server);
	service_fini();
	return 0;
}

int
main(int argc, char **argv)
{
	struct settings s = {.port = DEFAULT_PORT, .endpoint = "epmapper"};
	sigset_t signals;
	int status = settings_read(&s, argc, argv);

	if (status >= 0)
		return status;
	/* blocked before any thread is there, so that only sigwait gets them */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	return run(&s, &signals);
}
