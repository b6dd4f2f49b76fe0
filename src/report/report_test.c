/* SPDX-License-Identifier: MIT */
/* Both faces of the same records, byte for byte. */
#include "report/report.h"

#include <errno.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/uuid.h"
#include "report/printable.h"

struct pages {
	struct report report;
	char *out, *talk;
	size_t out_len, talk_len;
};

static void
pages_open(struct pages *p, const struct renderer *renderer)
{
	memset(p, 0, sizeof(*p));
	report_init(&p->report, renderer, open_memstream(&p->out, &p->out_len),
		open_memstream(&p->talk, &p->talk_len));
}

static void
pages_close(struct pages *p, const char *out, const char *talk)
{
	assert_true(report_end(&p->report));
	fclose(p->report.out);
	fclose(p->report.talk);
	assert_string_equal(p->out, out);
	assert_string_equal(p->talk, talk);
	free(p->out);
	free(p->talk);
}

static struct sp_syntax_id
interface(const char *uuid, uint16_t major)
{
	struct sp_syntax_id id = {.major = major};

	assert_true(sp_uuid_parse(uuid, &id.uuid));
	return id;
}

#define ECHO interface("60a15ec5-4de8-11d7-a637-005056a20182", 1)
#define STRANGE interface("11111111-2222-3333-4444-555555555555", 2)

/* --- records --- */

static void
tell_endpoints(struct report *r)
{
	struct report_endpoint e = {
		.interface = ECHO,
		.annotation = "Echo \033[2J",
		.protseq = "ncacn_ip_tcp",
		.address = "",
		.endpoint = "49200",
		.binding = "ncacn_ip_tcp:host[49200]",
	};

	r->renderer->endpoint(r, &e);
	e.protseq = "ncalrpc";
	e.endpoint = "echo";
	e.binding = "ncalrpc:[echo]";
	r->renderer->endpoint(r, &e);
	e.interface = STRANGE;
	e.annotation = "";
	e.object = ECHO.uuid;
	e.binding = "60a15ec5-4de8-11d7-a637-005056a20182@ncalrpc:[echo]";
	r->renderer->endpoint(r, &e);
}

static void
endpoints_for_people_are_grouped_by_interface(void **state)
{
	struct pages p;

	pages_open(&p, &renderer_text);
	tell_endpoints(&p.report);
	pages_close(&p,
		"60a15ec5-4de8-11d7-a637-005056a20182 1.0  rpcecho: Echo: Samba's interface for "
		"trying servers\n"
		"    \"Echo \\x1b[2J\"\n"
		"    ncacn_ip_tcp:host[49200]\n"
		"    ncalrpc:[echo]\n"
		"\n"
		"11111111-2222-3333-4444-555555555555 2.0\n"
		"    60a15ec5-4de8-11d7-a637-005056a20182@ncalrpc:[echo]\n",
		"3 endpoints of 2 interfaces\n");
}

static void
endpoints_for_programs_are_one_object_a_line(void **state)
{
	struct pages p;

	pages_open(&p, &renderer_json);
	tell_endpoints(&p.report);
	pages_close(&p,
		"{\"record\":\"endpoint\",\"interface\":\"60a15ec5-4de8-11d7-a637-005056a20182\","
		"\"version\":\"1.0\",\"name\":\"rpcecho\",\"annotation\":\"Echo \\\\x1b[2J\","
		"\"object\":null,\"protseq\":\"ncacn_ip_tcp\",\"address\":\"\",\"endpoint\":"
		"\"49200\",\"binding\":\"ncacn_ip_tcp:host[49200]\"}\n"
		"{\"record\":\"endpoint\",\"interface\":\"60a15ec5-4de8-11d7-a637-005056a20182\","
		"\"version\":\"1.0\",\"name\":\"rpcecho\",\"annotation\":\"Echo \\\\x1b[2J\","
		"\"object\":null,\"protseq\":\"ncalrpc\",\"address\":\"\",\"endpoint\":\"echo\","
		"\"binding\":\"ncalrpc:[echo]\"}\n"
		"{\"record\":\"endpoint\",\"interface\":\"11111111-2222-3333-4444-555555555555\","
		"\"version\":\"2.0\",\"name\":null,\"annotation\":\"\",\"object\":"
		"\"60a15ec5-4de8-11d7-a637-005056a20182\",\"protseq\":\"ncalrpc\",\"address\":"
		"\"\",\"endpoint\":\"echo\",\"binding\":"
		"\"60a15ec5-4de8-11d7-a637-005056a20182@ncalrpc:[echo]\"}\n",
		"");
}

