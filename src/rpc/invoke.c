/* SPDX-License-Identifier: MIT */
/* What users and stubs say about a call: marshalling, beginning, waiting, cancelling, its end. */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "ndr/ndr.h"
#include "rpc/client.h"
#include "rpc/fault.h"
#include "rpc/object.h"
#include "wire/bind.h"

/* --- life --- */

static void on_time(void *);

struct client_call *
client_call_new(sp_client *client)
{
	struct client_call *c = call_begin(sizeof(*c), client->options.max_memory);

	if (!c)
		return NULL;
	list_init(&c->node);
	poll_timer_init(&c->timer, on_time, c);
	c->call.client = client;
	return c;
}

sp_call *
sp_call_new(sp_client *client)
{
	struct client_call *c = client_call_new(client);

	return c ? &c->call : NULL;
}

static void
requests_drop(struct client_call *c)
{
	for (unsigned i = 0; i < 2; i++) {
		buf_unref(c->requests[i]);
		c->requests[i] = NULL;
	}
}

void
sp_call_free(sp_call *call)
{
	struct client_call *c;

	if (!call)
		return;
	c = client_call_of(call);
	if (c->place == CALL_UNDER_WAY) {
		session_abandon(c->session, c);
		client_flush(call->client);
	}
	list_remove(&c->node);
	poll_timer_stop(&c->timer);
	requests_drop(c);
	client_pipes_free(c);
	call_end(call);
}

void
sp_call_reset(sp_call *call)
{
	buf_slice_fini(&call->stub);
	arena_reset(&call->arena);
}

/* --- arguments and answers --- */

static sp_status
args_push(struct client_call *c, const struct sp_interface *interface, uint32_t opnum,
	const void *args, bool ndr64, struct buf **ret_stub, struct sp_error *reterr)
{
	const struct sp_operation *op = &interface->operations[opnum];
	const char *what = NULL;
	struct sp_push push;
	sp_status status;

	ndr_push_init(&push, PDU_REQUEST_OBJECT_SIZE, 0, UINT32_MAX / 2, NULL);
	if (ndr64)
		ndr_push_ndr64(&push);
	orpc_push_this(interface, &c->call, &push);
	op->push_in(&push, args);
	status = ndr_push_status(&push, &what);
	if (!status)
		*ret_stub = ndr_push_finish(&push);
	ndr_push_fini(&push);
	if (status)
		return error_set(reterr, SP_PHASE_COMMUNICATION, fault_to_status(status),
			"marshal the arguments of %s.%s - %s - the call was not sent",
			interface->name, op->name, what ? what : "they cannot be represented");
	return *ret_stub ? 0 : error_no_memory(reterr);
}

/* In the syntax that the server has chosen before, or in each that will be offered. */
static sp_status
requests_make(struct client_call *c, const struct sp_interface *interface, uint32_t opnum,
	const void *args, struct buf **ret_requests, struct sp_error *reterr)
{
	const sp_client *client = c->call.client;
	const struct sp_syntax_id *known = transfer_find(client, &interface->id), *offered;
	struct buf *made[2] = {NULL, NULL};
	size_t n;

	offered = transfers_of(client->options.transfer, &n);
	for (size_t i = 0; i < n; i++) {
		bool ndr64 = transfer_is_ndr64(&offered[i]);
		sp_status status;

		if (known && transfer_is_ndr64(known) != ndr64)
			continue;
		status = args_push(c, interface, opnum, args, ndr64, &made[i], reterr);
		if (status) {
			buf_unref(made[0]);
			return status;
		}
	}
	ret_requests[0] = made[0];
	ret_requests[1] = made[1];
	return 0;
}

/* The number that faults have for a lack of memory is the server's; here it is our own. */
static sp_status
pull_status(sp_status status)
{
	return status == NCA_S_FAULT_REMOTE_NO_MEMORY ? RPC_S_OUT_OF_MEMORY
						      : fault_to_status(status);
}

static sp_status
answer_wrong(struct client_call *c, sp_status status, const struct wire_fault *fault)
{
	const char *operation = c->stubs->operations[c->opnum].name;

	if (status == RPC_S_OUT_OF_MEMORY)
		return error_set(&c->error, SP_PHASE_COMMUNICATION, status,
			"read the answer of %s.%s from %.100s - it takes more memory than "
			"max_memory "
			"allows or the system has - the call ran",
			c->stubs->name, operation, client_where(c->call.client));
	error_set(&c->error, SP_PHASE_COMMUNICATION, status,
		"read the answer of %s.%s from %.100s - it breaks off or is wrong in %s, byte %u - "
		"the "
		"server does not keep to this interface, or uses another version of it",
		c->stubs->name, operation, client_where(c->call.client),
		fault->what ? fault->what : "the stub data", fault->at);
	c->error.evidence = SP_EVIDENCE_PROTOCOL;
	return status;
}

