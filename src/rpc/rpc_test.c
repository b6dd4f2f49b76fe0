/* SPDX-License-Identifier: MIT */
/* Client and server of the runtime against each other, over loopback and local sockets. */
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
#include <sys/socket.h>
#include <unistd.h>

#include <sallyport/sallyport.h>

#include "base/mem.h"
#include "base/time.h"
#include "net/tcp.h"
#include "rpc/fault.h"

/* --- an interface: echo a number of bytes; open, use and close a context; be slow; fail --- */

enum { OP_ECHO, OP_OPEN, OP_USE, OP_CLOSE, OP_DEFER, OP_RAISE, OP_RESERVED, OP_WHO, N_OPS };

struct bytes_args {
	uint32_t n, n_out;
	uint8_t *in, *out;
};
struct context_args {
	struct sp_context_handle handle;
	uint32_t value;
};
struct number_args {
	uint32_t value;
};

static void
bytes_push_in(struct sp_push *p, const void *v)
{
	const struct bytes_args *a = v;

	sp_push_u32(p, a->n);
	sp_push_bytes(p, a->in, a->n);
}

static void
bytes_pull_in(struct sp_pull *p, void *v)
{
	struct bytes_args *a = v;

	a->n = sp_pull_count(p, 1);
	a->in = sp_pull_alloc(p, a->n, 1);
	if (a->in)
		sp_pull_bytes(p, a->in, a->n);
}

static void
bytes_push_out(struct sp_push *p, const void *v)
{
	const struct bytes_args *a = v;

	sp_push_u32(p, a->n_out);
	sp_push_bytes(p, a->out, a->n_out);
}

static void
bytes_pull_out(struct sp_pull *p, void *v)
{
	struct bytes_args *a = v;

	a->n_out = sp_pull_count(p, 1);
	a->out = sp_pull_alloc(p, a->n_out, 1);
	if (a->out)
		sp_pull_bytes(p, a->out, a->n_out);
}

static void
context_push(struct sp_push *p, const void *v)
{
	const struct context_args *a = v;

	sp_push_context(p, &a->handle, 0);
	sp_push_u32(p, a->value);
}

static void
context_pull_in(struct sp_pull *p, void *v)
{
	struct context_args *a = v;

	sp_pull_context(p, &a->handle, 0, true);
	a->value = sp_pull_u32(p);
}

static void
number_push(struct sp_push *p, const void *v)
{
	sp_push_u32(p, ((const struct number_args *)v)->value);
}

static void
number_pull(struct sp_pull *p, void *v)
{
	((struct number_args *)v)->value = sp_pull_u32(p);
}

static atomic_int rundowns, closings;

static sp_status
echo_invoke(sp_call *call, const void *handlers, void *v)
{
	struct bytes_args *a = v;

	a->n_out = a->n;
	a->out = a->in;
	return 0;
}

static sp_status
open_invoke(sp_call *call, const void *handlers, void *v)
{
	struct context_args *a = v;

	a->handle.user = strdup("a context");
	return 0;
}

static sp_status
use_invoke(sp_call *call, const void *handlers, void *v)
{
	struct context_args *a = v;

	a->value = a->handle.user ? (uint32_t)strlen(a->handle.user) : 0;
	return 0;
}

static sp_status
close_invoke(sp_call *call, const void *handlers, void *v)
{
	struct context_args *a = v;

	free(a->handle.user);
	a->handle.user = NULL;
	return 0;
}

struct late {
	sp_call *call;
	struct number_args *args;
	unsigned ms;
};

static void *
late_main(void *arg)
{
	struct late late = *(struct late *)arg;

	free(arg);
	usleep(late.ms * 1000);
	late.args->value++;
	sp_call_complete(late.call, 0);
	return NULL;
}

static sp_status
defer_invoke(sp_call *call, const void *handlers, void *v)
{
	struct late *late = malloc(sizeof(*late));
	pthread_t thread;

	*late = (struct late){call, v, ((struct number_args *)v)->value};
	sp_call_defer(call);
	pthread_create(&thread, NULL, late_main, late);
	pthread_detach(thread);
	return 0;
}

static sp_status
raise_invoke(sp_call *call, const void *handlers, void *v)
{
	sp_call_raise(call, ((struct number_args *)v)->value);
	return 0;
}

