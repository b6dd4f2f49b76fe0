/* SPDX-License-Identifier: MIT */
/*
 * Calls of object interfaces ([MS-DCOM] 2.2.13), through client and server; with "serve" a server over TCP for others, which
 * prints its port and ends with its standard input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <sallyport/sallyport.h>

#include "object.h"

static struct sp_uuid causality; /* of the call that came last */
static int32_t sum;

static HRESULT
handle_add(sp_call *call, int32_t n, int32_t *ret)
{
	causality = sp_call_causality(call);
	sum += n;
	*ret = sum;
	return 0;
}

/* Gives back what it was given, turned round. */
static HRESULT
handle_give(sp_call *call, const IID *riid, struct sp_object *in, struct sp_object **out)
{
	if (!in)
		return 1;
	*out = sp_call_alloc(call, 1, sizeof(**out) + in->size);
	if (!*out)
		return -1;
	(*out)->size = in->size;
	for (uint32_t i = 0; i < in->size; i++)
		(*out)->bytes[i] = in->bytes[in->size - 1 - i];
	return (HRESULT)riid->Data1;
}

static HRESULT
handle_name(sp_call *call, const uint16_t *suffix, uint16_t **name)
{
	*name = sp_call_alloc(call, 8, sizeof(**name));
	if (!*name)
		return -1;
	(*name)[0] = 'n';
	(*name)[1] = suffix[0];
	return 0;
}

static HRESULT
handle_run(sp_call *call, int32_t n, int32_t *result)
{
	*result = n * 2;
	return 0;
}

static const struct ICounter_handlers counter = {.Add = handle_add, .Give = handle_give};
static const struct INamedCounter_handlers named = {
	.Add = handle_add, .Give = handle_give, .Name = handle_name};
static const struct IScripted_handlers scripted = {.Run = handle_run};

static sp_server *
server_make(const char *dir, const char *protseq, const char *endpoint)
{
	const struct sp_server_options options = {.ncalrpc_dir = dir, .no_mapper = true};
	struct sp_error error;
	sp_server *server;

	assert_int_equal(sp_server_new(&options, &server, &error), 0);
	assert_int_equal(sp_server_use_protseq(server, protseq, endpoint, NULL, &error), 0);
	assert_int_equal(
		sp_server_register(server, &ICounter_server_interface, &counter, NULL, &error), 0);
	assert_int_equal(
		sp_server_register(server, &INamedCounter_server_interface, &named, NULL, &error),
		0);
	assert_int_equal(
		sp_server_register(server, &IScripted_server_interface, &scripted, NULL, &error),
		0);
	assert_int_equal(sp_server_start(server, 1, &error), 0);
	return server;
}

struct stage {
	sp_server *server;
	sp_client *client;
	sp_call *call;
	char dir[64];
};

static int
stage_up(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));
	struct sp_client_options options = {.transfer = SP_TRANSFER_NDR};
	struct sp_error error;

	assert_non_null(s);
	strcpy(s->dir, "/tmp/sallyport-object-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	s->server = server_make(s->dir, "ncalrpc", "object");
	options.ncalrpc_dir = s->dir;
	assert_int_equal(sp_client_new("ncalrpc:[object]", &options, &s->client, &error), 0);
	s->call = sp_call_new(s->client);
	assert_non_null(s->call);
	sum = 0;
	*state = s;
	return 0;
}

static int
stage_down(void **state)
{
	struct stage *s = *state;

	sp_call_free(s->call);
	sp_client_free(s->client);
	sp_server_free(s->server);
	rmdir(s->dir);
	free(s);
	return 0;
}

/* --- */

static void
operations_are_numbered_behind_those_of_the_base(void **state)
{
	assert_int_equal(ICounter_client_interface.n_operations, 6);
	assert_null(ICounter_client_interface.operations[2].name);
	assert_string_equal(ICounter_client_interface.operations[3].name, "Add");
	assert_null(ICounter_client_interface.operations[4].name);
	assert_string_equal(ICounter_client_interface.operations[5].name, "Give");
	assert_string_equal(INamedCounter_client_interface.operations[6].name, "Name");
	assert_int_equal(IScripted_client_interface.n_operations, 8);
	assert_string_equal(IScripted_client_interface.operations[7].name, "Run");
	assert_true(IScripted_client_interface.is_object);
}

static void
calls_carry_their_causality(void **state)
{
	static const struct sp_uuid chain = {.time_low = 7, .node = {[5] = 9}};
	struct stage *s = *state;
	struct sp_error error = {0};
	HRESULT result = -1;
	int32_t got = 0;

	assert_int_equal(ICounter_Add(s->call, 5, &got, &result, &error), 0);
	assert_int_equal(result, 0);
	assert_int_equal(got, 5);
	assert_false(sp_uuid_is_nil(&causality));
	sp_call_set_causality(s->call, &chain);
	assert_int_equal(ICounter_Add(s->call, 5, &got, &result, &error), 0);
	assert_int_equal(got, 10);
	assert_true(sp_uuid_equal(&causality, &chain));
}

