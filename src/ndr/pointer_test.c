/* SPDX-License-Identifier: MIT */
/* Pointers, the order of their referents, aliases and limits (C706 14.3.10 to 14.3.12). */
#include "base/mem.h"
#include "ndr/trial.h"

static struct arena arena;

static int
begin(void **state)
{
	arena_init(&arena, (size_t)1 << 28);
	return 0;
}

static int
end(void **state)
{
	arena_fini(&arena);
	return 0;
}

/* --- an array of structs with pointers to sized arrays ----------------------------------------- */

struct string {
	uint16_t length, size;
	uint16_t *text;
};

struct strings {
	uint32_t count;
	struct string *names;
};

static void
pull_string_text(struct sp_pull *pull, void *slot, const void *args)
{
	const struct string *self = args;
	uint32_t size = sp_pull_max_count(pull), first;
	uint32_t length = sp_pull_variance(pull, size, 2, &first);
	uint16_t *v = NULL;

	sp_pull_expect(pull, size, self->size / 2u, "size_is of string.text");
	sp_pull_expect(pull, first, 0, "first_is of string.text");
	sp_pull_expect(pull, length, self->length / 2u, "length_is of string.text");
	if (sp_pull_ok(pull))
		v = sp_pull_alloc(pull, length, sizeof(*v));
	if (!v)
		return;
	sp_pull_array(pull, v, length, 2);
	*(uint16_t **)slot = v;
}

static void
pull_strings_names(struct sp_pull *pull, void *slot, const void *args)
{
	const struct strings *self = args;
	uint32_t size = sp_pull_count(pull, 8);
	struct string *v = NULL;

	sp_pull_expect(pull, size, self->count, "size_is of strings.names");
	if (sp_pull_ok(pull))
		v = sp_pull_alloc(pull, size, sizeof(*v));
	if (!v)
		return;
	for (size_t i = 0; i < size && sp_pull_ok(pull); i++) {
		bool has_text;

		sp_pull_align(pull, 4);
		v[i].length = sp_pull_u16(pull);
		v[i].size = sp_pull_u16(pull);
		has_text = sp_pull_unique(pull, &v[i].text, pull_string_text, &v[i]);
		sp_pull_sized(pull, has_text, v[i].size, "string.text");
	}
	*(struct string **)slot = v;
}

static void
pull_strings(struct sp_pull *pull, void *args)
{
	struct strings *self = args;

	self->count = sp_pull_u32(pull);
	sp_pull_sized(pull, sp_pull_unique(pull, &self->names, pull_strings_names, self),
		self->count, "strings.names");
	sp_pull_deferred(pull);
}

static void
push_string_text(struct sp_push *push, const void *pointee, const void *args)
{
	const struct string *self = args;

	sp_push_count(push, self->size / 2u);
	sp_push_variance(push, self->size / 2u, 0, self->length / 2u, "string.text");
	sp_push_array(push, pointee, self->length / 2u, 2);
}

static void
push_strings_names(struct sp_push *push, const void *pointee, const void *args)
{
	const struct strings *self = args;
	const struct string *v = pointee;

	sp_push_count(push, self->count);
	for (size_t i = 0; i < self->count && sp_push_ok(push); i++) {
		sp_push_align(push, 4);
		sp_push_u16(push, v[i].length);
		sp_push_u16(push, v[i].size);
		sp_push_sized(push, v[i].text, v[i].size, "string.text");
		sp_push_unique(push, v[i].text, push_string_text, &v[i]);
	}
}

static void
push_strings(struct sp_push *push, const void *args)
{
	const struct strings *self = args;

	sp_push_u32(push, self->count);
	sp_push_sized(push, self->names, self->count, "strings.names");
	sp_push_unique(push, self->names, push_strings_names, self);
	sp_push_deferred(push);
}

/* lsa.Strings of "ab" and "xyz" as Samba's ndr_pack writes it */
static const char strings_hex[] =
	"02000000 00000200 02000000 0400 0400 04000200 0600 0600 08000200"
	"02000000 00000000 02000000 6100 6200 03000000 00000000 03000000 7800 7900 7a00";

