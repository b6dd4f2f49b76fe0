/* SPDX-License-Identifier: MIT */
/*
 * Reads what others packed and packs it again: the bytes must be theirs, except for the referents'
 * identifiers, which need only be as different from each other as theirs are.
 * usage: vectors_test FILE
 */
#include "exchange.h"

#include "echo.h"
#include "epm.h"
#include "mgmt.h"

static const struct sp_interface *const interfaces[] = {
	&echo_server_interface, &epm_server_interface, &mgmt_server_interface};

struct vector {
	char operation[64];
	bool is_out, is_big_endian;
	uint8_t bytes[4096];
	size_t len;
};

static const char *path;

static bool
vector_read(FILE *in, struct vector *ret)
{
	char line[9000], direction[4], order[3], hex[8400];
	unsigned byte;

	do {
		if (!fgets(line, sizeof(line), in))
			return false;
	} while (*line == '#');
	*hex = '\0';
	assert_true(
		sscanf(line, "%63s %3s %2s %8399s", ret->operation, direction, order, hex) >= 3);
	ret->is_out = strcmp(direction, "out") == 0;
	ret->is_big_endian = strcmp(order, "be") == 0;
	for (ret->len = 0; sscanf(hex + 2 * ret->len, "%2x", &byte) == 1; ret->len++)
		ret->bytes[ret->len] = (uint8_t)byte;
	return true;
}

static const struct sp_operation *
operation_find(const char *name)
{
	char full[64];

	for (size_t i = 0; i < sizeof(interfaces) / sizeof(*interfaces); i++) {
		for (uint32_t k = 0; k < interfaces[i]->n_operations; k++) {
			const struct sp_operation *op = &interfaces[i]->operations[k];

			snprintf(full, sizeof(full), "%s.%s", interfaces[i]->name, op->name);
			if (strcmp(full, name) == 0)
				return op;
		}
	}
	fail_msg("no operation %s", name);
	return NULL;
}

/* What the client asked, where the answer depends on it. */
static void
ask(const struct vector *v, void *args)
{
	const char *name = v->operation;

	if (strcmp(name, "echo.echodata") == 0)
		((struct echo_echodata_args *)args)->len = 3;
	else if (strcmp(name, "echo.sourcedata") == 0)
		((struct echo_sourcedata_args *)args)->len = 5;
	else if (strcmp(name, "echo.test_call2") == 0)
		((struct echo_test_call2_args *)args)->level = v->bytes[v->is_big_endian ? 1 : 0];
	else if (strcmp(name, "epm.ept_map") == 0)
		((struct epm_ept_map_args *)args)->max_towers = 4;
	else if (strcmp(name, "epm.ept_lookup") == 0)
		((struct epm_ept_lookup_args *)args)->max_ents = 3;
	else if (strcmp(name, "mgmt.inq_princ_name") == 0)
		((struct mgmt_inq_princ_name_args *)args)->princ_name_size = 64;
}

static bool
is_identifier(uint32_t word)
{
	return (word >= 1 && word <= 16) || (word >= 0x20000 && word < 0x20100);
}

static void
expect_bytes(const struct vector *theirs, const uint8_t *ours, size_t len)
{
	uint32_t meaning[300] = {0};

	assert_int_equal(len, theirs->len);
	for (size_t i = 0; i < len; i++) {
		size_t at = i & ~(size_t)3;
		uint32_t their_id, our_id;

		if (ours[i] == theirs->bytes[i])
			continue;
		if (at + 4 > len)
			fail_msg("%s: byte %zu is %02x", theirs->operation, i, ours[i]);
		their_id = sp_load_u32(theirs->bytes + at, false);
		our_id = sp_load_u32(ours + at, false);
		if (!is_identifier(their_id) || !our_id)
			fail_msg("%s: byte %zu is %02x", theirs->operation, i, ours[i]);
		if (!meaning[their_id & 0xff])
			meaning[their_id & 0xff] = our_id;
		assert_int_equal(meaning[their_id & 0xff], our_id);
	}
}

static void
check(const struct vector *v, const struct vector *little)
{
	const struct sp_operation *op = operation_find(v->operation);
	uint64_t args[64] = {0};
	struct arena arena;
	struct buf *bytes;
	sp_status status;
	size_t left;

	assert_true(op->args_size <= sizeof(args));
	arena_init(&arena, EXCHANGE_MEMORY);
	if (v->is_out)
		ask(v, args);
	status = exchange_args(v->is_out ? op->pull_out : op->pull_in, v->bytes, v->len,
		v->is_big_endian, &arena, args, &left);
	if (status || left)
		fail_msg("%s %s: status %u, %zu bytes left", v->operation, v->is_out ? "out" : "in",
			status, left);
	bytes = exchange_bytes(v->is_out ? op->push_out : op->push_in, args, &status);
	assert_int_equal(status, 0);
	expect_bytes(little, bytes->data + bytes->start, buf_len(bytes));
	buf_unref(bytes);
	arena_fini(&arena);
}

static void
bytes_of_samba_and_impacket_are_read_and_written(void **state)
{
	FILE *in = fopen(path, "r");
	struct vector v, little = {0};
	unsigned n = 0;

	assert_non_null(in);
	for (; vector_read(in, &v); n++) {
		if (!v.is_big_endian)
			little = v;
		check(&v, &little);
	}
	fclose(in);
	assert_true(n > 80);
}

/* Cut anywhere, nothing is read that is not there, and all is refused. */
static void
what_is_cut_short_is_refused(void **state)
{
	FILE *in = fopen(path, "r");
	struct vector v;
	size_t left;

	assert_non_null(in);
	while (vector_read(in, &v)) {
		const struct sp_operation *op = operation_find(v.operation);

		for (size_t n = 0; n < v.len; n++) {
			uint64_t args[64] = {0};
			uint8_t *bytes = malloc(n ? n : 1);
			struct arena arena;

			assert_non_null(bytes);
			memcpy(bytes, v.bytes, n);
			arena_init(&arena, EXCHANGE_MEMORY);
			if (v.is_out)
				ask(&v, args);
			assert_int_not_equal(
				exchange_args(v.is_out ? op->pull_out : op->pull_in, bytes, n,
					v.is_big_endian, &arena, args, &left),
				0);
			arena_fini(&arena);
			free(bytes);
		}
	}
	fclose(in);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_of_samba_and_impacket_are_read_and_written),
		cmocka_unit_test(what_is_cut_short_is_refused),
	};

	if (argc != 2)
		return 64;
	path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
