/* SPDX-License-Identifier: MIT */
/* The manners of a daemon: sockets that are open already, telling systemd, becoming somebody with less power. */
#ifndef EPM_DAEMON_H
#define EPM_DAEMON_H

#include <sallyport/types.h>

#include <sys/types.h>

#define DAEMON_FD_FIRST 3 /* sd_listen_fds(3) */

/* How many sockets we were started with, from DAEMON_FD_FIRST on. The variables are taken out of the environment. */
int daemon_sockets(void);
/* sd_notify(3): "READY=1". Nothing when nobody wants to know. */
void daemon_notify(const char *state);
/* "RELOADING=1" with the time that systemd asks for. */
void daemon_notify_reloading(void);
/*
 * Gives root away for good. False: errno. name is for its supplementary groups.
 */
SP_NODISCARD bool daemon_become(const char *name, uid_t, gid_t);

#endif
