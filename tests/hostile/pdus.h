/* SPDX-License-Identifier: MIT */
/* PDUs for the clients of the hostile minute, made without the library's codecs: they have to be able to be wrong. */
#ifndef HOSTILE_PDUS_H
#define HOSTILE_PDUS_H

#include <string.h>

#include <sallyport/stub.h>

enum {
	PDU_MAX = 5840,
	PDU_REQUEST = 0,
	PDU_RESPONSE = 2,
	PDU_FAULT = 3,
	PDU_BIND = 11,
	PDU_BIND_ACK = 12,
	PDU_BIND_NAK = 13,
	PDU_ALTER = 14,
	PDU_ALTER_RESP = 15,
	PDU_AUTH3 = 16,
	PDU_CO_CANCEL = 18,
	PDU_ORPHANED = 19,
};

enum { REQUEST_MIDDLE = 0, REQUEST_FIRST = 1, REQUEST_LAST = 2, REQUEST_WHOLE = 3 };
enum { BIND_PLAIN = 3, BIND_MPX = 3 + 0x10 };
enum { ECHO_ADDONE = 0, ECHO_DATA = 1, ECHO_SOURCE = 3, ECHO_SLEEP = 6, ECHO_SURROUNDING = 8 };

static inline uint32_t
u32_at(const uint8_t *p)
{
	return sp_load_u32(p, false);
}

static inline uint16_t
u16_at(const uint8_t *p)
{
	return sp_load_u16(p, false);
}

static inline size_t
pdu_make(uint8_t *p, uint8_t ptype, uint8_t flags, uint32_t call, size_t len)
{
	memcpy(p, (uint8_t[]){5, 0, ptype, flags, 0x10, 0, 0, 0}, 8);
	sp_store_u16(p + 8, (uint16_t)len);
	sp_store_u16(p + 10, 0);
	sp_store_u32(p + 12, call);
	return len;
}

/* The next of up to 2^16 elements of a context list: echo.idl in NDR. */
static inline uint8_t *
context_put(uint8_t *p, uint16_t id)
{
	static const uint8_t echo[] = {0xc5, 0x5e, 0xa1, 0x60, 0xe8, 0x4d, 0xd7, 0x11, 0xa6, 0x37,
		0x00, 0x50, 0x56, 0xa2, 0x01, 0x82, 1, 0, 0, 0};
	static const uint8_t ndr[] = {0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8,
		0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2, 0, 0, 0};

	sp_store_u16(p, id);
	sp_store_u16(p + 2, 1);
	memcpy(p + 4, echo, sizeof echo);
	memcpy(p + 24, ndr, sizeof ndr);
	return p + 44;
}

/* A bind or alter_context with n contexts. */
static inline size_t
contexts_make(uint8_t *p, uint8_t ptype, uint8_t flags, uint32_t call, uint32_t group, uint16_t id,
	unsigned n)
{
	uint8_t *end = p + 28;

	sp_store_u16(p + 16, PDU_MAX);
	sp_store_u16(p + 18, PDU_MAX);
	sp_store_u32(p + 20, group);
	sp_store_u32(p + 24, n);
	for (unsigned i = 0; i < n; i++)
		end = context_put(end, (uint16_t)(id + i));
	return pdu_make(p, ptype, flags, call, (size_t)(end - p));
}

static inline size_t
bind_make(uint8_t *p, uint32_t call, uint32_t group, uint8_t flags)
{
	return contexts_make(p, PDU_BIND, flags, call, group, 0, 1);
}

/* Behind a PDU that is ready: NTLM, integrity. */
static inline size_t
trailer_add(uint8_t *p, size_t len, uint32_t context, const void *token, size_t n)
{
	uint8_t pad = (uint8_t)(-len & 3), *at = p + len + pad;

	memset(p + len, 0, pad);
	memcpy(at, (uint8_t[]){10, 5, pad, 0}, 4);
	sp_store_u32(at + 4, context);
	memcpy(at + 8, token, n);
	len += pad + 8 + n;
	sp_store_u16(p + 8, (uint16_t)len);
	sp_store_u16(p + 10, (uint16_t)n);
	return len;
}

/* [MS-NLMP] 2.2.1.1: the first message of a logon. */
static const uint8_t ntlm_negotiate[32] = {
	'N', 'T', 'L', 'M', 'S', 'S', 'P', 0, 1, 0, 0, 0, 0x35, 0x82, 0x88, 0xe0};

static inline size_t
request_make(uint8_t *p, uint32_t call, uint16_t opnum, const void *stub, size_t n, uint8_t flags)
{
	sp_store_u32(p + 16, (uint32_t)n);
	sp_store_u16(p + 20, 0);
	sp_store_u16(p + 22, opnum);
	if (n)
		memcpy(p + 24, stub, n);
	return pdu_make(p, PDU_REQUEST, flags, call, 24 + n);
}

#endif
