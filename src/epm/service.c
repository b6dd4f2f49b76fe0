/* SPDX-License-Identifier: MIT */
/* The handlers of idl/epm.idl: C706 appendix O, [MS-RPCE] 2.2.1.2. */
#include "epm/service.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sallyport/binding.h>

#include "base/error.h"
#include "base/mem.h"
#include "epm.h"
#include "epm/map.h"

#define OWNER_SELF UINT64_MAX /* connections are numbered from below */
#define ANNOTATION_SELF "Sallyport endpoint mapper"

static const struct sp_syntax_id NDR = {
	{0x8a885d04, 0x1ceb, 0x11c9, {0x9f, 0xe8}, {0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}}, 2, 0};

static struct service {
	struct map *map;
	unsigned n_lookups;
	sp_log_function *log;
	void *log_arg;
} service;

/* What a lookup handle stands for: the rest of an answer. */
struct lookup {
	struct map_answer answer;
	size_t at;
};

static void tell(enum sp_log_level, const char *fmt, ...) SP_PRINTF(2, 3);

static void
tell(enum sp_log_level level, const char *fmt, ...)
{
	char text[300];
	va_list args;

	if (!service.log)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	service.log(service.log_arg, level, text);
}

/* --- who may change the map --- */

static bool
may_register(sp_call *call, const char *what)
{
	uid_t uid;

	if (!sp_call_local_peer(call, NULL, &uid, NULL))
		tell(SP_LOG_WARNING, "%s from %s refused: only over ncalrpc", what,
			sp_call_peer(call));
	else if (uid != 0 && uid != geteuid())
		tell(SP_LOG_WARNING, "%s from %s refused: user %u is neither root nor the mapper's",
			what, sp_call_peer(call), uid);
	else
		return true;
	sp_call_raise(call, ERROR_ACCESS_DENIED);
	return false;
}

/* Views of the entries; NULL without memory. Entries without a tower become wishes that are invalid. */
static struct map_wish *
wishes_of(sp_call *call, const ept_entry_t *entries, uint32_t n)
{
	struct map_wish *wishes = sp_call_alloc(call, n ? n : 1, sizeof(*wishes));

	for (uint32_t i = 0; wishes && i < n; i++) {
		wishes[i].object = entries[i].object;
		wishes[i].annotation = entries[i].annotation;
		if (!entries[i].tower)
			continue;
		wishes[i].tower = entries[i].tower->tower_octet_string;
		wishes[i].tower_len = entries[i].tower->tower_length;
	}
	return wishes;
}

static void
on_insert(
	sp_call *call, uint32_t num_ents, ept_entry_t *entries, uint32_t replace, uint32_t *status)
{
	struct map_wish *wishes;

	if (!may_register(call, "ept_insert"))
		return;
	wishes = wishes_of(call, entries, num_ents);
	*status = wishes ? map_insert(service.map, sp_call_connection(call), wishes, num_ents,
				   replace != 0)
			 : RPC_S_OUT_OF_MEMORY;
	tell(SP_LOG_INFO, "%s registers %u entries: status 0x%x, %zu in the map",
		sp_call_peer(call), num_ents, *status, map_count(service.map));
}

static void
on_delete(sp_call *call, uint32_t num_ents, ept_entry_t *entries, uint32_t *status)
{
	struct map_wish *wishes;

	if (!may_register(call, "ept_delete"))
		return;
	wishes = wishes_of(call, entries, num_ents);
	*status = wishes ? map_delete(service.map, sp_call_connection(call), wishes, num_ents)
			 : RPC_S_OUT_OF_MEMORY;
	tell(SP_LOG_INFO, "%s takes back %u entries: status 0x%x, %zu in the map",
		sp_call_peer(call), num_ents, *status, map_count(service.map));
}

static void
on_connection_closed(void *arg, uint64_t connection)
{
	size_t n = map_owner_gone(service.map, connection);

	if (n > 0)
		tell(SP_LOG_INFO, "a server has gone: its %zu entries are withdrawn, %zu remain", n,
			map_count(service.map));
}

/* --- answers --- */

/* The IPv4 address that the caller dialled, in network order; 0: it did not come that way. */
static uint32_t
dialled(sp_call *call)
{
	static const char prefix[] = "ncacn_ip_tcp:";
	const char *local = sp_call_local(call);
	char text[INET_ADDRSTRLEN];
	struct in_addr address;
	size_t len;

	if (strncmp(local, prefix, sizeof(prefix) - 1) != 0)
		return 0;
	local += sizeof(prefix) - 1;
	len = strcspn(local, "[");
	if (len >= sizeof(text))
		return 0;
	memcpy(text, local, len);
	text[len] = '\0';
	return inet_pton(AF_INET, text, &address) == 1 ? address.s_addr : 0;
}

