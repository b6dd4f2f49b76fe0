/* SPDX-License-Identifier: MIT */
/*
 * What generated code is written against, and nothing else. The ABI is
 * versioned: an interface carries SP_STUB_ABI and the runtime refuses others.
 *
 * An operation is one struct of arguments and four marshalling functions, so
 * that client, server, deferred answers, observers and self-tests all share
 * the same code:
 *
 *   client:  push_in(args)  -> wire ->  pull_in(args)  invoke(args)
 *            pull_out(args) <- wire <-  push_out(args)        :server
 *
 * Faults stick: after the first one every pull returns 0 or NULL and every
 * push does nothing; generated code checks once per loop at most, the runtime
 * checks at the end. A pull takes memory only from the call's arena. A count
 * that comes from the peer is only ever obtained through sp_pull_count() and
 * friends, which hold it against the bytes that are left.
 *
 * The same stubs speak NDR 2.0 and NDR64 ([MS-RPCE] 2.2.5): the pull and the push know which, and the widths of
 * counts, enums and referent ids are theirs.
 *
 * None of these functions is thread-safe for one pull or push; different ones
 * are independent.
 */
#ifndef SALLYPORT_STUB_H
#define SALLYPORT_STUB_H

#include <sallyport/error.h>
#include <sallyport/serialize.h>
#include <sallyport/status.h>
#include <sallyport/types.h>

#include <string.h>

#define SP_STUB_ABI 1

/* Before what quoted C defines and perhaps nobody uses. */
#define SP_UNUSED __attribute__((unused))

struct sp_pull;
struct sp_push;

/* An interface pointer as it travels: a marshalled OBJREF ([MS-DCOM] 2.2.14, 2.2.18). */
struct sp_object {
	uint32_t size;
	uint8_t bytes[];
};

typedef struct sp_call sp_call;

/* --- the description of an interface --------------------------------------------------- */

enum sp_operation_flags {
	SP_OP_IDEMPOTENT = 1u << 0,
	SP_OP_MAYBE = 1u << 1, /* no answer is sent */
	SP_OP_BROADCAST = 1u << 2,
};

/*
 * A pipe among the parameters. What goes through it is not of the operation's four functions: it follows the inputs, and
 * stands in front of the outputs (C706 14.4).
 */
struct sp_pipe_parameter {
	const char *name;
	uint32_t offset; /* in the argument struct: of a struct sp_pipe, or of a pointer to one */
	bool is_pointer;
	bool is_in, is_out;
	uint32_t item_size;            /* in memory */
	uint32_t wire_size, alignment; /* of an item */
	void (*push)(struct sp_push *, const void *items,
		size_t n); /* NULL: numbers, as they lie in memory */
	void (*pull)(struct sp_pull *, void *items, size_t n);
};

struct sp_operation {
	const char *name;   /* NULL: the opnum is reserved and faults with nca_s_op_rng_error */
	uint32_t args_size; /* bytes of the operation's argument struct */
	uint32_t flags;
	void (*push_in)(struct sp_push *, const void *args);
	void (*pull_in)(
		struct sp_pull *, void *args); /* also allocates [out] memory for the handler */
	void (*push_out)(struct sp_push *, const void *args);
	void (*pull_out)(struct sp_pull *, void *args);
	/*
	 * NULL in a client-only build. Calls the handler with the arguments. Returns 0, or the
	 * status of the fault to send (a handler that is missing gives NCA_S_OP_RNG_ERROR).
	 */
	sp_status (*invoke)(sp_call *, const void *handlers, void *args);
	const struct sp_pipe_parameter *pipes; /* n_pipes, in the order of the parameters */
	uint32_t n_pipes;
};

/* A context handle type of an interface. */
struct sp_context_type {
	const char *name;
	/* called once when the last connection of the group goes; NULL in a client-only build */
	void (*rundown)(const void *handlers, void *user);
	bool strict; /* [strict_context_handle]: not to be used through another interface */
};

