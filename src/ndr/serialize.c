/* SPDX-License-Identifier: MIT */
/*
 * Type serialization: one common header, then each type with a header of its own and padding, so that the next one
 * starts aligned. Version 1 is [MS-RPCE] 2.2.6, version 2 is 2.2.7.
 */
#include <string.h>

#include <sallyport/stub.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "ndr/ndr.h"
#include "wire/bind.h"

#define LITTLE_ENDIAN_DATA 0x10
#define FILLER 0xcc
#define COMMON_1_SIZE 8
#define COMMON_2_SIZE 64

struct sp_encoder {
	uint8_t *bytes;
	size_t len, cap;
	enum sp_encoding encoding;
};

struct sp_decoder {
	struct wire_in in;
	struct wire_fault fault;
	struct arena arena;
	enum sp_encoding encoding;
};

/* Of the types in the stream; a private header is as long ([MS-RPCE] 2.2.6.2, 2.2.7.2). */
static size_t
alignment(enum sp_encoding encoding)
{
	return encoding == SP_ENCODING_1 ? 8 : 16;
}

static size_t
padded(size_t len, enum sp_encoding encoding)
{
	return (len + alignment(encoding) - 1) & ~(alignment(encoding) - 1);
}

/* [MS-RPCE] 2.2.6.3: version 2 has it in front of every type. */
static bool
has_private_header(const struct sp_serialized_type *type, enum sp_encoding encoding)
{
	return encoding != SP_ENCODING_1 || !type->is_primitive;
}

/* --- encoding --- */

static bool
reserve(sp_encoder *e, size_t more)
{
	size_t cap = e->cap ? e->cap : 256;
	uint8_t *larger;

	while (cap - e->len < more)
		cap *= 2;
	larger = cap > e->cap ? mem_resize(e->bytes, cap, 1) : e->bytes;
	if (!larger)
		return false;
	e->bytes = larger;
	e->cap = cap;
	return true;
}

static void
common_header_put(sp_encoder *e, const struct sp_syntax_id *interface)
{
	size_t size = e->encoding == SP_ENCODING_1 ? COMMON_1_SIZE : COMMON_2_SIZE;
	struct wire_out out;

	memset(e->bytes, FILLER, size);
	wire_out_init(&out, e->bytes, size);
	wire_out_u8(&out, e->encoding == SP_ENCODING_1 ? 1 : 2);
	wire_out_u8(&out, LITTLE_ENDIAN_DATA);
	wire_out_u16(&out, (uint16_t)size);
	e->len = size;
	if (e->encoding == SP_ENCODING_1)
		return;
	wire_out_init(&out, e->bytes + 24, size - 24);
	syntax_put(&out, e->encoding == SP_ENCODING_2_NDR64 ? &SYNTAX_NDR64 : &SYNTAX_NDR);
	syntax_put(&out, interface);
}

sp_encoder *
sp_encoder_new(enum sp_encoding encoding, const struct sp_syntax_id *interface)
{
	static const struct sp_syntax_id none;
	sp_encoder *e = mem_zalloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->encoding = encoding;
	if (!reserve(e, COMMON_2_SIZE)) {
		mem_free(e);
		return NULL;
	}
	common_header_put(e, interface ? interface : &none);
	return e;
}

const void *
sp_encoder_bytes(const sp_encoder *e, size_t *ret_len)
{
	*ret_len = e->len;
	return e->bytes;
}

void
sp_encoder_free(sp_encoder *e)
{
	if (!e)
		return;
	mem_free(e->bytes);
	mem_free(e);
}

static bool
append(sp_encoder *e, const struct sp_serialized_type *type, const struct buf *data)
{
	size_t header = has_private_header(type, e->encoding) ? alignment(e->encoding) : 0;
	size_t len = buf_len(data), room = padded(len, e->encoding);
	struct wire_out out;

	if (!reserve(e, header + room))
		return false;
	memset(e->bytes + e->len, 0, header + room);
	wire_out_init(&out, e->bytes + e->len, header);
	if (header)
		wire_out_u32(&out, (uint32_t)room);
	memcpy(e->bytes + e->len + header, data->data + data->start, len);
	e->len += header + room;
	return true;
}

sp_status
sp_encode(sp_encoder *e, const struct sp_serialized_type *type, const void *value,
	struct sp_error *reterr)
{
	const char *what = NULL;
	struct buf *data = NULL;
	struct sp_push push;
	sp_status status;
	bool ok;

	ndr_push_init(&push, 0, 0, UINT32_MAX / 2, NULL);
	if (e->encoding == SP_ENCODING_2_NDR64)
		ndr_push_ndr64(&push);
	type->push(&push, value);
	status = ndr_push_status(&push, &what);
	if (!status)
		data = ndr_push_finish(&push);
	ndr_push_fini(&push);
	if (status && status != NCA_S_FAULT_REMOTE_NO_MEMORY)
		return error_set(reterr, SP_PHASE_NONE, status,
			"encode %s - %s - it is not in the stream", type->name,
			what ? what : "it cannot be represented");
	ok = data && append(e, type, data);
	buf_unref(data);
	return ok ? RPC_S_OK : error_no_memory(reterr);
}

/* --- decoding --- */