static sp_status
answer_pull(struct client_call *c)
{
	const struct sp_operation *op = &c->stubs->operations[c->opnum];
	struct wire_fault fault = {0};
	struct sp_pull pull;
	sp_status status;

	if (c->pipes)
		client_pipes_pull(c, &pull);
	else
		ndr_pull_init(&pull, buf_slice_bytes(&c->call.stub), c->call.stub.len,
			c->big_endian, &c->call.arena, NULL, NULL);
	if (c->is_ndr64)
		ndr_pull_ndr64(&pull);
	orpc_pull_that(c->stubs, &pull);
	op->pull_out(&pull, c->args);
	status = ndr_pull_status(&pull, &fault);
	ndr_pull_fini(&pull);
	return status ? answer_wrong(c, pull_status(status), &fault) : 0;
}

/* --- the beginning --- */

static sp_status
ready(const struct client_call *c, struct sp_error *reterr)
{
	if (c->place == CALL_IDLE)
		return 0;
	return error_set(reterr, SP_PHASE_NONE, RPC_S_CALL_IN_PROGRESS,
		"begin a call - its object's last one has not ended - wait for its end, or use "
		"another object");
}

void
call_communicates(struct client_call *c)
{
	const sp_client *client = c->call.client;
	sp_nanos timeout =
		c->call.timeout ? c->call.timeout : client->options.communication_timeout;

	if (c->due != SP_NEVER)
		return;
	c->communicates_since = poller_now(client->poller);
	c->due = client_deadline(client, timeout);
	poll_timer_set(&c->timer, client->poller, c->due);
}

void
call_renew(struct client_call *c)
{
	if (c->cancelled)
		return;
	c->due = SP_NEVER;
	call_communicates(c);
}

struct question { /* what is asked */
	const struct sp_syntax_id *interface;
	uint32_t opnum;
	struct buf *take_requests[2]; /* NULL, NULL: a bind */
	const struct sp_interface *stubs;
	void *args;
	sp_call_done *done;
	void *arg;
};

static void
submit(struct client_call *c, const struct question *q)
{
	sp_client *client = c->call.client;
	uint32_t flags = q->stubs ? q->stubs->operations[q->opnum].flags : 0;
	bool within = client->poller->turning;

	if (!within)
		poller_hold(client->poller);
	c->interface = *q->interface;
	c->opnum = (uint16_t)q->opnum;
	c->requests[0] = q->take_requests[0];
	c->requests[1] = q->take_requests[1];
	c->bind_only = !q->take_requests[0] && !q->take_requests[1];
	c->stubs = q->stubs;
	c->args = q->args;
	c->done = q->done;
	c->arg = q->arg;
	c->maybe = flags & SP_OP_MAYBE;
	c->idempotent = flags & SP_OP_IDEMPOTENT;
	c->retried = c->must_resolve = c->resolved_again = false;
	c->may_have_run = c->cancelled = false;
	c->avoids = 0;
	c->began = poller_now(client->poller);
	c->due = SP_NEVER;
	c->place = CALL_QUEUED;
	list_append(&client->queue, &c->node);
	if (client->n_sessions > 0)
		call_communicates(c);
	pool_assign(client);
	client_flush(client);
	if (!within)
		poller_release(client->poller);
}

static sp_status
stubs_check(const struct sp_interface *interface, uint32_t opnum, struct sp_error *reterr)
{
	if (interface->abi == SP_STUB_ABI && opnum < interface->n_operations &&
		interface->operations[opnum].name)
		return 0;
	return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
		"call opnum %u of %.60s - the stubs have no such operation or another ABI - "
		"compile its IDL again",
		opnum, interface->name);
}

sp_status
sp_call_start(sp_call *call, const struct sp_interface *interface, uint32_t opnum, void *args,
	sp_call_done *done, void *arg, struct sp_error *reterr)
{
	struct client_call *c = client_call_of(call);
	struct question q = {&interface->id, opnum, {NULL, NULL}, interface, args, done, arg};
	sp_status status = ready(c, reterr);

	if (!status)
		status = stubs_check(interface, opnum, reterr);
	if (status)
		return status;
	sp_call_reset(call);
	status = requests_make(c, interface, opnum, args, q.take_requests, reterr);
	if (!status && interface->operations[opnum].n_pipes) {
		status = client_pipes_new(c, interface, opnum, args, q.take_requests, reterr);
		if (status) {
			buf_unref(q.take_requests[0]);
			buf_unref(q.take_requests[1]);
		}
	}
	if (!status)
		submit(c, &q);
	return status;
}

static struct buf *
request_copy(const void *stub, size_t len)
{
	struct buf *b = buf_new(PDU_REQUEST_OBJECT_SIZE, PDU_REQUEST_OBJECT_SIZE + (uint32_t)len);

	if (b && len)
		memcpy(b->data + b->end, stub, len);
	if (b)
		b->end += (uint32_t)len;
	return b;
}

sp_status
sp_call_start_raw(sp_call *call, const struct sp_syntax_id *interface, uint16_t opnum,
	const void *stub, size_t len, sp_call_done *done, void *arg, struct sp_error *reterr)
{
	struct client_call *c = client_call_of(call);
	struct question q = {interface, opnum, {NULL, NULL}, NULL, NULL, done, arg};
	sp_status status = ready(c, reterr);

	if (status)
		return status;
	if (len > UINT32_MAX / 2)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"send %zu bytes of stub data - a request has at most 2 GiB - send less",
			len);
	sp_call_reset(call);
	q.take_requests[0] = request_copy(stub, len);
	if (!q.take_requests[0])
		return error_no_memory(reterr);
	submit(c, &q);
	return 0;
}

