/* SPDX-License-Identifier: MIT */
/* A valid policy in other words. */
#ifndef PORTS_WRITE_H
#define PORTS_WRITE_H

#include <stdio.h>

#include "ports/policy.h"

enum ports_target {
	PORTS_TO_YAML,
	PORTS_TO_REG,    /* for regedit: UTF-16LE with its mark */
	PORTS_TO_NETSH,  /* commands for a Windows machine */
	PORTS_TO_SYSCTL, /* keeps the ports from outgoing connections on Linux */
	PORTS_N_TARGETS,
};
const char *ports_target_name(enum ports_target); /* "yaml", "reg", "netsh", "sysctl"; static */

/* `kernel` has what is reserved already. False: not everything could be written, or no memory. */
SP_NODISCARD bool ports_write(
	const struct ports_policy *, enum ports_target, const struct ports_kernel *, FILE *out);

#endif