static void
tell_server(struct report *r)
{
	r->renderer->interface(r, &(struct report_interface){ECHO});
	r->renderer->interface(r, &(struct report_interface){STRANGE});
	r->renderer->server(r, &(struct report_server){
				       .binding = "ncacn_ip_tcp:host[49200]",
				       .is_listening = true,
				       .n_interfaces = 2,
				       .n_statistics = 4,
				       .statistics = {7, 0, 9, 10},
			       });
}

static void
a_server_for_people(void **state)
{
	struct pages p;

	pages_open(&p, &renderer_text);
	tell_server(&p.report);
	pages_close(&p,
		"60a15ec5-4de8-11d7-a637-005056a20182 1.0  rpcecho: Echo: Samba's interface for "
		"trying servers\n"
		"11111111-2222-3333-4444-555555555555 2.0\n"
		"\n"
		"ncacn_ip_tcp:host[49200] offers 2 interfaces and is listening\n"
		"    calls in     7\n"
		"    calls out    0\n"
		"    packets in   9\n"
		"    packets out  10\n",
		"");
}

static void
a_server_for_programs(void **state)
{
	struct pages p;

	pages_open(&p, &renderer_json);
	tell_server(&p.report);
	pages_close(&p,
		"{\"record\":\"interface\",\"interface\":\"60a15ec5-4de8-11d7-a637-005056a20182\","
		"\"version\":\"1.0\",\"name\":\"rpcecho\"}\n"
		"{\"record\":\"interface\",\"interface\":\"11111111-2222-3333-4444-555555555555\","
		"\"version\":\"2.0\",\"name\":null}\n"
		"{\"record\":\"server\",\"binding\":\"ncacn_ip_tcp:host[49200]\",\"listening\":"
		"true,\"interfaces\":2,\"calls_in\":7,\"calls_out\":0,\"packets_in\":9,"
		"\"packets_out\":10}\n",
		"");
}

static void
tell_ping(struct report *r)
{
	r->renderer->round(r, &(struct report_round){1, 1500000});
	r->renderer->ping(r, &(struct report_ping){
				     .binding = "ncacn_ip_tcp:host[49200]",
				     .interface = ECHO,
				     .measured = "mgmt.is_server_listening",
				     .session = 2 * SP_MILLISECOND,
				     .n_sent = 2,
				     .n_answered = 1,
				     .least = 1500000,
				     .mean = 1500000,
				     .most = 1500000,
			     });
}

static void
a_ping_for_people(void **state)
{
	struct pages p;

	pages_open(&p, &renderer_text);
	tell_ping(&p.report);
	pages_close(&p,
		"1: 1.500 ms\n"
		"\n"
		"ncacn_ip_tcp:host[49200] offers 60a15ec5-4de8-11d7-a637-005056a20182 1.0\n"
		"    bound in     2.000 ms\n"
		"    round trips  2 sent, 1 answered\n"
		"    min/avg/max  1.500/1.500/1.500 ms\n"
		"    measured     mgmt.is_server_listening\n",
		"");
}

static void
a_ping_for_programs(void **state)
{
	struct pages p;

	pages_open(&p, &renderer_json);
	tell_ping(&p.report);
	pages_close(&p,
		"{\"record\":\"round_trip\",\"number\":1,\"took_ns\":1500000}\n"
		"{\"record\":\"ping\",\"interface\":\"60a15ec5-4de8-11d7-a637-005056a20182\","
		"\"version\":\"1.0\",\"name\":\"rpcecho\",\"binding\":"
		"\"ncacn_ip_tcp:host[49200]\",\"measured\":\"mgmt.is_server_listening\","
		"\"bound_in_ns\":2000000,\"sent\":2,\"answered\":1,\"min_ns\":1500000,"
		"\"avg_ns\":1500000,\"max_ns\":1500000}\n",
		"");
}