static void
an_arrays_referents_follow_its_last_element(void **state)
{
	struct strings s = {0}, back = {0};

	trial_reads(pull_strings, push_strings, &arena, strings_hex, &s);
	assert_int_equal(s.names[0].text[1], 'b');
	assert_int_equal(s.names[1].text[2], 'z');
	trial_big_endian(push_strings, pull_strings, &arena, &s, &back);
	trial_refuses_prefixes(pull_strings, &arena, strings_hex, &back, sizeof(back));
}

static void
a_missing_array_that_has_a_size_is_refused(void **state)
{
	struct strings s = {0};
	sp_status status;

	assert_int_equal(
		trial_status(pull_strings, &arena, "01000000 00000000", &s), RPC_X_BAD_STUB_DATA);
	trial_reads(pull_strings, push_strings, &arena, "00000000 00000000", &s);
	assert_null(s.names);
	s.count = 1;
	trial_push_args(push_strings, &s, false, &status);
	assert_int_equal(status, RPC_X_NULL_REF_POINTER);
}

/* --- an array of pointers to conformant structs ------------------------------------------------ */

struct sid {
	uint8_t revision, n;
	uint8_t authority[6];
	uint32_t sub[];
};

struct sids {
	uint32_t count;
	struct sid **sids;
};

static void
pull_one_sid(struct sp_pull *pull, void *slot, const void *args)
{
	uint32_t size = sp_pull_count(pull, 4); /* in front of the struct */
	struct sid *v = NULL;

	if (sp_pull_ok(pull))
		v = sp_pull_alloc(pull, 1, sizeof(*v) + size * sizeof(v->sub[0]));
	if (!v)
		return;
	sp_pull_align(pull, 4);
	v->revision = sp_pull_u8(pull);
	v->n = sp_pull_u8(pull);
	sp_pull_bytes(pull, v->authority, 6);
	sp_pull_expect(pull, size, v->n, "size_is of sid.sub");
	sp_pull_array(pull, v->sub, size, 4);
	*(struct sid **)slot = v;
}

static void
pull_sids_array(struct sp_pull *pull, void *slot, const void *args)
{
	const struct sids *self = args;
	uint32_t size = sp_pull_count(pull, 4);
	struct sid **v = NULL;

	sp_pull_expect(pull, size, self->count, "size_is of sids");
	if (sp_pull_ok(pull))
		v = sp_pull_alloc(pull, size, sizeof(struct sid *));
	if (!v)
		return;
	for (size_t i = 0; i < size && sp_pull_ok(pull); i++)
		sp_pull_unique(pull, &v[i], pull_one_sid, NULL);
	*(struct sid ***)slot = v;
}

static void
pull_sids(struct sp_pull *pull, void *args)
{
	struct sids *self = args;

	self->count = sp_pull_u32(pull);
	sp_pull_unique(pull, &self->sids, pull_sids_array, self);
	sp_pull_deferred(pull);
}

static void
push_one_sid(struct sp_push *push, const void *pointee, const void *args)
{
	const struct sid *v = pointee;

	sp_push_count(push, v->n);
	sp_push_align(push, 4);
	sp_push_u8(push, v->revision);
	sp_push_u8(push, v->n);
	sp_push_bytes(push, v->authority, 6);
	sp_push_array(push, v->sub, v->n, 4);
}

static void
push_sids_array(struct sp_push *push, const void *pointee, const void *args)
{
	const struct sids *self = args;
	struct sid *const *v = pointee;

	sp_push_count(push, self->count);
	for (size_t i = 0; i < self->count; i++)
		sp_push_unique(push, v[i], push_one_sid, NULL);
}

static void
push_sids(struct sp_push *push, const void *args)
{
	const struct sids *self = args;

	sp_push_u32(push, self->count);
	sp_push_unique(push, self->sids, push_sids_array, self);
	sp_push_deferred(push);
}

