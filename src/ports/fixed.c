/* SPDX-License-Identifier: MIT */
#include "ports/fixed.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/uuid.h"
#include "ports/set.h"

#define NAME_MAX_LEN 63

/* UUIDs: [MS-DRSR] 2.1, [MS-SAMR] 1.9, [MS-LSAD] 1.9, [MS-DSSP] 1.9, [MS-NSPI] 1.9, [MS-NRPC] 1.9, [MS-FRS1] 1.9,
 * [MS-FRS2] 1.9 */
const struct ports_service ports_services[] = {
	{"ntds", "NTDS\\Parameters", "TCP/IP Port", "drsuapi, samr, lsarpc, dssetup, nspi",
		{{0xe3514235, 0x4b06, 0x11d1, {0xab, 0x04}, {0x00, 0xc0, 0x4f, 0xc2, 0xdc, 0xd2}},
			{0x12345778, 0x1234, 0xabcd, {0xef, 0x00},
				{0x01, 0x23, 0x45, 0x67, 0x89, 0xac}},
			{0x12345778, 0x1234, 0xabcd, {0xef, 0x00},
				{0x01, 0x23, 0x45, 0x67, 0x89, 0xab}},
			{0x3919286a, 0xb10c, 0x11d0, {0x9b, 0xa8},
				{0x00, 0xc0, 0x4f, 0xd9, 0x2e, 0xf5}},
			{0xf5cc5a18, 0x4264, 0x101a, {0x8c, 0x59},
				{0x08, 0x00, 0x2b, 0x2f, 0x84, 0x26}}}},
	{"netlogon", "Netlogon\\Parameters", "DCTcpipPort", "netlogon",
		{{0x12345678, 0x1234, 0xabcd, {0xef, 0x00}, {0x01, 0x23, 0x45, 0x67, 0xcf, 0xfb}}}},
	{"ntfrs", "NTFRS\\Parameters", "RPC TCP/IP Port Assignment", "frsrpc, frsapi",
		{{0xf5cc59b4, 0x4264, 0x101a, {0x8c, 0x59}, {0x08, 0x00, 0x2b, 0x2f, 0x84, 0x26}},
			{0xd049b186, 0x814f, 0x11d1, {0x9a, 0x3c},
				{0x00, 0xc0, 0x4f, 0xc9, 0xb2, 0x32}}}},
	{"dfsr", NULL, NULL, "frstransport",
		{{0x897e2e5f, 0x93f3, 0x4376, {0x9c, 0x9c}, {0xfd, 0x22, 0x77, 0x49, 0x5c, 0x27}}}},
	{0},
};

static const struct ports_service *
service_find(const char *name)
{
	for (const struct ports_service *s = ports_services; s->name; s++)
		if (!strcasecmp(s->name, name))
			return s;
	return NULL;
}

static bool
is_name(const char *text)
{
	size_t len = strlen(text);

	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-' && *p != '.')
			return false;
	return len > 0 && len <= NAME_MAX_LEN;
}

bool
ports_fixed_judge(
	const struct ports_pair *pair, struct ports_findings *findings, struct ports_fixed *ret)
{
	uint16_t first, last;

	*ret = (struct ports_fixed){.interface = pair->interface.text,
		.service = service_find(pair->interface.text),
		.place = pair->port.place};
	if (!is_name(pair->interface.text)) {
		ports_find(findings, PORTS_FAULT_FIXED_BAD_NAME, pair->interface.place,
			pair->interface.text, "a fixed port has neither a name nor a UUID");
		return false;
	}
	if (!sp_uuid_parse(pair->interface.text, &ret->uuid))
		ret->uuid = (struct sp_uuid){0};
	if (port_range_parse(pair->port.text, &first, &last) || first != last || first == 0 ||
		strchr(pair->port.text, '-')) {
		ports_find(findings, PORTS_FAULT_FIXED_BAD_PORT, pair->port.place, pair->port.text,
			"the fixed port of %s is not a port", pair->interface.text);
		return false;
	}
	ret->port = first;
	return true;
}

static bool
service_has(const struct ports_service *service, const struct sp_uuid *uuid)
{
	for (size_t i = 0; i < PORTS_SERVICE_INTERFACES; i++)
		if (!sp_uuid_is_nil(&service->uuids[i]) && sp_uuid_equal(&service->uuids[i], uuid))
			return true;
	return false;
}

const struct ports_fixed *
ports_fixed_find(
	const struct ports_fixed *fixed, size_t n, const struct sp_uuid *uuid, const char *name)
{
	const struct ports_fixed *by_name = NULL, *by_service = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct ports_fixed *f = &fixed[i];

		if (!sp_uuid_is_nil(&f->uuid)) {
			if (sp_uuid_equal(&f->uuid, uuid))
				return f;
		} else if (name && !strcasecmp(f->interface, name)) {
			by_name = f;
		} else if (f->service && service_has(f->service, uuid)) {
			by_service = f;
		}
	}
	return by_name ? by_name : by_service;
}
