/* SPDX-License-Identifier: MIT */
/* Discovery: asking the endpoint mapper for an endpoint (ept_map, C706 appendix O, [MS-RPCE] 2.2.1.2.4). */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/uuid.h"
#include "epm.h"
#include "rpc/client.h"
#include "wire/bind.h"
#include "wire/tower.h"

#define EPT_MAP 3
#define MAX_TOWERS 16

struct endpoint_question {
	const sp_client *client;
	struct sp_syntax_id interface;
	sp_client *mapper;
	sp_call *call; /* holds the towers */
	struct epm_ept_map_args args;
	struct sp_uuid nil;
	ept_lookup_handle_t handle;
	twr_t *tower;
	void (*done)(void *arg);
	void *arg;
	sp_status status;
	struct sp_error error;
};

/* The client that asks: the same host, the mapper's endpoint, the time of the discovery phase. */
static sp_status
mapper_client(const sp_client *client, sp_client **ret, struct sp_error *reterr)
{
	struct sp_client_options options = client->options;
	char port[8], *text = NULL;
	sp_status status;

	options.max_connections = 1;
	options.connect_timeout = options.discovery_timeout;
	options.communication_timeout = options.discovery_timeout;
	options.deadline = client_deadline(client, options.discovery_timeout);
	snprintf(port, sizeof(port), "%u", options.mapper_port);
	status = sp_binding_compose(NULL, client->binding->protseq, client->binding->address,
		client->local ? "epmapper" : port, NULL, &text);
	if (status)
		return error_no_memory(reterr); /* the parts are good: they have been parsed */
	status = client_new_beside(client, text, &options, ret, reterr);
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

/* The first tower that we can use; its address is for those who want it ([MS-RPCE] 3.1.3.5.3 does not). */
static bool
answer_find(const struct endpoint_question *q, struct tower *ret)
{
	unsigned protseq = protseq_from_name(q->client->binding->protseq);

	for (uint32_t i = 0; i < *q->args.num_towers; i++) {
		const struct twr *twr = q->args.towers[i];
		struct wire_fault fault = {0};

		if (twr && tower_get(twr->tower_octet_string, twr->tower_length, ret, &fault) &&
			ret->protseq == protseq && *ret->endpoint)
			return true;
	}
	return false;
}

static bool
is_address(const char *text)
{
	struct address address;

	return *text && address_parse(text, 0, &address) && !address_is_any(&address);
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

/* --- the question itself --- */

void
endpoint_question_free(struct endpoint_question *q)
{
	if (!q)
		return;
	sp_call_free(q->call);
	sp_client_free(q->mapper);
	mem_free(q->tower);
	mem_free(q);
}

static void
on_answer(sp_call *call, sp_status status, const struct sp_error *error, void *arg)
{
	struct endpoint_question *q = arg;

	(void)call;
	q->status = status;
	if (status)
		q->error = *error;
	q->done(q->arg);
}

static sp_status
map(struct endpoint_question *q, struct sp_error *reterr)
{
	q->call = sp_call_new(q->mapper);
	if (!q->call)
		return error_no_memory(reterr);
	q->args = (struct epm_ept_map_args){.object = &q->nil,
		.map_tower = q->tower,
		.entry_handle = &q->handle,
		.max_towers = MAX_TOWERS};
	return sp_call_start(
		q->call, &epm_client_interface, EPT_MAP, &q->args, on_answer, q, reterr);
}

struct endpoint_question *
endpoint_ask(sp_client *client, const struct sp_syntax_id *interface, void (*done)(void *arg),
	void *arg, struct sp_error *reterr)
{
	struct endpoint_question *q = mem_zalloc(1, sizeof(*q));
	sp_status status = 0;

	if (!q) {
		error_no_memory(reterr);
		return NULL;
	}
	q->client = client;
	q->interface = *interface;
	q->done = done;
	q->arg = arg;
	q->tower = question_make(client, interface);
	if (!q->tower)
		status = error_no_memory(reterr);
	if (!status)
		status = mapper_client(client, &q->mapper, reterr);
	if (!status)
		status = map(q, reterr);
	if (!status)
		return q;
	endpoint_question_free(q);
	return NULL;
}

bool
endpoint_mapper_address(const struct endpoint_question *q, struct address *ret)
{
	const struct session *s;

	if (q->client->local || list_is_empty(&q->mapper->sessions))
		return false;
	s = list_entry(q->mapper->sessions.next, struct session, node);
	*ret = s->address;
	return true;
}

sp_status
endpoint_answer(struct endpoint_question *q, char **ret_endpoint, char **ret_advertised,
	struct sp_error *reterr)
{
	struct tower tower;

	if (q->status) {
		*reterr = q->error;
		return mapper_failed(q->status, reterr);
	}
	if (*q->args.status || !answer_find(q, &tower))
		return not_found(q->client, &q->interface, *q->args.status, reterr);
	*ret_endpoint = mem_strdup(tower.endpoint);
	*ret_advertised = is_address(tower.address) ? mem_strdup(tower.address) : NULL;
	return *ret_endpoint ? 0 : error_no_memory(reterr);
}

/* --- what is remembered --- */

const struct endpoint *
endpoint_find(const sp_client *client, const struct sp_syntax_id *interface)
{
	list_for (it, &client->endpoints) {
		const struct endpoint *e = list_entry(it, struct endpoint, node);

		if (syntax_equal(&e->interface, interface))
			return e;
	}
	return NULL;
}

static void
endpoint_free(struct endpoint *e)
{
	list_remove(&e->node);
	mem_free(e->endpoint);
	mem_free(e->advertised);
	mem_free(e);
}

void
endpoint_forget(sp_client *client, const struct sp_syntax_id *interface)
{
	list_for_safe (it, &client->endpoints) {
		struct endpoint *e = list_entry(it, struct endpoint, node);

		if (!interface || syntax_equal(&e->interface, interface))
			endpoint_free(e);
	}
}

void
endpoint_remember(sp_client *client, const struct sp_syntax_id *interface, const char *endpoint,
	const char *advertised)
{
	struct endpoint *e = mem_zalloc(1, sizeof(*e));

	endpoint_forget(client, interface);
	if (!e)
		return;
	list_init(&e->node);
	e->interface = *interface;
	e->learnt = time_now();
	e->endpoint = mem_strdup(endpoint);
	e->advertised = advertised ? mem_strdup(advertised) : NULL;
	if (e->endpoint)
		list_append(&client->endpoints, &e->node);
	else
		endpoint_free(e);
}
