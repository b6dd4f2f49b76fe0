/* SPDX-License-Identifier: MIT */
/* Services of Windows, their ports and their interfaces: data/services.yaml, compiled in. No state; any thread. */
#ifndef CATALOG_SERVICES_H
#define CATALOG_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "catalog/interfaces.h"

/* On which Windows a port is used. */
enum catalog_windows {
	SERVICE_ALL,
	SERVICE_BEFORE_VISTA,            /* Windows 2000, XP, Server 2003 */
	SERVICE_SINCE_VISTA,             /* and Server 2008 */
	SERVICE_TMG,                     /* where Threat Management Gateway is installed */
	SERVICE_DOMAIN_CONTROLLERS_2008, /* domain controllers of Server 2008 and 2008 R2 */
};

struct catalog_port {
	const char *use;      /* "LDAP Server" */
	const char *protocol; /* "TCP", "UDP", "ICMP", "GRE", "AH", "ESP" */
	uint16_t first, last; /* 0: the protocol has no ports */
	enum catalog_windows windows;
	bool is_dynamic;          /* any port of the range */
	const char *const *notes; /* NULL ends; NULL: none */
};

struct catalog_service {
	const char *name;        /* "Netlogon" */
	const char *title;       /* "Net Logon" */
	const char *const *also; /* other names, NULL ends; NULL: none */
	const char *about;
	const char *source;
	const struct catalog_port *ports;
	size_t n_ports;
	const struct catalog_interface *const *interfaces;
	size_t n_interfaces;
};

/* "since Windows Vista and Server 2008"; "" for all. */
const char *catalog_windows_name(enum catalog_windows);
/* The n-th, NULL past the end. */
const struct catalog_service *catalog_service_at(size_t n);
/* By its name, its title or another name, in any case; NULL: none. */
const struct catalog_service *catalog_service_named(const char *);
/* Whether the service offers the interface. */
bool catalog_service_offers(const struct catalog_service *, const struct catalog_interface *);
/* Whether the service always has this port, which is none of a range. */
bool catalog_service_has_port(const struct catalog_service *, uint32_t port);

#endif
