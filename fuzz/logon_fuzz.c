/* SPDX-License-Identifier: MIT */
/*
 * A logon with NTLM, bare or within SPNEGO, whose tokens the input changes on their way, cuts off, makes longer or
 * replaces, and which allocation fails. Who does not know the password never gets in; who does and is left alone always
 * does.
 */
#include <assert.h>
#include <string.h>

#include "auth/ntlm.h"
#include "auth/spnego.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct choice {
	const uint8_t *p, *end;
	bool touched; /* a token is not what it was */
};

static unsigned
choose(struct choice *c, unsigned n)
{
	return c->p < c->end ? *c->p++ % n : 0;
}

static bool
lookup(void *arg, const char *user, const char *domain, struct ntlm_account *ret)
{
	(void)domain;
	if (strcmp(user, "guard") != 0)
		return false;
	strcpy(ret->name, user);
	memset(ret->nt_hash, 7, sizeof ret->nt_hash);
	return true;
}

static const struct ntlm_acceptor ntlm = {
	.computer = "TOWER", .domain = "HOUSE", .mic_required = true, .lookup = lookup};
static const struct auth_acceptor within[] = {{AUTH_TYPE_NTLM, ntlm_accept, &ntlm}};
static const struct spnego_acceptor spnego = {within, 1};

static struct auth_context *
client_new(bool wrapped, bool knows)
{
	struct ntlm_credentials credentials = {
		.user = "guard", .domain = "HOUSE", .workstation = "GATE"};
	struct auth_context *inner;

	memset(credentials.nt_hash, knows ? 7 : 8, sizeof credentials.nt_hash);
	inner = ntlm_initiate(&credentials);
	if (!wrapped)
		return inner;
	return spnego_initiate(&(struct spnego_offer){AUTH_TYPE_NTLM, inner}, 1);
}

/* What arrives in place of a token. */
static void
travel(struct choice *c, struct auth_token *t)
{
	static uint8_t room[4096];
	size_t n = t->len < sizeof room ? t->len : sizeof room;

	if (n > 0)
		memcpy(room, t->bytes, n);
	switch (choose(c, 8)) {
	case 1: /* some bytes */
		for (unsigned i = choose(c, 8); n > 0 && i > 0; i--) {
			size_t at = choose(c, 256) * 256u + choose(c, 256);

			room[at % n] ^= (uint8_t)choose(c, 256);
		}
		break;
	case 2: /* the end */ n -= n > 0 ? choose(c, 256) * 8 % n : 0; break;
	case 3: /* more of it */
		for (unsigned i = choose(c, 256); i > 0 && n < sizeof room; i--)
			room[n++] = (uint8_t)choose(c, 256);
		break;
	case 4: /* something else */
		for (n = 0; c->p < c->end && n < sizeof room;)
			room[n++] = *c->p++;
		break;
	default: break;
	}
	c->touched |= n != t->len || (n > 0 && memcmp(room, t->bytes, n) != 0);
	mem_free(t->bytes);
	/* memory of its own, so that every byte read behind it shows */
	*t = (struct auth_token){mem_alloc(n), n};
	if (!t->bytes)
		*t = (struct auth_token){0};
	else if (n > 0)
		memcpy(t->bytes, room, n);
}

static enum auth_outcome
leg(struct auth_context *c, struct auth_token *io)
{
	struct auth_token answer = {0};
	const char *why = NULL;
	enum auth_outcome outcome = auth_step(c, io->bytes, io->len, &answer, &why);

	assert(outcome != AUTH_FAILED || why);
	if (outcome == AUTH_FAILED) {
		mem_free(answer.bytes);
		answer = (struct auth_token){0};
	}
	mem_free(io->bytes);
	*io = answer;
	return outcome;
}

/* True: the server has let the client in. */
static bool
log_on(struct auth_context *client, struct auth_context *server, struct choice *c)
{
	enum auth_outcome ours = AUTH_CONTINUE, theirs = AUTH_CONTINUE;
	struct auth_token token = {0};

	for (unsigned i = 0; i < 6; i++) {
		if (ours == AUTH_CONTINUE)
			ours = leg(client, &token);
		if (ours == AUTH_FAILED || theirs != AUTH_CONTINUE)
			break;
		travel(c, &token);
		theirs = leg(server, &token);
		if (theirs == AUTH_FAILED || token.len == 0)
			break;
		travel(c, &token);
	}
	mem_free(token.bytes);
	return theirs == AUTH_DONE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choice c = {data, data + size, false};
	unsigned how = choose(&c, 256);
	bool wrapped = how & 1, knows = how & 2;
	uint64_t fail = how & 4 ? 1 + choose(&c, 40) : 0;
	struct auth_context *client, *server;

	mem_fail_nth(fail);
	client = client_new(wrapped, knows);
	server = wrapped ? spnego_accept(&spnego) : ntlm_accept(&ntlm);
	if (client && server) {
		bool in = log_on(client, server, &c);
		struct auth_names names;

		assert(!in || knows);
		assert(in || !knows || c.touched || fail);
		if (in) {
			server->methods->names(server, &names);
			assert(strcmp(names.user, "guard") == 0);
		}
	}
	mem_fail_nth(0);
	auth_unref(client);
	auth_unref(server);
	return 0;
}
