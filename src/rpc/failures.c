/* SPDX-License-Identifier: MIT */
#include "rpc/failures.h"

#include <limits.h>
#include <string.h>

#include "base/time.h"

#define MINUTE (60 * SP_SECOND)

static struct in6_addr
key_of(const struct in6_addr *host)
{
	struct in6_addr key = *host;

	if (!IN6_IS_ADDR_V4MAPPED(host))
		memset(&key.s6_addr[8], 0, 8);
	return key;
}

static bool
is_over(const struct failure_count *c, sp_nanos now)
{
	return c->since == 0 || now - c->since >= MINUTE;
}

static size_t
find(const struct failures *f, const struct in6_addr *key, sp_nanos now)
{
	size_t i = 0;

	while (i < FAILURES_ADDRESSES &&
		(is_over(&f->counts[i], now) || memcmp(&f->counts[i].key, key, sizeof(*key)) != 0))
		i++;
	return i;
}

unsigned
failures_of(const struct failures *f, const struct in6_addr *host, sp_nanos now)
{
	struct in6_addr key = key_of(host);
	size_t i = find(f, &key, now);

	return i < FAILURES_ADDRESSES ? f->counts[i].n : 0;
}

/* A free one, or that of who has failed least: many addresses do not make one forgotten that tries and tries. */
static struct failure_count *
least(struct failures *f, sp_nanos now)
{
	struct failure_count *best = &f->counts[0];

	for (size_t i = 0; i < FAILURES_ADDRESSES; i++) {
		if (is_over(&f->counts[i], now))
			return &f->counts[i];
		if (f->counts[i].n < best->n)
			best = &f->counts[i];
	}
	return best;
}

void
failures_add(struct failures *f, const struct in6_addr *host, sp_nanos now)
{
	struct in6_addr key = key_of(host);
	size_t i = find(f, &key, now);
	struct failure_count *c;

	if (i < FAILURES_ADDRESSES) {
		c = &f->counts[i];
		c->n += c->n < UINT_MAX;
		return;
	}
	c = least(f, now);
	*c = (struct failure_count){key, now, 1};
}
