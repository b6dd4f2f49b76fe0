/* SPDX-License-Identifier: MIT */
#include "doctor/smb.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/ntlm_message.h"
#include "base/time.h"
#include "base/utf16.h"
#include "net/pipe.h"
#include "net/tcp.h"
#include "wire/cursor.h"

#define HEADER 64
#define MESSAGE_MAX 4096
#define MORE_PROCESSING 0xc0000016u

enum { COMMAND_NEGOTIATE = 0, COMMAND_SESSION = 1, COMMAND_TREE = 3, COMMAND_CREATE = 5 };

/* One connection: what the next message needs, and the last answer. */
struct talk_smb {
	struct smb *smb;
	int fd;
	sp_nanos deadline;
	uint64_t message, session;
	uint32_t tree;
	uint8_t out[MESSAGE_MAX], in[MESSAGE_MAX];
	size_t n_in;
};

/* The header in front of a message to be written: [MS-SMB2] 2.2.1.2. */
static struct wire_out
message_begin(struct talk_smb *t, uint16_t command)
{
	struct wire_out out;

	wire_out_init(&out, t->out, sizeof(t->out));
	wire_out_zero(&out, 4); /* the length, 2.1 */
	wire_out_bytes(&out, "\xfeSMB", 4);
	wire_out_u16(&out, HEADER);
	wire_out_u16(&out, 0);
	wire_out_u32(&out, 0);
	wire_out_u16(&out, command);
	wire_out_u16(&out, 16); /* credits */
	wire_out_u32(&out, 0);
	wire_out_u32(&out, 0);
	wire_out_u64(&out, t->message++);
	wire_out_u32(&out, 0);
	wire_out_u32(&out, t->tree);
	wire_out_u64(&out, t->session);
	wire_out_zero(&out, 16);
	return out;
}

static bool
bytes_read(struct talk_smb *t, uint8_t *room, size_t n)
{
	size_t got, len = 0;
	short events;

	while (len < n) {
		int error = pipe_wait(t->fd, POLLIN, t->deadline, &events);

		if (error) {
			t->smb->reply = SEEN_SMB_REPLY_SILENT;
			return false;
		}
		error = pipe_read(t->fd, room + len, n - len, &got);
		if (error == EAGAIN)
			continue;
		if (error || got == 0) {
			t->smb->reply = SEEN_SMB_REPLY_CLOSED;
			return false;
		}
		len += got;
	}
	return true;
}

/* Sends the message and reads its answer, whose status is the step's. */
static bool
exchange(struct talk_smb *t, struct wire_out *out)
{
	size_t len = wire_out_offset(out), sent;
	struct wire_fault fault = {0};
	struct wire_in in;
	uint8_t head[4];

	out->base[2] = (uint8_t)((len - 4) >> 8);
	out->base[3] = (uint8_t)(len - 4);
	t->smb->reply = SEEN_SMB_REPLY_CLOSED;
	if (out->full || pipe_write(t->fd, &(struct iovec){t->out, len}, 1, &sent) ||
		!bytes_read(t, head, sizeof(head)))
		return false;
	wire_in_init(&in, head, sizeof(head), true, &fault);
	t->n_in = wire_in_u32(&in) & 0xffffff;
	if (t->n_in < HEADER + 2 || t->n_in > sizeof(t->in) || !bytes_read(t, t->in, t->n_in))
		return false;
	t->smb->reply = SEEN_SMB_REPLY_ANSWERED;
	wire_in_init(&in, t->in, t->n_in, false, &fault);
	wire_in_skip(&in, 8);
	t->smb->status = wire_in_u32(&in);
	wire_in_skip(&in, 24);
	t->tree = wire_in_u32(&in);
	t->session = wire_in_u64(&in);
	return true;
}

/* 2.2.3, 2.2.4 */
static bool
negotiate(struct talk_smb *t)
{
	static const uint16_t dialects[] = {0x0202, 0x0210, 0x0300};
	struct wire_out out = message_begin(t, COMMAND_NEGOTIATE);
	struct wire_fault fault = {0};
	struct wire_in in;

	wire_out_u16(&out, 36);
	wire_out_u16(&out, 3);
	wire_out_u16(&out, 1); /* can sign */
	wire_out_zero(&out, 2 + 4 + 16 + 8);
	for (size_t i = 0; i < 3; i++)
		wire_out_u16(&out, dialects[i]);
	if (!exchange(t, &out) || t->smb->status)
		return false;
	wire_in_init(&in, t->in, t->n_in, false, &fault);
	wire_in_skip(&in, HEADER + 2);
	t->smb->signs_always = wire_in_u16(&in) & 2;
	t->smb->dialect = wire_in_u16(&in);
	wire_in_skip(&in, 2 + 16 + 4 + 4 + 4 + 4);
	t->smb->skew_s = ((int64_t)wire_in_u64(&in) - (int64_t)ntlm_time_now()) / 10000000;
	return wire_in_ok(&in);
}

