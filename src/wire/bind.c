/* SPDX-License-Identifier: MIT */
#include "wire/bind.h"

#include "base/uuid.h"
#include "wire/request.h"

#include <string.h>

#define SYNTAX_SIZE 20
#define CONTEXT_LEAST 24 /* a presentation context element without transfer syntaxes */
#define RESULT_SIZE 24

#define NDR                                                                                        \
	{                                                                                          \
		{0x8a885d04, 0x1ceb, 0x11c9, {0x9f, 0xe8}, {0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}},  \
			2, 0                                                                       \
	}
#define NDR64                                                                                      \
	{                                                                                          \
		{0x71710533, 0xbeba, 0x4937, {0x83, 0x19}, {0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36}},  \
			1, 0                                                                       \
	}
const struct sp_syntax_id SYNTAX_NDR = NDR;
const struct sp_syntax_id SYNTAX_NDR64 = NDR64;
const struct sp_syntax_id SYNTAXES[3] = {NDR, NDR64, NDR};

/* [MS-RPCE] 2.2.1.1.2 */
static const struct sp_uuid extended_error_signature = {
	0x90740320, 0xfad0, 0x11d3, {0x82, 0xd7}, {0x00, 0x90, 0x27, 0xb1, 0x30, 0xab}};

/* [MS-RPCE] 3.3.1.5.3: a UUID with this prefix; its last eight bytes are the bits of 2.2.2.14 */
struct sp_syntax_id
syntax_btfn(uint64_t bits)
{
	struct sp_syntax_id id = {{0x6cb71c2c, 0x9812, 0x4540, {0}, {0}}, 1, 0};

	for (unsigned i = 0; i < 2; i++)
		id.uuid.clock_seq[i] = (uint8_t)(bits >> 8 * i);
	for (unsigned i = 0; i < 6; i++)
		id.uuid.node[i] = (uint8_t)(bits >> 8 * (i + 2));
	return id;
}

bool
syntax_is_btfn(const struct sp_syntax_id *id, uint64_t *ret_bits)
{
	uint64_t bits = 0;

	if (id->uuid.time_low != 0x6cb71c2c || id->uuid.time_mid != 0x9812 ||
		id->uuid.time_hi_and_version != 0x4540 || id->major != 1 || id->minor != 0)
		return false;
	for (unsigned i = 0; i < 2; i++)
		bits |= (uint64_t)id->uuid.clock_seq[i] << 8 * i;
	for (unsigned i = 0; i < 6; i++)
		bits |= (uint64_t)id->uuid.node[i] << 8 * (i + 2);
	*ret_bits = bits;
	return true;
}

const char *
context_reason_name(unsigned result, unsigned reason)
{
	static const char *const reasons[] = {"reason not specified",
		"abstract syntax not supported", "proposed transfer syntaxes not supported",
		"local limit exceeded"};

	switch (result) {
	case CONTEXT_ACCEPTANCE: return "accepted";
	case CONTEXT_USER_REJECTION: return "user rejection";
	case CONTEXT_NEGOTIATE_ACK: return "negotiate ack";
	default:
		return reason < sizeof(reasons) / sizeof(reasons[0]) ? reasons[reason]
								     : "unknown reason";
	}
}

const char *
nak_reason_name(unsigned reason)
{
	static const char *const reasons[] = {"reason not specified", "temporary congestion",
		"local limit exceeded", "called paddr unknown", "protocol version not supported",
		"default context not supported", "user data not readable", "no PSAP available",
		"authentication type not recognized", "invalid checksum"};

	return reason < sizeof(reasons) / sizeof(reasons[0]) ? reasons[reason] : "unknown reason";
}

void
syntax_get(struct wire_in *in, struct sp_syntax_id *ret)
{
	uuid_get(in, &ret->uuid);
	ret->major = wire_in_u16(in);
	ret->minor = wire_in_u16(in);
}

void
syntax_put(struct wire_out *out, const struct sp_syntax_id *id)
{
	uuid_put(out, &id->uuid);
	wire_out_u16(out, id->major);
	wire_out_u16(out, id->minor);
}

