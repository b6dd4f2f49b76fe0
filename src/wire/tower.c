/* SPDX-License-Identifier: MIT */
#include "wire/tower.h"

#include "wire/bind.h"
#include "wire/request.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Protocol identifiers of floors: C706 appendix I, [MS-RPCE] 2.1.1 and 2.1.2 */
enum floor_id {
	FLOOR_NONE = 0,
	FLOOR_TCP = 0x07,
	FLOOR_UDP = 0x08,
	FLOOR_IP = 0x09,
	FLOOR_NCADG = 0x0a,
	FLOOR_NCACN = 0x0b,
	FLOOR_NCALRPC = 0x0c,
	FLOOR_UUID = 0x0d,
	FLOOR_SMB = 0x0f, /* [MS-RPCE] 2.1.1.2: instead of 0x10 */
	FLOOR_PIPE = 0x10,
	FLOOR_NETBIOS = 0x11,
	FLOOR_NETBEUI = 0x12, /* [MS-RPCE] 2.1.1.4-6: instead of 0x11 */
	FLOOR_SPX = 0x13,
	FLOOR_IPX = 0x14, /* [MS-RPCE] 2.1.2.2 */
	FLOOR_HTTP = 0x1f,
};

enum rhs_form { RHS_NONE, RHS_PORT, RHS_SMALL_PORT, RHS_IPV4, RHS_TEXT, RHS_IPX };

/*
 * One row a protocol sequence: floors 3, 4 and 5 and what their right sides hold. The network floors of
 * the NetBIOS family are what sets its three members apart; no document names them, so they are written
 * as the network below NetBIOS and read leniently.
 */
static const struct protseq_row {
	const char *name;
	uint8_t rpc, endpoint, network;
	enum rhs_form endpoint_form, network_form;
} rows[PROTSEQ_COUNT] = {
	[PROTSEQ_UNKNOWN] = {"unknown", 0, 0, 0, RHS_NONE, RHS_NONE},
	[NCACN_IP_TCP] = {"ncacn_ip_tcp", FLOOR_NCACN, FLOOR_TCP, FLOOR_IP, RHS_PORT, RHS_IPV4},
	[NCADG_IP_UDP] = {"ncadg_ip_udp", FLOOR_NCADG, FLOOR_UDP, FLOOR_IP, RHS_PORT, RHS_IPV4},
	[NCACN_NP] = {"ncacn_np", FLOOR_NCACN, FLOOR_SMB, FLOOR_NETBIOS, RHS_TEXT, RHS_TEXT},
	[NCALRPC] = {"ncalrpc", FLOOR_NCALRPC, FLOOR_PIPE, FLOOR_NONE, RHS_TEXT, RHS_NONE},
	[NCACN_HTTP] = {"ncacn_http", FLOOR_NCACN, FLOOR_HTTP, FLOOR_IP, RHS_PORT, RHS_IPV4},
	[NCACN_NB_TCP] = {"ncacn_nb_tcp", FLOOR_NCACN, FLOOR_NETBEUI, FLOOR_IP, RHS_SMALL_PORT,
		RHS_TEXT},
	[NCACN_NB_NB] = {"ncacn_nb_nb", FLOOR_NCACN, FLOOR_NETBEUI, FLOOR_NETBIOS, RHS_SMALL_PORT,
		RHS_TEXT},
	[NCACN_NB_IPX] = {"ncacn_nb_ipx", FLOOR_NCACN, FLOOR_NETBEUI, FLOOR_IPX, RHS_SMALL_PORT,
		RHS_TEXT},
	[NCACN_SPX] = {"ncacn_spx", FLOOR_NCACN, FLOOR_SPX, FLOOR_IPX, RHS_PORT, RHS_IPX},
	[NCADG_IPX] = {"ncadg_ipx", FLOOR_NCADG, FLOOR_IPX, FLOOR_NONE, RHS_PORT, RHS_NONE},
};

