/* SPDX-License-Identifier: MIT */
/* PDU types: one table from which the enum, the names and the length checks are made (C706 12.6.4, [MS-RPCE] 2.2.2). */
#ifndef WIRE_PTYPE_H
#define WIRE_PTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PTYPE_FROM_CLIENT 1u
#define PTYPE_FROM_SERVER 2u

/* X(NAME, number, name on the wire, senders (0: connectionless only), shortest PDU with header, clause) */
#define PTYPE_TABLE(X)                                                                             \
	X(REQUEST, 0, "request", PTYPE_FROM_CLIENT, 24, "C706 12.6.4.9")                           \
	X(PING, 1, "ping", 0, 16, "C706 12.5.3")                                                   \
	X(RESPONSE, 2, "response", PTYPE_FROM_SERVER, 24, "C706 12.6.4.10")                        \
	X(FAULT, 3, "fault", PTYPE_FROM_SERVER, 24, "C706 12.6.4.7")                               \
	X(WORKING, 4, "working", 0, 16, "C706 12.5.3")                                             \
	X(NOCALL, 5, "nocall", 0, 16, "C706 12.5.3")                                               \
	X(REJECT, 6, "reject", 0, 16, "C706 12.5.3")                                               \
	X(ACK, 7, "ack", 0, 16, "C706 12.5.3")                                                     \
	X(CL_CANCEL, 8, "cl_cancel", 0, 16, "C706 12.5.3")                                         \
	X(FACK, 9, "fack", 0, 16, "C706 12.5.3")                                                   \
	X(CANCEL_ACK, 10, "cancel_ack", 0, 16, "C706 12.5.3")                                      \
	X(BIND, 11, "bind", PTYPE_FROM_CLIENT, 28, "C706 12.6.4.3")                                \
	X(BIND_ACK, 12, "bind_ack", PTYPE_FROM_SERVER, 28, "C706 12.6.4.4")                        \
	X(BIND_NAK, 13, "bind_nak", PTYPE_FROM_SERVER, 18, "[MS-RPCE] 2.2.2.9")                    \
	X(ALTER_CONTEXT, 14, "alter_context", PTYPE_FROM_CLIENT, 28, "C706 12.6.4.1")              \
	X(ALTER_CONTEXT_RESP, 15, "alter_context_resp", PTYPE_FROM_SERVER, 28, "C706 12.6.4.2")    \
	X(AUTH3, 16, "auth3", PTYPE_FROM_CLIENT, 20, "[MS-RPCE] 2.2.2.5")                          \
	X(SHUTDOWN, 17, "shutdown", PTYPE_FROM_SERVER, 16, "C706 12.6.4.11")                       \
	X(CO_CANCEL, 18, "co_cancel", PTYPE_FROM_CLIENT, 16, "C706 12.6.4.6")                      \
	X(ORPHANED, 19, "orphaned", PTYPE_FROM_CLIENT, 16, "C706 12.6.4.8")                        \
	X(RTS, 20, "rts", PTYPE_FROM_CLIENT | PTYPE_FROM_SERVER, 20, "[MS-RPCH] 2.2.3.6")

enum ptype {
#define PTYPE_ENUM(NAME, number, name, senders, shortest, clause) PTYPE_##NAME = number,
	PTYPE_TABLE(PTYPE_ENUM)
#undef PTYPE_ENUM
		PTYPE_COUNT
};

const char *ptype_name(unsigned ptype);   /* "unknown" when not in the table */
const char *ptype_clause(unsigned ptype); /* NULL when not in the table */
size_t ptype_shortest(unsigned ptype);    /* PDU_HEADER_SIZE when not in the table */
bool ptype_is_from(unsigned ptype, unsigned sender);

#endif
