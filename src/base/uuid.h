/* SPDX-License-Identifier: MIT */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <sallyport/binding.h>

#include <string.h>

void uuid_random(struct sp_uuid *ret); /* version 4, from getrandom(2) */
int uuid_compare(const struct sp_uuid *, const struct sp_uuid *);
uint64_t uuid_hash(const struct sp_uuid *);

static inline bool
syntax_equal(const struct sp_syntax_id *a, const struct sp_syntax_id *b)
{
	return sp_uuid_equal(&a->uuid, &b->uuid) && a->major == b->major && a->minor == b->minor;
}

#endif
