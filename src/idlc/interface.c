/* SPDX-License-Identifier: MIT */
/* Interfaces: who they are, what they inherit, from where their operations are numbered. */
#include <stdlib.h>
#include <string.h>

#include <sallyport/binding.h>

#include "idlc/check.h"
#include "idlc/diagnostic.h"
#include "idlc/parser.h"

static void
interface_uuid(struct compiler *c, struct interface *i)
{
	const struct attr *a = attr_find(i->attrs, "uuid");
	char text[64];
	size_t n;

	if (!a || !a->text)
		return;
	n = strcspn(a->text + strspn(a->text, " "), " ");
	snprintf(text, sizeof(text), "%.*s", (int)n, a->text + strspn(a->text, " "));
	if (!sp_uuid_parse(text, &i->uuid)) {
		error_at(c, a->pos, "malformed UUID '%.60s'", a->text);
		return;
	}
	i->has_uuid = true;
}

static void
interface_version(struct compiler *c, struct interface *i)
{
	const struct attr *a = attr_find(i->attrs, "version");
	unsigned long major, minor = 0;
	char *end;

	if (!a)
		return;
	major = strtoul(a->text ? a->text : "", &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, &end, 10);
	if (!a->text || end == a->text || major > UINT16_MAX || minor > UINT16_MAX) {
		error_at(c, a->pos, "malformed version, expected version(major.minor)");
		return;
	}
	i->major = (uint16_t)major;
	i->minor = (uint16_t)minor;
}

static void
interface_pointers(struct compiler *c, struct interface *i)
{
	const struct attr *a = attr_find(i->attrs, "pointer_default");
	const char *text = a && a->text ? a->text : "unique";

	i->pointer_default = POINTER_UNIQUE;
	if (strstr(text, "ref"))
		i->pointer_default = POINTER_REF;
	else if (strstr(text, "ptr"))
		i->pointer_default = POINTER_FULL;
	else if (a && !strstr(text, "unique"))
		error_at(c, a->pos, "pointer_default is ref, unique or ptr");
}

void
interface_head(struct compiler *c, struct interface *i, bool has_operations)
{
	check_attributes(c, i->attrs);
	interface_uuid(c, i);
	interface_version(c, i);
	interface_pointers(c, i);
	if (has_operations && !attr_find(i->attrs, "uuid") && !attr_find(i->attrs, "local"))
		error_at(c, i->pos, "interface '%s' has operations but no uuid", i->name);
}

/* IUnknown has 3 methods, IDispatch 4 more. */
static unsigned
built_in_numbers(const char *base)
{
	if (!base)
		return 0;
	return strcmp(base, "IDispatch") == 0 ? 7 : strcmp(base, "IUnknown") == 0 ? 3 : 0;
}

static unsigned
own_numbers(const struct interface *i)
{
	unsigned n = 0;

	for (const struct decl *d = i->decls; d; d = d->next)
		if (d->kind == DECL_OPERATION && !attr_find(d->operation->attrs, "call_as") &&
			!attr_find(d->operation->attrs, "callback") &&
			(i->is_object || !attr_find(d->operation->attrs, "local")))
			n++;
	return n;
}

void
interface_base(struct compiler *c, struct interface *i)
{
	if (i->base_name && built_in_numbers(i->base_name))
		i->is_object = true;
	for (struct decl *d = c->decls; d && i->base_name; d = d->next)
		if (d->kind == DECL_INTERFACE && strcmp(d->interface->name, i->base_name) == 0)
			i->base = d->interface;
	if (i->base && i->base->is_object)
		i->is_object = true;
	if (i->base_name && !i->base && !built_in_numbers(i->base_name))
		error_at(c, i->base_pos, "unknown base interface '%s'", i->base_name);
	for (const struct interface *b = i->base; b; b = b->base) {
		if (b != i)
			continue;
		error_at(c, i->base_pos, "'%s' inherits from itself", i->name);
		i->base = NULL;
		break;
	}
}

/* Operations are numbered from where the base interface ends. */
void
interface_numbers(struct interface *i)
{
	unsigned depth = 0;

	for (const struct interface *b = i->base; b && depth < COMPILER_MAX_DEPTH;
		b = b->base, depth++) {
		i->n_inherited += own_numbers(b);
		if (!b->base)
			i->n_inherited += built_in_numbers(b->base_name);
	}
	if (!i->base)
		i->n_inherited = built_in_numbers(i->base_name);
	i->n_operations = i->n_inherited;
}
