/* SPDX-License-Identifier: MIT */
/* sallyport ports: what a port policy says, whether it is good, in other words, and whether its ports are there. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/spelling.h"
#include "ports/hive.h"
#include "ports/holders.h"
#include "ports/trial.h"
#include "ports/write.h"

#define DEFAULT_FILE "/etc/sallyport/ports.yaml"
#define SYSCTL_FILE "/etc/sysctl.d/60-sallyport-ports.conf"
#define PROC "/proc"

/* --- a policy out of a file --- */

static const char *
file_or_default(const struct settings *s)
{
	const char *set = getenv("SALLYPORT_PORTS");

	if (s->n_words > 1)
		return s->words[1];
	return set && *set ? set : DEFAULT_FILE;
}

static void
policy_read(struct ports_policy *ret, const char *file)
{
	struct ports_config config;

	ports_config_init(&config, file);
	if (ports_hive_is(file))
		ports_hive_read(&config, file);
	else
		ports_config_read(&config, file);
	ports_policy_judge(ret, &config);
}

static bool
has_device(const char *name)
{
	return if_nametoindex(name) != 0;
}

static void
findings_tell(const struct ports_policy *p, struct report *r)
{
	const struct ports_findings *all = &p->config.findings;

	for (size_t i = 0; i < all->n; i++) {
		const struct ports_finding *f = &all->items[i];

		r->renderer->ports->finding(
			r, &(struct report_port_finding){
				   .file = p->config.source,
				   .line = f->place.line,
				   .column = f->place.column,
				   .severity = ports_severity_name(ports_fault_severity(f->fault)),
				   .code = ports_fault_name(f->fault),
				   .entry = f->entry,
				   .what = f->what,
				   .remedy = f->remedy,
			   });
	}
}

static enum outcome
failed(struct report *r, enum outcome outcome, const struct sp_error *error, const char *next)
{
	struct finding finding = {.outcome = outcome, .error = *error};

	snprintf(finding.next, sizeof(finding.next), "%s", next);
	r->renderer->finding(r, &finding);
	return outcome;
}

/* Whether a file that was named is there at all; the default one need not be. */
static enum outcome
is_there(const struct ports_policy *p, struct report *r)
{
	struct sp_error error = {.status = RPC_S_INVALID_ARG, .sys_errno = ENOENT};

	if (!p->config.is_absent)
		return OUTCOME_GOOD;
	snprintf(error.sentence, sizeof(error.sentence),
		"read the port policy %.200s - %s - there is no policy: servers take any port of "
		"%u-%u",
		p->config.source, strerror(ENOENT), PORTS_DYNAMIC_FIRST, PORTS_DYNAMIC_LAST);
	error.evidence = SP_EVIDENCE_ERRNO;
	return failed(r, OUTCOME_COULD_NOT_RUN, &error, "");
}

static bool
is_unreadable(const struct ports_policy *p)
{
	for (size_t i = 0; i < p->config.findings.n; i++)
		if (p->config.findings.items[i].fault == PORTS_FAULT_UNREADABLE)
			return true;
	return false;
}

/* What the other subcommands need: a valid policy. Otherwise the findings are told. */
static enum outcome
valid_read(struct ports_policy *ret, const char *file, struct report *r)
{
	policy_read(ret, file);
	if (ret->valid)
		return OUTCOME_GOOD;
	findings_tell(ret, r);
	return is_unreadable(ret) ? OUTCOME_COULD_NOT_RUN : OUTCOME_NEGATIVE;
}

/* --- check --- */

static enum outcome
apply(const struct ports_policy *p, const struct ports_kernel *kernel, struct report *r)
{
	struct sp_error error = {0};
	struct port_set overlap;
	char *line;

	ports_policy_named(p, &overlap);
	ports_kernel_overlap(kernel, &overlap, &overlap);
	if (port_set_count(&overlap) == 0)
		return OUTCOME_GOOD;
	if (ports_kernel_apply(kernel, &overlap, PROC, SYSCTL_FILE, &error))
		return failed(r, OUTCOME_COULD_NOT_RUN, &error, "");
	line = ports_kernel_line(kernel, &overlap);
	fprintf(r->talk, "sallyport: set, now and in %s: %s\n", SYSCTL_FILE, line ? line : "");
	mem_free(line);
	return OUTCOME_GOOD;
}

