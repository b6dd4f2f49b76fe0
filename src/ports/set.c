/* SPDX-License-Identifier: MIT */
#include "ports/set.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

bool
port_set_has(const struct port_set *set, uint16_t port)
{
	return set->bits[port / 64] >> port % 64 & 1;
}

void
port_set_add(struct port_set *set, uint16_t first, uint16_t last)
{
	/* whole words: a file may list the whole range a hundred thousand times */
	for (uint32_t word = first / 64; first <= last && word <= last / 64u; word++) {
		uint64_t bits = ~UINT64_C(0);

		if (word == first / 64)
			bits &= ~UINT64_C(0) << first % 64;
		if (word == last / 64)
			bits &= ~UINT64_C(0) >> (63 - last % 64);
		set->bits[word] |= bits;
	}
}

void
port_set_remove(struct port_set *set, const struct port_set *others)
{
	for (size_t i = 0; i < PORT_SET_WORDS; i++)
		set->bits[i] &= ~others->bits[i];
}

void
port_set_keep(struct port_set *set, const struct port_set *others)
{
	for (size_t i = 0; i < PORT_SET_WORDS; i++)
		set->bits[i] &= others->bits[i];
}

uint32_t
port_set_count(const struct port_set *set)
{
	uint32_t n = 0;

	for (size_t i = 0; i < PORT_SET_WORDS; i++)
		n += (uint32_t)__builtin_popcountll(set->bits[i]);
	return n;
}

bool
port_set_range(const struct port_set *set, uint32_t from, uint16_t *ret_first, uint16_t *ret_last)
{
	uint32_t port = from;

	while (port <= UINT16_MAX && !port_set_has(set, (uint16_t)port))
		port++;
	if (port > UINT16_MAX)
		return false;
	*ret_first = (uint16_t)port;
	while (port < UINT16_MAX && port_set_has(set, (uint16_t)(port + 1)))
		port++;
	*ret_last = (uint16_t)port;
	return true;
}

size_t
port_set_format(const struct port_set *set, char *ret, size_t cap)
{
	size_t need = 0;
	uint32_t from = 0;
	uint16_t first, last;

	if (cap)
		ret[0] = '\0';
	for (; port_set_range(set, from, &first, &last); from = last + 1u) {
		char text[16];
		int n = first == last ? snprintf(text, sizeof(text), ",%u", first)
				      : snprintf(text, sizeof(text), ",%u-%u", first, last);
		const char *p = need ? text : text + 1;

		n -= need ? 0 : 1;
		if (need + (size_t)n < cap)
			memcpy(ret + need, p, (size_t)n + 1);
		need += (size_t)n;
	}
	return need;
}

/* --- reading --- */

static const char *
blanks_skip(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* A decimal number and the blanks around it; NULL when there is none. Over 65535 it stays just over. */
static const char *
number_read(const char *p, uint32_t *ret)
{
	uint32_t n = 0;

	p = blanks_skip(p);
	if (!isdigit((unsigned char)*p))
		return NULL;
	for (; isdigit((unsigned char)*p); p++)
		n = n > UINT16_MAX ? n : n * 10 + (uint32_t)(*p - '0');
	*ret = n;
	return blanks_skip(p);
}

enum port_range_fault
port_range_parse(const char *text, uint16_t *ret_first, uint16_t *ret_last)
{
	uint32_t first, last;
	const char *p = number_read(text, &first);

	if (!p)
		return PORT_RANGE_UNREADABLE;
	last = first;
	if (*p == '-')
		p = number_read(p + 1, &last);
	if (!p || *p)
		return PORT_RANGE_UNREADABLE;
	if (first > UINT16_MAX || last > UINT16_MAX)
		return PORT_RANGE_TOO_LARGE;
	if (last < first)
		return PORT_RANGE_BACKWARDS;
	*ret_first = (uint16_t)first;
	*ret_last = (uint16_t)last;
	return PORT_RANGE_GOOD;
}

bool
port_set_parse(const char *text, struct port_set *ret)
{
	struct port_set set = {0};
	uint16_t first, last;
	char entry[32];

	while (*text) {
		size_t len = strcspn(text, ",\n");

		if (len >= sizeof(entry))
			return false;
		memcpy(entry, text, len);
		entry[len] = '\0';
		if (len && port_range_parse(entry, &first, &last))
			return false;
		if (len)
			port_set_add(&set, first, last);
		text += len + (text[len] != '\0');
	}
	*ret = set;
	return true;
}
