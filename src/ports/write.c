/* SPDX-License-Identifier: MIT */
#include "ports/write.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf16.h"
#include "ports/registry.h"

#define LINE_FULL 77 /* where the registry editor breaks lines */

const char *
ports_target_name(enum ports_target target)
{
	static const char *const names[] = {"yaml", "reg", "netsh", "sysctl"};

	return names[target];
}

static const char *
y_or_n(bool answer)
{
	return answer ? "Y" : "N";
}

/* --- YAML --- */

static bool
is_plain(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && (p == text || !strchr("-.", *p)))
			return false;
	return *text != '\0';
}

static void
yaml_word(FILE *out, const char *text)
{
	if (is_plain(text)) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			fprintf(out, "\\x%02x", *p);
		else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			fprintf(out, "\\x%02x", *++p); /* control characters of Latin-1 */
		else
			putc(*p, out);
	}
	putc('"', out);
}

static void
yaml_list(FILE *out, const char *name, const struct ports_list *list)
{
	fprintf(out, "%s:\n", name);
	for (size_t i = 0; i < list->n; i++) {
		fputs("  - ", out);
		yaml_word(out, list->items[i].text);
		putc('\n', out);
	}
}

static void
yaml_write(const struct ports_policy *p, FILE *out)
{
	fputs("# A port policy for dynamic RPC endpoints: see sallyport-ports(5).\n", out);
	if (p->configured) {
		yaml_list(out, "ports", &p->config.ports);
		fprintf(out, "ports_internet_available: %s\nuse_internet_ports: %s\n",
			y_or_n(p->internet_available), y_or_n(p->use_internet));
	}
	if (p->config.bind.n)
		yaml_list(out, "bind", &p->config.bind);
	if (p->n_fixed)
		fputs("fixed:\n", out);
	for (size_t i = 0; i < p->n_fixed; i++) {
		fputs("  ", out);
		yaml_word(out, p->fixed[i].interface);
		fprintf(out, ": %u\n", p->fixed[i].port);
	}
}

/* --- a registry export --- */

static void
reg_key(FILE *out, const struct registry_key *key)
{
	char path[300];

	fprintf(out, "\n[%s]\n", registry_key_format(key, path, sizeof(path)));
}

/* Bytes with commas between them, in lines that end with a backslash. */
struct hex_line {
	FILE *out;
	int column;
	bool had;
};

static void
hex_unit(struct hex_line *h, uint16_t unit)
{
	for (int i = 0; i < 2; i++) {
		if (h->had)
			putc(',', h->out);
		if (h->had && h->column >= LINE_FULL) {
			fputs("\\\n  ", h->out);
			h->column = 2;
		}
		fprintf(h->out, "%02x", i == 0 ? unit & 0xff : unit >> 8);
		h->column += 3;
		h->had = true;
	}
}

static bool
reg_list(FILE *out, const char *name, const struct ports_list *list)
{
	struct hex_line h = {out, fprintf(out, "\"%s\"=hex(7):", name), false};

	for (size_t i = 0; i < list->n; i++) {
		const char *text = list->items[i].text;
		size_t cap = strlen(text) + 1, n;
		uint16_t *units = mem_zalloc(cap, sizeof(*units));

		if (!units)
			return false;
		n = utf16_from_utf8(text, cap - 1, units, cap);
		for (size_t k = 0; k <= n; k++)
			hex_unit(&h, units[k]);
		mem_free(units);
	}
	hex_unit(&h, 0);
	putc('\n', out);
	return true;
}

/* A service's interfaces have one value; an interface that Windows has no value for goes to a key of ours. */
static void
reg_fixed(const struct ports_policy *p, FILE *out, const struct registry_key *key)
{
	bool had = false;

	for (size_t i = 0; i < p->n_fixed; i++) {
		const struct ports_fixed *f = &p->fixed[i];
		const struct ports_service *own = f->service && f->service->key ? f->service : NULL;

		if (own != key->service)
			continue;
		if (!had && !own)
			fputs("\n; Windows has no values for these; Sallyport reads them here.",
				out);
		if (!had)
			reg_key(out, key);
		fprintf(out, "\"%s\"=dword:%08x\n", own ? own->value : f->interface, f->port);
		had = true;
	}
}

static bool
reg_text(const struct ports_policy *p, FILE *out)
{
	struct registry_key key;
	bool ok = true;

	fputs("Windows Registry Editor Version 5.00\n", out);
	for (size_t i = 0; ok && registry_key_at(i, &key); i++) {
		if (key.value == PORTS_VALUE_FIXED)
			reg_fixed(p, out, &key);
		if (key.value == PORTS_VALUE_PORTS && p->configured) {
			reg_key(out, &key);
			ok = reg_list(out, "Ports", &p->config.ports);
			fprintf(out,
				"\"PortsInternetAvailable\"=\"%s\"\n\"UseInternetPorts\"=\"%s\"\n",
				y_or_n(p->internet_available), y_or_n(p->use_internet));
		}
		if (key.value == PORTS_VALUE_BIND && p->config.bind.n) {
			reg_key(out, &key);
			ok = reg_list(out, "Bind", &p->config.bind);
		}
	}
	/* as the registry editor does: Samba's reader takes no value in from the very last line */
	putc('\n', out);
	return ok;
}

