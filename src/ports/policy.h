/* SPDX-License-Identifier: MIT */
/*
 * Windows' port policy for dynamic endpoints: the values of HKLM\Software\Microsoft\Rpc\Internet and what
 * they mean for a server that asks for an internet port, an intranet port or whatever is the default
 * (KB 154596 and "Configuring the Registry for Port Allocations and Selective Binding").
 */
#ifndef PORTS_POLICY_H
#define PORTS_POLICY_H

#include <sallyport/error.h>

#define PORTS_DYNAMIC_FIRST 49152 /* since Windows Vista and Server 2008 */
#define PORTS_DYNAMIC_LAST 65535

/* A set of ports: one bit each. */
struct port_set {
	uint64_t bits[1024];
};
bool port_set_has(const struct port_set *, uint16_t port);
void port_set_add(struct port_set *, uint16_t first, uint16_t last);
uint32_t port_set_count(const struct port_set *);

enum ports_kind { PORTS_DEFAULT, PORTS_INTERNET, PORTS_INTRANET }; /* what the server asks for */

enum ports_value { PORTS_ABSENT, PORTS_NO, PORTS_YES };

/* The configuration as it was written; strings are the caller's. */
struct ports_config {
	const char *source; /* file name for messages, or NULL */
	const char *const
		*ports; /* n_ports entries "5984", "5000-5100"; NULL: the value is absent */
	size_t n_ports;
	const unsigned *lines;                /* n_ports line numbers, or NULL */
	const char *ports_internet_available; /* "Y", "n", ...; NULL absent */
	const char *use_internet_ports;
};

struct ports_policy {
	bool configured; /* false: nothing configured, every request gets the whole dynamic range */
	bool valid;      /* false: every dynamic request fails with 87 */
	struct port_set inside;  /* what Ports lists */
	struct port_set outside; /* the default dynamic range without it */
	bool internet_available, use_internet;
	struct sp_error why_invalid; /* names source, line, entry */
};

/* Never fails: an invalid configuration is a policy that refuses (valid == false). */
void ports_policy_set(struct ports_policy *ret, const struct ports_config *);
/* Reads the YAML file; an absent file is "not configured". An unreadable one is invalid. */
void ports_policy_read(struct ports_policy *ret, const char *path);
/* The set a request may choose from. RPC_S_INVALID_ARG (87) when the policy is invalid. */
SP_NODISCARD sp_status ports_policy_choose(const struct ports_policy *, enum ports_kind,
	const struct port_set **ret_set, struct sp_error *reterr);

/*
 * Tries the ports of the set in an unpredictable order, each at most once, until `take` says it got it
 * (0), that the port is in use (EADDRINUSE, EACCES: the next one), or another errno (give up).
 * RPC_S_OUT_OF_RESOURCES (1721) when none is free, with the size of the range in the sentence.
 */
SP_NODISCARD sp_status ports_allocate(const struct port_set *,
	int (*take)(void *arg, uint16_t port), void *arg, uint16_t *ret_port,
	struct sp_error *reterr);

#endif