static sp_status
who_invoke(sp_call *call, const void *handlers, void *v)
{
	struct bytes_args *a = v;
	struct sp_uuid object = sp_call_object(call);
	char uuid[SP_UUID_TEXT];
	pid_t pid = 0;
	uid_t uid = 0;

	sp_uuid_format(&object, uuid);
	a->out = sp_call_alloc(call, 1, 200);
	if (!a->out)
		return NCA_S_FAULT_REMOTE_NO_MEMORY;
	sp_call_local_peer(call, &pid, &uid, NULL);
	a->n_out = (uint32_t)snprintf(
		(char *)a->out, 200, "%s %d %d %s", uuid, (int)pid, (int)uid, sp_call_peer(call));
	return 0;
}

#define BYTES bytes_push_in, bytes_pull_in, bytes_push_out, bytes_pull_out
#define CONTEXT context_push, context_pull_in, context_push, context_pull_in
#define NUMBER number_push, number_pull, number_push, number_pull

static const struct sp_operation operations[N_OPS] = {
	[OP_ECHO] = {"echo", sizeof(struct bytes_args), 0, BYTES, echo_invoke, NULL, 0},
	[OP_OPEN] = {"open", sizeof(struct context_args), 0, CONTEXT, open_invoke, NULL, 0},
	[OP_USE] = {"use", sizeof(struct context_args), 0, CONTEXT, use_invoke, NULL, 0},
	[OP_CLOSE] = {"close", sizeof(struct context_args), 0, CONTEXT, close_invoke, NULL, 0},
	[OP_DEFER] = {"defer", sizeof(struct number_args), 0, NUMBER, defer_invoke, NULL, 0},
	[OP_RAISE] = {"raise", sizeof(struct number_args), 0, NUMBER, raise_invoke, NULL, 0},
	[OP_WHO] = {"who", sizeof(struct bytes_args), 0, BYTES, who_invoke, NULL, 0},
};

static void
context_rundown(const void *handlers, void *user)
{
	atomic_fetch_add(&rundowns, 1);
	free(user);
}

static const struct sp_context_type context_types[] = {{"context", context_rundown, false}};

static const struct sp_interface interface = {
	.abi = SP_STUB_ABI,
	.name = "proof",
	.id = {{0x7e57ab1e, 0x1234, 0x4321, {0x80, 0x01}, {1, 2, 3, 4, 5, 6}}, 1, 0},
	.n_operations = N_OPS,
	.n_contexts = 1,
	.operations = operations,
	.contexts = context_types,
};

/* --- a server for a test --- */

struct stage {
	sp_server *server;
	char dir[64];
	char tcp[64], tcp6[64], local[64];
};

static void
on_connection_closed(void *arg, uint64_t connection)
{
	atomic_fetch_add(&closings, 1);
}

