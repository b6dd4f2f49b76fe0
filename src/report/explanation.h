/* SPDX-License-Identifier: MIT */
/* What the catalogue knows, shown. All but `what` of the unknown is our own text. */
#ifndef REPORT_EXPLANATION_H
#define REPORT_EXPLANATION_H

#include "catalog/meanings.h"

/* Something that the catalogue does not have. */
struct report_unknown {
	const char *what; /* as typed */
	bool is_number;
	uint32_t number;
	const char *const *near; /* names that may have been meant */
	size_t n_near;
};

struct report;

struct explanation_renderer {
	void (*meaning)(struct report *, const struct meaning *);
	void (*unknown)(struct report *, const struct report_unknown *);
};
extern const struct explanation_renderer explanation_renderer_text, explanation_renderer_json;

#endif