void
bind_fixed_get(struct wire_in *in, struct bind_fixed *ret)
{
	in->what = "bind";
	ret->max_xmit_frag = wire_in_u16(in);
	ret->max_recv_frag = wire_in_u16(in);
	ret->group_id = wire_in_u32(in);
	ret->n_contexts = wire_in_u8(in);
	wire_in_skip(in, 3);
	in->what = "presentation context list";
	ret->n_contexts = (uint8_t)wire_in_count(in, ret->n_contexts, CONTEXT_LEAST);
}

void
bind_context_get(struct wire_in *in, struct bind_context *ret)
{
	in->what = "presentation context";
	ret->id = wire_in_u16(in);
	ret->n_transfers = wire_in_u8(in);
	wire_in_skip(in, 1);
	in->what = "abstract syntax";
	syntax_get(in, &ret->abstract);
	in->what = "transfer syntax";
	ret->n_transfers = (uint8_t)wire_in_count(in, ret->n_transfers, SYNTAX_SIZE);
	ret->transfers = wire_in_sub(in, (size_t)ret->n_transfers * SYNTAX_SIZE);
	ret->put_transfers = NULL;
}

bool
bind_check(const uint8_t *pdu, const struct pdu_header *h, struct wire_fault *fault)
{
	struct wire_in in;
	struct bind_fixed fixed;
	struct bind_context context;

	if (!pdu_body(pdu, h, &in, fault))
		return false;
	bind_fixed_get(&in, &fixed);
	for (unsigned i = 0; i < fixed.n_contexts; i++)
		bind_context_get(&in, &context);
	return wire_in_ok(&in);
}

bool
bind_put(struct wire_out *out, const struct pdu_header *h, const struct bind_fixed *fixed,
	const struct bind_context *contexts)
{
	size_t start = wire_out_offset(out);

	pdu_header_put(out, h);
	wire_out_u16(out, fixed->max_xmit_frag);
	wire_out_u16(out, fixed->max_recv_frag);
	wire_out_u32(out, fixed->group_id);
	wire_out_u8(out, fixed->n_contexts);
	wire_out_zero(out, 3);
	for (const struct bind_context *c = contexts; c < contexts + fixed->n_contexts; c++) {
		wire_out_u16(out, c->id);
		wire_out_u8(out, c->n_transfers);
		wire_out_zero(out, 1);
		syntax_put(out, &c->abstract);
		for (unsigned i = 0; i < c->n_transfers; i++)
			syntax_put(out, &c->put_transfers[i]);
	}
	return pdu_put_end(out, start);
}

static bool
is_text(const uint8_t *p, uint16_t len)
{
	return p != NULL && len > 0 && memchr(p, 0, len) == p + len - 1;
}

void
bind_ack_fixed_get(struct wire_in *in, struct bind_ack_fixed *ret)
{
	const uint8_t *address;

	in->what = "bind_ack";
	ret->max_xmit_frag = wire_in_u16(in);
	ret->max_recv_frag = wire_in_u16(in);
	ret->group_id = wire_in_u32(in);
	in->what = "secondary address";
	ret->secondary_len = wire_in_u16(in);
	address = wire_in_bytes(in, ret->secondary_len);
	if (address == NULL)
		ret->secondary_len = 0;
	/* what is not one NUL-terminated string is kept away from string functions */
	ret->secondary_address = is_text(address, ret->secondary_len) ? (const char *)address : "";
	wire_in_align(in, 4);
	in->what = "result list";
	ret->n_results = wire_in_u8(in);
	wire_in_skip(in, 3);
	ret->n_results = (uint8_t)wire_in_count(in, ret->n_results, RESULT_SIZE);
}

void
bind_result_get(struct wire_in *in, struct bind_result *ret)
{
	in->what = "result";
	ret->result = wire_in_u16(in);
	ret->reason = wire_in_u16(in);
	syntax_get(in, &ret->transfer);
}

