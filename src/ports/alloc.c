/* SPDX-License-Identifier: MIT */
#include "ports/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "ports/holders.h"

#ifndef GRND_INSECURE
#define GRND_INSECURE 4
#endif

#define BLOCKS 32
#define WORDS_PER_BLOCK (PORT_SET_WORDS / BLOCKS)

const char *
port_transport_name(enum port_transport transport)
{
	return transport == PORT_UDP ? "UDP" : "TCP";
}

/* --- numbers that nobody foresees --- */

struct randomness {
	uint32_t numbers[32];
	size_t n; /* not yet used */
};

/* Without a random device: the kernel gave each process 16 random bytes at its start (getauxval(3)). */
static void
makeshift(uint32_t *ret, size_t n)
{
	const unsigned char *given = (const unsigned char *)getauxval(AT_RANDOM);
	struct timespec now;
	uint64_t x;

	clock_gettime(CLOCK_MONOTONIC, &now);
	x = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)getpid() << 48;
	for (size_t i = 0; given && i < 16; i++)
		x = (x ^ given[i]) * 0x100000001b3;
	for (size_t i = 0; i < n; i++) {
		uint64_t z = x += 0x9e3779b97f4a7c15; /* splitmix64 */

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
		z = (z ^ z >> 27) * 0x94d049bb133111eb;
		ret[i] = (uint32_t)(z >> 32);
	}
}

/* Early in a boot getrandom() would wait for the pool: then what it has so far is enough for a port. */
static uint32_t
number(struct randomness *r)
{
	const ssize_t all = sizeof(r->numbers);

	if (r->n == 0) {
		if (getrandom(r->numbers, sizeof(r->numbers), GRND_NONBLOCK) != all &&
			getrandom(r->numbers, sizeof(r->numbers), GRND_INSECURE) != all)
			makeshift(r->numbers, sizeof(r->numbers) / sizeof(r->numbers[0]));
		r->n = sizeof(r->numbers) / sizeof(r->numbers[0]);
	}
	return r->numbers[--r->n];
}

/* Below n, each equally often: numbers of the last, incomplete run are drawn again. */
static uint32_t
below(struct randomness *r, uint32_t n)
{
	uint32_t rest = (uint32_t)(-n % n), x;

	do
		x = number(r);
	while (x < rest);
	return x % n;
}

/* --- what was not tried yet --- */

struct untried {
	struct port_set set;
	uint32_t n;
	uint16_t n_block[BLOCKS];
	struct randomness randomness;
};

static void
untried_init(struct untried *u, const struct port_set *set)
{
	u->set = *set;
	u->set.bits[0] &= ~UINT64_C(1);
	u->n = 0;
	u->randomness.n = 0;
	for (size_t i = 0; i < BLOCKS; i++) {
		u->n_block[i] = 0;
		for (size_t k = 0; k < WORDS_PER_BLOCK; k++)
			u->n_block[i] += (uint16_t)__builtin_popcountll(
				u->set.bits[i * WORDS_PER_BLOCK + k]);
		u->n += u->n_block[i];
	}
}

/* Takes the port out that has `rank` others before it. */
static uint16_t
untried_take(struct untried *u, uint32_t rank)
{
	size_t block = 0, word;
	uint64_t bits;

	while (rank >= u->n_block[block])
		rank -= u->n_block[block++];
	word = block * WORDS_PER_BLOCK;
	while (rank >= (uint32_t)__builtin_popcountll(u->set.bits[word]))
		rank -= (uint32_t)__builtin_popcountll(u->set.bits[word++]);
	for (bits = u->set.bits[word]; rank > 0; rank--)
		bits &= bits - 1;
	u->set.bits[word] &= ~(bits & -bits);
	u->n_block[block]--;
	u->n--;
	return (uint16_t)(word * 64 + (size_t)__builtin_ctzll(bits));
}

/* --- one of them --- */

static sp_status
none_free(struct sp_error *reterr, const struct port_set *set, enum port_transport transport,
	uint32_t size, uint32_t n_refused)
{
	char who[180];

	if (n_refused && n_refused == size)
		snprintf(who, sizeof(who),
			"all of them are refused to this user: those below 1024 are for root");
	else
		port_holders_tell("/proc", transport, set, who, sizeof(who));
	return error_set(reterr, SP_PHASE_NONE, RPC_S_OUT_OF_RESOURCES,
		"take a dynamic %s port - none of the %u port%s that the port policy allows is "
		"free: %s - allow more ports or stop programs that hold them",
		port_transport_name(transport), size, size == 1 ? "" : "s", who);
}

sp_status
ports_allocate(const struct port_set *set, enum port_transport transport,
	int (*take)(void *arg, uint16_t port), void *arg, uint16_t *ret_port,
	struct sp_error *reterr)
{
	struct untried u;
	uint32_t size, n_refused = 0;
	uint16_t port = 0;
	int error = EADDRINUSE;

	untried_init(&u, set);
	size = u.n;
	while (u.n > 0 && (error == EADDRINUSE || error == EACCES)) {
		port = untried_take(&u, below(&u.randomness, u.n));
		error = take(arg, port);
		n_refused += error == EACCES;
	}
	if (error == EADDRINUSE || error == EACCES)
		return none_free(reterr, set, transport, size, n_refused);
	if (error)
		return error_errno(reterr, SP_PHASE_NONE, RPC_S_CANT_CREATE_ENDPOINT, error,
			"listen on %s port %u - %s - the endpoint cannot be created",
			port_transport_name(transport), port, strerror(error));
	*ret_port = port;
	return 0;
}
