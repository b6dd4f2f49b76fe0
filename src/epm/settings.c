/* SPDX-License-Identifier: MIT */
/*
 * The configuration file. Read with libyaml's document, whose nodes know their line and column: each finding
 * names them, and all findings are told at once.
 */
#include "epm/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "epm/lookup.h"
#include "wire/bind.h"

#define MAX_ITEMS 4096 /* of one list */

struct reader {
	const char *path;
	yaml_document_t document;
	struct settings *s;
	char *report;
	bool bad;
};

/* --- findings --- */

static void complain(struct reader *, const yaml_mark_t *, const char *fmt, ...) SP_PRINTF(3, 4);

static void
complain(struct reader *r, const yaml_mark_t *at, const char *fmt, ...)
{
	char text[300], *longer;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	r->bad = true;
	longer = mem_printf("%s%s:%zu:%zu: %s\n", r->report ? r->report : "", r->path, at->line + 1,
		at->column + 1, text);
	if (!longer)
		return;
	mem_free(r->report);
	r->report = longer;
}

/* --- nodes --- */

static yaml_node_t *
node_get(struct reader *r, int index)
{
	return yaml_document_get_node(&r->document, index);
}

/* NULL, and a finding, when it is no text. */
static const char *
text_of(struct reader *r, const yaml_node_t *node, const char *what)
{
	if (node->type == YAML_SCALAR_NODE && node->data.scalar.length > 0 &&
		strlen((const char *)node->data.scalar.value) == node->data.scalar.length)
		return (const char *)node->data.scalar.value;
	complain(r, &node->start_mark, "%s has no value", what);
	return NULL;
}

static bool
number_of(struct reader *r, const yaml_node_t *node, const char *what, unsigned least,
	unsigned most, unsigned *ret)
{
	const char *text = text_of(r, node, what);
	char *end;
	unsigned long v;

	if (!text)
		return false;
	errno = 0;
	v = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || v < least || v > most) {
		complain(r, &node->start_mark, "%s: \"%.40s\" is no number from %u to %u", what,
			text, least, most);
		return false;
	}
	*ret = (unsigned)v;
	return true;
}

static void
seconds_of(
	struct reader *r, const yaml_node_t *node, const char *what, unsigned most, sp_nanos *ret)
{
	unsigned n;

	if (number_of(r, node, what, 1, most, &n))
		*ret = n * SP_SECOND;
}

static void
truth_of(struct reader *r, const yaml_node_t *node, const char *what, bool *ret)
{
	const char *text = text_of(r, node, what);

	if (!text)
		return;
	if (!strcasecmp(text, "yes") || !strcasecmp(text, "true") || !strcasecmp(text, "on"))
		*ret = true;
	else if (!strcasecmp(text, "no") || !strcasecmp(text, "false") || !strcasecmp(text, "off"))
		*ret = false;
	else
		complain(r, &node->start_mark, "%s: \"%.40s\" is neither yes nor no", what, text);
}

static void
string_of(struct reader *r, const yaml_node_t *node, const char *what, char **ret)
{
	const char *text = text_of(r, node, what);
	char *copy = text ? mem_strdup(text) : NULL;

	if (text && !copy)
		complain(r, &node->start_mark, "out of memory");
	if (!copy)
		return;
	mem_free(*ret);
	*ret = copy;
}

/* One row a key; `set` gets the value's node. */
struct key {
	const char *name;
	void (*set)(struct reader *, const yaml_node_t *, void *to);
};

static const struct key *
key_find(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static bool
key_came_before(struct reader *r, const yaml_node_t *mapping, const yaml_node_pair_t *this)
{
	const yaml_node_t *key = node_get(r, this->key);

	for (yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < this; p++) {
		const yaml_node_t *other = node_get(r, p->key);

		if (other->type == YAML_SCALAR_NODE &&
			strcmp((const char *)other->data.scalar.value,
				(const char *)key->data.scalar.value) == 0)
			return true;
	}
	return false;
}

static void
mapping_read(struct reader *r, const yaml_node_t *node, const char *what, const struct key *keys,
	void *to)
{
	if (node->type != YAML_MAPPING_NODE) {
		complain(r, &node->start_mark, "%s is no list of \"name: value\"", what);
		return;
	}
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
		p++) {
		const yaml_node_t *name = node_get(r, p->key);
		const char *text = text_of(r, name, "a name");
		const struct key *key = text ? key_find(keys, text) : NULL;

		if (!text)
			continue;
		if (!key)
			complain(r, &name->start_mark, "%s has no setting \"%.60s\"", what, text);
		else if (key_came_before(r, node, p))
			complain(r, &name->start_mark, "%.60s is set twice", text);
		else
			key->set(r, node_get(r, p->value), to);
	}
}

