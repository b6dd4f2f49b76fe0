/* SPDX-License-Identifier: MIT */
/* NTLM against the specification's worked examples ([MS-NLMP] 4.2), against itself, and against who tampers with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/accounts.h"
#include "auth/ntlm.h"
#include "auth/ntlm_message.h"
#include "auth/ntlm_session.h"
#include "auth/secret.h"
#include "base/mem.h"

/* --- [MS-NLMP] 4.2.1: common values --- */

static const uint8_t server_challenge[8] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
static const uint8_t client_challenge[8] = {0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa};
static const uint8_t random_key[16] = {0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
	0x55, 0x55, 0x55, 0x55, 0x55, 0x55};

static size_t
unhex(const char *text, uint8_t *ret)
{
	size_t n = 0;
	unsigned value;
	int used;

	while (sscanf(text, " %2x%n", &value, &used) == 1) {
		ret[n++] = (uint8_t)value;
		text += used;
	}
	return n;
}

static void
assert_bytes(const void *got, size_t n, const char *hex)
{
	uint8_t expected[512];

	assert_int_equal(unhex(hex, expected), n);
	assert_memory_equal(got, expected, n);
}

static void
password_becomes_its_nt_hash(void **state)
{
	uint8_t hash[16];

	assert_true(ntlm_nt_hash("Password", hash)); /* 4.2.2.1.2 */
	assert_bytes(hash, 16, "a4f49c406510bdcab6824ee7c30fd852");
}

static void
v1_response_is_the_specifications(void **state)
{
	uint8_t hash[16], response[24], key[16], encrypted[16];

	assert_true(ntlm_nt_hash("Password", hash));
	ntlm_v1_response(hash, server_challenge, NULL, response); /* 4.2.2.2.1 */
	assert_bytes(response, 24, "67c43011f30298a2ad35ece64f16331c44bdbed927841f94");
	ntlm_v1_session_key(hash, server_challenge, NULL, key); /* 4.2.2.1.3 */
	assert_bytes(key, 16, "d87262b0cde4b1cb7499becccdf10784");
	ntlm_key_exchange(key, random_key, encrypted); /* 4.2.2.2.3 */
	assert_bytes(encrypted, 16, "518822b1b3f350c8958682ecbb3e3cb7");
}

static void
v1_response_with_client_challenge_is_the_specifications(void **state)
{
	uint8_t hash[16], response[24], key[16], derived[16];

	assert_true(ntlm_nt_hash("Password", hash));
	ntlm_v1_response(hash, server_challenge, client_challenge, response); /* 4.2.3.2.2 */
	assert_bytes(response, 24, "7537f803ae367128ca458204bde7caf81e97ed2683267232");
	ntlm_v1_session_key(hash, server_challenge, client_challenge, key); /* 4.2.3.1.3 */
	assert_bytes(key, 16, "eb93429a8bd952f8b89c55b87f475edc");
	ntlm_seal_key(key, NTLM_56, true, derived); /* 4.2.3.4 */
	assert_bytes(derived, 16, "04dd7f014d8504d265a25cc86a3a7c06");
	ntlm_sign_key(key, true, derived);
	assert_bytes(derived, 16, "60e799be5c72fc92922ae8ebe961fb8d");
}

/* 4.2.4.1.3: temp, with the pairs as the example's server sent them */
static size_t
example_temp(uint8_t ret[128])
{
	static const uint8_t domain[12] = {'D', 0, 'o', 0, 'm', 0, 'a', 0, 'i', 0, 'n', 0};
	static const uint8_t server[12] = {'S', 0, 'e', 0, 'r', 0, 'v', 0, 'e', 0, 'r', 0};
	struct wire_out out;

	wire_out_init(&out, ret, 128);
	ntlm_blob_put(&out, 0, client_challenge);
	ntlm_av_put(&out, NTLM_AV_NB_DOMAIN, domain, sizeof(domain));
	ntlm_av_put(&out, NTLM_AV_NB_COMPUTER, server, sizeof(server));
	ntlm_av_put(&out, NTLM_AV_EOL, NULL, 0);
	wire_out_zero(&out, 4);
	assert_false(out.full);
	return wire_out_offset(&out);
}

