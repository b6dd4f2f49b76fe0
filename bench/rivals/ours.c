/* SPDX-License-Identifier: MIT */
/*
 * Our client as one side of bench/rivals/run.py: for each line "SECONDS" on standard input it calls for that long, one call
 * after the other, and answers "CALLS SECONDS".
 *
 *   rivals-ours null|echo|listening|map-echo|map-winreg PORT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/sallyport.h>

#include "base/time.h"
#include "echo.h"
#include "epm.h"
#include "mgmt.h"
#include "wire/bind.h"
#include "wire/tower.h"

enum { ECHO_BYTES = 100, BETWEEN_LOOKS = 8 };

static const struct sp_syntax_id winreg = {
	{0x338cd001, 0x2244, 0x31f1, {0xaa, 0xaa}, {0x90, 0x00, 0x38, 0x00, 0x10, 0x03}}, 1, 0};

static void
die(const char *what)
{
	fprintf(stderr, "rivals-ours: %s\n", what);
	exit(3);
}

/* --- the cases --- */

static bool
null_once(sp_call *call)
{
	return echo_sinkdata(call, 0, (uint8_t[1]){0}, NULL) == 0;
}

static bool
echo_once(sp_call *call)
{
	static uint8_t there[ECHO_BYTES], back[ECHO_BYTES];

	there[0]++;
	return echo_echodata(call, ECHO_BYTES, there, back, NULL) == 0 && back[0] == there[0];
}

static bool
listening_once(sp_call *call)
{
	uint32_t status = 1, is_listening = 0;

	return mgmt_is_server_listening(call, &status, &is_listening, NULL) == 0 && is_listening;
}

static bool
map_once(sp_call *call, const struct sp_syntax_id *id)
{
	static _Alignas(twr_t) uint8_t room[sizeof(twr_t) + TOWER_MAX_SIZE];
	struct tower t = {
		.interface = *id, .transfer = SYNTAX_NDR, .protseq = NCACN_IP_TCP, .endpoint = "0"};
	struct sp_uuid nil = {0};
	struct twr *towers[4] = {0};
	ept_lookup_handle_t handle = {0};
	uint32_t n = 0, status = 1;
	twr_t *asked = (twr_t *)room;
	size_t len;

	if (!tower_put(&t, asked->tower_octet_string, TOWER_MAX_SIZE, &len))
		return false;
	asked->tower_length = (uint32_t)len;
	return epm_ept_map(call, &nil, asked, &handle, 1, &n, towers, &status, NULL) == 0 &&
	       status == 0 && n == 1;
}

static bool
map_echo_once(sp_call *call)
{
	return map_once(call, &echo_client_interface.id);
}

static bool
map_winreg_once(sp_call *call)
{
	return map_once(call, &winreg);
}

static const struct one {
	const char *name;
	bool (*once)(sp_call *);
} cases[] = {
	{"null", null_once},
	{"echo", echo_once},
	{"listening", listening_once},
	{"map-echo", map_echo_once},
	{"map-winreg", map_winreg_once},
};

/* --- rounds --- */

static void
round_of(const struct one *c, sp_call *call, double seconds)
{
	sp_nanos begin = time_now(), end = begin + (sp_nanos)(seconds * 1e9), now;
	long n = 0;

	do {
		for (int i = 0; i < BETWEEN_LOOKS; i++, n++)
			if (!c->once(call))
				die("a call failed");
		now = time_now();
	} while (now < end);
	printf("%ld %.9f\n", n, (double)(now - begin) / 1e9);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	char binding[64], line[64];
	const struct one *c = NULL;
	sp_client *client;
	sp_call *call;

	for (size_t i = 0; argc == 3 && i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!strcmp(argv[1], cases[i].name))
			c = &cases[i];
	if (!c)
		die("which case, and which port?");
	snprintf(binding, sizeof(binding), "ncacn_ip_tcp:127.0.0.1[%s]", argv[2]);
	if (sp_client_new(binding, NULL, &client, NULL))
		die("no client");
	call = sp_call_new(client);
	if (!call)
		die("no memory");
	while (fgets(line, sizeof(line), stdin))
		round_of(c, call, atof(line));
	sp_call_free(call);
	sp_client_free(client);
	return 0;
}