static void
stage_up(struct stage *s, const struct sp_server_options *given, unsigned n_threads,
	const struct sp_interface_options *how)
{
	struct sp_server_options options = given ? *given : (struct sp_server_options){0};
	struct sp_interface_options defaults = {.connection_closed = on_connection_closed};
	struct sp_error err = {0};

	strcpy(s->dir, "/tmp/sallyport-rpc-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	options.ncalrpc_dir = s->dir;
	options.no_mapper = true;
	assert_int_equal(sp_server_new(&options, &s->server, &err), 0);
	assert_int_equal(sp_server_use_protseq(s->server, "ncacn_ip_tcp", NULL, NULL, &err), 0);
	assert_int_equal(sp_server_use_protseq(s->server, "ncalrpc", "proof", NULL, &err), 0);
	assert_int_equal(
		sp_server_register(s->server, &interface, NULL, how ? how : &defaults, &err), 0);
	assert_int_equal(sp_server_start(s->server, n_threads, &err), 0);
	const char *port = strchr(sp_server_binding(s->server, 0), '[');
	snprintf(s->tcp, sizeof(s->tcp), "ncacn_ip_tcp:127.0.0.1%s", port);
	snprintf(s->tcp6, sizeof(s->tcp6), "ncacn_ip_tcp:::1%s", port);
	snprintf(s->local, sizeof(s->local), "ncalrpc:[proof]");
}

static void
stage_down(struct stage *s)
{
	sp_server_free(s->server);
	assert_int_equal(rmdir(s->dir), 0); /* the socket file has gone with the server */
}

static sp_client *
client_of(const struct stage *s, const char *binding)
{
	struct sp_client_options options = {
		.ncalrpc_dir = s->dir, .communication_timeout = 20 * SP_SECOND};
	sp_client *client;
	struct sp_error err;

	assert_int_equal(sp_client_new(binding, &options, &client, &err), 0);
	return client;
}

static sp_status
echo(sp_client *client, size_t n, struct sp_error *reterr)
{
	struct bytes_args args = {.n = (uint32_t)n};
	uint8_t *bytes = malloc(n + 1);
	sp_call *call = sp_call_new(client);
	sp_status status;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	args.in = bytes;
	status = sp_call_invoke(call, &interface, OP_ECHO, &args, reterr);
	if (!status) {
		assert_int_equal(args.n_out, n);
		assert_memory_equal(args.out, bytes, n);
	}
	free(bytes);
	sp_call_free(call);
	return status;
}

/* --- calls --- */

static void
calls_pass_over_ipv4_ipv6_and_local_sockets_in_every_size(void **state)
{
	static const size_t sizes[] = {0, 1, 100, 1400, 5000, 5816, 5817, 65536, 1000003};
	struct stage s;

	stage_up(&s, NULL, 2, NULL);
	const char *bindings[] = {s.tcp, s.tcp6, s.local};
	for (size_t b = 0; b < 3; b++) {
		sp_client *client = client_of(&s, bindings[b]);
		struct sp_error err = {0};

		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
			if (echo(client, sizes[i], &err))
				fail_msg("%s %zu: %s", bindings[b], sizes[i], err.sentence);
		sp_client_free(client);
	}
	stage_down(&s);
}

static void
raw_call_returns_the_stub_data(void **state)
{
	static const uint8_t stub[] = {3, 0, 0, 0, 'a', 'b', 'c'};
	struct stage s;
	struct sp_error err = {0};
	const void *ret;
	size_t len;
	bool big_endian;

	stage_up(&s, NULL, 1, NULL);
	sp_client *client = client_of(&s, s.tcp);
	sp_call *call = sp_call_new(client);
	assert_int_equal(sp_call_raw(call, &interface.id, OP_ECHO, stub, sizeof(stub), &ret, &len,
				 &big_endian, &err),
		0);
	assert_int_equal(len, sizeof(stub));
	assert_memory_equal(ret, stub, len);
	assert_false(big_endian);
	assert_non_null(strstr(sp_client_peer(client), "127.0.0.1["));
	sp_call_free(call);
	sp_client_free(client);
	stage_down(&s);
}

static sp_status
who(sp_client *client, const struct sp_uuid *object, char ret[200])
{
	struct bytes_args args = {.in = (uint8_t *)ret};
	sp_call *call = sp_call_new(client);
	struct sp_error err;

	sp_call_set_object(call, object);
	sp_status status = sp_call_invoke(call, &interface, OP_WHO, &args, &err);
	if (!status)
		snprintf(ret, 200, "%.*s", (int)args.n_out, (const char *)args.out);
	sp_call_free(call);
	return status;
}

static void
handlers_see_object_uuid_and_peer_credentials(void **state)
{
	struct sp_uuid object;
	char answer[200], expected[100];
	struct stage s;

	assert_true(sp_uuid_parse("11111111-2222-3333-4444-555555555555", &object));
	stage_up(&s, NULL, 1, NULL);
	sp_client *client = client_of(&s, s.local);
	assert_int_equal(who(client, &object, answer), 0);
	snprintf(expected, sizeof(expected),
		"11111111-2222-3333-4444-555555555555 %d %d ncalrpc:", (int)getpid(),
		(int)getuid());
	assert_int_equal(strncmp(answer, expected, strlen(expected)), 0);
	assert_int_equal(who(client, NULL, answer), 0);
	assert_int_equal(strncmp(answer, "00000000-", 9), 0);
	sp_client_free(client);
	stage_down(&s);
}

static void *
caller_main(void *arg)
{
	struct stage *s = arg;

	for (int i = 0; i < 4; i++) {
		sp_client *client = client_of(s, i % 2 ? s->tcp : s->local);
		struct sp_error err = {0};

		for (size_t k = 0; k < 25; k++)
			if (echo(client, k * 400, &err))
				fail_msg("%s", err.sentence);
		sp_client_free(client);
	}
	return NULL;
}

static void
many_connections_on_many_threads_are_served(void **state)
{
	pthread_t threads[8];
	struct stage s;

	stage_up(&s, NULL, 3, NULL);
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, caller_main, &s);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	stage_down(&s);
}

/* --- context handles --- */

static sp_status
context_call(sp_client *client, unsigned op, struct context_args *args)
{
	sp_call *call = sp_call_new(client);
	struct sp_error err;
	sp_status status = sp_call_invoke(call, &interface, op, args, &err);

	sp_call_free(call);
	return status;
}

