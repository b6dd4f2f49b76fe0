/* SPDX-License-Identifier: MIT */
/*
 * The mapper's interface on an endpoint map. One service a process: handlers have nothing else to find
 * it by. All of it runs on the server's only loop thread.
 */
#ifndef EPM_SERVICE_H
#define EPM_SERVICE_H

#include <sallyport/server.h>

#define SERVICE_MAX_LOOKUPS 4096 /* unfinished lookups of everybody together */

/* Empties the map and sets who is told what. log may be NULL. False: no memory. */
SP_NODISCARD bool service_init(sp_log_function *log, void *log_arg);
/* After the server has been freed. */
void service_fini(void);

/* Offers the mapper's interface. */
SP_NODISCARD sp_status service_register(sp_server *, struct sp_error *reterr);
/* Enters the mapper itself, with every binding of the server; before sp_server_start(). */
SP_NODISCARD sp_status service_enter_self(const sp_server *, struct sp_error *reterr);

#endif
