/* SPDX-License-Identifier: MIT */
#include "doctor/talk.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/ntlm_message.h"
#include "base/time.h"
#include "base/utf16.h"
#include "net/pipe.h"
#include "net/tcp.h"
#include "rpc/extended.h"
#include "wire/bind.h"
#include "wire/trailer.h"

#define FRAGMENT 5840
#define CONTEXTS_MAX 31 /* the bind stays within PDU_MUST_RECV_FRAG_SIZE */

#define AUTH_NTLM 10 /* [MS-RPCE] 2.2.1.1.7 */
#define LEVEL_CONNECT 2

/* The first message of NTLM behind the bind: the answer has the server's names and its time ([MS-NLMP] 2.2.1.2). */
static bool
identity_ask(struct wire_out *out)
{
	struct ntlm_negotiate negotiate = {.flags = NTLM_UNICODE | NTLM_REQUEST_TARGET | NTLM_NTLM |
						    NTLM_ALWAYS_SIGN | NTLM_EXTENDED_SECURITY |
						    NTLM_128};
	struct trailer trailer = {.auth_type = AUTH_NTLM, .auth_level = LEVEL_CONNECT};
	uint8_t room[64];
	struct wire_out message;

	wire_out_init(&message, room, sizeof(room));
	if (!ntlm_negotiate_put(&message, &negotiate))
		return false;
	trailer.value = room;
	return trailer_put(out, &trailer, 4, (uint16_t)wire_out_offset(&message));
}

static size_t
bind_make(const struct talk *t, uint8_t *room, size_t cap)
{
	struct bind_context contexts[CONTEXTS_MAX];
	struct sp_syntax_id features =
		syntax_btfn(BTFN_SECURITY_CONTEXT_MULTIPLEXING | BTFN_KEEP_CONNECTION_ON_ORPHAN);
	const struct sp_syntax_id *third[] = {&SYNTAX_NDR, &SYNTAX_NDR64, &features};
	unsigned n = t->n_contexts < CONTEXTS_MAX ? t->n_contexts : CONTEXTS_MAX;
	struct pdu_header header = {.vers = 5,
		.ptype = PTYPE_BIND,
		.flags = PFC_FIRST_FRAG | PFC_LAST_FRAG,
		.drep = {0x10},
		.call_id = 1};
	struct bind_fixed fixed = {
		.max_xmit_frag = FRAGMENT, .max_recv_frag = FRAGMENT, .n_contexts = (uint8_t)n};
	struct wire_out out;

	for (unsigned i = 0; i < n; i++)
		contexts[i] = (struct bind_context){.id = (uint16_t)i,
			.n_transfers = 1,
			.abstract = t->interface,
			.put_transfers = n <= 3 ? third[i] : &SYNTAX_NDR};
	wire_out_init(&out, room, cap);
	if (!bind_put(&out, &header, &fixed, contexts) || (t->asks_identity && !identity_ask(&out)))
		return 0;
	return wire_out_offset(&out);
}

/* --- the answer --- */

static void
results_read(struct talk *t, struct wire_in *in)
{
	struct bind_ack_fixed fixed;

	t->seen = SEEN_BIND_REJECTED;
	bind_ack_fixed_get(in, &fixed);
	for (unsigned i = 0; i < fixed.n_results && wire_in_ok(in); i++) {
		struct bind_result result;

		bind_result_get(in, &result);
		if (i == 0)
			t->reason = result.reason;
		if (result.result != CONTEXT_ACCEPTANCE)
			continue;
		t->is_ndr64 |= i == 1 && t->n_contexts <= 3;
		t->seen = SEEN_BIND_ACCEPTED;
	}
	t->is_garbled = !wire_in_ok(in);
}

static void
identity_read(struct talk *t, const uint8_t *pdu, const struct pdu_header *header)
{
	struct ntlm_challenge challenge;
	struct wire_fault fault = {0};
	struct trailer trailer;
	struct ntlm_view name, when;
	struct wire_in in;
	uint16_t units[128];

	if (!header->auth_len || !trailer_get(pdu, header, PDU_HEADER_SIZE + 8, &trailer, &fault) ||
		!ntlm_challenge_get(trailer.value, header->auth_len, &challenge))
		return;
	if (ntlm_av_find(&challenge.target_info, NTLM_AV_DNS_COMPUTER, &name) ||
		ntlm_av_find(&challenge.target_info, NTLM_AV_NB_COMPUTER, &name)) {
		size_t n = name.n / 2 < sizeof(units) / 2 ? name.n / 2 : sizeof(units) / 2;

		utf16_from_le(name.p, n, units);
		utf16_to_utf8(units, n, t->computer, sizeof(t->computer));
	}
	if (!ntlm_av_find(&challenge.target_info, NTLM_AV_TIMESTAMP, &when) || when.n != 8)
		return;
	wire_in_init(&in, when.p, when.n, false, &fault);
	t->skew_s = ((int64_t)wire_in_u64(&in) - (int64_t)ntlm_time_now()) / 10000000;
	t->has_identity = true;
}

static void
nak_read(struct talk *t, const uint8_t *pdu, const struct pdu_header *header)
{
	struct wire_fault fault = {0};
	struct bind_nak nak;

	t->seen = SEEN_BIND_NAK;
	t->is_garbled = !bind_nak_get(pdu, header, &nak, &fault);
	if (t->is_garbled)
		return;
	t->reason = nak.reason;
	if (nak.extended && !eerr_get(nak.extended, nak.extended_len, &t->extended))
		t->extended.n_records = 0;
}