static void
context_handles_live_and_are_run_down_exactly_once(void **state)
{
	struct context_args kept = {0}, closed = {0}, foreign;
	struct stage s;

	atomic_store(&rundowns, 0);
	atomic_store(&closings, 0);
	stage_up(&s, NULL, 2, NULL);
	sp_client *client = client_of(&s, s.tcp), *other = client_of(&s, s.tcp);
	assert_int_equal(context_call(client, OP_OPEN, &kept), 0);
	assert_int_equal(context_call(client, OP_OPEN, &closed), 0);
	assert_false(sp_uuid_is_nil(&kept.handle.uuid));
	assert_int_equal(context_call(client, OP_USE, &kept), 0);
	assert_int_equal(kept.value, strlen("a context"));
	assert_int_equal(context_call(client, OP_CLOSE, &closed), 0);
	assert_true(sp_uuid_is_nil(&closed.handle.uuid));
	/* another association group does not know it */
	foreign = kept;
	assert_int_equal(context_call(other, OP_USE, &foreign), RPC_X_SS_CONTEXT_MISMATCH);
	sp_client_free(other);
	sp_client_free(client);
	stage_down(&s);
	assert_int_equal(atomic_load(&rundowns), 1);
	assert_int_equal(atomic_load(&closings), 2);
}

/* --- deferred calls --- */

static sp_status
number_call(
	sp_client *client, unsigned op, uint32_t *value, sp_nanos timeout, struct sp_error *reterr)
{
	struct number_args args = {*value};
	sp_call *call = sp_call_new(client);

	sp_call_set_timeout(call, timeout);
	sp_status status = sp_call_invoke(call, &interface, op, &args, reterr);
	if (!status)
		*value = args.value;
	sp_call_free(call);
	return status;
}

static void
deferred_call_is_answered_from_another_thread(void **state)
{
	struct sp_error err = {0};
	uint32_t value = 30;
	struct stage s;

	stage_up(&s, NULL, 1, NULL);
	sp_client *client = client_of(&s, s.tcp);
	assert_int_equal(number_call(client, OP_DEFER, &value, 0, &err), 0);
	assert_int_equal(value, 31);
	sp_client_free(client);
	stage_down(&s);
}

static void
slow_call_times_out_and_its_late_answer_ends_quietly(void **state)
{
	struct sp_error err = {0};
	uint32_t value = 300;
	struct stage s;

	stage_up(&s, NULL, 1, NULL);
	sp_client *client = client_of(&s, s.tcp);
	sp_nanos start = time_now();
	assert_int_equal(number_call(client, OP_DEFER, &value, 50 * SP_MILLISECOND, &err),
		RPC_S_CALL_CANCELLED);
	assert_true(time_now() - start < 250 * SP_MILLISECOND);
	assert_int_equal(err.phase, SP_PHASE_COMMUNICATION);
	assert_int_equal(err.evidence, SP_EVIDENCE_TIMEOUT);
	assert_false(err.did_not_execute);
	assert_int_equal(echo(client, 10, &err), 0);
	sp_client_free(client);
	stage_down(&s); /* waits for the deferred call */
}

static void *
stopper_main(void *arg)
{
	usleep(50000);
	sp_server_stop(arg);
	return NULL;
}

static void
stop_during_a_call_ends_it_and_start_serves_again(void **state)
{
	struct sp_error err = {0};
	uint32_t value = 200;
	pthread_t stopper;
	struct stage s;

	stage_up(&s, NULL, 2, NULL);
	sp_client *client = client_of(&s, s.tcp);
	pthread_create(&stopper, NULL, stopper_main, s.server);
	assert_int_equal(number_call(client, OP_DEFER, &value, 0, &err), RPC_S_CALL_FAILED);
	assert_int_equal(err.evidence, SP_EVIDENCE_CLOSED);
	pthread_join(stopper, NULL);
	sp_server_stop(s.server);
	assert_int_equal(echo(client, 1, &err), RPC_S_SERVER_UNAVAILABLE);
	assert_int_equal(err.phase, SP_PHASE_TCP_SESSION);
	assert_int_equal(sp_server_start(s.server, 1, &err), 0);
	assert_int_equal(sp_server_start(s.server, 1, &err), RPC_S_ALREADY_LISTENING);
	assert_int_equal(echo(client, 1, &err), 0);
	sp_client_free(client);
	stage_down(&s);
}

