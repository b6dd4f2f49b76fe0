/* SPDX-License-Identifier: MIT */
/* Interface pointers: a counted OBJREF that we do not look into ([MS-DCOM] 2.2.14). */
#include "ndr/pull.h"
#include "ndr/push.h"

void
sp_pull_object(struct sp_pull *pull, void *slot, const void *unused)
{
	uint32_t room = sp_pull_count(pull, 1), size = sp_pull_u32(pull);
	struct sp_object *object;

	(void)unused;
	sp_pull_expect(pull, size, room, "size of an object");
	object = sp_pull_alloc(pull, 1, sizeof(*object) + room);
	if (!object)
		return;
	object->size = size;
	sp_pull_bytes(pull, object->bytes, size);
	*(struct sp_object **)slot = object;
}

void
sp_push_object(struct sp_push *push, const void *pointee, const void *unused)
{
	const struct sp_object *object = pointee;

	(void)unused;
	sp_push_count(push, object->size);
	sp_push_u32(push, object->size);
	sp_push_bytes(push, object->bytes, object->size);
}