static bool
common_1_get(struct wire_in *in)
{
	bool is_sound = wire_in_u16(in) == COMMON_1_SIZE;

	wire_in_skip(in, 4);
	return is_sound && wire_in_ok(in);
}

static bool
common_2_get(struct wire_in *in, enum sp_encoding *ret)
{
	bool is_sound = wire_in_u16(in) == COMMON_2_SIZE && !in->swap;
	struct sp_syntax_id transfer, interface;

	wire_in_skip(in, 20);
	syntax_get(in, &transfer);
	syntax_get(in, &interface); /* [MS-RPCE] 2.2.7.1: may be ignored */
	*ret = syntax_equal(&transfer, &SYNTAX_NDR64) ? SP_ENCODING_2_NDR64 : SP_ENCODING_2;
	return is_sound && wire_in_ok(in) &&
	       (*ret == SP_ENCODING_2_NDR64 || syntax_equal(&transfer, &SYNTAX_NDR));
}

/* The common header is little-endian whatever it says of the rest. What is not 0x10 is big-endian ([MS-RPCE] note 57). */
static bool
common_get(sp_decoder *d)
{
	unsigned version = wire_in_u8(&d->in);
	bool big_endian = wire_in_u8(&d->in) != LITTLE_ENDIAN_DATA, is_sound;

	d->encoding = SP_ENCODING_1;
	if (version == 1)
		is_sound = common_1_get(&d->in);
	else
		is_sound = version == 2 && !big_endian && common_2_get(&d->in, &d->encoding);
	if (big_endian)
		d->in.swap = !d->in.swap;
	return is_sound;
}

sp_decoder *
sp_decoder_new(const void *bytes, size_t len, size_t max_memory, struct sp_error *reterr)
{
	sp_decoder *d = mem_zalloc(1, sizeof(*d));

	if (!d) {
		(void)!error_no_memory(reterr);
		return NULL;
	}
	arena_init(&d->arena, max_memory);
	wire_in_init(&d->in, bytes, len, false, &d->fault);
	if (common_get(d))
		return d;
	sp_decoder_free(d);
	(void)!error_set(reterr, SP_PHASE_NONE, RPC_X_BAD_STUB_DATA,
		"read %zu bytes of serialized types - no common header of version 1 or 2 - "
		"something "
		"else stands there, or in front of it ([MS-RPCE] 2.2.6.1, 2.2.7.1)",
		len);
	return NULL;
}

enum sp_encoding
sp_decoder_encoding(const sp_decoder *d)
{
	return d->encoding;
}

size_t
sp_decoder_left(const sp_decoder *d)
{
	return (size_t)(d->in.end - d->in.p);
}

void
sp_decoder_free(sp_decoder *d)
{
	if (!d)
		return;
	arena_fini(&d->arena);
	mem_free(d);
}

/* How much belongs to the type: what its header says, or for numbers whatever follows. */
static bool
private_header_get(sp_decoder *d, const struct sp_serialized_type *type, size_t *ret_len)
{
	*ret_len = sp_decoder_left(d);
	if (!has_private_header(type, d->encoding))
		return true;
	*ret_len = wire_in_u32(&d->in);
	wire_in_skip(&d->in, alignment(d->encoding) - 4);
	return wire_in_ok(&d->in) && *ret_len <= sp_decoder_left(d);
}

/* To the next type. A writer that leaves out the last padding is forgiven. */
static void
skip(sp_decoder *d, size_t len)
{
	size_t left = sp_decoder_left(d), all = padded(len, d->encoding);

	wire_in_skip(&d->in, all < left ? all : left);
}

static sp_status
body_pull(sp_decoder *d, const struct sp_serialized_type *type, size_t *len, void *slot,
	const char **ret_what)
{
	struct wire_fault fault = {0};
	struct sp_pull pull;
	sp_status status;

	ndr_pull_init(&pull, d->in.p, *len, d->in.swap, &d->arena, NULL, NULL);
	if (d->encoding == SP_ENCODING_2_NDR64)
		ndr_pull_ndr64(&pull);
	type->pull(&pull, slot);
	status = ndr_pull_status(&pull, &fault);
	if (!status && !has_private_header(type, d->encoding))
		*len -= ndr_pull_left(&pull);
	ndr_pull_fini(&pull);
	*ret_what = fault.what;
	return status;
}

sp_status
sp_decode(sp_decoder *d, const struct sp_serialized_type *type, void *slot, struct sp_error *reterr)
{
	struct wire_in before = d->in;
	const char *what = "its private header";
	sp_status status = RPC_X_BAD_STUB_DATA;
	void *value = NULL;
	size_t len;

	if (private_header_get(d, type, &len))
		status = body_pull(d, type, &len, &value, &what);
	if (!status) {
		skip(d, len);
		*(void **)slot = value;
		return RPC_S_OK;
	}
	d->in = before;
	d->fault = (struct wire_fault){0};
	if (status == NCA_S_FAULT_REMOTE_NO_MEMORY)
		status = RPC_S_OUT_OF_MEMORY;
	return error_set(reterr, SP_PHASE_NONE, status,
		"decode %s - wrong in %s - the bytes are not of this type, or cut off", type->name,
		what ? what : "its data");
}
