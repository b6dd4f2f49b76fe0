/* SPDX-License-Identifier: MIT */
/*
 * One hostile client for each limit of the engine. Each says as many bad things as it can, over as many connections
 * as it was given, and holds what comes back against the defined answer.
 *
 *   attack --list                one line each: name, limit, answer
 *   attack NAME PORT SECONDS [TIMEOUT_MS]    TIMEOUT_MS: the server's time limit for a PDU
 *
 * At its end one line of JSON; exit status 1 when there was another answer than the defined one, or none where one is
 * due. It is nice to everybody (19): an attacker has a machine of its own, and what is measured is the server.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "pdus.h"

#define MS 1000000ll
#define PATIENCE (30000 * MS)

struct attack;

struct hostile { /* one connection */
	const struct attack *attack;
	int fd;
	bool bound;
	/* the server's clock for us began to run between these two: connect, and bind_ack read */
	int64_t opened_at, bound_at;
	int64_t next_at;
	uint32_t call, step;
	uint8_t out[16 * PDU_MAX], in[2 * PDU_MAX];
	size_t n_out, out_at, n_in;
};

/* What came from the server. */
struct answer {
	uint8_t ptype;
	uint32_t call, status; /* status of a fault, reason of a bind_nak */
	const uint8_t *pdu;
	size_t len;
};

struct attack {
	const char *name, *limit, *answer;
	unsigned n_connections;
	uint8_t bind; /* flags of a bind that goes first; 0: none does */
	bool logs_on; /* the bind carries the first token of a logon */
	bool deaf;    /* reads nothing */
	unsigned
		due; /* so many answers and ends have to come; it goes on until they have, for PATIENCE */
	int64_t pace; /* ns between two fills */
	/* What to say next, into h->out; nothing: it waits. */
	void (*fill)(struct hostile *);
	/* Is that the defined answer? NULL: none is. */
	bool (*expects)(struct hostile *, const struct answer *);
	/* Is it right that the server ends the connection now? NULL: never. */
	bool (*ends)(const struct hostile *, int64_t now);
};

static struct {
	uint16_t port;
	int64_t timeout;
	int64_t longest_pause; /* the machine had something else to do than to let us look */
	uint32_t group;
	unsigned long connected, defined, ended, wrong, refused, bytes;
	char first_wrong[200];
} tally;

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* --- what they say --- */

static uint8_t *
end_of(struct hostile *h)
{
	return h->out + h->n_out;
}

static bool
has_room(const struct hostile *h)
{
	return sizeof h->out - h->n_out >= PDU_MAX;
}

static void
say_request(struct hostile *h, uint16_t opnum, const void *stub, size_t n, uint8_t flags)
{
	h->n_out += request_make(end_of(h), h->call, opnum, stub, n, flags);
}

static const uint8_t zeroes[PDU_MAX];

static void
fill_nothing(struct hostile *h)
{
	(void)h;
}

/* The bind is good, but for the time it takes. */
static void
fill_slow_bind(struct hostile *h)
{
	uint8_t pdu[PDU_MAX];
	size_t n = bind_make(pdu, 1, 0, BIND_PLAIN);

	if (h->step < n - 1)
		h->out[h->n_out++] = pdu[h->step++];
}

static void
fill_half_pdu(struct hostile *h)
{
	if (h->step++ > 0)
		return;
	h->call++;
	say_request(h, ECHO_DATA, zeroes, PDU_MAX - 24, REQUEST_WHOLE);
	h->n_out /= 2;
}

static void
fill_endless(struct hostile *h, size_t n)
{
	if (h->step++ == 0) {
		h->call++;
		say_request(h, ECHO_DATA, zeroes, n, REQUEST_FIRST);
	}
	while (has_room(h))
		say_request(h, ECHO_DATA, zeroes, n, REQUEST_MIDDLE);
}

static void
fill_endless_fragments(struct hostile *h)
{
	fill_endless(h, PDU_MAX - 24);
}

static void
fill_empty_fragments(struct hostile *h)
{
	fill_endless(h, 0);
}

static void
fill_long_pdu(struct hostile *h)
{
	say_request(h, ECHO_DATA, zeroes, PDU_MAX - 24, REQUEST_WHOLE);
	sp_store_u16(h->out + 8, 65535);
}