/* alloc_hint, p_cont_id, cancel_count, reserved, then the status (C706 12.6.4.7) */
static void
fault_read(struct talk *t, struct wire_in *in)
{
	wire_in_skip(in, 8);
	t->seen = SEEN_BIND_FAULT;
	t->fault = wire_in_u32(in);
	t->is_garbled = !wire_in_ok(in);
}

static void
pdu_read(struct talk *t, const uint8_t *pdu, const struct pdu_header *header)
{
	struct wire_fault fault = {0};
	struct wire_in in;

	if (header->ptype == PTYPE_BIND_NAK) {
		nak_read(t, pdu, header);
		return;
	}
	if (!pdu_body(pdu, header, &in, &fault))
		t->is_garbled = true;
	else if (header->ptype == PTYPE_BIND_ACK) {
		results_read(t, &in);
		identity_read(t, pdu, header);
	} else if (header->ptype == PTYPE_FAULT)
		fault_read(t, &in);
	else
		t->is_garbled = true;
}

static void
banner_take(struct talk *t, const uint8_t *bytes, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n && len + 1 < sizeof(t->banner); i++) {
		if (bytes[i] == '\r' || bytes[i] == '\n')
			break;
		t->banner[len++] = bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '.';
	}
	t->banner[len] = '\0';
	t->has_banner = true;
}

/* Whether nothing more is to be read. */
static bool
bytes_judge(struct talk *t, const uint8_t *bytes, size_t n)
{
	struct wire_fault fault = {0};
	struct pdu_header header;

	if (n < PDU_HEADER_SIZE)
		return false;
	if (bytes[0] != 5 || bytes[1] > 1) {
		banner_take(t, bytes, n);
		return true;
	}
	t->speaks_rpc = true;
	if (!pdu_header_get(bytes, n, &header, &fault)) {
		t->is_garbled = true;
		return true;
	}
	if (n < header.frag_len)
		return false;
	pdu_read(t, bytes, &header);
	return true;
}

static void
answer_read(struct talk *t, int fd, sp_nanos deadline)
{
	uint8_t bytes[FRAGMENT];
	size_t n = 0, got;
	short events;
	int error;

	while (n < sizeof(bytes)) {
		if (pipe_wait(fd, POLLIN, deadline, &events))
			break; /* silence */
		error = pipe_read(fd, bytes + n, sizeof(bytes) - n, &got);
		if (error == EAGAIN)
			continue;
		if (error || got == 0) {
			t->seen = SEEN_BIND_CLOSED;
			t->was_reset = error == ECONNRESET;
			break;
		}
		n += got;
		if (bytes_judge(t, bytes, n))
			return;
	}
	if (n == 0)
		return;
	/* it stopped in the middle */
	if (bytes[0] == 5)
		t->is_garbled = t->speaks_rpc = true;
	else
		banner_take(t, bytes, n);
}

static void
repeats_read(struct talk *t, int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0)
		t->was_repeated = info.tcpi_unacked > 0 && info.tcpi_retransmits > 0;
}

void
talk_bind(struct talk *t, sp_nanos deadline)
{
	uint8_t bind[PDU_MUST_RECV_FRAG_SIZE];
	size_t len = bind_make(t, bind, sizeof(bind)), sent;
	struct iovec iov = {bind, len};
	sp_nanos began;
	int fd;

	t->seen = SEEN_BIND_SILENT;
	t->connect_errno = tcp_connect(&t->address, &fd);
	if (t->connect_errno)
		return;
	t->connect_errno = pipe_connected(fd, deadline);
	began = time_now();
	if (!t->connect_errno && pipe_write(fd, &iov, 1, &sent) == 0)
		answer_read(t, fd, deadline);
	t->took = time_now() - began;
	repeats_read(t, fd);
	pipe_close(fd);
}

const char *
talk_says(const struct talk *t, char *ret, size_t cap)
{
	const double took = (double)t->took / (double)SP_MILLISECOND;

	if (t->connect_errno) {
		snprintf(ret, cap, "no session: %s", strerror(t->connect_errno));
		return ret;
	}
	if (t->has_banner) {
		snprintf(ret, cap, "something that is not DCE/RPC answers: \"%s\"", t->banner);
		return ret;
	}
	switch (t->seen) {
	case SEEN_BIND_ACCEPTED:
		snprintf(ret, cap, "accepted in %.1f ms%s", took,
			t->is_ndr64 ? ", NDR64 as well" : "");
		break;
	case SEEN_BIND_REJECTED:
		snprintf(ret, cap, "rejected: %s",
			context_reason_name(CONTEXT_PROVIDER_REJECTION, t->reason));
		break;
	case SEEN_BIND_NAK: snprintf(ret, cap, "bind_nak: %s", nak_reason_name(t->reason)); break;
	case SEEN_BIND_FAULT: snprintf(ret, cap, "fault 0x%08x", t->fault); break;
	case SEEN_BIND_CLOSED:
		snprintf(ret, cap, "the session was %s after the bind",
			t->was_reset ? "reset (RST)" : "closed (FIN)");
		break;
	case SEEN_BIND_SILENT:
		snprintf(ret, cap, "no answer to the bind in %.1f s%s", took / 1000,
			t->was_repeated ? ", and TCP does not get it through" : "");
		break;
	}
	if (t->is_garbled)
		snprintf(ret, cap, "the answer's lengths do not agree with its bytes");
	return ret;
}
