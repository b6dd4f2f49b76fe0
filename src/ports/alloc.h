/* SPDX-License-Identifier: MIT */
/* Taking one port of a set. */
#ifndef PORTS_ALLOC_H
#define PORTS_ALLOC_H

#include <sallyport/error.h>

#include "ports/set.h"

enum port_transport { PORT_TCP, PORT_UDP };
const char *port_transport_name(enum port_transport); /* "TCP", "UDP" */

/*
 * Tries the ports of the set until `take` says it got one (0), that the port is in use (EADDRINUSE, EACCES: the next
 * one), or another errno (give up). Which port comes next is as unpredictable as getrandom(2) and even over those not
 * yet tried; each is tried at most once. Whether one in all or all but one are free, a step costs the same; no heap,
 * and nothing blocks but what `take` does. Port 0 is never tried: to bind it means any port.
 *
 * RPC_S_OUT_OF_RESOURCES (1721) when none is free: the sentence has the size of the range and who holds its ports.
 */
SP_NODISCARD sp_status ports_allocate(const struct port_set *, enum port_transport,
	int (*take)(void *arg, uint16_t port), void *arg, uint16_t *ret_port,
	struct sp_error *reterr);

#endif
