/* SPDX-License-Identifier: MIT */
/*
 * Which transfer syntax is spoken ([MS-RPCE] 3.3.1.5.6). Clients offer both and the server chooses, after the arguments
 * were marshalled: so a first call is marshalled in both, and what was chosen is remembered for the next.
 */
#include "base/mem.h"
#include "base/uuid.h"
#include "rpc/client.h"
#include "wire/bind.h"

struct chosen {
	struct list node;
	struct sp_syntax_id interface;
	bool is_ndr64;
};

const struct sp_syntax_id *
transfers_of(enum sp_transfer wish, size_t *ret_n)
{
	bool both = wish == SP_TRANSFER_NDR_FIRST || wish == SP_TRANSFER_NDR64_FIRST;

	*ret_n = both ? 2 : 1;
	return &SYNTAXES[wish == SP_TRANSFER_NDR64_FIRST || wish == SP_TRANSFER_NDR64];
}

bool
transfer_is_ndr64(const struct sp_syntax_id *id)
{
	return sp_uuid_equal(&id->uuid, &SYNTAX_NDR64.uuid);
}

static struct chosen *
find(const sp_client *client, const struct sp_syntax_id *interface)
{
	list_for (it, &client->syntaxes) {
		struct chosen *c = list_entry(it, struct chosen, node);

		if (sp_uuid_equal(&c->interface.uuid, &interface->uuid) &&
			c->interface.major == interface->major &&
			c->interface.minor == interface->minor)
			return c;
	}
	return NULL;
}

const struct sp_syntax_id *
transfer_find(const sp_client *client, const struct sp_syntax_id *interface)
{
	const struct chosen *c = find(client, interface);

	return c ? &SYNTAXES[c->is_ndr64] : NULL;
}

void
transfer_learn(sp_client *client, const struct sp_syntax_id *interface,
	const struct sp_syntax_id *transfer)
{
	struct chosen *c = find(client, interface);

	if (!c) {
		c = mem_zalloc(1, sizeof(*c));
		if (!c)
			return;
		c->interface = *interface;
		list_append(&client->syntaxes, &c->node);
	}
	c->is_ndr64 = transfer_is_ndr64(transfer);
}

void
transfer_forget(sp_client *client, const struct sp_syntax_id *interface)
{
	list_for_safe (it, &client->syntaxes) {
		struct chosen *c = list_entry(it, struct chosen, node);

		if (interface && find(client, interface) != c)
			continue;
		list_remove(&c->node);
		mem_free(c);
		if (interface)
			return;
	}
}