struct sp_interface {
	uint32_t abi; /* SP_STUB_ABI */
	const char *name;
	struct sp_syntax_id id;
	uint32_t n_operations;
	uint32_t n_contexts;
	const struct sp_operation *operations;  /* n_operations */
	const struct sp_context_type *contexts; /* n_contexts, NULL when 0 */
	/*
	 * An object interface: what travels is preceded by an ORPCTHIS, what comes back by an ORPCTHAT
	 * ([MS-DCOM] 2.2.13), which the runtime adds and takes off. Numbers that are inherited from another file's interfaces have no name here.
	 */
	bool is_object;
};

/*
 * Used by generated client functions. Marshals args, sends, waits and unmarshals.
 * [out] data lives in the call's arena until sp_call_reset() or sp_call_free().
 */
SP_NODISCARD sp_status sp_call_invoke(sp_call *call, const struct sp_interface *interface,
	uint32_t opnum, void *args, struct sp_error *reterr);

/*
 * A call has ended: status and error are what sp_call_invoke() would have given; error is NULL on success and belongs
 * to the runtime. Called from sp_client_service() or from a blocking call on the same client. May start calls, this
 * one again, cancel and free calls; must neither block nor free the client.
 */
typedef void sp_call_done(sp_call *, sp_status status, const struct sp_error *error, void *arg);

/*
 * Begins a call and returns. args, the argument struct of the operation (struct INTERFACE_OPERATION_args in generated
 * headers), must stay until the end; what [in] pointers point to only until this returns. On success [out] pointers
 * of args point into the call, until it is reset, used again or freed. done may be NULL: see sp_call_result().
 * RPC_S_CALL_IN_PROGRESS (1791): the object's last call has not ended. Other failures to marshal or for lack of
 * memory are returned, too; done is not called then.
 */
SP_NODISCARD sp_status sp_call_start(sp_call *, const struct sp_interface *interface,
	uint32_t opnum, void *args, sp_call_done *done, void *arg, struct sp_error *reterr);

/* Server: the handler has said that it answers later; then what it returns is not the result. On its own thread. */
bool sp_call_is_deferred(const sp_call *);

/* --- types by themselves ([MS-RPCE] 2.2.6, 2.2.7) ------------------------------------------------- */

/* A type that can be encoded or decoded by itself. */
struct sp_serialized_type {
	const char *name;
	/* numbers have no private header in version 1 ([MS-RPCE] 2.2.6.3) */
	bool is_primitive;
	void (*push)(struct sp_push *, const void *value); /* NULL: is only decoded */
	void (*pull)(struct sp_pull *, void *slot);        /* NULL: is only encoded */
};

/* Used by generated T_encode() and T_decode(). A stream is as it was after a failure. */
SP_NODISCARD sp_status sp_encode(sp_encoder *, const struct sp_serialized_type *, const void *value,
	struct sp_error *reterr);
/* slot is the address of a pointer, which will point into the decoder. */
SP_NODISCARD sp_status sp_decode(
	sp_decoder *, const struct sp_serialized_type *, void *slot, struct sp_error *reterr);

/* --- pull: NDR -> C ----------------------------------------------------------------------- */

/* Every scalar getter aligns first (relative to the start of the stub data) and swaps if needed. */
uint8_t sp_pull_u8(struct sp_pull *);
uint16_t sp_pull_u16(struct sp_pull *);
uint32_t sp_pull_u32(struct sp_pull *);
uint64_t sp_pull_u64(struct sp_pull *);
float sp_pull_float(struct sp_pull *);
double sp_pull_double(struct sp_pull *);
/* 32 bits in NDR */
int64_t sp_pull_int3264(struct sp_pull *);
uint64_t sp_pull_uint3264(struct sp_pull *);
/* an enum: 16 bits on the wire (C706 14.2.5; a [v1_enum] is a u32); a value over 0x7fff faults */
uint16_t sp_pull_enum16(struct sp_pull *);
void sp_pull_uuid(struct sp_pull *, struct sp_uuid *ret);
void sp_pull_align(struct sp_pull *, size_t alignment);
/* Where the two syntaxes differ; 1 is none. */
void sp_pull_align_wide(struct sp_pull *, size_t alignment, size_t alignment64);
/* n bytes, no alignment; zeroed on fault */
void sp_pull_bytes(struct sp_pull *, void *ret, size_t n);
/*
 * A run of n elements of element_size bytes (1, 2, 4 or 8), aligned to element_size:
 * one copy when the byte order is ours, a swap loop otherwise.
 */
