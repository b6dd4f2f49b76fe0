/* SPDX-License-Identifier: MIT */
#include "catalog/meanings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/uuid.h"
#include "catalog/table.h"

static void
add(struct meanings *all, struct meaning m)
{
	if (all->n < MEANINGS_MAX)
		all->item[all->n++] = m;
}

/* --- numbers --- */

/* All of the word in this base, at most 32 bits wide. */
static bool
number_in(const char *text, int base, uint32_t *ret)
{
	unsigned long long n;
	char *end;

	if (!isxdigit((unsigned char)*text))
		return false;
	n = strtoull(text, &end, base);
	if (*end || end == text || n > UINT32_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

/* An HRESULT as programs print it that take it for a signed number. */
static bool
number_negative(const char *text, uint32_t *ret)
{
	uint32_t n;

	if (*text != '-' || !number_in(text + 1, 10, &n) || n == 0 || n > 0x80000000u)
		return false;
	*ret = 0u - n;
	return true;
}

/* "800706BA": eight digits as logs print them, without 0x. */
static bool
number_bare_hex(const char *text, uint32_t *ret)
{
	return strlen(text) == 8 && number_in(text, 16, ret);
}

bool
meanings_number(const char *what, uint32_t *ret)
{
	if (!strncasecmp(what, "0x", 2))
		return number_in(what + 2, 16, ret);
	return number_negative(what, ret) || number_in(what, 10, ret) || number_bare_hex(what, ret);
}

static void
statuses_add(struct meanings *all, uint32_t number)
{
	const struct catalog_status *s = NULL;

	while ((s = catalog_status_next(number, s)))
		add(all, (struct meaning){.kind = MEANING_STATUS, .status = s});
}

static bool
is_port(uint32_t number)
{
	for (size_t i = 0; i < catalog_n_services; i++)
		if (catalog_service_has_port(&catalog_services[i], number))
			return true;
	return false;
}

/* HRESULTs and NTSTATUSes have eight digits and their highest bit set: nobody means a decimal number by "80070005". */
static void
number_add(struct meanings *all, const char *what)
{
	uint32_t number, hex;

	if (!meanings_number(what, &number))
		return;
	statuses_add(all, number);
	if (number && number <= UINT16_MAX && is_port(number))
		add(all, (struct meaning){.kind = MEANING_PORT, .port = (uint16_t)number});
	if (isdigit((unsigned char)what[0]) && number_bare_hex(what, &hex) && hex != number)
		statuses_add(all, hex);
}

/* --- names --- */

static void
names_add(struct meanings *all, const char *name)
{
	const struct catalog_symptom *symptom = catalog_symptom_find(name);
	const struct catalog_service *service = catalog_service_named(name);
	enum fact fact;

	for (size_t i = 0; i < catalog_n_statuses; i++)
		if (catalog_status_is_called(&catalog_statuses[i], name))
			add(all, (struct meaning){
					 .kind = MEANING_STATUS, .status = &catalog_statuses[i]});
	if (symptom)
		add(all, (struct meaning){.kind = MEANING_SYMPTOM, .symptom = symptom});
	if (service)
		add(all, (struct meaning){.kind = MEANING_SERVICE, .service = service});
	if (catalog_fact_find(name, &fact))
		add(all, (struct meaning){.kind = MEANING_FACT, .fact = fact});
}

static bool
has_pipe(const struct catalog_interface *i, const char *pipe)
{
	return i->pipe && (!strcasecmp(i->pipe, pipe) || !strcasecmp(strrchr(i->pipe, '\\'), pipe));
}

static void
interfaces_add(struct meanings *all, const char *name)
{
	for (size_t i = 0; i < catalog_n_interfaces; i++) {
		const struct catalog_interface *interface = &catalog_interfaces[i];

		if (!strcasecmp(interface->name, name) || has_pipe(interface, name))
			add(all, (struct meaning){
					 .kind = MEANING_INTERFACE, .interface = interface});
	}
}

/* In braces or not; a version behind it is let pass. */
static void
uuid_add(struct meanings *all, const char *what)
{
	char text[SP_UUID_TEXT] = "";
	const struct catalog_interface *interface;
	struct sp_uuid uuid;
	size_t len;

	what += *what == '{';
	len = strcspn(what, "}, ");
	if (len != sizeof(text) - 1)
		return;
	memcpy(text, what, len);
	if (!sp_uuid_parse(text, &uuid) || !(interface = catalog_interface_find(&uuid)))
		return;
	add(all, (struct meaning){.kind = MEANING_INTERFACE, .interface = interface});
}

void
meanings_find(const char *what, struct meanings *ret)
{
	*ret = (struct meanings){0};
	number_add(ret, what);
	names_add(ret, what);
	interfaces_add(ret, what);
	uuid_add(ret, what);
}

/* --- all names --- */

static const char *
also_at(const char *const *also, size_t *n)
{
	for (; also && *also; also++)
		if ((*n)-- == 0)
			return *also;
	return NULL;
}

static const char *
status_name(size_t *n)
{
	const char *found = NULL;

	for (size_t i = 0; !found && i < catalog_n_statuses; i++)
		found = (*n)-- == 0 ? catalog_statuses[i].symbol
				    : also_at(catalog_statuses[i].also, n);
	return found;
}

static const char *
service_name(size_t *n)
{
	const char *found = NULL;

	for (size_t i = 0; !found && i < catalog_n_services; i++) {
		const struct catalog_service *s = &catalog_services[i];

		found = (*n)-- == 0 ? s->name : (*n)-- == 0 ? s->title : also_at(s->also, n);
	}
	return found;
}

const char *
meanings_name(size_t n)
{
	const char *found = status_name(&n);

	if (!found)
		found = service_name(&n);
	if (found)
		return found;
	if (n < catalog_n_interfaces)
		return catalog_interfaces[n].name;
	n -= catalog_n_interfaces;
	if (n < catalog_n_facts)
		return catalog_facts[n].name;
	n -= catalog_n_facts;
	return n < catalog_n_symptoms ? catalog_symptoms[n].id : NULL;
}
