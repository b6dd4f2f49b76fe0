/* SPDX-License-Identifier: MIT */
/*
 * Somebody on the wire between a client and a server that know each other: what he changes, repeats, reorders, cuts or takes
 * away is noticed, is not executed, and has its defined answer.
 */
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "auth/ntlm.h"
#include "rpc/trial.h"

/* --- an interface that counts --- */

struct args {
	uint32_t n;
	uint8_t *bytes;
};

static void
args_push(struct sp_push *p, const void *v)
{
	const struct args *a = v;

	sp_push_count(p, a->n);
	sp_push_bytes(p, a->bytes, a->n);
}

static void
args_pull(struct sp_pull *p, void *v)
{
	struct args *a = v;

	a->n = sp_pull_count(p, 1);
	a->bytes = sp_pull_alloc(p, a->n, 1);
	if (a->bytes)
		sp_pull_bytes(p, a->bytes, a->n);
}

static atomic_uint executed;

static sp_status
echo(sp_call *call, const void *handlers, void *v)
{
	(void)call;
	(void)handlers;
	(void)v;
	atomic_fetch_add(&executed, 1);
	return 0;
}

static const struct sp_operation operations[] = {{"echo", sizeof(struct args), 0, args_push,
	args_pull, args_push, args_pull, echo, NULL, 0}};

static const struct sp_interface interface = {
	.abi = SP_STUB_ABI,
	.name = "bytes",
	.id = {{0x5ec, 0x4321, 0x1234, {0x80, 0x02}, {1, 2, 3, 4, 5, 7}}, 1, 0},
	.n_operations = 1,
	.operations = operations,
};

static bool
lookup(void *arg, const char *user, const char *domain, struct sp_account *ret)
{
	(void)arg;
	(void)user;
	(void)domain;
	strcpy(ret->name, "alice");
	return ntlm_nt_hash("correct horse", ret->nt_hash);
}

/* --- the one on the wire --- */

enum attack {
	NOTHING,
	FLIP,     /* a bit of a byte of a message */
	REPEAT,   /* the message a second time */
	SWAP,     /* two fragments change places */
	TAKE_OUT, /* a fragment does not arrive */
	CUT,      /* the signature is shorter, and says so */
	STRIP,    /* no trailer */
	LOWER,    /* the trailer says level connect, and the signature is gone */
	OTHER_ID, /* the trailer names another security context */
};

struct wire {
	enum attack attack;
	bool of_server;       /* messages of the server; else of the client */
	unsigned which, byte; /* the request or response, from 0 */
	int listener, client, server;
	uint16_t port, server_port;
	unsigned seen, length;
	uint8_t held[8192];
	size_t n_held;
	pthread_t thread;
};

static void
write_all(int fd, const void *bytes, size_t n)
{
	(void)!send(fd, bytes, n, MSG_NOSIGNAL);
}

static void
put_u16(uint8_t *p, size_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
}

/* Takes n bytes off the end of the message, of which its trailer's signature loses as many; 24: trailer and all. */
static size_t
shorten(uint8_t *pdu, size_t len, size_t n, size_t auth_len)
{
	put_u16(pdu + 8, len - n);
	put_u16(pdu + 10, auth_len);
	return len - n;
}

static void
meddle(struct wire *w, int to, uint8_t *pdu, size_t len)
{
	uint8_t *trailer = pdu + len - 24;

	w->length = (unsigned)len;
	switch (w->attack) {
	case NOTHING: break;
	case FLIP: pdu[w->byte] ^= 0x01; break;
	case REPEAT: write_all(to, pdu, len); break;
	case SWAP:
		memcpy(w->held, pdu, len);
		w->n_held = len;
		return;
	case TAKE_OUT: return;
	case CUT: len = shorten(pdu, len, 4, 12); break;
	case STRIP: len = shorten(pdu, len, 24, 0); break;
	case LOWER: trailer[1] = SP_LEVEL_CONNECT; break;
	case OTHER_ID: trailer[4] ^= 0x40; break;
	}
	write_all(to, pdu, len);
}

