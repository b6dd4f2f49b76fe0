/* SPDX-License-Identifier: MIT */
/* The handlers of idl/epm.idl: C706 appendix O, [MS-RPCE] 2.2.1.2. */
#include "epm/service.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sallyport/binding.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/uuid.h"
#include "epm.h"
#include "epm/addresses.h"
#include "epm/lookup.h"
#include "epm/map.h"
#include "epm/sockets.h"
#include "rpc/server.h"
#include "wire/bind.h"

#define OWNER_SELF UINT64_MAX /* connections are numbered from below */
#define OWNER_STATIC(n) (UINT64_MAX - 1 - (n))
#define IS_STATIC(owner) ((owner) > UINT64_MAX / 2 && (owner) != OWNER_SELF)
#define ANNOTATION_SELF "Sallyport endpoint mapper"

static struct service {
	struct map *map;
	struct lookups *lookups;
	struct addresses *addresses;
	struct admission *admission;
	struct settings *defaults; /* when nobody gives any */
	const struct settings *settings;
	struct sp_uuid object; /* of the mapper: ept_inq_object */
	const char *ncalrpc_dir;
	sp_log_function *log;
	void (*audit)(void *arg, const char *line);
	void *log_arg;
} service;

static struct service_figures figures;

enum op { OP_INSERT, OP_DELETE, OP_LOOKUP, OP_MAP, OP_FREE, OP_INQ_OBJECT, OP_MGMT_DELETE };
static const char *const op_names[] = {"ept_insert", "ept_delete", "ept_lookup", "ept_map",
	"ept_lookup_handle_free", "ept_inq_object", "ept_mgmt_delete"};
#define N_OPS (sizeof(op_names) / sizeof(op_names[0]))

static void tell(enum sp_log_level, const char *fmt, ...) SP_PRINTF(2, 3);

static void
tell(enum sp_log_level level, const char *fmt, ...)
{
	char text[500];
	va_list args;

	if (!service.log)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	service.log(service.log_arg, level, text);
}

static void
map_changed(void)
{
	atomic_store(&figures.entries, map_count(service.map));
	atomic_store(&figures.sessions, map_owners(service.map));
}

/* --- who may ask --- */

static sp_status
admit(sp_call *call, const char *what)
{
	sp_nanos now = time_now();
	struct client c;
	enum admission_verdict verdict;

	client_of(call, &c);
	verdict = admission_ask(service.admission, service.settings, &c, now);
	if (verdict == ADMITTED)
		return 0;
	atomic_fetch_add(&figures.refused[verdict], 1);
	if (admission_is_news(service.admission, &c, now))
		tell(SP_LOG_WARNING, "%s from %s refused: %s", what, sp_call_peer(call),
			admission_reason(verdict));
	if (admission_fault(verdict) == ERROR_ACCESS_DENIED)
		call_end_connection(call); /* [MS-RPCE] 3.1.1.1.3: a fault, then the end */
	return admission_fault(verdict);
}

static sp_status
on_access(sp_call *call, uint32_t opnum, void *arg)
{
	if (opnum < N_OPS)
		atomic_fetch_add(&figures.calls[opnum], 1);
	return admit(call, opnum < N_OPS ? op_names[opnum] : "a call");
}

/* [MS-RPCE] 3.1.1.1.3: the restriction is one of all interfaces; the server brings that for management along. */
static sp_status
on_other_access(sp_call *call, uint32_t opnum, void *arg)
{
	return admit(call, "a call of the management interface");
}

static void
others_guard(sp_server *server)
{
	for (size_t i = 0; i < server->n_registrations; i++)
		if (!server->registrations[i]->options.access)
			server->registrations[i]->options.access = on_other_access;
}

/* --- who may change the map --- */

static bool
is_administrator(const struct client *c)
{
	return c->uid == 0 || c->uid == geteuid();
}

