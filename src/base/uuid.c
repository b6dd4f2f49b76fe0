/* SPDX-License-Identifier: MIT */
#include "base/uuid.h"

#include <stdio.h>
#include <sys/random.h>

void
uuid_random(struct sp_uuid *ret)
{
	struct sp_uuid u;

	/* 16 bytes never come in parts and never block once the system is up (getrandom(2)) */
	while (getrandom(&u, sizeof(u), 0) != (ssize_t)sizeof(u))
		;
	u.time_hi_and_version = (uint16_t)((u.time_hi_and_version & 0x0fff) | 0x4000);
	u.clock_seq[0] = (uint8_t)((u.clock_seq[0] & 0x3f) | 0x80);
	*ret = u;
}

int
uuid_compare(const struct sp_uuid *a, const struct sp_uuid *b)
{
	if (a->time_low != b->time_low)
		return a->time_low < b->time_low ? -1 : 1;
	if (a->time_mid != b->time_mid)
		return a->time_mid < b->time_mid ? -1 : 1;
	if (a->time_hi_and_version != b->time_hi_and_version)
		return a->time_hi_and_version < b->time_hi_and_version ? -1 : 1;
	int order = memcmp(a->clock_seq, b->clock_seq, sizeof(a->clock_seq));
	return order ? order : memcmp(a->node, b->node, sizeof(a->node));
}

uint64_t
uuid_hash(const struct sp_uuid *u)
{
	uint64_t low, high;

	memcpy(&low, u, 8);
	memcpy(&high, (const uint8_t *)u + 8, 8);
	low = (low ^ (high * 0x9e3779b97f4a7c15u)) * 0xbf58476d1ce4e5b9u;
	return low ^ low >> 31;
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* 36 characters, 8-4-4-4-12, into 16 bytes as they are written */
static bool
digits_parse(const char *text, uint8_t ret[16])
{
	size_t n = 0;

	for (size_t i = 0; i < 36;) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i++] != '-')
				return false;
			continue;
		}
		int high = digit(text[i]), low = high < 0 ? -1 : digit(text[i + 1]);

		if (low < 0)
			return false;
		ret[n++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	return true;
}

bool
sp_uuid_parse(const char *text, struct sp_uuid *ret)
{
	size_t len = strlen(text);
	uint8_t b[16];

	if (len == 38 && text[0] == '{' && text[37] == '}')
		text++;
	else if (len != 36)
		return false;
	if (!digits_parse(text, b))
		return false;
	ret->time_low = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	ret->time_mid = (uint16_t)(b[4] << 8 | b[5]);
	ret->time_hi_and_version = (uint16_t)(b[6] << 8 | b[7]);
	memcpy(ret->clock_seq, b + 8, 2);
	memcpy(ret->node, b + 10, 6);
	return true;
}

void
sp_uuid_format(const struct sp_uuid *u, char ret[SP_UUID_TEXT])
{
	snprintf(ret, SP_UUID_TEXT, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", u->time_low,
		u->time_mid, u->time_hi_and_version, u->clock_seq[0], u->clock_seq[1], u->node[0],
		u->node[1], u->node[2], u->node[3], u->node[4], u->node[5]);
}

bool
sp_uuid_equal(const struct sp_uuid *a, const struct sp_uuid *b)
{
	return uuid_compare(a, b) == 0;
}

bool
sp_uuid_is_nil(const struct sp_uuid *u)
{
	static const struct sp_uuid nil;

	return sp_uuid_equal(u, &nil);
}
