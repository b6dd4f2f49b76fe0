/* SPDX-License-Identifier: MIT */
#include "idlc/names.h"

#include <string.h>

#include "idlc/diagnostic.h"
#include "idlc/same.h"

#define NAMES_BUCKETS 4096

/* Definitions of one name in one space, the last one first. */
struct name {
	struct name *next;
	enum name_space space;
	const char *text;
	struct meaning *meanings;
};

struct names {
	struct name *buckets[NAMES_BUCKETS];
};

static size_t
bucket(enum name_space space, const char *text)
{
	uint32_t hash = 2166136261u + (uint32_t)space;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash % NAMES_BUCKETS;
}

static struct name *
find(const struct compiler *c, enum name_space space, const char *text)
{
	struct name *n = c->names->buckets[bucket(space, text)];

	while (n && (n->space != space || strcmp(n->text, text) != 0))
		n = n->next;
	return n;
}

struct meaning *
names_find(const struct compiler *c, enum name_space space, const char *text)
{
	return names_find_at(c, space, text, UINT32_MAX);
}

struct meaning *
names_find_at(const struct compiler *c, enum name_space space, const char *text, unsigned sequence)
{
	struct name *n = find(c, space, text);
	struct meaning *m = n ? n->meanings : NULL;

	while (m && m->sequence > sequence && m->before)
		m = m->before;
	return m;
}

void
names_add(struct compiler *c, enum name_space space, const char *text, struct meaning meaning)
{
	struct name *n = find(c, space, text), **head = &c->names->buckets[bucket(space, text)];
	struct meaning *m = compiler_new(c, 1, sizeof(*m)), **slot;

	if (!n) {
		n = compiler_new(c, 1, sizeof(*n));
		*n = (struct name){*head, space, text, NULL};
		*head = n;
	}
	*m = meaning;
	slot = &n->meanings;
	while (*slot && (*slot)->sequence > m->sequence)
		slot = &(*slot)->before;
	m->before = *slot;
	*slot = m;
}

#define SIMILAR_MAX 64

/* Letters to change, insert or take out (Levenshtein); upper and lower case are the same. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[SIMILAR_MAX + 1], corner, above;
	size_t n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j * 2;
	for (size_t i = 1; *a; a++, i++) {
		corner = row[0];
		row[0] = (unsigned)i * 2;
		for (size_t j = 1; j <= n; j++) {
			unsigned change = (*a | 0x20) == (b[j - 1] | 0x20) ? 0 : 2;

			above = row[j];
			row[j] = corner + change;
			if (row[j] > above + 2)
				row[j] = above + 2;
			if (row[j] > row[j - 1] + 2)
				row[j] = row[j - 1] + 2;
			corner = above;
		}
	}
	return row[n];
}

const char *
names_similar(const struct compiler *c, const char *name)
{
	size_t len = strlen(name);
	unsigned best = len < 4 ? 3 : len < 8 ? 5 : 7, d;
	const char *found = NULL;

	for (size_t i = 0; i < NAMES_BUCKETS && len < SIMILAR_MAX; i++) {
		for (const struct name *n = c->names->buckets[i]; n; n = n->next) {
			if (n->space != NAME_PLAIN || strlen(n->text) > SIMILAR_MAX)
				continue;
			d = distance(name, n->text);
			if (d < best || (d == best && found && strcmp(n->text, found) < 0)) {
				best = d;
				found = n->text;
			}
		}
	}
	return found;
}

/* --- collecting -------------------------------------------------------------------------------- */

static void collect_type(struct compiler *c, struct type *t, const char *name_if_none);

static void
collect_enumerators(struct compiler *c, struct type *t)
{
	for (struct enumerator *e = t->enumerators; e; e = e->next)
		names_add(c, NAME_PLAIN, e->name,
			(struct meaning){.enumerator = e,
				.enumeration = t,
				.pos = e->pos,
				.sequence = e->sequence});
}

/* What has no name of its own is u, u2, ... or s, s2, ...: C has no other way to hold what has a tag. */
static void
name_members(struct compiler *c, struct type *t)
{
	unsigned unions = 0, structs = 0;

	for (struct field *f = t->fields; f; f = f->next) {
		unsigned *n = f->type && f->type->kind == TYPE_UNION ? &unions : &structs;

		if (!f->type || f->name ||
			(f->type->kind != TYPE_UNION && f->type->kind != TYPE_STRUCT))
			continue;
		f->name = f->type->kind == TYPE_UNION ? "u" : "s";
		if (++*n > 1)
			f->name = compiler_printf(c, "%s%u", f->name, *n);
	}
}

static void
collect_fields(struct compiler *c, struct type *t)
{
	unsigned index = 0;

	name_members(c, t);
	for (struct field *f = t->fields; f; f = f->next) {
		f->index = index++;
		if (f->type)
			collect_type(c, f->type,
				compiler_printf(c, "%s_%s", t->name, f->name ? f->name : "arm"));
	}
}