/* Ids 1, 2, ... 65535, 130 in each PDU. */
static void
fill_contexts(struct hostile *h)
{
	h->n_out += contexts_make(end_of(h), PDU_ALTER, BIND_PLAIN, ++h->call, 0,
		(uint16_t)(1 + 130 * h->step++), 130);
}

/* Always the same 100: all known after the first time. */
static void
fill_alters(struct hostile *h)
{
	while (has_room(h))
		h->n_out += contexts_make(end_of(h), PDU_ALTER, BIND_MPX, ++h->call, 0, 0, 100);
}

static void
fill_call_ids(struct hostile *h)
{
	while (has_room(h)) {
		h->call = h->call * 1103515245u + 12345u;
		h->n_out += request_make(
			end_of(h), h->call & 0x7fffffff, ECHO_ADDONE, zeroes, 4, REQUEST_WHOLE);
	}
}

static void
fill_same_id(struct hostile *h)
{
	static const uint8_t a_while[4] = {200};

	if (h->step++ > 0)
		return;
	h->call++;
	say_request(h, ECHO_SLEEP, a_while, 4, REQUEST_WHOLE);
	say_request(h, ECHO_SLEEP, a_while, 4, REQUEST_WHOLE);
}

/* One call that takes 20 ms; while it does, cancels: for it and for calls that never were. */
static void
fill_cancels(struct hostile *h)
{
	static const uint8_t twenty[4] = {20};

	if (h->step == 0) {
		h->call++;
		h->step = 1;
		say_request(h, ECHO_SLEEP, twenty, 4, REQUEST_WHOLE);
	}
	while (has_room(h)) {
		h->n_out += pdu_make(end_of(h), PDU_CO_CANCEL, 3, h->call, 16);
		h->n_out += pdu_make(end_of(h), PDU_CO_CANCEL, 3, h->call + 1000000, 16);
	}
}

static void
fill_orphans(struct hostile *h)
{
	static const uint8_t five[4] = {5};

	while (has_room(h)) {
		h->call++;
		say_request(h, ECHO_SLEEP, five, 4, REQUEST_WHOLE);
		h->n_out += pdu_make(end_of(h), PDU_ORPHANED, 3, h->call, 16);
	}
}

/* Small requests with counts that promise more than there is, or a great deal. */
static void
fill_bombs(struct hostile *h)
{
	static const uint32_t bombs[][3] = {
		{ECHO_DATA, 0xffffffff, 0xffffffff}, /* so many bytes do not follow */
		{ECHO_DATA, 0x40000001, 0x40000001},
		{ECHO_SOURCE, 0xffffffff, 0}, /* an answer of 4 GiB */
		{ECHO_SOURCE, 0x7fffffff, 0},
		{ECHO_SURROUNDING, 0x80000001, 0x80000001}, /* twice that overflows */
		{ECHO_SURROUNDING, 0x00ffffff, 0x00ffffff},
	};

	for (unsigned i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
		uint8_t stub[12] = {0};

		sp_store_u32(stub, bombs[i][1]);
		sp_store_u32(stub + 4, bombs[i][2]);
		h->call++;
		say_request(h, (uint16_t)bombs[i][0], stub, sizeof stub, REQUEST_WHOLE);
	}
}

/* A logon without a password, and a request that believes in it. */
static void
fill_logons(struct hostile *h)
{
	uint8_t guess[120] = "NTLMSSP\0\3";
	uint8_t *pdu;

	if (h->step++ > 0)
		return;
	for (size_t i = 12; i < sizeof guess; i++)
		guess[i] = (uint8_t)(h->opened_at >> i % 32);
	h->n_out += trailer_add(
		h->out, pdu_make(h->out, PDU_AUTH3, 3, h->call, 20), 0, guess, sizeof guess);
	h->call++;
	pdu = end_of(h);
	h->n_out += trailer_add(pdu,
		request_make(pdu, h->call, ECHO_ADDONE, zeroes, 4, REQUEST_WHOLE), 0, zeroes, 16);
}

static void
fill_auth3(struct hostile *h)
{
	while (has_room(h)) {
		uint8_t *pdu = end_of(h);

		h->n_out += trailer_add(pdu, pdu_make(pdu, PDU_AUTH3, 3, h->call, 20), h->step++,
			ntlm_negotiate, sizeof ntlm_negotiate);
	}
}

