/* SPDX-License-Identifier: MIT */
/* What is wrong with a port policy, or will be: each finding has its place, the entry and what to do. */
#ifndef PORTS_FINDING_H
#define PORTS_FINDING_H

#include <sallyport/types.h>

#include "base/arena.h"

/* An error makes the whole policy invalid; a warning is trouble to come; a note is good to know. */
enum ports_severity { PORTS_ERROR, PORTS_WARNING, PORTS_NOTE };

/* value, severity, name for programs, remedy for people (a finding may have a better one) */
#define PORTS_FAULTS(X)                                                                            \
	X(UNREADABLE, ERROR, "unreadable", "make the file readable for the server's user")         \
	X(TOO_LONG, ERROR, "too_long", "a port policy is shorter: is it the right file?")          \
	X(SYNTAX, ERROR, "syntax", "correct the file there")                                       \
	X(UNKNOWN_VALUE, ERROR, "unknown_value", "correct its name or take it out")                \
	X(TWICE, ERROR, "twice", "keep one of them")                                               \
	X(WRONG_TYPE, ERROR, "wrong_type", "write it as the manual page shows")                    \
	X(NOTHING, ERROR, "nothing", "write the values, or remove the file to have no policy")     \
	X(MISSING, ERROR, "missing", "add it: all three values belong together")                   \
	X(EMPTY_LIST, ERROR, "empty_list", "list ports, or take all three values out")             \
	X(ENTRY_UNREADABLE, ERROR, "entry_unreadable",                                             \
		"write a port as 5984 or a range as 5000-5100")                                    \
	X(ENTRY_TOO_LARGE, ERROR, "entry_too_large", "the largest port is 65535")                  \
	X(ENTRY_BACKWARDS, ERROR, "entry_backwards", "write the smaller port first")               \
	X(NOT_Y_OR_N, ERROR, "not_y_or_n", "write Y or N")                                         \
	X(BIND_EMPTY, ERROR, "bind_empty",                                                         \
		"name network interfaces, or take it out to listen on all")                        \
	X(FIXED_BAD_PORT, ERROR, "fixed_bad_port", "give one port from 1 to 65535")                \
	X(FIXED_BAD_NAME, ERROR, "fixed_bad_name", "give an interface's name or UUID")             \
	X(FEW, WARNING, "few_ports", "allow at least 100: fewer run out on busy machines")         \
	X(LOW, WARNING, "low_ports",                                                               \
		"choose ports above 5000: those below may belong to other programs")               \
	X(NO_PORTS, WARNING, "no_ports", "list fewer ports, so that some are left")                \
	X(REPEATED, WARNING, "repeated", "list each port once")                                    \
	X(PORT_ZERO, WARNING, "port_zero", "begin with 1: port 0 cannot be given to anybody")      \
	X(EPHEMERAL, WARNING, "ephemeral", "reserve them")                                         \
	X(FIXED_LISTED, WARNING, "fixed_listed",                                                   \
		"choose a fixed port outside the listed ones: another server may take it first")   \
	X(FIXED_SHARED, NOTE, "fixed_shared",                                                      \
		"fine for one server; two servers cannot both listen on it")                       \
	X(NO_DEVICE, WARNING, "no_such_interface",                                                 \
		"name interfaces of the machine that it is for (ip link shows them)")

#define X(value, severity, name, remedy) PORTS_FAULT_##value,
enum ports_fault { PORTS_FAULTS(X) PORTS_N_FAULTS };
#undef X

enum ports_severity ports_fault_severity(enum ports_fault);
const char *ports_fault_name(enum ports_fault);       /* "entry_backwards"; static */
const char *ports_severity_name(enum ports_severity); /* "error"; static */

struct ports_place {
	unsigned line, column; /* from 1; 0: not known */
};

struct ports_finding {
	enum ports_fault fault;
	struct ports_place place;
	const char *entry; /* as it was written; NULL: none */
	const char *what;
	const char *remedy;
};

/* Strings are the arena's. Counts go on when there is no room for the rest. */
struct ports_findings {
	struct ports_finding *items;
	size_t n, cap;
	size_t n_errors, n_warnings;
	struct arena arena;
};

void ports_findings_init(struct ports_findings *);
void ports_findings_fini(struct ports_findings *);
/* `entry` may be NULL, and is copied. */
void ports_find(struct ports_findings *, enum ports_fault, struct ports_place, const char *entry,
	const char *fmt, ...) SP_PRINTF(5, 6);
/* A better remedy for the last one found. */
void ports_find_remedy(struct ports_findings *, const char *fmt, ...) SP_PRINTF(2, 3);
/* In the order of places; errors before warnings at the same one. */
void ports_findings_sort(struct ports_findings *);

#endif