/* 2.2.5: a token of NTLM as it is, which servers take besides SPNEGO */
static bool
session_send(struct talk_smb *t, const uint8_t *token, size_t len)
{
	struct wire_out out = message_begin(t, COMMAND_SESSION);

	wire_out_u16(&out, 25);
	wire_out_u8(&out, 0);
	wire_out_u8(&out, 1);
	wire_out_zero(&out, 8);
	wire_out_u16(&out, HEADER + 24);
	wire_out_u16(&out, (uint16_t)len);
	wire_out_zero(&out, 8);
	wire_out_bytes(&out, token, len);
	return exchange(t, &out);
}

/* [MS-NLMP] 3.2.5.1.2: nobody is one with an empty name and one byte of LM's response */
static bool
session(struct talk_smb *t)
{
	const uint32_t flags =
		NTLM_UNICODE | NTLM_REQUEST_TARGET | NTLM_NTLM | NTLM_EXTENDED_SECURITY;
	struct ntlm_negotiate first = {.flags = flags};
	struct ntlm_authenticate third = {
		.flags = flags | NTLM_ANONYMOUS, .lm = {(const uint8_t *)"", 1}};
	uint8_t token[256];
	struct wire_out out;

	wire_out_init(&out, token, sizeof(token));
	if (!ntlm_negotiate_put(&out, &first) || !session_send(t, token, wire_out_offset(&out)) ||
		t->smb->status != MORE_PROCESSING)
		return t->smb->reply == SEEN_SMB_REPLY_ANSWERED && !t->smb->status;
	wire_out_init(&out, token, sizeof(token));
	return ntlm_authenticate_put(&out, &third) &&
	       session_send(t, token, wire_out_offset(&out)) && !t->smb->status;
}

static void
text_put(struct wire_out *out, const char *text)
{
	uint16_t units[300];
	size_t n = utf16_from_utf8(text, strlen(text), units, 300);

	for (size_t i = 0; i < n && i < 299; i++)
		wire_out_u16(out, units[i]);
}

/* 2.2.9 */
static bool
tree(struct talk_smb *t)
{
	struct wire_out out = message_begin(t, COMMAND_TREE);
	char path[280];
	size_t at;

	snprintf(path, sizeof(path), "\\\\%.250s\\IPC$", t->smb->host);
	wire_out_u16(&out, 9);
	wire_out_u16(&out, 0);
	wire_out_u16(&out, HEADER + 8);
	at = wire_out_offset(&out);
	wire_out_u16(&out, 0);
	text_put(&out, path);
	wire_out_u16_at(&out, at, (uint16_t)(wire_out_offset(&out) - at - 2));
	return exchange(t, &out) && !t->smb->status;
}

/* 2.2.13: read and write, shared with everybody, only if it is there */
static bool
create(struct talk_smb *t)
{
	struct wire_out out = message_begin(t, COMMAND_CREATE);
	size_t at;

	wire_out_u16(&out, 57);
	wire_out_zero(&out, 2);
	wire_out_u32(&out, 2);
	wire_out_zero(&out, 16);
	wire_out_u32(&out, 0x0012019f);
	wire_out_u32(&out, 0);
	wire_out_u32(&out, 7);
	wire_out_u32(&out, 1);
	wire_out_u32(&out, 0);
	wire_out_u16(&out, HEADER + 56);
	at = wire_out_offset(&out);
	wire_out_u16(&out, 0);
	wire_out_zero(&out, 8);
	text_put(&out, t->smb->pipe);
	wire_out_u16_at(&out, at, (uint16_t)(wire_out_offset(&out) - at - 10));
	return exchange(t, &out) && !t->smb->status;
}

void
smb_open_pipe(struct smb *smb, sp_nanos deadline)
{
	static bool (*const steps[SMB_STEPS])(struct talk_smb *) = {
		[SMB_NEGOTIATE] = negotiate,
		[SMB_SESSION] = session,
		[SMB_TREE] = tree,
		[SMB_CREATE] = create,
	};
	struct talk_smb t = {.smb = smb, .deadline = deadline};

	smb->reached = SMB_NEGOTIATE;
	smb->reply = SEEN_SMB_REPLY_SILENT;
	smb->connect_errno = tcp_connect(&smb->address, &t.fd);
	if (smb->connect_errno)
		return;
	smb->connect_errno = pipe_connected(t.fd, deadline);
	if (!smb->connect_errno)
		for (; smb->reached < SMB_STEPS; smb->reached++)
			if (!steps[smb->reached](&t))
				break;
	pipe_close(t.fd);
}

const char *
smb_step_name(enum smb_step step)
{
	static const char *const names[] = {"negotiate", "session", "IPC$", "pipe", "all"};

	return names[step];
}
