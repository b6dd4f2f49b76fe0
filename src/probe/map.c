/* SPDX-License-Identifier: MIT */
/* ept_lookup and ept_map: C706 appendix O, [MS-RPCE] 2.2.1.2. */
#include "probe/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "epm.h"
#include "wire/bind.h"
#include "wire/tower.h"

#define MAX_ENTRIES 1000000u /* then the mapper is making them up */
#define MAX_MEMORY ((size_t)512 << 20)
#define MAX_TOWERS 64

void
probe_list_fini(struct probe_list *list)
{
	arena_fini(&list->arena);
	mem_free(list->entries);
	*list = (struct probe_list){0};
}

/* A mapper that is being asked. */
struct mapper {
	sp_client *client;
	sp_call *call;
	sp_binding *binding;
};

static void
mapper_close(struct mapper *m)
{
	sp_call_free(m->call);
	sp_client_free(m->client);
	sp_binding_free(m->binding);
}

static sp_status
mapper_open(struct mapper *ret, const char *text, const struct sp_client_options *options,
	struct sp_error *reterr)
{
	struct sp_client_options own = *options;
	struct mapper m = {0};
	sp_status status;

	own.communication_timeout =
		options->discovery_timeout; /* talking to a mapper is discovery */
	status = sp_binding_parse(text, &m.binding, reterr);
	if (!status)
		status = sp_client_new(text, &own, &m.client, reterr);
	if (!status && !(m.call = sp_call_new(m.client)))
		status = error_no_memory(reterr);
	if (status)
		mapper_close(&m);
	else
		*ret = m;
	return status;
}

/* What fails after the session is there fails in discovery. */
static sp_status
asked(sp_status status, struct sp_error *reterr)
{
	if (status && reterr && reterr->phase == SP_PHASE_COMMUNICATION)
		reterr->phase = SP_PHASE_DISCOVERY;
	return status;
}

static bool
is_end(uint32_t mapper_status)
{
	return mapper_status == EPT_NCA_NOT_REGISTERED || mapper_status == EPT_S_NOT_REGISTERED;
}

static sp_status
mapper_says(const struct mapper *m, const char *question, uint32_t mapper_status,
	struct sp_error *reterr)
{
	sp_status status = is_end(mapper_status)                      ? EPT_S_NOT_REGISTERED
			   : mapper_status == EPT_NCA_CANT_PERFORM_OP ? EPT_S_CANT_PERFORM_OP
								      : mapper_status;

	error_set(reterr, SP_PHASE_DISCOVERY, status,
		"ask the endpoint mapper of %.100s for %s - status 0x%08x - the mapper answers, "
		"but %s",
		*m->binding->address ? m->binding->address : "this host", question, mapper_status,
		is_end(mapper_status) ? "no running server has registered that"
				      : "it does not do it");
	if (reterr) {
		reterr->evidence = SP_EVIDENCE_MAPPER;
		reterr->fault_status = mapper_status;
		reterr->did_not_execute = true;
	}
	return status;
}

/* --- from towers to entries --- */

static struct probe_entry *
entry_new(struct probe_list *list)
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		struct probe_entry *more = mem_resize(list->entries, cap, sizeof(*more));

		if (!more)
			return NULL;
		list->entries = more;
		list->cap = cap;
	}
	list->entries[list->n] = (struct probe_entry){0};
	return &list->entries[list->n];
}

static const char *
binding_make(struct probe_list *list, const struct mapper *m, const struct tower *tower,
	const struct sp_uuid *object)
{
	const char *address = tower->address;
	char plain[3 * TOWER_MAX_ENDPOINT], *text = NULL;
	const char *kept;

	if (tower->protseq == PROTSEQ_UNKNOWN) {
		tower_format(tower, plain, sizeof(plain));
		return arena_strdup(&list->arena, plain);
	}
	if (!*address && tower->protseq != NCALRPC)
		address = m->binding->address;
	if (sp_binding_compose(sp_uuid_is_nil(object) ? NULL : object, protseq_name(tower->protseq),
		    address, tower->endpoint, NULL, &text))
		return NULL;
	kept = arena_strdup(&list->arena, text);
	free(text);
	return kept;
}

