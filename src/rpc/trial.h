/* SPDX-License-Identifier: MIT */
/*
 * For the client's tests: a small interface, a real server of it, and a server whose every PDU the test makes by hand
 * (struct peer). Client and peer take turns in one thread, so that nothing depends on who is quicker.
 */
#ifndef RPC_TRIAL_H
#define RPC_TRIAL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sallyport/sallyport.h>

#include "base/mem.h"
#include "base/time.h"
#include "net/pipe.h"
#include "net/tcp.h"
#include "wire/bind.h"
#include "wire/request.h"

#define TRIAL_PATIENCE (10 * SP_SECOND)

/* --- the interface: a number and bytes there, the number plus one and the bytes back --- */

enum { TRIAL_ADD, TRIAL_LATER, TRIAL_TWICE, TRIAL_MAYBE, TRIAL_N };

struct trial_args {
	uint32_t value, n;
	const uint8_t *bytes;
};

static void
trial_push(struct sp_push *p, const void *v)
{
	const struct trial_args *a = v;

	sp_push_u32(p, a->value);
	sp_push_u32(p, a->n);
	sp_push_bytes(p, a->bytes, a->n);
}

static void
trial_pull(struct sp_pull *p, void *v)
{
	struct trial_args *a = v;

	a->value = sp_pull_u32(p);
	a->n = sp_pull_count(p, 1);
	a->bytes = sp_pull_alloc(p, a->n, 1);
	if (a->bytes)
		sp_pull_bytes(p, (uint8_t *)a->bytes, a->n);
}

static void
trial_nothing_push(struct sp_push *p, const void *v)
{
	(void)p;
	(void)v;
}

static void
trial_nothing_pull(struct sp_pull *p, void *v)
{
	(void)p;
	(void)v;
}

static atomic_int trial_maybes;

static sp_status
trial_add(sp_call *call, const void *handlers, void *v)
{
	(void)call;
	(void)handlers;
	((struct trial_args *)v)->value++;
	return 0;
}

struct trial_late {
	sp_call *call;
	struct trial_args *args;
};

static void *
trial_late_main(void *arg)
{
	struct trial_late late = *(struct trial_late *)arg;

	free(arg);
	usleep(late.args->value * 1000);
	late.args->value++;
	sp_call_complete(late.call, 0);
	return NULL;
}

/* Answers after `value` ms. */
static sp_status
trial_later(sp_call *call, const void *handlers, void *v)
{
	struct trial_late *late = malloc(sizeof(*late));
	pthread_t thread;

	(void)handlers;
	*late = (struct trial_late){call, v};
	sp_call_defer(call);
	pthread_create(&thread, NULL, trial_late_main, late);
	pthread_detach(thread);
	return 0;
}

static sp_status
trial_maybe(sp_call *call, const void *handlers, void *v)
{
	(void)call;
	(void)handlers;
	(void)v;
	atomic_fetch_add(&trial_maybes, 1);
	return 0;
}

#define TRIAL_BOTH trial_push, trial_pull, trial_push, trial_pull
#define TRIAL_IN trial_push, trial_pull, trial_nothing_push, trial_nothing_pull

static const struct sp_operation trial_operations[TRIAL_N] = {
	[TRIAL_ADD] = {"add", sizeof(struct trial_args), 0, TRIAL_BOTH, trial_add, NULL, 0},
	[TRIAL_LATER] = {"later", sizeof(struct trial_args), 0, TRIAL_BOTH, trial_later, NULL, 0},
	[TRIAL_TWICE] = {"twice", sizeof(struct trial_args), SP_OP_IDEMPOTENT, TRIAL_BOTH,
		trial_add, NULL, 0},
	[TRIAL_MAYBE] = {"maybe", sizeof(struct trial_args), SP_OP_MAYBE, TRIAL_IN, trial_maybe,
		NULL, 0},
};

static const struct sp_interface trial_interface = {
	.abi = SP_STUB_ABI,
	.name = "trial",
	.id = {{0x7e57ab1e, 0x4321, 0x1234, {0x80, 0x02}, {1, 2, 3, 4, 5, 6}}, 1, 0},
	.n_operations = TRIAL_N,
	.operations = trial_operations,
};

