/* SPDX-License-Identifier: MIT */
#include "ports/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/mem.h"

#define MEMORY_MAX (64u << 20)

const char *
ports_form_name(enum ports_form form)
{
	static const char *const names[] = {"YAML file", "registry export", "registry hive"};

	return names[form];
}

const char *
ports_value_name(enum ports_form form, enum ports_value value)
{
	static const char *const names[][2] = {
		{"ports", "Ports"},
		{"ports_internet_available", "PortsInternetAvailable"},
		{"use_internet_ports", "UseInternetPorts"},
		{"bind", "Bind"},
		{"fixed", "fixed port"},
	};

	return names[value][form == PORTS_YAML ? 0 : 1];
}

void
ports_config_init(struct ports_config *c, const char *source)
{
	*c = (struct ports_config){.source = source};
	arena_init(&c->arena, MEMORY_MAX);
	ports_findings_init(&c->findings);
}

void
ports_config_fini(struct ports_config *c)
{
	ports_findings_fini(&c->findings);
	arena_fini(&c->arena);
	*c = (struct ports_config){0};
}

/* --- filling it in --- */

static bool
out_of_memory(struct ports_config *c)
{
	ports_find(&c->findings, PORTS_FAULT_UNREADABLE, (struct ports_place){0}, NULL,
		"there is not enough memory to read it");
	ports_find_remedy(&c->findings, "free memory and try again");
	return false;
}

bool
ports_text_set(struct ports_config *c, struct ports_text *ret, const char *text, size_t len,
	struct ports_place place)
{
	char *copy = arena_alloc(&c->arena, len + 1, 1);

	if (!copy)
		return out_of_memory(c);
	memcpy(copy, text, len);
	*ret = (struct ports_text){copy, place};
	return true;
}

/* Room for one more in an array of n; doubled at each power of two, the old one stays with the arena. */
static void *
array_grow(struct ports_config *c, void *items, size_t n, size_t size)
{
	void *larger;

	if (n & (n - 1))
		return items;
	larger = arena_alloc(&c->arena, n ? n * 2 : 1, size);
	if (larger && n)
		memcpy(larger, items, n * size);
	return larger;
}

bool
ports_list_append(struct ports_config *c, struct ports_list *list, const char *text, size_t len,
	struct ports_place place)
{
	struct ports_text *larger = array_grow(c, list->items, list->n, sizeof(*larger));

	if (!larger)
		return out_of_memory(c);
	list->items = larger;
	if (!ports_text_set(c, &larger[list->n], text, len, place))
		return false;
	list->n++;
	return true;
}

bool
ports_fixed_set(struct ports_config *c, const char *interface, size_t interface_len,
	struct ports_place place, const char *port, size_t port_len, struct ports_place port_place)
{
	struct ports_pair pair = {0}, *larger;

	if (!ports_text_set(c, &pair.interface, interface, interface_len, place) ||
		!ports_text_set(c, &pair.port, port, port_len, port_place))
		return false;
	for (size_t i = 0; i < c->n_fixed; i++) {
		if (!strcasecmp(c->fixed[i].interface.text, pair.interface.text)) {
			c->fixed[i] = pair;
			return true;
		}
	}
	if (c->n_fixed == PORTS_FIXED_MAX) {
		ports_find(&c->findings, PORTS_FAULT_TOO_LONG, place, pair.interface.text,
			"there are more than %u fixed ports", PORTS_FIXED_MAX);
		return false;
	}
	larger = array_grow(c, c->fixed, c->n_fixed, sizeof(*larger));
	if (!larger)
		return out_of_memory(c);
	c->fixed = larger;
	larger[c->n_fixed++] = pair;
	return true;
}

/* --- reading --- */

/* A registry export begins with its version, in UTF-16 or not; a hive is not text at all. */
void
ports_config_parse(struct ports_config *c, const char *bytes, size_t len)
{
	static const char version5[] = "Windows Registry Editor", version4[] = "REGEDIT4";
	const char *p = bytes, *end = bytes + len;

	if (len >= 4 && !memcmp(bytes, "regf", 4)) {
		c->form = PORTS_HIVE;
		ports_find(&c->findings, PORTS_FAULT_SYNTAX, (struct ports_place){0}, NULL,
			"it is a registry hive, which servers do not read");
		ports_find_remedy(&c->findings, "sallyport ports convert --to yaml %s", c->source);
		return;
	}
	if (len >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	while (p < end && (*p == '\r' || *p == '\n' || *p == ' '))
		p++;
	if ((len >= 2 && !memcmp(bytes, "\xff\xfe", 2)) ||
		((size_t)(end - p) >= sizeof(version4) - 1 &&
			!strncasecmp(p, version4, sizeof(version4) - 1)) ||
		((size_t)(end - p) >= sizeof(version5) - 1 &&
			!strncasecmp(p, version5, sizeof(version5) - 1)))
		ports_reg_parse(c, bytes, len);
	else
		ports_yaml_parse(c, bytes, len);
}

static void
unreadable(struct ports_config *c, int error)
{
	c->is_absent = error == ENOENT || error == ENOTDIR;
	if (!c->is_absent)
		ports_find(&c->findings, PORTS_FAULT_UNREADABLE, (struct ports_place){0}, NULL,
			"it cannot be read: %s", strerror(error));
}

static void
file_parse(struct ports_config *c, FILE *f)
{
	struct stat st;
	char *bytes = NULL;
	size_t len;

	if (fstat(fileno(f), &st))
		return unreadable(c, errno);
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return unreadable(c, S_ISDIR(st.st_mode) ? EISDIR : EINVAL);
	bytes = mem_alloc(PORTS_FILE_MAX + 1);
	if (!bytes) {
		out_of_memory(c);
		return;
	}
	len = fread(bytes, 1, PORTS_FILE_MAX + 1, f);
	if (ferror(f))
		unreadable(c, errno);
	else if (len > PORTS_FILE_MAX)
		ports_find(&c->findings, PORTS_FAULT_TOO_LONG, (struct ports_place){0}, NULL,
			"it has more than %u MiB", PORTS_FILE_MAX >> 20);
	else
		ports_config_parse(c, bytes, len);
	mem_free(bytes);
}

void
ports_config_read(struct ports_config *c, const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f) {
		unreadable(c, errno);
		return;
	}
	file_parse(c, f);
	fclose(f);
}