/* A list, or one value in its place. */
static size_t
items_count(const yaml_node_t *node)
{
	return node->type == YAML_SEQUENCE_NODE
		       ? (size_t)(node->data.sequence.items.top - node->data.sequence.items.start)
		       : 1;
}

static const yaml_node_t *
item_get(struct reader *r, const yaml_node_t *node, size_t i)
{
	return node->type == YAML_SEQUENCE_NODE ? node_get(r, node->data.sequence.items.start[i])
						: node;
}

/* NULL, and a finding, when there are too many or no memory; *ret_n is their number. */
static void *
items_alloc(struct reader *r, const yaml_node_t *node, const char *what, size_t size, size_t *ret_n)
{
	size_t n = items_count(node);
	void *items = n <= MAX_ITEMS ? mem_zalloc(n ? n : 1, size) : NULL;

	if (!items)
		complain(r, &node->start_mark, "%s: more than %u, or out of memory", what,
			MAX_ITEMS);
	*ret_n = items ? n : 0;
	return items;
}

/* --- networks --- */

static bool
network_of(struct reader *r, const yaml_node_t *node, const char *what, struct network *ret)
{
	const char *text = text_of(r, node, what);

	if (!text)
		return false;
	if (network_parse(text, ret))
		return true;
	complain(r, &node->start_mark,
		"%s: \"%.60s\" is no network such as 192.0.2.0/24 or "
		"2001:db8::/32",
		what, text);
	return false;
}

/* --- listen --- */

static void
set_addresses(struct reader *r, const yaml_node_t *node, void *to)
{
	size_t n = items_count(node);

	if (n == 0 || n > SETTINGS_MAX_LISTEN) {
		complain(r, &node->start_mark, "addresses: 1 to %d of them", SETTINGS_MAX_LISTEN);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const yaml_node_t *item = item_get(r, node, i);
		const char *text = text_of(r, item, "addresses");
		struct address parsed;

		if (!text)
			continue;
		if (!address_parse(text, 0, &parsed)) {
			complain(r, &item->start_mark,
				"addresses: \"%.60s\" is no IPv4 or IPv6 address in digits", text);
			continue;
		}
		string_of(r, item, "addresses", &r->s->addresses[r->s->n_addresses]);
		r->s->n_addresses += r->s->addresses[r->s->n_addresses] != NULL;
	}
}

static void
set_port(struct reader *r, const yaml_node_t *node, void *to)
{
	unsigned port;

	if (!number_of(r, node, "port", 0, 65535, &port))
		return;
	mem_free(r->s->port);
	r->s->port = NULL;
	if (port)
		string_of(r, node, "port", &r->s->port);
}

static void
set_ncalrpc_dir(struct reader *r, const yaml_node_t *node, void *to)
{
	string_of(r, node, "ncalrpc_dir", &r->s->ncalrpc_dir);
}

static void
set_endpoint(struct reader *r, const yaml_node_t *node, void *to)
{
	string_of(r, node, "endpoint", &r->s->endpoint);
}

static void
set_listen(struct reader *r, const yaml_node_t *node, void *to)
{
	static const struct key keys[] = {{"addresses", set_addresses}, {"port", set_port},
		{"ncalrpc_dir", set_ncalrpc_dir}, {"endpoint", set_endpoint}, {0}};

	mapping_read(r, node, "listen", keys, to);
}

/* --- users and groups --- */

static void
set_user(struct reader *r, const yaml_node_t *node, void *to)
{
	const char *text = text_of(r, node, "user");
	const struct passwd *pw = text ? getpwnam(text) : NULL;

	if (!text)
		return;
	if (!pw) {
		complain(r, &node->start_mark, "user: there is no user \"%.60s\"", text);
		return;
	}
	r->s->uid = pw->pw_uid;
	r->s->gid = pw->pw_gid;
	string_of(r, node, "user", &r->s->user);
}

static void
set_group(struct reader *r, const yaml_node_t *node, void *to)
{
	const char *text = text_of(r, node, "group");
	const struct group *gr = text ? getgrnam(text) : NULL;

	if (!text)
		return;
	if (!gr) {
		complain(r, &node->start_mark, "group: there is no group \"%.60s\"", text);
		return;
	}
	r->s->group_id = gr->gr_gid;
	string_of(r, node, "group", &r->s->group);
}

static void
set_foreign(struct reader *r, const yaml_node_t *node, void *to)
{
	truth_of(r, node, "foreign_endpoints", &r->s->foreign_endpoints);
}

