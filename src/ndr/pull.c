/* SPDX-License-Identifier: MIT */
/*
 * One cursor, struct wire_in, but its own getters: they align, and a fault moves the cursor to the end
 * so that the check for enough bytes is the only one there is.
 */
#include "ndr/pull.h"

#include <endian.h>
#include <string.h>

#include "ndr/alias.h"
#include "ndr/copy.h"
#include "ndr/queue.h"

/* [MS-RPCE] 3.1.1.5.3.2.2.1 */
#define MAX_ELEMENTS 0x7fffffffu

void
ndr_pull_init(struct sp_pull *pull, const uint8_t *stub, size_t len, bool big_endian,
	struct arena *arena, const struct ndr_limits *limits, const struct ndr_contexts *contexts)
{
	static const uint8_t none[1];
	static const struct ndr_limits defaults;
	size_t growth;

	if (!stub)
		stub = none;
	if (!limits)
		limits = &defaults;
	growth = limits->growth ? limits->growth : NDR_GROWTH;
	pull->in = (struct wire_in){
		.p = stub,
		.end = stub + len,
		.pdu = stub,
		.fault = &pull->fault,
		.what = "stub data",
		.swap = big_endian,
	};
	pull->fault = (struct wire_fault){0};
	pull->status = 0;
	pull->arena = arena;
	pull->budget = len > (SIZE_MAX - NDR_GROWTH_FREE) / growth ? SIZE_MAX
								   : len * growth + NDR_GROWTH_FREE;
	pull->contexts = contexts;
	pull->depth = pull->pointers = 0;
	pull->max_depth = limits->max_depth ? limits->max_depth : NDR_MAX_DEPTH;
	pull->max_pointers = limits->max_pointers ? limits->max_pointers : NDR_MAX_POINTERS;
	pull->draining = pull->is_ndr64 = pull->in_place = false;
	ndr_queue_init(&pull->queue);
	ndr_queue_init(&pull->fixups);
	ndr_aliases_init(&pull->aliases);
}

void
ndr_pull_fini(struct sp_pull *pull)
{
	ndr_queue_fini(&pull->queue);
	ndr_queue_fini(&pull->fixups);
	ndr_aliases_fini(&pull->aliases);
}

void
ndr_pull_ndr64(struct sp_pull *pull)
{
	pull->is_ndr64 = true;
}

void
ndr_pull_in_place(struct sp_pull *pull)
{
	pull->in_place = true;
}

sp_status
ndr_pull_status(const struct sp_pull *pull, struct wire_fault *ret_fault)
{
	if (ret_fault)
		*ret_fault = pull->fault;
	return pull->status;
}

size_t
ndr_pull_left(const struct sp_pull *pull)
{
	return (size_t)(pull->in.end - pull->in.p);
}

/* --- faults ---------------------------------------------------------------------------------- */

static void
fail(struct sp_pull *pull, sp_status status, enum wire_bad bad, const char *what)
{
	if (pull->status)
		return;
	pull->status = status;
	pull->fault = (struct wire_fault){
		.bad = bad, .at = (uint32_t)(pull->in.p - pull->in.pdu), .what = what};
	pull->in.p = pull->in.end;
}

void
ndr_pull_short(struct sp_pull *pull)
{
	fail(pull, RPC_X_BAD_STUB_DATA, WIRE_SHORT, pull->in.what);
}

void
ndr_pull_no_memory(struct sp_pull *pull)
{
	fail(pull, NCA_S_FAULT_REMOTE_NO_MEMORY, WIRE_MALFORMED, "more than memory is given for");
}

bool
sp_pull_ok(const struct sp_pull *pull)
{
	return !pull->status;
}

void
sp_pull_fail(struct sp_pull *pull, sp_status status, const char *what)
{
	fail(pull, status ? status : RPC_X_BAD_STUB_DATA, WIRE_MALFORMED, what);
}

void
sp_pull_bad_tag(struct sp_pull *pull, const char *what)
{
	sp_pull_fail(pull, NCA_S_FAULT_INVALID_TAG, what);
}

void
sp_pull_expect(struct sp_pull *pull, uint64_t got, uint64_t expected, const char *what)
{
	if (got != expected)
		sp_pull_fail(pull, RPC_X_BAD_STUB_DATA, what);
}

