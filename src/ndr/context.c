/* SPDX-License-Identifier: MIT */
/* Context handles: attributes and a UUID, aligned to 4 (C706 14.3.12 and appendix N's ndr_context_handle). */
#include <sallyport/binding.h>

#include "ndr/ndr.h"

static void
context_pull(struct sp_pull *pull, struct sp_context_handle *ret, uint32_t type, bool null_allowed,
	bool shared)
{
	const struct ndr_contexts *c = pull->contexts;
	sp_status status;

	*ret = (struct sp_context_handle){.attributes = sp_pull_u32(pull)};
	sp_pull_uuid(pull, &ret->uuid);
	if (pull->status)
		return;
	if (sp_uuid_is_nil(&ret->uuid)) {
		if (!null_allowed)
			sp_pull_fail(pull, NCA_S_FAULT_CONTEXT_MISMATCH, "NULL context handle");
	} else if (c && c->resolve) {
		status = c->resolve(c->owner, type, shared, ret);
		if (status)
			sp_pull_fail(pull, status, "unknown context handle");
	}
}

void
sp_pull_context(
	struct sp_pull *pull, struct sp_context_handle *ret, uint32_t type, bool null_allowed)
{
	context_pull(pull, ret, type, null_allowed, false);
}

void
sp_pull_context_shared(
	struct sp_pull *pull, struct sp_context_handle *ret, uint32_t type, bool null_allowed)
{
	context_pull(pull, ret, type, null_allowed, true);
}

void
sp_push_context(struct sp_push *push, const struct sp_context_handle *handle, uint32_t type)
{
	const struct ndr_contexts *c = push->contexts;
	struct sp_context_handle wire = *handle;

	/* Also when the answer has failed already: what the handler made or dropped stays made or dropped. */
	if (c && c->settle && !c->settle(c->owner, type, &wire)) {
		sp_push_fail(push, NCA_S_FAULT_REMOTE_NO_MEMORY, "no more context handles");
		return;
	}
	sp_push_u32(push, wire.attributes);
	sp_push_uuid(push, &wire.uuid);
}
