/* SPDX-License-Identifier: MIT */
/* Whether a port can be taken: by taking it. */
#ifndef PORTS_TRIAL_H
#define PORTS_TRIAL_H

#include "ports/alloc.h"

/* Listens on (or binds) it as a server would, at every address, and lets go of it. 0 or an errno. */
SP_NODISCARD int port_try(enum port_transport, uint16_t port);

#endif
