/* SPDX-License-Identifier: MIT */
#ifndef RPC_VERIFY_H
#define RPC_VERIFY_H

#include "assoc/assoc.h"

/*
 * `bytes` follow the last parameter of the request. False: there is a verification trailer, and it says that the
 * request was another one when it was sent, or cannot be processed ([MS-RPCE] 2.2.2.13). The fault's status is 5 then.
 */
bool verify_request(const struct assoc_event *request, const uint8_t *bytes, size_t len);

#endif
