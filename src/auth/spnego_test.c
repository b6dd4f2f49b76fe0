/* SPDX-License-Identifier: MIT */
/* SPNEGO over NTLM, and over what stands for a better provider: agreement, second choices, and who changes the list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "auth/ntlm.h"
#include "auth/spnego.h"
#include "auth/spnego_token.h"
#include "base/mem.h"

static bool
lookup(void *arg, const char *user, const char *domain, struct ntlm_account *ret)
{
	(void)arg;
	(void)user;
	(void)domain;
	strcpy(ret->name, "alice");
	return ntlm_nt_hash("correct horse", ret->nt_hash);
}

static const struct ntlm_acceptor ntlm = {
	.computer = "SERVER", .domain = "HOUSE", .lookup = lookup};
/* the first stands for Kerberos */
static const struct auth_acceptor acceptors[] = {
	{AUTH_TYPE_KERBEROS, ntlm_accept, &ntlm}, {AUTH_TYPE_NTLM, ntlm_accept, &ntlm}};
static const struct spnego_acceptor takes_both = {acceptors, 2};
static const struct spnego_acceptor takes_ntlm = {acceptors + 1, 1};

static struct auth_context *
ntlm_new(void)
{
	struct ntlm_credentials who = {.user = "alice", .domain = "HOUSE", .workstation = "WS"};

	assert_true(ntlm_nt_hash("correct horse", who.nt_hash));
	return ntlm_initiate(&who);
}

static struct auth_context *
client_new(bool kerberos)
{
	const struct spnego_offer offers[] = {
		{AUTH_TYPE_KERBEROS, kerberos ? ntlm_new() : NULL}, {AUTH_TYPE_NTLM, ntlm_new()}};

	return kerberos ? spnego_initiate(offers, 2) : spnego_initiate(offers + 1, 1);
}

struct talk {
	struct auth_context *client, *server;
	enum auth_outcome of_client, of_server;
	const char *why;
	unsigned n; /* messages that went over */
	/* NULL, or may change a message: it becomes another one */
	void (*meddle)(struct talk *, struct auth_token *);
};

static void
token_drop(struct auth_token *t)
{
	mem_free(t->bytes);
	*t = (struct auth_token){0};
}

/* Message after message, until nobody has anything to say. */
static void
talk(struct talk *t)
{
	struct auth_token there = {0}, back = {0};

	t->why = "";
	t->of_server = AUTH_CONTINUE;
	t->of_client = auth_step(t->client, NULL, 0, &there, &t->why);
	while (there.len > 0 && t->of_server == AUTH_CONTINUE) {
		t->n++;
		if (t->meddle)
			t->meddle(t, &there);
		t->of_server = auth_step(t->server, there.bytes, there.len, &back, &t->why);
		token_drop(&there);
		if (back.len == 0 || t->of_client != AUTH_CONTINUE)
			break;
		t->n++;
		if (t->meddle)
			t->meddle(t, &back);
		t->of_client = auth_step(t->client, back.bytes, back.len, &there, &t->why);
		token_drop(&back);
	}
	token_drop(&there);
	token_drop(&back);
}

static struct talk
talk_over(bool kerberos, const struct spnego_acceptor *acceptor,
	void (*meddle)(struct talk *, struct auth_token *))
{
	struct talk t = {.client = client_new(kerberos),
		.server = spnego_accept(acceptor),
		.meddle = meddle};

	assert_non_null(t.client);
	assert_non_null(t.server);
	talk(&t);
	return t;
}

static void
talk_end(struct talk *t)
{
	auth_unref(t->client);
	auth_unref(t->server);
}

static void
is_built(const struct talk *t)
{
	uint8_t text[] = "sealed", signature[16];
	const struct auth_span span = {text, sizeof(text), true};
	struct auth_names names;

	if (t->of_client != AUTH_DONE || t->of_server != AUTH_DONE)
		fail_msg("client %d, server %d: %s", t->of_client, t->of_server, t->why);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(t->client->methods->protect(
			t->client, AUTH_LEVEL_PRIVACY, &span, 1, signature));
		assert_memory_not_equal(text, "sealed", sizeof(text));
		assert_true(t->server->methods->unprotect(
			t->server, AUTH_LEVEL_PRIVACY, &span, 1, signature, 16));
		assert_string_equal((char *)text, "sealed");
		assert_true(t->server->methods->protect(
			t->server, AUTH_LEVEL_PRIVACY, &span, 1, signature));
		assert_true(t->client->methods->unprotect(
			t->client, AUTH_LEVEL_PRIVACY, &span, 1, signature, 16));
	}
	t->server->methods->names(t->server, &names);
	assert_string_equal(names.user, "alice");
}

static void
one_mechanism_takes_four_messages(void **state)
{
	struct talk t = talk_over(false, &takes_ntlm, NULL);

	(void)state;
	is_built(&t);
	assert_int_equal(t.n, 4);
	talk_end(&t);
}

static void
best_mechanism_that_both_know_is_taken(void **state)
{
	struct talk t = talk_over(true, &takes_both, NULL);

	(void)state;
	is_built(&t);
	assert_int_equal(t.n, 4);
	talk_end(&t);
}

static void
second_choice_is_taken_and_confirmed(void **state)
{
	struct talk t = talk_over(true, &takes_ntlm, NULL);

	(void)state;
	is_built(&t);
	assert_int_equal(t.n, 6); /* the first token was for nothing */
	talk_end(&t);
}