/* lsa.SidArray of S-1-5-32-544 and S-1-1-0 as Samba's ndr_pack writes it */
static const char sids_hex[] =
	"02000000 00000200 02000000 04000200 08000200"
	"02000000 01 02 000000000005 20000000 20020000 01000000 01 01 000000000001 00000000";

static void
a_conformant_structs_count_stands_before_it(void **state)
{
	struct sids s = {0}, back = {0};

	trial_reads(pull_sids, push_sids, &arena, sids_hex, &s);
	assert_int_equal(s.sids[0]->sub[1], 544);
	assert_int_equal(s.sids[1]->authority[5], 1);
	trial_big_endian(push_sids, pull_sids, &arena, &s, &back);
	trial_refuses_prefixes(pull_sids, &arena, sids_hex, &back, sizeof(back));
	/* NULL in the middle is just that */
	trial_reads(pull_sids, push_sids, &arena,
		"02000000 00000200 02000000 00000000 04000200"
		"01000000 01 01 000000000001 00000000",
		&s);
	assert_null(s.sids[0]);
	assert_non_null(s.sids[1]);
}

/* --- a tree: depth first ----------------------------------------------------------------------- */

struct node {
	uint32_t value;
	struct node *left, *right;
};

static void
pull_one_node(struct sp_pull *pull, void *slot, const void *args)
{
	struct node *v = sp_pull_alloc(pull, 1, sizeof(*v));

	if (!v)
		return;
	v->value = sp_pull_u32(pull);
	sp_pull_unique(pull, &v->left, pull_one_node, NULL);
	sp_pull_unique(pull, &v->right, pull_one_node, NULL);
	*(struct node **)slot = v;
}

static void
pull_tree(struct sp_pull *pull, void *args)
{
	sp_pull_unique(pull, args, pull_one_node, NULL);
	sp_pull_deferred(pull);
}

static void
push_one_node(struct sp_push *push, const void *pointee, const void *args)
{
	const struct node *v = pointee;

	sp_push_u32(push, v->value);
	sp_push_unique(push, v->left, push_one_node, NULL);
	sp_push_unique(push, v->right, push_one_node, NULL);
}

static void
push_tree(struct sp_push *push, const void *args)
{
	sp_push_unique(push, *(struct node *const *)args, push_one_node, NULL);
	sp_push_deferred(push);
}

static void
referents_come_depth_first(void **state)
{
	struct node *tree = NULL;

	/* 1 (2 (3 -) (4 -)) (5 -): a node's own referents before its sibling */
	trial_reads(pull_tree, push_tree, &arena,
		"00000200"
		"01000000 04000200 08000200"
		"02000000 0c000200 10000200"
		"03000000 00000000 00000000"
		"04000000 00000000 00000000"
		"05000000 00000000 00000000",
		&tree);
	assert_int_equal(tree->left->left->value, 3);
	assert_int_equal(tree->left->right->value, 4);
	assert_int_equal(tree->right->value, 5);
}

/* --- lists, limits ----------------------------------------------------------------------------- */

static uint8_t *
list_bytes(uint32_t n, size_t *ret_len)
{
	uint8_t *bytes = calloc(n, 12), *p = bytes;

	assert_non_null(bytes);
	*ret_len = 4 + 12 * (size_t)n - 8;
	for (uint32_t i = 0; i < n; i++, p += 12) {
		sp_store_u32(p, 7); /* the one before it points here */
		sp_store_u32(p + 4, i);
		if (p + 8 < bytes + *ret_len)
			sp_store_u32(p + 8, 0); /* left */
	}
	return bytes;
}

static sp_status
pull_list(uint32_t n, const struct ndr_limits *limits, struct node **ret)
{
	size_t len;
	uint8_t *bytes = list_bytes(n, &len);
	uint8_t *whole = realloc(bytes, len + 8); /* the last one points nowhere */
	sp_status status;

	assert_non_null(whole);
	memset(whole + len, 0, 8);
	*ret = NULL;
	status = trial_pull_bytes(pull_tree, whole, len + 8, false, &arena, limits, ret);
	free(whole);
	return status;
}

