/* SPDX-License-Identifier: MIT */
/* Host names to addresses, with a deadline. Any thread. */
#ifndef NET_NAMES_H
#define NET_NAMES_H

#include "net/address.h"

enum names_result { NAMES_OK, NAMES_FAILED, NAMES_TIMEOUT, NAMES_NO_MEMORY };

/*
 * The host's addresses in the order in which to try them; *ret is mem_free'd by the caller. NAMES_FAILED:
 * *ret_eai is getaddrinfo's code. An address in numbers needs no look-up. getaddrinfo knows no deadline: it runs
 * in a thread of its own, which at NAMES_TIMEOUT is left to end by itself; its answer is dropped.
 */
SP_NODISCARD enum names_result names_resolve(const char *host, uint16_t port, sp_nanos deadline,
	struct address **ret, size_t *ret_n, int *ret_eai);

#endif
