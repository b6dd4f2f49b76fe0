/* SPDX-License-Identifier: MIT */
/* Extended error information: its bytes, bytes that are none, and its way from a server's fault to a client's error. */
#include "mgmt.h"
#include "rpc/extended.h"
#include "rpc/trial.h"

/*
 * By hand after [MS-EERR] 2.2.1.8, [MS-RPCE] 2.2.6 and C706 14.3.8 (a union aligns as its largest arm): one record of
 * HOST, process 4711, time 0x01d4f00000000000, component 2, status 5, location 1761, with "ab" and 7.
 */
/* clang-format off */
static const uint8_t record_bytes[] = {
	0x01, 0x10, 0x08, 0x00, 0xcc, 0xcc, 0xcc, 0xcc, /* common header */
	0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* private header: 128 bytes */
	0x00, 0x00, 0x02, 0x00, /* the pointer to the record */
	0x02, 0x00, 0x00, 0x00, /* conformance of Params */
	0x00, 0x00, 0x00, 0x00, /* Next */
	0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, /* ComputerName.Type; the union's tag, at 4 */
	0x05, 0x00, 0x00, 0x00, 0x04, 0x00, 0x02, 0x00, /* nLength, pString */
	0x67, 0x12, 0x00, 0x00, /* ProcessID */
	0x00, 0x00, 0x00, 0x00, 0x00, 0xf0, 0xd4, 0x01, /* TimeStamp */
	0x02, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, /* GeneratingComponent, Status */
	0xe1, 0x06, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, /* DetectionLocation, Flags, nLen; to 8 */
	0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* Params[0].Type; the union at 8 */
	0x02, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x08, 0x00, 0x02, 0x00, /* tag, nLength, pString */
	0x00, 0x00, 0x00, 0x00,
	0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* Params[1].Type */
	0x03, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, /* tag, LVal */
	0x05, 0x00, 0x00, 0x00, 'H', 0, 'O', 0, 'S', 0, 'T', 0, 0, 0, /* the name, with its maximum count */
	0x00, 0x00,
	0x03, 0x00, 0x00, 0x00, 'a', 0, 'b', 0, 0, 0, /* "ab" */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* to a multiple of 8 */
};
/* clang-format on */

static struct sp_error_record
sample(void)
{
	struct sp_error_record r = {.computer = "HOST",
		.process_id = 4711,
		.time = 0x01d4f00000000000,
		.component = 2,
		.status = 5,
		.location = 1761};

	return r;
}

static void
records_come_back_as_they_were_written(void **state)
{
	struct sp_error_record in[3] = {sample(), sample(), sample()};
	struct sp_error out = {0};
	struct buf *b;

	eerr_add_text(&in[0], "gr\xc3\xbc\xc3\x9f");
	eerr_add_number(&in[0], -7);
	eerr_add_number(&in[0], 1ll << 40);
	eerr_add_text(&in[0], "");
	strcpy(in[1].computer, "");
	in[1].later_missing = true;
	in[2].earlier_missing = true;
	b = eerr_put(in, 3);
	assert_non_null(b);
	assert_int_equal(buf_len(b) % 8, 0);
	assert_true(eerr_get(b->data + b->start, buf_len(b), &out));
	assert_int_equal(out.n_records, 3);
	assert_string_equal(out.records[0].computer, "HOST");
	assert_int_equal(out.records[0].process_id, 4711);
	assert_true(out.records[0].time == 0x01d4f00000000000);
	assert_int_equal(out.records[0].component, 2);
	assert_int_equal(out.records[0].status, 5);
	assert_int_equal(out.records[0].location, 1761);
	assert_int_equal(out.records[0].n_params, 4);
	assert_string_equal(out.records[0].params[0].text, "gr\xc3\xbc\xc3\x9f");
	assert_true(out.records[0].params[1].number == -7);
	assert_true(out.records[0].params[2].number == 1ll << 40);
	assert_int_equal(out.records[0].params[3].kind, SP_ERROR_PARAM_TEXT);
	assert_string_equal(out.records[1].computer, "");
	assert_true(out.records[1].later_missing && !out.records[1].earlier_missing);
	assert_true(out.records[2].earlier_missing && !out.records[2].later_missing);
	buf_unref(b);
}

