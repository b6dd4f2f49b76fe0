/* SPDX-License-Identifier: MIT */
/*
 * What marshalling costs: arrays of flat structs against memcpy of the same bytes, there and back; records of strings,
 * pointers and a union against protobuf-c and against Samba's library on the same values, and NDR64 against NDR. Both
 * sides of a row take turns within one run; the figure is the median of their ratios.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ndr/ndr.h"
#include "records.h"

#ifdef HAS_PROTOBUF
#include "records.pb-c.h"
#endif
#ifdef HAS_SAMBA
#include <core/ntstatus.h>
#include <gen_ndr/ndr_drsuapi.h>
#include <ndr.h>
#include <talloc.h>
#endif

enum { ROUNDS = 15, SAMPLES = 1000, CONTACTS = 100, CONTROLLERS = 100, SCORES = 8 };

#define ROUND_NS 30000000

static void
must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "ndr: %s failed\n", what);
	exit(1);
}

/* --- ours ------------------------------------------------------------------------------------- */

struct work { /* one operation's arguments, there and back */
	void (*push)(struct sp_push *, const void *);
	void (*pull)(struct sp_pull *, void *);
	const void *args;
	void *back;
	struct arena arena;
	bool ndr64;
	size_t bytes;
};

static struct buf *
ours_push(const struct work *w)
{
	struct sp_push push;
	struct buf *b;

	ndr_push_init(&push, 0, 0, UINT32_MAX / 2, NULL);
	if (w->ndr64)
		ndr_push_ndr64(&push);
	w->push(&push, w->args);
	b = ndr_push_finish(&push);
	must(b, "pushing");
	ndr_push_fini(&push);
	return b;
}

static void
ours(void *arg)
{
	struct work *w = arg;
	struct buf *b = ours_push(w);
	struct sp_pull pull;

	ndr_pull_init(&pull, b->data + b->start, buf_len(b), false, &w->arena, NULL, NULL);
	if (w->ndr64)
		ndr_pull_ndr64(&pull);
	w->pull(&pull, w->back);
	must(ndr_pull_status(&pull, NULL) == 0, "pulling");
	ndr_pull_fini(&pull);
	w->bytes = buf_len(b);
	buf_unref(b);
	arena_reset(&w->arena);
}

/* --- flat structs ----------------------------------------------------------------------------- */

struct copies {
	uint8_t *from, *wire, *to;
	size_t len;
};

static void
copy(void *arg)
{
	struct copies *c = arg;

	memcpy(c->wire, c->from, c->len);
	__asm__ volatile("" : : "r"(c->wire) : "memory");
	memcpy(c->to, c->wire, c->len);
	__asm__ volatile("" : : "r"(c->to) : "memory");
}

static sample *
samples_make(void)
{
	sample *s = calloc(SAMPLES, sizeof(*s));

	must(s, "memory");
	for (int i = 0; i < SAMPLES; i++)
		s[i] = (sample){i * 1000000, i / 7.0, i, (int16_t)i, 1, i};
	return s;
}

/* --- contacts --------------------------------------------------------------------------------- */

static char *
text(const char *what, int i)
{
	char *s;

	must(asprintf(&s, "%s %d of some length", what, i) > 0, "memory");
	return s;
}

static contact *
contacts_make(void)
{
	contact *all = calloc(CONTACTS, sizeof(*all));

	must(all, "memory");
	for (int i = 0; i < CONTACTS; i++) {
		contact *c = &all[i];

		c->id = 1000000007LL * i;
		c->name = text("Name", i);
		c->title = i % 3 ? text("Title", i) : NULL;
		c->company = i % 2 ? text("Company", i) : NULL;
		c->age = 20 + i % 60;
		c->score = i / 3.0;
		c->kind = (int16_t)(1 + i % 3);
		if (c->kind == 1)
			c->way.mail = text("somebody@example.org", i);
		else if (c->kind == 2)
			c->way.phone = (struct way_phone){49, 3012345678LL + i};
		else
			c->way.address = text("Street", i);
		c->n_scores = SCORES;
		c->scores = calloc(SCORES, sizeof(*c->scores));
		must(c->scores, "memory");
		for (int k = 0; k < SCORES; k++)
			c->scores[k] = i * 1000 + k;
	}
	return all;
}

