/* SPDX-License-Identifier: MIT */
/*
 * Every construct of torture.idl there and back with random values: what arrives must be what was sent,
 * and packed again must be the same bytes.
 */
#include "exchange.h"

#include "torture.h"

#define ROUNDS 50

static struct arena arena;
static uint32_t seed = 1;

static uint32_t
any(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 7 ^ seed << 11;
}

static uint32_t
below(uint32_t n)
{
	return (any() >> 8) % n;
}

static void
any_bytes(void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)p)[i] = (uint8_t)any();
}

static void *
room(size_t n, size_t size)
{
	void *p = arena_alloc(&arena, n ? n : 1, size);

	assert_non_null(p);
	return p;
}

/* From args to fresh args, twice, with the same bytes both times. */
static void
there_and_back(exchange_push *push, exchange_pull *pull, const void *from, void *to)
{
	sp_status status;
	struct buf *sent = exchange_bytes(push, from, &status), *again;
	size_t left;

	assert_int_equal(status, 0);
	status = exchange_args(
		pull, sent->data + sent->start, buf_len(sent), false, &arena, to, &left);
	assert_int_equal(status, 0);
	assert_int_equal(left, 0);
	again = exchange_bytes(push, to, &status);
	assert_int_equal(status, 0);
	assert_int_equal(buf_len(sent), buf_len(again));
	assert_memory_equal(sent->data + sent->start, again->data + again->start, buf_len(sent));
	buf_unref(sent);
	buf_unref(again);
}

#define SEND(op, from, to)                                                                         \
	there_and_back(torture_##op##_push_in, torture_##op##_pull_in, &(from), &(to))
#define ANSWER(op, from, to)                                                                       \
	there_and_back(torture_##op##_push_out, torture_##op##_pull_out, &(from), &(to))

static int
begin(void **state)
{
	arena_init(&arena, EXCHANGE_MEMORY * 8);
	return 0;
}

static int
end(void **state)
{
	arena_fini(&arena);
	return 0;
}

/* --- values ------------------------------------------------------------------------------------------- */

static torture_scalars
any_scalars(void)
{
	torture_scalars s = {0};

	any_bytes(&s.b, 6);
	s.h = (int16_t)any();
	s.uh = (uint16_t)any();
	s.l = (int32_t)any();
	s.ul = any();
	any_bytes(&s.y, 16);
	s.f = (float)any() / 3;
	s.d = (double)any() / 7;
	s.w = (uint16_t)any();
	s.e = (torture_enum)below(0x8000);
	s.v = (torture_wide)any();
	any_bytes(&s.u, sizeof(s.u));
	s.status = any();
	s.i = (int32_t)any();
	any_bytes(&s.y2, 8);
	return s;
}

static void
expect_scalars(const torture_scalars *a, const torture_scalars *b)
{
	assert_memory_equal(&a->b, &b->b, 6);
	assert_int_equal(a->h, b->h);
	assert_int_equal(a->uh, b->uh);
	assert_int_equal(a->l, b->l);
	assert_int_equal(a->ul, b->ul);
	assert_memory_equal(&a->y, &b->y, 16);
	assert_memory_equal(&a->f, &b->f, sizeof(a->f));
	assert_memory_equal(&a->d, &b->d, sizeof(a->d));
	assert_int_equal(a->w, b->w);
	assert_int_equal(a->e, b->e);
	assert_int_equal(a->v, b->v);
	assert_memory_equal(&a->u, &b->u, sizeof(a->u));
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->i, b->i);
	assert_int_equal(a->y2, b->y2);
}

static uint16_t *
any_text(size_t max)
{
	size_t n = below((uint32_t)max);
	uint16_t *text = room(n + 1, sizeof(*text));

	for (size_t i = 0; i < n; i++)
		text[i] = (uint16_t)(any() | 1);
	return text;
}

static char *
any_name(size_t max)
{
	size_t n = below((uint32_t)max);
	char *name = room(n + 1, 1);

	for (size_t i = 0; i < n; i++)
		name[i] = (char)('a' + below(26));
	return name;
}

static void
expect_text(const uint16_t *a, const uint16_t *b)
{
	uint64_t n = sp_string_count(a, 2, 1000);

	assert_int_equal(n, sp_string_count(b, 2, 1000));
	assert_memory_equal(a, b, n * 2);
}

static torture_counted
any_counted(void)
{
	torture_counted c = {0};

	c.room = (uint16_t)(2 * below(20));
	c.length = (uint16_t)(2 * below(c.room / 2u + 1));
	c.text = room(c.room, 2);
	any_bytes(c.text, c.room);
	return c;
}

static void
expect_counted(const torture_counted *a, const torture_counted *b)
{
	assert_int_equal(a->room, b->room);
	assert_int_equal(a->length, b->length);
	assert_memory_equal(a->text, b->text, a->length);
}

static torture_node *
any_tree(unsigned depth)
{
	torture_node *node;

	if (depth == 0 || below(4) == 0)
		return NULL;
	node = room(1, sizeof(*node));
	node->value = (int32_t)any();
	node->left = any_tree(depth - 1);
	node->right = any_tree(depth - 1);
	return node;
}

static void
expect_tree(const torture_node *a, const torture_node *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (!a)
		return;
	assert_int_equal(a->value, b->value);
	expect_tree(a->left, b->left);
	expect_tree(a->right, b->right);
}

/* --- operations ----------------------------------------------------------------------------------------- */

static void
scalars_of_all_types_arrive(void **state)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		torture_scalars same = any_scalars();
		struct torture_send_scalars_args from = {.all = any_scalars(), .same = &same},
						 to = {0};

		SEND(send_scalars, from, to);
		expect_scalars(&from.all, &to.all);
		expect_scalars(&same, to.same);
		from.result = TORTURE_C;
		memset(&to, 0, sizeof(to));
		ANSWER(send_scalars, from, to);
		expect_scalars(&same, to.same);
		assert_int_equal(to.result, TORTURE_C);
	}
}

