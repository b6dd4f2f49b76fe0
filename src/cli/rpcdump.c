/* SPDX-License-Identifier: MIT */
/* impacket's rpcdump.py: its arguments and its format, blanks at the ends of lines included. */
#include <stdlib.h>
#include <string.h>

#include "base/uuid.h"
#include "catalog/interfaces.h"
#include "cli/commands.h"
#include "probe/map.h"
#include "probe/target.h"
#include "report/printable.h"

#define TEXT_SIZE 1024

struct dump {
	const char *target, *address;
	uint16_t port;
	FILE *out, *talk;
};

static int
usage(const struct dump *d, const char *what, const char *word)
{
	fprintf(d->talk, "sallyport rpcdump: %s%s%s%s\nnext: sallyport rpcdump --help\n", what,
		*word ? " \"" : "", word, *word ? "\"" : "");
	return OUTCOME_USAGE;
}

static bool
port_read(const char *text, uint16_t *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || n < 1 || n > UINT16_MAX)
		return false;
	*ret = (uint16_t)n;
	return true;
}

/* What stands before the host are credentials, which the mapper is not shown. */
static const char *
host_of(const char *target)
{
	const char *at = strrchr(target, '@');

	return at ? at + 1 : target;
}

static int
words_read(struct dump *d, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		bool has_value = i + 1 < argc;

		if (!strcmp(argv[i], "-debug") || !strcmp(argv[i], "-ts"))
			continue;
		if (!strcmp(argv[i], "-target-ip") && has_value)
			d->address = argv[++i];
		else if (!strcmp(argv[i], "-port") && has_value) {
			if (!port_read(argv[++i], &d->port))
				return usage(d, "-port needs a TCP port, not", argv[i]);
		} else if (*argv[i] == '-')
			return usage(d, "there is no option", argv[i]);
		else if (d->target)
			return usage(d, "one word too many:", argv[i]);
		else
			d->target = argv[i];
	}
	if (!d->target)
		return usage(d, "TARGET is missing", "");
	if (d->port == 139 || d->port == 443 || d->port == 445 || d->port == 593)
		return usage(d, "over SMB and HTTP the mapper cannot be asked: -port 135", "");
	return 0;
}

static bool
same_group(const struct probe_entry *a, const struct probe_entry *b)
{
	return sp_uuid_equal(&a->interface.uuid, &b->interface.uuid) &&
	       a->interface.major == b->interface.major &&
	       a->interface.minor == b->interface.minor && !strcmp(a->annotation, b->annotation);
}

static void
group_begin(FILE *out, const struct probe_entry *e)
{
	const struct catalog_interface *known = catalog_interface_find(&e->interface.uuid);
	char uuid[SP_UUID_TEXT], clean[TEXT_SIZE];

	sp_uuid_format(&e->interface.uuid, uuid);
	for (char *p = uuid; *p; p++)
		if (*p >= 'a' && *p <= 'f')
			*p = (char)(*p - 'a' + 'A');
	if (known && known->source)
		fprintf(out, "Protocol: %s: %s \n", known->source, known->title);
	else
		fprintf(out, "Protocol: N/A \n");
	fprintf(out, "Provider: %s \n", known && known->process ? known->process : "N/A");
	fprintf(out, "UUID    : %s v%u.%u %s\n", uuid, e->interface.major, e->interface.minor,
		printable(e->annotation, clean, sizeof(clean)));
	fputs("Bindings: \n", out);
}

static void
list_write(FILE *out, const struct probe_list *list)
{
	char clean[TEXT_SIZE];

	for (size_t i = 0; i < list->n; i++) {
		const struct probe_entry *e = &list->entries[i];

		if (i == 0 || !same_group(e, e - 1)) {
			if (i)
				fputc('\n', out);
			group_begin(out, e);
		}
		fprintf(out, "          %s\n", printable(e->binding, clean, sizeof(clean)));
	}
	if (list->n)
		fputc('\n', out);
}

static int
own(int argc, char **argv, FILE *out, FILE *talk)
{
	struct dump d = {.port = 135, .out = out, .talk = talk};
	struct sp_client_options limits = {0};
	struct probe_list list = {0};
	struct sp_error error = {0};
	char *mapper = NULL, clean[TEXT_SIZE];
	const char *host;
	int status = words_read(&d, argc, argv);

	if (status)
		return status;
	host = d.address ? d.address : host_of(d.target);
	fprintf(out, "[*] Retrieving endpoint list from %s\n",
		printable(host_of(d.target), clean, sizeof(clean)));
	if (target_mapper(host, d.port, &mapper, &error) ||
		probe_map_list(mapper, &limits, &list, &error)) {
		fprintf(out, "[-] Protocol failed: %s\n",
			printable(error.sentence, clean, sizeof(clean)));
		fputs("[*] No endpoints found.\n", out);
		free(mapper);
		return OUTCOME_NEGATIVE;
	}
	list_write(out, &list);
	if (list.n == 1)
		fputs("[*] Received one endpoint.\n", out);
	else
		fprintf(out, "[*] Received %zu endpoints.\n", list.n);
	probe_list_fini(&list);
	free(mapper);
	return OUTCOME_GOOD;
}

static const struct example examples[] = {
	{"sallyport rpcdump dc01", "everything that dc01 has registered, as impacket prints it"},
	{"sallyport rpcdump -target-ip 192.0.2.7 dc01.example", "by an address of one's own"},
	{0},
};

const struct command command_rpcdump = {
	.name = "rpcdump",
	.summary = "list an endpoint map as impacket's rpcdump.py does",
	.description = "TARGET is [[DOMAIN/]USER[:PASSWORD]@]HOST, as impacket has it; the mapper "
		       "is asked "
		       "anonymously, whatever stands before the host.\n\n"
		       "-target-ip ADDRESS: where the host is. -port PORT: the mapper's TCP port "
		       "(135). -debug "
		       "and -ts are accepted.\n\n"
		       "Exit status: 0 with the list, 1 without.",
	.examples = examples,
	.own = own,
};