/* --- refusals --- */

static void
opnum_out_of_range_and_reserved_opnum_fault(void **state)
{
	static const uint16_t opnums[] = {N_OPS, OP_RESERVED, 0xffff};
	struct sp_error err = {0};
	struct stage s;
	const void *ret;
	size_t len;
	bool big_endian;

	stage_up(&s, NULL, 1, NULL);
	sp_client *client = client_of(&s, s.tcp);
	sp_call *call = sp_call_new(client);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(sp_call_raw(call, &interface.id, opnums[i], "", 0, &ret, &len,
					 &big_endian, &err),
			RPC_S_PROCNUM_OUT_OF_RANGE);
		assert_int_equal(err.evidence, SP_EVIDENCE_FAULT);
		assert_int_equal(err.fault_status, NCA_S_OP_RNG_ERROR);
		assert_true(err.did_not_execute);
	}
	sp_call_free(call);
	assert_int_equal(echo(client, 1, &err), 0);
	sp_client_free(client);
	stage_down(&s);
}

static void
unknown_interface_is_1717_with_the_reason_of_the_bind_ack(void **state)
{
	struct sp_syntax_id unknown = {.uuid = {.time_low = 1}, .major = 1};
	struct sp_error err = {0};
	struct stage s;

	stage_up(&s, NULL, 1, NULL);
	sp_client *client = client_of(&s, s.tcp);
	assert_int_equal(sp_client_bind(client, &unknown, &err), RPC_S_UNKNOWN_IF);
	assert_int_equal(err.phase, SP_PHASE_COMMUNICATION);
	assert_int_equal(err.evidence, SP_EVIDENCE_CONTEXT);
	assert_int_equal(err.context_result, 2);
	assert_int_equal(err.context_reason, 1);
	assert_non_null(strstr(err.sentence, "does not offer this interface"));
	assert_int_equal(sp_client_bind(client, &interface.id, &err), 0);
	sp_client_free(client);
	stage_down(&s);
}

static void
stub_data_that_breaks_off_is_a_fault_and_the_next_call_passes(void **state)
{
	struct sp_error err = {0};
	struct stage s;
	const void *ret;
	size_t len;
	bool big_endian;

	stage_up(&s, NULL, 1, NULL);
	sp_client *client = client_of(&s, s.tcp);
	sp_call *call = sp_call_new(client);
	assert_int_not_equal(sp_call_raw(call, &interface.id, OP_ECHO, "\x09\0\0\0x", 5, &ret, &len,
				     &big_endian, &err),
		0);
	assert_int_equal(err.evidence, SP_EVIDENCE_FAULT);
	sp_call_free(call);
	assert_int_equal(echo(client, 1, &err), 0);
	sp_client_free(client);
	stage_down(&s);
}

static void
faults_are_told_in_windows_numbers(void **state)
{
	static const struct {
		uint32_t fault;
		sp_status status;
	} rows[] = {
		{NCA_S_SERVER_TOO_BUSY, RPC_S_SERVER_TOO_BUSY},
		{NCA_S_PROTO_ERROR, RPC_S_PROTOCOL_ERROR},
		{NCA_S_UNK_IF, RPC_S_UNKNOWN_IF},
		{NCA_S_FAULT_CONTEXT_MISMATCH, RPC_X_SS_CONTEXT_MISMATCH},
		{NCA_S_FAULT_REMOTE_NO_MEMORY, RPC_S_SERVER_OUT_OF_MEMORY},
		{NCA_S_FAULT_INVALID_TAG, RPC_S_INVALID_TAG},
		{ERROR_ACCESS_DENIED, ERROR_ACCESS_DENIED},
		{NCA_S_FAULT_USER_DEFINED, NCA_S_FAULT_USER_DEFINED},
		{0xc0000022, 0xc0000022},
	};
	struct sp_error err = {0};
	struct stage s;

	stage_up(&s, NULL, 1, NULL);
	sp_client *client = client_of(&s, s.tcp);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint32_t value = rows[i].fault;

		assert_int_equal(number_call(client, OP_RAISE, &value, 0, &err), rows[i].status);
		assert_int_equal(err.fault_status, rows[i].fault);
		assert_false(err.did_not_execute);
	}
	assert_int_not_equal(fault_to_status(0), 0);
	sp_client_free(client);
	stage_down(&s);
}

static sp_status
deny_odd(sp_call *call, uint32_t opnum, void *arg)
{
	return opnum == OP_RAISE ? ERROR_ACCESS_DENIED : 0;
}