static void
flat_structs_arrive_alone_and_in_arrays(void **state)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct torture_send_flat_args from = {.n = (uint16_t)below(9)}, to = {0};

		any_bytes(&from.one, sizeof(from.one));
		from.many = room(from.n, sizeof(*from.many));
		any_bytes(from.many, from.n * sizeof(*from.many));
		from.back = from.many;
		SEND(send_flat, from, to);
		assert_memory_equal(&from.one, &to.one, sizeof(from.one));
		assert_memory_equal(from.many, to.many, from.n * sizeof(*from.many));
		assert_non_null(to.back);
		to.back = NULL;
		ANSWER(send_flat, from, to);
		assert_memory_equal(from.back, to.back, from.n * sizeof(*from.back));
	}
}

static void
sizes_may_follow_what_they_size(void **state)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t last = below(5);
		struct torture_late_args from = {.n = (int32_t)below(9), .last = &last}, to = {0};

		from.rows = (uint16_t)below(4);
		from.values = room((size_t)from.n, 2);
		any_bytes(from.values, (size_t)from.n * 2);
		from.limited = room(last + 1, 4);
		from.names = room(from.rows, sizeof(*from.names));
		for (unsigned k = 0; k < from.rows; k++)
			from.names[k] = any_text(20);
		SEND(late, from, to);
		assert_memory_equal(from.values, to.values, (size_t)from.n * 2);
		assert_memory_equal(from.limited, to.limited, (last + 1) * 4);
		for (unsigned k = 0; k < from.rows; k++)
			expect_text(from.names[k], to.names[k]);
	}
}

static void
a_size_that_follows_and_does_not_match_is_refused(void **state)
{
	uint32_t last = 0;
	int16_t values[3] = {1, 2, 3};
	int32_t limited[1] = {0};
	struct torture_late_args from = {
		.values = values, .limited = limited, .n = 3, .last = &last};
	struct torture_late_args to = {0};
	sp_status status;
	struct buf *sent;
	size_t left;

	sent = exchange_bytes(torture_late_push_in, &from, &status);
	assert_null(sent); /* names is a reference that is missing */
	assert_int_equal(status, RPC_X_NULL_REF_POINTER);
	from.names = room(1, sizeof(*from.names));
	sent = exchange_bytes(torture_late_push_in, &from, &status);
	assert_int_equal(status, 0);
	/* count, three values, limited's id, count and value, names' count, then n */
	assert_int_equal(sent->data[sent->start + 28], 3);
	sent->data[sent->start + 28] = 2;
	assert_int_not_equal(exchange_args(torture_late_pull_in, sent->data + sent->start,
				     buf_len(sent), false, &arena, &to, &left),
		0);
	buf_unref(sent);
}