static void
a_place_is_its_string_binding(void **state)
{
	const struct report_place place = {
		.interface = ECHO,
		.protseq = "ncacn_ip_tcp",
		.address = "10.0.0.5",
		.endpoint = "49200",
		.binding = "ncacn_ip_tcp:host[49200]",
	};
	struct pages p;

	pages_open(&p, &renderer_text);
	p.report.renderer->place(&p.report, &place);
	pages_close(&p, "ncacn_ip_tcp:host[49200]\n", "");
	pages_open(&p, &renderer_json);
	p.report.renderer->place(&p.report, &place);
	pages_close(&p,
		"{\"record\":\"place\",\"interface\":\"60a15ec5-4de8-11d7-a637-005056a20182\","
		"\"version\":\"1.0\",\"name\":\"rpcecho\",\"protseq\":\"ncacn_ip_tcp\","
		"\"address\":\"10.0.0.5\",\"endpoint\":\"49200\",\"binding\":"
		"\"ncacn_ip_tcp:host[49200]\"}\n",
		"");
}

/* --- findings --- */

static const struct finding refused = {
	.outcome = OUTCOME_NEGATIVE,
	.error =
		{
			.phase = SP_PHASE_TCP_SESSION,
			.status = RPC_S_SERVER_UNAVAILABLE,
			.evidence = SP_EVIDENCE_ERRNO,
			.sys_errno = ECONNREFUSED,
			.did_not_execute = true,
			.sentence =
				"connect to 127.0.0.1[1] - Connection refused - nothing listens",
		},
	.next = "sallyport endpoints 127.0.0.1",
};

static void
a_finding_says_phase_number_name_hex_sentence_and_what_next(void **state)
{
	struct pages p;

	pages_open(&p, &renderer_text);
	p.report.renderer->finding(&p.report, &refused);
	pages_close(&p, "",
		"sallyport: TCP session: 1722 RPC_S_SERVER_UNAVAILABLE (0x6ba, HRESULT "
		"0x800706ba)\n"
		"    The RPC server is unavailable\n"
		"    connect to 127.0.0.1[1] - Connection refused - nothing listens\n"
		"next: sallyport endpoints 127.0.0.1\n");
}

static void
a_finding_is_data_for_programs(void **state)
{
	struct pages p;

	pages_open(&p, &renderer_json);
	p.report.renderer->finding(&p.report, &refused);
	pages_close(&p,
		"{\"record\":\"finding\",\"outcome\":\"negative\",\"phase\":\"TCP session\","
		"\"status\":1722,\"status_hex\":\"0x000006ba\",\"status_name\":"
		"\"RPC_S_SERVER_UNAVAILABLE\",\"status_text\":\"The RPC server is unavailable\","
		"\"sentence\":\"connect to 127.0.0.1[1] - Connection refused - nothing "
		"listens\",\"evidence\":{\"kind\":\"errno\",\"errno\":111,\"text\":"
		"\"Connection refused\"},\"did_not_execute\":true,\"next\":"
		"\"sallyport endpoints 127.0.0.1\"}\n",
		"");
}

static void
silence_is_told_from_a_no(void **state)
{
	struct finding f = refused;
	struct pages p;

	f.outcome = OUTCOME_UNDECIDED;
	f.error.status = 0x12345;
	*f.error.sentence = *f.next = '\0';
	pages_open(&p, &renderer_text);
	p.report.colour_talk = true;
	p.report.renderer->finding(&p.report, &f);
	pages_close(&p, "", "\033[33msallyport: TCP session: no answer: 0x00012345 \n\033[0m");
}

static const struct finding denied = {
	.outcome = OUTCOME_NEGATIVE,
	.error =
		{
			.phase = SP_PHASE_COMMUNICATION,
			.status = 0xc0000022,
			.evidence = SP_EVIDENCE_FAULT,
			.fault_status = 5,
			.n_records = 2,
			.records =
				{
					{.computer = "DC\033[1m01",
						.component = 2,
						.status = 1722,
						.location = 501},
					{.component = 0x1234, .status = 4711, .location = 501},
				},
		},
};

