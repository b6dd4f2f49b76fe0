/* SPDX-License-Identifier: MIT */
/* Remote management, which every server offers: C706 appendix Q, [MS-RPCE] 2.2.1.3. */
#include <string.h>

#include "mgmt.h" /* made from idl/mgmt.idl */
#include "rpc/server.h"

static sp_server *
server_of(const sp_call *call)
{
	return call->connection->thread->server;
}

static void
inq_if_ids(sp_call *call, struct rpc_if_id_vector **if_id_vector, uint32_t *status)
{
	const sp_server *server = server_of(call);
	size_t n = server->n_registrations;
	struct rpc_if_id_vector *vector =
		sp_call_alloc(call, 1, sizeof(*vector) + n * sizeof(vector->if_id[0]));
	struct rpc_if_id *ids = sp_call_alloc(call, n, sizeof(*ids));

	if (!vector || !ids) {
		sp_call_raise(call, NCA_S_FAULT_REMOTE_NO_MEMORY);
		return;
	}
	vector->count = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		const struct sp_syntax_id *id = &server->registrations[i]->interface->id;

		ids[i] = (struct rpc_if_id){id->uuid, id->major, id->minor};
		vector->if_id[i] = &ids[i];
	}
	*if_id_vector = vector;
	*status = RPC_S_OK;
}

/* The counters are 32 bits wide on the wire and wrap there. */
static void
inq_stats(sp_call *call, uint32_t *count, uint32_t *statistics, uint32_t *status)
{
	const struct server_stats stats = server_stats(server_of(call));
	const uint32_t values[RPC_C_STATS_N] = {
		[RPC_C_STATS_CALLS_IN] = (uint32_t)stats.calls_in,
		[RPC_C_STATS_CALLS_OUT] = (uint32_t)stats.calls_out,
		[RPC_C_STATS_PKTS_IN] = (uint32_t)stats.packets_in,
		[RPC_C_STATS_PKTS_OUT] = (uint32_t)stats.packets_out,
	};

	if (*count > RPC_C_STATS_N)
		*count = RPC_C_STATS_N;
	if (*count > 0)
		memcpy(statistics, values, *count * sizeof(values[0]));
	*status = RPC_S_OK;
}

static uint32_t
is_server_listening(sp_call *call, uint32_t *status)
{
	(void)call;
	*status = RPC_S_OK;
	return 1;
}

/* Without an authorization function Windows lets nobody stop a server from afar. */
static void
stop_server_listening(sp_call *call, uint32_t *status)
{
	(void)call;
	*status = ERROR_ACCESS_DENIED;
}

static void
inq_princ_name(sp_call *call, uint32_t authn_proto, uint32_t princ_name_size, char *princ_name,
	uint32_t *status)
{
	(void)authn_proto;
	if (princ_name_size == 0) {
		sp_call_raise(call, RPC_X_BAD_STUB_DATA); /* no room for the terminator */
		return;
	}
	princ_name[0] = '\0';
	*status = RPC_S_UNKNOWN_AUTHN_SERVICE;
}

static const struct mgmt_handlers handlers = {
	.inq_if_ids = inq_if_ids,
	.inq_stats = inq_stats,
	.is_server_listening = is_server_listening,
	.stop_server_listening = stop_server_listening,
	.inq_princ_name = inq_princ_name,
};

sp_status
mgmt_register(sp_server *server, struct sp_error *reterr)
{
	const struct sp_interface_options options = {.no_mapper = true};

	return sp_server_register(server, &mgmt_server_interface, &handlers, &options, reterr);
}
