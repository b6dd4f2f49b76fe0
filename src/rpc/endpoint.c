/* SPDX-License-Identifier: MIT */
/* Discovery: asking the endpoint mapper for an endpoint (ept_map, C706 appendix O, [MS-RPCE] 2.2.1.2.4). */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "epm.h"
#include "rpc/client.h"
#include "wire/bind.h"
#include "wire/tower.h"

#define MAX_TOWERS 16

/* The client that asks: the same host, the mapper's endpoint, the time of the discovery phase. */
static sp_status
mapper_client(const sp_client *client, sp_client **ret, struct sp_error *reterr)
{
	struct sp_client_options options = client->options;
	char port[8], *text = NULL;
	sp_status status;

	options.connect_timeout = options.discovery_timeout;
	options.communication_timeout = options.discovery_timeout;
	options.deadline = client_deadline(client, options.discovery_timeout);
	snprintf(port, sizeof(port), "%u", options.mapper_port);
	status = sp_binding_compose(NULL, client->binding->protseq, client->binding->address,
		client->local ? "epmapper" : port, NULL, &text);
	if (!status)
		status = sp_client_new(text, &options, ret, reterr);
	mem_free(text);
	return status;
}

/* A tower that asks for the interface over the client's protocol sequence at any endpoint. */
static twr_t *
question_make(const sp_client *client, const struct sp_syntax_id *interface)
{
	struct tower tower = {.interface = *interface,
		.transfer = SYNTAX_NDR,
		.protseq = protseq_from_name(client->binding->protseq)};
	twr_t *twr = mem_zalloc(1, sizeof(*twr) + TOWER_MAX_SIZE);
	size_t len;

	if (!twr || !tower_put(&tower, twr->tower_octet_string, TOWER_MAX_SIZE, &len)) {
		mem_free(twr);
		return NULL;
	}
	twr->tower_length = (uint32_t)len;
	return twr;
}

/* The first tower that we can use. The address in it is not looked at: [MS-RPCE] 3.1.3.5.3. */
static char *
answer_endpoint(const sp_client *client, struct twr **towers, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct wire_fault fault = {0};
		struct tower tower;

		if (towers[i] &&
			tower_get(towers[i]->tower_octet_string, towers[i]->tower_length, &tower,
				&fault) &&
			tower.protseq == protseq_from_name(client->binding->protseq) &&
			*tower.endpoint)
			return mem_strdup(tower.endpoint);
	}
	return NULL;
}

static sp_status
not_found(const sp_client *client, const struct sp_syntax_id *interface, uint32_t mapper_status,
	struct sp_error *reterr)
{
	char uuid[SP_UUID_TEXT];
	sp_status status;

	sp_uuid_format(&interface->uuid, uuid);
	status = error_set(reterr, SP_PHASE_DISCOVERY, EPT_S_NOT_REGISTERED,
		"ask the endpoint mapper of %.100s for %s %u.%u over %s - status 0x%08x - the "
		"mapper answers, but no running server has registered this interface",
		*client->binding->address ? client->binding->address : "this host", uuid,
		interface->major, interface->minor, client->binding->protseq, mapper_status);
	if (reterr) {
		reterr->evidence = SP_EVIDENCE_MAPPER;
		reterr->fault_status = mapper_status;
		reterr->did_not_execute = true;
	}
	return status;
}

/* Whatever kept us from the mapper belongs to discovery, but for the name, which is the host's own. */
static sp_status
mapper_failed(sp_status status, struct sp_error *reterr)
{
	char sentence[sizeof(reterr->sentence)];

	if (!reterr)
		return status;
	reterr->did_not_execute = true;
	if (reterr->phase == SP_PHASE_NAME_RESOLUTION || reterr->phase == SP_PHASE_NONE)
		return status;
	if (status != ERROR_ACCESS_DENIED && status != RPC_S_OUT_OF_MEMORY)
		status = RPC_S_SERVER_UNAVAILABLE;
	reterr->phase = SP_PHASE_DISCOVERY;
	reterr->status = status;
	memcpy(sentence, reterr->sentence, sizeof(sentence));
	snprintf(reterr->sentence, sizeof(reterr->sentence), "ask the endpoint mapper - %.370s",
		sentence);
	return status;
}

static sp_status
map(sp_client *mapper, twr_t *question, struct twr **towers, uint32_t *ret_n,
	uint32_t *ret_mapper_status, sp_call **ret_call, struct sp_error *reterr)
{
	sp_call *call = sp_call_new(mapper);
	struct sp_uuid nil = {0};
	ept_lookup_handle_t handle = {0};
	sp_status status;

	if (!call)
		return error_no_memory(reterr);
	status = epm_ept_map(call, &nil, question, &handle, MAX_TOWERS, ret_n, towers,
		ret_mapper_status, reterr);
	*ret_call = call; /* holds the towers */
	return status;
}

sp_status
endpoint_ask(sp_client *client, const struct sp_syntax_id *interface, char **ret_endpoint,
	struct sp_error *reterr)
{
	struct sp_error error = {0};
	struct twr *towers[MAX_TOWERS] = {0};
	uint32_t n = 0, mapper_status = 0;
	sp_client *mapper = NULL;
	sp_call *call = NULL;
	char *endpoint = NULL;
	twr_t *question = question_make(client, interface);
	sp_status status =
		question ? mapper_client(client, &mapper, &error) : error_no_memory(&error);

	if (!status)
		status = map(mapper, question, towers, &n, &mapper_status, &call, &error);
	if (status) {
		status = mapper_failed(status, &error);
		goto out;
	}
	if (mapper_status == 0)
		endpoint = answer_endpoint(client, towers, n);
	if (endpoint)
		*ret_endpoint = endpoint;
	else
		status = not_found(client, interface, mapper_status, &error);
out:
	if (status && reterr)
		*reterr = error;
	sp_call_free(call);
	sp_client_free(mapper);
	mem_free(question);
	return status;
}
