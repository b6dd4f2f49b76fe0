/* SPDX-License-Identifier: MIT */
#include "idlc/travel.h"

#include "idlc/convert.h"
#include "idlc/diagnostic.h"

/* The first type with trouble; each type is looked at once, and after trouble again for each use. */
static const struct type *
trouble_in(struct compiler *c, const struct shape *s)
{
	const struct type *found;
	struct type *t;

	while (s && (s->kind == SHAPE_POINTER || s->kind == SHAPE_ARRAY || s->kind == SHAPE_PIPE))
		s = s->to;
	if (s && s->kind == SHAPE_CONVERTED)
		return convert_can_travel(c, s) ? trouble_in(c, s->to) : s->type;
	if (!s || (s->kind != SHAPE_STRUCT && s->kind != SHAPE_UNION))
		return NULL;
	t = s->type;
	if (t->trouble)
		return t;
	if (t->is_travel_checked)
		return NULL;
	t->is_travel_checked = true;
	for (const struct field *f = t->fields; f; f = f->next) {
		found = trouble_in(c, f->shape);
		if (!found)
			continue;
		t->is_travel_checked = false;
		return found;
	}
	return NULL;
}

bool
travel_check(struct compiler *c, const struct field *f)
{
	const struct type *t = trouble_in(c, f->shape);

	if (!t)
		return true;
	error_at(c, f->pos, "'%s' cannot travel", f->name);
	note_at(c, t->trouble->pos, "because of '%s': %s", t->name, t->trouble->text);
	return false;
}