static void
set_registration(struct reader *r, const yaml_node_t *node, void *to)
{
	static const struct key keys[] = {
		{"group", set_group}, {"foreign_endpoints", set_foreign}, {0}};

	mapping_read(r, node, "registration", keys, to);
}

/* --- lookups --- */

static void
set_restrict(struct reader *r, const yaml_node_t *node, void *to)
{
	number_of(r, node, "restrict_remote_clients", 0, 2, &r->s->restrict_remote_clients);
}

static void
set_accounts(struct reader *r, const yaml_node_t *node, void *to)
{
	string_of(r, node, "accounts", &r->s->accounts);
}

static void
set_keytab(struct reader *r, const yaml_node_t *node, void *to)
{
	string_of(r, node, "keytab", &r->s->keytab);
}

static void
set_allow(struct reader *r, const yaml_node_t *node, void *to)
{
	struct network *list;
	size_t n;

	list = items_alloc(r, node, "allow", sizeof(*list), &n);
	for (size_t i = 0; i < n; i++)
		r->s->n_allow += network_of(r, item_get(r, node, i), "allow", &list[r->s->n_allow]);
	r->s->allow = list;
	r->s->has_allow = true;
}

static void
set_rate(struct reader *r, const yaml_node_t *node, void *to)
{
	number_of(r, node, "rate", 0, 1000000, &r->s->rate);
}

static void
set_burst(struct reader *r, const yaml_node_t *node, void *to)
{
	number_of(r, node, "burst", 1, 1000000, &r->s->burst);
}

static void
set_idle(struct reader *r, const yaml_node_t *node, void *to)
{
	seconds_of(r, node, "idle_seconds", 86400, &r->s->idle);
}

static void
set_lookups(struct reader *r, const yaml_node_t *node, void *to)
{
	static const struct key keys[] = {{"restrict_remote_clients", set_restrict},
		{"accounts", set_accounts}, {"keytab", set_keytab}, {"allow", set_allow},
		{"rate", set_rate}, {"burst", set_burst}, {"idle_seconds", set_idle}, {0}};

	mapping_read(r, node, "lookups", keys, to);
}

static void
set_audit(struct reader *r, const yaml_node_t *node, void *to)
{
	truth_of(r, node, "audit", &r->s->audit);
}

/* --- public addresses --- */

struct public_draft {
	struct public_address *to;
	bool has_from, has_address;
};

static void
set_from(struct reader *r, const yaml_node_t *node, void *to)
{
	struct public_draft *draft = to;

	draft->has_from = network_of(r, node, "from", &draft->to->from);
}

static bool
ipv4_parse(struct reader *r, const yaml_node_t *node, const char *what, uint32_t *ret)
{
	const char *text = text_of(r, node, what);
	struct in_addr a;

	if (!text)
		return false;
	if (inet_pton(AF_INET, text, &a) != 1 || a.s_addr == 0) {
		complain(r, &node->start_mark,
			"%s: \"%.60s\" is no IPv4 address; towers carry no other", what, text);
		return false;
	}
	*ret = a.s_addr;
	return true;
}

static void
set_public_address(struct reader *r, const yaml_node_t *node, void *to)
{
	struct public_draft *draft = to;

	draft->has_address = ipv4_parse(r, node, "address", &draft->to->address);
}

static void
set_publics(struct reader *r, const yaml_node_t *node, void *to)
{
	static const struct key keys[] = {{"from", set_from}, {"address", set_public_address}, {0}};
	struct public_address *list;
	size_t n;

	list = items_alloc(r, node, "public_addresses", sizeof(*list), &n);
	for (size_t i = 0; i < n; i++) {
		const yaml_node_t *item = item_get(r, node, i);
		struct public_draft draft = {.to = &list[i]};
		bool bad = r->bad;

		r->bad = false;
		mapping_read(r, item, "public_addresses", keys, &draft);
		if (!r->bad && !(draft.has_from && draft.has_address))
			complain(r, &item->start_mark,
				"public_addresses: each needs \"from\" and \"address\"");
		r->bad |= bad;
	}
	r->s->publics = list;
	r->s->n_publics = n;
}

/* --- static entries --- */

struct static_draft {
	struct static_entry *to;
	struct tower tower;
	bool has_interface, has_version, has_protseq, has_endpoint;
	const yaml_node_t *endpoint, *address, *check;
};

static bool
uuid_of(struct reader *r, const yaml_node_t *node, const char *what, struct sp_uuid *ret)
{
	const char *text = text_of(r, node, what);

	if (text && !sp_uuid_parse(text, ret)) {
		complain(r, &node->start_mark, "%s: \"%.60s\" is no UUID", what, text);
		return false;
	}
	return text != NULL;
}

