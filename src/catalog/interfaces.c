/* SPDX-License-Identifier: MIT */
#include "catalog/interfaces.h"

#include <stdlib.h>
#include <strings.h>

#include "base/uuid.h"
#include "catalog/table.h"

static int
compare(const void *key, const void *element)
{
	const struct catalog_interface *interface = element;

	return uuid_compare(key, &interface->uuid);
}

const struct catalog_interface *
catalog_interface_find(const struct sp_uuid *uuid)
{
	return bsearch(uuid, catalog_interfaces, catalog_n_interfaces,
		sizeof(catalog_interfaces[0]), compare);
}

const struct catalog_interface *
catalog_interface_named(const char *name)
{
	for (size_t i = 0; i < catalog_n_interfaces; i++)
		if (!strcasecmp(catalog_interfaces[i].name, name))
			return &catalog_interfaces[i];
	return NULL;
}

const struct catalog_interface *
catalog_interface_at(size_t n)
{
	return n < catalog_n_interfaces ? &catalog_interfaces[n] : NULL;
}