#define IPX_ADDRESS_SIZE 10 /* network and node */

const char *
protseq_name(enum protseq p)
{
	return (unsigned)p < PROTSEQ_COUNT ? rows[p].name : rows[PROTSEQ_UNKNOWN].name;
}

enum protseq
protseq_from_name(const char *name)
{
	for (unsigned i = PROTSEQ_UNKNOWN + 1; i < PROTSEQ_COUNT; i++)
		if (strcmp(rows[i].name, name) == 0)
			return (enum protseq)i;
	return PROTSEQ_UNKNOWN;
}

static uint8_t
floor_protocol(const struct tower *t, unsigned i)
{
	return i < t->n_floors && t->floors[i].lhs_len > 0 ? t->floors[i].lhs[0] : FLOOR_NONE;
}

static enum protseq
protseq_find(const struct tower *t)
{
	for (unsigned i = PROTSEQ_UNKNOWN + 1; i < PROTSEQ_COUNT; i++)
		if (floor_protocol(t, 2) == rows[i].rpc &&
			floor_protocol(t, 3) == rows[i].endpoint &&
			floor_protocol(t, 4) == rows[i].network)
			return (enum protseq)i;
	return PROTSEQ_UNKNOWN;
}

static void
hex_format(const uint8_t *bytes, size_t n, char *ret, size_t cap)
{
	size_t at = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < n && at + 3 <= cap; i++)
		at += (size_t)snprintf(ret + at, cap - at, "%02x", bytes[i]);
}

static bool
is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* Text keeps to printable characters: it ends up on terminals and in string bindings. */
static bool
text_get(const struct tower_floor *f, char *ret)
{
	size_t n = f->rhs_len;

	if (n > 0 && f->rhs[n - 1] == '\0')
		n--;
	if (n >= TOWER_MAX_ENDPOINT)
		return false;
	for (size_t i = 0; i < n; i++)
		if (f->rhs[i] < 0x20 || f->rhs[i] == 0x7f)
			return false;
	if (n > 0)
		memcpy(ret, f->rhs, n);
	ret[n] = '\0';
	return true;
}

/* False: the right side has not the form that its protocol prescribes. */
static bool
rhs_get(const struct tower_floor *f, enum rhs_form form, char *ret)
{
	const uint8_t *r = f->rhs;

	ret[0] = '\0';
	switch (form) {
	case RHS_PORT:
		if (f->rhs_len != 2)
			return false;
		snprintf(ret, TOWER_MAX_ENDPOINT, "%u", (unsigned)r[0] << 8 | r[1]);
		return true;
	case RHS_SMALL_PORT:
		if (f->rhs_len != 1)
			return false;
		snprintf(ret, TOWER_MAX_ENDPOINT, "%u", r[0]);
		return true;
	case RHS_IPV4:
		if (f->rhs_len != 4)
			return false;
		if (!is_zero(r, 4))
			snprintf(ret, TOWER_MAX_ENDPOINT, "%u.%u.%u.%u", r[0], r[1], r[2], r[3]);
		return true;
	case RHS_IPX:
		if (f->rhs_len != IPX_ADDRESS_SIZE)
			return false;
		if (!is_zero(r, IPX_ADDRESS_SIZE))
			hex_format(r, IPX_ADDRESS_SIZE, ret, TOWER_MAX_ENDPOINT);
		return true;
	case RHS_TEXT: return text_get(f, ret);
	case RHS_NONE: return true;
	}
	return false;
}

static void
floor_get(struct wire_in *in, struct tower_floor *f)
{
	in->what = "tower floor, left side";
	f->lhs_len = wire_in_u16(in);
	f->lhs = wire_in_bytes(in, f->lhs_len);
	in->what = "tower floor, right side";
	f->rhs_len = wire_in_u16(in);
	f->rhs = wire_in_bytes(in, f->rhs_len);
}

