/* SPDX-License-Identifier: MIT */
/* Choosing one port of a set: unpredictable, and never giving up while one is free. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/error.h"
#include "base/mem.h"
#include "ports/policy.h"

struct candidates {
	uint32_t n;
	uint16_t port[65536];
};

static void
collect(struct candidates *c, const struct port_set *set)
{
	c->n = 0;
	/* to bind port 0 means any port: it cannot be given */
	for (uint32_t port = 1; port <= UINT16_MAX; port++) {
		if (port_set_has(set, (uint16_t)port))
			c->port[c->n++] = (uint16_t)port;
	}
}

/* A number below n. 2^64 is so much larger than n that the bias does not matter. */
static uint32_t
below(uint32_t n)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = 0; /* does not happen after boot for 8 bytes; any port is a right one */
	return (uint32_t)(random % n);
}

/* The next step of Fisher and Yates' shuffle: what was given is not given again. */
static uint16_t
draw(struct candidates *c)
{
	uint32_t i = below(c->n);
	uint16_t port = c->port[i];

	c->port[i] = c->port[--c->n];
	return port;
}

static sp_status
none_free(struct sp_error *reterr, uint32_t size)
{
	return error_set(reterr, SP_PHASE_NONE, RPC_S_OUT_OF_RESOURCES,
		"take a dynamic port - none of the %u ports that the port policy allows is free - "
		"allow more ports or stop programs that hold them",
		size);
}

sp_status
ports_allocate(const struct port_set *set, int (*take)(void *arg, uint16_t port), void *arg,
	uint16_t *ret_port, struct sp_error *reterr)
{
	struct candidates *c = mem_alloc(sizeof(*c));
	sp_status status = 0;
	uint32_t size;
	uint16_t port = 0;
	int error = EADDRINUSE;

	if (!c)
		return error_no_memory(reterr);
	collect(c, set);
	size = c->n;
	while (c->n > 0 && (error == EADDRINUSE || error == EACCES)) {
		port = draw(c);
		error = take(arg, port);
	}
	if (!error)
		*ret_port = port;
	else if (error == EADDRINUSE || error == EACCES)
		status = none_free(reterr, size);
	else
		status = error_errno(reterr, SP_PHASE_NONE, RPC_S_CANT_CREATE_ENDPOINT, error,
			"listen on TCP port %u - %s - the endpoint cannot be created", port,
			strerror(error));
	mem_free(c);
	return status;
}
