/* SPDX-License-Identifier: MIT */
/*
 * Examines one host in the order in which a call comes about: name resolution, TCP session, discovery, communication.
 * Stops at the first phase that fails, asks what tells similar failures apart, and says which symptom of the catalogue
 * it is. No rendering, nothing that changes the host. Any thread, a host each.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include <sallyport/security.h>

#include "report/exam.h"

struct doctor_wish {
	const char *host; /* a name or an address */
	bool has_interface;
	struct sp_syntax_id
		interface; /* the service that shall be reached; none: all that the mapper lists */
	const char *interface_name; /* for people; NULL: the UUID */
	bool over_pipes;            /* it is to be reached over named pipes: SMB matters */
	const char *domain;         /* whose locator records shall be there; NULL: none */
	const char *
		partner; /* GUID of a domain controller's directory, whose alias in the domain shall be there */
	const struct sp_security
		*security;      /* with whose credentials the last phase goes; NULL: anonymous */
	bool logs_on_to_mapper; /* as clients with EnableAuthEpResolution do */
	uint16_t mapper_port;   /* 0: 135 */
	sp_nanos budget;        /* all of it; 0: 10 s */
};

void doctor_examine(const struct doctor_wish *, struct exam *ret);

#endif
