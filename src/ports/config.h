/* SPDX-License-Identifier: MIT */
/*
 * A port policy as it was written: text with its places, nothing judged yet. It comes from our own YAML, from a text
 * that Windows' registry editor exported, or from a registry hive (hive.h, which servers do not link).
 */
#ifndef PORTS_CONFIG_H
#define PORTS_CONFIG_H

#include "ports/finding.h"

#define PORTS_FILE_MAX (8u << 20) /* bytes: an export of a whole branch of the registry */
#define PORTS_FIXED_MAX 1024

enum ports_form { PORTS_YAML, PORTS_REG, PORTS_HIVE };
const char *ports_form_name(enum ports_form); /* "YAML file", ...; static */

enum ports_value {
	PORTS_VALUE_PORTS,
	PORTS_VALUE_INTERNET_AVAILABLE,
	PORTS_VALUE_USE_INTERNET,
	PORTS_VALUE_BIND,
	PORTS_VALUE_FIXED,
	PORTS_N_VALUES
};
/* As people of that form write it: "ports_internet_available", "PortsInternetAvailable". Static. */
const char *ports_value_name(enum ports_form, enum ports_value);

struct ports_text {
	const char *text; /* NULL: absent */
	struct ports_place place;
};

struct ports_list {
	struct ports_text *items;
	size_t n;
	bool is_present;
	struct ports_place place;
};

struct ports_pair { /* a fixed port */
	struct ports_text interface, port;
};

struct ports_config {
	const char *source; /* name of the file, for messages */
	enum ports_form form;
	bool is_absent; /* there is no such file */
	struct ports_list ports, bind;
	struct ports_text internet_available, use_internet;
	struct ports_pair *fixed;
	size_t n_fixed;
	bool mentioned
		[PORTS_N_VALUES]; /* there, but not readable: no need to say that it is missing */
	/* what is wrong with a value's type, as long as no later line replaces it; NULL text: nothing */
	struct ports_text misfits[PORTS_N_VALUES];
	struct ports_findings findings;
	struct arena arena; /* of all the strings */
};

void ports_config_init(struct ports_config *, const char *source);
void ports_config_fini(struct ports_config *); /* fine on a zeroed struct */

/* Never fail: what is wrong is among the findings. */
void ports_config_read(struct ports_config *, const char *path);
void ports_config_parse(
	struct ports_config *, const char *bytes, size_t len); /* finds out the form */
void ports_yaml_parse(struct ports_config *, const char *bytes, size_t len);
void ports_reg_parse(struct ports_config *, const char *bytes, size_t len);

/* For those who read: false, and a finding, when memory is out. */
SP_NODISCARD bool ports_list_append(struct ports_config *, struct ports_list *, const char *text,
	size_t len, struct ports_place);
SP_NODISCARD bool ports_text_set(struct ports_config *, struct ports_text *, const char *text,
	size_t len, struct ports_place);
/* A pair of the same interface is replaced. */
SP_NODISCARD bool ports_fixed_set(struct ports_config *, const char *interface,
	size_t interface_len, struct ports_place, const char *port, size_t port_len,
	struct ports_place port_place);

#endif
