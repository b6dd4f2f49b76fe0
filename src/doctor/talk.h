/* SPDX-License-Identifier: MIT */
/*
 * One bind, byte by byte: the runtime's client hides what tells the symptoms of this phase apart, such as how many
 * contexts a bind had, whether a session was closed or reset, and whether TCP had to repeat itself. Any thread.
 */
#ifndef DOCTOR_TALK_H
#define DOCTOR_TALK_H

#include "catalog/facts.h"
#include "net/address.h"

struct talk {
	/* to be filled in */
	struct address address;
	struct sp_syntax_id interface;
	unsigned
		n_contexts; /* 1: NDR; 2: and NDR64; 3: and what features there are; more: NDR again and again */
	bool asks_identity; /* begins a logon by NTLM, which makes a server say who it is; it is not gone on with */
	/* what came back */
	enum seen_bind seen;
	uint16_t reason;   /* rejected: of the first context; nak: why */
	uint32_t fault;    /* its status */
	bool speaks_rpc;   /* bytes came, and they were DCE/RPC */
	bool has_banner;   /* bytes came, and they were not: */
	char banner[48];   /* printable */
	bool was_reset;    /* closed by RST */
	bool is_garbled;   /* DCE/RPC whose lengths do not agree */
	bool was_repeated; /* TCP repeated what we sent, and it was not acknowledged */
	bool is_ndr64;     /* the server takes NDR64 as well */
	int connect_errno; /* there was no session: 0 or an errno */
	sp_nanos took;     /* from the bind to its answer */
	bool has_identity;
	char computer[256];       /* its name in DNS, else in NetBIOS */
	int64_t skew_s;           /* its clock before ours */
	struct sp_error extended; /* n_records: the server's own words in a bind_nak */
};

/* Connects, binds, reads the answer, closes; over by `deadline`. */
void talk_bind(struct talk *, sp_nanos deadline);
/* "accepted in 1.2 ms", "the server closed the session", ...; returns ret. */
const char *talk_says(const struct talk *, char *ret, size_t cap);

#endif
