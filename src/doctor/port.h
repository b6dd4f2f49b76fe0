/* SPDX-License-Identifier: MIT */
/* What SYNs to ports come to, many at once, with the word of the router that refused one. No state; any thread. */
#ifndef DOCTOR_PORT_H
#define DOCTOR_PORT_H

#include "catalog/facts.h"
#include "net/address.h"

struct port_probe {
	struct address address; /* to be filled in, with the port */
	bool keeps;             /* to be filled in: fd stays open when the port is */
	uint16_t source_port;   /* to be filled in: 0: any */
	/* what came back */
	enum seen_port seen;
	int sys_errno;
	sp_nanos took;   /* from SYN to the answer; when filtered: how long was waited */
	bool has_router; /* ICMP told it: */
	struct address router;
	uint8_t icmp_type, icmp_code;
	bool is_local; /* nothing left this host: its own routes or rules said so */
	int fd;        /* -1: closed */
};

#define PORT_PROBES_MAX 512 /* more are probed one such load after the other */

/* Fills in all of them by `deadline`. A SYN that nobody answers is repeated by the system after 1 and 3 seconds. */
void port_probe(struct port_probe *, size_t n, sp_nanos deadline);
/* The address without its port; returns ret. */
const char *port_host(const struct address *, char ret[ADDRESS_TEXT]);
/* "open", "refused (RST)", "prohibited by 192.0.2.1 (ICMP 3/13)", ...; returns ret. */
const char *port_probe_says(const struct port_probe *, char *ret, size_t cap);

#endif