void
sp_pull_range(struct sp_pull *pull, int64_t value, int64_t low, int64_t high, const char *what)
{
	if (value < low || value > high)
		sp_pull_fail(pull, RPC_X_BAD_STUB_DATA, what);
}

void
sp_pull_sized(struct sp_pull *pull, bool is_there, uint64_t count, const char *what)
{
	if (!is_there && count)
		sp_pull_fail(pull, RPC_X_BAD_STUB_DATA, what);
}

/* --- scalars --------------------------------------------------------------------------------- */

uint8_t
sp_pull_u8(struct sp_pull *pull)
{
	const uint8_t *p = ndr_pull_take(pull, 1, 1);

	return p ? *p : 0;
}

uint16_t
sp_pull_u16(struct sp_pull *pull)
{
	const uint8_t *p = ndr_pull_take(pull, 2, 2);
	uint16_t v;

	if (!p)
		return 0;
	memcpy(&v, p, sizeof(v));
	return pull->in.swap ? be16toh(v) : le16toh(v);
}

uint32_t
sp_pull_u32(struct sp_pull *pull)
{
	const uint8_t *p = ndr_pull_take(pull, 4, 4);
	uint32_t v;

	if (!p)
		return 0;
	memcpy(&v, p, sizeof(v));
	return pull->in.swap ? be32toh(v) : le32toh(v);
}

uint64_t
sp_pull_u64(struct sp_pull *pull)
{
	const uint8_t *p = ndr_pull_take(pull, 8, 8);
	uint64_t v;

	if (!p)
		return 0;
	memcpy(&v, p, sizeof(v));
	return pull->in.swap ? be64toh(v) : le64toh(v);
}