/* --- a real server of it --- */

struct trial_server {
	sp_server *server;
	char dir[64], tcp[64];
	uint16_t port;
};

static inline void
trial_server_up(struct trial_server *s, const struct sp_server_options *given)
{
	struct sp_server_options options = given ? *given : (struct sp_server_options){0};
	struct sp_error err = {0};

	strcpy(s->dir, "/tmp/sallyport-trial-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	options.ncalrpc_dir = s->dir;
	options.no_mapper = true;
	assert_int_equal(sp_server_new(&options, &s->server, &err), 0);
	assert_int_equal(sp_server_use_protseq(s->server, "ncacn_ip_tcp", NULL, NULL, &err), 0);
	assert_int_equal(sp_server_use_protseq(s->server, "ncalrpc", "trial", NULL, &err), 0);
	assert_int_equal(sp_server_register(s->server, &trial_interface, NULL, NULL, &err), 0);
	assert_int_equal(sp_server_start(s->server, 2, &err), 0);
	snprintf(s->tcp, sizeof(s->tcp), "ncacn_ip_tcp:127.0.0.1%s",
		strchr(sp_server_binding(s->server, 0), '['));
	s->port = (uint16_t)atoi(strchr(s->tcp, '[') + 1);
}

static inline void
trial_server_down(struct trial_server *s)
{
	sp_server_free(s->server);
	assert_int_equal(rmdir(s->dir), 0);
}

/* --- clients --- */

static inline sp_client *
trial_client(const char *binding, const struct sp_client_options *options)
{
	sp_client *client;
	struct sp_error err;

	assert_int_equal(sp_client_new(binding, options, &client, &err), 0);
	return client;
}

struct trial_call { /* one asynchronous call and what became of it */
	sp_call *call;
	struct trial_args args;
	unsigned ended;
	sp_status status;
	struct sp_error error;
};

static inline void
trial_done(sp_call *call, sp_status status, const struct sp_error *error, void *arg)
{
	struct trial_call *t = arg;

	assert_ptr_equal(call, t->call);
	assert_true(!status == !error);
	t->ended++;
	t->status = status;
	if (error)
		t->error = *error;
}

static inline void
trial_again(struct trial_call *t, unsigned opnum, uint32_t value)
{
	struct sp_error err;

	t->args = (struct trial_args){.value = value};
	t->ended = 0;
	assert_int_equal(
		sp_call_start(t->call, &trial_interface, opnum, &t->args, trial_done, t, &err), 0);
	assert_int_equal(t->ended, 0);
	assert_int_equal(sp_call_result(t->call, NULL), RPC_S_ASYNC_CALL_PENDING);
}

static inline void
trial_start(struct trial_call *t, sp_client *client, unsigned opnum, uint32_t value)
{
	memset(t, 0, sizeof(*t));
	t->call = sp_call_new(client);
	assert_non_null(t->call);
	trial_again(t, opnum, value);
}

static inline void
trial_turn(sp_client *client, int most_ms)
{
	struct pollfd pollfd = {.fd = sp_client_fd(client), .events = sp_client_events(client)};
	int ms = sp_client_timeout_ms(client);

	poll(&pollfd, 1, ms < 0 || ms > most_ms ? most_ms : ms);
	sp_client_service(client);
}

static inline void
trial_run(sp_client *client, const struct trial_call *t)
{
	sp_nanos until = time_now() + TRIAL_PATIENCE;

	while (!t->ended && time_now() < until)
		trial_turn(client, 1000);
	assert_int_equal(t->ended, 1);
	assert_int_equal(sp_call_result(t->call, NULL), t->status);
}

/* --- a server made by hand --- */

struct peer {
	int listener;
	uint16_t port;
	char binding[64];
};

struct line { /* one connection to it */
	int fd;
	bool big_endian;
	uint8_t in[65536], pdu[65536]; /* received; the PDU that was taken last */
	size_t n;
	struct pdu_header h;
	bool closed;
};

static inline void
peer_up(struct peer *p)
{
	struct address address;

	assert_true(address_parse("127.0.0.1", 0, &address));
	assert_int_equal(tcp_listen(&address, &p->listener), 0);
	assert_true(tcp_local_address(p->listener, &address));
	p->port = address_port(&address);
	snprintf(p->binding, sizeof(p->binding), "ncacn_ip_tcp:127.0.0.1[%u]", p->port);
}

static inline void
peer_down(struct peer *p)
{
	close(p->listener);
}

static inline bool
line_accepts(struct peer *p, struct line *l)
{
	int fd;

	if (tcp_accept(p->listener, &fd))
		return false;
	memset(l, 0, sizeof(*l));
	l->fd = fd;
	return true;
}

static inline void
line_open(struct peer *p, sp_client *client, struct line *l)
{
	sp_nanos until = time_now() + TRIAL_PATIENCE;

	while (!line_accepts(p, l)) {
		assert_true(time_now() < until);
		trial_turn(client, 1);
	}
}

static inline void
line_close(struct line *l)
{
	pipe_close(l->fd);
}

/* True: the client sent one more PDU; it is in l->pdu. */
static inline bool
line_take(struct line *l)
{
	struct wire_fault fault = {0};
	size_t got = 0;

	if (pipe_read(l->fd, l->in + l->n, sizeof(l->in) - l->n, &got) == 0) {
		l->closed |= got == 0 && l->n < sizeof(l->in);
		l->n += got;
	}
	if (!pdu_header_get(l->in, l->n, &l->h, &fault) || l->n < l->h.frag_len)
		return false;
	memcpy(l->pdu, l->in, l->h.frag_len);
	l->n -= l->h.frag_len;
	memmove(l->in, l->in + l->h.frag_len, l->n);
	return true;
}

static inline void
line_expect(struct line *l, sp_client *client, unsigned ptype)
{
	sp_nanos until = time_now() + TRIAL_PATIENCE;

	while (!line_take(l)) {
		if (time_now() > until || l->closed)
			fail_msg("no %s came", ptype_name(ptype));
		trial_turn(client, 1);
	}
	if (l->h.ptype != ptype)
		fail_msg("%s in place of %s", ptype_name(l->h.ptype), ptype_name(ptype));
}

static inline void
line_expect_close(struct line *l, sp_client *client)
{
	sp_nanos until = time_now() + TRIAL_PATIENCE;

	while (!l->closed) {
		assert_true(time_now() < until);
		assert_false(line_take(l));
		trial_turn(client, 1);
	}
}

static inline void
line_send(struct line *l, struct wire_out *out)
{
	struct iovec iov = {out->base, wire_out_offset(out)};
	size_t sent;

	assert_false(out->full);
	assert_int_equal(pipe_write(l->fd, &iov, 1, &sent), 0);
	assert_int_equal(sent, iov.iov_len);
}

static inline struct pdu_header
line_header(const struct line *l, unsigned ptype, uint8_t flags, uint32_t call_id)
{
	return (struct pdu_header){.vers = 5,
		.ptype = (uint8_t)ptype,
		.flags = flags,
		.drep = {l->big_endian ? 0 : 0x10},
		.frag_len = PDU_HEADER_SIZE,
		.call_id = call_id};
}

static inline struct wire_out
line_out(const struct line *l, void *room, size_t cap)
{
	struct wire_out out;

	wire_out_init(&out, room, cap);
	out.swap = l->big_endian;
	return out;
}

/* Accepts everything in the bind or alter_context that was taken last; `features` answers the negotiation. */
static inline void
line_ack(struct line *l, uint8_t mpx, uint16_t features, uint32_t group_id)
{
	bool bind = l->h.ptype == PTYPE_BIND;
	struct pdu_header h = line_header(
		l, bind ? PTYPE_BIND_ACK : PTYPE_ALTER_CONTEXT_RESP, 3 | mpx, l->h.call_id);
	struct bind_ack_fixed ack = {5840, 5840, group_id, "", 0, 0};
	struct bind_result results[32];
	struct wire_fault fault = {0};
	struct bind_fixed fixed;
	struct wire_in in;
	uint8_t room[2048];
	struct wire_out out = line_out(l, room, sizeof(room));

	assert_true(pdu_body(l->pdu, &l->h, &in, &fault));
	bind_fixed_get(&in, &fixed);
	for (unsigned i = 0; i < fixed.n_contexts; i++) {
		struct sp_syntax_id transfer;
		struct bind_context element;
		uint64_t bits;

		bind_context_get(&in, &element);
		syntax_get(&element.transfers, &transfer);
		results[i] =
			syntax_is_btfn(&transfer, &bits)
				? (struct bind_result){CONTEXT_NEGOTIATE_ACK, features, {{0}, 0, 0}}
				: (struct bind_result){CONTEXT_ACCEPTANCE, 0, transfer};
	}
	ack.n_results = fixed.n_contexts;
	assert_true(bind_ack_put(&out, &h, &ack, results));
	line_send(l, &out);
}

static inline uint32_t
line_bind_group(const struct line *l)
{
	struct wire_fault fault = {0};
	struct bind_fixed fixed;
	struct wire_in in;

	assert_true(pdu_body(l->pdu, &l->h, &in, &fault));
	bind_fixed_get(&in, &fixed);
	return fixed.group_id;
}

/* The common beginning: accepts, takes the bind, answers it. */
static inline void
line_bound(struct peer *p, sp_client *client, struct line *l, uint8_t mpx, uint16_t features)
{
	line_open(p, client, l);
	line_expect(l, client, PTYPE_BIND);
	line_ack(l, mpx, features, 77);
}

/* The number in the request that was taken last. */
static inline uint32_t
line_request_value(const struct line *l)
{
	return sp_load_u32(l->pdu + PDU_REQUEST_SIZE, false);
}

static inline void
line_respond(struct line *l, uint32_t call_id, uint32_t value)
{
	struct response_fixed fixed = {8, 0, 0};
	struct pdu_header h = line_header(l, PTYPE_RESPONSE, 3, call_id);
	uint8_t room[64];
	struct wire_out out = line_out(l, room, sizeof(room));

	response_fixed_put(&out, &h, &fixed);
	wire_out_u32(&out, value);
	wire_out_u32(&out, 0);
	pdu_put_end(&out, 0);
	line_send(l, &out);
}

static inline void
line_fault(struct line *l, uint32_t call_id, uint32_t status, uint8_t flags)
{
	struct fault_fixed fixed = {.alloc_hint = 32, .status = status};
	struct pdu_header h = line_header(l, PTYPE_FAULT, 3 | flags, call_id);
	uint8_t room[64];
	struct wire_out out = line_out(l, room, sizeof(room));

	fault_fixed_put(&out, &h, &fixed);
	pdu_put_end(&out, 0);
	line_send(l, &out);
}

static inline void
line_nak_extended(struct line *l, uint16_t reason, const uint8_t *information, uint32_t len)
{
	struct pdu_header h = line_header(l, PTYPE_BIND_NAK, 3, l->h.call_id);
	struct bind_nak nak = {.reason = reason,
		.n_versions = 1,
		.versions = {{5, 0}},
		.extended = information,
		.extended_len = len};
	uint8_t room[1024];
	struct wire_out out = line_out(l, room, sizeof(room));

	assert_true(bind_nak_put(&out, &h, &nak));
	line_send(l, &out);
}

static inline void
line_nak(struct line *l, uint16_t reason)
{
	line_nak_extended(l, reason, NULL, 0);
}

static inline void
line_shutdown(struct line *l)
{
	struct pdu_header h = line_header(l, PTYPE_SHUTDOWN, 3, 0);
	uint8_t room[64];
	struct wire_out out = line_out(l, room, sizeof(room));

	assert_true(pdu_header_put(&out, &h));
	line_send(l, &out);
}

#endif
