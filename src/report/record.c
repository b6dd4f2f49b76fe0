/* SPDX-License-Identifier: MIT */
#include "report/record.h"

void
record_write(struct report *r, json_t *take_object)
{
	if (!take_object || json_dumpf(take_object, r->out, JSON_COMPACT))
		fputs("sallyport: a record could not be written\n", r->talk);
	putc('\n', r->out);
	json_decref(take_object);
}