/* Floors 1 and 2: 0x0d, UUID and major version on the left, minor version on the right. */
static void
syntax_floor_get(struct wire_in *whole, const struct tower_floor *f, struct sp_syntax_id *ret)
{
	struct wire_in in = *whole;

	in.p = f->lhs;
	in.end = f->lhs + f->lhs_len;
	if (f->lhs_len != 19 || f->rhs_len != 2 || wire_in_u8(&in) != FLOOR_UUID) {
		wire_in_fail(&in, WIRE_MALFORMED);
		return;
	}
	uuid_get(&in, &ret->uuid);
	ret->major = wire_in_u16(&in);
	in.p = f->rhs;
	in.end = f->rhs + f->rhs_len;
	ret->minor = wire_in_u16(&in);
}

static void
meaning_get(struct wire_in *in, struct tower *t)
{
	const struct protseq_row *row;

	in->what = "interface floor";
	syntax_floor_get(in, &t->floors[0], &t->interface);
	in->what = "transfer syntax floor";
	if (wire_in_ok(in) && t->n_floors > 1)
		syntax_floor_get(in, &t->floors[1], &t->transfer);
	if (!wire_in_ok(in))
		return;
	t->protseq = protseq_find(t);
	row = &rows[t->protseq];
	if (t->protseq == PROTSEQ_UNKNOWN)
		return;
	in->what = "endpoint floor";
	if (!rhs_get(&t->floors[3], row->endpoint_form, t->endpoint))
		wire_in_fail(in, WIRE_MALFORMED);
	in->what = "address floor";
	if (row->network_form != RHS_NONE && !rhs_get(&t->floors[4], row->network_form, t->address))
		wire_in_fail(in, WIRE_MALFORMED);
}

bool
tower_get(const uint8_t *bytes, size_t len, struct tower *ret, struct wire_fault *fault)
{
	struct wire_in in;
	struct tower t = {0};

	wire_in_init(&in, bytes, len, false, fault);
	in.what = "tower floor count";
	t.n_floors = wire_in_u16(&in);
	/* [MS-RPCE] 3.1.3.5.3: towers with more than six floors are rejected; one without an interface says nothing */
	if (wire_in_ok(&in) && (t.n_floors < 1 || t.n_floors > TOWER_MAX_FLOORS))
		wire_in_fail(&in, WIRE_MALFORMED);
	for (unsigned i = 0; i < t.n_floors && wire_in_ok(&in); i++)
		floor_get(&in, &t.floors[i]);
	in.what = "tower length";
	if (wire_in_left(&in) > 0)
		wire_in_fail(&in, WIRE_MALFORMED);
	if (wire_in_ok(&in))
		meaning_get(&in, &t);
	if (!wire_in_ok(&in))
		return false;
	*ret = t;
	return true;
}

static void
syntax_floor_put(struct wire_out *out, const struct sp_syntax_id *id)
{
	wire_out_u16(out, 19);
	wire_out_u8(out, FLOOR_UUID);
	uuid_put(out, &id->uuid);
	wire_out_u16(out, id->major);
	wire_out_u16(out, 2);
	wire_out_u16(out, id->minor);
}

static bool
number_get(const char *text, unsigned max, unsigned *ret)
{
	char *end;
	unsigned long v;

	if (text[0] < '0' || text[0] > '9')
		return false;
	v = strtoul(text, &end, 10);
	if (*end != '\0' || v > max)
		return false;
	*ret = (unsigned)v;
	return true;
}

static bool
ipv4_put(struct wire_out *out, const char *text)
{
	wire_out_u16(out, 4);
	if (text[0] == '\0') {
		wire_out_zero(out, 4);
		return true;
	}
	for (unsigned i = 0; i < 4; i++) {
		char *end;
		unsigned long part = strtoul(text, &end, 10);

		if (!isdigit((unsigned char)*text) || part > 255 || *end != (i < 3 ? '.' : '\0'))
			return false;
		wire_out_u8(out, (uint8_t)part);
		text = end + 1;
	}
	return true;
}

