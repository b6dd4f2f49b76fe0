/* SPDX-License-Identifier: MIT */
/*
 * The stream of a logon information, from standard input, for those who hold it against other implementations:
 *
 *   pac show             prints what it says, a line for each field
 *   pac again ENCODING   writes it once more: 1, 2 or 2-ndr64
 */
#include <stdio.h>
#include <string.h>

#include "pac.h"

#define MOST 65536

static void
show_time(const char *name, FILETIME time)
{
	printf("%s %llu\n", name,
		(unsigned long long)time.dwHighDateTime << 32 | time.dwLowDateTime);
}

static void
show_text(const char *name, const RPC_UNICODE_STRING *text)
{
	printf("%s %u %u ", name, text->Length, text->MaximumLength);
	for (unsigned i = 0; i < text->Length / 2; i++)
		printf("%04x", text->Buffer[i]);
	puts("");
}

static void
show_sid(const char *name, const SID *sid)
{
	uint64_t authority = 0;

	if (!sid) {
		printf("%s none\n", name);
		return;
	}
	for (int i = 0; i < 6; i++)
		authority = authority << 8 | sid->IdentifierAuthority[i];
	printf("%s S-%u-%llu", name, sid->Revision, (unsigned long long)authority);
	for (int i = 0; i < sid->SubAuthorityCount; i++)
		printf("-%u", sid->SubAuthority[i]);
	puts("");
}

static void
show_groups(const char *name, uint32_t n, const GROUP_MEMBERSHIP *groups)
{
	for (uint32_t i = 0; i < n; i++)
		printf("%s %u %u\n", name, groups[i].RelativeId, groups[i].Attributes);
}

static void
show_texts(const KERB_VALIDATION_INFO *info)
{
	show_text("EffectiveName", &info->EffectiveName);
	show_text("FullName", &info->FullName);
	show_text("LogonScript", &info->LogonScript);
	show_text("ProfilePath", &info->ProfilePath);
	show_text("HomeDirectory", &info->HomeDirectory);
	show_text("HomeDirectoryDrive", &info->HomeDirectoryDrive);
	show_text("LogonServer", &info->LogonServer);
	show_text("LogonDomainName", &info->LogonDomainName);
}

static void
show(const KERB_VALIDATION_INFO *info)
{
	show_time("LogonTime", info->LogonTime);
	show_time("LogoffTime", info->LogoffTime);
	show_time("PasswordLastSet", info->PasswordLastSet);
	show_time("PasswordMustChange", info->PasswordMustChange);
	show_texts(info);
	printf("LogonCount %u\nBadPasswordCount %u\nUserId %u\nPrimaryGroupId %u\n",
		info->LogonCount, info->BadPasswordCount, info->UserId, info->PrimaryGroupId);
	show_groups("GroupIds", info->GroupCount, info->GroupIds);
	printf("UserFlags %u\nUserSessionKey ", info->UserFlags);
	for (int i = 0; i < 16; i++)
		printf("%02x", info->UserSessionKey.data[i]);
	puts("");
	show_sid("LogonDomainId", info->LogonDomainId);
	printf("UserAccountControl %u\n", info->UserAccountControl);
	for (uint32_t i = 0; i < info->SidCount; i++) {
		show_sid("ExtraSids", info->ExtraSids[i].Sid);
		printf("ExtraSids %u\n", info->ExtraSids[i].Attributes);
	}
	show_sid("ResourceGroupDomainSid", info->ResourceGroupDomainSid);
	show_groups("ResourceGroupIds", info->ResourceGroupCount, info->ResourceGroupIds);
}

static int
again(const char *word, const KERB_VALIDATION_INFO *info, struct sp_error *reterr)
{
	enum sp_encoding encoding = strcmp(word, "1") == 0   ? SP_ENCODING_1
				    : strcmp(word, "2") == 0 ? SP_ENCODING_2
							     : SP_ENCODING_2_NDR64;
	sp_encoder *encoder = sp_encoder_new(encoding, NULL);
	sp_status status = RPC_S_OUT_OF_MEMORY;
	const void *bytes;
	size_t len;

	if (encoder)
		status = PKERB_VALIDATION_INFO_encode(
			encoder, (PKERB_VALIDATION_INFO)(uintptr_t)info, reterr);
	if (!status) {
		bytes = sp_encoder_bytes(encoder, &len);
		fwrite(bytes, 1, len, stdout);
	}
	sp_encoder_free(encoder);
	return status ? 1 : 0;
}

int
main(int argc, char **argv)
{
	static char bytes[MOST];
	size_t len = fread(bytes, 1, sizeof(bytes), stdin);
	struct sp_error error = {0};
	sp_decoder *decoder = sp_decoder_new(bytes, len, MOST * 8, &error);
	PKERB_VALIDATION_INFO info;
	int failed = 1;

	if (decoder && !PKERB_VALIDATION_INFO_decode(decoder, &info, &error) && info) {
		failed = 0;
		if (argc == 3)
			failed = again(argv[2], info, &error);
		else
			show(info);
	}
	if (failed)
		fprintf(stderr, "pac: %s\n", error.sentence);
	sp_decoder_free(decoder);
	return failed;
}
