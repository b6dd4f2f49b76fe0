/* SPDX-License-Identifier: MIT */
#include "rpc/call.h"

#include <assert.h>
#include <string.h>

#include "auth/provider.h"
#include "base/mem.h"

void *
call_begin(size_t size, size_t max_memory)
{
	sp_call *call = mem_take(CALL_BLOCK);
	size_t whole = (size + 15) & ~(size_t)15;

	assert(whole + 512 <= CALL_BLOCK);
	if (!call)
		return NULL;
	memset(call, 0, size);
	arena_init_at(&call->arena, max_memory, (uint8_t *)call + whole, CALL_BLOCK - whole);
	list_init(&call->node);
	list_init(&call->work);
	return call;
}

void
call_end(sp_call *call)
{
	if (!call)
		return;
	list_remove(&call->node);
	auth_unref(call->auth);
	buf_slice_fini(&call->stub);
	arena_fini(&call->arena);
	mem_give(call, CALL_BLOCK);
}

void *
sp_call_alloc(sp_call *call, size_t n, size_t size)
{
	return arena_alloc(&call->arena, n, size);
}

struct sp_uuid
sp_call_object(const sp_call *call)
{
	return call->object;
}

void
sp_call_set_object(sp_call *call, const struct sp_uuid *object)
{
	call->has_object = object != NULL;
	call->object = object ? *object : (struct sp_uuid){0};
}

struct sp_uuid
sp_call_causality(const sp_call *call)
{
	return call->causality;
}

void
sp_call_set_causality(sp_call *call, const struct sp_uuid *causality)
{
	call->causality = causality ? *causality : (struct sp_uuid){0};
}

void
sp_call_set_timeout(sp_call *call, sp_nanos timeout)
{
	call->timeout = timeout;
}

void
sp_call_raise(sp_call *call, sp_status fault)
{
	call->raised = fault;
}

void
sp_call_defer(sp_call *call)
{
	call->deferred = true;
	atomic_store(&call->open_ends, 2);
}

bool
sp_call_is_deferred(const sp_call *call)
{
	return call->deferred;
}

void *
sp_call_args(const sp_call *call)
{
	return call->args;
}

bool
sp_call_is_cancelled(const sp_call *call)
{
	return atomic_load(&call->wish) != 0;
}

bool
sp_call_is_orphaned(const sp_call *call)
{
	return atomic_load(&call->wish) & CALL_ORPHANED;
}
