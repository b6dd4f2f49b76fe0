/* SPDX-License-Identifier: MIT */
/* Records about a port policy. Strings may come from strangers' files. */
#ifndef REPORT_PORTS_H
#define REPORT_PORTS_H

#include <stddef.h>

#include <sallyport/types.h>

/* Something wrong with a policy, or trouble to come. */
struct report_port_finding {
	const char *file;
	unsigned line, column; /* 0: not known */
	const char *severity;  /* "error", "warning", "note" */
	const char *code;      /* "entry_backwards", ... */
	const char *entry;     /* as written; NULL: none */
	const char *what, *remedy;
};

/* What a file came to when all was looked at. */
struct report_port_file {
	const char *file;
	const char *form; /* "YAML file" */
	size_t n_errors, n_warnings;
};

/* What one kind of request may choose from. */
struct report_port_set {
	const char *kind;   /* "internet", "intranet" */
	const char *ranges; /* "5000-5100,5984" */
	uint32_t n;
	bool is_default; /* what a server gets that asks for neither */
};

struct report_port_fixed {
	const char *interface;
	const char *stands_for; /* "drsuapi, samr"; "" when it is an interface itself */
	uint16_t port;
};

/* The policy as it is in force. */
struct report_port_policy {
	const char *file;
	const char *form;
	bool is_absent; /* no such file: no policy */
	struct report_port_set sets[2];
	const char *const *devices; /* network interfaces to listen on; none: all */
	size_t n_devices;
	const struct report_port_fixed *fixed;
	size_t n_fixed;
	bool knows_kernel;
	uint16_t ephemeral_first,
		ephemeral_last; /* what the kernel gives to outgoing connections */
	const char *reserved;   /* but for these */
};

/* A port that cannot be taken. */
struct report_port_unusable {
	uint16_t port;
	const char *transport; /* "TCP", "UDP" */
	const char *why;
	int pid; /* who holds it; 0: not known */
	const char *program;
};

/* All of a range, tried. */
struct report_port_trial {
	const char *kind, *transport, *ranges;
	uint32_t n, n_usable;
};

struct report;

struct port_renderer {
	void (*finding)(struct report *, const struct report_port_finding *);
	void (*file)(struct report *, const struct report_port_file *);
	void (*policy)(struct report *, const struct report_port_policy *);
	void (*unusable)(struct report *, const struct report_port_unusable *);
	void (*trial)(struct report *, const struct report_port_trial *);
};
extern const struct port_renderer port_renderer_text, port_renderer_json;

#endif
