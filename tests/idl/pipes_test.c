/* SPDX-License-Identifier: MIT */
/* Pipes through a whole client and a whole server, over local sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <sallyport/sallyport.h>

#include "pipes.h"

/* --- what goes through them: bytes that only a place and a seed decide --- */

static uint8_t
byte_at(uint64_t at, uint32_t seed)
{
	return (uint8_t)((at * 2654435761u >> 7) + at + seed);
}

static uint32_t
sum_add(uint32_t sum, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum = sum * 31 + bytes[i];
	return sum;
}

static uint32_t
sum_of(uint64_t n, uint32_t seed)
{
	uint32_t sum = 0;
	uint8_t b;

	for (uint64_t i = 0; i < n; i++) {
		b = byte_at(i, seed);
		sum = sum_add(sum, &b, 1);
	}
	return sum;
}

static void
bytes_make(uint8_t *ret, uint64_t at, size_t n, uint32_t seed)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = byte_at(at + i, seed);
}

/* --- the server --- */

#define PULL_ON 98 /* beyond the end */

static int32_t
handle_put(sp_call *call, const char *name, byte_pipe data, int32_t seed, int64_t *n, uint32_t *sum)
{
	uint8_t bytes[3000];
	size_t got;

	assert_string_equal(name, "a name");
	*n = 0;
	*sum = 0;
	do {
		if (data.pull(data.state, bytes, sizeof(bytes), &got))
			return -1;
		*n += (int64_t)got;
		*sum = sum_add(*sum, bytes, got);
	} while (got);
	if (seed == PULL_ON)
		assert_int_equal(data.pull(data.state, bytes, 1, &got), RPC_X_PIPE_EMPTY);
	return seed;
}

static int32_t
handle_get(sp_call *call, int64_t n, uint32_t seed, byte_pipe *data, uint16_t *tail)
{
	uint8_t bytes[50000];
	uint64_t at = 0;

	for (size_t now; at < (uint64_t)n; at += now) {
		now = (uint64_t)n - at < sizeof(bytes) ? (size_t)((uint64_t)n - at) : sizeof(bytes);
		bytes_make(bytes, at, now, seed);
		if (data->push(data->state, bytes, now))
			return -1;
	}
	*tail = 0x1234;
	if (seed % 2 && data->push(data->state, NULL, 0)) /* or left to the runtime */
		return -1;
	return 7;
}

#define MANY 10000

static void
handle_echo(sp_call *call, wide_pipe *both, int32_t *n)
{
	static int64_t items[MANY];
	size_t all = 0, got;

	do {
		if (both->pull(both->state, items + all, MANY - all, &got))
			return;
		all += got;
	} while (got);
	for (size_t i = 0; i < all; i++)
		items[i]++;
	*n += (int32_t)all;
	(void)!both->push(both->state, items, all);
}

static int32_t
handle_swap(sp_call *call, record_pipe *records, wide_pipe *numbers, wide_pipe *numbers_back,
	record_pipe *records_back)
{
	record r[20];
	int64_t w[20];
	size_t n_r = 0, n_w = 0, got;

	do {
		if (records->pull(records->state, r + n_r, 20 - n_r, &got))
			return -1;
		n_r += got;
	} while (got);
	do {
		if (numbers->pull(numbers->state, w + n_w, 20 - n_w, &got))
			return -1;
		n_w += got;
	} while (got);
	for (size_t i = 0; i < n_w; i++)
		if (numbers_back->push(numbers_back->state, &w[n_w - 1 - i], 1))
			return -1;
	if (numbers_back->push(numbers_back->state, NULL, 0) ||
		records_back->push(records_back->state, r, n_r))
		return -1;
	return (int32_t)(n_r * 100 + n_w);
}

static int32_t
handle_stop_early(sp_call *call, byte_pipe *data, int64_t n, uint32_t fault)
{
	uint8_t bytes[1000];
	size_t got = 1;

	for (; n > 0 && got; n -= (int64_t)got)
		if (data->pull(data->state, bytes, sizeof(bytes), &got))
			return -1;
	if (fault)
		sp_call_raise(call, fault);
	return 5;
}

