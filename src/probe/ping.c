/* SPDX-License-Identifier: MIT */
/*
 * Round trips. Calling an unknown interface could do harm and answers with a fault at best, so after the bind, which
 * proves that the interface is there, each round trip asks the same server over the same connection whether it
 * is listening (mgmt): it goes through the server's whole stack and does nothing. Where mgmt is not offered, each round
 * trip is a new connection with a bind.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/time.h"
#include "mgmt.h"
#include "probe/server.h"

struct probe_ping {
	sp_client *client;
	sp_call *call;
	struct sp_syntax_id interface;
	bool by_bind;
};

void
probe_ping_close(struct probe_ping *p)
{
	if (!p)
		return;
	sp_call_free(p->call);
	sp_client_free(p->client);
	mem_free(p);
}

/* The interface, and mgmt beside it on the same connection. */
static sp_status
bind_both(struct probe_ping *p, sp_nanos *ret_took, struct sp_error *reterr)
{
	sp_nanos began = time_now(), took;
	struct sp_error error = {0};
	sp_status status = sp_client_bind(p->client, &p->interface, reterr);

	if (status)
		return status;
	took = time_now() - began;
	status = sp_client_bind(p->client, &mgmt_client_interface.id, &error);
	if (status && error.evidence != SP_EVIDENCE_CONTEXT) {
		if (reterr)
			*reterr = error;
		return status;
	}
	p->by_bind = status != 0;
	*ret_took = took;
	return 0;
}

sp_status
probe_ping_open(const char *binding, const struct sp_client_options *options,
	const struct sp_syntax_id *interface, struct probe_ping **ret, sp_nanos *ret_took,
	struct sp_error *reterr)
{
	struct probe_ping *p = mem_zalloc(1, sizeof(*p));
	sp_status status;

	if (!p)
		return error_no_memory(reterr);
	p->interface = *interface;
	status = sp_client_new(binding, options, &p->client, reterr);
	if (!status && !(p->call = sp_call_new(p->client)))
		status = error_no_memory(reterr);
	if (!status)
		status = bind_both(p, ret_took, reterr);
	if (status)
		probe_ping_close(p);
	else
		*ret = p;
	return status;
}

static sp_status
ask_mgmt(struct probe_ping *p, struct sp_error *reterr)
{
	struct sp_error error = {0};
	uint32_t said, listening;
	sp_status status = mgmt_is_server_listening(p->call, &said, &listening, &error);

	/* a fault has made the same way: the server was reached and refused */
	if (!status || error.evidence == SP_EVIDENCE_FAULT)
		return 0;
	if (reterr)
		*reterr = error;
	return status;
}

sp_status
probe_ping_round(
	struct probe_ping *p, sp_nanos deadline, sp_nanos *ret_took, struct sp_error *reterr)
{
	sp_nanos began;
	sp_status status;

	sp_client_set_deadline(p->client, deadline);
	if (p->by_bind)
		sp_client_disconnect(p->client);
	began = time_now();
	status =
		p->by_bind ? sp_client_bind(p->client, &p->interface, reterr) : ask_mgmt(p, reterr);
	if (!status)
		*ret_took = time_now() - began;
	return status;
}

const char *
probe_ping_measured(const struct probe_ping *p)
{
	return p->by_bind ? "a new connection and a bind: the server offers no mgmt"
			  : "mgmt.is_server_listening, request to response";
}

const char *
probe_ping_peer(const struct probe_ping *p)
{
	return sp_client_peer(p->client);
}