static void
a_missing_array_with_a_size_is_refused_on_both_sides(void **state)
{
	int32_t number = 0;
	torture_counted counted = {.room = 2};
	torture_pointers all = {.number = &number, .counted = &counted};
	struct torture_send_pointers_args from = {.all = &all}, to = {0};
	sp_status status;
	struct buf *sent;
	size_t left;

	assert_null(exchange_bytes(torture_send_pointers_push_in, &from, &status));
	assert_int_equal(status, RPC_X_NULL_REF_POINTER);
	counted.room = 0;
	sent = exchange_bytes(torture_send_pointers_push_in, &from, &status);
	assert_int_equal(status, 0);
	/* eight words of the struct, the number, then counted: length, room, no text */
	sent->data[sent->start + 38] = 2;
	assert_int_not_equal(exchange_args(torture_send_pointers_pull_in, sent->data + sent->start,
				     buf_len(sent), false, &arena, &to, &left),
		0);
	buf_unref(sent);
}

static void
only_the_part_of_a_varying_array_travels(void **state)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t first = below(5), last = first + below(5);
		int16_t fixed[10];
		torture_point points[4];
		struct torture_varying_args from = {
			.first = &first, .last = &last, .fixed = fixed, .points = points};
		struct torture_varying_args to = {0};

		from.size = 10 + below(4);
		from.length = below(5);
		from.part = room(from.size, 2);
		any_bytes(from.part, from.size * 2);
		any_bytes(fixed, sizeof(fixed));
		any_bytes(points, sizeof(points));
		SEND(varying, from, to);
		assert_memory_equal(from.part + first, to.part + first, (last - first + 1) * 2);
		assert_memory_equal(fixed, to.fixed, from.length * 2);
		assert_memory_equal(points, to.points, from.length * sizeof(*points));
		to.part[from.size - 1] = 1; /* room for all that the handler may answer */
	}
}

static void
arrays_of_several_dimensions_arrive(void **state)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		int32_t fixed[6];
		char words[3][12] = {"", "eleven char", "x"};
		struct torture_dimensions_args from = {.fixed = fixed, .words = words}, to = {0};
		size_t n;

		from.rows = (uint16_t)below(5);
		from.columns = (uint16_t)below(5);
		n = (size_t)from.rows * from.columns;
		from.table = room(n, 8);
		from.section = room(n, 2);
		any_bytes(fixed, sizeof(fixed));
		any_bytes(from.table, n * 8);
		any_bytes(from.section, n * 2);
		SEND(dimensions, from, to);
		assert_memory_equal(fixed, to.fixed, sizeof(fixed));
		assert_memory_equal(from.table, to.table, n * 8);
		assert_memory_equal(from.section, to.section, n * 2);
		for (unsigned k = 0; k < 3; k++)
			assert_string_equal(words[k], to.words[k]);
	}
}

static void
fill_pointers(torture_pointers *p)
{
	p->tree = any_tree(4);
	p->name = below(3) ? any_name(30) : NULL;
	p->number = room(1, 4);
	*p->number = (int32_t)any();
	p->counted = room(1, sizeof(*p->counted));
	*p->counted = any_counted();
	p->again = below(2) ? p->counted : NULL;
	p->n = below(4);
	p->list = room(p->n, sizeof(*p->list));
	p->pairs = room(p->n, sizeof(*p->pairs));
	for (unsigned i = 0; i < p->n; i++) {
		p->list[i] = any_counted();
		p->pairs[i] = room(2, 4);
		any_bytes(p->pairs[i], 8);
	}
}

static void
expect_pointers(const torture_pointers *a, const torture_pointers *b)
{
	expect_tree(a->tree, b->tree);
	assert_int_equal(a->name == NULL, b->name == NULL);
	if (a->name)
		assert_string_equal(a->name, b->name);
	assert_int_equal(*a->number, *b->number);
	expect_counted(a->counted, b->counted);
	assert_int_equal(a->again == a->counted, b->again == b->counted);
	for (unsigned i = 0; i < a->n; i++) {
		expect_counted(&a->list[i], &b->list[i]);
		assert_memory_equal(a->pairs[i], b->pairs[i], 8);
	}
}