#ifdef HAS_PROTOBUF
static Contacts *
protobuf_make(const contact *all)
{
	static Contacts message = CONTACTS__INIT;

	message.n_items = CONTACTS;
	message.items = calloc(CONTACTS, sizeof(message.items[0]));
	must(message.items, "memory");
	for (int i = 0; i < CONTACTS; i++) {
		const contact *c = &all[i];
		Contact *m = malloc(sizeof(*m));
		Phone *phone = malloc(sizeof(*phone));

		must(m && phone, "memory");
		contact__init(m);
		phone__init(phone);
		message.items[i] = m;
		m->id = c->id;
		m->name = c->name;
		m->title = c->title ? c->title : m->title;
		m->company = c->company ? c->company : m->company;
		m->age = c->age;
		m->score = c->score;
		m->way_case = c->kind == 1   ? CONTACT__WAY_MAIL
			      : c->kind == 2 ? CONTACT__WAY_PHONE
					     : CONTACT__WAY_ADDRESS;
		if (c->kind == 1) {
			m->mail = c->way.mail;
		} else if (c->kind == 2) {
			phone->country = c->way.phone.country;
			phone->number = c->way.phone.number;
			m->phone = phone;
		} else {
			m->address = c->way.address;
		}
		m->n_scores = SCORES;
		m->scores = c->scores;
	}
	return &message;
}

struct protobuf {
	Contacts *message;
	size_t bytes;
};

static void
protobuf(void *arg)
{
	struct protobuf *p = arg;
	size_t len = contacts__get_packed_size(p->message);
	uint8_t *bytes = malloc(len);
	Contacts *back;

	must(bytes && contacts__pack(p->message, bytes) == len, "packing");
	back = contacts__unpack(NULL, len, bytes);
	must(back, "unpacking");
	contacts__free_unpacked(back, NULL);
	free(bytes);
	p->bytes = len;
}
#endif

/* --- domain controllers ----------------------------------------------------------------------- */

static uint16_t *
wide(const char *s)
{
	size_t n = strlen(s) + 1;
	uint16_t *w = calloc(n, sizeof(*w));

	must(w, "memory");
	for (size_t i = 0; i < n; i++)
		w[i] = (uint8_t)s[i];
	return w;
}

static void
controllers_make(struct records_list_args *args)
{
	controller *all = calloc(CONTROLLERS, sizeof(*all));

	must(all, "memory");
	for (int i = 0; i < CONTROLLERS; i++)
		all[i] = (controller){wide(text("DC", i)), wide(text("dc.example.org", i)),
			i % 2 ? wide(text("Site", i)) : NULL, wide(text("CN=Computer", i)),
			i % 3 ? wide(text("CN=Server", i)) : NULL, i == 0, 1};
	*args->level = 1;
	args->info->v1.n = CONTROLLERS;
	args->info->v1.items = all;
}

#ifdef HAS_SAMBA
static const char *
narrow(TALLOC_CTX *memory, const uint16_t *w)
{
	size_t n = 0;
	char *s;

	if (!w)
		return NULL;
	while (w[n])
		n++;
	s = talloc_zero_array(memory, char, n + 1);
	must(s, "memory");
	for (size_t i = 0; i < n; i++)
		s[i] = (char)w[i];
	return s;
}

struct samba {
	const struct ndr_interface_call *call;
	struct drsuapi_DsGetDomainControllerInfo values;
	enum drsuapi_DsGetDCInfoCtrLevels level;
	union drsuapi_DsGetDCInfoCtr info;
	TALLOC_CTX *memory;
	DATA_BLOB blob;
};

static void
samba_make(struct samba *s, const struct records_list_args *args)
{
	struct drsuapi_DsGetDCInfoCtr1 *list = &s->info.ctr1;

	s->call = &ndr_table_drsuapi.calls[NDR_DRSUAPI_DSGETDOMAINCONTROLLERINFO];
	s->memory = talloc_new(NULL);
	s->level = DRSUAPI_DC_INFO_CTR_1;
	s->values.out.level_out = &s->level;
	s->values.out.ctr = &s->info;
	list->count = CONTROLLERS;
	list->array = talloc_zero_array(s->memory, struct drsuapi_DsGetDCInfo1, CONTROLLERS);
	must(list->array, "memory");
	for (int i = 0; i < CONTROLLERS; i++) {
		const controller *c = &args->info->v1.items[i];

		list->array[i] = (struct drsuapi_DsGetDCInfo1){narrow(s->memory, c->netbios_name),
			narrow(s->memory, c->dns_name), narrow(s->memory, c->site_name),
			narrow(s->memory, c->computer_name), narrow(s->memory, c->server_name),
			(uint32_t)c->is_pdc, (uint32_t)c->is_enabled};
	}
}

