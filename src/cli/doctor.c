/* SPDX-License-Identifier: MIT */
#include "doctor/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/time.h"
#include "catalog/services.h"
#include "cli/commands.h"
#include "cli/round.h"
#include "cli/spelling.h"
#include "cli/subnet.h"
#include "probe/target.h"
#include "report/exam_html.h"
#include "report/exam_prom.h"

/* "4.0" of an interface's row; 1.0 where it tells none */
static void
version_set(const struct catalog_interface *known, struct sp_syntax_id *ret)
{
	char *dot = NULL;

	ret->uuid = known->uuid;
	ret->major = 1;
	ret->minor = 0;
	if (!known->version)
		return;
	ret->major = (uint16_t)strtoul(known->version, &dot, 10);
	if (dot && *dot == '.')
		ret->minor = (uint16_t)strtoul(dot + 1, NULL, 10);
}

static void
known_set(struct doctor_wish *wish, const struct catalog_interface *known)
{
	wish->has_interface = true;
	wish->interface_name = known->name;
	version_set(known, &wish->interface);
}

static enum outcome
unknown_name(const char *what, const char *name, FILE *talk)
{
	struct spelling spelling;
	const struct catalog_interface *interface;
	const struct catalog_service *service;

	spelling_begin(&spelling, name, strlen(name));
	for (size_t i = 0; *what == 'i' && (interface = catalog_interface_at(i)); i++)
		spelling_try(&spelling, interface->name);
	for (size_t i = 0; *what == 's' && (service = catalog_service_at(i)); i++)
		spelling_try(&spelling, service->name);
	fprintf(talk, "sallyport doctor: there is no %s \"%s\" in the catalogue\n", what, name);
	if (spelling_best(&spelling))
		fprintf(talk, "did you mean %s?\n", spelling_best(&spelling));
	fputs("next: sallyport doctor --help\n", talk);
	return OUTCOME_USAGE;
}

static enum outcome
interface_read(const char *text, struct doctor_wish *wish, FILE *talk)
{
	const struct catalog_interface *known = catalog_interface_named(text);

	if (known) {
		known_set(wish, known);
		return OUTCOME_GOOD;
	}
	if (!target_interface(text, &wish->interface))
		return unknown_name("interface", text, talk);
	wish->has_interface = true;
	known = catalog_interface_find(&wish->interface.uuid);
	wish->interface_name = known ? known->name : NULL;
	return OUTCOME_GOOD;
}

/* --- what is told --- */

struct teller {
	const struct settings *settings;
	struct report *report;
	bool is_first, is_again; /* of the report; a round after the first */
};

static int
tell(void *context, const struct job *job)
{
	struct teller *teller = context;
	struct report *r = teller->report;

	if (!job->exam) {
		fputs("sallyport doctor: no memory\n", r->talk);
		return OUTCOME_COULD_NOT_RUN;
	}
	if (teller->settings->check)
		return exam_check(r, job->exam);
	if (!teller->is_first && r->renderer == &renderer_text)
		fputs("\n", r->out);
	teller->is_first = false;
	r->renderer->exam(r, job->exam);
	fflush(r->out);
	return job->exam->verdict.outcome;
}

/* What is as it was is not told. */
static int
tell_change(void *context, const struct job *job)
{
	struct teller *teller = context;
	struct report *r = teller->report;
	int outcome = job->exam ? (int)job->exam->verdict.outcome : OUTCOME_COULD_NOT_RUN;

	if (teller->is_again && !exam_figures_differ(&job->before, &job->now))
		return outcome;
	if (r->renderer == &renderer_text)
		exam_change_text(r, teller->is_again ? &job->before : NULL, &job->now);
	else if (job->exam)
		r->renderer->exam(r, job->exam);
	fflush(r->out);
	return outcome;
}

static bool
page_write(const char *path, const struct round *round, FILE *talk)
{
	const struct exam **exams = mem_zalloc(round->n, sizeof(const struct exam *));
	FILE *page = exams ? fopen(path, "we") : NULL;
	bool good = page != NULL;
	size_t n = 0;

	for (size_t i = 0; exams && i < round->n; i++)
		if (round->list[i].exam)
			exams[n++] = round->list[i].exam;
	if (good)
		good = exam_html(page, exams, n);
	if (page && fclose(page))
		good = false;
	if (!good)
		fprintf(talk, "sallyport doctor: %s cannot be written: %s\n", path,
			strerror(errno));
	mem_free(exams);
	return good;
}

