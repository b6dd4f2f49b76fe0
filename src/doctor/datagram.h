/* SPDX-License-Identifier: MIT */
/* What a datagram to a UDP port comes to. No state; any thread. */
#ifndef DOCTOR_DATAGRAM_H
#define DOCTOR_DATAGRAM_H

#include "net/address.h"

enum datagram_seen {
	DATAGRAM_ANSWERED, /* somebody listens */
	DATAGRAM_REFUSED,  /* ICMP port unreachable: nobody does */
	DATAGRAM_SILENT,   /* a listener that has nothing to say, or a filter */
};

/* A question that the port's usual service answers, else an empty line; source_port 0: any. */
enum datagram_seen datagram_probe(const struct address *, uint16_t source_port, sp_nanos deadline);

#endif
