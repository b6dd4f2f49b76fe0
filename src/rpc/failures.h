/* SPDX-License-Identifier: MIT */
/*
 * How many logons from an address have failed within a minute. Memory does not grow: who has failed least is forgotten
 * when one more address fails. An IPv6 network of 64 bits is one address: who has one of its addresses has all of them.
 * Not for two threads at once.
 */
#ifndef RPC_FAILURES_H
#define RPC_FAILURES_H

#include <sallyport/types.h>

#include <netinet/in.h>

#define FAILURES_ADDRESSES 256

struct failures {
	struct failure_count {
		struct in6_addr key;
		sp_nanos since; /* the minute's first; 0: free */
		unsigned n;
	} counts[FAILURES_ADDRESSES];
};

void failures_add(struct failures *, const struct in6_addr *, sp_nanos now);
/* Within the minute that began with the first of them. */
unsigned failures_of(const struct failures *, const struct in6_addr *, sp_nanos now);

#endif