static void
bytes_are_those_of_the_specification(void **state)
{
	struct sp_error_record r = sample();
	struct sp_error out = {0};
	struct buf *b;

	eerr_add_text(&r, "ab");
	eerr_add_number(&r, 7);
	b = eerr_put(&r, 1);
	assert_non_null(b);
	assert_int_equal(buf_len(b), sizeof(record_bytes));
	assert_memory_equal(b->data + b->start, record_bytes, sizeof(record_bytes));
	buf_unref(b);
	assert_true(eerr_get(record_bytes, sizeof(record_bytes), &out));
	assert_string_equal(out.records[0].params[0].text, "ab");
	assert_true(out.records[0].params[1].number == 7);
}

static void
bytes_that_break_off_or_lie_are_refused_as_a_whole(void **state)
{
	struct sp_error_record r = sample();
	struct sp_error out = {.n_records = 9};
	uint8_t copy[512];
	struct buf *b;

	eerr_add_text(&r, "ab");
	b = eerr_put(&r, 1);
	for (uint32_t len = 0; len < buf_len(b); len++)
		assert_false(eerr_get(b->data + b->start, len, &out));
	for (uint32_t i = 0; i < buf_len(b); i++) {
		memcpy(copy, b->data + b->start, buf_len(b));
		copy[i] ^= 0xff;
		if (!eerr_get(copy, buf_len(b), &out))
			assert_int_equal(out.n_records, 9);
		out.n_records = 9;
	}
	memcpy(copy, b->data + b->start, buf_len(b));
	memset(copy + 16, 0, 4); /* no record at all */
	assert_false(eerr_get(copy, buf_len(b), &out));
	memcpy(copy, b->data + b->start, buf_len(b));
	copy[0] = 2; /* another version of serialization */
	assert_false(eerr_get(copy, buf_len(b), &out));
	buf_unref(b);
}

static void
long_chains_keep_their_beginning_and_their_root(void **state)
{
	struct sp_error_record in[65];
	struct sp_error out = {0};
	struct buf *b;

	for (unsigned i = 0; i < 65; i++) {
		in[i] = sample();
		in[i].status = i;
	}
	b = eerr_put(in, 10);
	assert_true(eerr_get(b->data + b->start, buf_len(b), &out));
	assert_int_equal(out.n_records, SP_ERROR_RECORDS);
	assert_int_equal(out.records[1].status, 1);
	assert_int_equal(out.records[SP_ERROR_RECORDS - 1].status, 9);
	assert_true(out.records[SP_ERROR_RECORDS - 1].earlier_missing);
	assert_true(out.records[SP_ERROR_RECORDS - 2].later_missing);
	buf_unref(b);
	b = eerr_put(in, 65);
	assert_false(eerr_get(b->data + b->start, buf_len(b), &out));
	buf_unref(b);
}

static void
each_allocation_fails_once(void **state)
{
	struct sp_error_record r = sample();
	struct sp_error out = {0};
	struct buf *good = eerr_put(&r, 1);
	unsigned failed = 0;

	for (uint64_t n = 1; n <= 8; n++) {
		struct buf *b;

		mem_fail_nth(n);
		b = eerr_put(&r, 1);
		mem_fail_nth(n);
		failed += !b;
		failed += !eerr_get(good->data + good->start, buf_len(good), &out);
		mem_fail_nth(0);
		buf_unref(b);
	}
	assert_true(failed >= 3);
	buf_unref(good);
}

/* --- from server to client --- */

static sp_status
deny(sp_call *call, uint32_t opnum, void *arg)
{
	return opnum == TRIAL_TWICE ? ERROR_ACCESS_DENIED : 0;
}

static void
servers_fault_explains_itself_when_it_is_told_to(void **state)
{
	struct sp_interface_options how = {.access = deny};
	char host[64] = "";

	gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = 0;
	for (int on = 0; on < 2; on++) {
		struct sp_server_options options = {.no_mapper = true, .extended_errors = on};
		struct sp_error err = {0};
		struct trial_args args = {.value = 1};
		sp_server *server;
		char binding[64];

		assert_int_equal(sp_server_new(&options, &server, &err), 0);
		assert_int_equal(
			sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "127.0.0.1", &err), 0);
		assert_int_equal(sp_server_register(server, &trial_interface, NULL, &how, &err), 0);
		assert_int_equal(sp_server_start(server, 1, &err), 0);
		snprintf(binding, sizeof(binding), "%s", sp_server_binding(server, 0));
		sp_client *client = trial_client(binding, NULL);
		sp_call *call = sp_call_new(client);
		assert_int_equal(sp_call_invoke(call, &trial_interface, TRIAL_TWICE, &args, &err),
			ERROR_ACCESS_DENIED);
		assert_int_equal(err.n_records, on);
		if (on) {
			const struct sp_error_record *r = &err.records[0];

			assert_string_equal(r->computer, host);
			assert_int_equal(r->process_id, getpid());
			assert_int_equal(r->component, SP_COMPONENT_RUNTIME);
			assert_int_equal(r->location, EERR_AT_ADMISSION);
			assert_int_equal(r->status, ERROR_ACCESS_DENIED);
			assert_int_equal(r->n_params, 2);
			assert_string_equal(r->params[0].text, "trial");
			assert_true(r->params[1].number == TRIAL_TWICE);
			assert_non_null(strstr(err.sentence, "RPC runtime of "));
			/* 2020 to 2100 */
			assert_true(r->time > 132223104000000000 && r->time < 157469184000000000);
		}
		sp_call_free(call);
		sp_client_free(client);
		sp_server_free(server);
	}
}

