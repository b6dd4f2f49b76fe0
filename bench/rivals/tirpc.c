/* SPDX-License-Identifier: MIT */
/*
 * ONC RPC by libtirpc as one side of bench/rivals/run.py: client and server, as rpcgen would have them, but without the
 * memory that its answers would take. The mapper is Debian's rpcbind (GETPORT, RFC 1833 3).
 *
 *   rivals-tirpc serve                    its port on standard output, then it serves
 *   rivals-tirpc null|echo|map PORT       as rivals-ours
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <rpc/rpc.h>

#include <rpc/pmap_prot.h>

enum { ECHO_BYTES = 100, BETWEEN_LOOKS = 8, PROC_NULL = 0, PROC_ECHO = 1 };

#define ECHO_PROGRAM 0x20001234u
#define ECHO_VERSION 1u

static void
die(const char *what)
{
	fprintf(stderr, "rivals-tirpc: %s\n", what);
	exit(3);
}

static bool_t
nothing_xdr(XDR *xdrs, ...)
{
	return TRUE;
}

/* Bytes whose memory is there already. */
struct octets {
	char *p, bytes[ECHO_BYTES];
	u_int n;
};

static bool_t
octets_xdr(XDR *xdrs, ...)
{
	struct octets *o;
	va_list args;

	va_start(args, xdrs);
	o = va_arg(args, struct octets *);
	va_end(args);
	o->p = o->bytes;
	return xdr_bytes(xdrs, &o->p, &o->n, ECHO_BYTES);
}

/* --- the server --- */

static void
echo_dispatch(struct svc_req *request, SVCXPRT *transport)
{
	struct octets o;

	if (request->rq_proc == PROC_NULL)
		svc_sendreply(transport, nothing_xdr, NULL);
	else if (request->rq_proc != PROC_ECHO)
		svcerr_noproc(transport);
	else if (!svc_getargs(transport, octets_xdr, (caddr_t)&o))
		svcerr_decode(transport);
	else
		svc_sendreply(transport, octets_xdr, (caddr_t)&o);
}

static int
serve(void)
{
	SVCXPRT *transport = svctcp_create(RPC_ANYSOCK, 0, 0);

	if (!transport || !svc_register(transport, ECHO_PROGRAM, ECHO_VERSION, echo_dispatch, 0))
		die("no server");
	printf("%u\n", transport->xp_port);
	fflush(stdout);
	svc_run();
	return 3;
}

/* --- the client --- */

static bool
null_once(CLIENT *client)
{
	return clnt_call(client, PROC_NULL, nothing_xdr, NULL, nothing_xdr, NULL,
		       ((struct timeval){5, 0})) == RPC_SUCCESS;
}

static bool
echo_once(CLIENT *client)
{
	static struct octets there, back;

	there.n = ECHO_BYTES;
	there.bytes[0]++;
	return clnt_call(client, PROC_ECHO, octets_xdr, (caddr_t)&there, octets_xdr, (caddr_t)&back,
		       ((struct timeval){5, 0})) == RPC_SUCCESS &&
	       back.n == ECHO_BYTES && back.bytes[0] == there.bytes[0];
}

/* rpcbind knows itself. */
static bool
map_once(CLIENT *client)
{
	struct pmap asked = {PMAPPROG, PMAPVERS, IPPROTO_TCP, 0};
	u_long port = 0;

	return clnt_call(client, PMAPPROC_GETPORT, (xdrproc_t)xdr_pmap, (caddr_t)&asked,
		       (xdrproc_t)xdr_u_long, (caddr_t)&port,
		       ((struct timeval){5, 0})) == RPC_SUCCESS &&
	       port == PMAPPORT;
}

static const struct one {
	const char *name;
	rpcprog_t program;
	rpcvers_t version;
	bool (*once)(CLIENT *);
} cases[] = {
	{"null", ECHO_PROGRAM, ECHO_VERSION, null_once},
	{"echo", ECHO_PROGRAM, ECHO_VERSION, echo_once},
	{"map", PMAPPROG, PMAPVERS, map_once},
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
round_of(const struct one *c, CLIENT *client, double seconds)
{
	double begin = now(), end;
	long n = 0;

	do {
		for (int i = 0; i < BETWEEN_LOOKS; i++, n++)
			if (!c->once(client))
				die("a call failed");
		end = now();
	} while (end < begin + seconds);
	printf("%ld %.9f\n", n, end - begin);
	fflush(stdout);
}

static CLIENT *
client_open(const struct one *c, const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)atoi(port))};
	int fd = RPC_ANYSOCK;
	CLIENT *client = clnttcp_create(&a, c->program, c->version, &fd, 0, 0);

	if (!client)
		die("no client");
	return client;
}

int
main(int argc, char **argv)
{
	const struct one *c = NULL;
	CLIENT *client;
	char line[64];

	if (argc == 2 && !strcmp(argv[1], "serve"))
		return serve();
	for (size_t i = 0; argc == 3 && i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!strcmp(argv[1], cases[i].name))
			c = &cases[i];
	if (!c)
		die("serve, or which case and which port?");
	client = client_open(c, argv[2]);
	while (fgets(line, sizeof(line), stdin))
		round_of(c, client, atof(line));
	clnt_destroy(client);
	return 0;
}