static void
pointers_are_followed_in_order_and_aliases_stay_aliases(void **state)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		torture_pointers all = {0}, *fresh = below(4) ? &all : NULL;
		struct torture_send_pointers_args from = {.all = &all, .fresh = &fresh}, to = {0};

		fill_pointers(&all);
		SEND(send_pointers, from, to);
		expect_pointers(&all, to.all);
		assert_non_null(to.fresh);
	}
}

static torture_tail *
any_tail(torture_tail *tail)
{
	any_bytes(&tail->stamp, 8);
	for (unsigned i = 0; i < tail->n; i++)
		tail->items[i] = any_counted();
	return tail;
}

static void
expect_tail(const torture_tail *a, const torture_tail *b)
{
	assert_int_equal(a->stamp, b->stamp);
	assert_int_equal(a->n, b->n);
	for (unsigned i = 0; i < a->n; i++)
		expect_counted(&a->items[i], &b->items[i]);
}

static void
structs_with_an_array_at_the_end_arrive(void **state)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint8_t n = (uint8_t)below(5);
		torture_outer *outer = room(1, sizeof(*outer) + n * sizeof(torture_counted));
		torture_varying_tail *varying =
			room(1, sizeof(*varying) + n * sizeof(torture_point));
		struct torture_tails_args from = {.outer = outer, .back = &outer}, to = {0};

		outer->kind = TORTURE_B;
		outer->inner.n = n;
		any_tail(&outer->inner);
		memcpy(varying->title, u"title", 12);
		varying->room = n;
		varying->used = (uint16_t)below(n + 1u);
		any_bytes(varying->at, n * sizeof(torture_point));
		from.varying = below(3) ? varying : NULL;
		from.replaced = &outer->inner;
		SEND(tails, from, to);
		expect_tail(&outer->inner, &to.outer->inner);
		expect_tail(&outer->inner, to.replaced);
		if (from.varying) {
			expect_text(varying->title, to.varying->title);
			assert_memory_equal(
				varying->at, to.varying->at, varying->used * sizeof(torture_point));
		}
		ANSWER(tails, from, to);
		assert_int_equal((*to.back)->kind, TORTURE_B);
		expect_tail(&outer->inner, to.replaced);
	}
}

static torture_encapsulated
any_encapsulated(void)
{
	static const int16_t kinds[] = {1, 2, -3, 4, 77};
	torture_encapsulated u = {.kind = kinds[below(5)]};

	if (u.kind == 1)
		u.choice.number = (int32_t)any();
	else if (u.kind == 2 || u.kind == -3)
		u.choice.text = any_name(20);
	else if (u.kind == 4)
		u.choice.all = any_scalars();
	return u;
}

static torture_open
any_open(torture_enum kind)
{
	torture_open u = {0};

	if (kind == TORTURE_A)
		any_bytes(&u.wide, 8);
	else if (kind == TORTURE_B)
		u.node = any_tree(3);
	return u;
}

static void
expect_open(torture_enum kind, const torture_open *a, const torture_open *b)
{
	if (kind == TORTURE_A)
		assert_int_equal(a->wide, b->wide);
	else if (kind == TORTURE_B)
		expect_tree(a->node, b->node);
}

static void
unions_arrive_whatever_their_tag(void **state)
{
	static const torture_enum kinds[] = {TORTURE_A, TORTURE_B, TORTURE_C};

	for (unsigned i = 0; i < ROUNDS; i++) {
		torture_encapsulated one = any_encapsulated();
		torture_unions two = {.kind = kinds[below(3)], .n = (int32_t)any()};
		torture_open answer;
		struct torture_send_unions_args from = {.kind = kinds[below(3)], .one = &one},
						to = {0};

		from.early = any_open(from.kind);
		answer = any_open(from.kind);
		from.answer = &answer;
		two.value = any_open(two.kind);
		two.parity.odd = 0.5;
		from.two = below(3) ? &two : NULL;
		SEND(send_unions, from, to);
		expect_open(from.kind, &from.early, &to.early);
		assert_int_equal(one.kind, to.one->kind);
		if (one.kind == 2 || one.kind == -3)
			assert_string_equal(one.choice.text, to.one->choice.text);
		if (from.two)
			expect_open(two.kind, &two.value, &to.two->value);
		ANSWER(send_unions, from, to);
		expect_open(from.kind, &answer, to.answer);
	}
}