static bool
may_register(sp_call *call, const struct client *c, enum op op)
{
	const struct settings *s = service.settings;

	if (!c->local)
		tell(SP_LOG_WARNING, "%s from %s refused: only over ncalrpc", op_names[op],
			sp_call_peer(call));
	else if (!is_administrator(c) &&
		 !(s->group && connection_has_group(call->connection, s->group_id)))
		tell(SP_LOG_WARNING,
			"%s from %s refused: user %u is neither root nor the mapper's%s%s",
			op_names[op], sp_call_peer(call), c->uid,
			s->group ? ", nor in the group " : "", s->group ? s->group : "");
	else
		return true;
	atomic_fetch_add(&figures.registrations_refused, 1);
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
tell_foreign(
	sp_call *call, const struct tower *t, enum sockets_verdict verdict, const struct client *c)
{
	static const char *const why[] = {[SOCKETS_NOBODY] = "nobody listens there",
		[SOCKETS_FOREIGN] = "somebody else listens there",
		[SOCKETS_UNKNOWN] = "it cannot be seen whose it is"};
	char text[200];

	tower_format(t, text, sizeof(text));
	tell(SP_LOG_WARNING,
		"ept_insert from %s, user %u, refused: %s: %s (registration: foreign_endpoints "
		"allows it)",
		sp_call_peer(call), c->uid, text, why[verdict]);
}

static bool
is_same_endpoint(const struct tower *a, const struct tower *b)
{
	return a->protseq == b->protseq && strcmp(a->endpoint, b->endpoint) == 0 &&
	       strcmp(a->address, b->address) == 0;
}

/* [MS-RPCE] 3.1.3.5.3: only what runs on this machine. Many interfaces at one endpoint are asked for once. */
static bool
listens_there(sp_call *call, const struct client *c, const struct map_wish *wishes, uint32_t n)
{
	struct sockets *sockets = sockets_read();
	struct tower known = {0}, t;
	bool ok = true;

	if (!sockets) {
		tell(SP_LOG_ERROR,
			"ept_insert from %s refused: the kernel does not tell who "
			"listens where",
			sp_call_peer(call));
		return false;
	}
	for (uint32_t i = 0; i < n && ok; i++) {
		struct wire_fault fault = {0};
		enum sockets_verdict verdict;

		if (!tower_get(wishes[i].tower, wishes[i].tower_len, &t, &fault) ||
			is_same_endpoint(&t, &known))
			continue; /* what is invalid is refused as that */
		verdict = sockets_check(sockets, &t, service.ncalrpc_dir, c->pid, c->uid);
		ok = verdict == SOCKETS_OWN || (verdict == SOCKETS_UNKNOWN && is_administrator(c));
		if (!ok)
			tell_foreign(call, &t, verdict, c);
		known = t;
	}
	sockets_free(sockets);
	return ok;
}

static void
on_insert(
	sp_call *call, uint32_t num_ents, ept_entry_t *entries, uint32_t replace, uint32_t *status)
{
	struct map_wish *wishes;
	struct client c;

	client_of(call, &c);
	if (!may_register(call, &c, OP_INSERT))
		return;
	wishes = wishes_of(call, entries, num_ents);
	if (wishes && !service.settings->foreign_endpoints &&
		!listens_there(call, &c, wishes, num_ents)) {
		atomic_fetch_add(&figures.registrations_refused, 1);
		sp_call_raise(call, ERROR_ACCESS_DENIED);
		return;
	}
	*status = wishes ? map_insert(service.map,
				   &(struct map_owner){c.connection, c.uid, (int32_t)c.pid}, wishes,
				   num_ents, replace != 0)
			 : RPC_S_OUT_OF_MEMORY;
	map_changed();
	tell(SP_LOG_INFO, "%s registers %u entries: status 0x%x, %zu in the map",
		sp_call_peer(call), num_ents, *status, map_count(service.map));
}

static void
on_delete(sp_call *call, uint32_t num_ents, ept_entry_t *entries, uint32_t *status)
{
	struct map_wish *wishes;
	struct client c;

	client_of(call, &c);
	if (!may_register(call, &c, OP_DELETE))
		return;
	wishes = wishes_of(call, entries, num_ents);
	*status = wishes ? map_delete(service.map, c.connection, wishes, num_ents)
			 : RPC_S_OUT_OF_MEMORY;
	map_changed();
	tell(SP_LOG_INFO, "%s takes back %u entries: status 0x%x, %zu in the map",
		sp_call_peer(call), num_ents, *status, map_count(service.map));
}

/*
 * C706 appendix O: removes an entry whoever registered it. Root and the mapper's user may do so to everybody, others to
 * what they have registered themselves.
 */
static void
on_mgmt_delete(sp_call *call, uint32_t object_speced, struct sp_uuid *object, twr_t *tower,
	uint32_t *status)
{
	size_t n = 0, foreign = 0;
	struct client c;

	client_of(call, &c);
	if (!may_register(call, &c, OP_MGMT_DELETE))
		return;
	*status = !tower || (object_speced && !object) ? EPT_NCA_CANT_PERFORM_OP : 0;
	if (!*status)
		*status = map_purge(service.map, tower->tower_octet_string, tower->tower_length,
			object_speced ? object : NULL, is_administrator(&c) ? MAP_ANY_USER : c.uid,
			&n, &foreign);
	map_changed();
	tell(SP_LOG_INFO, "%s removes %zu entries: status 0x%x, %zu in the map", sp_call_peer(call),
		n, *status, map_count(service.map));
	if (!*status && n == 0 && foreign > 0) {
		atomic_fetch_add(&figures.registrations_refused, 1);
		tell(SP_LOG_WARNING, "ept_mgmt_delete from %s refused: the entry is another user's",
			sp_call_peer(call));
		sp_call_raise(call, ERROR_ACCESS_DENIED);
	} else if (!*status && n == 0) {
		*status = EPT_NCA_NOT_REGISTERED;
	}
}

static void
on_connection_closed(void *arg, uint64_t connection)
{
	size_t n = map_owner_gone(service.map, connection);

	map_changed();
	if (n > 0)
		tell(SP_LOG_INFO, "a server has gone: its %zu entries are withdrawn, %zu remain", n,
			map_count(service.map));
}

/* C706 appendix O: the object UUID by which this mapper is told from others; new with each start. */
static void
on_inq_object(sp_call *call, struct sp_uuid *ept_object, uint32_t *status)
{
	*ept_object = service.object;
	*status = 0;
}

/* --- answers --- */

/* One question being answered. */
struct question {
	sp_call *call;
	enum op op;
	struct client client;
	struct lookup *lookup;
	unsigned rounds;
};

static void
question_begin(struct question *q, sp_call *call, enum op op, bool with_rounds)
{
	q->call = call;
	q->op = op;
	client_of(call, &q->client);
	q->rounds =
		with_rounds ? addresses_rounds(service.addresses, service.settings, &q->client) : 1;
}

/* The next entry that this client hears of, or NULL; where its address goes. */
static const struct map_entry *
next_shown(struct question *q, uint16_t *ret_at, uint32_t *ret_address)
{
	struct lookup *l = q->lookup;

	for (; l->round < q->rounds; l->round++, l->at = 0)
		for (; l->at < l->answer.n; l->at++)
			if (addresses_show(service.addresses, service.settings, &q->client,
				    l->answer.entries[l->at], l->round, ret_at, ret_address))
				return l->answer.entries[l->at];
	return NULL;
}

static twr_t *
tower_of(sp_call *call, const struct map_entry *e, uint16_t at, uint32_t address)
{
	twr_t *tower = sp_call_alloc(call, 1, sizeof(*tower) + e->tower_len);

	if (!tower)
		return NULL;
	tower->tower_length = e->tower_len;
	memcpy(tower->tower_octet_string, e->tower, e->tower_len);
	if (at)
		memcpy(tower->tower_octet_string + at, &address, sizeof(address));
	return tower;
}

/* A handle that its client has left to rest for too long, or that others' lookups have pushed out. */
static bool
is_lost(struct question *q)
{
	if (!q->lookup || !q->lookup->given_up)
		return false;
	sp_call_raise(q->call, NCA_S_FAULT_CONTEXT_MISMATCH);
	return true;
}

static sp_status
lookup_start(struct question *q, const struct map_query *query)
{
	struct lookup *surplus = lookup_surplus(service.lookups, q->client.group);

	if (surplus) {
		call_forget_context(q->call, surplus);
		lookup_end(service.lookups, surplus);
	}
	return lookup_begin(
		service.lookups, service.map, query, &q->client, time_now(), &q->lookup);
}

/* `open`: the handle stays although nothing is left, for the caller to be told so. */
static void
lookup_keep(struct question *q, ept_lookup_handle_t *handle, bool open)
{
	struct lookup *l = q->lookup;
	uint32_t address;
	uint16_t at;
	bool keep = l && (open || next_shown(q, &at, &address));

	handle->user = keep ? l : NULL;
	if (keep)
		lookup_touch(service.lookups, l, time_now());
	else
		lookup_end(service.lookups, l);
	atomic_store(&figures.lookups, lookups_count(service.lookups));
}

static void audit(const struct question *, uint32_t status, uint32_t n, const char *fmt, ...)
	SP_PRINTF(4, 5);

static void
audit(const struct question *q, uint32_t status, uint32_t n, const char *fmt, ...)
{
	char what[160], line[500];
	va_list args;

	atomic_fetch_add(&figures.answers, n);
	if (status)
		atomic_fetch_add(&figures.found_nothing, 1);
	if (!service.settings->audit || !service.audit)
		return;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	snprintf(line, sizeof(line), "%s %s %s: status 0x%x, %u entries", sp_call_peer(q->call),
		op_names[q->op], what, status, n);
	service.audit(service.log_arg, line);
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
entries_fill(struct question *q, uint32_t max, ept_entry_t *entries, uint32_t *ret_n)
{
	const struct map_entry *e;
	uint32_t address = 0;
	uint16_t at;

	while (*ret_n < max && (e = next_shown(q, &at, &address))) {
		ept_entry_t *to = &entries[*ret_n];

		to->object = map_entry_object(e);
		to->tower = tower_of(q->call, e, at, address);
		if (!to->tower)
			return *ret_n ? 0 : RPC_S_OUT_OF_MEMORY;
		memcpy(to->annotation, map_entry_annotation(e), e->annotation_len + 1u);
		q->lookup->at++;
		(*ret_n)++;
	}
	return *ret_n ? 0 : EPT_NCA_NOT_REGISTERED;
}

static void
audit_lookup(const struct question *q, uint32_t inquiry, const rpc_if_id_t *id, uint32_t status,
	uint32_t n)
{
	char text[SP_UUID_TEXT] = "";

	if (id && (inquiry & RPC_C_EP_MATCH_BY_IF))
		sp_uuid_format(&id->uuid, text);
	audit(q, status, n, "inquiry %u %s", inquiry, text);
}

/*
 * Clients know the end of a list in two ways: impacket asks for the most that may be asked for and
 * stops at a nil handle; Samba's rpcclient asks for ten and stops only at ept_s_not_registered - with a nil
 * handle it would begin again. Each entry comes once, whatever addresses the host has.
 */
static void
on_lookup(sp_call *call, uint32_t inquiry_type, struct sp_uuid *object, rpc_if_id_t *interface_id,
	uint32_t vers_option, ept_lookup_handle_t *entry_handle, uint32_t max_ents,
	uint32_t *num_ents, ept_entry_t *entries, uint32_t *status)
{
	struct question q = {.lookup = entry_handle->user};
	struct map_query query = {0};
	struct sp_syntax_id interface;

	question_begin(&q, call, OP_LOOKUP, false);
	*num_ents = 0;
	if (is_lost(&q))
		return;
	*status = max_ents ? 0 : RPC_S_INVALID_ARG;
	if (!*status && !q.lookup) {
		*status = query_of(
			inquiry_type, object, interface_id, vers_option, &query, &interface);
		if (!*status)
			*status = lookup_start(&q, &query);
	}
	if (!*status)
		*status = entries_fill(&q, max_ents, entries, num_ents);
	lookup_keep(&q, entry_handle, !*status && max_ents < EPT_MAX_ENTRIES);
	audit_lookup(&q, inquiry_type, interface_id, *status, *num_ents);
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
towers_fill(struct question *q, uint32_t max, struct twr **towers, uint32_t *ret_n)
{
	const struct map_entry *e;
	uint32_t address = 0;
	uint16_t at;

	while (*ret_n < max && (e = next_shown(q, &at, &address))) {
		towers[*ret_n] = tower_of(q->call, e, at, address);
		if (!towers[*ret_n])
			return *ret_n ? 0 : RPC_S_OUT_OF_MEMORY;
		q->lookup->at++;
		(*ret_n)++;
	}
	return *ret_n ? 0 : EPT_NCA_NOT_REGISTERED;
}

static void
on_map(sp_call *call, struct sp_uuid *object, twr_t *map_tower, ept_lookup_handle_t *entry_handle,
	uint32_t max_towers, uint32_t *num_towers, struct twr **towers, uint32_t *status)
{
	struct question q = {.lookup = entry_handle->user};
	struct map_query query;
	struct tower tower = {0};
	char text[SP_UUID_TEXT];

	question_begin(&q, call, OP_MAP, true);
	*num_towers = 0;
	if (is_lost(&q))
		return;
	*status = max_towers ? 0 : RPC_S_INVALID_ARG;
	if (!*status && !q.lookup) {
		*status = map_query_of(map_tower, object, &tower, &query);
		if (!*status)
			*status = lookup_start(&q, &query);
	}
	if (!*status)
		*status = towers_fill(&q, max_towers, towers, num_towers);
	lookup_keep(&q, entry_handle, false);
	sp_uuid_format(&tower.interface.uuid, text);
	audit(&q, *status, *num_towers, "%s %u.%u %s", text, tower.interface.major,
		tower.interface.minor, protseq_name(tower.protseq));
}

static void
on_handle_free(sp_call *call, ept_lookup_handle_t *entry_handle, uint32_t *status)
{
	lookup_end(service.lookups, entry_handle->user);
	atomic_store(&figures.lookups, lookups_count(service.lookups));
	entry_handle->user = NULL;
	*status = 0;
}

static void
on_rundown(void *user)
{
	lookup_end(service.lookups, user);
	atomic_store(&figures.lookups, lookups_count(service.lookups));
}

/* Opnums 7 and 8, ept_map_auth and its asynchronous form, are answered as out of range: there is no such operation. */
static const struct epm_handlers handlers = {
	.ept_insert = on_insert,
	.ept_delete = on_delete,
	.ept_lookup = on_lookup,
	.ept_map = on_map,
	.ept_lookup_handle_free = on_handle_free,
	.ept_inq_object = on_inq_object,
	.ept_mgmt_delete = on_mgmt_delete,
	.ept_lookup_handle_t_rundown = on_rundown,
};

/* --- the service --- */

bool
service_init(const struct service_options *o)
{
	memset(&figures, 0, sizeof(figures));
	service = (struct service){.map = map_new(),
		.lookups = lookups_new(),
		.addresses = addresses_new(),
		.admission = admission_new(),
		.defaults = o->settings ? NULL : settings_new(),
		.ncalrpc_dir = o->ncalrpc_dir,
		.log = o->log,
		.audit = o->audit,
		.log_arg = o->log_arg};
	uuid_random(&service.object);
	if (service.map && service.lookups && service.addresses && service.admission &&
		(o->settings || service.defaults)) {
		service_set_settings(o->settings ? o->settings : service.defaults);
		return true;
	}
	service_fini();
	return false;
}

void
service_fini(void)
{
	map_free(service.map);
	lookups_free(service.lookups);
	addresses_free(service.addresses);
	admission_free(service.admission);
	settings_free(service.defaults);
	service = (struct service){0};
}

void
service_set_settings(const struct settings *s)
{
	service.settings = s;
	lookups_set_idle(service.lookups, s->idle);
}

void
service_tick(sp_nanos now)
{
	lookups_expire(service.lookups, now);
	atomic_store(&figures.lookups, lookups_count(service.lookups));
}

const struct service_figures *
service_figures(void)
{
	return &figures;
}

sp_status
service_register(sp_server *server, struct sp_error *reterr)
{
	struct sp_interface_options options = {
		.annotation = ANNOTATION_SELF,
		.no_mapper = true,
		.access = on_access,
		.connection_closed = on_connection_closed,
	};
	sp_status status =
		sp_server_register(server, &epm_server_interface, &handlers, &options, reterr);

	if (!status)
		others_guard(server);
	return status;
}

bool
service_enter_static(unsigned number, const struct static_entry *e)
{
	struct map_wish wish = {e->object, e->annotation, e->tower, e->tower_len};
	struct map_owner owner = {.id = OWNER_STATIC(number), .uid = geteuid()};
	sp_status status = map_insert(service.map, &owner, &wish, 1, false);

	map_changed();
	return status == 0;
}

void
service_withdraw_static(unsigned number)
{
	map_owner_gone(service.map, OWNER_STATIC(number));
	map_changed();
}

static sp_status
self_wish(
	const char *text, uint8_t *room, size_t cap, struct map_wish *ret, struct sp_error *reterr)
{
	struct tower tower = {.interface = epm_server_interface.id, .transfer = SYNTAX_NDR};
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
	const struct map_owner owner = {OWNER_SELF, geteuid(), getpid()};
	sp_status status = 0;

	for (size_t i = 0; i < sp_server_n_bindings(server) && !status; i++) {
		uint8_t room[MAP_MAX_TOWER];
		struct map_wish wish;

		status = self_wish(sp_server_binding(server, i), room, sizeof(room), &wish, reterr);
		if (status)
			break;
		status = map_insert(service.map, &owner, &wish, 1, false);
		if (status)
			error_set(reterr, SP_PHASE_NONE, status,
				"enter the mapper at %.100s into its own map - it was refused",
				sp_server_binding(server, i));
	}
	map_changed();
	return status;
}

/* --- for people --- */

static void
dump_entry(FILE *to, const struct map_entry *e)
{
	const struct map_owner *owner = map_entry_owner(e);
	char text[400], interface[SP_UUID_TEXT], object[SP_UUID_TEXT] = "-";
	struct sp_uuid its = map_entry_object(e);
	struct wire_fault fault = {0};
	struct tower t;

	if (!tower_get(e->tower, e->tower_len, &t, &fault))
		return;
	tower_format(&t, text, sizeof(text));
	sp_uuid_format(&e->interface, interface);
	if (e->has_object)
		sp_uuid_format(&its, object);
	fprintf(to, "entry %s %u.%u object %s %s owner ", interface, e->major, e->minor, object,
		text);
	if (owner->id == OWNER_SELF)
		fputs("mapper", to);
	else if (IS_STATIC(owner->id))
		fputs("static", to);
	else
		fprintf(to, "pid %d user %u", owner->pid, owner->uid);
	fprintf(to, " annotation \"%s\"\n", map_entry_annotation(e));
}

void
service_dump(FILE *to)
{
	struct map_answer all;

	fprintf(to, "entries %zu\nsessions %zu\nlookups %zu\n", map_count(service.map),
		map_owners(service.map), lookups_count(service.lookups));
	for (unsigned i = 0; i < N_OPS; i++)
		fprintf(to, "calls %s %llu\n", op_names[i],
			(unsigned long long)atomic_load(&figures.calls[i]));
	for (int v = ADMITTED + 1; v < ADMISSION_VERDICTS; v++)
		fprintf(to, "refused %llu: %s\n",
			(unsigned long long)atomic_load(&figures.refused[v]), admission_reason(v));
	if (map_find(service.map, &(struct map_query){0}, &all))
		return;
	for (size_t i = 0; i < all.n; i++)
		dump_entry(to, all.entries[i]);
	map_answer_free(&all);
}