void sp_pull_array(struct sp_pull *, void *ret, size_t n, size_t element_size);

/*
 * A view of the next len bytes after aligning, for flat structs and arrays of them. NULL after a
 * fault. The generated code loads the members with sp_load_*(p, sp_pull_swaps(pull)).
 */
const uint8_t *sp_pull_flat(struct sp_pull *, size_t alignment, size_t len);
bool sp_pull_swaps(const struct sp_pull *);
/* As sp_push_structs(). */
size_t sp_pull_structs(
	struct sp_pull *, void *ret, size_t n, size_t in_memory, size_t size, size_t alignment);

/*
 * Memory from the call's arena for what is pulled, zeroed; NULL (and a fault) over the limit, which also depends on
 * how long the stub data is. n == 0 gives an address, too. n * size must not overflow: checked.
 */
void *sp_pull_alloc(struct sp_pull *, size_t n, size_t size);
/* The same, not zeroed: for what the next getter fills wholly. */
void *sp_pull_alloc_bare(struct sp_pull *, size_t n, size_t size);
/* The same for what the handler will fill: only the arena's own limit bounds it. */
void *sp_pull_room(struct sp_pull *, size_t n, size_t size);
/*
 * What sp_pull_array() reads, in memory that lives as long as the call: where the bytes arrived, when they lie there as
 * memory wants them and the owner of the pull allows it, or a copy. May be written to. NULL after a fault; n == 0 gives
 * an address, too.
 */
void *sp_pull_array_new(struct sp_pull *, size_t n, size_t element_size);

bool sp_pull_ok(const struct sp_pull *);
/* Makes the pull fail: status is the fault to send or report, what a static string for people. */
void sp_pull_fail(struct sp_pull *, sp_status status, const char *what);

/*
 * Reads the u32 maximum count of a conformant array and holds it against what is left:
 * `least` is the fewest bytes that one element can take (>= 1).
 */
uint32_t sp_pull_count(struct sp_pull *, size_t least);
/* The maximum count of a conformant-varying array: not bounded by what is left (only actual_count is). */
uint32_t sp_pull_max_count(struct sp_pull *);
/* offset and actual count of a varying array; faults unless offset + actual <= max and actual fits. */
uint32_t sp_pull_variance(struct sp_pull *, uint32_t max, size_t least, uint32_t *ret_offset);

/*
 * A count that is implied by something else on the wire (switch, size_is expression): faults with
 * RPC_X_BAD_STUB_DATA when they differ ([MS-RPCE] 3.1.1.5.3.2.1).
 */
void sp_pull_expect(struct sp_pull *, uint64_t got, uint64_t expected, const char *what);
/* [range(low, high)] */
void sp_pull_range(struct sp_pull *, int64_t value, int64_t low, int64_t high, const char *what);
/* For the discriminant without an arm and without a default: NCA_S_FAULT_INVALID_TAG. */
void sp_pull_bad_tag(struct sp_pull *, const char *what);

