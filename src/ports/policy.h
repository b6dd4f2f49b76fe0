/* SPDX-License-Identifier: MIT */
/*
 * Windows' port policy for dynamic endpoints: the values of HKLM\Software\Microsoft\Rpc\Internet and what
 * they mean for a server that asks for an internet port, an intranet port or whatever is the default
 * (KB 154596 and "Configuring the Registry for Port Allocations and Selective Binding").
 */
#ifndef PORTS_POLICY_H
#define PORTS_POLICY_H

#include <sallyport/error.h>

#include "ports/config.h"
#include "ports/fixed.h"
#include "ports/kernel.h"
#include "ports/set.h"

#define PORTS_DYNAMIC_FIRST 49152u /* since Windows Vista and Server 2008 */
#define PORTS_DYNAMIC_LAST 65535u
#define PORTS_FEWEST 100 /* that KB 154596 advises */
#define PORTS_LOWEST 5001

enum ports_kind { PORTS_DEFAULT, PORTS_INTERNET, PORTS_INTRANET }; /* what the server asks for */
const char *ports_kind_name(enum ports_kind); /* "default", "internet", "intranet" */

struct ports_policy {
	bool configured; /* false: no ports listed, every request gets the whole dynamic range */
	bool valid;      /* false: every dynamic request fails with 87 */
	struct port_set inside;  /* what Ports lists */
	struct port_set outside; /* the default dynamic range without it */
	bool internet_available, use_internet;
	struct ports_fixed *fixed; /* config's arena */
	size_t n_fixed;
	struct sp_error why_invalid; /* names file, line, entry and remedy */
	struct ports_config config;  /* what it was made of, and what was found */
};

/* Never fails: an invalid configuration is a policy that refuses (valid == false). An absent file is no policy. */
void ports_policy_read(struct ports_policy *ret, const char *path);
/* The same of a configuration that was read already; it is taken over. */
void ports_policy_judge(struct ports_policy *ret, struct ports_config *take_config);
void ports_policy_fini(struct ports_policy *);

/* What works but will not work well, among the findings. `has_device` says whether a network interface is there (NULL: all are). */
void ports_policy_warn(
	struct ports_policy *, const struct ports_kernel *, bool (*has_device)(const char *name));

/* The set a request may choose from. RPC_S_INVALID_ARG (87) when the policy is invalid. */
SP_NODISCARD sp_status ports_policy_choose(const struct ports_policy *, enum ports_kind,
	const struct port_set **ret_set, struct sp_error *reterr);

/* Every port that the policy names, listed or fixed. */
void ports_policy_named(const struct ports_policy *, struct port_set *ret);

/* A finding as one line: "FILE:LINE:COLUMN: what "entry"". Returns ret. */
char *ports_finding_format(
	const struct ports_config *, const struct ports_finding *, char *ret, size_t cap);

#endif