static void
access_callback_and_local_only_deny_with_5(void **state)
{
	struct sp_interface_options how = {.access = deny_odd};
	struct sp_error err = {0};
	uint32_t value = 0;
	struct stage s;

	stage_up(&s, NULL, 1, &how);
	sp_client *client = client_of(&s, s.tcp);
	assert_int_equal(echo(client, 1, &err), 0);
	assert_int_equal(number_call(client, OP_RAISE, &value, 0, &err), ERROR_ACCESS_DENIED);
	assert_true(err.did_not_execute);
	sp_client_free(client);
	stage_down(&s);

	how = (struct sp_interface_options){.local_only = true};
	stage_up(&s, NULL, 1, &how);
	client = client_of(&s, s.tcp);
	assert_int_equal(echo(client, 1, &err), ERROR_ACCESS_DENIED);
	sp_client_free(client);
	client = client_of(&s, s.local);
	assert_int_equal(echo(client, 1, &err), 0);
	sp_client_free(client);
	stage_down(&s);
}

/* --- sessions that do not come about, and peers that hang --- */

static void
refused_and_absent_are_1722_in_the_session_phase(void **state)
{
	struct stage s;
	struct sp_error err = {0};
	char tcp[64];

	stage_up(&s, NULL, 1, NULL);
	strcpy(tcp, s.tcp);
	sp_client *client = client_of(&s, tcp), *local = client_of(&s, "ncalrpc:[nobody]");
	sp_server_stop(s.server);
	assert_int_equal(echo(client, 1, &err), RPC_S_SERVER_UNAVAILABLE);
	assert_int_equal(err.phase, SP_PHASE_TCP_SESSION);
	assert_int_equal(err.sys_errno, ECONNREFUSED);
	assert_true(err.did_not_execute);
	assert_int_equal(echo(local, 1, &err), RPC_S_SERVER_UNAVAILABLE);
	assert_int_equal(err.sys_errno, ENOENT);
	sp_client_free(client);
	sp_client_free(local);
	stage_down(&s);
}

static void
name_that_does_not_exist_fails_in_name_resolution(void **state)
{
	sp_client *client;
	struct sp_error err = {0};

	assert_int_equal(
		sp_client_new("ncacn_ip_tcp:no-such-host.invalid[1]", NULL, &client, &err), 0);
	assert_int_equal(echo(client, 1, &err), RPC_S_SERVER_UNAVAILABLE);
	assert_int_equal(err.phase, SP_PHASE_NAME_RESOLUTION);
	sp_client_free(client);
}

static int
silent_listener(char ret_binding[64])
{
	struct address address;
	int fd;

	assert_true(address_parse("127.0.0.1", 0, &address));
	assert_int_equal(tcp_listen(&address, &fd), 0);
	assert_true(tcp_local_address(fd, &address));
	snprintf(ret_binding, 64, "ncacn_ip_tcp:127.0.0.1[%u]", address_port(&address));
	return fd;
}

static void
server_that_never_answers_a_bind_is_a_timeout(void **state)
{
	struct sp_client_options options = {.communication_timeout = 50 * SP_MILLISECOND};
	struct sp_error err = {0};
	sp_client *client;
	char binding[64];
	int fd = silent_listener(binding);

	assert_int_equal(sp_client_new(binding, &options, &client, &err), 0);
	assert_int_equal(sp_client_bind(client, &interface.id, &err), RPC_S_CALL_FAILED_DNE);
	assert_int_equal(err.phase, SP_PHASE_COMMUNICATION);
	assert_int_equal(err.evidence, SP_EVIDENCE_TIMEOUT);
	assert_true(err.did_not_execute);
	sp_client_free(client);
	close(fd);
}

static void
no_phase_waits_beyond_the_deadline(void **state)
{
	sp_nanos start = time_now();
	struct sp_client_options options = {.deadline = start + 100 * SP_MILLISECOND};
	struct sp_error err = {0};
	sp_client *client;
	char binding[64];
	int fd = silent_listener(binding);

	assert_int_equal(sp_client_new(binding, &options, &client, &err), 0);
	assert_int_equal(sp_client_bind(client, &interface.id, &err), RPC_S_CALL_FAILED_DNE);
	assert_int_equal(err.evidence, SP_EVIDENCE_TIMEOUT);
	assert_true(err.waited <= 2 * SP_SECOND);
	sp_client_set_deadline(client, time_now() + 50 * SP_MILLISECOND);
	assert_int_equal(sp_client_bind(client, &interface.id, &err), RPC_S_CALL_FAILED_DNE);
	/* late is late at once */
	assert_int_equal(sp_client_bind(client, &interface.id, &err), RPC_S_CALL_FAILED_DNE);
	assert_true(time_now() - start < 3 * SP_SECOND);
	sp_client_free(client);
	close(fd);
}

