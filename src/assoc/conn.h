/* SPDX-License-Identifier: MIT */
/* struct assoc_conn, to be embedded by the owner of a connection. Members are private to assoc/. */
#ifndef ASSOC_CONN_H
#define ASSOC_CONN_H

#include "assoc/group.h"

struct assoc_call;
struct assoc_output;

/* A presentation context ([MS-RPCE] 3.3.1.5.6): as negotiated by a server, or asked for by a client. */
struct assoc_presentation {
	uint16_t id;
	uint8_t state; /* client: enum presentation_state; a server keeps accepted ones only */
	uint8_t n_alternatives; /* client: this and the next are proposals for one interface */
	uint16_t result, reason;
	const struct assoc_offer *offer; /* server */
	struct sp_syntax_id interface;   /* client */
	struct sp_syntax_id transfer;
};

struct assoc_conn {
	const struct assoc_limits *limits;
	const struct assoc_server_policy *policy; /* server */
	uint8_t side;                             /* enum assoc_side */
	uint8_t state;                            /* states.h: server_state or client_state */
	bool mpx;                                 /* PFC_CONC_MPX was agreed */
	bool eof, stopping, close_told, seen_pdu;
	uint16_t max_xmit, max_recv;
	uint16_t features; /* agreed bits of bind-time feature negotiation */

	bool was_filled; /* the receive buffer, by the last read */
	struct buf
		*in; /* bytes received: start is the next PDU, end what was fed; NULL while idle */

	struct list calls;
	uint32_t n_calls, n_in_flight;
	struct assoc_call *receiving; /* server: the call whose fragments arrive */
	struct assoc_call *sending;   /* client: the call whose pieces are given one by one */
	uint32_t current_call_id;     /* server: highest seen. client: highest given out */

	struct assoc_presentation *contexts;
	uint32_t n_contexts, cap_contexts;

	struct assoc_security *security; /* NULL: no security context was ever asked for */

	struct list output;
	size_t held;    /* bytes of memory in reassembly and output */
	size_t at_work; /* server: bytes of requests that were dispatched and are not answered */

	struct assoc_group *group; /* server */
	struct assoc_peer peer;    /* server */
	uint32_t group_id;         /* client: asked for, then what the server said */
	uint32_t negotiation_id;   /* client: call id of the bind or alter_context under way */
	uint16_t next_context_id;  /* client */
	bool wants_mpx;

	sp_nanos now, born, partial_since, last_pdu;
	struct assoc_counters counters;

	enum assoc_close close;
	const char *what;
	struct wire_fault fault;
	unsigned fault_ptype;
};

#endif