/*
 * Embedded and top-level pointers. The referent is not pulled where the pointer stands but after the
 * construction that holds it (C706 14.3.12.3): sp_pull_unique() / sp_pull_full() / sp_pull_ref()
 * read the referent id and, when the pointer is to be followed, queue
 * referent(pull, slot, args) for sp_pull_deferred().
 *
 *   sp_pull_unique   0: *slot = NULL; otherwise queued
 *   sp_pull_ref      embedded [ref]: id is read, 0 is a fault
 *   sp_pull_full     [ptr]: 0 NULL; a known id makes *slot the same object (alias), else queued
 *
 * They return whether the pointer is not NULL; *slot itself is NULL until the referent is there, that of an alias
 * possibly until sp_pull_deferred() returns. Depth and number are limited.
 *
 * `referent` allocates and pulls the pointee and stores it in *(void **)slot as its last act. `args` is for whatever
 * size_is/switch_is expressions need (usually the enclosing struct); NULL if it needs nothing. Full pointers are
 * aliases only if referent and args are the same: otherwise one could pass off an object as one
 * of another type or length. Slots and args must not move until sp_pull_deferred() has returned.
 *
 * What generated code does, in the order of the calls:
 *
 *   a struct with a sized pointer        struct list { uint32_t n; [size_is(n)] struct item *items; }
 *     pull_list(pull, self):
 *         self->n = sp_pull_u32(pull);
 *         bool has_items = sp_pull_unique(pull, &self->items, pull_list_items, self);
 *         sp_pull_sized(pull, has_items, self->n, "list.items");
 *     pull_list_items(pull, slot, args):              the referent
 *         const struct list *self = args;
 *         uint32_t size = sp_pull_count(pull, 8);     before the elements: conformance
 *         sp_pull_expect(pull, size, self->n, "size_is of list.items");
 *         v = sp_pull_alloc(pull, size, sizeof(*v));  NULL after a fault
 *         for (i = 0; v && i < size && sp_pull_ok(pull); i++)
 *             pull_item(pull, &v[i]);                 queues item's own pointers
 *         *(struct item **)slot = v;
 *
 *   an array of structs with pointers    as above: the elements' referents follow the last
 *                                        element, those of the first element first
 *
 *   a linked list                        struct node { int32_t value; [unique] struct node *next; }
 *     pull_node(pull, self):
 *         self->value = (int32_t)sp_pull_u32(pull);
 *         sp_pull_unique(pull, &self->next, pull_one_node, NULL);
 *     pull_one_node(pull, slot, args):                pulls one and queues the next: no recursion
 *         v = sp_pull_alloc(pull, 1, sizeof(*v));
 *         if (v)
 *             pull_node(pull, v);
 *         *(struct node **)slot = v;
 *
 *   a union in a struct                  struct { uint16_t kind; [switch_is(kind)] union { ... } u; }
 *     pull_thing(pull, self):
 *         sp_pull_align(pull, 8);                     the struct's: that of its largest member
 *         self->kind = sp_pull_u16(pull);
 *         sp_pull_expect(pull, pull_u(pull, &self->u), self->kind, "switch_is of thing.u");
 *     pull_u(pull, self):                             aligned to the largest arm (C706 14.3.8)
 *         sp_pull_align(pull, 8);
 *         uint16_t tag = sp_pull_u16(pull);
 *         switch (tag) {
 *         case 1: self->wide = sp_pull_u64(pull); break;
 *         case 2: sp_pull_unique(pull, &self->name, pull_string_of_char, NULL); break;
 *         default: sp_pull_bad_tag(pull, "u"); break;
 *         }
 *         return tag;
 *
 *   a parameter                          each is a construction of its own
 *         pull_list(pull, &args->list);
 *         sp_pull_deferred(pull);
 *
 *   a conformant struct                  the count stands before the struct, also before an enclosing one
 *         uint32_t size = sp_pull_count(pull, 1);
 *         v = sp_pull_alloc(pull, 1, sizeof(*v) + size * sizeof(v->tail[0]));
 *         pull_thing(pull, v, size);                  aligns to the struct, then the members
 *
 * Push is the same with the values at hand.
 */
typedef void sp_pull_referent(struct sp_pull *, void *slot, const void *args);
bool sp_pull_unique(struct sp_pull *, void *slot, sp_pull_referent *referent, const void *args);
void sp_pull_ref(struct sp_pull *, void *slot, sp_pull_referent *referent, const void *args);
bool sp_pull_full(struct sp_pull *, void *slot, sp_pull_referent *referent, const void *args);
/*
 * Runs what has been queued since the outermost construction began: called by generated code after
 * each parameter (top-level construction). A referent's own referents come right after it and
 * before its siblings, in the order of C706 14.3.12.3. Does nothing within a referent: the outermost call does it all.
 */
