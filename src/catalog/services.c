/* SPDX-License-Identifier: MIT */
#include "catalog/services.h"

#include <strings.h>

#include "catalog/table.h"

const char *
catalog_windows_name(enum catalog_windows windows)
{
	switch (windows) {
	case SERVICE_ALL: return "";
	case SERVICE_BEFORE_VISTA: return "before Windows Vista and Server 2008";
	case SERVICE_SINCE_VISTA: return "since Windows Vista and Server 2008";
	case SERVICE_TMG: return "with Threat Management Gateway";
	case SERVICE_DOMAIN_CONTROLLERS_2008:
		return "domain controllers of Server 2008 and 2008 R2";
	}
	return "";
}

const struct catalog_service *
catalog_service_at(size_t n)
{
	return n < catalog_n_services ? &catalog_services[n] : NULL;
}

static bool
is_called(const struct catalog_service *s, const char *name)
{
	if (!strcasecmp(s->name, name) || !strcasecmp(s->title, name))
		return true;
	for (size_t i = 0; s->also && s->also[i]; i++)
		if (!strcasecmp(s->also[i], name))
			return true;
	return false;
}

const struct catalog_service *
catalog_service_named(const char *name)
{
	for (size_t i = 0; i < catalog_n_services; i++)
		if (is_called(&catalog_services[i], name))
			return &catalog_services[i];
	return NULL;
}

bool
catalog_service_offers(const struct catalog_service *s, const struct catalog_interface *interface)
{
	for (size_t i = 0; i < s->n_interfaces; i++)
		if (s->interfaces[i] == interface)
			return true;
	return false;
}

bool
catalog_service_has_port(const struct catalog_service *s, uint32_t port)
{
	for (size_t i = 0; i < s->n_ports; i++)
		if (s->ports[i].first == port && s->ports[i].last == port)
			return true;
	return false;
}