/* Each begins a logon of its own, and none is ever gone on with. */
static void
fill_logons_begun(struct hostile *h)
{
	for (unsigned i = 0; i < 100; i++) {
		uint8_t *pdu = end_of(h);

		h->n_out += trailer_add(pdu,
			contexts_make(pdu, PDU_ALTER, BIND_PLAIN, ++h->call, 0, 0, 1), h->step++,
			ntlm_negotiate, sizeof ntlm_negotiate);
	}
}

/* Requests with authenticators of every length for a context that is not there. */
static void
fill_authenticators(struct hostile *h)
{
	size_t n = (size_t)(h->opened_at / 1000 % (PDU_MAX - 24 - 8 - 3));

	if (h->step++ > 0)
		return;
	h->call++;
	h->n_out = trailer_add(h->out,
		request_make(h->out, h->call, ECHO_ADDONE, NULL, 0, REQUEST_WHOLE), 7, zeroes, n);
	if (n == 0) /* or longer than the PDU */
		sp_store_u16(h->out + 10, 60000);
}

/* Answers of 64 KiB that nobody reads. */
static void
fill_deaf(struct hostile *h)
{
	static const uint8_t size[4] = {0, 0, 1, 0};

	while (has_room(h)) {
		h->call++;
		say_request(h, ECHO_SOURCE, size, 4, REQUEST_WHOLE);
	}
}

/* Each asks for 200 ms of sleep, with half a megabyte after the parameter. */
static void
fill_hoard(struct hostile *h)
{
	static const uint8_t stub[PDU_MAX - 24] = {200};

	while (has_room(h)) {
		unsigned at = h->step++ % 90;

		h->call += at == 0;
		say_request(h, ECHO_SLEEP, stub, sizeof stub,
			at == 0    ? REQUEST_FIRST
			: at == 89 ? REQUEST_LAST
				   : REQUEST_MIDDLE);
	}
}

/* --- what they are told --- */

static bool
is_fault(const struct answer *a, uint32_t status)
{
	return a->ptype == PDU_FAULT && a->status == status;
}

static bool
expects_denied(struct hostile *h, const struct answer *a)
{
	return is_fault(a, 5) && a->call == h->call;
}

static bool
expects_contexts(struct hostile *h, const struct answer *a)
{
	(void)h;
	return a->ptype == PDU_ALTER_RESP || (a->ptype == PDU_BIND_NAK && a->status == 2);
}

static bool
expects_alters(struct hostile *h, const struct answer *a)
{
	(void)h;
	return a->ptype == PDU_ALTER_RESP;
}

static bool
expects_sum(struct hostile *h, const struct answer *a)
{
	(void)h;
	return a->ptype == PDU_RESPONSE && a->len == 28 && u32_at(a->pdu + 24) == 1;
}

static bool
expects_proto_error(struct hostile *h, const struct answer *a)
{
	return is_fault(a, 0x1c01000b) && a->call == h->call;
}

static bool
expects_slept(struct hostile *h, const struct answer *a)
{
	h->step = 0;
	return a->ptype == PDU_RESPONSE && a->call == h->call;
}

static bool
expects_logons_begun(struct hostile *h, const struct answer *a)
{
	(void)h;
	return a->ptype == PDU_ALTER_RESP || is_fault(a, 0x1c01000b);
}

static bool
expects_no_trailer(struct hostile *h, const struct answer *a)
{
	return a->call == h->call && (is_fault(a, 5) || is_fault(a, 0x1c01000b));
}

static bool
expects_bombs(struct hostile *h, const struct answer *a)
{
	(void)h;
	return is_fault(a, 0x6f7) || is_fault(a, 0x1c00001b);
}

static bool
expects_any_sleep(struct hostile *h, const struct answer *a)
{
	(void)h;
	return a->ptype == PDU_RESPONSE && a->len == 28;
}

static bool
ends_any_time(const struct hostile *h, int64_t now)
{
	(void)h;
	(void)now;
	return true;
}

static bool
ends_late(const struct hostile *h, int64_t now)
{
	return now - h->opened_at >= tally.timeout * 8 / 10;
}

/* At the time limit, and no sooner. */
static bool
ends_in_time(const struct hostile *h, int64_t now)
{
	return ends_late(h, now) &&
	       now - h->bound_at < tally.timeout * 2 + 2000 * MS + tally.longest_pause;
}

