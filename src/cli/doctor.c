/* SPDX-License-Identifier: MIT */
#include "doctor/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "catalog/services.h"
#include "cli/commands.h"
#include "cli/spelling.h"
#include "probe/target.h"

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

/* How bad: usage and what could not run go before findings. */
static enum outcome
worse(enum outcome a, enum outcome b)
{
	return a > b ? a : b;
}

static enum outcome
examine(const struct doctor_wish *wish, struct report *r)
{
	struct exam *exam = mem_zalloc(1, sizeof(*exam));
	enum outcome outcome = OUTCOME_COULD_NOT_RUN;

	if (!exam) {
		fputs("sallyport doctor: no memory\n", r->talk);
		return outcome;
	}
	doctor_examine(wish, exam);
	r->renderer->exam(r, exam);
	outcome = exam->verdict.outcome;
	mem_free(exam);
	return outcome;
}

/* Each of the service's interfaces, one after the other; one without interfaces: the host's mapper. */
static enum outcome
examine_service(const char *name, struct doctor_wish *wish, struct report *r)
{
	const struct catalog_service *service = catalog_service_named(name);
	enum outcome all = OUTCOME_GOOD;

	if (!service)
		return unknown_name("service", name, r->talk);
	if (service->n_interfaces == 0)
		return examine(wish, r);
	for (size_t i = 0; i < service->n_interfaces; i++) {
		known_set(wish, service->interfaces[i]);
		all = worse(all, examine(wish, r));
	}
	return all;
}

static enum outcome
run(const struct settings *s, struct report *r)
{
	struct doctor_wish wish = {
		.domain = s->domain,
		.mapper_port = (uint16_t)s->mapper_port,
		.budget = s->timeout,
		.over_pipes = s->protseq && !strcmp(s->protseq, "ncacn_np"),
	};
	enum outcome all = OUTCOME_GOOD;

	if (s->wanted && (all = interface_read(s->wanted, &wish, r->talk)) != OUTCOME_GOOD)
		return all;
	for (size_t i = 0; i < s->n_words; i++) {
		wish.host = s->words[i];
		if (i && r->renderer == &renderer_text)
			fputs("\n", r->out);
		all = worse(all,
			s->service ? examine_service(s->service, &wish, r) : examine(&wish, r));
	}
	return all;
}

static const struct option_row options[] = {
	{'i', "interface", OPTION_TEXT, offsetof(struct settings, wanted), "INTERFACE",
		"the interface that must be reached, by its name (samr) or as UUID,VERSION"},
	{'s', "service", OPTION_TEXT, offsetof(struct settings, service), "SERVICE",
		"all interfaces of a service of the catalogue (\"Netlogon\")"},
	{0, "domain", OPTION_TEXT, offsetof(struct settings, domain), "NAME",
		"the domain whose controllers must be found in DNS"},
	{0, "protseq", OPTION_TEXT, offsetof(struct settings, protseq), "NAME",
		"ncacn_np: the service is wanted over named pipes, so SMB must be reached too"},
	{0},
};

static const struct example examples[] = {
	{"sallyport doctor dc01.example", "is RPC of dc01 well, and if not, where does it end?"},
	{"sallyport doctor dc01 --interface netlogon", "the same for one service of it"},
	{"sallyport doctor dc01 --json | jq .verdict", "for programs"},
	{0},
};

const struct command command_doctor = {
	.name = "doctor",
	.summary = "find out why RPC to a host fails: the phase, the proof, the fix",
	.arguments = {"HOST..."},
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
