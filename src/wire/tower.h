/* SPDX-License-Identifier: MIT */
/*
 * Protocol towers: what the endpoint mapper stores and returns (C706 appendix L,
 * [MS-RPCE] 2.2.1.2.1 and 3.3.1.2.1...). Little-endian whatever the PDU says, ports big-endian.
 */
#ifndef WIRE_TOWER_H
#define WIRE_TOWER_H

#include "wire/cursor.h"

/* Protocol sequences that mappers know; the table in tower.c gives floors and string form. */
enum protseq {
	PROTSEQ_UNKNOWN,
	NCACN_IP_TCP,
	NCADG_IP_UDP,
	NCACN_NP,
	NCALRPC,
	NCACN_HTTP,
	NCACN_NB_TCP,
	NCACN_NB_NB,
	NCACN_NB_IPX,
	NCACN_SPX,
	NCADG_IPX,
	PROTSEQ_COUNT
};
const char *protseq_name(enum protseq);           /* "ncacn_ip_tcp" */
enum protseq protseq_from_name(const char *name); /* PROTSEQ_UNKNOWN */

#define TOWER_MAX_FLOORS 6
#define TOWER_MAX_SIZE 2048 /* what we accept and make, bytes */
#define TOWER_MAX_ENDPOINT 256

struct tower_floor { /* views into the tower's bytes */
	const uint8_t *lhs, *rhs;
	uint16_t lhs_len, rhs_len;
};

struct tower {
	uint16_t n_floors;
	struct tower_floor floors[TOWER_MAX_FLOORS];
	/* what the floors say */
	struct sp_syntax_id interface;
	struct sp_syntax_id transfer;
	enum protseq protseq;
	char endpoint
		[TOWER_MAX_ENDPOINT]; /* "135", "\\pipe\\lsass", "name"; "" when the floor is empty */
	char address[TOWER_MAX_ENDPOINT]; /* dotted IPv4, host name, ...; "" for all zeroes */
};

/* Refuses more than 6 floors, fewer than 2..., a floor that leaves the tower, bytes left over; unknown floors are kept. */
bool tower_get(const uint8_t *bytes, size_t len, struct tower *ret, struct wire_fault *fault);
/*
 * Makes a tower from interface, transfer, protseq, endpoint and address. address may be "" (zeroes). False:
 * does not fit in cap, unknown protseq, port out of range.
 */
bool tower_put(const struct tower *, uint8_t *ret, size_t cap, size_t *ret_len);
/*
 * "ncacn_ip_tcp:192.0.2.1[49200]"; unknown floors as hex. At most cap bytes with the NUL; returns the length that
 * all of it needs.
 */
size_t tower_format(const struct tower *, char *ret, size_t cap);

#endif
