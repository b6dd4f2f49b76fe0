/* SPDX-License-Identifier: MIT */
#include "ports/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

#define RANGE "sys/net/ipv4/ip_local_port_range"
#define RESERVED "sys/net/ipv4/ip_local_reserved_ports"
#define TEXT_MAX (1u << 19) /* every other port: 32768 of "65535," */

/* The text of a small file, from the heap; NULL: there is none. */
static char *
file_text(const char *proc, const char *name)
{
	char path[300], *text = mem_alloc(TEXT_MAX);
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	f = text ? fopen(path, "re") : NULL;
	if (!f) {
		mem_free(text);
		return NULL;
	}
	n = fread(text, 1, TEXT_MAX - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static bool
range_parse(const char *text, struct ports_kernel *ret)
{
	char *end;
	unsigned long first = strtoul(text, &end, 10), last;

	if (end == text)
		return false;
	text = end;
	last = strtoul(text, &end, 10);
	if (end == text || first > last || last > UINT16_MAX)
		return false;
	ret->first = (uint16_t)first;
	ret->last = (uint16_t)last;
	return true;
}

void
ports_kernel_read(const char *proc, struct ports_kernel *ret)
{
	char *range = file_text(proc, RANGE), *reserved = file_text(proc, RESERVED);

	memset(ret, 0, sizeof(*ret));
	ret->is_known = range && reserved && range_parse(range, ret) &&
			port_set_parse(reserved, &ret->reserved);
	mem_free(range);
	mem_free(reserved);
}

void
ports_kernel_overlap(
	const struct ports_kernel *kernel, const struct port_set *set, struct port_set *ret)
{
	struct port_set given = {0};

	if (kernel->is_known)
		port_set_add(&given, kernel->first, kernel->last);
	port_set_remove(&given, &kernel->reserved);
	port_set_keep(&given, set);
	*ret = given;
}

char *
ports_kernel_line(const struct ports_kernel *kernel, const struct port_set *set)
{
	static const char name[] = PORTS_SYSCTL " = ";
	struct port_set all = kernel->reserved;
	size_t need;
	char *line;

	for (size_t i = 0; i < PORT_SET_WORDS; i++)
		all.bits[i] |= set->bits[i];
	need = port_set_format(&all, NULL, 0);
	line = mem_alloc(sizeof(name) + need);
	if (!line)
		return NULL;
	memcpy(line, name, sizeof(name));
	port_set_format(&all, line + sizeof(name) - 1, need + 1);
	return line;
}

static sp_status
file_write(const char *path, const char *text, const char *what, struct sp_error *reterr)
{
	FILE *f = fopen(path, "we");
	int error = f ? 0 : errno;

	if (f && fprintf(f, "%s\n", text) < 0)
		error = errno;
	if (f && fclose(f) && !error)
		error = errno;
	if (!error)
		return 0;
	return error_errno(reterr, SP_PHASE_NONE,
		error == EACCES || error == EPERM || error == EROFS ? ERROR_ACCESS_DENIED
								    : RPC_S_INVALID_ARG,
		error, "reserve ports in %.200s - %s - %s", path, strerror(error), what);
}

sp_status
ports_kernel_apply(const struct ports_kernel *kernel, const struct port_set *set, const char *proc,
	const char *path, struct sp_error *reterr)
{
	char *line = ports_kernel_line(kernel, set), *text = NULL, live[300];
	sp_status status;

	if (!line)
		return error_no_memory(reterr);
	snprintf(live, sizeof(live), "%s/" RESERVED, proc);
	status = file_write(live, line + sizeof(PORTS_SYSCTL " = ") - 1,
		"nothing was changed; it takes root", reterr);
	if (!status && path) {
		text = mem_printf("# Ports of dynamic RPC endpoints, kept from outgoing "
				  "connections: sallyport ports check --apply\n%s",
			line);
		status =
			text ? file_write(path, text,
				       "they are reserved until the next start of the machine only",
				       reterr)
			     : error_no_memory(reterr);
	}
	mem_free(text);
	mem_free(line);
	return status;
}