/* A server that listens on every address is at the one that the caller already uses. */
static twr_t *
tower_of(sp_call *call, const struct map_entry *e, uint32_t address)
{
	twr_t *tower = sp_call_alloc(call, 1, sizeof(*tower) + e->tower_len);

	if (!tower)
		return NULL;
	tower->tower_length = e->tower_len;
	memcpy(tower->tower_octet_string, e->tower, e->tower_len);
	if (e->address_at)
		memcpy(tower->tower_octet_string + e->address_at, &address, sizeof(address));
	return tower;
}

static void
lookup_free(struct lookup *lookup)
{
	if (!lookup)
		return;
	map_answer_free(&lookup->answer);
	mem_free(lookup);
	service.n_lookups--;
}

/* A lookup that begins. *ret NULL and EPT_NCA_NOT_REGISTERED when nothing was found. */
static sp_status
lookup_new(const struct map_query *query, struct lookup **ret)
{
	struct lookup *lookup;
	sp_status status;

	if (service.n_lookups >= SERVICE_MAX_LOOKUPS)
		return EPT_NCA_CANT_PERFORM_OP;
	lookup = mem_zalloc(1, sizeof(*lookup));
	if (!lookup)
		return RPC_S_OUT_OF_MEMORY;
	service.n_lookups++;
	status = map_find(service.map, query, &lookup->answer);
	if (!status && lookup->answer.n == 0)
		status = EPT_NCA_NOT_REGISTERED;
	if (status)
		lookup_free(lookup);
	else
		*ret = lookup;
	return status;
}

/* `open`: the handle stays although nothing is left, for the caller to be told so. */
static void
lookup_keep(struct lookup *lookup, ept_lookup_handle_t *handle, bool open)
{
	bool keep = lookup && (open || lookup->at < lookup->answer.n);

	handle->user = keep ? lookup : NULL;
	if (!keep)
		lookup_free(lookup);
}

/* --- ept_lookup --- */

static sp_status
query_of(uint32_t inquiry, const struct sp_uuid *object, const rpc_if_id_t *id, uint32_t versions,
	struct map_query *ret, struct sp_syntax_id *interface)
{
	static const struct sp_uuid nil;

	if (inquiry > RPC_C_EP_MATCH_BY_BOTH)
		return EPT_NCA_CANT_PERFORM_OP;
	if (inquiry & RPC_C_EP_MATCH_BY_OBJ)
		ret->object = object ? object : &nil;
	if (!(inquiry & RPC_C_EP_MATCH_BY_IF))
		return 0;
	if (!id || versions > RPC_C_VERS_UPTO)
		return EPT_NCA_CANT_PERFORM_OP;
	*interface = (struct sp_syntax_id){id->uuid, id->vers_major, id->vers_minor};
	ret->interface = interface;
	ret->versions = versions ? (enum map_versions)versions : MAP_ANY_VERSION;
	return 0;
}

static sp_status
entries_fill(
	sp_call *call, struct lookup *lookup, uint32_t max, ept_entry_t *entries, uint32_t *ret_n)
{
	uint32_t address = dialled(call);

	if (lookup->at == lookup->answer.n)
		return EPT_NCA_NOT_REGISTERED;
	while (*ret_n < max && lookup->at < lookup->answer.n) {
		const struct map_entry *e = lookup->answer.entries[lookup->at];
		ept_entry_t *to = &entries[*ret_n];

		to->object = e->object;
		to->tower = tower_of(call, e, address);
		if (!to->tower)
			return *ret_n ? 0 : RPC_S_OUT_OF_MEMORY;
		memcpy(to->annotation, e->annotation, sizeof(to->annotation));
		lookup->at++;
		(*ret_n)++;
	}
	return 0;
}

/*
 * Clients know the end of a list in two ways: impacket asks for the most that may be asked for and
 * stops at a nil handle; Samba's rpcclient asks for ten and stops only at ept_s_not_registered - with a nil
 * handle it would begin again.
 */
static void
on_lookup(sp_call *call, uint32_t inquiry_type, struct sp_uuid *object, rpc_if_id_t *interface_id,
	uint32_t vers_option, ept_lookup_handle_t *entry_handle, uint32_t max_ents,
	uint32_t *num_ents, ept_entry_t *entries, uint32_t *status)
{
	struct lookup *lookup = entry_handle->user;
	struct map_query query = {0};
	struct sp_syntax_id interface;

	*num_ents = 0;
	*status = max_ents ? 0 : RPC_S_INVALID_ARG;
	if (!*status && !lookup) {
		*status = query_of(
			inquiry_type, object, interface_id, vers_option, &query, &interface);
		if (!*status)
			*status = lookup_new(&query, &lookup);
	}
	if (!*status)
		*status = entries_fill(call, lookup, max_ents, entries, num_ents);
	lookup_keep(lookup, entry_handle, !*status && max_ents < EPT_MAX_ENTRIES);
}

/* --- ept_map --- */

/*
 * [MS-RPCE] 2.2.1.2.5: entries of the nil object match whatever object is asked for. The caller's
 * minor version has to be one that the server includes.
 */
static sp_status
map_query_of(const twr_t *map_tower, const struct sp_uuid *object, struct tower *tower,
	struct map_query *ret)
{
	static const struct sp_uuid nil;
	struct wire_fault fault = {0};

