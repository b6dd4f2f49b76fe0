/* SPDX-License-Identifier: MIT */
#include "ports/hive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hivex.h>

#include "ports/registry.h"

#define CONTROL_SET 32

struct hive {
	hive_h *h;
	struct ports_config *config;
	char control_set[CONTROL_SET];
	bool go_on; /* false: no memory */
};

bool
ports_hive_is(const char *path)
{
	char magic[4] = "";
	FILE *f = fopen(path, "re");
	bool is = f && fread(magic, 1, 4, f) == 4 && !memcmp(magic, "regf", 4);

	if (f)
		fclose(f);
	return is;
}

/* 0: there is no such key. */
static hive_node_h
node_find(const struct hive *hive, hive_node_h from, const char *path)
{
	char name[100];

	while (from && *path) {
		size_t len = strcspn(path, "\\");

		if (len >= sizeof(name))
			return 0;
		memcpy(name, path, len);
		name[len] = '\0';
		from = hivex_node_get_child(hive->h, from, name);
		path += len + (path[len] == '\\');
	}
	return from;
}

/* Which of the control sets is the current one: an offline hive has only numbered ones. */
static void
control_set_find(struct hive *hive)
{
	hive_node_h select = node_find(hive, hivex_root(hive->h), "Select");
	hive_value_h current = select ? hivex_node_get_value(hive->h, select, "Current") : 0;
	int32_t n = current ? hivex_value_dword(hive->h, current) : 1;

	snprintf(hive->control_set, sizeof(hive->control_set), "ControlSet%03d",
		n >= 1 && n <= 999 ? (int)n : 1);
}

/* The key wherever the hive begins: at the root of all, at its hive's root, or at a branch that was saved. */
static hive_node_h
key_find(const struct hive *hive, const struct registry_key *key)
{
	const char *sets[] = {hive->control_set, "CurrentControlSet"};
	hive_node_h node = 0;
	char path[300];

	for (int i = 0; i < 2 && !node; i++) {
		snprintf(path, sizeof(path), "%s\\%s%s%s%s", key->hive, *key->above ? sets[i] : "",
			*key->above ? "\\" : "", key->above, key->path);
		/* with two names at least: one alone, such as Parameters, says too little */
		for (const char *p = path; p && strchr(p, '\\') && !node;
			p = strchr(p, '\\') ? strchr(p, '\\') + 1 : NULL)
			node = node_find(hive, hivex_root(hive->h), p);
	}
	if (!node && key->value == PORTS_VALUE_PORTS)
		node = node_find(hive, hivex_root(hive->h), "Internet");
	if (!node && key->value == PORTS_VALUE_PORTS &&
		hivex_node_get_value(hive->h, hivex_root(hive->h), "Ports"))
		node = hivex_root(hive->h);
	return node;
}

static bool
value_read(struct hive *hive, const struct registry_key *key, hive_value_h value, const char *name)
{
	struct registry_data data = {0};
	hive_type type;
	char *bytes;
	bool ok;

	errno = 0;
	bytes = hivex_value_value(hive->h, value, &type, &data.n_bytes);
	if (!bytes) {
		ports_find(&hive->config->findings, PORTS_FAULT_SYNTAX, (struct ports_place){0},
			name, "a value cannot be read: %s", strerror(errno));
		return true;
	}
	data.type = (uint32_t)type;
	data.bytes = (const uint8_t *)bytes;
	if (data.type == REGISTRY_DWORD)
		data.number = (uint32_t)hivex_value_dword(hive->h, value);
	ok = registry_value_take(hive->config, key, name, &data);
	free(bytes);
	return ok;
}

static void
key_read(struct hive *hive, const struct registry_key *key, hive_node_h node)
{
	hive_value_h *values = hivex_node_values(hive->h, node);

	for (size_t i = 0; values && values[i] && hive->go_on; i++) {
		char *name = hivex_value_key(hive->h, values[i]);

		if (name && registry_value_matters(key, name))
			hive->go_on = value_read(hive, key, values[i], name);
		free(name);
	}
	if (!values)
		ports_find(&hive->config->findings, PORTS_FAULT_SYNTAX, (struct ports_place){0},
			key->path, "the values of a key cannot be read");
	free(values);
}

void
ports_hive_read(struct ports_config *c, const char *path)
{
	struct hive hive = {.config = c, .go_on = true};
	struct registry_key key;
	hive_node_h node;

	c->form = PORTS_HIVE;
	hive.h = hivex_open(path, 0);
	if (!hive.h) {
		ports_find(&c->findings, PORTS_FAULT_SYNTAX, (struct ports_place){0}, NULL,
			"it cannot be read as a registry hive: %s", strerror(errno));
		ports_find_remedy(&c->findings,
			"save it again, with reg save, or export it as text with reg export");
		return;
	}
	control_set_find(&hive);
	for (size_t i = 0; hive.go_on && registry_key_at(i, &key); i++) {
		node = key_find(&hive, &key);
		if (node)
			key_read(&hive, &key, node);
	}
	hivex_close(hive.h);
}