void sp_pull_deferred(struct sp_pull *);
/*
 * Nothing is read: convert(pull, slot, args) runs when what has been queued by now, and all that it queues, is there. For
 * values that are of another type in C than on the wire ([transmit_as] and its kin).
 */
void sp_pull_then(struct sp_pull *, void *slot, sp_pull_referent *convert, const void *args);
/*
 * A unique or full pointer to an array whose count comes from elsewhere: faults when it is NULL and the count
 * is not 0 ([MS-RPCE] 3.1.1.5.3.3.1.2).
 */
void sp_pull_sized(struct sp_pull *, bool is_there, uint64_t count, const char *what);

/* [ignore]: a pointer that is not followed. Always NULL. */
void *sp_pull_ignored(struct sp_pull *);
/* A referent: the marshalled object that an interface pointer stands for, a struct sp_object. */
void sp_pull_object(struct sp_pull *, void *slot, const void *unused);
/* A referent: a string of wchar_t, in UTF-8 here. What is no UTF-16 or UTF-8 becomes U+FFFD. */
void sp_pull_utf8(struct sp_pull *, void *slot, const void *unused);

/* A server lets one call at a time use a context; those that say shared together. */
void sp_pull_context(
	struct sp_pull *, struct sp_context_handle *ret, uint32_t type, bool null_allowed);
void sp_pull_context_shared(
	struct sp_pull *, struct sp_context_handle *ret, uint32_t type, bool null_allowed);

/* --- push: C -> NDR ------------------------------------------------------------------------- */

void sp_push_u8(struct sp_push *, uint8_t);
void sp_push_u16(struct sp_push *, uint16_t);
void sp_push_u32(struct sp_push *, uint32_t);
void sp_push_u64(struct sp_push *, uint64_t);
void sp_push_float(struct sp_push *, float);
void sp_push_double(struct sp_push *, double);
/* A value that does not fit into 32 bits is a fault in NDR. */
void sp_push_int3264(struct sp_push *, int64_t);
void sp_push_uint3264(struct sp_push *, uint64_t);
void sp_push_enum16(struct sp_push *, int32_t);
void sp_push_uuid(struct sp_push *, const struct sp_uuid *);
void sp_push_align(struct sp_push *, size_t alignment);
void sp_push_align_wide(struct sp_push *, size_t alignment, size_t alignment64);
void sp_push_bytes(struct sp_push *, const void *, size_t n);
void sp_push_array(struct sp_push *, const void *, size_t n, size_t element_size);
/*
 * len bytes, each of which must be filled in by the caller with sp_store_*: there are no gaps in what is flat.
 * NULL after a fault.
 */
uint8_t *sp_push_flat(struct sp_push *, size_t alignment, size_t len);
/*
 * Structs that are the same in memory and on the wire, `size` bytes each, n of them in one copy: returns how many were
 * pushed, which is n, or none because of the byte order or of what the compiler made of them (in_memory is their sizeof).
 */
size_t sp_push_structs(struct sp_push *, const void *elements, size_t n, size_t in_memory,
	size_t size, size_t alignment);
bool sp_push_ok(const struct sp_push *);
void sp_push_fail(struct sp_push *, sp_status status, const char *what);
/* conformance, variance: plain u32s, but a value over 32 bits is a fault */
void sp_push_count(struct sp_push *, uint64_t n);
void sp_push_range(struct sp_push *, int64_t value, int64_t low, int64_t high, const char *what);
void sp_push_bad_tag(struct sp_push *, const char *what);

