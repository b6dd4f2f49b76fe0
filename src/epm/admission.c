/* SPDX-License-Identifier: MIT */
#include "epm/admission.h"

#include <string.h>

#include "base/mem.h"
#include "base/time.h"

#define WAYS 8    /* sources that share a row; the one that has been silent longest is forgotten */
#define ROWS 1024 /* a power of two */
#define NEWS_EVERY (60 * SP_SECOND)

/* An IPv4 address or an IPv6 network of 64 bits: whoever has one of those has all of it. */
struct source {
	struct in6_addr key;
	sp_nanos due;  /* when the next call would be on time at the even rate */
	sp_nanos seen; /* 0: free */
	sp_nanos told;
};

struct admission {
	struct source sources[ROWS][WAYS];
	uint64_t seed;
};

struct admission *
admission_new(void)
{
	struct admission *a = mem_zalloc(1, sizeof(*a));

	if (a)
		a->seed = (uint64_t)time_now() * 0x9e3779b97f4a7c15u | 1;
	return a;
}

void
admission_free(struct admission *a)
{
	mem_free(a);
}

static struct source *
source_get(struct admission *a, const struct client *c, sp_nanos now)
{
	struct in6_addr key = c->peer;
	struct source *row, *oldest;
	uint64_t h, half;

	if (!IN6_IS_ADDR_V4MAPPED(&key))
		memset(&key.s6_addr[8], 0, 8);
	memcpy(&h, &key.s6_addr[8], sizeof(h));
	memcpy(&half, &key, sizeof(half));
	h = (h ^ half * 31) * a->seed;
	row = oldest = a->sources[(h >> 40) & (ROWS - 1)];
	for (unsigned i = 0; i < WAYS; i++) {
		if (row[i].seen && memcmp(&row[i].key, &key, sizeof(key)) == 0) {
			row[i].seen = now;
			return &row[i];
		}
		if (row[i].seen < oldest->seen)
			oldest = &row[i];
	}
	*oldest = (struct source){.key = key, .seen = now};
	return oldest;
}

/* The generic cell rate algorithm: `burst` calls may be early. */
static bool
is_too_often(struct admission *a, const struct settings *s, const struct client *c, sp_nanos now)
{
	struct source *source;
	sp_nanos step;

	if (s->rate == 0)
		return false;
	source = source_get(a, c, now);
	step = SP_SECOND / s->rate;
	if (source->due < now)
		source->due = now;
	if (source->due - now > step * (sp_nanos)(s->burst - 1))
		return true;
	source->due += step;
	return false;
}

static bool
is_allowed(const struct settings *s, const struct client *c)
{
	if (!s->has_allow)
		return true;
	for (size_t i = 0; i < s->n_allow; i++)
		if (network_has(&s->allow[i], &c->peer))
			return true;
	return false;
}

/*
 * [MS-RPCE] 3.1.1.1.3: with 1 and with 2 the mapper is not there for anonymous callers, and its interface has no
 * exemption; who is on this machine is not remote.
 */
enum admission_verdict
admission_ask(struct admission *a, const struct settings *s, const struct client *c, sp_nanos now)
{
	if (c->local)
		return ADMITTED;
	if (s->restrict_remote_clients > 0 && !client_is_here(c) && !c->known)
		return REFUSED_ANONYMOUS;
	if (!client_is_here(c) && !is_allowed(s, c))
		return REFUSED_NETWORK;
	return is_too_often(a, s, c, now) ? REFUSED_RATE : ADMITTED;
}

sp_status
admission_fault(enum admission_verdict v)
{
	switch (v) {
	case REFUSED_ANONYMOUS:
	case REFUSED_NETWORK: return ERROR_ACCESS_DENIED;
	case REFUSED_RATE: return NCA_S_SERVER_TOO_BUSY;
	case ADMITTED:
	case ADMISSION_VERDICTS: break;
	}
	return 0;
}

const char *
admission_reason(enum admission_verdict v)
{
	static const char *const reasons[ADMISSION_VERDICTS] = {"admitted",
		"anonymous, and restrict_remote_clients is set", "its network is not allowed",
		"it asks too often"};

	return v < ADMISSION_VERDICTS ? reasons[v] : "?";
}

bool
admission_is_news(struct admission *a, const struct client *c, sp_nanos now)
{
	struct source *source = source_get(a, c, now);

	if (source->told && now - source->told < NEWS_EVERY)
		return false;
	source->told = now;
	return true;
}