static bool
entry_add(struct probe_list *list, const struct mapper *m, const struct twr *twr,
	const struct sp_uuid *object, const char *annotation)
{
	struct wire_fault fault = {0};
	struct probe_entry *e;
	struct tower tower;

	if (!twr || !tower_get(twr->tower_octet_string, twr->tower_length, &tower, &fault)) {
		list->n_broken++;
		return true;
	}
	e = entry_new(list);
	if (!e)
		return false;
	e->interface = tower.interface;
	e->object = *object;
	e->protseq = tower.protseq == PROTSEQ_UNKNOWN ? "" : protseq_name(tower.protseq);
	e->annotation = arena_strdup(&list->arena, annotation);
	e->address = arena_strdup(&list->arena, tower.address);
	e->endpoint = arena_strdup(&list->arena, tower.endpoint);
	e->binding = binding_make(list, m, &tower, object);
	if (!e->annotation || !e->address || !e->endpoint || !e->binding)
		return false;
	list->n++;
	return true;
}

static int
entry_compare(const void *left, const void *right)
{
	const struct probe_entry *a = left, *b = right;
	int order = uuid_compare(&a->interface.uuid, &b->interface.uuid);

	if (!order)
		order = (int)a->interface.major - (int)b->interface.major;
	if (!order)
		order = (int)a->interface.minor - (int)b->interface.minor;
	if (!order)
		order = strcmp(a->annotation, b->annotation);
	return order ? order : strcmp(a->binding, b->binding);
}

/* --- the whole map --- */

static bool
page_add(struct probe_list *list, const struct mapper *m, const ept_entry_t *page, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		char annotation[sizeof(page[i].annotation) + 1] = "";

		memcpy(annotation, page[i].annotation, sizeof(page[i].annotation));
		if (!entry_add(list, m, page[i].tower, &page[i].object, annotation))
			return false;
	}
	return true;
}

/* Page by page until the mapper says that there is no more, or gives no handle to go on with. */
static sp_status
lookup(struct mapper *m, ept_entry_t *page, ept_lookup_handle_t *handle, struct probe_list *list,
	struct sp_error *reterr)
{
	do {
		uint32_t n = 0, mapper_status = 0;
		sp_status status = epm_ept_lookup(m->call, RPC_C_EP_ALL_ELTS, NULL, NULL,
			RPC_C_VERS_ALL, handle, EPT_MAX_ENTRIES, &n, page, &mapper_status, reterr);

		if (status)
			return asked(status, reterr);
		/* Samba says in one breath what it has and that there is no more */
		if ((!mapper_status || is_end(mapper_status)) && !page_add(list, m, page, n))
			return error_no_memory(reterr);
		if (is_end(mapper_status) || (!mapper_status && n == 0))
			return 0;
		if (mapper_status)
			return mapper_says(m, "its map", mapper_status, reterr);
		if (list->n + list->n_broken > MAX_ENTRIES) {
			error_set(reterr, SP_PHASE_DISCOVERY, RPC_S_PROTOCOL_ERROR,
				"read the map of %.100s - more than %u entries - the mapper does "
				"not come to an end",
				m->binding->address, MAX_ENTRIES);
			if (reterr)
				reterr->evidence = SP_EVIDENCE_PROTOCOL;
			return RPC_S_PROTOCOL_ERROR;
		}
	} while (!sp_uuid_is_nil(&handle->uuid));
	return 0;
}

/* A handle that we leave open costs the mapper memory until we close the connection, which we do next anyway. */
static void
handle_free(struct mapper *m, ept_lookup_handle_t *handle)
{
	uint32_t mapper_status;

	if (!sp_uuid_is_nil(&handle->uuid) &&
		epm_ept_lookup_handle_free(m->call, handle, &mapper_status, NULL))
		sp_client_disconnect(m->client);
}