static void
a_long_list_needs_no_stack(void **state)
{
	const struct ndr_limits limits = {.max_depth = 500000};
	struct node *list;
	struct sp_push push;
	struct buf *buf;
	uint32_t n = 0;

	assert_int_equal(pull_list(500000, &limits, &list), 0);
	ndr_push_init(&push, 0, 0, UINT32_MAX / 2, NULL);
	push.max_depth = limits.max_depth;
	push_tree(&push, &list);
	buf = ndr_push_finish(&push);
	assert_non_null(buf);
	assert_int_equal(buf_len(buf), 4 + 12 * 500000);
	buf_unref(buf);
	ndr_push_fini(&push);
	for (; list; list = list->right)
		assert_int_equal(list->value, n++);
	assert_int_equal(n, 500000);
	arena_reset(&arena);
}

static void
depth_is_limited(void **state)
{
	const struct ndr_limits limits = {.max_depth = 10};
	struct node *list, *ring;
	sp_status status;

	assert_int_equal(pull_list(10, &limits, &list), 0);
	assert_int_equal(pull_list(11, &limits, &list), NCA_S_FAULT_REMOTE_NO_MEMORY);
	assert_int_equal(pull_list(NDR_MAX_DEPTH, NULL, &list), 0);
	assert_int_equal(pull_list(NDR_MAX_DEPTH + 1, NULL, &list), NCA_S_FAULT_REMOTE_NO_MEMORY);
	/* a ring of unique pointers would be pushed for ever */
	ring = &(struct node){0};
	ring->left = ring;
	trial_push_args(push_tree, &ring, false, &status);
	assert_true(status == RPC_S_OUT_OF_RESOURCES || status == NCA_S_OUT_ARGS_TOO_BIG);
}

static void
pointers_are_counted(void **state)
{
	const struct ndr_limits limits = {.max_pointers = 3};
	struct sids s = {0};
	struct trial_bytes b = trial_hex(sids_hex), more = trial_hex(strings_hex);
	struct strings t = {0};
	const struct ndr_limits fewer = {.max_pointers = 2};

	assert_int_equal(trial_pull_bytes(pull_sids, b.at, b.len, false, &arena, &limits, &s), 0);
	assert_int_equal(
		trial_pull_bytes(pull_strings, more.at, more.len, false, &arena, &fewer, &t),
		NCA_S_FAULT_REMOTE_NO_MEMORY);
}

/* --- reference pointers ------------------------------------------------------------------------ */

struct holder {
	uint32_t *number;
};

static void
pull_one_number(struct sp_pull *pull, void *slot, const void *args)
{
	uint32_t *v = sp_pull_alloc(pull, 1, sizeof(*v));

	if (!v)
		return;
	*v = sp_pull_u32(pull);
	*(uint32_t **)slot = v;
}

static void
push_one_number(struct sp_push *push, const void *pointee, const void *args)
{
	sp_push_u32(push, *(const uint32_t *)pointee);
}

static void
pull_holder(struct sp_pull *pull, void *args)
{
	struct holder *h = args;

	sp_pull_ref(pull, &h->number, pull_one_number, NULL);
	sp_pull_deferred(pull);
}

static void
push_holder(struct sp_push *push, const void *args)
{
	const struct holder *h = args;

	sp_push_ref(push, h->number, push_one_number, NULL);
	sp_push_deferred(push);
}

static void
a_reference_is_never_null(void **state)
{
	struct holder h = {0};
	struct sp_push push;
	sp_status status;

	trial_push_args(push_holder, &h, false, &status);
	assert_int_equal(status, RPC_X_NULL_REF_POINTER);
	trial_reads(pull_holder, push_holder, &arena, "00000200 05000000", &h);
	assert_int_equal(*h.number, 5);
	assert_int_equal(
		trial_status(pull_holder, &arena, "00000000 05000000", &h), RPC_X_BAD_STUB_DATA);
	ndr_push_init(&push, 0, 0, 100, NULL);
	assert_true(sp_push_need(&push, &h));
	assert_false(sp_push_need(&push, NULL));
	assert_int_equal(ndr_push_status(&push, NULL), RPC_X_NULL_REF_POINTER);
	ndr_push_fini(&push);
}