static bool
ipx_put(struct wire_out *out, const char *text)
{
	wire_out_u16(out, IPX_ADDRESS_SIZE);
	if (text[0] == '\0') {
		wire_out_zero(out, IPX_ADDRESS_SIZE);
		return true;
	}
	if (strlen(text) != 2 * IPX_ADDRESS_SIZE)
		return false;
	for (unsigned i = 0; i < IPX_ADDRESS_SIZE; i++) {
		const char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};

		if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
			return false;
		wire_out_u8(out, (uint8_t)strtoul(digits, NULL, 16));
	}
	return true;
}

static bool
rhs_put(struct wire_out *out, enum rhs_form form, const char *text)
{
	unsigned number = 0;

	switch (form) {
	case RHS_PORT:
		if (text[0] != '\0' && !number_get(text, UINT16_MAX, &number))
			return false;
		wire_out_u16(out, 2);
		wire_out_be16(out, (uint16_t)number);
		return true;
	case RHS_SMALL_PORT:
		if (text[0] != '\0' && !number_get(text, UINT8_MAX, &number))
			return false;
		wire_out_u16(out, 1);
		wire_out_u8(out, (uint8_t)number);
		return true;
	case RHS_IPV4: return ipv4_put(out, text);
	case RHS_IPX: return ipx_put(out, text);
	case RHS_TEXT:
		wire_out_u16(out, (uint16_t)(strlen(text) + 1));
		wire_out_bytes(out, text, strlen(text) + 1);
		return true;
	case RHS_NONE: wire_out_u16(out, 0); return true;
	}
	return false;
}

static void
lhs_put(struct wire_out *out, uint8_t protocol)
{
	wire_out_u16(out, 1);
	wire_out_u8(out, protocol);
}

bool
tower_put(const struct tower *t, uint8_t *ret, size_t cap, size_t *ret_len)
{
	const struct protseq_row *row = &rows[t->protseq];
	struct wire_out out;

	if (t->protseq == PROTSEQ_UNKNOWN)
		return false;
	wire_out_init(&out, ret, cap);
	wire_out_u16(&out, row->network == FLOOR_NONE ? 4 : 5);
	syntax_floor_put(&out, &t->interface);
	syntax_floor_put(&out, &t->transfer);
	lhs_put(&out, row->rpc);
	wire_out_u16(&out, 2);
	wire_out_u16(&out, 0);
	lhs_put(&out, row->endpoint);
	if (!rhs_put(&out, row->endpoint_form, t->endpoint))
		return false;
	if (row->network != FLOOR_NONE) {
		lhs_put(&out, row->network);
		if (!rhs_put(&out, row->network_form, t->address))
			return false;
	}
	if (out.full)
		return false;
	*ret_len = wire_out_offset(&out);
	return true;
}

/* "0b:0000/07:0087": protocol and right side of the floors above the syntaxes */
static size_t
unknown_format(const struct tower *t, char *ret, size_t cap)
{
	char text[TOWER_MAX_SIZE];
	size_t at = 0;

	text[0] = '\0';
	for (unsigned i = 2; i < t->n_floors; i++) {
		char lhs[64], rhs[256];

		hex_format(t->floors[i].lhs, t->floors[i].lhs_len, lhs, sizeof(lhs));
		hex_format(t->floors[i].rhs, t->floors[i].rhs_len, rhs, sizeof(rhs));
		at += (size_t)snprintf(
			text + at, sizeof(text) - at, "%s%s:%s", i > 2 ? "/" : "", lhs, rhs);
	}
	return (size_t)snprintf(ret, cap, "unknown:%s", text);
}

size_t
tower_format(const struct tower *t, char *ret, size_t cap)
{
	if (t->protseq == PROTSEQ_UNKNOWN)
		return unknown_format(t, ret, cap);
	return (size_t)snprintf(
		ret, cap, "%s:%s[%s]", protseq_name(t->protseq), t->address, t->endpoint);
}
