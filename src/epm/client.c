/* SPDX-License-Identifier: MIT */
#include "epm/client.h"

#include <string.h>

#include <sallyport/security.h>

#include "assoc/group.h"
#include "rpc/server.h"

static struct in6_addr
in6_of(const struct address *a)
{
	struct in6_addr none = IN6ADDR_ANY_INIT;

	if (a->storage.ss_family == AF_INET6)
		return ((const struct sockaddr_in6 *)&a->storage)->sin6_addr;
	if (a->storage.ss_family == AF_INET)
		return ipv4_mapped(((const struct sockaddr_in *)&a->storage)->sin_addr.s_addr);
	return none;
}

void
client_of(const sp_call *call, struct client *ret)
{
	struct assoc_group *group = connection_group(call->connection);
	struct sp_caller caller = sp_call_caller(call);
	struct address local, peer;

	memset(ret, 0, sizeof(*ret));
	ret->known = caller.level >= SP_LEVEL_CONNECT && !caller.anonymous;
	ret->connection = sp_call_connection(call);
	ret->group = group ? assoc_group_id(group) : 0;
	ret->local = sp_call_local_peer(call, &ret->pid, &ret->uid, &ret->gid);
	if (ret->local || !connection_addresses(call->connection, &local, &peer))
		return;
	ret->dialled = in6_of(&local);
	ret->peer = in6_of(&peer);
}

bool
client_is_ipv4(const struct client *c)
{
	return IN6_IS_ADDR_V4MAPPED(&c->dialled);
}

bool
client_is_here(const struct client *c)
{
	return c->local || IN6_IS_ADDR_LOOPBACK(&c->peer) ||
	       IN6_ARE_ADDR_EQUAL(&c->peer, &c->dialled) || ipv4_is_loopback(ipv4_of(&c->peer));
}

uint32_t
ipv4_of(const struct in6_addr *a)
{
	uint32_t address = 0;

	if (IN6_IS_ADDR_V4MAPPED(a))
		memcpy(&address, &a->s6_addr[12], sizeof(address));
	return address;
}

struct in6_addr
ipv4_mapped(uint32_t address)
{
	struct in6_addr a = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	memcpy(&a.s6_addr[12], &address, sizeof(address));
	return a;
}

bool
ipv4_is_loopback(uint32_t address)
{
	uint8_t bytes[4];

	memcpy(bytes, &address, sizeof(bytes));
	return bytes[0] == 127;
}

bool
ipv4_is_link_local(uint32_t address)
{
	uint8_t bytes[4];

	memcpy(bytes, &address, sizeof(bytes));
	return bytes[0] == 169 && bytes[1] == 254;
}