static void
set_interface(struct reader *r, const yaml_node_t *node, void *to)
{
	struct static_draft *d = to;

	d->has_interface = uuid_of(r, node, "interface", &d->tower.interface.uuid);
}

static void
set_object(struct reader *r, const yaml_node_t *node, void *to)
{
	struct static_draft *d = to;

	(void)uuid_of(r, node, "object", &d->to->object);
}

static void
set_version(struct reader *r, const yaml_node_t *node, void *to)
{
	struct static_draft *d = to;
	const char *text = text_of(r, node, "version");
	unsigned long major, minor = 0;
	char *end;

	if (!text)
		return;
	major = strtoul(text, &end, 10);
	if (*end == '.' && end[1] >= '0' && end[1] <= '9')
		minor = strtoul(end + 1, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || major > 65535 || minor > 65535) {
		complain(r, &node->start_mark, "version: \"%.40s\" is none such as 1.0", text);
		return;
	}
	d->tower.interface.major = (uint16_t)major;
	d->tower.interface.minor = (uint16_t)minor;
	d->has_version = true;
}

static void
set_annotation(struct reader *r, const yaml_node_t *node, void *to)
{
	struct static_draft *d = to;
	const char *text = text_of(r, node, "annotation");

	if (!text)
		return;
	if (strlen(text) >= sizeof(d->to->annotation))
		complain(r, &node->start_mark, "annotation: longer than 63 bytes");
	else
		strcpy(d->to->annotation, text);
}

static void
set_protseq(struct reader *r, const yaml_node_t *node, void *to)
{
	struct static_draft *d = to;
	const char *text = text_of(r, node, "protseq");

	if (!text)
		return;
	d->tower.protseq = protseq_from_name(text);
	d->has_protseq = d->tower.protseq != PROTSEQ_UNKNOWN;
	if (!d->has_protseq)
		complain(r, &node->start_mark,
			"protseq: \"%.40s\" is no protocol sequence such as ncacn_ip_tcp", text);
}

static void
set_static_endpoint(struct reader *r, const yaml_node_t *node, void *to)
{
	struct static_draft *d = to;
	const char *text = text_of(r, node, "endpoint");

	if (!text)
		return;
	if (strlen(text) >= sizeof(d->tower.endpoint) || strcmp(text, "0") == 0) {
		complain(r, &node->start_mark, "endpoint: \"%.40s\" is none", text);
		return;
	}
	strcpy(d->tower.endpoint, text);
	d->endpoint = node;
	d->has_endpoint = true;
}

static void
set_static_address(struct reader *r, const yaml_node_t *node, void *to)
{
	struct static_draft *d = to;
	uint32_t address;

	if (!ipv4_parse(r, node, "address", &address))
		return;
	inet_ntop(AF_INET, &address, d->tower.address, sizeof(d->tower.address));
	d->address = node;
}

static void
set_check(struct reader *r, const yaml_node_t *node, void *to)
{
	struct static_draft *d = to;

	d->check = node;
	seconds_of(r, node, "check_seconds", 86400, &d->to->check);
}

static bool
has_address_floor(enum protseq p)
{
	return p == NCACN_IP_TCP || p == NCADG_IP_UDP || p == NCACN_HTTP;
}

/* What can only be said about the entry as a whole. */
static void
static_finish(struct reader *r, const yaml_node_t *item, struct static_draft *d)
{
	const enum protseq p = d->tower.protseq;

	if (!d->has_interface || !d->has_version || !d->has_protseq || !d->has_endpoint) {
		complain(r, &item->start_mark,
			"static: each needs interface, version, protseq and endpoint");
		return;
	}
	d->tower.transfer = SYNTAX_NDR;
	if (d->address && !has_address_floor(p))
		complain(r, &d->address->start_mark, "address: %s has none", protseq_name(p));
	else if (d->check && p != NCACN_IP_TCP && p != NCACN_HTTP)
		complain(r, &d->check->start_mark, "check_seconds: %s cannot be checked",
			protseq_name(p));
	else if (!tower_put(&d->tower, d->to->tower, sizeof(d->to->tower), &d->to->tower_len))
		complain(r, &d->endpoint->start_mark, "endpoint: \"%.60s\" is none of %s",
			d->tower.endpoint, protseq_name(p));
	else if (d->check &&
		 !address_parse(d->tower.address[0] ? d->tower.address : "127.0.0.1",
			 (uint16_t)strtoul(d->tower.endpoint, NULL, 10), &d->to->check_at))
		complain(r, &d->check->start_mark, "check_seconds: no address to check");
}

