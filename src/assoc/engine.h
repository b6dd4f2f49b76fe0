/* SPDX-License-Identifier: MIT */
/* What the files of assoc/ share among themselves. Nobody else includes it. */
#ifndef ASSOC_ENGINE_H
#define ASSOC_ENGINE_H

#include "assoc/assoc.h"
#include "assoc/states.h"

/* Windows' answer to an unknown call is decided by this distance ([MS-RPCE] 3.3.3.5.6). */
#define OLD_CALL_WINDOW 150
#define MAX_CALL_ID 0x7fffffffu /* [MS-RPCE] 3.3.3.5.2, note 123 */

/* One PDU as it lies in the receive buffer. */
struct pdu {
	struct buf *buf;
	uint32_t off;
	struct pdu_header header;
	struct wire_in body;
	struct wire_fault fault;
	const struct security_context *security; /* under which it came; or NULL */
};

struct security_context;

struct assoc_call {
	struct list node;
	uint32_t id;
	enum call_state state;
	uint16_t context_id, opnum;
	bool has_object, maybe, verified, orphaned, was_sent, bind_only, cancelled, big_endian;
	bool streams; /* what arrives is told of a piece at a time */
	bool more; /* client: of the request there is more to come; server: the first piece has been told */
	bool continued; /* the first piece of the message has been given to the output */
	bool by_syntax; /* client: `request` is only for the first of the proposed syntaxes */
	struct sp_uuid object;
	uint32_t
		negotiation_id; /* client: kept for the bind or alter_context that it may need; or 0 */
	uint32_t context_index;          /* client: first of its proposals in contexts[] */
	const struct assoc_offer *offer; /* server */
	struct sp_syntax_id transfer;
	struct buf *request; /* client: not yet handed to the output */
	struct buf *second;  /* client: the same in the second of the proposed syntaxes */
	/* client: the request, or its last piece, while it is in the queue; server: a piece */
	struct assoc_output *output;
	struct buf_slice stub;                   /* what has arrived */
	const struct security_context *security; /* under which it came or goes; or NULL */
	uint32_t held;    /* bytes of a reassembly buffer, counted in conn->held */
	uint32_t at_work; /* server: bytes of the request, counted in conn->at_work */
};

/*
 * A message on its way out: one PDU made elsewhere (n_fragments 0, all in `bytes`), or stub data that is cut
 * into fragments. The first fragment's header lies in the stub's headroom, those of the others in `bytes`.
 */
struct assoc_output {
	struct list node;
	struct buf *stub;
	uint32_t stub_start, stub_len;
	uint32_t header_size, chunk, n_fragments;
	uint32_t total, sent;
	uint32_t n_pdus; /* in `bytes` */
	size_t memory;   /* what it takes while it is in the queue, counted in conn->held */
	struct assoc_call
		*call; /* whose request or piece it is, as long as both are there; else NULL */
	uint32_t n_bytes, cap;
	uint8_t bytes[];
};

/* conn.c */
void conn_close(struct assoc_conn *, enum assoc_close, const char *what);
void conn_break(
	struct assoc_conn *, const struct pdu *, const char *what); /* ASSOC_CLOSE_PROTOCOL */
struct assoc_call *call_new(struct assoc_conn *, uint32_t id);
struct assoc_call *call_find(const struct assoc_conn *, uint32_t id);
void call_free(struct assoc_conn *, struct assoc_call *);
bool conn_is_closed(const struct assoc_conn *);
uint16_t fragment_size_agree(uint16_t ours, uint16_t peers);
/* One more zeroed entry at the end; NULL: no memory. */
struct assoc_presentation *presentation_add(struct assoc_conn *);

/* server.c, client.c: true when *ret is an event. */
bool server_take(struct assoc_conn *, enum assoc_answer, struct pdu *, struct assoc_event *ret);
bool client_take(struct assoc_conn *, enum assoc_answer, struct pdu *, struct assoc_event *ret);
unsigned server_state_now(const struct assoc_conn *); /* DISPATCH is computed */
void server_refuse(struct assoc_conn *, const struct pdu *, enum assoc_answer, const char *what);
void server_nak(struct assoc_conn *, const struct pdu *, uint16_t reason, const char *what);
/* A verdict on a call that is ready without another PDU. */
bool client_next(struct assoc_conn *, struct assoc_event *ret);

