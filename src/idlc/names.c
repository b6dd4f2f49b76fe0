/* SPDX-License-Identifier: MIT */
#include "idlc/names.h"

#include <string.h>

#include "idlc/diagnostic.h"

#define NAMES_BUCKETS 1024

struct name {
	struct name *next;
	enum name_space space;
	const char *text;
	struct meaning meaning;
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

struct meaning *
names_find(const struct compiler *c, enum name_space space, const char *text)
{
	struct name *n = c->names->buckets[bucket(space, text)];

	for (; n; n = n->next)
		if (n->space == space && strcmp(n->text, text) == 0)
			return &n->meaning;
	return NULL;
}

void
names_add(struct compiler *c, enum name_space space, const char *text, struct meaning meaning)
{
	struct meaning *first = names_find(c, space, text);
	struct name *n, **head;

	if (first) {
		error_at(c, meaning.pos, "'%s' is defined twice", text);
		note_at(c, first->pos, "the first definition is here");
		return;
	}
	n = compiler_new(c, 1, sizeof(*n));
	head = &c->names->buckets[bucket(space, text)];
	*n = (struct name){*head, space, text, meaning};
	*head = n;
}

static void collect_type(struct compiler *c, struct type *t, const char *name_if_none);

static void
collect_enumerators(struct compiler *c, struct type *t)
{
	for (struct enumerator *e = t->enumerators; e; e = e->next)
		names_add(c, NAME_PLAIN, e->name, (struct meaning){.enumerator = e, .pos = e->pos});
}

static void
collect_fields(struct compiler *c, struct type *t)
{
	unsigned index = 0;

	for (struct field *f = t->fields; f; f = f->next) {
		f->index = index++;
		if (f->type && !f->name && f->type->kind == TYPE_UNION)
			f->name = "u";
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
	if (!t->name)
		t->name = name_if_none;
	names_add(c, NAME_TAG, t->name, (struct meaning){.type = t, .pos = t->pos});
	if (t->kind == TYPE_ENUM)
		collect_enumerators(c, t);
	else
		collect_fields(c, t);
}

static void
collect_alias(struct compiler *c, struct type *alias)
{
	struct meaning *first = names_find(c, NAME_PLAIN, alias->name);

	if (alias->of->kind >= TYPE_ENUM && alias->of->kind <= TYPE_UNION)
		collect_type(c, alias->of, alias->name);
	else
		collect_type(c, alias->of, compiler_printf(c, "%s_target", alias->name));
	if (first && first->type && first->type->kind == TYPE_INTERFACE)
		return;
	names_add(c, NAME_PLAIN, alias->name, (struct meaning){.type = alias, .pos = alias->pos});
}

static void
collect_interface(struct compiler *c, struct type *t)
{
	if (!names_find(c, NAME_PLAIN, t->name))
		names_add(c, NAME_PLAIN, t->name, (struct meaning){.type = t, .pos = t->pos});
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
		names_add(c, NAME_PLAIN, d->name, (struct meaning){.constant = d, .pos = d->pos});
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
	for (struct decl *d = c->decls; d; d = d->next) {
		collect_decl(c, d);
		if (d->kind != DECL_INTERFACE)
			continue;
		for (struct decl *own = d->interface->decls; own; own = own->next)
			collect_decl(c, own);
	}
}