/* --- full pointers ----------------------------------------------------------------------------- */

struct link {
	uint32_t value;
	struct link *next, *other;
};

struct graph {
	struct link *first, *second;
	uint32_t *number; /* of another type */
};

static void
pull_one_link(struct sp_pull *pull, void *slot, const void *args)
{
	struct link *v = sp_pull_alloc(pull, 1, sizeof(*v));

	if (!v)
		return;
	v->value = sp_pull_u32(pull);
	sp_pull_full(pull, &v->next, pull_one_link, NULL);
	sp_pull_full(pull, &v->other, pull_one_link, NULL);
	*(struct link **)slot = v;
}

static void
pull_graph(struct sp_pull *pull, void *args)
{
	struct graph *g = args;

	sp_pull_full(pull, &g->first, pull_one_link, NULL);
	sp_pull_full(pull, &g->second, pull_one_link, NULL);
	sp_pull_full(pull, &g->number, pull_one_number, NULL);
	sp_pull_deferred(pull);
}

static void
push_one_link(struct sp_push *push, const void *pointee, const void *args)
{
	const struct link *v = pointee;

	sp_push_u32(push, v->value);
	sp_push_full(push, v->next, push_one_link, NULL);
	sp_push_full(push, v->other, push_one_link, NULL);
}

static void
push_graph(struct sp_push *push, const void *args)
{
	const struct graph *g = args;

	sp_push_full(push, g->first, push_one_link, NULL);
	sp_push_full(push, g->second, push_one_link, NULL);
	sp_push_full(push, g->number, push_one_number, NULL);
	sp_push_deferred(push);
}

/*
 * first (1) points to itself and to second; second (2) to first and to a third, which nobody else knows. The third stands
 * behind second, being its referent.
 */
static const char graph_hex[] = "00000200 04000200 00000000"
				"01000000 00000200 04000200"
				"02000000 00000200 08000200"
				"03000000 04000200 00000000";

static void
full_pointers_with_one_id_are_one_object(void **state)
{
	struct graph g = {0}, back = {0};

	trial_reads(pull_graph, push_graph, &arena, graph_hex, &g);
	assert_ptr_equal(g.first->next, g.first);
	assert_ptr_equal(g.first->other, g.second);
	assert_ptr_equal(g.second->next, g.first);
	assert_ptr_equal(g.second->other->next, g.second);
	assert_int_equal(g.second->other->value, 3);
	trial_big_endian(push_graph, pull_graph, &arena, &g, &back);
	assert_ptr_equal(back.second->other->next, back.second);
	trial_refuses_prefixes(pull_graph, &arena, graph_hex, &back, sizeof(back));
}

static void
an_alias_of_another_type_is_refused(void **state)
{
	struct graph g = {0};

	/* number has the id of first */
	assert_int_equal(trial_status(pull_graph, &arena,
				 "00000200 00000000 00000200"
				 "01000000 00000000 00000000",
				 &g),
		RPC_X_BAD_STUB_DATA);
	assert_null(g.number);
}

struct sized {
	uint32_t n;
	uint32_t *v;
};

static void
pull_sized_numbers(struct sp_pull *pull, void *slot, const void *args)
{
	const struct sized *self = args;
	uint32_t size = sp_pull_count(pull, 4);
	uint32_t *v;

	sp_pull_expect(pull, size, self->n, "size_is of sized.v");
	v = sp_pull_alloc(pull, size, sizeof(*v));
	if (v)
		sp_pull_array(pull, v, size, 4);
	*(uint32_t **)slot = v;
}

static void
pull_two_sized(struct sp_pull *pull, void *args)
{
	struct sized *s = args;

	for (unsigned i = 0; i < 2; i++) {
		s[i].n = sp_pull_u32(pull);
		sp_pull_full(pull, &s[i].v, pull_sized_numbers, &s[i]);
	}
	sp_pull_deferred(pull);
}