/* --- waiting --- */

static sp_status
may_wait(const sp_client *client, struct sp_error *reterr)
{
	if (!client->poller->turning)
		return 0;
	return error_set(reterr, SP_PHASE_NONE, RPC_S_CALL_IN_PROGRESS,
		"block within the function of another call - it would wait for itself - use "
		"sp_call_start()");
}

static sp_status
await(struct client_call *c, struct sp_error *reterr)
{
	while (c->place != CALL_IDLE)
		poller_turn(c->call.client->poller, SP_NEVER);
	if (c->status && reterr)
		*reterr = c->error;
	return c->status;
}

sp_status
sp_call_invoke(sp_call *call, const struct sp_interface *interface, uint32_t opnum, void *args,
	struct sp_error *reterr)
{
	sp_status status = may_wait(call->client, reterr);

	if (!status)
		status = sp_call_start(call, interface, opnum, args, NULL, NULL, reterr);
	return status ? status : await(client_call_of(call), reterr);
}

sp_status
sp_call_raw(sp_call *call, const struct sp_syntax_id *interface, uint16_t opnum, const void *stub,
	size_t len, const void **ret_stub, size_t *ret_len, bool *ret_big_endian,
	struct sp_error *reterr)
{
	sp_status status = may_wait(call->client, reterr);

	if (!status)
		status = sp_call_start_raw(call, interface, opnum, stub, len, NULL, NULL, reterr);
	if (!status)
		status = await(client_call_of(call), reterr);
	if (!status)
		sp_call_answer(call, ret_stub, ret_len, ret_big_endian);
	return status;
}

sp_status
sp_client_bind(sp_client *client, const struct sp_syntax_id *interface, struct sp_error *reterr)
{
	struct question q = {.interface = interface};
	sp_status status = may_wait(client, reterr);
	struct client_call *c;

	if (status)
		return status;
	c = client_call_new(client);
	if (!c)
		return error_no_memory(reterr);
	submit(c, &q);
	status = await(c, reterr);
	sp_call_free(&c->call);
	return status;
}

/* --- the end --- */

void
call_finish(struct client_call *c, sp_status status)
{
	sp_client *client = c->call.client;

	poll_timer_stop(&c->timer);
	requests_drop(c);
	c->status = status;
	if (status && c->may_have_run)
		c->error.did_not_execute = false;
	c->place = CALL_FINISHED;
	list_append(&client->finished, &c->node);
	client_wake(client);
}

void
call_deliver(struct client_call *c)
{
	if (!c->status && c->stubs && !c->maybe)
		c->status = answer_pull(c);
	client_pipes_free(c);
	c->place = CALL_IDLE;
	if (!c->done)
		return;
	poller_release(c->call.client->poller);
	c->done(&c->call, c->status, c->status ? &c->error : NULL, c->arg);
}

static void
give_up(struct client_call *c)
{
	struct session *s = c->session;
	sp_nanos waited = poller_now(c->call.client->poller) - c->communicates_since;
	bool sent = s && !c->bind_only && assoc_call_was_sent(&s->link.conn, c->call_id);
	sp_status status =
		c->cancelled ? outcome_cancelled(c, sent) : outcome_timeout(c, waited, sent);

	if (s && !c->cancelled)
		session_late(s, c);
	else if (s)
		session_abandon(s, c);
	else
		list_remove(&c->node);
	call_finish(c, status);
}

static void
on_time(void *arg)
{
	give_up(arg);
}

void
sp_call_cancel(sp_call *call)
{
	struct client_call *c = client_call_of(call);
	sp_client *client = call->client;
	struct session *s = c->session;
	bool first = !c->cancelled;

	if (c->place != CALL_QUEUED && c->place != CALL_UNDER_WAY)
		return;
	c->cancelled = true;
	if (!s || !assoc_call_was_sent(&s->link.conn, c->call_id)) {
		give_up(c);
	} else if (first) {
		sp_nanos until = client_deadline(client, client->options.cancel_grace);

		assoc_cancel(&s->link.conn, c->call_id);
		s->dirty = true;
		poll_timer_set(&c->timer, client->poller, until < c->due ? until : c->due);
	}
	client_flush(client);
}

sp_status
sp_call_result(const sp_call *call, struct sp_error *reterr)
{
	const struct client_call *c = client_call_of(call);

	if (c->place != CALL_IDLE)
		return RPC_S_ASYNC_CALL_PENDING;
	if (c->status && reterr)
		*reterr = c->error;
	return c->status;
}

void
sp_call_answer(const sp_call *call, const void **ret_stub, size_t *ret_len, bool *ret_big_endian)
{
	*ret_stub = buf_slice_bytes(&call->stub);
	*ret_len = call->stub.len;
	*ret_big_endian = client_call_of(call)->big_endian;
}
