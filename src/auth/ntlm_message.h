/* SPDX-License-Identifier: MIT */
/* The three messages of NTLM and their attribute pairs ([MS-NLMP] 2.2). Pure; views into the caller's bytes. */
#ifndef AUTH_NTLM_MESSAGE_H
#define AUTH_NTLM_MESSAGE_H

#include "auth/ntlm_key.h"
#include "wire/cursor.h"

enum ntlm_flags { /* [MS-NLMP] 2.2.2.5 */
	NTLM_UNICODE = 0x00000001,
	NTLM_OEM = 0x00000002,
	NTLM_REQUEST_TARGET = 0x00000004,
	NTLM_SIGN = 0x00000010,
	NTLM_SEAL = 0x00000020,
	NTLM_LM_KEY = 0x00000080,
	NTLM_NTLM = 0x00000200,
	NTLM_ANONYMOUS = 0x00000800,
	NTLM_ALWAYS_SIGN = 0x00008000,
	NTLM_TARGET_TYPE_DOMAIN = 0x00010000,
	NTLM_TARGET_TYPE_SERVER = 0x00020000,
	NTLM_EXTENDED_SECURITY = 0x00080000,
	NTLM_TARGET_INFO = 0x00800000,
	NTLM_VERSION = 0x02000000,
	NTLM_128 = 0x20000000,
	NTLM_KEY_EXCH = 0x40000000,
};
#define NTLM_56 0x80000000u

enum ntlm_av { /* [MS-NLMP] 2.2.2.1 */
	NTLM_AV_EOL = 0,
	NTLM_AV_NB_COMPUTER = 1,
	NTLM_AV_NB_DOMAIN = 2,
	NTLM_AV_DNS_COMPUTER = 3,
	NTLM_AV_DNS_DOMAIN = 4,
	NTLM_AV_DNS_TREE = 5,
	NTLM_AV_FLAGS = 6,
	NTLM_AV_TIMESTAMP = 7,
	NTLM_AV_SINGLE_HOST = 8,
	NTLM_AV_TARGET_NAME = 9,
	NTLM_AV_CHANNEL_BINDINGS = 10,
};
#define NTLM_AV_FLAG_MIC 2u

#define NTLM_MIC_SIZE 16
#define NTLM_MIC_OFFSET 72
#define NTLM_MESSAGE_MAX 8192 /* more than any peer has reason to send */

struct ntlm_view {
	const uint8_t *p; /* NULL when n is 0 */
	size_t n;
};

struct ntlm_negotiate {
	uint32_t flags;
};
struct ntlm_challenge {
	uint32_t flags;
	uint8_t challenge[NTLM_CHALLENGE_SIZE];
	struct ntlm_view target_name, target_info;
};
struct ntlm_authenticate {
	uint32_t flags;
	struct ntlm_view lm, nt, domain, user, workstation, session_key;
	bool has_mic; /* put: leaves 16 zero bytes for it */
};

/* get: false when it is not that message or a field lies outside of it. put: false when the room is too small. */
bool ntlm_negotiate_get(const void *, size_t n, struct ntlm_negotiate *ret);
bool ntlm_negotiate_put(struct wire_out *, const struct ntlm_negotiate *);
bool ntlm_challenge_get(const void *, size_t n, struct ntlm_challenge *ret);
bool ntlm_challenge_put(struct wire_out *, const struct ntlm_challenge *);
bool ntlm_authenticate_get(const void *, size_t n, struct ntlm_authenticate *ret);
bool ntlm_authenticate_put(struct wire_out *, const struct ntlm_authenticate *);

/* The value of the first pair of that kind. False: none, or the list is broken. */
bool ntlm_av_find(const struct ntlm_view *list, enum ntlm_av, struct ntlm_view *ret);
/* A list that ends where it should. */
bool ntlm_av_is_sound(const struct ntlm_view *list);
void ntlm_av_put(struct wire_out *, enum ntlm_av, const void *value, size_t n);
/* What NTLMv2's response carries behind the proof, up to its pairs: 28 bytes. */
#define NTLM_BLOB_SIZE 28
void ntlm_blob_put(struct wire_out *, uint64_t time, const uint8_t challenge[NTLM_CHALLENGE_SIZE]);
/* FILETIME now. */
uint64_t ntlm_time_now(void);

#endif
