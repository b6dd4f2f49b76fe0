/* SPDX-License-Identifier: MIT */
#include "auth/ntlm_message.h"

#include <string.h>
#include <time.h>

#define NEGOTIATE 1u
#define CHALLENGE 2u
#define AUTHENTICATE 3u

static const uint8_t signature[8] = {'N', 'T', 'L', 'M', 'S', 'S', 'P', 0};
/* [MS-NLMP] 2.2.2.10: 10.0, build 17763, NTLMSSP_REVISION_W2K3. For looks only: nothing depends on it. */
static const uint8_t version[8] = {10, 0, 0x63, 0x45, 0, 0, 0, 15};

/* --- reading --- */

struct message {
	struct wire_in in;
	struct wire_fault fault;
	const uint8_t *bytes;
	size_t n;
};

static void
message_open(struct message *m, const void *bytes, size_t n, uint32_t type)
{
	const uint8_t *p;

	memset(m, 0, sizeof(*m));
	m->bytes = bytes;
	m->n = n;
	wire_in_init(&m->in, bytes, n, false, &m->fault);
	m->in.what = "NTLM message";
	p = wire_in_bytes(&m->in, sizeof(signature));
	if ((p && memcmp(p, signature, sizeof(signature)) != 0) || wire_in_u32(&m->in) != type ||
		n > NTLM_MESSAGE_MAX)
		wire_in_fail(&m->in, WIRE_MALFORMED);
}

/* A field is a length, a length that is ignored, and an offset from the message's start ([MS-NLMP] 2.2.1). */
static struct ntlm_view
field_get(struct message *m)
{
	uint16_t n = wire_in_u16(&m->in);
	struct wire_in at;
	uint32_t offset;

	wire_in_skip(&m->in, 2);
	offset = wire_in_u32(&m->in);
	if (n == 0 || !wire_in_ok(&m->in))
		return (struct ntlm_view){0};
	wire_in_init(&at, m->bytes, m->n, false, &m->fault);
	at.what = "payload of an NTLM message";
	wire_in_skip(&at, offset);
	return (struct ntlm_view){wire_in_bytes(&at, n), n};
}

bool
ntlm_negotiate_get(const void *bytes, size_t n, struct ntlm_negotiate *ret)
{
	struct message m;
	uint32_t flags;

	message_open(&m, bytes, n, NEGOTIATE);
	flags = wire_in_u32(&m.in);
	if (!wire_in_ok(&m.in))
		return false;
	ret->flags = flags;
	return true;
}

bool
ntlm_challenge_get(const void *bytes, size_t n, struct ntlm_challenge *ret)
{
	struct ntlm_challenge c = {0};
	const uint8_t *challenge;
	struct message m;

	message_open(&m, bytes, n, CHALLENGE);
	c.target_name = field_get(&m);
	c.flags = wire_in_u32(&m.in);
	challenge = wire_in_bytes(&m.in, NTLM_CHALLENGE_SIZE);
	wire_in_skip(&m.in, 8);
	/* old servers end here */
	if (wire_in_ok(&m.in) && c.flags & NTLM_TARGET_INFO)
		c.target_info = field_get(&m);
	if (!wire_in_ok(&m.in))
		return false;
	memcpy(c.challenge, challenge, NTLM_CHALLENGE_SIZE);
	*ret = c;
	return true;
}

bool
ntlm_authenticate_get(const void *bytes, size_t n, struct ntlm_authenticate *ret)
{
	struct ntlm_authenticate a = {0};
	struct message m;

	message_open(&m, bytes, n, AUTHENTICATE);
	a.lm = field_get(&m);
	a.nt = field_get(&m);
	a.domain = field_get(&m);
	a.user = field_get(&m);
	a.workstation = field_get(&m);
	a.session_key = field_get(&m);
	a.flags = wire_in_u32(&m.in);
	if (!wire_in_ok(&m.in))
		return false;
	*ret = a;
	return true;
}

/* --- writing --- */

static void
begin(struct wire_out *out, uint32_t type)
{
	wire_out_bytes(out, signature, sizeof(signature));
	wire_out_u32(out, type);
}

static void
field_put(struct wire_out *out, const struct ntlm_view *v, size_t *offset)
{
	wire_out_u16(out, (uint16_t)v->n);
	wire_out_u16(out, (uint16_t)v->n);
	wire_out_u32(out, (uint32_t)*offset);
	*offset += v->n;
}

