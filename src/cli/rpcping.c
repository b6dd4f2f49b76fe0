/* SPDX-License-Identifier: MIT */
/* RPCPing's switches over the round trips of `sallyport ping`; without an interface the mapper itself is pinged. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "cli/commands.h"
#include "epm.h"
#include "probe/server.h"
#include "probe/target.h"

struct rpcping {
	const char *protseq, *server, *endpoint;
	bool has_interface, quiet;
	struct sp_syntax_id interface;
	unsigned long count;
	FILE *out, *talk;
};

/* What RPCPing takes as well, and what is not done here. */
static const char others[] = "OuaNICTMSPFHoBrbEcAUd";

static bool
usage(const struct rpcping *p, const char *what, const char *word)
{
	fprintf(p->talk, "sallyport rpcping: %s \"%s\"\nnext: sallyport rpcping --help\n", what,
		word);
	return false;
}

/* "UUID" or "UUID,MAJOR[.MINOR]" */
static bool
interface_read(struct rpcping *p, const char *text)
{
	char whole[SP_UUID_TEXT + 16];

	snprintf(whole, sizeof(whole), strchr(text, ',') ? "%s" : "%s,1.0", text);
	p->has_interface = target_interface(whole, &p->interface);
	return p->has_interface || usage(p, "/f needs UUID,VERSION, not", text);
}

static bool
count_read(struct rpcping *p, const char *text)
{
	char *end;

	p->count = strtoul(text, &end, 10);
	return (*end == '\0' && p->count >= 1 && p->count <= 1000000) ||
	       usage(p, "/i needs a number from 1, not", text);
}

static bool
value_read(struct rpcping *p, char letter, const char *value)
{
	switch (letter) {
	case 't': p->protseq = value; return true;
	case 's': p->server = value; return true;
	case 'e': p->endpoint = value; return true;
	case 'f': return interface_read(p, value);
	case 'i': return count_read(p, value);
	default: return true; /* /v: how much is said */
	}
}

static bool
words_read(struct rpcping *p, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];
		char letter = word[0] == '/' || word[0] == '-' ? word[1] : '\0';

		if (!letter || word[2])
			return usage(p, "there is no switch", word);
		if (letter == 'q') {
			p->quiet = true;
			continue;
		}
		if (strchr(others, letter))
			return usage(p,
				"calls are anonymous and over TCP or ncalrpc; this is not done:",
				word);
		if (!strchr("tsefiv", letter))
			return usage(p, "there is no switch", word);
		if (i + 1 == argc)
			return usage(p, "there is no value behind", word);
		if (!value_read(p, letter, argv[++i]))
			return false;
	}
	return true;
}

static int
failed(const struct rpcping *p, const struct sp_error *error)
{
	fprintf(p->talk, "RPCPing failed with error %u: %s\n", error->status, error->sentence);
	return OUTCOME_NEGATIVE;
}

static int
rounds(const struct rpcping *p, struct probe_ping *ping)
{
	struct sp_error error = {0};
	sp_nanos sum = 0, took;
	double ms;

	for (unsigned long i = 0; i < p->count; i++) {
		if (probe_ping_round(ping, time_after(time_now(), 10 * SP_SECOND), &took, &error))
			return failed(p, &error);
		sum += took;
	}
	if (p->quiet)
		return OUTCOME_GOOD;
	ms = (double)sum / (double)SP_MILLISECOND;
	fprintf(p->out, "Completed %lu calls in %.0f ms\n%.0f T/S or %7.3f ms/T\n", p->count, ms,
		ms > 0 ? (double)p->count * 1000 / ms : 0, ms / (double)p->count);
	return OUTCOME_GOOD;
}

static int
own(int argc, char **argv, FILE *out, FILE *talk)
{
	struct rpcping p = {.protseq = "ncacn_ip_tcp",
		.server = "localhost",
		.count = 1,
		.out = out,
		.talk = talk};
	struct sp_client_options limits = {0};
	struct probe_ping *ping = NULL;
	struct sp_error error = {0};
	const char *endpoint;
	char *binding = NULL;
	sp_nanos took;
	int status;

	if (!words_read(&p, argc, argv))
		return OUTCOME_USAGE;
	endpoint = p.endpoint;
	if (!endpoint && !p.has_interface)
		endpoint = strcmp(p.protseq, "ncalrpc") ? "135" : "epmapper";
	if (!p.has_interface)
		p.interface = epm_client_interface.id;
	if (sp_binding_compose(NULL, p.protseq, strcmp(p.protseq, "ncalrpc") ? p.server : NULL,
		    endpoint, NULL, &binding)) {
		usage(&p, "there is no protocol sequence", p.protseq);
		return OUTCOME_USAGE;
	}
	limits.deadline = time_after(time_now(), 20 * SP_SECOND);
	if (probe_ping_open(binding, &limits, &p.interface, &ping, &took, &error))
		status = failed(&p, &error);
	else
		status = rounds(&p, ping);
	probe_ping_close(ping);
	free(binding);
	return status;
}

static const struct example examples[] = {
	{"sallyport rpcping /s dc01", "is dc01's endpoint mapper there, and how far away?"},
	{"sallyport rpcping /t ncacn_ip_tcp /s dc01 /f 12345778-1234-abcd-ef00-0123456789ac,1 /i "
	 "100",
		"a hundred calls to the server of an interface"},
	{0},
};

const struct command command_rpcping = {
	.name = "rpcping",
	.summary = "measure round trips with RPCPing's switches",
	.description =
		"/t PROTSEQ: ncacn_ip_tcp (also unless given) or ncalrpc. /s SERVER: the host "
		"(localhost). /e ENDPOINT: its port; /f UUID[,VERSION]: its interface, whose "
		"endpoint "
		"the mapper is asked for. Without both the mapper itself is pinged.\n\n"
		"/i N: how many calls (1). /q: say nothing but errors. /v LEVEL is accepted.\n\n"
		"Calls are anonymous: switches for security and for RPC over HTTP are refused. "
		"What is "
		"called is the question of remote management whether the server listens, which "
		"changes "
		"nothing. Exit status: 0 all calls were answered, 1 one was not, 64 wrong usage.",
	.examples = examples,
	.own = own,
};
