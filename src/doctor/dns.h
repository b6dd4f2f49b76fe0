/* SPDX-License-Identifier: MIT */
/* A name as each of the configured name servers has it, asked one by one; and the hosts file. Any thread. */
#ifndef DOCTOR_DNS_H
#define DOCTOR_DNS_H

#include "catalog/facts.h"
#include "net/address.h"

#define DNS_SERVERS_MAX 8
#define DNS_ADDRESSES_MAX 16

enum dns_record { DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28, DNS_SRV = 33, DNS_CNAME = 5 };

struct dns_answer {
	char server[ADDRESS_TEXT]; /* "192.0.2.53" */
	enum seen_lookup seen;
	struct address addresses[DNS_ADDRESSES_MAX]; /* of A and AAAA records */
	size_t n_addresses;
	size_t n_records; /* of other types: how many came */
	char name[256];   /* of PTR, CNAME and SRV records: the first one's; "" */
	sp_nanos took;
};

/*
 * A and AAAA of a host, by each server; the search list is obeyed. Returns how many servers there are; at most cap are
 * filled in, by `deadline`.
 */
size_t dns_ask_host(const char *host, sp_nanos deadline, struct dns_answer *ret, size_t cap);
/* One question of another type. */
size_t dns_ask(
	const char *name, enum dns_record, sp_nanos deadline, struct dns_answer *ret, size_t cap);
/* The name that an address has, by the first server that answers; false: none. */
bool dns_name_of(const struct address *, sp_nanos deadline, char *ret, size_t cap);
/* In the hosts file; returns how many. */
size_t dns_hosts_file(const char *host, struct address *ret, size_t cap);
/* Whether two answers have no address in common, although both servers answered. */
bool dns_disagree(const struct dns_answer *, const struct dns_answer *);
const char *dns_says(const struct dns_answer *, char *ret, size_t cap);

#endif
