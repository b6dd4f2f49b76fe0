/* SPDX-License-Identifier: MIT */
/* Referents that wait for their turn. */
#ifndef NDR_QUEUE_H
#define NDR_QUEUE_H

#include "ndr/state.h"

void ndr_queue_init(struct ndr_queue *);
void ndr_queue_fini(struct ndr_queue *);
SP_NODISCARD bool ndr_queue_add(struct ndr_queue *, const struct ndr_deferred *);
/*
 * Turns round what has been added since there were `from`. The queue is taken from its end, so this puts the
 * referents of one construction in their order, and before all that waited already.
 */
void ndr_queue_turn(struct ndr_queue *, uint32_t from);

#endif