static void
samba(void *arg)
{
	struct samba *s = arg;
	TALLOC_CTX *memory = talloc_new(NULL);
	struct ndr_push *push = ndr_push_init_ctx(memory);
	struct drsuapi_DsGetDomainControllerInfo back = {0};
	struct ndr_pull *pull;

	must(push && s->call->ndr_push(push, NDR_OUT, &s->values) == 0, "Samba's pushing");
	s->blob = ndr_push_blob(push);
	pull = ndr_pull_init_blob(&s->blob, memory);
	must(pull, "memory");
	pull->flags |= LIBNDR_FLAG_REF_ALLOC;
	must(s->call->ndr_pull(pull, NDR_OUT, &back) == 0, "Samba's pulling");
	talloc_free(memory);
}

/* The same bytes: otherwise the two do not do the same. */
static void
samba_agrees(const struct samba *s, const struct work *w)
{
	struct ndr_push *push = ndr_push_init_ctx(NULL);
	struct buf *b = ours_push(w);
	DATA_BLOB blob;

	must(push && s->call->ndr_push(push, NDR_OUT, &s->values) == 0, "Samba's pushing");
	blob = ndr_push_blob(push);
	must(blob.length == buf_len(b) && memcmp(blob.data, b->data + b->start, blob.length) == 0,
		"making the same bytes as Samba");
	buf_unref(b);
	talloc_free(push);
}
#endif

/* --- measuring -------------------------------------------------------------------------------- */

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ns for one */
static double
round_of(void (*fn)(void *), void *arg)
{
	double start = now(), end;
	int n = 0;

	do {
		for (int i = 0; i < 20; i++)
			fn(arg);
		n += 20;
		end = now();
	} while (end - start < ROUND_NS);
	return (end - start) / n;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
row(const char *what, void (*fn)(void *), void *arg, const char *other, void (*other_fn)(void *),
	void *other_arg, double least, int *status)
{
	double ratios[ROUNDS], first = 0, second = 0;

	for (int i = 0; i < ROUNDS; i++) {
		first = round_of(fn, arg);
		second = round_of(other_fn, other_arg);
		ratios[i] = second / first;
	}
	qsort(ratios, ROUNDS, sizeof(ratios[0]), compare);
	printf("%-22s %9.1f us   %-12s %9.1f us   rate %5.2f (%.2f .. %.2f)\n", what, first / 1e3,
		other, second / 1e3, ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1]);
	if (ratios[ROUNDS / 2] < least)
		*status = 1;
}

int
main(void)
{
	sample *flat = samples_make();
	contact *all = contacts_make();
	struct records_samples_args samples_args = {.n = SAMPLES, .items = flat}, samples_back;
	struct records_contacts_args contacts_args = {.n = CONTACTS, .items = all}, contacts_back;
	controllers info, info_back;
	int32_t level, level_back;
	struct records_list_args list_args = {.level = &level, .info = &info},
				 list_back = {.level = &level_back, .info = &info_back};
	struct work samples = {records_samples_push_in, records_samples_pull_in, &samples_args,
			    &samples_back, .ndr64 = false},
		    contacts = {records_contacts_push_in, records_contacts_pull_in, &contacts_args,
			    &contacts_back, .ndr64 = false},
		    list = {records_list_push_out, records_list_pull_out, &list_args, &list_back,
			    .ndr64 = false},
		    wider[3];
	struct copies copies = {.from = (uint8_t *)flat, .len = SAMPLES * sizeof(*flat)};
	int status = 0;

	controllers_make(&list_args);
	copies.wire = malloc(copies.len);
	copies.to = malloc(copies.len);
	must(copies.wire && copies.to, "memory");
	arena_init(&samples.arena, 1 << 30);
	arena_init(&contacts.arena, 1 << 30);
	arena_init(&list.arena, 1 << 30);
	row("1000 flat structs", ours, &samples, "memcpy", copy, &copies, 0.5, &status);
#ifdef HAS_PROTOBUF
	struct protobuf messages = {.message = protobuf_make(all)};
	row("100 contacts", ours, &contacts, "protobuf-c", protobuf, &messages, 1, &status);
	printf("%22s %9zu bytes %-12s %9zu bytes\n", "", contacts.bytes, "", messages.bytes);
#endif
#ifdef HAS_SAMBA
	struct samba theirs = {0};
	samba_make(&theirs, &list_args);
	samba_agrees(&theirs, &list);
	row("100 controllers", ours, &list, "Samba", samba, &theirs, 1, &status);
#endif
	wider[0] = samples;
	wider[1] = contacts;
	wider[2] = list;
	for (int i = 0; i < 3; i++) {
		wider[i].ndr64 = true;
		arena_init(&wider[i].arena, 1 << 30);
	}
	row("flat, NDR64", ours, &wider[0], "NDR", ours, &samples, 0, &status);
	row("contacts, NDR64", ours, &wider[1], "NDR", ours, &contacts, 0, &status);
	row("controllers, NDR64", ours, &wider[2], "NDR", ours, &list, 0, &status);
	return status;
}