static void
discovery_as_a_whole_keeps_to_its_limit(void **state)
{
	struct sp_client_options options = {.discovery_timeout = 100 * SP_MILLISECOND};
	sp_nanos start = time_now();
	struct sp_error err = {0};
	sp_client *client;
	char binding[64];
	int fd = silent_listener(binding);

	options.mapper_port = (uint16_t)atoi(strchr(binding, '[') + 1);
	assert_int_equal(sp_client_new("ncacn_ip_tcp:127.0.0.1", &options, &client, &err), 0);
	assert_int_equal(sp_client_bind(client, &interface.id, &err), RPC_S_SERVER_UNAVAILABLE);
	assert_int_equal(err.phase, SP_PHASE_DISCOVERY);
	assert_int_equal(err.evidence, SP_EVIDENCE_TIMEOUT);
	assert_true(time_now() - start < 3 * SP_SECOND);
	sp_client_free(client);
	close(fd);
}

static int
dial(const struct stage *s)
{
	struct address address;
	int fd;

	assert_true(address_parse("127.0.0.1", (uint16_t)atoi(strchr(s->tcp, '[') + 1), &address));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address.storage, address.len), 0);
	return fd;
}

static void
half_a_pdu_then_silence_is_closed_while_others_are_served(void **state)
{
	struct sp_server_options options = {
		.first_pdu_timeout = 150 * SP_MILLISECOND, .pdu_timeout = 150 * SP_MILLISECOND};
	struct sp_error err = {0};
	struct stage s;
	char byte;

	stage_up(&s, &options, 1, NULL);
	int fd = dial(&s);
	sp_nanos start = time_now();
	struct pollfd pollfd = {.fd = fd, .events = POLLIN};

	assert_int_equal(write(fd, "\5\0\13\3\20\0\0\0\110\0", 10), 10);
	sp_client *client = client_of(&s, s.tcp);
	assert_int_equal(echo(client, 100, &err), 0);
	assert_int_equal(poll(&pollfd, 1, 5000), 1);
	assert_true(time_now() - start >= 140 * SP_MILLISECOND);
	assert_true(read(fd, &byte, 1) <= 0);
	assert_int_equal(echo(client, 100, &err), 0);
	close(fd);
	sp_client_free(client);
	stage_down(&s);
}

static void
connections_over_the_limit_are_closed(void **state)
{
	struct sp_server_options options = {.max_connections = 2};
	struct sp_error err = {0};
	struct stage s;

	stage_up(&s, &options, 1, NULL);
	sp_client *a = client_of(&s, s.tcp), *b = client_of(&s, s.tcp), *c = client_of(&s, s.tcp);
	assert_int_equal(echo(a, 1, &err), 0);
	assert_int_equal(echo(b, 1, &err), 0);
	assert_int_equal(echo(c, 1, &err), RPC_S_CALL_FAILED_DNE);
	assert_int_equal(echo(a, 1, &err), 0);
	sp_client_free(a);
	sp_client_free(b);
	sp_client_free(c);
	stage_down(&s);
}

static void
request_over_the_limit_is_refused_and_the_server_lives(void **state)
{
	struct sp_server_options options = {.max_request = 10000, .max_memory = 100000};
	struct sp_error err = {0};
	struct stage s;

	stage_up(&s, &options, 1, NULL);
	sp_client *client = client_of(&s, s.tcp);
	assert_int_equal(echo(client, 9000, &err), 0);
	assert_int_not_equal(echo(client, 2000000, &err), 0);
	assert_int_equal(echo(client, 9000, &err), 0);
	sp_client_free(client);
	stage_down(&s);
}

static atomic_uint fail_at;

static sp_status
fail_an_allocation(sp_call *call, uint32_t opnum, void *arg)
{
	mem_fail_nth(atomic_load(&fail_at));
	return 0;
}

