/* SPDX-License-Identifier: MIT */
#include <sallyport/selftest.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ndr/ndr.h"

#define ROUNDS 12
#define MEMORY ((size_t)64 << 20)
#define DEEP 4

bool sp_selftest_swaps;

struct sp_selftest {
	uint64_t state; /* of the random numbers */
	uint64_t sum;
	int depth;
	struct arena arena;
};

enum syntax { NDR_LITTLE, NDR_BIG, NDR64, N_SYNTAXES };

/* --- for the generated functions ------------------------------------------------------------------ */

uint64_t
sp_selftest_random(struct sp_selftest *st, uint64_t low, uint64_t high)
{
	uint64_t z = st->state += 0x9e3779b97f4a7c15u; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return high - low == UINT64_MAX ? z : low + z % (high - low + 1);
}

int64_t
sp_selftest_count(struct sp_selftest *st, int64_t low, int64_t high)
{
	uint64_t spread = st->depth >= DEEP ? 0 : 5;

	if (low < 0 && high >= 0)
		low = 0;
	if ((uint64_t)high - (uint64_t)low < spread)
		spread = (uint64_t)high - (uint64_t)low;
	return (int64_t)((uint64_t)low + sp_selftest_random(st, 0, spread));
}

bool
sp_selftest_null(struct sp_selftest *st)
{
	return st->depth >= DEEP || sp_selftest_random(st, 0, 3) == 0;
}

void
sp_selftest_deeper(struct sp_selftest *st, int levels)
{
	st->depth += levels;
}

void *
sp_selftest_alloc(struct sp_selftest *st, uint64_t n, size_t size)
{
	void *p = arena_alloc(&st->arena, n, size);

	if (!p) {
		fprintf(stderr, "selftest: out of memory for %llu elements\n",
			(unsigned long long)n);
		__builtin_trap();
	}
	return p;
}

void
sp_selftest_fill(struct sp_selftest *st, void *bytes, size_t n)
{
	uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)sp_selftest_random(st, 0, 255);
}

void *
sp_selftest_string(struct sp_selftest *st, uint64_t least, uint64_t room, size_t element_size)
{
	uint64_t n = least < 1 ? 1 : least;
	uint8_t *p = sp_selftest_alloc(st, (room < n ? n : room) + 1, element_size);

	n = sp_selftest_random(st, n, room < n ? n : room > n + 6 ? n + 6 : room);
	for (uint64_t i = 0; i + 1 < n; i++)
		p[i * element_size] = (uint8_t)sp_selftest_random(st, 'a', 'z');
	return p;
}

