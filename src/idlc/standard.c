/* SPDX-License-Identifier: MIT */
#include "idlc/standard.h"

#include "idlc/diagnostic.h"
#include "idlc/names.h"
#include "idlc/shape.h"

#define STANDARD "wtypes"

static struct type *
first_unknown(const struct compiler *c)
{
	struct type *found = NULL;

	for (struct type *t = c->uses; t; t = t->next_use)
		if (!names_find(c, NAME_PLAIN, t->name) && !shape_is_built_in(t->name))
			found = t;
	return found;
}

static struct source *
find(struct compiler *c)
{
	struct source *source = NULL;
	const char *path;

	for (size_t i = 0; i < c->n_import_paths && !source; i++) {
		path = compiler_printf(c, "%s/" STANDARD ".idl", c->import_paths[i]);
		if (source_is_known(c, path))
			return NULL;
		source = source_open(c, path, true);
	}
	return source;
}

void
standard_read(struct compiler *c)
{
	struct type *unknown = first_unknown(c);
	struct decl *own = c->decls, **own_tail = c->decls_tail, *import;
	struct source *source = unknown ? find(c) : NULL;

	if (!source)
		return;
	import = compiler_new(c, 1, sizeof(*import));
	*import = (struct decl){.kind = DECL_IMPORT, .pos = unknown->pos, .name = STANDARD ".h"};
	c->decls = import;
	c->decls_tail = &import->next;
	parse_file(c, source, 1);
	names_collect_from(c, c->decls);
	*c->decls_tail = own;
	if (own)
		c->decls_tail = own_tail;
	if (names_find(c, NAME_PLAIN, unknown->name))
		warning_at(c, unknown->pos,
			"'%s' is taken from " STANDARD ".idl, which is not imported",
			unknown->name);
}
