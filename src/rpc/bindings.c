/* SPDX-License-Identifier: MIT */
/* Where a server can be reached, in full: RpcServerInqBindings. */
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/device.h"
#include "net/tcp.h"
#include "rpc/server.h"

#define ADDRESSES_MAX 256

struct inquiry {
	struct sp_bindings *list;
	char (*addresses)[ADDRESS_TEXT]; /* of this machine */
	size_t n_addresses;
	bool ok;
};

static void
add(struct inquiry *q, char *take_text)
{
	struct sp_bindings *larger = NULL;
	char *text = take_text;

	for (size_t i = 0; text && i < q->list->n; i++)
		if (!strcmp(q->list->at[i], text)) {
			mem_free(text);
			return;
		}
	if (text)
		larger = mem_resize(
			q->list, 1, sizeof(*larger) + (q->list->n + 1) * sizeof(larger->at[0]));
	if (larger) {
		q->list = larger;
		larger->at[larger->n++] = text;
	} else {
		mem_free(text);
		q->ok = false;
	}
}

static char *
binding_of(const struct listener *l, const char *address)
{
	bool is_ipv6 = strchr(address, ':');

	return mem_printf("ncacn_ip_tcp:%s%s%s[%s]", is_ipv6 ? "[" : "", address,
		is_ipv6 ? "]" : "", l->endpoint);
}

/* A socket for every address of both families, or where there is no IPv6 of IPv4. */
static void
add_all(struct inquiry *q, const struct listener *l)
{
	struct address bound;
	bool has_ipv6 = l->fd < 0 ||
			(tcp_local_address(l->fd, &bound) && bound.storage.ss_family == AF_INET6);

	for (size_t i = 0; i < q->n_addresses; i++)
		if (has_ipv6 || !strchr(q->addresses[i], ':'))
			add(q, binding_of(l, q->addresses[i]));
}

sp_status
sp_server_inq_bindings(
	const sp_server *server, struct sp_bindings **ret_bindings, struct sp_error *reterr)
{
	struct inquiry q = {.ok = true};

	q.list = mem_zalloc(1, sizeof(*q.list));
	q.addresses = mem_zalloc(ADDRESSES_MAX, sizeof(*q.addresses));
	q.ok = q.list && q.addresses;
	if (q.ok)
		q.n_addresses = device_addresses(NULL, q.addresses, ADDRESSES_MAX);
	if (q.n_addresses > ADDRESSES_MAX)
		q.n_addresses = ADDRESSES_MAX;
	for (size_t i = 0; q.ok && i < server->n_listeners; i++) {
		const struct listener *l = server->listeners[i];

		if (l->local || l->address)
			add(&q, mem_strdup(l->binding));
		else
			add_all(&q, l);
	}
	mem_free(q.addresses);
	if (!q.ok) {
		sp_bindings_free(q.list);
		return error_no_memory(reterr);
	}
	*ret_bindings = q.list;
	return 0;
}

void
sp_bindings_free(struct sp_bindings *list)
{
	for (size_t i = 0; list && i < list->n; i++)
		mem_free(list->at[i]);
	mem_free(list);
}
