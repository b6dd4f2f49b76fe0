/* SPDX-License-Identifier: MIT */
/* The client's half is only linked here, to see that it can be; nobody calls. */
#include <sallyport/stub.h>

sp_status
sp_call_invoke(sp_call *call, const struct sp_interface *interface, uint32_t opnum, void *args,
	struct sp_error *reterr)
{
	return RPC_S_CALL_FAILED;
}

sp_status
sp_call_start(sp_call *call, const struct sp_interface *interface, uint32_t opnum, void *args,
	sp_call_done *done, void *arg, struct sp_error *reterr)
{
	return RPC_S_CALL_FAILED;
}

bool
sp_call_is_deferred(const sp_call *call)
{
	return false;
}
