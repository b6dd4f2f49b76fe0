/* SPDX-License-Identifier: MIT */
/* Types that are others in C than on the wire, and the functions that a program writes for them. */
#include "exchange.h"

#include "converted.h"

static struct arena arena;

static int
begin(void **state)
{
	arena_init(&arena, EXCHANGE_MEMORY);
	return 0;
}

static int
end(void **state)
{
	arena_fini(&arena);
	return 0;
}

/* --- what the program defines ------------------------------------------------------------------- */

void
names_to_xmit(struct sp_push *push, const names *value, wire_names *ret)
{
	const name *n;
	size_t i = 0;

	for (n = *value; n; n = n->next)
		ret->n++;
	ret->each = sp_push_room(push, ret->n, sizeof(*ret->each));
	for (n = *value; ret->each && n; n = n->next, i++) {
		ret->each[i] = sp_push_room(push, sizeof(n->text), sizeof(**ret->each));
		for (size_t j = 0; ret->each[i] && n->text[j]; j++)
			ret->each[i][j] = (uint8_t)n->text[j];
	}
}

void
names_from_xmit(struct sp_pull *pull, const wire_names *wire, names *ret)
{
	name *n;

	for (size_t i = 0; i < wire->n; i++, ret = &n->next) {
		const uint16_t *text = wire->each[i];

		n = *ret = sp_pull_alloc(pull, 1, sizeof(*n));
		if (!n)
			return;
		for (size_t j = 0; text && text[j]; j++) {
			if (j + 1 == sizeof(n->text)) {
				sp_pull_fail(pull, RPC_X_BAD_STUB_DATA, "a name that is too long");
				return;
			}
			n->text[j] = (char)text[j];
		}
	}
}

void
stamp_from_local(struct sp_push *push, const struct tm *value, stamp *ret)
{
	(void)push;
	ret->year = (uint16_t)(value->tm_year + 1900);
	ret->month = (int8_t)(value->tm_mon + 1);
	ret->day = (int8_t)value->tm_mday;
	ret->second = (uint32_t)(value->tm_hour * 3600 + value->tm_min * 60 + value->tm_sec);
}

void
stamp_to_local(struct sp_pull *pull, const stamp *wire, struct tm *ret)
{
	if (wire->month < 1 || wire->month > 12)
		sp_pull_fail(pull, RPC_X_BAD_STUB_DATA, "a month that is none");
	ret->tm_year = wire->year - 1900;
	ret->tm_mon = wire->month - 1;
	ret->tm_mday = wire->day;
	ret->tm_hour = (int)(wire->second / 3600);
	ret->tm_min = (int)(wire->second / 60 % 60);
	ret->tm_sec = (int)(wire->second % 60);
}

void
colour_to_wire(struct sp_push *push, const colour *value, uint32_t *ret)
{
	(void)push;
	*ret = (uint32_t)(value->red << 16 | value->green << 8 | value->blue);
}

void
colour_from_wire(struct sp_pull *pull, const uint32_t *wire, colour *ret)
{
	(void)pull;
	*ret = (colour){(uint8_t)(*wire >> 16), (uint8_t)(*wire >> 8), (uint8_t)*wire};
}

void
micros_from_user(struct sp_push *push, const double *value, micros *ret)
{
	if (*value < 0)
		sp_push_fail(push, NCA_S_FAULT_INVALID_BOUND, "a time before the start");
	*ret = (micros)(*value * 1e6);
}

void
micros_to_user(struct sp_pull *pull, const micros *wire, double *ret)
{
	(void)pull;
	*ret = (double)*wire / 1e6;
}

/* --- the tests ------------------------------------------------------------------------------------ */

static void
the_transmitted_types_are_on_the_wire(void **state)
{
	static const uint8_t expected[] = {
		/* wire_names: n and each, then its pointer, then the string */
		1, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 4, 0, 2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0,
		'a', 0, 'b', 0, 0, 0, 0, 0,
		/* a number, a stamp */
		3, 2, 1, 0, 0xea, 7, 11, 21, 0x70, 0x17, 0, 0,
		/* a unique pointer to a hyper */
		8, 0, 2, 0, 0, 0, 0, 0, 0x60, 0xe3, 0x16, 0, 0, 0, 0, 0};
	name list = {.text = "ab"};
	struct tm when = {.tm_year = 126, .tm_mon = 10, .tm_mday = 21, .tm_hour = 1, .tm_min = 40};
	double limit = 1.5;
	const struct converted_put_args args = {
		.all = &list, .ink = {1, 2, 3}, .when = &when, .limit = &limit};
	sp_status status;
	struct buf *b = exchange_bytes(converted_put_push_in, &args, &status);

	assert_int_equal(status, 0);
	assert_int_equal(buf_len(b), sizeof(expected));
	assert_memory_equal(b->data + b->start, expected, sizeof(expected));
	buf_unref(b);
}

static void
parameters_come_back_as_they_were(void **state)
{
	name last = {.text = "last"}, first = {.next = &last, .text = "first"};
	struct tm when = {.tm_year = 126, .tm_mon = 10, .tm_mday = 21, .tm_hour = 23, .tm_sec = 59};
	double limit = 0.25;
	const struct converted_put_args args = {
		.all = &first, .ink = {9, 8, 7}, .when = &when, .limit = &limit};
	struct converted_put_args got = {0};

	exchange(converted_put_push_in, &args, converted_put_pull_in, &got, &arena);
	assert_string_equal(got.all->text, "first");
	assert_string_equal(got.all->next->text, "last");
	assert_null(got.all->next->next);
	assert_memory_equal(&got.ink, &args.ink, sizeof(args.ink));
	assert_int_equal(got.when->tm_mon, 10);
	assert_int_equal(got.when->tm_hour, 23);
	assert_int_equal(got.when->tm_sec, 59);
	assert_true(*got.limit == limit);
}

