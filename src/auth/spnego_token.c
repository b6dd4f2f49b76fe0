/* SPDX-License-Identifier: MIT */
#include "auth/spnego_token.h"

#include <string.h>

#include "base/mem.h"
#include "wire/cursor.h"

enum der_tag {
	DER_OCTETS = 0x04,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_SEQUENCE = 0x30,
	DER_APPLICATION_0 = 0x60,
	DER_FIELD_0 = 0xa0,
	DER_FIELD_1 = 0xa1,
	DER_FIELD_2 = 0xa2,
	DER_FIELD_3 = 0xa3,
};

/* --- object identifiers: their contents --- */

static const uint8_t oid_spnego[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x02};
static const uint8_t oid_ms_kerberos[] = {0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02};
static const uint8_t oid_kerberos[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02};
static const uint8_t oid_ntlm[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a};

static const struct spnego_view oids[] = {
	[SPNEGO_MECH_OTHER] = {oid_spnego, sizeof(oid_spnego)},
	[SPNEGO_MECH_MS_KERBEROS] = {oid_ms_kerberos, sizeof(oid_ms_kerberos)},
	[SPNEGO_MECH_KERBEROS] = {oid_kerberos, sizeof(oid_kerberos)},
	[SPNEGO_MECH_NTLM] = {oid_ntlm, sizeof(oid_ntlm)},
};

static enum spnego_mech
mech_of(const struct spnego_view *oid)
{
	for (unsigned i = SPNEGO_MECH_MS_KERBEROS; i <= SPNEGO_MECH_NTLM; i++)
		if (oids[i].n == oid->n && memcmp(oids[i].p, oid->p, oid->n) == 0)
			return (enum spnego_mech)i;
	return SPNEGO_MECH_OTHER;
}

/* --- reading: definite lengths of at most four bytes, as DER has them --- */

/* The next element, whatever its tag; moves on behind it. */
static bool
der_next(struct spnego_view *from, uint8_t *ret_tag, struct spnego_view *ret)
{
	const uint8_t *p = from->p;
	size_t head = 2, n;

	if (from->n < 2)
		return false;
	n = p[1];
	if (n >= 0x80) {
		size_t bytes = n & 0x7f;

		if (bytes == 0 || bytes > 4 || from->n < 2 + bytes)
			return false;
		n = 0;
		for (size_t i = 0; i < bytes; i++)
			n = n << 8 | p[2 + i];
		head += bytes;
	}
	if (n > from->n - head)
		return false;
	*ret_tag = p[0];
	*ret = (struct spnego_view){p + head, n};
	from->p += head + n;
	from->n -= head + n;
	return true;
}

static bool
der_get(struct spnego_view *from, uint8_t tag, struct spnego_view *ret)
{
	uint8_t found;

	return der_next(from, &found, ret) && found == tag;
}

/* An element that holds nothing but one other. */
static bool
der_inner(struct spnego_view field, uint8_t tag, struct spnego_view *ret)
{
	return der_get(&field, tag, ret) && field.n == 0;
}

static bool
list_get(struct spnego_view field, struct spnego_init *ret)
{
	struct spnego_view list, oid;

	ret->list = field;
	if (!der_inner(field, DER_SEQUENCE, &list))
		return false;
	while (list.n > 0) {
		if (!der_get(&list, DER_OID, &oid))
			return false;
		if (ret->n_mechs < SPNEGO_MECHS_MAX)
			ret->mechs[ret->n_mechs++] = mech_of(&oid);
	}
	return ret->n_mechs > 0;
}

bool
spnego_init_get(const void *bytes, size_t n, struct spnego_init *ret)
{
	struct spnego_view in = {bytes, n}, body, oid, field;
	struct spnego_init m = {0};
	uint8_t tag;

	if (!der_get(&in, DER_APPLICATION_0, &body) || in.n > 0 || !der_get(&body, DER_OID, &oid) ||
		oid.n != sizeof(oid_spnego) || memcmp(oid.p, oid_spnego, oid.n) != 0 ||
		!der_inner(body, DER_FIELD_0, &field) || !der_inner(field, DER_SEQUENCE, &body))
		return false;
	if (!der_get(&body, DER_FIELD_0, &field) || !list_get(field, &m))
		return false;
	while (body.n > 0) {
		if (!der_next(&body, &tag, &field))
			return false;
		/* flags, hints and a MIC of somebody who has no key yet say nothing */
		if (tag == DER_FIELD_2 && !der_inner(field, DER_OCTETS, &m.token))
			return false;
	}
	*ret = m;
	return true;
}

static bool
response_field(struct spnego_response *m, uint8_t tag, struct spnego_view field)
{
	struct spnego_view value;

	switch (tag) {
	case DER_FIELD_0:
		if (!der_inner(field, DER_ENUMERATED, &value) || value.n != 1 ||
			value.p[0] > SPNEGO_REQUEST_MIC)
			return false;
		m->state = (enum spnego_state)value.p[0];
		return true;
	case DER_FIELD_1:
		if (!der_inner(field, DER_OID, &value))
			return false;
		m->has_mech = true;
		m->mech = mech_of(&value);
		return true;
	case DER_FIELD_2: return der_inner(field, DER_OCTETS, &m->token);
	case DER_FIELD_3: return der_inner(field, DER_OCTETS, &m->mic);
	default: return false;
	}
}