static void
server_that_knows_nothing_of_the_list_refuses(void **state)
{
	const struct spnego_acceptor takes_kerberos = {acceptors, 1};
	struct talk t = talk_over(false, &takes_kerberos, NULL);

	(void)state;
	assert_int_equal(t.of_server, AUTH_FAILED);
	assert_string_equal(t.why, "the client offers no mechanism that is taken here");
	talk_end(&t);
}

/* --- somebody on the way --- */

static void
list_shorten(struct talk *t, struct auth_token *m)
{
	static const enum spnego_mech only = SPNEGO_MECH_NTLM;
	struct spnego_init init = {0};

	if (t->n != 1)
		return;
	init.list.p = spnego_list_put(&only, 1, &init.list.n);
	token_drop(m);
	m->bytes = spnego_init_put(&init, &m->len);
	mem_free((uint8_t *)init.list.p);
}

static void
list_without_its_best_mechanism_is_noticed(void **state)
{
	struct talk t = talk_over(true, &takes_both, list_shorten);

	(void)state;
	assert_int_equal(t.of_server, AUTH_FAILED);
	assert_string_equal(t.why, "the list of mechanisms was changed on its way");
	talk_end(&t);
}

static void
mic_remove(struct talk *t, struct auth_token *m, unsigned from)
{
	struct spnego_response r;
	struct auth_token without;

	if (t->n < from || !spnego_response_get(m->bytes, m->len, &r) || !r.mic.p)
		return;
	r.mic = (struct spnego_view){0};
	without.bytes = spnego_response_put(&r, &without.len);
	token_drop(m);
	*m = without;
}

static void
mic_of_client_remove(struct talk *t, struct auth_token *m)
{
	if (t->n % 2 == 1)
		mic_remove(t, m, 1);
}

static void
mic_of_server_remove(struct talk *t, struct auth_token *m)
{
	if (t->n % 2 == 0)
		mic_remove(t, m, 1);
}

static void
second_choice_without_confirmation_is_refused_by_the_server(void **state)
{
	struct talk t = talk_over(true, &takes_ntlm, mic_of_client_remove);

	(void)state;
	assert_int_equal(t.of_server, AUTH_FAILED);
	assert_string_equal(t.why, "the client does not confirm the list of mechanisms");
	talk_end(&t);
}

static void
second_choice_without_confirmation_is_refused_by_the_client(void **state)
{
	struct talk t = talk_over(true, &takes_ntlm, mic_of_server_remove);

	(void)state;
	assert_int_equal(t.of_client, AUTH_FAILED);
	assert_string_equal(t.why, "the server does not confirm the list of mechanisms");
	talk_end(&t);
}

static unsigned flip_message, flip_at, message_len;

static void
flip(struct talk *t, struct auth_token *m)
{
	if (t->n != flip_message)
		return;
	message_len = (unsigned)m->len;
	if (flip_at < m->len)
		m->bytes[flip_at] ^= 0x01;
}

/* Whatever is changed: both know it, or it changed nothing that counts. */
static void
no_flipped_bit_leaves_two_different_sessions(void **state)
{
	(void)state;
	for (flip_message = 1; flip_message <= 6; flip_message++) {
		message_len = 1;
		for (flip_at = 0; flip_at < message_len; flip_at++) {
			struct talk t = talk_over(true, &takes_ntlm, flip);

			if (t.of_client == AUTH_DONE && t.of_server == AUTH_DONE)
				is_built(&t);
			talk_end(&t);
		}
	}
}

static void
cut(struct talk *t, struct auth_token *m)
{
	if (t->n != flip_message)
		return;
	message_len = (unsigned)m->len;
	if (flip_at < m->len)
		m->len = flip_at;
}

static void
messages_cut_short_are_refused(void **state)
{
	(void)state;
	for (flip_message = 1; flip_message <= 4; flip_message++) {
		message_len = 2;
		for (flip_at = 1; flip_at < message_len; flip_at++) {
			struct talk t = talk_over(false, &takes_ntlm, cut);

			assert_true(t.of_client == AUTH_FAILED || t.of_server == AUTH_FAILED);
			talk_end(&t);
		}
	}
}

static void
ntlm_without_the_wrapping_is_taken(void **state)
{
	struct talk t = {.client = ntlm_new(), .server = spnego_accept(&takes_both)};

	(void)state;
	talk(&t);
	is_built(&t);
	assert_int_equal(t.n, 3);
	talk_end(&t);
}

static void
lack_of_memory_fails_the_leg(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 200; i++) {
		struct talk t = {.client = client_new(true), .server = spnego_accept(&takes_ntlm)};

		mem_fail_nth(i);
		talk(&t);
		mem_fail_nth(0);
		if (t.of_client == AUTH_DONE && t.of_server == AUTH_DONE) {
			is_built(&t);
			talk_end(&t);
			return;
		}
		assert_true(t.of_client == AUTH_FAILED || t.of_server == AUTH_FAILED);
		talk_end(&t);
	}
	fail_msg("no end of allocations");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_mechanism_takes_four_messages),
		cmocka_unit_test(best_mechanism_that_both_know_is_taken),
		cmocka_unit_test(second_choice_is_taken_and_confirmed),
		cmocka_unit_test(server_that_knows_nothing_of_the_list_refuses),
		cmocka_unit_test(list_without_its_best_mechanism_is_noticed),
		cmocka_unit_test(second_choice_without_confirmation_is_refused_by_the_server),
		cmocka_unit_test(second_choice_without_confirmation_is_refused_by_the_client),
		cmocka_unit_test(no_flipped_bit_leaves_two_different_sessions),
		cmocka_unit_test(messages_cut_short_are_refused),
		cmocka_unit_test(ntlm_without_the_wrapping_is_taken),
		cmocka_unit_test(lack_of_memory_fails_the_leg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
