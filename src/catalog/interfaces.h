/* SPDX-License-Identifier: MIT */
/* What people call an interface: data/interfaces.yaml, compiled in. No state; any thread. */
#ifndef CATALOG_INTERFACES_H
#define CATALOG_INTERFACES_H

#include <sallyport/types.h>

struct catalog_interface {
	struct sp_uuid uuid;
	const char *name;    /* "samr" */
	const char *title;   /* "Security account manager" */
	const char *source;  /* "[MS-SAMR]" */
	const char *version; /* "1.0"; NULL: not told */
	const char *pipe;    /* "\pipe\samr"; NULL: none that is well known */
	const char *process; /* where Windows has it: "lsass"; NULL: not told */
};

/* NULL when nobody told us about it. Static. */
const struct catalog_interface *catalog_interface_find(const struct sp_uuid *);
/* By its name, in any case; NULL: none. */
const struct catalog_interface *catalog_interface_named(const char *name);
/* The n-th in the order of UUIDs, NULL past the end. */
const struct catalog_interface *catalog_interface_at(size_t n);

#endif
