/* SPDX-License-Identifier: MIT */
/* Asking the endpoint mapper. Until the stubs of the mapper's interface are there, a binding needs its endpoint. */
#include "base/error.h"
#include "rpc/client.h"

sp_status
endpoint_ask(sp_client *client, const struct sp_syntax_id *interface, char **ret_endpoint,
	struct sp_error *reterr)
{
	char uuid[SP_UUID_TEXT];

	sp_uuid_format(&interface->uuid, uuid);
	return error_set(reterr, SP_PHASE_DISCOVERY, RPC_S_NO_ENDPOINT_FOUND,
		"find the endpoint of %s %u.%u at %.100s - the binding names none, and asking the "
		"mapper is "
		"not supported yet - give the endpoint in brackets",
		uuid, interface->major, interface->minor, client_where(client));
}