char *
sp_selftest_utf8(struct sp_selftest *st)
{
	static const char *const characters[] = {
		"a", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9d\x84\x9e"};
	uint64_t n = sp_selftest_random(st, 0, 6);
	char *text = sp_selftest_alloc(st, 1, n * 4 + 1), *p = text;

	for (; n > 0; n--)
		p = stpcpy(p, characters[sp_selftest_random(st, 0, 3)]);
	return text;
}

struct sp_object *
sp_selftest_object(struct sp_selftest *st)
{
	uint32_t n = (uint32_t)sp_selftest_random(st, 0, 9);
	struct sp_object *object = sp_selftest_alloc(st, 1, sizeof(*object) + n);

	object->size = n;
	sp_selftest_fill(st, object->bytes, n);
	return object;
}

void
sp_selftest_sum(struct sp_selftest *st, uint64_t value)
{
	st->sum = (st->sum ^ value) * 0x100000001b3u;
	st->sum ^= st->sum >> 29;
}

void
sp_selftest_sum_bytes(struct sp_selftest *st, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		sp_selftest_sum(st, p[i]);
}

void
sp_selftest_sum_object(struct sp_selftest *st, const struct sp_object *object)
{
	sp_selftest_sum(st, object->size);
	sp_selftest_sum_bytes(st, object->bytes, object->size);
}

/* --- one exchange ---------------------------------------------------------------------------------------- */

struct trial {
	struct sp_selftest *st;
	const struct sp_selftest_operation *op;
	bool out;
	enum syntax syntax;
	const char *folder; /* for dumps, or NULL */
	unsigned round;
};

static bool
complain(const struct trial *t, const char *what, sp_status status, const char *where)
{
	static const char *const names[] = {"NDR", "NDR, big-endian", "NDR64"};

	printf("%s, %s, %s: %s", t->op->name, t->out ? "out" : "in", names[t->syntax], what);
	if (status)
		printf(": 0x%x (%s)", (unsigned)status, where ? where : "");
	putchar('\n');
	return false;
}

static struct buf *
push(const struct trial *t, const void *args)
{
	const char *what = NULL;
	struct sp_push p;
	struct buf *bytes;

	ndr_push_init(&p, 0, 0, 1 << 26, NULL);
	if (t->syntax == NDR_BIG)
		ndr_push_big_endian(&p);
	if (t->syntax == NDR64)
		ndr_push_ndr64(&p);
	sp_selftest_swaps = t->syntax == NDR_BIG;
	t->op->push[t->out](&p, args);
	sp_selftest_swaps = false;
	bytes = ndr_push_finish(&p);
	if (!bytes)
		complain(t, "cannot be written", ndr_push_status(&p, &what), what);
	ndr_push_fini(&p);
	return bytes;
}

static bool
pull(const struct trial *t, const struct buf *bytes, void *args)
{
	const size_t len = bytes->end - bytes->start;
	struct wire_fault fault = {0};
	struct sp_pull p;
	sp_status status;
	bool all;

	ndr_pull_init(&p, bytes->data + bytes->start, len, t->syntax == NDR_BIG, &t->st->arena,
		NULL, NULL);
	if (t->syntax == NDR64)
		ndr_pull_ndr64(&p);
	t->op->pull[t->out](&p, args);
	status = ndr_pull_status(&p, &fault);
	all = status || ndr_pull_left(&p) == 0;
	ndr_pull_fini(&p);
	if (status)
		return complain(t, "cannot be read", status, fault.what);
	return all || complain(t, "is not read to its end", 0, NULL);
}

static uint64_t
sum(const struct trial *t, const void *args)
{
	t->st->sum = 0xcbf29ce484222325u;
	t->op->sum(t->st, args, t->out);
	return t->st->sum;
}

/* For comparison with other implementations: IFACE.OP.OPNUM.ROUND.DIRECTION.SYNTAX in the folder that was asked for. */
static void
dump(const struct trial *t, const struct buf *bytes, bool out)
{
	static const char *const names[] = {"ndr", "big", "ndr64"};
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.%u.%u.%s.%s", t->folder, t->op->name, t->op->opnum,
		t->round, out ? "out" : "in", names[t->syntax]);
	file = fopen(path, "we");
	if (!file)
		return;
	fwrite(bytes->data + bytes->start, 1, bytes->end - bytes->start, file);
	fclose(file);
}

/* With the question that an answer belongs to. */
static void
dump_both(const struct trial *t, const struct buf *bytes, const void *args)
{
	struct trial question = *t;
	struct buf *asked;

	question.out = false;
	dump(t, bytes, t->out);
	asked = t->out ? push(&question, args) : NULL;
	if (asked)
		dump(t, asked, false);
	buf_unref(asked);
}

static bool
exchange(const struct trial *t, const void *args)
{
	void *again = sp_selftest_alloc(t->st, 1, t->op->args_size);
	struct buf *bytes = push(t, args);
	bool ok;

	if (!bytes)
		return false;
	if (t->folder)
		dump_both(t, bytes, args);
	if (t->out) {
		memcpy(again, args, t->op->args_size);
		t->op->clear(again);
	}
	ok = pull(t, bytes, again);
	buf_unref(bytes);
	return ok &&
	       (sum(t, args) == sum(t, again) || complain(t, "comes back different", 0, NULL));
}

static bool
operation(struct sp_selftest *st, const struct sp_selftest_operation *op)
{
	struct trial t = {.st = st, .op = op, .folder = getenv("SP_SELFTEST_DUMP")};
	void *args;

	for (unsigned i = 0; i < ROUNDS * 2; i++) {
		t.out = i % 2;
		t.round = i;
		arena_reset(&st->arena);
		st->depth = 0;
		args = sp_selftest_alloc(st, 1, op->args_size);
		op->fill(st, args, t.out);
		for (t.syntax = 0; t.syntax < N_SYNTAXES; t.syntax++)
			if (!exchange(&t, args))
				return false;
	}
	return true;
}

int
sp_selftest_main(const char *stem, const struct sp_selftest_operation *operations, size_t n)
{
	struct sp_selftest st = {.state = 1};
	size_t good = 0;

	arena_init(&st.arena, MEMORY);
	for (size_t i = 0; i < n; i++)
		good += operation(&st, &operations[i]);
	arena_fini(&st.arena);
	printf("%s: %zu of %zu operations agree\n", stem, good, n);
	return good == n ? 0 : 1;
}
