/* SPDX-License-Identifier: MIT */
/* c-ares asks all servers in turn until one answers; here each has a channel of its own, so that each is heard. */
#include "doctor/dns.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "doctor/port.h"
#include "wire/cursor.h"

struct query {
	struct dns_answer *answer;
	ares_channel channel;
	enum dns_record type;
	bool uses_search_list;
	bool pending;
	enum seen_lookup seen;
	sp_nanos began;
};

static enum seen_lookup
seen_of(int status)
{
	switch (status) {
	case ARES_SUCCESS: return SEEN_LOOKUP_ANSWERED;
	case ARES_ENOTFOUND: return SEEN_LOOKUP_NXDOMAIN;
	case ARES_ENODATA: return SEEN_LOOKUP_EMPTY;
	case ARES_EREFUSED:
	case ARES_ECONNREFUSED: return SEEN_LOOKUP_REFUSED;
	case ARES_ETIMEOUT:
	case ARES_ECANCELLED:
	case ARES_EDESTRUCTION: return SEEN_LOOKUP_TIMEOUT;
	default: return SEEN_LOOKUP_SERVFAIL;
	}
}

static void
address_add(struct dns_answer *a, int family, const void *bytes)
{
	struct address *to;

	if (a->n_addresses == DNS_ADDRESSES_MAX)
		return;
	to = &a->addresses[a->n_addresses++];
	*to = (struct address){0};
	if (family == AF_INET6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&to->storage;

		in6->sin6_family = AF_INET6;
		memcpy(&in6->sin6_addr, bytes, sizeof(in6->sin6_addr));
		to->len = sizeof(*in6);
	} else {
		struct sockaddr_in *in = (struct sockaddr_in *)&to->storage;

		in->sin_family = AF_INET;
		memcpy(&in->sin_addr, bytes, sizeof(in->sin_addr));
		to->len = sizeof(*in);
	}
}

static int
hosts_take(const struct query *q, struct hostent *host)
{
	struct dns_answer *a = q->answer;

	for (char **p = host->h_addr_list; p && *p; p++)
		address_add(a, host->h_addrtype, *p);
	ares_free_hostent(host);
	return a->n_addresses ? ARES_SUCCESS : ARES_ENODATA;
}

static int
srv_take(const struct query *q, const unsigned char *bytes, int len)
{
	struct ares_srv_reply *list = NULL;
	int status = ares_parse_srv_reply(bytes, len, &list);

	for (struct ares_srv_reply *s = list; s; s = s->next)
		if (q->answer->n_records++ == 0)
			snprintf(q->answer->name, sizeof(q->answer->name), "%s", s->host);
	if (list)
		ares_free_data(list);
	return status ? status : q->answer->n_records ? ARES_SUCCESS : ARES_ENODATA;
}

/* A CNAME whose host has an address comes with it; one that leads nowhere is a name all the same. */
static int
cname_take(const struct query *q, const unsigned char *bytes, int len)
{
	struct hostent *host = NULL;
	struct wire_fault fault = {0};
	struct wire_in in;
	int status = ares_parse_a_reply(bytes, len, &host, NULL, NULL);

	if (host)
		ares_free_hostent(host);
	if (status && status != ARES_ENODATA)
		return status;
	wire_in_init(&in, bytes, (size_t)len, true, &fault);
	wire_in_skip(&in, 6); /* RFC 1035 4.1.1: ANCOUNT */
	q->answer->n_records = wire_in_u16(&in);
	return q->answer->n_records ? ARES_SUCCESS : ARES_ENODATA;
}

static int
take(const struct query *q, const unsigned char *bytes, int len)
{
	struct hostent *host = NULL;
	int status;

	switch (q->type) {
	case DNS_A: status = ares_parse_a_reply(bytes, len, &host, NULL, NULL); break;
	case DNS_AAAA: status = ares_parse_aaaa_reply(bytes, len, &host, NULL, NULL); break;
	case DNS_SRV: return srv_take(q, bytes, len);
	default: return cname_take(q, bytes, len);
	}
	return status ? status : hosts_take(q, host);
}

static void
arrived(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
	struct query *q = arg;

	q->pending = false;
	q->answer->took = time_now() - q->began;
	if (!status && bytes)
		status = take(q, bytes, len);
	q->seen = seen_of(status);
}

static bool
query_begin(struct query *q, const char *name, const char *server, sp_nanos deadline)
{
	struct ares_options options = {
		.flags = ARES_FLAG_NOCHECKRESP,
		.timeout = (int)((deadline - time_now()) / SP_MILLISECOND),
		.tries = 1,
	};

	if (options.timeout < 1)
		options.timeout = 1;
	q->began = time_now();
	q->seen = SEEN_LOOKUP_TIMEOUT;
	if (options.timeout > 1500) { /* a datagram may be lost */
		options.timeout /= 3;
		options.tries = 2;
	}
	if (ares_init_options(
		    &q->channel, &options, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES))
		return false;
	if (ares_set_servers_ports_csv(q->channel, server)) {
		ares_destroy(q->channel);
		return false;
	}
	q->pending = true;
	if (q->uses_search_list)
		ares_search(q->channel, name, ns_c_in, (int)q->type, arrived, q);
	else
		ares_query(q->channel, name, ns_c_in, (int)q->type, arrived, q);
	return true;
}

