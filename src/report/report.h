/* SPDX-License-Identifier: MIT */
/*
 * One model, several faces: a command fills these records, a renderer writes them. Records come in the order
 * in which people shall read them; endpoints sorted, so that a renderer may group them.
 *
 * Strings in records may come from strangers: renderers show them through printable(). Not thread-safe.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdio.h>

#include "report/exam.h"
#include "report/explanation.h"
#include "report/finding.h"
#include "report/ports.h"

/* An entry of an endpoint map. */
struct report_endpoint {
	struct sp_syntax_id interface;
	struct sp_uuid object;  /* nil: none */
	const char *annotation; /* "" when there is none */
	const char *protseq;    /* "ncacn_ip_tcp"; "" when the tower is of another kind */
	const char *address;    /* as the mapper has it; "" for "the host you asked" */
	const char *endpoint;
	const char *binding; /* a string binding that can be used from here */
};

/* An interface that a server says it offers. */
struct report_interface {
	struct sp_syntax_id id;
};

#define REPORT_STATISTICS 4

/* What remote management says about a server: C706 appendix Q. */
struct report_server {
	const char *binding;
	bool is_listening;
	size_t n_interfaces;
	size_t n_statistics;                    /* how many of the following the server keeps */
	uint32_t statistics[REPORT_STATISTICS]; /* calls in, calls out, packets in, packets out */
};

/* Where an interface is. */
struct report_place {
	struct sp_syntax_id interface;
	const char *protseq;
	const char *address; /* as the mapper has it, perhaps "" */
	const char *endpoint;
	const char *binding;
};

/* One round trip of a ping. */
struct report_round {
	unsigned number; /* from 1 */
	sp_nanos took;
};

/* All of a ping. */
struct report_ping {
	const char *binding;
	struct sp_syntax_id interface;
	const char *measured; /* what one round trip was */
	sp_nanos session;     /* from nothing to the interface being bound */
	unsigned n_sent, n_answered;
	sp_nanos least, mean, most; /* of those answered */
};

struct report;

/* A renderer writes data to report->out and talk to report->talk. Every member is set. */
struct renderer {
	const char *name;
	void (*endpoint)(struct report *, const struct report_endpoint *);
	void (*interface)(struct report *, const struct report_interface *);
	void (*server)(struct report *, const struct report_server *);
	void (*place)(struct report *, const struct report_place *);
	void (*round)(struct report *, const struct report_round *);
	void (*ping)(struct report *, const struct report_ping *);
	void (*finding)(struct report *, const struct finding *);
	void (*exam)(struct report *, const struct exam *);
	const struct port_renderer *ports;
	const struct explanation_renderer *explanation;
	void (*end)(struct report *);
};
extern const struct renderer renderer_text, renderer_json;

struct report {
	const struct renderer *renderer;
	FILE *out, *talk;
	bool colour_out, colour_talk;
	/* what has been reported, for groups and totals */
	size_t n_endpoints, n_groups, n_explained;
	const struct catalog_status *explained; /* the last one */
	struct sp_syntax_id group;
	char group_annotation[256];
};

void report_init(struct report *, const struct renderer *, FILE *out, FILE *talk);
/* False when not everything could be written to out: a full disk, a closed pipe. */
SP_NODISCARD bool report_end(struct report *);

#endif