static void
push_sized_numbers(struct sp_push *push, const void *pointee, const void *args)
{
	const struct sized *self = args;

	sp_push_count(push, self->n);
	sp_push_array(push, pointee, self->n, 4);
}

static void
push_two_sized(struct sp_push *push, const void *args)
{
	const struct sized *s = args;

	for (unsigned i = 0; i < 2; i++) {
		sp_push_u32(push, s[i].n);
		sp_push_full(push, s[i].v, push_sized_numbers, &s[i]);
	}
	sp_push_deferred(push);
}

static void
an_alias_cannot_make_an_array_longer(void **state)
{
	uint32_t numbers[] = {5, 6};
	struct sized s[2] = {{1, numbers}, {2, numbers}};

	/* the second says two elements of an object that has one */
	assert_int_equal(trial_status(pull_two_sized, &arena,
				 "01000000 00000200 02000000 00000200"
				 "01000000 05000000",
				 s),
		RPC_X_BAD_STUB_DATA);
	/* and we do not ask others for it: one array under two sizes is sent twice */
	s[0] = (struct sized){1, numbers};
	s[1] = (struct sized){2, numbers};
	trial_writes(push_two_sized, s,
		"01000000 00000200 02000000 04000200"
		"01000000 05000000 02000000 05000000 06000000");
}

/* a referent that is known by id before it is there: B's pointer is followed before A's second */
struct early {
	struct link *through_b;
	struct early *b;
};

static void
pull_one_early(struct sp_pull *pull, void *slot, const void *args)
{
	struct early *v = sp_pull_alloc(pull, 1, sizeof(*v));

	if (!v)
		return;
	sp_pull_unique(pull, &v->b, pull_one_early, NULL);
	sp_pull_full(pull, &v->through_b, pull_one_link, NULL);
	*(struct early **)slot = v;
}

static void
pull_early(struct sp_pull *pull, void *args)
{
	sp_pull_unique(pull, args, pull_one_early, NULL);
	sp_pull_deferred(pull);
}

static void
push_one_early(struct sp_push *push, const void *pointee, const void *args)
{
	const struct early *v = pointee;

	sp_push_unique(push, v->b, push_one_early, NULL);
	sp_push_full(push, v->through_b, push_one_link, NULL);
}

static void
push_early(struct sp_push *push, const void *args)
{
	sp_push_unique(push, *(struct early *const *)args, push_one_early, NULL);
	sp_push_deferred(push);
}

static void
an_alias_may_be_met_before_its_object(void **state)
{
	struct early *a = NULL;

	/* A: b, link 8; B: no b, link 8 again; then the link, which belongs to A's pointer */
	trial_reads(pull_early, push_early, &arena,
		"00000200"
		"04000200 08000200"
		"00000000 08000200"
		"09000000 00000000 00000000",
		&a);
	assert_int_equal(a->through_b->value, 9);
	assert_ptr_equal(a->b->through_b, a->through_b);
}

static void
pull_many_full(struct sp_pull *pull, void *args)
{
	uint32_t n = sp_pull_u32(pull);
	uint32_t **v = sp_pull_alloc(pull, n, sizeof(*v));

	for (uint32_t i = 0; v && i < n && sp_pull_ok(pull); i++)
		sp_pull_full(pull, &v[i], pull_one_number, NULL);
	sp_pull_deferred(pull);
	for (uint32_t i = 0; sp_pull_ok(pull) && i < n; i++)
		assert_int_equal(*v[i], i / 2 * 2 + 1000);
}