static size_t
descriptors(struct query *queries, size_t n, struct pollfd *fds, struct query **owner)
{
	size_t n_fds = 0;

	for (size_t i = 0; i < n; i++) {
		ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
		unsigned bits;

		if (!queries[i].pending)
			continue;
		bits = (unsigned)ares_getsock(queries[i].channel, sockets, ARES_GETSOCK_MAXNUM);
		for (int s = 0; s < ARES_GETSOCK_MAXNUM; s++) {
			/* ARES_GETSOCK_READABLE and _WRITABLE, without shifting into the sign */
			unsigned readable = bits >> s & 1,
				 writable = bits >> (s + ARES_GETSOCK_MAXNUM) & 1;
			short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));

			if (!events)
				continue;
			owner[n_fds] = &queries[i];
			fds[n_fds++] = (struct pollfd){.fd = sockets[s], .events = events};
		}
	}
	return n_fds;
}

#define TICK (100 * SP_MILLISECOND) /* c-ares keeps its own times: it is asked that often */

static void
queries_drive(struct query *queries, size_t n, sp_nanos deadline)
{
	struct pollfd fds[2 * DNS_SERVERS_MAX * 2];
	struct query *owner[2 * DNS_SERVERS_MAX * 2];
	sp_nanos now;

	while ((now = time_now()) < deadline) {
		size_t n_fds = n <= 2 * DNS_SERVERS_MAX ? descriptors(queries, n, fds, owner) : 0;
		sp_nanos tick = now + TICK < deadline ? now + TICK : deadline;

		if (n_fds == 0)
			return;
		if (poll(fds, n_fds, time_poll_ms(now, tick)) < 0)
			return;
		for (size_t i = 0; i < n_fds; i++)
			ares_process_fd(owner[i]->channel,
				fds[i].revents & ~POLLOUT ? fds[i].fd : ARES_SOCKET_BAD,
				fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
	}
}

static bool
is_among(char servers[DNS_SERVERS_MAX][ADDRESS_TEXT], size_t n, const char *server)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(servers[i], server))
			return true;
	return false;
}

/* The configured servers, "ADDRESS:PORT"; one that stands there twice counts once. */
static size_t
servers_find(char ret[DNS_SERVERS_MAX][ADDRESS_TEXT])
{
	struct ares_addr_port_node *list = NULL;
	ares_channel channel;
	size_t n = 0;

	if (ares_init(&channel))
		return 0;
	if (ares_get_servers_ports(channel, &list) == ARES_SUCCESS)
		for (struct ares_addr_port_node *s = list; s && n < DNS_SERVERS_MAX; s = s->next) {
			char text[64] = "";

			ares_inet_ntop(s->family, &s->addr, text, sizeof(text));
			snprintf(ret[n], ADDRESS_TEXT, s->family == AF_INET6 ? "[%s]:%d" : "%s:%d",
				text, s->udp_port ? s->udp_port : 53);
			n += !is_among(ret, n, ret[n]);
		}
	if (list)
		ares_free_data(list);
	ares_destroy(channel);
	return n;
}

static void
merge(struct dns_answer *a, const struct query *first, const struct query *second)
{
	if (!second || first->seen == SEEN_LOOKUP_ANSWERED)
		a->seen = first->seen;
	else if (second->seen == SEEN_LOOKUP_ANSWERED || first->seen == SEEN_LOOKUP_EMPTY)
		a->seen = second->seen;
	else
		a->seen = first->seen;
}

static size_t
ask_all(const char *name, const enum dns_record *types, size_t n_types, bool uses_search_list,
	sp_nanos deadline, struct dns_answer *ret, size_t cap)
{
	struct query queries[2 * DNS_SERVERS_MAX] = {0};
	char servers[DNS_SERVERS_MAX][ADDRESS_TEXT];
	size_t n, n_queries = 0;

	n = servers_find(servers);
	n = n < cap ? n : cap;
	for (size_t i = 0; i < n; i++) {
		ret[i] = (struct dns_answer){.seen = SEEN_LOOKUP_TIMEOUT};
		memcpy(ret[i].server, servers[i], sizeof(ret[i].server));
		for (size_t t = 0; t < n_types; t++) {
			struct query *q = &queries[n_queries++];

			*q = (struct query){.answer = &ret[i],
				.type = types[t],
				.uses_search_list = uses_search_list};
			if (!query_begin(q, name, servers[i], deadline))
				q->channel = NULL;
		}
	}
	queries_drive(queries, n_queries, deadline);
	for (size_t i = 0; i < n_queries; i++)
		if (queries[i].channel)
			ares_destroy(queries[i].channel);
	for (size_t i = 0; i < n; i++)
		merge(&ret[i], &queries[i * n_types],
			n_types > 1 ? &queries[i * n_types + 1] : NULL);
	return n;
}

