/* SPDX-License-Identifier: MIT */
/* From a request to its answer ([MS-RPCE] 3.3.2.5.2, C706 12.6.4.9). All on the connection's loop thread. */
#include "rpc/server.h"

#include <stddef.h>
#include <string.h>

#include "ndr/ndr.h"
#include "rpc/access.h"
#include "rpc/extended.h"
#include "rpc/fault.h"
#include "rpc/object.h"
#include "rpc/pipe_server.h"
#include "rpc/security.h"
#include "rpc/verify.h"
#include "wire/pdu.h"

/* --- context handles: the wire's UUIDs against the association group's --- */

struct wanted {
	const struct registration *by;
	uint32_t type;
};

/*
 * A handle is good for its own type. Another interface may have the type as well, and takes the handle as long as
 * neither says [strict_context_handle] ([MS-RPCE] 3.1.1.5.3.2.2.2); types are the same when their names are
 * ([MS-RPCE] 3.1.1.5.3.3.1.1), so that no handler takes one thing for another.
 */
static bool
context_fits(const void *arg, const struct assoc_context *found)
{
	const struct registration *maker = found->interface;
	const struct wanted *w = arg;
	const struct sp_context_type *ours = &w->by->interface->contexts[w->type],
				     *theirs = &maker->interface->contexts[found->type];

	if (maker == w->by)
		return found->type == w->type;
	return !ours->strict && !theirs->strict && !strcmp(ours->name, theirs->name);
}

static void on_granted(void *arg);

static void
granted_send(sp_call *call)
{
	call->done = (struct loop_message){.fn = on_granted, .arg = call};
	loop_send(call->connection->thread->loop, &call->done);
}

static void
granted(struct assoc_holder *h)
{
	granted_send((sp_call *)((char *)h - offsetof(sp_call, holder)));
}

static sp_status
context_resolve(void *owner, uint32_t type, bool shared, struct sp_context_handle *handle)
{
	sp_call *call = owner;
	struct assoc_group *group = connection_group(call->connection);
	struct wanted wanted = {call->registration, type};

	if (!group)
		return NCA_S_FAULT_CONTEXT_MISMATCH;
	if (!call->holder.group)
		assoc_holder_init(&call->holder, group, granted);
	switch (assoc_holder_take(
		&call->holder, &handle->uuid, shared, context_fits, &wanted, &handle->user)) {
	case ASSOC_HELD: return 0;
	case ASSOC_NO_MEMORY: return NCA_S_FAULT_REMOTE_NO_MEMORY;
	case ASSOC_WAITS: call->parked = true; break;
	case ASSOC_NOT_THERE: break;
	}
	return NCA_S_FAULT_CONTEXT_MISMATCH;
}

static bool
context_settle(void *owner, uint32_t type, struct sp_context_handle *handle)
{
	const sp_call *call = owner;
	struct assoc_group *group = connection_group(call->connection);

	if (!group)
		return false;
	if (sp_uuid_is_nil(&handle->uuid)) {
		handle->attributes = 0;
		if (!handle->user || assoc_group_add_context(group, call->registration, type,
					     handle->user, &handle->uuid))
			return true;
		context_rundown(call->registration, type, handle->user);
		return false;
	}
	if (handle->user)
		return assoc_group_set_context(group, &handle->uuid, handle->user);
	assoc_group_remove_context(group, &handle->uuid);
	*handle = (struct sp_context_handle){0};
	return true;
}

/* --- the end of a call --- */

/* A fault, with what is known about it when the server is to say so ([MS-EERR]). */
static void
refuse(sp_call *call, sp_status fault, bool did_not_execute, enum eerr_location at)
{
	struct connection *c = call->connection;
	struct sp_error_record record;
	struct buf *b = NULL;

	fault = fault_to_send(fault);
	if (c->thread->server->options.extended_errors) {
		record = eerr_record(
			at == EERR_AT_HANDLER ? SP_COMPONENT_APPLICATION : SP_COMPONENT_RUNTIME, at,
			fault_to_status(fault));
		eerr_add_text(&record, call->registration->interface->name);
		eerr_add_number(&record, call->opnum);
		b = eerr_put(&record, 1);
	}
	assoc_refuse_extended(&c->link.conn, call->call_id, fault, did_not_execute,
		b ? b->data + b->start : NULL, b ? buf_len(b) : 0);
	buf_unref(b);
}

static sp_status
answer_push(sp_call *call, struct buf **ret_stub)
{
	struct ndr_contexts contexts = {call, context_resolve, context_settle};
	struct sp_push push;
	sp_status status;

	ndr_push_init(&push, PDU_RESPONSE_SIZE, 0, UINT32_MAX / 2, &contexts);
	if (call->is_ndr64)
		ndr_push_ndr64(&push);
	if (call->pipes)
		server_pipes_end(call, &push);
	orpc_push_that(call->registration->interface, &push);
	call->operation->push_out(&push, call->args);
	status = ndr_push_status(&push, NULL);
	if (!status) {
		*ret_stub = ndr_push_finish(&push);
		if (!*ret_stub)
			status = NCA_S_FAULT_REMOTE_NO_MEMORY;
	}
	ndr_push_fini(&push);
	return status;
}

