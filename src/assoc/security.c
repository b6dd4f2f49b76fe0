/* SPDX-License-Identifier: MIT */
/*
 * What is answered to a security trailer while there is no provider: never is it skipped, because the peer would take
 * an unprotected conversation for a protected one.
 */
#include <sallyport/status.h>

#include "assoc/engine.h"

static void
answer(struct assoc_conn *a, const struct pdu *p)
{
	static const char *const what = "a security trailer without a provider for it";

	switch (p->header.ptype) {
	case PTYPE_BIND: /* [MS-RPCE] 3.3.3.5.3 */
		server_nak(a, p, NAK_AUTHENTICATION_TYPE_NOT_RECOGNIZED, what);
		break;
	case PTYPE_ALTER_CONTEXT: /* [MS-RPCE] 3.3.3.5.3 wants a fault; Windows' status is 5 */
	case PTYPE_REQUEST:       /* [MS-RPCE] 3.3.1.5.2.2: no such security context */
		output_fault(a, p->header.call_id, 0, ERROR_ACCESS_DENIED, true);
		conn_break(a, p, what);
		break;
	default: conn_break(a, p, what); break;
	}
}

bool
security_refuses(struct assoc_conn *a, const struct pdu *p)
{
	if (p->header.auth_len == 0)
		return false;
	answer(a, p);
	return true;
}
