/* SPDX-License-Identifier: MIT */
/* A socket's address and its text. No state; any thread. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <sallyport/types.h>

#include <sys/socket.h>

struct address {
	struct sockaddr_storage storage;
	socklen_t len;
};

#define ADDRESS_TEXT 120

/* Numeric IPv4 or IPv6, with or without brackets and scope. */
SP_NODISCARD bool address_parse(const char *text, uint16_t port, struct address *ret);
/* "192.0.2.1[49200]", "2001:db8::1[135]"; IPv4 in IPv6 is shown as IPv4. "" for others. */
void address_format(const struct address *, char ret[ADDRESS_TEXT]);
uint16_t address_port(const struct address *); /* 0 for others than TCP's */
void address_set_port(struct address *, uint16_t port);
bool address_is_any(const struct address *);
/* The address without the port as IPv6 has it, IPv4 within IPv6 (RFC 4291 2.5.5.2); zero for others than TCP's. */
void address_host(const struct address *, uint8_t ret[16]);

#endif