static void
many_full_pointers_are_told_apart(void **state)
{
	uint32_t n = 20000;
	size_t len = 4 + 4 * (size_t)n + 2 * (size_t)n;
	uint8_t *bytes = malloc(len);

	assert_non_null(bytes);
	sp_store_u32(bytes, n);
	for (uint32_t i = 0; i < n; i++) /* each id twice, far from dense */
		sp_store_u32(bytes + 4 + 4 * i, (i / 2 + 1) << 16 | 1);
	for (uint32_t i = 0; i < n / 2; i++)
		sp_store_u32(bytes + 4 + 4 * n + 4 * i, 2 * i + 1000);
	assert_int_equal(
		trial_pull_bytes(pull_many_full, bytes, len, false, &arena, NULL, NULL), 0);
	free(bytes);
}

/* --- memory ------------------------------------------------------------------------------------ */

struct wide {
	uint8_t n;
	uint32_t *v;
	uint8_t rest[1000]; /* 1 KiB for 8 bytes on the wire */
};

static void
pull_wides(struct sp_pull *pull, void *args)
{
	uint32_t n = sp_pull_count(pull, 8);
	struct wide *v = sp_pull_alloc(pull, n, sizeof(*v));

	for (uint32_t i = 0; v && i < n && sp_pull_ok(pull); i++) {
		sp_pull_align(pull, 4);
		v[i].n = sp_pull_u8(pull);
		sp_pull_full(pull, &v[i].v, pull_one_number, NULL);
	}
	sp_pull_deferred(pull);
}

static void
a_pull_takes_no_more_than_its_multiple(void **state)
{
	enum { N = 4096 };
	static uint8_t bytes[4 + 8 * N];
	struct arena own;
	size_t most = sizeof(bytes) * NDR_GROWTH + NDR_GROWTH_FREE;

	arena_init(&own, SIZE_MAX);
	sp_store_u32(bytes, N);
	assert_int_equal(
		trial_pull_bytes(pull_wides, bytes, sizeof(bytes), false, &own, NULL, NULL), 0);
	assert_true(own.used <= most);
	/* with a smaller multiple it is too much, and nothing is taken */
	arena_reset(&own);
	assert_int_equal(trial_pull_bytes(pull_wides, bytes, sizeof(bytes), false, &own,
				 &(struct ndr_limits){.growth = 64}, NULL),
		NCA_S_FAULT_REMOTE_NO_MEMORY);
	assert_int_equal(own.used, 0);
	arena_fini(&own);
}

static void
queues_and_tables_count_as_memory(void **state)
{
	enum { N = 100000 };
	static uint8_t bytes[4 + 4 * N + 4 * N];
	const struct ndr_limits limits = {.growth = 8};
	struct arena own;

	arena_init(&own, SIZE_MAX);
	sp_store_u32(bytes, N);
	for (uint32_t i = 0; i < N; i++)
		sp_store_u32(bytes + 4 + 4 * i, i + 1);
	assert_int_equal(
		trial_pull_bytes(pull_many_full, bytes, sizeof(bytes), false, &own, &limits, NULL),
		NCA_S_FAULT_REMOTE_NO_MEMORY);
	assert_true(own.used <= 8 * sizeof(bytes) + NDR_GROWTH_FREE);
	arena_fini(&own);
}

static void
room_for_answers_is_bounded_by_the_arena_alone(void **state)
{
	uint8_t byte = 0;
	struct arena own;
	struct sp_pull pull;

	arena_init(&own, 1 << 20);
	ndr_pull_init(&pull, &byte, 1, false, &own, NULL, NULL);
	assert_null(sp_pull_alloc(&pull, 1, NDR_GROWTH_FREE + NDR_GROWTH + 16));
	assert_int_equal(ndr_pull_status(&pull, NULL), NCA_S_FAULT_REMOTE_NO_MEMORY);
	assert_null(sp_pull_room(&pull, 1, 1)); /* nothing after a fault */
	ndr_pull_fini(&pull);
	ndr_pull_init(&pull, &byte, 1, false, &own, NULL, NULL);
	assert_non_null(sp_pull_room(&pull, 1, 1 << 19));
	assert_null(sp_pull_room(&pull, 1 << 19, 4));
	assert_null(sp_pull_alloc(&pull, SIZE_MAX, 2));
	assert_int_equal(ndr_pull_status(&pull, NULL), NCA_S_FAULT_REMOTE_NO_MEMORY);
	ndr_pull_fini(&pull);
	arena_fini(&own);
}