static enum outcome
check_one(const struct settings *s, const char *file, struct ports_policy *p, struct report *r)
{
	struct ports_kernel *kernel = mem_alloc(sizeof(*kernel));
	enum outcome outcome = kernel ? OUTCOME_GOOD : OUTCOME_COULD_NOT_RUN;

	policy_read(p, file);
	if (kernel)
		ports_kernel_read(PROC, kernel);
	if (kernel && p->valid && s->apply) {
		outcome = apply(p, kernel, r);
		ports_kernel_read(PROC, kernel);
	}
	if (kernel)
		ports_policy_warn(p, kernel, has_device);
	mem_free(kernel);
	if (outcome == OUTCOME_GOOD)
		outcome = is_there(p, r);
	if (outcome != OUTCOME_GOOD)
		return outcome;
	findings_tell(p, r);
	r->renderer->ports->file(
		r, &(struct report_port_file){file, ports_form_name(p->config.form),
			   p->config.findings.n_errors, p->config.findings.n_warnings});
	if (is_unreadable(p))
		return OUTCOME_COULD_NOT_RUN;
	return p->config.findings.n_errors || p->config.findings.n_warnings ? OUTCOME_NEGATIVE
									    : OUTCOME_GOOD;
}

static enum outcome
check(const struct settings *s, struct ports_policy *p, struct report *r)
{
	enum outcome worst = OUTCOME_GOOD, outcome;

	if (s->n_words == 1)
		return check_one(s, file_or_default(s), p, r);
	for (size_t i = 1; i < s->n_words; i++) {
		outcome = check_one(s, s->words[i], p, r);
		worst = outcome > worst ? outcome : worst;
		ports_policy_fini(p);
	}
	return worst;
}

/* --- show --- */

/* Text of a set, from the heap; NULL: no memory. */
static char *
ranges_of(const struct port_set *set)
{
	size_t cap = port_set_format(set, NULL, 0) + 1;
	char *text = mem_alloc(cap);

	if (text)
		port_set_format(set, text, cap);
	return text;
}

static void
lists_tell(const struct ports_policy *p, struct report *r, struct report_port_policy *record)
{
	const char **devices = mem_zalloc(p->config.bind.n + 1, sizeof(*devices));
	struct report_port_fixed *fixed = mem_zalloc(p->n_fixed + 1, sizeof(*fixed));

	for (size_t i = 0; devices && i < p->config.bind.n; i++)
		devices[i] = p->config.bind.items[i].text;
	for (size_t i = 0; fixed && i < p->n_fixed; i++)
		fixed[i] = (struct report_port_fixed){p->fixed[i].interface,
			p->fixed[i].service ? p->fixed[i].service->interfaces : "",
			p->fixed[i].port};
	record->devices = devices;
	record->n_devices = devices ? p->config.bind.n : 0;
	record->fixed = fixed;
	record->n_fixed = fixed ? p->n_fixed : 0;
	r->renderer->ports->policy(r, record);
	mem_free(devices);
	mem_free(fixed);
}

static enum outcome
show(const struct settings *s, struct ports_policy *p, struct report *r)
{
	struct report_port_policy record = {.file = file_or_default(s)};
	const struct port_set *sets[2] = {NULL, NULL}, *asked = NULL;
	struct ports_kernel kernel;
	enum outcome outcome = valid_read(p, record.file, r);
	char *ranges[3];

	if (outcome != OUTCOME_GOOD || ports_policy_choose(p, PORTS_INTERNET, &sets[0], NULL) ||
		ports_policy_choose(p, PORTS_INTRANET, &sets[1], NULL) ||
		ports_policy_choose(p, PORTS_DEFAULT, &asked, NULL))
		return outcome;
	ports_kernel_read(PROC, &kernel);
	record.form = ports_form_name(p->config.form);
	record.is_absent = p->config.is_absent;
	record.knows_kernel = kernel.is_known;
	record.ephemeral_first = kernel.first;
	record.ephemeral_last = kernel.last;
	for (int i = 0; i < 2; i++) {
		ranges[i] = ranges_of(sets[i]);
		record.sets[i] = (struct report_port_set){
			.kind = ports_kind_name(i ? PORTS_INTRANET : PORTS_INTERNET),
			.ranges = ranges[i] ? ranges[i] : "",
			.n = port_set_count(sets[i]),
			.is_default = sets[i] == asked};
	}
	ranges[2] = ranges_of(&kernel.reserved);
	record.reserved = ranges[2] ? ranges[2] : "";
	lists_tell(p, r, &record);
	for (int i = 0; i < 3; i++)
		mem_free(ranges[i]);
	return OUTCOME_GOOD;
}