sp_status
probe_map_list(const char *mapper, const struct sp_client_options *options, struct probe_list *ret,
	struct sp_error *reterr)
{
	struct probe_list list = {0};
	ept_lookup_handle_t handle = {0};
	ept_entry_t *page = mem_zalloc(EPT_MAX_ENTRIES, sizeof(*page));
	struct mapper m = {0};
	sp_status status;

	if (!page)
		return error_no_memory(reterr);
	arena_init(&list.arena, MAX_MEMORY);
	status = mapper_open(&m, mapper, options, reterr);
	if (!status) {
		status = lookup(&m, page, &handle, &list, reterr);
		if (!status)
			handle_free(&m, &handle);
		if (!status && list.n == 0)
			status = mapper_says(&m, "its map", EPT_S_NOT_REGISTERED, reterr);
		mapper_close(&m);
	}
	if (list.n)
		qsort(list.entries, list.n, sizeof(*list.entries), entry_compare);
	mem_free(page);
	if (status)
		probe_list_fini(&list);
	else
		*ret = list;
	return status;
}

/* --- one interface --- */

static twr_t *
question_new(const struct sp_syntax_id *interface, const char *protseq)
{
	struct tower tower = {.interface = *interface,
		.transfer = SYNTAX_NDR,
		.protseq = protseq_from_name(protseq)};
	twr_t *twr = mem_zalloc(1, sizeof(*twr) + TOWER_MAX_SIZE);
	size_t len;

	if (!twr || !tower_put(&tower, twr->tower_octet_string, TOWER_MAX_SIZE, &len)) {
		mem_free(twr);
		return NULL;
	}
	twr->tower_length = (uint32_t)len;
	return twr;
}

static sp_status
map_one(struct mapper *m, twr_t *question, const struct sp_uuid *object,
	const struct sp_syntax_id *interface, struct probe_list *list, struct sp_error *reterr)
{
	struct twr *towers[MAX_TOWERS] = {0};
	struct sp_uuid asked_object = object ? *object : (struct sp_uuid){0};
	ept_lookup_handle_t handle = {0};
	char text[SP_UUID_TEXT + 16], uuid[SP_UUID_TEXT];
	uint32_t n = 0, mapper_status = 0;
	sp_status status = epm_ept_map(m->call, &asked_object, question, &handle, MAX_TOWERS, &n,
		towers, &mapper_status, reterr);

	if (status)
		return asked(status, reterr);
	for (uint32_t i = 0; i < n && !mapper_status; i++)
		if (!entry_add(list, m, towers[i], &asked_object, ""))
			return error_no_memory(reterr);
	handle_free(m, &handle);
	if (list->n)
		return 0;
	sp_uuid_format(&interface->uuid, uuid);
	snprintf(text, sizeof(text), "%s %u.%u", uuid, interface->major, interface->minor);
	return mapper_says(m, text, mapper_status ? mapper_status : EPT_S_NOT_REGISTERED, reterr);
}

sp_status
probe_map_find(const char *mapper, const struct sp_client_options *options,
	const struct sp_syntax_id *interface, const struct sp_uuid *object, const char *protseq,
	struct probe_list *ret, struct sp_error *reterr)
{
	struct probe_list list = {0};
	struct mapper m = {0};
	twr_t *question = question_new(interface, protseq);
	sp_status status;

	if (!question)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_PROTSEQ_NOT_SUPPORTED,
			"ask for an interface over %.40s - no such protocol sequence - "
			"ncacn_ip_tcp, "
			"ncacn_np, ncalrpc and ncacn_http are the usual ones",
			protseq);
	arena_init(&list.arena, MAX_MEMORY);
	status = mapper_open(&m, mapper, options, reterr);
	if (!status) {
		status = map_one(&m, question, object, interface, &list, reterr);
		mapper_close(&m);
	}
	mem_free(question);
	if (status)
		probe_list_fini(&list);
	else
		*ret = list;
	return status;
}