static void
each_allocation_of_a_dispatch_fails_once_and_the_next_call_passes(void **state)
{
	struct sp_interface_options how = {.access = fail_an_allocation};
	struct sp_error err = {0};
	struct stage s;
	int failed = 0;

	stage_up(&s, NULL, 1, &how);
	sp_client *client = client_of(&s, s.tcp);
	for (unsigned n = 1; n <= 12; n++) {
		atomic_store(&fail_at, n);
		failed += echo(client, 20000, &err) != 0;
		atomic_store(&fail_at, 0);
		/* what did not fail in that call may fail in the next; its access callback disarms it */
		(void)!echo(client, 1, &err);
		assert_int_equal(echo(client, 1, &err), 0);
	}
	assert_true(failed >= 2);
	sp_client_free(client);
	stage_down(&s);
}

static void
socket_from_elsewhere_is_taken_over(void **state)
{
	struct sp_error err = {0};
	struct address address;
	sp_server *server;
	sp_client *client;
	char binding[64];
	int fd = silent_listener(binding);

	assert_true(address_parse("127.0.0.1", 0, &address));
	assert_int_equal(sp_server_new(NULL, &server, &err), 0);
	assert_int_equal(sp_server_use_socket(server, fd, &err), 0);
	assert_string_equal(sp_server_binding(server, 0), binding);
	assert_int_equal(sp_server_use_socket(server, socket(AF_INET, SOCK_STREAM, 0), &err),
		RPC_S_INVALID_ARG);
	assert_int_equal(sp_server_register(server, &interface, NULL, NULL, &err), 0);
	assert_int_equal(sp_server_start(server, 1, &err), 0);
	assert_int_equal(sp_client_new(binding, NULL, &client, &err), 0);
	assert_int_equal(echo(client, 10, &err), 0);
	sp_client_free(client);
	sp_server_stop(server);
	assert_int_equal(sp_server_start(server, 1, &err), RPC_S_CANT_CREATE_ENDPOINT);
	sp_server_free(server);
}

static void
misuse_of_the_server_has_defined_answers(void **state)
{
	struct sp_server_options small = {.max_fragment = 100};
	struct sp_error err = {0};
	sp_server *server;

	assert_int_equal(sp_server_new(&small, &server, &err), RPC_S_INVALID_ARG);
	assert_int_equal(sp_server_new(NULL, &server, &err), 0);
	assert_int_equal(sp_server_start(server, 1, &err), RPC_S_NO_PROTSEQS_REGISTERED);
	sp_server_stop(server);
	assert_int_equal(sp_server_use_protseq(server, "ncacn_np", NULL, NULL, &err),
		RPC_S_PROTSEQ_NOT_SUPPORTED);
	assert_int_equal(sp_server_use_protseq(server, "ncacn_ip_tcp", "70000", NULL, &err),
		RPC_S_INVALID_ENDPOINT_FORMAT);
	assert_int_equal(sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "host", &err),
		RPC_S_INVALID_NET_ADDR);
	sp_server_free(server);
	sp_server_free(NULL);
}

#define TEST(name) cmocka_unit_test(name)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_pass_over_ipv4_ipv6_and_local_sockets_in_every_size),
		TEST(raw_call_returns_the_stub_data),
		TEST(handlers_see_object_uuid_and_peer_credentials),
		TEST(many_connections_on_many_threads_are_served),
		TEST(context_handles_live_and_are_run_down_exactly_once),
		TEST(deferred_call_is_answered_from_another_thread),
		TEST(slow_call_times_out_and_its_late_answer_ends_quietly),
		TEST(stop_during_a_call_ends_it_and_start_serves_again),
		TEST(opnum_out_of_range_and_reserved_opnum_fault),
		TEST(unknown_interface_is_1717_with_the_reason_of_the_bind_ack),
		TEST(stub_data_that_breaks_off_is_a_fault_and_the_next_call_passes),
		TEST(faults_are_told_in_windows_numbers),
		TEST(access_callback_and_local_only_deny_with_5),
		TEST(refused_and_absent_are_1722_in_the_session_phase),
		TEST(name_that_does_not_exist_fails_in_name_resolution),
		TEST(server_that_never_answers_a_bind_is_a_timeout),
		TEST(no_phase_waits_beyond_the_deadline),
		TEST(discovery_as_a_whole_keeps_to_its_limit),
		TEST(half_a_pdu_then_silence_is_closed_while_others_are_served),
		TEST(connections_over_the_limit_are_closed),
		TEST(request_over_the_limit_is_refused_and_the_server_lives),
		TEST(each_allocation_of_a_dispatch_fails_once_and_the_next_call_passes),
		TEST(socket_from_elsewhere_is_taken_over),
		TEST(misuse_of_the_server_has_defined_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
