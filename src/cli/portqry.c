/* SPDX-License-Identifier: MIT */
/* PortQry's options, words and exit statuses (KB 310099, "Using the PortQry command-line tool"). */
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "base/uuid.h"
#include "cli/commands.h"
#include "cli/spelling.h"
#include "doctor/datagram.h"
#include "doctor/dns.h"
#include "doctor/port.h"
#include "net/names.h"
#include "probe/map.h"
#include "report/printable.h"

#define DEFAULT_PORT 80
#define MAPPER_PORT 135
#define TCP_WAIT (5 * SP_SECOND) /* three SYNs of the system, and time for the last answer */
#define UDP_WAIT (2 * SP_SECOND)
#define SLOW 2 /* times, with -sl */

/* With -q, and the worst of all ports without. */
enum verdict { LISTENING = 0, NOT_LISTENING = 1, FILTERED = 2, FAILED = 3 };

struct query {
	const char *host, *file, *community;
	uint16_t *ports;
	size_t n_ports;
	bool is_range, tcp, udp, quiet, overwrite, slow, no_reverse;
	uint16_t source_port;
	FILE *out, *log, *talk;
	char address_text[ADDRESS_TEXT];
	struct address address;
};

static void SP_PRINTF(2, 3) say(struct query *q, const char *fmt, ...)
{
	FILE *to[2] = {q->quiet ? NULL : q->out, q->log};

	for (size_t i = 0; i < 2; i++) {
		va_list ap;

		if (!to[i])
			continue;
		va_start(ap, fmt);
		vfprintf(to[i], fmt, ap);
		va_end(ap);
	}
}

/* --- options --- */

static bool
number_read(const char *text, const char **end, uint16_t *ret)
{
	char *stop;
	unsigned long n = strtoul(text, &stop, 10);

	if (stop == text || *text < '0' || *text > '9' || n < 1 || n > UINT16_MAX)
		return false;
	*end = stop;
	*ret = (uint16_t)n;
	return true;
}

static bool
port_add(struct query *q, uint16_t port)
{
	uint16_t *more = mem_resize(q->ports, q->n_ports + 1, sizeof(*more));

	if (!more)
		return false;
	q->ports = more;
	q->ports[q->n_ports++] = port;
	return true;
}

/* "80", "80,135,445" */
static bool
ports_read(struct query *q, const char *text)
{
	uint16_t port;

	do {
		if (!number_read(text, &text, &port) || !port_add(q, port))
			return false;
	} while (*text++ == ',');
	return text[-1] == '\0';
}

/* "80:90", also "80;90" */
static bool
range_read(struct query *q, const char *text)
{
	uint16_t first, last;

	if (!number_read(text, &text, &first) || (*text != ':' && *text != ';') ||
		!number_read(text + 1, &text, &last) || *text || last < first)
		return false;
	q->is_range = true;
	for (unsigned port = first; port <= last; port++)
		if (!port_add(q, (uint16_t)port))
			return false;
	return true;
}

static bool
protocol_read(struct query *q, const char *text)
{
	bool both = !strcasecmp(text, "both");

	q->tcp = both || !strcasecmp(text, "tcp");
	q->udp = both || !strcasecmp(text, "udp");
	return q->tcp || q->udp;
}

static bool
source_read(struct query *q, const char *text)
{
	return number_read(text, &text, &q->source_port) && *text == '\0';
}

static bool
host_read(struct query *q, const char *text)
{
	q->host = text;
	return *text != '\0';
}

static bool
file_read(struct query *q, const char *text)
{
	q->file = text;
	return *text != '\0';
}

static bool
community_read(struct query *q, const char *text)
{
	q->community = text;
	return true;
}

static bool
flag_set(struct query *q, char flag)
{
	switch (flag) {
	case 'q': q->quiet = true; return true;
	case 'y': q->overwrite = true; return true;
	case 's': q->slow = true; return true;
	default: q->no_reverse = true; return true;
	}
}

