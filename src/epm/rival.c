/* SPDX-License-Identifier: MIT */
#include "epm/rival.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "epm/sockets.h"

/* By the beginning of the process's name, the more particular first. */
static const struct remedy {
	const char *process, *what;
} remedies[] = {
	{"samba-dcerpcd",
		"Samba's RPC daemon runs on its own. Set \"rpc start on demand helpers = yes\" in "
		"[global] of smb.conf and stop the service samba-dcerpcd: smbd then starts it for "
		"named "
		"pipes only, and the port is free"},
	{"rpcd_epmapper",
		"this is Samba's endpoint mapper, a child of samba-dcerpcd. Set \"rpc start on "
		"demand "
		"helpers = yes\" in [global] of smb.conf and stop the service samba-dcerpcd"},
	{"samba", "Samba is a domain controller here, and its clients need its own mapper. Either "
		  "give "
		  "each an address: \"interfaces = lo ADDRESS\" and \"bind interfaces only = yes\" "
		  "in [global] "
		  "of smb.conf, and \"listen: {addresses: [OTHER]}\" in our configuration; or, if "
		  "nobody asks that mapper, \"dcerpc endpoint servers = -epmapper\" in [global] of "
		  "smb.conf"},
	{"smbd", "Samba has it. Set \"rpc start on demand helpers = yes\" in [global] of smb.conf "
		 "and restart it"},
	{"sallyport-epmap", "a mapper runs already"},
};
#define N_REMEDIES (sizeof(remedies) / sizeof(remedies[0]))

static const struct remedy *
remedy_for(const char *process)
{
	for (size_t i = 0; i < N_REMEDIES; i++)
		if (strncmp(process, remedies[i].process, strlen(remedies[i].process)) == 0)
			return &remedies[i];
	return NULL;
}

/* Where we may not see whose a socket is, names of processes can still be read. */
static const struct remedy *
suspect_find(char *ret_name, size_t cap)
{
	DIR *proc = opendir("/proc");
	const struct remedy *best = NULL;
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		char path[300], name[64] = "";
		const struct remedy *r;
		FILE *f;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(name, sizeof(name), f))
			name[strcspn(name, "\n")] = '\0';
		fclose(f);
		r = remedy_for(name);
		/* ourselves we would always find, and smbd only when it is nobody better */
		if (r && strcmp(r->process, "sallyport-epmap") != 0 && (!best || r < best)) {
			best = r;
			snprintf(ret_name, cap, "%s", name);
		}
	}
	if (proc)
		closedir(proc);
	return best;
}

void
rival_explain(uint16_t port, char *ret, size_t cap)
{
	struct sockets *sockets = sockets_read();
	char name[100];
	const struct remedy *r;

	if (sockets && sockets_holder(sockets, port, name, sizeof(name))) {
		r = remedy_for(name);
		snprintf(ret, cap, "port %u belongs to %s%s%s", port, name, r ? ": " : "",
			r ? r->what
			  : ", which is no endpoint mapper that we know: stop it, or listen on "
			    "other addresses (listen: addresses)");
	} else if ((r = suspect_find(name, sizeof(name)))) {
		snprintf(ret, cap, "port %u is taken, probably by %s, which runs here: %s", port,
			name, r->what);
	} else {
		snprintf(ret, cap,
			"port %u is taken, and it cannot be seen by whom: \"ss -ltnp sport = :%u\" "
			"as root tells. If it is Samba: \"rpc start on demand helpers = yes\" in "
			"[global] of "
			"smb.conf leaves the port to us",
			port, port);
	}
	sockets_free(sockets);
}