static const struct attack attacks[] = {
	{.name = "slow-bind",
		.limit = "first_pdu_timeout",
		.answer = "the end of the connection when the time is over",
		.n_connections = 300,
		.due = 1,
		.pace = 40 * MS,
		.fill = fill_slow_bind,
		.ends = ends_in_time},
	{.name = "half-pdus",
		.limit = "pdu_timeout",
		.answer = "the end of the connection when the time is over",
		.n_connections = 300,
		.bind = BIND_PLAIN,
		.due = 1,
		.pace = 10 * MS,
		.fill = fill_half_pdu,
		.ends = ends_in_time},
	{.name = "idle",
		.limit = "idle_timeout",
		.answer = "the end of the connection when the time is over",
		.n_connections = 300,
		.bind = BIND_PLAIN,
		.due = 1,
		.pace = 10 * MS,
		.fill = fill_nothing,
		.ends = ends_in_time},
	{.name = "endless-fragments",
		.limit = "max_stub",
		.answer = "fault 5 at 4 MiB, then the end",
		.n_connections = 8,
		.bind = BIND_PLAIN,
		.due = 1,
		.fill = fill_endless_fragments,
		.expects = expects_denied,
		.ends = ends_any_time},
	{.name = "empty-fragments",
		.limit = "max_stub",
		.answer = "none: the call is not complete",
		.n_connections = 8,
		.bind = BIND_PLAIN,
		.fill = fill_empty_fragments},
	{.name = "long-pdus",
		.limit = "max_fragment",
		.answer = "fault nca_s_proto_error, then the end",
		.n_connections = 8,
		.bind = BIND_PLAIN,
		.due = 1,
		.fill = fill_long_pdu,
		.expects = expects_proto_error,
		.ends = ends_any_time},
	{.name = "contexts",
		.limit = "max_contexts",
		.answer = "bind_nak, local limit exceeded; then the end",
		.n_connections = 8,
		.bind = BIND_PLAIN,
		.due = 1,
		.fill = fill_contexts,
		.expects = expects_contexts,
		.ends = ends_any_time},
	{.name = "alter-storm",
		.limit = "max_contexts",
		.answer = "alter_context_resp to each",
		.n_connections = 8,
		.bind = BIND_MPX,
		.due = 1,
		.fill = fill_alters,
		.expects = expects_alters},
	{.name = "call-id-storm",
		.limit = "max_calls",
		.answer = "a response to each",
		.n_connections = 8,
		.bind = BIND_MPX,
		.due = 1,
		.fill = fill_call_ids,
		.expects = expects_sum},
	{.name = "same-call-id",
		.limit = "max_calls",
		.answer = "fault nca_s_proto_error, then the end",
		.n_connections = 8,
		.bind = BIND_MPX,
		.due = 1,
		.fill = fill_same_id,
		.expects = expects_proto_error,
		.ends = ends_any_time},
	{.name = "cancel-storm",
		.limit = "max_calls",
		.answer = "none; the call is answered",
		.n_connections = 8,
		.bind = BIND_MPX,
		.due = 1,
		.fill = fill_cancels,
		.expects = expects_slept},
	{.name = "orphan-storm",
		.limit = "max_calls",
		.answer = "none; the next waits until a handler has ended",
		.n_connections = 8,
		.bind = BIND_MPX,
		.fill = fill_orphans},
	{.name = "flood",
		.limit = "max_connections",
		.answer = "over the limit the end at once",
		.n_connections = 600,
		.due = 1,
		.fill = fill_nothing,
		.ends = ends_any_time},
	{.name = "one-group",
		.limit = "max_connections",
		.answer = "bind_ack with the group to each",
		.n_connections = 10000,
		.bind = BIND_MPX,
		.due = 10000,
		.fill = fill_nothing},
	{.name = "ndr-bombs",
		.limit = "max_memory of a call",
		.answer = "fault: bad stub data, or no memory",
		.n_connections = 8,
		.bind = BIND_MPX,
		.due = 1,
		.fill = fill_bombs,
		.expects = expects_bombs},
	{.name = "deaf",
		.limit = "max_memory of a connection",
		.answer = "read no more; the end when nothing could be sent for the time limit",
		.n_connections = 8,
		.bind = BIND_MPX,
		.deaf = true,
		.fill = fill_deaf,
		.ends = ends_late},
	{.name = "hoard",
		.limit = "max_memory of a connection",
		.answer = "read no more until calls have ended",
		.n_connections = 8,
		.bind = BIND_MPX,
		.due = 1,
		.fill = fill_hoard,
		.expects = expects_any_sleep},
	{.name = "logon-storm",
		.limit = "a logon without a password",
		.answer = "fault 5 to the first request under it, then the end",
		.n_connections = 8,
		.bind = BIND_PLAIN,
		.logs_on = true,
		.due = 1,
		.fill = fill_logons,
		.expects = expects_denied,
		.ends = ends_any_time},
	{.name = "auth3-storm",
		.limit = "an auth3 for no logon",
		.answer = "the end, without a word",
		.n_connections = 8,
		.bind = BIND_PLAIN,
		.logs_on = true,
		.due = 1,
		.fill = fill_auth3,
		.ends = ends_any_time},
	{.name = "logons-begun",
		.limit = "security contexts under way",
		.answer = "alter_context_resp; fault nca_s_proto_error at the fifth, then the end",
		.n_connections = 8,
		.bind = BIND_PLAIN,
		.due = 1,
		.fill = fill_logons_begun,
		.expects = expects_logons_begun,
		.ends = ends_any_time},
	{.name = "authenticators",
		.limit = "a trailer without a context",
		.answer = "fault 5, or nca_s_proto_error when it cannot be read; then the end",
		.n_connections = 8,
		.bind = BIND_PLAIN,
		.due = 1,
		.fill = fill_authenticators,
		.expects = expects_no_trailer,
		.ends = ends_any_time},
};
#define N_ATTACKS (sizeof attacks / sizeof attacks[0])