/* Under another name first: who reads the file finds all of it, the old or the new. */
static bool
figures_write(const char *path, const struct round *round, FILE *talk)
{
	const struct exam_figures **list = mem_zalloc(round->n, sizeof(*list));
	char *aside = mem_printf("%s.%ld.new", path, (long)getpid());
	FILE *file;
	bool good;
	size_t n = 0;

	if (aside)
		unlink(aside); /* of one that was killed */
	file = list && aside ? fopen(aside, "wxe") : NULL;
	good = file != NULL;
	for (size_t i = 0; list && i < round->n; i++)
		if (round->list[i].now.host)
			list[n++] = &round->list[i].now;
	if (good)
		good = exam_prom(file, list, n);
	if (file && fclose(file))
		good = false;
	if (good)
		good = rename(aside, path) == 0;
	if (!good)
		fprintf(talk, "sallyport doctor: %s cannot be written: %s\n", path,
			strerror(errno));
	if (!good && file)
		unlink(aside);
	mem_free(aside);
	mem_free(list);
	return good;
}

static int
round_tell(struct teller *teller, struct round *round)
{
	const struct settings *s = teller->settings;
	int all = round_run(round, s->watch ? tell_change : tell, teller);

	if (s->html && !page_write(s->html, round, teller->report->talk))
		all = round_worse(all, OUTCOME_COULD_NOT_RUN);
	if (s->prom && !figures_write(s->prom, round, teller->report->talk))
		all = round_worse(all, OUTCOME_COULD_NOT_RUN);
	return all;
}

static void
sleep_until(sp_nanos when)
{
	struct timespec at = {.tv_sec = when / SP_SECOND, .tv_nsec = when % SP_SECOND};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

/* Rounds that begin every s->watch; one that takes longer is followed at once. Ends when nobody reads any more. */
static int
watch(struct teller *teller, struct round *round)
{
	sp_nanos begin = time_now();
	int all;

	for (;;) {
		all = round_tell(teller, round);
		if (ferror(teller->report->out))
			return all;
		teller->is_again = true;
		begin = time_after(begin, teller->settings->watch);
		if (begin < time_now())
			begin = time_now();
		sleep_until(begin);
	}
}

/* --- what was wished --- */

/* A host, with each interface of the service; a service without interfaces is the mapper's host. */
static bool
host_add(struct round *round, struct doctor_wish wish, const struct catalog_service *service)
{
	if (!service || service->n_interfaces == 0)
		return round_add(round, &wish);
	for (size_t i = 0; i < service->n_interfaces; i++) {
		known_set(&wish, service->interfaces[i]);
		if (!round_add(round, &wish))
			return false;
	}
	return true;
}

/* One line without its end; false: no more. */
static bool
line_read(FILE *from, char *ret, size_t cap)
{
	if (!fgets(ret, (int)cap, from))
		return false;
	ret[strcspn(ret, "\r\n")] = '\0';
	return true;
}

static FILE *
file_open(const char *path, FILE *talk)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;

	if (!file)
		fprintf(talk, "sallyport doctor: %s cannot be read: %s\n", path, strerror(errno));
	return file;
}

static void
file_close(FILE *file)
{
	if (file != stdin)
		fclose(file);
}

#define NETWORK_RATE 100

/* A host, or each of a network, politely slow unless somebody says otherwise. */
static enum outcome
target_add(struct round *round, struct doctor_wish wish, const char *target,
	const struct catalog_service *service, struct arena *arena, FILE *talk)
{
	char text[INET6_ADDRSTRLEN];
	struct subnet net;

	wish.host = arena_strdup(arena, target);
	if (!strchr(target, '/'))
		return wish.host && host_add(round, wish, service) ? OUTCOME_GOOD
								   : OUTCOME_COULD_NOT_RUN;
	if (!subnet_parse(target, &net)) {
		fprintf(talk,
			"sallyport doctor: \"%s\" is no network as 192.0.2.0/24, of %d addresses "
			"at "
			"most\nnext: sallyport doctor --help\n",
			target, SUBNET_HOSTS_MAX);
		return OUTCOME_USAGE;
	}
	for (size_t i = 0; i < net.n; i++) {
		subnet_host(&net, i, text);
		wish.host = arena_strdup(arena, text);
		if (!wish.host || !host_add(round, wish, service))
			return OUTCOME_COULD_NOT_RUN;
	}
	if (!round->rate)
		round->rate = NETWORK_RATE;
	return OUTCOME_GOOD;
}

