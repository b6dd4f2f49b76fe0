/* SPDX-License-Identifier: MIT */
/* bind, bind_ack, bind_nak, alter_context, alter_context_resp, auth3 ([MS-RPCE] 2.2.2.4-2.2.2.9, C706 12.6.4.1-5). */
#ifndef WIRE_BIND_H
#define WIRE_BIND_H

#include "wire/pdu.h"

/* result (p_cont_def_result_t; negotiate_ack is [MS-RPCE] 2.2.2.4) */
enum context_result {
	CONTEXT_ACCEPTANCE = 0,
	CONTEXT_USER_REJECTION = 1,
	CONTEXT_PROVIDER_REJECTION = 2,
	CONTEXT_NEGOTIATE_ACK = 3,
};
/* p_provider_reason_t; under NEGOTIATE_ACK the field holds the accepted feature bits */
enum context_reason {
	REASON_NOT_SPECIFIED = 0,
	REASON_ABSTRACT_SYNTAX_NOT_SUPPORTED = 1,
	REASON_PROPOSED_TRANSFER_SYNTAXES_NOT_SUPPORTED = 2,
	REASON_LOCAL_LIMIT_EXCEEDED = 3,
};
/* p_reject_reason_t, [MS-RPCE] 2.2.2.5 adds the last two */
enum nak_reason {
	NAK_REASON_NOT_SPECIFIED = 0,
	NAK_TEMPORARY_CONGESTION = 1,
	NAK_LOCAL_LIMIT_EXCEEDED = 2,
	NAK_CALLED_PADDR_UNKNOWN = 3,
	NAK_PROTOCOL_VERSION_NOT_SUPPORTED = 4,
	NAK_DEFAULT_CONTEXT_NOT_SUPPORTED = 5,
	NAK_USER_DATA_NOT_READABLE = 6,
	NAK_NO_PSAP_AVAILABLE = 7,
	NAK_AUTHENTICATION_TYPE_NOT_RECOGNIZED = 8,
	NAK_INVALID_CHECKSUM = 9,
};
const char *context_reason_name(
	unsigned result, unsigned reason); /* "abstract syntax not supported", ... static */
const char *nak_reason_name(unsigned reason);

/* Bind-time feature negotiation, [MS-RPCE] 3.3.1.5.3: the bits in the last two bytes... of the transfer syntax's UUID */
#define BTFN_SECURITY_CONTEXT_MULTIPLEXING 0x0001
#define BTFN_KEEP_CONNECTION_ON_ORPHAN 0x0002

extern const struct sp_syntax_id SYNTAX_NDR;   /* 8a885d04-1ceb-11c9-9fe8-08002b104860 v2.0 */
extern const struct sp_syntax_id SYNTAX_NDR64; /* 71710533-beba-4937-8319-b5dbef9ccc36 v1.0 */
bool syntax_is_btfn(
	const struct sp_syntax_id *, uint64_t *ret_bits); /* 6cb71c2c-9812-4540-... v1.0 */
/* NDR, NDR64, NDR: two from the first on, or from the second, to offer both in either order. */
extern const struct sp_syntax_id SYNTAXES[3];
struct sp_syntax_id syntax_btfn(uint64_t bits);

/* The largest number of contexts one bind can carry is 255; transfer syntaxes of a context 255. */
struct bind_fixed { /* bind and alter_context: before the context list */
	uint16_t max_xmit_frag, max_recv_frag;
	uint32_t group_id;
	uint8_t n_contexts;
};
struct bind_context { /* presentation context element; the transfer syntaxes are read one by one */
	uint16_t id;
	uint8_t n_transfers;
	struct sp_syntax_id abstract;
	struct wire_in transfers; /* get: a checked cursor over n_transfers * 20 bytes */
	const struct sp_syntax_id *put_transfers; /* put */
};

/* get: fixed part, then bind_context_get n_contexts times, then bind_end(). All on one cursor. */
void bind_fixed_get(struct wire_in *, struct bind_fixed *ret);
void bind_context_get(struct wire_in *, struct bind_context *ret);
void syntax_get(struct wire_in *, struct sp_syntax_id *ret);
void syntax_put(struct wire_out *, const struct sp_syntax_id *);
/* Checks a whole body without keeping it: every count fits. False with *fault. */
bool bind_check(const uint8_t *pdu, const struct pdu_header *, struct wire_fault *fault);
bool bind_put(struct wire_out *, const struct pdu_header *, const struct bind_fixed *,
	const struct bind_context *contexts /* n_contexts */);

struct bind_result {
	uint16_t result, reason;
	struct sp_syntax_id transfer; /* zero unless accepted */
};
struct bind_ack_fixed {
	uint16_t max_xmit_frag, max_recv_frag;
	uint32_t group_id;
	const char
		*secondary_address; /* get: a view, NUL checked or length-bounded; "" when absent */
	uint16_t secondary_len;     /* with its NUL; 0 when absent */
	uint8_t n_results;
};
void bind_ack_fixed_get(
	struct wire_in *, struct bind_ack_fixed *ret); /* leaves the cursor at the first result */
void bind_result_get(struct wire_in *, struct bind_result *ret);
bool bind_ack_put(struct wire_out *, const struct pdu_header *, const struct bind_ack_fixed *,
	const struct bind_result *results /* n_results */);

struct bind_nak {
	uint16_t reason;
	uint8_t n_versions; /* protocol versions supported, at most 8 kept */
	struct {
		uint8_t major, minor;
	} versions[8];
	const uint8_t *
		extended; /* a view of the extended error information after its signature; or NULL */
	uint32_t extended_len;
};
bool bind_nak_get(const uint8_t *pdu, const struct pdu_header *, struct bind_nak *ret,
	struct wire_fault *fault);
bool bind_nak_put(struct wire_out *, const struct pdu_header *, const struct bind_nak *);
bool auth3_put(struct wire_out *, const struct pdu_header *);

#endif