static const struct portqry_option {
	const char *name;
	bool (*read)(struct query *, const char *value); /* NULL: a flag */
	char flag;
	const char *needs;
} portqry_options[] = {
	{"n", host_read, 0, "a name or an address"},
	{"e", ports_read, 0, "a port"},
	{"o", ports_read, 0, "ports, as 80,135,445"},
	{"r", range_read, 0, "a range, as 80:90"},
	{"p", protocol_read, 0, "tcp, udp or both"},
	{"l", file_read, 0, "a file"},
	{"sp", source_read, 0, "a port"},
	{"cn", community_read, 0, "a community name"},
	{"q", NULL, 'q', NULL},
	{"y", NULL, 'y', NULL},
	{"sl", NULL, 's', NULL},
	{"nr", NULL, 'r', NULL},
};
#define N_OPTIONS (sizeof(portqry_options) / sizeof(portqry_options[0]))

static bool
unknown_option(const char *word, FILE *talk)
{
	struct spelling spelling;

	spelling_begin(&spelling, word, strlen(word));
	for (size_t i = 0; i < N_OPTIONS; i++)
		spelling_try(&spelling, portqry_options[i].name);
	fprintf(talk, "sallyport portqry: there is no option -%s\n", word);
	if (spelling_best(&spelling))
		fprintf(talk, "did you mean -%s?\n", spelling_best(&spelling));
	fputs("next: sallyport portqry --help\n", talk);
	return false;
}

static bool
bad_value(const struct portqry_option *o, const char *value, FILE *talk)
{
	fprintf(talk, "sallyport portqry: -%s needs %s", o->name, o->needs);
	if (value)
		fprintf(talk, ", not \"%s\"", value);
	fputs("\nnext: sallyport portqry --help\n", talk);
	return false;
}

/* Windows' users write /e as well as -e, and capitals. */
static const struct portqry_option *
option_find(const char *word)
{
	for (size_t i = 0; (*word == '-' || *word == '/') && i < N_OPTIONS; i++)
		if (!strcasecmp(portqry_options[i].name, word + 1))
			return &portqry_options[i];
	return NULL;
}

static bool
words_read(struct query *q, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const struct portqry_option *o = option_find(argv[i]);

		if (!o)
			return unknown_option(argv[i] + strspn(argv[i], "-/"), q->talk);
		if (!o->read)
			flag_set(q, o->flag);
		else if (i + 1 == argc)
			return bad_value(o, NULL, q->talk);
		else if (!o->read(q, argv[++i]))
			return bad_value(o, argv[i], q->talk);
	}
	return true;
}

/* PortQry's own restrictions of -q, and what is left out. */
static bool
query_check(struct query *q)
{
	const char *wrong = NULL;

	if (!q->host)
		wrong = "-n HOST is missing: which system shall be asked?";
	else if (q->quiet && (q->n_ports > 1 || (q->tcp && q->udp)))
		wrong = "-q is for one port and one protocol: its exit status tells of one only";
	if (!wrong && !q->n_ports && !port_add(q, DEFAULT_PORT))
		wrong = "no memory";
	if (!q->tcp && !q->udp)
		q->tcp = true;
	if (wrong)
		fprintf(q->talk, "sallyport portqry: %s\nnext: sallyport portqry --help\n", wrong);
	return !wrong;
}

/* --- the name --- */

static bool
address_named(struct query *q)
{
	char name[256];

	if (!address_parse(q->host, 0, &q->address))
		return false;
	if (q->no_reverse)
		return true;
	say(q, "Attempting to resolve IP address to a name...\n\n");
	if (dns_name_of(&q->address, time_now() + SP_SECOND, name, sizeof(name)))
		say(q, "IP address resolved to %s\n\n", name);
	else
		say(q, "Failed to resolve IP address to name\n\n");
	return true;
}

static bool
host_resolve(struct query *q)
{
	struct address *found = NULL;
	char text[ADDRESS_TEXT], clean[300];
	size_t n = 0;
	int eai = 0;

	say(q, "\nQuerying target system called:\n\n %s\n\n",
		printable(q->host, clean, sizeof(clean)));
	if (address_named(q))
		return true;
	say(q, "Attempting to resolve name to IP address...\n\n");
	if (names_resolve(q->host, 0, time_now() + 5 * SP_SECOND, &found, &n, &eai) != NAMES_OK) {
		say(q, "Failed to resolve name to IP address\n\n");
		return false;
	}
	q->address = found[0];
	mem_free(found);
	say(q, "\nName resolved to %s\n\n", port_host(&q->address, text));
	return true;
}