/* --- convert --- */

static enum outcome
usage(struct report *r, const char *what)
{
	fprintf(r->talk, "sallyport ports: %s\nnext: sallyport ports --help\n", what);
	return OUTCOME_USAGE;
}

static enum outcome
convert(const struct settings *s, struct ports_policy *p, struct report *r)
{
	struct ports_kernel *kernel;
	enum ports_target target = 0;
	enum outcome outcome;

	while (target < PORTS_N_TARGETS && (!s->to || strcmp(s->to, ports_target_name(target))))
		target++;
	if (target == PORTS_N_TARGETS)
		return usage(r, "convert needs --to yaml, reg, netsh or sysctl");
	outcome = valid_read(p, file_or_default(s), r);
	if (outcome == OUTCOME_GOOD)
		outcome = is_there(p, r);
	if (outcome != OUTCOME_GOOD)
		return outcome;
	kernel = mem_zalloc(1, sizeof(*kernel));
	if (kernel)
		ports_kernel_read(PROC, kernel);
	if (p->config.bind.n && (p->config.form == PORTS_YAML) != (target == PORTS_TO_YAML))
		fputs("sallyport: the network interfaces have other names there: correct them\n",
			r->talk);
	if (!kernel || !ports_write(p, target, kernel, r->out))
		outcome = OUTCOME_COULD_NOT_RUN;
	mem_free(kernel);
	return outcome;
}

/* --- test --- */

static const char *
why_unusable(int error, const struct port_use *use)
{
	switch (error) {
	case EADDRINUSE:
		return use && use->is_waiting ? "kept by a connection that has ended" : "in use";
	case EACCES: return "only root may take it";
	default: return strerror(error);
	}
}

static uint32_t
range_try(const struct port_set *set, enum port_transport transport, const struct port_uses *uses,
	struct report *r)
{
	uint32_t n_usable = 0;

	for (uint32_t port = 0; port <= UINT16_MAX; port++) {
		const struct port_use *use;
		int error;

		if (!port_set_has(set, (uint16_t)port))
			continue;
		error = port_try(transport, (uint16_t)port);
		n_usable += !error;
		if (!error)
			continue;
		use = error == EADDRINUSE ? port_uses_of(uses, (uint16_t)port) : NULL;
		r->renderer->ports->unusable(
			r, &(struct report_port_unusable){(uint16_t)port,
				   port_transport_name(transport), why_unusable(error, use),
				   use ? (int)use->pid : 0, use ? use->name : ""});
	}
	return n_usable;
}

static enum outcome
transport_try(const struct port_set *set, const char *kind, enum port_transport transport,
	struct report *r)
{
	uint32_t n = port_set_count(set), n_usable;
	struct port_uses uses = {0};
	char *ranges = ranges_of(set);

	/* without it, who holds a port is not told */
	if (!port_uses_find(PROC, transport, set, &uses))
		uses = (struct port_uses){0};
	n_usable = range_try(set, transport, &uses, r);
	r->renderer->ports->trial(
		r, &(struct report_port_trial){kind, port_transport_name(transport),
			   ranges ? ranges : "", n, n_usable});
	port_uses_fini(&uses);
	mem_free(ranges);
	return n_usable == n && n > 0 ? OUTCOME_GOOD : OUTCOME_NEGATIVE;
}

static enum outcome
test(const struct settings *s, struct ports_policy *p, struct report *r)
{
	const struct port_set *chosen = NULL;
	enum ports_kind kind = PORTS_DEFAULT;
	struct port_set set, zero = {{1}};
	enum outcome outcome, tcp, udp;

	while (s->request && kind <= PORTS_INTRANET && strcmp(s->request, ports_kind_name(kind)))
		kind++;
	if (kind > PORTS_INTRANET)
		return usage(r, "--for is internet, intranet or default");
	outcome = valid_read(p, file_or_default(s), r);
	if (outcome != OUTCOME_GOOD || ports_policy_choose(p, kind, &chosen, NULL))
		return outcome;
	/* port 0 means any port: it cannot be given to anybody */
	set = *chosen;
	port_set_remove(&set, &zero);
	tcp = transport_try(&set, ports_kind_name(kind), PORT_TCP, r);
	udp = transport_try(&set, ports_kind_name(kind), PORT_UDP, r);
	return tcp > udp ? tcp : udp;
}