static void
v2_response_is_the_specifications(void **state)
{
	uint8_t hash[16], key[16], temp[128], proof[16], session[16], encrypted[16];
	size_t n = example_temp(temp);

	assert_true(ntlm_nt_hash("Password", hash));
	assert_true(ntlm_v2_key(hash, "User", "Domain", key)); /* 4.2.4.1.1 */
	assert_bytes(key, 16, "0c868a403bfd7a93a3001ef22ef02e3f");
	ntlm_v2_proof(key, server_challenge, temp, n, proof); /* 4.2.4.2.2 */
	assert_bytes(proof, 16, "68cd0ab851e51c96aabc927bebef6a1c");
	ntlm_v2_session_key(key, proof, session); /* 4.2.4.1.2 */
	assert_bytes(session, 16, "8de40ccadbc14a82f15cb0ad0de95ca3");
	ntlm_key_exchange(session, random_key, encrypted); /* 4.2.4.2.3 */
	assert_bytes(encrypted, 16, "c5dad2544fc9799094ce1ce90bc9d03e");
	ntlm_v2_proof(key, server_challenge, client_challenge, 8, proof); /* 4.2.4.2.1, LMv2 */
	assert_bytes(proof, 16, "86c35097ac9cec102554764a57cccc19");
}

static const char example_challenge[] =
	"4e544c4d5353500002000000 0c000c0038000000 33828ae2 0123456789abcdef 0000000000000000"
	"2400240044000000 060070170000000f 530065007200760065007200"
	"02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000";

static void
challenge_of_the_specification_is_read(void **state) /* 4.2.4.3 */
{
	struct ntlm_challenge c;
	uint8_t bytes[256];
	size_t n = unhex(example_challenge, bytes);
	struct ntlm_view v;

	assert_true(ntlm_challenge_get(bytes, n, &c));
	assert_int_equal(c.flags, 0xe28a8233);
	assert_memory_equal(c.challenge, server_challenge, 8);
	assert_int_equal(c.target_name.n, 12);
	assert_true(ntlm_av_is_sound(&c.target_info));
	assert_true(ntlm_av_find(&c.target_info, NTLM_AV_NB_COMPUTER, &v));
	assert_memory_equal(v.p, "S\0e\0r\0v\0e\0r", 12);
	assert_false(ntlm_av_find(&c.target_info, NTLM_AV_TIMESTAMP, &v));
	while (n-- > 0)
		assert_false(ntlm_challenge_get(bytes, n, &c));
}

static void
authenticate_of_the_specification_is_written(void **state) /* 4.2.4.3 */
{
	uint8_t nt[256], lm[24], key[16], made[512], expected[512];
	uint8_t domain[512], user[512], computer[512];
	size_t temp_len = example_temp(nt + 16), n;
	struct ntlm_authenticate m = {.flags = 0xe2888235,
					 .lm = {lm, 24},
					 .nt = {nt, 16 + temp_len},
					 .domain = {domain, 0},
					 .user = {user, 0},
					 .workstation = {computer, 0},
					 .session_key = {key, 16}},
				 back;
	struct wire_out out;

	unhex("68cd0ab851e51c96aabc927bebef6a1c", nt);
	unhex("86c35097ac9cec102554764a57cccc19 aaaaaaaaaaaaaaaa", lm);
	unhex("c5dad2544fc9799094ce1ce90bc9d03e", key);
	assert_true(ntlm_text("Domain", false, domain, &m.domain.n));
	assert_true(ntlm_text("User", false, user, &m.user.n));
	assert_true(ntlm_text("COMPUTER", false, computer, &m.workstation.n));
	wire_out_init(&out, made, sizeof(made));
	assert_true(ntlm_authenticate_put(&out, &m));
	n = unhex(
		"4e544c4d535350000300000018001800 6c0000005400540084000000 0c000c00"
		"48000000080008005400000010001000 5c00000010001000d800000035 8288e2"
		"0501280a0000000f 44006f006d00610069006e00 5500730065007200"
		"43004f004d0050005500540045005200 86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"
		"68cd0ab851e51c96aabc927bebef6a1c 01010000000000000000000000000000aaaaaaaaaaaaaaaa"
		"00000000 02000c0044006f006d00610069006e00 01000c00530065007200760065007200"
		"0000000000000000 c5dad2544fc9799094ce1ce90bc9d03e",
		expected);
	assert_int_equal(wire_out_offset(&out), n);
	/* the version is that of the program, which is another one than the example's */
	memcpy(made + 64, expected + 64, 8);
	assert_memory_equal(made, expected, n);
	assert_true(ntlm_authenticate_get(expected, n, &back));
	assert_int_equal(back.nt.n, 16 + temp_len);
	assert_memory_equal(back.session_key.p, key, 16);
}

