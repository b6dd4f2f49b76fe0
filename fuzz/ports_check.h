/* SPDX-License-Identifier: MIT */
/* What holds of every port policy, whatever it was read from. */
#ifndef FUZZ_PORTS_CHECK_H
#define FUZZ_PORTS_CHECK_H

#include "ports/policy.h"

/* Takes the configuration over. `n_lines` is how many lines its text has; 0: it has none. */
void ports_check(struct ports_config *take_config, unsigned n_lines);

/* The first byte says which allocation fails (0: none), the rest is what `parse` reads. */
void ports_check_text(void (*parse)(struct ports_config *, const char *bytes, size_t len),
	const uint8_t *bytes, size_t len);

#endif