/* The answer has been given to the engine. Who waits for a context of this call goes on. */
static void
over(sp_call *call)
{
	struct connection *c = call->connection;

	assoc_holder_fini(&call->holder);
	server_pipes_free(call->pipes);
	call->pipes = NULL;
	if (!c->gone)
		stats_add(&c->thread->stats.calls_out, 1);
	call_end(call);
	connection_call_ended(c);
}

static void
refused(sp_call *call, sp_status fault, enum eerr_location at)
{
	if (!call->connection->gone)
		refuse(call, fault, true, at);
	over(call);
}

/* The answer is made even when nobody waits for it: context handles in it are run down, not lost. */
static void
call_finish(sp_call *call, sp_status fault)
{
	struct connection *c = call->connection;
	enum eerr_location at = EERR_AT_HANDLER;
	struct buf *stub = NULL, *last = NULL;

	if (!fault)
		fault = call->raised;
	if (!fault) {
		at = EERR_AT_ANSWER;
		fault = answer_push(call, &stub);
	}
	if (call->pipes)
		last = server_pipes_last(call);
	if (last && !c->gone)
		assoc_reply_more(&c->link.conn, call->call_id, last);
	else
		buf_unref(last);
	if (c->gone)
		buf_unref(stub);
	else if (fault)
		refuse(call, fault, false, at);
	else
		assoc_reply(&c->link.conn, call->call_id, stub);
	over(call);
}

static void
on_done(void *arg)
{
	sp_call *call = arg;
	struct connection *c = call->connection;
	bool gone = c->gone;

	call_finish(call, call->complete_status);
	if (!gone)
		link_turn(&c->link);
}

/* From whatever thread: the loop goes on with it. */
static void
done_send(sp_call *call)
{
	call->done = (struct loop_message){.fn = on_done, .arg = call};
	loop_send(call->connection->thread->loop, &call->done);
}

/* Once the handler has returned and the call has been completed, in whatever order. */
static void
end_close(sp_call *call)
{
	if (atomic_fetch_sub(&call->open_ends, 1) == 1)
		done_send(call);
}

void
sp_call_complete(sp_call *call, sp_status fault)
{
	pthread_mutex_t *notify = &call->connection->thread->notify;

	if (call->watches_cancel) {
		pthread_mutex_lock(notify);
		call->on_cancel = NULL;
		pthread_mutex_unlock(notify);
	}
	call->complete_status = fault;
	end_close(call);
}

/* --- its beginning --- */

/* 0: may run. Otherwise the fault; the call did not execute. */
static sp_status
admit(sp_call *call)
{
	const struct registration *r = call->registration;
	sp_status status;

	if (call->opnum >= r->interface->n_operations ||
		!r->interface->operations[call->opnum].name)
		return NCA_S_OP_RNG_ERROR;
	if (r->options.local_only && !call->connection->local)
		return ERROR_ACCESS_DENIED;
	call->operation = &r->interface->operations[call->opnum];
	status = server_security_admit(call);
	if (!status && r->rules)
		status = access_rules_admit(r->rules, call);
	if (status)
		return status;
	return r->options.access ? r->options.access(call, call->opnum, r->options.access_arg) : 0;
}

static bool
is_verified(const sp_call *call, const uint8_t *trailer, size_t len)
{
	const sp_server *server = call->connection->thread->server;
	const struct assoc_event request = {.call_id = call->call_id,
		.context_id = call->context_id,
		.opnum = call->opnum,
		.offer = &server->offers[call->registration->index],
		.transfer = call->transfer,
		.big_endian = call->big_endian,
		.headers_signed = call->headers_signed};

	return verify_request(&request, trailer, len);
}

static const uint8_t *
rest_of(const sp_call *call, size_t left)
{
	return call->pipes ? server_pipes_rest(call)
			   : (const uint8_t *)buf_slice_bytes(&call->stub) + call->stub.len - left;
}

/*
 * Bytes after the last parameter are left alone, as Windows does: clients pad the stub data, and a
 * verification trailer may follow it ([MS-RPCE] 2.2.2.13).
 */