typedef void sp_push_referent(struct sp_push *, const void *pointee, const void *args);
void sp_push_unique(struct sp_push *, const void *pointee, sp_push_referent *, const void *args);
void sp_push_ref(struct sp_push *, const void *pointee, sp_push_referent *, const void *args);
void sp_push_full(struct sp_push *, const void *pointee, sp_push_referent *, const void *args);
void sp_push_deferred(struct sp_push *);
/* Zeroed memory for what a value is converted to; lives as long as the push. NULL after a fault, or for lack of memory, which is one. */
void *sp_push_room(struct sp_push *, size_t n, size_t size);
/* RPC_X_NULL_REF_POINTER for NULL with a count: receivers refuse that ([MS-RPCE] 3.1.1.5.3.3.1.2). */
void sp_push_sized(struct sp_push *, const void *pointee, uint64_t count, const char *what);
/* A top-level [ref] pointer has no representation; NULL there is RPC_X_NULL_REF_POINTER. */
bool sp_push_need(struct sp_push *, const void *pointee);

void sp_push_ignored(struct sp_push *);
void sp_push_object(struct sp_push *, const void *pointee, const void *unused);
void sp_push_utf8(struct sp_push *, const void *pointee, const void *unused);

void sp_push_context(struct sp_push *, const struct sp_context_handle *, uint32_t type);

/* A self-test stores flat runs in the other byte order, too. */
#ifndef SP_STORE_SWAPS
#define SP_STORE_SWAPS false
#endif

/* --- loads and stores for flat runs (little-endian unless swap) --------------------------------- */

