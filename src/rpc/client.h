/* SPDX-License-Identifier: MIT */
/* The insides of sp_client, shared by the files of rpc/ only. */
#ifndef RPC_CLIENT_H
#define RPC_CLIENT_H

#include "rpc/call.h"
#include "rpc/link.h"

struct sp_client {
	sp_binding *binding;
	struct sp_client_options options; /* defaults filled in; the string is our copy */
	struct assoc_limits limits;
	struct link link;
	bool connected;
	bool local;
	char *peer;
};

/* connect.c: the first three phases. The engine is initialised on success. */
SP_NODISCARD sp_status client_connect(
	sp_client *, const struct sp_syntax_id *interface, struct sp_error *reterr);
/* When a phase that begins now and may take `timeout` must be over. */
sp_nanos client_deadline(const sp_client *, sp_nanos timeout);
/* Where, for sentences: the peer or what was asked for. */
const char *client_where(const sp_client *);

/* endpoint.c: the endpoint that the mapper names for an interface; *ret_endpoint is mem_free'd by the caller */
SP_NODISCARD sp_status endpoint_ask(sp_client *, const struct sp_syntax_id *interface,
	char **ret_endpoint, struct sp_error *reterr);

#endif