/* Hosts of a file, a line each; what follows # is a remark. The names live in the arena. */
static enum outcome
hosts_read(const struct settings *s, struct round *round, const struct doctor_wish *wish,
	const struct catalog_service *service, struct arena *arena, FILE *talk)
{
	FILE *file = file_open(s->from, talk);
	char line[300];
	enum outcome came = file ? OUTCOME_GOOD : OUTCOME_COULD_NOT_RUN;

	while (came == OUTCOME_GOOD && line_read(file, line, sizeof(line))) {
		char *host = line + strspn(line, " \t");

		host[strcspn(host, " \t#")] = '\0';
		if (!*host)
			continue;
		came = target_add(round, *wish, host, service, arena, talk);
	}
	if (file)
		file_close(file);
	return came;
}

struct credentials {
	struct sp_security security;
	char password[300], domain[100];
};

static bool
credentials_read(const struct settings *s, struct credentials *ret, FILE *talk)
{
	const char *slash = strchr(s->user, '\\');
	FILE *file;

	if (!s->password_file) {
		fputs("sallyport doctor: --password-file is missing: where is the password?\n",
			talk);
		return false;
	}
	file = file_open(s->password_file, talk);
	if (!file)
		return false;
	if (!line_read(file, ret->password, sizeof(ret->password)))
		*ret->password = '\0';
	file_close(file);
	if (slash)
		snprintf(ret->domain, sizeof(ret->domain), "%.*s", (int)(slash - s->user), s->user);
	ret->security = (struct sp_security){
		.provider = SP_AUTH_NTLM,
		.user = slash ? slash + 1 : s->user,
		.domain = ret->domain,
		.password = ret->password,
	};
	return true;
}

static enum outcome
round_make(const struct settings *s, struct round *round, struct doctor_wish wish,
	struct arena *arena, FILE *talk)
{
	const struct catalog_service *service = NULL;
	enum outcome read = s->wanted ? interface_read(s->wanted, &wish, talk) : OUTCOME_GOOD;

	if (s->service && !(service = catalog_service_named(s->service)))
		read = unknown_name("service", s->service, talk);
	if (read != OUTCOME_GOOD)
		return read;
	for (size_t i = 0; i < s->n_words; i++) {
		read = target_add(round, wish, s->words[i], service, arena, talk);
		if (read != OUTCOME_GOOD)
			return read;
	}
	if (s->from)
		read = hosts_read(s, round, &wish, service, arena, talk);
	if (read != OUTCOME_GOOD)
		return read;
	if (round->n)
		return OUTCOME_GOOD;
	fputs("sallyport doctor: no host is named, and none stands in a file\n"
	      "next: sallyport doctor --help\n",
		talk);
	return OUTCOME_USAGE;
}

static enum outcome
run(const struct settings *s, struct report *r)
{
	struct round round = ROUND_INIT;
	struct teller teller = {.settings = s, .report = r, .is_first = true};
	struct credentials credentials = {0};
	struct doctor_wish wish = {
		.domain = s->domain,
		.partner = s->partner,
		.mapper_port = (uint16_t)s->mapper_port,
		.logs_on_to_mapper = s->mapper_logon,
		.budget = s->timeout,
		.over_pipes = s->protseq && !strcmp(s->protseq, "ncacn_np"),
		.security = s->user ? &credentials.security : NULL,
	};
	struct arena arena;
	int all;

	round.keeps_exams = s->html != NULL;
	round.rate = s->rate;
	if (s->watch && s->check) {
		fputs("sallyport doctor: --check says how it is once, --watch goes on\n"
		      "next: sallyport doctor --help\n",
			r->talk);
		return OUTCOME_USAGE;
	}
	if (s->user && !credentials_read(s, &credentials, r->talk))
		return OUTCOME_USAGE;
	arena_init(&arena, (size_t)64 << 20);
	all = round_make(s, &round, wish, &arena, r->talk);
	if (all == OUTCOME_GOOD)
		all = s->watch ? watch(&teller, &round) : round_tell(&teller, &round);
	round_fini(&round);
	arena_fini(&arena);
	explicit_bzero(&credentials, sizeof(credentials));
	return (enum outcome)all;
}

