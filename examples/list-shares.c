/* SPDX-License-Identifier: MIT */
/*
 * Lists the shares of a file server, Windows' or Samba's, through a client that is generated from the published definition
 * of its interface ([MS-SRVS] 6, Appendix A: Full IDL).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <sallyport/sallyport.h>

#include "ms-srvs.h"

static const char usage[] =
	"usage: %s [--mapper-port N] BINDING        for example ncacn_ip_tcp:192.0.2.7\n";

#define WHOLE_ANSWER 0xffffffffu
#define NERR_SUCCESS 0

static void
put_utf8(uint32_t c)
{
	if (c >= 0x10000)
		printf("%c%c", 0xf0 | c >> 18, 0x80 | (c >> 12 & 0x3f));
	else if (c >= 0x800)
		printf("%c", 0xe0 | c >> 12);
	if (c >= 0x800)
		printf("%c%c", 0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f));
	else if (c >= 0x80)
		printf("%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
	else
		putchar(c < 0x20 ? '?' : (int)c);
}

static void
put_utf16(const uint16_t *text)
{
	for (; text && *text; text++) {
		uint32_t c = *text;

		if ((c & 0xfc00) == 0xd800 && (text[1] & 0xfc00) == 0xdc00)
			c = 0x10000 + ((c & 0x3ff) << 10) + (*++text & 0x3ff);
		put_utf8(c);
	}
}

/* [MS-SRVS] 2.2.2.4 */
static const char *
kind(uint32_t type)
{
	static const char *const kinds[] = {"disk", "printer", "device", "ipc"};

	return (type & 0xff) < 4 ? kinds[type & 0xff] : "other";
}

static void
show(const SHARE_INFO_1_CONTAINER *shares)
{
	for (DWORD i = 0; i < shares->EntriesRead; i++) {
		const SHARE_INFO_1 *share = &shares->Buffer[i];

		put_utf16(share->shi1_netname);
		printf("\t%s\t", kind(share->shi1_type));
		put_utf16(share->shi1_remark);
		putchar('\n');
	}
}

/* [MS-SRVS] 3.1.4.8: names, kinds and remarks are level 1 */
static bool
list(sp_call *call)
{
	SHARE_INFO_1_CONTAINER none = {0};
	SHARE_ENUM_STRUCT answer = {.Level = 1, .ShareInfo.Level1 = &none};
	DWORD total = 0, resume = 0;
	NET_API_STATUS result = 0;
	struct sp_error err;
	sp_status status = srvsvc_NetrShareEnum(
		call, NULL, &answer, WHOLE_ANSWER, &total, &resume, &result, &err);

	if (status) {
		fprintf(stderr, "%s: %u: %s\n", sp_phase_name(err.phase), status, err.sentence);
		return false;
	}
	if (result != NERR_SUCCESS) {
		const char *text = sp_status_text(result);

		fprintf(stderr, "the server says %u%s%s\n", result, text ? ": " : "",
			text ? text : "");
		return false;
	}
	if (answer.ShareInfo.Level1) /* the call owns it until it is used again */
		show(answer.ShareInfo.Level1);
	return true;
}

int
main(int argc, char **argv)
{
	static const struct option names[] = {{"mapper-port", required_argument, NULL, 'm'}, {0}};
	struct sp_client_options options = {0};
	struct sp_error err = {0};
	sp_client *client = NULL;
	sp_call *call = NULL;
	bool good;
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) == 'm')
		options.mapper_port = (uint16_t)strtoul(optarg, NULL, 10);
	if (option != -1 || optind != argc - 1) {
		fprintf(stderr, usage, argv[0]);
		return 64;
	}
	good = !sp_client_new(argv[optind], &options, &client, &err);
	if (!good)
		fprintf(stderr, "%s\n", err.sentence);
	good = good && (call = sp_call_new(client)) && list(call);
	sp_call_free(call);
	sp_client_free(client);
	return good ? 0 : 1;
}
