/* SPDX-License-Identifier: MIT */
/* A set of ports, and the text of one: "5000-5100,5984". No state; any thread. */
#ifndef PORTS_SET_H
#define PORTS_SET_H

#include <sallyport/types.h>

#define PORT_SET_WORDS 1024

struct port_set {
	uint64_t bits[PORT_SET_WORDS];
};

bool port_set_has(const struct port_set *, uint16_t port);
void port_set_add(struct port_set *, uint16_t first, uint16_t last);
void port_set_remove(struct port_set *, const struct port_set *others);
void port_set_keep(struct port_set *, const struct port_set *others);
uint32_t port_set_count(const struct port_set *);
/* The first range at or after `from`; false when there is none. Goes on with *ret_last + 1. */
bool port_set_range(
	const struct port_set *, uint32_t from, uint16_t *ret_first, uint16_t *ret_last);
/* Writes at most cap bytes with the NUL; returns what all of it needs without it. */
size_t port_set_format(const struct port_set *, char *ret, size_t cap);

enum port_range_fault {
	PORT_RANGE_GOOD,
	PORT_RANGE_UNREADABLE, /* neither a port nor a range */
	PORT_RANGE_TOO_LARGE,  /* a number over 65535 */
	PORT_RANGE_BACKWARDS,  /* ends before it begins */
};
/* "5984", "5000-5100"; blanks around numbers do not matter. */
enum port_range_fault port_range_parse(const char *text, uint16_t *ret_first, uint16_t *ret_last);
/* Ranges with commas between them, as the kernel writes them; "" is the empty set. */
SP_NODISCARD bool port_set_parse(const char *text, struct port_set *ret);

#endif