/* 4.2.3.4 and 4.2.4.4 */
static void
sealing_is_the_specifications(void **state)
{
	static const struct {
		uint32_t flags;
		const char *key, *sealed, *signature;
	} cases[] = {
		{NTLM_SIGN | NTLM_SEAL | NTLM_EXTENDED_SECURITY | NTLM_56,
			"eb93429a8bd952f8b89c55b87f475edc", "a02372f6530273f3aa1eb90190ce5200c99d",
			"01000000ff2aeb52f681793a00000000"},
		{NTLM_SIGN | NTLM_SEAL | NTLM_EXTENDED_SECURITY | NTLM_56 | NTLM_128 |
				NTLM_KEY_EXCH,
			"55555555555555555555555555555555", "54e50165bf1936dc996020c1811b0f06fb5f",
			"010000007fb38ec5c55d497600000000"},
	};

	for (size_t i = 0; i < 2; i++) {
		uint8_t text[18] = "P\0l\0a\0i\0n\0t\0e\0x\0t", key[16], signature[16];
		struct auth_span span = {text, sizeof(text), true};
		struct ntlm_session client, server;

		unhex(cases[i].key, key);
		ntlm_session_init(&client, cases[i].flags, key, true);
		ntlm_session_init(&server, cases[i].flags, key, false);
		assert_true(ntlm_session_protect(&client, AUTH_LEVEL_PRIVACY, &span, 1, signature));
		assert_bytes(text, 18, cases[i].sealed);
		assert_bytes(signature, 16, cases[i].signature);
		assert_true(ntlm_session_unprotect(
			&server, AUTH_LEVEL_PRIVACY, &span, 1, signature, 16));
		assert_memory_equal(text, "P\0l\0a\0i\0n\0t\0e\0x\0t", 18);
	}
}

/* --- both sides --- */

static bool
lookup(void *arg, const char *user, const char *domain, struct ntlm_account *ret)
{
	if (strcasecmp(user, "Alice") != 0)
		return false;
	snprintf(ret->name, sizeof(ret->name), "alice");
	return ntlm_nt_hash("S3cret päss", ret->nt_hash);
}

struct pair {
	struct ntlm_acceptor acceptor;
	struct ntlm_credentials who;
	struct auth_context *client, *server;
	struct auth_token tokens[3];
	const char *why;
};

static int
pair_new(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));

	p->acceptor =
		(struct ntlm_acceptor){.computer = "SERVER", .domain = "HOUSE", .lookup = lookup};
	p->who = (struct ntlm_credentials){
		.user = "ALICE", .domain = "HOUSE", .workstation = "WS", .target = "host/server"};
	assert_true(ntlm_nt_hash("S3cret päss", p->who.nt_hash));
	*state = p;
	return 0;
}

static int
pair_free(void **state)
{
	struct pair *p = *state;

	for (size_t i = 0; i < 3; i++)
		mem_free(p->tokens[i].bytes);
	auth_unref(p->client);
	auth_unref(p->server);
	free(p);
	return 0;
}

/* Up to the server's verdict on the third message, which is not given to it yet. */
static enum auth_outcome
legs_begin(struct pair *p)
{
	p->client = ntlm_initiate(&p->who);
	p->server = ntlm_accept(&p->acceptor);
	assert_non_null(p->client);
	assert_non_null(p->server);
	assert_int_equal(auth_step(p->client, NULL, 0, &p->tokens[0], &p->why), AUTH_CONTINUE);
	assert_int_equal(
		auth_step(p->server, p->tokens[0].bytes, p->tokens[0].len, &p->tokens[1], &p->why),
		AUTH_CONTINUE);
	return auth_step(p->client, p->tokens[1].bytes, p->tokens[1].len, &p->tokens[2], &p->why);
}

static enum auth_outcome
legs_end(struct pair *p)
{
	struct auth_token none = {0};
	enum auth_outcome o =
		auth_step(p->server, p->tokens[2].bytes, p->tokens[2].len, &none, &p->why);

	assert_null(none.bytes);
	return o;
}

static enum auth_outcome
legs(struct pair *p)
{
	assert_int_equal(legs_begin(p), AUTH_DONE);
	return legs_end(p);
}