static void
payload_put(struct wire_out *out, const struct ntlm_view *v)
{
	if (v->n > 0)
		wire_out_bytes(out, v->p, v->n);
}

static void
version_put(struct wire_out *out, uint32_t flags)
{
	static const uint8_t none[sizeof(version)];

	wire_out_bytes(out, flags & NTLM_VERSION ? version : none, sizeof(version));
}

bool
ntlm_negotiate_put(struct wire_out *out, const struct ntlm_negotiate *m)
{
	struct ntlm_view none = {0};
	size_t offset = 40;

	begin(out, NEGOTIATE);
	wire_out_u32(out, m->flags);
	field_put(out, &none, &offset);
	field_put(out, &none, &offset);
	version_put(out, m->flags);
	return !out->full;
}

bool
ntlm_challenge_put(struct wire_out *out, const struct ntlm_challenge *m)
{
	size_t offset = 56;

	begin(out, CHALLENGE);
	field_put(out, &m->target_name, &offset);
	wire_out_u32(out, m->flags);
	wire_out_bytes(out, m->challenge, NTLM_CHALLENGE_SIZE);
	wire_out_zero(out, 8);
	field_put(out, &m->target_info, &offset);
	version_put(out, m->flags);
	payload_put(out, &m->target_name);
	payload_put(out, &m->target_info);
	return !out->full;
}

/* The fields stand in one order, the payloads in another: as Windows sends them. */
bool
ntlm_authenticate_put(struct wire_out *out, const struct ntlm_authenticate *m)
{
	size_t domain = NTLM_MIC_OFFSET + (m->has_mic ? NTLM_MIC_SIZE : 0);
	size_t user = domain + m->domain.n, workstation = user + m->user.n;
	size_t lm = workstation + m->workstation.n, nt = lm + m->lm.n, key = nt + m->nt.n;

	begin(out, AUTHENTICATE);
	field_put(out, &m->lm, &lm);
	field_put(out, &m->nt, &nt);
	field_put(out, &m->domain, &domain);
	field_put(out, &m->user, &user);
	field_put(out, &m->workstation, &workstation);
	field_put(out, &m->session_key, &key);
	wire_out_u32(out, m->flags);
	version_put(out, m->flags);
	if (m->has_mic)
		wire_out_zero(out, NTLM_MIC_SIZE);
	payload_put(out, &m->domain);
	payload_put(out, &m->user);
	payload_put(out, &m->workstation);
	payload_put(out, &m->lm);
	payload_put(out, &m->nt);
	payload_put(out, &m->session_key);
	return !out->full;
}

/* --- attribute pairs --- */

bool
ntlm_av_find(const struct ntlm_view *list, enum ntlm_av wanted, struct ntlm_view *ret)
{
	struct wire_fault fault = {0};
	struct wire_in in;

	wire_in_init(&in, list->p, list->n, false, &fault);
	in.what = "NTLM attribute pair";
	for (;;) {
		uint16_t id = wire_in_u16(&in), n = wire_in_u16(&in);
		const uint8_t *value = wire_in_bytes(&in, n);

		if (!wire_in_ok(&in))
			return false;
		if (id == wanted) {
			*ret = (struct ntlm_view){value, n};
			return true;
		}
		if (id == NTLM_AV_EOL)
			return false;
	}
}

bool
ntlm_av_is_sound(const struct ntlm_view *list)
{
	struct ntlm_view end;

	return ntlm_av_find(list, NTLM_AV_EOL, &end) && end.n == 0;
}

void
ntlm_av_put(struct wire_out *out, enum ntlm_av id, const void *value, size_t n)
{
	wire_out_u16(out, (uint16_t)id);
	wire_out_u16(out, (uint16_t)n);
	if (n > 0)
		wire_out_bytes(out, value, n);
}

void
ntlm_blob_put(struct wire_out *out, uint64_t time, const uint8_t challenge[NTLM_CHALLENGE_SIZE])
{
	wire_out_u8(out, 1); /* response version, highest version understood */
	wire_out_u8(out, 1);
	wire_out_zero(out, 6);
	wire_out_u64(out, time);
	wire_out_bytes(out, challenge, NTLM_CHALLENGE_SIZE);
	wire_out_zero(out, 4);
}

uint64_t
ntlm_time_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 10000000u + (uint64_t)now.tv_nsec / 100u +
	       116444736000000000u; /* 1601 to 1970 */
}