static inline uint16_t
sp_load_u16(const uint8_t *p, bool swap)
{
	return (uint16_t)(swap ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

static inline uint32_t
sp_load_u32(const uint8_t *p, bool swap)
{
	uint32_t low = sp_load_u16(p, swap), high = sp_load_u16(p + 2, swap);

	return swap ? low << 16 | high : high << 16 | low;
}

static inline uint64_t
sp_load_u64(const uint8_t *p, bool swap)
{
	uint64_t low = sp_load_u32(p, swap), high = sp_load_u32(p + 4, swap);

	return swap ? low << 32 | high : high << 32 | low;
}

static inline void
sp_store_u16(uint8_t *p, uint16_t v)
{
	p[SP_STORE_SWAPS] = (uint8_t)v;
	p[!SP_STORE_SWAPS] = (uint8_t)(v >> 8);
}

static inline void
sp_store_u32(uint8_t *p, uint32_t v)
{
	sp_store_u16(p + (SP_STORE_SWAPS ? 2 : 0), (uint16_t)v);
	sp_store_u16(p + (SP_STORE_SWAPS ? 0 : 2), (uint16_t)(v >> 16));
}

static inline void
sp_store_u64(uint8_t *p, uint64_t v)
{
	sp_store_u32(p + (SP_STORE_SWAPS ? 4 : 0), (uint32_t)v);
	sp_store_u32(p + (SP_STORE_SWAPS ? 0 : 4), (uint32_t)(v >> 32));
}

static inline float
sp_load_float(const uint8_t *p, bool swap)
{
	uint32_t bits = sp_load_u32(p, swap);
	float v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static inline double
sp_load_double(const uint8_t *p, bool swap)
{
	uint64_t bits = sp_load_u64(p, swap);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static inline void
sp_store_float(uint8_t *p, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	sp_store_u32(p, bits);
}

static inline void
sp_store_double(uint8_t *p, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	sp_store_u64(p, bits);
}

static inline void
sp_load_uuid(const uint8_t *p, bool swap, struct sp_uuid *ret)
{
	ret->time_low = sp_load_u32(p, swap);
	ret->time_mid = sp_load_u16(p + 4, swap);
	ret->time_hi_and_version = sp_load_u16(p + 6, swap);
	memcpy(ret->clock_seq, p + 8, sizeof(ret->clock_seq));
	memcpy(ret->node, p + 10, sizeof(ret->node));
}

static inline void
sp_store_uuid(uint8_t *p, const struct sp_uuid *uuid)
{
	sp_store_u32(p, uuid->time_low);
	sp_store_u16(p + 4, uuid->time_mid);
	sp_store_u16(p + 6, uuid->time_hi_and_version);
	memcpy(p + 8, uuid->clock_seq, sizeof(uuid->clock_seq));
	memcpy(p + 10, uuid->node, sizeof(uuid->node));
}

/* --- counts ------------------------------------------------------------------------------------- */

/* a * b, or the largest number when that does not fit: then no memory is that large. */
static inline size_t
sp_product(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) || product > SIZE_MAX ? SIZE_MAX
									    : (size_t)product;
}

/* Elements from first to last, from first to the end; what cannot be is over every bound. */
static inline uint64_t
sp_span(uint64_t first, uint64_t last)
{
	return last + 1 - first;
}

static inline uint64_t
sp_rest(uint64_t first, uint64_t size)
{
	return size - first;
}

/* Elements of a string with its terminator, looking at `max` of them; max + 1 when it does not end there. */
static inline uint64_t
sp_string_count(const void *string, size_t element_size, uint64_t max)
{
	static const uint8_t zero[8];
	const uint8_t *p = string;

	for (uint64_t n = 0; n < max; n++, p += element_size)
		if (memcmp(p, zero, element_size) == 0)
			return n + 1;
	return max + 1;
}

/* Offset and actual count of a varying array, which must lie within its room. */
static inline void
sp_push_variance(
	struct sp_push *push, uint64_t room, uint64_t first, uint64_t length, const char *what)
{
	if (first > room || length > room - first)
		sp_push_fail(push, NCA_S_FAULT_INVALID_BOUND, what);
	sp_push_count(push, first);
	sp_push_count(push, length);
}

/* Keeps a count, plus one, until what it must be equal to is there. */
static inline void
sp_pull_later(struct sp_pull *pull, uint64_t *seen, uint64_t got, const char *what)
{
	if (*seen)
		sp_pull_expect(pull, got, *seen - 1, what);
	*seen = got + 1;
}

/*
 * What an operation with [comm_status] or [fault_status] returns for a failure of its call: RPC_S_OK when there is a place
 * for it, which then has it. A fault is the server's; what fails on the way there and back is communication. What the
 * caller did wrong, a lack of memory and an answer that is not of this interface stay failures. *reterr has the details
 * in every case.
 */
static inline sp_status
sp_report_failure(sp_status failed, const struct sp_error *error, uint32_t *comm_status,
	uint32_t *fault_status, struct sp_error *reterr)
{
	bool is_own = error->phase == SP_PHASE_NONE || failed == RPC_S_OUT_OF_MEMORY ||
		      (error->evidence == SP_EVIDENCE_PROTOCOL && failed != RPC_S_PROTOCOL_ERROR);
	uint32_t *place = error->evidence == SP_EVIDENCE_FAULT ? fault_status : comm_status;

	if (reterr)
		*reterr = *error;
	if (is_own || !place)
		return failed;
	*place = failed;
	return RPC_S_OK;
}

/*
 * Copies elements first to first + count into the caller's array, which has room for `room`.
 * RPC_X_BAD_STUB_DATA, with *reterr filled in, when the answer is larger than the caller asked for.
 */
static inline sp_status
sp_copy_out(void *to, const void *from, size_t size, uint64_t room, uint64_t first, uint64_t count,
	struct sp_error *reterr)
{
	if (!to || !from)
		return RPC_S_OK;
	if (first <= room && count <= room - first) {
		memcpy((uint8_t *)to + first * size, (const uint8_t *)from + first * size,
			count * size);
		return RPC_S_OK;
	}
	if (reterr)
		*reterr = (struct sp_error){
			.phase = SP_PHASE_COMMUNICATION,
			.status = RPC_X_BAD_STUB_DATA,
			.evidence = SP_EVIDENCE_PROTOCOL,
			.sentence =
				"read the answer - an array is larger than the call made room for "
				"- the server does not keep to the interface",
		};
	return RPC_X_BAD_STUB_DATA;
}

#endif
