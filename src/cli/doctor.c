/* SPDX-License-Identifier: MIT */
#include "doctor/doctor.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "catalog/services.h"
#include "cli/commands.h"
#include "cli/spelling.h"
#include "probe/target.h"
#include "report/exam_html.h"

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

/* --- many examinations at once, told in their order --- */

#define WORKERS_MAX 256 /* they wait for answers most of the time */

struct job {
	struct doctor_wish wish;
	struct exam *exam; /* when it is done; NULL then: no memory */
	bool done;
};

struct jobs {
	struct job *list;
	size_t n, next;
	pthread_mutex_t lock;
	pthread_cond_t one_more;
};

static void *
work(void *arg)
{
	struct jobs *jobs = arg;

	pthread_mutex_lock(&jobs->lock);
	while (jobs->next < jobs->n) {
		struct job *job = &jobs->list[jobs->next++];
		struct exam *exam;

		pthread_mutex_unlock(&jobs->lock);
		exam = mem_zalloc(1, sizeof(*exam));
		if (exam)
			doctor_examine(&job->wish, exam);
		pthread_mutex_lock(&jobs->lock);
		job->exam = exam;
		job->done = true;
		pthread_cond_broadcast(&jobs->one_more);
	}
	pthread_mutex_unlock(&jobs->lock);
	return NULL;
}

static struct exam *
job_wait(struct jobs *jobs, size_t i)
{
	pthread_mutex_lock(&jobs->lock);
	while (!jobs->list[i].done)
		pthread_cond_wait(&jobs->one_more, &jobs->lock);
	pthread_mutex_unlock(&jobs->lock);
	return jobs->list[i].exam;
}

/* How bad: usage and what could not run go before findings. */
static int
worse(int a, int b)
{
	return a > b ? a : b;
}

static int
tell(const struct settings *s, struct report *r, const struct exam *exam, bool is_first)
{
	if (!exam) {
		fputs("sallyport doctor: no memory\n", r->talk);
		return OUTCOME_COULD_NOT_RUN;
	}
	if (s->check)
		return exam_check(r, exam);
	if (!is_first && r->renderer == &renderer_text)
		fputs("\n", r->out);
	r->renderer->exam(r, exam);
	fflush(r->out);
	return exam->verdict.outcome;
}