static void
no_value_is_a_value_too(void **state)
{
	struct tm when = {.tm_mon = 1};
	const struct converted_put_args args = {.when = &when};
	struct converted_put_args got = {0};

	exchange(converted_put_push_in, &args, converted_put_pull_in, &got, &arena);
	assert_null(got.all);
	assert_null(got.limit);
}

static void
results_and_members_are_converted(void **state)
{
	name alias = {.text = "alias"}, more = {.text = "more"}, result = {.text = "result"};
	struct tm made = {.tm_year = 99, .tm_mon = 3};
	entry entries[] = {{.ink = {1, 1, 1}, .aliases = &alias, .age = {0.5, 2}},
		{.is_last = 1, .ink = {2, 2, 2}, .made = &made, .age = {3, 4}}};
	names list = &more;
	const struct converted_get_args args = {
		.n = 2, .entries = entries, .more = &list, .result = &result};
	struct converted_get_args got = {.n = 2};

	exchange(converted_get_push_out, &args, converted_get_pull_out, &got, &arena);
	assert_string_equal(got.entries[0].aliases->text, "alias");
	assert_null(got.entries[0].made);
	assert_true(got.entries[0].age[0] == 0.5 && got.entries[0].age[1] == 2);
	assert_int_equal(got.entries[1].is_last, 1);
	assert_int_equal(got.entries[1].ink.blue, 2);
	assert_null(got.entries[1].aliases);
	assert_int_equal(got.entries[1].made->tm_mon, 3);
	assert_true(got.entries[1].age[1] == 4);
	assert_string_equal((*got.more)->text, "more");
	assert_string_equal(got.result->text, "result");
}

/* The same functions serve NDR64, where the type that travels lies differently. */
static void
ndr64_converts_the_same(void **state)
{
	name list = {.text = "wide"};
	struct tm when = {.tm_mon = 1, .tm_mday = 2};
	const struct converted_put_args args = {.all = &list, .ink = {4, 5, 6}, .when = &when};
	struct converted_put_args got = {0};
	struct sp_push *push = calloc(1, sizeof(*push));
	struct sp_pull *pull = calloc(1, sizeof(*pull));
	struct buf *b;

	assert_non_null(push);
	assert_non_null(pull);
	ndr_push_init(push, 0, 0, 1 << 20, NULL);
	ndr_push_ndr64(push);
	converted_put_push_in(push, &args);
	b = ndr_push_finish(push);
	ndr_push_fini(push);
	assert_non_null(b);
	ndr_pull_init(pull, b->data + b->start, buf_len(b), false, &arena, NULL, NULL);
	ndr_pull_ndr64(pull);
	converted_put_pull_in(pull, &got);
	assert_int_equal(ndr_pull_status(pull, NULL), 0);
	assert_int_equal(ndr_pull_left(pull), 0);
	ndr_pull_fini(pull);
	assert_string_equal(got.all->text, "wide");
	assert_int_equal(got.ink.green, 5);
	assert_int_equal(got.when->tm_mday, 2);
	buf_unref(b);
	free(push);
	free(pull);
}

static void
what_cannot_be_converted_is_not_sent(void **state)
{
	struct tm when = {.tm_mon = 1};
	double before = -1;
	const struct converted_put_args args = {.when = &when, .limit = &before};
	sp_status status;

	assert_null(exchange_bytes(converted_put_push_in, &args, &status));
	assert_int_equal(status, NCA_S_FAULT_INVALID_BOUND);
}

static sp_status
pull_put(const uint8_t *bytes, size_t len)
{
	struct converted_put_args got = {0};
	size_t left;

	return exchange_args(converted_put_pull_in, bytes, len, false, &arena, &got, &left);
}

/* The functions are only called when all that they look at is there. */
static void
what_is_cut_short_or_no_value_is_refused(void **state)
{
	name list = {.text = "cut"};
	struct tm when = {.tm_mon = 1}, none = {.tm_mon = 12};
	double limit = 1;
	struct converted_put_args args = {.all = &list, .when = &when, .limit = &limit};
	sp_status status;
	struct buf *b = exchange_bytes(converted_put_push_in, &args, &status);

	assert_int_equal(pull_put(b->data + b->start, buf_len(b)), 0);
	for (size_t n = 0; n < buf_len(b); n++)
		assert_int_equal(pull_put(b->data + b->start, n), RPC_X_BAD_STUB_DATA);
	buf_unref(b);
	args.when = &none;
	b = exchange_bytes(converted_put_push_in, &args, &status);
	assert_int_equal(pull_put(b->data + b->start, buf_len(b)), RPC_X_BAD_STUB_DATA);
	buf_unref(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_transmitted_types_are_on_the_wire),
		cmocka_unit_test(parameters_come_back_as_they_were),
		cmocka_unit_test(no_value_is_a_value_too),
		cmocka_unit_test(results_and_members_are_converted),
		cmocka_unit_test(ndr64_converts_the_same),
		cmocka_unit_test(what_cannot_be_converted_is_not_sent),
		cmocka_unit_test(what_is_cut_short_or_no_value_is_refused),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