static void
bind_naks_explain_themselves_too(void **state)
{
	struct sp_error_record r = sample();
	struct buf *b = eerr_put(&r, 1);
	struct trial_call t;
	struct peer peer;
	struct line line;

	peer_up(&peer);
	sp_client *client = trial_client(peer.binding, NULL);
	trial_start(&t, client, TRIAL_ADD, 1);
	line_open(&peer, client, &line);
	line_expect(&line, client, PTYPE_BIND);
	line_nak_extended(&line, NAK_REASON_NOT_SPECIFIED, b->data + b->start, buf_len(b));
	trial_run(client, &t);
	assert_int_equal(t.error.evidence, SP_EVIDENCE_BIND_NAK);
	assert_int_equal(t.error.n_records, 1);
	assert_string_equal(t.error.records[0].computer, "HOST");
	assert_int_equal(t.error.records[0].location, 1761);
	sp_call_free(t.call);
	sp_client_free(client);
	line_close(&line);
	peer_down(&peer);
	buf_unref(b);
}

/* A second interface where one is the limit. */
static void
servers_bind_nak_explains_itself_when_it_is_told_to(void **state)
{
	for (int on = 0; on < 2; on++) {
		struct sp_server_options options = {
			.no_mapper = true, .max_contexts = 1, .extended_errors = on};
		struct sp_error err = {0};
		const struct sp_syntax_id mgmt = mgmt_server_interface.id;
		char host[64] = "";
		const void *stub;
		sp_server *server;
		bool big_endian;
		size_t len;

		gethostname(host, sizeof(host) - 1);
		host[strcspn(host, ".")] = 0;
		assert_int_equal(sp_server_new(&options, &server, &err), 0);
		assert_int_equal(
			sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "127.0.0.1", &err), 0);
		assert_int_equal(sp_server_register(server, &trial_interface, NULL, NULL, &err), 0);
		assert_int_equal(sp_server_start(server, 1, &err), 0);
		sp_client *client = trial_client(sp_server_binding(server, 0), NULL);
		sp_call *call = sp_call_new(client);
		assert_int_equal(sp_client_bind(client, &trial_interface.id, &err), 0);
		assert_int_equal(
			sp_call_raw(call, &mgmt, 0, NULL, 0, &stub, &len, &big_endian, &err),
			RPC_S_SERVER_TOO_BUSY);
		assert_int_equal(err.evidence, SP_EVIDENCE_BIND_NAK);
		assert_int_equal(err.nak_reason, NAK_LOCAL_LIMIT_EXCEEDED);
		assert_int_equal(err.n_records, on);
		if (on) {
			assert_string_equal(err.records[0].computer, host);
			assert_int_equal(err.records[0].component, SP_COMPONENT_RUNTIME);
			assert_int_equal(err.records[0].location, EERR_AT_BIND);
			assert_int_equal(err.records[0].status, RPC_S_SERVER_TOO_BUSY);
			assert_true(err.records[0].params[0].number == NAK_LOCAL_LIMIT_EXCEEDED);
		}
		sp_call_free(call);
		sp_client_free(client);
		sp_server_free(server);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_back_as_they_were_written),
		cmocka_unit_test(bytes_are_those_of_the_specification),
		cmocka_unit_test(bytes_that_break_off_or_lie_are_refused_as_a_whole),
		cmocka_unit_test(long_chains_keep_their_beginning_and_their_root),
		cmocka_unit_test(each_allocation_fails_once),
		cmocka_unit_test(servers_fault_explains_itself_when_it_is_told_to),
		cmocka_unit_test(bind_naks_explain_themselves_too),
		cmocka_unit_test(servers_bind_nak_explains_itself_when_it_is_told_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