/* --- the mapper's words on 135 --- */

static void
mapper_dump(struct query *q)
{
	struct sp_client_options limits = {.deadline = time_now() + 10 * SP_SECOND};
	struct probe_list list = {0};
	char host[ADDRESS_TEXT], binding[ADDRESS_TEXT + 40], uuid[SP_UUID_TEXT], clean[600];

	port_host(&q->address, host);
	snprintf(binding, sizeof(binding),
		strchr(host, ':') ? "ncacn_ip_tcp:[%s][135]" : "ncacn_ip_tcp:%s[135]", host);
	if (q->source_port)
		say(q, "Using source port %u\n", q->source_port);
	else
		say(q, "Using ephemeral source port\n");
	say(q, "Querying Endpoint Mapper Database...\n");
	if (probe_map_list(binding, &limits, &list, NULL)) {
		say(q, "RPC query failed\n\n");
		return;
	}
	say(q, "Server's response:\n\n");
	for (size_t i = 0; i < list.n; i++) {
		const struct probe_entry *e = &list.entries[i];

		sp_uuid_format(&e->interface.uuid, uuid);
		say(q, "UUID: %s %s\n", uuid, printable(e->annotation, clean, sizeof(clean)));
		say(q, "%s\n\n", printable(e->binding, clean, sizeof(clean)));
	}
	say(q, "Total endpoints found: %zu\n\n\n", list.n);
	say(q, "==== End of RPC Endpoint Mapper query response ====\n\n");
	probe_list_fini(&list);
}

/* --- ports --- */

/* "epmap service"; a port that has a name with the other protocol only has that one. */
static const char *
service_name(const struct address *address, bool is_udp, char *ret, size_t cap)
{
	char name[64] = "";

	for (int i = 0; i < 2; i++) {
		int flags = (is_udp ? i == 0 : i == 1) ? NI_DGRAM : 0;

		if (getnameinfo((const struct sockaddr *)&address->storage, address->len, NULL, 0,
			    name, sizeof(name), flags) == 0 &&
			strspn(name, "0123456789") != strlen(name))
			break;
		snprintf(name, sizeof(name), "unknown");
	}
	snprintf(ret, cap, "%s service", name);
	return ret;
}

/* All ports at once: a filtered one takes seconds, a thousand of them no longer. */
static struct port_probe *
tcp_probe(const struct query *q)
{
	struct port_probe *probes = mem_zalloc(q->n_ports, sizeof(*probes));

	for (size_t i = 0; probes && i < q->n_ports; i++) {
		probes[i].address = q->address;
		probes[i].source_port = q->source_port;
		address_set_port(&probes[i].address, q->ports[i]);
	}
	for (size_t done = 0; probes && done < q->n_ports; done += PORT_PROBES_MAX)
		port_probe(probes + done,
			q->n_ports - done < PORT_PROBES_MAX ? q->n_ports - done : PORT_PROBES_MAX,
			time_now() + TCP_WAIT * (q->slow ? SLOW : 1));
	return probes;
}

static enum verdict
tcp_say(struct query *q, const struct port_probe *probe)
{
	uint16_t port = address_port(&probe->address);
	char name[80];

	say(q, "TCP port %u (%s): ", port,
		service_name(&probe->address, false, name, sizeof(name)));
	if (probe->seen == SEEN_PORT_OPEN) {
		say(q, "LISTENING\n\n");
		return LISTENING;
	}
	if (probe->seen == SEEN_PORT_REFUSED || probe->seen == SEEN_PORT_RESET) {
		say(q, "NOT LISTENING\n\n");
		return NOT_LISTENING;
	}
	say(q, "FILTERED\n\n");
	return FILTERED;
}

