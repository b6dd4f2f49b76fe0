/* SPDX-License-Identifier: MIT */
#include "wire/ptype.h"

#include "wire/pdu.h"

static const struct {
	const char *name, *clause;
	size_t shortest;
	unsigned senders;
} types[PTYPE_COUNT] = {
#define PTYPE_ROW(NAME, number, name, senders, shortest, clause)                                   \
	[number] = {name, clause, shortest, senders},
	PTYPE_TABLE(PTYPE_ROW)
#undef PTYPE_ROW
};

const char *
ptype_name(unsigned ptype)
{
	return ptype < PTYPE_COUNT ? types[ptype].name : "unknown";
}

const char *
ptype_clause(unsigned ptype)
{
	return ptype < PTYPE_COUNT ? types[ptype].clause : NULL;
}

size_t
ptype_shortest(unsigned ptype)
{
	return ptype < PTYPE_COUNT ? types[ptype].shortest : PDU_HEADER_SIZE;
}

bool
ptype_is_from(unsigned ptype, unsigned sender)
{
	return ptype < PTYPE_COUNT && (types[ptype].senders & sender) != 0;
}
