/* SPDX-License-Identifier: MIT */
/*
 * Which address an answer carries. Towers carry IPv4 only, and clients do not look at it ([MS-RPCE] 3.1.3.5.3), but
 * people and firewalls do: an entry for every address is answered with the one that the client dialled, then the
 * host's others. Over IPv6 and over ncalrpc it stays 0.0.0.0, "the host that you have asked".
 */
#ifndef EPM_ADDRESSES_H
#define EPM_ADDRESSES_H

#include "epm/client.h"
#include "epm/map.h"
#include "epm/settings.h"

struct addresses; /* the host's IPv4 addresses, asked for again every few seconds */

SP_NODISCARD struct addresses *addresses_new(void);
void addresses_free(struct addresses *);

/*
 * How many rounds an answer to this client has: in the first all entries, those without an address with the public or
 * the dialled one; in each later round those without an address, with another one of the host's.
 */
unsigned addresses_rounds(struct addresses *, const struct settings *, const struct client *);
/*
 * False: this client hears nothing of the entry in this round. Loopback addresses stay on the machine, link-local ones
 * on the link. *ret_at: where in the tower *ret_address (network order) belongs; 0: it stays as it is.
 */
bool addresses_show(const struct addresses *, const struct settings *, const struct client *,
	const struct map_entry *, unsigned round, uint16_t *ret_at, uint32_t *ret_address);

#endif