/* Lines end in CR LF, units in the low byte first. */
static void
utf16_write(const char *text, FILE *out)
{
	fputs("\xff\xfe", out);
	for (const char *p = text; *p; p++) { /* names were checked: all of it is ASCII */
		if (*p == '\n')
			fwrite("\r", 1, 2, out);
		putc(*p, out);
		putc(0, out);
	}
}

static bool
reg_write(const struct ports_policy *p, FILE *out)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	bool ok = f && reg_text(p, f);

	ok = f && fclose(f) == 0 && ok;
	if (ok)
		utf16_write(text, out);
	free(text);
	return ok;
}

/* --- commands for Windows --- */

/* netsh takes one range that begins at 1025 or later and has 255 ports or more. */
static void
netsh_dynamicport(const struct ports_policy *p, FILE *out)
{
	uint16_t first = 0, last = 0, more_first, more_last;
	const struct port_set *set;
	bool one_range;

	if (ports_policy_choose(p, PORTS_DEFAULT, &set, NULL) || set != &p->inside)
		return;
	one_range = port_set_range(set, 0, &first, &last) &&
		    !port_set_range(set, last + 1u, &more_first, &more_last);
	if (!one_range || first < 1025 || last - first + 1 < 255) {
		fputs("rem netsh's own dynamic range stays: it has to be one range of 255 ports or "
		      "more from 1025 on.\n",
			out);
		return;
	}
	for (int i = 0; i < 4; i++)
		fprintf(out, "netsh int %s set dynamicport %s start=%u num=%u\n",
			i < 2 ? "ipv4" : "ipv6", i % 2 ? "udp" : "tcp", first,
			(unsigned)(last - first + 1));
}

static void
netsh_rule(FILE *out, const char *name, const char *ports)
{
	fprintf(out,
		"netsh advfirewall firewall add rule name=\"%s\" dir=in action=allow "
		"protocol=TCP localport=%s\n",
		name, ports);
}

static bool
netsh_listed(const struct ports_policy *p, FILE *out)
{
	static const char add[] = "reg add HKLM\\SOFTWARE\\Microsoft\\Rpc\\Internet /f /v";
	size_t cap = port_set_format(&p->inside, NULL, 0) + 1;
	char *ranges = mem_alloc(cap);

	if (!ranges)
		return false;
	port_set_format(&p->inside, ranges, cap);
	fprintf(out, "%s Ports /t REG_MULTI_SZ /d \"", add);
	for (const char *c = ranges; *c; c++)
		fputs(*c == ',' ? "\\0" : (char[]){*c, '\0'}, out);
	fprintf(out, "\"\n%s PortsInternetAvailable /t REG_SZ /d %s\n", add,
		y_or_n(p->internet_available));
	fprintf(out, "%s UseInternetPorts /t REG_SZ /d %s\n", add, y_or_n(p->use_internet));
	netsh_dynamicport(p, out);
	netsh_rule(out, "RPC dynamic ports", ranges);
	mem_free(ranges);
	return true;
}

static void
netsh_fixed(const struct ports_fixed *f, FILE *out)
{
	char name[100], port[8];

	if (f->service && f->service->key)
		fprintf(out,
			"reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\%s /f /v \"%s\" /t "
			"REG_DWORD /d %u\n",
			f->service->key, f->service->value, f->port);
	else if (f->service)
		fprintf(out, "dfsrdiag StaticRPC /Port:%u\n", f->port);
	else
		fprintf(out, "rem Windows has no setting for a fixed port of %s.\n", f->interface);
	snprintf(name, sizeof(name), "RPC %.70s", f->interface);
	snprintf(port, sizeof(port), "%u", f->port);
	netsh_rule(out, name, port);
}

static bool
netsh_write(const struct ports_policy *p, FILE *out)
{
	fputs("rem As administrator; restart the machine afterwards.\n", out);
	netsh_rule(out, "RPC endpoint mapper", "RPC-EPMap");
	if (p->configured && !netsh_listed(p, out))
		return false;
	for (size_t i = 0; i < p->n_fixed; i++)
		netsh_fixed(&p->fixed[i], out);
	if (p->config.bind.n)
		fputs("rem Interfaces to bind to are subnets there: netsh rpc add SUBNET\n", out);
	return true;
}

/* --- for the kernel --- */

static bool
sysctl_write(const struct ports_policy *p, const struct ports_kernel *kernel, FILE *out)
{
	struct port_set set;
	char *line;

	ports_policy_named(p, &set);
	line = ports_kernel_line(kernel, &set);
	if (!line)
		return false;
	fprintf(out,
		"# Ports of dynamic RPC endpoints, kept from outgoing connections; for "
		"/etc/sysctl.d/.\n%s\n",
		line);
	mem_free(line);
	return true;
}

bool
ports_write(const struct ports_policy *p, enum ports_target target,
	const struct ports_kernel *kernel, FILE *out)
{
	bool ok = true;

	switch (target) {
	case PORTS_TO_YAML: yaml_write(p, out); break;
	case PORTS_TO_REG: ok = reg_write(p, out); break;
	case PORTS_TO_NETSH: ok = netsh_write(p, out); break;
	case PORTS_TO_SYSCTL: ok = sysctl_write(p, kernel, out); break;
	case PORTS_N_TARGETS: return false;
	}
	return ok && !ferror(out);
}
