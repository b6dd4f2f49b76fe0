/* SPDX-License-Identifier: MIT */
#include "assoc/states.h"

#include <stdint.h>

#include "wire/ptype.h"

#define ROW(PTYPE, a, b, c, d, e)                                                                  \
	[PTYPE_##PTYPE] = {ANSWER_##a, ANSWER_##b, ANSWER_##c, ANSWER_##d, ANSWER_##e},

static const uint8_t server_table[PTYPE_COUNT][SERVER_STATE_COUNT] = {SERVER_TABLE(ROW)};
static const uint8_t client_table[PTYPE_COUNT][CLIENT_STATE_COUNT] = {CLIENT_TABLE(ROW)};

enum assoc_answer
states_answer(enum assoc_side side, unsigned state, unsigned ptype)
{
	if (ptype >= PTYPE_COUNT)
		ptype = PTYPE_RTS;
	return side == SIDE_SERVER ? server_table[ptype][state] : client_table[ptype][state];
}

const char *
states_name(enum assoc_side side, unsigned state)
{
#define NAME(name) #name,
	static const char *const server_names[] = {SERVER_STATES(NAME)};
	static const char *const client_names[] = {CLIENT_STATES(NAME)};

	return side == SIDE_SERVER ? server_names[state] : client_names[state];
}

const char *
states_answer_name(enum assoc_answer answer)
{
	static const char *const names[] = {"none", ASSOC_ANSWERS(NAME)};

	return names[answer];
}