static void
right_password_is_taken_and_named_as_the_account(void **state)
{
	struct pair *p = *state;
	struct auth_names names;
	const uint8_t *ours, *theirs;
	size_t n, m;

	assert_int_equal(legs(p), AUTH_DONE);
	p->server->methods->names(p->server, &names);
	assert_string_equal(names.user, "alice");
	assert_string_equal(names.domain, "HOUSE");
	assert_false(names.anonymous);
	ours = p->client->methods->session_key(p->client, &n);
	theirs = p->server->methods->session_key(p->server, &m);
	assert_int_equal(n, 16);
	assert_int_equal(m, 16);
	assert_memory_equal(ours, theirs, 16);
	assert_true(p->server->methods->expiry(p->server) == INT64_MAX);
}

static void
wrong_password_is_refused(void **state)
{
	struct pair *p = *state;

	p->who.nt_hash[3] ^= 1;
	assert_int_equal(legs(p), AUTH_FAILED);
	assert_string_equal(p->why, "unknown user or wrong password");
}

static void
unknown_user_is_refused_in_the_same_words(void **state)
{
	struct pair *p = *state;

	p->who.user = "mallory";
	assert_int_equal(legs(p), AUTH_FAILED);
	assert_string_equal(p->why, "unknown user or wrong password");
}

static void
unknown_user_with_the_empty_hash_is_refused(void **state)
{
	struct pair *p = *state;

	p->who.user = "mallory";
	memset(p->who.nt_hash, 0, sizeof(p->who.nt_hash));
	assert_int_equal(legs(p), AUTH_FAILED);
}

static void
anonymous_is_taken_only_when_asked_for(void **state)
{
	struct pair *p = *state;
	struct auth_names names;

	p->who.user = "";
	p->who.domain = "";
	assert_int_equal(legs(p), AUTH_FAILED);
	assert_string_equal(p->why, "anonymous clients are not taken");
	pair_free(state);
	pair_new(state);
	p = *state;
	p->who.user = p->who.domain = "";
	p->acceptor.anonymous = true;
	assert_int_equal(legs(p), AUTH_DONE);
	p->server->methods->names(p->server, &names);
	assert_true(names.anonymous);
	assert_string_equal(names.user, "");
}

static void
v1_is_refused_unless_asked_for(void **state)
{
	struct pair *p = *state;

	p->who.v1 = true;
	assert_int_equal(legs(p), AUTH_FAILED);
	pair_free(state);
	pair_new(state);
	p = *state;
	p->who.v1 = p->acceptor.v1 = true;
	assert_int_equal(legs(p), AUTH_DONE);
}

static void
other_channels_bindings_are_refused(void **state)
{
	static const uint8_t ours[16] = {1, 2, 3}, others[16] = {3, 2, 1};
	struct pair *p = *state;

	p->acceptor.channel_bindings = ours;
	p->who.channel_bindings = others;
	assert_int_equal(legs(p), AUTH_FAILED);
	assert_string_equal(p->why, "channel bindings of another channel");
	pair_free(state);
	pair_new(state);
	p = *state;
	p->acceptor.channel_bindings = p->who.channel_bindings = ours;
	assert_int_equal(legs(p), AUTH_DONE);
}

static void
missing_channel_bindings_are_refused(void **state)
{
	static const uint8_t ours[16] = {1, 2, 3};
	struct pair *p = *state;

	p->acceptor.channel_bindings = ours;
	assert_int_equal(legs(p), AUTH_FAILED);
}

/* The bytes that decide: every bit of them is protected by the response or by the MIC. */
static void
authenticate_changed_anywhere_is_refused(void **state)
{
	struct pair *p = *state;
	size_t n;

	assert_int_equal(legs_begin(p), AUTH_DONE);
	n = p->tokens[2].len;
	for (size_t i = 0; i < n; i++) {
		struct auth_token challenge = {0}, none = {0};
		struct pair q = {.acceptor = p->acceptor, .who = p->who};

		assert_int_equal(legs_begin(&q), AUTH_DONE);
		q.tokens[2].bytes[i % q.tokens[2].len] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(
			auth_step(q.server, q.tokens[2].bytes, q.tokens[2].len, &none, &q.why),
			AUTH_FAILED);
		mem_free(challenge.bytes);
		for (size_t k = 0; k < 3; k++)
			mem_free(q.tokens[k].bytes);
		auth_unref(q.client);
		auth_unref(q.server);
	}
}

