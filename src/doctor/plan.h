/* SPDX-License-Identifier: MIT */
/* One examination under way, shared by the files of doctor/ only; each phase is a file. */
#ifndef DOCTOR_PLAN_H
#define DOCTOR_PLAN_H

#include "doctor/dns.h"
#include "doctor/doctor.h"
#include "doctor/port.h"
#include "doctor/talk.h"
#include "probe/map.h"

#define PLAN_ADDRESSES 6
#define PLAN_ENDPOINTS 24

/* A TCP endpoint that is to be examined. */
struct plan_endpoint {
	struct sp_syntax_id interface;
	uint16_t port;
	enum seen_port seen;
	char says[160];
};

struct plan {
	const struct doctor_wish *wish;
	struct exam *exam;
	sp_nanos began, deadline;
	uint16_t mapper_port;
	struct address addresses[PLAN_ADDRESSES];
	size_t n_addresses;
	struct address dialled; /* the address that is examined beyond the TCP session */
	struct probe_list map;
	struct plan_endpoint endpoints[PLAN_ENDPOINTS];
	size_t n_endpoints;
	uint16_t bad_port;                 /* the first endpoint that cannot be reached; 0: none */
	enum sp_phase failed;              /* where it ends */
	struct sp_error error;             /* why, when the catalogue does not know */
	const struct plain_verdict *plain; /* a failure that is no symptom of the catalogue */
	char proof[400];                   /* what failed, as it was seen */
};

/* A failure that has no row in the catalogue. */
struct plain_verdict {
	const char *title, *cause, *fix;
};
extern const struct plain_verdict plain_stale, plain_silent_mapper, plain_refuses,
	plain_not_listening;

/* The moment `duration` from now, or the end of the examination. */
sp_nanos plan_until(const struct plan *, sp_nanos duration);
void plan_fact(struct plan *, enum fact, int64_t value);
/* A step; a bad one also becomes the proof when there is none yet. */
void plan_step(struct plan *, enum sp_phase, enum exam_mark, const char *what, const char *came);
/* The examination ends here. Returns false, so that phases can end with it. */
bool plan_fails(struct plan *, enum sp_phase);
struct sp_client_options plan_limits(const struct plan *, sp_nanos duration);
/* "ncacn_ip_tcp:192.0.2.1[135]"; returns ret. */
char *plan_binding(const struct plan *, uint16_t port, char *ret, size_t cap);

/* The phases; false: it ends there. */
bool plan_names(struct plan *);
bool plan_session(struct plan *);
bool plan_discovery(struct plan *);
bool plan_pipes(struct plan *); /* instead of the mapper */
/* Asks the mapper for the interface; its ports become the plan's endpoints. False: *reterr. */
bool plan_find(struct plan *, struct sp_error *reterr);
bool plan_endpoints(struct plan *);
bool plan_communication(struct plan *);
/* A bind that was not answered, by one context and then as it was: sets bind.*. True: it was slow, and is well. */
bool plan_one_context(struct plan *, enum sp_phase, const char *what, const struct talk *failed);

void plan_verdict(struct plan *);

#endif