static void
sentences_of_all_vocabularies_come_from_the_catalogue(void **state)
{
	struct pages p;

	pages_open(&p, &renderer_text);
	p.report.renderer->finding(&p.report, &denied);
	pages_close(&p, "",
		"sallyport: communication: 0xc0000022 STATUS_ACCESS_DENIED\n"
		"    Access is denied\n"
		"    DC\\x1b[1m01 says 1722 RPC_S_SERVER_UNAVAILABLE: The RPC server is "
		"unavailable; component: The RPC runtime; location 501: "
		"The mapper answered with an error\n"
		"    the server says 4711; location 501\n");
}

static void
has_evidence(struct sp_error error, const char *symbol)
{
	const struct catalog_status *known = finding_evidence(&error);

	if (!symbol)
		assert_null(known);
	else
		assert_string_equal(known->symbol, symbol);
}

static void
evidence_has_a_name_of_its_own_vocabulary(void **state)
{
	has_evidence((struct sp_error){.evidence = SP_EVIDENCE_FAULT, .fault_status = 5},
		"nca_s_fault_access_denied");
	has_evidence((struct sp_error){.evidence = SP_EVIDENCE_FAULT, .fault_status = 0xc0000022},
		"STATUS_ACCESS_DENIED");
	has_evidence(
		(struct sp_error){.evidence = SP_EVIDENCE_FAULT, .fault_status = 0x77777777}, NULL);
	has_evidence((struct sp_error){.evidence = SP_EVIDENCE_MAPPER, .fault_status = 0x16c9a0d6},
		"ept_s_not_registered");
	has_evidence((struct sp_error){.evidence = SP_EVIDENCE_BIND_NAK, .nak_reason = 8},
		"authentication_type_not_recognized");
	has_evidence(
		(struct sp_error){
			.evidence = SP_EVIDENCE_CONTEXT, .context_result = 2, .context_reason = 1},
		"abstract_syntax_not_supported");
	has_evidence((struct sp_error){.evidence = SP_EVIDENCE_CONTEXT, .context_result = 1},
		"user_rejection");
	has_evidence((struct sp_error){.evidence = SP_EVIDENCE_TIMEOUT}, NULL);
}

static void
records_of_the_server_are_data_for_programs(void **state)
{
	struct pages p;

	pages_open(&p, &renderer_json);
	p.report.renderer->finding(&p.report, &denied);
	fflush(p.report.out);
	assert_non_null(strstr(p.out,
		"\"evidence\":{\"kind\":\"fault\",\"fault_status\":5,"
		"\"symbol\":\"nca_s_fault_access_denied\",\"text\":\"Access is denied\"},"
		"\"records\":[{\"computer\":\"DC\\\\x1b[1m01\",\"process\":0,"
		"\"component\":2,\"component_name\":\"rpc_runtime\",\"status\":1722,"
		"\"status_name\":\"RPC_S_SERVER_UNAVAILABLE\","));
	assert_non_null(strstr(p.out,
		"{\"computer\":\"\",\"process\":0,\"component\":4660,\"component_name\":null,"
		"\"status\":4711,\"status_name\":null,\"status_text\":null,\"location\":501}]"));
	assert_true(report_end(&p.report));
	fclose(p.report.out);
	fclose(p.report.talk);
	free(p.out);
	free(p.talk);
}

static enum outcome
outcome_of(enum sp_phase phase, enum sp_evidence evidence, int detail)
{
	struct sp_error e = {.phase = phase,
		.status = RPC_S_SERVER_UNAVAILABLE,
		.evidence = evidence,
		.sys_errno = detail,
		.resolver = detail};

	return finding_outcome(&e);
}