static void
authenticate_cut_short_is_refused(void **state)
{
	struct pair *p = *state;
	struct auth_token none = {0};

	assert_int_equal(legs_begin(p), AUTH_DONE);
	for (size_t n = 0; n < p->tokens[2].len; n++) {
		struct auth_context *server = ntlm_accept(&p->acceptor);
		struct auth_token challenge = {0};

		assert_int_equal(auth_step(server, p->tokens[0].bytes, p->tokens[0].len, &challenge,
					 &p->why),
			AUTH_CONTINUE);
		assert_int_equal(
			auth_step(server, p->tokens[2].bytes, n, &none, &p->why), AUTH_FAILED);
		mem_free(challenge.bytes);
		auth_unref(server);
	}
}

/* An attacker between the two clears what would make the session strong; the MIC tells. */
static void
negotiate_changed_on_its_way_is_refused(void **state)
{
	struct pair *p = *state;
	struct auth_token changed = {0};

	p->client = ntlm_initiate(&p->who);
	p->server = ntlm_accept(&p->acceptor);
	assert_int_equal(auth_step(p->client, NULL, 0, &p->tokens[0], &p->why), AUTH_CONTINUE);
	changed.bytes = malloc(p->tokens[0].len);
	memcpy(changed.bytes, p->tokens[0].bytes, p->tokens[0].len);
	changed.bytes[12] &= (uint8_t)~NTLM_SEAL;
	assert_int_equal(
		auth_step(p->server, changed.bytes, p->tokens[0].len, &p->tokens[1], &p->why),
		AUTH_CONTINUE);
	free(changed.bytes);
	assert_int_equal(
		auth_step(p->client, p->tokens[1].bytes, p->tokens[1].len, &p->tokens[2], &p->why),
		AUTH_DONE);
	assert_int_equal(legs_end(p), AUTH_FAILED);
	assert_string_equal(p->why, "the NTLM messages were changed on their way");
}

static void
weak_server_is_refused_by_the_client(void **state)
{
	static const uint32_t each[] = {
		NTLM_128, NTLM_KEY_EXCH, NTLM_EXTENDED_SECURITY, NTLM_UNICODE, NTLM_TARGET_INFO};

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		struct pair *p = *state;
		struct wire_out out;

		p->client = ntlm_initiate(&p->who);
		p->server = ntlm_accept(&p->acceptor);
		assert_int_equal(
			auth_step(p->client, NULL, 0, &p->tokens[0], &p->why), AUTH_CONTINUE);
		assert_int_equal(auth_step(p->server, p->tokens[0].bytes, p->tokens[0].len,
					 &p->tokens[1], &p->why),
			AUTH_CONTINUE);
		wire_out_init(&out, p->tokens[1].bytes, p->tokens[1].len);
		wire_out_u32_at(&out, 20, (0xe28a8235u | NTLM_REQUEST_TARGET) & ~each[i]);
		assert_int_equal(auth_step(p->client, p->tokens[1].bytes, p->tokens[1].len,
					 &p->tokens[2], &p->why),
			AUTH_FAILED);
		pair_free(state);
		pair_new(state);
	}
}

static void
legs_out_of_order_are_refused(void **state)
{
	struct pair *p = *state;
	struct auth_token none = {0};

	assert_int_equal(legs(p), AUTH_DONE);
	assert_int_equal(auth_step(p->server, p->tokens[2].bytes, p->tokens[2].len, &none, &p->why),
		AUTH_FAILED);
	assert_int_equal(auth_step(p->client, p->tokens[1].bytes, p->tokens[1].len, &none, &p->why),
		AUTH_FAILED);
}

/* --- messages --- */

struct message {
	uint8_t header[24], body[64], trailer[8], signature[16];
	struct auth_span spans[3];
};

static void
message_fill(struct message *m, uint8_t seed)
{
	memset(m, seed, sizeof(*m));
	m->spans[0] = (struct auth_span){m->header, sizeof(m->header), false};
	m->spans[1] = (struct auth_span){m->body, sizeof(m->body), true};
	m->spans[2] = (struct auth_span){m->trailer, sizeof(m->trailer), false};
}

static bool
protect(struct auth_context *c, enum auth_level level, struct message *m)
{
	return c->methods->protect(c, level, m->spans, 3, m->signature);
}

static bool
unprotect(struct auth_context *c, enum auth_level level, struct message *m)
{
	return c->methods->unprotect(c, level, m->spans, 3, m->signature, 16);
}

