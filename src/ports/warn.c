/* SPDX-License-Identifier: MIT */
/* What is allowed and still a bad idea: KB 154596's advice, and what is Linux' own. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ports/policy.h"

static void
few_warn(struct ports_policy *p)
{
	uint32_t n = port_set_count(&p->inside);

	if (n < PORTS_FEWEST)
		ports_find(&p->config.findings, PORTS_FAULT_FEW, p->config.ports.place, NULL,
			"%u port%s listed", n, n == 1 ? " is" : "s are");
}

static void
entry_warn(struct ports_policy *p, const struct ports_text *entry, struct port_set *before)
{
	struct ports_findings *f = &p->config.findings;
	struct port_set these = {0};
	uint16_t first, last;

	if (port_range_parse(entry->text, &first, &last))
		return;
	if (first < PORTS_LOWEST)
		ports_find(f, PORTS_FAULT_LOW, entry->place, entry->text,
			"ports at or below 5000 are listed");
	if (first == 0)
		ports_find(f, PORTS_FAULT_PORT_ZERO, entry->place, entry->text, "port 0 is listed");
	port_set_add(&these, first, last);
	port_set_keep(&these, before);
	if (port_set_count(&these))
		ports_find(f, PORTS_FAULT_REPEATED, entry->place, entry->text,
			"ports are listed that were listed before");
	port_set_add(before, first, last);
}

static void
entries_warn(struct ports_policy *p)
{
	struct port_set before = {0};

	/* a set costs 8 KiB to walk: a file with very many entries is warned about up to here */
	for (size_t i = 0; i < p->config.ports.n && i < 4096; i++)
		entry_warn(p, &p->config.ports.items[i], &before);
}

/* Whoever asks for the other kind asks in vain. */
static void
rest_warn(struct ports_policy *p)
{
	if (port_set_count(&p->outside) == 0)
		ports_find(&p->config.findings, PORTS_FAULT_NO_PORTS, p->config.ports.place, NULL,
			"the whole dynamic range %u-%u is listed: requests for %s ports fail with "
			"1721",
			PORTS_DYNAMIC_FIRST, PORTS_DYNAMIC_LAST,
			p->internet_available ? "intranet" : "internet");
}

static void
ephemeral_warn(struct ports_policy *p, const struct ports_kernel *kernel)
{
	struct port_set overlap;
	char ranges[200], *line;
	uint32_t n;

	ports_policy_named(p, &overlap);
	ports_kernel_overlap(kernel, &overlap, &overlap);
	n = port_set_count(&overlap);
	if (!n)
		return;
	if (port_set_format(&overlap, ranges, sizeof(ranges)) >= sizeof(ranges))
		snprintf(ranges, sizeof(ranges), "many ranges");
	ports_find(&p->config.findings, PORTS_FAULT_EPHEMERAL, p->config.ports.place, NULL,
		"%u port%s (%s) can be taken by outgoing connections: the kernel gives %u-%u to "
		"them",
		n, n == 1 ? "" : "s", ranges, kernel->first, kernel->last);
	line = ports_kernel_line(kernel, &overlap);
	if (line && strlen(line) < 480)
		ports_find_remedy(&p->config.findings, "sysctl -w \"%s\"", line);
	else
		ports_find_remedy(&p->config.findings, "sallyport ports convert --to sysctl");
	mem_free(line);
}

static void
fixed_warn(struct ports_policy *p)
{
	for (size_t i = 0; i < p->n_fixed; i++) {
		const struct ports_fixed *f = &p->fixed[i];

		if (p->configured && port_set_has(&p->inside, f->port))
			ports_find(&p->config.findings, PORTS_FAULT_FIXED_LISTED, f->place, NULL,
				"the fixed port %u of %s is listed for dynamic endpoints", f->port,
				f->interface);
		for (size_t k = 0; k < i; k++) {
			if (p->fixed[k].port != f->port)
				continue;
			ports_find(&p->config.findings, PORTS_FAULT_FIXED_SHARED, f->place, NULL,
				"%s and %s have the same fixed port %u", p->fixed[k].interface,
				f->interface, f->port);
			break;
		}
	}
}

static void
devices_warn(struct ports_policy *p, bool (*has_device)(const char *name))
{
	const struct ports_list *list = &p->config.bind;

	for (size_t i = 0; has_device && i < list->n; i++)
		if (list->items[i].text[0] && !has_device(list->items[i].text))
			ports_find(&p->config.findings, PORTS_FAULT_NO_DEVICE, list->items[i].place,
				list->items[i].text,
				"this machine has no such network interface: here, servers would "
				"refuse to listen (87)");
}

void
ports_policy_warn(struct ports_policy *p, const struct ports_kernel *kernel,
	bool (*has_device)(const char *name))
{
	if (p->configured && p->config.ports.n) {
		few_warn(p);
		entries_warn(p);
		rest_warn(p);
	}
	ephemeral_warn(p, kernel);
	fixed_warn(p);
	devices_warn(p, has_device);
	ports_findings_sort(&p->config.findings);
}
