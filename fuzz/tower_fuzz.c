/* SPDX-License-Identifier: MIT */
/* A tower that was read, when its protocol sequence is known, is made again and says the same. */
#include <assert.h>
#include <string.h>

#include "wire/tower.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct wire_fault fault = {0};
	struct tower t, again;
	uint8_t room[TOWER_MAX_SIZE];
	char text[600];
	size_t made;

	if (!tower_get(bytes, len, &t, &fault)) {
		assert(fault.bad != WIRE_OK && fault.what);
		return 0;
	}
	assert(t.n_floors <= TOWER_MAX_FLOORS);
	tower_format(&t, text, sizeof(text));
	if (t.protseq == PROTSEQ_UNKNOWN)
		return 0;
	assert(tower_put(&t, room, sizeof(room), &made));
	assert(tower_get(room, made, &again, &fault));
	assert(again.protseq == t.protseq && strcmp(again.endpoint, t.endpoint) == 0 &&
		strcmp(again.address, t.address) == 0);
	return 0;
}