static void
set_statics(struct reader *r, const yaml_node_t *node, void *to)
{
	static const struct key keys[] = {{"interface", set_interface}, {"version", set_version},
		{"object", set_object}, {"annotation", set_annotation}, {"protseq", set_protseq},
		{"endpoint", set_static_endpoint}, {"address", set_static_address},
		{"check_seconds", set_check}, {0}};
	struct static_entry *list;
	size_t n;

	list = items_alloc(r, node, "static", sizeof(*list), &n);
	for (size_t i = 0; i < n; i++) {
		const yaml_node_t *item = item_get(r, node, i);
		struct static_draft draft = {.to = &list[i]};
		bool bad = r->bad;

		r->bad = false;
		mapping_read(r, item, "static", keys, &draft);
		if (!r->bad)
			static_finish(r, item, &draft);
		r->bad |= bad;
		list[i].line = (unsigned)item->start_mark.line + 1;
	}
	r->s->statics = list;
	r->s->n_statics = n;
}

/* --- metrics --- */

static void
set_metrics(struct reader *r, const yaml_node_t *node, void *to)
{
	const char *text = text_of(r, node, "metrics");
	const char *colon = text ? strrchr(text, ':') : NULL;
	char host[INET6_ADDRSTRLEN + 2] = "", *end;
	struct address parsed;
	unsigned long port;

	if (!text)
		return;
	port = colon ? strtoul(colon + 1, &end, 10) : 0;
	if (colon && (size_t)(colon - text) < sizeof(host))
		memcpy(host, text, (size_t)(colon - text));
	if (!colon || *end || port == 0 || port > 65535 ||
		!address_parse(host, (uint16_t)port, &parsed))
		complain(r, &node->start_mark,
			"metrics: \"%.60s\" is no address and port such as 127.0.0.1:9135", text);
	else
		string_of(r, node, "metrics", &r->s->metrics);
}

/* --- the whole --- */

static const struct key top[] = {{"listen", set_listen}, {"user", set_user},
	{"registration", set_registration}, {"lookups", set_lookups}, {"audit", set_audit},
	{"public_addresses", set_publics}, {"static", set_statics}, {"metrics", set_metrics}, {0}};

static void
document_read(struct reader *r)
{
	yaml_node_t *root = yaml_document_get_root_node(&r->document);

	/* an empty file asks for the defaults */
	if (root)
		mapping_read(r, root, "the configuration", top, r->s);
	if (r->s->rate && !r->s->burst)
		r->s->burst = 2 * r->s->rate;
}

static void
file_read(struct reader *r, FILE *file)
{
	yaml_parser_t parser;
	yaml_mark_t start = {0};

	if (!yaml_parser_initialize(&parser)) {
		complain(r, &start, "out of memory");
		return;
	}
	yaml_parser_set_input_file(&parser, file);
	if (!yaml_parser_load(&parser, &r->document)) {
		complain(r, &parser.problem_mark, "no YAML: %s",
			parser.problem ? parser.problem : "out of memory");
	} else {
		document_read(r);
		yaml_document_delete(&r->document);
	}
	yaml_parser_delete(&parser);
}

struct settings *
settings_new(void)
{
	struct settings *s = mem_zalloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->port = mem_strdup("135");
	s->endpoint = mem_strdup("epmapper");
	s->idle = LOOKUP_IDLE;
	if (s->port && s->endpoint)
		return s;
	settings_free(s);
	return NULL;
}

void
settings_free(struct settings *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_addresses; i++)
		mem_free(s->addresses[i]);
	mem_free(s->port);
	mem_free(s->ncalrpc_dir);
	mem_free(s->endpoint);
	mem_free(s->accounts);
	mem_free(s->keytab);
	mem_free(s->user);
	mem_free(s->metrics);
	mem_free(s->group);
	mem_free(s->allow);
	mem_free(s->publics);
	mem_free(s->statics);
	mem_free(s);
}

bool
settings_read(const char *path, struct settings **ret, char **ret_report)
{
	struct reader r = {.path = path, .s = settings_new()};
	FILE *file = r.s ? fopen(path, "re") : NULL;

	if (!file) {
		r.report = mem_printf("%s: %s\n", path, r.s ? strerror(errno) : "out of memory");
		r.bad = true;
	} else {
		file_read(&r, file);
		fclose(file);
	}
	if (r.bad) {
		settings_free(r.s);
		*ret_report = r.report;
		return false;
	}
	*ret = r.s;
	return true;
}
