/* SPDX-License-Identifier: MIT */
/* The part that all servers have in common: listen, register, run, stop. */
#include "serve.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct settings {
	struct sp_server_options server;
	const char *port, *address, *endpoint;
	unsigned n_threads;
	struct sp_ntlm_options ntlm;
	struct sp_kerberos_options kerberos;
	enum sp_level least_level;
};

static const char usage[] =
	"usage: %s [options]\n"
	"  --port N           TCP port; a dynamic one by the port policy if not given\n"
	"  --address ADDRESS  listen on this address only\n"
	"  --endpoint NAME    local endpoint; a made-up one if not given\n"
	"  --ports FILE       port policy ($SALLYPORT_PORTS, /etc/sallyport/ports.yaml)\n"
	"  --ncalrpc-dir DIR  where local endpoints live ($SALLYPORT_NCALRPC_DIR,\n"
	"                     /run/sallyport/ncalrpc)\n"
	"  --no-mapper        do not register with the endpoint mapper\n"
	"  --threads N        loop threads (2)\n"
	"  --accounts FILE    takes clients with NTLM that this file of NT hashes knows\n"
	"  --keytab FILE      takes clients with Kerberos\n"
	"  --anonymous        and clients without a name\n"
	"  --least-level N    refuses calls that are protected less: 2 connect to 6 privacy\n"
	"It writes one line when it is ready: ready ncacn_ip_tcp:[49200] ncalrpc:[name]\n";

static void
log_line(void *arg, enum sp_log_level level, const char *message)
{
	(void)arg;
	if (level <= SP_LOG_WARNING)
		fprintf(stderr, "%s\n", message);
}

/* -1: go on; otherwise the exit status. */
static int
settings_read(struct settings *s, int argc, char **argv)
{
	static const struct option options[] = {
		{"port", required_argument, NULL, 'p'},
		{"address", required_argument, NULL, 'a'},
		{"endpoint", required_argument, NULL, 'e'},
		{"ports", required_argument, NULL, 'P'},
		{"ncalrpc-dir", required_argument, NULL, 'd'},
		{"no-mapper", no_argument, NULL, 'n'},
		{"threads", required_argument, NULL, 't'},
		{"accounts", required_argument, NULL, 'A'},
		{"keytab", required_argument, NULL, 'K'},
		{"anonymous", no_argument, NULL, 'N'},
		{"least-level", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'p': s->port = optarg; break;
		case 'a': s->address = optarg; break;
		case 'e': s->endpoint = optarg; break;
		case 'P': s->server.port_policy = optarg; break;
		case 'd': s->server.ncalrpc_dir = optarg; break;
		case 'n': s->server.no_mapper = true; break;
		case 't': s->n_threads = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'A': s->ntlm.accounts = optarg; break;
		case 'K': s->kerberos.keytab = optarg; break;
		case 'N': s->ntlm.anonymous = true; break;
		case 'l': s->least_level = (enum sp_level)strtoul(optarg, NULL, 10); break;
		case 'h': printf(usage, argv[0]); return 0;
		default: fprintf(stderr, usage, argv[0]); return 64;
		}
	}
	if (optind == argc && s->n_threads >= 1)
		return -1;
	fprintf(stderr, usage, argv[0]);
	return 64;
}

static sp_status
server_open(sp_server *server, const struct settings *s, const struct sp_interface *interface,
	const void *handlers, const char *annotation, struct sp_error *err)
{
	struct sp_interface_options options = {.annotation = annotation,
		.least_level = s->least_level,
		.anonymous = s->ntlm.anonymous};
	sp_status status = sp_server_use_protseq(server, "ncacn_ip_tcp", s->port, s->address, err);

	if (!status)
		status = sp_server_use_protseq(server, "ncalrpc", s->endpoint, NULL, err);
	if (!status)
		status = sp_server_register(server, interface, handlers, &options, err);
	if (!status && (s->ntlm.accounts || s->ntlm.anonymous))
		status = sp_server_use_ntlm(server, &s->ntlm, err);
	if (!status && s->kerberos.keytab)
		status = sp_server_use_kerberos(server, &s->kerberos, err);
	if (!status)
		status = sp_server_start(server, s->n_threads, err);
	return status;
}

static void
run(sp_server *server, const sigset_t *signals)
{
	int number;

	printf("ready");
	for (size_t i = 0; i < sp_server_n_bindings(server); i++)
		printf(" %s", sp_server_binding(server, i));
	printf("\n");
	fflush(stdout);
	sigwait(signals, &number);
}

int
serve(int argc, char **argv, const struct sp_interface *interface, const void *handlers,
	const char *annotation, void (*on_stop)(void))
{
	struct settings s = {.server.log = log_line, .n_threads = 2};
	struct sp_error err = {0};
	sp_server *server = NULL;
	sigset_t signals;
	sp_status status;
	int exit_status = settings_read(&s, argc, argv);

	if (exit_status >= 0)
		return exit_status;
	/* blocked before any thread is there, so that only sigwait gets them */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	status = sp_server_new(&s.server, &server, &err);
	if (!status)
		status = server_open(server, &s, interface, handlers, annotation, &err);
	if (!status)
		run(server, &signals);
	else
		fprintf(stderr, "%s: %s: status %u: %s\n", argv[0], sp_phase_name(err.phase),
			err.status, err.sentence);
	if (on_stop)
		on_stop();
	sp_server_free(server);
	return status ? 3 : 0;
}
