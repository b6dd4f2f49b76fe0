/* SPDX-License-Identifier: MIT */
#include "rpc/object.h"

#include <sallyport/binding.h>

#include "base/uuid.h"
#include "orpc.h"

/* [MS-DCOM] 2.2.11: the minor version is a promise of compatibility. */
#define MAJOR 5
#define MINOR 7
#define VERSION_MISMATCH 0x80010110u /* RPC_E_VERSION_MISMATCH */

void
orpc_push_this(const struct sp_interface *interface, sp_call *call, struct sp_push *push)
{
	orpc_this this = {.version = {MAJOR, MINOR}};
	const struct orpc_head_args args = {.this_ = &this};

	if (!interface->is_object)
		return;
	if (sp_uuid_is_nil(&call->causality))
		uuid_random(&call->causality);
	this.causality = call->causality;
	orpc_head_push_in(push, &args);
}

void
orpc_push_that(const struct sp_interface *interface, struct sp_push *push)
{
	orpc_that that = {0};
	const struct orpc_head_args args = {.that = &that};

	if (interface->is_object)
		orpc_head_push_out(push, &args);
}

void
orpc_pull_this(const struct sp_interface *interface, sp_call *call, struct sp_pull *pull)
{
	struct orpc_head_args args = {0};

	if (!interface->is_object)
		return;
	orpc_head_pull_in(pull, &args);
	if (!sp_pull_ok(pull))
		return;
	if (args.this_->version.major != MAJOR)
		sp_pull_fail(pull, VERSION_MISMATCH, "version of ORPCTHIS");
	call->causality = args.this_->causality;
}

void
orpc_pull_that(const struct sp_interface *interface, struct sp_pull *pull)
{
	struct orpc_head_args args = {0};

	if (interface->is_object)
		orpc_head_pull_out(pull, &args);
}