static const struct option_row options[] = {
	{'i', "interface", OPTION_TEXT, offsetof(struct settings, wanted), "INTERFACE",
		"the interface that must be reached, by its name (samr) or as UUID,VERSION"},
	{'s', "service", OPTION_TEXT, offsetof(struct settings, service), "SERVICE",
		"all interfaces of a service of the catalogue (\"Netlogon\")"},
	{0, "domain", OPTION_TEXT, offsetof(struct settings, domain), "NAME",
		"the domain whose controllers must be found in DNS"},
	{0, "dsa", OPTION_TEXT, offsetof(struct settings, partner), "GUID",
		"with --domain: a replication partner, whose alias must be found in DNS"},
	{'u', "user", OPTION_TEXT, offsetof(struct settings, user), "NAME",
		"call as DOMAIN\\\\NAME or NAME, by NTLM; the password comes from --password-file"},
	{0, "password-file", OPTION_TEXT, offsetof(struct settings, password_file), "FILE",
		"its first line is the password; - for standard input"},
	{0, "mapper-logon", OPTION_FLAG, offsetof(struct settings, mapper_logon), NULL,
		"the mapper must take a logon, which clients with EnableAuthEpResolution begin"},
	{'f', "from", OPTION_TEXT, offsetof(struct settings, from), "FILE",
		"a host or network a line, besides those named; - for standard input"},
	{0, "rate", OPTION_COUNT, offsetof(struct settings, rate), "N",
		"at most N hosts begin in a second (100 when a network is named, else no limit)"},
	{'c', "check", OPTION_FLAG, offsetof(struct settings, check), NULL,
		"one line for monitoring, with figures; exit status 0 OK, 1 warning, 2 critical, 3 "
		"unknown"},
	{'w', "watch", OPTION_DURATION, offsetof(struct settings, watch), "TIME",
		"again and again, that often (30s); after the first time, only what has changed"},
	{0, "html", OPTION_TEXT, offsetof(struct settings, html), "FILE",
		"write a page with all of it, too: one file that needs nothing else"},
	{0, "prom", OPTION_TEXT, offsetof(struct settings, prom), "FILE",
		"write the verdicts for Prometheus, too, all of the file at once"},
	{0, "protseq", OPTION_TEXT, offsetof(struct settings, protseq), "NAME",
		"ncacn_np: the service is wanted over named pipes, so SMB must be reached too"},
	{0},
};

static const struct example examples[] = {
	{"sallyport doctor dc01.example", "is RPC of dc01 well, and if not, where does it end?"},
	{"sallyport doctor dc01 --interface netlogon", "the same for one service of it"},
	{"sallyport doctor --from hosts.txt --json | jq -c '[.host, .verdict.symptom]'",
		"many hosts at once, for programs"},
	{"sallyport doctor 192.0.2.0/24 --rate 20 --check", "a network, a line a host"},
	{"sallyport doctor dc01 --check", "for monitoring: one line, figures, an exit status"},
	{"sallyport doctor --from hosts.txt --watch 30s", "say so when a verdict changes"},
	{0},
};

const struct command command_doctor = {
	.name = "doctor",
	.summary = "find out why RPC to a host fails: the phase, the proof, the fix",
	.arguments = {"[HOST...]"},
	.description =
		"Goes to a host in the order in which a call does: name resolution, TCP session, "
		"discovery, communication. It stops at the first phase that fails, asks what tells "
		"similar failures apart, and says which symptom of the catalogue it is, what "
		"proves "
		"it, how sure that is, what helps, and what to type next.\n"
		"\n"
		"Name resolution asks the system's resolver, the hosts file and each configured "
		"name "
		"server by itself. The TCP session is tried over every address, on the ports that "
		"RPC begins with, on two on which nothing listens, and on those that the mapper "
		"names; the router that refuses one is named. Discovery binds to the mapper, reads "
		"its map and asks for the interface. Communication binds as Windows does, with "
		"three "
		"presentation contexts, with one when that fails, and calls remote management, "
		"which "
		"changes nothing.\n"
		"\n"
		"All of it ends within --timeout (10 s) even when no packet is answered.",
	.options = options,
	.examples = examples,
	.run = run,
};
