/* SPDX-License-Identifier: MIT */
/* sallyport explain: what a number, a symbol, a UUID, a service or a symptom means. */
#include <string.h>

#include "cli/commands.h"
#include "cli/spelling.h"

#define NEAR_MAX 5
#define WORD_MIN 4 /* what is shorter stands in too many names */

struct near {
	const char *name[NEAR_MAX];
	size_t n;
};

static void
add(struct near *near, const char *name)
{
	for (size_t i = 0; i < near->n; i++)
		if (!strcasecmp(near->name[i], name))
			return;
	if (near->n < NEAR_MAX)
		near->name[near->n++] = name;
}

/* Names one or two letters away, the nearest first; then those that contain the word. */
static void
near_find(const char *what, struct near *ret)
{
	const char *name;

	for (size_t distance = 1; distance <= SPELLING_FAR; distance++)
		for (size_t i = 0; (name = meanings_name(i)); i++)
			if (spelling_distance(what, name) == distance &&
				strlen(what) > 2 * distance)
				add(ret, name);
	for (size_t i = 0; strlen(what) >= WORD_MIN && (name = meanings_name(i)); i++)
		if (strcasestr(name, what))
			add(ret, name);
}

/* All meanings; false: there is none. */
static bool
tell(const char *what, struct report *r)
{
	struct meanings all;

	meanings_find(what, &all);
	for (size_t i = 0; i < all.n; i++)
		r->renderer->explanation->meaning(r, &all.item[i]);
	return all.n > 0;
}

static enum outcome
explain(const char *what, struct report *r)
{
	struct report_unknown unknown = {.what = what};
	struct near near = {.n = 0};

	if (tell(what, r))
		return OUTCOME_GOOD;
	unknown.is_number = meanings_number(what, &unknown.number);
	if (!unknown.is_number)
		near_find(what, &near);
	unknown.near = near.name;
	unknown.n_near = near.n;
	r->renderer->explanation->unknown(r, &unknown);
	return OUTCOME_NEGATIVE;
}

/* "Group Policy" without quotes: all words as one name, when there is one. */
static bool
explain_joined(const struct settings *s, struct report *r)
{
	char what[100];
	size_t len = 0;

	for (size_t i = 0; i < s->n_words && len < sizeof(what); i++)
		len += (size_t)snprintf(
			what + len, sizeof(what) - len, "%s%s", i ? " " : "", s->words[i]);
	if (len >= sizeof(what))
		return false;
	return tell(what, r);
}

static enum outcome
run(const struct settings *s, struct report *r)
{
	enum outcome outcome = OUTCOME_GOOD;

	if (s->n_words > 1 && explain_joined(s, r))
		return outcome;
	for (size_t i = 0; i < s->n_words; i++)
		if (explain(s->words[i], r) != OUTCOME_GOOD)
			outcome = OUTCOME_NEGATIVE;
	return outcome;
}

static const struct example examples[] = {
	{"sallyport explain 1722", "an error number, decimal or hexadecimal, with or without 0x"},
	{"sallyport explain -2147023174", "the same as a signed HRESULT"},
	{"sallyport explain nca_s_fault_access_denied", "a symbol, in any case"},
	{"sallyport explain 12345778-1234-abcd-ef00-0123456789ac", "an interface; or samr, or "
								   "'\\pipe\\samr'"},
	{"sallyport explain Netlogon", "a Windows service: its ports and interfaces"},
	{"sallyport explain T04", "a symptom: proof, cause and fix"},
	{"sallyport explain tcp.endpoint",
		"a fact that the doctor observes, and what it tells apart"},
	{0},
};

const struct command command_explain = {
	.name = "explain",
	.summary = "say what an error, an interface, a service or a symptom is",
	.arguments = {"WHAT..."},
	.is_local = true,
	.takes_numbers = true,
	.description =
		"Looks up each WHAT in the catalogue that all tools share, and asks nobody. Of a "
		"number "
		"everything is shown that it may mean, the most likely first: Win32, NTSTATUS, "
		"HRESULT, the "
		"status of a fault, reasons in bind_ack and bind_nak, Kerberos, components and "
		"locations of "
		"extended error information, and the services that have this port.\n"
		"\n"
		"An error is shown with the symptoms that it may come from, in the order of the "
		"four phases: "
		"name resolution, TCP session, discovery, communication. A symptom is shown with "
		"what proves "
		"it, what causes it, and what helps.\n"
		"\n"
		"With --json each meaning is a record: explained_status, explained_interface, "
		"explained_service, explained_port, explained_symptom, explained_fact; and "
		"unknown.\n"
		"\n"
		"Exit status 1 means that a WHAT is not known; the nearest names are told.",
	.options = NULL,
	.examples = examples,
	.run = run,
};