/* A definition wherever it stands: enters its tag and goes on inside. */
static void
collect_type(struct compiler *c, struct type *t, const char *name_if_none)
{
	while (t && (t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY || t->kind == TYPE_PIPE))
		t = t->of;
	if (!t || t->kind < TYPE_ENUM || t->kind > TYPE_UNION || t->is_reference || t->defined)
		return;
	t->defined = WALK_BUSY;
	if (!t->name) {
		t->name = name_if_none;
		while (find(c, NAME_TAG, t->name))
			t->name = compiler_printf(c, "%s_", t->name);
	}
	names_add(c, NAME_TAG, t->name,
		(struct meaning){.type = t, .pos = t->pos, .sequence = t->sequence});
	if (t->kind == TYPE_ENUM)
		collect_enumerators(c, t);
	else
		collect_fields(c, t);
}

static void
collect_alias(struct compiler *c, struct type *alias)
{
	if (alias->of->kind >= TYPE_ENUM && alias->of->kind <= TYPE_UNION)
		collect_type(c, alias->of, alias->name);
	else
		collect_type(c, alias->of, compiler_printf(c, "%s_target", alias->name));
	names_add(c, NAME_PLAIN, alias->name,
		(struct meaning){.type = alias, .pos = alias->pos, .sequence = alias->sequence});
}

static void
collect_interface(struct compiler *c, struct type *t)
{
	if (!names_find(c, NAME_PLAIN, t->name))
		names_add(c, NAME_PLAIN, t->name,
			(struct meaning){.type = t, .pos = t->pos, .sequence = t->sequence});
}

static void
collect_operation(struct compiler *c, struct operation *op)
{
	for (struct field *f = op->params; f; f = f->next)
		collect_type(c, f->type, compiler_printf(c, "%s_%s", op->name, f->name));
	collect_type(c, op->type, compiler_printf(c, "%s_result", op->name));
}

/* The definition `typedef struct {...} x;` stands before its alias, which gives it its tag. */
static const char *
alias_name_behind(const struct decl *d)
{
	for (const struct decl *n = d->next; n && n->kind == DECL_TYPE; n = n->next)
		if (n->type->kind == TYPE_ALIAS && n->type->of == d->type)
			return n->type->name;
	return NULL;
}

static void
collect_decl(struct compiler *c, struct decl *d)
{
	const char *name;

	if (d->kind == DECL_CONST) {
		names_add(c, NAME_PLAIN, d->name,
			(struct meaning){.constant = d, .pos = d->pos, .sequence = d->sequence});
	} else if (d->kind == DECL_OPERATION) {
		collect_operation(c, d->operation);
	} else if (d->kind == DECL_TYPE && d->type->kind == TYPE_ALIAS) {
		collect_alias(c, d->type);
	} else if (d->kind == DECL_TYPE && d->type->kind == TYPE_INTERFACE) {
		collect_interface(c, d->type);
	} else if (d->kind == DECL_TYPE) {
		name = alias_name_behind(d);
		collect_type(c, d->type,
			name ? name : compiler_printf(c, "anonymous_at_%zu", d->type->pos.at));
	}
}

void
names_collect(struct compiler *c)
{
	c->names = compiler_new(c, 1, sizeof(*c->names));
	names_collect_from(c, c->decls);
}

void
names_collect_from(struct compiler *c, struct decl *first)
{
	for (struct decl *d = first; d; d = d->next) {
		collect_decl(c, d);
		if (d->kind != DECL_INTERFACE)
			continue;
		for (struct decl *own = d->interface->decls; own; own = own->next)
			collect_decl(c, own);
	}
}

/* --- names that are defined more than once ----------------------------------------------------- */

static const char *
stem_of(struct compiler *c, const struct source *source)
{
	const char *slash = strrchr(source->path, '/'), *file = slash ? slash + 1 : source->path;
	char *stem = compiler_strndup(c, file, strcspn(file, "."));

	for (char *p = stem; *p; p++)
		if (!((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z') && !(*p >= '0' && *p <= '9'))
			*p = '_';
	return stem;
}

/* The later definition hides the earlier one, and in C it is called after its file. */
static void
hide(struct compiler *c, const struct name *n, struct meaning *later, const struct meaning *earlier)
{
	if (!later->pos.source || !later->type || later->type->kind == TYPE_INTERFACE)
		return;
	if (!later->pos.source->imported) {
		warning_at(c, later->pos, "'%s' is something else here than in what is imported",
			n->text);
		note_at(c, earlier->pos, "the other definition is here");
	}
	later->type->name = compiler_printf(c, "%s_%s", stem_of(c, later->pos.source), n->text);
}

static void
settle(struct compiler *c, struct name *n)
{
	for (struct meaning *m = n->meanings; m && m->before; m = m->before) {
		struct meaning *earlier = m->before;

		if (same_meaning(c, m, earlier)) {
			if (m->type)
				m->type->repeats = earlier->type;
			if (m->constant)
				m->constant->is_repeat = true;
		} else if (m->pos.source == earlier->pos.source) {
			error_at(c, m->pos, "'%s' is defined twice, and differently", n->text);
			note_at(c, earlier->pos, "the first definition is here");
		} else {
			hide(c, n, m, earlier);
		}
	}
	for (struct meaning *m = n->meanings; m; m = m->before) {
		const struct type *first = m->type;

		while (first && first->repeats)
			first = first->repeats;
		if (first)
			m->type->name = first->name;
	}
}

void
names_settle(struct compiler *c)
{
	for (size_t i = 0; i < NAMES_BUCKETS; i++)
		for (struct name *n = c->names->buckets[i]; n; n = n->next)
			settle(c, n);
}
