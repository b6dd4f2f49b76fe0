/* SPDX-License-Identifier: MIT */
/* What the administrator has decided, and the file that says it (docs/endpoint-mapper.md). */
#ifndef EPM_SETTINGS_H
#define EPM_SETTINGS_H

#include <sallyport/types.h>

#include <netinet/in.h>
#include <sys/types.h>

#include "net/address.h"
#include "net/network.h"
#include "wire/tower.h"

struct public_address { /* what clients of a network are told instead of the address they dialled */
	struct network from;
	uint32_t address; /* network order */
};

struct static_entry { /* a service that cannot register */
	struct sp_uuid object;
	char annotation[64];
	uint8_t tower[TOWER_MAX_SIZE];
	size_t tower_len;
	sp_nanos check; /* how often to ask whether it answers; 0: never */
	struct address
		check_at; /* the service's address and port; loopback where the entry has none */
	unsigned line;
};

#define SETTINGS_MAX_LISTEN 32

struct settings {
	/* Taken when the mapper starts; a reload cannot change these. */
	char *addresses[SETTINGS_MAX_LISTEN]; /* n_addresses; none: every one */
	size_t n_addresses;
	char *port; /* NULL: any, by the port policy */
	char *ncalrpc_dir, *endpoint;
	char *user; /* to become after binding; NULL: stay */
	uid_t uid;
	gid_t gid;
	char *metrics; /* address:port; NULL: none */

	/* registration */
	char *group; /* whose members may register; NULL: root and the mapper's user only */
	gid_t group_id;
	bool foreign_endpoints; /* also what the caller does not listen on */

	/* lookups */
	unsigned restrict_remote_clients; /* 0, 1, 2: [MS-RPCE] 3.1.1.1.3 */
	char *accounts,
		*keytab;       /* who may log on, with NTLM and Kerberos; NULL: nobody. Read once */
	struct network *allow; /* n_allow; has_allow false: everybody */
	size_t n_allow;
	bool has_allow;
	unsigned rate, burst; /* calls a second of one source; 0: no limit */
	sp_nanos idle;        /* how long an unfinished lookup is kept */
	bool audit;

	struct public_address *publics;
	size_t n_publics;
	struct static_entry *statics;
	size_t n_statics;
};

SP_NODISCARD struct settings *settings_new(void); /* the defaults; NULL: no memory */
void settings_free(struct settings *);

/*
 * Reads the whole file before it says anything. False: *ret_report (mem_free'd by the caller, NULL without memory)
 * has one line for each finding, "file:line:column: what is wrong".
 */
SP_NODISCARD bool settings_read(const char *path, struct settings **ret, char **ret_report);

#endif