static void
a_tag_without_an_arm_is_refused(void **state)
{
	torture_encapsulated one = {.kind = 9};
	struct torture_send_unions_args from = {.kind = (torture_enum)3, .one = &one};
	sp_status status;

	assert_null(exchange_bytes(torture_send_unions_push_in, &from, &status));
	assert_int_equal(status, NCA_S_FAULT_INVALID_TAG);
}

static void
strings_arrive_with_their_end(void **state)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		char *fresh = any_name(10);
		struct torture_strings_args from = {.a = any_name(30),
						    .b = any_text(30),
						    .room = 40},
					    to = {0};

		from.same_room = any_text(10);
		from.answer = any_text(39);
		from.fresh = &fresh;
		SEND(strings, from, to);
		assert_string_equal(from.a, to.a);
		expect_text(from.b, to.b);
		expect_text(from.same_room, to.same_room);
		to.answer[39] = 0; /* there is room for 40 */
		ANSWER(strings, from, to);
		expect_text(from.answer, to.answer);
		assert_string_equal(fresh, *to.fresh);
	}
}

static void
a_string_longer_than_its_room_is_not_sent(void **state)
{
	uint16_t answer[4] = {'l', 'o', 'n', 'g'}, same[1] = {0};
	char *fresh = NULL;
	struct torture_strings_args from = {
		.room = 4, .answer = answer, .same_room = same, .fresh = &fresh};
	sp_status status;

	assert_null(exchange_bytes(torture_strings_push_out, &from, &status));
	assert_int_equal(status, NCA_S_FAULT_INVALID_BOUND);
}

static void
values_outside_of_their_range_are_refused_on_both_sides(void **state)
{
	uint8_t data[20] = {0};
	int64_t inside = 2;
	struct torture_ranges_args from = {.low = -5, .n = 19, .data = data, .inside = &inside},
				   to = {0};
	sp_status status;
	struct buf *sent;
	size_t left;

	SEND(ranges, from, to);
	from.low = 6;
	assert_null(exchange_bytes(torture_ranges_push_in, &from, &status));
	from.low = 5;
	sent = exchange_bytes(torture_ranges_push_in, &from, &status);
	assert_non_null(sent);
	sent->data[sent->start] = 6;
	assert_int_not_equal(exchange_args(torture_ranges_pull_in, sent->data + sent->start,
				     buf_len(sent), false, &arena, &to, &left),
		0);
	buf_unref(sent);
}

static void
arrays_behind_a_second_pointer_have_the_answers_size(void **state)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t n = below(5);
		int32_t more = (int32_t)below(5);
		torture_counted *items = room(n, sizeof(*items));
		torture_point *points = room((size_t)more, sizeof(*points));
		struct torture_list_args from = {
			.n = &n, .items = &items, .points = &points, .more = &more};
		struct torture_list_args to = {0};

		for (unsigned k = 0; k < n; k++)
			items[k] = any_counted();
		any_bytes(points, (size_t)more * sizeof(*points));
		from.result = any();
		ANSWER(list, from, to);
		for (unsigned k = 0; k < n; k++)
			expect_counted(&items[k], &(*to.items)[k]);
		assert_memory_equal(points, *to.points, (size_t)more * sizeof(*points));
		assert_int_equal(from.result, to.result);
	}
}

static void
what_is_updated_in_place_travels_both_ways(void **state)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		torture_scalars values[3] = {any_scalars(), any_scalars(), any_scalars()};
		torture_point perhaps = {1, 2};
		struct sp_uuid id;
		struct torture_update_args from = {.n = 3, .values = values, .id = &id}, to = {0};

		any_bytes(&id, sizeof(id));
		from.perhaps = below(2) ? &perhaps : NULL;
		SEND(update, from, to);
		ANSWER(update, from, to);
		for (unsigned k = 0; k < 3; k++)
			expect_scalars(&values[k], &to.values[k]);
		assert_int_equal(from.perhaps == NULL, to.perhaps == NULL);
		assert_memory_equal(&id, to.id, sizeof(id));
	}
}

static char uses[8];

static sp_status
use_context(void *owner, uint32_t type, bool shared, struct sp_context_handle *handle)
{
	strcat(uses, shared ? "s" : "x");
	return 0;
}

