/* SPDX-License-Identifier: MIT */
/* assoc/states.h as a page and as a picture. */
#ifndef STATES_DRAWING_H
#define STATES_DRAWING_H

#include <stdint.h>
#include <stdio.h>

#include "assoc/states.h"
#include "wire/ptype.h"

/* Both sides have as many: SERVER_STATE_COUNT, CLIENT_STATE_COUNT. */
#define DRAWING_STATES 5

/* What the owner of a connection does is a reason to move, too: one row more than there are PDU types. */
#define DRAWING_OWNER PTYPE_COUNT

/* What the walk saw: moves[side][state][PDU type] has bit n set when a connection was in state n afterwards. */
struct drawing_moves {
	uint8_t seen[2][DRAWING_STATES][PTYPE_COUNT + 1];
};

void drawing_markdown(FILE *);
void drawing_svg(FILE *, const struct drawing_moves *);

#endif