	if (!map_tower ||
		!tower_get(map_tower->tower_octet_string, map_tower->tower_length, tower, &fault))
		return EPT_NCA_CANT_PERFORM_OP;
	if (tower->protseq == PROTSEQ_UNKNOWN)
		return EPT_NCA_NOT_REGISTERED;
	*ret = (struct map_query){
		.object = object ? object : &nil,
		.or_nil_object = true,
		.interface = &tower->interface,
		.versions = MAP_COMPATIBLE,
		.transfer = &tower->transfer,
		.protseq = tower->protseq,
	};
	return 0;
}

static sp_status
towers_fill(
	sp_call *call, struct lookup *lookup, uint32_t max, struct twr **towers, uint32_t *ret_n)
{
	uint32_t address = dialled(call);

	while (*ret_n < max && lookup->at < lookup->answer.n) {
		towers[*ret_n] = tower_of(call, lookup->answer.entries[lookup->at], address);
		if (!towers[*ret_n])
			return *ret_n ? 0 : RPC_S_OUT_OF_MEMORY;
		lookup->at++;
		(*ret_n)++;
	}
	return 0;
}

static void
on_map(sp_call *call, struct sp_uuid *object, twr_t *map_tower, ept_lookup_handle_t *entry_handle,
	uint32_t max_towers, uint32_t *num_towers, struct twr **towers, uint32_t *status)
{
	struct lookup *lookup = entry_handle->user;
	struct map_query query;
	struct tower tower;

	*num_towers = 0;
	*status = max_towers ? 0 : RPC_S_INVALID_ARG;
	if (!*status && !lookup) {
		*status = map_query_of(map_tower, object, &tower, &query);
		if (!*status)
			*status = lookup_new(&query, &lookup);
	}
	if (!*status)
		*status = towers_fill(call, lookup, max_towers, towers, num_towers);
	lookup_keep(lookup, entry_handle, false);
}

static void
on_handle_free(sp_call *call, ept_lookup_handle_t *entry_handle, uint32_t *status)
{
	lookup_free(entry_handle->user);
	entry_handle->user = NULL;
	*status = 0;
}

static void
on_rundown(void *user)
{
	lookup_free(user);
}

/* ept_inq_object and ept_mgmt_delete are not supported: [MS-RPCE] 2.2.1.2.9 and 2.2.1.2.10 */
static const struct epm_handlers handlers = {
	.ept_insert = on_insert,
	.ept_delete = on_delete,
	.ept_lookup = on_lookup,
	.ept_map = on_map,
	.ept_lookup_handle_free = on_handle_free,
	.ept_lookup_handle_t_rundown = on_rundown,
};

/* --- the service --- */

bool
service_init(sp_log_function *log, void *log_arg)
{
	service = (struct service){.map = map_new(), .log = log, .log_arg = log_arg};
	return service.map != NULL;
}

void
service_fini(void)
{
	map_free(service.map);
	service.map = NULL;
}

sp_status
service_register(sp_server *server, struct sp_error *reterr)
{
	struct sp_interface_options options = {
		.annotation = ANNOTATION_SELF,
		.no_mapper = true,
		.connection_closed = on_connection_closed,
	};

	return sp_server_register(server, &epm_server_interface, &handlers, &options, reterr);
}

static sp_status
self_wish(
	const char *text, uint8_t *room, size_t cap, struct map_wish *ret, struct sp_error *reterr)
{
	struct tower tower = {.interface = epm_server_interface.id, .transfer = NDR};
	sp_binding *binding;
	sp_status status = sp_binding_parse(text, &binding, reterr);

	if (status)
		return status;
	tower.protseq = protseq_from_name(binding->protseq);
	snprintf(tower.endpoint, sizeof(tower.endpoint), "%s", binding->endpoint);
	if (!strchr(binding->address, ':')) /* a tower has no room for IPv6 */
		snprintf(tower.address, sizeof(tower.address), "%s", binding->address);
	sp_binding_free(binding);
	*ret = (struct map_wish){.annotation = ANNOTATION_SELF, .tower = room};
	return tower_put(&tower, room, cap, &ret->tower_len)
		       ? 0
		       : error_set(reterr, SP_PHASE_NONE, EPT_S_INVALID_ENTRY,
				 "enter the mapper at %.100s into its own map - it makes no tower",
				 text);
}

sp_status
service_enter_self(const sp_server *server, struct sp_error *reterr)
{
	sp_status status = 0;

	for (size_t i = 0; i < sp_server_n_bindings(server) && !status; i++) {
		uint8_t room[MAP_MAX_TOWER];
		struct map_wish wish;

		status = self_wish(sp_server_binding(server, i), room, sizeof(room), &wish, reterr);
		if (status)
			break;
		status = map_insert(service.map, OWNER_SELF, &wish, 1, false);
		if (status)
			error_set(reterr, SP_PHASE_NONE, status,
				"enter the mapper at %.100s into its own map - it was refused",
				sp_server_binding(server, i));
	}
	return status;
}