static void
contexts_are_shared_where_the_idl_says_so(void **state)
{
	const struct ndr_contexts contexts = {NULL, use_context, NULL};
	struct torture_context_look_args from, to;
	struct sp_pull pull;
	sp_status status;
	struct buf *sent;

	any_bytes(&from, sizeof(from));
	sent = exchange_bytes(torture_context_look_push_in, &from, &status);
	assert_int_equal(status, 0);
	ndr_pull_init(
		&pull, sent->data + sent->start, buf_len(sent), false, &arena, NULL, &contexts);
	torture_context_look_pull_in(&pull, &to);
	assert_int_equal(ndr_pull_status(&pull, NULL), 0);
	assert_string_equal(uses, "xssx");
	ndr_pull_fini(&pull);
	buf_unref(sent);
}

static void
the_interface_says_what_the_idl_says(void **state)
{
	const struct sp_interface *i = &torture_client_interface;

	assert_int_equal(i->abi, SP_STUB_ABI);
	assert_int_equal(i->id.major, 2);
	assert_int_equal(i->id.minor, 7);
	assert_int_equal(i->id.uuid.time_low, 0x5a11e001);
	assert_int_equal(i->n_operations, 17);
	assert_int_equal(i->n_contexts, 2);
	assert_int_equal(i->operations[11].flags, SP_OP_IDEMPOTENT);
	assert_int_equal(i->operations[13].flags, SP_OP_MAYBE | SP_OP_BROADCAST);
	assert_null(i->operations[0].invoke);
	assert_non_null(torture_server_interface.operations[0].invoke);
	assert_int_equal(TORTURE_SHIFTED, 19);
	assert_int_equal(TORTURE_MASK, UINT32_MAX);
	assert_int_equal(TORTURE_NEGATIVE, -(7 * 6) / 4 % 7);
	assert_int_equal(TORTURE_CHOSEN, 'a');
	assert_string_equal(TORTURE_TEXT, "text");
	assert_true(TORTURE_YES);
	assert_false(TORTURE_NO);
	assert_null(TORTURE_NOTHING);
	assert_true(TORTURE_FRACTION == 1.5);
	assert_true(TORTURE_SMALL == -2.5e-3);
	assert_true(TORTURE_FLOAT == 100);
}

static int32_t
handle_ranges(sp_call *call, int16_t low, uint32_t n, uint8_t *data, int64_t *inside)
{
	*inside += low;
	return (int32_t)n;
}

static void
the_servers_table_calls_the_handlers(void **state)
{
	const struct torture_handlers handlers = {.ranges = handle_ranges};
	int64_t inside = 1;
	struct torture_ranges_args args = {.low = 2, .n = 5, .inside = &inside};
	const struct sp_operation *operations = torture_server_interface.operations;

	assert_int_equal(operations[9].invoke(NULL, &handlers, &args), RPC_S_OK);
	assert_int_equal(inside, 3);
	assert_int_equal(args.result, 5);
	assert_int_equal(operations[0].invoke(NULL, &handlers, &args), NCA_S_OP_RNG_ERROR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_of_all_types_arrive),
		cmocka_unit_test(flat_structs_arrive_alone_and_in_arrays),
		cmocka_unit_test(sizes_may_follow_what_they_size),
		cmocka_unit_test(a_size_that_follows_and_does_not_match_is_refused),
		cmocka_unit_test(a_missing_array_with_a_size_is_refused_on_both_sides),
		cmocka_unit_test(only_the_part_of_a_varying_array_travels),
		cmocka_unit_test(arrays_of_several_dimensions_arrive),
		cmocka_unit_test(pointers_are_followed_in_order_and_aliases_stay_aliases),
		cmocka_unit_test(structs_with_an_array_at_the_end_arrive),
		cmocka_unit_test(unions_arrive_whatever_their_tag),
		cmocka_unit_test(a_tag_without_an_arm_is_refused),
		cmocka_unit_test(strings_arrive_with_their_end),
		cmocka_unit_test(a_string_longer_than_its_room_is_not_sent),
		cmocka_unit_test(values_outside_of_their_range_are_refused_on_both_sides),
		cmocka_unit_test(arrays_behind_a_second_pointer_have_the_answers_size),
		cmocka_unit_test(what_is_updated_in_place_travels_both_ways),
		cmocka_unit_test(contexts_are_shared_where_the_idl_says_so),
		cmocka_unit_test(the_interface_says_what_the_idl_says),
		cmocka_unit_test(the_servers_table_calls_the_handlers),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