static void
outcomes_follow_the_evidence(void **state)
{
	assert_int_equal(outcome_of(SP_PHASE_TCP_SESSION, SP_EVIDENCE_ERRNO, ECONNREFUSED),
		OUTCOME_NEGATIVE);
	assert_int_equal(outcome_of(SP_PHASE_TCP_SESSION, SP_EVIDENCE_ERRNO, EHOSTUNREACH),
		OUTCOME_UNDECIDED);
	assert_int_equal(
		outcome_of(SP_PHASE_TCP_SESSION, SP_EVIDENCE_ERRNO, EMFILE), OUTCOME_COULD_NOT_RUN);
	assert_int_equal(
		outcome_of(SP_PHASE_COMMUNICATION, SP_EVIDENCE_TIMEOUT, 0), OUTCOME_UNDECIDED);
	assert_int_equal(outcome_of(SP_PHASE_NAME_RESOLUTION, SP_EVIDENCE_RESOLVER, EAI_NONAME),
		OUTCOME_NEGATIVE);
	assert_int_equal(outcome_of(SP_PHASE_NAME_RESOLUTION, SP_EVIDENCE_RESOLVER, EAI_AGAIN),
		OUTCOME_UNDECIDED);
	assert_int_equal(
		outcome_of(SP_PHASE_COMMUNICATION, SP_EVIDENCE_FAULT, 0), OUTCOME_NEGATIVE);
	assert_int_equal(outcome_of(SP_PHASE_DISCOVERY, SP_EVIDENCE_NONE, 0), OUTCOME_NEGATIVE);
	assert_int_equal(outcome_of(SP_PHASE_NONE, SP_EVIDENCE_NONE, 0), OUTCOME_COULD_NOT_RUN);
}

/* --- strangers' text --- */

static void
shows(const char *text, const char *expected)
{
	char got[200];

	assert_string_equal(printable(text, got, sizeof(got)), expected);
}

static void
control_characters_and_broken_utf8_are_shown_as_hex(void **state)
{
	shows("plain, gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x9a\xaa",
		"plain, gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x9a\xaa");
	shows("\033[31m\n\t\x7f", "\\x1b[31m\\x0a\\x09\\x7f");
	shows("\xc2\x9b"
	      "2J",
		"\\xc2\\x9b2J");                           /* the one-byte form of ESC [ */
	shows("\xc0\xaf", "\\xc0\\xaf");                   /* overlong */
	shows("\xe0\x80\xaf", "\\xe0\\x80\\xaf");          /* overlong */
	shows("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* a surrogate */
	shows("\xe2\x80\xae", "\\xe2\\x80\\xae");          /* right-to-left override */
	shows("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* over U+10FFFF */
	shows("end\xe2\x82", "end\\xe2\\x82");             /* cut off */
}

static void
text_that_does_not_fit_ends_between_characters(void **state)
{
	char got[8];

	assert_string_equal(printable("abcdef\xc3\xbc", got, sizeof(got)), "abcdef");
	assert_string_equal(printable("abcd\x01", got, sizeof(got)), "abcd");
}

static void
what_a_shell_would_touch_is_quoted(void **state)
{
	char got[64];

	assert_string_equal(printable_for_shell("host.example", got, sizeof(got)), "host.example");
	assert_string_equal(
		printable_for_shell("ncalrpc:[a b]", got, sizeof(got)), "'ncalrpc:[a b]'");
	assert_string_equal(
		printable_for_shell("a'; rm -rf", got, sizeof(got)), "'a'\\''; rm -rf'");
	assert_string_equal(printable_for_shell("", got, sizeof(got)), "''");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_for_people_are_grouped_by_interface),
		cmocka_unit_test(endpoints_for_programs_are_one_object_a_line),
		cmocka_unit_test(a_server_for_people),
		cmocka_unit_test(a_server_for_programs),
		cmocka_unit_test(a_ping_for_people),
		cmocka_unit_test(a_ping_for_programs),
		cmocka_unit_test(a_place_is_its_string_binding),
		cmocka_unit_test(a_finding_says_phase_number_name_hex_sentence_and_what_next),
		cmocka_unit_test(a_finding_is_data_for_programs),
		cmocka_unit_test(sentences_of_all_vocabularies_come_from_the_catalogue),
		cmocka_unit_test(evidence_has_a_name_of_its_own_vocabulary),
		cmocka_unit_test(records_of_the_server_are_data_for_programs),
		cmocka_unit_test(silence_is_told_from_a_no),
		cmocka_unit_test(outcomes_follow_the_evidence),
		cmocka_unit_test(control_characters_and_broken_utf8_are_shown_as_hex),
		cmocka_unit_test(text_that_does_not_fit_ends_between_characters),
		cmocka_unit_test(what_a_shell_would_touch_is_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