static void
an_heir_is_called_by_the_numbers_of_its_base(void **state)
{
	static const uint16_t suffix[] = {'!', 0};
	struct stage *s = *state;
	struct sp_error error = {0};
	HRESULT result = -1;
	uint16_t *name;
	int32_t got;

	assert_int_equal(INamedCounter_Add(s->call, 3, &got, &result, &error), 0);
	assert_int_equal(got, 3);
	assert_int_equal(INamedCounter_Name(s->call, suffix, &name, &result, &error), 0);
	assert_int_equal(name[0], 'n');
	assert_int_equal(name[1], '!');
	assert_int_equal(IScripted_Run(s->call, 21, &got, &result, &error), 0);
	assert_int_equal(got, 42);
}

static void
interface_pointers_are_counted_objrefs(void **state)
{
	static const IID iid = {.Data1 = 99};
	struct stage *s = *state;
	struct sp_object *in = calloc(1, sizeof(*in) + 5), *out = NULL;
	struct sp_error error = {0};
	HRESULT result = -1;

	assert_non_null(in);
	in->size = 5;
	memcpy(in->bytes, "MEOW!", 5);
	assert_int_equal(ICounter_Give(s->call, &iid, in, &out, &result, &error), 0);
	assert_int_equal(result, 99);
	assert_int_equal(out->size, 5);
	assert_memory_equal(out->bytes, "!WOEM", 5);
	assert_int_equal(ICounter_Give(s->call, &iid, NULL, &out, &result, &error), 0);
	assert_int_equal(result, 1);
	free(in);
}

/* ORPCTHIS with extensions: an array of two, one of them NULL ([MS-DCOM] 2.2.21). */
static const uint8_t with_extensions[] = {5, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7,
	8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 0, 2, 0, /* array */ 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 2,
	0,
	/* its pointers */ 2, 0, 0, 0, 8, 0, 2, 0, 0, 0, 0, 0, /* the extent: 8 bytes for 3 */ 8, 0,
	0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 0, 0, 0, 'a', 'b', 'c', 0, 0, 0, 0,
	0,
	/* n */ 4, 0, 0, 0};

static void
extensions_are_read_over_and_the_answer_has_its_own_head(void **state)
{
	static const uint8_t expected[] = {0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0};
	struct stage *s = *state;
	struct sp_error error = {0};
	const void *answer;
	size_t len;
	bool big_endian;

	assert_int_equal(sp_call_raw(s->call, &ICounter_client_interface.id, 3, with_extensions,
				 sizeof(with_extensions), &answer, &len, &big_endian, &error),
		0);
	assert_int_equal(len, sizeof(expected));
	assert_memory_equal(answer, expected, len);
	assert_int_equal(causality.time_low, 0x04030201);
}

static void
another_version_of_com_is_refused(void **state)
{
	struct stage *s = *state;
	struct sp_error error = {0};
	uint8_t bytes[sizeof(with_extensions)];
	const void *answer;
	size_t len;
	bool big_endian;

	memcpy(bytes, with_extensions, sizeof(bytes));
	bytes[0] = 4;
	assert_int_equal(sp_call_raw(s->call, &ICounter_client_interface.id, 3, bytes,
				 sizeof(bytes), &answer, &len, &big_endian, &error),
		0x80010110);
	for (size_t cut = 0; cut < sizeof(bytes); cut += 4)
		assert_int_equal(sp_call_raw(s->call, &ICounter_client_interface.id, 3,
					 with_extensions, cut, &answer, &len, &big_endian, &error),
			RPC_X_BAD_STUB_DATA);
}

static int
serve(void)
{
	sp_server *server = server_make(NULL, "ncacn_ip_tcp", NULL);
	struct sp_bindings *bindings;
	struct sp_error error;
	char line[16];

	if (sp_server_inq_bindings(server, &bindings, &error) || bindings->n == 0)
		return 1;
	puts(bindings->at[0]);
	fflush(stdout);
	sp_bindings_free(bindings);
	while (fgets(line, sizeof(line), stdin))
		;
	sp_server_free(server);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_are_numbered_behind_those_of_the_base),
		cmocka_unit_test_setup_teardown(calls_carry_their_causality, stage_up, stage_down),
		cmocka_unit_test_setup_teardown(
			an_heir_is_called_by_the_numbers_of_its_base, stage_up, stage_down),
		cmocka_unit_test_setup_teardown(
			interface_pointers_are_counted_objrefs, stage_up, stage_down),
		cmocka_unit_test_setup_teardown(
			extensions_are_read_over_and_the_answer_has_its_own_head, stage_up,
			stage_down),
		cmocka_unit_test_setup_teardown(
			another_version_of_com_is_refused, stage_up, stage_down),
	};

	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		return serve();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
