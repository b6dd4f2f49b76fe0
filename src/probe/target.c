/* SPDX-License-Identifier: MIT */
#include "probe/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "catalog/interfaces.h"
#include "wire/tower.h"

/* "ncacn_ip_tcp:...", "object@ncalrpc:..."; "2001:db8::1" and "host" are not */
static bool
is_string_binding(const char *text)
{
	const char *at = strchr(text, '@'), *start = at ? at + 1 : text;
	const char *colon = strchr(start, ':');
	char name[32];

	if (at)
		return true;
	if (!colon || (size_t)(colon - start) >= sizeof(name))
		return false;
	memcpy(name, start, (size_t)(colon - start));
	name[colon - start] = '\0';
	return strncmp(name, "ncacn_", 6) == 0 || strncmp(name, "ncadg_", 6) == 0 ||
	       protseq_from_name(name) != PROTSEQ_UNKNOWN;
}

static char *
without_brackets(const char *text)
{
	size_t n = strlen(text);
	char *host;

	if (n < 2 || text[0] != '[' || text[n - 1] != ']')
		return mem_strdup(text);
	host = mem_strdup(text + 1);
	if (host)
		host[n - 2] = '\0';
	return host;
}

static sp_status
host_parse(const char *text, sp_binding **ret, struct sp_error *reterr)
{
	char *host = without_brackets(text), *composed = NULL;
	sp_status status =
		host ? sp_binding_compose(NULL, "ncacn_ip_tcp", host, NULL, NULL, &composed)
		     : error_no_memory(reterr);

	if (!status)
		status = sp_binding_parse(composed, ret, reterr);
	else if (reterr)
		error_set(reterr, SP_PHASE_NONE, status,
			"take \"%.100s\" for a host - it cannot stand in a string binding - give a "
			"name, an address or a string binding",
			text);
	free(composed);
	mem_free(host);
	return status;
}

sp_status
target_parse(const char *text, sp_binding **ret, struct sp_error *reterr)
{
	if (!*text) {
		error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_NET_ADDR,
			"take \"\" for a host - it is empty - give a name, an address or a string "
			"binding");
		return RPC_S_INVALID_NET_ADDR;
	}
	if (is_string_binding(text))
		return sp_binding_parse(text, ret, reterr);
	return host_parse(text, ret, reterr);
}

static sp_status
compose(const sp_binding *b, const char *endpoint, char **ret_text, struct sp_error *reterr)
{
	sp_status status = sp_binding_compose(b->has_object ? &b->object : NULL, b->protseq,
		b->address, endpoint, b->options, ret_text);

	if (status)
		error_set(reterr, SP_PHASE_NONE, status,
			"compose a string binding with the endpoint \"%.100s\" - refused - no "
			"memory, or a "
			"part that no binding may have",
			endpoint ? endpoint : "");
	return status;
}

sp_status
target_mapper(const char *text, uint16_t mapper_port, char **ret_text, struct sp_error *reterr)
{
	const char *endpoint;
	sp_binding *binding = NULL;
	char port[8];
	sp_status status = target_parse(text, &binding, reterr);

	if (status)
		return status;
	snprintf(port, sizeof(port), "%u", mapper_port ? mapper_port : 135u);
	endpoint = *binding->endpoint                     ? binding->endpoint
		   : !strcmp(binding->protseq, "ncalrpc") ? "epmapper"
							  : port;
	status = compose(binding, endpoint, ret_text, reterr);
	sp_binding_free(binding);
	return status;
}

sp_status
target_binding(const char *text, char **ret_text, struct sp_error *reterr)
{
	sp_binding *binding = NULL;
	sp_status status = target_parse(text, &binding, reterr);

	if (status)
		return status;
	status = compose(binding, binding->endpoint, ret_text, reterr);
	sp_binding_free(binding);
	return status;
}

/* Decimal digits up to `end`; false when there are none or they do not fit. */
static bool
number_parse(const char **p, uint16_t *ret)
{
	unsigned long n = 0;
	const char *start = *p;

	for (; **p >= '0' && **p <= '9'; (*p)++) {
		n = n * 10 + (unsigned long)(**p - '0');
		if (n > UINT16_MAX)
			return false;
	}
	*ret = (uint16_t)n;
	return *p > start;
}

/* "4" or "4.0", to the end of the text */
static bool
version_parse(const char *p, struct sp_syntax_id *id)
{
	if (!number_parse(&p, &id->major))
		return false;
	if (*p == '.') {
		p++;
		if (!number_parse(&p, &id->minor))
			return false;
	}
	return !*p;
}

/* What the catalogue knows by this name or UUID, and the version of. */
static bool
interface_known(const char *text, struct sp_syntax_id *ret)
{
	const struct catalog_interface *known = catalog_interface_named(text);
	struct sp_syntax_id id = {0};

	if (!known && sp_uuid_parse(text, &id.uuid))
		known = catalog_interface_find(&id.uuid);
	if (!known || !known->version || !version_parse(known->version, &id))
		return false;
	id.uuid = known->uuid;
	*ret = id;
	return true;
}

bool
target_interface(const char *text, struct sp_syntax_id *ret)
{
	const char *comma = strchr(text, ',');
	struct sp_syntax_id id = {0};
	char uuid[SP_UUID_TEXT + 2];

	if (!comma)
		return interface_known(text, ret);
	if ((size_t)(comma - text) >= sizeof(uuid))
		return false;
	memcpy(uuid, text, (size_t)(comma - text));
	uuid[comma - text] = '\0';
	if (!sp_uuid_parse(uuid, &id.uuid) || !version_parse(comma + 1, &id))
		return false;
	*ret = id;
	return true;
}