size_t
dns_ask_host(const char *host, sp_nanos deadline, struct dns_answer *ret, size_t cap)
{
	static const enum dns_record types[] = {DNS_A, DNS_AAAA};

	return ask_all(host, types, 2, true, deadline, ret, cap);
}

size_t
dns_ask(const char *name, enum dns_record type, sp_nanos deadline, struct dns_answer *ret,
	size_t cap)
{
	return ask_all(name, &type, 1, false, deadline, ret, cap);
}

/* --- an address's name --- */

struct owner {
	char *ret;
	size_t cap;
	bool is_there, is_over;
};

static void
owner_arrived(void *arg, int status, int timeouts, struct hostent *host)
{
	struct owner *o = arg;

	o->is_over = true;
	if (status || !host || !host->h_name || !*host->h_name)
		return;
	snprintf(o->ret, o->cap, "%s", host->h_name);
	o->is_there = true;
}

static const void *
address_bytes(const struct address *a, int *ret_len)
{
	if (a->storage.ss_family == AF_INET6) {
		*ret_len = 16;
		return &((const struct sockaddr_in6 *)&a->storage)->sin6_addr;
	}
	*ret_len = 4;
	return &((const struct sockaddr_in *)&a->storage)->sin_addr;
}

bool
dns_name_of(const struct address *address, sp_nanos deadline, char *ret, size_t cap)
{
	struct owner owner = {.ret = ret, .cap = cap};
	struct ares_options options = {.timeout = 400, .tries = 1, .lookups = (char[]){"b"}};
	struct query q = {.pending = true};
	const void *bytes;
	int len;

	bytes = address_bytes(address, &len);
	if (ares_init_options(
		    &q.channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS))
		return false;
	ares_gethostbyaddr(
		q.channel, bytes, len, address->storage.ss_family, owner_arrived, &owner);
	if (!owner.is_over)
		queries_drive(&q, 1, deadline);
	ares_destroy(q.channel);
	return owner.is_there;
}

size_t
dns_hosts_file(const char *host, struct address *ret, size_t cap)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct dns_answer found = {0};
	ares_channel channel;
	size_t n;

	if (ares_init(&channel))
		return 0;
	for (size_t i = 0; i < 2; i++) {
		struct query q = {.answer = &found};
		struct hostent *entry = NULL;

		if (ares_gethostbyname_file(channel, host, families[i], &entry) == ARES_SUCCESS &&
			entry && hosts_take(&q, entry))
			continue;
	}
	ares_destroy(channel);
	n = found.n_addresses < cap ? found.n_addresses : cap;
	memcpy(ret, found.addresses, n * sizeof(*ret));
	return n;
}

/* --- what it comes to --- */

static bool
has_address(const struct dns_answer *a, const struct address *wanted)
{
	uint8_t left[16], right[16];

	address_host(wanted, left);
	for (size_t i = 0; i < a->n_addresses; i++) {
		address_host(&a->addresses[i], right);
		if (!memcmp(left, right, sizeof(left)))
			return true;
	}
	return false;
}

static bool
said_something(const struct dns_answer *a)
{
	return a->seen == SEEN_LOOKUP_ANSWERED || a->seen == SEEN_LOOKUP_NXDOMAIN ||
	       a->seen == SEEN_LOOKUP_EMPTY;
}

bool
dns_disagree(const struct dns_answer *a, const struct dns_answer *b)
{
	if (!said_something(a) || !said_something(b))
		return false;
	if (a->seen != SEEN_LOOKUP_ANSWERED && b->seen != SEEN_LOOKUP_ANSWERED)
		return false;
	for (size_t i = 0; i < a->n_addresses; i++)
		if (has_address(b, &a->addresses[i]))
			return false;
	return true;
}

const char *
dns_says(const struct dns_answer *a, char *ret, size_t cap)
{
	static const char *const words[] = {
		[SEEN_LOOKUP_ANSWERED] = "answered",
		[SEEN_LOOKUP_NXDOMAIN] = "there is no such name (NXDOMAIN)",
		[SEEN_LOOKUP_EMPTY] = "the name has no address",
		[SEEN_LOOKUP_SERVFAIL] = "the server failed (SERVFAIL)",
		[SEEN_LOOKUP_TIMEOUT] = "no answer",
		[SEEN_LOOKUP_REFUSED] = "the server refuses to answer",
	};
	char text[ADDRESS_TEXT];
	size_t n = 0;

	if (a->seen != SEEN_LOOKUP_ANSWERED || (!a->n_addresses && !*a->name)) {
		snprintf(ret, cap, "%s", words[a->seen]);
		return ret;
	}
	snprintf(ret, cap, "%s", a->name);
	for (size_t i = 0; i < a->n_addresses && n + 1 < cap; i++)
		n += (size_t)snprintf(
			ret + n, cap - n, "%s%s", i ? ", " : "", port_host(&a->addresses[i], text));
	return ret;
}
