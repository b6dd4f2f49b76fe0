/* SPDX-License-Identifier: MIT */
#include "rpc/verify.h"

#include "base/uuid.h"
#include "wire/verification.h"

/* The client bound with a minor version that may be lower than ours. */
static bool
context_fits(const struct verification *v, const struct assoc_event *e)
{
	const struct sp_syntax_id *ours = &e->offer->interface;

	return sp_uuid_equal(&v->interface.uuid, &ours->uuid) &&
	       v->interface.major == ours->major && v->interface.minor <= ours->minor &&
	       syntax_equal(&v->transfer, &e->transfer);
}

static bool
header_fits(const struct verification *v, const struct assoc_event *e)
{
	return v->ptype == PTYPE_REQUEST && pdu_is_big_endian(v->drep) == e->big_endian &&
	       v->call_id == e->call_id && v->context_id == e->context_id && v->opnum == e->opnum;
}

bool
verify_request(const struct assoc_event *e, const uint8_t *bytes, size_t len)
{
	struct verification v;

	switch (verification_get(bytes, len, &v)) {
	case VERIFICATION_ABSENT: return true;
	case VERIFICATION_BAD: return false;
	case VERIFICATION_FOUND: break;
	}
	/* bit 0 says that PFC_SUPPORT_HEADER_SIGN was in the bind ([MS-RPCE] 2.2.2.13.2) */
	if (v.has_bitmask && (v.bitmask & 1) && !e->headers_signed)
		return false;
	return (!v.has_pcontext || context_fits(&v, e)) && (!v.has_header2 || header_fits(&v, e));
}