static bool
page_write(const char *path, const struct jobs *jobs, FILE *talk)
{
	const struct exam **exams = mem_zalloc(jobs->n, sizeof(const struct exam *));
	FILE *page = exams ? fopen(path, "we") : NULL;
	bool good = page != NULL;
	size_t n = 0;

	for (size_t i = 0; exams && i < jobs->n; i++)
		if (jobs->list[i].exam)
			exams[n++] = jobs->list[i].exam;
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

static int
jobs_run(const struct settings *s, struct report *r, struct jobs *jobs)
{
	pthread_t workers[WORKERS_MAX];
	size_t n_workers = 0;
	int all = OUTCOME_GOOD;

	while (n_workers < WORKERS_MAX && n_workers < jobs->n &&
		pthread_create(&workers[n_workers], NULL, work, jobs) == 0)
		n_workers++;
	if (n_workers == 0)
		work(jobs);
	for (size_t i = 0; i < jobs->n; i++)
		all = worse(all, tell(s, r, job_wait(jobs, i), i == 0));
	for (size_t i = 0; i < n_workers; i++)
		pthread_join(workers[i], NULL);
	if (s->html && !page_write(s->html, jobs, r->talk))
		all = worse(all, OUTCOME_COULD_NOT_RUN);
	for (size_t i = 0; i < jobs->n; i++)
		mem_free(jobs->list[i].exam);
	return all;
}

static bool
job_add(struct jobs *jobs, const struct doctor_wish *wish)
{
	struct job *more = mem_resize(jobs->list, jobs->n + 1, sizeof(*more));

	if (!more)
		return false;
	jobs->list = more;
	jobs->list[jobs->n++] = (struct job){.wish = *wish};
	return true;
}

/* A host, with each interface of the service; a service without interfaces is the mapper's host. */
static bool
host_add(struct jobs *jobs, struct doctor_wish wish, const struct catalog_service *service)
{
	if (!service || service->n_interfaces == 0)
		return job_add(jobs, &wish);
	for (size_t i = 0; i < service->n_interfaces; i++) {
		known_set(&wish, service->interfaces[i]);
		if (!job_add(jobs, &wish))
			return false;
	}
	return true;
}

/* --- what was wished --- */

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

/* Hosts of a file, a line each; what follows # is a remark. The names live in the arena. */
static bool
hosts_read(const struct settings *s, struct jobs *jobs, const struct doctor_wish *wish,
	const struct catalog_service *service, struct arena *arena, FILE *talk)
{
	FILE *file = file_open(s->from, talk);
	char line[300];
	bool good = file != NULL;

	while (good && line_read(file, line, sizeof(line))) {
		struct doctor_wish here = *wish;
		char *host = line + strspn(line, " \t");

		host[strcspn(host, " \t#")] = '\0';
		if (!*host)
			continue;
		here.host = arena_strdup(arena, host);
		good = here.host && host_add(jobs, here, service);
	}
	if (file)
		file_close(file);
	return good;
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
jobs_make(const struct settings *s, struct jobs *jobs, struct doctor_wish wish, struct arena *arena,
	FILE *talk)
{
	const struct catalog_service *service = NULL;
	enum outcome read = s->wanted ? interface_read(s->wanted, &wish, talk) : OUTCOME_GOOD;

	if (s->service && !(service = catalog_service_named(s->service)))
		read = unknown_name("service", s->service, talk);
	if (read != OUTCOME_GOOD)
		return read;
	for (size_t i = 0; i < s->n_words; i++) {
		wish.host = s->words[i];
		if (!host_add(jobs, wish, service))
			return OUTCOME_COULD_NOT_RUN;
	}
	if (s->from && !hosts_read(s, jobs, &wish, service, arena, talk))
		return OUTCOME_COULD_NOT_RUN;
	if (jobs->n)
		return OUTCOME_GOOD;
	fputs("sallyport doctor: no host is named, and none stands in a file\n"
	      "next: sallyport doctor --help\n",
		talk);
	return OUTCOME_USAGE;
}

static enum outcome
run(const struct settings *s, struct report *r)
{
	struct jobs jobs = {
		.lock = PTHREAD_MUTEX_INITIALIZER, .one_more = PTHREAD_COND_INITIALIZER};
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

	if (s->user && !credentials_read(s, &credentials, r->talk))
		return OUTCOME_USAGE;
	arena_init(&arena, (size_t)64 << 20);
	all = jobs_make(s, &jobs, wish, &arena, r->talk);
	if (all == OUTCOME_GOOD)
		all = jobs_run(s, r, &jobs);
	mem_free(jobs.list);
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
		"a host a line, besides those named; - for standard input"},
	{'c', "check", OPTION_FLAG, offsetof(struct settings, check), NULL,
		"one line for monitoring, with figures; exit status 0 OK, 1 warning, 2 critical, 3 "
		"unknown"},
	{0, "html", OPTION_TEXT, offsetof(struct settings, html), "FILE",
		"write a page with all of it, too: one file that needs nothing else"},
	{0, "protseq", OPTION_TEXT, offsetof(struct settings, protseq), "NAME",
		"ncacn_np: the service is wanted over named pipes, so SMB must be reached too"},
	{0},
};

static const struct example examples[] = {
	{"sallyport doctor dc01.example", "is RPC of dc01 well, and if not, where does it end?"},
	{"sallyport doctor dc01 --interface netlogon", "the same for one service of it"},
	{"sallyport doctor --from hosts.txt --json | jq -c '[.host, .verdict.symptom]'",
		"many hosts at once, for programs"},
	{"sallyport doctor dc01 --check", "for monitoring: one line, figures, an exit status"},
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