static sp_status
args_pull(sp_call *call)
{
	struct ndr_contexts contexts = {call, context_resolve, context_settle};
	struct sp_pull pull;
	sp_status status;
	size_t left;

	call->args = arena_alloc(&call->arena, 1, call->operation->args_size);
	if (!call->args)
		return NCA_S_FAULT_REMOTE_NO_MEMORY;
	if (call->pipes) {
		server_pipes_pull(call, &pull, &contexts);
	} else {
		ndr_pull_init(&pull, buf_slice_bytes(&call->stub), call->stub.len, call->big_endian,
			&call->arena, NULL, &contexts);
		ndr_pull_in_place(&pull);
	}
	if (call->is_ndr64)
		ndr_pull_ndr64(&pull);
	orpc_pull_this(call->registration->interface, call, &pull);
	call->operation->pull_in(&pull, call->args);
	status = ndr_pull_status(&pull, NULL);
	left = ndr_pull_left(&pull);
	if (!status && call->pipes && server_pipes_are_read(call, &pull))
		left = 0; /* the pipes' */
	ndr_pull_fini(&pull);
	if (!status && left > 0 && !is_verified(call, rest_of(call, left), left))
		status = ERROR_ACCESS_DENIED;
	return status;
}

static sp_call *
call_of(struct connection *c, struct assoc_event *event)
{
	sp_call *call = call_begin(sizeof(sp_call), c->thread->server->options.max_memory);

	if (!call) {
		buf_slice_fini(&event->take_stub);
		return NULL;
	}
	call->connection = c;
	call->registration = event->offer->cookie;
	call->stub = event->take_stub;
	call->call_id = event->call_id;
	call->opnum = event->opnum;
	call->context_id = event->context_id;
	call->big_endian = event->big_endian;
	call->headers_signed = event->headers_signed;
	if (event->auth) {
		call->auth = auth_ref(event->auth);
		call->auth_type = event->auth_type;
		call->auth_level = event->auth_level;
	}
	call->transfer = event->transfer;
	if (event->cancelled)
		atomic_store_explicit(&call->wish, CALL_CANCELLED, memory_order_relaxed);
	call->is_ndr64 = transfer_is_ndr64(&event->transfer);
	call->has_object = event->has_object;
	if (event->has_object)
		call->object = event->object;
	list_append(&c->calls, &call->node);
	c->n_calls++;
	return call;
}

/* True: the handler has returned and its call ends with *ret_fault. False: it answers later. */
static bool
invoke(sp_call *call, sp_status *ret_fault)
{
	sp_status fault = call->operation->invoke(call, call->registration->handlers, call->args);

	if (call->deferred) {
		end_close(call); /* may be the last that is seen of it */
		return false;
	}
	*ret_fault = fault;
	return true;
}

void
dispatch_work(sp_call *call)
{
	if (invoke(call, &call->complete_status))
		done_send(call);
}

/* From the arguments on. May be done again for a call that had to wait for a context. */
static void
work(sp_call *call)
{
	const struct registration *r = call->registration;
	sp_server *server = call->connection->thread->server;
	sp_status fault = args_pull(call);

	if (call->parked)
		return;
	if (fault && call->pipes && server_pipes_wait_for_arguments(call)) {
		arena_reset(&call->arena);
		return;
	}
	if (fault)
		refused(call, fault, EERR_AT_ARGUMENTS);
	else if (call->pipes || registration_is_on_workers(r, server))
		workers_give(server->workers, call);
	else if (invoke(call, &fault))
		call_finish(call, fault);
}

static void
on_granted(void *arg)
{
	sp_call *call = arg;
	struct connection *c = call->connection;
	bool gone = c->gone;

	call->parked = false;
	if (sp_call_is_orphaned(call)) {
		refused(call, NCA_S_FAULT_CANCEL, EERR_AT_ADMISSION);
	} else {
		arena_reset(&call->arena);
		work(call);
	}
	if (!gone)
		link_turn(&c->link);
}

void
dispatch_give_up(sp_call *call)
{
	if (call->parked && assoc_holder_fini(&call->holder))
		granted_send(call);
}

void
dispatch_request(struct connection *c, struct assoc_event *event)
{
	const struct registration *r = event->offer->cookie;
	sp_call *call = call_of(c, event);
	sp_status fault;

	stats_add(&c->thread->stats.calls_in, 1);
	if (!call) {
		assoc_refuse(&c->link.conn, event->call_id, NCA_S_FAULT_REMOTE_NO_MEMORY, true);
		return;
	}
	c->called[r->index] = true;
	fault = admit(call);
	if (!fault && call->operation->n_pipes && !server_pipes_new(call, event->more))
		fault = NCA_S_FAULT_REMOTE_NO_MEMORY;
	if (fault)
		refused(call, fault, EERR_AT_ADMISSION);
	else
		work(call);
}

void
dispatch_more(struct connection *c, struct assoc_event *event)
{
	bool retry;

	list_for_safe (it, &c->calls) {
		sp_call *call = list_entry(it, sp_call, node);

		if (call->call_id != event->call_id || !call->pipes)
			continue;
		if (!server_pipes_more(call, event, &retry))
			refused(call, NCA_S_FAULT_REMOTE_NO_MEMORY, EERR_AT_ARGUMENTS);
		else if (retry)
			work(call);
		return;
	}
}