/* --- the command --- */

static const struct verb {
	const char *name;
	const char *option; /* its own; the others are for other verbs */
	size_t files_max;
	enum outcome (*run)(const struct settings *, struct ports_policy *, struct report *);
} verbs[] = {
	{"check", "apply", SIZE_MAX, check},
	{"show", "", 1, show},
	{"convert", "to", 1, convert},
	{"test", "for", 1, test},
	{0},
};

static enum outcome
unknown_verb(const char *word, struct report *r)
{
	struct spelling spelling;

	spelling_begin(&spelling, word, strlen(word));
	for (const struct verb *v = verbs; v->name; v++)
		spelling_try(&spelling, v->name);
	fprintf(r->talk, "sallyport ports: there is no \"%s\"\n", word);
	if (spelling_best(&spelling))
		fprintf(r->talk, "did you mean %s?\n", spelling_best(&spelling));
	fputs("next: sallyport ports --help\n", r->talk);
	return OUTCOME_USAGE;
}

/* The option that was given and is not the verb's; NULL: none. */
static const char *
foreign_option(const struct settings *s, const struct verb *verb)
{
	const struct {
		const char *name;
		bool given;
	} rows[] = {{"apply", s->apply}, {"to", s->to != NULL}, {"for", s->request != NULL}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].given && strcmp(rows[i].name, verb->option))
			return rows[i].name;
	return NULL;
}

static enum outcome
run(const struct settings *s, struct report *r)
{
	struct ports_policy *policy;
	const struct verb *verb = verbs;
	enum outcome outcome;

	while (verb->name && strcmp(verb->name, s->arguments[0]))
		verb++;
	if (!verb->name)
		return unknown_verb(s->arguments[0], r);
	if (s->n_words - 1 > verb->files_max)
		return usage(r, "one file at a time");
	if (foreign_option(s, verb)) {
		fprintf(r->talk, "sallyport ports: %s has no option --%s\n", verb->name,
			foreign_option(s, verb));
		return usage(r, "each of --to, --for and --apply belongs to one of them");
	}
	policy = mem_zalloc(1, sizeof(*policy));
	if (!policy)
		return OUTCOME_COULD_NOT_RUN;
	outcome = verb->run(s, policy, r);
	ports_policy_fini(policy);
	mem_free(policy);
	return outcome;
}

#define AT(member) offsetof(struct settings, member)
static const struct option_row options[] = {
	{0, "to", OPTION_TEXT, AT(to), "yaml|reg|netsh|sysctl", "convert: to which form"},
	{0, "for", OPTION_TEXT, AT(request), "internet|intranet|default",
		"test: the ports of which requests (default)"},
	{0, "apply", OPTION_FLAG, AT(apply), NULL,
		"check: reserve ports that outgoing connections could take"},
	{0},
};
#undef AT

static const struct example examples[] = {
	{"sallyport ports check /etc/sallyport/ports.yaml", "everything wrong with it, at once"},
	{"sallyport ports convert --to yaml rpc.reg > ports.yaml",
		"what a Windows machine had, for this one"},
	{"sallyport ports test", "take each port once, and say which cannot be had and why"},
	{0},
};

const struct command command_ports = {
	.name = "ports",
	.summary = "check, show, convert and try the port policy",
	.arguments = {"check|show|convert|test", "[FILE...]"},
	.is_local = true,
	.description =
		"Which port a dynamic endpoint gets is said by the port policy, " DEFAULT_FILE
		" (or $SALLYPORT_PORTS). A FILE may also be what a registry editor exported on "
		"Windows, or a registry hive.\n"
		"\n"
		"check finds everything that is wrong or unwise, with line, entry and remedy; show "
		"tells what is in force; convert writes it as our YAML, as a registry export, as "
		"commands for Windows or as a line for sysctl; test takes and frees every port, "
		"TCP and UDP, and names those that cannot be had and who holds them.",
	.options = options,
	.examples = examples,
	.run = run,
};