float
sp_pull_float(struct sp_pull *pull)
{
	uint32_t bits = sp_pull_u32(pull);
	float v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

double
sp_pull_double(struct sp_pull *pull)
{
	uint64_t bits = sp_pull_u64(pull);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

uint16_t
sp_pull_enum16(struct sp_pull *pull)
{
	uint32_t v = pull->is_ndr64 ? sp_pull_u32(pull) : sp_pull_u16(pull);

	if (v > 0x7fff) {
		sp_pull_fail(pull, RPC_X_BAD_STUB_DATA, "enum over 32767");
		return 0;
	}
	return (uint16_t)v;
}

void
sp_pull_uuid(struct sp_pull *pull, struct sp_uuid *ret)
{
	const uint8_t *p = ndr_pull_take(pull, 4, 16);

	if (p)
		sp_load_uuid(p, pull->in.swap, ret);
	else
		memset(ret, 0, sizeof(*ret));
}

int64_t
sp_pull_int3264(struct sp_pull *pull)
{
	return pull->is_ndr64 ? (int64_t)sp_pull_u64(pull) : (int32_t)sp_pull_u32(pull);
}

uint64_t
sp_pull_uint3264(struct sp_pull *pull)
{
	return ndr_pull_word(pull);
}

void
sp_pull_align(struct sp_pull *pull, size_t alignment)
{
	(void)ndr_pull_take(pull, alignment, 0);
}

void
sp_pull_align_wide(struct sp_pull *pull, size_t alignment, size_t alignment64)
{
	(void)ndr_pull_take(pull, pull->is_ndr64 ? alignment64 : alignment, 0);
}

/* --- runs ------------------------------------------------------------------------------------ */

void
sp_pull_bytes(struct sp_pull *pull, void *ret, size_t n)
{
	const uint8_t *p = ndr_pull_take(pull, 1, n);

	if (p)
		memcpy(ret, p, n);
	else
		memset(ret, 0, n);
}

void
sp_pull_array(struct sp_pull *pull, void *ret, size_t n, size_t element_size)
{
	size_t bytes = sp_product(n, element_size);
	const uint8_t *p;

	if (!n) /* what has no elements has no gap before them either */
		return;
	p = ndr_pull_take(pull, element_size, bytes);
	if (p)
		ndr_copy(ret, p, n, element_size, pull->in.swap);
}

const uint8_t *
sp_pull_flat(struct sp_pull *pull, size_t alignment, size_t len)
{
	if (pull->status)
		return NULL;
	return ndr_pull_take(pull, len ? alignment : 1, len);
}

size_t
sp_pull_structs(
	struct sp_pull *pull, void *ret, size_t n, size_t in_memory, size_t size, size_t alignment)
{
	const uint8_t *p;

	if (in_memory != size || pull->in.swap != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
		return 0;
	p = n ? ndr_pull_take(pull, alignment, sp_product(n, size)) : NULL;
	if (p)
		memcpy(ret, p, n * size);
	return n;
}

bool
sp_pull_swaps(const struct sp_pull *pull)
{
	return pull->in.swap;
}

/* --- memory ---------------------------------------------------------------------------------- */

bool
ndr_pull_charge(struct sp_pull *pull, size_t bytes)
{
	if (bytes > pull->budget) {
		ndr_pull_no_memory(pull);
		return false;
	}
	pull->budget -= bytes;
	return true;
}

void *
sp_pull_room(struct sp_pull *pull, size_t n, size_t size)
{
	void *p;

	if (pull->status)
		return NULL;
	p = arena_alloc(pull->arena, n, size);
	if (!p)
		ndr_pull_no_memory(pull);
	return p;
}

void *
sp_pull_alloc_bare(struct sp_pull *pull, size_t n, size_t size)
{
	size_t bytes = sp_product(n, size);
	void *p;

	if (pull->status)
		return NULL;
	/* as the arena counts */
	bytes = !bytes ? 16 : bytes > SIZE_MAX - 15 ? SIZE_MAX : (bytes + 15) & ~(size_t)15;
	if (!ndr_pull_charge(pull, bytes))
		return NULL;
	p = arena_take(pull->arena, n, size);
	if (!p)
		ndr_pull_no_memory(pull);
	return p;
}

void *
sp_pull_array_new(struct sp_pull *pull, size_t n, size_t element_size)
{
	size_t bytes = sp_product(n, element_size);
	const uint8_t *p;
	void *v;

	if (pull->status)
		return NULL;
	if (!n)
		return sp_pull_alloc_bare(pull, 0, element_size);
	p = ndr_pull_take(pull, element_size, bytes);
	if (!p)
		return NULL;
	if (pull->in_place && (!pull->in.swap || element_size == 1) &&
		(uintptr_t)p % element_size == 0)
		return (void *)(uintptr_t)p;
	v = sp_pull_alloc_bare(pull, n, element_size);
	if (v)
		ndr_copy(v, p, n, element_size, pull->in.swap);
	return v;
}

void *
sp_pull_alloc(struct sp_pull *pull, size_t n, size_t size)
{
	void *p = sp_pull_alloc_bare(pull, n, size);

	return p ? memset(p, 0, n * size) : NULL;
}

/* --- counts ---------------------------------------------------------------------------------- */

static uint32_t
held_against_the_rest(struct sp_pull *pull, uint32_t n, size_t least, const char *what)
{
	if (n <= ndr_pull_left(pull) / (least ? least : 1))
		return n;
	if (!pull->status)
		fail(pull, RPC_X_BAD_STUB_DATA, WIRE_SHORT, what);
	return 0;
}

uint64_t
ndr_pull_word(struct sp_pull *pull)
{
	return pull->is_ndr64 ? sp_pull_u64(pull) : sp_pull_u32(pull);
}

uint32_t
sp_pull_max_count(struct sp_pull *pull)
{
	uint64_t n = ndr_pull_word(pull);

	if (n <= MAX_ELEMENTS)
		return (uint32_t)n;
	sp_pull_fail(pull, RPC_X_BAD_STUB_DATA, "maximum count over 2^31 - 1");
	return 0;
}

uint32_t
sp_pull_count(struct sp_pull *pull, size_t least)
{
	return held_against_the_rest(
		pull, sp_pull_max_count(pull), least, "maximum count beyond the stub data");
}

uint32_t
sp_pull_variance(struct sp_pull *pull, uint32_t max, size_t least, uint32_t *ret_offset)
{
	uint64_t offset = ndr_pull_word(pull), actual = ndr_pull_word(pull);

	*ret_offset = 0;
	if (offset > max || actual > max - offset) {
		sp_pull_fail(pull, RPC_X_BAD_STUB_DATA, "offset and actual count beyond the array");
		return 0;
	}
	actual = held_against_the_rest(
		pull, (uint32_t)actual, least, "actual count beyond the stub data");
	if (!pull->status)
		*ret_offset = (uint32_t)offset;
	return (uint32_t)actual;
}