bool
spnego_response_get(const void *bytes, size_t n, struct spnego_response *ret)
{
	struct spnego_response m = {.state = SPNEGO_NO_STATE};
	struct spnego_view in = {bytes, n}, body, field;
	uint8_t tag, last = 0;

	if (!der_get(&in, DER_FIELD_1, &field) || in.n > 0 ||
		!der_inner(field, DER_SEQUENCE, &body))
		return false;
	while (body.n > 0) {
		if (!der_next(&body, &tag, &field) || tag <= last ||
			!response_field(&m, tag, field))
			return false;
		last = tag;
	}
	*ret = m;
	return true;
}

/* --- writing --- */

static size_t
der_size(size_t n)
{
	return n < 0x80 ? 2 + n : n < 0x100 ? 3 + n : n < 0x10000 ? 4 + n : 6 + n;
}

static void
der_head(struct wire_out *out, uint8_t tag, size_t n)
{
	wire_out_u8(out, tag);
	if (n >= 0x80 && n < 0x100)
		wire_out_u8(out, 0x81);
	else if (n >= 0x100 && n < 0x10000)
		wire_out_u8(out, 0x82);
	else if (n >= 0x10000)
		wire_out_u8(out, 0x84);
	for (int shift = n < 0x100 ? 0 : n < 0x10000 ? 8 : 24; shift >= 0; shift -= 8)
		wire_out_u8(out, (uint8_t)(n >> shift));
}

static void
der_put(struct wire_out *out, uint8_t tag, const struct spnego_view *v)
{
	der_head(out, tag, v->n);
	wire_out_bytes(out, v->p, v->n);
}

static size_t
octets_size(const struct spnego_view *v)
{
	return v->p ? der_size(der_size(v->n)) : 0;
}

static void
octets_put(struct wire_out *out, uint8_t field, const struct spnego_view *v)
{
	if (!v->p)
		return;
	der_head(out, field, der_size(v->n));
	der_put(out, DER_OCTETS, v);
}

uint8_t *
spnego_list_put(const enum spnego_mech *mechs, size_t n_mechs, size_t *ret_n)
{
	size_t n = 0, all;
	struct wire_out out;
	uint8_t *bytes;

	for (size_t i = 0; i < n_mechs; i++)
		n += der_size(oids[mechs[i]].n);
	all = der_size(n);
	bytes = mem_alloc(all);
	if (!bytes)
		return NULL;
	wire_out_init(&out, bytes, all);
	der_head(&out, DER_SEQUENCE, n);
	for (size_t i = 0; i < n_mechs; i++)
		der_put(&out, DER_OID, &oids[mechs[i]]);
	*ret_n = all;
	return bytes;
}

uint8_t *
spnego_init_put(const struct spnego_init *m, size_t *ret_n)
{
	size_t body = der_size(m->list.n) + octets_size(&m->token);
	size_t inner = der_size(sizeof(oid_spnego)) + der_size(der_size(body));
	size_t all = der_size(inner);
	uint8_t *bytes = mem_alloc(all);
	struct wire_out out;

	if (!bytes)
		return NULL;
	wire_out_init(&out, bytes, all);
	der_head(&out, DER_APPLICATION_0, inner);
	der_put(&out, DER_OID, &oids[SPNEGO_MECH_OTHER]);
	der_head(&out, DER_FIELD_0, der_size(body));
	der_head(&out, DER_SEQUENCE, body);
	der_put(&out, DER_FIELD_0, &m->list);
	octets_put(&out, DER_FIELD_2, &m->token);
	*ret_n = all;
	return bytes;
}

uint8_t *
spnego_response_put(const struct spnego_response *m, size_t *ret_n)
{
	const struct spnego_view *oid = &oids[m->mech];
	const uint8_t state = (uint8_t)m->state;
	size_t body = octets_size(&m->token) + octets_size(&m->mic), all;
	struct wire_out out;
	uint8_t *bytes;

	body += m->state != SPNEGO_NO_STATE ? der_size(der_size(1)) : 0;
	body += m->has_mech ? der_size(der_size(oid->n)) : 0;
	all = der_size(der_size(body));
	bytes = mem_alloc(all);
	if (!bytes)
		return NULL;
	wire_out_init(&out, bytes, all);
	der_head(&out, DER_FIELD_1, der_size(body));
	der_head(&out, DER_SEQUENCE, body);
	if (m->state != SPNEGO_NO_STATE) {
		der_head(&out, DER_FIELD_0, der_size(1));
		der_put(&out, DER_ENUMERATED, &(struct spnego_view){&state, 1});
	}
	if (m->has_mech) {
		der_head(&out, DER_FIELD_1, der_size(oid->n));
		der_put(&out, DER_OID, oid);
	}
	octets_put(&out, DER_FIELD_2, &m->token);
	octets_put(&out, DER_FIELD_3, &m->mic);
	*ret_n = all;
	return bytes;
}
