/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_SERVE_H
#define EXAMPLES_SERVE_H

#include <sallyport/sallyport.h>

/*
 * Offers one interface over TCP and locally until SIGTERM or SIGINT, with the options that `--help` shows.
 * Returns the exit status. `on_stop`, when not NULL, runs before the server stops: deferred calls must be
 * completed then.
 */
int serve(int argc, char **argv, const struct sp_interface *interface, const void *handlers,
	const char *annotation, void (*on_stop)(void));

#endif
