/* SPDX-License-Identifier: MIT */
/* Parameters that are pipes: described in a table of the operation, moved by the runtime. */
#ifndef IDLC_EMIT_PIPE_H
#define IDLC_EMIT_PIPE_H

#include "idlc/emit.h"

struct marshal;

unsigned pipe_count(const struct operation *);
/* For STEM_ndr.c, behind the operation's functions. */
void pipe_table(struct marshal *, const struct operation *);
/* On the server: the struct that the handler is given. */
void pipe_room(struct marshal *, const struct field *);

#endif
