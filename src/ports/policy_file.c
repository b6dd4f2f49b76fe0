/* SPDX-License-Identifier: MIT */
/* The policy as a YAML file: ports, ports_internet_available, use_internet_ports. */
#include <cyaml/cyaml.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "ports/policy.h"

struct file {
	char **ports;
	unsigned ports_count;
	char *ports_internet_available;
	char *use_internet_ports;
};

static const cyaml_schema_value_t entry_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static const cyaml_schema_field_t fields[] = {
	CYAML_FIELD_SEQUENCE("ports", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file, ports,
		&entry_schema, 0, 65536),
	CYAML_FIELD_STRING_PTR("ports_internet_available", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct file, ports_internet_available, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("use_internet_ports", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct file, use_internet_ports, 0, CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file, fields)};

/* The first complaint of the parser; what follows is its backtrace. */
struct complaint {
	char text[160];
};

static void
on_log(cyaml_log_t level, void *arg, const char *fmt, va_list args)
{
	struct complaint *complaint = arg;
	size_t len = strlen(complaint->text);

	if (level < CYAML_LOG_ERROR || len > 120)
		return;
	vsnprintf(complaint->text + len, sizeof(complaint->text) - len, fmt, args);
	for (char *p = complaint->text + len; *p; p++) {
		if (*p == '\n')
			*p = ' ';
	}
}

static void
refuse(struct ports_policy *ret, const char *path, const char *why)
{
	memset(ret, 0, sizeof(*ret));
	ret->configured = true;
	error_set(&ret->why_invalid, SP_PHASE_NONE, RPC_S_INVALID_ARG,
		"read the port policy %.120s - %.160s - the parameter is incorrect: no dynamic "
		"endpoint can be made until it is corrected",
		path, why);
}

static void
policy_of(struct ports_policy *ret, const char *path, const struct file *file)
{
	static const char *const none[1];
	struct ports_config c = {
		.source = path,
		.n_ports = file->ports_count,
		.ports_internet_available = file->ports_internet_available,
		.use_internet_ports = file->use_internet_ports,
	};

	if (file->ports)
		c.ports = (const char *const *)file->ports;
	else if (c.ports_internet_available || c.use_internet_ports)
		c.ports = NULL;
	else
		c.ports = none; /* a file that says nothing is a mistake, not an absent file */
	ports_policy_set(ret, &c);
}

void
ports_policy_read(struct ports_policy *ret, const char *path)
{
	struct complaint complaint = {""};
	cyaml_config_t config = {
		.log_fn = on_log,
		.log_ctx = &complaint,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
	};
	struct file *file = NULL;
	cyaml_err_t error;

	if (access(path, R_OK) != 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			ports_policy_set(ret, &(struct ports_config){.source = path});
		else
			refuse(ret, path, strerror(errno));
		return;
	}
	error = cyaml_load_file(path, &config, &schema, (cyaml_data_t **)&file, NULL);
	if (error || !file)
		refuse(ret, path, complaint.text[0] ? complaint.text : cyaml_strerror(error));
	else
		policy_of(ret, path, file);
	cyaml_free(&config, &schema, file, 0);
}
