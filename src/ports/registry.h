/* SPDX-License-Identifier: MIT */
/* Where Windows' registry keeps a port policy, and what its values come to. For those who read exports and hives. */
#ifndef PORTS_REGISTRY_H
#define PORTS_REGISTRY_H

#include "ports/config.h"
#include "ports/fixed.h"

/* [MS-RRP] 2.2.9 */
enum registry_type {
	REGISTRY_SZ = 1,
	REGISTRY_EXPAND_SZ = 2,
	REGISTRY_BINARY = 3,
	REGISTRY_DWORD = 4,
	REGISTRY_MULTI_SZ = 7,
};
const char *registry_type_name(uint32_t type); /* "REG_SZ"; static */

/* A key that has something to say about ports. */
struct registry_key {
	const char *hive;  /* "Software" or "System" */
	const char *above; /* "", or "Services\\" below the control set */
	const char *path;  /* below that */
	enum ports_value value;
	const struct ports_service
		*service; /* of a fixed port; NULL: each value's name is an interface */
};
/* The n-th; false past the end. */
bool registry_key_at(size_t n, struct registry_key *ret);
/* "HKEY_LOCAL_MACHINE\Software\Microsoft\Rpc\Internet". Returns ret. */
char *registry_key_format(const struct registry_key *, char *ret, size_t cap);
/* By such a path; ControlSet001 counts as CurrentControlSet. False: it has nothing to say. */
bool registry_key_find(const char *path, struct registry_key *ret);

/* The data of a value: either bytes as the registry has them, or a string or number read already. */
struct registry_data {
	uint32_t type;
	const char *text; /* REGISTRY_SZ from an export: UTF-8; NULL: see bytes */
	size_t text_len;
	const uint8_t *bytes;
	size_t n_bytes;
	const unsigned *lines; /* of each byte; NULL: all at place */
	bool is_narrow;        /* characters of one byte: exports of Windows 9x and NT 4 */
	uint32_t number;       /* REGISTRY_DWORD */
	struct ports_place place;
};

/* Whether a key's value of that name means something. */
bool registry_value_matters(const struct registry_key *, const char *name);
/* False: no memory; that is among the findings. A value that was there is replaced. */
SP_NODISCARD bool registry_value_take(struct ports_config *, const struct registry_key *,
	const char *name, const struct registry_data *);
void registry_value_delete(struct ports_config *, const struct registry_key *, const char *name);
/* The key with everything below it. */
void registry_key_delete(struct ports_config *, const char *path);

#endif
