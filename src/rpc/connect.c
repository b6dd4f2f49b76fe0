/* SPDX-License-Identifier: MIT */
/* Name resolution and the TCP session (or the local socket); discovery is asked of endpoint.c. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/time.h"
#include "net/local.h"
#include "net/names.h"
#include "net/pipe.h"
#include "net/tcp.h"
#include "rpc/client.h"

#define UNAVAILABLE RPC_S_SERVER_UNAVAILABLE

sp_nanos
client_deadline(const sp_client *client, sp_nanos timeout)
{
	sp_nanos deadline = time_after(time_now(), timeout), last = client->options.deadline;

	return last && last < deadline ? last : deadline;
}

static sp_status
resolve(const sp_client *client, uint16_t port, struct address **ret, size_t *ret_n,
	struct sp_error *reterr)
{
	const char *host = *client->binding->address ? client->binding->address : "localhost";
	sp_nanos began = time_now(), waited;
	sp_nanos deadline = client_deadline(client, client->options.resolve_timeout);
	int eai = 0;
	sp_status status;

	switch (names_resolve(host, port, deadline, ret, ret_n, &eai)) {
	case NAMES_OK: return 0;
	case NAMES_TIMEOUT:
		waited = time_now() - began;
		status = error_set(reterr, SP_PHASE_NAME_RESOLUTION, UNAVAILABLE,
			"resolve %.200s - no answer in %lld ms - the name servers do not answer",
			host, (long long)(waited / SP_MILLISECOND));
		if (reterr) {
			reterr->evidence = SP_EVIDENCE_TIMEOUT;
			reterr->waited = waited;
		}
		break;
	case NAMES_FAILED:
		status = error_set(reterr, SP_PHASE_NAME_RESOLUTION, UNAVAILABLE,
			"resolve %.200s - %s - the name leads to no address", host,
			gai_strerror(eai));
		if (reterr) {
			reterr->evidence = SP_EVIDENCE_RESOLVER;
			reterr->resolver = eai;
		}
		break;
	default: return error_no_memory(reterr);
	}
	if (reterr)
		reterr->did_not_execute = true;
	return status;
}

static const char *
meaning(int error)
{
	switch (error) {
	case ECONNREFUSED: return "the host is there, but nothing listens on that endpoint";
	case ETIMEDOUT: return "the host is down, or a firewall drops the packets";
	case EHOSTUNREACH:
	case ENETUNREACH: return "there is no way to the host";
	case ENOENT: return "no server listens there";
	case EACCES: return "this user may not open it";
	default: return "no session could be made";
	}
}

static sp_status
session_failed(struct sp_error *reterr, int error, const char *where, sp_nanos waited, size_t n)
{
	char others[48] = "";

	if (n > 1)
		snprintf(others, sizeof(others), ", the last of %zu addresses", n);
	error_errno(reterr, SP_PHASE_TCP_SESSION, UNAVAILABLE, error,
		"connect to %.200s%s - %s - %s", where, others, strerror(error), meaning(error));
	if (!reterr)
		return UNAVAILABLE;
	reterr->did_not_execute = true;
	if (error == ETIMEDOUT) {
		reterr->evidence = SP_EVIDENCE_TIMEOUT;
		reterr->waited = waited;
	}
	return UNAVAILABLE;
}

static sp_status
peer_set(sp_client *client, char *take_peer, struct sp_error *reterr)
{
	if (!take_peer)
		return error_no_memory(reterr);
	mem_free(client->peer);
	client->peer = take_peer;
	return 0;
}

static sp_status
dial_local(sp_client *client, const char *endpoint, int *ret_fd, struct sp_error *reterr)
{
	char path[LOCAL_PATH], where[LOCAL_PATH + 16];
	int error;

	if (!local_path(client->options.ncalrpc_dir, endpoint, path))
		return error_set(reterr, SP_PHASE_TCP_SESSION, RPC_S_INVALID_ENDPOINT_FORMAT,
			"connect to ncalrpc:[%.100s] - it does not make a socket's path - the "
			"endpoint is "
			"empty or too long",
			endpoint);
	snprintf(where, sizeof(where), "%s", path);
	error = local_connect(path, ret_fd);
	if (error)
		return session_failed(reterr, error, where, 0, 1);
	return peer_set(client, mem_printf("ncalrpc:[%s]", endpoint), reterr);
}

static int
dial_address(const struct address *address, sp_nanos deadline, int *ret_fd)
{
	int fd, error = tcp_connect(address, &fd);

	if (error)
		return error;
	error = pipe_connected(fd, deadline);
	if (error)
		pipe_close(fd);
	else
		*ret_fd = fd;
	return error;
}

/* All addresses in their order; the last failure is told, an answer (refused) before a silence. */
static sp_status
dial_tcp(sp_client *client, const char *endpoint, int *ret_fd, struct sp_error *reterr)
{
	struct address *addresses = NULL;
	char text[ADDRESS_TEXT] = "", failed[ADDRESS_TEXT] = "";
	size_t n = 0;
	int error = 0, told = 0;
	sp_nanos began, waited = 0;
	sp_status status =
		resolve(client, (uint16_t)strtoul(endpoint, NULL, 10), &addresses, &n, reterr);

	if (status)
		return status;
	for (size_t i = 0; i < n; i++) {
		address_format(&addresses[i], text);
		began = time_now();
		error = dial_address(&addresses[i],
			client_deadline(client, client->options.connect_timeout), ret_fd);
		if (!error)
			break;
		if (!told || error == ECONNREFUSED || told != ECONNREFUSED) {
			told = error;
			waited = time_now() - began;
			memcpy(failed, text, sizeof(failed));
		}
	}
	mem_free(addresses);
	if (error || n == 0)
		return session_failed(reterr, told ? told : ENOENT, failed, waited, n);
	return peer_set(client, mem_printf("ncacn_ip_tcp:%s", text), reterr);
}

const char *
client_where(const sp_client *client)
{
	return client->peer ? client->peer : client->binding->address;
}

sp_status
client_connect(sp_client *client, const struct sp_syntax_id *interface, struct sp_error *reterr)
{
	const char *endpoint = client->binding->endpoint;
	char *found = NULL;
	sp_status status = 0;
	int fd = -1;

	if (!*endpoint) {
		status = endpoint_ask(client, interface, &found, reterr);
		endpoint = found;
	}
	if (!status && client->local)
		status = dial_local(client, endpoint, &fd, reterr);
	else if (!status)
		status = dial_tcp(client, endpoint, &fd, reterr);
	mem_free(found);
	if (status) {
		if (fd >= 0)
			pipe_close(fd);
		return status;
	}
	assoc_client_init(&client->link.conn, &client->limits, 0, time_now());
	client->link.fd = fd;
	client->connected = true;
	return 0;
}