bool
bind_ack_put(struct wire_out *out, const struct pdu_header *h, const struct bind_ack_fixed *ack,
	const struct bind_result *results)
{
	size_t start = wire_out_offset(out);

	pdu_header_put(out, h);
	wire_out_u16(out, ack->max_xmit_frag);
	wire_out_u16(out, ack->max_recv_frag);
	wire_out_u32(out, ack->group_id);
	wire_out_u16(out, ack->secondary_len);
	wire_out_bytes(out, ack->secondary_address, ack->secondary_len);
	wire_out_align(out, 4);
	wire_out_u8(out, ack->n_results);
	wire_out_zero(out, 3);
	for (unsigned i = 0; i < ack->n_results; i++) {
		wire_out_u16(out, results[i].result);
		wire_out_u16(out, results[i].reason);
		syntax_put(out, &results[i].transfer);
	}
	return pdu_put_end(out, start);
}

static bool
is_extended(struct wire_in in)
{
	struct sp_uuid signature;

	if (wire_in_left(&in) < sizeof(signature))
		return false;
	uuid_get(&in, &signature);
	return sp_uuid_equal(&signature, &extended_error_signature);
}

/*
 * [MS-RPCE] 2.2.2.9 lets the signature follow the version list at once; on the wire it is aligned to 4.
 * Either is taken.
 */
static void
extended_get(struct wire_in *in, struct bind_nak *nak)
{
	struct wire_in aligned = *in;
	size_t gap = (size_t)(in->pdu - in->p) & 3;

	if (gap < wire_in_left(in))
		wire_in_skip(&aligned, gap);
	if (is_extended(aligned))
		*in = aligned;
	else if (!is_extended(*in))
		return;
	wire_in_skip(in, sizeof(struct sp_uuid));
	nak->extended_len = (uint32_t)wire_in_left(in);
	nak->extended = wire_in_bytes(in, nak->extended_len);
}

bool
bind_nak_get(const uint8_t *pdu, const struct pdu_header *h, struct bind_nak *ret,
	struct wire_fault *fault)
{
	struct wire_in in;
	struct bind_nak nak = {0};
	unsigned n = 0;

	if (!pdu_body(pdu, h, &in, fault))
		return false;
	nak.reason = wire_in_u16(&in);
	in.what = "protocol versions";
	/* Windows leaves the list out of short answers */
	if (wire_in_left(&in) > 0)
		n = wire_in_count(&in, wire_in_u8(&in), 2);
	for (unsigned i = 0; i < n; i++) {
		uint8_t major = wire_in_u8(&in), minor = wire_in_u8(&in);

		if (i >= sizeof(nak.versions) / sizeof(nak.versions[0]))
			continue;
		nak.versions[i].major = major;
		nak.versions[i].minor = minor;
		nak.n_versions++;
	}
	if (wire_in_ok(&in))
		extended_get(&in, &nak);
	if (!wire_in_ok(&in))
		return false;
	*ret = nak;
	return true;
}

bool
bind_nak_put(struct wire_out *out, const struct pdu_header *h, const struct bind_nak *nak)
{
	size_t start = wire_out_offset(out);

	pdu_header_put(out, h);
	wire_out_u16(out, nak->reason);
	wire_out_u8(out, nak->n_versions);
	for (unsigned i = 0; i < nak->n_versions; i++) {
		wire_out_u8(out, nak->versions[i].major);
		wire_out_u8(out, nak->versions[i].minor);
	}
	wire_out_align(out, 4);
	if (nak->extended != NULL) {
		uuid_put(out, &extended_error_signature);
		wire_out_bytes(out, nak->extended, nak->extended_len);
	}
	return pdu_put_end(out, start);
}

bool
auth3_put(struct wire_out *out, const struct pdu_header *h)
{
	size_t start = wire_out_offset(out);

	pdu_header_put(out, h);
	wire_out_zero(out, 4); /* [MS-RPCE] 2.2.2.5: a pad that receivers ignore */
	return pdu_put_end(out, start);
}