/* frag.c */
enum frag_verdict { FRAG_OK, FRAG_TOO_LONG, FRAG_NO_MEMORY };
/* Adds the rest of the cursor, a view into buf, to the call's stub data. */
enum frag_verdict frag_append(
	struct assoc_conn *, struct assoc_call *, struct buf *, struct wire_in *);
/* Queues stub data (owned from here on; NULL is none) as request or response PDUs. False: closed, no memory. */
bool frag_send_request(
	struct assoc_conn *, struct assoc_call *, uint16_t context_id, struct buf *take_stub);
bool frag_send_response(struct assoc_conn *, struct assoc_call *, struct buf *take_stub);
/* Server: a piece, and not the last. */
bool frag_send_piece(struct assoc_conn *, struct assoc_call *, struct buf *take_stub);

/* output.c */
struct assoc_output *output_new(
	struct assoc_conn *, uint32_t n_bytes); /* NULL: closed for lack of memory */
void output_queue(struct assoc_conn *, struct assoc_output *);
void output_drop(struct assoc_conn *, struct assoc_output *);
void output_header(struct assoc_conn *, unsigned ptype, uint8_t flags,
	uint32_t call_id); /* a PDU without body */
void output_fault(struct assoc_conn *, uint32_t call_id, uint16_t context_id, uint32_t status,
	bool did_not_execute);
void output_fault_extended(struct assoc_conn *, uint32_t call_id, uint16_t context_id,
	uint32_t status, bool did_not_execute, const void *information, uint32_t len);
struct pdu_header header_make(unsigned ptype, uint8_t flags, uint32_t call_id, uint16_t frag_len);

/* security.c */

struct security_context {
	struct list node;
	uint32_t id;
	uint8_t type, level;
	enum { SECURITY_BUILDING, SECURITY_READY, SECURITY_FAILED } state;
	struct auth_context *auth;
};

/*
 * A request, response or fault: its protection is checked and taken off in place, and p->security is set. Any other PDU
 * passes, if it may carry a trailer at all. False: it was answered.
 */
bool security_open(struct assoc_conn *, struct pdu *);
/* Something to say, or to wait for, before bytes are read. Only with a->security. */
bool security_next(struct assoc_conn *, struct assoc_event *ret);
bool security_waits(const struct assoc_conn *);
/* Server: the trailer of bind, alter_context or auth3 begins a leg. False: it was refused. */
bool security_begin(struct assoc_conn *, const struct pdu *, struct assoc_event *ret);
/* Client: no call may go out yet. */
bool security_holds(const struct assoc_conn *);
/* Client, before the bind: false when the first token is still to be made, and AUTH_STEP follows. */
bool security_may_bind(struct assoc_conn *);
/* bind_ack or alter_context_resp: the next leg, *ret_event an event; false: closed. */
bool security_continue(
	struct assoc_conn *, const struct pdu *, struct assoc_event *ret, bool *ret_event);
/* Queues a PDU of the negotiation: with a trailer, or when a leg is under way once that has its token. */
void security_queue(struct assoc_conn *, struct assoc_output *);
uint8_t security_flags(const struct assoc_conn *); /* of bind, alter_context and their answers */
void security_free(struct assoc_conn *);
/* Are messages under it signed or sealed? */
bool security_protects(const struct security_context *);
/* What each PDU needs behind its stub data and padding. */
uint32_t security_tail(const struct security_context *);
#define SECURITY_PAD 16u /* [MS-RPCE] 2.2.2.11 */
/* The PDU's header, stub data and padding are there; trailer and signature are put behind and made. */
bool security_seal(struct assoc_conn *, const struct security_context *, uint8_t *pdu,
	uint32_t header_size, uint32_t stub_len, uint8_t pad);
/* Client: the context of all its calls; or NULL. */
const struct security_context *security_own(const struct assoc_conn *);
/* Client: an alter_context that carries nothing but the next leg. */
void client_leg(struct assoc_conn *);
void client_push(struct assoc_conn *);

#endif
