/* SPDX-License-Identifier: MIT */
#ifndef RPC_FAULT_H
#define RPC_FAULT_H

#include <sallyport/status.h>
#include <sallyport/types.h>

/* What a client reports for the status of a fault PDU ([MS-RPCE] 3.1.1.5.5). Others stand as they are. */
sp_status fault_to_status(uint32_t fault);

/* And for the reason of a bind_nak (C706 12.6.4.5). */
sp_status nak_to_status(unsigned reason);

/* What a server may send for it. */
uint32_t fault_to_send(uint32_t fault);

#endif
