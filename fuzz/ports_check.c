/* SPDX-License-Identifier: MIT */
#include "ports_check.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ports/write.h"

static struct ports_policy policy, again;
static struct ports_kernel kernel;

static unsigned
lines_count(const uint8_t *bytes, size_t len)
{
	unsigned n = 1;

	/* in UTF-16 a line's end has these bytes, too; YAML knows more ends: each has one of these last bytes */
	for (size_t i = 0; i < len; i++)
		n += bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == 0x85 || bytes[i] == 0xa8 ||
		     bytes[i] == 0xa9 || bytes[i] == 0x28 || bytes[i] == 0x29;
	return n;
}

static void
findings_check(const struct ports_findings *f, unsigned n_lines)
{
	for (size_t i = 0; i < f->n; i++) {
		assert(f->items[i].what && *f->items[i].what && *f->items[i].remedy);
		assert(f->items[i].place.line <= n_lines + 1);
		assert(i == 0 || f->items[i].place.line >= f->items[i - 1].place.line);
	}
	assert(f->n_errors + f->n_warnings >= f->n || f->n > 0);
}

/* Each kind of request gets ports, or all of them the same refusal. */
static void
choice_check(const struct ports_policy *p)
{
	const struct port_set *sets[3] = {NULL, NULL, NULL};
	struct sp_error error = {0};

	for (int kind = PORTS_DEFAULT; kind <= PORTS_INTRANET; kind++) {
		sp_status status =
			ports_policy_choose(p, (enum ports_kind)kind, &sets[kind], &error);

		assert(p->valid ? status == 0 && sets[kind]
				: status == RPC_S_INVALID_ARG && !sets[kind]);
	}
	if (!p->valid) {
		assert(strstr(error.sentence, "fuzz"));
		return;
	}
	assert(!p->configured || sets[PORTS_INTERNET] != sets[PORTS_INTRANET]);
	assert(sets[PORTS_DEFAULT] == sets[PORTS_INTERNET] ||
		sets[PORTS_DEFAULT] == sets[PORTS_INTRANET]);
}

/* What is written in one form and read again is the same policy. */
static void
round_check(const struct ports_policy *p, enum ports_target target)
{
	struct ports_config config;
	char *bytes = NULL;
	size_t len;
	FILE *f = open_memstream(&bytes, &len);

	assert(f && ports_write(p, target, &kernel, f) && !fclose(f));
	ports_config_init(&config, "again");
	ports_config_parse(&config, bytes, len);
	ports_policy_judge(&again, &config);
	assert(again.valid && again.configured == p->configured);
	assert(!memcmp(&again.inside, &p->inside, sizeof(p->inside)));
	assert(again.internet_available == p->internet_available);
	assert(again.use_internet == p->use_internet);
	assert(again.config.bind.n == p->config.bind.n && again.n_fixed == p->n_fixed);
	for (size_t i = 0; i < p->config.bind.n; i++)
		assert(!strcmp(again.config.bind.items[i].text, p->config.bind.items[i].text));
	ports_policy_fini(&again);
	free(bytes);
}

void
ports_check(struct ports_config *take_config, unsigned n_lines)
{
	char text[400];

	ports_policy_judge(&policy, take_config);
	mem_fail_nth(0);
	assert(policy.valid == (policy.config.findings.n_errors == 0));
	findings_check(&policy.config.findings, n_lines);
	for (size_t i = 0; i < policy.config.findings.n; i++)
		ports_finding_format(
			&policy.config, &policy.config.findings.items[i], text, sizeof(text));
	choice_check(&policy);
	if (policy.valid) {
		round_check(&policy, PORTS_TO_REG);
		round_check(&policy, PORTS_TO_YAML);
		kernel.is_known = true;
		kernel.first = 32768;
		kernel.last = 60999;
		ports_policy_warn(&policy, &kernel, NULL);
		assert(policy.valid && policy.config.findings.n_errors == 0);
	}
	ports_policy_fini(&policy);
}

void
ports_check_text(void (*parse)(struct ports_config *, const char *bytes, size_t len),
	const uint8_t *bytes, size_t len)
{
	struct ports_config config;

	if (len == 0)
		return;
	ports_config_init(&config, "fuzz");
	mem_fail_nth(bytes[0]);
	parse(&config, (const char *)bytes + 1, len - 1);
	ports_check(&config, lines_count(bytes, len));
}