static void
handle_fail_late(sp_call *call, int64_t n, uint32_t fault, byte_pipe *data)
{
	uint16_t unused;

	(void)handle_get(call, n, 1, data, &unused);
	sp_call_raise(call, fault);
}

static int32_t
handle_plain(sp_call *call, int32_t a)
{
	return a + 1;
}

static const struct pipes_handlers handlers = {
	.put = handle_put,
	.get = handle_get,
	.echo = handle_echo,
	.swap = handle_swap,
	.stop_early = handle_stop_early,
	.fail_late = handle_fail_late,
	.plain = handle_plain,
};

/* --- the stage --- */

struct stage {
	sp_server *server;
	sp_client *client;
	sp_call *call;
	char dir[64], binding[64];
};

static void
client_up(struct stage *s, enum sp_transfer transfer, uint16_t max_fragment)
{
	const struct sp_client_options options = {
		.ncalrpc_dir = s->dir, .transfer = transfer, .max_fragment = max_fragment};
	struct sp_error error;

	assert_int_equal(sp_client_new("ncalrpc:[pipes]", &options, &s->client, &error), 0);
	s->call = sp_call_new(s->client);
	assert_non_null(s->call);
}

static void
client_down(struct stage *s)
{
	sp_call_free(s->call);
	sp_client_free(s->client);
}

static struct stage *
stage_up(void)
{
	struct stage *s = calloc(1, sizeof(*s));
	struct sp_server_options options = {.no_mapper = true};
	struct sp_error error;

	assert_non_null(s);
	strcpy(s->dir, "/tmp/sallyport-pipes-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	options.ncalrpc_dir = s->dir;
	assert_int_equal(sp_server_new(&options, &s->server, &error), 0);
	assert_int_equal(sp_server_use_protseq(s->server, "ncalrpc", "pipes", NULL, &error), 0);
	assert_int_equal(
		sp_server_register(s->server, &pipes_server_interface, &handlers, NULL, &error), 0);
	assert_int_equal(sp_server_start(s->server, 2, &error), 0);
	return s;
}

static void
stage_down(struct stage *s)
{
	sp_server_free(s->server);
	rmdir(s->dir);
	free(s);
}

/* --- the client's functions --- */

struct source {
	uint64_t at, n;
	uint32_t seed;
	size_t most; /* at a time; 0: what is asked for */
	uint64_t fails_at;
};

static sp_status
source_pull(void *state, void *items, size_t most, size_t *ret_n)
{
	struct source *s = state;
	size_t n = s->most && s->most < most ? s->most : most;

	if (s->fails_at && s->at >= s->fails_at)
		return 1234;
	*ret_n = s->n - s->at < n ? (size_t)(s->n - s->at) : n;
	bytes_make(items, s->at, *ret_n, s->seed);
	s->at += *ret_n;
	return 0;
}

struct sink {
	uint64_t n;
	uint32_t sum;
	unsigned n_ends;
	uint64_t fails_at;
};

static sp_status
sink_push(void *state, const void *items, size_t n)
{
	struct sink *s = state;

	if (s->fails_at && s->n >= s->fails_at)
		return 4321;
	s->sum = sum_add(s->sum, items, n);
	s->n += n;
	s->n_ends += n == 0;
	return 0;
}

struct wides {
	int64_t items[MANY];
	size_t n, at;
	unsigned n_ends;
};

static sp_status
wides_pull(void *state, void *items, size_t most, size_t *ret_n)
{
	struct wides *w = state;

	*ret_n = w->n - w->at < most ? w->n - w->at : most;
	memcpy(items, w->items + w->at, *ret_n * sizeof(w->items[0]));
	w->at += *ret_n;
	return 0;
}

static sp_status
wides_push(void *state, const void *items, size_t n)
{
	struct wides *w = state;

	assert_true(n <= MANY - w->n);
	if (n)
		memcpy(w->items + w->n, items, n * sizeof(w->items[0]));
	w->n += n;
	w->n_ends += n == 0;
	return 0;
}

static void
expect_put(struct stage *s, uint64_t n, size_t most)
{
	struct source source = {.n = n, .seed = 11, .most = most};
	byte_pipe pipe = {.pull = source_pull, .state = &source};
	struct sp_error error = {0};
	uint32_t sum = 0;
	int32_t result = 0;
	int64_t got = 0;

	assert_int_equal(pipes_put(s->call, "a name", pipe, 99, &got, &sum, &result, &error), 0);
	assert_int_equal(result, 99);
	assert_int_equal(got, n);
	assert_int_equal(sum, sum_of(n, 11));
}

static void
expect_get(struct stage *s, uint64_t n, uint32_t seed)
{
	struct sink sink = {0};
	byte_pipe pipe = {.push = sink_push, .state = &sink};
	struct sp_error error = {0};
	int32_t result = 0;
	uint16_t tail = 0;

	assert_int_equal(pipes_get(s->call, (int64_t)n, seed, &pipe, &tail, &result, &error), 0);
	assert_int_equal(result, 7);
	assert_int_equal(tail, 0x1234);
	assert_int_equal(sink.n, n);
	assert_int_equal(sink.sum, sum_of(n, seed));
	assert_int_equal(sink.n_ends, 1);
}

/* --- tests --- */

static const enum sp_transfer transfers[] = {
	SP_TRANSFER_NDR_FIRST, SP_TRANSFER_NDR, SP_TRANSFER_NDR64, SP_TRANSFER_NDR64_FIRST};

static void
a_pipe_in_arrives_in_both_syntaxes(void **state)
{
	static const uint64_t sizes[] = {0, 1, 7, 8, 1000, 65536, 65537, 300001};
	struct stage *s = stage_up();

	for (size_t t = 0; t < 4; t++) {
		client_up(s, transfers[t], t % 2 ? 1432 : 0);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			expect_put(s, sizes[i], 0);
			if (sizes[i] < 2000)
				expect_put(s, sizes[i], 3);
		}
		client_down(s);
	}
	stage_down(s);
}

