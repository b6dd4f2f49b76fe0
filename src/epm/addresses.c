/* SPDX-License-Identifier: MIT */
#include "epm/addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"

#define FRESH (2 * SP_SECOND)
#define MAX_ADDRESSES 64

struct addresses {
	uint32_t own[MAX_ADDRESSES]; /* neither loopback nor link-local, each once */
	unsigned n;
	sp_nanos read_at;
};

struct addresses *
addresses_new(void)
{
	return mem_zalloc(1, sizeof(struct addresses));
}

void
addresses_free(struct addresses *a)
{
	mem_free(a);
}

static bool
is_known(const struct addresses *a, uint32_t address)
{
	for (unsigned i = 0; i < a->n; i++)
		if (a->own[i] == address)
			return true;
	return false;
}

static void
add(struct addresses *a, const struct ifaddrs *it)
{
	uint32_t address;

	if (!it->ifa_addr || it->ifa_addr->sa_family != AF_INET || !(it->ifa_flags & IFF_UP))
		return;
	address = ((const struct sockaddr_in *)it->ifa_addr)->sin_addr.s_addr;
	if (!ipv4_is_loopback(address) && !ipv4_is_link_local(address) && !is_known(a, address) &&
		a->n < MAX_ADDRESSES)
		a->own[a->n++] = address;
}

static void
refresh(struct addresses *a)
{
	sp_nanos now = time_now();
	struct ifaddrs *list;

	if (a->read_at && now - a->read_at < FRESH)
		return;
	a->read_at = now;
	if (getifaddrs(&list))
		return; /* what was known before is better than nothing */
	a->n = 0;
	for (const struct ifaddrs *it = list; it; it = it->ifa_next)
		add(a, it);
	freeifaddrs(list);
}

/* 0: none. The narrowest network decides. */
static uint32_t
public_of(const struct settings *s, const struct client *c)
{
	const struct public_address *best = NULL;

	for (size_t i = 0; i < s->n_publics; i++)
		if (network_has(&s->publics[i].from, &c->peer) &&
			(!best || s->publics[i].from.prefix > best->from.prefix))
			best = &s->publics[i];
	return best ? best->address : 0;
}

/* Behind address translation the host's other addresses lead nowhere. */
static bool
hears_of_others(const struct settings *s, const struct client *c)
{
	return !c->local && ipv4_of(&c->dialled) && !public_of(s, c);
}

unsigned
addresses_rounds(struct addresses *a, const struct settings *s, const struct client *c)
{
	unsigned rounds = 1;

	if (!hears_of_others(s, c))
		return 1;
	refresh(a);
	for (unsigned i = 0; i < a->n; i++)
		rounds += a->own[i] != ipv4_of(&c->dialled);
	return rounds;
}

static bool
open_address(const struct addresses *a, const struct settings *s, const struct client *c,
	unsigned round, uint32_t *ret)
{
	uint32_t dialled = ipv4_of(&c->dialled), public = c->local ? 0 : public_of(s, c);

	if (round == 0) {
		*ret = public && dialled ? public : dialled;
		return true;
	}
	for (unsigned i = 0; i < a->n; i++)
		if (a->own[i] != dialled && --round == 0) {
			*ret = a->own[i];
			return true;
		}
	return false;
}

/* Where the tower's address is, and which; 0: it has none. */
static uint16_t
fixed_address(const struct map_entry *e, uint32_t *ret)
{
	struct wire_fault fault = {0};
	struct tower t;

	if ((e->protseq != NCACN_IP_TCP && e->protseq != NCADG_IP_UDP &&
		    e->protseq != NCACN_HTTP) ||
		!tower_get(e->tower, e->tower_len, &t, &fault))
		return 0;
	memcpy(ret, t.floors[4].rhs, sizeof(*ret));
	return (uint16_t)(t.floors[4].rhs - e->tower);
}

bool
addresses_show(const struct addresses *a, const struct settings *s, const struct client *c,
	const struct map_entry *e, unsigned round, uint16_t *ret_at, uint32_t *ret_address)
{
	uint32_t address, public;
	uint16_t at;

	*ret_at = e->address_at;
	if (e->address_at)
		return open_address(a, s, c, round, ret_address);
	if (round > 0)
		return false;
	at = client_is_here(c) ? 0 : fixed_address(e, &address);
	if (!at)
		return true;
	if (ipv4_is_loopback(address))
		return false;
	if (ipv4_is_link_local(address))
		return ipv4_is_link_local(ipv4_of(&c->peer));
	public = public_of(s, c);
	if (public && address == ipv4_of(&c->dialled)) {
		*ret_at = at;
		*ret_address = public;
	}
	return true;
}
