/* SPDX-License-Identifier: MIT */
/* rpc_mgmt_inq_if_ids, rpc_mgmt_inq_stats, rpc_mgmt_is_server_listening: C706 appendix Q, [MS-RPCE] 2.2.1.3. */
#include "probe/server.h"

#include "base/error.h"
#include "base/mem.h"
#include "mgmt.h"

void
probe_server_fini(struct probe_server *server)
{
	mem_free(server->binding);
	mem_free(server->interfaces);
	*server = (struct probe_server){0};
}

/* The server answered, but with a no: it does not tell that to us. */
static bool
is_refusal(const struct sp_error *error)
{
	return error->evidence == SP_EVIDENCE_FAULT;
}

static sp_status
said_no(const char *what, uint32_t said, struct sp_error *reterr)
{
	error_set(reterr, SP_PHASE_COMMUNICATION, said,
		"ask the server for %s - it returned status 0x%08x - it does not tell us", what,
		said);
	if (reterr) {
		reterr->evidence = SP_EVIDENCE_FAULT;
		reterr->fault_status = said;
	}
	return said;
}

static sp_status
interfaces_ask(sp_call *call, struct probe_server *server, struct sp_error *reterr)
{
	struct rpc_if_id_vector *vector = NULL;
	uint32_t said = 0;
	sp_status status = mgmt_inq_if_ids(call, &vector, &said, reterr);

	if (status)
		return status;
	if (said)
		return said_no("its interfaces", said, reterr);
	server->interfaces =
		mem_zalloc(vector ? vector->count + 1 : 1, sizeof(*server->interfaces));
	if (!server->interfaces)
		return error_no_memory(reterr);
	for (uint32_t i = 0; vector && i < vector->count; i++)
		if (vector->if_id[i])
			server->interfaces[server->n_interfaces++] = (struct sp_syntax_id){
				.uuid = vector->if_id[i]->uuid,
				.major = vector->if_id[i]->vers_major,
				.minor = vector->if_id[i]->vers_minor,
			};
	return 0;
}

static sp_status
statistics_ask(sp_call *call, struct probe_server *server, struct sp_error *reterr)
{
	struct sp_error error = {0};
	uint32_t n = PROBE_STATISTICS, said = 0;
	sp_status status = mgmt_inq_stats(call, &n, server->statistics, &said, &error);

	if (status && !is_refusal(&error)) {
		if (reterr)
			*reterr = error;
		return status;
	}
	if (!status && !said)
		server->n_statistics = n < PROBE_STATISTICS ? n : PROBE_STATISTICS;
	return 0;
}

static sp_status
listening_ask(sp_call *call, struct probe_server *server, struct sp_error *reterr)
{
	uint32_t said = 0, listening = 0;
	sp_status status = mgmt_is_server_listening(call, &said, &listening, reterr);

	if (status)
		return status;
	server->is_listening = listening && !said;
	return 0;
}

static sp_status
server_ask(sp_client *client, struct probe_server *server, struct sp_error *reterr)
{
	sp_call *call = sp_call_new(client);
	sp_status status = call ? 0 : error_no_memory(reterr);

	if (!status)
		status = interfaces_ask(call, server, reterr);
	if (!status)
		status = statistics_ask(call, server, reterr);
	if (!status)
		status = listening_ask(call, server, reterr);
	if (!status && !(server->binding = mem_strdup(sp_client_peer(client))))
		status = error_no_memory(reterr);
	sp_call_free(call);
	return status;
}

sp_status
probe_server_ask(const char *binding, const struct sp_client_options *options,
	const struct sp_syntax_id *interface, struct probe_server *ret, struct sp_error *reterr)
{
	struct probe_server server = {0};
	sp_client *client = NULL;
	sp_status status = sp_client_new(binding, options, &client, reterr);

	/* every server offers mgmt, so a mapper cannot say where it is: the interface leads there */
	if (!status && interface)
		status = sp_client_bind(client, interface, reterr);
	if (!status)
		status = server_ask(client, &server, reterr);
	sp_client_free(client);
	if (status)
		probe_server_fini(&server);
	else
		*ret = server;
	return status;
}
