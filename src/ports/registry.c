/* SPDX-License-Identifier: MIT */
#include "ports/registry.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf16.h"

#define PATH_MAX_LEN 300

static const struct registry_key keys[] = {
	{"Software", "", "Microsoft\\Rpc\\Internet", PORTS_VALUE_PORTS, NULL},
	/* ours: fixed ports that Windows has no value for. It does not look there. */
	{"Software", "", "Sallyport\\FixedPorts", PORTS_VALUE_FIXED, NULL},
	{"System", "Services\\", "Rpc\\Linkage", PORTS_VALUE_BIND, NULL},
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

const char *
registry_type_name(uint32_t type)
{
	static const char *const names[] = {"REG_NONE", "REG_SZ", "REG_EXPAND_SZ", "REG_BINARY",
		"REG_DWORD", "REG_DWORD_BIG_ENDIAN", "REG_LINK", "REG_MULTI_SZ"};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "of an unknown type";
}

/* --- keys --- */

bool
registry_key_at(size_t n, struct registry_key *ret)
{
	if (n < N_KEYS) {
		*ret = keys[n];
		return true;
	}
	n -= N_KEYS;
	for (const struct ports_service *s = ports_services; s->name; s++) {
		if (!s->key || n-- > 0)
			continue;
		*ret = (struct registry_key){"System", "Services\\", s->key, PORTS_VALUE_FIXED, s};
		return true;
	}
	return false;
}

char *
registry_key_format(const struct registry_key *key, char *ret, size_t cap)
{
	snprintf(ret, cap, "HKEY_LOCAL_MACHINE\\%s\\%s%s%s", key->hive,
		*key->above ? "CurrentControlSet\\" : "", key->above, key->path);
	return ret;
}

/* A path with the long name of its root, and the control set as the current one. */
static void
path_normalise(const char *path, char *ret, size_t cap)
{
	static const char set[] = "System\\ControlSet", root[] = "HKEY_LOCAL_MACHINE\\";
	const size_t len = sizeof(set) - 1;

	if (!strncasecmp(path, root, sizeof(root) - 1))
		path += sizeof(root) - 1;
	else if (!strncasecmp(path, "HKLM\\", 5))
		path += 5;
	if (!strncasecmp(path, set, len) && isdigit((unsigned char)path[len]) &&
		isdigit((unsigned char)path[len + 1]) && isdigit((unsigned char)path[len + 2]))
		snprintf(ret, cap, "%sSystem\\CurrentControlSet%s", root, path + len + 3);
	else
		snprintf(ret, cap, "%s%s", root, path);
}

bool
registry_key_find(const char *path, struct registry_key *ret)
{
	char wanted[PATH_MAX_LEN], known[PATH_MAX_LEN];
	struct registry_key key;

	path_normalise(path, wanted, sizeof(wanted));
	for (size_t i = 0; registry_key_at(i, &key); i++) {
		if (!strcasecmp(registry_key_format(&key, known, sizeof(known)), wanted)) {
			*ret = key;
			return true;
		}
	}
	return false;
}

/* --- text --- */

static bool
wrong_type(struct ports_config *c, enum ports_value value, const char *name,
	const struct registry_data *d, uint32_t needs)
{
	char what[200];
	int len = snprintf(what, sizeof(what), "%.100s is %s, not %s", name,
		registry_type_name(d->type), registry_type_name(needs));

	c->mentioned[value] = true;
	return ports_text_set(c, &c->misfits[value], what, (size_t)len, d->place);
}

/* The characters of a value as UTF-8, NULs among them; *ret_at has where each byte of them comes from. */
struct characters {
	char *text;
	size_t len;
	size_t *from; /* the offset in the value's bytes */
};

/* The two halves of a character beyond the first 65536. */
static bool
is_pair(const uint16_t *units, size_t i, size_t n)
{
	return (units[i] & 0xfc00) == 0xd800 && i + 1 < n && (units[i + 1] & 0xfc00) == 0xdc00;
}

static bool
characters_read(struct ports_config *c, const struct registry_data *d, struct characters *ret)
{
	size_t n = d->is_narrow ? d->n_bytes : d->n_bytes / 2, step = d->is_narrow ? 1 : 2;
	uint16_t *units = arena_alloc(&c->arena, n + 1, sizeof(*units));
	char *text = arena_alloc(&c->arena, 3 * n + 1, 1);
	size_t *from = arena_alloc(&c->arena, 3 * n + 1, sizeof(*from)), len = 0;

	if (!units || !text || !from) {
		ports_find(&c->findings, PORTS_FAULT_UNREADABLE, d->place, NULL,
			"there is not enough memory to read it");
		return false;
	}
	if (!d->is_narrow)
		utf16_from_le(d->bytes, n, units);
	for (size_t i = 0; i < n; i++) {
		uint16_t unit = d->is_narrow ? d->bytes[i] : units[i];
		size_t at = i, took = 1;

		units[i] = unit;
		if (is_pair(units, i, n))
			took = utf16_to_utf8(units + i++, 2, text + len, 5);
		else if (unit)
			took = utf16_to_utf8(&unit, 1, text + len, 4);
		for (size_t k = 0; k < took; k++)
			from[len++] = at * step;
	}
	*ret = (struct characters){text, len, from};
	return true;
}

static struct ports_place
byte_place(const struct registry_data *d, size_t byte)
{
	if (!d->lines || byte >= d->n_bytes || d->lines[byte] == d->place.line)
		return d->place;
	return (struct ports_place){.line = d->lines[byte]};
}

static void
value_forget(struct ports_config *c, enum ports_value value)
{
	c->mentioned[value] = false;
	c->misfits[value].text = NULL;
}

static bool
text_take(struct ports_config *c, const char *name, const struct registry_data *d,
	struct ports_text *ret, enum ports_value value)
{
	struct characters chars;

	*ret = (struct ports_text){0};
	value_forget(c, value);
	if (d->type != REGISTRY_SZ)
		return wrong_type(c, value, name, d, REGISTRY_SZ);
	if (d->text)
		return ports_text_set(c, ret, d->text, d->text_len, d->place);
	return characters_read(c, d, &chars) &&
	       ports_text_set(c, ret, chars.text, strnlen(chars.text, chars.len), d->place);
}

/* Strings with a NUL behind each; an empty one ends the list ([MS-RRP] 2.2.9). */
static bool
strings_take(struct ports_config *c, const char *name, const struct registry_data *d,
	struct ports_list *ret, enum ports_value value)
{
	struct characters chars;
	size_t at = 0;

	*ret = (struct ports_list){0};
	value_forget(c, value);
	if (d->type != REGISTRY_MULTI_SZ)
		return wrong_type(c, value, name, d, REGISTRY_MULTI_SZ);
	ret->is_present = true;
	ret->place = d->place;
	if (!characters_read(c, d, &chars))
		return false;
	while (at < chars.len && chars.text[at]) {
		size_t len = strnlen(chars.text + at, chars.len - at);

		if (!ports_list_append(c, ret, chars.text + at, len, byte_place(d, chars.from[at])))
			return false;
		at += len + 1;
	}
	/* a list of one empty string says "nothing", as the key with the value "" does */
	if (ret->n == 0 && d->n_bytes > 0 && value == PORTS_VALUE_BIND)
		return ports_list_append(c, ret, "", 0, d->place);
	return true;
}

/* --- values --- */

static enum ports_value
internet_value(const char *name)
{
	for (int value = PORTS_VALUE_PORTS; value <= PORTS_VALUE_USE_INTERNET; value++)
		if (!strcasecmp(ports_value_name(PORTS_REG, (enum ports_value)value), name))
			return (enum ports_value)value;
	return PORTS_N_VALUES;
}

bool
registry_value_matters(const struct registry_key *key, const char *name)
{
	switch (key->value) {
	case PORTS_VALUE_PORTS: return internet_value(name) != PORTS_N_VALUES;
	case PORTS_VALUE_BIND:
		return !strcasecmp(name, ports_value_name(PORTS_REG, PORTS_VALUE_BIND));
	case PORTS_VALUE_FIXED: return !key->service || !strcasecmp(name, key->service->value);
	default: return false;
	}
}

static bool
fixed_take(struct ports_config *c, const struct registry_key *key, const char *name,
	const struct registry_data *d)
{
	const char *interface = key->service ? key->service->name : name;
	char port[16];
	int len = snprintf(port, sizeof(port), "%u", d->number);

	if (d->type != REGISTRY_DWORD)
		return wrong_type(c, PORTS_VALUE_FIXED, name, d, REGISTRY_DWORD);
	/* 0 means that there is none */
	if (key->service && d->number == 0)
		return true;
	return ports_fixed_set(
		c, interface, strlen(interface), d->place, port, (size_t)len, d->place);
}

bool
registry_value_take(struct ports_config *c, const struct registry_key *key, const char *name,
	const struct registry_data *d)
{
	if (!registry_value_matters(key, name))
		return true;
	if (key->value == PORTS_VALUE_FIXED)
		return fixed_take(c, key, name, d);
	if (key->value == PORTS_VALUE_BIND)
		return strings_take(c, name, d, &c->bind, PORTS_VALUE_BIND);
	switch (internet_value(name)) {
	case PORTS_VALUE_PORTS: return strings_take(c, name, d, &c->ports, PORTS_VALUE_PORTS);
	case PORTS_VALUE_INTERNET_AVAILABLE:
		return text_take(
			c, name, d, &c->internet_available, PORTS_VALUE_INTERNET_AVAILABLE);
	default: return text_take(c, name, d, &c->use_internet, PORTS_VALUE_USE_INTERNET);
	}
}

/* Whether a fixed port stands in this key: those of services have keys of their own. */
static bool
is_of_key(const struct registry_key *key, const char *interface)
{
	if (key->service)
		return !strcasecmp(interface, key->service->name);
	for (const struct ports_service *s = ports_services; s->name; s++)
		if (s->key && !strcasecmp(s->name, interface))
			return false;
	return true;
}

/* The fixed port of this name in the key; NULL: all of the key. */
static void
fixed_delete(struct ports_config *c, const struct registry_key *key, const char *interface)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_fixed; i++) {
		const char *text = c->fixed[i].interface.text;

		if (!is_of_key(key, text) || (interface && strcasecmp(text, interface) != 0))
			c->fixed[n++] = c->fixed[i];
	}
	c->n_fixed = n;
}

