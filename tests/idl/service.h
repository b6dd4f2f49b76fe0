/* SPDX-License-Identifier: MIT */
/* For tests of generated code at work: a server on a port of loopback, and a client of it. */
#ifndef IDL_SERVICE_H
#define IDL_SERVICE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <sallyport/sallyport.h>

struct service {
	sp_server *server;
	sp_client *client;
	sp_call *call;
	char binding[64];
};

static void
service_client(struct service *s)
{
	struct sp_client_options options = {.communication_timeout = 5 * SP_SECOND};

	assert_int_equal(sp_client_new(s->binding, &options, &s->client, NULL), 0);
	s->call = sp_call_new(s->client);
	assert_non_null(s->call);
}

static inline void
service_new(struct service *s)
{
	struct sp_server_options options = {.no_mapper = true, .port_policy = "/nonexistent"};

	*s = (struct service){0};
	assert_int_equal(sp_server_new(&options, &s->server, NULL), 0);
	assert_int_equal(
		sp_server_use_protseq(s->server, "ncacn_ip_tcp", NULL, "127.0.0.1", NULL), 0);
}

static inline void
service_offer(struct service *s, const struct sp_interface *interface, const void *handlers)
{
	assert_int_equal(sp_server_register(s->server, interface, handlers, NULL, NULL), 0);
}

static inline void
service_run(struct service *s)
{
	unsigned port;

	assert_int_equal(sp_server_start(s->server, 1, NULL), 0);
	assert_int_equal(sscanf(strchr(sp_server_binding(s->server, 0), '['), "[%u]", &port), 1);
	snprintf(s->binding, sizeof(s->binding), "ncacn_ip_tcp:127.0.0.1[%u]", port);
	service_client(s);
}

static inline void
service_start(struct service *s, const struct sp_interface *interface, const void *handlers)
{
	service_new(s);
	service_offer(s, interface, handlers);
	service_run(s);
}

static void
service_stop(struct service *s)
{
	sp_call_free(s->call);
	sp_client_free(s->client);
	sp_server_free(s->server);
}

#endif