static void
a_pipe_out_arrives_in_both_syntaxes(void **state)
{
	static const uint64_t sizes[] = {0, 1, 7, 8, 1000, 65536, 65537, 300001};
	struct stage *s = stage_up();

	for (size_t t = 0; t < 4; t++) {
		client_up(s, transfers[t], t % 2 ? 1432 : 0);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			expect_get(s, sizes[i], 2);
			expect_get(s, sizes[i], 3);
		}
		client_down(s);
	}
	stage_down(s);
}

static void
expect_echo(struct stage *s, size_t n)
{
	struct wides *w = calloc(2, sizeof(*w));
	wide_pipe pipe;
	struct sp_error error = {0};
	int32_t number = 5;

	assert_non_null(w);
	w[0].n = n;
	for (size_t i = 0; i < n; i++)
		w[0].items[i] = (int64_t)(i * i);
	pipe = (wide_pipe){.pull = wides_pull, .state = w};
	pipe.push = wides_push;
	/* one state for both directions: what comes back stands behind what went */
	w[0].n = n;
	assert_int_equal(pipes_echo(s->call, &pipe, &number, &error), 0);
	assert_int_equal(number, 5 + n);
	assert_int_equal(w[0].n, 2 * n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(w[0].items[n + i], i * i + 1);
	assert_int_equal(w[0].n_ends, 1);
	free(w);
}

static void
a_pipe_in_and_out_is_first_the_one_then_the_other(void **state)
{
	struct stage *s = stage_up();

	for (size_t t = 0; t < 4; t++) {
		client_up(s, transfers[t], 0);
		expect_echo(s, 0);
		expect_echo(s, 1);
		expect_echo(s, 5000);
		client_down(s);
	}
	stage_down(s);
}

struct records {
	record items[20];
	size_t n, at;
};

static sp_status
records_pull(void *state, void *items, size_t most, size_t *ret_n)
{
	struct records *r = state;

	*ret_n = r->n - r->at < most ? r->n - r->at : most;
	memcpy(items, r->items + r->at, *ret_n * sizeof(r->items[0]));
	r->at += *ret_n;
	return 0;
}

static sp_status
records_push(void *state, const void *items, size_t n)
{
	struct records *r = state;

	if (n)
		memcpy(r->items + r->n, items, n * sizeof(r->items[0]));
	r->n += n;
	return 0;
}

static void
several_pipes_of_numbers_and_structs_keep_their_order(void **state)
{
	struct stage *s = stage_up();
	struct sp_error error = {0};

	for (size_t t = 0; t < 4; t++) {
		struct records there = {.n = 13}, back = {.n = 0};
		struct wides *w = calloc(2, sizeof(*w));
		record_pipe r_in = {.pull = records_pull, .state = &there},
			    r_out = {.push = records_push, .state = &back};
		wide_pipe w_in = {.pull = wides_pull, .state = &w[0]},
			  w_out = {.push = wides_push, .state = &w[1]};
		int32_t result = 0;

		client_up(s, transfers[t], 0);
		w[0].n = 17;
		for (unsigned i = 0; i < 17; i++)
			w[0].items[i] = i * 1000;
		for (unsigned i = 0; i < 13; i++)
			there.items[i] = (record){i, {(uint16_t)(i * 2), (uint16_t)(i * 3)}};
		assert_int_equal(
			pipes_swap(s->call, &r_in, &w_in, &w_out, &r_out, &result, &error), 0);
		assert_int_equal(result, 1317);
		assert_int_equal(back.n, 13);
		assert_memory_equal(back.items, there.items, 13 * sizeof(record));
		assert_int_equal(w[1].n, 17);
		assert_int_equal(w[1].items[0], 16000);
		assert_int_equal(w[1].items[16], 0);
		free(w);
		client_down(s);
	}
	stage_down(s);
}

struct lender {
	struct sink sink;
	uint8_t lent[100];
	unsigned n_lent;
};

static void *
lender_alloc(void *state, size_t wanted, size_t *ret_room)
{
	struct lender *l = state;

	l->n_lent++;
	*ret_room = sizeof(l->lent);
	return l->lent;
}

static sp_status
lender_push(void *state, const void *items, size_t n)
{
	struct lender *l = state;

	assert_true(n == 0 || items == l->lent);
	return sink_push(&l->sink, items, n);
}

static void
items_pass_through_the_memory_that_alloc_gives(void **state)
{
	struct stage *s = stage_up();
	struct lender lender = {.n_lent = 0};
	byte_pipe pipe = {.push = lender_push, .alloc = lender_alloc, .state = &lender};
	struct sp_error error = {0};
	int32_t result;
	uint16_t tail;

	client_up(s, SP_TRANSFER_NDR, 0);
	assert_int_equal(pipes_get(s->call, 1000, 4, &pipe, &tail, &result, &error), 0);
	assert_int_equal(lender.sink.n, 1000);
	assert_int_equal(lender.sink.sum, sum_of(1000, 4));
	assert_true(lender.n_lent >= 10);
	client_down(s);
	stage_down(s);
}

static void
expect_plain(struct stage *s)
{
	struct sp_error error = {0};
	int32_t result = 0;

	assert_int_equal(pipes_plain(s->call, 41, &result, &error), 0);
	assert_int_equal(result, 42);
}

static void
a_handler_may_leave_the_rest_of_a_pipe(void **state)
{
	struct stage *s = stage_up();
	struct sp_error error = {0};

	client_up(s, SP_TRANSFER_NDR, 0);
	for (unsigned i = 0; i < 4; i++) {
		struct source source = {.n = 3000000, .seed = 1};
		byte_pipe pipe = {.pull = source_pull, .state = &source};
		int32_t result = 0;
		sp_status status = pipes_stop_early(s->call, &pipe, (int64_t)i * 100000,
			i % 2 ? NCA_S_FAULT_USER_DEFINED : 0, &result, &error);

		if (i % 2) {
			assert_int_equal(status, NCA_S_FAULT_USER_DEFINED);
		} else {
			assert_int_equal(status, 0);
			assert_int_equal(result, 5);
		}
		expect_plain(s);
	}
	client_down(s);
	stage_down(s);
}

static void
a_fault_ends_a_pipe_that_had_begun(void **state)
{
	struct stage *s = stage_up();
	struct sp_error error = {0};
	struct sink sink = {0};
	byte_pipe pipe = {.push = sink_push, .state = &sink};

	client_up(s, SP_TRANSFER_NDR, 0);
	assert_int_equal(pipes_fail_late(s->call, 200000, NCA_S_FAULT_USER_DEFINED, &pipe, &error),
		NCA_S_FAULT_USER_DEFINED);
	assert_true(sink.n > 0);
	expect_plain(s);
	client_down(s);
	stage_down(s);
}

static void
the_status_of_a_client_function_ends_the_call_with_it(void **state)
{
	struct stage *s = stage_up();
	struct source source = {.n = 1000000, .seed = 1, .fails_at = 200000};
	struct sink sink = {.fails_at = 100000};
	byte_pipe in = {.pull = source_pull, .state = &source},
		  out = {.push = sink_push, .state = &sink};
	struct sp_error error = {0};
	uint32_t sum;
	uint16_t tail;
	int32_t result;
	int64_t n;

	client_up(s, SP_TRANSFER_NDR, 0);
	assert_int_equal(pipes_put(s->call, "a name", in, 1, &n, &sum, &result, &error), 1234);
	assert_non_null(strstr(error.sentence, "pipes.put"));
	expect_plain(s);
	assert_int_equal(pipes_get(s->call, 3000000, 4, &out, &tail, &result, &error), 4321);
	assert_non_null(strstr(error.sentence, "data"));
	expect_plain(s);
	client_down(s);
	stage_down(s);
}

static void
a_pipe_without_its_function_is_not_called_with(void **state)
{
	struct stage *s = stage_up();
	byte_pipe pipe = {.push = sink_push};
	struct sp_error error = {0};
	uint32_t sum;
	uint16_t tail;
	int32_t result;
	int64_t n;

	client_up(s, SP_TRANSFER_NDR, 0);
	assert_int_equal(pipes_put(s->call, "a name", pipe, 1, &n, &sum, &result, &error),
		RPC_X_NULL_REF_POINTER);
	assert_int_equal(
		pipes_get(s->call, 1, 4, NULL, &tail, &result, &error), RPC_X_NULL_REF_POINTER);
	expect_plain(s);
	client_down(s);
	stage_down(s);
}

static void
pulling_on_at_the_end_is_a_fault(void **state)
{
	struct stage *s = stage_up();
	struct source source = {.n = 10};
	byte_pipe pipe = {.pull = source_pull, .state = &source};
	struct sp_error error = {0};
	uint32_t sum;
	int32_t result;
	int64_t n;

	client_up(s, SP_TRANSFER_NDR, 0);
	assert_int_equal(pipes_put(s->call, "a name", pipe, PULL_ON, &n, &sum, &result, &error),
		RPC_X_PIPE_EMPTY);
	expect_plain(s);
	client_down(s);
	stage_down(s);
}

/* Two calls of one client at once: the fragments of the one do not get among those of the other. */
static void
calls_beside_a_pipe_wait_for_its_last_piece(void **state)
{
	struct stage *s = stage_up();
	struct source source = {.n = 2000000, .seed = 5};
	uint32_t sum = 0;
	int64_t n = 0;
	struct pipes_put_args put = {.name = "a name", .seed = 3, .n = &n, .sum = &sum};
	struct pipes_plain_args plain[10];
	sp_call *others[10];
	struct sp_error error = {0};

	client_up(s, SP_TRANSFER_NDR, 0);
	put.data = (byte_pipe){.pull = source_pull, .state = &source};
	assert_int_equal(pipes_put_start(s->call, &put, NULL, NULL, &error), 0);
	for (int i = 0; i < 10; i++) {
		others[i] = sp_call_new(s->client);
		plain[i] = (struct pipes_plain_args){.a = i};
		assert_int_equal(pipes_plain_start(others[i], &plain[i], NULL, NULL, &error), 0);
	}
	for (int i = 0; i < 10; i++)
		while (sp_call_result(others[i], &error) == RPC_S_ASYNC_CALL_PENDING)
			sp_client_service(s->client);
	while (sp_call_result(s->call, &error) == RPC_S_ASYNC_CALL_PENDING)
		sp_client_service(s->client);
	assert_int_equal(sp_call_result(s->call, &error), 0);
	assert_int_equal(*put.n, 2000000);
	assert_int_equal(*put.sum, sum_of(2000000, 5));
	for (int i = 0; i < 10; i++) {
		assert_int_equal(sp_call_result(others[i], &error), 0);
		assert_int_equal(plain[i].result, i + 1);
		sp_call_free(others[i]);
	}
	client_down(s);
	stage_down(s);
}

/* Who goes in the middle leaves no handler waiting, or the server would not end. */
static void
clients_that_go_in_the_middle_are_no_harm(void **state)
{
	struct stage *s = stage_up();

	for (int i = 0; i < 20; i++) {
		struct source source = {.n = UINT64_MAX, .seed = 5, .most = 1000};
		uint32_t sum = 0;
		int64_t n = 0;
		struct pipes_put_args put = {.name = "a name", .n = &n, .sum = &sum};
		struct sp_error error = {0};

		client_up(s, SP_TRANSFER_NDR, 0);
		put.data = (byte_pipe){.pull = source_pull, .state = &source};
		assert_int_equal(pipes_put_start(s->call, &put, NULL, NULL, &error), 0);
		for (int k = 0; k < 20 * i; k++)
			sp_client_service(s->client);
		if (i % 2)
			sp_call_cancel(s->call);
		if (i % 4 == 1)
			while (sp_call_result(s->call, &error) == RPC_S_ASYNC_CALL_PENDING)
				sp_client_service(s->client);
		client_down(s);
	}
	client_up(s, SP_TRANSFER_NDR, 0);
	expect_plain(s);
	client_down(s);
	stage_down(s);
}

/* --- how much memory a long pipe takes --- */

static size_t
resident_most(void)
{
	char line[128];
	size_t kib = 0;
	FILE *f = fopen("/proc/self/status", "re");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		(void)sscanf(line, "VmHWM: %zu", &kib);
	fclose(f);
	return kib;
}

/* What has been freed would count as well where the sanitizer keeps it. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "quarantine_size_mb=1";
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* 64 MiB, or as many as SP_PIPE_MIB says; client and server in one process. */
static void
a_long_pipe_takes_no_more_memory_than_a_short_one(void **state)
{
	const char *given = getenv("SP_PIPE_MIB");
	uint64_t mib = given ? strtoull(given, NULL, 10) : 64, n = mib << 20;
	struct stage *s = stage_up();
	double began, in, out;
	size_t before, after;

	client_up(s, SP_TRANSFER_NDR, 0);
	expect_put(s, 4 << 20, 0);
	expect_get(s, 4 << 20, 3);
	before = resident_most();
	began = seconds();
	expect_put(s, n, 0);
	in = seconds() - began;
	began = seconds();
	expect_get(s, n, 3);
	out = seconds() - began;
	after = resident_most();
	printf("%llu MiB in %.2f s in, %.2f s out; resident at most %zu KiB, %zu KiB after 4 MiB\n",
		(unsigned long long)mib, in, out, after, before);
	assert_true(after < before + 8192);
	client_down(s);
	stage_down(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pipe_in_arrives_in_both_syntaxes),
		cmocka_unit_test(a_pipe_out_arrives_in_both_syntaxes),
		cmocka_unit_test(a_pipe_in_and_out_is_first_the_one_then_the_other),
		cmocka_unit_test(several_pipes_of_numbers_and_structs_keep_their_order),
		cmocka_unit_test(items_pass_through_the_memory_that_alloc_gives),
		cmocka_unit_test(a_handler_may_leave_the_rest_of_a_pipe),
		cmocka_unit_test(a_fault_ends_a_pipe_that_had_begun),
		cmocka_unit_test(the_status_of_a_client_function_ends_the_call_with_it),
		cmocka_unit_test(a_pipe_without_its_function_is_not_called_with),
		cmocka_unit_test(pulling_on_at_the_end_is_a_fault),
		cmocka_unit_test(calls_beside_a_pipe_wait_for_its_last_piece),
		cmocka_unit_test(clients_that_go_in_the_middle_are_no_harm),
		cmocka_unit_test(a_long_pipe_takes_no_more_memory_than_a_short_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