void
registry_value_delete(struct ports_config *c, const struct registry_key *key, const char *name)
{
	enum ports_value value =
		key->value == PORTS_VALUE_PORTS ? internet_value(name) : key->value;

	if (!registry_value_matters(key, name))
		return;
	if (value == PORTS_VALUE_FIXED) {
		fixed_delete(c, key, key->service ? NULL : name);
		return;
	}
	value_forget(c, value);
	switch (value) {
	case PORTS_VALUE_PORTS: c->ports = (struct ports_list){0}; break;
	case PORTS_VALUE_BIND: c->bind = (struct ports_list){0}; break;
	case PORTS_VALUE_INTERNET_AVAILABLE: c->internet_available.text = NULL; break;
	default: c->use_internet.text = NULL; break;
	}
}

static void
values_delete(struct ports_config *c, const struct registry_key *key)
{
	if (key->value == PORTS_VALUE_FIXED) {
		fixed_delete(c, key, NULL);
		return;
	}
	for (int value = PORTS_VALUE_PORTS; value <= PORTS_VALUE_BIND; value++)
		registry_value_delete(c, key, ports_value_name(PORTS_REG, (enum ports_value)value));
}

void
registry_key_delete(struct ports_config *c, const char *path)
{
	char wanted[PATH_MAX_LEN], known[PATH_MAX_LEN];
	struct registry_key key;
	size_t len;

	path_normalise(path, wanted, sizeof(wanted));
	len = strlen(wanted);
	for (size_t i = 0; registry_key_at(i, &key); i++) {
		registry_key_format(&key, known, sizeof(known));
		if (!strncasecmp(known, wanted, len) && (!known[len] || known[len] == '\\'))
			values_delete(c, &key);
	}
}