static bool
read_all(int fd, uint8_t *bytes, size_t n)
{
	return recv(fd, bytes, n, MSG_WAITALL) == (ssize_t)n;
}

/* One PDU from here to there. False: the connection has ended. */
static bool
pass(struct wire *w, int from, int to, bool of_server)
{
	uint8_t pdu[8192];
	size_t len;

	if (!read_all(from, pdu, 16))
		return false;
	len = pdu[8] | pdu[9] << 8;
	if (len < 16 || len > sizeof(pdu) || !read_all(from, pdu + 16, len - 16))
		return false;
	if (of_server == w->of_server && pdu[2] == (of_server ? 2 : 0) && w->seen++ == w->which) {
		meddle(w, to, pdu, len);
		return true;
	}
	write_all(to, pdu, len);
	if (w->n_held > 0 && of_server == w->of_server) {
		write_all(to, w->held, w->n_held);
		w->n_held = 0;
	}
	return true;
}

static void *
wire_main(void *arg)
{
	struct wire *w = arg;
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(w->server_port)};
	struct pollfd fds[2];

	w->client = accept(w->listener, NULL, NULL);
	close(w->listener); /* who is attacked gets no second connection */
	w->server = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(w->server, (struct sockaddr *)&a, sizeof(a)))
		return NULL;
	for (;;) {
		fds[0] = (struct pollfd){.fd = w->client, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = w->server, .events = POLLIN};
		poll(fds, 2, -1);
		if (fds[0].revents && !pass(w, w->client, w->server, false))
			break;
		if (fds[1].revents && !pass(w, w->server, w->client, true))
			break;
	}
	close(w->client);
	close(w->server);
	return NULL;
}

static void
wire_open(struct wire *w, uint16_t server_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	w->server_port = server_port;
	w->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(w->listener, 1), 0);
	getsockname(w->listener, (struct sockaddr *)&a, &len);
	w->port = ntohs(a.sin_port);
	pthread_create(&w->thread, NULL, wire_main, w);
}

/* --- a conversation that is attacked --- */

static sp_server *server;
static uint16_t server_port;

static int
server_up(void **state)
{
	const struct sp_server_options options = {.no_mapper = true, .port_policy = "/nonexistent"};
	const struct sp_ntlm_options ntlm = {.lookup = lookup, .computer = "SERVER"};
	const struct sp_interface_options needs = {.least_level = SP_LEVEL_INTEGRITY};
	struct sp_error err;

	(void)state;
	assert_int_equal(sp_server_new(&options, &server, &err), 0);
	assert_int_equal(sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "127.0.0.1", &err), 0);
	assert_int_equal(sp_server_register(server, &interface, NULL, &needs, &err), 0);
	assert_int_equal(sp_server_use_ntlm(server, &ntlm, &err), 0);
	assert_int_equal(sp_server_start(server, 1, &err), 0);
	server_port = (uint16_t)atoi(strchr(sp_server_binding(server, 0), '[') + 1);
	return 0;
}

static int
server_down(void **state)
{
	(void)state;
	sp_server_free(server);
	return 0;
}

static sp_status
ask(sp_client *client, uint32_t n)
{
	static uint8_t bytes[16384];
	struct args args = {n, bytes};
	sp_call *call = sp_call_new(client);
	sp_status status;

	assert_non_null(call);
	sp_call_set_timeout(call, 300 * SP_MILLISECOND);
	status = sp_call_invoke(call, &interface, 0, &args, NULL);
	sp_call_free(call);
	return status;
}

/* Two calls; the answer to the second. */
static sp_status
suffer(struct wire *w, enum sp_level level, uint32_t n)
{
	const struct sp_security alice = {.provider = SP_AUTH_NTLM,
		.level = level,
		.user = "alice",
		.password = "correct horse"};
	sp_client *client;
	sp_status status;
	char binding[64];

	wire_open(w, server_port);
	snprintf(binding, sizeof(binding), "ncacn_ip_tcp:127.0.0.1[%u]", w->port);
	atomic_store(&executed, 0);
	assert_int_equal(sp_client_new(binding, NULL, &client, NULL), 0);
	assert_int_equal(sp_client_secure(client, &alice, NULL), 0);
	assert_int_equal(ask(client, 10), 0);
	status = ask(client, n);
	sp_client_free(client);
	pthread_join(w->thread, NULL);
	return status;
}

