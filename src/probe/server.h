/* SPDX-License-Identifier: MIT */
/* Communication: what a server says about itself through remote management, and how fast it answers. */
#ifndef PROBE_SERVER_H
#define PROBE_SERVER_H

#include <sallyport/client.h>

#define PROBE_STATISTICS 4 /* calls in, calls out, packets in, packets out */

struct probe_server {
	char *binding; /* where it was */
	struct sp_syntax_id *interfaces;
	size_t n_interfaces;
	size_t n_statistics; /* 0: it does not tell */
	uint32_t statistics[PROBE_STATISTICS];
	bool is_listening;
};

/* Fine on a zeroed struct. */
void probe_server_fini(struct probe_server *);

/*
 * Asks the server at a string binding. Without an endpoint in it, `interface` must not be NULL: the mapper is
 * asked where that is. On failure there is nothing to free.
 */
SP_NODISCARD sp_status probe_server_ask(const char *binding, const struct sp_client_options *,
	const struct sp_syntax_id *interface, struct probe_server *ret, struct sp_error *reterr);

/* --- round trips --- */

struct probe_ping;

/* Binds to the interface; *ret_took: from nothing to there. Close with probe_ping_close(). */
SP_NODISCARD sp_status probe_ping_open(const char *binding, const struct sp_client_options *,
	const struct sp_syntax_id *interface, struct probe_ping **ret, sp_nanos *ret_took,
	struct sp_error *reterr);
void probe_ping_close(struct probe_ping *);
/* One round trip, over by `deadline` (CLOCK_MONOTONIC). */
SP_NODISCARD sp_status probe_ping_round(
	struct probe_ping *, sp_nanos deadline, sp_nanos *ret_took, struct sp_error *reterr);
/* What a round trip is, in a few words; the string binding of the peer. */
const char *probe_ping_measured(const struct probe_ping *);
const char *probe_ping_peer(const struct probe_ping *);

#endif
