/* SPDX-License-Identifier: MIT */
/*
 * A TCP connection to whichever of several addresses answers first, families in turn, each attempt a quarter of a
 * second after the one before or as soon as that has failed (RFC 8305). In the caller's thread, by a poller.
 */
#ifndef NET_RACE_H
#define NET_RACE_H

#include "net/address.h"
#include "net/poller.h"

#define RACE_DELAY (250 * SP_MILLISECOND) /* RFC 8305 8, Connection Attempt Delay */

struct race;

struct race_result {
	int error; /* 0: connected; or the errno to tell: an answer goes before a silence */
	int fd;    /* the caller's when error is 0 */
	struct address address; /* the winner's, or that of the failure that is told */
	sp_nanos waited;        /* for that failure */
};

/*
 * done(arg) is called from the poller when race_result() can be asked. Each attempt may take `each`, all of them until
 * `deadline`. The addresses are copied; n > 0. NULL: no memory.
 */
struct race *race_start(struct poller *, const struct address *, size_t n, sp_nanos each,
	sp_nanos deadline, void (*done)(void *arg), void *arg);
struct race_result race_result(struct race *); /* once */
void race_free(struct race *);                 /* ends what is under way; NULL is fine */

/* First the first one's family, then the other, in turn; within a family as they were (RFC 8305 4). */
void race_order(struct address *, size_t n);

#endif
