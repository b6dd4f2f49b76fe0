/* SPDX-License-Identifier: MIT */
/* What strangers put behind their faults and requests: extended error information and verification trailers. */
#include <assert.h>
#include <string.h>

#include "rpc/extended.h"
#include "wire/verification.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What was read can be written and read again, and is the same then. */
static void
round_trip(const struct sp_error *error)
{
	struct buf *b = eerr_put(error->records, error->n_records);
	struct sp_error again = {0};

	assert(b);
	assert(eerr_get(b->data + b->start, buf_len(b), &again));
	assert(again.n_records == error->n_records);
	for (unsigned i = 0; i < again.n_records; i++) {
		assert(strlen(again.records[i].computer) < sizeof(again.records[i].computer));
		assert(again.records[i].status == error->records[i].status);
		assert(again.records[i].n_params == error->records[i].n_params);
	}
	buf_unref(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct verification v;
	struct sp_error error = {0};
	uint8_t room[VERIFICATION_MAX_SIZE + 16];
	struct wire_out out;

	if (eerr_get(bytes, len, &error)) {
		assert(error.n_records > 0 && error.n_records <= SP_ERROR_RECORDS);
		round_trip(&error);
	}
	if (verification_get(bytes, len, &v) == VERIFICATION_FOUND) {
		wire_out_init(&out, room, sizeof(room));
		assert(verification_put(&out, &v));
	}
	return 0;
}