static void
messages_go_both_ways_at_each_level(void **state)
{
	struct pair *p = *state;

	assert_int_equal(legs(p), AUTH_DONE);
	for (unsigned i = 0; i < 30; i++) {
		enum auth_level level = i % 3 == 0   ? AUTH_LEVEL_PACKET
					: i % 3 == 1 ? AUTH_LEVEL_INTEGRITY
						     : AUTH_LEVEL_PRIVACY;
		struct auth_context *from = i % 2 ? p->client : p->server;
		struct message m, before;

		message_fill(&m, (uint8_t)i);
		message_fill(&before, (uint8_t)i);
		assert_true(protect(from, level, &m));
		assert_memory_equal(m.header, before.header, sizeof(m.header));
		if (level == AUTH_LEVEL_PRIVACY)
			assert_memory_not_equal(m.body, before.body, sizeof(m.body));
		else
			assert_memory_equal(m.body, before.body, sizeof(m.body));
		assert_true(unprotect(i % 2 ? p->server : p->client, level, &m));
		assert_memory_equal(m.body, before.body, sizeof(m.body));
	}
}

static void
each_flipped_bit_is_noticed(void **state)
{
	const size_t n = 24 + 64 + 8 + 16;

	for (size_t bit = 0; bit < 8 * n; bit++) {
		struct pair *p = *state;
		struct ntlm_session client, server;
		struct message m;

		message_fill(&m, 7);
		ntlm_session_init(&client, 0xe2888235, random_key, true);
		ntlm_session_init(&server, 0xe2888235, random_key, false);
		assert_true(
			ntlm_session_protect(&client, AUTH_LEVEL_PRIVACY, m.spans, 3, m.signature));
		((uint8_t *)&m)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(ntlm_session_unprotect(
			&server, AUTH_LEVEL_PRIVACY, m.spans, 3, m.signature, 16));
		p->why = NULL;
	}
}

static void
replayed_reordered_and_cut_messages_are_noticed(void **state)
{
	struct pair *p = *state;
	struct message first, second, again;

	assert_int_equal(legs(p), AUTH_DONE);
	message_fill(&first, 1);
	message_fill(&second, 2);
	assert_true(protect(p->client, AUTH_LEVEL_INTEGRITY, &first));
	assert_true(protect(p->client, AUTH_LEVEL_INTEGRITY, &second));
	again = first;
	message_fill(&again, 1);
	memcpy(again.signature, first.signature, 16);
	assert_true(unprotect(p->server, AUTH_LEVEL_INTEGRITY, &first));
	assert_false(unprotect(p->server, AUTH_LEVEL_INTEGRITY, &again));
	assert_false(p->server->methods->unprotect(
		p->server, AUTH_LEVEL_INTEGRITY, second.spans, 3, second.signature, 15));
}

static void
ones_own_messages_are_not_taken_back(void **state)
{
	struct pair *p = *state;
	struct message m;

	assert_int_equal(legs(p), AUTH_DONE);
	message_fill(&m, 1);
	assert_true(protect(p->client, AUTH_LEVEL_INTEGRITY, &m));
	assert_false(unprotect(p->client, AUTH_LEVEL_INTEGRITY, &m));
}

static void
lack_of_memory_fails_the_leg(void **state)
{
	for (unsigned nth = 1; nth < 12; nth++) {
		struct pair *p = *state;

		p->client = ntlm_initiate(&p->who);
		p->server = ntlm_accept(&p->acceptor);
		mem_fail_nth(nth);
		if (auth_step(p->client, NULL, 0, &p->tokens[0], &p->why) == AUTH_CONTINUE &&
			auth_step(p->server, p->tokens[0].bytes, p->tokens[0].len, &p->tokens[1],
				&p->why) == AUTH_CONTINUE &&
			auth_step(p->client, p->tokens[1].bytes, p->tokens[1].len, &p->tokens[2],
				&p->why) == AUTH_DONE)
			nth = 12;
		mem_fail_nth(0);
		pair_free(state);
		pair_new(state);
	}
}

/* --- the file of hashes --- */

