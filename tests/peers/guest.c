/* SPDX-License-Identifier: MIT */
/*
 * A client that authenticates, at a server that is not ours: asks what its mapper knows (--lookup), or lets an rpcecho
 * server give back so many bytes (--echo N). Writes how many bytes of stub data came. usage: guest [options] BINDING
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/sallyport.h>

static const struct sp_syntax_id epm = {
	{0xe1af8308, 0x5d1f, 0x11c9, {0x91, 0xa4}, {0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa}}, 3, 0};
static const struct sp_syntax_id echo = {
	{0x60a15ec5, 0x4de8, 0x11d7, {0xa6, 0x37}, {0x00, 0x50, 0x56, 0xa2, 0x01, 0x82}}, 1, 0};

struct wish {
	struct sp_security security;
	uint32_t echo;
	bool lookup;
	unsigned times;
};

static int
options_read(struct wish *w, int argc, char **argv)
{
	static const struct option options[] = {{"provider", required_argument, NULL, 'p'},
		{"level", required_argument, NULL, 'l'}, {"user", required_argument, NULL, 'u'},
		{"domain", required_argument, NULL, 'd'},
		{"password", required_argument, NULL, 'w'}, {"spn", required_argument, NULL, 's'},
		{"ccache", required_argument, NULL, 'c'}, {"echo", required_argument, NULL, 'e'},
		{"lookup", no_argument, NULL, 'L'}, {"times", required_argument, NULL, 't'},
		{"unsigned-headers", no_argument, NULL, 'H'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'p': w->security.provider = (enum sp_auth)atoi(optarg); break;
		case 'l': w->security.level = (enum sp_level)atoi(optarg); break;
		case 'u': w->security.user = optarg; break;
		case 'd': w->security.domain = optarg; break;
		case 'w': w->security.password = optarg; break;
		case 's': w->security.spn = optarg; break;
		case 'c': w->security.ccache = optarg; break;
		case 'e': w->echo = (uint32_t)atoi(optarg); break;
		case 'L': w->lookup = true; break;
		case 't': w->times = (unsigned)atoi(optarg); break;
		case 'H': w->security.unsigned_headers = true; break;
		default: return 64;
		}
	}
	return optind == argc - 1 ? 0 : 64;
}

static uint8_t *
question(const struct wish *w, size_t *ret_n)
{
	uint8_t *q = calloc(1, 40 + w->echo);

	if (!q)
		return NULL;
	if (w->lookup) { /* everything, at most 500 entries */
		q[12] = 1;
		q[36] = 0xf4;
		q[37] = 0x01;
		*ret_n = 40;
		return q;
	}
	for (unsigned i = 0; i < 4; i++)
		q[i] = q[4 + i] = (uint8_t)(w->echo >> 8 * i);
	for (uint32_t i = 0; i < w->echo; i++)
		q[8 + i] = (uint8_t)(i * 7 + i / 251);
	*ret_n = 8 + w->echo;
	return q;
}

static bool
ask(sp_client *client, const struct wish *w, struct sp_error *err)
{
	sp_call *call = sp_call_new(client);
	size_t n = 0, len;
	uint8_t *q = question(w, &n);
	const void *stub;
	bool good, big_endian;

	good = call && q &&
	       !sp_call_raw(call, w->lookup ? &epm : &echo, w->lookup ? 2 : 1, q, n, &stub, &len,
		       &big_endian, err);
	if (good && !w->lookup)
		good = len == 4 + w->echo && memcmp((const uint8_t *)stub + 4, q + 8, w->echo) == 0;
	if (good)
		printf("%zu\n", len);
	sp_call_free(call);
	free(q);
	return good;
}

int
main(int argc, char **argv)
{
	struct wish w = {.security.provider = SP_AUTH_NTLM, .times = 1};
	struct sp_error err = {.sentence = "not what was sent"};
	sp_client *client = NULL;
	bool good;

	if (options_read(&w, argc, argv))
		return 64;
	good = !sp_client_new(argv[optind], NULL, &client, &err);
	if (good && w.security.provider)
		good = !sp_client_secure(client, &w.security, &err);
	for (unsigned i = 0; good && i < w.times; i++)
		good = ask(client, &w, &err);
	if (!good)
		fprintf(stderr, "%s: %u: %s\n", sp_phase_name(err.phase), err.status, err.sentence);
	sp_client_free(client);
	return good ? 0 : 1;
}