/* Lets each allocation of a pull and of a push fail once; returns how many there were. */
static unsigned
fail_each(trial_pull *pull, trial_push *push, const struct trial_bytes *b, void *args)
{
	unsigned n = 0;
	sp_status status;

	for (;; n++) {
		struct arena own;

		arena_init(&own, 1 << 20);
		mem_fail_nth(n + 1);
		status = trial_pull_bytes(pull, b->at, b->len, false, &own, NULL, args);
		mem_fail_nth(0);
		arena_fini(&own);
		if (!status)
			break;
		assert_int_equal(status, NCA_S_FAULT_REMOTE_NO_MEMORY);
	}
	return n;
}

static void
every_allocation_of_a_pull_may_fail(void **state)
{
	struct trial_bytes b = trial_hex(graph_hex);
	struct graph g;
	struct strings s = {0};
	struct trial_bytes many = {0};

	assert_true(fail_each(pull_graph, push_graph, &b, &g) >= 2); /* arena, table */
	/* more names than wait in the queue without memory */
	many = trial_hex("0a000000 00000200 0a000000");
	for (uint32_t i = 0; i < 10; i++, many.len += 8) {
		sp_store_u32(many.at + many.len, 0x00020002);
		sp_store_u32(many.at + many.len + 4, i + 1);
	}
	for (uint32_t i = 0; i < 10; i++, many.len += 16) {
		sp_store_u32(many.at + many.len, 1);
		sp_store_u32(many.at + many.len + 8, 1);
		sp_store_u32(many.at + many.len + 12, 'x');
	}
	many.len -= 2;
	assert_true(fail_each(pull_strings, push_strings, &many, &s) >= 2); /* arena, queue */
}

static void
every_allocation_of_a_push_may_fail(void **state)
{
	static uint16_t text[40];
	static struct string names[40];
	struct strings s = {40, names};
	struct graph g = {0};
	struct link first = {1, &first, NULL};
	struct sp_push push;
	struct buf *buf = NULL;
	unsigned n;

	for (unsigned i = 0; i < 40; i++)
		names[i] = (struct string){80, 80, text};
	g.first = g.second = &first;
	for (n = 0; !buf; n++) {
		mem_fail_nth(n + 1);
		ndr_push_init(&push, 10, 10, 1 << 20, NULL);
		push_strings(&push, &s);
		push_graph(&push, &g);
		buf = ndr_push_finish(&push);
		mem_fail_nth(0);
		if (!buf)
			assert_int_equal(
				ndr_push_status(&push, NULL), NCA_S_FAULT_REMOTE_NO_MEMORY);
		ndr_push_fini(&push);
	}
	assert_true(n > 5); /* buffer, its growth, queue, its growth, table */
	buf_unref(buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arrays_referents_follow_its_last_element),
		cmocka_unit_test(a_missing_array_that_has_a_size_is_refused),
		cmocka_unit_test(a_conformant_structs_count_stands_before_it),
		cmocka_unit_test(referents_come_depth_first),
		cmocka_unit_test(a_long_list_needs_no_stack),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(pointers_are_counted),
		cmocka_unit_test(a_reference_is_never_null),
		cmocka_unit_test(full_pointers_with_one_id_are_one_object),
		cmocka_unit_test(an_alias_of_another_type_is_refused),
		cmocka_unit_test(an_alias_cannot_make_an_array_longer),
		cmocka_unit_test(an_alias_may_be_met_before_its_object),
		cmocka_unit_test(many_full_pointers_are_told_apart),
		cmocka_unit_test(a_pull_takes_no_more_than_its_multiple),
		cmocka_unit_test(queues_and_tables_count_as_memory),
		cmocka_unit_test(room_for_answers_is_bounded_by_the_arena_alone),
		cmocka_unit_test(every_allocation_of_a_pull_may_fail),
		cmocka_unit_test(every_allocation_of_a_push_may_fail),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