static enum verdict
udp_ask(struct query *q, uint16_t port)
{
	static const char *const words[] = {"LISTENING", "NOT LISTENING", "LISTENING or FILTERED"};
	struct address to = q->address;
	enum datagram_seen seen;
	char name[80];

	address_set_port(&to, port);
	seen = datagram_probe(&to, q->source_port, time_now() + UDP_WAIT * (q->slow ? SLOW : 1));
	say(q, "UDP port %u (%s): %s\n\n", port, service_name(&to, true, name, sizeof(name)),
		words[seen]);
	return (enum verdict)seen;
}

static enum verdict
port_ask(struct query *q, uint16_t port, const struct port_probe *probe)
{
	enum verdict tcp = probe ? tcp_say(q, probe) : LISTENING, udp = LISTENING;
	bool has_mapper = q->tcp && port == MAPPER_PORT && tcp == LISTENING && !q->is_range;

	if (has_mapper && !q->quiet)
		mapper_dump(q);
	if (q->udp)
		udp = udp_ask(q, port);
	return tcp > udp ? tcp : udp;
}

static bool
log_open(struct query *q)
{
	if (!q->file)
		return true;
	if (!q->overwrite && access(q->file, F_OK) == 0) {
		fprintf(q->talk, "sallyport portqry: %s is there already; -y overwrites it\n",
			q->file);
		return false;
	}
	q->log = fopen(q->file, "w");
	if (!q->log)
		fprintf(q->talk, "sallyport portqry: %s cannot be written\n", q->file);
	return q->log != NULL;
}

static int
ask(struct query *q)
{
	struct port_probe *probes = NULL;
	enum verdict worst = LISTENING;

	if (!log_open(q) || !host_resolve(q))
		return FAILED;
	say(q, "querying...\n\n");
	fflush(q->out);
	if (q->tcp && !(probes = tcp_probe(q)))
		return FAILED;
	for (size_t i = 0; i < q->n_ports; i++) {
		enum verdict v = port_ask(q, q->ports[i], probes ? &probes[i] : NULL);

		worst = v > worst ? v : worst;
		fflush(q->out);
	}
	mem_free(probes);
	return (int)worst;
}

static int
own(int argc, char **argv, FILE *out, FILE *talk)
{
	struct query q = {.out = out, .talk = talk};
	int status = OUTCOME_USAGE;

	if (words_read(&q, argc, argv) && query_check(&q))
		status = ask(&q);
	if (q.log && fclose(q.log)) {
		fprintf(talk, "sallyport portqry: %s did not take everything\n", q.file);
		status = FAILED;
	}
	mem_free(q.ports);
	return status;
}

static const struct example examples[] = {
	{"sallyport portqry -n dc01 -e 135", "the mapper's port, and what the mapper knows"},
	{"sallyport portqry -n dc01 -o 88,135,389,445 -p both", "four ports, TCP and UDP"},
	{"sallyport portqry -n dc01 -e 135 -q; echo $?",
		"0 listening, 1 not listening, 2 filtered"},
	{0},
};

const struct command command_portqry = {
	.name = "portqry",
	.summary = "ask ports as PortQry does, with its options and words",
	.description = "-n HOST: the system; a name or an address.\n\n"
		       "-e PORT, -o PORT,PORT..., -r FIRST:LAST: one port (80), several, a range. "
		       "The mapper "
		       "is never asked for a range.\n\n"
		       "-p tcp|udp|both: the protocol (tcp).\n\n"
		       "-sp PORT: send from this port. -sl: a slow link, wait twice as long. -nr: "
		       "do not look "
		       "up the name of an address.\n\n"
		       "-l FILE, -y: write everything to a file, too; overwrite it.\n\n"
		       "-q: print nothing; the exit status is the answer. -cn NAME is accepted; "
		       "SNMP is not "
		       "asked.\n\n"
		       "TCP is tried with three SYNs, UDP with one datagram. LISTENING: somebody "
		       "answers. NOT "
		       "LISTENING: RST, or ICMP port unreachable. FILTERED: nothing came back, or "
		       "a router "
		       "refused. On TCP port 135 the endpoint map follows. Exit status: 0 "
		       "listening, 1 not "
		       "listening, 2 filtered; of several ports the worst; 3 when the name cannot "
		       "be resolved.",
	.examples = examples,
	.own = own,
};