static const enum sp_level levels[] = {SP_LEVEL_INTEGRITY, SP_LEVEL_PRIVACY};

static void
who_only_listens_changes_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct wire w = {.which = 1};

		assert_int_equal(suffer(&w, levels[i], 12000), 0);
		assert_int_equal(executed, 2);
	}
}

static void
flipped_bit_in_any_byte_of_a_request_is_not_executed(void **state)
{
	unsigned length = 1;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned byte = 0; byte < length; byte++) {
			struct wire w = {.attack = FLIP, .which = 1, .byte = byte};
			sp_status status = suffer(&w, levels[i], 20);

			length = w.length;
			if (status == 0 || executed != 1)
				fail_msg("level %d, byte %u: status %u, %u executed", levels[i],
					byte, status, executed);
			/* what is no header has one answer only */
			if (byte >= 24 && byte < length - 24)
				assert_int_equal(status, RPC_S_SEC_PKG_ERROR);
		}
	}
}

static void
flipped_bit_in_any_byte_of_an_answer_is_noticed(void **state)
{
	unsigned length = 1;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned byte = 0; byte < length; byte++) {
			struct wire w = {
				.attack = FLIP, .of_server = true, .which = 1, .byte = byte};

			if (suffer(&w, levels[i], 20) == 0)
				fail_msg("level %d, byte %u", levels[i], byte);
			length = w.length;
		}
	}
}

static void
others(enum attack attack, unsigned which, uint32_t n, sp_status expected)
{
	for (unsigned i = 0; i < 2; i++) {
		struct wire w = {.attack = attack, .which = which};
		sp_status status = suffer(&w, levels[i], n);

		if (status != expected || executed != 1)
			fail_msg("level %d: status %u, %u executed", levels[i], status, executed);
	}
}

static void
repeated_request_is_executed_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct wire w = {.attack = REPEAT, .which = 1};

		(void)suffer(&w, levels[i], 20); /* the answer, or the end of the connection */
		assert_int_equal(executed, 2);
	}
}

static void
swapped_fragments_are_refused(void **state)
{
	(void)state;
	others(SWAP, 2, 16000, RPC_S_SEC_PKG_ERROR);
}

static void
missing_fragment_is_refused(void **state)
{
	(void)state;
	others(TAKE_OUT, 2, 16000, RPC_S_SEC_PKG_ERROR);
}

static void
shortened_signature_is_refused(void **state)
{
	(void)state;
	others(CUT, 1, 20, RPC_S_SEC_PKG_ERROR);
}

static void
request_without_its_trailer_is_denied(void **state)
{
	(void)state;
	others(STRIP, 1, 20, ERROR_ACCESS_DENIED);
}

static void
lowered_level_is_denied(void **state)
{
	(void)state;
	others(LOWER, 1, 20, ERROR_ACCESS_DENIED);
}

static void
other_security_context_is_denied(void **state)
{
	(void)state;
	others(OTHER_ID, 1, 20, ERROR_ACCESS_DENIED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_only_listens_changes_nothing),
		cmocka_unit_test(flipped_bit_in_any_byte_of_a_request_is_not_executed),
		cmocka_unit_test(flipped_bit_in_any_byte_of_an_answer_is_noticed),
		cmocka_unit_test(repeated_request_is_executed_once),
		cmocka_unit_test(swapped_fragments_are_refused),
		cmocka_unit_test(missing_fragment_is_refused),
		cmocka_unit_test(shortened_signature_is_refused),
		cmocka_unit_test(request_without_its_trailer_is_denied),
		cmocka_unit_test(lowered_level_is_denied),
		cmocka_unit_test(other_security_context_is_denied),
	};

	return cmocka_run_group_tests(tests, server_up, server_down);
}
