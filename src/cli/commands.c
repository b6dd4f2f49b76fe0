/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <string.h>

const struct command *const commands[] = {
	&command_doctor,
	&command_endpoints,
	&command_explain,
	&command_interfaces,
	&command_ping,
	&command_portqry,
	&command_ports,
	&command_resolve,
	&command_rpcdump,
	&command_rpcping,
	NULL,
};

const struct command *
command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}
