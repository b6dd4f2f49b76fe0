/* SPDX-License-Identifier: MIT */
/*
 * What is done with each PDU in each state: one table for a server's side of a
 * connection and one for a client's. No cell is empty; a PDU type that is not
 * in the table is answered as the row of RTS is.
 *
 * States of a server's connection are those of [MS-RPCE] 3.3.3. The three that
 * build a security context are not told apart: while a leg is under way nothing
 * is read, and what a context may do is its own matter. DISPATCH is told apart
 * from CONTEXT_NEGOTIATED only where no further call may begin: with
 * PFC_CONC_MPX until max_calls are in progress, without it after the first.
 *
 * Windows' answers where the standards leave a choice: a second bind gets
 * bind_nak with reason 0; requests, alter_contexts and auth3 before the bind and
 * everything out of sequence get the fault nca_s_proto_error
 * ([MS-RPCE] 3.3.3.5.7) and then the end of the connection.
 */
#ifndef ASSOC_STATES_H
#define ASSOC_STATES_H

enum assoc_side { SIDE_SERVER, SIDE_CLIENT };

#define SERVER_STATES(X) X(ESTABLISHED) X(CONTEXT_NEGOTIATED) X(RECV_PDU) X(DISPATCH) X(CLOSED)
#define CLIENT_STATES(X) X(UNBOUND) X(BIND_SENT) X(BOUND) X(ALTER_SENT) X(CLOSED)

enum server_state {
#define SERVER_STATE_ENUM(name) SERVER_##name,
	SERVER_STATES(SERVER_STATE_ENUM)
#undef SERVER_STATE_ENUM
		SERVER_STATE_COUNT
};

enum client_state {
#define CLIENT_STATE_ENUM(name) CLIENT_##name,
	CLIENT_STATES(CLIENT_STATE_ENUM)
#undef CLIENT_STATE_ENUM
		CLIENT_STATE_COUNT
};

/* [MS-RPCE] 3.3.2.1.3 and 3.3.3.1.5. A call that is complete or has failed is not kept. */
enum call_state {
	STATE_RECEIVE_PDU, /* server: fragments of the request; client: of the response */
	STATE_DISPATCHED,
	STATE_SEND_PDUS, /* client: waiting for its context or its turn, or going out */
};

/* clang-format off */
#define ASSOC_ANSWERS(X)                                                                           \
	X(take_bind) X(take_alter_context) X(take_auth3) X(take_request) X(take_co_cancel) X(take_orphaned)      \
	X(take_bind_ack) X(take_bind_nak) X(take_alter_context_resp) X(take_response)              \
	X(take_fault) X(take_shutdown)                                                             \
	X(hold)         /* stays unread until a call has ended */                                  \
	X(refuse_close) /* the connection ends without a word */                                   \
	X(refuse_fault) /* fault nca_s_proto_error; then it ends */                                \
	X(refuse_nak)   /* bind_nak, reason not specified; then it ends */                         \
	X(ignore)
/* clang-format on */

enum assoc_answer {
	ANSWER_none, /* an empty cell: tests/states finds it */
#define ASSOC_ANSWER_ENUM(name) ANSWER_##name,
	ASSOC_ANSWERS(ASSOC_ANSWER_ENUM)
#undef ASSOC_ANSWER_ENUM
};

/* clang-format off */
/* X(PTYPE, ESTABLISHED, CONTEXT_NEGOTIATED, RECV_PDU, DISPATCH, CLOSED) */
#define SERVER_TABLE(X)                                                                            \
	X(REQUEST,       refuse_fault, take_request,       take_request,   hold,               ignore) \
	X(PING,          refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore) \
	X(RESPONSE,      refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore) \
	X(FAULT,         refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore) \
	X(WORKING,       refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore) \
	X(NOCALL,        refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore) \
	X(REJECT,        refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore) \
	X(ACK,           refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore) \
	X(CL_CANCEL,     refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore) \
	X(FACK,          refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore) \
	X(CANCEL_ACK,    refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore) \
	X(BIND,          take_bind,    refuse_nak,         refuse_nak,     refuse_nak,         ignore) \
	X(BIND_ACK,      refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore) \
	X(BIND_NAK,      refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore) \
	X(ALTER_CONTEXT, refuse_fault, take_alter_context, refuse_fault,   take_alter_context, ignore) \
	X(ALTER_CONTEXT_RESP, refuse_close, refuse_close,  refuse_close,   refuse_close,       ignore) \
	X(AUTH3,         refuse_fault, take_auth3,         refuse_close,   take_auth3,         ignore) \
	X(SHUTDOWN,      refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore) \
	X(CO_CANCEL,     refuse_close, take_co_cancel,     take_co_cancel, take_co_cancel,     ignore) \
	X(ORPHANED,      refuse_close, take_orphaned,      take_orphaned,  take_orphaned,      ignore) \
	X(RTS,           refuse_close, refuse_close,       refuse_close,   refuse_close,       ignore)

/* X(PTYPE, UNBOUND, BIND_SENT, BOUND, ALTER_SENT, CLOSED) */
#define CLIENT_TABLE(X)                                                                            \
	X(REQUEST,       refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(PING,          refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(RESPONSE,      refuse_close, refuse_close,  take_response, take_response,           ignore) \
	X(FAULT,         refuse_close, refuse_close,  take_fault,    take_fault,              ignore) \
	X(WORKING,       refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(NOCALL,        refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(REJECT,        refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(ACK,           refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(CL_CANCEL,     refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(FACK,          refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(CANCEL_ACK,    refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(BIND,          refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(BIND_ACK,      refuse_close, take_bind_ack, refuse_close,  refuse_close,            ignore) \
	X(BIND_NAK,      refuse_close, take_bind_nak, refuse_close,  take_bind_nak,           ignore) \
	X(ALTER_CONTEXT, refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(ALTER_CONTEXT_RESP, refuse_close, refuse_close, refuse_close, take_alter_context_resp, ignore) \
	X(AUTH3,         refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(SHUTDOWN,      refuse_close, take_shutdown, take_shutdown, take_shutdown,           ignore) \
	X(CO_CANCEL,     refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(ORPHANED,      refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore) \
	X(RTS,           refuse_close, refuse_close,  refuse_close,  refuse_close,            ignore)
/* clang-format on */

enum assoc_answer states_answer(enum assoc_side, unsigned state, unsigned ptype);
const char *states_name(enum assoc_side, unsigned state);
const char *states_answer_name(enum assoc_answer);

#endif
