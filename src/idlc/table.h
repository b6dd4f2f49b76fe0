/* SPDX-License-Identifier: MIT */
/* The tables that describe an interface to the runtime, in the client's and the server's file. */
#ifndef IDLC_TABLE_H
#define IDLC_TABLE_H

#include "idlc/emit.h"

void table(struct emitter *, const struct interface *, bool is_server);

#endif