/* --- the connections --- */

static void
wrong(const struct hostile *h, const char *what, unsigned a, unsigned b)
{
	if (tally.wrong++ == 0)
		snprintf(tally.first_wrong, sizeof tally.first_wrong,
			"%s %u %#x at the age of %lld ms", what, a, b,
			(long long)(now_ns() - h->opened_at) / 1000000);
}

static void
hostile_open(struct hostile *h, int ep)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(tally.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = h};
	int one = 1;

	h->opened_at = now_ns();
	h->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (h->fd < 0 ||
		(connect(h->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)) {
		perror("connect");
		exit(3);
	}
	fcntl(h->fd, F_SETFL, O_NONBLOCK);
	/* the end is a reset: no port is left waiting */
	setsockopt(h->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
	setsockopt(h->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (!h->attack->deaf || !h->attack->bind)
		epoll_ctl(ep, EPOLL_CTL_ADD, h->fd, &e);
	tally.connected++;
	h->bound_at = h->next_at = now_ns();
	h->bound = false;
	h->call = 1;
	h->step = 0;
	h->n_in = h->n_out = h->out_at = 0;
	if (h->attack->bind)
		h->n_out = bind_make(h->out, h->call, tally.group, h->attack->bind);
	if (h->attack->logs_on)
		h->n_out = trailer_add(h->out, h->n_out, 0, ntlm_negotiate, sizeof ntlm_negotiate);
}

static void
hostile_ended(struct hostile *h, int ep)
{
	close(h->fd);
	if (h->attack->ends && h->attack->ends(h, now_ns()))
		tally.ended++;
	else
		wrong(h, "the server ended the connection, step", h->step, 0);
	hostile_open(h, ep);
}

static void
bind_is_answered(struct hostile *h, const struct answer *a)
{
	if (a->ptype != PDU_BIND_ACK)
		wrong(h, "no bind_ack but", a->ptype, 0);
	else if (tally.group && u32_at(a->pdu + 20) != tally.group)
		wrong(h, "another group than", tally.group, u32_at(a->pdu + 20));
	h->bound = true;
	h->bound_at = now_ns();
	if (strcmp(h->attack->name, "one-group") == 0) {
		tally.group = u32_at(a->pdu + 20);
		tally.defined++;
	}
}

static void
answer_see(struct hostile *h, const uint8_t *pdu, size_t len)
{
	struct answer a = {pdu[2], u32_at(pdu + 12), 0, pdu, len};

	if (a.ptype == PDU_FAULT)
		a.status = u32_at(pdu + 24);
	else if (a.ptype == PDU_BIND_NAK)
		a.status = u16_at(pdu + 16);
	if (h->attack->bind && !h->bound)
		bind_is_answered(h, &a);
	else if (h->attack->expects && h->attack->expects(h, &a))
		tally.defined++;
	else
		wrong(h, "PDU of type", a.ptype, a.status);
}

static void
hostile_read(struct hostile *h, int ep)
{
	ssize_t n = read(h->fd, h->in + h->n_in, sizeof h->in - h->n_in);
	size_t at = 0, len;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		hostile_ended(h, ep);
		return;
	}
	h->n_in += (size_t)n;
	while (h->n_in - at >= 16 && h->n_in - at >= (len = u16_at(h->in + at + 8))) {
		answer_see(h, h->in + at, len);
		at += len;
	}
	memmove(h->in, h->in + at, h->n_in - at);
	h->n_in -= at;
}

/* True: something was sent. */
static bool
hostile_write(struct hostile *h, int ep, int64_t now)
{
	bool ready = h->bound || !h->attack->bind || h->attack->deaf;
	ssize_t n;

	if (h->out_at == h->n_out && ready && now >= h->next_at) {
		h->n_out = h->out_at = 0;
		h->attack->fill(h);
		h->next_at = now + h->attack->pace;
	}
	if (h->out_at == h->n_out)
		return false;
	n = send(h->fd, h->out + h->out_at, h->n_out - h->out_at, MSG_NOSIGNAL);
	if (n < 0) {
		/* what the server still said is read before the end is */
		if (errno != EAGAIN && h->attack->deaf)
			hostile_ended(h, ep);
		else if (errno != EAGAIN)
			h->out_at = h->n_out;
		return false;
	}
	h->out_at += (size_t)n;
	tally.bytes += (unsigned long)n;
	return true;
}

static void
connections_open(struct hostile *all, const struct attack *attack, int ep)
{
	struct hostile *first = &all[0];

	for (unsigned i = 0; i < attack->n_connections; i++) {
		all[i].attack = attack;
		hostile_open(&all[i], ep);
		/* not all of them in the same moment */
		all[i].next_at += attack->pace * i / attack->n_connections;
		/* the others join the first one's group */
		if (i == 0 && strcmp(attack->name, "one-group") == 0) {
			hostile_write(first, ep, now_ns());
			while (!first->bound)
				hostile_read(first, ep);
		}
	}
}

static bool
has_what_is_due(const struct attack *attack)
{
	return tally.defined + tally.ended >= attack->due;
}

static void
run(struct hostile *all, const struct attack *attack, int64_t until)
{
	struct epoll_event events[256];
	int ep = epoll_create1(0);
	bool busy = true;
	int64_t last = now_ns();

	connections_open(all, attack, ep);
	for (int64_t now = now_ns();
		now < until || (now < until + PATIENCE && !has_what_is_due(attack));
		now = now_ns()) {
		int n = epoll_wait(ep, events, 256, busy ? 0 : 2);

		if (now - last > tally.longest_pause)
			tally.longest_pause = now - last;
		last = now;
		busy = n == 256;
		for (int i = 0; i < n; i++)
			hostile_read(events[i].data.ptr, ep);
		for (unsigned i = 0; i < attack->n_connections; i++)
			busy |= hostile_write(&all[i], ep, now);
	}
	close(ep);
}

static int
list(void)
{
	for (size_t i = 0; i < N_ATTACKS; i++)
		printf("%s\t%s\t%s\n", attacks[i].name, attacks[i].limit, attacks[i].answer);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct attack *attack = NULL;
	struct hostile *all;
	bool good;

	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	for (size_t i = 0; argc >= 4 && i < N_ATTACKS; i++)
		if (strcmp(attacks[i].name, argv[1]) == 0)
			attack = &attacks[i];
	if (!attack)
		return 64;
	tally.port = (uint16_t)strtoul(argv[2], NULL, 10);
	tally.timeout = (argc > 4 ? strtol(argv[4], NULL, 10) : 1000) * MS;
	if (setpriority(PRIO_PROCESS, 0, 19))
		perror("nice");
	all = calloc(attack->n_connections, sizeof *all);
	if (!all)
		return 3;
	run(all, attack, now_ns() + (int64_t)(strtod(argv[3], NULL) * 1e9));
	good = tally.wrong == 0 && has_what_is_due(attack);
	printf("{\"connected\": %lu, \"bytes\": %lu, \"answers\": %lu, \"ended\": %lu, \"wrong\": "
	       "%lu, "
	       "\"first_wrong\": \"%s\", \"longest_pause_ms\": %lld}\n",
		tally.connected, tally.bytes, tally.defined, tally.ended, tally.wrong,
		tally.first_wrong, (long long)(tally.longest_pause / MS));
	free(all);
	return good ? 0 : 1;
}
