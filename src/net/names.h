/* SPDX-License-Identifier: MIT */
/*
 * Host names to addresses. getaddrinfo knows no deadline and no descriptor: it runs in threads of the process, at most 16,
 * one for a host however many ask for it, and none when nobody asks. Who does not wait any more leaves; a look-up that has
 * begun then ends by itself.
 */
#ifndef NET_NAMES_H
#define NET_NAMES_H

#include "net/address.h"

enum names_result { NAMES_OK, NAMES_FAILED, NAMES_TIMEOUT, NAMES_NO_MEMORY };

struct names_question;

/* NULL: no memory, no descriptor or no thread. */
struct names_question *names_ask(const char *host);
int names_fd(const struct names_question *); /* readable when there is an answer */
/*
 * The host's addresses in the order in which to try them; *ret is mem_free'd by the caller. NAMES_TIMEOUT: there is no
 * answer yet. NAMES_FAILED: *ret_eai is getaddrinfo's code.
 */
SP_NODISCARD enum names_result names_answer(
	struct names_question *, uint16_t port, struct address **ret, size_t *ret_n, int *ret_eai);
void names_forget(struct names_question *); /* NULL is fine */

/* The same, waiting. An address in numbers needs no look-up. Any thread. */
SP_NODISCARD enum names_result names_resolve(const char *host, uint16_t port, sp_nanos deadline,
	struct address **ret, size_t *ret_n, int *ret_eai);

#endif
