/* SPDX-License-Identifier: MIT */
/*
 * The mapper's interface on an endpoint map. One service a process: handlers have nothing else to find
 * it by. All of it runs on the server's only loop thread, but what says otherwise.
 */
#ifndef EPM_SERVICE_H
#define EPM_SERVICE_H

#include <sallyport/server.h>

#include <stdatomic.h>
#include <stdio.h>

#include "epm/admission.h"
#include "epm/settings.h"

/* What has happened since the start. Read from any thread. */
struct service_figures {
	atomic_uint_least64_t calls[7];      /* by operation */
	atomic_uint_least64_t answers;       /* towers given to somebody */
	atomic_uint_least64_t found_nothing; /* questions without an answer */
	atomic_uint_least64_t refused[ADMISSION_VERDICTS];
	atomic_uint_least64_t registrations_refused;
	atomic_size_t entries, lookups, sessions; /* now */
};

struct service_options {
	const struct settings
		*settings;       /* borrowed until service_set_settings(); NULL: the defaults */
	const char *ncalrpc_dir; /* where local endpoints are looked for; NULL: the default */
	sp_log_function *log;    /* may be NULL */
	void (*audit)(void *arg, const char *line);
	void *log_arg;
};

/* Empties the map. False: no memory. */
SP_NODISCARD bool service_init(const struct service_options *);
void service_fini(void);
SP_NODISCARD sp_status service_register(sp_server *, struct sp_error *reterr);
/* The mapper's own endpoints, as servers register theirs. After the server listens. */
SP_NODISCARD sp_status service_enter_self(const sp_server *, struct sp_error *reterr);

/* From here on these hold; sessions and lookups go on. */
void service_set_settings(const struct settings *);
/* Entries that nobody has a session for. The number is the caller's, from 1; it takes them back by it. */
SP_NODISCARD bool service_enter_static(unsigned number, const struct static_entry *);
void service_withdraw_static(unsigned number);
/* To be called now and then: gives up lookups that rest too long. */
void service_tick(sp_nanos now);
/* The whole state, for people. */
void service_dump(FILE *);
const struct service_figures *service_figures(void); /* any thread */

#endif