static char *
file_with(const char *text, mode_t mode)
{
	char *path = strdup("/tmp/accounts-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static sp_status
read_text(const char *text, mode_t mode, struct accounts **ret, struct sp_error *error)
{
	char *path = file_with(text, mode);
	sp_status status = accounts_read(path, ret, error);

	unlink(path);
	free(path);
	return status;
}

#define X32 "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"

static void
accounts_are_found_whatever_the_case(void **state)
{
	struct ntlm_account account;
	struct accounts *a;
	struct sp_error error;

	assert_int_equal(
		read_text("# a comment\n\n"
			  "Zoë:1000:" X32 ":A4F49C406510BDCAB6824EE7C30FD852:[U          ]:LCT-0:\n"
			  "off:1001:" X32 ":A4F49C406510BDCAB6824EE7C30FD852:[UD         ]:LCT-0:\n"
			  "none:1002:" X32 ":" X32 ":[U          ]:LCT-0:\n"
			  "bob:1003:" X32 ":a4f49c406510bdcab6824ee7c30fd852:\n",
			0600, &a, &error),
		0);
	assert_int_equal(accounts_n(a), 2);
	assert_true(accounts_lookup(a, "ZOË", "ANY", &account));
	assert_string_equal(account.name, "Zoë");
	assert_bytes(account.nt_hash, 16, "a4f49c406510bdcab6824ee7c30fd852");
	assert_true(accounts_lookup(a, "BOB", "", &account));
	assert_false(accounts_lookup(a, "off", "", &account));
	assert_false(accounts_lookup(a, "none", "", &account));
	assert_false(accounts_lookup(a, "bo", "", &account));
	accounts_free(a);
}

static void
broken_lines_are_refused_with_their_number(void **state)
{
	static const char *const bad[] = {"bob\n", "bob:1:" X32 "\n", ":1:" X32 ":" X32 ":\n",
		"bob:1:" X32 ":A4F49C406510BDCAB6824EE7C30FD85:\n",
		"bob:1:" X32 ":G4F49C406510BDCAB6824EE7C30FD852:\n"};
	struct accounts *a;
	struct sp_error error;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), "#\n%s", bad[i]);
		assert_int_equal(read_text(text, 0600, &a, &error), RPC_S_INVALID_ARG);
		assert_non_null(strstr(error.sentence, ":2: "));
	}
}

static void
file_that_everybody_may_read_is_refused(void **state)
{
	struct accounts *a;
	struct sp_error error;

	assert_int_equal(read_text("#\n", 0644, &a, &error), ERROR_ACCESS_DENIED);
	assert_int_equal(accounts_read("/nonexistent/accounts", &a, &error), RPC_S_INVALID_ARG);
}

#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, pair_new, pair_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(password_becomes_its_nt_hash),
		cmocka_unit_test(v1_response_is_the_specifications),
		cmocka_unit_test(v1_response_with_client_challenge_is_the_specifications),
		cmocka_unit_test(v2_response_is_the_specifications),
		cmocka_unit_test(challenge_of_the_specification_is_read),
		cmocka_unit_test(authenticate_of_the_specification_is_written),
		cmocka_unit_test(sealing_is_the_specifications),
		WITH_PAIR(right_password_is_taken_and_named_as_the_account),
		WITH_PAIR(wrong_password_is_refused),
		WITH_PAIR(unknown_user_is_refused_in_the_same_words),
		WITH_PAIR(unknown_user_with_the_empty_hash_is_refused),
		WITH_PAIR(anonymous_is_taken_only_when_asked_for),
		WITH_PAIR(v1_is_refused_unless_asked_for),
		WITH_PAIR(other_channels_bindings_are_refused),
		WITH_PAIR(missing_channel_bindings_are_refused),
		WITH_PAIR(authenticate_changed_anywhere_is_refused),
		WITH_PAIR(authenticate_cut_short_is_refused),
		WITH_PAIR(negotiate_changed_on_its_way_is_refused),
		WITH_PAIR(weak_server_is_refused_by_the_client),
		WITH_PAIR(legs_out_of_order_are_refused),
		WITH_PAIR(messages_go_both_ways_at_each_level),
		WITH_PAIR(each_flipped_bit_is_noticed),
		WITH_PAIR(replayed_reordered_and_cut_messages_are_noticed),
		WITH_PAIR(ones_own_messages_are_not_taken_back),
		WITH_PAIR(lack_of_memory_fails_the_leg),
		cmocka_unit_test(accounts_are_found_whatever_the_case),
		cmocka_unit_test(broken_lines_are_refused_with_their_number),
		cmocka_unit_test(file_that_everybody_may_read_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
